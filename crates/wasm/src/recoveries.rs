//! The recoveries that this thread has made, kept for the next call of the same shape. The only
//! memory that the binary keeps of its own accord.

use path_signature_kernels::{Options, Recovery, needs_recovery};
use std::cell::RefCell;

/// Shapes remembered; the one not used for longest makes room. Most programs take a few kilobytes,
/// the largest 600.
const KEPT: usize = 8;

struct Kept {
    channels: usize,
    depth: usize,
    words: Vec<u32>,
}

thread_local! {
    /// Last used last.
    static RECOVERIES: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with the recovery that a call of this shape needs, if it needs one.
pub fn with<R>(channels: usize, depth: usize, options: Options, work: impl FnOnce(Option<Recovery<'_>>) -> R) -> R {
    if !needs_recovery(channels, depth, options) {
        return work(None);
    }
    RECOVERIES.with(|kept| {
        // Never borrowed twice: `work` calls no export.
        let Ok(mut kept) = kept.try_borrow_mut() else { return work(None) };
        match kept.iter().position(|k| k.channels == channels && k.depth == depth) {
            Some(at) => {
                if at + 1 < kept.len() {
                    let one = kept.remove(at);
                    kept.push(one);
                }
            }
            None => {
                // Building allocates as it goes, and would trap where memory ends in the middle:
                // see first whether there is enough.
                if Vec::<u8>::new().try_reserve_exact(Recovery::building_bytes(channels, depth)).is_err() {
                    return work(None);
                }
                let Some(words) = Recovery::build(channels, depth) else { return work(None) };
                if kept.len() == KEPT {
                    kept.remove(0);
                }
                kept.push(Kept { channels, depth, words });
            }
        }
        work(kept.last().and_then(|k| Recovery::from_words(&k.words, channels, depth)))
    })
}
