//! What is made once a shape and basis: the program of the logarithm where there is no closed form,
//! and the change of basis.

use super::basis::Basis;
use super::closed;
use super::program::Program;
use super::tile_product::Product;
use super::words::{Followed, Row, lyndon_count, places};
use super::writer::Writer;
use crate::Recovery;
use crate::lanes::Lanes;
use crate::words::shape::{Shape, signature_size};
use std::vec::Vec;

/// Signatures beyond this many coefficients have no tables at depth 3 or more.
pub const MOST_COEFFICIENTS: usize = 1 << 17;

/// Numbers of a log-signature; `None` where there is none, or its tables would be too large.
pub fn row_len(channels: usize, depth: usize, basis: Basis) -> Option<usize> {
    let size = signature_size(channels, depth)?;
    if channels > 1 && depth > 2 && size > MOST_COEFFICIENTS {
        return None;
    }
    if basis == Basis::Expanded { Some(size) } else { lyndon_count(channels, depth) }
}

/// How a logarithm is taken.
#[derive(Debug)]
enum Logarithm {
    /// One channel or one level: level 1 is all there is.
    Letters,
    Two,
    TwoExpanded,
    Three,
    FourOfTwo,
    /// And where it has P on Lyndon words.
    Program(Program, usize),
}

/// Logarithms that a program takes at once, at most: it costs more to read than to carry out.
pub const SLOTS: usize = 4;

/// Vectors of programs and rows up to which more than one is taken at once; more would not stay in
/// a cache.
const MOST_AT_ONCE: usize = 2048;

/// The tables of a shape and basis.
#[derive(Debug)]
pub struct Tables {
    /// The words that a walk has to follow.
    pub followed: Followed,
    /// Where the words of each letter begin among these, and where they end.
    pub letters: Vec<usize>,
    /// Their rows.
    pub rows: Vec<Row>,
    /// Numbers of a row.
    pub row: usize,
    logarithm: Logarithm,
    /// Where its levels end: 0 for level 0.
    pub ends: Vec<usize>,
    /// The product of tiles of time, where there is one.
    pub product: Option<Product>,
    /// Vectors that logarithms work on.
    pub values: usize,
    /// Logarithms at once: [`SLOTS`], or one.
    pub slots: usize,
}

impl Tables {
    /// Makes them. Allocates.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(channels: usize, depth: usize, basis: Basis) -> Option<Tables> {
        let row = row_len(channels, depth, basis)?;
        let levels = if channels == 1 { 1 } else { depth };
        let shape = Shape::new(channels, levels)?;
        let followed = Followed { channels, depth: levels };
        let letters: Vec<usize> = (0..=channels).map(|a| followed.letter(a)).collect();
        let (rows, size) = (followed.rows(&shape), letters[channels]);
        let places = places(&rows, &shape);
        let product = Product::new(&rows, &places, &shape);
        let logarithm = match (levels, basis) {
            (1, _) => Logarithm::Letters,
            (2, Basis::Expanded) => Logarithm::TwoExpanded,
            (2, _) => Logarithm::Two,
            (3, Basis::Words) => Logarithm::Three,
            (4, Basis::Words) if channels == 2 => Logarithm::FourOfTwo,
            _ => {
                let (program, at) = Writer::of_followed(shape, places, size, basis);
                Logarithm::Program(program, at)
            }
        };
        let values = match &logarithm {
            Logarithm::Three => closed::pairs(channels),
            Logarithm::Program(program, _) => program.values,
            _ => 0,
        };
        let slots = if values.max(row) > MOST_AT_ONCE { 1 } else { SLOTS };
        let end = |k| if k == 0 { Some(0) } else { row_len(channels, k, basis) };
        let ends = (0..=levels).map_while(end).collect();
        Some(Tables { followed, letters, rows, row, logarithm, ends, product, values: slots * values, slots })
    }

    /// Words that a walk follows.
    #[inline(always)]
    pub fn followed_size(&self) -> usize {
        self.letters[self.followed.channels]
    }

    /// Bytes that [`Tables::new`] takes while it works, generously.
    pub fn building_bytes(channels: usize, depth: usize) -> usize {
        let size = signature_size(channels, depth).unwrap_or(0).min(MOST_COEFFICIENTS);
        let sums = if depth > 2 { 4 * depth * depth + 512 } else { 64 };
        let product = if depth > 2 { Recovery::building_bytes(channels, depth) } else { 0 };
        size.saturating_mul(sums) + product + (1 << 16)
    }

    /// Takes the logarithm of the followed words at `state`, which level one of P follows, as
    /// number `slot` of some: into its row of `out`, or so far that [`Tables::finish`] takes it.
    ///
    /// # Safety
    /// `values` is valid for `self.values` vectors, `out` for `self.slots` rows; `slot` is less.
    #[inline(never)]
    pub unsafe fn take<V: Lanes>(&self, slot: usize, state: *const V, values: *mut V, out: *mut V) {
        let d = self.followed.channels;
        // SAFETY: as the caller vouches.
        unsafe {
            let (letters, to) = (state.add(self.followed_size()), out.add(slot * self.row));
            match &self.logarithm {
                Logarithm::Letters => {
                    for i in 0..self.row {
                        *to.add(i) = if i < d { *letters.add(i) } else { V::zero() };
                    }
                }
                Logarithm::Two => closed::two(d, state, letters, to),
                Logarithm::TwoExpanded => closed::two_expanded(d, state, letters, to),
                Logarithm::Three => closed::three(d, state, letters, values, to),
                Logarithm::FourOfTwo => closed::four_of_two(state, letters, to),
                Logarithm::Program(..) => {
                    for i in 0..self.followed_size() + d {
                        *values.add(self.slots * i + slot) = *state.add(i);
                    }
                }
            }
        }
    }

    /// Whether logarithms are only there after [`Tables::finish`], and better taken together.
    pub fn has_program(&self) -> bool {
        matches!(self.logarithm, Logarithm::Program(..))
    }

    /// Completes the first `count` logarithms, at least one.
    ///
    /// # Safety
    /// As [`Tables::take`], which took as many.
    #[inline(never)]
    pub unsafe fn finish<V: Lanes>(&self, count: usize, values: *mut V, out: *mut V) {
        let Logarithm::Program(program, _) = &self.logarithm else { return };
        // SAFETY: as the caller vouches.
        unsafe {
            // What other numbers stand there would be slow where they are very small.
            for i in 0..if count < self.slots { self.followed_size() + self.followed.channels } else { 0 } {
                for slot in count..self.slots {
                    *values.add(self.slots * i + slot) = *values.add(self.slots * i);
                }
            }
            if self.slots == SLOTS {
                program.run::<V, SLOTS>(values);
            } else {
                program.run::<V, 1>(values);
            }
            let results = values.add(self.slots * program.results);
            for slot in 0..count {
                for i in 0..self.row {
                    *out.add(slot * self.row + i) = *results.add(self.slots * i + slot);
                }
            }
        }
    }

    /// Where P is after [`Tables::finish`], and how far its numbers are apart: on all words, or on
    /// Lyndon words, in the first slot.
    pub fn logarithm<V>(&self, values: *const V, out: *const V) -> (*const V, usize) {
        match &self.logarithm {
            Logarithm::Program(_, at) => (values.wrapping_add(self.slots * at), self.slots),
            _ => (out, 1),
        }
    }
}
