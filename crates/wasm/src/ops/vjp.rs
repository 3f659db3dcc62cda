//! Gradients of a batch of signatures. Regions: 0 paths, 1 basepoint, 2 initial, 3 out, 4
//! cotangents, 5 signatures, 6 out basepoint, 7 out initial, 8 carry. Signatures that are absent
//! are computed first, in scratch memory.

use super::Operation;
use super::signature::{code_of, compute, request, vectors};
use crate::code;
use crate::head::{Task, times};
use crate::options::{VjpOptions, decode_vjp};
use path_signature_kernels::lanes::Lanes;
use path_signature_kernels::vjp::{Gradients, Part, VjpRequest, carry_len, signature_vjp, vjp_scratch};
use path_signature_kernels::{Algorithm, Options, Request, output_len, signature_size};

const OUT: usize = 3;
const COTANGENTS: usize = 4;
const SIGNATURES: usize = 5;
const OUT_BASEPOINT: usize = 6;
const OUT_INITIAL: usize = 7;
const CARRY: usize = 8;

/// See the module.
pub struct SignatureVjp;

/// The signatures that gradients need: of which depth, and with which options.
struct Forward {
    depth: usize,
    options: Options,
    /// Numbers of a row.
    row: usize,
    /// Rows of all paths.
    rows: usize,
}

impl Forward {
    fn new(task: &Task, options: Options) -> Result<Forward, i32> {
        // In the adjoint of a product a word is longer than what the signature has of it; streams
        // read the prefixes.
        let depth = if options.stream { task.depth() } else { task.depth().saturating_sub(1).max(1) };
        // Ends of gradients want more of depth 5 than pruning keeps: that is as many pieces of time
        // as depth 4 has.
        let algorithm = match options.algorithm {
            Algorithm::Auto if depth == 5 && !options.stream => Algorithm::Horner,
            algorithm => algorithm,
        };
        let rows = match options.stream {
            true => task.points().checked_sub(usize::from(!task.has(1))).ok_or(code::SHAPE)?,
            false => 1,
        };
        let row = signature_size(task.channels(), depth).ok_or(code::SHAPE)? + usize::from(options.scalar_term);
        Ok(Forward { depth, options: Options { algorithm, ..options }, row, rows: times(task.batch(), rows)? })
    }

    /// Vectors of scratch that hold the signatures.
    fn vectors<V: Lanes>(&self) -> Result<usize, i32> {
        Ok(times(self.rows, self.row)?.div_ceil(V::WIDTH))
    }
}

/// Whether a task computes its signatures itself. Pieces of whole paths cannot: they do not have
/// the paths.
fn computes_signatures(task: &Task, VjpOptions { options, part, .. }: VjpOptions) -> Result<bool, i32> {
    let absent = !task.has(SIGNATURES);
    if absent && part != Part::WHOLE && !options.stream { Err(code::RANGE) } else { Ok(absent) }
}

impl Operation for SignatureVjp {
    #[cfg_attr(path_signature_small, optimize(size))]
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        let asked = decode_vjp(task.options())?;
        let VjpOptions { options, single, .. } = asked;
        let backward = vjp_scratch::<V>(task.channels(), task.depth(), options.stream, single).ok_or(code::SHAPE)?;
        if !computes_signatures(task, asked)? {
            return Ok(backward);
        }
        let forward = Forward::new(task, options)?;
        let most = backward.max(vectors::<V>(task.channels(), forward.depth, forward.options)?);
        forward.vectors::<V>()?.checked_add(most).ok_or(code::SHAPE)
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        let asked = decode_vjp(task.options())?;
        let VjpOptions { options, part, single } = asked;
        let computes = computes_signatures(task, asked)?;
        let size = signature_size(task.channels(), task.depth()).ok_or(code::SHAPE)?;
        let forward = Forward::new(task, options)?;
        let paths = request::<V::T>(task, options)?;
        let row = size + usize::from(options.scalar_term);
        let cotangents = task.region::<V::T>(COTANGENTS, times(forward.rows, row)?)?;
        let carried = match part {
            Part::WHOLE => 0,
            _ => times(carry_len(task.channels(), task.depth(), options.stream).ok_or(code::SHAPE)?, task.batch())?,
        };
        let to = Gradients {
            paths: task.region_mut::<V::T>(OUT, paths.paths.len())?,
            basepoint: task.wanted(OUT_BASEPOINT, times(task.batch(), task.channels())?)?,
            initial: task.wanted(OUT_INITIAL, times(task.batch(), size)?)?,
            carry: task.region_mut::<V::T>(CARRY, carried)?,
        };
        let (signatures, signature_row, scratch, finite) = if computes {
            let (signatures, scratch) = scratch.split_at_mut_checked(forward.vectors::<V>()?).ok_or(code::SCRATCH)?;
            let initial = if options.stream { paths.initial } else { None };
            let own = Request { depth: forward.depth, options: forward.options, initial, ..paths };
            let count = output_len(&own).ok_or(code::SHAPE)?;
            // SAFETY: there are as many vectors as hold them.
            let signatures = unsafe { core::slice::from_raw_parts_mut(signatures.as_mut_ptr().cast::<V::T>(), count) };
            let finite = compute(&own, signatures, None, scratch)?;
            (&*signatures, forward.row, scratch, finite)
        } else {
            (task.region::<V::T>(SIGNATURES, times(forward.rows, task.row())?)?, task.row(), scratch, true)
        };
        let request = VjpRequest { paths, signatures, signature_row, cotangents, part, single };
        let report = signature_vjp::<V>(&request, to, scratch).map_err(code_of)?;
        let found = match (finite, report.cotangents_finite) {
            (false, _) => code::INCREMENTS_NOT_FINITE,
            (true, false) => code::COTANGENTS_NOT_FINITE,
            (true, true) => code::FINE,
        };
        Ok(if report.may_cancel { found | code::MAY_CANCEL } else { found })
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    fn state_numbers(task: &Task) -> Result<usize, i32> {
        let options = decode_vjp(task.options())?.options;
        carry_len(task.channels(), task.depth(), options.stream).ok_or(code::SHAPE)
    }
}
