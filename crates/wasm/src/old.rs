//! The exports before tasks, for callers that do not write heads yet: every argument becomes a word
//! of a head whose offsets are addresses.

use crate::code;
use crate::head::{Head, Region, Task};
use crate::operation::{Question, ask};
use path_signature_kernels::lanes::{LanesF32, LanesF64};
use wasm_bindgen::prelude::wasm_bindgen;

fn at(offset: usize, stride: usize) -> Region {
    Region { offset: offset as u32, stride: stride as u32 }
}

fn run(head: Head) -> i32 {
    ask(&Task::absolute(&head), Question::Run).map_or_else(|code| code, |code| code as i32)
}

fn shape(operation: u32, dtype: u32, channels: usize, depth: usize, options: u32) -> Head {
    Head { operation, dtype, channels: channels as u32, depth: depth as u32, options, points: 2, ..Head::default() }
}

/// Coefficients of a signature without its scalar term.
#[wasm_bindgen]
pub fn signature_size(channels: usize, depth: usize) -> usize {
    path_signature_kernels::signature_size(channels, depth).unwrap_or(0)
}

/// Bytes of scratch that [`signature`] needs.
#[wasm_bindgen]
pub fn signature_scratch_bytes(dtype: u32, channels: usize, depth: usize, options: u32) -> usize {
    ask(&Task::absolute(&shape(1, dtype, channels, depth, options)), Question::Scratch).unwrap_or(0)
}

/// Signatures of a batch of paths.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub fn signature(
    dtype: u32,
    paths: usize,
    batch: usize,
    points: usize,
    channels: usize,
    depth: usize,
    lengths: usize,
    basepoint: usize,
    basepoint_stride: usize,
    initial: usize,
    initial_stride: usize,
    options: u32,
    out: usize,
    scratch: usize,
    scratch_bytes: usize,
) -> i32 {
    let mut head = Head {
        batch: batch as u32,
        points: points as u32,
        lengths: lengths as u32,
        scratch: scratch as u32,
        scratch_bytes: scratch_bytes as u32,
        ..shape(1, dtype, channels, depth, options)
    };
    head.regions[0] = at(paths, 0);
    head.regions[1] = at(basepoint, basepoint_stride);
    head.regions[2] = at(initial, initial_stride);
    head.regions[3] = at(out, 0);
    if initial == 0 || initial != out {
        return run(head);
    }
    // Continued in place: a copy of what is continued, as far as there is memory for it.
    let copied = |numbers: usize, bytes: usize| -> Result<Vec<u64>, i32> {
        let bytes = numbers.checked_mul(bytes).ok_or(code::SHAPE)?;
        if !crate::ranges::inside(initial, bytes) {
            return Err(code::RANGE);
        }
        let mut copy = Vec::new();
        copy.try_reserve_exact(bytes / 8 + 1).map_err(|_| code::SHAPE)?;
        // SAFETY: both ranges are there; any bytes are numbers.
        unsafe { core::ptr::copy_nonoverlapping(initial as *const u8, copy.as_mut_ptr() as *mut u8, bytes) };
        Ok(copy)
    };
    let size = signature_size(channels, depth);
    let bytes = if dtype == 0 { 4 } else { 8 };
    match copied(batch.saturating_sub(1).saturating_mul(initial_stride).saturating_add(size), bytes) {
        Err(code) => code,
        Ok(copy) => {
            head.regions[2].offset = copy.as_ptr() as usize as u32;
            run(head)
        }
    }
}

unsafe fn slice<T>(address: usize, count: usize) -> Option<&'static mut [T]> {
    // SAFETY: as the caller vouches.
    crate::ranges::is_sound(address, count, size_of::<T>(), align_of::<T>())
        .then(|| unsafe { core::slice::from_raw_parts_mut(address as *mut T, count) })
}

/// Signatures of consecutive stretches, multiplied: the first of `count` rows becomes the product.
#[wasm_bindgen]
pub fn combine(dtype: u32, channels: usize, depth: usize, rows: usize, count: usize) -> i32 {
    let numbers = path_signature_kernels::signature_size(channels, depth).and_then(|size| size.checked_mul(count));
    let Some(numbers) = numbers else { return code::SHAPE };
    // SAFETY: the range is checked; the caller vouches that nothing else uses it meanwhile.
    let done = unsafe {
        match dtype {
            0 => slice::<f32>(rows, numbers)
                .map(|rows| path_signature_kernels::combine::<LanesF32>(channels, depth, rows, count)),
            1 => slice::<f64>(rows, numbers)
                .map(|rows| path_signature_kernels::combine::<LanesF64>(channels, depth, rows, count)),
            _ => return code::DTYPE,
        }
    };
    done.map_or(code::RANGE, |done| done.map_or(code::SHAPE, |()| code::FINE))
}

/// Bytes of scratch that [`signature_vjp`] needs.
#[wasm_bindgen]
pub fn vjp_scratch_bytes(dtype: u32, channels: usize, depth: usize, bits: u32) -> usize {
    let mut head = shape(3, dtype, channels, depth, bits);
    head.regions[5].offset = 1;
    ask(&Task::absolute(&head), Question::Scratch).unwrap_or(0)
}

/// Numbers that lead a path from one piece of time to the next.
#[wasm_bindgen]
pub fn vjp_carry_numbers(channels: usize, depth: usize, bits: u32) -> usize {
    ask(&Task::absolute(&shape(3, 0, channels, depth, bits)), Question::State).unwrap_or(0)
}

/// Gradients of a batch of paths.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub fn signature_vjp(
    dtype: u32,
    paths: usize,
    batch: usize,
    points: usize,
    channels: usize,
    depth: usize,
    lengths: usize,
    basepoint: usize,
    basepoint_stride: usize,
    initial: usize,
    initial_stride: usize,
    signatures: usize,
    signature_row: usize,
    cotangents: usize,
    bits: u32,
    out: usize,
    out_basepoint: usize,
    out_initial: usize,
    carry: usize,
    scratch: usize,
    scratch_bytes: usize,
) -> i32 {
    let mut head = Head {
        batch: batch as u32,
        points: points as u32,
        lengths: lengths as u32,
        row: signature_row as u32,
        scratch: scratch as u32,
        scratch_bytes: scratch_bytes as u32,
        ..shape(3, dtype, channels, depth, bits)
    };
    let regions = [
        (paths, 0),
        (basepoint, basepoint_stride),
        (initial, initial_stride),
        (out, 0),
        (cotangents, 0),
        (signatures, 0),
        (out_basepoint, 0),
        (out_initial, 0),
        (carry, 0),
    ];
    for (region, (address, stride)) in head.regions.iter_mut().zip(regions) {
        *region = at(address, stride);
    }
    run(head)
}
