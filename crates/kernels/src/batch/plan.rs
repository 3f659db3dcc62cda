//! Which variant computes a path: the one small table of choices between kernels, made by shape,
//! number of steps and algorithm alone, never by what else is in the batch, so that a path's result
//! is its own. The numbers come from measurements: see `bench/NOTES.md`.
//!
//! Not here: which rectangles a walk works on (`walk::Tile::top`).

use super::options::{Algorithm, Options};
use crate::walk::pruned::MAX_LETTERS;
use crate::words::recovery::{DEEPEST, LARGEST, Recovery};
use crate::words::shape::Shape;

/// How a whole signature is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Horner's scheme, from the first step to the last.
    OnePiece = 0,
    /// Horner's scheme on pieces of time, combined by Chen's identity. The pieces are the lanes of
    /// a single path, and keep rounding errors down for every path.
    Cut = 1,
    /// The pruned walk on pieces of time.
    Pruned = 2,
    /// The same on two pieces, for paths so short that what each piece costs counts.
    CutInTwo = 3,
    PrunedInTwo = 4,
}

impl Variant {
    /// All of them, each at its own number.
    pub const ALL: [Variant; 5] =
        [Variant::OnePiece, Variant::Cut, Variant::Pruned, Variant::CutInTwo, Variant::PrunedInTwo];
}

/// The most pieces of time.
pub const MAX_PIECES: usize = 8;

/// Paths of fewer steps than this stay in one piece: the products would cost more than they save.
pub const FEWEST_STEPS_TO_CUT: usize = 48;

/// Shorter paths are cut in two: a piece costs as much as some steps, with its product, more of
/// them where it is recovered from what a pruned walk follows.
const FEWEST_STEPS_TO_CUT_IN_FOUR: usize = 96;
const FEWEST_STEPS_TO_PRUNE_IN_FOUR: usize = 128;
const FEWEST_STEPS_TO_PRUNE_LARGE_IN_FOUR: usize = 256;

/// Steps from which on `auto` prunes, by depth; the last for all greater depths. Recovery costs as
/// much as some steps, more of them the deeper the signature.
pub const PRUNES_FROM: [usize; 7] = [0, 0, 0, 96, 128, 256, 256];

/// The same where there is no program of recovery.
pub const PRUNES_LARGE_FROM: [usize; 7] = [0, 0, 0, 96, 96, 96, 512];

/// From this depth on, recovery needs shorter pieces to be as exact as Horner's scheme.
const SHORTER_PIECES: usize = 6;

/// Whether the pruned walk exists for a shape.
fn prunable(channels: usize, depth: usize) -> bool {
    channels > 1
        && match depth {
            0 | 1 => false,
            2 => true,
            _ => channels <= MAX_LETTERS && depth <= DEEPEST,
        }
}

/// Whether the recovery of a prunable shape is a program; otherwise loops. Depth 2 needs neither.
fn has_program(shape: &Shape) -> bool {
    shape.depth == 2 || shape.size <= LARGEST
}

/// Whether `auto` prunes paths of this many steps.
fn prunes(shape: &Shape, steps: usize) -> bool {
    let from = if has_program(shape) { &PRUNES_FROM } else { &PRUNES_LARGE_FROM };
    prunable(shape.channels, shape.depth) && steps >= from[shape.depth.min(from.len() - 1)]
}

/// Whether a call with these options may prune, at a depth where words are followed.
pub fn may_prune(channels: usize, depth: usize, options: Options) -> bool {
    options.algorithm != Algorithm::Horner && !options.stream && depth > 2 && prunable(channels, depth)
}

/// Whether such a call needs a [`Recovery`].
pub fn needs_recovery(channels: usize, depth: usize, options: Options) -> bool {
    may_prune(channels, depth, options) && Recovery::exists(channels, depth)
}

/// The variant that computes a path.
pub fn plan(shape: &Shape, steps: usize, algorithm: Algorithm) -> Variant {
    let pruned = match algorithm {
        Algorithm::Horner => false,
        Algorithm::Auto => prunes(shape, steps),
        Algorithm::Pruned => steps > 0 && prunable(shape.channels, shape.depth),
    };
    if pruned {
        let four = if has_program(shape) { FEWEST_STEPS_TO_PRUNE_IN_FOUR } else { FEWEST_STEPS_TO_PRUNE_LARGE_IN_FOUR };
        match steps < four && shape.depth < SHORTER_PIECES {
            true => Variant::PrunedInTwo,
            false => Variant::Pruned,
        }
    } else if shape.depth > 1 && steps >= FEWEST_STEPS_TO_CUT {
        if steps < FEWEST_STEPS_TO_CUT_IN_FOUR { Variant::CutInTwo } else { Variant::Cut }
    } else {
        Variant::OnePiece
    }
}

/// Pieces of time. Deep recovery needs shorter pieces.
pub fn pieces(depth: usize, variant: Variant) -> usize {
    match variant {
        Variant::OnePiece => 1,
        Variant::CutInTwo | Variant::PrunedInTwo => 2,
        Variant::Pruned if depth >= SHORTER_PIECES => 8,
        Variant::Cut | Variant::Pruned => 4,
    }
}
