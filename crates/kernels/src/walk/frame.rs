//! What a walk works on.

use crate::path::increments::TILE;
use crate::walk::chains::MOST_SIBLINGS;
use crate::words::shape::MAX_DEPTH;

/// Rows that are put together before the top level, so that rectangles are full; more would not
/// stay in the nearest cache.
pub const POOL: usize = 18;

/// Pointers into scratch memory that the caller owns.
///
/// Invariant: `levels[r]` points at the coefficients of the words with `r` letters still to come
/// (`levels[0]` is the top level), in row-major order, as many as `width^(letters)`; `scratch` has
/// room for [`scratch_vectors`].
pub struct Frame<V> {
    /// Letters of the alphabet.
    pub width: usize,
    /// Vectors between the increments of one step and the next, at least `width`.
    pub stride: usize,
    /// Levels in the walk, two or more.
    pub depth: usize,
    /// The first last letter that is followed on the top level: 0 (all words) or 1 (pruned).
    pub skip: usize,
    /// One pointer a level, by letters to come.
    pub levels: [*mut V; MAX_DEPTH + 1],
    /// Scratch for chains and rows.
    pub scratch: *mut V,
}

/// Vectors of scratch for walks of up to `width` letters and `depth` levels.
pub fn scratch_vectors(width: usize, depth: usize) -> Option<usize> {
    let chains = TILE * MOST_SIBLINGS * depth * depth;
    width.max(POOL).checked_mul(TILE)?.checked_add(chains)
}
