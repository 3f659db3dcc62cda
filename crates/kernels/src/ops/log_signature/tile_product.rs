//! The product of the signatures of two stretches, on followed words only: what tiles of time are
//! put together by.

use super::words::Row;
use crate::Recovery;
use crate::lanes::{Lanes, LanesF64};
use crate::words::shape::Shape;
use std::vec::Vec;

/// Numbers in a vector of float32, as two vectors of float64.
pub const HALVES: usize = 2;

/// Where tiles take less time than float64: with two channels, and at depth 5, the products take
/// longer than the walk saves.
const DEEPEST_IN_TILES: usize = 4;
const FEWEST_CHANNELS: usize = 3;

/// The product A ← A ⊗ T on followed words,
///
/// ```text
/// A(w) ← A(w) + T(w) + Σ_{w = uv} A(u) T(v):
/// ```
///
/// all u are followed; v is any word below the top, which is recovered from the followed ones.
#[derive(Debug)]
pub struct Product {
    /// Followed words to all words: from, to, count.
    pub(super) copies: Vec<u32>,
    /// Powers of letters: among followed words, among all.
    pub(super) powers: Vec<[u32; 2]>,
    pub(super) recovery: Option<Vec<u32>>,
    /// Rows of followed words, top level first: target, count, terms, (u, first v) for each term.
    rows: Vec<u32>,
    /// Vectors of all words, and what their recovery needs.
    pub(super) all: usize,
    /// Words below the top.
    pub(super) low: usize,
}

impl Product {
    /// `None` where paths are not computed in tiles. `followed` are
    /// the rows of followed words, `places` is where each word stands among them.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn new(followed: &[Row], places: &[u32], shape: &Shape) -> Option<Product> {
        let (d, n) = (shape.channels, shape.depth);
        if d < FEWEST_CHANNELS || !(2..=DEEPEST_IN_TILES).contains(&n) {
            return None;
        }
        let recovery = if n > 2 { Some(Recovery::build_below(d, n)?) } else { None };
        let values = recovery.as_ref().and_then(|words| Recovery::from_words(words, d, n)).map(|r| r.values());
        let (mut copies, mut powers, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for a in 0..d {
            let mut word = a;
            for k in 1..n {
                let flat = shape.offset(k) + word;
                powers.push([places[flat], flat as u32]);
                word = word * d + a;
            }
        }
        for level in (1..=n).rev() {
            for row in followed.iter().filter(|row| row.level == level) {
                let Row { first, at, count, .. } = *row;
                if level < n {
                    copies.extend_from_slice(&[at as u32, first as u32, count as u32]);
                }
                rows.extend_from_slice(&[at as u32, count as u32, level as u32 - 1]);
                let word = first - shape.offset(level);
                for k in 1..level {
                    let by = shape.count(level - k);
                    rows.push(places[shape.offset(k) + word / by]);
                    rows.push((shape.offset(level - k) + word % by) as u32);
                }
            }
        }
        Some(Product { copies, powers, recovery, rows, all: values.unwrap_or(d), low: shape.offset(n) })
    }

    /// Multiplies the first `H` vectors of each coefficient: all operands have [`HALVES`].
    #[inline(never)]
    pub(super) unsafe fn run<const H: usize>(&self, a: *mut LanesF64, t: *const LanesF64, all: *const LanesF64) {
        let mut p = self.rows.as_ptr();
        // SAFETY: the caller vouches for the operands, `new` for the indices. Rows of higher levels
        // come first, so that prefixes are still those of A.
        unsafe {
            let end = p.add(self.rows.len());
            while p < end {
                let (at, count, terms) = (HALVES * *p as usize, *p.add(1) as usize, *p.add(2) as usize);
                p = p.add(3);
                let (to, of_tile) = (a.add(at), t.add(at));
                let mut j = 0;
                while j < count {
                    macro_rules! take {
                        ($count:literal) => {{
                            words::<$count, H>(to, of_tile, j, terms, p, a, all);
                            $count
                        }};
                    }
                    j += match count - j {
                        1 => take!(1),
                        2 => take!(2),
                        3 => take!(3),
                        _ => take!(4),
                    };
                }
                p = p.add(2 * terms);
            }
        }
    }
}

/// Some words of a row, from number `j` on.
#[inline(always)]
unsafe fn words<const N: usize, const H: usize>(
    to: *mut LanesF64,
    of_tile: *const LanesF64,
    j: usize,
    terms: usize,
    p: *const u32,
    a: *const LanesF64,
    all: *const LanesF64,
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let at = |i: usize, h: usize| HALVES * (j + i) + h;
        let mut sums: [[LanesF64; H]; N] =
            core::array::from_fn(|i| core::array::from_fn(|h| (*to.add(at(i, h))).add(*of_tile.add(at(i, h)))));
        for term in 0..terms {
            let u = a.add(HALVES * *p.add(2 * term) as usize);
            let v = all.add(HALVES * *p.add(2 * term + 1) as usize);
            let u: [LanesF64; H] = core::array::from_fn(|h| *u.add(h));
            for (i, sum) in sums.iter_mut().enumerate() {
                for (h, sum) in sum.iter_mut().enumerate() {
                    *sum = u[h].mul_add(*v.add(at(i, h)), *sum);
                }
            }
        }
        for (i, sum) in sums.into_iter().enumerate() {
            for (h, sum) in sum.into_iter().enumerate() {
                *to.add(at(i, h)) = sum;
            }
        }
    }
}
