//! Chosen words of a batch of signatures, and their gradients. Regions: 0 paths, 1 basepoint, 3
//! out, 4 the state, or with gradients cotangents, 6 out basepoint, 9 the nodes of the trie.

use super::Operation;
use super::signature::code_of;
use crate::code;
use crate::head::{Task, times};
use crate::options::{CONTINUED, CONTINUES, decode};
use path_signature_kernels::lanes::{Lanes, Real};
use path_signature_kernels::select::{self, ENTRY, Selected, Sizes};
use path_signature_kernels::{Options, Request};

const PATHS: usize = 0;
const BASEPOINT: usize = 1;
const OUT: usize = 3;
const STATE: usize = 4;
const COTANGENTS: usize = 4;
const OUT_BASEPOINT: usize = 6;
const NODES: usize = 9;

/// See the module.
pub struct Select;
/// Likewise.
pub struct SelectVjp;

fn options_of(task: &Task) -> Result<Options, i32> {
    decode(task.options() & !(CONTINUED | CONTINUES))
}

/// The sizes of a task, whose rows of region `rows` are known by their stride.
fn sizes(task: &Task, rows: usize) -> Result<Sizes, i32> {
    let Options { stream, scalar_term, .. } = options_of(task)?;
    Ok(Sizes {
        channels: task.channels(),
        depth: task.depth(),
        nodes: task.row() / ENTRY,
        columns: task.stride(rows).checked_sub(usize::from(scalar_term)).ok_or(code::SHAPE)?,
        stream,
    })
}

/// The words of a task's paths, and the numbers of all rows.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn request<T: Real>(task: &Task, sizes: Sizes) -> Result<(Selected<'static, T>, usize), i32> {
    let (channels, points, batch, options) = (task.channels(), task.points(), task.batch(), options_of(task)?);
    let basepoint = task.per_item(BASEPOINT, channels)?;
    let rows = match options.stream {
        true => points.checked_sub(usize::from(basepoint.is_none())).ok_or(code::SHAPE)?,
        false => 1,
    };
    let row = sizes.columns + usize::from(options.scalar_term);
    let paths = Request {
        paths: task.region(PATHS, times(times(points, channels)?, batch)?)?,
        batch,
        points,
        channels,
        depth: 1,
        lengths: task.lengths()?,
        basepoint,
        initial: None,
        options,
    };
    let nodes = task.region(NODES, times(sizes.nodes, ENTRY)?)?;
    Ok((Selected { paths, depth: sizes.depth, nodes, columns: sizes.columns }, times(times(batch, rows)?, row)?))
}

impl Operation for Select {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        select::selected_scratch::<V>(sizes(task, OUT)?).ok_or(code::SHAPE)
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        let sizes = sizes(task, OUT)?;
        let (request, count) = request::<V::T>(task, sizes)?;
        let out = task.region_mut::<V::T>(OUT, count)?;
        let state = match task.options() & (CONTINUED | CONTINUES) {
            0 => None,
            _ => task.wanted::<V::T>(STATE, times(task.batch(), sizes.nodes)?)?,
        };
        let continued = task.options() & CONTINUED != 0;
        let report = select::selected::<V>(&request, out, state, continued, scratch).map_err(code_of)?;
        Ok(if report.increments_finite { code::FINE } else { code::INCREMENTS_NOT_FINITE })
    }

    fn state_numbers(task: &Task) -> Result<usize, i32> {
        Ok(sizes(task, OUT)?.nodes)
    }
}

/// In float64 only.
impl Operation for SelectVjp {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        if size_of::<V::T>() < 8 {
            return Err(code::DTYPE);
        }
        select::gradients_scratch::<V>(sizes(task, COTANGENTS)?, task.points()).ok_or(code::SHAPE)
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        if size_of::<V::T>() < 8 {
            return Err(code::DTYPE);
        }
        let (request, count) = request::<V::T>(task, sizes(task, COTANGENTS)?)?;
        let to = select::Cotangents {
            cotangents: task.region(COTANGENTS, count)?,
            paths: task.region_mut::<V::T>(OUT, request.paths.paths.len())?,
            basepoint: task.wanted(OUT_BASEPOINT, times(task.batch(), task.channels())?)?,
        };
        Ok(match select::gradients::<V>(&request, to, scratch).map_err(code_of)? {
            (false, _) => code::INCREMENTS_NOT_FINITE,
            (true, false) => code::COTANGENTS_NOT_FINITE,
            (true, true) => code::FINE,
        })
    }
}
