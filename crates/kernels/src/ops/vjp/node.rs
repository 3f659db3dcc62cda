//! Nodes of the flow for few channels: a step's increments, the children's running numbers and all
//! sums of the node stay in registers.
//!
//! What is computed is told in `flow`; this file writes it out for a number of channels that is
//! known at compile time.

use super::flow::{Flow, TILE};
use super::functional::add_change;
use super::registers::hidden_zero;
use super::root::Root;
use super::weights;
use crate::lanes::Lanes;

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

/// One step's X_j, j = 1 … M.
#[inline(always)]
unsafe fn put<V: Lanes, const M: usize>(out: &mut *mut V, x: [V; M]) {
    // SAFETY: the caller vouches for room.
    unsafe {
        for (j, x) in x.into_iter().enumerate() {
            *out.add(j * TILE) = x;
        }
        *out = out.add(1);
    }
}

/// A node whose children's children are on the top level: X_1 of a child is made here, and used at
/// once.
///
/// # Safety
/// The flow's tile is there, 2 … 4 channels.
pub unsafe fn leaf<V: Lanes>(flow: &Flow<'_, V>, k: usize, node: usize, out: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        match (flow.shape.channels, k == 2) {
            (2, true) => leaf_of::<V, 2, true>(flow, k, node, out),
            (3, true) => leaf_of::<V, 3, true>(flow, k, node, out),
            (_, true) => leaf_of::<V, 4, true>(flow, k, node, out),
            (2, _) => leaf_of::<V, 2, false>(flow, k, node, out),
            (3, _) => leaf_of::<V, 3, false>(flow, k, node, out),
            (_, _) => leaf_of::<V, 4, false>(flow, k, node, out),
        }
    }
}

/// A root, of depth 4, goes on to its two matrices at once: there are as many roots as leaves.
#[inline(never)]
unsafe fn leaf_of<V: Lanes, const D: usize, const ROOT: bool>(
    flow: &Flow<'_, V>,
    k: usize,
    node: usize,
    mut out: *mut V,
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut top = flow.theta.levels[k + 2].add(node * D * D);
        let nothing = hidden_zero();
        let below = flow.theta.levels[k + 1].add(node * D);
        let mut x: [V; D] = core::array::from_fn(|a| *below.add(a));
        let mut root = Root::new(flow, node);
        let mut z = flow.increments;
        for _ in 0..flow.steps {
            let s = step::<V, D>(z);
            let c: [V; D] = core::array::from_fn(|a| contraction(&s, top.add(a * D)));
            let sums = [sum_of::<V, D>(|a| (s[a], x[a])), sum_of::<V, D>(|a| (s[a], c[a]))];
            if ROOT {
                root.put(sums);
            } else {
                put(&mut out, sums);
            }
            x = core::array::from_fn(|a| x[a].add(c[a]));
            z = z.add(D);
            top = top.add(nothing);
        }
        for (a, x) in x.into_iter().enumerate() {
            *below.add(a) = x;
        }
        if ROOT {
            root.end(flow, node);
        }
    }
}

/// A node above: what its children left is contracted, and what they run is moved on.
///
/// # Safety
/// The flow's tile is there, and the node [`exists`]; a child's arrays are at `children`.
pub unsafe fn inner<V: Lanes>(flow: &Flow<'_, V>, k: usize, node: usize, children: *const V, out: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        match (flow.shape.channels, flow.shape.depth - k - 1) {
            (2, 2) => inner_of::<V, 2, 2, 3>(flow, k, node, children, out),
            (2, 3) => inner_of::<V, 2, 3, 4>(flow, k, node, children, out),
            (3, 2) => inner_of::<V, 3, 2, 3>(flow, k, node, children, out),
            (3, 3) => inner_of::<V, 3, 3, 4>(flow, k, node, children, out),
            (4, 2) => inner_of::<V, 4, 2, 3>(flow, k, node, children, out),
            // `exists` leaves nothing else.
            _ => inner_of::<V, 4, 3, 4>(flow, k, node, children, out),
        }
    }
}

/// `J` arrays a child, M = J + 1 of the node.
#[inline(never)]
unsafe fn inner_of<V: Lanes, const D: usize, const J: usize, const M: usize>(
    flow: &Flow<'_, V>,
    k: usize,
    node: usize,
    mut children: *const V,
    mut out: *mut V,
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut below = flow.theta.levels[k + 1].add(node * D);
        let nothing = hidden_zero();
        // What the tile has added to the children's numbers.
        let mut change = [V::zero(); D];
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
                    change[a] = if j == 0 {
                        change[a].add(y)
                    } else {
                        y.mul_add(weights::one_over_factorial(j + 1), change[a])
                    };
                }
            }
            put(&mut out, sums);
            z = z.add(D);
            children = children.add(1);
            below = below.add(nothing);
        }
        let lost = flow.theta.lost(k + 1).add(node * D);
        for (a, change) in change.into_iter().enumerate() {
            add_change(below.add(a), lost.add(a), change);
        }
    }
}

/// Depth 3: the roots' children are the top level. `before` gets the scaled increment of Θ_2,
/// `behind` Θ_2 after the step.
///
/// # Safety
/// As [`leaf`].
pub unsafe fn stems<V: Lanes>(flow: &Flow<'_, V>) {
    // SAFETY: as the caller vouches.
    unsafe {
        match flow.shape.channels {
            2 => stems_of::<V, 2, 1>(flow),
            4 => stems_of::<V, 4, 6>(flow),
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
