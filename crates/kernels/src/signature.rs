//! The signature of a batch of paths: groups of paths in lanes, pieces of time, outputs. The public entry of the crate.
//!
//! Not here: the arithmetic of a step (`walk`), of a product (`chen`), of reading a path (`increments`).

use crate::chen;
use crate::follow::follow;
use crate::increments::{Gather, Track};
use crate::lanes::{Lanes, MAX_WIDTH, Real, Rows, RowsMut};
use crate::plan::{Way, pieces, plan};
use crate::request::{Algorithm, Error, Report, Request, rows};
use crate::scratch::Scratch;
use crate::shape::Shape;
use crate::state::{clear, load_state, store_state, sums_finite};
use crate::stream::Stream;
use crate::{depth_two, one_channel, pruned};

/// Paths that are brought into the order of their lengths together.
pub(crate) const WINDOW: usize = 64;

/// Computes `request` into `out`.
///
/// `out` is (batch, row), with `stream` (batch, rows, row): rows of `size` numbers, one more with the scalar term; points - 1 rows, one more with a basepoint.
/// Past the end of a shorter path its last value repeats. A path without a step has the identity (or what it continues) as signature.
///
/// Source: Horner's scheme of Kidger & Lyons, "Signatory" (ICLR 2021), section 5; products by Chen (1957).
pub fn signature<V: Lanes>(request: &Request<'_, V::T>, out: &mut [V::T], scratch: &mut [V]) -> Result<Report, Error> {
    let (shape, parts) = request.check::<V>(out.len(), scratch.len())?;
    let call = Call {
        request,
        shape: &shape,
        out: out.as_mut_ptr(),
        row: shape.size + usize::from(request.options.scalar_term),
    };
    let increments_finite = if request.channels == 1 {
        powers_of_one_channel::<V>(&call)
    } else {
        let scratch = Scratch::new(&shape, scratch, &parts);
        // SAFETY: all lengths were checked above.
        unsafe {
            if shape.depth == 1 && !request.options.stream {
                call.ends::<V>()
            } else if shape.depth == 2 && !request.options.stream {
                call.depth_two::<V>(&scratch)
            } else {
                call.batch::<V>(&scratch)
            }
        }
    };
    Ok(Report { increments_finite })
}

/// A request that was found sound, and where its results go.
struct Call<'a, 'b, T> {
    request: &'a Request<'b, T>,
    shape: &'a Shape,
    out: *mut T,
    /// Numbers in an output row.
    row: usize,
}

/// Some paths of the batch, one a lane; lanes from `count` on repeat the last.
#[derive(Clone, Copy)]
pub(crate) struct Group {
    pub(crate) paths: [usize; MAX_WIDTH],
    pub(crate) count: usize,
}

impl Group {
    pub(crate) const EMPTY: Group = Group { paths: [0; MAX_WIDTH], count: 0 };

    pub(crate) fn push(&mut self, path: usize) {
        for p in &mut self.paths[self.count..] {
            *p = path;
        }
        self.count += 1;
    }
}

impl<'b, T: Real> Call<'_, 'b, T> {
    fn track(&self, path: usize) -> Track<'b, T> {
        let r = self.request;
        let start = path * r.points * r.channels;
        let points = r.lengths.map_or(r.points, |l| l[path] as usize);
        let basepoint = r.basepoint.and_then(|b| b.get(path, r.channels));
        Track::new(&r.paths[start..start + points * r.channels], r.channels, basepoint, r.options.inverse)
    }

    /// The output row of a path's prefix, behind the scalar term, which is written here.
    ///
    /// # Safety
    /// `path < batch`, `prefix < rows`.
    unsafe fn out_row(&self, path: usize, prefix: usize) -> *mut T {
        // SAFETY: the output has batch * rows rows.
        unsafe {
            let row = self.out.add((path * rows(self.request) + prefix) * self.row);
            if self.request.options.scalar_term {
                *row = T::ONE;
                row.add(1)
            } else {
                row
            }
        }
    }

    /// Where a path's initial signature stands, if it has one.
    fn initial(&self, path: usize) -> Option<*const T> {
        self.request.initial?.get(path, self.shape.size).map(<[T]>::as_ptr)
    }

    /// Whole signatures of depth 1: each path's last point less its first.
    #[inline(never)]
    unsafe fn ends<V: Lanes<T = T>>(&self) -> bool {
        let d = self.request.channels;
        let mut finite = true;
        for path in 0..self.request.batch {
            let track = self.track(path);
            let all_finite = track.is_finite::<V>(d);
            finite &= all_finite;
            // SAFETY: rows have d numbers.
            unsafe {
                let row = self.out_row(path, 0);
                for c in 0..d {
                    let mut moved = track.moved(c, d);
                    finite &= moved.is_finite();
                    // A difference of two points does not see what lies between them.
                    if !all_finite && moved.is_finite() && !track.is_finite_in(c, d) {
                        moved = T::from_f64(f64::NAN);
                    }
                    *row.add(c) = self.initial(path).map_or(moved, |initial| (*initial.add(c)).plus(moved));
                }
            }
        }
        finite
    }

    /// Whole signatures of depth 2, path by path.
    unsafe fn depth_two<V: Lanes<T = T>>(&self, scratch: &Scratch<V>) -> bool {
        let size = self.shape.size;
        let mut finite = true;
        let plain = self.request.options.algorithm == Algorithm::Horner;
        for path in 0..self.request.batch {
            let job = depth_two::Job { channels: self.request.channels, track: self.track(path), plain };
            // SAFETY: as the caller vouches.
            unsafe {
                if let Some(initial) = self.initial(path) {
                    finite &= job.run(scratch.follow.tile, scratch.row(0));
                    core::ptr::copy_nonoverlapping(initial, scratch.row(1), size);
                    chen::multiply_row::<V>(self.shape, scratch.row(1), scratch.row(0));
                    core::ptr::copy_nonoverlapping(scratch.row(1), self.out_row(path, 0), size);
                } else {
                    finite &= job.run(scratch.follow.tile, self.out_row(path, 0));
                }
            }
        }
        finite
    }

    /// The whole batch: paths of a window in the order of their lengths, so that lanes end together; each to the group of its way, which is computed when it is full.
    unsafe fn batch<V: Lanes<T = T>>(&self, scratch: &Scratch<V>) -> bool {
        let options = self.request.options;
        let mut groups = [Group::EMPTY; Way::ALL.len()];
        let mut finite = true;
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
            for &path in &window[..count] {
                // How a path is computed depends on itself alone.
                let way = match options.stream {
                    true => Way::OnePiece,
                    false => plan(self.shape, self.track(path).steps, options.algorithm),
                };
                let group = &mut groups[way as usize];
                group.push(path);
                if group.count == V::WIDTH {
                    let full = core::mem::replace(group, Group::EMPTY);
                    // SAFETY: as the caller vouches.
                    finite &= unsafe { self.group(full, way, scratch) };
                }
            }
            first += count;
        }
        for (group, way) in groups.into_iter().zip(Way::ALL) {
            // SAFETY: as the caller vouches.
            finite &= unsafe { self.group(group, way, scratch) };
        }
        finite
    }

    /// A group, which may be empty or have fewer paths than lanes.
    unsafe fn group<V: Lanes<T = T>>(&self, group: Group, way: Way, scratch: &Scratch<V>) -> bool {
        // SAFETY: as the caller vouches.
        unsafe {
            if group.count == 0 {
                true
            } else if self.request.options.stream {
                self.stream(group, scratch)
            } else if way == Way::OnePiece {
                self.in_one_piece(group, scratch)
            } else if group.count == V::WIDTH {
                self.cut_in_lanes(group, way, scratch)
            } else {
                group.paths[..group.count]
                    .iter()
                    .fold(true, |finite, &path| finite & self.cut_across_lanes(path, way, scratch))
            }
        }
    }

    fn gather(&self, group: Group) -> Gather<'b, T> {
        Gather::new(core::array::from_fn(|l| self.track(group.paths[l])), self.request.channels)
    }

    /// Whole signatures of short paths.
    unsafe fn in_one_piece<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        // SAFETY: as the caller vouches.
        unsafe {
            self.start(group, scratch.state);
            let finite = follow(self.shape, &self.gather(group), &scratch.follow, scratch.state);
            self.store_rows(group, 0, scratch.state);
            finite
        }
    }

    /// Whole signatures of long paths, a path a lane, piece after piece.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn cut_in_lanes<V: Lanes<T = T>>(&self, group: Group, way: Way, scratch: &Scratch<V>) -> bool {
        let pieces = pieces(self.shape.depth, way);
        let whole: [Track<'b, T>; MAX_WIDTH] = core::array::from_fn(|l| self.track(group.paths[l]));
        let mut finite = true;
        // SAFETY: as the caller vouches.
        unsafe {
            for piece in 0..pieces {
                let tracks = whole.map(|track| track.piece(piece, pieces));
                finite &= self.follow_piece(&Gather::new(tracks, self.request.channels), way, scratch);
                if piece == 0 {
                    core::ptr::copy_nonoverlapping(scratch.values, scratch.state, self.shape.size);
                } else {
                    chen::multiply_lanes(self.shape, scratch.state, scratch.values);
                }
            }
            let mut result = scratch.state;
            if self.request.initial.is_some() {
                self.start(group, scratch.values);
                chen::multiply_lanes(self.shape, scratch.values, scratch.state);
                result = scratch.values;
            }
            self.store_rows(group, 0, result);
            finite
        }
    }

    /// The whole signature of one long path, a piece a lane. The same arithmetic on every coefficient as [`Call::cut_in_lanes`].
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn cut_across_lanes<V: Lanes<T = T>>(&self, path: usize, way: Way, scratch: &Scratch<V>) -> bool {
        let size = self.shape.size;
        let pieces = pieces(self.shape.depth, way);
        let whole = self.track(path);
        let mut finite = true;
        // SAFETY: as the caller vouches; the number of pieces is a multiple of every width.
        unsafe {
            for first in (0..pieces).step_by(V::WIDTH) {
                let piece = |l: usize| first + l.min(V::WIDTH - 1);
                let tracks = core::array::from_fn(|l| whole.piece(piece(l), pieces));
                finite &= self.follow_piece(&Gather::new(tracks, self.request.channels), way, scratch);
                store_state(scratch.values, size, &core::array::from_fn(|l| scratch.row(piece(l))));
            }
            for piece in 1..pieces {
                chen::multiply_row::<V>(self.shape, scratch.row(0), scratch.row(piece));
            }
            let mut result = scratch.row(0);
            if let Some(initial) = self.initial(path) {
                let continued = scratch.row(pieces);
                core::ptr::copy_nonoverlapping(initial, continued, size);
                chen::multiply_row::<V>(self.shape, continued, result);
                result = continued;
            }
            core::ptr::copy_nonoverlapping(result, self.out_row(path, 0), size);
            finite
        }
    }

    /// One piece of each lane's path, from the identity, into `scratch.values`.
    unsafe fn follow_piece<V: Lanes<T = T>>(&self, gather: &Gather<'_, T>, way: Way, scratch: &Scratch<V>) -> bool {
        // SAFETY: as the caller vouches.
        unsafe {
            match (way, self.request.recovery) {
                (Way::Pruned, Some(recovery)) => {
                    let memory = pruned::Memory {
                        tile: scratch.follow.tile,
                        chains: scratch.follow.chains,
                        followed: scratch.followed,
                        values: scratch.values,
                    };
                    pruned::follow(self.shape, gather, &recovery, &memory)
                }
                _ => {
                    clear(scratch.values, self.shape.size);
                    follow(self.shape, gather, &scratch.follow, scratch.values)
                }
            }
        }
    }

    /// Signatures of all prefixes.
    unsafe fn stream<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        let gather = self.gather(group);
        let all = rows(self.request);
        // SAFETY: as the caller vouches.
        unsafe {
            self.start(group, scratch.state);
            let stream = Stream::new(self.shape, scratch.follow.tile, scratch.state, scratch.values);
            for t in (0..gather.steps).step_by(stream.steps) {
                let steps = stream.steps.min(gather.steps - t);
                gather.read(t, steps, stream.increments);
                let first: RowsMut<T> = core::array::from_fn(|l| self.out_row(group.paths[l], t));
                stream.follow(steps, &first, self.row);
            }
            if self.request.options.scalar_term {
                for &path in &group.paths[..group.count] {
                    (0..gather.steps).for_each(|t| *self.out_row(path, t).sub(1) = T::ONE);
                }
            }
            for past_the_end in gather.steps..all {
                self.store_rows(group, past_the_end, scratch.state);
            }
            sums_finite(scratch.state, self.request.channels)
        }
    }

    /// The state that a group starts from: identity or initial signatures.
    unsafe fn start<V: Lanes<T = T>>(&self, group: Group, state: *mut V) {
        let size = self.shape.size;
        // SAFETY: as the caller vouches.
        unsafe {
            match self.initial(group.paths[0]) {
                None => clear(state, size),
                Some(_) => {
                    let rows: Rows<T> =
                        core::array::from_fn(|l| self.initial(group.paths[l]).unwrap_or(core::ptr::null()));
                    load_state(state, size, &rows);
                }
            }
        }
    }

    /// Writes a state to output row `prefix` of every path of the group.
    #[inline(always)]
    unsafe fn store_rows<V: Lanes<T = T>>(&self, group: Group, prefix: usize, state: *const V) {
        // SAFETY: as the caller vouches. Lanes that repeat a path write the same numbers to the same place.
        unsafe {
            let rows: RowsMut<T> = core::array::from_fn(|l| self.out_row(group.paths[l], prefix));
            store_state(state, self.shape.size, &rows);
        }
    }
}

/// Insertion sort, which is short and moves nothing where neighbours are in order already.
pub(crate) fn sort_by_length(paths: &mut [usize], lengths: &[u32]) {
    for end in 1..paths.len() {
        let mut i = end;
        while i > 0 && lengths[paths[i - 1]] > lengths[paths[i]] {
            paths.swap(i - 1, i);
            i -= 1;
        }
    }
}

/// One channel: level k of the signature is Δ^k / k! with Δ the increment, whatever lies between.
fn powers_of_one_channel<V: Lanes>(call: &Call<'_, '_, V::T>) -> bool {
    let depth = call.shape.depth;
    let mut finite = true;
    for path in 0..call.request.batch {
        let track = call.track(path);
        let all = rows(call.request);
        finite &= track.is_finite::<V>(1);
        for prefix in (0..all).rev() {
            let steps = if call.request.options.stream { (prefix + 1).min(track.steps) } else { track.steps };
            let delta: V = Gather::new([track.first_steps(steps); MAX_WIDTH], 1).total(0);
            // SAFETY: prefix < rows; depth numbers in every row.
            unsafe {
                let row = call.out_row(path, prefix);
                match call.initial(path) {
                    None => one_channel::powers(delta, depth, row),
                    Some(initial) => one_channel::continued_powers(delta, depth, initial, row),
                }
            }
        }
    }
    finite
}
