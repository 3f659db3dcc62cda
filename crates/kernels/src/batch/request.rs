//! What a call asks for: paths, options, what it may be refused for. Types and their checks; no
//! arithmetic.

use super::items::Items;
use super::options::{Options, PerPath};
use crate::lanes::Real;
use crate::path::increments::Track;
use crate::words::shape::Shape;

/// A batch of paths.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a, T> {
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
    /// The signature that each path continues: `size` numbers (no scalar term) a path; none is the
    /// identity.
    pub initial: Option<PerPath<'a, T>>,
    /// What to compute.
    pub options: Options,
}

/// What else there is to know of a finished call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether all increments, summed over each path, are finite. If not, the input held numbers
    /// that are not finite, or finite ones overflowed.
    pub increments_finite: bool,
}

/// Why a call was refused. Nothing has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No channel, level or point; or a size beyond what can be laid out.
    Shape,
    /// `paths` has not batch * points * channels numbers.
    Paths,
    /// Not one length a path, or one out of 1 … points.
    Lengths,
    /// Too few numbers in `basepoint`.
    Basepoint,
    /// Too few numbers in `initial`.
    Initial,
    /// `out` has not [`output_len`] numbers.
    Output,
    /// `scratch` has fewer than [`crate::signature_scratch`] vectors.
    Scratch,
    /// The recovery is missing.
    Recovery,
    /// Too few numbers in an operand (operations on rows only).
    Rows,
    /// `signatures` has not one row for each row of the result (gradients only).
    Signatures,
    /// `cotangents` has not one row for each row of the result (gradients only).
    Cotangents,
}

/// Numbers in the output of a request: batch * rows * row.
pub fn output_len<T>(request: &Request<'_, T>) -> Option<usize> {
    let size = crate::signature_size(request.channels, request.depth)?;
    let row = size + usize::from(request.options.scalar_term);
    request.batch.checked_mul(rows(request))?.checked_mul(row)
}

/// Output rows a path.
pub(crate) fn rows<T>(request: &Request<'_, T>) -> usize {
    if request.options.stream { request.points - usize::from(request.basepoint.is_none()) } else { 1 }
}

/// Whether paths of a shape (batch, points, channels) are there, and their lengths, if any, fit.
pub(crate) fn check_paths<T>(
    paths: &[T],
    [batch, points, channels]: [usize; 3],
    lengths: Option<&[u32]>,
) -> Result<(), Error> {
    if points == 0 {
        return Err(Error::Shape);
    }
    let path_len = points.checked_mul(channels).ok_or(Error::Shape)?;
    if batch.checked_mul(path_len) != Some(paths.len()) {
        return Err(Error::Paths);
    }
    match lengths {
        Some(lengths) if lengths.len() != batch || lengths.iter().any(|&l| l == 0 || l as usize > points) => {
            Err(Error::Lengths)
        }
        _ => Ok(()),
    }
}

impl<T: Copy> Request<'_, T> {
    /// Whether everything but scratch is there.
    pub(crate) fn check(&self, shape: &Shape, out: usize) -> Result<(), Error> {
        self.check_input(shape)?;
        if output_len(self) == Some(out) { Ok(()) } else { Err(Error::Output) }
    }

    /// Whether all input is there.
    pub(crate) fn check_input(&self, shape: &Shape) -> Result<(), Error> {
        check_paths(self.paths, [self.batch, self.points, self.channels], self.lengths)?;
        let last = self.batch.saturating_sub(1);
        if let Some(b) = self.basepoint
            && self.batch > 0
            && b.get(last, self.channels).is_none()
        {
            return Err(Error::Basepoint);
        }
        if let Some(i) = self.initial
            && self.batch > 0
            && i.get(last, shape.size).is_none()
        {
            return Err(Error::Initial);
        }
        Ok(())
    }
}

impl<'b, T: Real> Items<'b, T> for Request<'b, T> {
    fn count(&self) -> usize {
        self.batch
    }

    fn lengths(&self) -> Option<&'b [u32]> {
        self.lengths
    }

    fn track(&self, path: usize) -> Track<'b, T> {
        let points = self.lengths.map_or(self.points, |l| l[path] as usize);
        let basepoint = self.basepoint.and_then(|b| b.get(path, self.channels));
        let numbers = &self.paths[path * self.points * self.channels..][..points * self.channels];
        Track::new(numbers, self.channels, basepoint, self.options.inverse)
    }

    fn letters(&self) -> usize {
        self.channels
    }
}
