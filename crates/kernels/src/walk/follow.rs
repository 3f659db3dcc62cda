//! Horner's scheme along tracks in lanes: tiles of increments, one after the other.
//!
//! Not here: the arithmetic of a tile (`walk`).

use crate::batch::parts::Parts;
use crate::batch::state::{clear, sums_finite};
use crate::lanes::{Lanes, MAX_WIDTH};
use crate::path::increments::{Gather, TILE};
use crate::walk::frame::{Frame, scratch_vectors};
use crate::walk::horner;
use crate::words::shape::Shape;

/// Memory for [`follow`].
#[derive(Clone, Copy)]
pub struct Memory<V> {
    /// A tile of increments, and those of one letter.
    pub tile: *mut V,
    pub chains: *mut V,
}

impl<V> Memory<V> {
    pub fn new(parts: &mut Parts<V>, channels: usize, depth: usize) -> Self {
        Memory {
            tile: parts.take(TILE.checked_mul(channels + 1)),
            chains: parts.take(scratch_vectors(channels, depth)),
        }
    }
}

/// States of so many vectors would not stay in the second-level cache.
const LARGE: usize = 1 << 14;

/// Whether what is below each first letter can be followed by itself, with the same arithmetic.
fn has_letters_apart(shape: &Shape) -> bool {
    shape.depth > 3 || (shape.depth == 3 && shape.channels > horner::WIDEST_FUSED)
}

/// Whether to follow so many paths, which would be lanes of one walk, one after the other with a
/// first letter in each lane. Each of those walks takes the time of one for all letters by their
/// number: with fewer it is faster, with as many where only its state stays in the cache.
pub fn prefers_letters<V: Lanes>(shape: &Shape, paths: usize) -> bool {
    let walks = paths * shape.channels.div_ceil(V::WIDTH);
    let most = if shape.size < LARGE { shape.channels - 1 } else { shape.channels };
    has_letters_apart(shape) && walks <= most
}

/// Runs the steps of `gather` on `state`; says whether the sums of increments stayed finite.
///
/// # Safety
/// `state` has `shape.size` vectors, the memory is there; two or more channels and levels.
#[inline(never)]
pub unsafe fn follow<V: Lanes>(shape: &Shape, gather: &Gather<'_, V::T>, memory: &Memory<V>, state: *mut V) -> bool {
    let frame = frame(shape, memory, state);
    // SAFETY: as the caller vouches; a tile has room for TILE steps.
    unsafe {
        for (t, steps) in gather.tiles() {
            gather.read(t, steps, memory.tile);
            horner::whole(&frame, memory.tile, steps);
        }
        sums_finite(state, shape.channels)
    }
}

/// As [`follow`], from the identity, for the words that begin with `letters[l]` in lane l. Level k
/// of `state` is at `shape.offset(k) / channels`.
///
/// # Safety
/// As [`follow`], and letters are below the number of channels; [`prefers_letters`].
#[inline(never)]
pub unsafe fn follow_letters<V: Lanes>(
    shape: &Shape,
    gather: &Gather<'_, V::T>,
    memory: &Memory<V>,
    state: *mut V,
    letters: &[usize; MAX_WIDTH],
) -> bool {
    let (d, below) = (shape.channels, shape.depth - 1);
    let level = |k: usize| state.wrapping_add(shape.offset(k) / d);
    let levels = core::array::from_fn(|r| if r < below { level(shape.depth - r) } else { core::ptr::null_mut() });
    let frame = Frame { width: d, stride: d, depth: below, skip: 0, levels, scratch: memory.chains };
    // SAFETY: as the caller vouches.
    unsafe {
        clear(state, shape.size / d);
        let own = memory.tile.add(TILE * d);
        for (t, steps) in gather.tiles() {
            gather.read(t, steps, memory.tile);
            for q in 0..steps {
                let step = memory.tile.add(q * d);
                *own.add(q) = V::from_lanes(|l| (*step.add(letters[l])).to_lanes()[l]);
            }
            horner::below(&frame, state, own, 1, memory.tile, steps);
        }
        sums_finite(state, 1)
    }
}

/// Runs the first steps of the tile.
///
/// # Safety
/// As [`follow`]; there are `count` steps.
#[inline(never)]
pub unsafe fn steps<V: Lanes>(shape: &Shape, memory: &Memory<V>, state: *mut V, count: usize) {
    // SAFETY: as the caller vouches.
    unsafe { horner::whole(&frame(shape, memory, state), memory.tile, count) }
}

fn frame<V>(shape: &Shape, memory: &Memory<V>, state: *mut V) -> Frame<V> {
    let Shape { channels, depth, .. } = *shape;
    let levels = core::array::from_fn(|r| {
        if r < depth { state.wrapping_add(shape.offset(depth - r)) } else { core::ptr::null_mut() }
    });
    Frame { width: channels, stride: channels, depth, skip: 0, levels, scratch: memory.chains }
}
