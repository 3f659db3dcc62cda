//! Results go out: every row of the output is written here, from a signature that a kernel has
//! made. Rows are what a caller asked for; the state, which continues a path, is always the
//! signature at an item's end.

use super::items::Group;
use super::options::PerPath;
use super::state::store_state;
use crate::lanes::{Lanes, Real, RowsMut};

/// The rows of a call.
pub struct Finish<T> {
    out: *mut T,
    /// Rows of an item.
    pub rows: usize,
    /// Numbers of a signature.
    size: usize,
    scalar_term: bool,
}

impl<T: Real> Finish<T> {
    /// `out` has `rows` rows an item.
    pub fn new(out: &mut [T], rows: usize, size: usize, scalar_term: bool) -> Self {
        Finish { out: out.as_mut_ptr(), rows, size, scalar_term }
    }

    /// Numbers from one row to the next.
    pub fn pitch(&self) -> usize {
        self.size + usize::from(self.scalar_term)
    }

    /// Where the signature in a row begins.
    #[inline(always)]
    fn signature(&self, item: usize, row: usize) -> *mut T {
        self.out.wrapping_add((item * self.rows + row) * self.pitch() + usize::from(self.scalar_term))
    }

    /// One row, whose signature `make` writes.
    ///
    /// # Safety
    /// The row exists, and `make` writes no more than `size` numbers.
    #[inline(always)]
    pub unsafe fn make<R>(&self, item: usize, row: usize, make: impl FnOnce(*mut T) -> R) -> R {
        let signature = self.signature(item, row);
        if self.scalar_term {
            // SAFETY: the term stands before the signature.
            unsafe { *signature.sub(1) = T::ONE };
        }
        make(signature)
    }

    /// One row of each lane. Lanes that repeat an item write the same numbers to the same place.
    ///
    /// # Safety
    /// The rows exist, and the state has `size` vectors.
    #[inline(always)]
    pub unsafe fn write<V: Lanes<T = T>>(&self, group: Group, row: usize, state: *const V) {
        // SAFETY: as the caller vouches.
        unsafe {
            let rows = core::array::from_fn(|l| self.make(group.items[l], row, |to| to));
            store_state(state, self.size, &rows);
        }
    }

    /// The rows of each lane from `row` on, [`Finish::pitch`] apart. What is written there are
    /// signatures; scalar terms are written by [`Finish::scalar_terms`].
    pub fn rows(&self, group: Group, row: usize) -> RowsMut<T> {
        group.items.map(|item| self.signature(item, row))
    }

    /// The scalar terms of the first `count` rows.
    ///
    /// # Safety
    /// The rows exist.
    pub unsafe fn scalar_terms(&self, group: Group, count: usize) {
        for &item in &group.items[..group.count] {
            for row in 0..if self.scalar_term { count } else { 0 } {
                // SAFETY: as the caller vouches.
                unsafe { self.make(item, row, |_| ()) };
            }
        }
    }

    /// The states of all items: the last rows' signatures, since past the end of a path its last
    /// row repeats; what an item continues, where it has no row.
    ///
    /// # Safety
    /// All rows have been written.
    pub unsafe fn hand_on(&self, initial: Option<PerPath<'_, T>>, states: &mut [T]) {
        for (item, state) in states.chunks_exact_mut(self.size).enumerate() {
            match (self.rows, initial.and_then(|initial| initial.get(item, self.size))) {
                (0, None) => state.fill(T::ZERO),
                (0, Some(initial)) => state.copy_from_slice(initial),
                // SAFETY: as the caller vouches; states and rows do not overlap.
                _ => unsafe {
                    let last = self.signature(item, self.rows - 1);
                    core::ptr::copy_nonoverlapping(last, state.as_mut_ptr(), self.size);
                },
            }
        }
    }
}
