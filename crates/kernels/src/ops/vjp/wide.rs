//! Nodes of the flow for many channels or many levels: letter by letter, in rectangles of words and
//! steps.
//!
//! What is computed is told in `flow`. Sums over letters wait in memory, near by; a rectangle of
//! two words and four steps takes eleven registers and has eight sums, enough to hide the latency
//! of a multiply-add.

// Loops over constant ranges index several register arrays at once; iterators over one of them
// would hide that.
#![allow(clippy::needless_range_loop)]

use super::flow::{Flow, TILE};
use super::functional::{add_change, pairs};
use super::weights;
use crate::lanes::Lanes;

/// Steps of a rectangle; tiles are multiples.
const STEPS: usize = 4;

/// Σ_b t_b[i] z_b[q] for `WORDS` neighbouring words and [`STEPS`] steps; `pitch` leads from one
/// letter's row of words to the next.
#[inline(always)]
unsafe fn rectangle<V: Lanes, const WORDS: usize>(
    mut t: *const V,
    pitch: usize,
    mut z: *const V,
    d: usize,
) -> [[V; STEPS]; WORDS] {
    let mut sums = [[V::zero(); STEPS]; WORDS];
    // SAFETY: the caller vouches for d rows of words, and d rows of steps.
    unsafe {
        for _ in 0..d {
            let words: [V; WORDS] = core::array::from_fn(|i| *t.add(i));
            for q in 0..STEPS {
                let z = *z.add(q);
                for i in 0..WORDS {
                    sums[i][q] = words[i].mul_add(z, sums[i][q]);
                }
            }
            t = t.add(pitch);
            z = z.add(TILE);
        }
    }
    sums
}

/// A node whose children's children are on the top level.
///
/// # Safety
/// The flow's tile is there, its top level in the wide layout; `out` has room for two arrays of
/// steps.
pub unsafe fn leaf<V: Lanes>(flow: &Flow<'_, V>, k: usize, node: usize, out: *mut V) {
    let d = flow.shape.channels;
    // SAFETY: as the caller vouches.
    unsafe {
        let top = flow.theta.levels[k + 2].add(node * d * d);
        let below = flow.theta.levels[k + 1].add(node * d);
        let mut a = 0;
        while a + 2 <= d {
            children_of_leaf::<V, 2>(flow, top.add(a), below.add(a), a, out);
            a += 2;
        }
        if a < d {
            children_of_leaf::<V, 1>(flow, top.add(a), below.add(a), a, out);
        }
    }
}

/// `WORDS` children from letter `a` on: their X_1, and what they add to the node's sums (the first
/// of them sets those).
#[inline(never)]
unsafe fn children_of_leaf<V: Lanes, const WORDS: usize>(
    flow: &Flow<'_, V>,
    top: *const V,
    below: *mut V,
    a: usize,
    out: *mut V,
) {
    let d = flow.shape.channels;
    // SAFETY: as the caller vouches.
    unsafe {
        let mut x: [V; WORDS] = core::array::from_fn(|i| *below.add(i));
        let (mut z, mut out) = (flow.turned, out);
        let mut q = 0;
        while q < flow.steps {
            let c = rectangle::<V, WORDS>(top, d, z, d);
            for s in 0..STEPS {
                let (mut one, mut two) =
                    if a == 0 { (V::zero(), V::zero()) } else { (*out.add(s), *out.add(TILE + s)) };
                for i in 0..WORDS {
                    let z = *z.add((a + i) * TILE + s);
                    one = z.mul_add(x[i], one);
                    two = z.mul_add(c[i][s], two);
                    x[i] = x[i].add(c[i][s]);
                }
                *out.add(s) = one;
                *out.add(TILE + s) = two;
            }
            z = z.add(STEPS);
            out = out.add(STEPS);
            q += STEPS;
        }
        for (i, x) in x.into_iter().enumerate() {
            *below.add(i) = x;
        }
    }
}

/// A node above, with any number of arrays.
///
/// # Safety
/// As [`leaf`], with the children's arrays at `children` and room for one array more at `out`.
pub unsafe fn inner<V: Lanes>(flow: &Flow<'_, V>, k: usize, node: usize, children: *const V, out: *mut V) {
    let (d, arrays) = (flow.shape.channels, flow.shape.depth - k - 1);
    // SAFETY: as the caller vouches.
    unsafe {
        let below = flow.theta.levels[k + 1].add(node * d);
        for a in 0..d {
            let lost = flow.theta.lost(k + 1).add(node * d + a);
            running(flow, below.add(a), lost, children.add(a * arrays * TILE), arrays, a, out);
        }
        for j in 0..arrays {
            let (from, to) = (children.add(j * TILE), out.add((j + 1) * TILE));
            let mut a = 0;
            while a < d {
                a += match d - a {
                    4.. => contract_letters::<V, 4>(flow, from, arrays, a, to),
                    2.. => contract_letters::<V, 2>(flow, from, arrays, a, to),
                    _ => contract_letters::<V, 1>(flow, from, arrays, a, to),
                };
            }
        }
    }
}

/// A child's running number: what it adds to X_1, and how its arrays move it.
unsafe fn running<V: Lanes>(
    flow: &Flow<'_, V>,
    x: *mut V,
    lost: *mut V,
    child: *const V,
    arrays: usize,
    a: usize,
    out: *mut V,
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut change = V::zero();
        for q in 0..flow.steps {
            let z = *flow.turned.add(a * TILE + q);
            let now = (*x).add(change);
            *out.add(q) = if a == 0 { z.mul(now) } else { z.mul_add(now, *out.add(q)) };
            for j in 0..arrays {
                change = (*child.add(j * TILE + q)).mul_add(weights::one_over_factorial(j + 1), change);
            }
        }
        add_change(x, lost, change);
    }
}

/// `LETTERS` letters' part of one array's contraction; gives LETTERS.
#[inline(never)]
unsafe fn contract_letters<V: Lanes, const LETTERS: usize>(
    flow: &Flow<'_, V>,
    from: *const V,
    arrays: usize,
    a: usize,
    to: *mut V,
) -> usize {
    // SAFETY: as the caller vouches.
    unsafe {
        let z: [*const V; LETTERS] = core::array::from_fn(|i| flow.turned.add((a + i) * TILE).cast_const());
        let y: [*const V; LETTERS] = core::array::from_fn(|i| from.add((a + i) * arrays * TILE));
        for q in 0..flow.steps {
            let mut sum = if a == 0 { V::zero() } else { *to.add(q) };
            for (z, y) in z.iter().zip(y) {
                sum = (*z.add(q)).mul_add(*y.add(q), sum);
            }
            *to.add(q) = sum;
        }
    }
    LETTERS
}

/// Depth 3: the roots' children are the top level. As `node::stems`.
///
/// # Safety
/// As [`leaf`].
pub unsafe fn stems<V: Lanes>(flow: &Flow<'_, V>) {
    let count = pairs(flow.shape.channels);
    // SAFETY: as the caller vouches.
    unsafe {
        let mut pair = 0;
        while pair + 2 <= count {
            some_stems::<V, 2>(flow, pair, count);
            pair += 2;
        }
        if pair < count {
            some_stems::<V, 1>(flow, pair, count);
        }
    }
}

#[inline(never)]
unsafe fn some_stems<V: Lanes, const WORDS: usize>(flow: &Flow<'_, V>, pair: usize, count: usize) {
    // SAFETY: as the caller vouches.
    unsafe {
        let top = flow.theta.levels[3].add(pair);
        let roots = flow.theta.levels[2].add(pair);
        let mut x: [V; WORDS] = core::array::from_fn(|i| *roots.add(i));
        let (mut before, mut behind) = (flow.before.add(pair), flow.behind.add(pair));
        let mut z = flow.turned;
        let mut q = 0;
        while q < flow.steps {
            let y = rectangle::<V, WORDS>(top, count, z, flow.shape.channels);
            for s in 0..STEPS {
                for i in 0..WORDS {
                    x[i] = y[i][s].mul_add(weights::three(), x[i]);
                    *before.add(i) = y[i][s];
                    *behind.add(i) = x[i];
                }
                before = before.add(count);
                behind = behind.add(count);
            }
            z = z.add(STEPS);
            q += STEPS;
        }
        for (i, x) in x.into_iter().enumerate() {
            *roots.add(i) = x;
        }
    }
}
