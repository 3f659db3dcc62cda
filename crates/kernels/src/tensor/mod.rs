//! What levels of tensors in lanes do to each other: the outer product, and its adjoints. Numbers
//! are in lexicographic word order; `uv` is the word u followed by v.
//!
//! Not here: which levels meet (`chen`, `ops::algebra`).

// Loops over columns index several arrays at once; iterators over one of them would hide that.
#![allow(clippy::needless_range_loop)]

pub mod chen;

use crate::lanes::Lanes;

/// From this many vectors on, an outer product goes row by row.
const LONG_ROW: usize = 256;

/// Calls a function of the first of `N` columns for all columns of a matrix: four at a time, then
/// those that are left. A row's numbers are the last letters of its word.
macro_rules! by_columns {
    ($pitch:expr, $function:ident ( $($argument:expr),* )) => {{
        let pitch = $pitch;
        let mut at = 0;
        while at + 4 <= pitch {
            $function::<V, 4>(at, pitch, $($argument),*);
            at += 4;
        }
        match pitch - at {
            1 => $function::<V, 1>(at, pitch, $($argument),*),
            2 => $function::<V, 2>(at, pitch, $($argument),*),
            3 => $function::<V, 3>(at, pitch, $($argument),*),
            _ => {}
        }
    }};
}

/// `to[uv] += factor left[u] right[v]`.
pub fn outer<V: Lanes>(to: &mut [V], left: &[V], right: &[V], factor: V) {
    assert_eq!(to.len(), left.len() * right.len());
    // By columns, what is stored to one row is soon loaded from the next, and rows that lie a large
    // power of two apart get in each other's way: 5 % at four letters and depth 6.
    if right.len() >= LONG_ROW {
        for (x, row) in left.iter().zip(to.chunks_exact_mut(right.len())) {
            let x = x.mul(factor);
            for (y, sum) in right.iter().zip(row) {
                *sum = x.mul_add(*y, *sum);
            }
        }
        return;
    }
    // SAFETY: the columns are those of a matrix of the lengths that are asserted.
    unsafe { by_columns!(right.len(), outer_columns(to, left, right, factor)) }
}

#[inline(always)]
unsafe fn outer_columns<V: Lanes, const N: usize>(
    at: usize,
    pitch: usize,
    to: &mut [V],
    left: &[V],
    right: &[V],
    factor: V,
) {
    // SAFETY: the caller vouches for the columns.
    unsafe {
        let right: [V; N] = core::array::from_fn(|i| *right.get_unchecked(at + i));
        let mut row = to.as_mut_ptr().add(at);
        for x in left {
            let x = x.mul(factor);
            for i in 0..N {
                *row.add(i) = x.mul_add(right[i], *row.add(i));
            }
            row = row.wrapping_add(pitch);
        }
    }
}

/// `to[u] += Σ_v from[uv] right[v]`: contraction with the last letters.
pub fn contract_last<V: Lanes>(to: &mut [V], from: &[V], right: &[V]) {
    assert_eq!(from.len(), to.len() * right.len());
    // SAFETY: the columns are those of a matrix of the lengths that are asserted.
    unsafe { by_columns!(right.len(), last_columns(to, from, right)) }
}

#[inline(always)]
unsafe fn last_columns<V: Lanes, const N: usize>(at: usize, pitch: usize, to: &mut [V], from: &[V], right: &[V]) {
    // SAFETY: the caller vouches for the columns.
    unsafe {
        let right: [V; N] = core::array::from_fn(|i| *right.get_unchecked(at + i));
        let mut row = from.as_ptr().add(at);
        for sum in to {
            for i in 0..N {
                *sum = right[i].mul_add(*row.add(i), *sum);
            }
            row = row.wrapping_add(pitch);
        }
    }
}

/// `to[v] += Σ_u left[u] from[uv]`: contraction with the first letters.
pub fn contract_first<V: Lanes>(to: &mut [V], left: &[V], from: &[V]) {
    assert_eq!(from.len(), left.len() * to.len());
    // SAFETY: the columns are those of a matrix of the lengths that are asserted.
    unsafe { by_columns!(to.len(), first_columns(to, left, from)) }
}

#[inline(always)]
unsafe fn first_columns<V: Lanes, const N: usize>(at: usize, pitch: usize, to: &mut [V], left: &[V], from: &[V]) {
    // SAFETY: the caller vouches for the columns.
    unsafe {
        let mut sums: [V; N] = core::array::from_fn(|i| *to.get_unchecked(at + i));
        let mut row = from.as_ptr().add(at);
        for x in left {
            for i in 0..N {
                sums[i] = x.mul_add(*row.add(i), sums[i]);
            }
            row = row.wrapping_add(pitch);
        }
        to[at..at + N].copy_from_slice(&sums);
    }
}

/// `Σ_i x_i y_i`.
pub fn dot<V: Lanes>(x: &[V], y: &[V]) -> V {
    let mut sum = [V::zero()];
    contract_last(&mut sum, x, y);
    sum[0]
}
