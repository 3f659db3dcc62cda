//! The coefficients that the pruned walk does not follow, from those that it does, at a cost that
//! does not depend on the path's length.
//!
//! A signature is group-like, so a product of two of its coefficients is the sum over the shuffles
//! of their words. Two consequences:
//!
//! 1. With x the first occurrence of a word's smallest letter, w = u x v, and u not empty,
//!    S(u x v) = Σ_{u = u₁u₂} (-1)^{|u₂|} S(u₁) S(x (reverse(u₂) ⧢ v)):
//!    only words whose first letter is their smallest are needed on the right.
//! 2. With a the first and smallest letter of u, the last letter of u larger than a, and r ≥ 1,
//!    r S(u aʳ) = S(u aʳ⁻¹) S(a) - Σ_p S(u with a put in before letter p, then aʳ⁻¹):
//!    on the top level only words whose last letter is larger than their first are needed.
//!
//! For a number of channels and a depth these are written down once as a program of additions and
//! multiply-adds on vectors ([`Recovery::build`], the one place of this crate that allocates) and
//! run for every piece of a path. `docs/pruned-walk.md` derives both identities.

use crate::lanes::{Lanes, Real};
use crate::words::numbers::{before_trailing, first_moved, letters, moved_in, smallest, turned};
use crate::words::shape::Shape;
use std::vec::Vec;

/// First word of every program, so that something else is not taken for one.
const MAGIC: u32 = 0x5c3a_71e5;

/// A program. It works on *values*: the coefficients of a signature in their usual order, a one,
/// and intermediate sums.
///
/// Instructions: `ADD n, (target, a, b) * n` and `SUM n, (target, divisor, plus, minus, (a, b) *
/// (plus + minus)) * n` with target = (Σ a b - Σ a b) / divisor.
#[derive(Clone, Copy, Debug)]
pub struct Recovery<'a> {
    words: &'a [u32],
}

/// Larger signatures have no program: it would be slower to fetch than the coefficients are to
/// follow (`walk::expand`).
pub const LARGEST: usize = 1 << 14;
/// Deeper ones have none either: recovery would amplify the rounding of float32 too much, and the
/// number of sums grows faster than that of coefficients.
pub const DEEPEST: usize = 6;

const END: u32 = 0;
const ADD: u32 = 1;
const SUM: u32 = 2;

impl<'a> Recovery<'a> {
    /// Words before the first instruction: magic, words in all, channels, depth, values, the index
    /// of the one.
    const HEADER: usize = 6;

    /// Writes the program for a shape of two or more channels and depth 3 or more; `None` for
    /// others, or if it would be too large to be of use.
    pub fn build(channels: usize, depth: usize) -> Option<Vec<u32>> {
        let shape = Shape::new(channels, depth)?;
        Self::exists(channels, depth).then(|| Writer::new(&shape).write(depth))
    }

    /// As [`Recovery::build`], but the program completes the levels below the top alone.
    pub(crate) fn build_below(channels: usize, depth: usize) -> Option<Vec<u32>> {
        let shape = Shape::new(channels, depth)?;
        Self::exists(channels, depth).then(|| Writer::new(&shape).write(depth - 1))
    }

    /// Whether there is a program for a shape.
    pub fn exists(channels: usize, depth: usize) -> bool {
        channels >= 2
            && (3..=DEEPEST).contains(&depth)
            && crate::signature_size(channels, depth).is_some_and(|size| size <= LARGEST)
    }

    /// Bytes that [`Recovery::build`] takes while it works, generously: its table of intermediate
    /// sums, and the program as lists and as words.
    pub fn building_bytes(channels: usize, depth: usize) -> usize {
        let size = crate::signature_size(channels, depth).unwrap_or(0).min(LARGEST);
        size * (4 * DEEPEST * DEEPEST + 384) + (1 << 16)
    }

    /// Takes words that [`Recovery::build`] made for this shape; anything else is refused.
    pub fn from_words(words: &'a [u32], channels: usize, depth: usize) -> Option<Recovery<'a>> {
        let right = words.len() >= Self::HEADER
            && words[0] == MAGIC
            && words[1] as usize == words.len()
            && words[2] as usize == channels
            && words[3] as usize == depth;
        right.then_some(Recovery { words })
    }

    /// Vectors that [`Recovery::run`] works on.
    pub fn values(&self) -> usize {
        self.words[4] as usize
    }

    /// Completes `values`: on entry the first coefficients hold what the pruned walk followed.
    ///
    /// # Safety
    /// `values` is valid for `self.values()` vectors, and the words are as `build` made them.
    pub unsafe fn run<V: Lanes>(&self, values: *mut V) {
        let one = self.words[Self::HEADER - 1] as usize;
        let mut p = self.words[Self::HEADER..].as_ptr();
        // SAFETY: every index in the program is below `values()`, and the program ends with END.
        unsafe {
            *values.add(one) = V::splat(V::T::ONE);
            let value = |p: *const u32| values.add(*p as usize);
            loop {
                let (kind, count) = (*p, *p.add(1));
                p = p.add(2);
                match kind {
                    ADD => {
                        for _ in 0..count {
                            *value(p) = (*value(p.add(1))).add(*value(p.add(2)));
                            p = p.add(3);
                        }
                    }
                    SUM => {
                        for _ in 0..count {
                            let (target, divisor, plus, minus) = (value(p), *p.add(1), *p.add(2), *p.add(3));
                            p = p.add(4);
                            let mut sum = V::zero();
                            for _ in 0..plus {
                                sum = (*value(p)).mul_add(*value(p.add(1)), sum);
                                p = p.add(2);
                            }
                            let mut less = V::zero();
                            for _ in 0..minus {
                                less = (*value(p)).mul_add(*value(p.add(1)), less);
                                p = p.add(2);
                            }
                            sum = sum.sub(less);
                            if divisor > 1 {
                                sum = sum.mul(V::splat(V::T::from_f64(1.0 / f64::from(divisor))));
                            }
                            *target = sum;
                        }
                    }
                    _ => return,
                }
            }
        }
    }
}

/// Writes a program level by level.
struct Writer<'s> {
    shape: &'s Shape,
    program: Vec<u32>,
    /// Index of the next intermediate sum.
    next: u32,
    /// By level: the intermediate sum of each (word, |u₂|, |v|), or 0.
    known: Vec<Vec<u32>>,
    /// Instructions of the level, as words, and how many sums those are.
    adds: Vec<u32>,
    sums: Vec<u32>,
    count: u32,
}

impl<'s> Writer<'s> {
    fn new(shape: &'s Shape) -> Self {
        let program = std::vec![MAGIC, 0, shape.channels as u32, shape.depth as u32, 0, shape.size as u32];
        let known = (0..=shape.depth).map(|k| std::vec![0; shape.count(k) * k * k]).collect();
        let next = shape.size as u32 + 1;
        Writer { shape, program, next, known, adds: Vec::new(), sums: Vec::new(), count: 0 }
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    fn write(mut self, levels: usize) -> Vec<u32> {
        for level in 2..=levels {
            if level == self.shape.depth {
                self.words_ending_in_their_smallest_letter(level);
                self.flush();
            }
            self.words_with_their_smallest_letter_inside(level);
            self.flush();
        }
        self.program.extend_from_slice(&[END, 0]);
        self.program[1] = self.program.len() as u32;
        self.program[4] = self.next;
        self.program
    }

    /// The index of a word's coefficient.
    fn index(&self, level: usize, i: usize) -> u32 {
        (self.shape.offset(level) + i) as u32
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn sum(&mut self, target: u32, divisor: usize, plus: &[[u32; 2]], minus: &[[u32; 2]]) {
        self.sums.extend_from_slice(&[target, divisor as u32, plus.len() as u32, minus.len() as u32]);
        self.sums.extend_from_slice(plus.as_flattened());
        self.sums.extend_from_slice(minus.as_flattened());
        self.count += 1;
    }

    /// Identity 2, by growing number of trailing letters: each needs those with one less.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn words_ending_in_their_smallest_letter(&mut self, level: usize) {
        let (d, one) = (self.shape.channels, self.shape.size as u32);
        for r in 1..level {
            for i in 0..self.shape.count(level) {
                let word = &letters(i, level, d)[..level];
                let n = before_trailing(word);
                if n != level - r || smallest(word) > 0 {
                    continue;
                }
                let plus = [[self.index(level - 1, i / d), word[0] as u32]];
                let mut minus = Vec::new();
                for p in 0..n {
                    minus.push([self.index(level, moved_in(self.shape, level, i, n, p)), one]);
                }
                self.sum(self.index(level, i), r, &plus, &minus);
            }
        }
    }

    /// Identity 1.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn words_with_their_smallest_letter_inside(&mut self, level: usize) {
        for i in 0..self.shape.count(level) {
            let at = smallest(&letters(i, level, self.shape.channels)[..level]);
            if at == 0 {
                continue;
            }
            let mut terms = [Vec::new(), Vec::new()];
            for l in 0..=at {
                let behind = self.shape.count(level - l);
                let shuffled = self.shuffled(level - l, i % behind, at - l, level - 1 - at);
                let prefix = if l == 0 { self.shape.size as u32 } else { self.index(l, i / behind) };
                terms[(at - l) % 2].push([prefix, shuffled]);
            }
            self.sum(self.index(level, i), 1, &terms[0], &terms[1]);
        }
    }

    /// The value S(x (reverse(u₂) ⧢ v) s) of the word u₂ x v s, |u₂| = `left`, |v| = `m`.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn shuffled(&mut self, level: usize, i: usize, left: usize, m: usize) -> u32 {
        if left == 0 || m == 0 {
            return self.index(level, turned(self.shape, level, i, left));
        }
        let key = (i * level + left) * level + m;
        if self.known[level][key] == 0 {
            // The last letter of the shuffle is the last of reverse(u₂), which is u₂'s first, or
            // the last of v.
            let a = self.shuffled(level, first_moved(self.shape, level, i, left + m), left - 1, m);
            let b = self.shuffled(level, i, left, m - 1);
            self.adds.extend_from_slice(&[self.next, a, b]);
            self.known[level][key] = self.next;
            self.next += 1;
        }
        self.known[level][key]
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    fn flush(&mut self) {
        let adds = self.adds.len() as u32 / 3;
        for (kind, words, count) in [(ADD, &mut self.adds, adds), (SUM, &mut self.sums, self.count)] {
            if count > 0 {
                self.program.extend_from_slice(&[kind, count]);
                self.program.append(words);
            }
        }
        self.count = 0;
    }
}
