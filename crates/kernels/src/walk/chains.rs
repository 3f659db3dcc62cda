//! The chains of a walk: what the steps of a tile hand down from a word to its children (`walk` has
//! the recursion).
//!
//! A word with r letters to come has, for each step, r vectors: C_1, C_2/2 … C_r/r where r is three
//! or more, and for r = 2 what a leaf works with, b = C_1 and g = C_1 - C_2/2. Words that are made
//! together are independent of each other, so that they hide each other's latency.

use crate::lanes::{Lanes, Real};
use crate::words::shape::MAX_DEPTH;
use core::hint::black_box;

/// 1/n: a division for each step and level would take longer than the multiply-adds.
pub const RECIPROCALS: [f64; MAX_DEPTH + 2] = {
    let mut table = [0.0; MAX_DEPTH + 2];
    let mut n = 1;
    while n < table.len() {
        table[n] = 1.0 / n as f64;
        n += 1;
    }
    table
};

/// What 1/n is as a vector, n up to [`MAX_DEPTH`] + 1.
#[inline(always)]
pub fn reciprocal<V: Lanes>(n: usize) -> V {
    V::splat(V::T::from_f64(RECIPROCALS[n]))
}

/// 1/n as a value that the compiler knows nothing about, to be held in a register over a loop: a
/// constant would be made anew at each use, by three instructions.
#[inline(always)]
pub fn opaque<V: Lanes>(n: usize) -> V {
    black_box(reciprocal(n))
}

/// The reciprocals that a loop over chains needs, held.
struct Fractions<V> {
    held: [V; MOST_HELD],
    most: usize,
}

/// As many as there may be registers for.
const MOST_HELD: usize = 7;

impl<V: Lanes> Fractions<V> {
    /// For chains up to C_r; 0 holds none.
    #[inline(always)]
    fn new(r: usize) -> Self {
        let most = if r == 0 { 0 } else { (r + 1).min(MOST_HELD - 1) };
        Fractions { held: core::array::from_fn(|m| if m > 1 && m <= most { opaque(m) } else { V::zero() }), most }
    }

    #[inline(always)]
    fn get(&self, m: usize) -> V {
        if m <= self.most { self.held[m] } else { reciprocal(m) }
    }
}

/// Words whose chains are made at once, at most.
pub const MOST_SIBLINGS: usize = 5;

/// How many of `left` siblings to take next: avoids one alone, since sums of
/// one word wait for themselves.
#[inline(always)]
pub fn next_group(left: usize) -> usize {
    match left {
        0..=5 => left,
        6 => 3,
        7 => 4,
        9 | 10 => 5,
        _ => 4,
    }
}

/// Some sibling words: neighbours c, c + 1, … below one word.
pub struct Siblings<V> {
    /// Their coefficients.
    pub coefficients: *mut V,
    /// Increments of their last letters, `stride` vectors a step.
    pub increments: *const V,
    pub stride: usize,
    pub steps: usize,
    /// Letters to come after them.
    pub r: usize,
    /// Their chains, one word's behind the other's.
    pub to: *mut V,
}

impl<V: Lanes> Siblings<V> {
    /// `count` words of one letter: the word before them is empty, its chains are C_m = 1.
    ///
    /// # Safety
    /// Everything is there.
    #[inline(always)]
    pub unsafe fn first(self, count: usize) {
        // SAFETY: as the caller vouches.
        unsafe {
            match (self.r, count) {
                (2, 1) => self.first_letters::<2, 1>(),
                (2, 2) => self.first_letters::<2, 2>(),
                (2, 3) => self.first_letters::<2, 3>(),
                (2, 4) => self.first_letters::<2, 4>(),
                (2, 5) => self.first_letters::<2, 5>(),
                (3, 1) => self.first_letters::<3, 1>(),
                (3, 2) => self.first_letters::<3, 2>(),
                (3, 3) => self.first_letters::<3, 3>(),
                (3, 4) => self.first_letters::<3, 4>(),
                (3, 5) => self.first_letters::<3, 5>(),
                (4, 1) => self.first_letters::<4, 1>(),
                (4, 2) => self.first_letters::<4, 2>(),
                (4, 3) => self.first_letters::<4, 3>(),
                (5, 1) => self.first_letters::<5, 1>(),
                (5, 2) => self.first_letters::<5, 2>(),
                _ => {
                    for i in 0..count {
                        self.one(i).first_letters::<0, 1>();
                    }
                }
            }
        }
    }

    /// `count` words below one whose chains are given.
    ///
    /// # Safety
    /// Everything is there.
    #[inline(always)]
    pub unsafe fn below(self, chains: *const V, count: usize) {
        // SAFETY: as the caller vouches.
        unsafe {
            match (self.r, count) {
                (2, 2) => self.children::<2, 2>(chains),
                (2, 3) => self.children::<2, 3>(chains),
                (2, 4) => self.children::<2, 4>(chains),
                (2, 5) => self.children::<2, 5>(chains),
                (3, 2) => self.children::<3, 2>(chains),
                (3, 3) => self.children::<3, 3>(chains),
                (3, 4) => self.children::<3, 4>(chains),
                (4, 2) => self.children::<4, 2>(chains),
                (4, 3) => self.children::<4, 3>(chains),
                (5, 2) => self.children::<5, 2>(chains),
                _ => {
                    for i in 0..count {
                        self.one(i).children::<0, 1>(chains);
                    }
                }
            }
        }
    }

    /// Number `i` alone.
    fn one(&self, i: usize) -> Siblings<V> {
        Siblings {
            coefficients: self.coefficients.wrapping_add(i),
            increments: self.increments.wrapping_add(i),
            to: self.to.wrapping_add(i * self.steps * self.r),
            ..*self
        }
    }

    /// The chains of one word at one step; `next(m)` is C_m.
    #[inline(always)]
    unsafe fn write(r: usize, to: *mut V, fractions: &Fractions<V>, mut next: impl FnMut(usize) -> V) {
        // SAFETY: `to` has room for r vectors.
        unsafe {
            *to = next(1);
            for m in 2..(r + 1) {
                *to.add(m - 1) = next(m).mul(fractions.get(m));
            }
        }
    }

    /// `R` is `r` where it is known at compile time, else 0.
    #[inline(never)]
    unsafe fn first_letters<const R: usize, const G: usize>(self) {
        let r = if R > 0 { R } else { self.r };
        let each = self.steps * r;
        // SAFETY: as the caller vouches.
        unsafe {
            let mut x: [V; G] = core::array::from_fn(|i| *self.coefficients.add(i));
            let (mut z, mut to) = (self.increments, self.to);
            let fractions = Fractions::new(R);
            for _ in 0..self.steps {
                for (i, x) in x.iter_mut().enumerate() {
                    let z = *z.add(i);
                    Self::write(r, to.add(i * each), &fractions, |m| z.mul_add(fractions.get(m + 1), *x));
                    *x = x.add(z);
                }
                z = z.add(self.stride);
                to = to.add(r);
            }
            for (i, x) in x.into_iter().enumerate() {
                *self.coefficients.add(i) = x;
            }
        }
    }

    /// `R` as above.
    #[inline(never)]
    unsafe fn children<const R: usize, const G: usize>(self, mut chains: *const V) {
        let r = if R > 0 { R } else { self.r };
        let each = self.steps * r;
        // SAFETY: as the caller vouches.
        unsafe {
            let mut x: [V; G] = core::array::from_fn(|i| *self.coefficients.add(i));
            let (mut z, mut to) = (self.increments, self.to);
            let fractions = Fractions::new(R);
            for _ in 0..self.steps {
                for (i, x) in x.iter_mut().enumerate() {
                    let z = *z.add(i);
                    Self::write(r, to.add(i * each), &fractions, |m| (*chains.add(m)).mul_add(z, *x));
                    *x = (*chains).mul_add(z, *x);
                }
                z = z.add(self.stride);
                chains = chains.add(r + 1);
                to = to.add(r);
            }
            for (i, x) in x.into_iter().enumerate() {
                *self.coefficients.add(i) = x;
            }
        }
    }
}
