//! Chen's identity: the signature of one path followed by another is the truncated tensor product
//! of theirs (Chen 1957).
//!
//! Twice the same arithmetic in the same order, so that both give the same bits: for paths in
//! lanes, and for one path in a row.

use crate::lanes::{Lanes, Real};
use crate::tensor::outer;
use crate::words::shape::Shape;
use core::slice::{from_raw_parts, from_raw_parts_mut};

/// `to := a ⊗ b` in every lane; all are states of `shape.size` vectors, and `to` may be `a`.
///
/// # Safety
/// `to` is valid for writing, `a` and `b` for reading `shape.size` vectors; none overlaps another,
/// unless `to` is `a`.
#[inline(never)]
pub unsafe fn multiply_lanes<V: Lanes>(shape: &Shape, a: *const V, b: *const V, to: *mut V) {
    // SAFETY: all offsets lie below shape.size; level k is written, after it only lower ones are
    // read.
    unsafe {
        for k in (2..=shape.depth).rev() {
            match k {
                2 => level::<V, 0>(shape, k, a, b, to),
                3 => level::<V, 1>(shape, k, a, b, to),
                _ => deep_level(shape, k, a, b, to),
            }
        }
        for c in 0..shape.channels {
            *to.add(c) = (*a.add(c)).add(*b.add(c));
        }
    }
}

/// Level 2 or 3: words v c e, with v of `I` letters, as many as there are splits inside v. Each
/// coefficient is summed up in a register and written once.
#[inline(never)]
unsafe fn level<V: Lanes, const I: usize>(shape: &Shape, k: usize, a: *const V, b: *const V, to: *mut V) {
    let d = shape.channels;
    // The split behind i + 1 letters of v: those letters' number, and that of the others.
    let (mut left, mut right) = ([0; I], [0; I]);
    let mut x = [V::zero(); I];
    let mut y = [b; I];
    // SAFETY: as `multiply_lanes`'s caller vouches.
    unsafe {
        let mut words = a.add(shape.offset(k - 1));
        let mut at = shape.offset(k);
        for _ in 0..shape.count(k - 2) {
            for i in 0..I {
                x[i] = *a.add(shape.offset(i + 1) + left[i]);
                y[i] = b.add(shape.offset(k - 1 - i) + right[i] * d * d);
                right[i] += 1;
                if right[i] == shape.count(k - 3 - i) {
                    right[i] = 0;
                    left[i] += 1;
                }
            }
            let mut e = 0;
            while e < d {
                let rows = Rows { a: a.add(at + e), b: b.add(at + e), to: to.add(at + e), words, last: b.add(e), d, e };
                e += match d - e {
                    4.. => rows.multiply::<I, 4>(&x, &y),
                    3 => rows.multiply::<I, 3>(&x, &y),
                    2 => rows.multiply::<I, 2>(&x, &y),
                    _ => rows.multiply::<I, 1>(&x, &y),
                };
            }
            at += d * d;
            words = words.add(d);
        }
    }
}

/// Words v c e with one v, from letter e on.
struct Rows<V> {
    a: *const V,
    b: *const V,
    to: *mut V,
    /// The words v c, and the letters e.
    words: *const V,
    last: *const V,
    d: usize,
    e: usize,
}

impl<V: Lanes> Rows<V> {
    /// `N` letters e; gives their number. The order of summation is that of [`multiply_row`].
    #[inline(always)]
    unsafe fn multiply<const I: usize, const N: usize>(self, x: &[V; I], y: &[*const V; I]) -> usize {
        let Rows { mut a, mut b, mut to, words, last, d, e } = self;
        // SAFETY: as `multiply_lanes`'s caller vouches.
        unsafe {
            let last: [V; N] = core::array::from_fn(|j| *last.add(j));
            let mut among = e;
            for c in 0..d {
                let word = *words.add(c);
                let mut sums: [V; N] = core::array::from_fn(|j| (*a.add(j)).add(*b.add(j)));
                for i in 0..I {
                    let y = y[i].add(among);
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = x[i].mul_add(*y.add(j), *sum);
                    }
                }
                for (j, sum) in sums.into_iter().enumerate() {
                    *to.add(j) = word.mul_add(last[j], sum);
                }
                (a, b, to, among) = (a.add(d), b.add(d), to.add(d), among + d);
            }
        }
        N
    }
}

/// As [`level`] for levels with more splits, split by split.
#[inline(never)]
unsafe fn deep_level<V: Lanes>(shape: &Shape, k: usize, a: *const V, b: *const V, to: *mut V) {
    let count = shape.count(k);
    // SAFETY: as `multiply_lanes`'s caller vouches; level k is written, only lower ones are read.
    unsafe {
        let (top, from) = (a.add(shape.offset(k)), b.add(shape.offset(k)));
        let to = to.add(shape.offset(k));
        for i in 0..count {
            *to.add(i) = (*top.add(i)).add(*from.add(i));
        }
        for i in 1..k {
            let (left, right) = (a.add(shape.offset(i)), b.add(shape.offset(k - i)));
            let (left, right) = (from_raw_parts(left, shape.count(i)), from_raw_parts(right, shape.count(k - i)));
            outer(from_raw_parts_mut(to, count), left, right, V::splat(V::T::ONE));
        }
    }
}

/// `a := a ⊗ b` for one path; both are rows of `shape.size` numbers.
///
/// # Safety
/// `a` is valid for writing and `b` for reading `shape.size` numbers; they do not overlap.
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
