//! Whole signatures of depth 3 and more: groups of paths in lanes, their set-up, tiles of time,
//! ends.
//!
//! Not here: the arithmetic (`functional`, `tree`, `contract`).

use super::VjpReport;
use super::call::Call;
use super::cancellation::Cancellation;
use super::contract;
use super::flow::{Flow, TILE, is_wide, tile_steps, turns};
use super::functional::{self, reduced_size};
use super::request::Part;
use super::rows::{all_finite, load, moved, read, store, writable};
use super::scratch::Scratch;
use super::single::Chunks;
use crate::batch::items::{Group, Items};
use crate::lanes::{Lanes, MAX_WIDTH, Real};
use crate::path::increments::{Gather, Track};
use crate::path::scatter::Scatter;

/// Steps after which the functional is settled anew: few enough for rounding, many enough to cost
/// nothing.
const SETTLED: usize = 128;

/// As in ts/operations/gradient-double.ts.
const LEAST_POINTS: usize = 32;

impl<T: Real> Call<'_, '_, T> {
    /// Everything.
    ///
    /// # Safety
    /// The call was found sound, of depth 3 or more of two or more channels; scratch is there.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn whole<V: Lanes<T = T>>(&self, scratch: &Scratch<V>) -> VjpReport {
        let chunks = scratch.chunks.as_ref().filter(|_| self.is_chunked());
        let mut report = VjpReport { cotangents_finite: true, may_cancel: false };
        self.groups(V::WIDTH, |group| {
            // SAFETY: as the caller vouches.
            unsafe { self.group(group, chunks, scratch, &mut report) };
        });
        report
    }

    /// Whether steps that cancel matter: float32 is accurate enough for short paths.
    fn is_examined(&self) -> bool {
        size_of::<T>() == 4 && (self.part != Part::WHOLE || self.request.points >= LEAST_POINTS)
    }

    /// A path a lane, or one path's chunks.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn group<V: Lanes<T = T>>(
        &self,
        group: Group,
        chunks: Option<&Chunks<V>>,
        scratch: &Scratch<V>,
        report: &mut VjpReport,
    ) {
        let d = self.request.channels;
        let of = |path: usize| (self.track(path), self.target(path, scratch.work.work[0].cast()));
        let (track, target) = of(group.items[0]);
        let (mut tracks, mut targets) = ([track; MAX_WIDTH], [target; MAX_WIDTH]);
        for l in 0..MAX_WIDTH {
            if let Some(chunks) = chunks {
                tracks[l] = track.piece(l.min(V::WIDTH - 1), V::WIDTH);
                targets[l].from = tracks[l].from;
                targets[l].steps = tracks[l].count;
                targets[l].last = chunks.seam(d, l.min(V::WIDTH - 1));
            } else {
                (tracks[l], targets[l]) = of(group.items[l]);
            }
        }
        // SAFETY: as the caller vouches.
        unsafe {
            report.cotangents_finite &= self.begin(group, scratch);
            if let Some(chunks) = chunks {
                self.spread(&tracks, chunks, scratch.pending, &scratch.theta, scratch.work.work[0]);
            }
            if is_wide::<V>(self.shape) && self.part.first {
                functional::widen(self.shape, &scratch.theta, scratch.work.work[0]);
            }
            let scatter = Scatter::new(targets, d);
            let mut cancellation = Cancellation::new();
            let steps = self.sweep(&tracks, &scatter, scratch, &mut cancellation);
            report.may_cancel |= self.is_examined() && cancellation.may_cancel(self.shape.depth);
            scatter.write(steps, 1, scratch.pending);
            if chunks.is_some() {
                for l in 1..V::WIDTH {
                    let point = targets[l].point(0);
                    for c in 0..d {
                        *point.add(c) = (*point.add(c)).plus(*targets[l - 1].last.add(c));
                    }
                }
            }
            self.end(group, scratch);
        }
    }

    /// The set-up: functional, gradient of what was continued, the last step's; says whether all
    /// cotangents are finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn begin<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        let (shape, part) = (self.shape, self.part);
        let mut finite = true;
        // SAFETY: as the caller vouches.
        unsafe {
            if part.first || part.last {
                let cotangent = scratch.cotangent;
                load(cotangent, shape.size, &self.cotangents.rows(&group, 0));
                load(scratch.signature, shape.offset(shape.depth), &self.signatures(&group, 0));
                finite = all_finite(cotangent, shape.size);
                self.continued(group, scratch);
                functional::last_step(shape, cotangent, scratch.signature, scratch.last_step);
                if part.first {
                    functional::build(
                        shape,
                        cotangent,
                        scratch.signature,
                        &scratch.theta,
                        scratch.pending,
                        &scratch.work,
                    );
                    for c in 0..shape.channels {
                        let first = scratch.pending.add(c);
                        *first = V::zero().sub(*first);
                    }
                }
            }
            if !part.first {
                load(scratch.theta_at, reduced_size(shape), &self.carries(&group, 0));
                load(scratch.pending, shape.channels, &self.carries(&group, self.carried - shape.channels));
            }
        }
        finite
    }

    /// The gradient of what the paths continued, and the cotangent as it is without it.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn continued<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) {
        let (shape, [work, _]) = (self.shape, scratch.work.work);
        // SAFETY: as the caller vouches; `work` has more than `size` vectors.
        unsafe {
            for k in 1..=shape.depth {
                if let Some(rows) = self.initial_gradients(&group, shape.offset(k)) {
                    functional::contract_right(shape, k, scratch.cotangent, scratch.signature, work);
                    store(work, shape.count(k), &rows);
                }
            }
            if let Some(rows) = self.initials(&group) {
                load(work, shape.size, &rows);
                functional::contract_left(shape, scratch.cotangent, work);
            }
        }
    }

    /// All steps of the longest lane; gives how many they are. Every point but that lane's last is
    /// written.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn sweep<V: Lanes<T = T>>(
        &self,
        tracks: &[Track<'_, T>; MAX_WIDTH],
        scatter: &Scatter<T>,
        scratch: &Scratch<V>,
        cancellation: &mut Cancellation<V>,
    ) -> usize {
        let (d, depth) = (self.request.channels, self.shape.depth);
        let gather = Gather::new(*tracks, d);
        let most = tile_steps(self.shape);
        let turned = turns::<V>(self.shape);
        // SAFETY: as the caller vouches.
        let settle = |t: usize| unsafe { self.settle(tracks, t, scratch) };
        let (mut t, mut settled) = (0, 0);
        // SAFETY: as the caller vouches.
        unsafe {
            scratch.theta.start(self.shape);
            while t < gather.steps {
                if t >= settled + SETTLED {
                    settle(t);
                    settled = t;
                }
                let count = most.min(gather.steps - t);
                let steps = count.next_multiple_of(4);
                // Depth 3 looks one step ahead.
                read(&gather, t, if depth == 3 { steps + 4 } else { steps }, scratch.increments);
                if self.is_examined() {
                    cancellation.add(scratch.increments, d, steps);
                }
                if turned {
                    turn(scratch.increments, d, steps, scratch.turned);
                }
                let flow = Flow {
                    shape: self.shape,
                    theta: &scratch.theta,
                    increments: scratch.increments,
                    turned: scratch.turned,
                    steps,
                    behind: scratch.behind,
                    before: scratch.before,
                    children: scratch.children,
                    starts: scratch.starts,
                };
                if t == 0 && depth == 3 {
                    contract::begin(&flow, scratch.pending);
                }
                flow.run();
                contract::contract(&flow, scratch.pending, scratch.gradients);
                if count < steps {
                    // The path ended inside the tile: the point after its last step is there
                    // already.
                    core::ptr::copy_nonoverlapping(scratch.gradients.add(count * d), scratch.pending, d);
                }
                scatter.write(t, count, scratch.gradients);
                t += count;
            }
            if !self.part.last {
                settle(gather.steps);
            }
        }
        gather.steps
    }

    /// The functional anew, as it is after `t` steps.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn settle<V: Lanes<T = T>>(&self, tracks: &[Track<'_, T>; MAX_WIDTH], t: usize, scratch: &Scratch<V>) {
        // SAFETY: as the caller vouches.
        unsafe {
            moved(tracks.map(|track| track.first_steps(t)), self.request.channels, scratch.moved);
            scratch.theta.settle(self.shape, scratch.moved, is_wide::<V>(self.shape));
        }
    }

    /// The last point, or what leads to the next piece of time; zeros past the paths' ends.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn end<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) {
        let (d, part) = (self.request.channels, self.part);
        // SAFETY: as the caller vouches.
        unsafe {
            for (l, &path) in group.items[..group.count].iter().enumerate() {
                if part.last {
                    // A lane that ended before others has its last point already, without this.
                    let target = self.target(path, scratch.work.work[0].cast());
                    let point = target.point(target.steps);
                    for c in 0..d {
                        *point.add(c) = (*point.add(c)).plus((*scratch.last_step.add(c)).to_lanes()[l]);
                    }
                }
                self.clear_tail(path);
            }
            if !part.last {
                store(scratch.theta_at, reduced_size(self.shape), &writable(self.carries(&group, 0)));
            }
        }
    }
}

/// Increments from step by step to channel by channel.
#[inline(never)]
unsafe fn turn<V: Lanes>(from: *const V, d: usize, steps: usize, to: *mut V) {
    // SAFETY: the caller vouches for both.
    unsafe {
        for c in 0..d {
            for q in 0..steps {
                *to.add(c * TILE + q) = *from.add(q * d + c);
            }
        }
    }
}
