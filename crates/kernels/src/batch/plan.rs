//! Which variant computes a path: the one small table of choices between kernels, made by shape,
//! number of steps and algorithm alone, never by what else is in the batch, so that a path's result
//! is its own. The numbers come from measurements: see `bench/NOTES.md`.
//!
//! Not here: which rectangles a walk works on (`walk::Tile::top`).

use super::options::{Algorithm, Options};
use crate::walk::pruned::MAX_LETTERS;
use crate::words::recovery::{DEEPEST, LARGEST, Recovery};
use crate::words::shape::Shape;

/// How a whole signature is computed: by Horner's scheme or by the pruned walk, on so many pieces
/// of time, which Chen's identity puts together. The pieces are the lanes of a single path, and
/// keep rounding errors down for every path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    pub pruned: bool,
    /// A power of two, at most [`MAX_PIECES`].
    pub pieces: usize,
}

impl Variant {
    /// There are so many.
    pub const COUNT: usize = 2 * (MAX_PIECES.ilog2() as usize + 1);

    /// Its number among all.
    pub fn number(self) -> usize {
        2 * self.pieces.ilog2() as usize + usize::from(self.pruned)
    }

    /// The variant of a number.
    pub fn of_number(number: usize) -> Self {
        Variant { pruned: number % 2 == 1, pieces: 1 << (number / 2) }
    }
}

/// The most pieces of time.
pub const MAX_PIECES: usize = 8;

/// Paths of fewer steps stay in one piece under Horner's scheme: the products would cost more than
/// they save.
pub const FEWEST_STEPS_TO_CUT: usize = 48;
/// The same for more than two pieces.
const FEWEST_STEPS_TO_CUT_IN_FOUR: usize = 96;

/// Steps from which on `auto` prunes, by depth; the last for all greater depths. Recovery costs as
/// much as some steps, more of them the deeper the signature.
pub const PRUNES_FROM: [usize; 7] = [0, 0, 0, 48, 96, 96, 200];

/// The same for signatures of fewer numbers than [`SMALL`].
pub const PRUNES_SMALL_FROM: [usize; 7] = [0, 0, 0, 96, 128, 200, 200];

/// Signatures of fewer numbers are cut in more pieces. Batches of them gain little from fewer, and
/// a path by itself, which has its pieces in lanes, would take up to twice as long.
pub const SMALL: usize = 100;

/// Pieces that a pruned walk has at least, by depth. Recovery from one piece is less exact the
/// deeper it is: an error on level k is divided by the number of pieces to the power of k - 1.
const FEWEST_PIECES: [usize; 7] = [1, 1, 1, 1, 2, 2, 4];

/// The entry of a table by depth, the last for all greater depths.
fn of_depth(table: &[usize; 7], depth: usize) -> usize {
    table[depth.min(table.len() - 1)]
}

/// Whether the pruned walk exists for a shape.
fn prunable(channels: usize, depth: usize) -> bool {
    channels > 1
        && match depth {
            0 | 1 => false,
            2 => true,
            _ => channels <= MAX_LETTERS && depth <= DEEPEST,
        }
}

/// Whether `auto` prunes paths of this many steps.
fn prunes(shape: &Shape, steps: usize) -> bool {
    let from = if shape.size < SMALL { &PRUNES_SMALL_FROM } else { &PRUNES_FROM };
    prunable(shape.channels, shape.depth) && steps >= of_depth(from, shape.depth)
}

/// Pieces of a pruned walk: as few as is exact enough, since each costs a recovery, which takes
/// longer where it is not a program.
fn pruned_pieces(shape: &Shape, steps: usize) -> usize {
    let depth = shape.depth;
    // Small signatures are cut as paths of twice the steps are.
    let by_length = match if shape.size < SMALL { 2 * steps } else { steps } {
        0..128 => 1,
        128..256 => 2,
        256..512 if shape.size > LARGEST && depth < 5 => 2,
        256..512 => 4,
        _ if depth < 6 => 4,
        _ => 8,
    };
    by_length.max(of_depth(&FEWEST_PIECES, depth))
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
    let pieces = match steps {
        _ if pruned => pruned_pieces(shape, steps),
        FEWEST_STEPS_TO_CUT_IN_FOUR.. => 4,
        FEWEST_STEPS_TO_CUT.. => 2,
        _ => 1,
    };
    Variant { pruned, pieces }
}
