//! Degree 1: the usual stencil, in increments. With s = K01 + K10 and D = K11 − K01, a cell adds
//! c1 s + c2 K00 to D, where c1 = v/2 + v²/12 and c2 = v²/12. v is in units of 1/√12, so that
//! c2 = v² and c1 = √3 v + c2.

use super::scheme::{Scheme, hidden};
use super::skew::Skewed;
use crate::lanes::{Lanes, Real};

const ROOT_3: f64 = 1.732_050_807_568_877_2;

#[derive(Clone, Copy)]
pub(super) struct DegreeOne<V> {
    root: V,
}

/// An edge along x: D, and the node at its upper end.
#[derive(Clone, Copy)]
pub(super) struct Own<V> {
    difference: V,
    left: V,
}

/// The two nodes at the bottom of a cell.
#[derive(Clone, Copy)]
pub(super) struct Passing<V> {
    below: V,
    diagonal: V,
}

impl<V: Lanes> Scheme<V> for DegreeOne<V> {
    const ROWS: usize = 4;
    const STORED: usize = 1;
    const UNIT: f64 = 0.5 / ROOT_3;
    const KEPT: usize = 2;
    type Own = Own<V>;
    type Passing = Passing<V>;
    type Factors = (V, V);

    #[inline(always)]
    fn new() -> Self {
        DegreeOne { root: hidden(ROOT_3) }
    }
    #[inline(always)]
    fn own() -> Own<V> {
        Own { difference: V::zero(), left: V::splat(V::T::ONE) }
    }
    #[inline(always)]
    fn stored() -> V {
        V::splat(V::T::ONE)
    }
    #[inline(always)]
    fn factors(&self, v: V) -> (V, V) {
        let c2 = v.mul(v);
        (v.mul_add(self.root, c2), c2)
    }
    #[inline(always)]
    unsafe fn enter(&self, at: *const V, corner: &mut V) -> Passing<V> {
        // SAFETY: as the caller vouches.
        let below = unsafe { *at };
        let diagonal = *corner;
        *corner = below;
        Passing { below, diagonal }
    }
    #[inline(always)]
    fn cell(&self, &(c1, c2): &(V, V), own: &mut Own<V>, passing: &mut Passing<V>) {
        let s = passing.below.add(own.left);
        // Adding the two parts to D one by one is a shorter chain, but in float32 it loses c2 K00
        // where that is below half an ulp of D, always with the same sign: 1e-4 at 2048 points.
        own.difference = if size_of::<V::T>() == 8 {
            s.mul_add(c1, passing.diagonal.mul_add(c2, own.difference))
        } else {
            own.difference.add(s.mul_add(c1, passing.diagonal.mul(c2)))
        };
        passing.diagonal = own.left;
        passing.below = passing.below.add(own.difference);
        own.left = passing.below;
    }
    #[inline(always)]
    unsafe fn leave(passing: Passing<V>, at: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe { *at = passing.below }
    }
    #[inline(always)]
    unsafe fn value(first: V, row: *const V, columns: usize) -> V {
        // SAFETY: as the caller vouches.
        if columns == 0 { first } else { unsafe { *row.add(columns - 1) } }
    }

    #[inline(always)]
    unsafe fn keep(&self, own: &Own<V>, passing: &Passing<V>, kept: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe {
            *kept = passing.below.add(own.left);
            *kept.add(1) = passing.diagonal;
        }
    }
    #[inline(always)]
    fn own_bar() -> Own<V> {
        Own { difference: V::zero(), left: V::zero() }
    }
    unsafe fn start_bar(_cotangent: V, last: V, at: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe { *at = last };
    }
    #[inline(always)]
    unsafe fn enter_bar(at: *const V) -> Passing<V> {
        // SAFETY: as the caller vouches.
        Passing { below: unsafe { *at }, diagonal: V::zero() }
    }
    #[inline(always)]
    unsafe fn adjoint(&self, v: V, kept: *const V, own: &mut Own<V>, passing: &mut Passing<V>) -> V {
        // SAFETY: as the caller vouches.
        let (s, diagonal) = unsafe { (*kept, *kept.add(1)) };
        let (c1, c2) = self.factors(v);
        let top = passing.below.add(own.left);
        let t = own.difference.add(top);
        own.difference = t;
        passing.below = t.mul_add(c1, top);
        own.left = t.mul_add(c1, passing.diagonal);
        passing.diagonal = t.mul(c2);
        // d(c1 s + c2 K00)/dv = √3 s + 2 v (s + K00)
        let both = s.add(diagonal);
        t.mul(v.add(v).mul_add(both, self.root.mul(s)))
    }
    #[inline(always)]
    unsafe fn leave_bar(passing: Passing<V>, at: *mut V, corner: &mut V) {
        // SAFETY: as the caller vouches.
        unsafe { *at = passing.below.add(*corner) };
        *corner = passing.diagonal;
    }
}

impl<V: Lanes> Skewed<V> for DegreeOne<V> {
    const GROUPS: usize = 4;
    #[inline(always)]
    fn handed(before: &Passing<V>, passing: &Passing<V>) -> Passing<V> {
        Passing { below: before.below.shift_in(passing.below), diagonal: before.diagonal.shift_in(passing.diagonal) }
    }
}
