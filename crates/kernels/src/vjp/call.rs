//! Gradients of a batch: groups of paths in lanes, their set-up, tiles of time, ends. The public entry.
//!
//! Not here: the arithmetic (`functional`, `flow`, `contract`), the short ways (`square`, `straight`) and the long one (`stream`).

use super::contract;
use super::flow::{Flow, TILE, is_wide, tile_steps, turns};
use super::functional::{self, reduced_size};
use super::request::{Gradients, VjpRequest};
use super::scatter::{Scatter, Target};
use super::scratch::Scratch;
use super::{lone, square, straight, stream};
use crate::increments::{Gather, Track};
use crate::lanes::{Lanes, MAX_WIDTH, Real, Rows, RowsMut};
use crate::request::Error;
use crate::shape::Shape;
use crate::signature::{Group, WINDOW, sort_by_length};
use crate::state::{is_zero, load_state, store_state};

/// Steps after which the functional is settled anew: few enough for rounding, many enough to cost nothing.
const SETTLED: usize = 128;

/// What else there is to know of a finished call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VjpReport {
    /// Whether all cotangents are finite. If not, some gradients are not.
    pub cotangents_finite: bool,
}

/// Computes ∂f/∂paths, and what else is asked for, from ∂f/∂signature.
///
/// Whole signatures: the bracket adjoint (`docs/gradients.md`), one sweep forwards in time, memory that does not depend on the number of points. Streams: the adjoint of Horner's scheme, one sweep backwards
/// through the given prefixes.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn signature_vjp<V: Lanes>(
    request: &VjpRequest<'_, V::T>,
    to: Gradients<'_, V::T>,
    scratch: &mut [V],
) -> Result<VjpReport, Error> {
    let (shape, parts) = request.check(&to, scratch.len())?;
    let call = Call::new(request, &shape, to);
    // SAFETY: all lengths were checked above.
    let cotangents_finite = unsafe {
        if request.options.stream {
            stream::run::<V>(&call, scratch)
        } else if shape.channels == 1 || shape.depth == 1 {
            straight::run(&call, scratch.as_mut_ptr().cast())
        } else if shape.depth == 2 {
            square::run::<V>(&call, scratch)
        } else {
            call.batch::<V>(&Scratch::new(&shape, scratch, &parts))
        }
    };
    Ok(VjpReport { cotangents_finite })
}

/// A request that was found sound, and where its results go.
pub struct Call<'a, 'b, T> {
    pub request: &'a VjpRequest<'b, T>,
    pub shape: &'a Shape,
    paths: *mut T,
    basepoint: *mut T,
    initial: *mut T,
    carry: *mut T,
    /// Numbers of the carry a path.
    carried: usize,
    /// Numbers in a row of cotangents, with `stream` of signatures too, and how many of them come before level 1.
    pub row: usize,
    pub skip: usize,
}

fn address<T>(slice: Option<&mut [T]>) -> *mut T {
    slice.map_or(core::ptr::null_mut(), <[T]>::as_mut_ptr)
}

impl<'a, 'b, T: Real> Call<'a, 'b, T> {
    #[cfg_attr(path_signature_small, optimize(size))]
    fn new(request: &'a VjpRequest<'b, T>, shape: &'a Shape, to: Gradients<'_, T>) -> Self {
        let skip = usize::from(request.options.scalar_term);
        let carried = to.carry.len().checked_div(request.batch).unwrap_or(0);
        Call {
            request,
            shape,
            paths: to.paths.as_mut_ptr(),
            basepoint: address(to.basepoint),
            initial: address(to.initial),
            carry: to.carry.as_mut_ptr(),
            carried,
            row: shape.size + skip,
            skip,
        }
    }

    /// Points of a path that count.
    pub fn length(&self, path: usize) -> usize {
        self.request.lengths.map_or(self.request.points, |l| l[path] as usize)
    }

    pub fn points(&self, path: usize) -> &'b [T] {
        let r = self.request;
        &r.paths[path * r.points * r.channels..][..self.length(path) * r.channels]
    }

    pub fn basepoint(&self, path: usize) -> Option<&'b [T]> {
        self.request.basepoint.and_then(|b| b.get(path, self.request.channels))
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn track(&self, path: usize) -> Track<'b, T> {
        let r = self.request;
        Track::new(self.points(path), r.channels, self.basepoint(path), r.options.inverse)
    }

    /// Where a path's gradients go; `unwanted` takes the basepoint's where it was not asked for.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn target(&self, path: usize, unwanted: *mut T) -> Target<T> {
        let (r, length) = (self.request, self.length(path));
        let basepoint = match (r.basepoint, self.basepoint.is_null()) {
            (None, _) => core::ptr::null_mut(),
            (Some(_), true) => unwanted,
            (Some(_), false) => self.basepoint.wrapping_add(path * r.channels),
        };
        let steps = if r.basepoint.is_some() { length } else { length - 1 };
        Target {
            first: self.paths.wrapping_add(path * r.points * r.channels),
            basepoint,
            last: if r.part.last { core::ptr::null_mut() } else { self.pending(path) },
            all: steps,
            from: 0,
            steps,
            reversed: r.options.inverse,
        }
    }

    /// A path's first row of signatures, from level 1 on.
    pub fn signature(&self, path: usize) -> *const T {
        self.request
            .signatures
            .as_ptr()
            .wrapping_add(path * self.request.rows() * self.request.signature_row + self.skip)
    }

    /// A path's first row of cotangents, from level 1 on.
    pub fn cotangent(&self, path: usize) -> *const T {
        self.request.cotangents.as_ptr().wrapping_add(path * self.request.rows() * self.row + self.skip)
    }

    /// What a path continued.
    pub fn initial(&self, path: usize) -> Option<&'b [T]> {
        self.request.initial.and_then(|i| i.get(path, self.shape.size))
    }

    /// Whether the gradient of what paths continued is wanted.
    pub fn wants_initial(&self) -> bool {
        !self.initial.is_null()
    }

    /// Where the gradient of what a path continued goes, if it is wanted.
    pub fn initial_gradient(&self, path: usize) -> Option<*mut T> {
        self.wants_initial().then(|| self.initial.wrapping_add(path * self.shape.size))
    }

    /// Each lane's row of signatures, from number `skip` of the first one on.
    pub fn signatures(&self, group: &Group, skip: usize) -> Rows<T> {
        rows_of(group, self.signature(0).wrapping_add(skip), self.request.rows() * self.request.signature_row)
    }

    /// Each lane's row of cotangents, likewise.
    pub fn cotangents(&self, group: &Group, skip: usize) -> Rows<T> {
        rows_of(group, self.cotangent(0).wrapping_add(skip), self.request.rows() * self.row)
    }

    /// Each lane's carry, from number `skip` on.
    pub fn carries(&self, group: &Group, skip: usize) -> Rows<T> {
        rows_of(group, self.carry.wrapping_add(skip), self.carried)
    }

    /// What each lane continued, if they did.
    pub fn initials(&self, group: &Group) -> Option<Rows<T>> {
        self.request.initial.map(|initial| rows_of(group, initial.data.as_ptr(), initial.stride))
    }

    /// Where each lane's gradient of it goes, from number `skip` on.
    pub fn initial_gradients(&self, group: &Group, skip: usize) -> Option<RowsMut<T>> {
        let rows = || writable(rows_of(group, self.initial.wrapping_add(skip), self.shape.size));
        self.wants_initial().then(rows)
    }

    /// A path's carry.
    pub fn carry(&self, path: usize) -> *mut T {
        self.carry.wrapping_add(path * self.carried)
    }

    /// Where the gradient of the point in which a piece of time ends waits for the next piece: behind all else in the carry. Nowhere, for calls without pieces.
    pub fn pending(&self, path: usize) -> *mut T {
        self.carry(path).wrapping_add(self.carried).wrapping_sub(self.request.channels)
    }

    /// Zeros for the points past a path's end.
    ///
    /// # Safety
    /// The gradients have `points` rows a path.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub unsafe fn clear_tail(&self, path: usize) {
        let (r, length) = (self.request, self.length(path));
        // SAFETY: as the caller vouches.
        unsafe {
            let path = self.paths.add(path * r.points * r.channels);
            for i in length * r.channels..r.points * r.channels {
                *path.add(i) = T::ZERO;
            }
        }
    }

    /// Groups of paths of similar length.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn groups(&self, width: usize, mut work: impl FnMut(Group)) {
        let mut first = 0;
        while first < self.request.batch {
            let count = WINDOW.min(self.request.batch - first);
            let mut window = [0; WINDOW];
            for (i, path) in window[..count].iter_mut().enumerate() {
                *path = first + i;
            }
            if let Some(lengths) = self.request.lengths {
                sort_by_length(&mut window[..count], lengths);
            }
            for paths in window[..count].chunks(width) {
                let mut group = Group::EMPTY;
                for &path in paths {
                    group.push(path);
                }
                work(group);
            }
            first += count;
        }
    }

    /// Everything for whole signatures of depth 3 and more.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn batch<V: Lanes<T = T>>(&self, scratch: &Scratch<V>) -> bool {
        let chunked = self.is_chunked();
        let mut finite = true;
        self.groups(V::WIDTH, |group| {
            // SAFETY: as the caller vouches.
            finite &= unsafe { self.group(group, chunked, scratch) };
        });
        finite
    }

    /// A path a lane, or one path's chunks.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn group<V: Lanes<T = T>>(&self, group: Group, chunked: bool, scratch: &Scratch<V>) -> bool {
        let d = self.request.channels;
        let of = |path: usize| (self.track(path), self.target(path, scratch.work.work[0].cast()));
        let (track, target) = of(group.paths[0]);
        let (mut tracks, mut targets) = ([track; MAX_WIDTH], [target; MAX_WIDTH]);
        for l in 0..MAX_WIDTH {
            if chunked {
                tracks[l] = track.piece(l.min(V::WIDTH - 1), V::WIDTH);
                targets[l].from = tracks[l].from;
                targets[l].steps = tracks[l].count;
                targets[l].last = lone::seam(self.shape, scratch, l.min(V::WIDTH - 1));
            } else {
                (tracks[l], targets[l]) = of(group.paths[l]);
            }
        }
        // SAFETY: as the caller vouches.
        unsafe {
            let finite = self.begin(group, scratch);
            if chunked {
                self.spread(&tracks, scratch);
            }
            if is_wide::<V>(self.shape) && self.request.part.first {
                functional::widen(self.shape, &scratch.theta, scratch.work.work[0]);
            }
            let scatter = Scatter::new(targets, d);
            let steps = self.sweep(&tracks, &scatter, scratch);
            scatter.write(steps, 1, scratch.pending);
            if chunked {
                for l in 1..V::WIDTH {
                    let point = targets[l].point(0, d);
                    for c in 0..d {
                        *point.add(c) = (*point.add(c)).plus(*targets[l - 1].last.add(c));
                    }
                }
            }
            self.end(group, scratch);
            finite
        }
    }

    /// The set-up: functional, gradient of what was continued, the last step's; says whether all cotangents are finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn begin<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        let (shape, part) = (self.shape, self.request.part);
        let mut finite = true;
        // SAFETY: as the caller vouches.
        unsafe {
            if part.first || part.last {
                let cotangent = scratch.cotangent;
                load(cotangent, shape.size, &self.cotangents(&group, 0));
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

    /// All steps of the longest lane; gives how many they are. Every point but that lane's last is written.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn sweep<V: Lanes<T = T>>(
        &self,
        tracks: &[Track<'_, T>; MAX_WIDTH],
        scatter: &Scatter<T>,
        scratch: &Scratch<V>,
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
                    // The path ended inside the tile: the point after its last step is there already.
                    core::ptr::copy_nonoverlapping(scratch.gradients.add(count * d), scratch.pending, d);
                }
                scatter.write(t, count, scratch.gradients);
                t += count;
            }
            if !self.request.part.last {
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
        let (d, part) = (self.request.channels, self.request.part);
        // SAFETY: as the caller vouches.
        unsafe {
            for (l, &path) in group.paths[..group.count].iter().enumerate() {
                if part.last {
                    // A lane that ended before others has its last point already, without this.
                    let target = self.target(path, scratch.work.work[0].cast());
                    let point = target.point(target.steps, d);
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

/// How far each lane's piece leads, channel by channel.
///
/// # Safety
/// `to` has room for `channels` vectors.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn moved<V: Lanes>(tracks: [Track<'_, V::T>; MAX_WIDTH], channels: usize, to: *mut V) {
    let gather = Gather::new(tracks, channels);
    for c in 0..channels {
        // SAFETY: as the caller vouches.
        unsafe { *to.add(c) = gather.total(c) };
    }
}

/// A pointer a lane, `pitch` numbers from one path's to the next one's.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn rows_of<T>(group: &Group, first: *const T, pitch: usize) -> Rows<T> {
    group.paths.map(|path| first.wrapping_add(path * pitch))
}

/// The same rows, to be written.
#[inline(always)]
pub fn writable<T>(rows: Rows<T>) -> RowsMut<T> {
    rows.map(<*const T>::cast_mut)
}

/// Rows of each lane to a state: one copy of the code for all the places that need it.
///
/// # Safety
/// As [`load_state`].
#[inline(never)]
pub unsafe fn load<V: Lanes>(state: *mut V, size: usize, rows: &Rows<V::T>) {
    // SAFETY: as the caller vouches.
    unsafe { load_state(state, size, rows) };
}

/// A state to rows of each lane, likewise.
///
/// # Safety
/// As [`store_state`].
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn store<V: Lanes>(state: *const V, size: usize, rows: &RowsMut<V::T>) {
    // SAFETY: as the caller vouches.
    unsafe { store_state(state, size, rows) };
}

/// Increments of `steps` steps from `t` on, likewise.
///
/// # Safety
/// As [`Gather::read`].
#[inline(never)]
pub unsafe fn read<V: Lanes>(gather: &Gather<'_, V::T>, t: usize, steps: usize, to: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe { gather.read(t, steps, to) };
}

/// Whether all of a state is finite.
///
/// # Safety
/// `state` has `size` vectors.
#[cfg_attr(path_signature_small, optimize(size))]
pub unsafe fn all_finite<V: Lanes>(state: *const V, size: usize) -> bool {
    let mut zeros = V::zero();
    for i in 0..size {
        // SAFETY: as the caller vouches.
        zeros = unsafe { *state.add(i) }.mul_add(V::zero(), zeros);
    }
    is_zero(zeros)
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
