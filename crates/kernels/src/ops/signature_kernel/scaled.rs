//! Kernels beyond the number type, as numbers times powers of two. The equation is linear in K, so
//! a part of the plane may have any unit: the edges of a stretch of columns have one power of two
//! for each lane, and so has what passes along a block of rows. Where both meet, the smaller one
//! gives way; after a tile both are brought back near 1. One power for a whole row would not do:
//! what a kernel comes from may be smaller than the largest number of a row by more than the number
//! type spans (docs/signature-kernels.md).
//!
//! Products by powers of two are exact, so that how a pair's plane is scaled does not show in the
//! bits of its kernel. Only the cells of a tile are compiled for each scheme: the binary is small
//! rather than fast here.

use super::degree_three::DegreeThree;
use super::products::values;
use super::scheme::Scheme;
use super::sweep::{Grid, Memory};
use crate::batch::parts::Parts;
use crate::lanes::{Lanes, Real};

/// Columns that share a power of two: so few that even cells far beyond a scheme's accuracy stay
/// within the number type.
const STRETCH: usize = 16;
/// Rows of a block.
const ROWS: usize = 4;
/// Vectors of an edge along x, at most.
const MOST_OWN: usize = 4;
/// Binary exponents that numbers may have before they are scaled.
const LOOSE: i32 = 64;
/// Numbers are dropped where others are larger by this power of two, before they are subnormal.
const NEGLIGIBLE: f64 = -500.0;

/// The rows of v that a tile is in.
struct Rows<V> {
    v: *const V,
    /// Steps of x, each cut into as many rows as there are in the block.
    steps: usize,
    /// The dyadic order of y.
    order: u32,
}

/// A scheme's part.
struct Cells<V> {
    /// Vectors of an edge along y, and what one on the axis stores.
    stored: usize,
    axis: V,
    /// Vectors of an edge along x, and those of one on the axis.
    own: usize,
    start: [V; MOST_OWN],
    unit: f64,
    /// Moves over columns from one on: edges along x, then the corner, and edges along y.
    tile: unsafe fn(&mut [V], &mut [V], &Rows<V>, usize),
    value: unsafe fn(V, *const V, usize) -> V,
}

/// Scratch of [`solve_scaled`]: exponents of the result, then of each stretch, and that of `sweep`,
/// with edges of the largest scheme.
fn take<V: Lanes>(parts: &mut Parts<V>, grid: &Grid) -> (*mut V, Memory<V>) {
    (parts.part(grid.columns() / STRETCH + 2), Memory::take(parts, grid, DegreeThree::<V>::STORED))
}

/// Vectors of scratch of [`solve_scaled`].
pub(super) fn scaled_scratch<V: Lanes>(grid: &Grid) -> Option<usize> {
    let mut parts = Parts::measured();
    take::<V>(&mut parts, grid);
    parts.total()
}

/// Whether there are scaled kernels of a number type: those of float32 are computed in float64.
pub(super) const fn scales<V: Lanes>() -> bool {
    size_of::<V::T>() == 8
}

/// The kernels of a pair a lane, as numbers from 1 to 2 or their opposites; the exponents of the
/// powers of two that they are to be multiplied by are the first vector of `memory`.
///
/// # Safety
/// As [`super::sweep::solve`], with [`scaled_scratch`] vectors of `memory`.
pub(super) unsafe fn solve_scaled<V: Lanes, C: Scheme<V>>(
    grid: &Grid,
    x: *const V,
    y: *const V,
    memory: &mut [V],
) -> V {
    const { assert!(size_of::<C::Own>() <= size_of::<[V; MOST_OWN]>() && C::STORED <= DegreeThree::<V>::STORED) };
    let mut cells = Cells {
        stored: C::STORED,
        axis: C::stored(),
        own: size_of::<C::Own>() / size_of::<V>(),
        start: [V::zero(); MOST_OWN],
        unit: C::UNIT,
        tile: tile::<V, C>,
        value: C::value,
    };
    // SAFETY: edges are vectors and nothing else; and as the caller vouches.
    unsafe {
        *cells.start.as_mut_ptr().cast() = C::own();
        solve(&cells, grid, (x, y), memory)
    }
}

#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
unsafe fn solve<V: Lanes>(cells: &Cells<V>, grid: &Grid, (x, y): (*const V, *const V), memory: &mut [V]) -> V {
    let (exponents, m) = take(&mut Parts::of(memory), grid);
    let columns = grid.columns();
    let stretches = columns.div_ceil(STRETCH);
    let steps = (ROWS >> grid.orders[0]).max(1);
    let rows = Rows { v: m.v, steps, order: grid.orders[1] };
    let one = V::splat(V::T::ONE);
    // SAFETY: as the caller of `solve_scaled` vouches.
    unsafe {
        let edges = |t: usize| {
            let count = STRETCH.min(columns - t * STRETCH) * cells.stored;
            core::slice::from_raw_parts_mut(m.row.add(t * STRETCH * cells.stored), count)
        };
        core::slice::from_raw_parts_mut(m.row, columns * cells.stored).fill(cells.axis);
        let exponents = core::slice::from_raw_parts_mut(exponents, stretches + 1);
        exponents.fill(V::zero());
        let (result, exponents) = exponents.split_first_mut().unwrap_unchecked();
        if !grid.is_linear() {
            values(grid.kernel, x, (y, grid.steps[1]), grid.channels, m.below);
        }
        for i in (0..grid.steps[0]).step_by(steps) {
            grid.products((x, y), (i, steps), cells.unit, [m.below, m.fresh, m.v]);
            for _ in 0..(steps << grid.orders[0]) / ROWS {
                let mut exponent = V::zero();
                let mut own = [one; ROWS * MOST_OWN + 1];
                let own = &mut own[..=ROWS * cells.own];
                for edge in own.chunks_exact_mut(cells.own).take(ROWS) {
                    edge.copy_from_slice(&cells.start[..cells.own]);
                }
                for (t, theirs) in exponents.iter_mut().enumerate() {
                    let edges = edges(t);
                    exponent = meet(own, exponent, edges, *theirs);
                    (cells.tile)(own, edges, &rows, t * STRETCH);
                    let excess = excess(largest(edges, largest(own, V::zero())), LOOSE);
                    let back = V::zero().sub(excess);
                    scale(own, back);
                    scale(edges, back);
                    exponent = exponent.add(excess);
                    *theirs = exponent;
                }
            }
        }
        let mut kernel = [one];
        for (t, &theirs) in exponents.iter().enumerate() {
            let edges = edges(t);
            *result = meet(&mut kernel, *result, edges, theirs);
            kernel[0] = (cells.value)(kernel[0], edges.as_ptr(), edges.len() / cells.stored);
        }
        let own = excess(kernel[0], 0);
        scale(&mut kernel, V::zero().sub(own));
        *result = result.add(own);
        kernel[0]
    }
}

/// The cells of a tile.
#[inline(never)]
unsafe fn tile<V: Lanes, C: Scheme<V>>(own: &mut [V], edges: &mut [V], rows: &Rows<V>, first: usize) {
    let scheme = C::new();
    // SAFETY: as `Cells` says; v has as many columns, and an edge as many vectors.
    unsafe {
        let (corner, own) = own.split_last_mut().unwrap_unchecked();
        // Of a length that the compiler does not know: one copy of the arithmetic.
        let count = own.len() / (size_of::<C::Own>() / size_of::<V>());
        let own = core::slice::from_raw_parts_mut(own.as_mut_ptr().cast::<C::Own>(), count);
        for (j, edge) in (first..).zip(edges.chunks_exact_mut(C::STORED)) {
            let v = rows.v.add((j >> rows.order) * rows.steps);
            let mut passing = scheme.enter(edge.as_ptr(), corner);
            for (r, own) in own.iter_mut().enumerate() {
                scheme.cell(&scheme.factors(*v.add(r * rows.steps / ROWS)), own, &mut passing);
            }
            C::leave(passing, edge.as_mut_ptr());
        }
    }
}

/// Brings vectors of two exponents to the larger one, which it returns.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn meet<V: Lanes>(one: &mut [V], exponent: V, other: &mut [V], others: V) -> V {
    let common = exponent.max(others);
    scale(one, exponent.sub(common));
    scale(other, others.sub(common));
    common
}

/// Multiplies vectors by a power of two for each lane.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn scale<V: Lanes>(vectors: &mut [V], exponents: V) {
    let lanes = exponents.to_lanes();
    if lanes[..V::WIDTH].iter().all(|&n| n == V::T::ZERO) {
        return;
    }
    let factors = V::from_lanes(|l| {
        let n = lanes[l].to_f64();
        let power = if n < NEGLIGIBLE { 0 } else { ((n as i64 + 1023) as u64) << 52 };
        V::T::from_f64(f64::from_bits(power))
    });
    for v in vectors {
        *v = v.mul(factors);
    }
}

/// The largest magnitudes, `so_far` among them.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn largest<V: Lanes>(vectors: &[V], so_far: V) -> V {
    vectors.iter().fold(so_far, |largest, &v| v.max(V::zero().sub(v)).max(largest))
}

/// Binary exponents of numbers, where they are beyond `loose`; else 0, as of zero and of numbers
/// that are not finite.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn excess<V: Lanes>(numbers: V, loose: i32) -> V {
    let lanes = numbers.to_lanes();
    V::from_lanes(|l| {
        let exponent = (lanes[l].to_f64().to_bits() >> 52 & 0x7ff) as i32 - 1023;
        let is_usual = exponent > -1023 && exponent < 1024;
        V::T::from_f64(if is_usual && exponent.abs() > loose { f64::from(exponent) } else { 0.0 })
    })
}
