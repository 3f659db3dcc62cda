//! Where numbers come from and go to: paths, initial signatures and rows in the number type of the
//! call, lanes in that of the arithmetic.

use crate::batch::state::store_state;
use crate::lanes::{Lanes, LanesF64, MAX_WIDTH, Real, Rows, RowsMut, load_promoted, store_rounded};
use crate::path::increments::{Gather, Track};

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
}

impl<'a, T: Real> Promoted<'a, T> {
    /// Lanes from two on repeat the last.
    pub fn new(tracks: [Track<'a, T>; MAX_WIDTH], channels: usize) -> Self {
        let steps = tracks[..LanesF64::WIDTH].iter().fold(0, |most, track| most.max(track.count));
        Promoted { tracks, channels, steps }
    }
}

impl<T: Real> Source<LanesF64> for Promoted<'_, T> {
    fn steps(&self) -> usize {
        self.steps
    }

    unsafe fn read(&self, t: usize, steps: usize, to: *mut LanesF64) {
        let d = self.channels;
        let tracks = &self.tracks[..LanesF64::WIDTH];
        let is_plain = tracks.iter().all(|track| t >= track.contiguous_from() && t + steps <= track.count);
        // SAFETY: as the caller vouches; points stand one behind the other, or are taken singly.
        unsafe {
            if is_plain {
                let from = [0, 1].map(|l: usize| tracks[l].point(tracks[l].from + t));
                return differences(from, from.map(|p| p.add(d)), steps * d, to);
            }
            for q in t..t + steps {
                let at = |q: usize| [0, 1].map(|l: usize| tracks[l].point(tracks[l].from + q.min(tracks[l].count)));
                differences(at(q), at(q + 1), d, to.add((q - t) * d));
            }
        }
    }

    unsafe fn totals(&self, to: *mut LanesF64) {
        let [a, b] = [self.tracks[0].ends(), self.tracks[1].ends()];
        // SAFETY: points have as many numbers, and `to` has room.
        unsafe { differences([a[0], b[0]], [a[1], b[1]], self.channels, to) }
    }

    unsafe fn load(&self, rows: &Rows<u8>, at: usize) -> LanesF64 {
        // SAFETY: as the caller vouches.
        unsafe { LanesF64::from_lanes(|l| (*rows[l].cast::<T>().add(at)).to_f64()) }
    }

    unsafe fn store(&self, from: *const LanesF64, count: usize, rows: &RowsMut<u8>) {
        let to: [*mut T; LanesF64::WIDTH] = [rows[0].cast(), rows[1].cast()];
        let mut i = 0;
        // SAFETY: as the caller vouches.
        unsafe {
            while i + 1 < count {
                let square = LanesF64::transposed([*from.add(i), *from.add(i + 1), LanesF64::zero(), LanesF64::zero()]);
                for l in 0..LanesF64::WIDTH {
                    store_rounded(square[l], to[l].add(i));
                }
                i += 2;
            }
            if i < count {
                let x = (*from.add(i)).to_lanes();
                for l in 0..LanesF64::WIDTH {
                    *to[l].add(i) = T::from_f64(x[l]);
                }
            }
        }
    }
}

/// `count` differences of numbers that stand one behind the other, of two lanes.
#[inline(never)]
unsafe fn differences<T: Real>(from: [*const T; 2], next: [*const T; 2], count: usize, to: *mut LanesF64) {
    let mut i = 0;
    // SAFETY: the caller vouches for the numbers, and for room.
    unsafe {
        while i + 1 < count {
            let [a, b] = [0, 1].map(|l: usize| load_promoted(next[l].add(i)).sub(load_promoted(from[l].add(i))));
            let [a, b, ..] = LanesF64::transposed([a, b, LanesF64::zero(), LanesF64::zero()]);
            *to.add(i) = a;
            *to.add(i + 1) = b;
            i += 2;
        }
        if i < count {
            *to.add(i) = LanesF64::from_lanes(|l| (*next[l].add(i)).to_f64() - (*from[l].add(i)).to_f64());
        }
    }
}
