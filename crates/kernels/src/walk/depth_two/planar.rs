//! Two channels: consecutive steps in lanes, the channels apart, so that of the pruned form one
//! product a step is all there is.

use super::{Follower, Run, Square};
use crate::lanes::{Lanes, Real};

/// Twice the sum of 01 of a path.
pub struct Planar<V: Lanes> {
    /// The path's first point.
    origin: *const V::T,
    /// Later points lie first in memory.
    reversed: bool,
    total: V::T,
}

/// The sums of a piece.
#[derive(Clone, Copy)]
struct State<V: Lanes> {
    next: *const V::T,
    /// x of its first point F, in all lanes.
    first: V,
    /// x of P - F, and y of P, of the last points: y is only seen in increments.
    last: [V; 2],
    sum: V,
}

impl<V: Lanes> Planar<V> {
    pub fn new(origin: *const V::T, reversed: bool) -> Self {
        Planar { origin, reversed, total: V::T::ZERO }
    }

    /// Moves on to the points x, y, as many as there are lanes.
    #[inline(always)]
    fn step(state: &mut State<V>, x: V, y: V) {
        let x = x.sub(state.first);
        let (before_x, before_y) = (state.last[0].shift_in(x), state.last[1].shift_in(y));
        state.sum = before_x.add(x).mul_add(y.sub(before_y), state.sum);
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
                let [x, y] = [0, 1].map(|c| V::splat(*run.first.add(c)));
                State { next: run.point(1), first: x, last: [V::zero(), y], sum: V::zero() }
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
                // Chen's identity.
                let seen = (*run.first).minus(*self.origin);
                let chen = seen.times((*run.last().add(1)).minus(*run.first.add(1)));
                self.total = self.total.plus(state.sum.sum()).plus(chen.plus(chen));
            }
        }
    }
}

impl<V: Lanes> Follower<V::T> for Planar<V> {
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
        // SAFETY: both are channels; the caller vouches for the row.
        unsafe { square.put(0, 1, self.total) };
    }
}
