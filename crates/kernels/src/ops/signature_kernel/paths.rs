//! Paths as the kernels read them: increments or points, one number for all lanes, or a path a
//! lane. What a path lacks of the longest is padded with zero increments, that is with its last
//! point.

use crate::lanes::{Lanes, MAX_WIDTH, Real};
use crate::path::increments::{Gather, Track};

/// What is read of a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading<T> {
    /// Increments, times a factor.
    Increments(T),
    /// Points.
    Points,
}

impl<T: Real> Reading<T> {
    /// Rows of `steps` steps: one more of points.
    pub(super) fn rows(self, steps: usize) -> usize {
        steps + usize::from(matches!(self, Reading::Points))
    }

    /// Writes one path, and what it lacks of `to`.
    pub(super) fn one(self, path: &[T], channels: usize, to: &mut [T]) {
        match self {
            Reading::Points => {
                let (own, rest) = to.split_at_mut(path.len());
                own.copy_from_slice(path);
                for point in rest.chunks_mut(channels) {
                    point.copy_from_slice(&path[path.len() - channels..]);
                }
            }
            Reading::Increments(factor) => {
                let (own, rest) = to.split_at_mut(path.len() - channels);
                for ((to, from), next) in own.iter_mut().zip(path).zip(&path[channels..]) {
                    *to = next.minus(*from).times(factor);
                }
                rest.fill(T::ZERO);
            }
        }
    }

    /// The same with a path a lane, and `rows` rows.
    pub(super) fn lanes<V: Lanes<T = T>>(self, paths: [&[T]; MAX_WIDTH], channels: usize, rows: usize, to: &mut [V]) {
        match self {
            Reading::Points => {
                let last = paths.map(|path| path.len() / channels - 1);
                for t in 0..rows {
                    for c in 0..channels {
                        to[t * channels + c] = V::from_lanes(|l| paths[l][t.min(last[l]) * channels + c]);
                    }
                }
            }
            Reading::Increments(factor) => {
                let to = &mut to[..rows * channels];
                let gather = Gather::new(paths.map(|path| Track::new(path, channels, None, false)), channels);
                let steps = gather.steps.min(rows);
                // SAFETY: `to` has as many vectors.
                unsafe { gather.read(0, steps, to.as_mut_ptr()) };
                let (own, rest) = to.split_at_mut(steps * channels);
                if factor != T::ONE {
                    for v in own {
                        *v = v.mul(V::splat(factor));
                    }
                }
                rest.fill(V::zero());
            }
        }
    }
}
