//! The WebAssembly exports of path-signature: addresses, lengths, error codes; numbers only, so that one instance needs no glue.
//!
//! Nothing numerical lives here, and nothing an argument can hold makes an export trap: every range is checked against the memory's size before it
//! becomes a slice. Code that runs is in `path-signature-kernels`.

// As in path-signature-kernels.
#![cfg_attr(path_signature_small, feature(optimize_attribute))]

#[cfg(feature = "algebra")]
mod algebra;
#[cfg(feature = "core")]
mod combine;
#[cfg(feature = "core")]
mod peak;
mod ranges;
#[cfg(feature = "core")]
mod recoveries;
#[cfg(feature = "core")]
mod vjp;

#[cfg(feature = "core")]
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64};
#[cfg(feature = "core")]
use path_signature_kernels::{
    Algorithm, Error, Initial, Options, Recovery, Request, output_len, signature as run, signature_scratch,
};
#[cfg(feature = "core")]
use ranges::{aligned, per_path, slice, slice_mut};
use std::alloc::Layout;
use wasm_bindgen::prelude::wasm_bindgen;

/// Alignment of everything that [`allocate`] gives.
const ALIGNMENT: usize = 64;

/// Result codes of [`signature`]; `ts/wasm/abi.ts` has the same.
#[cfg(feature = "core")]
mod code {
    pub const FINE: i32 = 0;
    pub const INCREMENTS_NOT_FINITE: i32 = 1;
    pub const DTYPE: i32 = -1;
    pub const SHAPE: i32 = -2;
    pub const RANGE: i32 = -3;
    pub const LENGTHS: i32 = -4;
    pub const SCRATCH: i32 = -5;
    pub const OPTIONS: i32 = -6;
    /// Of gradients: done, but a cotangent is not finite.
    pub const COTANGENTS_NOT_FINITE: i32 = 2;
}

/// Bytes of memory, 64-byte aligned; 0 if they cannot be had. The memory may grow: views of it have to be made again.
#[wasm_bindgen]
pub fn allocate(bytes: usize) -> usize {
    match Layout::from_size_align(bytes, ALIGNMENT) {
        // SAFETY: the size is not zero.
        Ok(layout) if bytes > 0 => unsafe { std::alloc::alloc(layout) as usize },
        _ => 0,
    }
}

/// Gives back what [`allocate`] gave for the same number of bytes.
#[wasm_bindgen]
pub fn release(address: usize, bytes: usize) {
    if address == 0 || bytes == 0 || !ranges::inside(address, bytes) {
        return;
    }
    if let Ok(layout) = Layout::from_size_align(bytes, ALIGNMENT) {
        // SAFETY: the caller vouches, as in C, that the pair came from `allocate`.
        unsafe { std::alloc::dealloc(address as *mut u8, layout) }
    }
}

/// Coefficients of a signature without its scalar term; 0 from 2^31 on, or without a channel or a level.
#[cfg(feature = "core")]
#[wasm_bindgen]
pub fn signature_size(channels: usize, depth: usize) -> usize {
    path_signature_kernels::signature_size(channels, depth).unwrap_or(0)
}

/// Bytes of scratch that [`signature`] needs for any batch and any number of points; 0 if the shape, the dtype or the options are unsupported.
#[cfg(feature = "core")]
#[wasm_bindgen]
pub fn signature_scratch_bytes(dtype: u32, channels: usize, depth: usize, options: u32) -> usize {
    let Some(options) = decode(options) else { return 0 };
    // One vector more than needed, so that a supported shape never says 0.
    let bytes = |vectors: Option<usize>| vectors.and_then(|n| n.checked_add(1)?.checked_mul(16)).unwrap_or(0);
    recoveries::with(channels, depth, options, |recovery| match dtype {
        0 => bytes(signature_scratch::<LanesF32>(channels, depth, options, recovery)),
        1 => bytes(signature_scratch::<LanesF64>(channels, depth, options, recovery)),
        _ => 0,
    })
}

/// The signatures of a batch of paths; see `ts/wasm/abi.ts` for every argument, and the table above for the result.
/// A negative result means that nothing was written.
#[cfg(feature = "core")]
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
    let Some(options) = decode(options) else { return code::OPTIONS };
    let call = Arguments {
        paths,
        batch,
        points,
        channels,
        depth,
        lengths,
        basepoint,
        basepoint_stride,
        initial,
        initial_stride,
        options,
        out,
        scratch,
        scratch_bytes,
    };
    match dtype {
        0 => call.run::<LanesF32>(),
        1 => call.run::<LanesF64>(),
        _ => code::DTYPE,
    }
}

/// Rounds of 48 independent float32 vector multiply-adds each, to measure this binary's peak: 384 floating point operations a round.
#[cfg(feature = "core")]
#[wasm_bindgen]
pub fn peak_f32(rounds: usize) -> f32 {
    peak::multiply_adds::<LanesF32>(rounds)
}

/// As [`peak_f32`] for float64: 192 floating point operations a round.
#[cfg(feature = "core")]
#[wasm_bindgen]
pub fn peak_f64(rounds: usize) -> f64 {
    peak::multiply_adds::<LanesF64>(rounds)
}

/// Bits 0 stream, 1 inverse, 2 scalar term, 8…9 algorithm.
#[cfg(feature = "core")]
fn decode(bits: u32) -> Option<Options> {
    if bits & !0x307 != 0 {
        return None;
    }
    let algorithm = match bits >> 8 {
        0 => Algorithm::Auto,
        1 => Algorithm::Horner,
        2 => Algorithm::Pruned,
        _ => return None,
    };
    Some(Options { stream: bits & 1 != 0, inverse: bits & 2 != 0, scalar_term: bits & 4 != 0, algorithm })
}

/// The arguments of [`signature`] as they came.
#[cfg(feature = "core")]
struct Arguments {
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
    options: Options,
    out: usize,
    scratch: usize,
    scratch_bytes: usize,
}

#[cfg(feature = "core")]
impl Arguments {
    fn run<V: Lanes>(&self) -> i32 {
        recoveries::with(self.channels, self.depth, self.options, |recovery| {
            self.checked::<V>(recovery).unwrap_or_else(|code| code)
        })
    }

    fn checked<V: Lanes>(&self, recovery: Option<Recovery<'_>>) -> Result<i32, i32> {
        let size = path_signature_kernels::signature_size(self.channels, self.depth).ok_or(code::SHAPE)?;
        if self.points == 0 {
            return Err(code::SHAPE);
        }
        let numbers =
            self.points.checked_mul(self.channels).and_then(|n| n.checked_mul(self.batch)).ok_or(code::SHAPE)?;
        // SAFETY (all slices): `ranges` checks alignment and bounds against the memory. What the ranges hold is plain numbers; the caller vouches,
        // as `ts/wasm/abi.ts` does, that `out` and `scratch` overlap nothing but `initial` = `out`.
        let paths = unsafe { slice::<V::T>(self.paths, numbers) }.ok_or(code::RANGE)?;
        let lengths = match self.lengths {
            0 => None,
            address => Some(unsafe { slice::<u32>(address, self.batch) }.ok_or(code::RANGE)?),
        };
        let basepoint = unsafe { per_path::<V::T>(self.batch, self.basepoint, self.basepoint_stride, self.channels) }
            .ok_or(code::RANGE)?;
        let initial = if self.initial == self.out && self.initial != 0 {
            Initial::Output
        } else {
            unsafe { per_path::<V::T>(self.batch, self.initial, self.initial_stride, size) }
                .ok_or(code::RANGE)?
                .map_or(Initial::Identity, Initial::Given)
        };
        let request = Request {
            paths,
            batch: self.batch,
            points: self.points,
            channels: self.channels,
            depth: self.depth,
            lengths,
            basepoint,
            initial,
            options: self.options,
            recovery,
        };
        let out_numbers = output_len(&request).ok_or(code::SHAPE)?;
        let out = unsafe { slice_mut::<V::T>(self.out, out_numbers) }.ok_or(code::RANGE)?;
        if !aligned(self.scratch, size_of::<V>()) {
            return Err(code::RANGE);
        }
        let scratch =
            unsafe { slice_mut::<V>(self.scratch, self.scratch_bytes / size_of::<V>()) }.ok_or(code::RANGE)?;
        match run::<V>(&request, out, scratch) {
            Ok(report) if report.increments_finite => Ok(code::FINE),
            Ok(_) => Ok(code::INCREMENTS_NOT_FINITE),
            Err(Error::Shape) => Err(code::SHAPE),
            Err(Error::Lengths) => Err(code::LENGTHS),
            // A recovery is missing only where the shape has none.
            Err(Error::Recovery) => Err(code::SHAPE),
            Err(Error::Scratch) => Err(code::SCRATCH),
            Err(_) => Err(code::RANGE),
        }
    }
}
