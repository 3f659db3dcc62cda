//! Where numbers come from and go to: paths, initial signatures and rows in the number type of the
//! call, lanes in that of the arithmetic.

use crate::batch::state::store_state;
use crate::lanes::{Lanes, LanesF64, MAX_WIDTH, Real, Rows, RowsMut};
use crate::path::increments::{Gather, TILE, Track, squares};

/// The paths of a group, one a lane of `V`. Rows of the call's numbers are addresses, so that what
/// uses a source is compiled once for each arithmetic.
pub trait Source<V: Lanes> {
    /// Steps of the longest path.
    fn steps(&self) -> usize;

    /// Writes the increments of steps `t .. t + steps`, `channels` vectors a step; zeros where a
    /// path has ended.
    ///
    /// # Safety
    /// `steps <= TILE`; `to` is valid for `steps * channels + MAX_WIDTH` vectors.
    unsafe fn read(&self, t: usize, steps: usize, to: *mut V);

    /// Writes the whole increments: last points less first.
    ///
    /// # Safety
    /// `to` is valid for `channels + MAX_WIDTH` vectors.
    unsafe fn totals(&self, to: *mut V);

    /// Number `at` of each row of the call's numbers.
    ///
    /// # Safety
    /// The rows have as many numbers.
    unsafe fn load(&self, rows: &Rows<u8>, at: usize) -> V;

    /// Writes `count` vectors to a row of the call's numbers for each lane.
    ///
    /// # Safety
    /// `from` and the rows have as many.
    unsafe fn store(&self, from: *const V, count: usize, rows: &RowsMut<u8>);
}

/// The same number type.
impl<V: Lanes> Source<V> for Gather<'_, V::T> {
    fn steps(&self) -> usize {
        self.steps
    }

    unsafe fn read(&self, t: usize, steps: usize, to: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe { Gather::read(self, t, steps, to) }
    }

    unsafe fn totals(&self, to: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe { Gather::totals(self, to) }
    }

    unsafe fn load(&self, rows: &Rows<u8>, at: usize) -> V {
        // SAFETY: as the caller vouches.
        unsafe { V::from_lanes(|l| *rows[l].cast::<V::T>().add(at)) }
    }

    unsafe fn store(&self, from: *const V, count: usize, rows: &RowsMut<u8>) {
        // SAFETY: as the caller vouches.
        unsafe { store_state(from, count, &*core::ptr::from_ref(rows).cast::<RowsMut<V::T>>()) }
    }
}

/// Numbers of a smaller type, float64 arithmetic. Differences of float32 points are exact then, but
/// for exponents far apart.
pub struct Promoted<'a, T> {
    tracks: [Track<'a, T>; MAX_WIDTH],
    channels: usize,
    steps: usize,
    /// A tile of points, or a row, for each lane.
    buffer: *mut f64,
}

/// Numbers between the tiles of two lanes.
const fn pitch(channels: usize) -> usize {
    (TILE + 1) * channels + MAX_WIDTH
}

impl<'a, T: Real> Promoted<'a, T> {
    /// Numbers of the buffer for paths of `channels` and rows of `row` numbers.
    pub fn buffer(channels: usize, row: usize) -> Option<usize> {
        Some(LanesF64::WIDTH * row.max(channels.checked_mul(TILE + 1)?.checked_add(MAX_WIDTH)?))
    }

    /// Lanes from two on repeat the last.
    pub fn new(tracks: [Track<'a, T>; MAX_WIDTH], channels: usize, buffer: *mut f64) -> Self {
        let steps = tracks[..LanesF64::WIDTH].iter().fold(0, |most, track| most.max(track.count));
        Promoted { tracks, channels, steps, buffer }
    }
}

impl<T: Real> Source<LanesF64> for Promoted<'_, T> {
    fn steps(&self) -> usize {
        self.steps
    }

    unsafe fn read(&self, t: usize, steps: usize, to: *mut LanesF64) {
        let d = self.channels;
        let lane = |l: usize| self.buffer.wrapping_add(l * pitch(d));
        // SAFETY: a lane's points, and the buffer, are there.
        unsafe {
            for (l, track) in self.tracks[..LanesF64::WIDTH].iter().enumerate() {
                promote(track, t, steps, d, lane(l));
            }
            let prev = [lane(0).cast_const(), lane(1).cast_const(), lane(1).cast_const(), lane(1).cast_const()];
            squares(prev, d, (steps * d).next_multiple_of(LanesF64::WIDTH), to);
        }
    }

    unsafe fn totals(&self, to: *mut LanesF64) {
        for c in 0..self.channels {
            // SAFETY: all points lie in their tracks, and `to` has room.
            unsafe {
                *to.add(c) = LanesF64::from_lanes(|l| {
                    let track = &self.tracks[l];
                    let [from, to] = track.ends();
                    (*to.add(c)).to_f64() - (*from.add(c)).to_f64()
                });
            }
        }
    }

    unsafe fn load(&self, rows: &Rows<u8>, at: usize) -> LanesF64 {
        // SAFETY: as the caller vouches.
        unsafe { LanesF64::from_lanes(|l| (*rows[l].cast::<T>().add(at)).to_f64()) }
    }

    unsafe fn store(&self, from: *const LanesF64, count: usize, rows: &RowsMut<u8>) {
        let own: RowsMut<f64> = core::array::from_fn(|l| self.buffer.wrapping_add(l.min(LanesF64::WIDTH - 1) * count));
        // SAFETY: as the caller vouches.
        unsafe {
            store_state(from, count, &own);
            for l in 0..LanesF64::WIDTH {
                demote::<T>(own[l], rows[l].cast(), count);
            }
        }
    }
}

/// Copies the points of `steps` steps from `t` on; the last point is repeated.
#[inline(never)]
unsafe fn promote<T: Real>(track: &Track<'_, T>, t: usize, steps: usize, d: usize, to: *mut f64) {
    // SAFETY: as the caller vouches.
    unsafe {
        if t >= track.contiguous_from() && t + steps <= track.count {
            convert(track.point(track.from + t), to, (steps + 1) * d);
        } else {
            for q in 0..=steps {
                convert(track.point(track.from + (t + q).min(track.count)), to.add(q * d), d);
            }
        }
    }
}

/// Rounds `count` numbers.
#[inline(never)]
unsafe fn demote<T: Real>(from: *const f64, to: *mut T, count: usize) {
    for i in 0..count {
        // SAFETY: the caller vouches for them.
        unsafe { *to.add(i) = T::from_f64(*from.add(i)) };
    }
}

/// Copies `count` numbers as float64.
#[inline(never)]
unsafe fn convert<T: Real>(from: *const T, to: *mut f64, count: usize) {
    for i in 0..count {
        // SAFETY: the caller vouches for them.
        unsafe { *to.add(i) = (*from.add(i)).to_f64() };
    }
}
