//! Whole signatures of depth 2: Θ_2 is the same at all times, so the gradient of a point is one
//! small matrix times the difference of its neighbours,
//!     ∂f/∂x_t = -½ Θ_2⌟(x_{t+1} - x_{t-1}),
//! in the path's own rows, a product of matrices without lanes of paths. Ends have one neighbour,
//! and -Θ_1 or h besides (`functional`).

use super::call::Call;
use crate::batch::parts::Parts;
use crate::lanes::{Lanes, Real};

/// Points whose neighbours' differences are in scratch at once: a multiple of the rows that
/// [`Square::products`] takes.
const ROWS: usize = 48;

/// Vectors of scratch: the matrix, differences, one row of the result.
pub fn scratch_vectors(channels: usize) -> Option<usize> {
    let mut parts = Parts::<f32>::measured();
    Square::new(channels, &mut parts);
    // As many vectors as two lanes need; four need half.
    Some(parts.total()?.div_ceil(2))
}

struct Square<T> {
    d: usize,
    pitch: usize,
    /// -½ Θ_2 as it acts on differences in the order of memory, `[a * pitch + c]`.
    matrix: *mut T,
    differences: *mut T,
    /// One row of the result, before it is copied.
    row: *mut T,
    /// What the first and the last point have besides.
    first: *mut T,
    last: *mut T,
}

/// Says whether all cotangents are finite.
///
/// # Safety
/// The call was found sound, `scratch` has [`scratch_vectors`].
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn run<V: Lanes>(call: &Call<'_, '_, V::T>, scratch: &mut [V]) -> bool {
    let d = call.shape.channels;
    // SAFETY: any bytes are numbers, and a vector has `WIDTH`.
    let numbers = unsafe { core::slice::from_raw_parts_mut(scratch.as_mut_ptr().cast(), scratch.len() * V::WIDTH) };
    let square = Square::new(d, &mut Parts::of(numbers));
    // SAFETY: as the caller vouches.
    unsafe {
        let mut finite = true;
        for path in 0..call.request.batch {
            finite &= square.begin(call, path);
            square.path::<V>(call, path);
            call.clear_tail(path);
        }
        finite
    }
}

impl<T> Square<T> {
    fn new(d: usize, parts: &mut Parts<T>) -> Self {
        // Whole vectors of the widest kind.
        let pitch = (d + 3) & !3;
        Square {
            d,
            pitch,
            matrix: parts.take(d.checked_mul(pitch)),
            differences: parts.take(ROWS.checked_mul(pitch)),
            row: parts.take(pitch),
            first: parts.take(pitch),
            last: parts.take(pitch),
        }
    }
}

impl<T: Real> Square<T> {
    /// The matrix and the ends' own terms; says whether the cotangent is finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn begin(&self, call: &Call<'_, '_, T>, path: usize) -> bool {
        let d = self.d;
        // SAFETY: rows have d + d² numbers.
        unsafe {
            let cotangent = core::slice::from_raw_parts(call.cotangents.first(path), d + d * d);
            let signature = core::slice::from_raw_parts(call.signature(path), d);
            let (one, two) = cotangent.split_at(d);
            let half = if call.request.options.inverse { 0.5 } else { -0.5 };
            let initial = call.initial(path);
            let gradient = call.initial_gradient(path);
            for a in 0..d {
                let (mut right, mut left, mut before) = (0.0, 0.0, 0.0);
                for c in 0..d {
                    let (ac, ca) = (two[a * d + c].to_f64(), two[c * d + a].to_f64());
                    *self.matrix.add(a * self.pitch + c) = T::from_f64(half * (ac - ca));
                    right += ac * signature[c].to_f64();
                    left += ca * signature[c].to_f64();
                    if let Some(initial) = initial {
                        before += ca * initial[c].to_f64();
                    }
                }
                for c in d..self.pitch {
                    *self.matrix.add(a * self.pitch + c) = T::ZERO;
                }
                let own = one[a].to_f64();
                *self.first.add(a) = T::from_f64(-(own + before + right));
                *self.last.add(a) = T::from_f64(own + before + left);
                if let Some(row) = gradient {
                    *row.add(a) = T::from_f64(own + right);
                }
            }
            if let Some(row) = gradient {
                for (i, x) in two.iter().enumerate() {
                    *row.add(d + i) = *x;
                }
            }
            cotangent.iter().fold(true, |finite, x| finite & x.is_finite())
        }
    }

    /// All points of a path.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn path<V: Lanes<T = T>>(&self, call: &Call<'_, '_, T>, path: usize) {
        let (d, part) = (self.d, call.part);
        // An unwanted gradient goes where the next differences do.
        let target = call.target(path, self.differences);
        let points = call.points(path);
        let basepoint = call.basepoint(path);
        let ahead = usize::from(basepoint.is_some());
        let steps = target.steps;
        // SAFETY: points are numbered in the order of memory, the basepoint 0.
        unsafe {
            // Where the path's ends are in memory.
            let (start, end) = if target.reversed { (steps, 0) } else { (0, steps) };
            let place = |s: usize| target.point(if target.reversed { steps - s } else { s });
            let point = |s: usize| match basepoint {
                Some(b) if s == 0 => b.as_ptr(),
                _ => points.as_ptr().add((s - ahead) * d),
            };
            // Taken before anything is written: the end's place may be where it waits.
            if !part.first {
                core::ptr::copy_nonoverlapping(call.pending(path), self.first, d);
            }
            let alone = |s: usize| {
                let neighbours = [point(s.saturating_sub(1)), point((s + 1).min(steps))];
                self.alone::<V>(neighbours, place(s), s == start, s == end && part.last);
            };
            // Both neighbours beside it in memory.
            let (from, to) = ((1 + ahead).min(steps + 1), steps.max(1 + ahead));
            for s in 0..from {
                alone(s);
            }
            let mut s = from;
            if V::WIDTH == 4 && d == 2 && s + 4 < to {
                alone(s);
                s = self.pairs::<V>(s + 1, steps, point(s), place(s + 1));
            }
            while s < to {
                let count = ROWS.min(to - s);
                self.difference::<V>(point(s - 1), count * d);
                self.rows::<V>(count, place(s).min(place(s + count - 1)));
                s += count;
            }
            for s in to.max(from)..steps + 1 {
                alone(s);
            }
        }
    }

    /// One point, with what the path's ends have besides.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn alone<V: Lanes<T = T>>(&self, [prev, next]: [*const T; 2], to: *mut T, is_first: bool, is_last: bool) {
        // SAFETY: as the caller vouches.
        unsafe {
            for c in 0..self.d {
                *self.differences.add(c) = (*next.add(c)).minus(*prev.add(c));
            }
            self.rows::<V>(1, self.row);
            if is_first {
                self.add(self.first);
            }
            if is_last {
                self.add(self.last);
            }
            core::ptr::copy_nonoverlapping(self.row, to, self.d);
        }
    }

    /// Two channels, where a point's gradient is its neighbours' difference turned and scaled: the
    /// points `s …` as long as vectors of them and a number more on each side lie in the path,
    /// which ends at `steps`; gives the first point left out. `prev` is the point before s, `to`
    /// the place of s.
    #[inline(never)]
    unsafe fn pairs<V: Lanes<T = T>>(&self, mut s: usize, steps: usize, prev: *const T, to: *mut T) -> usize {
        let each = V::WIDTH / 2;
        // SAFETY: two points before s there is one; the loop ends two points before the last.
        unsafe {
            let (up, down) = (*self.matrix.add(self.pitch), *self.matrix.add(1));
            let first = V::from_lanes(|l| if l % 2 == 0 { up } else { T::ZERO });
            let second = V::from_lanes(|l| if l % 2 == 0 { T::ZERO } else { down });
            let (mut prev, mut to) = (prev, to);
            while s + each < steps {
                let difference = |from: *const T| V::load(from.add(4)).sub(V::load(from));
                let turned = difference(prev.add(1)).mul(first);
                difference(prev.sub(1)).mul_add(second, turned).store(to);
                prev = prev.add(V::WIDTH);
                to = to.add(V::WIDTH);
                s += each;
            }
        }
        s
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn add(&self, term: *const T) {
        for c in 0..self.d {
            // SAFETY: both have d numbers.
            unsafe { *self.row.add(c) = (*self.row.add(c)).plus(*term.add(c)) };
        }
    }

    /// x_{t+1} - x_{t-1} for `numbers` numbers, from the first x_{t-1} on.
    unsafe fn difference<V: Lanes<T = T>>(&self, prev: *const T, numbers: usize) {
        // SAFETY: the caller vouches for 2 d numbers more than `numbers`.
        unsafe {
            let next = prev.add(2 * self.d);
            let mut i = 0;
            while i + 4 * V::WIDTH <= numbers {
                let four: [V; 4] = core::array::from_fn(|j| {
                    let at = i + j * V::WIDTH;
                    V::load(next.add(at)).sub(V::load(prev.add(at)))
                });
                for (j, x) in four.into_iter().enumerate() {
                    x.store(self.differences.add(i + j * V::WIDTH));
                }
                i += 4 * V::WIDTH;
            }
            while i + V::WIDTH <= numbers {
                V::load(next.add(i)).sub(V::load(prev.add(i))).store(self.differences.add(i));
                i += V::WIDTH;
            }
            while i < numbers {
                *self.differences.add(i) = (*next.add(i)).minus(*prev.add(i));
                i += 1;
            }
        }
    }

    /// Differences times the matrix, `count` rows of d numbers to `to`.
    ///
    /// # Safety
    /// Where d fills no whole vectors and is below 8, numbers behind the last row are written,
    /// fewer than d.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn rows<V: Lanes<T = T>>(&self, count: usize, to: *mut T) {
        let vectors = self.d.div_ceil(V::WIDTH);
        // SAFETY: as the caller vouches.
        unsafe {
            let mut column = 0;
            while column < vectors {
                // Two vectors at once where there are as many: the numbers of a row are read half
                // as often.
                let two = V::WIDTH == 4 && vectors - column > 1;
                let done = if two {
                    self.products::<V, 6, 2>(0, count, column, to)
                } else {
                    self.products::<V, 8, 1>(0, count, column, to)
                };
                if two {
                    self.products::<V, 1, 1>(done, count, column + 1, to);
                }
                self.products::<V, 1, 1>(done, count, column, to);
                column += 1 + usize::from(two);
            }
        }
    }

    /// `R` rows at a time by `C` vectors, from row `r` on as long as there are so many; gives the
    /// first row left out.
    #[inline(never)]
    unsafe fn products<V: Lanes<T = T>, const R: usize, const C: usize>(
        &self,
        mut r: usize,
        count: usize,
        column: usize,
        to: *mut T,
    ) -> usize {
        let (d, at, pitch) = (self.d, column * V::WIDTH, self.pitch);
        // SAFETY: as the caller vouches.
        unsafe {
            let matrix = self.matrix.add(at);
            while r + R <= count {
                let mut sums = [[V::zero(); C]; R];
                let (mut w, mut m) = (self.differences.add(r * d), matrix);
                for _ in 0..d {
                    let row: [V; C] = core::array::from_fn(|j| V::load(m.add(j * V::WIDTH)));
                    for (i, sums) in sums.iter_mut().enumerate() {
                        let w = V::splat(*w.add(i * d));
                        for (sum, m) in sums.iter_mut().zip(row) {
                            *sum = w.mul_add(m, *sum);
                        }
                    }
                    w = w.add(1);
                    m = m.add(pitch);
                }
                for (i, sums) in sums.into_iter().enumerate() {
                    let row = to.add((r + i) * d + at);
                    for (j, sum) in sums.into_iter().enumerate() {
                        let left = d - at - j * V::WIDTH;
                        if left >= V::WIDTH || d < 2 * V::WIDTH && column == 0 {
                            // Beyond a row's end the next one follows, and is written later.
                            sum.store(row.add(j * V::WIDTH));
                        } else {
                            let lanes = sum.to_lanes();
                            for (k, x) in lanes.into_iter().enumerate().take(left) {
                                *row.add(j * V::WIDTH + k) = x;
                            }
                        }
                    }
                }
                r += R;
            }
        }
        r
    }
}
