//! The exports for gradients: addresses to slices, as in `lib.rs`. Nothing numerical lives here.

use crate::ranges::{aligned, per_path, slice, slice_mut};
use crate::{code, decode};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64};
use path_signature_kernels::vjp::{self, Gradients, Part, VjpRequest};
use path_signature_kernels::{Error, Options};
use wasm_bindgen::prelude::wasm_bindgen;

/// Option bits besides those of signatures: not the first piece of time, not the last, one path by itself.
const CONTINUED: u32 = 8;
const CONTINUES: u32 = 16;
const LONE: u32 = 32;

/// What the option bits say.
#[derive(Clone, Copy)]
struct Asked {
    options: Options,
    part: Part,
    lone: bool,
}

fn asked(bits: u32) -> Option<Asked> {
    let part = Part { first: bits & CONTINUED == 0, last: bits & CONTINUES == 0 };
    let options = decode(bits & !(CONTINUED | CONTINUES | LONE))?;
    Some(Asked { options, part, lone: bits & LONE != 0 })
}

/// Bytes of scratch that [`signature_vjp`] needs for any batch and any number of points; 0 if the shape, the dtype or the options are unsupported.
#[wasm_bindgen]
pub fn vjp_scratch_bytes(dtype: u32, channels: usize, depth: usize, bits: u32) -> usize {
    let Some(Asked { options, lone, .. }) = asked(bits) else { return 0 };
    // One vector more than needed, so that a supported shape never says 0.
    let bytes = |vectors: Option<usize>| vectors.and_then(|n| n.checked_add(1)?.checked_mul(16)).unwrap_or(0);
    match dtype {
        0 => bytes(vjp::vjp_scratch::<LanesF32>(channels, depth, options.stream, lone)),
        1 => bytes(vjp::vjp_scratch::<LanesF64>(channels, depth, options.stream, lone)),
        _ => 0,
    }
}

/// Numbers that lead a path from one piece of time to the next; 0 if the shape or the options are unsupported.
#[wasm_bindgen]
pub fn vjp_carry_numbers(channels: usize, depth: usize, bits: u32) -> usize {
    asked(bits).and_then(|asked| vjp::carry_len(channels, depth, asked.options.stream)).unwrap_or(0)
}

/// The gradients of a batch of paths; see `ts/wasm/abi.ts` for every argument and the result. A negative result means that nothing was written.
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
    let Some(asked) = asked(bits) else { return code::OPTIONS };
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
        signatures,
        signature_row,
        cotangents,
        asked,
        out,
        out_basepoint,
        out_initial,
        carry,
        scratch,
        scratch_bytes,
    };
    match dtype {
        0 => call.run::<LanesF32>(),
        1 => call.run::<LanesF64>(),
        _ => code::DTYPE,
    }
}

/// The arguments of [`signature_vjp`] as they came.
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
    signatures: usize,
    signature_row: usize,
    cotangents: usize,
    asked: Asked,
    out: usize,
    out_basepoint: usize,
    out_initial: usize,
    carry: usize,
    scratch: usize,
    scratch_bytes: usize,
}

impl Arguments {
    fn run<V: Lanes>(&self) -> i32 {
        self.checked::<V>().unwrap_or_else(|code| code)
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn checked<V: Lanes>(&self) -> Result<i32, i32> {
        let Asked { options, part, lone } = self.asked;
        let size = path_signature_kernels::signature_size(self.channels, self.depth).ok_or(code::SHAPE)?;
        if self.points == 0 {
            return Err(code::SHAPE);
        }
        let times = |a: usize, b: usize| a.checked_mul(b).ok_or(code::SHAPE);
        let numbers = times(times(self.points, self.channels)?, self.batch)?;
        let rows = match options.stream {
            true => self.points - usize::from(self.basepoint == 0),
            false => 1,
        };
        let row = size + usize::from(options.scalar_term);
        let rows = times(self.batch, rows)?;
        // SAFETY (all slices): `ranges` checks alignment and bounds against the memory. What the ranges hold is plain numbers; the caller vouches,
        // as `ts/wasm/abi.ts` does, that what is written overlaps nothing else.
        let lengths = match self.lengths {
            0 => None,
            address => Some(unsafe { slice::<u32>(address, self.batch) }.ok_or(code::RANGE)?),
        };
        let request = VjpRequest {
            paths: unsafe { slice::<V::T>(self.paths, numbers) }.ok_or(code::RANGE)?,
            batch: self.batch,
            points: self.points,
            channels: self.channels,
            depth: self.depth,
            lengths,
            basepoint: unsafe { per_path(self.batch, self.basepoint, self.basepoint_stride, self.channels) }
                .ok_or(code::RANGE)?,
            initial: unsafe { per_path(self.batch, self.initial, self.initial_stride, size) }.ok_or(code::RANGE)?,
            signature_row: self.signature_row,
            signatures: unsafe { slice::<V::T>(self.signatures, times(rows, self.signature_row)?) }
                .ok_or(code::RANGE)?,
            cotangents: unsafe { slice::<V::T>(self.cotangents, times(rows, row)?) }.ok_or(code::RANGE)?,
            options,
            part,
            lone,
        };
        let carried = match part {
            Part::WHOLE => 0,
            _ => times(vjp::carry_len(self.channels, self.depth, options.stream).ok_or(code::SHAPE)?, self.batch)?,
        };
        let to = Gradients {
            paths: unsafe { slice_mut::<V::T>(self.out, numbers) }.ok_or(code::RANGE)?,
            basepoint: wanted(self.out_basepoint, times(self.batch, self.channels)?)?,
            initial: wanted(self.out_initial, times(self.batch, size)?)?,
            carry: unsafe { slice_mut::<V::T>(self.carry, carried) }.ok_or(code::RANGE)?,
        };
        if !aligned(self.scratch, size_of::<V>()) {
            return Err(code::RANGE);
        }
        let scratch =
            unsafe { slice_mut::<V>(self.scratch, self.scratch_bytes / size_of::<V>()) }.ok_or(code::RANGE)?;
        match vjp::signature_vjp::<V>(&request, to, scratch) {
            Ok(report) if report.cotangents_finite => Ok(code::FINE),
            Ok(_) => Ok(code::COTANGENTS_NOT_FINITE),
            Err(Error::Shape) => Err(code::SHAPE),
            Err(Error::Lengths) => Err(code::LENGTHS),
            Err(Error::Scratch) => Err(code::SCRATCH),
            Err(_) => Err(code::RANGE),
        }
    }
}

/// An output that is wanted where it has an address.
fn wanted<T>(address: usize, count: usize) -> Result<Option<&'static mut [T]>, i32> {
    match address {
        0 => Ok(None),
        // SAFETY: as in `checked`.
        _ => unsafe { slice_mut::<T>(address, count) }.map(Some).ok_or(code::RANGE),
    }
}
