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

/// A cell of a depth: what its edges are multiplied by, and memory for what becomes of them. An
/// edge is (m, level), m from 0 on.
pub(super) struct Cell<V> {
    pub depth: usize,
    /// k! / ((k + l)! l!) at k, l.
    pub weights: *mut V,
    /// Powers of v.
    pub powers: *mut V,
    next: [*mut V; 2],
}

impl<V: Lanes> Cell<V> {
    fn take(parts: &mut Parts<V>, depth: usize) -> Self {
        Cell {
            depth,
            weights: parts.part(edge(depth)),
            powers: parts.part(depth + 1),
            next: [parts.part(edge(depth)), parts.take(edge(depth))],
        }
    }

    unsafe fn fill(&self) {
        // SAFETY: as `take` says.
        unsafe {
            for k in 0..=self.depth {
                let mut weight = 1.0;
                for l in 0..=self.depth {
                    if l > 0 {
                        weight /= (l * (k + l)) as f64;
                    }
                    *self.weights.add(k * (self.depth + 1) + l) = V::splat(V::T::from_f64(weight));
                }
            }
            *self.powers = V::splat(V::T::ONE);
        }
    }

    /// Says what v is.
    pub unsafe fn set(&self, v: V) {
        for k in 1..=self.depth {
            // SAFETY: as `take` says.
            unsafe { *self.powers.add(k) = (*self.powers.add(k - 1)).mul(v) };
        }
    }

    /// Moves two edges over the cell.
    unsafe fn pass(&self, own: *mut V, other: *mut V) {
        // SAFETY: both are edges of the depth.
        unsafe {
            self.advance(own, other, self.next[0]);
            self.advance(other, own, self.next[1]);
            own.copy_from_nonoverlapping(self.next[0], edge(self.depth));
            other.copy_from_nonoverlapping(self.next[1], edge(self.depth));
        }
    }

    /// An edge on the far side of a cell from the one opposite, and the one beside it; they begin
    /// at the same corner.
    ///
    /// # Safety
    /// All are edges of the depth.
    #[inline(never)]
    unsafe fn advance(&self, opposite: *const V, beside: *const V, to: *mut V) {
        let (depth, width) = (self.depth, self.depth + 1);
        // SAFETY: as the caller vouches.
        unsafe {
            for a in 0..=depth {
                for level in a..=depth {
                    let mut sum = V::zero();
                    // From (a - k) on the opposite edge, by v^k.
                    for k in 0..=a {
                        let factor = (*self.weights.add((a - k) * width + k)).mul(*self.powers.add(k));
                        sum = factor.mul_add(*opposite.add((a - k) * width + level - k), sum);
                    }
                    // From l on the edge beside, by v^a; l = 0 is the corner, already there.
                    let mut rest = V::zero();
                    for l in 1..=level - a {
                        rest = (*self.weights.add(l * width + a)).mul_add(*beside.add(l * width + level - a), rest);
                    }
                    *to.add(a * width + level) = (*self.powers.add(a)).mul_add(rest, sum);
                }
            }
        }
    }
}

/// Numbers of an edge of a depth.
pub(super) const fn edge(depth: usize) -> usize {
    (depth + 1) * (depth + 1)
}

/// Scratch, in vectors.
pub(super) struct Memory<V> {
    pub cell: Cell<V>,
    /// Edges along y, one a column and one more; an edge along x.
    pub row: *mut V,
    own: *mut V,
    pub below: *mut V,
    pub fresh: *mut V,
    /// Of a row, or of as many as are kept.
    pub v: *mut V,
}

impl<V: Lanes> Memory<V> {
    /// For so many rows of v.
    pub fn take(parts: &mut Parts<V>, grid: &Grid, rows: usize) -> Self {
        let (depth, columns) = (grid.orders[0] as usize, grid.steps[1] + 1);
        Memory {
            cell: Cell::take(parts, depth),
            row: parts.part(edge(depth).checked_mul(columns)),
            own: parts.part(edge(depth)),
            below: parts.part(columns),
            fresh: parts.part(columns),
            v: parts.part(columns.checked_mul(rows)),
        }
    }

    /// The axis.
    ///
    /// # Safety
    /// As [`solve_truncated`], of which x and y are those.
    pub unsafe fn start(&self, grid: &Grid, x: *const V, y: *const V) {
        // SAFETY: as the caller vouches.
        unsafe {
            self.cell.fill();
            for j in 0..=grid.steps[1] {
                start(self.cell.depth, self.row.add(j * edge(self.cell.depth)));
            }
            if !grid.is_linear() {
                values(grid.kernel, x, (y, grid.steps[1]), grid.channels, self.below);
            }
        }
    }

    /// Moves over rows. With `kept`, the two edges of each cell are kept before it, and v of each
    /// row.
    ///
    /// # Safety
    /// As [`Memory::start`].
    pub unsafe fn pass(
        &self,
        grid: &Grid,
        (x, y): (*const V, *const V),
        rows: core::ops::Range<usize>,
        mut kept: *mut V,
    ) {
        let (columns, d, size) = (grid.steps[1], grid.channels, edge(self.cell.depth));
        let mut v = self.v;
        // SAFETY: as the caller vouches.
        unsafe {
            for i in rows {
                let at = x.add(i * d);
                if grid.is_linear() {
                    products::<V, 1>(at, y, columns, d, v);
                } else {
                    differences((grid.kernel, 1.0), (at, 1), (y, columns), d, [self.below, self.fresh, v]);
                }
                // One column more, on which y stands still: its corners are the kernel's values,
                // with the same bits wherever a path ends.
                *v.add(columns) = V::zero();
                start(self.cell.depth, self.own);
                for j in 0..=columns {
                    let other = self.row.add(j * size);
                    if !kept.is_null() {
                        kept.copy_from_nonoverlapping(self.own, size);
                        kept.add(size).copy_from_nonoverlapping(other, size);
                        kept = kept.add(2 * size);
                    }
                    self.cell.set(*v.add(j));
                    self.cell.pass(self.own, other);
                }
                if !kept.is_null() {
                    v = v.add(columns + 1);
                }
            }
        }
    }

    /// The kernel.
    ///
    /// # Safety
    /// As [`Memory::start`].
    pub unsafe fn value(&self, grid: &Grid) -> V {
        let depth = self.cell.depth;
        (0..=depth).fold(V::zero(), |sum, level| {
            // SAFETY: as the caller vouches.
            sum.add(unsafe { *self.row.add(grid.steps[1] * edge(depth) + level) })
        })
    }
}

/// An edge on the axes, where K is 1.
///
/// # Safety
/// `to` is an edge of the depth.
unsafe fn start<V: Lanes>(depth: usize, to: *mut V) {
    for i in 0..edge(depth) {
        // SAFETY: as the caller vouches.
        unsafe { *to.add(i) = if i == 0 { V::splat(V::T::ONE) } else { V::zero() } };
    }
}

/// Vectors of scratch. The depth is the grid's order of x.
pub(super) fn truncated_scratch<V: Lanes>(grid: &Grid) -> Option<usize> {
    let mut parts = Parts::measured();
    Memory::<V>::take(&mut parts, grid, 1);
    parts.total()
}

/// The kernels of an x and a y a lane.
///
/// # Safety
/// x and y have as many rows as the grid says; `memory` has [`truncated_scratch`] vectors.
pub(super) unsafe fn solve_truncated<V: Lanes>(grid: &Grid, x: *const V, y: *const V, memory: &mut [V]) -> V {
    let m = Memory::take(&mut Parts::of(memory), grid, 1);
    // SAFETY: as the caller vouches.
    unsafe {
        m.start(grid, x, y);
        m.pass(grid, (x, y), 0..grid.steps[0], core::ptr::null_mut());
        m.value(grid)
    }
}
