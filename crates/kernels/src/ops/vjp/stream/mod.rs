//! Gradients of streams, backwards through the prefixes that the caller has: groups of paths, tiles
//! of time, ends.
//!
//! With R_t the signature after step t and λ_t = ∂f/∂R_t with all that comes later (so R_t's own
//! cotangent is in it), a step gives its increment's gradient g_t and λ before it (`levels`). A
//! point's gradient is g_t - g_{t+1}; the largest terms of the two, λ_t(c) and λ_{t+1}(c), differ
//! by a cotangent and by what the step adds, and that difference is what is summed.
//!
//! One channel has its own sums (`line`), and so have two and three of depth 2 (`area`).

mod area;
mod last;
mod levels;
mod line;

use super::call::Call;
use super::request::Part;
use super::rows::{all_finite, load, read, store, writable};
use crate::batch::items::{Group, Items};
use crate::batch::parts::Parts;
use crate::batch::state::clear;
use crate::lanes::{Lanes, MAX_WIDTH, Real, Rows};
use crate::path::increments::Gather;
use crate::path::scatter::{Scatter, Target};
use crate::walk::chains::reciprocal;
use crate::words::shape::Shape;
use levels::Levels;

/// Steps of a tile, which points are read and written for together.
const TILE: usize = 48;

/// Steps that all levels are passed through for together: more of them the less there is to a step,
/// so that what is read and made stays in the nearest cache.
fn steps_together(shape: &Shape) -> usize {
    (1024 / shape.size).clamp(1, TILE)
}

/// Numbers that are taken from a row of signatures: all but the top level, and whole vectors where
/// rows have them.
fn low(shape: &Shape) -> usize {
    shape.offset(shape.depth).max(MAX_WIDTH).min(shape.size)
}

/// Scratch memory.
pub struct Scratch<V> {
    /// λ
    adjoint: *mut V,
    cotangents: *mut V,
    signatures: *mut V,
    increments: *mut V,
    rest: *mut V,
    gradients: *mut V,
    /// What the point behind the next step has so far, and the cotangents that it has met since.
    pending: *mut V,
    fresh: *mut V,
    unwanted: *mut V,
    fractions: *mut V,
    chains: *mut V,
    sums: *mut V,
    /// Vectors of each of the last two a step.
    pitch: usize,
}

impl<V> Scratch<V> {
    /// Two or more channels.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(shape: &Shape, parts: &mut Parts<V>) -> Self {
        let (d, together, pitch) = (shape.channels, steps_together(shape), levels::pitch(shape));
        let tile = TILE.checked_mul(d);
        Scratch {
            adjoint: parts.take(shape.size),
            cotangents: parts.take(together.checked_mul(shape.size)),
            signatures: parts.take(together.checked_mul(low(shape))),
            increments: parts.take(tile),
            rest: parts.take(tile),
            gradients: parts.take(tile),
            pending: parts.take(d),
            fresh: parts.take(d),
            unwanted: parts.take(d),
            fractions: parts.take(shape.depth + 1),
            chains: parts.take(together.checked_mul(pitch)),
            sums: parts.take(together.checked_mul(pitch)),
            pitch,
        }
    }
}

/// Says whether all cotangents are finite.
///
/// # Safety
/// The call was found sound, `scratch` has what [`super::vjp_scratch`] says.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn run<V: Lanes>(call: &Call<'_, '_, V::T>, scratch: &mut [V]) -> bool {
    let mut finite = true;
    if call.shape.channels == 1 {
        for path in 0..call.request.batch {
            // SAFETY: as the caller vouches.
            finite &= unsafe { line::one_channel(call, path, scratch.as_mut_ptr().cast()) };
        }
        return finite;
    }
    let whole = call.part == Part::WHOLE && call.request.initial.is_none() && !call.wants_initial();
    let by_area = whole && area::exists::<V>(call.shape);
    let stream = Stream { call, scratch: Scratch::new(call.shape, &mut Parts::of(scratch)), by_area };
    for m in 0..call.shape.depth + 1 {
        // SAFETY: scratch has room for them.
        unsafe { *stream.scratch.fractions.add(m) = reciprocal(m) };
    }
    call.groups(V::WIDTH, |group| {
        // SAFETY: as the caller vouches.
        finite &= unsafe { stream.group(group) };
    });
    finite
}

struct Stream<'a, 'b, 'c, V: Lanes> {
    call: &'a Call<'b, 'c, V::T>,
    scratch: Scratch<V>,
    /// Whether λ itself is not needed (pieces of time need it, and gradients of what paths
    /// continued), and `area` has code for the shape.
    by_area: bool,
}

impl<V: Lanes> Stream<'_, '_, '_, V> {
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn group(&self, group: Group) -> bool {
        let (call, shape, scratch) = (self.call, self.call.shape, &self.scratch);
        let (d, part) = (shape.channels, call.part);
        let unwanted: *mut V::T = scratch.unwanted.cast();
        let targets: [Target<V::T>; MAX_WIDTH] = core::array::from_fn(|l| Target {
            // The last point belongs to this piece, the first one to the next.
            last: core::ptr::null_mut(),
            ..call.target(group.items[l], unwanted)
        });
        let gather = call.gather(group);
        let scatter = Scatter::new(targets, d);
        let (pending, fresh) = (scratch.pending, scratch.fresh);
        // SAFETY: as the caller vouches.
        unsafe {
            if part.first {
                clear(self.scratch.adjoint, shape.size);
                clear(pending, d);
            } else {
                load(self.scratch.adjoint, shape.size, &call.carries(&group, 0));
                load(pending, d, &call.carries(&group, shape.size));
            }
            clear(fresh, d);
            let mut end = call.rows;
            while end > 0 {
                let steps = TILE.min(end);
                self.tile(group, &gather, &targets, end - steps, steps);
                scatter.write(end - steps + 1, steps, scratch.gradients);
                end -= steps;
            }
            self.end(group, &targets);
            all_finite(self.scratch.adjoint, shape.size)
        }
    }

    /// Steps `first + 1 … first + steps`: gradients of the points behind them to the tile of
    /// gradients.
    #[inline(never)]
    unsafe fn tile(
        &self,
        group: Group,
        gather: &Gather<'_, V::T>,
        targets: &[Target<V::T>; MAX_WIDTH],
        first: usize,
        steps: usize,
    ) {
        let (call, shape, scratch) = (self.call, self.call.shape, &self.scratch);
        let d = shape.channels;
        // SAFETY: as the caller vouches.
        unsafe {
            read(gather, first, steps, scratch.increments);
            clear(scratch.rest, steps * d);
            let mut end = steps;
            while end > 0 {
                let together = steps_together(shape).min(end);
                end -= together;
                let levels = Levels {
                    shape,
                    steps: together,
                    signatures: scratch.signatures,
                    low: low(shape),
                    cotangents: scratch.cotangents,
                    adjoint: self.scratch.adjoint,
                    increments: scratch.increments.add(end * d),
                    rest: scratch.rest.add(end * d),
                    chains: scratch.chains,
                    sums: scratch.sums,
                    pitch: scratch.pitch,
                    fractions: scratch.fractions,
                };
                if self.by_area {
                    let (row, pitch) = (first + end, call.cotangents.pitch);
                    let signatures = call.signatures(&group, row * pitch);
                    area::run(&levels, &signatures, &call.cotangents.rows(&group, row), pitch);
                } else {
                    self.states(&group, first + end, together);
                    levels.run();
                }
                self.points(&levels, targets, first + end, scratch.gradients.add(end * d));
            }
        }
    }

    /// Cotangents of the signatures after some steps, and the signatures before them, from rows to
    /// states.
    unsafe fn states(&self, group: &Group, first: usize, steps: usize) {
        let (call, shape, scratch) = (self.call, self.call.shape, &self.scratch);
        let (row, low) = (call.cotangents.pitch, low(shape));
        // SAFETY: as the caller vouches.
        unsafe {
            let cotangents = call.cotangents.rows(group, first);
            states(cotangents, row, steps, shape.size, scratch.cotangents);
            let before = scratch.signatures;
            if first > 0 {
                states(call.signatures(group, (first - 1) * row), row, steps, low, before);
                return;
            }
            match call.initials(group) {
                Some(initials) => states(initials, row, 1, low, before),
                None => clear(before, low),
            }
            states(call.signatures(group, 0), row, steps - 1, low, before.add(low));
        }
    }

    /// Level 1 of some steps, the first of them step `first + 1`: λ, and gradients of the points
    /// behind them.
    #[inline(never)]
    unsafe fn points(&self, levels: &Levels<'_, V>, targets: &[Target<V::T>; MAX_WIDTH], first: usize, to: *mut V) {
        let (d, n, size) = (self.call.shape.channels, self.call.shape.depth, self.call.shape.size);
        let (pending, fresh) = (self.scratch.pending, self.scratch.fresh);
        let fewest = targets.iter().map(|t| t.steps).min().unwrap_or(0);
        // SAFETY: as the caller vouches.
        unsafe {
            // Letter by letter: what a step hands to the one before it stays in registers.
            for c in 0..d {
                let (mut adjoint, mut left, mut now) = (*self.scratch.adjoint.add(c), *pending.add(c), *fresh.add(c));
                for q in (0..levels.steps).rev() {
                    let (mut rest, mut change) = (*levels.rest.add(q * d + c), V::zero());
                    let mut sum = levels.sums.add(q * levels.pitch + c);
                    for m in 1..n {
                        let x = *sum;
                        rest = x.mul_add(*levels.fractions.add(m + 1), rest);
                        change = change.add(x);
                        sum = sum.add(d);
                    }
                    let cotangent = *levels.cotangents.add(q * size + c);
                    adjoint = adjoint.add(cotangent).add(change);
                    let met = now.add(cotangent);
                    *to.add(q * d + c) = met.add(left).add(rest);
                    let next = change.sub(rest);
                    if first + q < fewest {
                        (left, now) = (next, V::zero());
                    } else {
                        // Lanes that have ended have no step here: their cotangents wait for their
                        // last point.
                        let alive = |l: usize| first + q < targets[l].steps;
                        let (new, old, sum) = (next.to_lanes(), left.to_lanes(), met.to_lanes());
                        left = V::from_lanes(|l| if alive(l) { new[l] } else { old[l] });
                        now = V::from_lanes(|l| if alive(l) { V::T::ZERO } else { sum[l] });
                    }
                }
                (*self.scratch.adjoint.add(c), *pending.add(c), *fresh.add(c)) = (adjoint, left, now);
            }
        }
    }

    /// The first points, or what leads to the piece before; the gradient of what the paths
    /// continued.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn end(&self, group: Group, targets: &[Target<V::T>; MAX_WIDTH]) {
        let (call, shape) = (self.call, self.call.shape);
        let (d, part) = (shape.channels, call.part);
        let (pending, fresh) = (self.scratch.pending, self.scratch.fresh);
        // SAFETY: as the caller vouches.
        unsafe {
            for c in 0..d {
                *pending.add(c) = (*pending.add(c)).add(*fresh.add(c));
            }
            for (l, &path) in group.items[..group.count].iter().enumerate() {
                if part.last {
                    let point = targets[l].point(0);
                    for c in 0..d {
                        let x = (*pending.add(c)).sub(*self.scratch.adjoint.add(c)).to_lanes()[l];
                        // A path without a step moves nothing.
                        *point.add(c) = if targets[l].steps > 0 { x } else { V::T::ZERO };
                    }
                }
                call.clear_tail(path);
            }
            if let Some(rows) = call.initial_gradients(&group, 0) {
                store(self.scratch.adjoint, shape.size, &rows);
            }
            if !part.last {
                store(self.scratch.adjoint, shape.size, &writable(call.carries(&group, 0)));
                store(pending, d, &writable(call.carries(&group, shape.size)));
            }
        }
    }
}

/// `count` numbers of each lane's row as vectors, for some rows that are `pitch` numbers apart.
#[inline(never)]
unsafe fn states<V: Lanes>(rows: Rows<V::T>, pitch: usize, steps: usize, count: usize, mut to: *mut V) {
    // SAFETY: the caller vouches for rows and room.
    unsafe {
        for q in 0..steps {
            let rows = rows.map(|row| row.wrapping_add(q * pitch));
            if count < V::WIDTH {
                load(to, count, &rows);
            } else {
                // The last vector's worth overlaps the one before it.
                let last = count - V::WIDTH;
                let mut i = 0;
                loop {
                    let square = V::load_transposed(&rows, i);
                    for (j, v) in square.into_iter().enumerate().take(V::WIDTH) {
                        *to.add(i + j) = v;
                    }
                    if i == last {
                        break;
                    }
                    i = (i + V::WIDTH).min(last);
                }
            }
            to = to.add(count);
        }
    }
}
