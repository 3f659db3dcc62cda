//! The pruned walk: of all words only those are followed through time whose first letter is their
//! smallest, two to four times fewer. The others are recovered at the end of a piece: by a program
//! where the shape has one (`recovery`), else by loops (`expand`). With a program, words of the top
//! level are followed only if their last letter is larger than their first.
//!
//! For each first letter a the followed words are a, then any word over the letters a …: the
//! ordinary walk on a smaller alphabet. Not here: that walk.

use crate::batch::state::{clear, is_zero};
use crate::lanes::Lanes;
use crate::path::increments::Gather;
use crate::walk::expand::{expand, repunit, tables_size};
use crate::walk::frame::Frame;
use crate::walk::horner;
use crate::words::recovery::Recovery;
use crate::words::shape::{MAX_DEPTH, Shape};

/// More letters than this are never pruned at depth 3 or more.
pub const MAX_LETTERS: usize = 32;

/// The first last letter that is followed on the top level, counted from the first letter.
fn skip(has_program: bool) -> usize {
    usize::from(has_program)
}

/// Vectors that the followed words of a first letter take, `width` letters from it on: the letter,
/// the levels between, the top level.
fn letter_size(width: usize, depth: usize, skip: usize) -> usize {
    repunit(width, depth - 1) + width.pow(depth as u32 - 2) * (width - skip)
}

/// Vectors that all followed words take: letter after letter.
fn followed_size(shape: &Shape, has_program: bool) -> usize {
    (1..=shape.channels).map(|width| letter_size(width, shape.depth, skip(has_program))).sum()
}

/// Vectors for [`Memory::followed`].
pub fn memory_size(shape: &Shape, has_program: bool) -> usize {
    followed_size(shape, has_program) + if has_program { 0 } else { tables_size(shape) }
}

/// Scratch of a pruned walk.
pub struct Memory<V> {
    /// One tile of increments.
    pub tile: *mut V,
    /// Chains of deep nodes.
    pub chains: *mut V,
    /// `memory_size` vectors: the followed words, and tables where there is no program.
    pub followed: *mut V,
    /// The state, and a program's intermediate sums behind it.
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
    program: Option<&Recovery<'_>>,
    memory: &Memory<V>,
) -> bool {
    let (d, n) = (shape.channels, shape.depth);
    let skip = skip(program.is_some());
    let mut letters: [Option<Letter<V>>; MAX_LETTERS] = [const { None }; MAX_LETTERS];
    let mut root = memory.followed;
    for (a, entry) in letters.iter_mut().enumerate().take(d - 1) {
        let width = d - a;
        let mut frame = Frame {
            width,
            stride: d,
            depth: n - 1,
            skip,
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
        root = root.wrapping_add(letter_size(width, n, skip));
    }
    let last_letter = root;
    // SAFETY: as the caller vouches.
    unsafe {
        let followed = followed_size(shape, program.is_some());
        clear(memory.followed, followed);
        for (t, steps) in gather.tiles() {
            gather.read(t, steps, memory.tile);
            for (a, letter) in letters.iter().flatten().enumerate() {
                horner::below_letter(&letter.frame, letter.root, memory.tile.add(a), steps);
            }
            horner::level_one(last_letter, 1, d, memory.tile.add(d - 1), steps);
        }
        match program {
            Some(program) => {
                let finite = spread(shape, memory.followed, memory.values);
                powers(shape, gather, &|k, a| memory.values.wrapping_add(shape.offset(k) + a * repunit(d, k)));
                program.run(memory.values);
                finite
            }
            None => {
                let own = |a: usize| letters[a].as_ref().map_or(last_letter, |letter| letter.root);
                let zeros = (0..d).fold(V::zero(), |zeros, a| (*own(a)).mul_add(V::zero(), zeros));
                powers(shape, gather, &|k, a| own(a).wrapping_add(repunit(d - a, k - 1)));
                expand(shape, memory.followed.add(followed), memory.values);
                is_zero(zeros)
            }
        }
    }
}

/// Copies the followed words to their places in the state; says whether the sums of increments are
/// finite.
#[inline(never)]
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
/// recovery does not amplify what time steps rounded. `word(k, x)` is where xᵏ stands.
#[inline(never)]
unsafe fn powers<V: Lanes>(shape: &Shape, gather: &Gather<'_, V::T>, word: &dyn Fn(usize, usize) -> *mut V) {
    for a in 0..shape.channels {
        let x: V = gather.total(a);
        let mut power = x;
        // SAFETY: all these words are there.
        unsafe {
            *word(1, a) = x;
            for k in 2..=shape.depth {
                power = power.mul(x).mul(crate::walk::chains::reciprocal(k));
                *word(k, a) = power;
            }
        }
    }
}
