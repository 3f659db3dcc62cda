//! From the two matrices of each step to the gradients of points.
//!
//! With M⌟v the vector Σ_a v_a M(a, ·) of an antisymmetric matrix M, given above its diagonal, the gradient of the point x_t between the steps z_t and z_{t+1} is
//!     depth 4 and more:  behind_t⌟z_t + before_{t+1}⌟z_{t+1},
//!     depth 3:           behind_t⌟(z_t + z_{t+1}) - before_t⌟z_t + before_{t+1}⌟z_{t+1},
//! each a sum without a difference of large numbers.
//!
//! Not here: the first and the last point's other terms, and where gradients go (`scatter`).

// Loops over letters index sums and increments together; iterators over one of them would hide that.
#![allow(clippy::needless_range_loop)]

use super::flow::Flow;
use super::functional::pairs;
use crate::lanes::Lanes;

/// The tile's gradients: of the points before each step to `to[q * channels + c]`; `pending` is what the point before the tile has from what is behind it, and gets the same of the last point.
///
/// # Safety
/// The flow's tile has run; `to` has room for `steps * channels` vectors, `pending` has `channels`, `sums` room for 2 `channels`.
pub unsafe fn contract<V: Lanes>(flow: &Flow<'_, V>, pending: *mut V, to: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        match (flow.shape.channels, flow.shape.depth) {
            (2, 3) => few::<V, 2, true>(flow, pending, to),
            (3, 3) => few::<V, 3, true>(flow, pending, to),
            (4, 3) => few::<V, 4, true>(flow, pending, to),
            (5, 3) => few::<V, 5, true>(flow, pending, to),
            (2, _) => few::<V, 2, false>(flow, pending, to),
            (3, _) => few::<V, 3, false>(flow, pending, to),
            (4, _) => few::<V, 4, false>(flow, pending, to),
            (5, _) => few::<V, 5, false>(flow, pending, to),
            _ => many(flow, pending, to),
        }
    }
}

/// Adds Θ_2⌟z, z the tile's first step, to `pending`: on depth 3 what the point before a first step has of it.
///
/// # Safety
/// As [`contract`].
pub unsafe fn begin<V: Lanes>(flow: &Flow<'_, V>, pending: *mut V) {
    let d = flow.shape.channels;
    // SAFETY: as the caller vouches.
    unsafe {
        let mut m = flow.theta.levels[2] as *const V;
        for a in 0..d {
            for c in a + 1..d {
                let (za, zc) = (*flow.increments.add(a), *flow.increments.add(c));
                *pending.add(c) = (*m).mul_add(za, *pending.add(c));
                *pending.add(a) = (*m).negative_mul_add(zc, *pending.add(a));
                m = m.add(1);
            }
        }
    }
}

/// M⌟v, everything in registers.
#[inline(always)]
unsafe fn contraction<V: Lanes, const D: usize>(mut m: *const V, v: &[V; D]) -> [V; D] {
    let mut sums = [V::zero(); D];
    // SAFETY: the caller vouches for one vector a pair.
    unsafe {
        for a in 0..D {
            for c in a + 1..D {
                let x = *m;
                m = m.add(1);
                sums[c] = if a == 0 { x.mul(v[0]) } else { x.mul_add(v[a], sums[c]) };
                sums[a] = x.negative_mul_add(v[c], sums[a]);
            }
        }
    }
    sums
}

#[inline(never)]
unsafe fn few<V: Lanes, const D: usize, const THREE: bool>(flow: &Flow<'_, V>, pending: *mut V, mut to: *mut V) {
    let count = D * (D - 1) / 2;
    // SAFETY: as the caller vouches.
    unsafe {
        let (mut z, mut before, mut behind) = (flow.increments, flow.before, flow.behind);
        let mut left: [V; D] = core::array::from_fn(|c| *pending.add(c));
        for _ in 0..flow.steps {
            let mut v: [V; D] = core::array::from_fn(|c| *z.add(c));
            let start = contraction(before, &v);
            for c in 0..D {
                *to.add(c) = left[c].add(start[c]);
            }
            if THREE {
                v = core::array::from_fn(|c| v[c].add(*z.add(D + c)));
            }
            left = contraction(behind, &v);
            if THREE {
                left = core::array::from_fn(|c| left[c].sub(start[c]));
            }
            z = z.add(D);
            before = before.add(count);
            behind = behind.add(count);
            to = to.add(D);
        }
        for c in 0..D {
            *pending.add(c) = left[c];
        }
    }
}

/// Both contractions for any number of channels, some letters' sums of both at a time.
unsafe fn many<V: Lanes>(flow: &Flow<'_, V>, pending: *mut V, to: *mut V) {
    let d = flow.shape.channels;
    // SAFETY: as the caller vouches.
    unsafe {
        for q in 0..flow.steps {
            let z = flow.increments.add(q * d);
            let mut c = 0;
            while c < d {
                c += match d - c {
                    4.. => letters::<V, 4>(flow, q, z, c, pending, to),
                    3 => letters::<V, 3>(flow, q, z, c, pending, to),
                    2 => letters::<V, 2>(flow, q, z, c, pending, to),
                    _ => letters::<V, 1>(flow, q, z, c, pending, to),
                };
            }
        }
    }
}

/// Number of the pair (a, c), a < c, less c: the rest of row a is contiguous.
#[inline(always)]
fn row(a: usize, d: usize) -> usize {
    (a * (2 * d - a - 1) / 2).wrapping_sub(a + 1)
}

/// `G` letters from `c` on, of one step; gives G.
#[inline(never)]
unsafe fn letters<V: Lanes, const G: usize>(
    flow: &Flow<'_, V>,
    q: usize,
    z: *const V,
    c: usize,
    pending: *mut V,
    to: *mut V,
) -> usize {
    let d = flow.shape.channels;
    let three = flow.shape.depth == 3;
    // SAFETY: c + G <= d.
    unsafe {
        let count = pairs(d);
        let (before, behind) = (flow.before.add(q * count), flow.behind.add(q * count));
        let (mut start, mut end) = ([V::zero(); G], [V::zero(); G]);
        // On depth 3 Θ_2 meets both steps beside the point.
        let second = |a: usize| if three { (*z.add(a)).add(*z.add(d + a)) } else { *z.add(a) };
        for a in 0..c {
            let (v, w) = (*z.add(a), second(a));
            let at = row(a, d).wrapping_add(c);
            for i in 0..G {
                start[i] = (*before.add(at + i)).mul_add(v, start[i]);
                end[i] = (*behind.add(at + i)).mul_add(w, end[i]);
            }
        }
        for a in c..c + G {
            for e in a + 1..c + G {
                let at = row(a, d).wrapping_add(e);
                let (x, y) = (*before.add(at), *behind.add(at));
                start[e - c] = x.mul_add(*z.add(a), start[e - c]);
                end[e - c] = y.mul_add(second(a), end[e - c]);
                start[a - c] = x.negative_mul_add(*z.add(e), start[a - c]);
                end[a - c] = y.negative_mul_add(second(e), end[a - c]);
            }
        }
        let rows: [usize; G] = core::array::from_fn(|i| row(c + i, d));
        for a in c + G..d {
            let (v, w) = (*z.add(a), second(a));
            for i in 0..G {
                let at = rows[i].wrapping_add(a);
                start[i] = (*before.add(at)).negative_mul_add(v, start[i]);
                end[i] = (*behind.add(at)).negative_mul_add(w, end[i]);
            }
        }
        for i in 0..G {
            *to.add(q * d + c + i) = (*pending.add(c + i)).add(start[i]);
            *pending.add(c + i) = if three { end[i].sub(start[i]) } else { end[i] };
        }
    }
    G
}
