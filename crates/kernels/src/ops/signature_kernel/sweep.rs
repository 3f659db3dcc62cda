//! Over the cells of a pair: blocks of rows in registers, all columns of a block one after the
//! other.

use super::products::{differences, products, values};
use super::scheme::Scheme;
use super::static_kernel::StaticKernel;
use crate::batch::parts::Parts;
use crate::lanes::{Lanes, Real};

/// Up to so many channels inner products are computed in the loop over columns.
const MOST_FUSED: usize = 5;
/// Steps that x is padded by, so that it has whole blocks.
pub(super) const PADDING: usize = 4;

/// The cells of a pair, or of the longest of the pairs in lanes.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    /// Steps of x and of y.
    pub steps: [usize; 2],
    pub channels: usize,
    /// Dyadic orders of x and of y: each step is cut into 2^order equal ones.
    pub orders: [u32; 2],
    pub kernel: StaticKernel,
}

impl Grid {
    /// Columns after refinement.
    pub fn columns(&self) -> usize {
        self.steps[1] << self.orders[1]
    }

    /// Steps of x whose v are computed together.
    pub fn together<V: Lanes, C: Scheme<V>>(&self) -> usize {
        if self.orders[0] == 0 { C::ROWS } else { (C::REFINED_ROWS >> self.orders[0]).max(1) }
    }

    /// v of a refined cell, over that of a cell; `None`: nothing is refined.
    pub fn shrink<V: Lanes>(&self) -> Option<V> {
        let orders = self.orders[0] + self.orders[1];
        (orders > 0).then(|| V::splat(V::T::from_f64(1.0 / (1u64 << orders) as f64)))
    }

    /// Whether channels are so few that inner products belong into the loop over cells.
    pub fn fuses(&self) -> bool {
        self.is_linear() && self.orders == [0, 0] && self.channels <= MOST_FUSED
    }

    pub fn is_linear(&self) -> bool {
        matches!(self.kernel, StaticKernel::Linear { .. })
    }

    /// v of the refined cells of a few rows from step i on.
    ///
    /// # Safety
    /// As [`solve`]; `to` has room, `below` and `fresh` are as `differences` says.
    #[inline(never)]
    pub unsafe fn products<V: Lanes>(
        &self,
        (x, y): (*const V, *const V),
        (i, rows): (usize, usize),
        unit: f64,
        [below, fresh, to]: [*mut V; 3],
    ) {
        let (x, columns) = (x.wrapping_add(i * self.channels), self.steps[1]);
        // SAFETY: as the caller vouches.
        unsafe {
            if !self.is_linear() {
                let kernel = (self.kernel, unit);
                differences(kernel, (x, rows), (y, columns), self.channels, [below, fresh, to]);
            } else {
                match rows {
                    1 => products::<V, 1>(x, y, columns, self.channels, to),
                    2 => products::<V, 2>(x, y, columns, self.channels, to),
                    3 => products::<V, 3>(x, y, columns, self.channels, to),
                    _ => products::<V, 4>(x, y, columns, self.channels, to),
                }
            }
            if let Some(shrink) = self.shrink::<V>() {
                for k in 0..rows * columns {
                    *to.add(k) = (*to.add(k)).mul(shrink);
                }
            }
        }
    }
}

/// Scratch of [`solve`], in vectors.
pub(super) struct Memory<V> {
    pub row: *mut V,
    pub below: *mut V,
    pub fresh: *mut V,
    pub v: *mut V,
}

impl<V: Lanes> Memory<V> {
    /// `stored`: vectors of an edge along y.
    #[inline(never)]
    pub fn take(parts: &mut Parts<V>, grid: &Grid, stored: usize) -> Self {
        Memory {
            row: parts.take(grid.columns().checked_mul(stored)),
            below: parts.take(grid.steps[1].checked_add(1)),
            fresh: parts.take(grid.steps[1].checked_add(1)),
            v: parts.take(grid.steps[1].checked_mul(PADDING)),
        }
    }
}

/// Vectors of scratch of [`solve`].
pub(super) fn solve_scratch<V: Lanes, C: Scheme<V>>(grid: &Grid) -> Option<usize> {
    let mut parts = Parts::measured();
    Memory::<V>::take(&mut parts, grid, C::STORED);
    parts.total()
}

/// The axis: the row below the first.
///
/// # Safety
/// `row` has [`Scheme::STORED`] vectors a column.
pub(super) unsafe fn start<V: Lanes, C: Scheme<V>>(row: *mut V, columns: usize) {
    for j in 0..columns * C::STORED {
        // SAFETY: as the caller vouches.
        unsafe { *row.add(j) = C::stored() };
    }
}

/// The kernels of a pair a lane.
///
/// # Safety
/// x and y have as many rows as the grid says, those of x a whole number of blocks; `memory` has
/// [`solve_scratch`] vectors.
#[inline(never)]
pub(super) unsafe fn solve<V: Lanes, C: Scheme<V>>(grid: &Grid, x: *const V, y: *const V, memory: &mut [V]) -> V {
    let Memory { row, below, fresh, v } = Memory::take(&mut Parts::of(memory), grid, C::STORED);
    let scheme = C::new();
    let columns = grid.columns();
    // SAFETY: as the caller vouches.
    unsafe {
        start::<V, C>(row, columns);
        if !grid.is_linear() {
            values(grid.kernel, x, (y, grid.steps[1]), grid.channels, below);
        }
        let together = grid.together::<V, C>();
        for i in (0..grid.steps[0]).step_by(together) {
            grid.products((x, y), (i, together), C::UNIT, [below, fresh, v]);
            refined(&scheme, grid, v, row);
        }
        C::value(V::splat(V::T::ONE), row, columns)
    }
}

/// Blocks of rows of v from memory.
#[inline(always)]
unsafe fn refined<V: Lanes, C: Scheme<V>>(scheme: &C, grid: &Grid, v: *const V, row: *mut V) {
    let columns = grid.steps[1];
    let repeats = 1 << grid.orders[1];
    // SAFETY: as the caller of `solve` vouches.
    unsafe {
        match (grid.orders[0], C::ROWS) {
            (0, 2) => block::<V, C, _, 2, 2>(scheme, row, columns, repeats, |j| move |r| *v.add(j * 2 + r)),
            (0, 3) => block::<V, C, _, 3, 3>(scheme, row, columns, repeats, |j| move |r| *v.add(j * 3 + r)),
            (0, _) => block::<V, C, _, 4, 4>(scheme, row, columns, repeats, |j| move |r| *v.add(j * 4 + r)),
            (1, _) if C::REFINED_ROWS == 4 => {
                block::<V, C, _, 4, 2>(scheme, row, columns, repeats, |j| move |r| *v.add(j * 2 + r));
            }
            (order, _) => {
                for _ in 0..(1usize << order) / C::REFINED_ROWS {
                    match C::REFINED_ROWS {
                        2 => block::<V, C, _, 2, 1>(scheme, row, columns, repeats, |j| move |_| *v.add(j)),
                        _ => block::<V, C, _, 4, 1>(scheme, row, columns, repeats, |j| move |_| *v.add(j)),
                    }
                }
            }
        }
    }
}

/// As [`solve`], of one x for all lanes, where [`Grid::fuses`] says so.
///
/// # Safety
/// As [`solve`].
#[inline(never)]
pub(super) unsafe fn solve_fused<V: Lanes, C: Scheme<V>>(
    grid: &Grid,
    x: *const V::T,
    y: *const V,
    memory: &mut [V],
) -> V {
    let Memory { row, .. } = Memory::take(&mut Parts::of(memory), grid, C::STORED);
    let scheme = C::new();
    // SAFETY: as the caller vouches.
    unsafe {
        start::<V, C>(row, grid.steps[1]);
        match grid.channels {
            1 => fused::<V, C, 1>(&scheme, grid, x, y, row),
            2 => fused::<V, C, 2>(&scheme, grid, x, y, row),
            3 => fused::<V, C, 3>(&scheme, grid, x, y, row),
            4 => fused::<V, C, 4>(&scheme, grid, x, y, row),
            _ => fused::<V, C, 5>(&scheme, grid, x, y, row),
        }
        C::value(V::splat(V::T::ONE), row, grid.steps[1])
    }
}

/// All blocks of one x and a y a lane, with inner products in the loop over columns.
#[inline(always)]
unsafe fn fused<V: Lanes, C: Scheme<V>, const D: usize>(
    scheme: &C,
    grid: &Grid,
    x: *const V::T,
    y: *const V,
    row: *mut V,
) {
    let columns = grid.steps[1];
    for i in (0..grid.steps[0]).step_by(C::ROWS) {
        let x = x.wrapping_add(i * D);
        let column = |j: usize| {
            // SAFETY: j is a column, r a row of the block.
            let ys: [V; D] = core::array::from_fn(|k| unsafe { *y.add(j * D + k) });
            move |r: usize| {
                // SAFETY: likewise.
                let number = |k: usize| unsafe { V::splat(*x.add(r * D + k)) };
                let mut sum = number(0).mul(ys[0]);
                for (k, &y) in ys.iter().enumerate().skip(1) {
                    sum = number(k).mul_add(y, sum);
                }
                sum
            }
        };
        // SAFETY: as the caller of `solve` vouches.
        unsafe {
            match C::ROWS {
                2 => block::<V, C, _, 2, 2>(scheme, row, columns, 1, column),
                3 => block::<V, C, _, 3, 3>(scheme, row, columns, 1, column),
                _ => block::<V, C, _, 4, 4>(scheme, row, columns, 1, column),
            }
        }
    }
}

/// R rows of N steps over all columns, each `repeats` times; `column(j)(n)` is v of a step.
#[inline(always)]
unsafe fn block<V: Lanes, C: Scheme<V>, F: Fn(usize) -> V, const R: usize, const N: usize>(
    scheme: &C,
    row: *mut V,
    columns: usize,
    repeats: usize,
    column: impl Fn(usize) -> F,
) {
    let mut own = [C::own(); R];
    let mut corner = V::splat(V::T::ONE);
    let mut at = row;
    for j in 0..columns {
        let v = column(j);
        // SAFETY: as the caller of `solve` vouches.
        unsafe {
            if R == N && repeats == 1 {
                let mut passing = scheme.enter(at, &mut corner);
                for (r, own) in own.iter_mut().enumerate() {
                    scheme.cell(&scheme.factors(v(r)), own, &mut passing);
                }
                C::leave(passing, at);
                at = at.add(C::STORED);
                continue;
            }
            let factors: [C::Factors; N] = core::array::from_fn(|n| scheme.factors(v(n)));
            for _ in 0..repeats {
                let mut passing = scheme.enter(at, &mut corner);
                for (r, own) in own.iter_mut().enumerate() {
                    scheme.cell(&factors[r * N / R], own, &mut passing);
                }
                C::leave(passing, at);
                at = at.add(C::STORED);
            }
        }
    }
}
