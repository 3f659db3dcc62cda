//! The gradients of a tile's kernels, or of pairs'.

use super::gradient::Pair;
use super::paths::Reading;
use super::request::{Group, Request};
use super::solver::{SolveVjp, Solver};
use super::sweep::Grid;
use super::tile::Memory;
use crate::batch::parts::Parts;
use crate::batch::request::Error;
use crate::lanes::{Lanes, MAX_WIDTH, Real};

/// Where gradients go; `None`: not wanted. As the paths of x and of y. Past the end of a path they
/// are zero.
pub struct Gradients<'a, T> {
    /// Of x.
    pub x: Option<&'a mut [T]>,
    /// Of y.
    pub y: Option<&'a mut [T]>,
}

/// Vectors of scratch of [`kernel_vjp`].
pub fn kernel_vjp_scratch<V: Lanes>(request: &Request<'_, V::T>) -> Option<usize> {
    let solver = Solver::<V>::of(request.degree)?;
    let mut parts = Parts::measured();
    Memory::<V>::take(&mut parts, request, solver.unit, true, (solver.vjp.1)(&request.grid()));
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
    if request.scaled {
        return Err(Error::Shape);
    }
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

#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn backward<V: Lanes>(
    request: &Request<'_, V::T>,
    solver: &Solver<V>,
    cotangents: &[V::T],
    mut to: Gradients<'_, V::T>,
    scratch: &mut [V],
) -> bool {
    let (solve_vjp, rest) = solver.vjp;
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
