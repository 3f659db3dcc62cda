//! What is asked for: a tile of a Gram matrix, or pairs of two batches; its checks, and its paths
//! in lanes.

use super::paths::Reading;
use super::static_kernel::StaticKernel;
use super::sweep::{Grid, PADDING};
use crate::batch::request::{Error, check_paths};
use crate::lanes::{Lanes, MAX_WIDTH, Real};

/// How finely steps are cut.
#[derive(Clone, Copy, Debug)]
pub enum Orders<'a> {
    /// Dyadic orders of x and of y.
    Fixed([u32; 2]),
    /// The least order of a pair with |v| ≤ 4^order / 4 on every cell, at most `most`, where |v| is
    /// at most the product of two numbers, one for each path of x and of y.
    Least {
        /// Of the paths of x.
        x: &'a [f64],
        /// Of the paths of y.
        y: &'a [f64],
        /// The highest order.
        most: u32,
    },
}

impl Orders<'_> {
    /// The highest orders that occur.
    pub(super) fn most(&self) -> [u32; 2] {
        match *self {
            Orders::Fixed(orders) => orders,
            Orders::Least { most, .. } => [most; 2],
        }
    }

    /// The orders of a pair.
    pub(super) fn of(&self, a: usize, b: usize) -> [u32; 2] {
        match *self {
            Orders::Fixed(orders) => orders,
            Orders::Least { x, y, most } => {
                let (mut order, mut bound) = (0, 0.25);
                while x[a] * y[b] > bound && order < most {
                    (order, bound) = (order + 1, bound * 4.0);
                }
                [order; 2]
            }
        }
    }
}

/// Paths of x and y, and which of their kernels to compute.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a, T> {
    /// (count, points, channels) of x and of y, row-major.
    pub paths: [&'a [T]; 2],
    /// Paths of x and of y.
    pub counts: [usize; 2],
    /// Points of each path of x and of y, at least 1.
    pub points: [usize; 2],
    /// Points that count, for each path, 1 … points.
    pub lengths: [Option<&'a [u32]>; 2],
    /// Channels, at least 1.
    pub channels: usize,
    /// Of the scheme, 1 … 3; 0: kernels of truncated signatures, whose depth is the order of x.
    pub degree: u32,
    /// How finely steps are cut.
    pub orders: Orders<'a>,
    /// What takes the place of the inner product of points.
    pub kernel: StaticKernel,
    /// Pairs (x_i, y_i) instead of all of x with all of y; counts are equal.
    pub pairs: bool,
    /// Of all pairs only those with i ≤ j; the other numbers mean nothing.
    pub triangle: bool,
    /// Kernels as numbers times powers of two, without overflow: in float64, of degree 1 … 3. The
    /// result is all numbers, then all exponents.
    pub scaled: bool,
}

impl<'a, T: Real> Request<'a, T> {
    /// Numbers of the result.
    pub(super) fn out(&self) -> Option<usize> {
        let kernels = if self.pairs { Some(self.counts[0]) } else { self.counts[0].checked_mul(self.counts[1]) };
        kernels?.checked_mul(if self.scaled { 2 } else { 1 })
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub(super) fn check(&self) -> Result<(), Error> {
        let is_shaped = self.channels > 0
            && self.degree <= 3
            && self.orders.most().iter().all(|&order| order <= 20)
            && (!self.pairs || self.counts[0] == self.counts[1]);
        if !is_shaped {
            return Err(Error::Shape);
        }
        for side in 0..2 {
            let shape = [self.counts[side], self.points[side], self.channels];
            check_paths(self.paths[side], shape, self.lengths[side])?;
        }
        match self.orders {
            Orders::Least { x, y, .. } if [x.len(), y.len()] != self.counts => Err(Error::Rows),
            _ => Ok(()),
        }
    }

    pub(super) fn steps(&self, side: usize, path: usize) -> usize {
        self.lengths[side].map_or(self.points[side], |lengths| lengths[path] as usize) - 1
    }

    pub(super) fn path(&self, side: usize, path: usize) -> &'a [T] {
        let first = path * self.points[side] * self.channels;
        &self.paths[side][first..][..(self.steps(side, path) + 1) * self.channels]
    }

    /// The longest grid.
    pub(super) fn grid(&self) -> Grid {
        let steps = [self.points[0] - 1, self.points[1] - 1];
        Grid { steps, channels: self.channels, orders: self.orders.most(), kernel: self.kernel }
    }

    /// What is read of x and of y, for a scheme's unit.
    pub(super) fn readings(&self, unit: f64) -> [Reading<T>; 2] {
        match self.kernel {
            StaticKernel::Linear { scale } => {
                [Reading::Increments(T::from_f64(unit * scale)), Reading::Increments(T::ONE)]
            }
            _ => [Reading::Points; 2],
        }
    }

    /// Numbers of a path of one side as it is read, x padded to whole blocks.
    pub(super) fn numbers(&self, side: usize, reading: Reading<T>) -> Option<usize> {
        let steps = self.points[side] - 1 + if side == 0 { PADDING } else { 0 };
        reading.rows(steps).checked_mul(self.channels)
    }

    /// The paths of a group of lanes from the first on; what is missing repeats the last.
    pub(super) fn group<V: Lanes<T = T>>(&self, side: usize, first: usize) -> Group {
        let count = (self.counts[side] - first).min(V::WIDTH);
        let paths: [usize; MAX_WIDTH] = core::array::from_fn(|l| first + l.min(count - 1));
        let steps = paths.map(|path| self.steps(side, path));
        Group { first, count, paths, steps, longest: steps.into_iter().max().unwrap_or(0) }
    }

    /// Reads a group to lanes.
    pub(super) fn read<V: Lanes<T = T>>(&self, side: usize, group: &Group, reading: Reading<T>, to: &mut [V]) {
        let rows = reading.rows(group.longest + if side == 0 { PADDING } else { 0 });
        reading.lanes(group.paths.map(|path| self.path(side, path)), self.channels, rows, to);
    }

    /// Reads one path of x, for all lanes.
    pub(super) fn read_one(&self, path: usize, reading: Reading<T>, to: &mut [T]) {
        let rows = reading.rows(self.steps(0, path) + PADDING);
        reading.one(self.path(0, path), self.channels, &mut to[..rows * self.channels]);
    }
}

/// Paths in lanes.
#[derive(Clone, Copy)]
pub(super) struct Group {
    pub first: usize,
    pub count: usize,
    pub paths: [usize; MAX_WIDTH],
    pub steps: [usize; MAX_WIDTH],
    pub longest: usize,
}
