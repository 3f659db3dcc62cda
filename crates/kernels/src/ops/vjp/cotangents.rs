//! Cotangents come in: where ∂f/∂signature of a row stands. The counterpart of `batch::finish`:
//! what rows are a function of signatures, their cotangents become those of signatures here.

use super::rows::rows_of;
use crate::batch::items::Group;
use crate::lanes::Rows;

/// The cotangents of a call.
pub struct Cotangents<'a, T> {
    numbers: &'a [T],
    /// Rows of an item.
    rows: usize,
    /// Numbers of a row, and how many of them come before level 1.
    pub pitch: usize,
    skip: usize,
}

impl<'a, T> Cotangents<'a, T> {
    pub fn new(numbers: &'a [T], rows: usize, size: usize, skip: usize) -> Self {
        Cotangents { numbers, rows, pitch: size + skip, skip }
    }

    /// An item's first row, from level 1 on; the others are `pitch` apart.
    pub fn first(&self, item: usize) -> *const T {
        self.numbers.as_ptr().wrapping_add(item * self.rows * self.pitch + self.skip)
    }

    /// Row number `row` of each lane's item, from level 1 on.
    pub fn rows(&self, group: &Group, row: usize) -> Rows<T> {
        rows_of(group, self.first(0).wrapping_add(row * self.pitch), self.rows * self.pitch)
    }
}
