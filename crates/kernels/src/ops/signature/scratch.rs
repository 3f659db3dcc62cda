//! The scratch memory of a call. The caller owns it; it does not depend on the batch or on lengths.

use super::stream;
use crate::batch::options::Options;
use crate::batch::parts::Parts;
use crate::batch::plan::{MAX_PIECES, may_prune};
use crate::lanes::Lanes;
use crate::walk::{depth_two, follow, pruned};
use crate::words::recovery::Recovery;
use crate::words::shape::Shape;

/// Vectors of scratch that [`crate::signature()`] needs, whatever the batch and the number of
/// points: a tile of increments (three tiles at depth 2), the chains of deep nodes, and for streams
/// one state; for whole signatures two states, of which one has the recovery's intermediate sums
/// behind it, the followed words of a pruned walk, and one row more than there are pieces.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn signature_scratch<V: Lanes>(
    channels: usize,
    depth: usize,
    options: Options,
    recovery: Option<Recovery<'_>>,
) -> Option<usize> {
    let shape = Shape::new(channels, depth)?;
    let mut parts = Parts::measured();
    if channels > 1 {
        Scratch::<V>::new(&shape, options, recovery, &mut parts);
    }
    parts.total()
}

/// Scratch memory, cut up. What a call has no use for has no room.
pub struct Scratch<V: Lanes> {
    /// What whole signatures of depth 2 and streams need begins with the tile.
    pub follow: follow::Memory<V>,
    /// One state: `size` vectors.
    pub state: *mut V,
    /// A second state, and what a recovery needs behind it.
    pub values: *mut V,
    /// What a recovery needs.
    pub followed: *mut V,
    /// Rows of `pitch` numbers, one more than pieces.
    rows: *mut V::T,
    pitch: usize,
}

impl<V: Lanes> Scratch<V> {
    /// The parts of a call of two or more channels.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(shape: &Shape, options: Options, recovery: Option<Recovery<'_>>, parts: &mut Parts<V>) -> Self {
        let row = shape.size.div_ceil(V::WIDTH);
        let is_pair = shape.depth == 2 && !options.stream;
        let recovery = if is_pair || options.stream { None } else { recovery };
        let follow = if is_pair || options.stream {
            let vectors =
                if is_pair { depth_two::scratch_vectors::<V>(shape.channels) } else { stream::scratch_vectors(shape) };
            let tile = parts.take(vectors);
            follow::Memory { tile, chains: tile }
        } else {
            follow::Memory::new(parts, shape.channels, shape.depth)
        };
        let state = parts.take(if is_pair { 0 } else { shape.size });
        let values = parts.take(if is_pair { 0 } else { shape.size.max(recovery.map_or(0, |r| r.values())) });
        let followed = match may_prune(shape.channels, shape.depth, options) {
            true => pruned::memory_size(shape, recovery.is_some()),
            false => 0,
        };
        let followed = parts.take(followed);
        let rows = match (is_pair, options.stream) {
            (true, _) => 2,
            (_, true) => 0,
            _ => MAX_PIECES + 1,
        };
        let rows = parts.take(row.checked_mul(rows)).cast();
        Scratch { follow, state, values, followed, rows, pitch: row * V::WIDTH }
    }

    /// Row number `i`.
    pub fn row(&self, i: usize) -> *mut V::T {
        self.rows.wrapping_add(i * self.pitch)
    }
}
