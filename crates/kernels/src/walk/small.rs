//! Ends of walks so small that all their coefficients stay in registers for a tile of time: no rows
//! in memory, and few chains.
//!
//! The same recursion as `walk`, written out: there it is explained.

// Loops over i, j and c index several register arrays at once; iterators over one of them would
// hide that.
#![allow(clippy::needless_range_loop)]

use crate::lanes::Lanes;
use crate::walk::chains::reciprocal;
use crate::walk::frame::Frame;

/// Depth 3, an alphabet of `M` letters of which `C` = M - 1 are followed as last ones: the letter,
/// M words of two letters, M C of three.
///
/// # Safety
/// As [`crate::walk::horner::below_letter`], with the frame's width M and depth 2.
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

/// Depth 4 below a first letter, two letters: the letter, two words of two letters, four of three,
/// and of the eight of four those that end in the second letter.
///
/// # Safety
/// As [`crate::walk::horner::below_letter`], with the frame's width 2 and depth 3.
#[inline(never)]
pub unsafe fn three_below_letter_of_two<V: Lanes>(
    frame: &Frame<V>,
    root: *mut V,
    mut increments: *const V,
    steps: usize,
) {
    let (half, third, fourth) = (reciprocal::<V>(2), reciprocal::<V>(3), reciprocal::<V>(4));
    let (upper, lower, top) = (frame.levels[2], frame.levels[1], frame.levels[0]);
    // SAFETY: as the caller vouches.
    unsafe {
        let mut x = *root;
        let mut s: [V; 2] = core::array::from_fn(|i| *upper.add(i));
        let mut t: [V; 4] = core::array::from_fn(|i| *lower.add(i));
        let mut y: [V; 4] = core::array::from_fn(|i| *top.add(i));
        for _ in 0..steps {
            let z = [*increments, *increments.add(1)];
            let one = z[0].mul_add(half, x);
            let two = z[0].mul_add(third, x).mul(half);
            let three = z[0].mul_add(fourth, x).mul(third);
            x = x.add(z[0]);
            for c in 0..2 {
                let b = two.mul_add(z[c], s[c]);
                let a = three.mul_add(z[c], s[c]).mul(half);
                s[c] = one.mul_add(z[c], s[c]);
                for i in 0..2 {
                    let word = 2 * c + i;
                    let v = a.mul_add(z[i], t[word]);
                    t[word] = b.mul_add(z[i], t[word]);
                    y[word] = v.mul_add(z[1], y[word]);
                }
            }
            increments = increments.add(frame.stride);
        }
        *root = x;
        for i in 0..2 {
            *upper.add(i) = s[i];
        }
        for i in 0..4 {
            *lower.add(i) = t[i];
            *top.add(i) = y[i];
        }
    }
}
