//! The scratch memory of a call: how much, and what lies where. The caller owns it; it does not depend on the batch or on lengths.

use crate::lanes::Lanes;
use crate::plan::MAX_PIECES;
use crate::recovery::Recovery;
use crate::request::Options;
use crate::shape::Shape;
use crate::{depth_two, follow, pruned, stream};

/// Vectors of scratch that [`crate::signature()`] needs, whatever the batch and the number of points: a tile of increments (three tiles at depth 2), the chains of deep
/// nodes, and for streams one state; for whole signatures two states, of which one has the recovery's intermediate sums behind it, the followed words of a pruned walk, and
/// one row more than there are pieces.
pub fn signature_scratch<V: Lanes>(
    channels: usize,
    depth: usize,
    options: Options,
    recovery: Option<Recovery<'_>>,
) -> Option<usize> {
    let shape = Shape::new(channels, depth)?;
    if channels == 1 {
        return Some(0);
    }
    Parts::new::<V>(&shape, options, recovery).map(|parts| parts.total)
}

/// Where each part of the scratch begins, in vectors.
pub struct Parts {
    pub state: usize,
    pub values: usize,
    pub followed: usize,
    pub rows: usize,
    pub row: usize,
    pub total: usize,
}

impl Parts {
    /// `None` if the sum overflows.
    pub fn new<V: Lanes>(shape: &Shape, options: Options, recovery: Option<Recovery<'_>>) -> Option<Parts> {
        let row = shape.size.div_ceil(V::WIDTH);
        if shape.depth == 2 && !options.stream {
            let rows = depth_two::scratch_vectors::<V>(shape.channels)?;
            let total = rows.checked_add(row.checked_mul(2)?)?;
            return Some(Parts { state: 0, values: 0, followed: 0, rows, row, total });
        }
        if options.stream {
            let state = stream::scratch_vectors(shape)?;
            let values = state.checked_add(shape.size)?;
            let total = values.checked_add(shape.size)?;
            return Some(Parts { state, values, followed: total, rows: total, row: 0, total });
        }
        let state = follow::scratch_vectors(shape.channels, shape.depth)?;
        let values = state.checked_add(shape.size)?;
        let followed = values.checked_add(shape.size.max(recovery.map_or(0, |r| r.values())))?;
        let rows = followed.checked_add(recovery.map_or(0, |_| pruned::followed_size(shape)))?;
        let total = rows.checked_add(row.checked_mul(MAX_PIECES + 1)?)?;
        Some(Parts { state, values, followed, rows, row, total })
    }
}

/// Scratch memory, cut up.
pub struct Scratch<V: Lanes> {
    /// What else there is begins with it.
    pub follow: follow::Memory<V>,
    /// One state: `size` vectors.
    pub state: *mut V,
    /// A second state, and what a recovery needs behind it.
    pub values: *mut V,
    pub followed: *mut V,
    /// Rows of `pitch` numbers, one more than pieces.
    pub rows: *mut V::T,
    pub pitch: usize,
}

impl<V: Lanes> Scratch<V> {
    /// `memory` has at least `parts.total` vectors.
    pub fn new(shape: &Shape, memory: &mut [V], parts: &Parts) -> Self {
        let base = memory.as_mut_ptr();
        let part = |at: usize| base.wrapping_add(at);
        Scratch {
            follow: follow::Memory::new(base, shape.channels),
            state: part(parts.state),
            values: part(parts.values),
            followed: part(parts.followed),
            rows: part(parts.rows).cast(),
            pitch: parts.row * V::WIDTH,
        }
    }

    /// Row number `i`.
    pub fn row(&self, i: usize) -> *mut V::T {
        self.rows.wrapping_add(i * self.pitch)
    }
}
