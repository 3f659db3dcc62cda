//! One pair alone: lanes are consecutive rows, each one column behind the row before it, so that
//! the cells of an anti-diagonal are computed together, to the bit as elsewhere.

use super::scheme::Scheme;
use super::sweep::Grid;
use crate::batch::parts::Parts;
use crate::lanes::{Lanes, Real};

/// A scheme for rows in lanes: of degree 1 and 2, for what degree 3 would add to the binary.
pub(super) trait Skewed<V: Lanes>: Scheme<V> {
    /// Groups of a vector of rows each in registers.
    const GROUPS: usize;

    /// What rows in lanes are handed by the rows before them: the first lane gets that of the last
    /// lane of `before`.
    fn handed(before: &Self::Passing, passing: &Self::Passing) -> Self::Passing;
}

/// Vectors of an edge, at most.
const MOST_STORED: usize = 2;

/// How a pair lies in scratch.
struct Memory<V> {
    /// Increments of x, in blocks of [channel][group] vectors of rows.
    x: *mut V,
    /// Increments of y, a channel behind the other, the last one first, with as many zeros before
    /// and after as a block has rows.
    y: *mut V,
    /// Vectors between two channels of y.
    span: usize,
    row: *mut V,
    blocks: usize,
    rows: usize,
}

impl<V: Lanes> Memory<V> {
    fn take<C: Skewed<V>>(parts: &mut Parts<V>, grid: &Grid) -> Self {
        let rows = C::GROUPS * V::WIDTH;
        let blocks = (grid.steps[0] << grid.orders[0]).div_ceil(rows);
        let span = (grid.columns() + 2 * rows).div_ceil(V::WIDTH);
        Memory {
            x: parts.part((blocks * C::GROUPS).checked_mul(grid.channels)),
            y: parts.part(span.checked_mul(grid.channels)),
            span,
            row: parts.part(grid.columns().checked_mul(C::STORED)),
            blocks,
            rows,
        }
    }
}

/// Vectors of scratch of [`solve_alone`].
pub(super) fn alone_scratch<V: Lanes, C: Skewed<V>>(grid: &Grid) -> Option<usize> {
    let mut parts = Parts::measured();
    Memory::<V>::take::<C>(&mut parts, grid);
    parts.total()
}

/// Whether rows in lanes are faster than a pair in one lane.
pub(super) fn pays<V: Lanes, C: Skewed<V>>(grid: &Grid) -> bool {
    let (rows, columns, height) = (grid.steps[0] << grid.orders[0], grid.columns(), C::GROUPS * V::WIDTH);
    let cells = rows.div_ceil(height).saturating_mul(columns + height).saturating_mul(C::GROUPS);
    cells.saturating_add(cells / 4) < rows.saturating_mul(columns)
}

/// The kernel of one pair of paths with a linear static kernel; increments of x are read times
/// `factor`.
///
/// # Safety
/// `memory` has [`alone_scratch`] vectors, and neither path is one point.
#[inline(never)]
pub(super) unsafe fn solve_alone<V: Lanes, C: Skewed<V>>(
    grid: &Grid,
    [x, y]: [&[V::T]; 2],
    factor: V::T,
    memory: &mut [V],
) -> V::T {
    let m = Memory::take::<C>(&mut Parts::of(memory), grid);
    let scheme = C::new();
    // SAFETY: the parts are as large as `take` says.
    unsafe {
        lay_out(grid, &m, [x, y], factor);
        super::sweep::start::<V, C>(m.row, grid.columns());
        for b in 0..m.blocks {
            let x = m.x.add(b * C::GROUPS * grid.channels).cast_const();
            match C::GROUPS {
                4 => block::<V, C, 4>(&scheme, grid, x, &m),
                _ => block::<V, C, 3>(&scheme, grid, x, &m),
            }
        }
        C::value(V::splat(V::T::ONE), m.row, grid.columns()).to_lanes()[V::WIDTH - 1]
    }
}

/// Writes both paths as [`Memory`] has them, each increment as often as it is refined.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
unsafe fn lay_out<V: Lanes>(grid: &Grid, m: &Memory<V>, [x, y]: [&[V::T]; 2], factor: V::T) {
    let (d, columns, groups) = (grid.channels, grid.columns(), m.rows / V::WIDTH);
    let (xs, ys): (*mut V::T, *mut V::T) = (m.x.cast(), m.y.cast());
    let factor = factor.times(V::T::from_f64(1.0 / (1u64 << (grid.orders[0] + grid.orders[1])) as f64));
    let refined = grid.steps[0] << grid.orders[0];
    // SAFETY: `take` has as many vectors.
    unsafe {
        let mut i = 0;
        for block in 0..m.blocks {
            for row in 0..m.rows {
                let from = (i >> grid.orders[0]) * d;
                let mut to = xs.add(block * m.rows * d + row);
                for k in from..from + d {
                    *to = if i < refined { x[k + d].minus(x[k]).times(factor) } else { V::T::ZERO };
                    to = to.add(groups * V::WIDTH);
                }
                i += 1;
            }
        }
        for k in 0..d {
            let to = ys.add(k * m.span * V::WIDTH);
            for i in 0..m.rows {
                *to.add(i) = V::T::ZERO;
            }
            for j in 0..columns {
                let from = (j >> grid.orders[1]) * d + k;
                *to.add(m.rows + columns - 1 - j) = y[from + d].minus(y[from]);
            }
            for i in m.rows + columns..m.span * V::WIDTH {
                *to.add(i) = V::T::ZERO;
            }
        }
    }
}

/// A block of rows, G vectors of them.
#[inline(always)]
unsafe fn block<V: Lanes, C: Skewed<V>, const G: usize>(scheme: &C, grid: &Grid, x: *const V, m: &Memory<V>) {
    let (columns, height) = (grid.columns(), G * V::WIDTH);
    let span = m.span * V::WIDTH;
    let mut corner = V::splat(V::T::ONE);
    let axis = [C::stored(); MOST_STORED];
    let mut own = [C::own(); G];
    // SAFETY: as `Memory` says.
    unsafe {
        let mut passing = [scheme.enter(axis.as_ptr(), &mut corner); G];
        for t in 0..columns + height - 1 {
            // Lane l of group g is in column t - g WIDTH - l.
            let y = m.y.cast::<V::T>().add(columns + height - 1 - t).cast_const();
            let mut v: [V; G] = core::array::from_fn(|g| (*x.add(g)).mul(V::load(y.add(g * V::WIDTH))));
            for k in 1..grid.channels {
                let (x, y) = (x.add(k * G), y.add(k * span));
                for (g, v) in v.iter_mut().enumerate() {
                    *v = (*x.add(g)).mul_add(V::load(y.add(g * V::WIDTH)), *v);
                }
            }
            let mut before = scheme.enter(m.row.add(t.min(columns - 1) * C::STORED), &mut corner);
            for g in 0..G {
                let own_passing = passing[g];
                passing[g] = C::handed(&before, &own_passing);
                before = own_passing;
                scheme.cell(&scheme.factors(v[g]), &mut own[g], &mut passing[g]);
            }
            if t + 1 >= height {
                C::leave(passing[G - 1], m.row.add((t + 1 - height) * C::STORED));
            }
        }
    }
}
