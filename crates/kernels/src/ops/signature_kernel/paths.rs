//! Paths as the kernels read them: increments or points, one number for all lanes, or a path a
//! lane. What a path lacks of the longest is padded with zero increments, that is with its last
//! point.

use crate::lanes::{Lanes, MAX_WIDTH, Real};

/// What is read of a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// Increments, times a factor.
    Increments(f64),
    /// Points.
    Points,
}

impl Reading {
    /// Number `t * channels + c` of a path of `steps` steps.
    #[inline(always)]
    fn number<T: Real>(self, path: &[T], t: usize, c: usize, channels: usize, steps: usize) -> T {
        match self {
            Reading::Points => path[t.min(steps) * channels + c],
            Reading::Increments(_) if t >= steps => T::ZERO,
            Reading::Increments(factor) => {
                let (from, to) = (path[t * channels + c], path[(t + 1) * channels + c]);
                T::from_f64(to.minus(from).to_f64() * factor)
            }
        }
    }

    /// Rows of `steps` steps: one more of points.
    pub(super) fn rows(self, steps: usize) -> usize {
        steps + usize::from(matches!(self, Reading::Points))
    }

    /// Writes `rows` rows of one path of `steps` steps.
    pub(super) fn one<T: Real>(self, path: &[T], channels: usize, steps: usize, rows: usize, to: &mut [T]) {
        for t in 0..rows {
            for c in 0..channels {
                to[t * channels + c] = self.number(path, t, c, channels, steps);
            }
        }
    }

    /// The same with a path a lane.
    pub(super) fn lanes<V: Lanes>(
        self,
        paths: [&[V::T]; MAX_WIDTH],
        channels: usize,
        steps: [usize; MAX_WIDTH],
        rows: usize,
        to: &mut [V],
    ) {
        for t in 0..rows {
            for c in 0..channels {
                to[t * channels + c] = V::from_lanes(|l| self.number(paths[l], t, c, channels, steps[l]));
            }
        }
    }
}
