//! States: the coefficients of a group of paths, one vector a coefficient; conversion to and
//! from rows.

use crate::lanes::{Lanes, Real, Rows, RowsMut};

/// Zeros: the identity in every lane.
///
/// # Safety
/// `state` is valid for writing `size` vectors.
#[inline(never)]
pub unsafe fn clear<V: Lanes>(state: *mut V, size: usize) {
    for i in 0..size {
        // SAFETY: the caller vouches for `size` vectors.
        unsafe { *state.add(i) = V::zero() };
    }
}

/// A state to one row a lane.
///
/// # Safety
/// `state` has `size` vectors, every row room for `size` numbers.
#[inline(never)]
pub unsafe fn store_state<V: Lanes>(state: *const V, size: usize, rows: &RowsMut<V::T>) {
    let mut i = 0;
    // SAFETY: the caller vouches for `size` vectors and numbers.
    unsafe {
        while i + V::WIDTH <= size {
            V::store_transposed(state.add(i), rows, i);
            i += V::WIDTH;
        }
        while i < size {
            let lanes = (*state.add(i)).to_lanes();
            for l in 0..V::WIDTH {
                *rows[l].add(i) = lanes[l];
            }
            i += 1;
        }
    }
}

/// One row a lane to a state.
///
/// # Safety
/// As [`store_state`], in the other direction.
#[inline(never)]
pub unsafe fn load_state<V: Lanes>(state: *mut V, size: usize, rows: &Rows<V::T>) {
    let mut i = 0;
    // SAFETY: the caller vouches for `size` vectors and numbers.
    unsafe {
        while i + V::WIDTH <= size {
            for (j, v) in V::load_transposed(rows, i).into_iter().enumerate().take(V::WIDTH) {
                *state.add(i + j) = v;
            }
            i += V::WIDTH;
        }
        while i < size {
            *state.add(i) = V::from_lanes(|l| *rows[l].add(i));
            i += 1;
        }
    }
}

/// Whether the first `channels` vectors, the sums of increments, are finite: a sum once infinite or
/// NaN never becomes finite again.
///
/// # Safety
/// `state` has `channels` vectors.
pub unsafe fn sums_finite<V: Lanes>(state: *const V, channels: usize) -> bool {
    let mut zeros = V::zero();
    for c in 0..channels {
        // SAFETY: the caller vouches for `channels` vectors.
        zeros = unsafe { *state.add(c) }.mul_add(V::zero(), zeros);
    }
    is_zero(zeros)
}

/// Whether `count` numbers are finite.
///
/// # Safety
/// There are as many.
#[inline(never)]
pub unsafe fn all_finite<V: Lanes>(first: *const V::T, count: usize) -> bool {
    // Four sums, which do not wait for each other.
    let mut zeros = [V::zero(); 4];
    let mut i = 0;
    // SAFETY: as the caller vouches.
    unsafe {
        while i + 4 * V::WIDTH <= count {
            for (j, zeros) in zeros.iter_mut().enumerate() {
                *zeros = V::load(first.add(i + j * V::WIDTH)).mul_add(V::zero(), *zeros);
            }
            i += 4 * V::WIDTH;
        }
        while i + V::WIDTH <= count {
            zeros[0] = V::load(first.add(i)).mul_add(V::zero(), zeros[0]);
            i += V::WIDTH;
        }
        while i < count {
            zeros[0] = V::splat(*first.add(i)).mul_add(V::zero(), zeros[0]);
            i += 1;
        }
    }
    is_zero(zeros[0].add(zeros[1]).add(zeros[2].add(zeros[3])))
}

/// Whether every lane is zero: what a sum of finite numbers times zero is, and any other sum is
/// not.
pub fn is_zero<V: Lanes>(zeros: V) -> bool {
    zeros.to_lanes()[..V::WIDTH].iter().all(|&z| z == V::T::ZERO)
}
