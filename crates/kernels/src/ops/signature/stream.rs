//! The signatures of all prefixes of paths in lanes.
//!
//! At every level a step adds C_1 of the word before times the increment of the last letter,
//! S(wc) += C_1(w) z_c, the top level included. Words in their order in a row are the parents, each
//! with its channels, of the coefficients in their order: coefficient number i belongs to parent
//! number i / channels, where parent 0 is the empty word with C_1 = 1 and parent j is coefficient
//! j - 1. So a step adds an outer product to the row, M ⊗ z with M the parents' C_1.
//!
//! For a tile of steps first all M are made, depth first as in `walk`; then a vector's worth of
//! coefficients at a time stays in registers through the steps, and each step's are written to the
//! output rows, transposed. Not here: which paths, and what follows after the last step.

use crate::lanes::{Lanes, MAX_WIDTH, RowsMut};
use crate::walk::chains::{MOST_SIBLINGS, Siblings, next_group, reciprocal};
use crate::walk::rows::some_rows;
use crate::words::shape::Shape;

/// Steps in a tile. More of them and what is written leaves the nearest cache before its lines are
/// full; fewer and loops are mostly beginnings and ends.
const MOST_STEPS: usize = 32;
const LEAST_STEPS: usize = 8;
/// Vectors that a tile's rows, parents and increments take, where the number of steps can still be
/// chosen: a tenth of a megabyte.
const TILE_VECTORS: usize = 6400;

/// Steps in a tile.
pub fn tile_steps(shape: &Shape) -> usize {
    (TILE_VECTORS / (shape.size + parents(shape) + shape.channels)).clamp(LEAST_STEPS, MOST_STEPS)
}

/// Words that have children, the empty one included.
fn parents(shape: &Shape) -> usize {
    shape.size / shape.channels
}

/// Vectors of scratch: a tile of increments, of parents, and the chains of all levels.
pub fn scratch_vectors(shape: &Shape) -> Option<usize> {
    let steps = tile_steps(shape);
    let chains = MOST_SIBLINGS * shape.depth * shape.depth * steps;
    steps.checked_mul(shape.channels + parents(shape))?.checked_add(chains)
}

/// Memory of a stream.
pub struct Stream<'s, V> {
    shape: &'s Shape,
    /// Steps of a tile.
    pub steps: usize,
    /// Increments, `channels` vectors a step.
    pub increments: *mut V,
    /// C_1 of every parent, `parents` vectors a step.
    factors: *mut V,
    parents: usize,
    chains: *mut V,
    /// The coefficients that have been written last: `shape.size` vectors.
    written: *mut V,
    /// The same of the words that are parents, as the next tile starts from them.
    state: *mut V,
}

impl<'s, V: Lanes> Stream<'s, V> {
    /// `scratch` has [`scratch_vectors`]; `written` holds the signatures that the paths continue,
    /// and `state` has as much room.
    ///
    /// # Safety
    /// All of it is there.
    pub unsafe fn new(shape: &'s Shape, scratch: *mut V, written: *mut V, state: *mut V) -> Self {
        let (steps, parents) = (tile_steps(shape), parents(shape));
        let factors = scratch.wrapping_add(steps * shape.channels);
        let chains = factors.wrapping_add(steps * parents);
        // SAFETY: as the caller vouches.
        unsafe {
            core::ptr::copy_nonoverlapping(written, state, parents - 1);
            for q in 0..steps {
                *factors.add(q * parents) = reciprocal(1);
                for m in 1..=shape.depth {
                    *chains.add(q * shape.depth + m - 1) = reciprocal(m);
                }
            }
        }
        Stream { shape, steps, increments: scratch, factors, parents, chains, written, state }
    }

    /// Follows `steps` steps, whose increments stand in their place, and writes the row after each:
    /// `rows` are the lanes' first, `row` numbers apart from the next.
    ///
    /// # Safety
    /// All rows are there; `steps` is at most those of a tile.
    pub unsafe fn follow(&self, steps: usize, rows: &RowsMut<V::T>, row: usize) {
        let depth = self.shape.depth;
        // SAFETY: as the caller vouches; behind the empty word's chains lie the others'.
        unsafe {
            if depth > 1 {
                self.visit(depth, 0, self.chains, self.chains.add(self.steps * depth), steps);
            }
            let (size, width) = (self.shape.size, V::WIDTH);
            // What is left behind the last whole vector: a vector that ends with the row, which
            // goes first, since it starts from what the others have yet to change.
            let left = size % width;
            if left > 0 && size > width {
                let whole: [V; MAX_WIDTH] = core::array::from_fn(|k| {
                    if k < width - left { *self.written.add(size - width + k) } else { V::zero() }
                });
                self.vectors(size - width, 1, steps, rows, row);
                for (k, v) in whole.into_iter().enumerate().take(width - left) {
                    *self.written.add(size - width + k) = v;
                }
            }
            let mut i = 0;
            while i + width <= size {
                i += self.vectors(i, (size - i) / width, steps, rows, row);
            }
            while i < size && size < width {
                i += self.write_one(i, steps, rows, row);
            }
        }
    }

    /// Some coefficients from i on, of at most so many vectors; gives their number.
    unsafe fn vectors(&self, i: usize, most: usize, steps: usize, rows: &RowsMut<V::T>, row: usize) -> usize {
        let d = self.shape.channels;
        // SAFETY: as `follow`'s caller vouches.
        unsafe {
            match (d, V::WIDTH, most) {
                (_, width, 2..) if d.is_multiple_of(width) => self.write::<1, 2>(i, steps, rows, row),
                (_, width, 1) if d.is_multiple_of(width) => self.write::<1, 1>(i, steps, rows, row),
                (2, 4, 2..) => self.write::<2, 2>(i, steps, rows, row),
                (2, 4, _) => self.write::<2, 1>(i, steps, rows, row),
                (3, 4, 3..) => self.write::<3, 3>(i, steps, rows, row),
                _ => self.write::<MAX_WIDTH, 1>(i, steps, rows, row),
            }
        }
    }

    /// The factors of all words below parent number `parent`, which has `r` letters to come, two or
    /// more, and these chains.
    unsafe fn visit(&self, r: usize, parent: usize, chains: *const V, scratch: *mut V, steps: usize) {
        let d = self.shape.channels;
        let first = parent * d;
        // SAFETY: as `follow`'s caller vouches.
        unsafe {
            if r == 2 {
                let mut c = 0;
                while c < d {
                    let lower = self.state.add(first + c);
                    let (z, to) = (self.increments.add(c), self.factors.add(first + c + 1));
                    macro_rules! take {
                        ($rows:literal) => {{
                            some_rows::<V, $rows>(lower, chains, z, d, steps, to, self.parents);
                            $rows
                        }};
                    }
                    c += match d - c {
                        8.. => take!(8),
                        6 | 7 => take!(6),
                        4 | 5 => take!(4),
                        3 => take!(3),
                        2 => take!(2),
                        _ => take!(1),
                    };
                }
                return;
            }
            let below = r - 1;
            let each = steps * below;
            let beyond = scratch.add(MOST_SIBLINGS * each);
            let mut c = 0;
            while c < d {
                let group = next_group(d - c);
                Siblings {
                    coefficients: self.state.add(first + c),
                    increments: self.increments.add(c),
                    stride: d,
                    steps,
                    r: below,
                    to: scratch,
                }
                .below(chains, group);
                for i in 0..group {
                    let (word, chains) = (first + c + i + 1, scratch.add(i * each));
                    for q in 0..steps {
                        *self.factors.add(q * self.parents + word) = *chains.add(q * below);
                    }
                    self.visit(below, word, chains, beyond, steps);
                }
                c += group;
            }
        }
    }

    /// `G` times as many coefficients as lanes, from `i` on, of all steps; gives their number.
    /// `PATTERN` says how they belong to parents: 1, those of a vector have one; 2, two letters
    /// each; 3, three letters each; [`MAX_WIDTH`], any.
    #[inline(never)]
    unsafe fn write<const PATTERN: usize, const G: usize>(
        &self,
        i: usize,
        steps: usize,
        rows: &RowsMut<V::T>,
        row: usize,
    ) -> usize {
        let d = self.shape.channels;
        let (parent, letter) = (i / d, i % d);
        let number = |g: usize, k: usize| g * V::WIDTH + k;
        // Constants for each pattern but the last, as far as a vector goes.
        let vectors: [(usize, usize); G] =
            core::array::from_fn(|g| ((i + number(g, 0)) / d - parent, (i + number(g, 0)) % d));
        let factors = |g: usize, k: usize| match PATTERN {
            1 => (vectors[g].0, vectors[g].1 + k),
            2 => (number(g, k) / 2, number(g, k) % 2),
            3 => (number(g, k) / 3, number(g, k) % 3),
            _ => ((letter + number(g, k)) / d, (letter + number(g, k)) % d),
        };
        let offsets: [[(usize, usize); MAX_WIDTH]; G] =
            core::array::from_fn(|g| core::array::from_fn(|k| factors(g, k)));
        // SAFETY: as `follow`'s caller vouches.
        unsafe {
            let mut s: [[V; MAX_WIDTH]; G] = core::array::from_fn(|g| {
                core::array::from_fn(|k| if k < V::WIDTH { *self.written.add(i + number(g, k)) } else { V::zero() })
            });
            let mut to: RowsMut<V::T> = core::array::from_fn(|l| rows[l].wrapping_add(i));
            let mut m = self.factors.add(parent).cast_const();
            let mut z = self.increments.cast_const();
            for _ in 0..steps {
                for g in 0..G {
                    for k in 0..V::WIDTH {
                        let (parent, letter) = offsets[g][k];
                        s[g][k] = (*m.add(parent)).mul_add(*z.add(letter), s[g][k]);
                    }
                    for (l, v) in V::transposed(s[g]).into_iter().enumerate().take(V::WIDTH) {
                        v.store(to[l].wrapping_add(number(g, 0)));
                    }
                }
                for to in &mut to {
                    *to = to.wrapping_add(row);
                }
                m = m.add(self.parents);
                z = z.add(d);
            }
            for (g, s) in s.into_iter().enumerate() {
                for (k, s) in s.into_iter().enumerate().take(V::WIDTH) {
                    *self.written.add(i + number(g, k)) = s;
                }
            }
        }
        G * V::WIDTH
    }

    /// Coefficient number i of all steps; gives 1.
    #[inline(never)]
    unsafe fn write_one(&self, i: usize, steps: usize, rows: &RowsMut<V::T>, row: usize) -> usize {
        let d = self.shape.channels;
        // SAFETY: as `follow`'s caller vouches.
        unsafe {
            let mut s = *self.written.add(i);
            let (mut m, mut z) = (self.factors.add(i / d), self.increments.add(i % d));
            for q in 0..steps {
                s = (*m).mul_add(*z, s);
                let lanes = s.to_lanes();
                for l in 0..V::WIDTH {
                    *rows[l].wrapping_add(q * row + i) = lanes[l];
                }
                m = m.add(self.parents);
                z = z.add(d);
            }
            *self.written.add(i) = s;
        }
        1
    }
}
