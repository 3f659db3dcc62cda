//! The signature of a batch of paths: groups of paths in lanes, pieces of time, outputs. The public
//! entry of the crate.
//!
//! Not here: the arithmetic of a step (`walk`), of a product (`chen`), of reading a path
//! (`increments`).

mod not_finite;
pub mod scratch;
mod stream;

use crate::batch::finish::Finish;
use crate::batch::items::{Group, Items};
use crate::batch::options::Algorithm;
use crate::batch::parts::Parts;
use crate::batch::plan::{Variant, needs_recovery, plan};
use crate::batch::request::{Error, Report, Request, rows};
use crate::batch::state::{clear, load_state, store_state, sums_finite};
use crate::lanes::{Lanes, MAX_WIDTH, Real, Rows};
use crate::path::increments::{Gather, Track};
use crate::tensor::chen;
use crate::walk::follow::{follow, follow_letters, prefers_letters};
use crate::walk::{depth_two, one_channel, pruned};
use crate::words::recovery::Recovery;
use crate::words::shape::Shape;
use scratch::Scratch;
use stream::Stream;

/// Computes `request` into `out`.
///
/// `out` is (batch, row), with `stream` (batch, rows, row): rows of `size` numbers, one more with
/// the scalar term; points - 1 rows, one more with a basepoint. `recovery` is that of the shape,
/// made once by [`Recovery::build`]; needed where [`needs_recovery`] says so. `states` is (batch,
/// size): the signature at the end of each path, where it is wanted. Past the end of a shorter path
/// its last value repeats. A path without a step has the identity (or what it continues) as
/// signature.
///
/// Source: Horner's scheme of Kidger & Lyons, "Signatory" (ICLR 2021), section 5; products by Chen
/// (1957).
#[cfg_attr(path_signature_small, optimize(size))]
pub fn signature<V: Lanes>(
    request: &Request<'_, V::T>,
    recovery: Option<Recovery<'_>>,
    out: &mut [V::T],
    states: Option<&mut [V::T]>,
    scratch: &mut [V],
) -> Result<Report, Error> {
    let Request { batch, channels, depth, options, initial, .. } = *request;
    let shape = Shape::new(channels, depth).ok_or(Error::Shape)?;
    request.check(&shape, out.len())?;
    if recovery.is_none() && needs_recovery(channels, depth, options) {
        return Err(Error::Recovery);
    }
    if states.as_ref().is_some_and(|states| Some(states.len()) != batch.checked_mul(shape.size)) {
        return Err(Error::Output);
    }
    let mut parts = Parts::of(scratch);
    let finish = Finish::new(out, rows(request), shape.size, options.scalar_term);
    let call = Call { request, recovery, shape: &shape, finish };
    let increments_finite = if channels == 1 {
        powers_of_one_channel::<V>(&call)
    } else {
        let scratch = Scratch::new(&shape, options, recovery, &mut parts);
        parts.fit()?;
        // SAFETY: all lengths were checked above.
        unsafe {
            if shape.depth == 1 && !options.stream {
                call.ends::<V>()
            } else if shape.depth == 2 && !options.stream {
                call.depth_two::<V>(&scratch)
            } else {
                call.batch::<V>(&scratch)
            }
        }
    };
    if !increments_finite {
        call.mark_not_finite::<V>();
    }
    if let Some(states) = states {
        // SAFETY: all rows have been written.
        unsafe { call.finish.hand_on(initial, states) };
    }
    Ok(Report { increments_finite })
}

/// A request that was found sound, and where its results go.
struct Call<'a, 'b, T> {
    request: &'a Request<'b, T>,
    recovery: Option<Recovery<'a>>,
    shape: &'a Shape,
    finish: Finish<T>,
}

impl<'b, T: Real> Items<'b, T> for Call<'_, 'b, T> {
    fn count(&self) -> usize {
        self.request.batch
    }

    fn lengths(&self) -> Option<&'b [u32]> {
        self.request.lengths
    }

    fn track(&self, path: usize) -> Track<'b, T> {
        self.request.track(path)
    }

    fn letters(&self) -> usize {
        self.shape.channels
    }
}

impl<'b, T: Real> Call<'_, 'b, T> {
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
            finite &= track.is_finite::<V>();
            // SAFETY: rows have d numbers.
            unsafe {
                self.finish.make(path, 0, |row| {
                    for c in 0..d {
                        let moved = track.moved(c);
                        finite &= moved.is_finite();
                        *row.add(c) = self.initial(path).map_or(moved, |initial| (*initial.add(c)).plus(moved));
                    }
                });
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
                    self.copy(path, scratch.row(1));
                } else {
                    finite &= self.finish.make(path, 0, |row| job.run(scratch.follow.tile, row));
                }
            }
        }
        finite
    }

    /// One path's row.
    unsafe fn copy(&self, path: usize, signature: *const T) {
        // SAFETY: as the caller vouches.
        unsafe { self.finish.make(path, 0, |row| core::ptr::copy_nonoverlapping(signature, row, self.shape.size)) }
    }

    /// The whole batch: each path to the group of its variant, which is computed when it is full.
    unsafe fn batch<V: Lanes<T = T>>(&self, scratch: &Scratch<V>) -> bool {
        let batch = self.request.batch;
        if self.request.lengths.is_none() && batch > 0 {
            let variant = self.variant(0);
            return Group::all(batch, V::WIDTH).fold(true, |finite, group| {
                // SAFETY: as the caller vouches.
                finite & unsafe { self.group(group, variant, scratch) }
            });
        }
        let mut groups = [Group::EMPTY; Variant::COUNT];
        let mut finite = true;
        self.windows(|window| {
            for &path in window {
                let variant = self.variant(path);
                let group = &mut groups[variant.number()];
                group.push(path);
                if group.count == V::WIDTH {
                    let full = core::mem::replace(group, Group::EMPTY);
                    // SAFETY: as the caller vouches.
                    finite &= unsafe { self.group(full, variant, scratch) };
                }
            }
        });
        for (number, group) in groups.into_iter().enumerate() {
            // SAFETY: as the caller vouches.
            finite &= unsafe { self.group(group, Variant::of_number(number), scratch) };
        }
        finite
    }

    /// How a path is computed: depends on itself alone.
    #[inline(never)]
    fn variant(&self, path: usize) -> Variant {
        let options = self.request.options;
        match options.stream {
            true => Variant { pruned: false, pieces: 1 },
            false => plan(self.shape, self.track(path).steps, options.algorithm),
        }
    }

    /// A group, which may be empty or have fewer paths than lanes.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn group<V: Lanes<T = T>>(&self, group: Group, variant: Variant, scratch: &Scratch<V>) -> bool {
        let is_one_piece = variant == Variant { pruned: false, pieces: 1 };
        // SAFETY: as the caller vouches.
        unsafe {
            if group.count == 0 {
                true
            } else if self.request.options.stream {
                self.stream(group, scratch)
            } else if is_one_piece && !self.is_apart::<V>(variant, group.count) {
                self.in_one_piece(group, scratch)
            } else if group.count == V::WIDTH && !self.is_apart::<V>(variant, V::WIDTH) {
                self.cut_in_lanes(group, variant, scratch)
            } else {
                group.items[..group.count]
                    .iter()
                    .fold(true, |finite, &path| finite & self.cut_across_lanes(path, variant, scratch))
            }
        }
    }

    /// Whether so many paths, or pieces of one, are followed with first letters in lanes. A path in
    /// one piece goes on from its initial signature, letters start from the identity.
    fn is_apart<V: Lanes>(&self, variant: Variant, count: usize) -> bool {
        let starts = variant.pieces > 1 || self.request.initial.is_none();
        starts && !variant.pruned && prefers_letters::<V>(self.shape, count)
    }

    /// Whole signatures of short paths.
    #[inline(never)]
    unsafe fn in_one_piece<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        // SAFETY: as the caller vouches.
        unsafe {
            self.start(group, scratch.state);
            let finite = follow(self.shape, &self.gather(group), &scratch.follow, scratch.state);
            self.finish.write(group, 0, scratch.state);
            finite
        }
    }

    /// The signature of one path, or of a piece of it, with a first letter in each lane: lanes are
    /// full and states small. The same arithmetic on every coefficient as with a path in each lane.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn in_letters<V: Lanes<T = T>>(&self, track: Track<'b, T>, row: *mut T, scratch: &Scratch<V>) -> bool {
        let Shape { channels: d, depth, .. } = *self.shape;
        let gather = Gather::new([track; MAX_WIDTH], d);
        let mut finite = true;
        for first in (0..d).step_by(V::WIDTH) {
            let letters: [usize; MAX_WIDTH] = core::array::from_fn(|l| (first + l).min(d - 1));
            // SAFETY: as the caller vouches.
            unsafe {
                finite &= follow_letters(self.shape, &gather, &scratch.follow, scratch.state, &letters);
                for k in 1..=depth {
                    // What begins with a letter is one stretch of each level.
                    let (at, count) = (self.shape.offset(k), self.shape.count(k - 1));
                    store_state(scratch.state.add(at / d), count, &letters.map(|letter| row.add(at + letter * count)));
                }
            }
        }
        finite
    }

    /// Whole signatures of long paths, a path a lane, piece after piece.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn cut_in_lanes<V: Lanes<T = T>>(&self, group: Group, variant: Variant, scratch: &Scratch<V>) -> bool {
        let pieces = variant.pieces;
        let whole: [Track<'b, T>; MAX_WIDTH] = core::array::from_fn(|l| self.track(group.items[l]));
        let mut finite = true;
        // SAFETY: as the caller vouches.
        unsafe {
            for piece in 0..pieces {
                let tracks = whole.map(|track| track.piece(piece, pieces));
                finite &= self.follow_piece(&Gather::new(tracks, self.letters()), variant, scratch);
                if piece == 0 {
                    core::ptr::copy_nonoverlapping(scratch.values, scratch.state, self.shape.size);
                } else {
                    chen::multiply_lanes(self.shape, scratch.state, scratch.values, scratch.state);
                }
            }
            let mut result = scratch.state;
            if self.request.initial.is_some() {
                self.start(group, scratch.values);
                chen::multiply_lanes(self.shape, scratch.values, scratch.state, scratch.values);
                result = scratch.values;
            }
            self.finish.write(group, 0, result);
            finite
        }
    }

    /// The whole signature of one path, with pieces or first letters in lanes. The same arithmetic
    /// on every coefficient as [`Call::cut_in_lanes`] and [`Call::in_one_piece`].
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn cut_across_lanes<V: Lanes<T = T>>(&self, path: usize, variant: Variant, scratch: &Scratch<V>) -> bool {
        let size = self.shape.size;
        let pieces = variant.pieces;
        let whole = self.track(path);
        let mut finite = true;
        // SAFETY: as the caller vouches; a lane without a piece follows an empty one, and there are
        // rows for MAX_PIECES.
        unsafe {
            if pieces == 1 && !variant.pruned {
                return self.finish.make(path, 0, |row| self.in_letters(whole, row, scratch));
            }
            let apart = if self.is_apart::<V>(variant, pieces) { pieces } else { 0 };
            for piece in 0..apart {
                finite &= self.in_letters(whole.piece(piece, pieces), scratch.row(piece), scratch);
            }
            for first in (apart..pieces).step_by(V::WIDTH) {
                let piece = |l: usize| first + l.min(V::WIDTH - 1);
                let tracks = core::array::from_fn(|l| whole.piece(piece(l), pieces));
                finite &= self.follow_piece(&Gather::new(tracks, self.letters()), variant, scratch);
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
            self.copy(path, result);
            finite
        }
    }

    /// One piece of each lane's path, from the identity, into `scratch.values`.
    unsafe fn follow_piece<V: Lanes<T = T>>(
        &self,
        gather: &Gather<'_, T>,
        variant: Variant,
        scratch: &Scratch<V>,
    ) -> bool {
        // SAFETY: as the caller vouches.
        unsafe {
            if variant.pruned {
                let memory = pruned::Memory {
                    tile: scratch.follow.tile,
                    chains: scratch.follow.chains,
                    followed: scratch.followed,
                    values: scratch.values,
                };
                pruned::follow(self.shape, gather, self.recovery.as_ref(), &memory)
            } else {
                clear(scratch.values, self.shape.size);
                follow(self.shape, gather, &scratch.follow, scratch.values)
            }
        }
    }

    /// Signatures of all prefixes.
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn stream<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        let gather = self.gather(group);
        // SAFETY: as the caller vouches.
        unsafe {
            self.start(group, scratch.state);
            let stream = Stream::new(self.shape, scratch.follow.tile, scratch.state, scratch.values);
            for t in (0..gather.steps).step_by(stream.steps) {
                let steps = stream.steps.min(gather.steps - t);
                gather.read(t, steps, stream.increments);
                stream.follow(steps, &self.finish.rows(group, t), self.finish.pitch());
            }
            self.finish.scalar_terms(group, gather.steps);
            for past_the_end in gather.steps..self.finish.rows {
                self.finish.write(group, past_the_end, scratch.state);
            }
            sums_finite(scratch.state, self.letters())
        }
    }

    /// The state that a group starts from: identity or initial signatures.
    #[inline(never)]
    unsafe fn start<V: Lanes<T = T>>(&self, group: Group, state: *mut V) {
        let size = self.shape.size;
        // SAFETY: as the caller vouches.
        unsafe {
            match self.initial(group.items[0]) {
                None => clear(state, size),
                Some(_) => {
                    let rows: Rows<T> =
                        core::array::from_fn(|l| self.initial(group.items[l]).unwrap_or(core::ptr::null()));
                    load_state(state, size, &rows);
                }
            }
        }
    }
}

/// One channel: level k of the signature is Δ^k / k! with Δ the increment, whatever lies between.
fn powers_of_one_channel<V: Lanes>(call: &Call<'_, '_, V::T>) -> bool {
    let depth = call.shape.depth;
    let mut finite = true;
    for path in 0..call.request.batch {
        let track = call.track(path);
        finite &= track.is_finite::<V>();
        for prefix in (0..call.finish.rows).rev() {
            let steps = if call.request.options.stream { (prefix + 1).min(track.steps) } else { track.steps };
            let delta = V::splat(track.first_steps(steps).moved(0));
            // SAFETY: prefix < rows; depth numbers in every row.
            unsafe {
                call.finish.make(path, prefix, |row| match call.initial(path) {
                    None => one_channel::powers(delta, depth, row),
                    Some(initial) => one_channel::continued_powers(delta, depth, initial, row),
                });
            }
        }
    }
    finite
}
