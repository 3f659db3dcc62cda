//! The pruned walk: of all words only those are followed through time whose first letter is their
//! smallest, and on the top level only those whose last letter is larger than their first: two to
//! three times fewer operations. The others are recovered at the end of a piece (`recovery`).
//!
//! For each first letter a the followed words are a, then any word over the letters a …: the
//! ordinary walk on a smaller alphabet. Not here: that walk.

use crate::batch::state::{clear, is_zero};
use crate::lanes::Lanes;
use crate::path::increments::Gather;
use crate::walk::frame::Frame;
use crate::walk::horner;
use crate::words::recovery::Recovery;
use crate::words::shape::{MAX_DEPTH, Shape};

/// More letters than this are never pruned at depth 3 or more (their number of coefficients would
/// be beyond `Recovery::build`).
pub const MAX_LETTERS: usize = 32;

/// Vectors that the followed words of a first letter take, `width` letters from it on: the letter,
/// the levels between, the top level.
fn letter_size(width: usize, depth: usize) -> usize {
    let mut size = 1;
    let mut words = 1;
    for _ in 2..depth {
        words *= width;
        size += words;
    }
    size + words * (width - 1)
}

/// Vectors that all followed words take: letter after letter.
pub fn followed_size(shape: &Shape) -> usize {
    (1..=shape.channels).map(|width| letter_size(width, shape.depth)).sum()
}

/// Scratch of a pruned walk.
pub struct Memory<V> {
    /// One tile of increments.
    pub tile: *mut V,
    /// Chains of deep nodes.
    pub chains: *mut V,
    /// `followed_size` vectors.
    pub followed: *mut V,
    /// The recovery's values: the state, and intermediate sums behind it.
    pub values: *mut V,
}

/// A first letter: its own coefficient, and the words below it.
struct Letter<V> {
    frame: Frame<V>,
    root: *mut V,
}

/// Follows `gather`'s steps from the identity and leaves the complete signatures in
/// `memory.values`; says whether the sums of increments stayed finite.
///
/// # Safety
/// All of `memory` is there; depth 3 or more.
pub unsafe fn follow<V: Lanes>(
    shape: &Shape,
    gather: &Gather<'_, V::T>,
    recovery: &Recovery<'_>,
    memory: &Memory<V>,
) -> bool {
    let (d, n) = (shape.channels, shape.depth);
    let mut letters: [Option<Letter<V>>; MAX_LETTERS] = [const { None }; MAX_LETTERS];
    let mut root = memory.followed;
    for (a, entry) in letters.iter_mut().enumerate().take(d - 1) {
        let width = d - a;
        let mut frame = Frame {
            width,
            stride: d,
            depth: n - 1,
            skip: 1,
            levels: [core::ptr::null_mut(); MAX_DEPTH + 1],
            scratch: memory.chains,
        };
        let (mut at, mut words) = (root.wrapping_add(1), 1);
        for r in (0..n - 1).rev() {
            words *= width;
            frame.levels[r] = at;
            at = at.wrapping_add(words);
        }
        *entry = Some(Letter { frame, root });
        root = root.wrapping_add(letter_size(width, n));
    }
    let last_letter = root;
    // SAFETY: as the caller vouches.
    unsafe {
        clear(memory.followed, followed_size(shape));
        for (t, steps) in gather.tiles() {
            gather.read(t, steps, memory.tile);
            for (a, letter) in letters.iter().flatten().enumerate() {
                horner::below_letter(&letter.frame, letter.root, memory.tile.add(a), steps);
            }
            horner::level_one(last_letter, 1, d, memory.tile.add(d - 1), steps);
        }
        let finite = spread(shape, memory.followed, memory.values);
        powers(shape, gather, memory.values);
        recovery.run(memory.values);
        finite
    }
}

/// Copies the followed words to their places in the state; says whether the sums of increments are
/// finite.
unsafe fn spread<V: Lanes>(shape: &Shape, followed: *const V, state: *mut V) -> bool {
    let (d, n) = (shape.channels, shape.depth);
    let mut from = followed;
    let mut zeros = V::zero();
    // SAFETY: `followed` has followed_size vectors, the state shape.size.
    unsafe {
        for a in 0..d {
            let width = d - a;
            zeros = (*from).mul_add(V::zero(), zeros);
            *state.add(a) = *from;
            from = from.add(1);
            let mut rows = 1;
            for k in 2..=n {
                let skip = usize::from(k == n);
                let level = state.add(shape.offset(k));
                for row in 0..rows {
                    // The word before the last letter: a, then the digits of `row` in base `width`,
                    // each moved up by a.
                    let (mut rest, mut place, mut prefix) = (row, 1, 0);
                    for _ in 2..k {
                        prefix += (rest % width + a) * place;
                        rest /= width;
                        place *= d;
                    }
                    let to = level.add((prefix + a * place) * d + a + skip);
                    for e in 0..width - skip {
                        *to.add(e) = *from.add(e);
                    }
                    from = from.add(width - skip);
                }
                rows *= width;
            }
        }
    }
    is_zero(zeros)
}

/// Level 1 as one difference, and the words xᵏ as its powers over k!: exactly consistent, so that
/// recovery does not amplify what time steps rounded.
unsafe fn powers<V: Lanes>(shape: &Shape, gather: &Gather<'_, V::T>, state: *mut V) {
    let (d, n) = (shape.channels, shape.depth);
    for a in 0..d {
        let x: V = gather.total(a);
        let (mut power, mut word) = (x, a);
        // SAFETY: the state has shape.size vectors.
        unsafe {
            *state.add(a) = x;
            for k in 2..=n {
                power = power.mul(x).mul(crate::walk::chains::reciprocal(k));
                word = word * d + a;
                *state.add(shape.offset(k) + word) = power;
            }
        }
    }
}
