//! Nodes of the flow for few channels: a step's increments, the children's running numbers and all sums of the node stay in registers.
//!
//! What is computed is told in `flow`; this file writes it out for a number of channels that is known at compile time.

use super::flow::{Flow, TILE};
use super::functional::{add_change, pairs};
use super::registers::hidden_zero;
use super::weights;
use crate::lanes::Lanes;
use crate::shape::Shape;

/// Whether there is code here for an inner node on level `k` of a shape of few channels: for the shapes that are used most.
pub fn exists<V: Lanes>(shape: &Shape, k: usize) -> bool {
    let arrays = shape.depth - k - 1;
    match (shape.channels, V::WIDTH) {
        (2 | 3, 4) => arrays <= 4,
        (4, 4) | (2 | 3, _) => arrays <= 3,
        _ => arrays <= 2,
    }
}

/// The increments of a step.
#[inline(always)]
unsafe fn step<V: Lanes, const D: usize>(z: *const V) -> [V; D] {
    // SAFETY: the caller vouches for D vectors.
    core::array::from_fn(|c| unsafe { *z.add(c) })
}

/// Σ_b z_b t_b. From four terms on in two sums, which do not wait for each other.
#[inline(always)]
unsafe fn contraction<V: Lanes, const D: usize>(z: &[V; D], t: *const V) -> V {
    // SAFETY: the caller vouches for D vectors.
    unsafe { sum_of::<V, D>(|b| (z[b], *t.add(b))) }
}

/// Σ_a of the products of `factors(a)`, likewise.
#[inline(always)]
fn sum_of<V: Lanes, const D: usize>(factors: impl Fn(usize) -> (V, V)) -> V {
    let some = |from: usize, to: usize| {
        let (x, y) = factors(from);
        let mut sum = x.mul(y);
        for a in from + 1..to {
            let (x, y) = factors(a);
            sum = x.mul_add(y, sum);
        }
        sum
    };
    if D < 4 { some(0, D) } else { some(0, D / 2).add(some(D / 2, D)) }
}

/// Where a node's results go.
struct Sink<V> {
    out: *mut V,
    behind: *mut V,
    before: *mut V,
    pitch: usize,
    /// Θ on level 2 at a root before the tile, and what the tile has added.
    root: *const V,
    change: V,
}

impl<V: Lanes> Sink<V> {
    fn new(flow: &Flow<'_, V>, node: usize, out: *mut V) -> Self {
        Sink {
            out,
            behind: flow.behind.wrapping_add(node),
            before: flow.before.wrapping_add(node),
            pitch: pairs(flow.shape.channels),
            root: flow.theta.levels[2].wrapping_add(node),
            change: V::zero(),
        }
    }

    /// One step's X_j, j = 1 … M.
    #[inline(always)]
    unsafe fn put<const M: usize, const ROOT: bool>(&mut self, x: [V; M]) {
        // SAFETY: the caller vouches for room.
        unsafe {
            if ROOT {
                let (before, behind, change) = weights::at_root((*self.root).add(self.change), x);
                *self.before = before;
                *self.behind = behind;
                self.change = change.mul_add(weights::three(), self.change);
                self.before = self.before.add(self.pitch);
                self.behind = self.behind.add(self.pitch);
            } else {
                for (j, x) in x.into_iter().enumerate() {
                    *self.out.add(j * TILE) = x;
                }
                self.out = self.out.add(1);
            }
        }
    }

    unsafe fn end<const ROOT: bool>(self, flow: &Flow<'_, V>, node: usize) {
        if ROOT {
            // SAFETY: a root's place.
            unsafe { add_change(flow.theta.levels[2].add(node), flow.theta.lost(2).add(node), self.change) };
        }
    }
}

/// A node whose children's children are on the top level: X_1 of a child is made here, and used at once.
///
/// # Safety
/// The flow's tile is there, 2 … 5 channels.
pub unsafe fn leaf<V: Lanes>(flow: &Flow<'_, V>, k: usize, node: usize, out: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        match (flow.shape.channels, k == 2) {
            (2, true) => leaf_of::<V, 2, true>(flow, k, node, out),
            (4, true) if V::WIDTH == 4 => leaf_of::<V, 4, true>(flow, k, node, out),
            (5, true) if V::WIDTH == 4 => leaf_of::<V, 5, true>(flow, k, node, out),
            (_, true) => leaf_of::<V, 3, true>(flow, k, node, out),
            (2, _) => leaf_of::<V, 2, false>(flow, k, node, out),
            (4, _) if V::WIDTH == 4 => leaf_of::<V, 4, false>(flow, k, node, out),
            (5, _) if V::WIDTH == 4 => leaf_of::<V, 5, false>(flow, k, node, out),
            (_, _) => leaf_of::<V, 3, false>(flow, k, node, out),
        }
    }
}

#[inline(never)]
unsafe fn leaf_of<V: Lanes, const D: usize, const ROOT: bool>(flow: &Flow<'_, V>, k: usize, node: usize, out: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut top = flow.theta.levels[k + 2].add(node * D * D);
        let nothing = hidden_zero();
        let below = flow.theta.levels[k + 1].add(node * D);
        let mut x: [V; D] = core::array::from_fn(|a| *below.add(a));
        let mut sink = Sink::new(flow, node, out);
        let mut z = flow.increments;
        for _ in 0..flow.steps {
            let s = step::<V, D>(z);
            let c: [V; D] = core::array::from_fn(|a| contraction(&s, top.add(a * D)));
            sink.put::<2, ROOT>([sum_of::<V, D>(|a| (s[a], x[a])), sum_of::<V, D>(|a| (s[a], c[a]))]);
            x = core::array::from_fn(|a| x[a].add(c[a]));
            z = z.add(D);
            top = top.add(nothing);
        }
        for (a, x) in x.into_iter().enumerate() {
            *below.add(a) = x;
        }
        sink.end::<ROOT>(flow, node);
    }
}

/// A node above: what its children left is contracted, and what they run is moved on.
///
/// # Safety
/// The flow's tile is there, 2 … 5 channels, and the shape [`exists`]; a child's arrays are at `children`.
pub unsafe fn inner<V: Lanes>(flow: &Flow<'_, V>, k: usize, node: usize, children: *const V, out: *mut V) {
    macro_rules! of {
        ($d:literal, $j:literal, $m:literal) => {
            match k {
                2 => inner_of::<V, $d, $j, $m, true>(flow, k, node, children, out),
                _ => inner_of::<V, $d, $j, $m, false>(flow, k, node, children, out),
            }
        };
    }
    // SAFETY: as the caller vouches.
    unsafe {
        match (flow.shape.channels, flow.shape.depth - k - 1) {
            (2, 2) => of!(2, 2, 3),
            (2, 3) => of!(2, 3, 4),
            (2, _) if V::WIDTH == 4 => of!(2, 4, 5),
            (3, 2) => of!(3, 2, 3),
            (3, 3) => of!(3, 3, 4),
            (3, _) if V::WIDTH == 4 => of!(3, 4, 5),
            (4, 2) if V::WIDTH == 4 => of!(4, 2, 3),
            (4, _) if V::WIDTH == 4 => of!(4, 3, 4),
            (5, _) if V::WIDTH == 4 => of!(5, 2, 3),
            // `exists` leaves nothing else.
            _ => of!(3, 2, 3),
        }
    }
}

/// `J` arrays a child, M = J + 1 of the node.
#[inline(never)]
unsafe fn inner_of<V: Lanes, const D: usize, const J: usize, const M: usize, const ROOT: bool>(
    flow: &Flow<'_, V>,
    k: usize,
    node: usize,
    mut children: *const V,
    out: *mut V,
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut below = flow.theta.levels[k + 1].add(node * D);
        let nothing = hidden_zero();
        // What the tile has added to the children's numbers.
        let mut change = [V::zero(); D];
        let mut sink = Sink::new(flow, node, out);
        let mut z = flow.increments;
        for _ in 0..flow.steps {
            let s = step::<V, D>(z);
            let mut sums = [V::zero(); M];
            for a in 0..D {
                let x = (*below.add(a)).add(change[a]);
                sums[0] = if a == 0 { s[0].mul(x) } else { s[a].mul_add(x, sums[0]) };
                for j in 0..J {
                    let y = *children.add((a * J + j) * TILE);
                    sums[j + 1] = if a == 0 { s[0].mul(y) } else { s[a].mul_add(y, sums[j + 1]) };
                    change[a] =
                        if j == 0 { change[a].add(y) } else { y.mul_add(weights::one_over_factorial(j + 1), change[a]) };
                }
            }
            sink.put::<M, ROOT>(sums);
            z = z.add(D);
            children = children.add(1);
            below = below.add(nothing);
        }
        let lost = flow.theta.lost(k + 1).add(node * D);
        for (a, change) in change.into_iter().enumerate() {
            add_change(below.add(a), lost.add(a), change);
        }
        sink.end::<ROOT>(flow, node);
    }
}

/// Depth 3: the roots' children are the top level. `before` gets the scaled increment of Θ_2, `behind` Θ_2 after the step.
///
/// # Safety
/// As [`leaf`].
pub unsafe fn stems<V: Lanes>(flow: &Flow<'_, V>) {
    // SAFETY: as the caller vouches.
    unsafe {
        match flow.shape.channels {
            2 => stems_of::<V, 2, 1>(flow),
            4 if V::WIDTH == 4 => stems_of::<V, 4, 6>(flow),
            5 if V::WIDTH == 4 => stems_of::<V, 5, 10>(flow),
            _ => stems_of::<V, 3, 3>(flow),
        }
    }
}

#[inline(never)]
unsafe fn stems_of<V: Lanes, const D: usize, const P: usize>(flow: &Flow<'_, V>) {
    // SAFETY: as the caller vouches.
    unsafe {
        let (mut top, roots) = (flow.theta.levels[3], flow.theta.levels[2]);
        let nothing = hidden_zero();
        let three = weights::three();
        let mut x: [V; P] = core::array::from_fn(|pair| *roots.add(pair));
        let (mut z, mut before, mut behind) = (flow.increments, flow.before, flow.behind);
        for _ in 0..flow.steps {
            let s = step::<V, D>(z);
            for (pair, x) in x.iter_mut().enumerate() {
                let y = contraction(&s, top.add(pair * D));
                *x = y.mul_add(three, *x);
                *before.add(pair) = y;
                *behind.add(pair) = *x;
            }
            z = z.add(D);
            top = top.add(nothing);
            before = before.add(P);
            behind = behind.add(P);
        }
        for (pair, x) in x.into_iter().enumerate() {
            *roots.add(pair) = x;
        }
    }
}
