//! The gradient of a pair's kernel: the exact derivative of the scheme, backwards over the cells.
//! All terms of it add. Segments of blocks are computed again from the row that each began with,
//! unless all cells of the pair fit the processor's cache.

use super::products::{argument, values};
use super::scheme::Scheme;
use super::static_kernel::InLanes;
use super::sweep::{Grid, start};
use crate::batch::parts::Parts;
use crate::lanes::{Lanes, MAX_WIDTH, Real};

/// Bytes of a pair's cells that are kept at once, unless a segment of the root of all blocks is
/// more.
pub(super) const KEPT_BYTES: usize = 2 << 20;

/// How the rows of a grid are cut.
struct Cut {
    /// Steps of x in a block, its refined rows, and those in registers at once.
    together: usize,
    refined: usize,
    registers: usize,
    blocks: usize,
    /// Blocks of a segment.
    segment: usize,
    segments: usize,
    /// Vectors of a block's v and of what its cells keep, and of a row's edges.
    v: usize,
    kept: usize,
    row: usize,
}

impl Cut {
    fn new<V: Lanes, C: Scheme<V>>(grid: &Grid) -> Option<Cut> {
        let together = grid.together::<V, C>();
        let refined = together << grid.orders[0];
        let blocks = grid.steps[0].div_ceil(together);
        let v = together.checked_mul(grid.steps[1])?;
        let kept = refined.checked_mul(grid.columns())?.checked_mul(C::KEPT)?;
        let fit = KEPT_BYTES / size_of::<V>() / (v + kept).max(1);
        let segment = fit.max(blocks.isqrt() + 1).min(blocks).max(1);
        Some(Cut {
            together,
            refined,
            registers: if grid.orders[0] == 0 { C::ROWS } else { C::REFINED_ROWS },
            blocks,
            segment,
            segments: blocks.div_ceil(segment),
            v,
            kept,
            row: grid.columns().checked_mul(C::STORED)?,
        })
    }
}

/// Scratch of [`solve_vjp`], in vectors.
struct Memory<V> {
    row: *mut V,
    bar: *mut V,
    below: *mut V,
    fresh: *mut V,
    /// The cotangents of a block's v, and of the row of v above it.
    slope: *mut V,
    above: *mut V,
    v: *mut V,
    kept: *mut V,
    /// The row that each segment begins with, and the static kernel's values there.
    marks: *mut V,
}

impl<V: Lanes> Memory<V> {
    fn take(parts: &mut Parts<V>, cut: &Cut, columns: usize) -> Self {
        let mark = cut.row.checked_add(columns + 1);
        Memory {
            row: parts.part(cut.row),
            bar: parts.part(cut.row),
            below: parts.part(columns + 1),
            fresh: parts.part(columns + 1),
            slope: parts.part(cut.v),
            above: parts.part(columns),
            v: parts.part(cut.v.checked_mul(cut.segment)),
            kept: parts.part(cut.kept.checked_mul(cut.segment)),
            marks: parts.part(mark.and_then(|mark| mark.checked_mul(cut.segments))),
        }
    }
}

/// Vectors of scratch of [`solve_vjp`].
pub(super) fn solve_vjp_scratch<V: Lanes, C: Scheme<V>>(grid: &Grid) -> Option<usize> {
    let mut parts = Parts::<V>::measured();
    Memory::take(&mut parts, &Cut::new::<V, C>(grid)?, grid.steps[1]);
    parts.total()
}

/// A pair's paths and where their gradients are added up, as they are read; `y_bar` null: not
/// wanted. The gradients of increments lack the factor of x's.
pub(super) struct Pair<'a, V: Lanes> {
    pub x: *const V,
    pub y: *const V,
    pub x_bar: *mut V,
    pub y_bar: *mut V,
    /// Steps of x and y of each lane.
    pub steps: [&'a [usize; MAX_WIDTH]; 2],
}

/// The kernels, and their gradients times the cotangents.
///
/// # Safety
/// As [`super::sweep::solve`]; the gradients have as many rows as the paths, and `memory` has
/// [`solve_vjp_scratch`] vectors.
#[inline(never)]
pub(super) unsafe fn solve_vjp<V: Lanes, C: Scheme<V>>(
    pair: &Pair<'_, V>,
    grid: &Grid,
    cotangent: V,
    memory: &mut [V],
) -> V {
    let (scheme, columns) = (C::new(), grid.columns());
    // `solve_vjp_scratch` has made the same.
    let Some(cut) = Cut::new::<V, C>(grid) else { return V::zero() };
    let m = Memory::take(&mut Parts::of(memory), &cut, grid.steps[1]);
    let mark = cut.row + grid.steps[1] + 1;
    let mut value = V::splat(V::T::ONE);
    // SAFETY: as the caller vouches; the parts are as large as `Cut` says.
    unsafe {
        start::<V, C>(m.row, columns);
        let numbers = cotangent.to_lanes();
        for j in 0..columns {
            // Lanes of shorter paths end earlier.
            let own = |l: usize| pair.steps[1][l] << grid.orders[1];
            let at = |l: usize, is_there: bool| if is_there { numbers[l] } else { V::T::ZERO };
            let (all, last) = (V::from_lanes(|l| at(l, j < own(l))), V::from_lanes(|l| at(l, j + 1 == own(l))));
            C::start_bar(all, last, m.bar.add(j * C::STORED));
        }
        if !grid.is_linear() {
            values(grid.kernel, pair.x, (pair.y, grid.steps[1]), grid.channels, m.below);
            for j in 0..grid.steps[1] {
                *m.above.add(j) = V::zero();
            }
        }
        let forward = |blocks: core::ops::Range<usize>| {
            let first = blocks.start;
            for b in blocks {
                let v = m.v.add((b - first) * cut.v);
                let i = b * cut.together;
                grid.products((pair.x, pair.y), (i, cut.together), C::UNIT, [m.below, m.fresh, v]);
                let kept = m.kept.add((b - first) * cut.kept);
                match (C::ROWS, cut.registers) {
                    (2, _) => keep::<V, C, 2>(&scheme, grid, &cut, v, m.row, kept),
                    (3, 3) => keep::<V, C, 3>(&scheme, grid, &cut, v, m.row, kept),
                    _ => keep::<V, C, 4>(&scheme, grid, &cut, v, m.row, kept),
                }
            }
        };
        let blocks = |s: usize| s * cut.segment..((s + 1) * cut.segment).min(cut.blocks);
        for s in 0..cut.segments {
            let at = m.marks.add(s * mark);
            at.copy_from_nonoverlapping(m.row, cut.row);
            at.add(cut.row).copy_from_nonoverlapping(m.below, grid.steps[1] + 1);
            forward(blocks(s));
        }
        if cut.blocks > 0 {
            value = C::value(V::splat(V::T::ONE), m.row, columns);
        }
        for s in (0..cut.segments).rev() {
            if s + 1 < cut.segments {
                let at = m.marks.add(s * mark);
                m.row.copy_from_nonoverlapping(at, cut.row);
                m.below.copy_from_nonoverlapping(at.add(cut.row), grid.steps[1] + 1);
                forward(blocks(s));
            }
            let first = blocks(s).start;
            for b in blocks(s).rev() {
                let v = m.v.add((b - first) * cut.v);
                let kept = m.kept.add((b - first) * cut.kept);
                match (C::ROWS, cut.registers) {
                    (2, _) => back::<V, C, 2>(&scheme, grid, &cut, v, kept, m.bar, m.slope),
                    (3, 3) => back::<V, C, 3>(&scheme, grid, &cut, v, kept, m.bar, m.slope),
                    _ => back::<V, C, 4>(&scheme, grid, &cut, v, kept, m.bar, m.slope),
                }
                let i = b * cut.together;
                if grid.is_linear() {
                    match cut.together {
                        1 => contract::<V, 1>(pair, grid, i, m.slope),
                        2 => contract::<V, 2>(pair, grid, i, m.slope),
                        3 => contract::<V, 3>(pair, grid, i, m.slope),
                        _ => contract::<V, 4>(pair, grid, i, m.slope),
                    }
                } else {
                    for r in (0..cut.together).rev() {
                        for j in 0..grid.steps[1] {
                            *m.fresh.add(j) = masked(pair, i + r, j, *m.slope.add(j * cut.together + r));
                        }
                        points(pair, grid, C::UNIT, i + r + 1, m.fresh, m.above);
                    }
                }
            }
        }
        if !grid.is_linear() && cut.blocks > 0 {
            for j in 0..grid.steps[1] {
                *m.fresh.add(j) = V::zero();
            }
            points(pair, grid, C::UNIT, 0, m.fresh, m.above);
        }
    }
    value
}

/// Where v of the refined rows from `first` on is, from that of a column.
#[inline(always)]
fn places<const R: usize>(grid: &Grid, first: usize) -> [usize; R] {
    core::array::from_fn(|r| (first + r) >> grid.orders[0])
}

/// Forwards over a block, R rows at once, with what the adjoint needs kept.
#[inline(always)]
unsafe fn keep<V: Lanes, C: Scheme<V>, const R: usize>(
    scheme: &C,
    grid: &Grid,
    cut: &Cut,
    v: *const V,
    row: *mut V,
    mut kept: *mut V,
) {
    for first in (0..cut.refined).step_by(R) {
        let places = places::<R>(grid, first);
        let mut own = [C::own(); R];
        let mut corner = V::splat(V::T::ONE);
        for j in 0..grid.columns() {
            // SAFETY: as the caller of `solve_vjp` vouches.
            unsafe {
                let at = row.add(j * C::STORED);
                let v = v.add((j >> grid.orders[1]) * cut.together);
                let mut passing = scheme.enter(at, &mut corner);
                for r in 0..R {
                    let factors = scheme.factors(*v.add(places[r]));
                    let kept = kept.add(r * C::KEPT);
                    scheme.keep(&own[r], &passing, kept);
                    scheme.cell(&factors, &mut own[r], &mut passing);
                    scheme.keep_after(&own[r], &passing, kept);
                }
                kept = kept.add(R * C::KEPT);
                C::leave(passing, at);
            }
        }
    }
}

/// Backwards over a block: cotangents of v to `slope`, those of the edges above to those below.
#[inline(always)]
unsafe fn back<V: Lanes, C: Scheme<V>, const R: usize>(
    scheme: &C,
    grid: &Grid,
    cut: &Cut,
    v: *const V,
    kept: *const V,
    bar: *mut V,
    slope: *mut V,
) {
    // SAFETY: as the caller of `solve_vjp` vouches.
    unsafe {
        for k in 0..cut.v {
            *slope.add(k) = V::zero();
        }
        let mut kept = kept.add(cut.kept);
        for first in (0..cut.refined).step_by(R).rev() {
            let places = places::<R>(grid, first);
            let mut own = [C::own_bar(); R];
            let mut corner = V::zero();
            for j in (0..grid.columns()).rev() {
                let at = bar.add(j * C::STORED);
                let column = (j >> grid.orders[1]) * cut.together;
                let (v, slope) = (v.add(column), slope.add(column));
                kept = kept.sub(R * C::KEPT);
                let mut passing = C::enter_bar(at);
                for r in (0..R).rev() {
                    let to = slope.add(places[r]);
                    let kept = kept.add(r * C::KEPT);
                    *to = (*to).add(scheme.adjoint(*v.add(places[r]), kept, &mut own[r], &mut passing));
                }
                C::leave_bar(passing, at, &mut corner);
            }
        }
        if let Some(shrink) = grid.shrink::<V>() {
            for k in 0..cut.v {
                *slope.add(k) = (*slope.add(k)).mul(shrink);
            }
        }
    }
}

/// Adds a block's part of the gradients of increments, some channels at once.
#[inline(never)]
pub(super) unsafe fn contract<V: Lanes, const R: usize>(pair: &Pair<'_, V>, grid: &Grid, i: usize, slope: *const V) {
    let mut k = 0;
    // SAFETY: as the caller of `solve_vjp` vouches.
    unsafe {
        while k + 2 <= grid.channels {
            channels::<V, R, 2>(pair, grid, i, k, slope);
            k += 2;
        }
        if k < grid.channels {
            channels::<V, R, 1>(pair, grid, i, k, slope);
        }
    }
}

/// The gradients of K channels of R steps, in registers.
#[inline(always)]
unsafe fn channels<V: Lanes, const R: usize, const K: usize>(
    pair: &Pair<'_, V>,
    grid: &Grid,
    i: usize,
    k: usize,
    slope: *const V,
) {
    let d = grid.channels;
    let (x, x_bar) = (pair.x.wrapping_add(i * d + k), pair.x_bar.wrapping_add(i * d + k));
    // SAFETY: as the caller of `solve_vjp` vouches.
    unsafe {
        let mut sums: [[V; K]; R] = core::array::from_fn(|r| core::array::from_fn(|c| *x_bar.add(r * d + c)));
        for j in 0..grid.steps[1] {
            let y: [V; K] = core::array::from_fn(|c| *pair.y.add(j * d + k + c));
            for (r, sums) in sums.iter_mut().enumerate() {
                let slope = *slope.add(j * R + r);
                for (sum, y) in sums.iter_mut().zip(y) {
                    *sum = slope.mul_add(y, *sum);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (c, &sum) in sums.iter().enumerate() {
                *x_bar.add(r * d + c) = sum;
            }
        }
        if pair.y_bar.is_null() {
            return;
        }
        let steps: [[V; K]; R] = core::array::from_fn(|r| core::array::from_fn(|c| *x.add(r * d + c)));
        for j in 0..grid.steps[1] {
            let to = pair.y_bar.add(j * d + k);
            let slopes: [V; R] = core::array::from_fn(|r| *slope.add(j * R + r));
            for c in 0..K {
                let mut sum = *to.add(c);
                for (slope, step) in slopes.iter().zip(&steps) {
                    sum = slope.mul_add(step[c], sum);
                }
                *to.add(c) = sum;
            }
        }
    }
}

/// A cotangent of v, 0 beyond the end of a lane's paths: what is repeated there does not move apart
/// from the last point.
pub(super) fn masked<V: Lanes>(pair: &Pair<'_, V>, i: usize, j: usize, slope: V) -> V {
    let lanes = slope.to_lanes();
    V::from_lanes(|l| if i < pair.steps[0][l] && j < pair.steps[1][l] { lanes[l] } else { V::T::ZERO })
}

/// Adds the part of a point of x to the gradients of points: `row` are the cotangents of v of
/// the step before it, `above` those of the step after it, which the row replaces.
#[inline(never)]
pub(super) unsafe fn points<V: Lanes>(
    pair: &Pair<'_, V>,
    grid: &Grid,
    unit: f64,
    point: usize,
    row: *const V,
    above: *mut V,
) {
    let (d, columns, is_radial) = (grid.channels, grid.steps[1], grid.kernel.is_radial());
    let unit = V::splat(V::T::from_f64(if is_radial { 2.0 * unit } else { unit }));
    let kernel = InLanes::<V>::new(grid.kernel);
    let (mut left, mut left_above) = (V::zero(), V::zero());
    let x = pair.x.wrapping_add(point * d);
    for q in 0..=columns {
        // SAFETY: as the caller of `solve_vjp` vouches.
        unsafe {
            let (here, here_above) = if q < columns { (*row.add(q), *above.add(q)) } else { (V::zero(), V::zero()) };
            let bar = left.sub(here).sub(left_above.sub(here_above));
            (left, left_above) = (here, here_above);
            if q < columns {
                *above.add(q) = here;
            }
            let y = pair.y.add(q * d);
            let (_, slope) = kernel.value_and_slope(argument(is_radial, x, y, d));
            let factor = bar.mul(slope).mul(unit);
            for k in 0..d {
                let (a, b) = (*x.add(k), *y.add(k));
                let (to_x, to_y) = if is_radial { (a.sub(b), b.sub(a)) } else { (b, a) };
                let to = pair.x_bar.add(point * d + k);
                *to = factor.mul_add(to_x, *to);
                if !pair.y_bar.is_null() {
                    let to = pair.y_bar.add(q * d + k);
                    *to = factor.mul_add(to_y, *to);
                }
            }
        }
    }
}
