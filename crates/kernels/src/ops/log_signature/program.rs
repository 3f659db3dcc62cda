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
//! `docs/log-signatures.md` derives them. E_m is kept as m! E_m, which saves divisions.

use super::basis::Rows;
use super::words::{Followed, letters, lyndon_count, lyndon_rows, number};
use crate::lanes::{Lanes, Real};
use crate::walk::chains::reciprocal;
use crate::words::shape::Shape;
use std::vec::Vec;

/// Instructions on values. Targets are written once, after all that they are made of.
enum Instruction {
    /// `target[j] = (base[j] ± Σ coefficient row[j]) / divisor` for `j < count`.
    Rows { target: u32, minus: bool, base: u32, count: u32, divisor: u32, terms: Vec<[u32; 2]> },
    /// `target = ± Σ terms / divisor`.
    Sum { target: u32, minus: bool, divisor: u32, terms: Vec<u32> },
    /// `target[j] = from[j]` for `j < count`.
    Copy { target: u32, from: u32, count: u32 },
    /// `target = Σ factor term`, integer factors.
    Combination { target: u32, terms: Vec<(i32, u32)> },
}

const END: u32 = 0;
const MINUS: u32 = 1;
const PLUS: u32 = 2;
const SUM: u32 = 3;
const NEGATED: u32 = 4;
const COPY: u32 = 5;
const COMBINATION: u32 = 6;

/// Instructions as words: the kind, numbers and indices of values, then the count of all those
/// words, so that they can be read backwards.
#[derive(Debug)]
pub struct Program {
    words: Vec<u32>,
    /// Vectors that a run works on: those that it is given, results, and what is between.
    pub values: usize,
    /// Where results stand.
    pub results: usize,
}

impl Program {
    fn new(instructions: Vec<Instruction>, values: usize, results: usize) -> Program {
        let mut words = std::vec![END];
        for one in instructions {
            let begin = words.len();
            match one {
                Instruction::Rows { target, minus, base, count, divisor, terms } => {
                    let kind = if minus { MINUS } else { PLUS };
                    words.extend([kind, target, base, count, divisor, terms.len() as u32]);
                    words.extend(terms.into_iter().flatten());
                }
                Instruction::Sum { target, minus, divisor, terms } => {
                    words.extend([if minus { NEGATED } else { SUM }, target, divisor, terms.len() as u32]);
                    words.extend(terms);
                }
                Instruction::Copy { target, from, count } => words.extend([COPY, target, from, count]),
                Instruction::Combination { target, terms } => {
                    words.extend([COMBINATION, target, terms.len() as u32]);
                    words.extend(terms.into_iter().flat_map(|(factor, term)| [factor as u32, term]));
                }
            }
            words.push((words.len() + 1 - begin) as u32);
        }
        words.push(END);
        Program { words, values, results }
    }

    /// Runs the program.
    ///
    /// # Safety
    /// `values` is valid for `self.values` vectors.
    #[inline(never)]
    pub unsafe fn run<V: Lanes>(&self, values: *mut V) {
        let mut p = self.words[1..].as_ptr();
        // SAFETY: indices are below `self.values`, and the program ends with END.
        unsafe {
            let value = |p: *const u32| values.add(*p as usize);
            loop {
                match *p {
                    kind @ (MINUS | PLUS) => {
                        let (to, base, count) = (value(p.add(1)), value(p.add(2)), *p.add(3) as usize);
                        let (divisor, terms) = (*p.add(4) as usize, *p.add(5) as usize);
                        p = p.add(6);
                        rows(count, to, base, terms, p, values, kind == MINUS, reciprocal(divisor));
                        p = p.add(2 * terms + 1);
                    }
                    kind @ (SUM | NEGATED) => {
                        let (to, divisor, terms) = (value(p.add(1)), *p.add(2) as usize, *p.add(3) as usize);
                        p = p.add(4);
                        let mut sum = V::zero();
                        for i in 0..terms {
                            sum = sum.add(*value(p.add(i)));
                        }
                        if kind == NEGATED {
                            sum = V::zero().sub(sum);
                        }
                        *to = if divisor > 1 { sum.mul(reciprocal(divisor)) } else { sum };
                        p = p.add(terms + 1);
                    }
                    COPY => {
                        let (to, from) = (value(p.add(1)), value(p.add(2)));
                        for j in 0..*p.add(3) as usize {
                            *to.add(j) = *from.add(j);
                        }
                        p = p.add(5);
                    }
                    COMBINATION => {
                        let (to, terms) = (value(p.add(1)), *p.add(2) as usize);
                        p = p.add(3);
                        let mut sum = V::zero();
                        for i in 0..terms {
                            sum = integer::<V>(*p.add(2 * i)).mul_add(*value(p.add(2 * i + 1)), sum);
                        }
                        *to = sum;
                        p = p.add(2 * terms + 1);
                    }
                    _ => return,
                }
            }
        }
    }

    /// Runs the program backwards: adds to the cotangents of everything those that follow from the
    /// cotangents of what was made of it.
    ///
    /// # Safety
    /// `values` is what [`Program::run`] has left, `cotangents` is valid for as many vectors; both
    /// are apart.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn run_backwards<V: Lanes>(&self, values: *const V, cotangents: *mut V) {
        let mut end = self.words.len() - 1;
        // SAFETY: as in `run`.
        unsafe {
            while end > 1 {
                let begin = end - self.words[end - 1] as usize;
                let p = self.words[begin..].as_ptr();
                let at = |i: usize| *p.add(i) as usize;
                let add = |to: usize, x: V| *cotangents.add(to) = (*cotangents.add(to)).add(x);
                let kind = *p;
                match kind {
                    MINUS | PLUS => {
                        let (target, base, count, terms) = (at(1), at(2), at(3), at(5));
                        for j in 0..count {
                            let g = (*cotangents.add(target + j)).mul(reciprocal(at(4)));
                            add(base + j, g);
                            let g = if kind == PLUS { g } else { V::zero().sub(g) };
                            for i in 0..terms {
                                let (coefficient, row) = (at(6 + 2 * i), at(7 + 2 * i) + j);
                                add(row, g.mul(*values.add(coefficient)));
                                add(coefficient, g.mul(*values.add(row)));
                            }
                        }
                    }
                    SUM | NEGATED => {
                        let g = (*cotangents.add(at(1))).mul(reciprocal(at(2)));
                        let g = if kind == SUM { g } else { V::zero().sub(g) };
                        for i in 0..at(3) {
                            add(at(4 + i), g);
                        }
                    }
                    COPY => {
                        for j in 0..at(3) {
                            add(at(2) + j, *cotangents.add(at(1) + j));
                        }
                    }
                    _ => {
                        let g = *cotangents.add(at(1));
                        for i in 0..at(2) {
                            add(at(4 + 2 * i), g.mul(integer(*p.add(3 + 2 * i))));
                        }
                    }
                }
                end = begin;
            }
        }
    }
}

/// A factor of a combination.
#[inline(always)]
fn integer<V: Lanes>(factor: u32) -> V {
    V::splat(V::T::from_f64(f64::from(factor as i32)))
}

/// Takes a row, up to eight sums at a time.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
unsafe fn rows<V: Lanes>(
    count: usize,
    to: *mut V,
    base: *const V,
    terms: usize,
    p: *const u32,
    values: *const V,
    minus: bool,
    scale: V,
) {
    let sign = V::splat(V::T::from_f64(if minus { -1.0 } else { 1.0 }));
    let mut j = 0;
    // SAFETY: as the caller vouches.
    unsafe {
        while j < count {
            macro_rules! take {
                ($count:literal) => {{
                    let mut sums: [V; $count] = core::array::from_fn(|i| *base.add(j + i));
                    for t in 0..terms {
                        let coefficient = (*values.add(*p.add(2 * t) as usize)).mul(sign);
                        let row = values.add(*p.add(2 * t + 1) as usize + j);
                        for (i, sum) in sums.iter_mut().enumerate() {
                            *sum = coefficient.mul_add(*row.add(i), *sum);
                        }
                    }
                    for (i, sum) in sums.into_iter().enumerate() {
                        *to.add(j + i) = sum.mul(scale);
                    }
                    $count
                }};
            }
            j += match count - j {
                1 => take!(1),
                2 => take!(2),
                3 => take!(3),
                4..=7 => take!(4),
                _ => take!(8),
            };
        }
    }
}

/// Writes programs.
pub struct Writer {
    shape: Shape,
    followed: Followed,
    /// Where E_m begins, by m.
    powers: Vec<usize>,
    /// Words of E_m.
    prefixes: Followed,
    /// Where P begins: levels one and more, all words.
    logarithm: usize,
    next: usize,
    instructions: Vec<Instruction>,
    /// Of the current level: the value of each (word, |u|, |v|), or 0.
    known: Vec<u32>,
}

impl Writer {
    /// Values begin with the followed words of the signature, then level one of P.
    fn new(shape: Shape, levels: usize) -> Writer {
        let (channels, depth) = (shape.channels, shape.depth);
        let followed = Followed { channels, depth, strict: true };
        let prefixes = Followed { channels, depth: depth - 1, strict: false };
        let logarithm = followed.size();
        let mut next = logarithm + shape.offset(levels) + shape.count(levels);
        let powers = (0..depth)
            .map(|m| {
                let at = next;
                next += if m == 0 { 0 } else { prefixes.size() };
                at
            })
            .collect();
        Writer { shape, followed, powers, prefixes, logarithm, next, instructions: Vec::new(), known: Vec::new() }
    }

    /// The program that makes P on Lyndon words of the followed words of S and of level one of P,
    /// which stand at the beginning.
    pub fn lyndon(shape: Shape) -> Program {
        let mut w = Writer::new(shape, shape.depth - 1);
        let results = w.lyndon_words();
        w.finish(results)
    }

    /// The program that makes P on all words.
    pub fn expanded(shape: Shape) -> Program {
        let mut w = Writer::new(shape, shape.depth);
        let results = w.all_words();
        w.finish(results)
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    fn lyndon_words(&mut self) -> core::ops::Range<usize> {
        let (d, n) = (self.shape.channels, self.shape.depth);
        let results = self.next;
        let mut target = results;
        self.next += lyndon_count(d, n).unwrap_or(0);
        for level in 1..=n {
            self.prefixes_of_level(level - 1);
            if level > 1 && level < n {
                self.level(level);
            }
            for word in lyndon_rows(d, level) {
                let count = d - word[level - 1];
                if level == n {
                    self.strict_row(&word, target as u32, count as u32);
                } else {
                    let from = self.logarithm(&word) as usize;
                    self.copy(target, from, count);
                }
                target += count;
            }
        }
        results..target
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    fn all_words(&mut self) -> core::ops::Range<usize> {
        for level in 2..=self.shape.depth {
            self.prefixes_of_level(level - 1);
            self.level(level);
        }
        self.logarithm..self.logarithm + self.shape.size
    }

    /// The program that makes P from a whole signature, whose `shape.size` coefficients stand at
    /// the second number given; `change` is from Lyndon words to coordinates.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn of_signature(shape: Shape, expanded: bool, change: Option<Rows>) -> (Program, usize) {
        let d = shape.channels;
        let mut w = Writer::new(shape, if expanded { shape.depth } else { (shape.depth - 1).max(1) });
        let given = w.next;
        w.next += shape.size;
        w.copy(w.logarithm, given, d);
        let mut copies = Vec::new();
        w.followed.rows(&mut |level, first, at, count| copies.push((at, given + shape.offset(level) + first, count)));
        for (to, from, count) in copies {
            w.copy(to, from, count);
        }
        let mut results = if expanded { w.all_words() } else { w.lyndon_words() };
        if let Some(rows) = change {
            results = w.combinations(results.start, rows);
        }
        (w.finish(results), given)
    }

    /// The program that makes a signature from its logarithm: P on all words as combinations of
    /// what stands at the second number given, `S(w) = P(w) + Σ E_1(u) P(v)`.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn to_signature(shape: Shape, given: usize, words: Rows) -> (Program, usize) {
        let (d, n) = (shape.channels, shape.depth);
        let mut w = Writer::new(shape, n);
        let given_at = w.next;
        w.next += given;
        w.logarithm = w.combinations(given_at, words).start;
        let results = w.next;
        w.next += shape.size;
        // m! E_m on all words below the top.
        let below = if n > 1 { shape.offset(n) } else { 0 };
        let powers: Vec<usize> = (0..n + 1).map(|m| w.next + m * below).collect();
        w.next += (n + 1) * below;
        for level in 1..=n {
            for row in 0..shape.count(level) / d {
                let word = [letters(row, level - 1, d), std::vec![0]].concat();
                let base = w.logarithm(&word);
                let at = |prefix: &[usize]| shape.offset(prefix.len()) + number(prefix, d);
                for m in 0..if level < n { n - level + 1 } else { 1 } {
                    let terms = (1..level).map(|i| [(powers[m + 1] + at(&word[..i])) as u32, w.logarithm(&word[i..])]);
                    let terms = terms.collect();
                    let to = if m == 0 { results } else { powers[m] } + at(&word);
                    w.instructions.push(Instruction::Rows {
                        target: to as u32,
                        minus: false,
                        base,
                        count: d as u32,
                        divisor: m as u32 + 1,
                        terms,
                    });
                }
            }
        }
        (w.finish(results..results + shape.size), given_at)
    }

    /// [`Writer::of_signature`] and [`Writer::to_signature`] of one channel, which begin with what
    /// is given: level 1 is all that a logarithm has, and S_k = S_(k-1) P / k.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn one_channel(depth: usize, row: usize, to_signature: bool) -> Program {
        let (given, made) = if to_signature { (row, depth) } else { (depth, row) };
        let mut instructions = Vec::new();
        // Zero stands behind the results.
        let zero = (given + made) as u32;
        instructions.push(Instruction::Sum { target: zero, minus: false, divisor: 1, terms: Vec::new() });
        for k in 1..=made as u32 {
            let target = given as u32 + k - 1;
            instructions.push(match (k, to_signature) {
                (1, _) => Instruction::Copy { target, from: 0, count: 1 },
                (_, false) => Instruction::Copy { target, from: zero, count: 1 },
                _ => {
                    let terms = std::vec![[target - 1, 0]];
                    Instruction::Rows { target, minus: false, base: zero, count: 1, divisor: k, terms }
                }
            });
        }
        Program::new(instructions, given + made + 1, given)
    }

    fn copy(&mut self, target: usize, from: usize, count: usize) {
        self.instructions.push(Instruction::Copy { target: target as u32, from: from as u32, count: count as u32 });
    }

    /// Combinations of values from `at` on.
    fn combinations(&mut self, at: usize, rows: Rows) -> core::ops::Range<usize> {
        let first = self.next;
        for terms in rows {
            let target = self.next as u32;
            self.next += 1;
            let terms = terms.into_iter().map(|(factor, column)| (factor, at as u32 + column)).collect();
            self.instructions.push(Instruction::Combination { target, terms });
        }
        first..self.next
    }

    /// Leaves out what no result needs.
    fn finish(self, results: core::ops::Range<usize>) -> Program {
        let mut needed = std::vec![false; self.next];
        needed[results.clone()].fill(true);
        let mut kept: Vec<Instruction> = Vec::new();
        for one in self.instructions.into_iter().rev() {
            let target = match one {
                Instruction::Rows { target, count, .. } | Instruction::Copy { target, count, .. } => {
                    target as usize..(target + count) as usize
                }
                Instruction::Sum { target, .. } | Instruction::Combination { target, .. } => {
                    target as usize..target as usize + 1
                }
            };
            if !needed[target].contains(&true) {
                continue;
            }
            let mut mark = |from: u32, count: u32| needed[from as usize..(from + count) as usize].fill(true);
            match &one {
                Instruction::Rows { base, count, terms, .. } => {
                    mark(*base, *count);
                    for &[coefficient, row] in terms {
                        mark(coefficient, 1);
                        mark(row, *count);
                    }
                }
                Instruction::Sum { terms, .. } => terms.iter().for_each(|&term| mark(term, 1)),
                Instruction::Copy { from, count, .. } => mark(*from, *count),
                Instruction::Combination { terms, .. } => terms.iter().for_each(|&(_, term)| mark(term, 1)),
            }
            kept.push(one);
        }
        kept.reverse();
        Program::new(kept, self.next, results.start)
    }

    fn signature(&self, word: &[usize]) -> u32 {
        self.followed.index(word) as u32
    }

    fn logarithm(&self, word: &[usize]) -> u32 {
        (self.logarithm + self.shape.offset(word.len()) + number(word, self.shape.channels)) as u32
    }

    fn power(&self, m: usize, word: &[usize]) -> u32 {
        (self.powers[m] + self.prefixes.index(word)) as u32
    }

    /// (E_m(u), P(v)) for w = u v.
    fn terms(&self, m: usize, word: &[usize]) -> Vec<[u32; 2]> {
        (1..word.len()).map(|i| [self.power(m, &word[..i]), self.logarithm(&word[i..])]).collect()
    }

    /// m! E_m on followed words of a level, for all m that words up to the last level ask for.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn prefixes_of_level(&mut self, level: usize) {
        let d = self.shape.channels;
        for m in (1..=self.shape.depth - level.max(1)).rev() {
            if level == 0 {
                break;
            }
            for a in 0..d {
                let width = if level == 1 { 1 } else { d - a };
                let rows = if level == 1 { 1 } else { (d - a).pow(level as u32 - 2) };
                for row in 0..rows {
                    let word = word_of_row(a, row, level, d, a);
                    self.instructions.push(Instruction::Rows {
                        target: self.power(m, &word),
                        minus: false,
                        base: self.logarithm(&word),
                        count: width as u32,
                        divisor: m as u32 + 1,
                        terms: if level == 1 { Vec::new() } else { self.terms(m + 1, &word) },
                    });
                }
            }
        }
    }

    /// P on all words of a level.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn level(&mut self, level: usize) {
        let d = self.shape.channels;
        for a in 0..d - 1 {
            for row in 0..(d - a).pow(level as u32 - 2) {
                let word = word_of_row(a, row, level, d, a + 1);
                let target = self.logarithm(&word);
                self.strict_row(&word, target, (d - a - 1) as u32);
            }
        }
        self.words_ending_in_their_first_letter(level);
        self.words_with_their_smallest_letter_inside(level);
    }

    /// Some words that begin with a smaller letter than they end in, from one on.
    fn strict_row(&mut self, word: &[usize], target: u32, count: u32) {
        let base = if word.len() == 1 { self.logarithm(word) } else { self.signature(word) };
        let terms = self.terms(1, word);
        self.instructions.push(Instruction::Rows { target, minus: true, base, count, divisor: 1, terms });
    }

    /// By growing number of last letters: each needs those with one less.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn words_ending_in_their_first_letter(&mut self, level: usize) {
        for r in 1..=level {
            for i in 0..self.shape.count(level) {
                let word = letters(i, level, self.shape.channels);
                let a = word[0];
                let trailing = word.iter().rev().take_while(|&&c| c == a).count();
                if trailing != r || word.iter().any(|&c| c < a) {
                    continue;
                }
                let u = &word[..level - r];
                let terms = (0..u.len())
                    .map(|p| {
                        let mut other = [&u[..p], &[a], &u[p..]].concat();
                        other.resize(level, a);
                        self.logarithm(&other)
                    })
                    .collect();
                let target = self.logarithm(&word);
                self.instructions.push(Instruction::Sum { target, minus: true, divisor: r as u32, terms });
            }
        }
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    fn words_with_their_smallest_letter_inside(&mut self, level: usize) {
        self.known = std::vec![0; self.shape.count(level) * level * level];
        for i in 0..self.shape.count(level) {
            let word = letters(i, level, self.shape.channels);
            // The first of the smallest letters.
            let at = (0..level).fold(0, |best, j| if word[j] < word[best] { j } else { best });
            if at == 0 {
                continue;
            }
            let m = level - 1 - at;
            let terms = if m == 0 { std::vec![self.shuffled(&word, at, m)] } else { self.halves(&word, at, m) };
            let target = self.logarithm(&word);
            self.instructions.push(Instruction::Sum { target, minus: at % 2 == 1, divisor: 1, terms });
        }
        self.known = Vec::new();
    }

    /// The value P(x (reverse(u) ⧢ v) s) of `word` = u x v s, |u| = `i`, |v| = `m`.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn shuffled(&mut self, word: &[usize], i: usize, m: usize) -> u32 {
        if i == 0 || m == 0 {
            let mut plain = std::vec![word[i]];
            plain.extend(word[..i].iter().rev());
            plain.extend_from_slice(&word[i + 1..]);
            return self.logarithm(&plain);
        }
        let level = word.len();
        let key = (number(word, self.shape.channels) * level + i) * level + m;
        if self.known[key] == 0 {
            let terms = self.halves(word, i, m);
            let target = self.next as u32;
            self.next += 1;
            self.instructions.push(Instruction::Sum { target, minus: false, divisor: 1, terms });
            self.known[key] = target;
        }
        self.known[key]
    }

    /// The last letter of the shuffle is the last of reverse(u), which is u's first, or the last of
    /// v.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn halves(&mut self, word: &[usize], i: usize, m: usize) -> Vec<u32> {
        let mut first = word[1..=i + m].to_vec();
        first.push(word[0]);
        first.extend_from_slice(&word[i + m + 1..]);
        std::vec![self.shuffled(&first, i - 1, m), self.shuffled(word, i, m - 1)]
    }
}

/// The word of a row of followed words that ends in `last`; letters from `a` on, `a` first.
fn word_of_row(a: usize, row: usize, level: usize, channels: usize, last: usize) -> Vec<usize> {
    let mut word = std::vec![a];
    if level > 1 {
        word.extend(letters(row, level - 2, channels - a).into_iter().map(|c| c + a));
        word.push(last);
    }
    word
}

/// The program that makes combinations with integer factors of values from `at` on. The results
/// stand behind all `values`.
pub fn combinations(at: usize, values: usize, rows: Rows) -> Program {
    let count = rows.len();
    let instructions = rows
        .into_iter()
        .enumerate()
        .map(|(i, terms)| {
            let terms = terms.into_iter().map(|(factor, column)| (factor, at as u32 + column)).collect();
            Instruction::Combination { target: (values + i) as u32, terms }
        })
        .collect();
    Program::new(instructions, values + count, values)
}
