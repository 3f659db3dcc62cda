//! From the two matrices of each step to the gradients of points.
//!
//! With M⌟v the vector Σ_a v_a M(a, ·) of an antisymmetric matrix M, given above its diagonal, the
//! gradient of the point x_t between the steps z_t and z_{t+1} is
//!     depth 4 and more:  behind_t⌟z_t + before_{t+1}⌟z_{t+1},
//!     depth 3:           behind_t⌟(z_t + z_{t+1}) - before_t⌟z_t + before_{t+1}⌟z_{t+1},
//! each a sum without a difference of large numbers.
//!
//! Not here: the first and the last point's other terms, and where gradients go (`scatter`).

// Loops over letters index sums and increments together; iterators over one of them would hide
// that.
#![allow(clippy::needless_range_loop)]

use super::flow::Flow;
use super::registers::hidden_zero;
use crate::lanes::Lanes;

/// The tile's gradients: of the points before each step to `to[q * channels + c]`; `pending` is
/// what the point before the tile has from what is behind it, and gets the same of the last point.
///
/// # Safety
/// The flow's tile has run; `to` has room for `(steps + 1) * channels` vectors, `pending` has
/// `channels`.
pub unsafe fn contract<V: Lanes>(flow: &Flow<'_, V>, pending: *mut V, to: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        // Code for a number of channels is worth its size where four lanes are.
        if V::WIDTH < 4 {
            return many(flow, pending, to);
        }
        match (flow.shape.channels, flow.shape.depth == 3) {
            (2, true) => few::<V, 2, true>(flow, pending, to),
            (3, true) => few::<V, 3, true>(flow, pending, to),
            (4, true) => few::<V, 4, true>(flow, pending, to),
            (8, true) => fixed::<V, 8, true>(flow, pending, to),
            (2, _) => few::<V, 2, false>(flow, pending, to),
            (3, _) => few::<V, 3, false>(flow, pending, to),
            (4, _) => few::<V, 4, false>(flow, pending, to),
            _ => many(flow, pending, to),
        }
    }
}

/// Adds Θ_2⌟z, z the tile's first step, to `pending`: on depth 3 what the point before a first step
/// has of it.
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
                *pending.add(a) = (*m).neg_mul_add(zc, *pending.add(a));
                m = m.add(1);
            }
        }
    }
}

/// M⌟v, everything in registers.
///
/// # Safety
/// `m` has a vector for each pair of letters.
#[inline(always)]
pub unsafe fn contraction<V: Lanes, const D: usize>(mut m: *const V, v: &[V; D]) -> [V; D] {
    let mut sums = [V::zero(); D];
    // SAFETY: the caller vouches for one vector a pair.
    unsafe {
        for a in 0..D {
            for c in a + 1..D {
                let x = *m;
                m = m.add(1);
                sums[c] = if a == 0 { x.mul(v[0]) } else { x.mul_add(v[a], sums[c]) };
                sums[a] = x.neg_mul_add(v[c], sums[a]);
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

/// Number of the pair of letters (a, c), a < c.
#[inline(always)]
const fn pair(d: usize, a: usize, c: usize) -> usize {
    a * (2 * d - a - 1) / 2 + c - a - 1
}

/// Letter c of M⌟v, for `D` letters of which all pairs are known by `at`. One sum after the other,
/// each entry read twice: read once for both its letters it would have to wait in a register, and
/// there are none.
#[inline(always)]
unsafe fn letter<V: Lanes, const D: usize>(
    m: *const V,
    at: impl Fn(usize, usize) -> usize,
    v: &[V; D],
    c: usize,
    start: V,
) -> V {
    let some = |from: usize, to: usize, mut sum: V| {
        for a in from..to {
            // SAFETY: the caller vouches for all pairs.
            unsafe {
                if a < c {
                    sum = (*m.add(at(a, c))).mul_add(v[a], sum);
                } else if a > c {
                    sum = (*m.add(at(c, a))).neg_mul_add(v[a], sum);
                }
            }
        }
        sum
    };
    // From four terms on in two sums, which do not wait for each other.
    if D < 5 { some(0, D, start) } else { some(0, D / 2, start).add(some(D / 2, D, V::zero())) }
}

/// Increments in registers, sums one after the other.
#[inline(never)]
unsafe fn fixed<V: Lanes, const D: usize, const THREE: bool>(flow: &Flow<'_, V>, pending: *mut V, mut to: *mut V) {
    let at = |a, c| pair(D, a, c);
    let nothing = hidden_zero();
    // SAFETY: as the caller vouches.
    unsafe {
        core::ptr::copy_nonoverlapping(pending, to, D);
        let (mut z, mut before, mut behind) = (flow.increments, flow.before, flow.behind);
        for _ in 0..flow.steps {
            let mut v: [V; D] = core::array::from_fn(|c| *z.add(c));
            for c in 0..D {
                let start = letter(before, at, &v, c, V::zero());
                before = before.add(nothing);
                *to.add(c) = (*to.add(c)).add(start);
                if THREE {
                    *pending.add(c) = start;
                }
            }
            if THREE {
                v = core::array::from_fn(|c| v[c].add(*z.add(D + c)));
            }
            for c in 0..D {
                let end = letter(behind, at, &v, c, V::zero());
                behind = behind.add(nothing);
                *to.add(D + c) = if THREE { end.sub(*pending.add(c)) } else { end };
            }
            z = z.add(D);
            before = before.add(D * (D - 1) / 2);
            behind = behind.add(D * (D - 1) / 2);
            to = to.add(D);
        }
        core::ptr::copy_nonoverlapping(to, pending, D);
    }
}

/// Any number of channels: one matrix after the other over the whole tile, then together.
unsafe fn many<V: Lanes>(flow: &Flow<'_, V>, pending: *mut V, to: *mut V) {
    let d = flow.shape.channels;
    let three = flow.shape.depth == 3;
    // SAFETY: as the caller vouches; what `turned` held is not needed any more.
    unsafe {
        let starts = flow.starts;
        all_letters(d, flow.steps, flow.before, flow.increments, starts);
        let mut v = flow.increments;
        if three {
            // Θ_2 meets both steps beside the point.
            for i in 0..flow.steps * d {
                *flow.turned.add(i) = (*flow.increments.add(i)).add(*flow.increments.add(i + d));
            }
            v = flow.turned;
        }
        all_letters(d, flow.steps, flow.behind, v, to.add(d));
        for c in 0..d {
            *to.add(c) = (*pending.add(c)).add(*starts.add(c));
        }
        for i in d..(flow.steps + 1) * d {
            let mut x = *to.add(i);
            if three {
                x = x.sub(*starts.add(i - d));
            }
            // There is no step behind the tile's last point yet.
            *to.add(i) = if i < flow.steps * d { x.add(*starts.add(i)) } else { x };
        }
        core::ptr::copy_nonoverlapping(to.add(flow.steps * d), pending, d);
    }
}

/// M⌟v for every step.
unsafe fn all_letters<V: Lanes>(d: usize, steps: usize, m: *const V, v: *const V, to: *mut V) {
    let mut c = 0;
    while c < d {
        // SAFETY: as the caller vouches.
        c += unsafe {
            match d - c {
                8.. if V::WIDTH == 4 => some_letters::<V, 8>(d, steps, m, v, c, to),
                4.. => some_letters::<V, 4>(d, steps, m, v, c, to),
                2.. if V::WIDTH == 4 => some_letters::<V, 2>(d, steps, m, v, c, to),
                _ => some_letters::<V, 1>(d, steps, m, v, c, to),
            }
        };
    }
}

/// `G` letters from `c` on for every step; gives G.
#[inline(never)]
unsafe fn some_letters<V: Lanes, const G: usize>(
    d: usize,
    steps: usize,
    mut m: *const V,
    mut v: *const V,
    c: usize,
    to: *mut V,
) -> usize {
    // SAFETY: c + G <= d.
    unsafe {
        let mut to = to.add(c);
        let nothing = hidden_zero();
        // Number of the pair (c + i, c + i + 1), less c + i + 1: the rest of the letter's row is
        // contiguous.
        let rows: [usize; G] = core::array::from_fn(|i| pair(d, c + i, c + i + 1).wrapping_sub(c + i + 1));
        for _ in 0..steps {
            let mut sums = [V::zero(); G];
            // The pair (0, c), and what leads to the next letter's.
            let (mut at, mut pitch) = (c.wrapping_sub(1), d - 2);
            for a in 0..c {
                let va = *v.add(a);
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = (*m.add(at + i)).mul_add(va, *sum);
                }
                at = at.wrapping_add(pitch);
                pitch = pitch.wrapping_sub(1);
            }
            for a in c + G..d {
                let va = *v.add(a);
                for (sum, row) in sums.iter_mut().zip(rows) {
                    *sum = (*m.add(row.wrapping_add(a))).neg_mul_add(va, *sum);
                }
            }
            let own: [V; G] = core::array::from_fn(|i| *v.add(c + i));
            for (i, sum) in sums.into_iter().enumerate() {
                *to.add(i) = letter(m, |a, e| rows[a].wrapping_add(c + e), &own, i, sum);
                m = m.add(nothing);
            }
            m = m.add(d * (d - 1) / 2);
            v = v.add(d);
            to = to.add(d);
        }
    }
    G
}
