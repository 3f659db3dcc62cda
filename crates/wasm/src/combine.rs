//! The export that multiplies signatures of consecutive stretches of a path. Ranges are checked here; the arithmetic is the kernels'.

use crate::code;
use crate::ranges::slice_mut;
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64};
use path_signature_kernels::{combine as run, signature_size};
use wasm_bindgen::prelude::wasm_bindgen;

/// `count` signatures at `rows`, each of `signature_size(channels, depth)` numbers without its scalar term: the first becomes the product of all, in their
/// order; the others are used up. A negative result means that nothing was written.
#[wasm_bindgen]
pub fn combine(dtype: u32, channels: usize, depth: usize, rows: usize, count: usize) -> i32 {
    let done = match dtype {
        0 => checked::<LanesF32>(channels, depth, rows, count),
        1 => checked::<LanesF64>(channels, depth, rows, count),
        _ => Err(code::DTYPE),
    };
    done.map_or_else(|code| code, |()| code::FINE)
}

fn checked<V: Lanes>(channels: usize, depth: usize, rows: usize, count: usize) -> Result<(), i32> {
    let numbers = signature_size(channels, depth).and_then(|size| size.checked_mul(count)).ok_or(code::SHAPE)?;
    // SAFETY: `ranges` checks alignment and bounds against the memory; the caller vouches that nothing else uses the range meanwhile.
    let rows = unsafe { slice_mut::<V::T>(rows, numbers) }.ok_or(code::RANGE)?;
    run::<V>(channels, depth, rows, count).ok_or(code::SHAPE)
}
