//! The scratch memory of a call for gradients: how much, and what lies where. The caller owns it; it does not depend on the batch or on lengths.

use super::flow::{TILE, children_size, tile_steps};
use super::functional::{Functional, Memory, functional_size, pairs};
use super::{lone, square, stream};
use crate::lanes::Lanes;
use crate::shape::Shape;

/// Vectors of scratch that [`super::signature_vjp()`] needs, whatever the batch and the number of points, more for a lone path: for whole signatures of depth 3 and more about four states, and a tile of time
/// with all that hangs on it; `None` for a shape that does not exist.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn vjp_scratch<V: Lanes>(channels: usize, depth: usize, stream: bool, lone: bool) -> Option<usize> {
    Parts::new(&Shape::new(channels, depth)?, stream, lone).map(|parts| parts.total)
}

/// Where each part of the scratch begins, in vectors.
pub struct Parts {
    places: [usize; PARTS],
    pub total: usize,
}

const PARTS: usize = 14;

impl Parts {
    /// `None` if the sum overflows.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(shape: &Shape, stream: bool, lone: bool) -> Option<Parts> {
        let d = shape.channels;
        let sizes: [usize; PARTS] = if stream || d == 1 || shape.depth == 1 {
            [stream::scratch_vectors(shape, stream)?; 1].map_to()
        } else if shape.depth == 2 {
            [square::scratch_vectors(d)?; 1].map_to()
        } else {
            let matrix = tile_steps(shape) * pairs(d);
            let top = shape.count(shape.depth);
            [
                (TILE + 4) * d,
                TILE * d,
                (TILE + 1) * d,
                matrix,
                matrix,
                children_size(shape),
                functional_size(shape),
                2 * d,
                d,
                shape.size,
                shape.offset(shape.depth),
                2 * top,
                TILE * d,
                if lone { lone::scratch_vectors(shape)? } else { 0 },
            ]
        };
        let mut places = [0; PARTS];
        let mut total = 0usize;
        for (place, size) in places.iter_mut().zip(sizes) {
            *place = total;
            total = total.checked_add(size)?;
        }
        Some(Parts { places, total })
    }
}

/// One size, and nothing else.
trait MapTo {
    fn map_to(self) -> [usize; PARTS];
}

impl MapTo for [usize; 1] {
    fn map_to(self) -> [usize; PARTS] {
        let mut all = [0; PARTS];
        all[0] = self[0];
        all
    }
}

/// Scratch memory of the flow, cut up.
pub struct Scratch<V> {
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
    /// What chunks of a lone path need.
    pub chunks: *mut V,
}

impl<V: Lanes> Scratch<V> {
    /// `memory` has at least `parts.total` vectors; depth 3 or more of two or more channels.
    pub fn new(shape: &Shape, memory: &mut [V], parts: &Parts) -> Self {
        let base = memory.as_mut_ptr();
        let part = |i: usize| base.wrapping_add(parts.places[i]);
        Scratch {
            increments: part(0),
            turned: part(1),
            gradients: part(2),
            before: part(3),
            behind: part(4),
            children: part(5),
            theta: Functional::new(shape, part(6)),
            theta_at: part(6),
            pending: part(7),
            moved: part(7).wrapping_add(shape.channels),
            last_step: part(8),
            cotangent: part(9),
            signature: part(10),
            work: Memory { work: [part(11), part(11).wrapping_add(shape.count(shape.depth))] },
            starts: part(12),
            chunks: part(13),
        }
    }
}
