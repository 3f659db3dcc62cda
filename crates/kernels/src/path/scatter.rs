//! Gradients of points from lanes to paths in memory: the mirror image of `increments`, with the
//! same basepoints, reversed paths and lanes that end early.
//!
//! Not here: what is written.

use crate::lanes::{Lanes, MAX_WIDTH, RowsMut};

/// Where the gradients of one path's points go, point 0 being the first in the direction of travel.
#[derive(Clone, Copy, Debug)]
pub struct Target<T> {
    /// The first point in memory, a basepoint not counted.
    pub first: *mut T,
    /// The basepoint's, if the path has one.
    pub basepoint: *mut T,
    /// The last point's, where that is left to the next piece of time; else null.
    pub last: *mut T,
    /// Steps of the whole path; where the piece of it begins whose points are counted here, and how
    /// many steps it has.
    pub all: usize,
    pub from: usize,
    pub steps: usize,
    /// Numbers of a point.
    pub channels: usize,
    pub reversed: bool,
}

impl<T> Target<T> {
    /// Point number `t` in the direction of travel.
    ///
    /// # Safety
    /// t <= steps.
    #[inline(always)]
    pub unsafe fn point(&self, t: usize) -> *mut T {
        if t == self.steps && !self.last.is_null() {
            return self.last;
        }
        let t = self.from + t;
        let stored = if self.reversed { self.all - t } else { t };
        // SAFETY: the points 1..=all (0.. without a basepoint) lie at `first`.
        unsafe {
            if self.basepoint.is_null() {
                self.first.add(stored * self.channels)
            } else if stored == 0 {
                self.basepoint
            } else {
                self.first.add((stored - 1) * self.channels)
            }
        }
    }
}

/// The targets of all lanes, and which points can be written without looking at each.
pub struct Scatter<T> {
    targets: [Target<T>; MAX_WIDTH],
    /// Vectors of a point's gradient. As many as its channels, as long as points are read as they
    /// are.
    letters: usize,
    /// From here on, and before `plain_until`, every lane's points are consecutive in memory and in
    /// their places.
    plain_from: usize,
    plain_until: usize,
    /// The fewest points whose numbers fill whole vectors.
    unit: usize,
}

impl<T: Copy> Scatter<T> {
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn new(targets: [Target<T>; MAX_WIDTH], letters: usize) -> Self {
        let unit = MAX_WIDTH >> letters.trailing_zeros().min(MAX_WIDTH.trailing_zeros());
        let mut s = Scatter { targets, letters, plain_from: 0, plain_until: usize::MAX, unit };
        for t in &s.targets {
            let from = if t.reversed { usize::MAX } else { usize::from(t.from == 0 && !t.basepoint.is_null()) };
            s.plain_from = s.plain_from.max(from);
            s.plain_until = s.plain_until.min(t.steps + usize::from(t.last.is_null()));
        }
        s
    }

    /// Writes points `t … t + count` of every lane, those that it has, from `from`, `letters`
    /// vectors a point.
    ///
    /// # Safety
    /// `from` has count * letters vectors; the targets are valid for writing.
    pub unsafe fn write<V: Lanes<T = T>>(&self, t: usize, count: usize, from: *const V) {
        let d = self.letters;
        let mut q = 0;
        while q < count {
            let plain = self.plain(t + q, count - q);
            // SAFETY: as the caller vouches; in the plain range every lane's points are
            // consecutive.
            unsafe {
                let from = from.add(q * d);
                if plain > 0 {
                    let rows: RowsMut<T> = core::array::from_fn(|l| self.targets[l].point(t + q));
                    let mut i = 0;
                    while i < plain * d {
                        V::store_transposed(from.add(i), &rows, i);
                        i += V::WIDTH;
                    }
                    q += plain;
                } else {
                    self.write_point(t + q, from);
                    q += 1;
                }
            }
        }
    }

    fn plain(&self, t: usize, most: usize) -> usize {
        if t < self.plain_from {
            return 0;
        }
        let most = most.min(self.plain_until.saturating_sub(t));
        most - most % self.unit
    }

    /// One point, each lane's place found on its own.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn write_point<V: Lanes<T = T>>(&self, t: usize, from: *const V) {
        for (l, target) in self.targets.iter().enumerate().take(V::WIDTH) {
            if t <= target.steps {
                // SAFETY: as the caller vouches.
                unsafe {
                    let to = target.point(t);
                    for c in 0..self.letters {
                        *to.add(c) = (*from.add(c)).to_lanes()[l];
                    }
                }
            }
        }
    }
}
