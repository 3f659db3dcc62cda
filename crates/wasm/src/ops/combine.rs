//! Signatures of consecutive stretches of one path, multiplied. Regions: 0 rows, which are used up,
//! 2 initial, 3 out, which may be where the rows are.

use super::Operation;
use crate::code;
use crate::head::{Task, times};
use crate::options::decode_vjp;
use path_signature_kernels::lanes::Lanes;
use path_signature_kernels::{combine, signature_size};

const ROWS: usize = 0;
const INITIAL: usize = 2;
const OUT: usize = 3;

/// See the module.
pub struct Combine;

fn size(task: &Task) -> Result<usize, i32> {
    signature_size(task.channels(), task.depth()).ok_or(code::SHAPE)
}

impl Operation for Combine {
    /// Two rows: what the product continues, and the product.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        Ok(times(size(task)?, 2)?.div_ceil(V::WIDTH))
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        decode_vjp(task.options())?;
        let (channels, depth, size) = (task.channels(), task.depth(), size(task)?);
        if task.batch() == 0 {
            return Err(code::SHAPE);
        }
        if scratch.len() < Self::scratch::<V>(task)? {
            return Err(code::SCRATCH);
        }
        let rows = task.region_mut::<V::T>(ROWS, times(task.batch(), size)?)?;
        let initial = if task.has(INITIAL) { Some(task.region::<V::T>(INITIAL, size)?) } else { None };
        let out = if task.are_same(OUT, ROWS) { None } else { Some(task.region_mut::<V::T>(OUT, size)?) };
        combine::<V>(channels, depth, rows, task.batch()).ok_or(code::SHAPE)?;
        if let Some(initial) = initial {
            // SAFETY: there are as many vectors, as was checked.
            let pair = unsafe { core::slice::from_raw_parts_mut(scratch.as_mut_ptr().cast::<V::T>(), 2 * size) };
            pair[..size].copy_from_slice(initial);
            pair[size..].copy_from_slice(&rows[..size]);
            combine::<V>(channels, depth, pair, 2).ok_or(code::SHAPE)?;
            rows[..size].copy_from_slice(&pair[..size]);
        }
        if let Some(out) = out {
            out.copy_from_slice(&rows[..size]);
        }
        Ok(code::FINE)
    }
}
