//! Depth 2, pruned: only the coefficients of words ab with a < b are followed, S(aa) is a square, and S(ba) = S(a) S(b) - S(ab).
//!
//! With points P_0 … P_T and increments z_t, S(ab) = Σ_t ((P_t + P_{t+1})/2 - P_0)_a (z_t)_b: nothing depends on the step before, and no rounding is
//! carried along. A tile of time steps outside, rectangles of the triangle inside: a coefficient is loaded and stored once for all steps of a tile.

use crate::increments::{Gather, TILE};
use crate::lanes::Lanes;
use crate::rectangle::Rectangle;
use crate::state::{clear, is_zero};
use crate::walk::reciprocal;

/// Vectors of scratch: a tile of points and one more, the increments between them, and their middles.
pub fn scratch_vectors(channels: usize) -> Option<usize> {
    channels.checked_mul(3 * TILE + 1)
}

/// Follows `gather`'s steps from the identity and leaves the complete signatures of depth 2 in `state`; says whether all points are finite.
///
/// # Safety
/// `scratch` has [`scratch_vectors`], `state` has `channels + channels^2` vectors.
pub unsafe fn follow<V: Lanes>(channels: usize, gather: &Gather<'_, V::T>, scratch: *mut V, state: *mut V) -> bool {
    let d = channels;
    let mut zeros = V::zero();
    // SAFETY: as the caller vouches.
    unsafe {
        let square = state.add(d);
        clear(square, d * d);
        let points = scratch;
        let increments = points.add((TILE + 1) * d);
        let middles = increments.add(TILE * d);
        // Until the end the place of level 1 holds the first points.
        gather.read_points(0, 1, state);
        core::ptr::copy_nonoverlapping(state, points, d);
        for (t, steps) in gather.tiles() {
            gather.read_points(t + 1, steps, points.add(d));
            let span = Span { points, increments, middles, steps, d };
            let all_zero = if d == 2 { span.pair(state, square.add(1)) } else { span.square(state, square) };
            zeros = zeros.add(all_zero);
            core::ptr::copy(points.add(steps * d), points, d);
        }
        for a in 0..d {
            zeros = (*state.add(a)).mul_add(V::zero(), zeros);
            *state.add(a) = gather.total(a);
        }
        for a in 0..d {
            let x = *state.add(a);
            *square.add(a * d + a) = x.mul(x).mul(reciprocal(2));
            for b in a + 1..d {
                *square.add(b * d + a) = x.mul(*state.add(b)).sub(*square.add(a * d + b));
            }
        }
    }
    is_zero(zeros)
}

/// A tile of time.
struct Span<V> {
    /// One point more than steps.
    points: *const V,
    increments: *mut V,
    /// Half way between the points of each step, seen from the path's first point.
    middles: *mut V,
    steps: usize,
    d: usize,
}

impl<V: Lanes> Span<V> {
    /// Adds the tile's steps to the coefficients above the diagonal of `square`; gives a vector of zeros if all points are finite.
    unsafe fn square(&self, first: *const V, square: *mut V) -> V {
        let d = self.d;
        let mut zeros = V::zero();
        // SAFETY: `first` has d vectors, `square` d * d.
        unsafe {
            let mut c = 0;
            while c < d {
                let (count, all_zero) = match d - c {
                    4.. => self.differences::<4>(c, first.add(c)),
                    3 => self.differences::<3>(c, first.add(c)),
                    2 => self.differences::<2>(c, first.add(c)),
                    _ => self.differences::<1>(c, first.add(c)),
                };
                zeros = zeros.add(all_zero);
                c += count;
            }
            let mut a = 0;
            while a + 1 < d {
                let rows = if a + 3 < d { 3 } else { 1 };
                let mut e = a + 1;
                while e < d {
                    let to = square.add(a * d + e);
                    e += match (rows, d - e) {
                        (3, 3..) => self.sums::<3, 3>(a, e, to),
                        (3, 2) => self.sums::<3, 2>(a, e, to),
                        (3, _) => self.sums::<3, 1>(a, e, to),
                        (_, 2..) => self.sums::<1, 2>(a, e, to),
                        _ => self.sums::<1, 1>(a, e, to),
                    };
                }
                a += rows;
            }
        }
        zeros
    }

    /// Increments and middles of `G` channels from `c` on; gives G, and a vector of zeros if all points are finite.
    #[inline(never)]
    unsafe fn differences<const G: usize>(&self, c: usize, first: *const V) -> (usize, V) {
        let half = reciprocal::<V>(2);
        // SAFETY: c + G <= d; the parts have `steps` rows of d vectors.
        unsafe {
            let first: [V; G] = core::array::from_fn(|i| *first.add(i));
            let mut zeros = [V::zero(); G];
            let mut prev: [V; G] = core::array::from_fn(|i| *self.points.add(c + i));
            let mut at = c;
            for _ in 0..self.steps {
                for i in 0..G {
                    let cur = *self.points.add(at + self.d + i);
                    *self.increments.add(at + i) = cur.sub(prev[i]);
                    // From the first point before the halving: near it both are exact.
                    *self.middles.add(at + i) = cur.sub(first[i]).add(prev[i].sub(first[i])).mul(half);
                    zeros[i] = cur.mul_add(V::zero(), zeros[i]);
                    prev[i] = cur;
                }
                at += self.d;
            }
            let mut all = zeros[0];
            for z in &zeros[1..] {
                all = all.add(*z);
            }
            (G, all)
        }
    }

    /// The same for two channels, whose one coefficient `to` and all else stay in registers; gives a vector of zeros if all points are finite.
    #[inline(never)]
    unsafe fn pair(&self, first: *const V, to: *mut V) -> V {
        // SAFETY: `points` has steps + 1 rows of two vectors.
        unsafe {
            let first = *first;
            let mut point = self.points;
            let (mut x, mut y) = ((*point).sub(first), *point.add(1));
            // Twice the coefficient, so that no middle has to be halved. Every other step has its own sums: they do not wait for each other.
            let (mut sums, mut zeros) = ([(*to).add(*to), V::zero()], [V::zero(); 2]);
            let mut step = |which: usize| {
                point = point.add(2);
                let (next_x, next_y) = (*point, *point.add(1));
                zeros[which] = next_x.mul_add(V::zero(), next_y.mul_add(V::zero(), zeros[which]));
                let next_x = next_x.sub(first);
                sums[which] = x.add(next_x).mul_add(next_y.sub(y), sums[which]);
                (x, y) = (next_x, next_y);
            };
            for _ in 0..self.steps / 2 {
                step(0);
                step(1);
            }
            if self.steps % 2 == 1 {
                step(0);
            }
            *to = sums[0].add(sums[1]).mul(reciprocal(2));
            zeros[0].add(zeros[1])
        }
    }

    /// Adds to the coefficients of `ROWS` letters from `a` on, followed by `COLUMNS` letters from `e` on; gives COLUMNS. Where a rectangle reaches below the diagonal it adds to
    /// what is overwritten in the end.
    #[inline(always)]
    unsafe fn sums<const ROWS: usize, const COLUMNS: usize>(&self, a: usize, e: usize, y: *mut V) -> usize {
        let rectangle = Rectangle {
            y,
            y_pitch: self.d,
            v: self.middles.wrapping_add(a),
            v_pitch: self.d,
            z: self.increments.wrapping_add(e),
            z_pitch: self.d,
            steps: self.steps,
        };
        // SAFETY: rows and columns lie inside the square.
        unsafe { rectangle.add::<ROWS, COLUMNS>() };
        COLUMNS
    }
}
