//! The logarithm of a signature, written down once a shape as instructions on vectors, from the
//! followed words of the signature alone.
//!
//! With P = log S and E_m = Σ_{j≥1} P^j / (j + m)!, for words w = u v with no factor empty,
//!
//! ```text
//! P(w) = S(w) - Σ E_1(u) P(v),
//! E_m(u) = P(u) / (m+1)! + Σ_{u = u'v} E_{m+1}(u') P(v),
//! ```
//!
//! at Lyndon words w, whose prefixes u are followed. Suffixes v are any words below the top; P
//! there comes from Lyndon words, since P is a Lie element and so vanishes on shuffles (Ree 1958):
//! with x the first of the smallest letters, and a the first and smallest letter of u,
//!
//! ```text
//! P(u x v) = (-1)^|u| P(x (reverse(u) ⧢ v)),
//! r P(u aʳ) = -Σ_p P(u with a before letter p, then aʳ⁻¹).
//! ```
//!
//! `docs/log-signatures.md` derives them. E_m is kept as m! E_m, which saves divisions. What a
//! result needs is written before it, when it is first asked for.

use super::basis::{Basis, to_all_words, to_coordinates};
use super::program::{Instruction, MINUS, PLUS, Program};
use super::words::{is_lyndon, lyndon_count};
use crate::words::numbers::{before_trailing, first_moved, letters, moved_in, smallest, turned};
use crate::words::shape::Shape;
use std::vec::Vec;

/// Writes programs. A word is its level and its number among the words of that level.
pub struct Writer {
    shape: Shape,
    program: Program,
    /// Where each word of S stands.
    signature: Vec<u32>,
    /// Where P begins: levels one and more, all words.
    logarithm: usize,
    /// Words of P that are written.
    made: Vec<bool>,
    /// Where the rows of m! E_m stand, by m and row; 0 for those that are not written.
    powers: Vec<u32>,
    /// Where sums over shuffles stand, likewise, by word, |u| and |v|.
    shuffles: Vec<u32>,
    /// Whether words of E_m begin with any letter, or with their smallest one.
    any_first: bool,
}

impl Writer {
    /// P is to stand at `logarithm`, level one is there.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn new(shape: Shape, program: Program, signature: Vec<u32>, logarithm: usize) -> Writer {
        let (d, n) = (shape.channels, shape.depth);
        let mut made = std::vec![false; shape.size];
        made[..d].fill(true);
        let below = shape.offset(n);
        Writer {
            powers: std::vec![0; (n + 1) * below / d],
            shuffles: std::vec![0; shape.size * n * n],
            shape,
            program,
            signature,
            logarithm,
            made,
            any_first: false,
        }
    }

    /// Words of P: results on the top level stand elsewhere, unless all words are wanted.
    fn words(shape: &Shape, basis: Basis) -> usize {
        if basis == Basis::Expanded { shape.size } else { shape.offset(shape.depth).max(shape.channels) }
    }

    /// The program that makes coordinates from the followed words of S and from level one of P,
    /// which stand at the beginning, and where it has P itself.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn of_followed(shape: Shape, signature: Vec<u32>, followed: usize, basis: Basis) -> (Program, usize) {
        let program = Program::new(followed + Writer::words(&shape, basis));
        Writer::new(shape, program, signature, followed).write(basis)
    }

    /// The program that makes coordinates from a whole signature, which stands at the beginning.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn of_signature(shape: Shape, basis: Basis) -> Program {
        let mut program = Program::new(shape.size + Writer::words(&shape, basis));
        program.copy(shape.size, 0, shape.channels);
        let signature = (0..shape.size as u32).collect();
        Writer::new(shape, program, signature, shape.size).write(basis).0
    }

    /// Writes P, and the coordinates of a basis; gives where P stands, too.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn write(mut self, basis: Basis) -> (Program, usize) {
        let (d, n) = (self.shape.channels, self.shape.depth);
        let expanded = basis == Basis::Expanded;
        let mut results = self.logarithm;
        let mut target = 0;
        if !expanded {
            results = self.program.take(lyndon_count(d, n).unwrap_or(0));
            target = results;
        }
        for level in 1..=n {
            let mut i = 0;
            while i < self.shape.count(level) {
                let mut count = 1;
                if expanded {
                    self.word(level, i);
                } else if is_lyndon(&self.shape, level, i) {
                    count = d - i % d;
                    if level == n && n > 1 {
                        self.strict(level, i, count, target);
                    } else {
                        let from = self.row(level, i, count);
                        self.program.copy(target, from, count);
                    }
                    target += count;
                }
                i += count;
            }
        }
        let at = results;
        if let Some(rows) = to_coordinates(&self.shape, basis) {
            results = self.program.combinations(at, &rows);
        }
        (self.program.finish(results), at)
    }

    /// The program that makes a signature from `given` coordinates of its logarithm, which stand at
    /// the beginning: `S(w) = P(w) + Σ E_1(u) P(v)`.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn to_signature(shape: Shape, given: usize, basis: Basis) -> Program {
        let mut program = Program::new(given);
        let mut at = 0;
        // From Lyndon words by way of their brackets.
        let brackets = if basis == Basis::Words { Basis::Lyndon } else { basis };
        if basis == Basis::Words
            && let Some(rows) = to_coordinates(&shape, brackets)
        {
            at = program.combinations(at, &rows);
        }
        let logarithm = program.combinations(at, &to_all_words(&shape, brackets));
        let results = program.take(shape.size);
        let mut w = Writer::new(shape, program, Vec::new(), logarithm);
        w.made.fill(true);
        w.any_first = true;
        for level in 1..=shape.depth {
            for first in (0..shape.count(level)).step_by(shape.channels) {
                let target = results + shape.offset(level) + first;
                let base = w.row(level, first, 0);
                w.product(PLUS, 1, [level, first, shape.channels], target, base);
            }
        }
        w.program.finish(results)
    }

    /// [`Writer::of_signature`] and [`Writer::to_signature`] of one channel, which begin with what
    /// is given: level 1 is all that a logarithm has, and S_k = S_(k-1) P / k.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn one_channel(given: usize, made: usize, to_signature: bool) -> Program {
        let mut program = Program::new(given + made);
        let zero = program.take(1);
        program.combination(zero, 1, &[]);
        for k in 0..made {
            let target = given + k;
            let terms: &[[u32; 2]] = if to_signature && k > 0 { &[[target as u32 - 1, 0]] } else { &[] };
            let base = if k == 0 { 0 } else { zero };
            program.push(Instruction { kind: PLUS, target, base, count: 1, divisor: k + 1 }, terms);
        }
        program.finish(given)
    }

    /// Some words of a row of P; where it stands.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn row(&mut self, level: usize, first: usize, count: usize) -> usize {
        for i in first..first + count {
            self.word(level, i);
        }
        self.logarithm + self.shape.offset(level) + first
    }

    /// A word of P.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn word(&mut self, level: usize, i: usize) {
        let d = self.shape.channels;
        let flat = self.shape.offset(level) + i;
        if self.made[flat] {
            return;
        }
        let word = &letters(i, level, d)[..level];
        let at = smallest(word);
        let (a, last) = (word[0], word[level - 1]);
        if at == 0 && last > a {
            let (back, count) = (last - a - 1, d - a - 1);
            self.made[flat - back..flat - back + count].fill(true);
            return self.strict(level, i - back, count, self.logarithm + flat - back);
        }
        self.made[flat] = true;
        let mut terms = Vec::new();
        let mut divisor = 1;
        if at > 0 {
            let factor = if at % 2 == 1 { -1i32 } else { 1 } as u32;
            let behind = level - 1 - at;
            if behind == 0 {
                terms.push([factor, self.shuffled(level, i, at, behind)]);
            } else {
                terms.extend(self.halves(level, i, at, behind).map(|value| [factor, value]));
            }
        } else {
            // u aʳ with u of `n` letters; none for a power, which is zero.
            let n = before_trailing(word);
            for p in 0..n {
                let other = moved_in(&self.shape, level, i, n, p);
                terms.push([-1i32 as u32, self.row(level, other, 1) as u32]);
            }
            divisor = level - n;
        }
        self.program.combination(self.logarithm + flat, divisor, &terms);
    }

    /// Words of a row of P that begin with a smaller letter than they end in.
    fn strict(&mut self, level: usize, first: usize, count: usize, target: usize) {
        let base = self.signature[self.shape.offset(level) + first] as usize;
        self.product(MINUS, 1, [level, first, count], target, base);
    }

    /// Writes (base ± Σ (m! E_m)(u) P(v)) / m over words w = u v of a row.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn product(&mut self, kind: u32, m: usize, [level, first, count]: [usize; 3], target: usize, base: usize) {
        let mut terms = Vec::new();
        for k in 1..level {
            let by = self.shape.count(level - k);
            let u = self.power(m, k, first / by);
            terms.push([u, self.row(level - k, first % by, count) as u32]);
        }
        self.program.push(Instruction { kind, target, base, count, divisor: m }, &terms);
    }

    /// A word of m! E_m.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn power(&mut self, m: usize, level: usize, i: usize) -> u32 {
        let (d, below) = (self.shape.channels, self.shape.offset(self.shape.depth));
        let last = i % d;
        let key = (m * below + self.shape.offset(level) + i) / d;
        let least = if self.any_first || level == 1 { 0 } else { i / self.shape.count(level - 1) };
        if self.powers[key] == 0 {
            let (first, count) = (i - last + least, d - least);
            let base = self.row(level, first, count);
            let target = self.program.take(count);
            self.product(PLUS, m + 1, [level, first, count], target, base);
            self.powers[key] = target as u32;
        }
        self.powers[key] + (last - least) as u32
    }

    /// The value P(x (reverse(u) ⧢ v) s) of the word u x v s, |u| = `left`, |v| = `m`.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn shuffled(&mut self, level: usize, i: usize, left: usize, m: usize) -> u32 {
        let n = self.shape.depth;
        if left == 0 || m == 0 {
            return self.row(level, turned(&self.shape, level, i, left), 1) as u32;
        }
        let key = ((self.shape.offset(level) + i) * n + left) * n + m;
        if self.shuffles[key] == 0 {
            let terms = self.halves(level, i, left, m).map(|value| [1, value]);
            let target = self.program.take(1);
            self.program.combination(target, 1, &terms);
            self.shuffles[key] = target as u32;
        }
        self.shuffles[key]
    }

    /// The last letter of the shuffle is the last of reverse(u), which is u's first, or the last of
    /// v.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn halves(&mut self, level: usize, i: usize, left: usize, m: usize) -> [u32; 2] {
        let other = first_moved(&self.shape, level, i, left + m);
        [self.shuffled(level, other, left - 1, m), self.shuffled(level, i, left, m - 1)]
    }
}
