//! What numbers that are not finite make of signatures: after the fact, since kernels take the
//! first level from a path's ends, and powers of it, which do not see what lies between.

use super::Call;
use crate::batch::items::Items;
use crate::lanes::{Lanes, Real};

impl<T: Real> Call<'_, '_, T> {
    /// Every coefficient whose word has a letter that is not finite in some point becomes NaN,
    /// unless it is infinite: in a stream from the first row on that reaches the point.
    #[cold]
    #[inline(never)]
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn mark_not_finite<V: Lanes<T = T>>(&self) {
        let d = self.request.channels;
        for path in 0..self.request.batch {
            let track = self.track(path);
            if track.is_finite::<V>() {
                continue;
            }
            if track.steps == 0 {
                // Nothing depends on the point.
                for row in 0..self.finish.rows {
                    // SAFETY: the row exists, and has `size` numbers, as what is continued.
                    unsafe { self.finish.make(path, row, |to| self.continue_unmoved(path, to)) };
                }
                continue;
            }
            for c in 0..d {
                let Some(point) = track.first_not_finite(c) else { continue };
                for row in 0..self.finish.rows {
                    let steps = if self.request.options.stream { row + 1 } else { track.steps };
                    if steps >= point {
                        // SAFETY: the row exists, and has `size` numbers.
                        unsafe { self.finish.make(path, row, |to| self.mark_words_with(c, to)) };
                    }
                }
            }
        }
    }

    /// # Safety
    /// `row` has `size` numbers.
    unsafe fn continue_unmoved(&self, path: usize, row: *mut T) {
        for i in 0..self.shape.size {
            // SAFETY: as the caller vouches.
            unsafe { *row.add(i) = self.initial(path).map_or(T::ZERO, |initial| *initial.add(i)) };
        }
    }

    /// # Safety
    /// `row` has `size` numbers.
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn mark_words_with(&self, letter: usize, row: *mut T) {
        let (d, mut at, mut words) = (self.request.channels, 0, 1);
        for k in 1..=self.shape.depth {
            words *= d;
            for word in 0..words {
                let mut prefix = word;
                // SAFETY: as the caller vouches.
                let to = unsafe { &mut *row.add(at + word) };
                if to.is_finite()
                    && (0..k).any(|_| {
                        let last = prefix % d;
                        prefix /= d;
                        last == letter
                    })
                {
                    *to = T::from_f64(f64::NAN);
                }
            }
            at += words;
        }
    }
}
