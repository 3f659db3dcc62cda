//! States: the coefficients of a group of paths, one vector a coefficient, and their ways to and from rows.

use crate::lanes::{Lanes, Real, Rows, RowsMut};

/// Zeros: the identity in every lane.
///
/// # Safety
/// `state` is valid for writing `size` vectors.
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
/// As [`store_state`], the other way.
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

/// Whether the first `channels` vectors, the sums of increments, are finite: a sum once infinite or NaN never becomes finite again.
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

/// Whether every lane is zero: what a sum of finite numbers times zero is, and any other sum is not.
pub fn is_zero<V: Lanes>(zeros: V) -> bool {
    zeros.to_lanes()[..V::WIDTH].iter().all(|&z| z == V::T::ZERO)
}
