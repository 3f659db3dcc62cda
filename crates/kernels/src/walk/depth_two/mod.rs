//! Depth 2, whole signatures: channels in lanes, one path at a time, straight from its points.
//!
//! With points P_t, increments z_t = P_{t+1} - P_t and middles m_t = (P_t + P_{t+1})/2 - P_0,
//!     S(ab) = Σ_t (m_t)_a (z_t)_b,
//! which is Horner's sum at depth 2: nothing depends on the step before, no rounding is carried
//! along, and no path has to be transposed into lanes.
//!
//! A point is a few vectors, its *blocks*; where the channels do not fill the last one, it overlaps
//! the one before. Block i of m times rotation r of block j of z has in lane l the product of
//! channels l and l + r. The pruned form needs one of ab and ba only, S(ba) = S(a) S(b) - S(ab):
//! each pair of different blocks once, and half of a block's rotations against itself.
//!
//! Long paths are followed in pieces, as elsewhere. A piece is seen from its own first point F, and
//! Chen's identity then adds (F - P_0)_a X_b, X the piece's increment. All sums are twice what they
//! stand for, so that no middle has to be halved.
//!
//! Here: a path's pieces, and the row that comes out. `planar`: two channels; `narrow`: points of
//! one block; `few`: of one or two and some channels more; `wide`: of any number.

mod few;
mod narrow;
mod planar;
mod wide;

use crate::batch::plan::FEWEST_STEPS_TO_CUT;
use crate::batch::state::all_finite;
use crate::lanes::{Lanes, MAX_WIDTH, Real};
use crate::path::increments::{Stretch, Track};
use few::Few;
use narrow::Narrow;
use planar::Planar;
use wide::Wide;

/// Pieces of a long path.
const PIECES: usize = 4;

/// Rows of fewer channels are completed number by number.
const FEW_CHANNELS: usize = 6;

/// Consecutive points in the direction of travel.
#[derive(Clone, Copy)]
struct Run<T> {
    first: *const T,
    /// Numbers from a point to the next.
    stride: isize,
    steps: usize,
}

impl<T> Run<T> {
    #[inline(always)]
    fn point(&self, t: usize) -> *const T {
        self.first.wrapping_offset(t as isize * self.stride)
    }

    #[inline(always)]
    fn last(&self) -> *const T {
        self.point(self.steps)
    }

    /// Piece number `index` of `pieces`; whole vectors of steps but in the last.
    #[inline(always)]
    fn piece(&self, index: usize, pieces: usize) -> Run<T> {
        let length = self.steps.div_ceil(pieces).next_multiple_of(MAX_WIDTH);
        let from = (index * length).min(self.steps);
        Run { first: self.point(from), steps: length.min(self.steps - from), ..*self }
    }
}

/// What sums up the pieces of a path.
trait Follower<T> {
    /// Some pieces, in the order of time.
    ///
    /// # Safety
    /// Their points are there.
    unsafe fn pieces(&mut self, pieces: &[Run<T>]);

    /// Writes what was summed up to the square of coefficients of two letters. Level 1 stands
    /// before it already.
    ///
    /// # Safety
    /// `square` has all its numbers, and channels numbers before it.
    unsafe fn write(&self, square: &Square<T>);
}

/// The coefficients of two letters in a row.
struct Square<T> {
    row: *mut T,
    channels: usize,
    /// Every coefficient is given; else only those above the diagonal, for which the ones below may
    /// stand.
    plain: bool,
}

impl<T: Real> Square<T> {
    /// `twice` the coefficient of ab.
    ///
    /// # Safety
    /// a and b are channels, the row is there.
    #[inline(always)]
    unsafe fn put(&self, a: usize, b: usize, twice: T) {
        let d = self.channels;
        let s = twice.times(T::from_f64(0.5));
        // SAFETY: as the caller vouches.
        unsafe {
            if self.plain || a < b {
                *self.row.add(d + a * d + b) = s;
            } else {
                *self.row.add(d + b * d + a) = (*self.row.add(a)).times(*self.row.add(b)).minus(s);
            }
        }
    }

    /// `twice` the coefficients of two blocks of letters, `sum`'s lane l of a + l and b + (l + r),
    /// counted round.
    ///
    /// # Safety
    /// All are channels, the row is there.
    #[inline(never)]
    unsafe fn put_block<V: Lanes<T = T>>(&self, a: usize, b: usize, r: usize, sum: V) {
        for (l, &twice) in sum.to_lanes().iter().enumerate().take(V::WIDTH) {
            // SAFETY: as the caller vouches.
            unsafe { self.put(a + l, b + (l + r) % V::WIDTH, twice) };
        }
    }

    /// `twice` the coefficients of two blocks of letters, a before b, at all rotations: rows of the
    /// block are stretches of the row.
    ///
    /// # Safety
    /// All are channels, the row is there.
    #[inline(never)]
    unsafe fn put_blocks<V: Lanes<T = T>>(&self, a: usize, b: usize, sums: *const V) {
        let half = V::splat(T::from_f64(0.5));
        // SAFETY: as the caller vouches; there is a sum for each rotation.
        unsafe {
            let rotations = core::array::from_fn(|r| if r < V::WIDTH { *sums.add(r) } else { V::zero() });
            let to = self.row.add((a + 1) * self.channels + b);
            for (l, row) in V::transposed(rotations).into_iter().enumerate().take(V::WIDTH) {
                row.rotate(V::WIDTH - l).mul(half).store(to.add(l * self.channels));
            }
        }
    }

    /// S(aa) = S(a)²/2, and below the diagonal S(ba) = S(a) S(b) - S(ab).
    ///
    /// # Safety
    /// The row is there.
    #[inline(always)]
    unsafe fn complete(&self) {
        let d = self.channels;
        // SAFETY: as the caller vouches.
        unsafe {
            let square = self.row.add(d);
            for a in 0..d {
                let x = *self.row.add(a);
                *square.add(a * d + a) = x.times(x).times(T::from_f64(0.5));
                for b in a + 1..d {
                    *square.add(b * d + a) = x.times(*self.row.add(b)).minus(*square.add(a * d + b));
                }
            }
        }
    }

    /// The same, blocks of letters with those before them by vectors.
    ///
    /// # Safety
    /// The row is there.
    #[inline(never)]
    unsafe fn complete_blocks<V: Lanes<T = T>>(&self) {
        let (d, row) = (self.channels, self.row);
        let in_blocks = d - d % V::WIDTH;
        // SAFETY: as the caller vouches.
        unsafe {
            let square = row.add(d);
            for b in (0..in_blocks).step_by(V::WIDTH) {
                for a in (0..b).step_by(V::WIDTH) {
                    let x = V::load(row.add(a));
                    let rows = core::array::from_fn(|l| square.add((a + l % V::WIDTH) * d + b).cast_const());
                    let columns = V::load_transposed(&rows, 0);
                    for (m, column) in columns.into_iter().enumerate().take(V::WIDTH) {
                        V::splat(*row.add(b + m)).mul(x).sub(column).store(square.add((b + m) * d + a));
                    }
                }
            }
            for b in 0..d {
                let x = *row.add(b);
                *square.add(b * d + b) = x.times(x).times(T::from_f64(0.5));
                for a in if b < in_blocks { b - b % V::WIDTH } else { 0 }..b {
                    *square.add(b * d + a) = (*row.add(a)).times(x).minus(*square.add(a * d + b));
                }
            }
        }
    }
}

/// Vectors of scratch: two points, and what `wide` needs.
pub fn scratch_vectors<V: Lanes>(channels: usize) -> Option<usize> {
    wide::vectors::<V>(channels)?.checked_add(2 * channels.div_ceil(V::WIDTH))
}

/// A path to follow, and how.
pub struct Job<'a, T> {
    pub channels: usize,
    pub track: Track<'a, T>,
    /// Every product is summed up; none is found from others.
    pub plain: bool,
}

impl<T: Real> Job<'_, T> {
    /// Writes the signature to `row`; says whether all of it is finite.
    ///
    /// # Safety
    /// `row` is valid for writing channels + channels² numbers, `scratch` has [`scratch_vectors`].
    pub unsafe fn run<V: Lanes<T = T>>(&self, scratch: *mut V, row: *mut T) -> bool {
        let d = self.channels;
        let stretch = self.track.stretch();
        let first = stretch.before.unwrap_or(stretch.first);
        // Behind the room for two points.
        let rest = scratch.wrapping_add(2 * d.div_ceil(V::WIDTH));
        let two = scratch.cast();
        // SAFETY: as the caller vouches.
        unsafe {
            macro_rules! follow {
                ($follower:expr) => {
                    self.follow_any::<V>(&mut $follower, &stretch, two, row)
                };
            }
            // The number of channels as a constant, where it is so small that a path takes little
            // more than its beginning and end.
            macro_rules! follow_two {
                ($plain:literal) => {
                    self.follow::<V>(&mut Planar::<V, $plain>::new(first, stretch.stride < 0), 2, &stretch, two, row)
                };
            }
            match (d, V::WIDTH, self.plain) {
                (2, 2 | 4, false) => follow_two!(false),
                (2, 4, true) => follow_two!(true),
                (3, 4, false) => follow!(Narrow::<V, 3, 1>::new(first)),
                (3, 4, true) => follow!(Narrow::<V, 3, 3>::new(first)),
                (4, 4, false) => follow!(Narrow::<V, 4, 2>::new(first)),
                (5, 4, false) => follow!(Few::<V, 1, 1>::new(first, d)),
                (6..=8, 4, false) => follow!(Few::<V, 2, 0>::new(first, d)),
                (9, 4, false) => follow!(Few::<V, 2, 1>::new(first, d)),
                (10, 4, false) => follow!(Few::<V, 2, 2>::new(first, d)),
                _ => follow!(Wide::<V>::new(first, d, self.plain, rest)),
            }
        }
    }

    #[inline(never)]
    unsafe fn follow_any<V: Lanes<T = T>>(
        &self,
        follower: &mut dyn Follower<T>,
        stretch: &Stretch<T>,
        two: *mut T,
        row: *mut T,
    ) -> bool {
        // SAFETY: as the caller of `run` vouches.
        unsafe { self.follow::<V>(follower, self.channels, stretch, two, row) }
    }

    /// All pieces with one follower, of d channels.
    #[inline(always)]
    unsafe fn follow<V: Lanes<T = T>>(
        &self,
        follower: &mut dyn Follower<T>,
        d: usize,
        stretch: &Stretch<T>,
        two: *mut T,
        row: *mut T,
    ) -> bool {
        let main = Run { first: stretch.first, stride: stretch.stride, steps: stretch.steps };
        // SAFETY: as the caller of `run` vouches.
        unsafe {
            // A step from or to the basepoint is a piece of its own.
            let single = |from: *const T, to: *const T| {
                core::ptr::copy_nonoverlapping(from, two, d);
                core::ptr::copy_nonoverlapping(to, two.add(d), d);
                [Run { first: two.cast_const(), stride: d as isize, steps: 1 }]
            };
            if let Some(basepoint) = stretch.before {
                follower.pieces(&single(basepoint, main.first));
            }
            match main.steps {
                ..FEWEST_STEPS_TO_CUT => follower.pieces(&[main]),
                _ => follower.pieces(&core::array::from_fn::<_, PIECES, _>(|i| main.piece(i, PIECES))),
            }
            if let Some(basepoint) = stretch.after {
                follower.pieces(&single(main.last(), basepoint));
            }
            let (begin, end) = (stretch.before.unwrap_or(main.first), stretch.after.unwrap_or(main.last()));
            for c in 0..d {
                *row.add(c) = (*end.add(c)).minus(*begin.add(c));
            }
            let square = Square { row, channels: d, plain: self.plain };
            follower.write(&square);
            if d < FEW_CHANNELS {
                if !self.plain {
                    square.complete();
                }
                return (0..d + d * d).fold(true, |finite, i| finite & (*row.add(i)).is_finite());
            }
            if !self.plain {
                square.complete_blocks::<V>();
            }
            all_finite::<V>(row, d + d * d)
        }
    }
}
