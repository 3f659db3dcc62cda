//! What is made once a shape and basis: the program of the logarithm where there is no closed form,
//! and the change of basis.

use super::basis::{Basis, to_coordinates};
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
    Program(Program),
}

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
    change: Option<Program>,
    /// Where the logarithm stands before the change, among the values.
    pub at: usize,
    /// Where its levels end: 0 for level 0.
    pub ends: Vec<usize>,
    /// The product of tiles of time, where there is one.
    pub product: Option<Product>,
    /// Vectors that a logarithm works on: followed words, letters of P, and what comes of them.
    pub values: usize,
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
        let expanded = basis == Basis::Expanded;
        let given = size + channels;
        let (logarithm, at, mut values) = match (levels, expanded) {
            (1, _) => (Logarithm::Letters, given, given + row),
            (2, true) => (Logarithm::TwoExpanded, given, given + row),
            (2, false) => (Logarithm::Two, given, given + row),
            (3, false) => {
                let at = given + closed::pairs(channels);
                (Logarithm::Three, at, at + row)
            }
            (4, false) if channels == 2 => (Logarithm::FourOfTwo, given, given + row),
            _ => {
                let program = Writer::of_followed(shape, places, size, expanded);
                let (at, values) = (program.results, program.values);
                (Logarithm::Program(program), at, values)
            }
        };
        let mut change = None;
        if levels > 2
            && let Some(matrix) = to_coordinates(&shape, basis)
        {
            let mut program = Program::new(values);
            let results = program.combinations(at, &matrix);
            values = program.values;
            change = Some(program.finish(results));
        }
        let end = |k| if k == 0 { Some(0) } else { row_len(channels, k, basis) };
        let ends = (0..=levels).map_while(end).collect();
        Some(Tables { followed, letters, rows, row, logarithm, change, at, ends, product, values })
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

    /// The log-signature of the followed words at `values`, in front of level one of P; gives where
    /// it stands.
    ///
    /// # Safety
    /// `values` is valid for `self.values` vectors.
    #[inline(never)]
    pub unsafe fn run<V: Lanes>(&self, values: *mut V) -> *const V {
        let d = self.followed.channels;
        // SAFETY: as the caller vouches.
        unsafe {
            let (letters, to) = (values.add(self.followed_size()), values.add(self.at));
            match &self.logarithm {
                Logarithm::Letters => {
                    for i in 0..self.row {
                        *to.add(i) = if i < d { *letters.add(i) } else { V::zero() };
                    }
                }
                Logarithm::Two => closed::two(d, values, letters, to),
                Logarithm::TwoExpanded => closed::two_expanded(d, values, letters, to),
                Logarithm::Three => closed::three(d, values, letters, letters.add(d), to),
                Logarithm::FourOfTwo => closed::four_of_two(values, letters, to),
                Logarithm::Program(program) => program.run(values),
            }
            match &self.change {
                None => to,
                Some(change) => {
                    change.run(values);
                    values.add(change.results)
                }
            }
        }
    }
}
