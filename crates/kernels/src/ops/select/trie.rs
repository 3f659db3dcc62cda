//! The trie of the chosen words, as a list of nodes: a node, then all below it.
//!
//! Not here: its arithmetic.

use super::Sizes;
use crate::batch::parts::Parts;
use crate::batch::request::Error;
use crate::lanes::{Lanes, Real};
use crate::words::shape::MAX_DEPTH;

/// Numbers of a node in the list that is given: its last letter, the length of its word, and the
/// column of it in a row, counted from 1; 0 for a prefix that is not chosen.
pub const ENTRY: usize = 3;

/// A word or a prefix of one.
#[derive(Clone, Copy)]
pub struct Node {
    /// The last letter, the length, and the column as given.
    pub letter: u32,
    pub level: u32,
    pub column: u32,
    /// Letters that the longest word below it has more.
    pub height: u32,
}

impl Sizes {
    /// Whether there is something to compute, of a depth that there are tables for.
    pub fn are_sound(&self) -> bool {
        self.channels > 0 && self.nodes > 0 && self.depth > 0 && self.depth <= MAX_DEPTH
    }
}

/// Memory for nodes.
pub fn nodes<V: Lanes>(count: usize, parts: &mut Parts<V>) -> *mut Node {
    let bytes = count.checked_mul(size_of::<Node>());
    parts.part(bytes.map(|bytes| bytes.div_ceil(size_of::<V>()))).cast()
}

/// All nodes.
pub struct Trie<'s> {
    pub nodes: &'s [Node],
    pub columns: usize,
}

impl Trie<'_> {
    /// Reads the list into memory for it. Nothing in it can lead out of a row or a tile.
    ///
    /// # Safety
    /// There is memory for `sizes.nodes` nodes, which nothing else uses as long as the trie.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub unsafe fn read<T: Real>(given: &[T], sizes: Sizes, to: *mut Node) -> Result<Self, Error> {
        let entry = |i: usize| -> [u32; ENTRY] { core::array::from_fn(|k| given[ENTRY * i + k].to_f64() as u32) };
        let mut before = 0;
        for i in 0..sizes.nodes {
            let [letter, level, column] = entry(i);
            let sound = (letter as usize) < sizes.channels
                && (1..=before + 1).contains(&level)
                && level as usize <= sizes.depth
                && column as usize <= sizes.columns;
            if !sound {
                return Err(Error::Rows);
            }
            before = level;
        }
        for i in 0..sizes.nodes {
            let [letter, level, column] = entry(i);
            // SAFETY: as the caller vouches.
            unsafe { *to.add(i) = Node { letter, level, column, height: 0 } };
        }
        // SAFETY: all have been written.
        let trie = unsafe { core::slice::from_raw_parts_mut(to, sizes.nodes) };
        set_heights(trie);
        Ok(Trie { nodes: trie, columns: sizes.columns })
    }

    /// A row from a state.
    ///
    /// # Safety
    /// The state has a vector a node, `values` room for one a column.
    pub unsafe fn pick<V: Lanes>(&self, state: *const V, values: *mut V) {
        for (i, node) in self.nodes.iter().enumerate() {
            if node.column > 0 {
                // SAFETY: as the caller vouches.
                unsafe { *values.add(node.column as usize - 1) = *state.add(i) };
            }
        }
    }
}

#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn set_heights(nodes: &mut [Node]) {
    // The highest of the nodes of each level that wait for the node before them.
    let mut heights = [0; MAX_DEPTH + 2];
    let mut behind = 0;
    for node in nodes.iter_mut().rev() {
        let level = node.level as usize;
        if behind > level {
            node.height = core::mem::take(&mut heights[level + 1]) + 1;
        }
        heights[level] = node.height.max(heights[level]);
        behind = level;
    }
}
