//! The scratch memory of a call for gradients: how much, and what lies where. The caller owns it;
//! it does not depend on the batch or on lengths.

use super::flow::{TILE, children_size, tile_steps};
use super::functional::{Functional, Memory, functional_size, pairs};
use super::single::Chunks;
use super::{depth_two, stream};
use crate::batch::parts::Parts;
use crate::lanes::Lanes;
use crate::words::shape::Shape;

/// Vectors of scratch that [`super::signature_vjp()`] needs, whatever the batch and the number of
/// points, more for a single path: for whole signatures of depth 3 and more about four states, and
/// a tile of time with all that hangs on it; `None` for a shape that does not exist.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn vjp_scratch<V: Lanes>(channels: usize, depth: usize, stream: bool, single: bool) -> Option<usize> {
    vectors::<V>(&Shape::new(channels, depth)?, stream, single)
}

/// The same for a shape.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn vectors<V: Lanes>(shape: &Shape, stream: bool, single: bool) -> Option<usize> {
    let mut parts = Parts::measured();
    match (stream, shape.channels, shape.depth) {
        // One channel is computed in float64.
        (true, 1, depth) => return Some(depth.div_ceil(2)),
        (true, _, _) => drop(stream::Scratch::<V>::new(shape, &mut parts)),
        (false, d, 1) => return Some(d),
        (false, 1, _) => return Some(1),
        (false, d, 2) => return depth_two::scratch_vectors(d),
        (false, _, _) => drop(Scratch::<V>::new(shape, single, &mut parts)),
    }
    parts.total()
}

/// Scratch memory of the flow, cut up.
pub struct Scratch<V: Lanes> {
    /// A tile of increments and four steps more.
    pub increments: *mut V,
    /// The same, channel by channel.
    pub turned: *mut V,
    /// A tile of points' gradients.
    pub gradients: *mut V,
    pub before: *mut V,
    pub behind: *mut V,
    pub children: *mut V,
    pub theta: Functional<V>,
    pub theta_at: *mut V,
    /// What the point behind the last step has so far.
    pub pending: *mut V,
    /// How far the path has moved from its first point.
    pub moved: *mut V,
    pub last_step: *mut V,
    pub cotangent: *mut V,
    pub signature: *mut V,
    pub work: Memory<V>,
    /// A tile of numbers by channel.
    pub starts: *mut V,
    /// What chunks of a single path need.
    pub chunks: Option<Chunks<V>>,
}

impl<V: Lanes> Scratch<V> {
    /// Depth 3 or more of two or more channels.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(shape: &Shape, single: bool, parts: &mut Parts<V>) -> Self {
        let d = shape.channels;
        let (matrix, top) = (tile_steps(shape) * pairs(d), shape.count(shape.depth));
        let increments = parts.take((TILE + 4) * d);
        let turned = parts.take(TILE * d);
        let gradients = parts.take((TILE + 1) * d);
        let before = parts.take(matrix);
        let behind = parts.take(matrix);
        let children = parts.take(children_size(shape));
        let theta_at = parts.take(functional_size(shape));
        Scratch {
            increments,
            turned,
            gradients,
            before,
            behind,
            children,
            theta: Functional::new(shape, theta_at),
            theta_at,
            pending: parts.take(d),
            moved: parts.take(d),
            last_step: parts.take(d),
            cotangent: parts.take(shape.size),
            signature: parts.take(shape.offset(shape.depth)),
            work: Memory { work: [parts.take(top), parts.take(top)] },
            starts: parts.take(TILE * d),
            chunks: single.then(|| Chunks::new(shape, parts)),
        }
    }
}
