//! Tables that a thread has made for shapes, kept for the next call of the same shape. The only
//! memory that the binary keeps of its own accord.

use std::cell::RefCell;

/// Tables remembered; the one not used for longest makes room. Most take a few kilobytes, the
/// largest programs of signatures 600.
const KEPT: usize = 8;

/// Channels, depth, and what else tells tables apart.
pub type Key = (usize, usize, u32);

/// Tables of one kind, those used last at the end.
pub struct Kept<T>(RefCell<Vec<(Key, T)>>);

impl<T> Kept<T> {
    pub const fn new() -> Self {
        Kept(RefCell::new(Vec::new()))
    }

    /// Calls `work` with the tables of a key, which `make` makes if they are not there; that takes
    /// `bytes` at most. `None` where there are none, or no memory for them.
    pub fn with<R>(&self, key: Key, bytes: usize, make: fn(Key) -> Option<T>, work: impl FnOnce(Option<&T>) -> R) -> R {
        // Never borrowed twice: `work` calls no export.
        let Ok(mut kept) = self.0.try_borrow_mut() else { return work(None) };
        work(find(&mut kept, key, bytes, make))
    }
}

#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn find<T>(kept: &mut Vec<(Key, T)>, key: Key, bytes: usize, make: fn(Key) -> Option<T>) -> Option<&T> {
    match kept.iter().position(|(k, _)| *k == key) {
        Some(at) => {
            if at + 1 < kept.len() {
                let one = kept.remove(at);
                kept.push(one);
            }
        }
        None => {
            // Making allocates as it goes, and would trap where memory ends in the middle: see
            // first whether there is enough.
            Vec::<u8>::new().try_reserve_exact(bytes).ok()?;
            let made = make(key)?;
            if kept.len() == KEPT {
                kept.remove(0);
            }
            kept.push((key, made));
        }
    }
    kept.last().map(|(_, tables)| tables)
}
