//! Horner's scheme along tracks in lanes: tiles of increments, one after the other.
//!
//! Not here: the arithmetic of a tile (`walk`).

use crate::increments::{Gather, TILE};
use crate::lanes::Lanes;
use crate::shape::Shape;
use crate::state::sums_finite;
use crate::walk::{self, Frame};

/// Memory for [`follow`]: [`scratch_vectors`] of it.
#[derive(Clone, Copy)]
pub struct Memory<V> {
    pub tile: *mut V,
    pub chains: *mut V,
}

impl<V> Memory<V> {
    /// `base` is valid for [`scratch_vectors`].
    pub fn new(base: *mut V, channels: usize) -> Self {
        Memory { tile: base, chains: base.wrapping_add(TILE * channels) }
    }
}

/// Vectors of memory for a number of channels and a depth.
pub fn scratch_vectors(channels: usize, depth: usize) -> Option<usize> {
    TILE.checked_mul(channels)?.checked_add(walk::scratch_vectors(channels, depth)?)
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
            walk::whole(&frame, memory.tile, steps);
        }
        sums_finite(state, d)
    }
}
