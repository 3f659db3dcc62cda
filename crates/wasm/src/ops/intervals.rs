//! Signatures of pieces of one long path, and products of rows. Regions: 0 the path, 3 rows that
//! are read and written, 5 words that say what is computed. The batch is the number of pieces or
//! products, the row word the factors of each, and the stride of the rows their number.

use super::Operation;
use super::signature::code_of;
use crate::code;
use crate::head::{Task, times};
use path_signature_kernels::intervals::{Pieces, intervals, intervals_scratch};
use path_signature_kernels::lanes::Lanes;
use path_signature_kernels::signature_size;

const PATH: usize = 0;
const ROWS: usize = 3;
const WORDS: usize = 5;

/// See the module.
pub struct Intervals;

impl Operation for Intervals {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        intervals_scratch::<V>(task.channels(), task.depth()).ok_or(code::SHAPE)
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        let (channels, depth, factors) = (task.channels(), task.depth(), task.row());
        let width = Pieces::<V::T>::width(factors).ok_or(code::SHAPE)?;
        let size = signature_size(channels, depth).ok_or(code::SHAPE)?;
        if task.options() != 0 {
            return Err(code::OPTIONS);
        }
        let path = task.region(PATH, times(task.points(), channels)?)?;
        let words = task.region(WORDS, times(task.batch(), width)?)?;
        let rows = task.region_mut(ROWS, times(task.stride(ROWS), size)?)?;
        let finite = intervals(&Pieces { path, channels, depth, factors, words }, rows, scratch).map_err(code_of)?;
        Ok(if finite { code::FINE } else { code::INCREMENTS_NOT_FINITE })
    }
}
