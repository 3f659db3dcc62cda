//! Rows from signatures to log-signatures and back, and their gradients: programs on rows in lanes.

use super::basis::Basis;
use super::program::Program;
use super::tables::row_len;
use super::writer::Writer;
use crate::batch::parts::Parts;
use crate::batch::request::Error;
use crate::batch::state::{clear, load_state, store_state};
use crate::lanes::{Lanes, Rows, RowsMut};
use crate::walk::chains::RECIPROCALS;
use crate::words::shape::Shape;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The logarithm of a signature, from its coefficients at Lyndon words. That of other rows is
    /// another function than the logarithm of the tensor algebra.
    ToLogSignature,
    /// The exponential.
    ToSignature,
}

/// A conversion of a shape and basis.
#[derive(Debug)]
pub struct Conversion {
    /// Rows that are given stand at the beginning of its values.
    program: Program,
    /// Numbers of a row that is given.
    pub from: usize,
    /// Numbers of a row that is made.
    pub to: usize,
}

impl Conversion {
    /// Makes the program. Allocates.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(channels: usize, depth: usize, basis: Basis, direction: Direction) -> Option<Conversion> {
        let row = row_len(channels, depth, basis)?;
        let shape = Shape::new(channels, depth)?;
        let to_signature = direction == Direction::ToSignature;
        let (from, to) = if to_signature { (row, shape.size) } else { (shape.size, row) };
        let program = if channels == 1 {
            if depth >= RECIPROCALS.len() {
                return None;
            }
            Writer::one_channel(from, to, to_signature)
        } else if to_signature {
            Writer::to_signature(shape, row, basis)
        } else {
            Writer::of_signature(shape, basis)
        };
        Some(Conversion { program, from, to })
    }

    /// Vectors of scratch that rows need, and gradients of rows.
    pub fn scratch(&self, gradients: bool) -> Option<usize> {
        self.program.values.checked_mul(if gradients { 2 } else { 1 })
    }

    /// Converts rows of `from` numbers to rows of `to`. With `cotangents` of the results, the
    /// gradients of the rows instead.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn run<V: Lanes>(
        &self,
        rows: &[V::T],
        cotangents: Option<&[V::T]>,
        out: &mut [V::T],
        scratch: &mut [V],
    ) -> Result<(), Error> {
        let batch = rows.len() / self.from;
        let made = if cotangents.is_some() { self.from } else { self.to };
        if batch.checked_mul(made) != Some(out.len()) || batch * self.from != rows.len() {
            return Err(Error::Rows);
        }
        if cotangents.is_some_and(|all| Some(all.len()) != batch.checked_mul(self.to)) {
            return Err(Error::Cotangents);
        }
        let mut parts = Parts::of(scratch);
        let values = parts.take(self.program.values);
        let bars = parts.take(cotangents.map_or(0, |_| self.program.values));
        parts.fit()?;
        for first in (0..batch).step_by(V::WIDTH) {
            let item = |l: usize| (first + l).min(batch - 1);
            let of = |numbers: &[V::T], width: usize| -> Rows<V::T> {
                core::array::from_fn(|l| numbers[item(l) * width..].as_ptr())
            };
            let to: RowsMut<V::T> = core::array::from_fn(|l| out[item(l) * made..].as_mut_ptr());
            // SAFETY: every row is there, and the scratch is.
            unsafe {
                load_state(values, self.from, &of(rows, self.from));
                self.program.run::<V, 1>(values);
                let made_at = match cotangents {
                    None => values.add(self.program.results),
                    Some(cotangents) => {
                        clear(bars, self.program.values);
                        load_state(bars.add(self.program.results), self.to, &of(cotangents, self.to));
                        self.program.run_backwards(values, bars);
                        bars
                    }
                };
                store_state(made_at, made, &to);
            }
        }
        Ok(())
    }
}
