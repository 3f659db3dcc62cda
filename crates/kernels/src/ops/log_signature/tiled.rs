//! Whole float32 paths in tiles of time: the walk of each tile in float32 from the identity, the
//! product of the tiles and its logarithm in float64. A tile's signature is as small as the tile,
//! and so is its rounding; what is large, the terms of a product, is float64.
//!
//! `is_well_conditioned` says whether that was good enough. It depends on the path alone.

use super::call::{Call, Scratch};
use super::source::{Promoted, Source};
use super::tables::Tables;
use super::tile_product::{HALVES, Product};
use super::walk::Walk;
use crate::Recovery;
use crate::batch::items::Group;
use crate::batch::parts::Parts;
use crate::batch::state::clear;
use crate::lanes::{Lanes, LanesF64, MAX_WIDTH, Real};
use crate::path::increments::{Gather, TILE, Track};
use crate::walk::chains::RECIPROCALS;

/// Shorter paths have too few tiles for their errors to average out.
pub const FEWEST_STEPS: usize = 512;

/// Steps from which on a path may arrive in pieces, at most this many; a piece does not know the
/// condition of the whole.
const MOST_STEPS: usize = 4096;
/// The same in numbers of a path.
const MOST_NUMBERS: usize = 65536;

/// The largest condition number, by depth, at which errors are at most 16 units in the last place.
/// Measured (docs/log-signatures.md).
const WORST: [f64; 5] = [0.0, 0.0, 4.0, 4.0, 2.0];

/// Levels smaller than this are lost to the exponents of float32.
const SMALLEST: f64 = 1e-28;

/// Whether paths of this many steps are computed in tiles.
pub fn is_long(channels: usize, steps: usize) -> bool {
    steps >= FEWEST_STEPS && steps < MOST_STEPS.min(MOST_NUMBERS / channels)
}

/// Memory of tiles of paths in lanes of `V`.
pub struct Tiles<V> {
    walk: Walk<V>,
    /// All words of a tile's signature below the top, in float32 and in float64.
    all: *mut V,
    wide: *mut LanesF64,
    /// The followed words of the tile, and of the product of the tiles.
    tile: *mut LanesF64,
    sum: *mut LanesF64,
    /// Increments of a tile, one a lane and channel.
    moved: *mut [f64; MAX_WIDTH],
    /// Powers of these.
    powers: *mut [f64; MAX_WIDTH],
}

impl<V: Lanes> Tiles<V> {
    const SAME: () = assert!(size_of::<V>() == size_of::<LanesF64>() || size_of::<V::T>() == 8);

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn new(tables: &Tables, parts: &mut Parts<LanesF64>) -> Self {
        let () = Self::SAME;
        let (followed, size) = (tables.followed, tables.followed_size());
        let (all, low, powers) = match &tables.product {
            Some(product) => (product.all, product.low, product.powers.len()),
            None => (0, 0, 0),
        };
        let d = followed.channels;
        let increments = parts.take(TILE.checked_mul(d).and_then(|tile| tile.checked_add(MAX_WIDTH))).cast();
        let chains = parts.take(Walk::<V>::chains(followed)).cast();
        let state = parts.take(size).cast();
        let all = parts.take(all).cast();
        let wide = parts.take(HALVES * low);
        let tile = parts.take(HALVES * size);
        let sum = parts.take(HALVES * size);
        let moved = parts.take(HALVES * d).cast();
        let powers = parts.take(HALVES * powers).cast();
        Tiles { walk: Walk { followed, tile: increments, chains, state }, all, wide, tile, sum, moved, powers }
    }

    /// Computes whole paths in tiles; the result has a bit for each lane that needs float64.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn group(
        &self,
        call: &Call<'_>,
        product: &Product,
        group: Group,
        tracks: &[Track<'_, V::T>; MAX_WIDTH],
        scratch: &Scratch<LanesF64>,
    ) -> u32 {
        let tables = call.tables;
        let source = Promoted::new(*tracks, tables.followed.channels);
        let mut again = 0;
        // SAFETY: all lengths were checked, and the scratch is there.
        unsafe {
            let sizes = self.run(tables, product, tracks, group.count);
            for first in (0..group.count).step_by(LanesF64::WIDTH) {
                let mut pair = Group::EMPTY;
                for &item in &group.items[first..group.count.min(first + LanesF64::WIDTH)] {
                    pair.push(item);
                }
                let state = scratch.walk.state;
                self.copy(tables, first, state);
                call.flush(&source, scratch);
                call.store(pair, state, &source, scratch);
                call.flush(&source, scratch);
                call.keep_state(pair, state);
                let logarithm = tables.logarithm(scratch.values, scratch.out);
                for l in 0..pair.count {
                    let fine = sizes.is_well_conditioned(first + l, logarithm, l, &tables.ends);
                    again |= u32::from(!fine) << (first + l);
                }
            }
        }
        again
    }

    /// The signatures of up to four paths; gives what [`Sizes`] needs. Lanes of one path alone hold
    /// tiles that follow each other.
    ///
    /// # Safety
    /// The memory is there, and the tables have a product.
    #[inline(never)]
    unsafe fn run(
        &self,
        tables: &Tables,
        product: &Product,
        tracks: &[Track<'_, V::T>; MAX_WIDTH],
        count: usize,
    ) -> Sizes {
        let (d, n, size) = (tables.followed.channels, tables.followed.depth, tables.followed_size());
        let longest = tracks.iter().fold(0, |most, track| most.max(track.steps));
        let recovery = product.recovery.as_ref().and_then(|words| Recovery::from_words(words, d, n));
        let mut sizes = Sizes { tiles: [0.0; MAX_WIDTH], whole: [0.0; MAX_WIDTH] };
        let (tiles, apart) = if count == 1 { (MAX_WIDTH, TILE) } else { (1, 0) };
        // SAFETY: as the caller vouches.
        unsafe {
            clear(self.sum, HALVES * size);
            for t in (0..longest).step_by(TILE * tiles) {
                let pieces = core::array::from_fn(|l| tracks[l].cut(t + l * apart, TILE));
                let gather = Gather::new(pieces, d);
                // Always all steps, the last with zeros: sums are taken in the same order then.
                Source::read(&gather, 0, gather.steps, self.walk.tile);
                clear(self.walk.tile.add(gather.steps * d), (TILE - gather.steps) * d);
                clear(self.walk.state, size);
                self.walk.advance(TILE);
                self.move_on(&pieces);
                sizes.add_tile(self.walk.tile, d, self.moved, tiles > 1);
                // Rounding of level 1 and its powers would be that of the path, not of the tile.
                self.powers(n - 1);
                for (power, at) in product.powers.iter().enumerate() {
                    let x = *self.powers.add(power);
                    *self.walk.state.add(at[0] as usize) = V::from_lanes(|l| V::T::from_f64(x[l]));
                }
                for copy in product.copies.chunks_exact(3) {
                    for j in 0..copy[2] as usize {
                        *self.all.add(copy[1] as usize + j) = *self.walk.state.add(copy[0] as usize + j);
                    }
                }
                if let Some(recovery) = &recovery {
                    recovery.run(self.all);
                    convert::<V>(self.all, self.wide, product.low);
                }
                convert::<V>(self.walk.state, self.tile, size);
                for (power, at) in product.powers.iter().enumerate() {
                    let x = *self.powers.add(power);
                    *self.tile.add(HALVES * at[0] as usize).cast() = x;
                    *self.wide.add(HALVES * at[1] as usize).cast() = x;
                }
                for tile in 0..tiles {
                    if tile > 0 {
                        next_lane(self.tile, size);
                        next_lane(self.wide, product.low);
                    }
                    // One path alone stands in the first lane.
                    if tiles > 1 {
                        product.run::<1>(self.sum, self.tile, self.wide);
                    } else {
                        product.run::<HALVES>(self.sum, self.tile, self.wide);
                    }
                    for &letter in &tables.letters[..d] {
                        sizes.add_point(&*self.sum.add(HALVES * letter).cast());
                    }
                }
            }
            if tiles > 1 {
                for i in 0..size {
                    let x = self.sum.add(HALVES * i).cast::<f64>();
                    *x.add(1) = *x;
                }
            }
            self.move_on(tracks);
        }
        sizes
    }

    /// Copies the signatures of two lanes, from lane `first` on, with level 1 behind them.
    ///
    /// # Safety
    /// After [`Tiles::run`]; `to` has room.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn copy(&self, tables: &Tables, first: usize, to: *mut LanesF64) {
        let size = tables.followed_size();
        // SAFETY: as the caller vouches.
        unsafe {
            for i in 0..size {
                *to.add(i) = *self.sum.add(HALVES * i + first / LanesF64::WIDTH);
            }
            for (a, &letter) in tables.letters[..tables.followed.channels].iter().enumerate() {
                let x = LanesF64::from_lanes(|l| (*self.moved.add(a))[first + l]);
                *to.add(letter) = x;
                *to.add(size + a) = x;
            }
        }
    }

    /// The powers aᵏ/k!, up to `most`, of how far each letter goes.
    #[inline(never)]
    unsafe fn powers(&self, most: usize) {
        let mut to = self.powers;
        for a in 0..self.walk.followed.channels {
            // SAFETY: there is room for `most` powers of each letter.
            unsafe {
                let x = *self.moved.add(a);
                *to = x;
                for reciprocal in &RECIPROCALS[2..=most] {
                    let power = *to;
                    *to.add(1) = core::array::from_fn(|l| power[l] * x[l] * reciprocal);
                    to = to.add(1);
                }
                to = to.add(1);
            }
        }
    }

    /// How far tracks go.
    #[inline(never)]
    unsafe fn move_on(&self, tracks: &[Track<'_, V::T>; MAX_WIDTH]) {
        for (l, track) in tracks.iter().enumerate() {
            let [from, to] = track.ends();
            for a in 0..self.walk.followed.channels {
                // SAFETY: points have `channels` numbers, and so has `moved`.
                unsafe { (*self.moved.add(a))[l] = (*to.add(a)).to_f64() - (*from.add(a)).to_f64() };
            }
        }
    }
}

/// Moves each lane to the one before it.
unsafe fn next_lane(vectors: *mut LanesF64, count: usize) {
    let first = vectors.cast::<f64>();
    // SAFETY: the caller vouches for `count` times MAX_WIDTH numbers.
    unsafe { core::ptr::copy(first.add(1), first, MAX_WIDTH * count - 1) };
}

/// Vectors of float32 as float64.
#[inline(never)]
unsafe fn convert<V: Lanes>(from: *const V, to: *mut LanesF64, count: usize) {
    let (from, to) = (from.cast::<V::T>(), to.cast::<f64>());
    for i in 0..V::WIDTH * count {
        // SAFETY: the caller vouches for `count` vectors, and twice as many.
        unsafe { *to.add(i) = (*from.add(i)).to_f64() };
    }
}

/// How large paths are, lane by lane.
pub struct Sizes {
    /// Σ r⁴ with r the size of a tile.
    tiles: [f64; MAX_WIDTH],
    /// The largest distance of a coordinate from the start, at the ends of tiles.
    whole: [f64; MAX_WIDTH],
}

impl Sizes {
    /// A coordinate at the end of a tile.
    #[inline(never)]
    fn add_point(&mut self, x: &[f64; MAX_WIDTH]) {
        for (whole, x) in self.whole.iter_mut().zip(x) {
            *whole = whole.max(x.abs());
        }
    }

    /// A tile's size: the largest move of a channel, or the root of half of its variation. All
    /// steps count: nothing else tells of a single point far off.
    #[inline(never)]
    unsafe fn add_tile<V: Lanes>(
        &mut self,
        increments: *const V,
        d: usize,
        moved: *const [f64; MAX_WIDTH],
        is_one_path: bool,
    ) {
        let mut squares = [0.0f64; MAX_WIDTH];
        for a in (0..d).step_by(2) {
            // The last of an odd number of channels is looked at with the one before it.
            let a = a.min(d - 2);
            // SAFETY: the caller vouches for the increments and moves of `d` channels.
            unsafe { most_squares(increments.add(a), d, moved.add(a), &mut squares) };
        }
        for (l, square) in squares.into_iter().enumerate() {
            self.tiles[if is_one_path { 0 } else { l }] += square * square;
        }
    }

    /// Whether the logarithm of a lane has lost no more than a few units in the last place of each
    /// level. Numbers that are not finite are not well-conditioned.
    ///
    /// # Safety
    /// `logarithm` has as many vectors, so far apart, as the last of `ends`, where its levels end.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub unsafe fn is_well_conditioned(
        &self,
        lane: usize,
        (logarithm, apart): (*const LanesF64, usize),
        within: usize,
        ends: &[usize],
    ) -> bool {
        let noise = self.tiles[lane].sqrt();
        let mut factor = 1.0;
        let mut fine = true;
        for (k, range) in ends.windows(2).enumerate() {
            let (mut most, mut zeros) = (0.0f64, 0.0);
            for i in range[0]..range[1] {
                // SAFETY: as the caller vouches.
                let x = unsafe { *logarithm.add(i * apart).cast::<f64>().add(within) };
                most = most.max(x.abs());
                zeros += x * 0.0;
            }
            fine &= zeros == 0.0 && (k == 0 || (noise * factor <= WORST[ends.len() - 1] * most && most >= SMALLEST));
            if k > 0 {
                factor *= self.whole[lane] / (2.0 * (k + 1) as f64);
            }
        }
        fine
    }
}

/// Raises `squares` to those of the sizes of two channels in a tile.
#[inline(never)]
unsafe fn most_squares<V: Lanes>(
    mut increments: *const V,
    d: usize,
    moved: *const [f64; MAX_WIDTH],
    squares: &mut [f64; MAX_WIDTH],
) {
    // Two sums a channel, which do not wait for each other.
    let mut sums = [[V::zero(); 2]; 2];
    for _ in 0..TILE / sums.len() {
        for sums in &mut sums {
            for (c, sum) in sums.iter_mut().enumerate() {
                // SAFETY: the caller vouches for a tile of increments, and for two channels.
                let z = unsafe { *increments.add(c) };
                *sum = z.mul_add(z, *sum);
            }
            increments = increments.wrapping_add(d);
        }
    }
    let [even, odd] = sums;
    for (c, (even, odd)) in even.into_iter().zip(odd).enumerate() {
        // SAFETY: as above.
        let (sum, moved) = (even.add(odd).to_lanes(), unsafe { *moved.add(c) });
        for l in 0..MAX_WIDTH {
            squares[l] = squares[l].max(moved[l] * moved[l]).max(sum[l].to_f64() / 2.0);
        }
    }
}
