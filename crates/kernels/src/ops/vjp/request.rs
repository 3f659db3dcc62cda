//! What a call for gradients asks for: paths, signatures, cotangents, where gradients go. Types and
//! their checks; no arithmetic.

use crate::batch::options::Options;
use crate::batch::request::{Error, Request, rows};
use crate::words::shape::Shape;

/// A batch of paths, and the cotangents of its signatures.
#[derive(Clone, Copy, Debug)]
pub struct VjpRequest<'a, T> {
    /// The paths, and what was asked for; `algorithm` means nothing here.
    pub paths: Request<'a, T>,
    /// Rows as [`crate::signature()`] writes them with these options: (batch, `signature_row`) of
    /// the paths themselves, *without* what they continued; with `stream` (batch, rows,
    /// `signature_row`), with it.
    pub signatures: &'a [T],
    /// Numbers of such a row. The top level of whole signatures is not looked at, and need not be
    /// there.
    pub signature_row: usize,
    /// ∂f/∂signature: rows like those of the signatures. A scalar term's entry is not looked at:
    /// the term is constant.
    pub cotangents: &'a [T],
    /// Which part of a longer call this is.
    pub part: Part,
    /// One path by itself, not one of a batch, and not in pieces: its time may be cut into lanes.
    /// Whole signatures only.
    pub single: bool,
}

/// A long path may be given in pieces of time, in the direction of travel (with `stream`: against
/// it). Each piece begins at the point where the one before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first piece: the carry is not read.
    pub first: bool,
    /// The last piece: the carry is not written. Before the last piece, the point in which a piece
    /// ends is left to the next one.
    pub last: bool,
}

impl Part {
    /// Everything at once.
    pub const WHOLE: Part = Part { first: true, last: true };
}

/// Where gradients go.
#[derive(Debug)]
pub struct Gradients<'a, T> {
    /// (batch, points, channels): ∂f/∂paths. Zero past a path's end.
    pub paths: &'a mut [T],
    /// (batch, channels): ∂f/∂basepoint, for each path. Only if there is a basepoint.
    pub basepoint: Option<&'a mut [T]>,
    /// (batch, size): ∂f/∂initial, for each path, with or without an initial signature (then at the
    /// identity).
    pub initial: Option<&'a mut [T]>,
    /// (batch, [`carry_len`]) numbers that lead from one piece of time to the next; empty for a
    /// call that is whole.
    pub carry: &'a mut [T],
}

/// Numbers that lead a path from one piece of time to the next.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn carry_len(channels: usize, depth: usize, stream: bool) -> Option<usize> {
    carry_of(&Shape::new(channels, depth)?, stream)
}

fn carry_of(shape: &Shape, stream: bool) -> Option<usize> {
    // Last comes the gradient of the point between two pieces. Before it, for streams the adjoint
    // of the signature so far; else the functional on brackets, where it moves.
    let before = match (stream, shape.channels, shape.depth) {
        (true, _, _) => shape.size,
        (_, 1, _) | (_, _, 1 | 2) => 0,
        _ => super::functional::reduced_size(shape),
    };
    before.checked_add(shape.channels)
}

impl<T: Copy> VjpRequest<'_, T> {
    /// Whether everything but scratch is there.
    pub(super) fn check(&self, shape: &Shape, to: &Gradients<'_, T>) -> Result<(), Error> {
        self.paths.check_input(shape)?;
        let sizes = Sizes {
            batch: self.paths.batch,
            rows: rows(&self.paths),
            options: self.paths.options,
            has_basepoint: self.paths.basepoint.is_some(),
            signatures: self.signatures.len(),
            signature_row: self.signature_row,
            cotangents: self.cotangents.len(),
            part: self.part,
            single: self.single,
            paths: self.paths.paths.len(),
            to_paths: to.paths.len(),
            to_basepoint: to.basepoint.as_ref().map(|b| b.len()),
            to_initial: to.initial.as_ref().map(|i| i.len()),
            carry: to.carry.len(),
        };
        sizes.check(shape)
    }
}

/// How much of everything there is besides paths, whatever its type: one copy of the checks.
struct Sizes {
    batch: usize,
    /// Rows of signatures a path.
    rows: usize,
    options: Options,
    has_basepoint: bool,
    signatures: usize,
    signature_row: usize,
    cotangents: usize,
    part: Part,
    single: bool,
    paths: usize,
    to_paths: usize,
    to_basepoint: Option<usize>,
    to_initial: Option<usize>,
    carry: usize,
}

impl Sizes {
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn check(&self, shape: &Shape) -> Result<(), Error> {
        let each = |numbers: usize| numbers.checked_mul(self.batch).ok_or(Error::Shape);
        let row = shape.size + usize::from(self.options.scalar_term);
        let of_rows = |row: usize| each(self.rows)?.checked_mul(row).ok_or(Error::Shape);
        let missing_levels = match self.options.stream {
            true => self.signature_row != row,
            false => self.signature_row < row - shape.top(),
        };
        if missing_levels || self.signatures != of_rows(self.signature_row)? {
            return Err(Error::Signatures);
        }
        if self.cotangents != of_rows(row)? {
            return Err(Error::Cotangents);
        }
        let carried = match self.part {
            Part::WHOLE => 0,
            _ => each(carry_of(shape, self.options.stream).ok_or(Error::Shape)?)?,
        };
        if self.single && (self.batch != 1 || self.options.stream || self.part != Part::WHOLE) {
            return Err(Error::Signatures);
        }
        let sound = self.to_paths == self.paths
            && self.carry == carried
            && self.to_basepoint.is_none_or(|len| len == self.batch * shape.channels && self.has_basepoint)
            && self.to_initial.is_none_or(|len| Some(len) == self.batch.checked_mul(shape.size));
        if !sound {
            return Err(Error::Output);
        }
        Ok(())
    }
}
