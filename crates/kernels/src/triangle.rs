//! Depth 2, pruned: only the coefficients of words ab with a < b are followed, S(aa) is a square, and S(ba) = S(a) S(b) - S(ab).
//!
//! A tile of time steps outside, tiles of the triangle inside: a coefficient is loaded and stored once for all steps of a tile.

use crate::increments::Gather;
use crate::lanes::{Lanes, Real};

/// Scratch of the triangle.
pub struct Memory<V> {
    /// Increments of one tile: `tile_steps * channels` vectors.
    pub tile: *mut V,
    /// What each step adds to the words of one more letter: as many.
    pub halves: *mut V,
}

/// Follows `gather`'s steps from the identity and leaves the complete signatures of depth 2 in `state`; says whether the sums of increments stayed finite.
///
/// # Safety
/// `memory` is there; `state` has `channels + channels^2` vectors.
pub unsafe fn follow<V: Lanes>(
    channels: usize,
    gather: &Gather<'_, V::T>,
    tile_steps: usize,
    memory: &Memory<V>,
    state: *mut V,
) -> bool {
    let d = channels;
    let half = V::splat(V::T::from_f64(0.5));
    // SAFETY: as the caller vouches.
    unsafe {
        for i in 0..d + d * d {
            *state.add(i) = V::zero();
        }
        let square = state.add(d);
        let mut t = 0;
        while t < gather.steps {
            let steps = tile_steps.min(gather.steps - t);
            gather.read(t, steps, memory.tile);
            for a in 0..d {
                let mut x = *state.add(a);
                for q in 0..steps {
                    let z = *memory.tile.add(q * d + a);
                    *memory.halves.add(q * d + a) = z.mul_add(half, x);
                    x = x.add(z);
                }
                *state.add(a) = x;
            }
            let mut a = 0;
            while a + 1 < d {
                let rows = if a + 4 < d { 4 } else { 1 };
                let mut e = a + 1;
                while e < d {
                    let tile = Tile { halves: memory.halves.add(a), increments: memory.tile.add(e), steps, d };
                    let to = square.add(a * d + e);
                    e += match (rows, d - e) {
                        (4, 3..) => tile.add::<4, 3>(to),
                        (4, 2) => tile.add::<4, 2>(to),
                        (4, _) => tile.add::<4, 1>(to),
                        (_, 3..) => tile.add::<1, 3>(to),
                        _ => tile.add::<1, 1>(to),
                    };
                }
                a += rows;
            }
            t += steps;
        }
        let mut zeros = V::zero();
        for a in 0..d {
            zeros = (*state.add(a)).mul_add(V::zero(), zeros);
            *state.add(a) = gather.total(a);
        }
        for a in 0..d {
            let x = *state.add(a);
            *square.add(a * d + a) = x.mul(x).mul(half);
            for b in a + 1..d {
                *square.add(b * d + a) = x.mul(*state.add(b)).sub(*square.add(a * d + b));
            }
        }
        zeros.to_lanes()[..V::WIDTH].iter().all(|&z| z == V::T::ZERO)
    }
}

/// Some rows and columns of the square, for all steps of a tile of time.
struct Tile<V> {
    halves: *const V,
    increments: *const V,
    steps: usize,
    d: usize,
}

impl<V: Lanes> Tile<V> {
    /// Adds to `ROWS * COLUMNS` coefficients; gives COLUMNS. Where a tile reaches below the diagonal it adds to what is overwritten in the end.
    #[inline(always)]
    unsafe fn add<const ROWS: usize, const COLUMNS: usize>(&self, to: *mut V) -> usize {
        // SAFETY: the caller keeps rows and columns inside the square.
        unsafe {
            let mut y: [[V; COLUMNS]; ROWS] =
                core::array::from_fn(|i| core::array::from_fn(|e| *to.add(i * self.d + e)));
            for q in 0..self.steps {
                let z: [V; COLUMNS] = core::array::from_fn(|e| *self.increments.add(q * self.d + e));
                for (i, row) in y.iter_mut().enumerate() {
                    let v = *self.halves.add(q * self.d + i);
                    for (y, z) in row.iter_mut().zip(z) {
                        *y = v.mul_add(z, *y);
                    }
                }
            }
            for (i, row) in y.into_iter().enumerate() {
                for (e, y) in row.into_iter().enumerate() {
                    *to.add(i * self.d + e) = y;
                }
            }
        }
        COLUMNS
    }
}
