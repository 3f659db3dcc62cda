//! The functional on brackets moves through time: one tile of steps at a time, depth first over
//! suffixes. The mirror image of `walk`, which owns prefixes.
//!
//! One step with increment z, X⌟z the contraction of the first letter (Y(v) = Σ_a z_a X(a v)):
//!     X_{k,0} = Θ_k before the step,  X_{k-1,j+1} = X_{k,j}⌟z,
//!     Θ_k += Σ_{j≥1} X_{k,j} / j!   (Θ_N stays as it is),
//! and what gradients need of it are two antisymmetric matrices a step, both on level 2
//! (`docs/gradients.md`):
//!     behind the step -Σ_j (j+1)/(j+2)! X_{2,j},  before it -Σ_j 1/(j+2)! X_{2,j}.
//! On depth 3 two others do, the increment of Θ_2 and Θ_2 itself, with fewer operations
//! (`contract`).
//!
//! X_{k,·}(u) needs the words a u only, so a pair of letters is the root of a tree of suffixes: a
//! node runs the whole tile on what its children left, and a child's numbers are used once. Numbers
//! are scaled as [`Functional`] says.
//!
//! Here: what a tile is. `tree` runs it, `contract` makes gradients of points from it.

use super::functional::{Functional, pairs};
use crate::lanes::Lanes;
use crate::words::shape::Shape;

/// Steps of a tile, at most; also the pitch of everything that has a number for each step.
pub const TILE: usize = 32;

/// Steps of a tile for a shape: what a tile leaves behind should stay in the nearest cache.
pub fn tile_steps(shape: &Shape) -> usize {
    // Two matrices a step; a multiple of the steps that `wide` takes at once.
    let most = 24 * 1024 / (16 * 2 * pairs(shape.channels).max(1));
    (most - most % 4).clamp(8, TILE)
}

/// Whether nodes go letter by letter: from five channels on, because registers do not hold much of
/// a step of so many; with two lanes always, because code for a number of channels is worth its
/// size where most calls are.
#[inline(always)]
pub fn is_wide<V: Lanes>(shape: &Shape) -> bool {
    V::WIDTH < 4 || shape.channels >= 5
}

/// Whether there is code here for an inner node on level `k` of a shape of few channels: for the
/// shapes that are used most.
pub fn has_node(shape: &Shape, k: usize) -> bool {
    shape.channels <= 4 && shape.depth - k - 1 <= 3
}

/// Whether some node, or the contraction after it, goes channel by channel.
pub fn turns<V: Lanes>(shape: &Shape) -> bool {
    is_wide::<V>(shape) || (2..shape.depth.saturating_sub(2)).any(|k| !has_node(shape, k))
}

/// Vectors that the children of nodes leave: on each level `channels` times as many arrays as a
/// node has, and those of a root.
pub fn children_size(shape: &Shape) -> usize {
    (3..shape.depth.saturating_sub(1)).map(|k| shape.channels * (shape.depth - k) * TILE).sum::<usize>()
        + shape.depth * TILE
}

/// A tile of time under way.
pub struct Flow<'a, V> {
    pub shape: &'a Shape,
    pub theta: &'a Functional<V>,
    /// Increments, `[q * channels + c]`, one step more than the tile has.
    pub increments: *const V,
    /// The same as `[c * TILE + q]`, where [`turns`] says so; else room for it.
    pub turned: *mut V,
    /// Steps, a multiple of four; beyond the path's end increments are zero.
    pub steps: usize,
    /// The two matrices, `[q * pairs + pair]`.
    pub behind: *mut V,
    pub before: *mut V,
    /// [`children_size`] vectors.
    pub children: *mut V,
    /// A tile of numbers by channel, for [`super::contract`].
    pub starts: *mut V,
}
