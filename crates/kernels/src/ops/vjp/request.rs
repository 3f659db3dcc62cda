//! What a call for gradients asks for: paths, signatures, cotangents, where gradients go. Types and
//! their checks; no arithmetic.

use crate::batch::options::{Options, PerPath};
use crate::batch::request::Error;
use crate::words::shape::Shape;

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
    /// What was asked for; `algorithm` means nothing here.
    pub options: Options,
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
    /// Rows of signatures a path.
    pub(super) fn rows(&self) -> usize {
        if self.options.stream { self.points - usize::from(self.basepoint.is_none()) } else { 1 }
    }

    /// Whether everything but scratch is there.
    pub(super) fn check(&self, shape: &Shape, to: &Gradients<'_, T>) -> Result<(), Error> {
        let given = |rows: Option<PerPath<'_, T>>| rows.map(|rows| (rows.data.len(), rows.stride));
        let sizes = Sizes {
            paths: self.paths.len(),
            batch: self.batch,
            points: self.points,
            lengths: self.lengths,
            basepoint: given(self.basepoint),
            initial: given(self.initial),
            signatures: self.signatures.len(),
            signature_row: self.signature_row,
            cotangents: self.cotangents.len(),
            options: self.options,
            part: self.part,
            single: self.single,
            to_paths: to.paths.len(),
            to_basepoint: to.basepoint.as_ref().map(|b| b.len()),
            to_initial: to.initial.as_ref().map(|i| i.len()),
            carry: to.carry.len(),
        };
        sizes.check(shape)
    }
}

/// How much of everything there is, whatever its type: one copy of the checks.
struct Sizes<'a> {
    paths: usize,
    batch: usize,
    points: usize,
    lengths: Option<&'a [u32]>,
    /// Numbers, and how many from one path's to the next one's.
    basepoint: Option<(usize, usize)>,
    initial: Option<(usize, usize)>,
    signatures: usize,
    signature_row: usize,
    cotangents: usize,
    options: Options,
    part: Part,
    single: bool,
    to_paths: usize,
    to_basepoint: Option<usize>,
    to_initial: Option<usize>,
    carry: usize,
}

impl Sizes<'_> {
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn check(&self, shape: &Shape) -> Result<(), Error> {
        if self.points == 0 {
            return Err(Error::Shape);
        }
        let each = |numbers: usize| numbers.checked_mul(self.batch).ok_or(Error::Shape);
        let path_len = self.points.checked_mul(shape.channels).ok_or(Error::Shape)?;
        let numbers = each(path_len)?;
        if numbers != self.paths {
            return Err(Error::Paths);
        }
        if let Some(lengths) = self.lengths
            && (lengths.len() != self.batch || lengths.iter().any(|&l| l == 0 || l as usize > self.points))
        {
            return Err(Error::Lengths);
        }
        // The last path's numbers are there.
        let last = self.batch.saturating_sub(1);
        let missing = |rows: Option<(usize, usize)>, count: usize| {
            rows.is_some_and(|(len, stride)| {
                let end = last.checked_mul(stride).and_then(|start| start.checked_add(count));
                self.batch > 0 && end.is_none_or(|end| end > len)
            })
        };
        if missing(self.basepoint, shape.channels) {
            return Err(Error::Basepoint);
        }
        if missing(self.initial, shape.size) {
            return Err(Error::Initial);
        }
        let row = shape.size + usize::from(self.options.scalar_term);
        let rows = match self.options.stream {
            true => self.points - usize::from(self.basepoint.is_none()),
            false => 1,
        };
        let of_rows = |row: usize| each(rows)?.checked_mul(row).ok_or(Error::Shape);
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
        let sound = self.to_paths == numbers
            && self.carry == carried
            && self.to_basepoint.is_none_or(|len| len == self.batch * shape.channels && self.basepoint.is_some())
            && self.to_initial.is_none_or(|len| Some(len) == self.batch.checked_mul(shape.size));
        if !sound {
            return Err(Error::Output);
        }
        Ok(())
    }
}
