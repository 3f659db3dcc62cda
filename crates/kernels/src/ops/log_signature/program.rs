//! Programs on vectors: instructions on rows of values, forwards and backwards. `writer` writes
//! those of logarithms and exponentials.

use super::basis::Rows;
use crate::lanes::{Lanes, Real};
use crate::walk::chains::reciprocal;
use std::vec::Vec;

const END: u32 = 0;
/// `target[j] = (base[j] ± Σ coefficient row[j]) / divisor` for `j < count`, coefficients and rows
/// are values.
pub const MINUS: u32 = 1;
pub const PLUS: u32 = 2;
/// `target = Σ factor value / divisor`, with integer factors; `count` is one.
pub const COMBINATION: u32 = 3;

/// Instructions as words: kind, target, base, count, divisor, number of terms, two words a term,
/// then the number of all those words, so that they can be read backwards. Targets are written
/// once, after all that they are made of.
#[derive(Debug)]
pub struct Program {
    words: Vec<u32>,
    /// Vectors that a run works on: those that it is given, results, and what is between.
    pub values: usize,
    /// Where results stand.
    pub results: usize,
}

/// Words of an instruction before its terms.
const HEADER: usize = 6;

/// What a value is made of.
pub struct Instruction {
    pub kind: u32,
    pub target: usize,
    pub base: usize,
    pub count: usize,
    pub divisor: usize,
}

impl Program {
    /// No instructions yet; `values` are there.
    pub fn new(values: usize) -> Program {
        Program { words: std::vec![END], values, results: 0 }
    }

    /// Room for more values.
    pub fn take(&mut self, count: usize) -> usize {
        self.values += count;
        self.values - count
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn push(&mut self, one: Instruction, terms: &[[u32; 2]]) {
        let Instruction { kind, target, base, count, divisor } = one;
        let header = [kind, target as u32, base as u32, count as u32, divisor as u32, terms.len() as u32];
        self.words.extend_from_slice(&header);
        self.words.extend_from_slice(terms.as_flattened());
        self.words.push((HEADER + 2 * terms.len() + 1) as u32);
    }

    /// Copies values.
    pub fn copy(&mut self, target: usize, base: usize, count: usize) {
        self.push(Instruction { kind: PLUS, target, base, count, divisor: 1 }, &[]);
    }

    /// A combination of values.
    pub fn combination(&mut self, target: usize, divisor: usize, terms: &[[u32; 2]]) {
        self.push(Instruction { kind: COMBINATION, target, base: 0, count: 1, divisor }, terms);
    }

    /// Combinations of values from `at` on.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn combinations(&mut self, at: usize, rows: &Rows) -> usize {
        let first = self.take(rows.len());
        for (i, row) in rows.iter().enumerate() {
            let terms: Vec<[u32; 2]> = row.iter().map(|&(x, column)| [x as u32, at as u32 + column]).collect();
            self.combination(first + i, 1, &terms);
        }
        first
    }

    /// The program, with its results.
    pub fn finish(mut self, results: usize) -> Program {
        self.words.push(END);
        self.results = results;
        self
    }

    /// Runs the program on `M` vectors a value, one behind the other.
    ///
    /// # Safety
    /// `values` is valid for `M * self.values` vectors.
    #[inline(never)]
    pub unsafe fn run<V: Lanes, const M: usize>(&self, values: *mut V) {
        let mut p = self.words[1..].as_ptr();
        // SAFETY: indices are below `self.values`, and the program ends with END.
        unsafe {
            let value = |p: *const u32| values.add(M * *p as usize);
            while *p != END {
                let (kind, to, base) = (*p, value(p.add(1)), value(p.add(2)));
                let (count, scale, terms) =
                    (*p.add(3) as usize, reciprocal::<V>(*p.add(4) as usize), *p.add(5) as usize);
                p = p.add(HEADER);
                if kind == COMBINATION {
                    let mut sums = [V::zero(); M];
                    for i in 0..terms {
                        let (factor, x) = (integer::<V>(*p.add(2 * i)), value(p.add(2 * i + 1)));
                        for (m, sum) in sums.iter_mut().enumerate() {
                            *sum = factor.mul_add(*x.add(m), *sum);
                        }
                    }
                    for (m, sum) in sums.into_iter().enumerate() {
                        *to.add(m) = sum.mul(scale);
                    }
                } else {
                    let row = Row { to, base, terms, p, values, minus: kind == MINUS, scale };
                    let mut j = 0;
                    while j < count {
                        j += if M == 1 {
                            match count - j {
                                1 => row.take::<1, M>(j),
                                2 => row.take::<2, M>(j),
                                3 => row.take::<3, M>(j),
                                4..=7 => row.take::<4, M>(j),
                                _ => row.take::<8, M>(j),
                            }
                        } else if count - j == 1 {
                            row.take::<1, M>(j)
                        } else {
                            row.take::<2, M>(j)
                        };
                    }
                }
                p = p.add(2 * terms + 1);
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
                for j in 0..at(3) {
                    let mut g = (*cotangents.add(at(1) + j)).mul(reciprocal(at(4)));
                    if at(0) as u32 != COMBINATION {
                        add(at(2) + j, g);
                    }
                    if at(0) as u32 == MINUS {
                        g = V::zero().sub(g);
                    }
                    for i in 0..at(5) {
                        let (coefficient, row) = (at(HEADER + 2 * i), at(HEADER + 1 + 2 * i) + j);
                        if at(0) as u32 == COMBINATION {
                            add(row, g.mul(integer(coefficient as u32)));
                        } else {
                            add(row, g.mul(*values.add(coefficient)));
                            add(coefficient, g.mul(*values.add(row)));
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

/// An instruction on a row.
struct Row<V> {
    to: *mut V,
    base: *const V,
    terms: usize,
    /// The terms.
    p: *const u32,
    values: *const V,
    minus: bool,
    scale: V,
}

impl<V: Lanes> Row<V> {
    /// `C` values from number `j` on.
    #[inline(always)]
    unsafe fn take<const C: usize, const M: usize>(&self, j: usize) -> usize {
        let sign = V::splat(V::T::from_f64(if self.minus { -1.0 } else { 1.0 }));
        let at = |c: usize, m: usize| M * (j + c) + m;
        // SAFETY: as the caller vouches.
        unsafe {
            let mut sums: [[V; M]; C] = core::array::from_fn(|c| core::array::from_fn(|m| *self.base.add(at(c, m))));
            for t in 0..self.terms {
                let coefficients = self.values.add(M * *self.p.add(2 * t) as usize);
                let coefficients: [V; M] = core::array::from_fn(|m| (*coefficients.add(m)).mul(sign));
                let row = self.values.add(M * *self.p.add(2 * t + 1) as usize);
                for (c, sums) in sums.iter_mut().enumerate() {
                    for (m, sum) in sums.iter_mut().enumerate() {
                        *sum = coefficients[m].mul_add(*row.add(at(c, m)), *sum);
                    }
                }
            }
            for (c, sums) in sums.into_iter().enumerate() {
                for (m, sum) in sums.into_iter().enumerate() {
                    *self.to.add(at(c, m)) = sum.mul(self.scale);
                }
            }
        }
        C
    }
}
