//! Chen's identity: the signature of one path followed by another is the truncated tensor product
//! of theirs (Chen 1957).
//!
//! Twice the same arithmetic in the same order, so that both give the same bits: for paths in
//! lanes, and for one path in a row.

use crate::lanes::Lanes;
use crate::words::shape::{MAX_DEPTH, Shape};

/// `to := a ⊗ b` in every lane; all are states of `shape.size` vectors, and `to` may be `a`. Every
/// coefficient is summed up in a register and written once.
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
            if shape.channels == 2 && k > 2 {
                level_of_two(shape, k, a, b, to);
            } else {
                level(shape, k, a, b, to);
            }
        }
        for c in 0..shape.channels {
            *to.add(c) = (*a.add(c)).add(*b.add(c));
        }
    }
}

/// The splits of words of level k inside their first letters, v: for each the coefficient of the
/// letters before it, and where the right factor's words of the letters behind it begin.
struct Splits<V> {
    count: usize,
    x: [V; MAX_DEPTH],
    y: [*const V; MAX_DEPTH],
    /// The letters before and behind as numbers.
    left: [usize; MAX_DEPTH],
    right: [usize; MAX_DEPTH],
}

impl<V: Lanes> Splits<V> {
    /// For the first v, of `count` letters.
    fn new(count: usize, b: *const V) -> Self {
        let zeros = [0; MAX_DEPTH];
        Splits { count, x: [V::zero(); MAX_DEPTH], y: [b; MAX_DEPTH], left: zeros, right: zeros }
    }

    /// Takes the factors of v, and goes on to the next v. `rest` words follow each v.
    #[inline(always)]
    unsafe fn take(&mut self, shape: &Shape, k: usize, a: *const V, b: *const V, rest: usize) {
        for i in 0..self.count {
            // SAFETY: the caller vouches for both factors.
            unsafe {
                self.x[i] = *a.add(shape.offset(i + 1) + self.left[i]);
                self.y[i] = b.add(shape.offset(k - 1 - i) + self.right[i] * rest);
            }
            self.right[i] += 1;
            if self.right[i] == shape.count(self.count - 1 - i) {
                self.right[i] = 0;
                self.left[i] += 1;
            }
        }
    }
}

/// Level k: words v c e, with v of k - 2 letters.
#[inline(never)]
unsafe fn level<V: Lanes>(shape: &Shape, k: usize, a: *const V, b: *const V, to: *mut V) {
    let d = shape.channels;
    let mut splits = Splits::new(k - 2, b);
    // SAFETY: as `multiply_lanes`'s caller vouches.
    unsafe {
        for v in 0..shape.count(k - 2) {
            splits.take(shape, k, a, b, d * d);
            for c in (0..d).step_by(if d == 3 || d == 4 { d - 2 * (d / 4) } else { 1 }) {
                let mut e = 0;
                while e < d {
                    let at = shape.offset(k) + (v * d + c) * d + e;
                    let block = Block {
                        a: a.add(at),
                        b: b.add(at),
                        to: to.add(at),
                        words: a.add(shape.offset(k - 1) + v * d + c),
                        last: b.add(e),
                        among: c * d + e,
                    };
                    e += match (d, d - e) {
                        (3, _) => block.multiply::<3, 3>(&splits),
                        (4, _) => block.multiply::<2, 4>(&splits),
                        (_, 8..) => block.multiply::<1, 8>(&splits),
                        (_, 4 | 7) => block.multiply::<1, 4>(&splits),
                        (_, 5) => block.multiply::<1, 5>(&splits),
                        (_, 3 | 6) => block.multiply::<1, 3>(&splits),
                        (_, 2) => block.multiply::<1, 2>(&splits),
                        _ => block.multiply::<1, 1>(&splits),
                    };
                }
            }
        }
    }
}

/// Neighbouring words v c e with one v.
struct Block<V> {
    a: *const V,
    b: *const V,
    to: *mut V,
    /// The words v c, and the letters e.
    words: *const V,
    last: *const V,
    /// The first c e as a number.
    among: usize,
}

impl<V: Lanes> Block<V> {
    /// `R` letters c with `C` letters e each, all of them if `R` is more than one; gives `C`. The
    /// order of summation is that of [`multiply_row`].
    #[inline(always)]
    unsafe fn multiply<const R: usize, const C: usize>(self, splits: &Splits<V>) -> usize {
        let Block { a, b, to, words, last, among } = self;
        // SAFETY: as `multiply_lanes`'s caller vouches.
        unsafe {
            let mut sums: [[V; C]; R] =
                core::array::from_fn(|r| core::array::from_fn(|j| (*a.add(r * C + j)).add(*b.add(r * C + j))));
            for i in 0..splits.count {
                let (x, y) = (splits.x[i], splits.y[i].add(among));
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = x.mul_add(*y.add(r * C + j), *sum);
                    }
                }
            }
            for (r, sums) in sums.into_iter().enumerate() {
                let word = *words.add(r);
                for (j, sum) in sums.into_iter().enumerate() {
                    *to.add(r * C + j) = word.mul_add(*last.add(j), sum);
                }
            }
        }
        C
    }
}

/// As [`level`], of two letters: words with v of k - 3 letters, eight at once.
#[inline(never)]
unsafe fn level_of_two<V: Lanes>(shape: &Shape, k: usize, a: *const V, b: *const V, to: *mut V) {
    let mut splits = Splits::new(k - 3, b);
    // SAFETY: as `multiply_lanes`'s caller vouches.
    unsafe {
        let mut at = shape.offset(k);
        for v in 0..shape.count(k - 3) {
            splits.take(shape, k, a, b, 8);
            let mut sums: [V; 8] = core::array::from_fn(|j| (*a.add(at + j)).add(*b.add(at + j)));
            for i in 0..splits.count {
                let (x, y) = (splits.x[i], splits.y[i]);
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum = x.mul_add(*y.add(j), *sum);
                }
            }
            let (ones, twos) = (a.add(shape.offset(k - 2) + 2 * v), a.add(shape.offset(k - 1) + 4 * v));
            for (j, sum) in sums.iter_mut().enumerate() {
                *sum = (*ones.add(j / 4)).mul_add(*b.add(shape.offset(2) + j % 4), *sum);
            }
            for (j, sum) in sums.into_iter().enumerate() {
                *to.add(at + j) = (*twos.add(j / 2)).mul_add(*b.add(j % 2), sum);
            }
            at += 8;
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
