//! The kernels of a tile or of pairs: paths to lanes, and numbers out.

use super::request::Request;
use super::scaled::scales;
use super::solver::Solver;
use super::static_kernel::StaticKernel;
use super::sweep::{Grid, PADDING};
use crate::batch::parts::Parts;
use crate::batch::request::Error;
use crate::lanes::{Lanes, Real};

/// Vectors of scratch of [`kernel`]; `None` where it is beyond memory.
pub fn kernel_scratch<V: Lanes>(request: &Request<'_, V::T>) -> Option<usize> {
    let solver = Solver::<V>::of_request(request)?;
    let mut parts = Parts::measured();
    Memory::<V>::take(&mut parts, request, solver.unit, false, rest(request, &solver));
    parts.total()
}

/// The kernels of a request, row-major, as [`Request::scaled`] says; says whether all of them are
/// finite.
pub fn kernel<V: Lanes>(request: &Request<'_, V::T>, out: &mut [V::T], scratch: &mut [V]) -> Result<bool, Error> {
    request.check()?;
    if request.out() != Some(out.len()) {
        return Err(Error::Output);
    }
    if scratch.len() < kernel_scratch::<V>(request).ok_or(Error::Shape)? {
        return Err(Error::Scratch);
    }
    Ok(forward::<V>(request, &Solver::of_request(request).ok_or(Error::Shape)?, out, scratch))
}

/// Parts of a call's scratch.
pub(super) struct Memory<V> {
    /// Vectors of x: all paths of a tile, one behind the other, or one group.
    pub x: *mut V,
    pub x_numbers: usize,
    /// One path of x for all lanes, as vectors.
    x_lanes: *mut V,
    /// One group of y, or all of them.
    pub y: *mut V,
    pub y_numbers: usize,
    /// Gradients of one path or group of x, and of all groups of y.
    pub x_bar: *mut V,
    pub y_bar: *mut V,
    pub rest: *mut V,
    pub rest_vectors: usize,
}

impl<V: Lanes> Memory<V> {
    pub fn take(
        parts: &mut Parts<V>,
        request: &Request<'_, V::T>,
        unit: f64,
        backward: bool,
        rest: Option<usize>,
    ) -> Self {
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
            x: parts.part(all),
            x_numbers: x.unwrap_or(0),
            x_lanes: parts.part(if request.pairs || backward { Some(0) } else { x }),
            y: parts.part(all_y),
            y_numbers: y.unwrap_or(0),
            x_bar: parts.part(if backward { x } else { Some(0) }),
            y_bar: parts.part(if backward { all_y } else { Some(0) }),
            rest: parts.part(rest),
            rest_vectors: rest.unwrap_or(0),
        }
    }

    /// Vectors at a place.
    ///
    /// # Safety
    /// They are there, and nothing else refers to them.
    pub unsafe fn at<'m>(place: *mut V, index: usize, vectors: usize) -> &'m mut [V] {
        // SAFETY: as the caller vouches.
        unsafe { core::slice::from_raw_parts_mut(place.add(index * vectors), vectors) }
    }
}

/// x of a group of lanes.
enum X<'a, V: Lanes> {
    /// A path a lane.
    Apart(&'a [V]),
    /// One path for all lanes, and where it is put as vectors if need be.
    Shared(&'a [V::T], &'a mut [V]),
}

/// The kernels of one group of lanes, each at its orders; `orders(l)` are those of a lane. Their
/// exponents, of a solver that gives them, are then the first vector of `rest`.
///
/// # Safety
/// As [`super::sweep::solve`].
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
unsafe fn at_orders<V: Lanes>(
    solver: &Solver<V>,
    mut grid: Grid,
    count: usize,
    orders: &dyn Fn(usize) -> [u32; 2],
    (mut x, y): (X<'_, V>, &[V]),
    rest: &mut [V],
) -> V {
    let (mut result, mut exponents) = (V::zero(), V::zero());
    for lane in 0..count {
        // Lanes of other orders: each order that occurs is computed once.
        let own = orders(lane);
        if (0..lane).any(|before| orders(before) == own) {
            continue;
        }
        grid.orders = own;
        // SAFETY: as the caller vouches.
        let of_order = unsafe {
            match (&mut x, solver.fused) {
                (X::Apart(x), _) => (solver.solve)(&grid, x.as_ptr(), y.as_ptr(), rest),
                (X::Shared(x, _), Some(solve)) if grid.fuses() => solve(&grid, x.as_ptr(), y.as_ptr(), rest),
                (X::Shared(x, lanes), _) => {
                    for (to, &number) in lanes.iter_mut().zip(&**x) {
                        *to = V::splat(number);
                    }
                    (solver.solve)(&grid, lanes.as_ptr(), y.as_ptr(), rest)
                }
            }
        };
        let merged = |so_far: V, of_order: V| {
            if lane == 0 {
                return of_order;
            }
            let (lanes, other) = (so_far.to_lanes(), of_order.to_lanes());
            V::from_lanes(|l| if l < count && orders(l) == own { other[l] } else { lanes[l] })
        };
        result = merged(result, of_order);
        if let (true, Some(&of_order)) = (scales::<V>(), rest.first()) {
            exponents = merged(exponents, of_order);
        }
    }
    if let (true, Some(first)) = (scales::<V>(), rest.first_mut()) {
        *first = exponents;
    }
    result
}

/// Vectors of scratch of whatever solves pairs.
fn rest<V: Lanes>(request: &Request<'_, V::T>, solver: &Solver<V>) -> Option<usize> {
    let grid = request.grid();
    let lanes = (solver.scratch)(&grid)?;
    match solver.alone {
        Some(alone) if request.counts[1] % V::WIDTH == 1 && grid.is_linear() => {
            Some(lanes.max((alone.scratch)(&grid)?))
        }
        _ => Some(lanes),
    }
}

/// The kernel of a pair whose y is the last one and has no company in lanes, where rows in lanes
/// are faster.
///
/// # Safety
/// `memory` has [`rest`] vectors.
unsafe fn alone<V: Lanes>(
    request: &Request<'_, V::T>,
    solver: &Solver<V>,
    [a, b]: [usize; 2],
    memory: &mut [V],
) -> Option<V::T> {
    let (Some(alone), StaticKernel::Linear { scale }) = (solver.alone, request.kernel) else { return None };
    if b + 1 != request.counts[1] || request.counts[1] % V::WIDTH != 1 {
        return None;
    }
    let steps = [request.steps(0, a), request.steps(1, b)];
    let grid = Grid { steps, orders: request.orders.of(a, b), ..request.grid() };
    if !(alone.pays)(&grid) {
        return None;
    }
    let factor = V::T::from_f64(solver.unit * scale);
    // SAFETY: as the caller vouches; a path of one point has no cells, so it does not pay.
    Some(unsafe { (alone.solve)(&grid, [request.path(0, a), request.path(1, b)], factor, memory) })
}

#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn forward<V: Lanes>(request: &Request<'_, V::T>, solver: &Solver<V>, out: &mut [V::T], scratch: &mut [V]) -> bool {
    let rest = rest(request, solver);
    let memory = Memory::take(&mut Parts::of(scratch), request, solver.unit, false, rest);
    let readings = request.readings(solver.unit);
    let grid = |x: usize, y: usize| Grid { steps: [x, y], ..request.grid() };
    let is_scaled = scales::<V>() && request.scaled;
    let half = out.len() / 2;
    let mut write = |at: usize, count: usize, numbers: V, exponents: Option<&V>| {
        out[at..at + count].copy_from_slice(&numbers.to_lanes()[..count]);
        if let (true, Some(exponents)) = (is_scaled, exponents) {
            out[half + at..][..count].copy_from_slice(&exponents.to_lanes()[..count]);
        }
    };
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
                if let Some(value) = alone(request, solver, [first, first], rest) {
                    write(first, 1, V::splat(value), None);
                    sum = sum.add(V::splat(value.minus(value)));
                    continue;
                }
                let groups = [0, 1].map(|side| request.group::<V>(side, first));
                request.read(0, &groups[0], readings[0], x_lanes);
                request.read(1, &groups[1], readings[1], y_lanes);
                let grid = grid(groups[0].longest, groups[1].longest);
                let orders = |l: usize| request.orders.of(first + l, first + l);
                let at = (X::Apart(x_lanes), &*y_lanes);
                let result = at_orders(solver, grid, groups[0].count, &orders, at, rest);
                sum = sum.add(result.sub(result));
                write(first, groups[0].count, result, rest.first());
            }
        } else {
            let x: *mut V::T = memory.x.cast();
            let x_lanes = Memory::at(memory.x_lanes, 0, memory.x_numbers);
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
                    if let Some(value) = alone(request, solver, [a, first], rest) {
                        write(a * request.counts[1] + first, 1, V::splat(value), None);
                        sum = sum.add(V::splat(value.minus(value)));
                        continue;
                    }
                    let grid = grid(request.steps(0, a), group.longest);
                    let orders = |l: usize| request.orders.of(a, first + l);
                    let numbers = readings[0].rows(request.steps(0, a) + PADDING) * request.channels;
                    let x = core::slice::from_raw_parts(x.add(a * memory.x_numbers), numbers);
                    let at = (X::Shared(x, x_lanes), &*y_lanes);
                    let result = at_orders(solver, grid, group.count, &orders, at, rest);
                    sum = sum.add(result.sub(result));
                    write(a * request.counts[1] + first, group.count, result, rest.first());
                }
            }
        }
    }
    let lanes = sum.to_lanes();
    lanes[..V::WIDTH].iter().all(|number| number.is_finite())
}
