//! Depths 2 and 3, and depth 4 of two letters, in closed form: with X = P on letters,
//!
//! ```text
//! P(ac) = S(ac) - X_a X_c / 2,    P(ca) = -P(ac),    G(ab) = P(ab) / 2 + X_a X_b / 6,
//! P(abc) = S(abc) - X_a P(bc) / 2 - G(ab) X_c,
//! H(abc) = P(abc) / 2 + X_a P(bc) / 6 + (P(ab) / 6 + X_a X_b / 24) X_c,
//! P(abce) = S(abce) - X_a P(bce) / 2 - G(ab) P(ce) - H(abc) X_e.
//! ```
//!
//! All words on the left of depths 2 and 3 are Lyndon words, and they are the followed ones.

use crate::lanes::Lanes;
use crate::walk::chains::reciprocal;

/// Depth 2: `s` holds the followed words, `x` the letters of P; writes P on Lyndon words.
///
/// # Safety
/// All of it is there.
#[inline(never)]
pub unsafe fn two<V: Lanes>(d: usize, mut s: *const V, x: *const V, mut to: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        for a in 0..d {
            *to = *x.add(a);
            to = to.add(1);
        }
        for a in 0..d {
            let half = (*x.add(a)).mul(reciprocal(2));
            for b in 1..d - a {
                *to = half.neg_mul_add(*x.add(a + b), *s.add(b));
                to = to.add(1);
            }
            s = s.add(d - a);
        }
    }
}

/// Depth 2, all words.
///
/// # Safety
/// All of it is there.
#[inline(never)]
pub unsafe fn two_expanded<V: Lanes>(d: usize, mut s: *const V, x: *const V, to: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        let pairs = to.add(d);
        for a in 0..d {
            *to.add(a) = *x.add(a);
            *pairs.add(a * d + a) = V::zero();
            let half = (*x.add(a)).mul(reciprocal(2));
            for b in a + 1..d {
                let p = half.neg_mul_add(*x.add(b), *s.add(b - a));
                *pairs.add(a * d + b) = p;
                *pairs.add(b * d + a) = V::zero().sub(p);
            }
            s = s.add(d - a);
        }
    }
}

/// Vectors of `pairs` in [`three`].
pub fn pairs(d: usize) -> usize {
    d * d
}

/// Depth 3: as [`two`], with memory for P on all pairs of letters.
///
/// # Safety
/// All of it is there.
#[inline(never)]
pub unsafe fn three<V: Lanes>(d: usize, s: *const V, x: *const V, pairs: *mut V, to: *mut V) {
    // SAFETY: as the caller vouches. The first letter of small alphabets is a constant.
    unsafe {
        match d {
            2 => three_of(2, s, x, pairs, to),
            3 => three_of(3, s, x, pairs, to),
            _ => three_of(d, s, x, pairs, to),
        }
    }
}

#[inline(always)]
unsafe fn three_of<V: Lanes>(d: usize, s: *const V, x: *const V, pairs: *mut V, mut to: *mut V) {
    let (half, sixth) = (reciprocal::<V>(2), reciprocal::<V>(6));
    // SAFETY: as the caller vouches.
    unsafe {
        for a in 0..d {
            *to = *x.add(a);
            to = to.add(1);
        }
        let mut letter = s;
        for a in 0..d {
            let m = d - a;
            *pairs.add(a * d + a) = V::zero();
            let by = (*x.add(a)).mul(half);
            for b in a + 1..d {
                let p = by.neg_mul_add(*x.add(b), *letter.add(1 + b - a));
                *pairs.add(a * d + b) = p;
                *pairs.add(b * d + a) = V::zero().sub(p);
                *to = p;
                to = to.add(1);
            }
            letter = letter.add(1 + m + m * (m - 1));
        }
        let mut letter = s;
        for a in 0..d {
            let m = d - a;
            let by = (*x.add(a)).mul(half);
            let third = (*x.add(a)).mul(sixth);
            let mut row = letter.add(1 + m);
            for b in a..d {
                let g = (*pairs.add(a * d + b)).mul_add(half, third.mul(*x.add(b)));
                let (p, x) = (pairs.add(b * d + a + 1), x.add(a + 1));
                for c in 0..m - 1 {
                    *to.add(c) = g.neg_mul_add(*x.add(c), by.neg_mul_add(*p.add(c), *row.add(c)));
                }
                row = row.add(m - 1);
                to = to.add(m - 1);
            }
            letter = letter.add(1 + m + m * (m - 1));
        }
    }
}

/// Depth 4 of two letters.
///
/// # Safety
/// All of it is there.
#[inline(never)]
pub unsafe fn four_of_two<V: Lanes>(s: *const V, x: *const V, to: *mut V) {
    let (half, sixth) = (reciprocal::<V>(2), reciprocal::<V>(6));
    // SAFETY: as the caller vouches. The followed words are 0, 00, 01, 000, 001, 010, 011, 0001,
    // 0011, 0101, 0111 and those of the letter 1; products with P on 00, 11, 000 and 111 are zero.
    unsafe {
        let (a, b) = (*x, *x.add(1));
        let by = a.mul(half);
        let (aa, ab) = (a.mul(a).mul(sixth), a.mul(b).mul(sixth));
        let p01 = by.neg_mul_add(b, *s.add(2));
        let g01 = p01.mul_add(half, ab);
        let p001 = aa.neg_mul_add(b, by.neg_mul_add(p01, *s.add(4)));
        let p011 = g01.neg_mul_add(b, *s.add(6));
        // H(000), H(001) and H(011).
        let quarter = half.mul(half);
        let h000 = aa.mul(a).mul(quarter);
        let h001 = aa.mul(quarter).mul_add(b, p01.mul_add(a.mul(sixth), p001.mul(half)));
        let h011 = ab.mul_add(quarter, p01.mul(sixth)).mul_add(b, p011.mul(half));
        let p0001 = h000.neg_mul_add(b, aa.neg_mul_add(p01, by.neg_mul_add(p001, *s.add(7))));
        let p0011 = h001.neg_mul_add(b, by.neg_mul_add(p011, *s.add(8)));
        let p0111 = h011.neg_mul_add(b, *s.add(10));
        for (i, p) in [a, b, p01, p001, p011, p0001, p0011, p0111].into_iter().enumerate() {
            *to.add(i) = p;
        }
    }
}
