//! Chen's identity: the signature of one path followed by another is the truncated tensor product
//! of theirs (Chen 1957).
//!
//! Twice the same arithmetic in the same order, so that both give the same bits: for paths in
//! lanes, and for one path in a row.

use crate::lanes::{Lanes, Real};
use crate::tensor::outer;
use crate::words::shape::Shape;
use core::slice::{from_raw_parts, from_raw_parts_mut};

/// `a := a ⊗ b` in every lane; both are states of `shape.size` vectors.
///
/// # Safety
/// `a` is valid for writing and `b` for reading `shape.size` vectors; they do not overlap.
#[inline(never)]
pub unsafe fn multiply_lanes<V: Lanes>(shape: &Shape, a: *mut V, b: *const V) {
    for k in (1..=shape.depth).rev() {
        // SAFETY: all offsets lie below shape.size; level k of `a` is written, only lower ones are
        // read.
        unsafe {
            let to = a.add(shape.offset(k));
            let from = b.add(shape.offset(k));
            for i in 0..shape.count(k) {
                *to.add(i) = (*to.add(i)).add(*from.add(i));
            }
            for i in 1..k {
                let (prefixes, suffixes) = (shape.count(i), shape.count(k - i));
                let (left, right) = (a.add(shape.offset(i)), b.add(shape.offset(k - i)));
                let (left, right) = (from_raw_parts(left, prefixes), from_raw_parts(right, suffixes));
                outer(from_raw_parts_mut(to, shape.count(k)), left, right, V::splat(V::T::ONE));
            }
        }
    }
}

/// `a := a ⊗ b` for one path; both are rows of `shape.size` numbers.
///
/// # Safety
/// As [`multiply_lanes`], in numbers.
#[inline(never)]
pub unsafe fn multiply_row<V: Lanes>(shape: &Shape, a: *mut V::T, b: *const V::T) {
    for k in (1..=shape.depth).rev() {
        // SAFETY: as above; vectors never reach beyond their row of `suffixes` numbers.
        unsafe {
            let to = a.add(shape.offset(k));
            let from = b.add(shape.offset(k));
            let count = shape.count(k);
            combine::<V>(count, to, |i, y| y.add(V::load(from.add(i))), |i, y| y.add(V::splat(*from.add(i))));
            for i in 1..k {
                let (prefixes, suffixes) = (shape.count(i), shape.count(k - i));
                let (left, right) = (a.add(shape.offset(i)), b.add(shape.offset(k - i)));
                for p in 0..prefixes {
                    let x = V::splat(*left.add(p));
                    combine::<V>(
                        suffixes,
                        to.add(p * suffixes),
                        |s, y| x.mul_add(V::load(right.add(s)), y),
                        |s, y| x.mul_add(V::splat(*right.add(s)), y),
                    );
                }
            }
        }
    }
}

/// Updates `count` numbers at `to`: by vectors, and what is left over one by one, still by vector
/// instructions, whose rounding is that of the lanes.
#[inline(always)]
unsafe fn combine<V: Lanes>(
    count: usize,
    to: *mut V::T,
    vector: impl Fn(usize, V) -> V,
    single: impl Fn(usize, V) -> V,
) {
    let mut i = 0;
    // SAFETY: i + WIDTH <= count, then i < count.
    unsafe {
        while i + V::WIDTH <= count {
            vector(i, V::load(to.add(i))).store(to.add(i));
            i += V::WIDTH;
        }
        while i < count {
            *to.add(i) = single(i, V::splat(*to.add(i))).to_lanes()[0];
            i += 1;
        }
    }
}
