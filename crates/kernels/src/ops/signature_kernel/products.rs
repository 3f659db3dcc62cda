//! v of a few rows of x and all columns of y: inner products of increments, or second differences
//! of a static kernel.

use super::static_kernel::{InLanes, StaticKernel};
use crate::lanes::{Lanes, Real};

/// Inner products of `ROWS` rows of x with `columns` rows of y: `to[j * ROWS + r]`.
///
/// # Safety
/// The rows have `channels` numbers each, and `to` has room.
#[inline(never)]
pub(super) unsafe fn products<V: Lanes, const ROWS: usize>(
    x: *const V,
    y: *const V,
    columns: usize,
    channels: usize,
    to: *mut V,
) {
    let mut j = 0;
    // SAFETY: as the caller vouches.
    unsafe {
        if ROWS <= 3 {
            while j + 3 <= columns {
                tile::<V, ROWS, 3>(x, y.add(j * channels), channels, to.add(j * ROWS));
                j += 3;
            }
        }
        while ROWS > 3 && j + 2 <= columns {
            tile::<V, ROWS, 2>(x, y.add(j * channels), channels, to.add(j * ROWS));
            j += 2;
        }
        while j < columns {
            tile::<V, ROWS, 1>(x, y.add(j * channels), channels, to.add(j * ROWS));
            j += 1;
        }
    }
}

/// A tile of them, in registers.
#[inline(always)]
unsafe fn tile<V: Lanes, const ROWS: usize, const COLUMNS: usize>(
    x: *const V,
    y: *const V,
    channels: usize,
    to: *mut V,
) {
    let mut sums = [[V::zero(); ROWS]; COLUMNS];
    let rows: [*const V; ROWS] = core::array::from_fn(|r| x.wrapping_add(r * channels));
    let columns: [*const V; COLUMNS] = core::array::from_fn(|c| y.wrapping_add(c * channels));
    for k in 0..channels {
        // SAFETY: as the caller of `products` vouches.
        unsafe {
            let ys: [V; COLUMNS] = core::array::from_fn(|c| *columns[c].add(k));
            for r in 0..ROWS {
                let number = *rows[r].add(k);
                for c in 0..COLUMNS {
                    sums[c][r] = if k == 0 { number.mul(ys[c]) } else { number.mul_add(ys[c], sums[c][r]) };
                }
            }
        }
    }
    for (c, column) in sums.iter().enumerate() {
        for (r, &sum) in column.iter().enumerate() {
            // SAFETY: as above.
            unsafe { *to.add(c * ROWS + r) = sum };
        }
    }
}

/// What a static kernel is a function of, for a point of x and a point of y.
///
/// # Safety
/// Both have `channels` numbers.
#[inline(always)]
pub(super) unsafe fn argument<V: Lanes>(is_radial: bool, x: *const V, y: *const V, channels: usize) -> V {
    let mut sum = V::zero();
    for k in 0..channels {
        // SAFETY: as the caller vouches.
        let (a, b) = unsafe { (*x.add(k), *y.add(k)) };
        let (a, b) = if is_radial { (a.sub(b), a.sub(b)) } else { (a, b) };
        sum = a.mul_add(b, sum);
    }
    sum
}

/// Second differences of a static kernel, times `unit`, for the rows of x from a point on:
/// `to[j * rows + r]`. `below` has the kernel's values at that point and gets those at the last;
/// `fresh` is for those of a row.
///
/// # Safety
/// There are `rows + 1` points of x, `columns + 1` of y, `below` and `fresh`, and `to` has room.
pub(super) unsafe fn differences<V: Lanes>(
    (kernel, unit): (StaticKernel, f64),
    (x, rows): (*const V, usize),
    (y, columns): (*const V, usize),
    channels: usize,
    [below, fresh, to]: [*mut V; 3],
) {
    let unit = V::splat(V::T::from_f64(unit));
    // SAFETY: as the caller vouches.
    unsafe {
        for r in 0..rows {
            values(kernel, x.add((r + 1) * channels), (y, columns), channels, fresh);
            for j in 0..columns {
                let (upper, lower) = ((*fresh.add(j + 1)).sub(*fresh.add(j)), (*below.add(j + 1)).sub(*below.add(j)));
                *to.add(j * rows + r) = upper.sub(lower).mul(unit);
            }
            below.copy_from_nonoverlapping(fresh, columns + 1);
        }
    }
}

/// The static kernel's values at one point of x.
///
/// # Safety
/// As [`differences`].
#[inline(never)]
pub(super) unsafe fn values<V: Lanes>(
    kernel: StaticKernel,
    x: *const V,
    (y, columns): (*const V, usize),
    channels: usize,
    to: *mut V,
) {
    let is_radial = kernel.is_radial();
    // SAFETY: as the caller vouches.
    unsafe {
        for j in 0..=columns {
            *to.add(j) = argument(is_radial, x, y.add(j * channels), channels);
        }
        InLanes::<V>::new(kernel).values(core::slice::from_raw_parts_mut(to, columns + 1));
    }
}
