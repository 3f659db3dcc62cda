//! A tile of time: all trees of suffixes, depth first.
//!
//! Not here: the arithmetic of a node (`node` for few channels, `wide` for many).

use super::flow::{Flow, TILE, has_node, is_wide};
use super::functional::pairs;
use super::{node, root, wide};
use crate::lanes::Lanes;

impl<V: Lanes> Flow<'_, V> {
    /// Runs all trees over the tile.
    ///
    /// # Safety
    /// Everything is there; depth 3 or more.
    pub unsafe fn run(&self) {
        // SAFETY: as the caller vouches.
        unsafe {
            if self.shape.depth == 3 {
                return if is_wide::<V>(self.shape) { wide::stems(self) } else { node::stems(self) };
            }
            for pair in 0..pairs(self.shape.channels) {
                self.visit(2, pair, core::ptr::null_mut(), self.children);
            }
        }
    }

    /// Node number `node` on level `k`: leaves X_{k,j}, j = 1 … N-k, at `out[(j-1) * TILE + q]`; a
    /// root has room of its own, and leaves the two matrices.
    unsafe fn visit(&self, k: usize, node: usize, out: *mut V, scratch: *mut V) {
        let (d, n) = (self.shape.channels, self.shape.depth);
        // SAFETY: children_size has room for each level's children behind those of the level below.
        unsafe {
            if k == n - 2 {
                let out = if k == 2 { scratch } else { out };
                if !is_wide::<V>(self.shape) {
                    return node::leaf(self, k, node, out);
                }
                wide::leaf(self, k, node, out);
                if k == 2 {
                    root::finish(self, node, out, 2);
                }
                return;
            }
            let each = (n - k - 1) * TILE;
            let beyond = scratch.add(d * each);
            for a in 0..d {
                self.visit(k + 1, node * d + a, scratch.add(a * each), beyond);
            }
            let out = if k == 2 { beyond } else { out };
            if is_wide::<V>(self.shape) || !has_node(self.shape, k) {
                wide::inner(self, k, node, scratch, out);
            } else {
                node::inner(self, k, node, scratch, out);
            }
            if k == 2 {
                root::finish(self, node, out, n - 2);
            }
        }
    }
}
