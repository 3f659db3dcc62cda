//! Ends of walks so small that all their coefficients stay in registers for a tile of time: no rows in memory, and few chains.
//!
//! The same recursion as `walk`, written out: there it is explained.

// Loops over i, j and c index several register arrays at once; iterators over one of them would hide that.
#![allow(clippy::needless_range_loop)]

use crate::lanes::Lanes;
use crate::chains::reciprocal;
use crate::walk::Frame;

/// Depth 3, an alphabet of `M` letters of which `C` = M - 1 are followed as last ones: the letter, M words of two letters, M C of three.
///
/// # Safety
/// As [`crate::walk::below_letter`], with the frame's width M and depth 2.
#[inline(never)]
pub unsafe fn two_below<V: Lanes, const M: usize, const C: usize>(
    frame: &Frame<V>,
    root: *mut V,
    mut increments: *const V,
    steps: usize,
) {
    let (half, third) = (reciprocal::<V>(2), reciprocal::<V>(3));
    // SAFETY: as the caller vouches.
    unsafe {
        let (lower, top) = (frame.levels[1], frame.levels[0]);
        let mut x = *root;
        let mut s: [V; M] = core::array::from_fn(|i| *lower.add(i));
        let mut y: [[V; C]; M] = core::array::from_fn(|i| core::array::from_fn(|j| *top.add(i * C + j)));
        for _ in 0..steps {
            let z: [V; M] = core::array::from_fn(|i| *increments.add(i));
            let b = z[0].mul_add(half, x);
            let a = z[0].mul_add(third, x).mul(half);
            x = x.add(z[0]);
            for i in 0..M {
                let v = a.mul_add(z[i], s[i]);
                s[i] = b.mul_add(z[i], s[i]);
                for j in 0..C {
                    y[i][j] = v.mul_add(z[j + 1], y[i][j]);
                }
            }
            increments = increments.add(frame.stride);
        }
        *root = x;
        for i in 0..M {
            *lower.add(i) = s[i];
            for j in 0..C {
                *top.add(i * C + j) = y[i][j];
            }
        }
    }
}

/// Two letters, three levels below a word: two, four and 4 C coefficients, C = 1 if only words that end in the second letter are followed, else 2.
/// `chains` gives the word's C_m / m, m = 1 … 3, at each step.
///
/// # Safety
/// The coefficients are valid for writing, `increments` for reading `steps` times two vectors, `stride` apart.
#[inline(always)]
unsafe fn levels_of_two<V: Lanes, const C: usize>(
    [upper, lower, top]: [*mut V; 3],
    mut increments: *const V,
    stride: usize,
    steps: usize,
    mut chains: impl FnMut([V; 2]) -> [V; 3],
) {
    let half = reciprocal::<V>(2);
    // SAFETY: as the caller vouches.
    unsafe {
        let mut s: [V; 2] = core::array::from_fn(|i| *upper.add(i));
        let mut t: [V; 4] = core::array::from_fn(|i| *lower.add(i));
        let mut y: [[V; C]; 4] = core::array::from_fn(|i| core::array::from_fn(|j| *top.add(i * C + j)));
        for _ in 0..steps {
            let z = [*increments, *increments.add(1)];
            let [one, two, three] = chains(z);
            for c in 0..2 {
                let b = two.mul_add(z[c], s[c]);
                let a = three.mul_add(z[c], s[c]).mul(half);
                s[c] = one.mul_add(z[c], s[c]);
                for i in 0..2 {
                    let word = 2 * c + i;
                    let v = a.mul_add(z[i], t[word]);
                    t[word] = b.mul_add(z[i], t[word]);
                    for j in 0..C {
                        y[word][j] = v.mul_add(z[j + 2 - C], y[word][j]);
                    }
                }
            }
            increments = increments.add(stride);
        }
        for i in 0..2 {
            *upper.add(i) = s[i];
        }
        for i in 0..4 {
            *lower.add(i) = t[i];
            for j in 0..C {
                *top.add(i * C + j) = y[i][j];
            }
        }
    }
}

/// Depth 4 below a first letter, two letters.
///
/// # Safety
/// As [`crate::walk::below_letter`], with the frame's width 2 and depth 3.
#[inline(never)]
pub unsafe fn three_below_letter_of_two<V: Lanes>(frame: &Frame<V>, root: *mut V, increments: *const V, steps: usize) {
    let (half, third, fourth) = (reciprocal::<V>(2), reciprocal::<V>(3), reciprocal::<V>(4));
    let levels = [frame.levels[2], frame.levels[1], frame.levels[0]];
    // SAFETY: as the caller vouches.
    unsafe {
        let mut x = *root;
        levels_of_two::<V, 1>(levels, increments, frame.stride, steps, |z| {
            let chains = [z[0].mul_add(half, x), z[0].mul_add(third, x).mul(half), z[0].mul_add(fourth, x).mul(third)];
            x = x.add(z[0]);
            chains
        });
        *root = x;
    }
}

/// The last three levels below word number `word` of any walk of two letters; its chains are `[q * 3 + m - 1]`.
///
/// # Safety
/// As for any node of `walk`, with the frame's width 2 and three letters to come.
#[inline(never)]
pub unsafe fn three_below_of_two<V: Lanes, const C: usize>(
    frame: &Frame<V>,
    word: usize,
    mut chains: *const V,
    increments: *const V,
    steps: usize,
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let levels = [frame.levels[2].add(2 * word), frame.levels[1].add(4 * word), frame.levels[0].add(4 * C * word)];
        levels_of_two::<V, C>(levels, increments, frame.stride, steps, |_| {
            let next = [*chains, *chains.add(1), *chains.add(2)];
            chains = chains.add(3);
            next
        });
    }
}
