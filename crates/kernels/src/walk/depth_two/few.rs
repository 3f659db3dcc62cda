//! The pruned form for channels that fill one vector or two and may leave one or two over: all sums
//! of a piece in registers, straight from the points.
//!
//! A point is `N` blocks, the last of which may overlap the one before, and behind them `C`
//! channels, each in all lanes of a vector of its own: one product with each block.

// Loops over constant ranges index several register arrays at once; iterators over one of them
// would hide that.
#![allow(clippy::needless_range_loop)]

use super::{Follower, Run, Square};
use crate::lanes::{Lanes, MAX_WIDTH};
use core::hint::black_box;

/// Vectors of a point, at most.
const MOST: usize = 4;

type Point<V> = [V; MOST];

/// Twice the sums of a path.
pub struct Few<V: Lanes, const N: usize, const C: usize> {
    origin: *const V::T,
    channels: usize,
    totals: Sums<V>,
}

/// As many as the largest form has; what a form lacks stays zero and costs nothing.
#[derive(Clone, Copy)]
struct Sums<V> {
    /// Blocks with themselves, half of the rotations.
    own: [[V; MAX_WIDTH / 2]; 2],
    /// The first block with the second, all rotations.
    cross: [V; MAX_WIDTH],
    /// Blocks with channels left over.
    edge: [[V; 2]; 2],
    /// The two channels left over.
    corner: V,
}

impl<V: Lanes, const N: usize, const C: usize> Few<V, N, C> {
    pub fn new(origin: *const V::T, channels: usize) -> Self {
        Few { origin, channels, totals: Self::zero() }
    }

    #[inline(always)]
    fn zero() -> Sums<V> {
        let zero = V::zero();
        Sums { own: [[zero; MAX_WIDTH / 2]; 2], cross: [zero; MAX_WIDTH], edge: [[zero; 2]; 2], corner: zero }
    }

    /// The channel where a block begins.
    #[inline(always)]
    fn offset(&self, block: usize) -> usize {
        (block * V::WIDTH).min(self.channels - C - V::WIDTH)
    }

    /// Vector `i` of a point.
    #[inline(always)]
    unsafe fn vector(&self, p: *const V::T, i: usize) -> V {
        // SAFETY: the point is there.
        unsafe { if i < N { V::load(p.add(self.offset(i))) } else { V::splat(*p.add(self.channels - C + (i - N))) } }
    }

    /// Adds the products of vector `i` of z with those of m up to this one.
    #[inline(always)]
    fn add(sums: &mut Sums<V>, m: &Point<V>, i: usize, z: V) {
        if i < N {
            for r in 0..V::WIDTH / 2 {
                sums.own[i][r] = m[i].mul_add(z.rotate(r + 1), sums.own[i][r]);
            }
            if i == 1 {
                for r in 0..V::WIDTH {
                    sums.cross[r] = m[0].mul_add(z.rotate(r), sums.cross[r]);
                }
            }
        } else {
            for block in 0..N {
                sums.edge[i - N][block] = m[block].mul_add(z, sums.edge[i - N][block]);
            }
            if i == N + 1 {
                sums.corner = m[N].mul_add(z, sums.corner);
            }
        }
    }

    /// Replaces every sum that this form has.
    #[inline(always)]
    fn zip(into: &mut Sums<V>, from: &Sums<V>, each: impl Fn(V, V) -> V) {
        for i in 0..N {
            for r in 0..V::WIDTH / 2 {
                into.own[i][r] = each(into.own[i][r], from.own[i][r]);
            }
            for c in 0..C {
                into.edge[c][i] = each(into.edge[c][i], from.edge[c][i]);
            }
        }
        for r in 0..V::WIDTH {
            into.cross[r] = each(into.cross[r], from.cross[r]);
        }
        into.corner = each(into.corner, from.corner);
    }
}

impl<V: Lanes, const N: usize, const C: usize> Follower<V::T> for Few<V, N, C> {
    #[inline(never)]
    unsafe fn pieces(&mut self, pieces: &[Run<V::T>]) {
        // SAFETY: as the caller vouches.
        unsafe {
            for run in pieces {
                let first: Point<V> =
                    core::array::from_fn(|i| if i < N + C { self.vector(run.first, i) } else { V::zero() });
                // Read anew at each step: registers are for the sums.
                let first = black_box(&first).as_ptr();
                let mut last = [V::zero(); MOST];
                let mut sums = Self::zero();
                let mut p = run.point(1);
                for _ in 0..run.steps {
                    let mut m = [V::zero(); MOST];
                    // One vector after the other, so that few of them are in registers at once.
                    for i in 0..N + C {
                        let next = self.vector(p, i).sub(first.add(i).read_volatile());
                        m[i] = last[i].add(next);
                        let z = next.sub(last[i]);
                        last[i] = next;
                        Self::add(&mut sums, &m, i, z);
                    }
                    p = p.wrapping_offset(run.stride);
                }
                // Chen's identity.
                let mut seen = [V::zero(); MOST];
                for i in 0..N + C {
                    let begin = self.vector(run.first, i);
                    seen[i] = begin.sub(self.vector(self.origin, i));
                    seen[i] = seen[i].add(seen[i]);
                    Self::add(&mut sums, &seen, i, self.vector(run.last(), i).sub(begin));
                }
                Self::zip(&mut self.totals, &sums, |total, sum| total.add(sum));
            }
        }
    }

    // SAFETY: all pairs are of channels; the caller vouches for the row.
    unsafe fn write(&self, square: &Square<V::T>) {
        let d = self.channels;
        let block =
            |i: usize, j: usize, r: usize, sum: V| unsafe { square.put_block(self.offset(i), self.offset(j), r, sum) };
        for i in 0..N {
            for r in 0..V::WIDTH / 2 {
                block(i, i, r + 1, self.totals.own[i][r]);
            }
        }
        if N == 2 {
            // SAFETY: both are blocks.
            unsafe { square.put_blocks(self.offset(0), self.offset(1), self.totals.cross.as_ptr()) };
        }
        for c in 0..C {
            for i in 0..N {
                for (l, &twice) in self.totals.edge[c][i].to_lanes().iter().enumerate().take(V::WIDTH) {
                    unsafe { square.put(self.offset(i) + l, d - C + c, twice) };
                }
            }
        }
        if C == 2 {
            unsafe { square.put(d - 2, d - 1, self.totals.corner.to_lanes()[0]) };
        }
    }
}
