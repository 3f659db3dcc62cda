//! A tile of steps along the trie.
//!
//! Steps are taken four at a time: what four steps add to a coefficient is summed before it is
//! added, so that the coefficient waits for one addition instead of four. A result does not depend
//! on where tiles begin, as long as that is at a multiple of four.

use super::Sizes;
use super::trie::{Node, Trie};
use crate::batch::parts::Parts;
use crate::lanes::Lanes;
use crate::path::increments::{Gather, TILE};
use crate::walk::chains::reciprocal;

/// Steps that are taken together.
pub const QUAD: usize = 4;
/// Steps of a tile of streams, which keep a row for each, and of paths of many channels.
const SHORT: usize = 16;
/// Channels whose increments of a long tile do not fit the cache.
const MANY: usize = 64;

/// Memory of a walk.
#[derive(Clone, Copy)]
pub struct Walk<V> {
    pub channels: usize,
    pub depth: usize,
    /// Steps of a tile.
    pub tile: usize,
    /// Increments as they are read, `channels` vectors a step; and those of a letter, one after the
    /// other.
    pub raw: *mut V,
    pub increments: *mut V,
    /// What nodes hand down: for each level from 0 on, `depth` times C_m / m of all steps.
    pub chains: *mut V,
    /// The coefficients of all nodes.
    pub state: *mut V,
}

/// Steps of a tile.
pub fn tile_steps(channels: usize, stream: bool) -> usize {
    if stream || channels > MANY { SHORT } else { TILE }
}

impl<V: Lanes> Walk<V> {
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(sizes: Sizes, parts: &mut Parts<V>) -> Self {
        let Sizes { channels, depth, nodes, stream, .. } = sizes;
        let tile = tile_steps(channels, stream);
        let increments = tile.checked_mul(channels);
        Walk {
            channels,
            depth,
            tile,
            // Whole squares are written.
            raw: parts.part(increments.and_then(|n| n.checked_add(crate::lanes::MAX_WIDTH))),
            increments: parts.part(increments),
            chains: parts.part(depth * depth * tile),
            state: parts.part(nodes),
        }
    }

    /// The chains of a level.
    #[inline(always)]
    pub fn chains_of(&self, level: usize) -> *mut V {
        self.chains.wrapping_add(level * self.depth * self.tile)
    }

    /// Reads increments, and zeros behind them; zero if all are finite. Makes the chains of the
    /// empty word.
    ///
    /// # Safety
    /// The memory is there, and `steps` are no more than a tile.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn read(&self, gather: &Gather<'_, V::T>, t: usize, steps: usize) -> V {
        let mut zeros = V::zero();
        // SAFETY: as the caller vouches.
        unsafe {
            gather.read(t, steps, self.raw);
            for letter in 0..self.channels {
                let to = self.increments.add(letter * self.tile);
                for q in 0..self.tile {
                    let z = if q < steps { *self.raw.add(q * self.channels + letter) } else { V::zero() };
                    zeros = z.mul_add(V::zero(), zeros);
                    *to.add(q) = z;
                }
            }
            for m in 1..=self.depth {
                for q in 0..self.tile {
                    *self.chains.add((m - 1) * self.tile + q) = reciprocal(m);
                }
            }
        }
        zeros
    }

    /// Takes the steps that were read. `rows`, if there are any, get the chosen coefficients after
    /// each of them.
    ///
    /// # Safety
    /// The memory is there.
    #[inline(never)]
    pub unsafe fn advance(&self, trie: &Trie<'_>, rows: *mut V) {
        for (i, node) in trie.nodes.iter().enumerate() {
            let column = if rows.is_null() || node.column == 0 {
                core::ptr::null_mut()
            } else {
                rows.wrapping_add(node.column as usize - 1)
            };
            // SAFETY: as the caller vouches.
            unsafe { self.node(node, self.state.add(i), column, trie.columns) };
        }
    }

    /// One node.
    ///
    /// # Safety
    /// The memory is there; `column` is null, or has a vector a step, `pitch` apart.
    #[inline(never)]
    pub unsafe fn node(&self, node: &Node, coefficient: *mut V, column: *mut V, pitch: usize) {
        let from = self.chains_of(node.level as usize - 1);
        let z = self.increments.wrapping_add(node.letter as usize * self.tile);
        // SAFETY: as the caller vouches; the level above has one chain more than the node's height.
        unsafe {
            if !column.is_null() {
                self.rows(coefficient, from, z, column, pitch);
            }
            let to = self.chains_of(node.level as usize);
            *coefficient = match node.height {
                0 => self.steps::<0>(0, *coefficient, from, z, to),
                1 => self.steps::<1>(1, *coefficient, from, z, to),
                2 => self.steps::<2>(2, *coefficient, from, z, to),
                height => self.steps::<3>(height as usize, *coefficient, from, z, to),
            };
        }
    }

    /// The steps of a node of a height, `H` where that is less than 3.
    #[inline(never)]
    unsafe fn steps<const H: usize>(&self, height: usize, mut s: V, from: *const V, z: *const V, to: *mut V) -> V {
        let height = if H < 3 { H } else { height };
        // SAFETY: as the caller vouches.
        unsafe {
            for q in (0..self.tile).step_by(QUAD) {
                let (before, after) = quad(s, from.add(q), z.add(q));
                s = after;
                for m in 1..=height {
                    let at = m * self.tile + q;
                    for (i, &s) in before.iter().enumerate() {
                        let c = (*from.add(at + i)).mul_add(*z.add(q + i), s);
                        *to.add(at - self.tile + i) = if m > 1 { c.mul(reciprocal(m)) } else { c };
                    }
                }
            }
        }
        s
    }

    /// The coefficient after each step.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn rows(&self, coefficient: *const V, from: *const V, z: *const V, column: *mut V, pitch: usize) {
        // SAFETY: as the caller vouches.
        unsafe {
            let mut s = *coefficient;
            for q in (0..self.tile).step_by(QUAD) {
                let (before, after) = quad(s, from.add(q), z.add(q));
                s = after;
                for i in 0..QUAD {
                    *column.add((q + i) * pitch) = if i + 1 < QUAD { before[i + 1] } else { after };
                }
            }
        }
    }
}

/// A coefficient before each of four steps, and after all of them.
#[inline(always)]
unsafe fn quad<V: Lanes>(s: V, c: *const V, z: *const V) -> ([V; QUAD], V) {
    // SAFETY: as the caller vouches.
    unsafe {
        let one = (*c).mul(*z);
        let two = (*c.add(1)).mul_add(*z.add(1), one);
        let three = (*c.add(2)).mul_add(*z.add(2), two);
        let four = (*c.add(3)).mul_add(*z.add(3), three);
        ([s, s.add(one), s.add(two), s.add(three)], s.add(four))
    }
}
