//! From paths in memory to increments in lanes: the transposing load, with basepoint, time
//! reversal, pieces of time and lanes that end early applied on the fly. Nothing is materialised
//! but a small tile of increments.
//!
//! Not here: what is done with the increments.

use crate::batch::state::all_finite;
use crate::lanes::{Lanes, MAX_WIDTH, Real, Rows};
use core::marker::PhantomData;

/// Time steps whose increments are in scratch memory at once, at most.
pub const TILE: usize = 64;

/// One path as a sequence of points P(0), P(1), …, P(steps), and the piece of its steps that a lane
/// follows.
///
/// P(0) is the basepoint where there is one, else the first point. Invariant (vouched for by
/// the caller of `new`): `first` is valid for `(points) * channels` numbers and `basepoint`, if
/// not null, for `channels`.
#[derive(Clone, Copy, Debug)]
pub struct Track<'a, T> {
    first: *const T,
    basepoint: *const T,
    /// Steps of the whole path: points - 1, or points with a basepoint.
    pub steps: usize,
    /// The first step of the piece.
    pub from: usize,
    /// The steps of the piece.
    pub count: usize,
    /// Numbers of a point.
    channels: usize,
    reversed: bool,
    lifetime: PhantomData<&'a [T]>,
}

impl<'a, T: Real> Track<'a, T> {
    /// The whole path: `points` is a multiple of `channels` numbers, `basepoint` has `channels`.
    pub fn new(points: &'a [T], channels: usize, basepoint: Option<&'a [T]>, reversed: bool) -> Track<'a, T> {
        let n = points.len() / channels;
        let steps = if basepoint.is_some() { n } else { n - 1 };
        let basepoint = basepoint.map_or(core::ptr::null(), <[T]>::as_ptr);
        Track {
            first: points.as_ptr(),
            basepoint,
            steps,
            from: 0,
            count: steps,
            channels,
            reversed,
            lifetime: PhantomData,
        }
    }

    /// Piece `index` of `pieces` pieces of equal length (the last ones may be shorter or empty).
    /// Depends on the path's own number of steps only.
    pub fn piece(self, index: usize, pieces: usize) -> Track<'a, T> {
        let length = self.steps.div_ceil(pieces);
        let from = (index * length).min(self.steps);
        Track { from, count: length.min(self.steps - from), ..self }
    }

    /// The whole path as it lies in memory.
    #[inline(always)]
    pub fn stretch(&self) -> Stretch<T> {
        let channels = self.channels;
        let basepoint = (!self.basepoint.is_null()).then_some(self.basepoint);
        let steps = self.steps - usize::from(basepoint.is_some());
        let last = self.first.wrapping_add(steps * channels);
        match self.reversed {
            false => Stretch { before: basepoint, first: self.first, stride: channels as isize, steps, after: None },
            true => Stretch { before: None, first: last, stride: -(channels as isize), steps, after: basepoint },
        }
    }

    /// Whether every number of the whole path is finite.
    pub fn is_finite<V: Lanes<T = T>>(&self) -> bool {
        let channels = self.channels;
        let is_whole = self.basepoint.is_null();
        // SAFETY: the track's invariant.
        unsafe {
            all_finite::<V>(self.first, (self.steps + usize::from(is_whole)) * channels)
                && (is_whole || all_finite::<V>(self.basepoint, channels))
        }
    }

    /// The piece's first point and its last.
    #[inline(never)]
    pub fn ends(&self) -> [*const T; 2] {
        [self.point(self.from), self.point(self.from + self.count)]
    }

    /// The piece's last point less its first, channel `c`.
    pub fn moved(&self, c: usize) -> T {
        let (from, to) = (self.point(self.from), self.point(self.from + self.count));
        // SAFETY: both points lie in the track, c < channels.
        unsafe { (*to.add(c)).minus(*from.add(c)) }
    }

    /// The first point of the path, in the direction of travel, whose channel `c` is not finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn first_not_finite(&self, c: usize) -> Option<usize> {
        // SAFETY: a point has `channels` numbers.
        (0..=self.steps).find(|&t| !unsafe { *self.point(t).add(c) }.is_finite())
    }

    /// The last step's increment of a path of one channel.
    pub fn last_increment(&self) -> f64 {
        let (from, to) = (self.point(self.from + self.count - 1), self.point(self.from + self.count));
        // SAFETY: both points lie in the track.
        unsafe { (*to).to_f64() - (*from).to_f64() }
    }

    /// Some steps of the whole path, no more than it has.
    pub fn cut(self, from: usize, count: usize) -> Track<'a, T> {
        let from = from.min(self.steps);
        Track { from, count: count.min(self.steps - from), ..self }
    }

    /// The first steps of the piece, no more than it has.
    pub fn first_steps(self, count: usize) -> Track<'a, T> {
        Track { count: count.min(self.count), ..self }
    }

    /// What of the path lies before the piece.
    pub fn before(self) -> Track<'a, T> {
        Track { from: 0, count: self.from, ..self }
    }

    /// Point number `t` of the path as it stands in memory (not reversed).
    #[inline(always)]
    fn stored_point(&self, t: usize) -> *const T {
        // SAFETY: t <= steps, and the points 1..=steps (0.. without a basepoint) lie at `first`.
        unsafe {
            if self.basepoint.is_null() {
                self.first.add(t * self.channels)
            } else if t == 0 {
                self.basepoint
            } else {
                self.first.add((t - 1) * self.channels)
            }
        }
    }

    /// Point number `t` in the direction of travel.
    #[inline(always)]
    pub fn point(&self, t: usize) -> *const T {
        self.stored_point(if self.reversed { self.steps - t } else { t })
    }

    /// Steps, counted from the piece's first, from which on points lie one behind the other in
    /// memory; `usize::MAX` if never.
    #[inline(always)]
    pub fn contiguous_from(&self) -> usize {
        if self.reversed {
            usize::MAX
        } else if self.basepoint.is_null() || self.from > 0 {
            0
        } else {
            1
        }
    }
}

/// A path in the direction of travel: points that lie in memory one behind the other, and a
/// basepoint before or after them.
pub struct Stretch<T> {
    pub before: Option<*const T>,
    pub first: *const T,
    /// Numbers from a point to the next.
    pub stride: isize,
    /// Steps between the points.
    pub steps: usize,
    pub after: Option<*const T>,
}

/// The tracks of all lanes, and how many steps can be read without looking at each.
#[derive(Clone, Copy, Debug)]
pub struct Gather<'a, T> {
    tracks: [Track<'a, T>; MAX_WIDTH],
    /// Numbers of a point in memory.
    channels: usize,
    /// Vectors of an increment. As many as channels, as long as points are read as they are.
    letters: usize,
    /// From here on, and before `plain_until`, every lane's points are consecutive in memory.
    plain_from: usize,
    plain_until: usize,
    /// The fewest steps whose numbers fill whole vectors.
    unit: usize,
    /// Steps of the longest lane.
    pub steps: usize,
}

impl<'a, T: Real> Gather<'a, T> {
    /// Lanes from `width` on repeat the last.
    #[inline(never)]
    pub fn new(tracks: [Track<'a, T>; MAX_WIDTH], letters: usize) -> Gather<'a, T> {
        let channels = tracks[0].channels;
        // MAX_WIDTH is a power of two: what is missing of its factors in `channels` has to come
        // from the number of steps.
        let unit = MAX_WIDTH >> channels.trailing_zeros().min(MAX_WIDTH.trailing_zeros());
        let mut g = Gather { tracks, channels, letters, plain_from: 0, plain_until: usize::MAX, unit, steps: 0 };
        for t in &tracks {
            g.plain_from = g.plain_from.max(t.contiguous_from());
            g.plain_until = g.plain_until.min(t.count);
            g.steps = g.steps.max(t.count);
        }
        g
    }

    /// The tiles of time: the first step of each, and how many steps it has.
    pub fn tiles(&self) -> impl Iterator<Item = (usize, usize)> + use<T> {
        let steps = self.steps;
        (0..steps).step_by(TILE).map(move |t| (t, TILE.min(steps - t)))
    }

    /// Writes the increments of steps `t .. t + steps` to `to`, `letters` vectors a step. Lanes
    /// that have ended get zeros.
    ///
    /// # Safety
    /// `to` is valid for writing `steps * letters` vectors.
    #[inline(never)]
    pub unsafe fn read<V: Lanes<T = T>>(&self, t: usize, steps: usize, to: *mut V) {
        let letters = self.letters;
        let mut q = 0;
        while q < steps {
            let plain = self.plain(t + q, steps - q, self.plain_until);
            // SAFETY: q + plain <= steps; in the plain range every lane's points t + q ..= t + q +
            // plain are consecutive.
            unsafe {
                if plain > 0 {
                    self.read_plain(t + q, plain * letters, to.add(q * letters));
                    q += plain;
                } else {
                    self.read_step(t + q, to.add(q * letters));
                    q += 1;
                }
            }
        }
    }

    /// How many of `most` steps from `t` on, before `until`, are consecutive in every lane and fill
    /// whole vectors.
    #[inline(always)]
    fn plain(&self, t: usize, most: usize, until: usize) -> usize {
        if t < self.plain_from {
            return 0;
        }
        let most = most.min(until.saturating_sub(t));
        most - most % self.unit
    }

    /// Consecutive points: whole squares are loaded, subtracted and transposed. `numbers` is a
    /// multiple of the lanes' width.
    #[inline(always)]
    unsafe fn read_plain<V: Lanes<T = T>>(&self, t: usize, numbers: usize, to: *mut V) {
        let prev: Rows<T> = core::array::from_fn(|l| {
            let track = &self.tracks[l];
            track.point(track.from + t)
        });
        // SAFETY: every lane has numbers / channels more points after `prev`.
        unsafe { squares(prev, self.channels, numbers, to) }
    }

    /// One step, each lane's two points found on their own: at ends, with basepoints, reversed.
    #[inline(never)]
    unsafe fn read_step<V: Lanes<T = T>>(&self, t: usize, to: *mut V) {
        let d = self.channels;
        let at = |l: usize, t: usize| {
            let track = &self.tracks[l];
            track.point(track.from + t.min(track.count))
        };
        let prev: Rows<T> = core::array::from_fn(|l| at(l, t));
        let cur: Rows<T> = core::array::from_fn(|l| at(l, t + 1));
        // SAFETY: a point has d numbers; `to` has room for d vectors.
        unsafe { differences(&cur, &prev, d, to) }
    }

    /// The whole piece's increments of all channels, as [`Gather::total`] has each.
    ///
    /// # Safety
    /// `to` is valid for as many vectors as a point has numbers.
    pub unsafe fn totals<V: Lanes<T = T>>(&self, to: *mut V) {
        let (mut prev, mut cur) = ([core::ptr::null(); MAX_WIDTH], [core::ptr::null(); MAX_WIDTH]);
        for (l, track) in self.tracks.iter().enumerate() {
            prev[l] = track.point(track.from);
            cur[l] = track.point(track.from + track.count);
        }
        // SAFETY: a point has `channels` numbers.
        unsafe { differences(&cur, &prev, self.channels, to) }
    }

    /// The whole piece's increment of channel `c`: last point minus first, one rounding.
    #[inline(always)]
    pub fn total<V: Lanes<T = T>>(&self, c: usize) -> V {
        V::from_lanes(|l| self.tracks[l].moved(c))
    }
}

/// `d` differences of two points of each lane.
///
/// # Safety
/// The points have `d` numbers, and `to` has room for as many vectors.
#[inline(always)]
pub unsafe fn differences<V: Lanes>(cur: &Rows<V::T>, prev: &Rows<V::T>, d: usize, to: *mut V) {
    let mut i = 0;
    // SAFETY: the caller vouches for d numbers and vectors.
    unsafe {
        while i + V::WIDTH <= d {
            put(V::load_transposed_difference(cur, prev, i), to.add(i));
            i += V::WIDTH;
        }
        while i < d {
            *to.add(i) = V::from_lanes(|l| (*cur[l].add(i)).minus(*prev[l].add(i)));
            i += 1;
        }
    }
}

/// `numbers` differences of each lane to the number `d` further on.
///
/// # Safety
/// All of them are there, and `to` has room for as many vectors.
#[inline(never)]
unsafe fn squares<V: Lanes>(mut prev: Rows<V::T>, d: usize, numbers: usize, mut to: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        for _ in 0..numbers / V::WIDTH {
            let cur: Rows<V::T> = core::array::from_fn(|l| prev[l].add(d));
            put(V::load_transposed_difference(&cur, &prev, 0), to);
            prev = prev.map(|p| p.add(V::WIDTH));
            to = to.add(V::WIDTH);
        }
    }
}

/// Writes the square's vectors one behind the other.
#[inline(always)]
unsafe fn put<V: Lanes>(square: [V; MAX_WIDTH], to: *mut V) {
    for (i, v) in square.into_iter().enumerate().take(V::WIDTH) {
        // SAFETY: the caller vouches for WIDTH vectors.
        unsafe { *to.add(i) = v };
    }
}
