//! Signatures of sliding windows. Regions: 0 paths, 3 out, 5 three numbers: points of a window,
//! points from one window to the next, and rows of a path. The row word is the windows of a block.

use super::Operation;
use super::signature::{code_of, request};
use crate::code;
use crate::head::{Task, times};
use crate::options::decode;
use path_signature_kernels::lanes::{Lanes, Real};
use path_signature_kernels::{Sliding, signature_size, sliding, sliding_scratch};

const OUT: usize = 3;
const WINDOWS: usize = 5;

/// See the module.
pub struct SlidingWindows;

impl Operation for SlidingWindows {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        decode(task.options())?;
        sliding_scratch::<V>(task.channels(), task.depth(), task.row()).ok_or(code::SHAPE)
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        let request = request::<V::T>(task, decode(task.options())?)?;
        let [length, step, rows] = *task.region::<V::T>(WINDOWS, 3)? else { return Err(code::RANGE) };
        let [length, step, rows] = [length, step, rows].map(|x| x.to_f64() as usize);
        let windows = Sliding { length, step, count: task.row(), rows };
        let size = signature_size(request.channels, request.depth).ok_or(code::SHAPE)?;
        let row = size + usize::from(request.options.scalar_term);
        let out = task.region_mut::<V::T>(OUT, times(times(request.batch, rows)?, row)?)?;
        let report = sliding::<V>(&request, windows, out, scratch).map_err(code_of)?;
        Ok(if report.increments_finite { code::FINE } else { code::INCREMENTS_NOT_FINITE })
    }
}
