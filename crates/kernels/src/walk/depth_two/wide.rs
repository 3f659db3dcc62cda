//! Points of any number of blocks: a tile of time with twice the middles and the increments of each
//! step, and for every pair of blocks as many sums in registers as hide each other's latency.
//!
//! Where channels leave one or two over (of four lanes), the pruned form does not take the last
//! block, which overlaps the one before, against the others, but these channels one by one.

// Loops over constant ranges index several register arrays at once; iterators over one of them
// would hide that.
#![allow(clippy::needless_range_loop)]

use super::{Follower, Run, Square};
use crate::batch::state::clear;
use crate::lanes::{Lanes, MAX_WIDTH, Real};

/// Vectors in a tile, about: half of the nearest cache.
const TILE_VECTORS: usize = 1024;
/// Steps in a tile, at most.
const MOST_STEPS: usize = 64;

/// Sums in registers; fewer would wait for each other.
const ENOUGH: usize = 8;

/// Blocks of a point.
const fn blocks<V: Lanes>(channels: usize) -> usize {
    channels.div_ceil(V::WIDTH)
}

/// Steps in a tile.
fn tile_steps(blocks: usize) -> usize {
    (TILE_VECTORS / (2 * blocks)).clamp(4, MOST_STEPS)
}

/// Vectors of scratch: a tile, the points before and the first, the sums of a piece and those of
/// the path.
pub fn vectors<V: Lanes>(channels: usize) -> Option<usize> {
    let blocks = blocks::<V>(channels);
    let sums = blocks.checked_mul(blocks)?.checked_mul(2 * V::WIDTH)?;
    sums.checked_add(blocks.checked_mul(2 * tile_steps(blocks) + 2)?)
}

/// The sums of a path.
pub struct Wide<V: Lanes> {
    origin: *const V::T,
    channels: usize,
    plain: bool,
    blocks: usize,
    /// Steps of a tile; for each, twice the middles, block by block, and then the increments.
    steps: usize,
    tile: *mut V,
    /// The first point F of a piece; and P - F for the last P.
    first: *mut V,
    last: *mut V,
    /// By pair of blocks and rotation.
    sums: *mut V,
    totals: *mut V,
}

impl<V: Lanes> Wide<V> {
    /// # Safety
    /// `scratch` has [`vectors`]; the number of channels is not less than that of lanes.
    pub unsafe fn new(origin: *const V::T, channels: usize, plain: bool, scratch: *mut V) -> Self {
        let blocks = blocks::<V>(channels);
        let steps = tile_steps(blocks);
        let first = scratch.wrapping_add(2 * blocks * steps);
        let last = first.wrapping_add(blocks);
        let sums = last.wrapping_add(blocks);
        let totals = sums.wrapping_add(blocks * blocks * V::WIDTH);
        // SAFETY: as the caller vouches.
        unsafe { clear(totals, blocks * blocks * V::WIDTH) };
        Wide { origin, channels, plain, blocks, steps, tile: scratch, first, last, sums, totals }
    }

    /// The channel where a block begins.
    #[inline(always)]
    fn offset(&self, block: usize) -> usize {
        (block * V::WIDTH).min(self.channels - V::WIDTH)
    }

    /// The sums of blocks i and j.
    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> usize {
        (i * self.blocks + j) * V::WIDTH
    }

    /// Fills the tile with `steps` steps from point `t` of a piece on.
    unsafe fn read(&self, run: &Run<V::T>, t: usize, steps: usize) {
        let mut block = 0;
        while block < self.blocks {
            // SAFETY: the points are there.
            unsafe {
                block += match self.blocks - block {
                    4.. => self.read_blocks::<4>(run, t, steps, block),
                    3 => self.read_blocks::<3>(run, t, steps, block),
                    2 => self.read_blocks::<2>(run, t, steps, block),
                    _ => self.read_blocks::<1>(run, t, steps, block),
                };
            }
        }
    }

    /// `G` blocks of all steps; gives G.
    #[inline(never)]
    unsafe fn read_blocks<const G: usize>(&self, run: &Run<V::T>, t: usize, steps: usize, block: usize) -> usize {
        // SAFETY: the points are there.
        unsafe {
            let first: [V; G] = core::array::from_fn(|i| *self.first.add(block + i));
            let mut last: [V; G] = core::array::from_fn(|i| *self.last.add(block + i));
            let offset = |i: usize| if i + 1 < G { i * V::WIDTH } else { self.offset(block + i) - self.offset(block) };
            let mut point = run.point(t + 1).add(self.offset(block));
            let mut to = self.tile.add(block);
            for _ in 0..steps {
                for i in 0..G {
                    let next = V::load(point.add(offset(i))).sub(first[i]);
                    *to.add(i) = last[i].add(next);
                    *to.add(self.blocks + i) = next.sub(last[i]);
                    last[i] = next;
                }
                point = point.wrapping_offset(run.stride);
                to = to.add(2 * self.blocks);
            }
            for (i, last) in last.into_iter().enumerate() {
                *self.last.add(block + i) = last;
            }
        }
        G
    }

    /// Blocks i … i + `I` - 1 with block j.
    #[inline(never)]
    unsafe fn cross<const I: usize>(&self, i: usize, j: usize, steps: usize) {
        // SAFETY: all are blocks.
        unsafe {
            self.sum::<I, MAX_WIDTH>(
                |n| self.sums.add(self.at(i + n, j)),
                0,
                steps,
                |step| {
                    let z = *step.add(self.blocks + j);
                    core::array::from_fn(|n| (*step.add(i + n), z))
                },
            );
        }
    }

    /// Blocks i … i + `I` - 1, each with itself: half of the rotations.
    #[inline(never)]
    unsafe fn own<const I: usize>(&self, i: usize, steps: usize) {
        // SAFETY: all are blocks.
        unsafe {
            self.sum::<I, { MAX_WIDTH / 2 }>(
                |n| self.sums.add(self.at(i + n, i + n)),
                1,
                steps,
                |step| core::array::from_fn(|n| (*step.add(i + n), *step.add(self.blocks + i + n))),
            );
        }
    }

    /// Blocks i and i + 1, each with itself and the first with the second: as many sums as hide
    /// each other's latency.
    #[inline(never)]
    unsafe fn two(&self, i: usize, steps: usize) {
        let half = V::WIDTH / 2;
        // SAFETY: both are blocks.
        unsafe {
            let place = |k: usize| {
                let (pair, r) = match k / half {
                    0 => (self.at(i, i), k + 1),
                    1 => (self.at(i + 1, i + 1), k - half + 1),
                    _ => (self.at(i, i + 1), k - 2 * half),
                };
                self.sums.add(pair + r)
            };
            let mut sums: [V; 2 * MAX_WIDTH] =
                core::array::from_fn(|k| if k < 2 * V::WIDTH { *place(k) } else { V::zero() });
            let mut step = self.tile.add(i).cast_const();
            for _ in 0..steps {
                let (m, z) = (*step, *step.add(self.blocks));
                for r in 0..half {
                    sums[r] = m.mul_add(z.rotate(r + 1), sums[r]);
                }
                let (own, z) = (*step.add(1), *step.add(self.blocks + 1));
                for r in 0..V::WIDTH {
                    let turned = z.rotate(r);
                    if (1..=half).contains(&r) {
                        sums[half + r - 1] = own.mul_add(turned, sums[half + r - 1]);
                    }
                    sums[2 * half + r] = m.mul_add(turned, sums[2 * half + r]);
                }
                step = step.add(2 * self.blocks);
            }
            for (k, sum) in sums.into_iter().enumerate().take(2 * V::WIDTH) {
                *place(k) = sum;
            }
        }
    }

    /// Adds a tile to the sums of `I` pairs of blocks, of which `factors` gives twice the middle
    /// and the increment, at the rotations from `skip` on: all, or half of them.
    #[inline(always)]
    unsafe fn sum<const I: usize, const R: usize>(
        &self,
        place: impl Fn(usize) -> *mut V,
        skip: usize,
        steps: usize,
        factors: impl Fn(*const V) -> [(V, V); I],
    ) {
        let rotations = if skip == 0 { V::WIDTH } else { V::WIDTH / 2 };
        // SAFETY: as the caller vouches.
        unsafe {
            let add = |sums: &mut [[V; R]; I], step: *const V| {
                let factors = factors(step);
                for (n, sums) in sums.iter_mut().enumerate() {
                    let (m, z) = factors[n];
                    for (r, to) in sums.iter_mut().enumerate() {
                        if r < rotations {
                            *to = m.mul_add(z.rotate(r + skip), *to);
                        }
                    }
                }
            };
            let mut sums: [[V; R]; I] = core::array::from_fn(|n| {
                core::array::from_fn(|r| if r < rotations { *place(n).add(r + skip) } else { V::zero() })
            });
            let mut step = self.tile.cast_const();
            let mut left = steps;
            // Where sums are few, every other step has its own.
            if I * rotations < ENOUGH {
                let mut others = [[V::zero(); R]; I];
                while left >= 2 {
                    add(&mut sums, step);
                    add(&mut others, step.add(2 * self.blocks));
                    step = step.add(4 * self.blocks);
                    left -= 2;
                }
                for (sums, others) in sums.iter_mut().flatten().zip(others.into_iter().flatten()) {
                    *sums = sums.add(others);
                }
            }
            for _ in 0..left {
                add(&mut sums, step);
                step = step.add(2 * self.blocks);
            }
            for (n, sums) in sums.into_iter().enumerate() {
                for (r, sum) in sums.into_iter().enumerate() {
                    if r < rotations {
                        *place(n).add(r + skip) = sum;
                    }
                }
            }
        }
    }

    /// Channels that no whole block holds, if the pruned form takes them one by one.
    fn left_over(&self) -> usize {
        let left = self.channels % V::WIDTH;
        if !self.plain && 2 * left <= V::WIDTH { left } else { 0 }
    }

    /// `C` channels from number `c` of the last block on, in all lanes, with `I` blocks from i on.
    /// Their sums stand where those of the last block and these would, by lane of the channel.
    #[inline(never)]
    unsafe fn edge<const C: usize, const I: usize>(&self, c: usize, i: usize, steps: usize) {
        let last = self.blocks - 1;
        // SAFETY: all are blocks, and lanes of the last.
        unsafe {
            let place = |n: usize, k: usize| self.sums.add(self.at(last, i + n) + c + k);
            let mut sums: [[V; I]; C] = core::array::from_fn(|k| core::array::from_fn(|n| *place(n, k)));
            let mut step = self.tile.cast_const();
            for _ in 0..steps {
                let channels = step.add(last).cast::<V::T>().add(c);
                let m: [V; C] = core::array::from_fn(|k| V::splat(*channels.add(k)));
                for n in 0..I {
                    let z = *step.add(self.blocks + i + n);
                    for k in 0..C {
                        sums[k][n] = m[k].mul_add(z, sums[k][n]);
                    }
                }
                step = step.add(2 * self.blocks);
            }
            for (k, sums) in sums.into_iter().enumerate() {
                for (n, sum) in sums.into_iter().enumerate() {
                    *place(n, k) = sum;
                }
            }
        }
    }

    /// Adds a tile to the sums of channels left over with whole blocks.
    unsafe fn edges(&self, left: usize, steps: usize) {
        let whole = self.blocks - 1;
        let c = V::WIDTH - left;
        let mut i = 0;
        // SAFETY: all are blocks.
        unsafe {
            while i < whole {
                i += match (left, whole - i) {
                    (2, 4..) => {
                        self.edge::<2, 4>(c, i, steps);
                        4
                    }
                    (2, 2..) => {
                        self.edge::<2, 2>(c, i, steps);
                        2
                    }
                    (2, _) => {
                        self.edge::<2, 1>(c, i, steps);
                        1
                    }
                    (_, 4..) => {
                        self.edge::<1, 4>(c, i, steps);
                        4
                    }
                    (_, 2..) => {
                        self.edge::<1, 2>(c, i, steps);
                        2
                    }
                    _ => {
                        self.edge::<1, 1>(c, i, steps);
                        1
                    }
                };
            }
        }
    }

    /// Adds a tile to all sums.
    unsafe fn tile(&self, steps: usize) {
        // SAFETY: all are blocks.
        unsafe {
            let left = self.left_over();
            if left > 0 {
                self.edges(left, steps);
            }
            let whole = self.blocks - usize::from(left > 0);
            for j in 0..whole {
                let end = match () {
                    _ if self.plain => self.blocks,
                    // The pruned form has two neighbours, and each with itself, together.
                    _ if V::WIDTH > 1 => j & !1,
                    // A single channel has nothing to itself.
                    _ => j,
                };
                let mut i = 0;
                while i < end {
                    i += match (V::WIDTH, end - i) {
                        (2, 4..) => {
                            self.cross::<4>(i, j, steps);
                            4
                        }
                        (2 | 4, 2..) => {
                            self.cross::<2>(i, j, steps);
                            2
                        }
                        _ => {
                            self.cross::<1>(i, j, steps);
                            1
                        }
                    };
                }
            }
            if !self.plain && V::WIDTH > 1 {
                for i in (0..whole - 1).step_by(2) {
                    self.two(i, steps);
                }
                if whole % 2 == 1 {
                    self.own::<1>(whole - 1, steps);
                }
                if left == 2 {
                    self.own::<1>(self.blocks - 1, steps);
                }
            }
        }
    }

    /// Calls `each` with every pair of blocks that is summed up, and its rotations.
    #[inline(always)]
    fn pairs(&self, mut each: impl FnMut(usize, usize, core::ops::Range<usize>)) {
        let left = self.left_over();
        let last = self.blocks - 1;
        for i in 0..self.blocks {
            for j in 0..self.blocks {
                if self.plain || (i < j && (j < last || left == 0)) {
                    each(i, j, 0..V::WIDTH);
                } else if i == j && (i < last || left != 1) {
                    each(i, j, 1..V::WIDTH / 2 + 1);
                }
            }
        }
    }
}

impl<V: Lanes> Follower<V::T> for Wide<V> {
    unsafe fn pieces(&mut self, pieces: &[Run<V::T>]) {
        // SAFETY: as the caller vouches.
        unsafe {
            for run in pieces {
                for block in 0..self.blocks {
                    *self.first.add(block) = V::load(run.first.add(self.offset(block)));
                }
                clear(self.last, self.blocks);
                clear(self.sums, self.blocks * self.blocks * V::WIDTH);
                let mut t = 0;
                while t < run.steps {
                    let steps = self.steps.min(run.steps - t);
                    self.read(run, t, steps);
                    self.tile(steps);
                    t += steps;
                }
                let point = |p: *const V::T, block| V::load(p.add(self.offset(block)));
                let left = self.left_over();
                for c in self.channels - left..self.channels {
                    let seen = V::splat((*run.first.add(c)).minus(*self.origin.add(c)));
                    for i in 0..self.blocks - 1 {
                        let at = self.at(self.blocks - 1, i) + c + V::WIDTH - self.channels;
                        let chen = seen.mul(point(run.last(), i).sub(point(run.first, i)));
                        let total = self.totals.add(at);
                        *total = (*total).add(*self.sums.add(at)).add(chen.add(chen));
                    }
                }
                self.pairs(|i, j, rotations| {
                    let seen = point(run.first, i).sub(point(self.origin, i));
                    let increment = point(run.last(), j).sub(point(run.first, j));
                    for r in rotations {
                        let chen = seen.mul(increment.rotate(r));
                        let at = self.at(i, j) + r;
                        let total = self.totals.add(at);
                        *total = (*total).add(*self.sums.add(at)).add(chen.add(chen));
                    }
                });
            }
        }
    }

    // SAFETY: all pairs are of channels; the caller vouches for the row.
    unsafe fn write(&self, square: &Square<V::T>) {
        let left = self.left_over();
        for c in self.channels - left..self.channels {
            for i in 0..self.blocks - 1 {
                let at = self.at(self.blocks - 1, i) + c + V::WIDTH - self.channels;
                // SAFETY: all are blocks.
                let lanes = unsafe { *self.totals.add(at) }.to_lanes();
                for (l, &twice) in lanes.iter().enumerate().take(V::WIDTH) {
                    unsafe { square.put(c, self.offset(i) + l, twice) };
                }
            }
        }
        self.pairs(|i, j, rotations| {
            let (a, b, sums) = (self.offset(i), self.offset(j), self.totals.wrapping_add(self.at(i, j)));
            // SAFETY: all are blocks.
            unsafe {
                if rotations.len() == V::WIDTH {
                    square.put_blocks(a, b, sums);
                } else {
                    for r in rotations {
                        square.put_block(a, b, r, *sums.add(r));
                    }
                }
            }
        });
    }
}
