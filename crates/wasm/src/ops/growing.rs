//! A point to each of many paths, whose signatures stay in lanes; float64 only. Regions: 0 the
//! points, 1 those before them, 3 the signatures.

use super::Operation;
use super::signature::code_of;
use crate::code;
use crate::head::{Task, times};
use path_signature_kernels::growing::{grow, grow_scratch, grown_numbers};
use path_signature_kernels::lanes::Lanes;

const NEXT: usize = 0;
const LAST: usize = 1;
const STATES: usize = 3;

/// See the module.
pub struct Growing;

impl Operation for Growing {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        if size_of::<V::T>() < 8 {
            return Err(code::DTYPE);
        }
        grow_scratch::<V>(task.channels(), task.depth()).ok_or(code::SHAPE)
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        if size_of::<V::T>() < 8 {
            return Err(code::DTYPE);
        }
        let (channels, depth, paths) = (task.channels(), task.depth(), task.batch());
        if task.options() != 0 {
            return Err(code::OPTIONS);
        }
        let numbers = times(paths, channels)?;
        let points = [task.region(LAST, numbers)?, task.region(NEXT, numbers)?];
        let states = task.region_mut(STATES, grown_numbers::<V>(channels, depth, paths).ok_or(code::SHAPE)?)?;
        grow(channels, depth, points, states, scratch).map_err(code_of)?;
        Ok(code::FINE)
    }
}
