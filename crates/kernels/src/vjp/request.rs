//! What a call for gradients asks for: paths, signatures, cotangents, where gradients go. Types and their checks; no arithmetic.

use super::scratch::Parts;
use crate::lanes::Lanes;
use crate::request::{Error, Options, PerPath};
use crate::shape::Shape;

/// A batch of paths, and the cotangents of its signatures.
#[derive(Clone, Copy, Debug)]
pub struct VjpRequest<'a, T> {
    /// (batch, points, channels), row-major.
    pub paths: &'a [T],
    /// Number of paths.
    pub batch: usize,
    /// Points of each path, at least 1.
    pub points: usize,
    /// Channels, at least 1.
    pub channels: usize,
    /// Truncation level, at least 1.
    pub depth: usize,
    /// Points that count, for each path, 1 … points.
    pub lengths: Option<&'a [u32]>,
    /// A point before the first.
    pub basepoint: Option<PerPath<'a, T>>,
    /// The signature that each path continued: `size` numbers (no scalar term) a path.
    pub initial: Option<PerPath<'a, T>>,
    /// Rows as [`crate::signature()`] writes them with these options: (batch, row) of the paths themselves, *without* what they continued; with `stream`
    /// (batch, rows, row), with it.
    pub signatures: &'a [T],
    /// ∂f/∂signature: rows like those of the signatures. A scalar term's entry is not looked at: the term is constant.
    pub cotangents: &'a [T],
    /// What was asked for; `algorithm` means nothing here.
    pub options: Options,
    /// Which part of a longer call this is.
    pub part: Part,
}

/// A long path may be given in pieces of time, in the direction of travel (with `stream`: against it). Each piece begins at the point where the one before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first piece: the carry is not read.
    pub first: bool,
    /// The last piece: the carry is not written. Before the last piece, the point in which a piece ends is left to the next one.
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
    /// (batch, size): ∂f/∂initial, for each path, with or without an initial signature (then at the identity).
    pub initial: Option<&'a mut [T]>,
    /// (batch, [`carry_len`]) numbers that lead from one piece of time to the next; empty for a call that is whole.
    pub carry: &'a mut [T],
}

/// Numbers that lead a path from one piece of time to the next.
pub fn carry_len(channels: usize, depth: usize, stream: bool) -> Option<usize> {
    let shape = Shape::new(channels, depth)?;
    // Last comes the gradient of the point between two pieces. Before it, for streams the adjoint of the signature so far; else the functional on brackets, where it moves.
    let before = match (stream, channels, depth) {
        (true, _, _) => shape.size,
        (_, 1, _) | (_, _, 1 | 2) => 0,
        _ => super::functional::reduced_size(&shape),
    };
    before.checked_add(channels)
}

impl<T: Copy> VjpRequest<'_, T> {
    /// Rows of signatures a path.
    pub(super) fn rows(&self) -> usize {
        if self.options.stream { self.points - usize::from(self.basepoint.is_none()) } else { 1 }
    }

    /// Whether everything is there: the shape and the parts of scratch, or why not.
    pub(super) fn check<V: Lanes>(&self, to: &Gradients<'_, T>, scratch: usize) -> Result<(Shape, Parts), Error> {
        let shape = Shape::new(self.channels, self.depth).ok_or(Error::Shape)?;
        if self.points == 0 {
            return Err(Error::Shape);
        }
        let path_len = self.points.checked_mul(self.channels).ok_or(Error::Shape)?;
        let numbers = self.batch.checked_mul(path_len).ok_or(Error::Shape)?;
        if numbers != self.paths.len() {
            return Err(Error::Paths);
        }
        if let Some(lengths) = self.lengths
            && (lengths.len() != self.batch || lengths.iter().any(|&l| l == 0 || l as usize > self.points))
        {
            return Err(Error::Lengths);
        }
        let last = self.batch.saturating_sub(1);
        let missing = |rows: Option<PerPath<'_, T>>, count| {
            rows.is_some_and(|r| self.batch > 0 && r.get(last, count).is_none())
        };
        if missing(self.basepoint, self.channels) {
            return Err(Error::Basepoint);
        }
        if missing(self.initial, shape.size) {
            return Err(Error::Initial);
        }
        let row = shape.size + usize::from(self.options.scalar_term);
        let rows = self.batch.checked_mul(self.rows()).and_then(|n| n.checked_mul(row)).ok_or(Error::Shape)?;
        if self.signatures.len() != rows {
            return Err(Error::Signatures);
        }
        if self.cotangents.len() != rows {
            return Err(Error::Cotangents);
        }
        let carried = match self.part {
            Part::WHOLE => 0,
            _ => carry_len(self.channels, self.depth, self.options.stream)
                .and_then(|n| n.checked_mul(self.batch))
                .ok_or(Error::Shape)?,
        };
        let sound = to.paths.len() == numbers
            && to.carry.len() == carried
            && to.basepoint.as_ref().is_none_or(|b| b.len() == self.batch * self.channels && self.basepoint.is_some())
            && to.initial.as_ref().is_none_or(|i| Some(i.len()) == self.batch.checked_mul(shape.size));
        if !sound {
            return Err(Error::Output);
        }
        let parts = Parts::new(&shape, self.options.stream).ok_or(Error::Shape)?;
        if scratch < parts.total {
            return Err(Error::Scratch);
        }
        Ok((shape, parts))
    }
}
