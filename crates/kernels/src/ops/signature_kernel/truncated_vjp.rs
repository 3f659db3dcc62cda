//! The gradients of kernels of truncated signatures, backwards over the cells. Segments of rows are
//! computed again from the row that each began with, with the edges of every cell kept.

use super::gradient::{KEPT_BYTES, Pair, contract, masked, points};
use super::sweep::Grid;
use super::truncated::{Cell, Memory as Forward, edge};
use crate::batch::parts::Parts;
use crate::batch::state::clear;
use crate::lanes::{Lanes, Real};

impl<V: Lanes> Cell<V> {
    /// The adjoint of [`Cell::advance`]: adds to the cotangents of the edges opposite and beside,
    /// and of the powers of v.
    ///
    /// # Safety
    /// As [`Cell::advance`].
    #[inline(never)]
    unsafe fn retreat(&self, bar: *const V, from: [*const V; 2], to: [*mut V; 2], powers_bar: *mut V) {
        let (depth, width) = (self.depth, self.depth + 1);
        // A row of levels of an edge, from those of its cotangent.
        let row = |weight: V, power: V, bar: *const V, from: *const V, to: *mut V, levels: usize| {
            let factor = weight.mul(power);
            let mut sum = V::zero();
            for i in 0..levels {
                // SAFETY: as the caller vouches.
                unsafe {
                    *to.add(i) = factor.mul_add(*bar.add(i), *to.add(i));
                    sum = (*bar.add(i)).mul_add(*from.add(i), sum);
                }
            }
            weight.mul(sum)
        };
        // SAFETY: as the caller vouches.
        unsafe {
            for a in 0..=depth {
                for k in 0..=a {
                    let (at, weight) = ((a - k) * (width + 1), *self.weights.add((a - k) * width + k));
                    let bar = bar.add(a * width + a);
                    let own = row(weight, *self.powers.add(k), bar, from[0].add(at), to[0].add(at), depth - a + 1);
                    *powers_bar.add(k) = (*powers_bar.add(k)).add(own);
                }
                for l in 1..=depth - a {
                    let (at, weight) = (l * (width + 1), *self.weights.add(l * width + a));
                    let bar = bar.add(a * width + a + l);
                    let own = row(weight, *self.powers.add(a), bar, from[1].add(at), to[1].add(at), depth - a - l + 1);
                    *powers_bar.add(a) = (*powers_bar.add(a)).add(own);
                }
            }
        }
    }

    /// The cotangent of v from those of its powers.
    unsafe fn slope(&self, powers_bar: *const V) -> V {
        (1..=self.depth).fold(V::zero(), |sum, k| {
            // SAFETY: as `take` says.
            let (power, bar) = unsafe { (*self.powers.add(k - 1), *powers_bar.add(k)) };
            power.mul(V::splat(V::T::from_f64(k as f64))).mul_add(bar, sum)
        })
    }
}

/// Rows of a segment: as many as fit the processor's cache, and at least the root of all.
fn segment<V>(grid: &Grid) -> usize {
    let fit = KEPT_BYTES / size_of::<V>() / (2 * edge(grid.orders[0] as usize) * (grid.steps[1] + 1));
    fit.max(grid.steps[0].isqrt() + 1).min(grid.steps[0]).max(1)
}

/// Scratch, in vectors.
struct Memory<V> {
    forward: Forward<V>,
    /// Cotangents of edges along y, of one along x, of both before a cell, and of powers of v.
    row: *mut V,
    own: *mut V,
    before: [*mut V; 2],
    powers: *mut V,
    /// The cotangents of a row's v, and of that of the row above it.
    slope: *mut V,
    above: *mut V,
    /// The two edges of each cell of a segment.
    kept: *mut V,
    /// The row that each segment begins with, and the static kernel's values there.
    marks: *mut V,
}

impl<V: Lanes> Memory<V> {
    fn take(parts: &mut Parts<V>, grid: &Grid) -> Self {
        let (depth, columns, rows) = (grid.orders[0] as usize, grid.steps[1] + 1, segment::<V>(grid));
        let size = edge(depth);
        let row = size.checked_mul(columns);
        let times = |vectors: Option<usize>, by: usize| vectors.and_then(|n| n.checked_mul(by));
        Memory {
            forward: Forward::take(parts, grid, rows),
            row: parts.part(row),
            own: parts.part(size),
            before: [parts.part(size), parts.take(size)],
            powers: parts.part(depth + 1),
            slope: parts.part(columns),
            above: parts.part(columns),
            kept: parts.part(times(times(row, 2), rows)),
            marks: parts.part(times(times(Some(size + 1), columns), grid.steps[0].div_ceil(rows))),
        }
    }
}

/// Vectors of scratch of [`solve_truncated_vjp`].
pub(super) fn truncated_vjp_scratch<V: Lanes>(grid: &Grid) -> Option<usize> {
    let mut parts = Parts::<V>::measured();
    Memory::take(&mut parts, grid);
    parts.total()
}

/// The kernels, and their gradients times the cotangents.
///
/// # Safety
/// As [`super::gradient::solve_vjp`], with [`truncated_vjp_scratch`] vectors.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub(super) unsafe fn solve_truncated_vjp<V: Lanes>(
    pair: &Pair<'_, V>,
    grid: &Grid,
    cotangent: V,
    memory: &mut [V],
) -> V {
    let m = Memory::take(&mut Parts::of(memory), grid);
    let (depth, columns, steps) = (grid.orders[0] as usize, grid.steps[1], grid.steps[0]);
    let (size, rows, f) = (edge(depth), segment::<V>(grid), &m.forward);
    let (row, mark, paths) = (size * (columns + 1), (size + 1) * (columns + 1), (pair.x, pair.y));
    // SAFETY: as the caller vouches; the parts are as large as `take` says.
    unsafe {
        f.start(grid, pair.x, pair.y);
        let segment = |s: usize| s * rows..((s + 1) * rows).min(steps);
        let segments = steps.div_ceil(rows);
        for s in 0..segments {
            let at = m.marks.add(s * mark);
            at.copy_from_nonoverlapping(f.row, row);
            at.add(row).copy_from_nonoverlapping(f.below, columns + 1);
            let kept = if s + 1 < segments { core::ptr::null_mut() } else { m.kept };
            f.pass(grid, paths, segment(s), kept);
        }
        let value = f.value(grid);
        clear(m.row, row);
        clear(m.above, columns);
        for level in 0..=depth {
            *m.row.add(columns * size + level) = cotangent;
        }
        for s in (0..segments).rev() {
            if s + 1 < segments {
                let at = m.marks.add(s * mark);
                f.row.copy_from_nonoverlapping(at, row);
                f.below.copy_from_nonoverlapping(at.add(row), columns + 1);
                f.pass(grid, paths, segment(s), m.kept);
            }
            for i in segment(s).rev() {
                let r = i - s * rows;
                clear(m.own, size);
                for j in (0..=columns).rev() {
                    let (cell, other) = (r * (columns + 1) + j, m.row.add(j * size));
                    let edges = [0, 1].map(|side| m.kept.add((2 * cell + side) * size).cast_const());
                    f.cell.set(*f.v.add(cell));
                    clear(m.before[0], size);
                    clear(m.before[1], size);
                    clear(m.powers, depth + 1);
                    f.cell.retreat(m.own, edges, m.before, m.powers);
                    f.cell.retreat(other, [edges[1], edges[0]], [m.before[1], m.before[0]], m.powers);
                    m.own.copy_from_nonoverlapping(m.before[0], size);
                    other.copy_from_nonoverlapping(m.before[1], size);
                    *m.slope.add(j) = f.cell.slope(m.powers);
                }
                if grid.is_linear() {
                    contract::<V, 1>(pair, grid, i, m.slope);
                    continue;
                }
                for j in 0..columns {
                    *f.fresh.add(j) = masked(pair, i, j, *m.slope.add(j));
                }
                points(pair, grid, 1.0, i + 1, f.fresh, m.above);
            }
        }
        if !grid.is_linear() && steps > 0 {
            clear(f.fresh, columns);
            points(pair, grid, 1.0, 0, f.fresh, m.above);
        }
        value
    }
}
