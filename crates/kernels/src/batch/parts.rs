//! Scratch memory. One description of its parts gives both how much of it there is and where
//! everything lies.

use super::request::Error;

/// Parts of a piece of memory, one behind the other.
pub struct Parts<V> {
    base: *mut V,
    /// Vectors that the memory has.
    capacity: usize,
    /// Vectors so far; `None` once the sum has overflowed.
    total: Option<usize>,
}

impl<V> Parts<V> {
    /// Parts that are only measured.
    pub fn measured() -> Self {
        Parts { base: core::ptr::null_mut(), capacity: 0, total: Some(0) }
    }

    /// Parts of memory. They are there only if all of them [`Parts::fit`].
    pub fn of(memory: &mut [V]) -> Self {
        Parts { base: memory.as_mut_ptr(), capacity: memory.len(), total: Some(0) }
    }

    /// Memory for some vectors.
    pub fn take(&mut self, vectors: impl Into<Option<usize>>) -> *mut V {
        let at = self.base.wrapping_add(self.total.unwrap_or(0));
        self.total = self.total.zip(vectors.into()).and_then(|(total, vectors)| total.checked_add(vectors));
        at
    }

    /// As [`Parts::take`], but compiled once: for operations of many parts, whose calls are long.
    pub fn part(&mut self, vectors: impl Into<Option<usize>>) -> *mut V {
        self.take_once_compiled(vectors.into())
    }

    #[inline(never)]
    fn take_once_compiled(&mut self, vectors: Option<usize>) -> *mut V {
        self.take(vectors)
    }

    /// Whether the memory holds all that was taken.
    pub fn fit(&self) -> Result<(), Error> {
        if self.total.ok_or(Error::Shape)? > self.capacity { Err(Error::Scratch) } else { Ok(()) }
    }

    /// Vectors that were taken.
    pub fn total(&self) -> Option<usize> {
        self.total
    }
}
