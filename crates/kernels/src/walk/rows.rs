//! The last but one level: what the steps of a tile hand down to the top level. A *row* is a word
//! with one letter to come; at each step it has a value v, and the top level is S(row·e) += v z_e
//! (`rectangle`).
//!
//! With b = C_1 and a = C_2/2 the chains of the word before a row's last letter c,
//!     v = S(row) + a z_c,   S(row) += b z_c.
//! Where alphabets are small the chains do not go through memory: they are made in the same loop.
//! Words that a loop takes together hide each other's latency.
//!
//! Not here: chains that go through memory (`chains`), which words a loop takes (`walk`).

// Loops over words and letters index several register arrays at once; iterators over one of them
// would hide that.
#![allow(clippy::needless_range_loop)]

use crate::lanes::Lanes;
use crate::walk::chains::{opaque, reciprocal};

/// Neighbouring words of two letters to come, and the rows below them.
pub struct Rows<V> {
    /// The words' coefficients.
    pub words: *mut V,
    /// The rows' coefficients: as many as letters for each word.
    pub lower: *mut V,
    /// Increments of the alphabet's letters, `stride` vectors a step, `steps` steps.
    pub increments: *const V,
    pub stride: usize,
    pub steps: usize,
    /// The last letter of the first word.
    pub letter: usize,
    /// The rows' values, `pitch` vectors a step.
    pub to: *mut V,
    pub pitch: usize,
}

impl<V: Lanes> Rows<V> {
    /// `K` words below one whose chains are C_1, C_2/2, C_3/3 at each step.
    ///
    /// # Safety
    /// All ranges are there.
    #[inline(never)]
    pub unsafe fn below<const K: usize, const W: usize>(&self, mut chains: *const V) {
        // SAFETY: as the caller vouches.
        unsafe {
            let next = || {
                let three = [*chains, *chains.add(1), *chains.add(2)];
                chains = chains.add(3);
                three
            };
            self.run::<K, W>(opaque(2), next, |one, z, s| one.mul_add(z, s));
        }
    }

    /// `K` words of one letter.
    ///
    /// # Safety
    /// All ranges are there.
    #[inline(never)]
    pub unsafe fn first<const K: usize, const W: usize>(&self) {
        let (half, third) = (opaque(2), opaque(3));
        // SAFETY: as the caller vouches.
        unsafe { self.run::<K, W>(half, || [reciprocal(1), half, third], |_, z, s| s.add(z)) }
    }

    /// `chains` gives those of the word before, `advance` what a word's coefficient becomes.
    #[inline(always)]
    unsafe fn run<const K: usize, const W: usize>(
        &self,
        half: V,
        mut chains: impl FnMut() -> [V; 3],
        advance: impl Fn(V, V, V) -> V,
    ) {
        // SAFETY: as the caller vouches.
        unsafe {
            let mut s: [V; K] = core::array::from_fn(|k| *self.words.add(k));
            let mut x: [[V; W]; K] = core::array::from_fn(|k| core::array::from_fn(|e| *self.lower.add(k * W + e)));
            let (mut z, mut to) = (self.increments, self.to);
            for _ in 0..self.steps {
                let [one, two, three] = chains();
                let mut g = s;
                let mut b = s;
                for k in 0..K {
                    let last = *z.add(self.letter + k);
                    b[k] = two.mul_add(last, s[k]);
                    g[k] = three.mul_add(last, s[k]);
                    s[k] = advance(one, last, s[k]);
                }
                for k in 0..K {
                    g[k] = g[k].neg_mul_add(half, b[k]);
                }
                for e in 0..W {
                    let z = *z.add(e);
                    for k in 0..K {
                        x[k][e] = b[k].mul_add(z, x[k][e]);
                        *to.add(k * W + e) = g[k].neg_mul_add(z, x[k][e]);
                    }
                }
                z = z.add(self.stride);
                to = to.add(self.pitch);
            }
            for k in 0..K {
                *self.words.add(k) = s[k];
                for e in 0..W {
                    *self.lower.add(k * W + e) = x[k][e];
                }
            }
        }
    }
}

/// `G` rows below one word whose chains b and a stand in memory.
///
/// # Safety
/// All ranges are there.
#[inline(never)]
pub unsafe fn some_rows<V: Lanes, const G: usize>(
    lower: *mut V,
    mut chains: *const V,
    mut z: *const V,
    stride: usize,
    steps: usize,
    mut to: *mut V,
    pitch: usize,
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut x: [V; G] = core::array::from_fn(|i| *lower.add(i));
        for _ in 0..steps {
            let (b, a) = (*chains, *chains.add(1));
            for i in 0..G {
                let z = *z.add(i);
                *to.add(i) = a.mul_add(z, x[i]);
                x[i] = b.mul_add(z, x[i]);
            }
            chains = chains.add(2);
            z = z.add(stride);
            to = to.add(pitch);
        }
        for i in 0..G {
            *lower.add(i) = x[i];
        }
    }
}
