//! Rows of lanes, states, and increments: one copy of the code for all the places that need it.

use crate::batch::items::Group;
use crate::batch::state::{is_zero, load_state, store_state};
use crate::lanes::{Lanes, MAX_WIDTH, Rows, RowsMut};
use crate::path::increments::{Gather, Track};

/// A pointer a lane, `pitch` numbers from one path's to the next one's.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn rows_of<T>(group: &Group, first: *const T, pitch: usize) -> Rows<T> {
    group.items.map(|path| first.wrapping_add(path * pitch))
}

/// How far each lane's piece leads, channel by channel.
///
/// # Safety
/// `to` has room for `channels` vectors.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn moved<V: Lanes>(tracks: [Track<'_, V::T>; MAX_WIDTH], channels: usize, to: *mut V) {
    let gather = Gather::new(tracks, channels);
    for c in 0..channels {
        // SAFETY: as the caller vouches.
        unsafe { *to.add(c) = gather.total(c) };
    }
}

/// The same rows, to be written.
#[inline(always)]
pub fn writable<T>(rows: Rows<T>) -> RowsMut<T> {
    rows.map(<*const T>::cast_mut)
}

/// Rows of each lane to a state: one copy of the code for all the places that need it.
///
/// # Safety
/// As [`load_state`].
#[inline(never)]
pub unsafe fn load<V: Lanes>(state: *mut V, size: usize, rows: &Rows<V::T>) {
    // SAFETY: as the caller vouches.
    unsafe { load_state(state, size, rows) };
}

/// A state to rows of each lane, likewise.
///
/// # Safety
/// As [`store_state`].
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn store<V: Lanes>(state: *const V, size: usize, rows: &RowsMut<V::T>) {
    // SAFETY: as the caller vouches.
    unsafe { store_state(state, size, rows) };
}

/// Increments of `steps` steps from `t` on, likewise.
///
/// # Safety
/// As [`Gather::read`].
#[inline(never)]
pub unsafe fn read<V: Lanes>(gather: &Gather<'_, V::T>, t: usize, steps: usize, to: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe { gather.read(t, steps, to) };
}

/// Whether all of a state is finite.
///
/// # Safety
/// `state` has `size` vectors.
#[cfg_attr(path_signature_small, optimize(size))]
pub unsafe fn all_finite<V: Lanes>(state: *const V, size: usize) -> bool {
    let mut zeros = V::zero();
    for i in 0..size {
        // SAFETY: as the caller vouches.
        zeros = unsafe { *state.add(i) }.mul_add(V::zero(), zeros);
    }
    is_zero(zeros)
}
