//! Gradients of streams: the adjoint of Horner's scheme, backwards through the prefixes that the caller has.
//!
//! With R_t the signature after step t and λ_t = ∂f/∂R_t with all that comes later (so R_t's own cotangent is in it), one step with increment z gives, for prefixes w of k letters,
//!     ρ_m(w) = Σ_{|v|=m} λ_t(w v) z^v,                      ρ_{m+1}(w) = Σ_c z_c ρ_m(w c),  ρ_0 = λ_t,
//!     V_m(w) = Σ_{w=uy} R_{t-1}(u) z^y / (|y|+m+1)!,        V_m(w c) = R_{t-1}(w c)/(m+1)! + z_c V_{m+1}(w),  V_m(∅) = 1/(m+1)!,
//!     λ_{t-1}(w) = Σ_m ρ_m(w)/m! + the cotangent of R_{t-1},      g_t(c) = ∂f/∂z_t(c) = Σ_w Σ_m V_m(w) ρ_m(w c),
//! one walk over the prefixes: V on the way down, ρ on the way up. A point's gradient is g_t - g_{t+1}; the largest terms of the two, λ_t(c) and λ_{t+1}(c), differ by a cotangent and by what ρ adds, and
//! that difference is what is summed.
//!
//! A node runs a tile of steps at once, latest first, so that its running λ stay in registers. One channel has its own sums (`one_channel`).

use super::backwards::{self, Given};
use super::call::{Call, all_finite, load, read, store, writable};
use super::numbers::Numbers;
use super::request::Part;
use super::scatter::{Scatter, Target};
use super::weights;
use crate::increments::Gather;
use crate::lanes::{Lanes, MAX_WIDTH, Real};
use crate::shape::Shape;
use crate::signature::Group;
use crate::state::clear;

/// Steps of a tile, at most; also the pitch of what has a number for each step.
const TILE: usize = 16;

/// Letters whose λ are in registers at once.
const LETTERS: usize = 4;

/// Steps of a tile: cotangents of all levels for each step should not fill more than a part of the second cache.
fn tile_steps(shape: &Shape) -> usize {
    (256 * 1024 / 16 / shape.size).clamp(4, TILE)
}

/// Vectors of scratch for streams; what other short ways need is little.
pub fn scratch_vectors(shape: &Shape, stream: bool) -> Option<usize> {
    match (stream, shape.channels) {
        (false, _) => Some(shape.channels),
        (true, 1) => Some(shape.depth.div_ceil(2)),
        _ => Some(Places::new(shape)?.total),
    }
}

/// Where each part of the scratch begins, in vectors.
struct Places {
    cotangents: usize,
    prefixes: usize,
    increments: usize,
    rest: usize,
    change: usize,
    gradients: usize,
    ends: usize,
    chains: usize,
    total: usize,
}

impl Places {
    #[cfg_attr(path_signature_small, optimize(size))]
    fn new(shape: &Shape) -> Option<Places> {
        let (d, n) = (shape.channels, shape.depth);
        let steps = tile_steps(shape);
        let cotangents = shape.size;
        let prefixes = steps.checked_mul(shape.size)?.checked_add(cotangents)?;
        let increments = steps.checked_mul(shape.offset(n))?.checked_add(prefixes)?;
        let tile = TILE.checked_mul(d)?;
        let rest = increments.checked_add(tile)?;
        let change = rest.checked_add(tile)?;
        let gradients = change.checked_add(tile)?;
        let ends = gradients.checked_add(tile)?;
        let chains = ends.checked_add(3 * d)?;
        // V and ρ of each level.
        let total = chains.checked_add((n + 1) * (n + 2) * TILE)?;
        Some(Places { cotangents, prefixes, increments, rest, change, gradients, ends, chains, total })
    }
}

/// Says whether all cotangents are finite.
///
/// # Safety
/// The call was found sound, `scratch` has [`scratch_vectors`].
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn run<V: Lanes>(call: &Call<'_, '_, V::T>, scratch: &mut [V]) -> bool {
    let mut finite = true;
    if call.shape.channels == 1 {
        for path in 0..call.request.batch {
            // SAFETY: as the caller vouches.
            finite &= unsafe { one_channel(call, path, scratch.as_mut_ptr().cast()) };
        }
        return finite;
    }
    let Some(places) = Places::new(call.shape) else { return finite };
    let whole = call.request.part == Part::WHOLE && call.request.initial.is_none() && !call.wants_initial();
    let by_brackets = whole && backwards::exists::<V>(call.shape);
    let stream = Stream { call, places, base: scratch.as_mut_ptr(), by_brackets };
    call.groups(V::WIDTH, |group| {
        // SAFETY: as the caller vouches.
        finite &= unsafe { stream.group(group) };
    });
    finite
}

struct Stream<'a, 'b, 'c, V: Lanes> {
    call: &'a Call<'b, 'c, V::T>,
    places: Places,
    /// Scratch; λ stands first.
    base: *mut V,
    /// Whether nobody asks for λ itself (pieces of time do, and gradients of what paths continued), and `backwards` has code for the shape.
    by_brackets: bool,
}

/// A tile of time under way.
pub struct Tile<'a, V> {
    pub shape: &'a Shape,
    /// λ, all levels, as it runs.
    pub adjoint: *mut V,
    /// Cotangents of the signatures after each step, and the signatures before it without their top level, a state a step.
    pub cotangents: *const V,
    prefixes: *const V,
    /// Increments `[q * channels + c]`.
    pub increments: *const V,
    /// g without the terms that [`Tile::change`] stands for, and what a step adds to λ on level 1.
    pub rest: *mut V,
    pub change: *mut V,
    pub steps: usize,
}

impl<V: Lanes> Stream<'_, '_, '_, V> {
    fn part(&self, at: usize) -> *mut V {
        self.base.wrapping_add(at)
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn group(&self, group: Group) -> bool {
        let (call, shape) = (self.call, self.call.shape);
        let (d, part) = (shape.channels, call.request.part);
        let all = call.request.rows();
        let unwanted: *mut V::T = self.part(self.places.ends + 2 * d).cast();
        let targets: [Target<V::T>; MAX_WIDTH] = core::array::from_fn(|l| Target {
            // The last point belongs to this piece, the first one to the next.
            last: core::ptr::null_mut(),
            ..call.target(group.paths[l], unwanted)
        });
        let gather = Gather::new(core::array::from_fn(|l| call.track(group.paths[l])), d);
        let scatter = Scatter::new(targets, d);
        let (pending, fresh) = (self.part(self.places.ends), self.part(self.places.ends + d));
        // SAFETY: as the caller vouches.
        unsafe {
            if part.first {
                clear(self.base, shape.size);
                clear(pending, d);
            } else {
                load(self.base, shape.size, &call.carries(&group, 0));
                load(pending, d, &call.carries(&group, shape.size));
            }
            clear(fresh, d);
            let most = tile_steps(shape);
            let mut end = all;
            while end > 0 {
                let steps = most.min(end);
                self.tile(group, &gather, &targets, end - steps, steps);
                scatter.write(end - steps + 1, steps, self.part(self.places.gradients));
                end -= steps;
            }
            self.end(group, &targets);
            all_finite(self.base, shape.size)
        }
    }

    /// Steps `first + 1 … first + steps`: gradients of the points behind them to the tile of gradients.
    #[inline(never)]
    unsafe fn tile(
        &self,
        group: Group,
        gather: &Gather<'_, V::T>,
        targets: &[Target<V::T>; MAX_WIDTH],
        first: usize,
        steps: usize,
    ) {
        let (call, shape, places) = (self.call, self.call.shape, &self.places);
        let d = shape.channels;
        let (pending, fresh) = (self.part(places.ends), self.part(places.ends + d));
        // SAFETY: as the caller vouches.
        unsafe {
            read(gather, first, steps, self.part(places.increments));
            let tile = Tile {
                shape,
                adjoint: self.base,
                cotangents: self.part(places.cotangents),
                prefixes: self.part(places.prefixes),
                increments: self.part(places.increments),
                rest: self.part(places.rest),
                change: self.part(places.change),
                steps,
            };
            if self.by_brackets {
                let row = first * call.row;
                let (signatures, cotangents) = (call.signatures(&group, row), call.cotangents(&group, row));
                backwards::run(&tile, &Given { signatures, cotangents, row: call.row });
            } else {
                self.prefixes(group, first, steps);
                tile.run(self.part(places.chains));
            }
            let fewest = targets.iter().map(|t| t.steps).min().unwrap_or(0);
            for q in (0..steps).rev() {
                for c in 0..d {
                    let (rest, change) = (*tile.rest.add(q * d + c), *tile.change.add(q * d + c));
                    let cotangent = *tile.cotangents.add(q * shape.size + c);
                    let (now, left) = (fresh.add(c), pending.add(c));
                    *now = (*now).add(cotangent);
                    *self.part(places.gradients).add(q * d + c) = (*now).add(*left).add(rest);
                    let next = change.sub(rest);
                    if first + q < fewest {
                        (*left, *now) = (next, V::zero());
                    } else {
                        // Lanes that have ended have no step here: their cotangents wait for their last point.
                        let alive = |l: usize| first + q < targets[l].steps;
                        let (new, old, sum) = (next.to_lanes(), (*left).to_lanes(), (*now).to_lanes());
                        *left = V::from_lanes(|l| if alive(l) { new[l] } else { old[l] });
                        *now = V::from_lanes(|l| if alive(l) { V::T::ZERO } else { sum[l] });
                    }
                }
            }
        }
    }

    /// Cotangents of the signatures after the steps of a tile, and the signatures before them, from rows to states.
    unsafe fn prefixes(&self, group: Group, first: usize, steps: usize) {
        let (call, shape, places) = (self.call, self.call.shape, &self.places);
        let low = shape.offset(shape.depth);
        // SAFETY: as the caller vouches.
        unsafe {
            for q in 0..steps {
                let row = (first + q) * call.row;
                load(self.part(places.cotangents + q * shape.size), shape.size, &call.cotangents(&group, row));
                let before = self.part(places.prefixes + q * low);
                if first + q > 0 {
                    load(before, low, &call.signatures(&group, row - call.row));
                } else if let Some(initials) = call.initials(&group) {
                    load(before, low, &initials);
                } else {
                    clear(before, low);
                }
            }
        }
    }

    /// The first points, or what leads to the piece before; the gradient of what the paths continued.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn end(&self, group: Group, targets: &[Target<V::T>; MAX_WIDTH]) {
        let (call, shape) = (self.call, self.call.shape);
        let (d, part) = (shape.channels, call.request.part);
        let (pending, fresh) = (self.part(self.places.ends), self.part(self.places.ends + d));
        // SAFETY: as the caller vouches.
        unsafe {
            for c in 0..d {
                *pending.add(c) = (*pending.add(c)).add(*fresh.add(c));
            }
            for (l, &path) in group.paths[..group.count].iter().enumerate() {
                if part.last {
                    let point = targets[l].point(0, d);
                    for c in 0..d {
                        let x = (*pending.add(c)).sub(*self.base.add(c)).to_lanes()[l];
                        // A path without a step moves nothing.
                        *point.add(c) = if targets[l].steps > 0 { x } else { V::T::ZERO };
                    }
                }
                call.clear_tail(path);
            }
            if let Some(rows) = call.initial_gradients(&group, 0) {
                store(self.base, shape.size, &rows);
            }
            if !part.last {
                store(self.base, shape.size, &writable(call.carries(&group, 0)));
                store(pending, d, &writable(call.carries(&group, shape.size)));
            }
        }
    }
}

impl<V: Lanes> Tile<'_, V> {
    /// The whole walk.
    unsafe fn run(&self, chains: *mut V) {
        let (d, n) = (self.shape.channels, self.shape.depth);
        // SAFETY: `chains` has room for every level's V and ρ.
        unsafe {
            clear(self.rest, self.steps * d);
            for m in 0..n {
                for q in 0..self.steps {
                    *chains.add(m * TILE + q) = weights::one_over_factorial(m + 1);
                }
            }
            self.visit(0, 0, chains, chains.add(n * TILE));
        }
    }

    /// Node number `word` on level `k`, with V_m at `v[m * TILE + q]`; leaves ρ_m, m = 1 … N-k, at `rho[(m-1) * TILE + q]`.
    unsafe fn visit(&self, k: usize, word: usize, v: *const V, rho: *mut V) {
        let (d, n) = (self.shape.channels, self.shape.depth);
        let arrays = n - k;
        // SAFETY: behind ρ is room for the children's V and ρ.
        unsafe {
            clear(rho, arrays * TILE);
            let mut c = 0;
            if k == n - 1 {
                while c < d {
                    c += match d - c {
                        LETTERS.. => self.leaf::<LETTERS>(k, word * d, c, v, rho),
                        2.. => self.leaf::<2>(k, word * d, c, v, rho),
                        _ => self.leaf::<1>(k, word * d, c, v, rho),
                    };
                }
                return;
            }
            let (below, of_child) = (rho.add(arrays * TILE), rho.add((2 * arrays - 1) * TILE));
            for c in 0..d {
                self.descend(k, word * d + c, c, v, below);
                self.visit(k + 1, word * d + c, below, of_child);
                self.ascend(k, word * d + c, c, v, of_child, rho);
            }
        }
    }

    /// A child's V.
    #[inline(never)]
    unsafe fn descend(&self, k: usize, child: usize, c: usize, v: *const V, below: *mut V) {
        let (d, n) = (self.shape.channels, self.shape.depth);
        // SAFETY: as the caller vouches.
        unsafe {
            let mut prefix = self.prefixes.add(self.shape.offset(k + 1) + child);
            let mut z = self.increments.add(c);
            for q in 0..self.steps {
                let (x, z_c) = (*prefix, *z);
                for m in 0..n - k - 1 {
                    let upper = (*v.add((m + 1) * TILE + q)).mul(z_c);
                    *below.add(m * TILE + q) = x.mul_add(weights::one_over_factorial(m + 1), upper);
                }
                prefix = prefix.add(self.shape.offset(n));
                z = z.add(d);
            }
        }
    }

    /// What a child leaves: to ρ, to g, and to its own λ.
    #[inline(never)]
    unsafe fn ascend(&self, k: usize, child: usize, c: usize, v: *const V, of_child: *const V, rho: *mut V) {
        let (d, n) = (self.shape.channels, self.shape.depth);
        let arrays = n - k;
        // SAFETY: as the caller vouches.
        unsafe {
            let place = self.adjoint.add(self.shape.offset(k + 1) + child);
            let mut adjoint = *place;
            for q in (0..self.steps).rev() {
                let z = *self.increments.add(q * d + c);
                adjoint = adjoint.add(*self.cotangents.add(q * self.shape.size + self.shape.offset(k + 1) + child));
                *rho.add(q) = z.mul_add(adjoint, *rho.add(q));
                let rest = self.rest.add(q * d + c);
                // At the root λ itself is left to the sum that knows its change.
                let mut sum = if k == 0 { *rest } else { (*v.add(q)).mul_add(adjoint, *rest) };
                let mut change = V::zero();
                for m in 1..arrays {
                    let x = *of_child.add((m - 1) * TILE + q);
                    sum = (*v.add(m * TILE + q)).mul_add(x, sum);
                    let to = rho.add(m * TILE + q);
                    *to = z.mul_add(x, *to);
                    change = x.mul_add(weights::one_over_factorial(m), change);
                }
                *rest = sum;
                adjoint = adjoint.add(change);
                if k == 0 {
                    *self.change.add(q * d + c) = change;
                }
            }
            *place = adjoint;
        }
    }

    /// `G` words of the top level, letters `c …` behind a word; gives G.
    #[inline(never)]
    unsafe fn leaf<const G: usize>(&self, k: usize, first: usize, c: usize, v: *const V, rho: *mut V) -> usize {
        let (d, size) = (self.shape.channels, self.shape.size);
        // SAFETY: as the caller vouches.
        unsafe {
            let at = self.shape.offset(k + 1) + first + c;
            let mut adjoint: [V; G] = core::array::from_fn(|i| *self.adjoint.add(at + i));
            let last = self.steps - 1;
            let (mut cotangent, mut z) = (self.cotangents.add(last * size + at), self.increments.add(last * d + c));
            let mut rest = self.rest.add(last * d + c);
            for q in (0..self.steps).rev() {
                let value = *v.add(q);
                let mut sum = *rho.add(q);
                for (i, adjoint) in adjoint.iter_mut().enumerate() {
                    *adjoint = (*adjoint).add(*cotangent.add(i));
                    sum = (*z.add(i)).mul_add(*adjoint, sum);
                    if k > 0 {
                        *rest.add(i) = value.mul_add(*adjoint, *rest.add(i));
                    } else {
                        // Depth 1: nothing adds to λ but cotangents.
                        *self.change.add(q * d + c + i) = V::zero();
                    }
                }
                *rho.add(q) = sum;
                cotangent = cotangent.wrapping_sub(size);
                z = z.wrapping_sub(d);
                rest = rest.wrapping_sub(d);
            }
            for (i, x) in adjoint.into_iter().enumerate() {
                *self.adjoint.add(at + i) = x;
            }
        }
        G
    }
}

/// One channel: R_t = R_{t-1} ⊗ exp(z), so that ∂f/∂z = Σ_k λ_k R_{t,k-1}, and λ_{t-1,k} = Σ_m λ_{t,k+m} z^m/m!. Powers that have become zero end each sum.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
unsafe fn one_channel<T: Real>(call: &Call<'_, '_, T>, path: usize, adjoint: *mut T) -> bool {
    let (depth, part) = (call.shape.depth, call.request.part);
    let mut dropped = T::ZERO;
    let target = Target { last: core::ptr::null_mut(), ..call.target(path, &raw mut dropped) };
    let track = call.track(path);
    let adjoint = Numbers::new(adjoint);
    // SAFETY: rows have `depth` numbers, the scratch too, the carry one more.
    unsafe {
        let (carry, waiting) = (Numbers::new(call.carry(path)), Numbers::new(call.pending(path)));
        let mut line = Line { depth, adjoint, pending: 0.0, fresh: 0.0, finite: true };
        for k in 0..depth {
            adjoint.set(k, if part.first { 0.0 } else { carry.get(k) });
        }
        if !part.first {
            line.pending = waiting.get(0);
        }
        for t in (1..call.request.rows() + 1).rev() {
            let row = (t - 1) * call.row;
            line.meet(Numbers::new(call.cotangent(path).add(row)));
            if t <= target.steps {
                let after = Numbers::new(call.signature(path).add(row));
                let x = line.step(after, track.first_steps(t).last_increment());
                *target.point(t, 1) = T::from_f64(x);
            }
        }
        if part.last {
            let first = line.pending + line.fresh - adjoint.get(0);
            *target.point(0, 1) = if target.steps > 0 { T::from_f64(first) } else { T::ZERO };
        } else {
            line.copy(carry);
            waiting.set(0, line.pending + line.fresh);
        }
        if let Some(row) = call.initial_gradient(path) {
            line.copy(Numbers::new(row));
        }
        call.clear_tail(path);
        line.finite
    }
}

/// A path of one channel on its way back.
struct Line {
    depth: usize,
    /// λ
    adjoint: Numbers,
    /// What the point behind the next step has so far, and the cotangents that it has met since.
    pending: f64,
    fresh: f64,
    finite: bool,
}

impl Line {
    /// A signature's own cotangent.
    #[inline(never)]
    unsafe fn meet(&mut self, cotangent: Numbers) {
        // SAFETY: both have `depth` numbers.
        unsafe {
            for k in 0..self.depth {
                let x = cotangent.get(k);
                self.finite &= x.is_finite();
                self.adjoint.set(k, self.adjoint.get(k) + x);
            }
            self.fresh += cotangent.get(0);
        }
    }

    /// A step back; gives the gradient of the point behind it.
    #[inline(never)]
    unsafe fn step(&mut self, after: Numbers, z: f64) -> f64 {
        // SAFETY: both have `depth` numbers.
        unsafe {
            let mut rest = 0.0;
            for k in 1..self.depth {
                rest += self.adjoint.get(k) * after.get(k - 1);
            }
            let mut change = 0.0;
            for k in 0..self.depth {
                let (mut sum, mut power) = (0.0, 1.0);
                for m in k + 1..self.depth {
                    power *= z / (m - k) as f64;
                    if power == 0.0 {
                        break;
                    }
                    sum += self.adjoint.get(m) * power;
                }
                self.adjoint.set(k, self.adjoint.get(k) + sum);
                if k == 0 {
                    change = sum;
                }
            }
            let point = self.fresh + self.pending + rest;
            (self.pending, self.fresh) = (change - rest, 0.0);
            point
        }
    }

    /// λ elsewhere.
    unsafe fn copy(&self, to: Numbers) {
        for k in 0..self.depth {
            // SAFETY: both have `depth` numbers.
            unsafe { to.set(k, self.adjoint.get(k)) };
        }
    }
}
