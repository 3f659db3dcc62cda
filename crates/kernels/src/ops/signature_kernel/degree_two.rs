//! Degree 2: an edge carries the difference of K along it and the mean of K over it. With v in
//! units of 1/12 (v = 12 w): d and e are the differences over 6 along x and y; `mean` is the mean
//! over the x edge, `rise` that over the y edge less its first value, both over 3. All of a cell
//! follows from one increment, 6 w (y − w z); docs/signature-kernels.md derives it.

use super::scheme::{Scheme, hidden};
use super::skew::Skewed;
use crate::lanes::{Lanes, Real};

#[derive(Clone, Copy)]
pub(super) struct DegreeTwo<V> {
    one: V,
    two: V,
    three: V,
    four: V,
    six: V,
}

/// An edge along x.
#[derive(Clone, Copy)]
pub(super) struct Own<V> {
    d: V,
    mean: V,
}

/// An edge along y.
#[derive(Clone, Copy)]
pub(super) struct Passing<V> {
    e: V,
    rise: V,
}

impl<V: Lanes> Scheme<V> for DegreeTwo<V> {
    const ROWS: usize = 3;
    const STORED: usize = 2;
    const UNIT: f64 = 1.0 / 12.0;
    const KEPT: usize = 4;
    type Own = Own<V>;
    type Passing = Passing<V>;
    type Factors = V;

    #[inline(always)]
    fn new() -> Self {
        DegreeTwo { one: hidden(1.0), two: hidden(2.0), three: hidden(3.0), four: hidden(4.0), six: hidden(6.0) }
    }
    #[inline(always)]
    fn own() -> Own<V> {
        Own { d: V::zero(), mean: V::splat(V::T::from_f64(1.0 / 3.0)) }
    }
    #[inline(always)]
    fn stored() -> V {
        V::zero()
    }
    #[inline(always)]
    fn factors(&self, w: V) -> V {
        w
    }
    #[inline(always)]
    unsafe fn enter(&self, at: *const V, _corner: &mut V) -> Passing<V> {
        // SAFETY: as the caller vouches.
        unsafe { Passing { e: *at, rise: *at.add(1) } }
    }
    #[inline(always)]
    fn cell(&self, &w: &V, own: &mut Own<V>, passing: &mut Passing<V>) {
        let (d, e) = (own.d, passing.e);
        let u = w.add(w);
        let y = own.mean.add(passing.rise);
        let sum = d.add(e);
        let mean = w.neg_mul_add(e, d).neg_mul_add(u, e.mul_add(self.two, own.mean));
        let rise = w.neg_mul_add(d, e).neg_mul_add(u, passing.rise);
        let z = w.mul_add(self.three, self.four).mul_add(w, self.three).neg_mul_add(y, u.mul_add(sum, sum));
        let inc = w.mul(self.six).mul(w.neg_mul_add(z, y));
        let rho = w.neg_mul_add(self.one.sub(w), self.one);
        own.d = d.add(inc);
        passing.e = e.add(inc);
        own.mean = rho.mul_add(inc, mean);
        passing.rise = rho.mul_add(inc, rise);
    }
    #[inline(always)]
    unsafe fn leave(passing: Passing<V>, at: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe {
            *at = passing.e;
            *at.add(1) = passing.rise;
        }
    }
    #[inline(always)]
    unsafe fn value(first: V, row: *const V, columns: usize) -> V {
        let mut sum = V::zero();
        for j in 0..columns {
            // SAFETY: as the caller vouches.
            sum = sum.add(unsafe { *row.add(2 * j) });
        }
        sum.mul_add(V::splat(V::T::from_f64(6.0)), first)
    }

    #[inline(always)]
    unsafe fn keep(&self, own: &Own<V>, passing: &Passing<V>, kept: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe {
            *kept = own.mean.add(passing.rise);
            *kept.add(1) = own.d.add(passing.e);
            *kept.add(2) = own.d;
            *kept.add(3) = passing.e;
        }
    }
    #[inline(always)]
    unsafe fn keep_after(&self, own: &Own<V>, passing: &Passing<V>, kept: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe {
            *kept.add(2) = (*kept.add(2)).add(own.d);
            *kept.add(3) = (*kept.add(3)).add(passing.e);
        }
    }
    #[inline(always)]
    fn own_bar() -> Own<V> {
        Own { d: V::zero(), mean: V::zero() }
    }
    unsafe fn start_bar(cotangent: V, _last: V, at: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe {
            *at = cotangent.mul(V::splat(V::T::from_f64(6.0)));
            *at.add(1) = V::zero();
        }
    }
    #[inline(always)]
    unsafe fn enter_bar(at: *const V) -> Passing<V> {
        // SAFETY: as the caller vouches.
        unsafe { Passing { e: *at, rise: *at.add(1) } }
    }
    #[inline(always)]
    unsafe fn adjoint(&self, w: V, kept: *const V, own: &mut Own<V>, passing: &mut Passing<V>) -> V {
        // `ds` and `es` are the sums of the differences before and after the cell: with them the
        // new means are mean + es − w (ds − w es) and rise + inc − w (es − w ds).
        // SAFETY: as the caller vouches.
        let (y, sum, ds, es) = unsafe { (*kept, *kept.add(1), *kept.add(2), *kept.add(3)) };
        let (mean, rise) = (own.mean, passing.rise);
        let a = w.neg_mul_add(rise, mean);
        let b = w.neg_mul_add(mean, rise);
        let d = w.neg_mul_add(a, own.d);
        let part = w.neg_mul_add(b, mean);
        let e = passing.e.add(part);
        let inc = d.add(e).add(rise);
        // inc = 6 w x with x = y p − q sum, p = 1 + 3w + 4w² + 3w³, q = w (1 + 2w)
        let p = w.mul_add(self.three, self.four).mul_add(w, self.three).mul_add(w, self.one);
        let q = w.mul_add(w.add(w), w);
        let x = q.neg_mul_add(sum, y.mul(p));
        let six = inc.mul(self.six);
        let bar = w.mul(six);
        let moved = ds.mul_add(a.add(a.sub(mean)), es.mul(b.add(b.sub(rise))));
        let eight = self.four.add(self.four);
        let slope = w.mul_add(eight.add(self.one), eight).mul_add(w, self.three);
        let slope = y.mul_add(slope, w.mul_add(self.four, self.one).neg_mul_add(sum, V::zero()));
        own.d = q.neg_mul_add(bar, w.neg_mul_add(a, d));
        passing.e = q.neg_mul_add(bar, e.add(part));
        own.mean = bar.mul_add(p, mean);
        passing.rise = bar.mul_add(p, rise);
        bar.mul_add(slope, x.mul_add(six, V::zero().sub(moved)))
    }
    #[inline(always)]
    unsafe fn leave_bar(passing: Passing<V>, at: *mut V, _corner: &mut V) {
        // SAFETY: as the caller vouches.
        unsafe { Self::leave(passing, at) }
    }
}

impl<V: Lanes> Skewed<V> for DegreeTwo<V> {
    const GROUPS: usize = 3;
    #[inline(always)]
    fn handed(before: &Passing<V>, passing: &Passing<V>) -> Passing<V> {
        Passing { e: before.e.shift_in(passing.e), rise: before.rise.shift_in(passing.rise) }
    }
}
