//! Two or three channels in four lanes with every product summed up, number by number: what is
//! asked for to compare with, not for its speed.

use super::{Follower, Run, Square};
use crate::lanes::Real;

/// The most channels.
pub const MOST: usize = 3;

/// Twice the sums of a path.
pub struct Plain<T> {
    /// The path's first point.
    origin: *const T,
    channels: usize,
    totals: [[T; MOST]; MOST],
}

impl<T: Real> Plain<T> {
    pub fn new(origin: *const T, channels: usize) -> Self {
        Plain { origin, channels, totals: [[T::ZERO; MOST]; MOST] }
    }
}

impl<T: Real> Follower<T> for Plain<T> {
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn pieces(&mut self, pieces: &[Run<T>]) {
        for run in pieces {
            for a in 0..self.channels {
                for b in 0..self.channels {
                    // SAFETY: as the caller vouches.
                    unsafe {
                        let [first, last] = [run.first, run.last()];
                        let (x, y) = (*first.add(a), *first.add(b));
                        let (mut sum, mut before) = (T::ZERO, T::ZERO);
                        for t in 1..=run.steps {
                            let from_first = (*run.point(t).add(a)).minus(x);
                            let z = (*run.point(t).add(b)).minus(*run.point(t - 1).add(b));
                            sum = sum.plus(before.plus(from_first).times(z));
                            before = from_first;
                        }
                        // Chen's identity.
                        let chen = x.minus(*self.origin.add(a)).times((*last.add(b)).minus(y));
                        let total = &mut self.totals[a][b];
                        *total = total.plus(sum).plus(chen.plus(chen));
                    }
                }
            }
        }
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn write(&self, square: &Square<T>) {
        for a in 0..self.channels {
            for b in 0..self.channels {
                // SAFETY: both are channels; the caller vouches for the row.
                unsafe { square.put(a, b, self.totals[a][b]) };
            }
        }
    }
}
