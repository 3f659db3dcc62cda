//! Two channels: consecutive steps in lanes, the channels apart, so that of the pruned form one
//! product a step is all there is.

use super::{Follower, Run, Square};
use crate::lanes::{Lanes, Real};

/// Twice the sums of a path: of 01 only, or with `PLAIN` of 00, 01, 10 and 11.
pub struct Planar<V: Lanes, const PLAIN: bool> {
    /// The path's first point.
    origin: *const V::T,
    /// Later points lie first in memory.
    reversed: bool,
    totals: [V::T; 4],
}

/// A piece under way.
#[derive(Clone, Copy)]
struct State<V: Lanes> {
    next: *const V::T,
    /// Its first point F, each channel in all lanes.
    first: [V; 2],
    /// P - F of the last points; of y, P where it is only seen in increments.
    last: [V; 2],
    sums: [V; 4],
}

impl<V: Lanes, const PLAIN: bool> Planar<V, PLAIN> {
    pub fn new(origin: *const V::T, reversed: bool) -> Self {
        Planar { origin, reversed, totals: [V::T::ZERO; 4] }
    }

    /// Moves on to the points x, y, as many as there are lanes.
    #[inline(always)]
    fn step(state: &mut State<V>, x: V, y: V) {
        let x = x.sub(state.first[0]);
        // Where y is only seen in increments, F does not matter.
        let y = if PLAIN { y.sub(state.first[1]) } else { y };
        let (before_x, before_y) = (state.last[0].shift_in(x), state.last[1].shift_in(y));
        let (m_x, z_y) = (before_x.add(x), y.sub(before_y));
        state.sums[1] = m_x.mul_add(z_y, state.sums[1]);
        if PLAIN {
            let (m_y, z_x) = (before_y.add(y), x.sub(before_x));
            state.sums[0] = m_x.mul_add(z_x, state.sums[0]);
            state.sums[2] = m_y.mul_add(z_x, state.sums[2]);
            state.sums[3] = m_y.mul_add(z_y, state.sums[3]);
        }
        state.last = [x, y];
    }

    /// The next points of a piece, as many as there are lanes.
    #[inline(always)]
    unsafe fn advance(&self, state: &mut State<V>) {
        // SAFETY: as the caller vouches.
        unsafe {
            let (x, y) = if self.reversed {
                // The points begin with the last of two vectors and go back.
                let low = state.next.sub(2 * (V::WIDTH - 1));
                state.next = state.next.sub(2 * V::WIDTH);
                V::deinterleave_backwards(V::load(low), V::load(low.add(V::WIDTH)))
            } else {
                let low = state.next;
                state.next = state.next.add(2 * V::WIDTH);
                V::deinterleave(V::load(low), V::load(low.add(V::WIDTH)))
            };
            Self::step(state, x, y);
        }
    }

    /// `K` pieces side by side.
    #[inline(always)]
    unsafe fn together<const K: usize>(&mut self, runs: &[Run<V::T>]) {
        // SAFETY: as the caller vouches.
        unsafe {
            let mut states: [State<V>; K] = core::array::from_fn(|k| {
                let run = &runs[k];
                let first = [V::splat(*run.first), V::splat(*run.first.add(1))];
                let last = [V::zero(), if PLAIN { V::zero() } else { first[1] }];
                State { next: run.point(1), first, last, sums: [V::zero(); 4] }
            });
            let vectors: [usize; K] = core::array::from_fn(|k| runs[k].steps / V::WIDTH);
            let common = vectors.iter().fold(vectors[0], |least, &n| least.min(n));
            for _ in 0..common {
                for state in &mut states {
                    self.advance(state);
                }
            }
            for ((run, state), vectors) in runs.iter().zip(&mut states).zip(vectors) {
                for _ in common..vectors {
                    self.advance(state);
                }
                let done = vectors * V::WIDTH;
                if done < run.steps {
                    // Repeated last points add nothing.
                    let channel = |c| V::from_lanes(|l| *run.point((done + l + 1).min(run.steps)).add(c));
                    Self::step(state, channel(0), channel(1));
                }
                for (i, total) in self.totals.iter_mut().enumerate() {
                    if PLAIN || i == 1 {
                        // Chen's identity.
                        let (a, b) = (i / 2, i % 2);
                        let seen = (*run.first.add(a)).minus(*self.origin.add(a));
                        let increment = (*run.last().add(b)).minus(*run.first.add(b));
                        let chen = seen.times(increment);
                        *total = total.plus(state.sums[i].sum()).plus(chen.plus(chen));
                    }
                }
            }
        }
    }
}

impl<V: Lanes, const PLAIN: bool> Follower<V::T> for Planar<V, PLAIN> {
    unsafe fn pieces(&mut self, pieces: &[Run<V::T>]) {
        for group in pieces.chunks(2) {
            // SAFETY: as the caller vouches.
            unsafe {
                match group.len() {
                    2 => self.together::<2>(group),
                    _ => self.together::<1>(group),
                }
            }
        }
    }

    unsafe fn write(&self, square: &Square<V::T>) {
        for (i, &total) in self.totals.iter().enumerate() {
            if PLAIN || i == 1 {
                // SAFETY: both are channels; the caller vouches for the row.
                unsafe { square.put(i / 2, i % 2, total) };
            }
        }
    }
}
