//! Words as numbers: a word of a level is its number in base d, the first letter first.

use crate::words::shape::{MAX_DEPTH, Shape};

/// The letters of word number `i` of a level.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn letters(mut i: usize, level: usize, channels: usize) -> [usize; MAX_DEPTH] {
    let mut word = [0; MAX_DEPTH];
    for letter in word[..level].iter_mut().rev() {
        *letter = i % channels;
        i /= channels;
    }
    word
}

/// Where the first of a word's smallest letters stands.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn smallest(word: &[usize]) -> usize {
    (0..word.len()).fold(0, |best, j| if word[j] < word[best] { j } else { best })
}

/// Letters of a word before those at its end that are its first.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn before_trailing(word: &[usize]) -> usize {
    word.iter().rposition(|&c| c != word[0]).map_or(0, |at| at + 1)
}

/// The word u aʳ, u of `n` letters, with one of its a moved in before letter `p` of u.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn moved_in(shape: &Shape, level: usize, i: usize, n: usize, p: usize) -> usize {
    let (before, behind) = (i / shape.count(level - p), shape.count(n - p));
    let u = (before * shape.channels + i / shape.count(level - 1)) * behind + i / shape.count(level - n) % behind;
    let power = shape.count(level - n - 1);
    u * power + i % power
}

/// The word x reverse(u) v of the word u x v, u of `left` letters.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn turned(shape: &Shape, level: usize, i: usize, left: usize) -> usize {
    let d = shape.channels;
    let begin = letters(i, level, d)[..=left].iter().rev().fold(0, |n, c| n * d + c);
    let behind = shape.count(level - 1 - left);
    begin * behind + i % behind
}

/// The word with its first letter moved behind the `over` letters after it.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn first_moved(shape: &Shape, level: usize, i: usize, over: usize) -> usize {
    let (first, rest) = (shape.count(level - 1), shape.count(level - 1 - over));
    (i % first / rest * shape.channels + i / first) * rest + i % rest
}
