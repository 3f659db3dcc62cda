//! Many paths that get a point each at a time. Their signatures stay in lanes from call to call: a
//! vector a coefficient, group after group.
//!
//! Not here: a path by itself (`signature`).

use crate::batch::parts::Parts;
use crate::batch::request::Error;
use crate::lanes::{Lanes, MAX_WIDTH};
use crate::path::increments::differences;
use crate::walk::follow;
use crate::words::shape::Shape;

/// Vectors of scratch that [`grow`] needs.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn grow_scratch<V: Lanes>(channels: usize, depth: usize) -> Option<usize> {
    let shape = Shape::walked(channels, depth)?;
    let mut parts = Parts::<V>::measured();
    follow::Memory::new(&mut parts, shape.channels, shape.depth);
    parts.total()
}

/// Numbers of the states of so many paths.
pub fn grown_numbers<V: Lanes>(channels: usize, depth: usize, paths: usize) -> Option<usize> {
    Shape::walked(channels, depth)?.size.checked_mul(paths.div_ceil(V::WIDTH))?.checked_mul(V::WIDTH)
}

/// Continues each path's signature by the step from its last point to its next one; both are
/// (paths, channels). Lanes behind the last path have its numbers. Two or more channels and levels.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn grow<V: Lanes>(
    channels: usize,
    depth: usize,
    [last, next]: [&[V::T]; 2],
    states: &mut [V::T],
    scratch: &mut [V],
) -> Result<(), Error> {
    let shape = Shape::walked(channels, depth).ok_or(Error::Shape)?;
    let paths = next.len() / channels;
    let is_whole = paths * channels == next.len() && next.len() == last.len();
    let is_aligned = states.as_ptr().cast::<V>().is_aligned();
    if !is_whole || !is_aligned || grown_numbers::<V>(channels, depth, paths) != Some(states.len()) {
        return Err(Error::Shape);
    }
    let mut parts = Parts::of(scratch);
    let memory = follow::Memory::new(&mut parts, channels, depth);
    parts.fit()?;
    for (group, state) in states.chunks_exact_mut(shape.size * V::WIDTH).enumerate() {
        let of = |points: &[V::T]| {
            core::array::from_fn::<_, MAX_WIDTH, _>(|l| {
                points.as_ptr().wrapping_add((group * V::WIDTH + l.min(V::WIDTH - 1)).min(paths - 1) * channels)
            })
        };
        // SAFETY: the points and the memory are there, as was checked.
        unsafe {
            differences(&of(next), &of(last), channels, memory.tile);
            follow::steps(&shape, &memory, state.as_mut_ptr().cast(), 1);
        }
    }
    Ok(())
}
