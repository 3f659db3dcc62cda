//! The recoveries that this thread has made.

use crate::kept::Kept;
use path_signature_kernels::{Options, Recovery, needs_recovery};

thread_local! {
    static RECOVERIES: Kept<Vec<u32>> = const { Kept::new() };
}

/// Calls `work` with the recovery that a call of this shape needs, if it needs one.
pub fn with<R>(channels: usize, depth: usize, options: Options, work: impl FnOnce(Option<Recovery<'_>>) -> R) -> R {
    if !needs_recovery(channels, depth, options) {
        return work(None);
    }
    let bytes = Recovery::building_bytes(channels, depth);
    RECOVERIES.with(|kept| {
        kept.with(
            (channels, depth, 0),
            bytes,
            |(channels, depth, _)| Recovery::build(channels, depth),
            |words| work(words.and_then(|words| Recovery::from_words(words, channels, depth))),
        )
    })
}
