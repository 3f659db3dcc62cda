//! A tile of a Gram matrix, or pairs of two batches: paths to lanes, and the pairs' kernels out.

use super::gradient::Pair;
use super::paths::Reading;
use super::products::{Apart, Shared, Side};
use super::solver::{Solve, SolveVjp, Solver};
use super::static_kernel::StaticKernel;
use super::sweep::{Grid, PADDING};
use crate::batch::parts::Parts;
use crate::batch::request::Error;
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
    fn most(&self) -> [u32; 2] {
        match *self {
            Orders::Fixed(orders) => orders,
            Orders::Least { most, .. } => [most; 2],
        }
    }

    /// The orders of a pair.
    fn of(&self, a: usize, b: usize) -> [u32; 2] {
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
}

/// Where gradients go; `None`: not wanted. As the paths of x and of y. Past the end of a path they
/// are zero.
pub struct Gradients<'a, T> {
    /// Of x.
    pub x: Option<&'a mut [T]>,
    /// Of y.
    pub y: Option<&'a mut [T]>,
}

impl<'a, T: Real> Request<'a, T> {
    /// Numbers of the result.
    fn out(&self) -> Option<usize> {
        if self.pairs { Some(self.counts[0]) } else { self.counts[0].checked_mul(self.counts[1]) }
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        let is_shaped = self.points.iter().all(|&n| n > 0)
            && self.channels > 0
            && self.degree <= 3
            && self.orders.most().iter().all(|&order| order <= 20)
            && (!self.pairs || self.counts[0] == self.counts[1]);
        if !is_shaped {
            return Err(Error::Shape);
        }
        for side in 0..2 {
            let (count, points) = (self.counts[side], self.points[side]);
            let numbers = points.checked_mul(self.channels).and_then(|path| path.checked_mul(count));
            if numbers != Some(self.paths[side].len()) {
                return Err(Error::Paths);
            }
            if let Some(lengths) = self.lengths[side]
                && (lengths.len() != count || lengths.iter().any(|&l| l == 0 || l as usize > points))
            {
                return Err(Error::Lengths);
            }
        }
        match self.orders {
            Orders::Least { x, y, .. } if [x.len(), y.len()] != self.counts => Err(Error::Rows),
            _ => Ok(()),
        }
    }

    fn steps(&self, side: usize, path: usize) -> usize {
        self.lengths[side].map_or(self.points[side], |lengths| lengths[path] as usize) - 1
    }

    fn path(&self, side: usize, path: usize) -> &'a [T] {
        let first = path * self.points[side] * self.channels;
        &self.paths[side][first..][..(self.steps(side, path) + 1) * self.channels]
    }

    /// The longest grid.
    fn grid(&self) -> Grid {
        let steps = [self.points[0] - 1, self.points[1] - 1];
        Grid { steps, channels: self.channels, orders: self.orders.most(), kernel: self.kernel }
    }

    /// What is read of x and of y, for a scheme's unit.
    fn readings(&self, unit: f64) -> [Reading<T>; 2] {
        match self.kernel {
            StaticKernel::Linear { scale } => {
                [Reading::Increments(T::from_f64(unit * scale)), Reading::Increments(T::ONE)]
            }
            _ => [Reading::Points; 2],
        }
    }

    /// Numbers of a path of one side as it is read, x padded to whole blocks.
    fn numbers(&self, side: usize, reading: Reading<T>) -> Option<usize> {
        let steps = self.points[side] - 1 + if side == 0 { PADDING } else { 0 };
        reading.rows(steps).checked_mul(self.channels)
    }

    /// The paths of a group of lanes from the first on; what is missing repeats the last.
    fn group<V: Lanes<T = T>>(&self, side: usize, first: usize) -> Group {
        let count = (self.counts[side] - first).min(V::WIDTH);
        let paths: [usize; MAX_WIDTH] = core::array::from_fn(|l| first + l.min(count - 1));
        let steps = paths.map(|path| self.steps(side, path));
        Group { first, count, paths, steps, longest: steps.into_iter().max().unwrap_or(0) }
    }

    /// Reads a group to lanes.
    fn read<V: Lanes<T = T>>(&self, side: usize, group: &Group, reading: Reading<T>, to: &mut [V]) {
        let rows = reading.rows(group.longest + if side == 0 { PADDING } else { 0 });
        reading.lanes(group.paths.map(|path| self.path(side, path)), self.channels, rows, to);
    }

    /// Reads one path of x, for all lanes.
    fn read_one(&self, path: usize, reading: Reading<T>, to: &mut [T]) {
        let rows = reading.rows(self.steps(0, path) + PADDING);
        reading.one(self.path(0, path), self.channels, &mut to[..rows * self.channels]);
    }
}

/// Paths in lanes.
#[derive(Clone, Copy)]
struct Group {
    first: usize,
    count: usize,
    paths: [usize; MAX_WIDTH],
    steps: [usize; MAX_WIDTH],
    longest: usize,
}

/// Vectors of scratch of [`kernel`]; `None` where it is beyond memory.
pub fn kernel_scratch<V: Lanes>(request: &Request<'_, V::T>) -> Option<usize> {
    let solver = Solver::<V>::of(request.degree)?;
    let mut parts = Parts::measured();
    Memory::<V>::take(&mut parts, request, solver.unit, false, (solver.scratch)(&request.grid()));
    parts.total()
}

/// The kernels of a request, row-major; says whether all of them are finite.
pub fn kernel<V: Lanes>(request: &Request<'_, V::T>, out: &mut [V::T], scratch: &mut [V]) -> Result<bool, Error> {
    request.check()?;
    if request.out() != Some(out.len()) {
        return Err(Error::Output);
    }
    if scratch.len() < kernel_scratch::<V>(request).ok_or(Error::Shape)? {
        return Err(Error::Scratch);
    }
    Ok(forward::<V>(request, &Solver::of(request.degree).ok_or(Error::Shape)?, out, scratch))
}

/// Vectors of scratch of [`kernel_vjp`].
pub fn kernel_vjp_scratch<V: Lanes>(request: &Request<'_, V::T>) -> Option<usize> {
    let solver = Solver::<V>::of(request.degree)?;
    let mut parts = Parts::measured();
    Memory::<V>::take(&mut parts, request, solver.unit, true, (solver.vjp?.1)(&request.grid()));
    parts.total()
}

/// The gradients of Σ cotangent · kernel by the points of x and of y; says whether all kernels are
/// finite.
pub fn kernel_vjp<V: Lanes>(
    request: &Request<'_, V::T>,
    cotangents: &[V::T],
    to: Gradients<'_, V::T>,
    scratch: &mut [V],
) -> Result<bool, Error> {
    request.check()?;
    if request.out() != Some(cotangents.len()) {
        return Err(Error::Cotangents);
    }
    let fits =
        |side: usize, to: &Option<&mut [V::T]>| to.as_ref().is_none_or(|to| to.len() == request.paths[side].len());
    if !fits(0, &to.x) || !fits(1, &to.y) {
        return Err(Error::Output);
    }
    if scratch.len() < kernel_vjp_scratch::<V>(request).ok_or(Error::Shape)? {
        return Err(Error::Scratch);
    }
    let solver = Solver::of(request.degree).ok_or(Error::Shape)?;
    Ok(backward::<V>(request, &solver, cotangents, to, scratch))
}

/// Parts of a call's scratch.
struct Memory<V> {
    /// Vectors of x: all paths of a tile, one behind the other, or one group.
    x: *mut V,
    x_numbers: usize,
    /// One group of y, or all of them.
    y: *mut V,
    y_numbers: usize,
    /// Gradients of one path or group of x, and of all groups of y.
    x_bar: *mut V,
    y_bar: *mut V,
    rest: *mut V,
    rest_vectors: usize,
}

impl<V: Lanes> Memory<V> {
    fn take(parts: &mut Parts<V>, request: &Request<'_, V::T>, unit: f64, backward: bool, rest: Option<usize>) -> Self {
        let readings = request.readings(unit);
        let [x, y] = [0, 1].map(|side| request.numbers(side, readings[side]));
        // A path a lane, or all paths one behind the other.
        let all = if request.pairs || backward {
            x
        } else {
            x.and_then(|n| n.checked_mul(request.counts[0])).map(|n| n.div_ceil(V::WIDTH))
        };
        let groups = if request.pairs || !backward { 1 } else { request.counts[1].div_ceil(V::WIDTH) };
        let all_y = y.and_then(|n| n.checked_mul(groups));
        Memory {
            x: parts.take(all),
            x_numbers: x.unwrap_or(0),
            y: parts.take(all_y),
            y_numbers: y.unwrap_or(0),
            x_bar: parts.take(if backward { x } else { Some(0) }),
            y_bar: parts.take(if backward { all_y } else { Some(0) }),
            rest: parts.take(rest),
            rest_vectors: rest.unwrap_or(0),
        }
    }

    /// Vectors at a place.
    ///
    /// # Safety
    /// They are there, and nothing else refers to them.
    unsafe fn at<'m>(place: *mut V, index: usize, vectors: usize) -> &'m mut [V] {
        // SAFETY: as the caller vouches.
        unsafe { core::slice::from_raw_parts_mut(place.add(index * vectors), vectors) }
    }
}

/// The kernels of one group of lanes, each at its orders; `orders(l)` are those of a lane.
///
/// # Safety
/// As [`super::sweep::solve`].
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
unsafe fn at_orders<V: Lanes, S: Side<V>>(
    (solve, side): (Solve<V, S>, S),
    mut grid: Grid,
    count: usize,
    orders: &dyn Fn(usize) -> [u32; 2],
    (x, y): (*const S::Number, *const V),
    rest: &mut [V],
) -> V {
    grid.orders = orders(0);
    // SAFETY: as the caller vouches.
    let mut result = unsafe { solve(side, &grid, x, y, rest) };
    for lane in 1..count {
        // Lanes of other orders: each order that occurs is computed once.
        let own = orders(lane);
        if (0..lane).any(|before| orders(before) == own) {
            continue;
        }
        grid.orders = own;
        // SAFETY: likewise.
        let other = unsafe { solve(side, &grid, x, y, rest) }.to_lanes();
        let lanes = result.to_lanes();
        result = V::from_lanes(|l| if l < count && orders(l) == own { other[l] } else { lanes[l] });
    }
    result
}

#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn forward<V: Lanes>(request: &Request<'_, V::T>, solver: &Solver<V>, out: &mut [V::T], scratch: &mut [V]) -> bool {
    let rest = (solver.scratch)(&request.grid());
    let memory = Memory::take(&mut Parts::of(scratch), request, solver.unit, false, rest);
    let readings = request.readings(solver.unit);
    let grid = |x: usize, y: usize| Grid { steps: [x, y], ..request.grid() };
    // Not finite as soon as one number is not.
    let mut sum = V::zero();
    // SAFETY: the scratch has all parts, each for one use at a time, and rows are read as far as
    // they are written.
    unsafe {
        let rest = Memory::at(memory.rest, 0, memory.rest_vectors);
        let y_lanes = Memory::at(memory.y, 0, memory.y_numbers);
        if request.pairs {
            let x_lanes = Memory::at(memory.x, 0, memory.x_numbers);
            for first in (0..request.counts[0]).step_by(V::WIDTH) {
                let groups = [0, 1].map(|side| request.group::<V>(side, first));
                request.read(0, &groups[0], readings[0], x_lanes);
                request.read(1, &groups[1], readings[1], y_lanes);
                let grid = grid(groups[0].longest, groups[1].longest);
                let orders = |l: usize| request.orders.of(first + l, first + l);
                let at = (x_lanes.as_ptr(), y_lanes.as_ptr());
                let result = at_orders::<V, Apart>((solver.apart, Apart), grid, groups[0].count, &orders, at, rest);
                sum = sum.add(result.sub(result));
                out[first..first + groups[0].count].copy_from_slice(&result.to_lanes()[..groups[0].count]);
            }
        } else {
            let x: *mut V::T = memory.x.cast();
            for a in 0..request.counts[0] {
                let to = core::slice::from_raw_parts_mut(x.add(a * memory.x_numbers), memory.x_numbers);
                request.read_one(a, readings[0], to);
            }
            for first in (0..request.counts[1]).step_by(V::WIDTH) {
                let group = request.group::<V>(1, first);
                request.read(1, &group, readings[1], y_lanes);
                let last =
                    if request.triangle { (first + group.count).min(request.counts[0]) } else { request.counts[0] };
                for a in 0..last {
                    let grid = grid(request.steps(0, a), group.longest);
                    let orders = |l: usize| request.orders.of(a, first + l);
                    let at = (x.add(a * memory.x_numbers).cast_const(), y_lanes.as_ptr());
                    let result = at_orders::<V, Shared>((solver.shared, Shared), grid, group.count, &orders, at, rest);
                    sum = sum.add(result.sub(result));
                    let row = &mut out[a * request.counts[1] + first..][..group.count];
                    row.copy_from_slice(&result.to_lanes()[..group.count]);
                }
            }
        }
    }
    let lanes = sum.to_lanes();
    lanes[..V::WIDTH].iter().all(|number| number.is_finite())
}

#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn backward<V: Lanes>(
    request: &Request<'_, V::T>,
    solver: &Solver<V>,
    cotangents: &[V::T],
    mut to: Gradients<'_, V::T>,
    scratch: &mut [V],
) -> bool {
    // `kernel_vjp_scratch` has seen that there is one.
    let Some((solve_vjp, rest)) = solver.vjp else { return true };
    let rest = rest(&request.grid());
    let memory = Memory::take(&mut Parts::of(scratch), request, solver.unit, true, rest);
    let readings = request.readings(solver.unit);
    let grid = |x: usize, y: usize| Grid { steps: [x, y], ..request.grid() };
    let (rows, columns) = (request.counts[0], request.counts[1]);
    for gradient in [&mut to.x, &mut to.y].into_iter().flatten() {
        gradient.fill(V::T::ZERO);
    }
    let mut sum = V::zero();
    // SAFETY: as in `forward`.
    unsafe {
        let rest = Memory::at(memory.rest, 0, memory.rest_vectors);
        let x_bar = Memory::at(memory.x_bar, 0, memory.x_numbers);
        if request.pairs {
            let (x, y) = (Memory::at(memory.x, 0, memory.x_numbers), Memory::at(memory.y, 0, memory.y_numbers));
            let y_bar = Memory::at(memory.y_bar, 0, memory.y_numbers);
            for first in (0..rows).step_by(V::WIDTH) {
                let groups = [0, 1].map(|side| request.group::<V>(side, first));
                request.read(0, &groups[0], readings[0], x);
                request.read(1, &groups[1], readings[1], y);
                x_bar.fill(V::zero());
                y_bar.fill(V::zero());
                let pair = Pair {
                    x: x.as_ptr(),
                    y: y.as_ptr(),
                    x_bar: x_bar.as_mut_ptr(),
                    y_bar: if to.y.is_some() { y_bar.as_mut_ptr() } else { core::ptr::null_mut() },
                    steps: [&groups[0].steps, &groups[1].steps],
                };
                let orders = |l: usize| request.orders.of(first + l, first + l);
                let grid = grid(groups[0].longest, groups[1].longest);
                let cotangent = |l: usize| cotangents[first + l];
                let result = at_orders_vjp::<V>((solve_vjp, &pair), grid, groups[0].count, &orders, &cotangent, rest);
                sum = sum.add(result.sub(result));
                for lane in 0..groups[0].count {
                    if let Some(to) = &mut to.x {
                        request.write(0, first + lane, readings[0], x_bar, Some(lane), to);
                    }
                    if let Some(to) = &mut to.y {
                        request.write(1, first + lane, readings[1], y_bar, Some(lane), to);
                    }
                }
            }
        } else {
            let groups = columns.div_ceil(V::WIDTH);
            let x = Memory::at(memory.x, 0, memory.x_numbers);
            for g in 0..groups {
                let group = request.group::<V>(1, g * V::WIDTH);
                request.read(1, &group, readings[1], Memory::at(memory.y, g, memory.y_numbers));
                Memory::at(memory.y_bar, g, memory.y_numbers).fill(V::zero());
            }
            for a in 0..rows {
                let steps = request.steps(0, a);
                // The same path in all lanes.
                let all =
                    Group { first: a, count: 1, paths: [a; MAX_WIDTH], steps: [steps; MAX_WIDTH], longest: steps };
                request.read(0, &all, readings[0], x);
                x_bar.fill(V::zero());
                for g in if request.triangle { a / V::WIDTH } else { 0 }..groups {
                    let group = request.group::<V>(1, g * V::WIDTH);
                    let y_bar = Memory::at(memory.y_bar, g, memory.y_numbers);
                    let pair = Pair {
                        x: x.as_ptr(),
                        y: Memory::at(memory.y, g, memory.y_numbers).as_ptr(),
                        x_bar: x_bar.as_mut_ptr(),
                        y_bar: if to.y.is_some() { y_bar.as_mut_ptr() } else { core::ptr::null_mut() },
                        steps: [&all.steps, &group.steps],
                    };
                    let orders = |l: usize| request.orders.of(a, group.first + l);
                    let cotangent = |l: usize| {
                        let b = group.first + l;
                        if request.triangle && b < a { V::T::ZERO } else { cotangents[a * columns + b] }
                    };
                    let grid = grid(steps, group.longest);
                    let result = at_orders_vjp::<V>((solve_vjp, &pair), grid, group.count, &orders, &cotangent, rest);
                    sum = sum.add(result.sub(result));
                }
                if let Some(to) = &mut to.x {
                    request.write(0, a, readings[0], x_bar, None, to);
                }
            }
            if let Some(to) = &mut to.y {
                for b in 0..columns {
                    let bar = Memory::at(memory.y_bar, b / V::WIDTH, memory.y_numbers);
                    request.write(1, b, readings[1], bar, Some(b % V::WIDTH), to);
                }
            }
        }
    }
    let lanes = sum.to_lanes();
    lanes[..V::WIDTH].iter().all(|number| number.is_finite())
}

/// As [`at_orders`], backwards: lanes of other orders have no cotangent.
///
/// # Safety
/// As [`super::gradient::solve_vjp`].
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
unsafe fn at_orders_vjp<V: Lanes>(
    (solve_vjp, pair): (SolveVjp<V>, &Pair<'_, V>),
    mut grid: Grid,
    count: usize,
    orders: &dyn Fn(usize) -> [u32; 2],
    cotangent: &dyn Fn(usize) -> V::T,
    rest: &mut [V],
) -> V {
    let mut sum = V::zero();
    for lane in 0..count {
        grid.orders = orders(lane);
        if (0..lane).any(|before| orders(before) == grid.orders) {
            continue;
        }
        let bar = V::from_lanes(|l| if l < count && orders(l) == grid.orders { cotangent(l) } else { V::T::ZERO });
        // SAFETY: as the caller vouches.
        let result = unsafe { solve_vjp(pair, &grid, bar, rest) }.to_lanes();
        sum = sum.add(V::from_lanes(|l| if l < count && orders(l) == grid.orders { result[l] } else { V::T::ZERO }));
    }
    sum
}

impl<T: Real> Request<'_, T> {
    /// Writes the gradient of a path, from those of its numbers as they were read: of a lane, or
    /// the sum of all.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn write<V: Lanes<T = T>>(
        &self,
        side: usize,
        path: usize,
        reading: Reading<T>,
        bars: &[V],
        lane: Option<usize>,
        to: &mut [T],
    ) {
        let (d, steps) = (self.channels, self.steps(side, path));
        let bar = |i: usize| lane.map_or_else(|| bars[i].sum(), |lane| bars[i].to_lanes()[lane]);
        let to = &mut to[path * self.points[side] * d..][..(steps + 1) * d];
        let Reading::Increments(factor) = reading else {
            for (i, to) in to.iter_mut().enumerate() {
                *to = bar(i);
            }
            return;
        };
        // Increments of x were read times a factor, which their gradients lack.
        let factor = if side == 0 { factor } else { T::ONE };
        for t in 0..=steps {
            for k in 0..d {
                let before = if t > 0 { bar((t - 1) * d + k) } else { T::ZERO };
                let after = if t < steps { bar(t * d + k) } else { T::ZERO };
                to[t * d + k] = before.minus(after).times(factor);
            }
        }
    }
}
