//! As many channels as lanes, or three in four lanes: a point is a vector, and the sums of several
//! pieces are in registers at once, so that they hide each other's latency.

use super::{Follower, Run, Square};
use crate::lanes::{Lanes, Real};

/// Twice the sums of a path at `R` rotations, half of all, from the first on.
///
/// Three channels lie in the upper three lanes: a vector that ends with a point's last channel
/// reaches beyond a piece only at the very first point in memory.
pub struct Narrow<V: Lanes, const CHANNELS: usize, const R: usize> {
    /// The path's first point.
    origin: *const V::T,
    totals: [V; R],
}

/// The sums of a piece.
#[derive(Clone, Copy)]
struct State<V: Lanes, const R: usize> {
    next: *const V::T,
    /// Its first point F.
    first: V,
    /// P - F of the last point.
    last: V,
    sums: [V; R],
}

impl<V: Lanes, const CHANNELS: usize, const R: usize> Narrow<V, CHANNELS, R> {
    const FULL: bool = CHANNELS == V::WIDTH;

    pub fn new(origin: *const V::T) -> Self {
        Narrow { origin, totals: [V::zero(); R] }
    }

    /// What sums number `i` are made with.
    #[inline(always)]
    fn turn(v: V, i: usize) -> V {
        if Self::FULL { v.rotate(i + 1) } else { v.rotate_upper(i + 1) }
    }

    /// Any point.
    #[inline(always)]
    unsafe fn point(p: *const V::T) -> V {
        // SAFETY: the point is there.
        unsafe {
            if Self::FULL { V::load(p) } else { V::from_lanes(|l| if l == 0 { V::T::ZERO } else { *p.add(l - 1) }) }
        }
    }

    /// Moves on to a point.
    #[inline(always)]
    fn step(state: &mut State<V, R>, point: V) {
        let next = point.sub(state.first);
        let (m, z) = (state.last.add(next), next.sub(state.last));
        for (i, to) in state.sums.iter_mut().enumerate() {
            *to = m.mul_add(Self::turn(z, i), *to);
        }
        state.last = next;
    }

    /// `K` pieces side by side.
    #[inline(always)]
    unsafe fn together<const K: usize>(&mut self, runs: &[Run<V::T>]) {
        // SAFETY: as the caller vouches.
        unsafe {
            let stride = runs[0].stride;
            let mut states: [State<V, R>; K] = core::array::from_fn(|k| State {
                next: runs[k].point(1),
                first: Self::point(runs[k].first),
                last: V::zero(),
                sums: [V::zero(); R],
            });
            let advance = |state: &mut State<V, R>| {
                let from = if Self::FULL { state.next } else { state.next.sub(1) };
                Self::step(state, V::load(from));
                state.next = state.next.wrapping_offset(stride);
            };
            // The last step may lead to the first point in memory.
            let whole: [usize; K] =
                core::array::from_fn(|k| if Self::FULL { runs[k].steps } else { runs[k].steps.saturating_sub(1) });
            let common = whole.iter().fold(whole[0], |least, &n| least.min(n));
            for _ in 0..common {
                for state in &mut states {
                    advance(state);
                }
            }
            for ((run, state), whole) in runs.iter().zip(&mut states).zip(whole) {
                for _ in common..whole {
                    advance(state);
                }
                if whole < run.steps {
                    Self::step(state, Self::point(run.last()));
                }
                // Chen's identity.
                let seen = state.first.sub(Self::point(self.origin));
                let increment = Self::point(run.last()).sub(state.first);
                for (i, total) in self.totals.iter_mut().enumerate() {
                    let chen = seen.mul(Self::turn(increment, i));
                    *total = total.add(state.sums[i]).add(chen.add(chen));
                }
            }
        }
    }
}

impl<V: Lanes, const CHANNELS: usize, const R: usize> Follower<V::T> for Narrow<V, CHANNELS, R> {
    unsafe fn pieces(&mut self, pieces: &[Run<V::T>]) {
        // One sum a piece: four pieces, else two, are enough to hide a multiply-add's latency.
        for group in pieces.chunks(if R == 1 { 4 } else { 2 }) {
            // SAFETY: as the caller vouches.
            unsafe {
                match group.len() {
                    4 if R == 1 => self.together::<4>(group),
                    2 if R > 1 => self.together::<2>(group),
                    _ => group.iter().for_each(|run| self.together::<1>(core::slice::from_ref(run))),
                }
            }
        }
    }

    unsafe fn write(&self, square: &Square<V::T>) {
        let first_lane = if Self::FULL { 0 } else { 1 };
        for (i, total) in self.totals.iter().enumerate() {
            let lanes = total.to_lanes();
            for a in 0..CHANNELS {
                // SAFETY: both are channels; the caller vouches for the row.
                unsafe { square.put(a, (a + i + 1) % CHANNELS, lanes[first_lane + a]) };
            }
        }
    }
}
