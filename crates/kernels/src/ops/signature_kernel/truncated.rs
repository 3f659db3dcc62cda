//! Kernels of truncated signatures: Σ_{n ≤ depth} ⟨S_n(x), S_n(y)⟩, exactly.
//!
//! Level n of the kernel is the coefficient of θ^n where v is replaced by θ v. On a cell K is a
//! power series: with p_m the Taylor coefficients of K along the lower edge and q_m along the left
//! one, the coefficient of s^(m+k) t^k is p_m v^k m! / ((m+k)! k!), and likewise for q. So an edge
//! carries the levels n ≥ m of each p_m with m ≤ depth, and nothing is left out.

use super::products::{differences, products, values};
use super::sweep::Grid;
use crate::batch::parts::Parts;
use crate::lanes::{Lanes, Real};

/// Scratch, in vectors. Edges are (m, level), m from 0 on.
struct Memory<V> {
    /// Edges along y, one a column and one more; an edge along x, and what becomes of both.
    row: *mut V,
    own: *mut V,
    next: [*mut V; 2],
    /// k! / ((k + l)! l!) at k, l.
    weights: *mut V,
    powers: *mut V,
    below: *mut V,
    fresh: *mut V,
    v: *mut V,
}

/// Numbers of an edge of a depth.
const fn edge(depth: usize) -> usize {
    (depth + 1) * (depth + 1)
}

impl<V: Lanes> Memory<V> {
    fn take(parts: &mut Parts<V>, grid: &Grid, columns: usize) -> Self {
        let depth = grid.orders[0] as usize;
        Memory {
            row: parts.take(edge(depth).checked_mul(columns + 1)),
            own: parts.take(edge(depth)),
            next: [parts.take(edge(depth)), parts.take(edge(depth))],
            weights: parts.take(edge(depth)),
            powers: parts.take(depth + 1),
            below: parts.take(columns + 1),
            fresh: parts.take(columns + 1),
            v: parts.take(columns + 1),
        }
    }
}

/// Vectors of scratch. The depth is the grid's order of x.
pub(super) fn truncated_scratch<V: Lanes>(grid: &Grid) -> Option<usize> {
    let mut parts = Parts::measured();
    Memory::<V>::take(&mut parts, grid, grid.steps[1]);
    parts.total()
}

/// The kernels of an x and a y a lane.
///
/// # Safety
/// x and y have as many rows as the grid says; `memory` has [`truncated_scratch`] vectors.
pub(super) unsafe fn solve_truncated<V: Lanes>(grid: &Grid, x: *const V, y: *const V, memory: &mut [V]) -> V {
    let m = Memory::take(&mut Parts::of(memory), grid, grid.steps[1]);
    let (depth, columns, d) = (grid.orders[0] as usize, grid.steps[1], grid.channels);
    let size = edge(depth);
    let one = V::splat(V::T::ONE);
    // SAFETY: as the caller vouches.
    unsafe {
        for k in 0..=depth {
            let mut weight = 1.0;
            for l in 0..=depth {
                if l > 0 {
                    weight /= (l * (k + l)) as f64;
                }
                *m.weights.add(k * (depth + 1) + l) = V::splat(V::T::from_f64(weight));
            }
        }
        // On the axes K is 1.
        let start = |to: *mut V| {
            for i in 0..size {
                *to.add(i) = if i == 0 { one } else { V::zero() };
            }
        };
        for j in 0..=columns {
            start(m.row.add(j * size));
        }
        // One column more, on which y stands still: its corners are the kernel's values, with the
        // same bits wherever a path ends.
        *m.v.add(columns) = V::zero();
        if !grid.is_linear() {
            values(grid.kernel, x, (y, columns), d, m.below);
        }
        for i in 0..grid.steps[0] {
            let at = x.add(i * d);
            if grid.is_linear() {
                products::<V, 1>(at, y, columns, d, m.v);
            } else {
                differences((grid.kernel, 1.0), (at, 1), (y, columns), d, [m.below, m.fresh, m.v]);
            }
            start(m.own);
            for j in 0..=columns {
                *m.powers = one;
                for k in 1..=depth {
                    *m.powers.add(k) = (*m.powers.add(k - 1)).mul(*m.v.add(j));
                }
                let other = m.row.add(j * size);
                advance(&m, depth, m.own, other, m.next[0]);
                advance(&m, depth, other, m.own, m.next[1]);
                m.own.copy_from_nonoverlapping(m.next[0], size);
                other.copy_from_nonoverlapping(m.next[1], size);
            }
        }
        let mut sum = V::zero();
        for level in 0..=depth {
            sum = sum.add(*m.row.add(columns * size + level));
        }
        sum
    }
}

/// An edge on the far side of a cell from the one opposite, and the one beside it; they begin at
/// the same corner.
///
/// # Safety
/// All are edges of the depth, and the powers of v are there.
#[inline(never)]
unsafe fn advance<V: Lanes>(m: &Memory<V>, depth: usize, opposite: *const V, beside: *const V, to: *mut V) {
    let width = depth + 1;
    // SAFETY: as the caller vouches.
    unsafe {
        for a in 0..=depth {
            for level in a..=depth {
                let mut sum = V::zero();
                // From (a - k) on the opposite edge, by v^k.
                for k in 0..=a {
                    let factor = (*m.weights.add((a - k) * width + k)).mul(*m.powers.add(k));
                    sum = factor.mul_add(*opposite.add((a - k) * width + level - k), sum);
                }
                // From l on the edge beside, by v^a; l = 0 is the corner, which is there already.
                let mut rest = V::zero();
                for l in 1..=level - a {
                    rest = (*m.weights.add(l * width + a)).mul_add(*beside.add(l * width + level - a), rest);
                }
                *to.add(a * width + level) = (*m.powers.add(a)).mul_add(rest, sum);
            }
        }
    }
}
