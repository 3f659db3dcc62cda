//! One step of a path in lanes, before a signature or behind it, and the order of words of walks
//! backwards.
//!
//! A step with increment z multiplies by exp(z) = Σ z^k/k!, from the left or from the right, by
//! Horner's scheme: on level k from the right
//!     S_k + (S_{k-1} + (S_{k-2} + … (S_1 + z/k) … ⊗ z/3) ⊗ z/2) ⊗ z,
//! and from the left likewise.

use crate::lanes::Lanes;
use crate::walk::chains::reciprocal;
use crate::words::shape::Shape;

/// `to := exp(z) ⊗ from`; `from` may be `to`.
///
/// # Safety
/// Both are states; `scratch` has room for two levels below the top one.
#[inline(never)]
pub unsafe fn before<V: Lanes>(shape: &Shape, from: *const V, to: *mut V, z: *const V, scratch: *mut V) {
    let d = shape.channels;
    // SAFETY: as the caller vouches; level k is written after those that need what it was.
    unsafe {
        for k in (1..=shape.depth).rev() {
            let mut sum = z;
            for j in 1..=k {
                let (count, factor) = (shape.count(j - 1), reciprocal::<V>(k - j + 1));
                let mut level = from.add(shape.offset(j));
                let first = target(shape, j, k, to, scratch);
                let mut into = first;
                for c in 0..d {
                    let x = (*z.add(c)).mul(factor);
                    if j == 1 {
                        *into = x.add(*level);
                    } else {
                        add_multiple(level, x, sum, into, count);
                    }
                    level = level.add(count);
                    into = into.add(count);
                }
                sum = first;
            }
        }
    }
}

/// Where Horner's scheme of level k puts its sum of level j: in one half of the scratch or the
/// other, the last one in its place.
#[inline(always)]
fn target<V>(shape: &Shape, j: usize, k: usize, state: *mut V, scratch: *mut V) -> *mut V {
    match j == k {
        true => state.wrapping_add(shape.offset(k)),
        false => scratch.wrapping_add(j % 2 * shape.count(shape.depth - 1)),
    }
}

/// `into[v] := level[v] + x sum[v]` for `count` of them.
#[inline(always)]
unsafe fn add_multiple<V: Lanes>(mut level: *const V, x: V, mut sum: *const V, mut into: *mut V, count: usize) {
    let mut left = count;
    // SAFETY: the caller vouches for `count` vectors.
    unsafe {
        while left >= 4 {
            for i in 0..4 {
                *into.add(i) = x.mul_add(*sum.add(i), *level.add(i));
            }
            (level, sum, into) = (level.add(4), sum.add(4), into.add(4));
            left -= 4;
        }
        for i in 0..left {
            *into.add(i) = x.mul_add(*sum.add(i), *level.add(i));
        }
    }
}

/// `state := state ⊗ exp(z)`.
///
/// # Safety
/// As [`before`].
#[inline(never)]
pub unsafe fn behind<V: Lanes>(shape: &Shape, state: *mut V, z: *const V, scratch: *mut V) {
    let d = shape.channels;
    // SAFETY: as in `before`.
    unsafe {
        for k in (1..=shape.depth).rev() {
            let mut sum = z;
            for j in 1..=k {
                let (count, factor) = (shape.count(j - 1), reciprocal::<V>(k - j + 1));
                let level = state.add(shape.offset(j)).cast_const();
                let into = target(shape, j, k, state, scratch);
                if j == 1 {
                    for c in 0..d {
                        *into.add(c) = (*z.add(c)).mul_add(factor, *level.add(c));
                    }
                } else {
                    let mut at = 0;
                    while at < d {
                        let (z, level, into) = (z.add(at), level.add(at), into.add(at));
                        at += match d - at {
                            4.. => columns::<V, 4>(sum, count, z, factor, level, into, d),
                            3 => columns::<V, 3>(sum, count, z, factor, level, into, d),
                            2 => columns::<V, 2>(sum, count, z, factor, level, into, d),
                            _ => columns::<V, 1>(sum, count, z, factor, level, into, d),
                        };
                    }
                }
                sum = into;
            }
        }
    }
}

/// `into[we] := level[we] + sum[w] z[e] factor` for `N` letters e; gives their number.
#[inline(always)]
unsafe fn columns<V: Lanes, const N: usize>(
    mut sum: *const V,
    count: usize,
    z: *const V,
    factor: V,
    mut level: *const V,
    mut into: *mut V,
    pitch: usize,
) -> usize {
    // SAFETY: the caller vouches for `count` rows of `pitch` vectors.
    unsafe {
        let z: [V; N] = core::array::from_fn(|e| (*z.add(e)).mul(factor));
        for _ in 0..count {
            let x = *sum;
            for (e, z) in z.iter().enumerate() {
                *into.add(e) = x.mul_add(*z, *level.add(e));
            }
            (sum, level, into) = (sum.add(1), level.add(pitch), into.add(pitch));
        }
    }
    N
}

/// Increments of a tile, the last one first.
///
/// # Safety
/// There are `steps` times `d` vectors.
pub unsafe fn turn<V: Lanes>(tile: *mut V, steps: usize, d: usize) {
    for q in 0..steps / 2 {
        // SAFETY: both are steps of the tile, and not the same.
        unsafe { core::ptr::swap_nonoverlapping(tile.add(q * d), tile.add((steps - 1 - q) * d), d) };
    }
}

/// Where the reversed word of each word is.
///
/// # Safety
/// `to` has room for as many numbers as there are words.
pub unsafe fn reverse_words(shape: &Shape, to: *mut u32) {
    for k in 1..=shape.depth {
        for word in 0..shape.count(k) {
            let (mut rest, mut reversed) = (word, 0);
            for _ in 0..k {
                reversed = reversed * shape.channels + rest % shape.channels;
                rest /= shape.channels;
            }
            // SAFETY: as the caller vouches.
            unsafe { *to.add(shape.offset(k) + word) = (shape.offset(k) + reversed) as u32 };
        }
    }
}

/// `to[i] := from[places[i]]`.
///
/// # Safety
/// All of them are there.
#[inline(never)]
pub unsafe fn reordered<V: Lanes>(places: *const u32, from: *const V, to: *mut V, size: usize) {
    for i in 0..size {
        // SAFETY: as the caller vouches.
        unsafe { *to.add(i) = *from.add(*places.add(i) as usize) };
    }
}
