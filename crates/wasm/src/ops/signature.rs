//! Signatures of a batch of paths. Regions: 0 paths, 1 basepoint, 2 initial, 3 out, 4 state out.

use super::Operation;
use crate::code;
use crate::head::{Task, times};
use crate::options::decode;
use crate::recoveries;
use path_signature_kernels::lanes::{Lanes, Real};
use path_signature_kernels::{Error, Options, Request, output_len, signature, signature_scratch, signature_size};

const PATHS: usize = 0;
const BASEPOINT: usize = 1;
const INITIAL: usize = 2;
const OUT: usize = 3;
const STATE: usize = 4;

/// See the module.
pub struct Signature;

impl Operation for Signature {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        vectors::<V>(task.channels(), task.depth(), decode(task.options())?)
    }

    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        let request = request(task, decode(task.options())?)?;
        let out = task.region_mut::<V::T>(OUT, output_len(&request).ok_or(code::SHAPE)?)?;
        let size = signature_size(task.channels(), task.depth()).ok_or(code::SHAPE)?;
        let state = task.wanted::<V::T>(STATE, times(task.batch(), size)?)?;
        let finite = compute(&request, out, state, scratch)?;
        Ok(if finite { code::FINE } else { code::INCREMENTS_NOT_FINITE })
    }

    fn state_numbers(task: &Task) -> Result<usize, i32> {
        decode(task.options())?;
        signature_size(task.channels(), task.depth()).ok_or(code::SHAPE)
    }
}

/// Vectors of scratch of a signature.
pub fn vectors<V: Lanes>(channels: usize, depth: usize, options: Options) -> Result<usize, i32> {
    recoveries::with(channels, depth, options, |recovery| signature_scratch::<V>(channels, depth, options, recovery))
        .ok_or(code::SHAPE)
}

/// The signatures of a task's paths.
#[inline(never)]
pub fn request<T: Real>(task: &Task, options: Options) -> Result<Request<'static, T>, i32> {
    let (channels, depth, points, batch) = (task.channels(), task.depth(), task.points(), task.batch());
    let size = signature_size(channels, depth).ok_or(code::SHAPE)?;
    if points == 0 {
        return Err(code::SHAPE);
    }
    Ok(Request {
        paths: task.region(PATHS, times(times(points, channels)?, batch)?)?,
        batch,
        points,
        channels,
        depth,
        lengths: task.lengths()?,
        basepoint: task.per_item(BASEPOINT, channels)?,
        initial: task.per_item(INITIAL, size)?,
        options,
    })
}

/// Computes a request; says whether the sums of increments are finite.
pub fn compute<V: Lanes>(
    request: &Request<'_, V::T>,
    out: &mut [V::T],
    states: Option<&mut [V::T]>,
    scratch: &mut [V],
) -> Result<bool, i32> {
    let Request { channels, depth, options, .. } = *request;
    recoveries::with(channels, depth, options, |recovery| {
        signature::<V>(request, recovery, out, states, scratch).map(|report| report.increments_finite)
    })
    .map_err(code_of)
}

/// The code of an error.
#[inline(never)]
pub fn code_of(error: Error) -> i32 {
    match error {
        // A recovery is missing only where the shape has none.
        Error::Shape | Error::Recovery => code::SHAPE,
        Error::Lengths => code::LENGTHS,
        Error::Scratch => code::SCRATCH,
        _ => code::RANGE,
    }
}
