//! The walk over prefixes: Horner's scheme for all words at once, depth first, a tile of time steps
//! at each node.
//!
//! One time step with increment z does, for every level k (Kidger & Lyons 2021, "Signatory",
//! section 5; Horner's scheme),
//!     u = z/k;  for i = 1 … k-1: u = (u + S_i) ⊗ z/(k-i);  S_k += u.
//! The terms u of all levels that pass through one prefix w are followed together as *chains*: with
//! m letters still to come, the chain of w is C_m(w), and for the child w·c
//!     C_{m-1}(wc) = C_m(w)/m · z_c + S(wc),   S(wc) += C_1(w) · z_c,
//! so a node keeps C_m/m, and each chain costs one multiply-add (and one multiplication where m >
//! 2). The root's chains are C_m = 1.
//!
//! The chains of a node depend on its own prefixes only, so a node runs a whole tile of steps
//! before it goes down. On the top level, which has nearly all the work, that makes a matrix
//! product over time, S(wce) += Σ_q v_q(wc) z_q(e): a small rectangle of coefficients stays in
//! registers for all steps of the tile, and only v and z are loaded. Sizes of rectangles are
//! compile-time constants; alphabet, depth and steps are not, so that no shape is special.
//!
//! Not here: where increments come from, what surrounds a tile.

use crate::lanes::Lanes;
use crate::walk::chains::{MOST_SIBLINGS, Siblings, next_group, reciprocal};
use crate::walk::frame::{Frame, POOL};
use crate::walk::rectangle::Rectangle;
use crate::walk::rows::{Rows, some_rows};
use crate::walk::small;

/// Alphabets up to this size have the chains of words with two letters to come made in the same
/// loop as the rows below them.
pub const WIDEST_FUSED: usize = 8;

/// A walk from the empty word, three levels or more (two: `square`).
///
/// # Safety
/// [`Frame`]'s invariant; `increments` holds `steps <= TILE` steps.
#[inline(never)]
pub unsafe fn whole<V: Lanes>(frame: &Frame<V>, increments: *const V, steps: usize) {
    let r = frame.depth - 1;
    let d = frame.width;
    let tile = Tile { frame, increments, steps };
    // SAFETY: as the caller vouches.
    unsafe {
        if r == 1 {
            for q in 0..steps {
                *frame.scratch.add(2 * q) = reciprocal(1);
                *frame.scratch.add(2 * q + 1) = reciprocal(2);
            }
            tile.visit(2, 0, frame.scratch, frame.scratch.add(2 * steps));
            return;
        }
        if r == 2 && d <= WIDEST_FUSED {
            return tile.rows_and_top(frame.levels[2], 0, None, frame.scratch);
        }
        let each = steps * r;
        let mut c = 0;
        while c < d {
            let group = next_group(d - c);
            Siblings {
                coefficients: frame.levels[r].add(c),
                increments: increments.add(c),
                stride: frame.stride,
                steps,
                r,
                to: frame.scratch,
            }
            .first(group);
            for i in 0..group {
                tile.visit(r, c + i, frame.scratch.add(i * each), frame.scratch.add(MOST_SIBLINGS * each));
            }
            c += group;
        }
    }
}

/// What a pruned walk does for one first letter: the letter's own coefficient `root`, then all
/// followed words that begin with it. The increments begin at that letter's.
///
/// # Safety
/// [`Frame`]'s invariant for the words below the letter; `increments` holds `steps <= TILE` steps.
pub unsafe fn below_letter<V: Lanes>(frame: &Frame<V>, root: *mut V, increments: *const V, steps: usize) {
    let r = frame.depth;
    // SAFETY: as the caller vouches.
    unsafe {
        // Of small alphabets on the top level only those words that are not skipped.
        match (r, frame.width * frame.skip) {
            (2, 2) => return small::two_below::<V, 2, 1>(frame, root, increments, steps),
            (2, 3) => return small::two_below::<V, 3, 2>(frame, root, increments, steps),
            (3, 2) => return small::three_below_letter_of_two::<V>(frame, root, increments, steps),
            _ => {}
        }
        below(frame, root, increments, frame.stride, increments, steps);
    }
}

/// Everything below a first letter, whose own coefficient is `root` and whose increments are
/// `letter`, `pitch` vectors a step; in each lane it may be another.
///
/// # Safety
/// As for [`below_letter`].
#[inline(never)]
pub unsafe fn below<V: Lanes>(
    frame: &Frame<V>,
    root: *mut V,
    letter: *const V,
    pitch: usize,
    increments: *const V,
    steps: usize,
) {
    let r = frame.depth;
    // SAFETY: as the caller vouches.
    unsafe {
        Siblings { coefficients: root, increments: letter, stride: pitch, steps, r, to: frame.scratch }.first(1);
        let tile = Tile { frame, increments, steps };
        tile.visit(r, 0, frame.scratch, frame.scratch.add(MOST_SIBLINGS * steps * r));
    }
}

/// One level only: sums.
///
/// # Safety
/// `sums` has `width` vectors; `increments` holds `steps` steps of `stride` vectors.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn level_one<V: Lanes>(sums: *mut V, width: usize, stride: usize, increments: *const V, steps: usize) {
    // SAFETY: as the caller vouches.
    unsafe {
        for c in 0..width {
            // Every other step has its own sum: they do not wait for each other.
            let (mut even, mut odd, mut z) = (*sums.add(c), V::zero(), increments.add(c));
            for _ in 0..steps / 2 {
                even = even.add(*z);
                odd = odd.add(*z.add(stride));
                z = z.add(2 * stride);
            }
            if steps % 2 == 1 {
                even = even.add(*z);
            }
            *sums.add(c) = even.add(odd);
        }
    }
}

/// A tile of time steps.
struct Tile<'a, V> {
    frame: &'a Frame<V>,
    increments: *const V,
    steps: usize,
}

impl<V: Lanes> Tile<'_, V> {
    /// Everything below word number `word`, which has `r >= 2` letters to come.
    unsafe fn visit(&self, r: usize, word: usize, chains: *const V, scratch: *mut V) {
        let d = self.frame.width;
        // SAFETY: Frame's invariant; each level's chains lie behind the one above.
        unsafe {
            if r == 2 {
                self.rows(word, chains, scratch);
                self.top(word * d, d, scratch);
                return;
            }
            if r == 3 && d <= WIDEST_FUSED {
                self.rows_and_top(self.frame.levels[2].add(word * d), word * d, Some(chains), scratch);
                return;
            }
            let below = r - 1;
            let each = self.steps * below;
            let beyond = scratch.add(MOST_SIBLINGS * each);
            let mut c = 0;
            while c < d {
                let group = next_group(d - c);
                Siblings {
                    coefficients: self.frame.levels[below].add(word * d + c),
                    increments: self.increments.add(c),
                    stride: self.frame.stride,
                    steps: self.steps,
                    r: below,
                    to: scratch,
                }
                .below(chains, group);
                for i in 0..group {
                    self.visit(below, word * d + c + i, scratch.add(i * each), beyond);
                }
                c += group;
            }
        }
    }

    /// All children of a word, coefficients `words`, numbers `first` and following on their level,
    /// and what is below them.
    unsafe fn rows_and_top(&self, words: *mut V, first: usize, chains: Option<*const V>, scratch: *mut V) {
        let d = self.frame.width;
        let most = (POOL / d).max(1);
        // SAFETY: as the caller vouches.
        unsafe {
            let mut c = 0;
            while c < d {
                let count = most.min(d - c);
                let mut k = 0;
                while k < count {
                    let rows = Rows {
                        words: words.add(c + k),
                        lower: self.frame.levels[1].add((first + c + k) * d),
                        increments: self.increments,
                        stride: self.frame.stride,
                        steps: self.steps,
                        letter: c + k,
                        to: scratch.add(k * d),
                        pitch: count * d,
                    };
                    macro_rules! take {
                        ($words:literal, $width:literal) => {{
                            match chains {
                                Some(chains) => rows.below::<$words, $width>(chains),
                                None => rows.first::<$words, $width>(),
                            }
                            $words
                        }};
                    }
                    k += match (d, count - k) {
                        (2, _) => take!(2, 2),
                        (3, 2..) if chains.is_some() => take!(2, 3),
                        (3, _) => take!(1, 3),
                        (4, _) => take!(1, 4),
                        (5, _) => take!(1, 5),
                        (6, _) => take!(1, 6),
                        (7, _) => take!(1, 7),
                        _ => take!(1, 8),
                    };
                }
                self.top((first + c) * d, count * d, scratch);
                c += count;
            }
        }
    }

    /// The rows below word number `word`, whose chains b and a are given; their values are `[q * d
    /// + c]`.
    #[inline(always)]
    unsafe fn rows(&self, word: usize, chains: *const V, to: *mut V) {
        let Frame { width: d, stride, .. } = *self.frame;
        // SAFETY: as the caller vouches.
        unsafe {
            let lower = self.frame.levels[1].add(word * d);
            let mut c = 0;
            while c < d {
                let (lower, z, to) = (lower.add(c), self.increments.add(c), to.add(c));
                macro_rules! take {
                    ($rows:literal) => {{
                        some_rows::<V, $rows>(lower, chains, z, stride, self.steps, to, d);
                        $rows
                    }};
                }
                c += match d - c {
                    8 | 16.. => take!(8),
                    9 => take!(9),
                    10 => take!(10),
                    12..=15 | 6 => take!(6),
                    11 | 5 => take!(5),
                    7 => take!(7),
                    4 => take!(4),
                    3 => take!(3),
                    2 => take!(2),
                    _ => take!(1),
                };
            }
        }
    }

    /// The top level below `count` neighbouring rows from number `first` on, whose values are `v[q
    /// * count + row]`.
    ///
    /// Rectangles leave room for the increments and one row's value in the fifteen registers that
    /// engines use, for a sum in memory would wait for itself; eight sums or more hide the latency
    /// of a multiply-add.
    unsafe fn top(&self, first: usize, count: usize, v: *const V) {
        let skip = self.frame.skip;
        let columns = self.frame.width - skip;
        // SAFETY: as the caller vouches.
        unsafe {
            let y = self.frame.levels[0].add(first * columns);
            // Rows taken with so many columns.
            macro_rules! add {
                ($rows:literal, $columns:literal, $rectangle:expr) => {{
                    $rectangle.add::<$rows, $columns>();
                    $rows
                }};
            }
            let mut e = 0;
            while e < columns {
                let (z, left) = (self.increments.add(e + skip), columns - e);
                let mut row = 0;
                while row < count {
                    let rectangle = Rectangle {
                        y: y.add(row * columns + e),
                        y_pitch: columns,
                        v: v.add(row),
                        v_pitch: count,
                        z,
                        z_pitch: self.frame.stride,
                        steps: self.steps,
                    };
                    let rest = count - row;
                    row += match left {
                        1 => match rest {
                            12.. => add!(12, 1, rectangle),
                            8.. => add!(8, 1, rectangle),
                            4.. => add!(4, 1, rectangle),
                            2.. => add!(2, 1, rectangle),
                            _ => add!(1, 1, rectangle),
                        },
                        2 | 4.. if left % 2 == 0 || left > 3 => match rest {
                            6 | 11.. => add!(6, 2, rectangle),
                            5 | 9 | 10 => add!(5, 2, rectangle),
                            4 | 7 | 8 => add!(4, 2, rectangle),
                            3 => add!(3, 2, rectangle),
                            2 => add!(2, 2, rectangle),
                            _ => add!(1, 2, rectangle),
                        },
                        _ => match rest {
                            3 | 5.. => add!(3, 3, rectangle),
                            2 | 4 => add!(2, 3, rectangle),
                            _ => add!(1, 3, rectangle),
                        },
                    };
                }
                e += match left {
                    1 => 1,
                    3 => 3,
                    _ => 2,
                };
            }
        }
    }
}
