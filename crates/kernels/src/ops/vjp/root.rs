//! The end of a tree of the flow: from a root's X_1, X_2, … to the step's two matrices, and to Θ_2
//! after the step.
//!
//! What is computed is told in `flow`; the numbers with which each X_j counts are in `weights`.

use super::flow::{Flow, TILE};
use super::functional::{add_change, pairs};
use super::weights;
use crate::lanes::Lanes;

/// A root's entries of the matrices, step after step.
pub struct Root<V> {
    before: *mut V,
    behind: *mut V,
    pitch: usize,
    /// Θ_2 before the tile, and what the tile has added.
    start: *const V,
    change: V,
}

impl<V: Lanes> Root<V> {
    #[inline(always)]
    pub fn new(flow: &Flow<'_, V>, node: usize) -> Self {
        Root {
            before: flow.before.wrapping_add(node),
            behind: flow.behind.wrapping_add(node),
            pitch: pairs(flow.shape.channels),
            start: flow.theta.levels[2].wrapping_add(node),
            change: V::zero(),
        }
    }

    /// One step's X_j, j = 1 … M.
    ///
    /// # Safety
    /// The flow's tile has another step.
    #[inline(always)]
    pub unsafe fn put<const M: usize>(&mut self, x: [V; M]) {
        // SAFETY: as the caller vouches.
        unsafe {
            let (before, behind, change) = weights::at_root((*self.start).add(self.change), x);
            self.write(before, behind, change);
        }
    }

    #[inline(always)]
    unsafe fn write(&mut self, before: V, behind: V, change: V) {
        // SAFETY: as the caller vouches.
        unsafe {
            *self.before = before;
            *self.behind = behind;
            self.change = change.mul_add(weights::three(), self.change);
            self.before = self.before.add(self.pitch);
            self.behind = self.behind.add(self.pitch);
        }
    }

    /// After the tile's last step.
    ///
    /// # Safety
    /// The flow's tile is there.
    #[inline(always)]
    pub unsafe fn end(self, flow: &Flow<'_, V>, node: usize) {
        // SAFETY: a root's place.
        unsafe { add_change(flow.theta.levels[2].add(node), flow.theta.lost(2).add(node), self.change) };
    }
}

/// From a root's arrays, `arrays` of them at `x`, to its entries of the two matrices.
///
/// # Safety
/// The flow's tile is there, and the arrays.
pub unsafe fn finish<V: Lanes>(flow: &Flow<'_, V>, node: usize, x: *const V, arrays: usize) {
    // SAFETY: as the caller vouches.
    unsafe {
        match arrays {
            3 if V::WIDTH == 4 => finish_of::<V, 3>(flow, node, x),
            4 if V::WIDTH == 4 => finish_of::<V, 4>(flow, node, x),
            _ => finish_any(flow, node, x, arrays),
        }
    }
}

#[inline(never)]
unsafe fn finish_of<V: Lanes, const M: usize>(flow: &Flow<'_, V>, node: usize, mut x: *const V) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut root = Root::new(flow, node);
        for _ in 0..flow.steps {
            root.put::<M>(core::array::from_fn(|j| *x.add(j * TILE)));
            x = x.add(1);
        }
        root.end(flow, node);
    }
}

#[inline(never)]
unsafe fn finish_any<V: Lanes>(flow: &Flow<'_, V>, node: usize, mut x: *const V, arrays: usize) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut root = Root::new(flow, node);
        for _ in 0..flow.steps {
            let (mut before, mut change) = ((*root.start).add(root.change).add(*x), *x);
            let mut rest = V::zero();
            for j in 2..=arrays {
                let x = *x.add((j - 1) * TILE);
                before = x.mul_add(weights::before(j), before);
                change = x.mul_add(weights::one_over_factorial(j), change);
                rest = x.mul_add(weights::rest_behind(j), rest);
            }
            root.write(before, before.add(change).add(rest), change);
            x = x.add(1);
        }
        root.end(flow, node);
    }
}
