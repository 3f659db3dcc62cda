//! Horner's scheme along tracks in lanes: tiles of increments, one after the other.
//!
//! Not here: the arithmetic of a tile (`walk`).

use crate::batch::parts::Parts;
use crate::batch::state::sums_finite;
use crate::lanes::Lanes;
use crate::path::increments::{Gather, TILE};
use crate::walk::frame::{self, Frame};
use crate::walk::horner;
use crate::words::shape::Shape;

/// Memory for [`follow`].
#[derive(Clone, Copy)]
pub struct Memory<V> {
    pub tile: *mut V,
    pub chains: *mut V,
}

impl<V> Memory<V> {
    pub fn new(parts: &mut Parts<V>, channels: usize, depth: usize) -> Self {
        Memory {
            tile: parts.take(TILE.checked_mul(channels)),
            chains: parts.take(frame::scratch_vectors(channels, depth)),
        }
    }
}

/// Runs the steps of `gather` on `state`; says whether the sums of increments stayed finite.
///
/// # Safety
/// `state` has `shape.size` vectors, the memory is there; two or more channels and levels.
#[inline(never)]
pub unsafe fn follow<V: Lanes>(shape: &Shape, gather: &Gather<'_, V::T>, memory: &Memory<V>, state: *mut V) -> bool {
    let (d, depth) = (shape.channels, shape.depth);
    let levels = core::array::from_fn(|r| {
        if r < depth { state.wrapping_add(shape.offset(depth - r)) } else { core::ptr::null_mut() }
    });
    let frame = Frame { width: d, stride: d, depth, skip: 0, levels, scratch: memory.chains };
    // SAFETY: as the caller vouches; a tile has room for TILE steps.
    unsafe {
        for (t, steps) in gather.tiles() {
            gather.read(t, steps, memory.tile);
            horner::whole(&frame, memory.tile, steps);
        }
        sums_finite(state, d)
    }
}
