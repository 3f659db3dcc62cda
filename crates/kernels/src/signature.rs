//! The signature of a batch of paths: groups of paths in lanes, pieces of time, outputs. The public entry of the crate.
//!
//! Not here: the arithmetic of a step (`walk`), of a product (`chen`), of reading a path (`increments`).

use crate::chen;
use crate::increments::{Gather, Track};
use crate::lanes::{Lanes, MAX_WIDTH, Real, Rows, RowsMut};
use crate::shape::Shape;
use crate::walk::{self, Frame, MAX_BLOCK, Walk};

/// Time steps whose increments are in scratch memory at once: a multiple of every walk's block.
const TILE: usize = 24;

/// A long path is cut into this many pieces of time, which are combined by Chen's identity. The pieces are the lanes of a lone path, and they
/// keep rounding errors down for every path. Fixed, so that a path's result does not depend on what else is in the batch.
const PIECES: usize = 4;

/// Paths of fewer steps than this stay in one piece: the products would cost more than they save.
const FEWEST_STEPS_TO_CUT: usize = 48;

/// Which kernel computes whole signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// The fastest for the shape.
    #[default]
    Auto,
    /// Horner's scheme on every word.
    Horner,
}

/// What to compute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Every prefix's signature instead of the whole path's.
    pub stream: bool,
    /// As if the points (basepoint included) had been given in reverse order.
    pub inverse: bool,
    /// Rows begin with the scalar term 1.
    pub scalar_term: bool,
    /// Which kernel.
    pub algorithm: Algorithm,
}

/// Numbers given once for all paths, or for each.
#[derive(Clone, Copy, Debug)]
pub struct PerPath<'a, T> {
    /// The numbers.
    pub data: &'a [T],
    /// From one path's numbers to the next path's; 0: all share the first.
    pub stride: usize,
}

impl<'a, T> PerPath<'a, T> {
    /// The numbers of one path, if they are all there.
    fn get(&self, path: usize, count: usize) -> Option<&'a [T]> {
        let start = path.checked_mul(self.stride)?;
        self.data.get(start..start.checked_add(count)?)
    }
}

/// The signature that each path continues.
#[derive(Clone, Copy, Debug, Default)]
pub enum Initial<'a, T> {
    /// The identity.
    #[default]
    Identity,
    /// `size` numbers (no scalar term) a path.
    Given(PerPath<'a, T>),
    /// What stands in the output (whole signatures only).
    Output,
}

/// A batch of paths.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a, T> {
    /// (batch, points, channels), row-major.
    pub paths: &'a [T],
    /// Number of paths.
    pub batch: usize,
    /// Points of each path, at least 1.
    pub points: usize,
    /// Channels, at least 1.
    pub channels: usize,
    /// Truncation level, at least 1.
    pub depth: usize,
    /// Points that count, for each path, 1 … points. Neighbours of similar length are computed fastest.
    pub lengths: Option<&'a [u32]>,
    /// A point before the first.
    pub basepoint: Option<PerPath<'a, T>>,
    /// The signature to continue from.
    pub initial: Initial<'a, T>,
    /// What to compute.
    pub options: Options,
}

/// What else there is to know of a finished call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether all increments, summed over each path, are finite. If not, the input held numbers that are not finite, or finite ones overflowed.
    pub increments_finite: bool,
}

/// Why a call was refused. Nothing has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No channel, level or point; or a size beyond what can be laid out.
    Shape,
    /// `paths` has not batch * points * channels numbers.
    Paths,
    /// Not one length a path, or one out of 1 … points.
    Lengths,
    /// Too few numbers in `basepoint`.
    Basepoint,
    /// Too few numbers in `initial`, or [`Initial::Output`] with `stream`.
    Initial,
    /// `out` has not [`output_len`] numbers.
    Output,
    /// `scratch` has fewer than [`signature_scratch`] vectors.
    Scratch,
}

/// Numbers in the output of a request: batch * rows * row.
pub fn output_len<T>(request: &Request<'_, T>) -> Option<usize> {
    let size = crate::signature_size(request.channels, request.depth)?;
    let row = size + usize::from(request.options.scalar_term);
    request.batch.checked_mul(rows(request))?.checked_mul(row)
}

/// Output rows a path.
fn rows<T>(request: &Request<'_, T>) -> usize {
    if request.options.stream { request.points - usize::from(request.basepoint.is_none()) } else { 1 }
}

/// Vectors of scratch that [`signature()`] needs, whatever the batch and the number of points:
/// one tile of increments, the chains of deep nodes, one state for whole signatures of short paths and streams, and for cut paths a second one and `PIECES + 1` rows.
pub fn signature_scratch<V: Lanes>(channels: usize, depth: usize, options: Options) -> Option<usize> {
    let shape = Shape::new(channels, depth)?;
    if channels == 1 {
        return Some(0);
    }
    let states = shape.size.checked_mul(if options.stream { 1 } else { 2 })?;
    let rows = if options.stream { 0 } else { row_vectors::<V>(&shape).checked_mul(PIECES + 1)? };
    TILE.checked_mul(channels)?.checked_add(MAX_BLOCK * depth * depth)?.checked_add(states)?.checked_add(rows)
}

/// Vectors that one row of coefficients takes in scratch.
fn row_vectors<V: Lanes>(shape: &Shape) -> usize {
    shape.size.div_ceil(V::WIDTH)
}

/// Scratch memory, cut up.
struct Scratch<V: Lanes> {
    tile: *mut V,
    chains: *mut V,
    /// One state: `size` vectors.
    state: *mut V,
    /// A second state, for cut paths.
    other: *mut V,
    /// `PIECES + 1` rows of `pitch` numbers.
    rows: *mut V::T,
    pitch: usize,
}

impl<V: Lanes> Scratch<V> {
    /// `memory` has at least `signature_scratch` vectors.
    fn new(memory: &mut [V], shape: &Shape) -> Self {
        let tile = memory.as_mut_ptr();
        // Parts that a stream does not have are never touched by one; wrapping keeps the address arithmetic itself harmless.
        let chains = tile.wrapping_add(TILE * shape.channels);
        let state = chains.wrapping_add(MAX_BLOCK * shape.depth * shape.depth);
        let other = state.wrapping_add(shape.size);
        let rows = other.wrapping_add(shape.size).cast();
        Scratch { tile, chains, state, other, rows, pitch: row_vectors::<V>(shape) * V::WIDTH }
    }

    fn row(&self, i: usize) -> *mut V::T {
        self.rows.wrapping_add(i * self.pitch)
    }
}

/// Computes `request` into `out`.
///
/// `out` is (batch, row), with `stream` (batch, rows, row): rows of `size` numbers, one more with the scalar term; points - 1 rows, one more with a basepoint.
/// Past the end of a shorter path its last value repeats. A path without a step has the identity (or what it continues) as signature.
///
/// Source: Horner's scheme of Kidger & Lyons, "Signatory" (ICLR 2021), section 5; products by Chen (1957).
pub fn signature<V: Lanes>(request: &Request<'_, V::T>, out: &mut [V::T], scratch: &mut [V]) -> Result<Report, Error> {
    let shape = Shape::new(request.channels, request.depth).ok_or(Error::Shape)?;
    if request.points == 0 {
        return Err(Error::Shape);
    }
    let path_len = request.points.checked_mul(request.channels).ok_or(Error::Shape)?;
    if request.batch.checked_mul(path_len) != Some(request.paths.len()) {
        return Err(Error::Paths);
    }
    if let Some(lengths) = request.lengths
        && (lengths.len() != request.batch || lengths.iter().any(|&l| l == 0 || l as usize > request.points))
    {
        return Err(Error::Lengths);
    }
    let last = request.batch.saturating_sub(1);
    if let Some(b) = request.basepoint
        && request.batch > 0
        && b.get(last, request.channels).is_none()
    {
        return Err(Error::Basepoint);
    }
    match request.initial {
        Initial::Given(i) if request.batch > 0 && i.get(last, shape.size).is_none() => return Err(Error::Initial),
        Initial::Output if request.options.stream => return Err(Error::Initial),
        _ => {}
    }
    if output_len(request) != Some(out.len()) {
        return Err(Error::Output);
    }
    if scratch.len() < signature_scratch::<V>(request.channels, request.depth, request.options).ok_or(Error::Shape)? {
        return Err(Error::Scratch);
    }
    let call = Call {
        request,
        shape: &shape,
        out: out.as_mut_ptr(),
        row: shape.size + usize::from(request.options.scalar_term),
    };
    let increments_finite = if request.channels == 1 {
        crate::signature::one_channel::<V>(&call)
    } else {
        // SAFETY: all lengths were checked above.
        unsafe { call.batch::<V>(&Scratch::new(scratch, &shape)) }
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
struct Group {
    paths: [usize; MAX_WIDTH],
    count: usize,
}

impl Group {
    const EMPTY: Group = Group { paths: [0; MAX_WIDTH], count: 0 };

    fn push(&mut self, path: usize) {
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
        match self.request.initial {
            Initial::Identity => None,
            Initial::Given(given) => given.get(path, self.shape.size).map(<[T]>::as_ptr),
            // SAFETY: whole signatures have one row a path.
            Initial::Output => Some(unsafe { self.out_row(path, 0) }),
        }
    }

    /// All groups of the batch.
    unsafe fn batch<V: Lanes<T = T>>(&self, scratch: &Scratch<V>) -> bool {
        let options = self.request.options;
        let mut finite = true;
        let mut first = 0;
        while first < self.request.batch {
            let until = (first + V::WIDTH).min(self.request.batch);
            // SAFETY: as the caller vouches.
            unsafe {
                if options.stream {
                    let mut group = Group::EMPTY;
                    (first..until).for_each(|path| group.push(path));
                    finite &= self.stream(group, scratch);
                } else {
                    // Whether a path is cut depends on itself alone; a group does one or the other.
                    let (mut cut, mut uncut) = (Group::EMPTY, Group::EMPTY);
                    for path in first..until {
                        let steps = self.track(path).steps;
                        if self.request.depth > 1 && steps >= FEWEST_STEPS_TO_CUT { &mut cut } else { &mut uncut }
                            .push(path);
                    }
                    if uncut.count > 0 {
                        finite &= self.in_one_piece(uncut, scratch);
                    }
                    if cut.count == V::WIDTH {
                        finite &= self.cut_in_lanes(cut, scratch);
                    } else {
                        for &path in &cut.paths[..cut.count] {
                            finite &= self.cut_across_lanes(path, scratch);
                        }
                    }
                }
            }
            first = until;
        }
        finite
    }

    fn gather(&self, group: Group) -> Gather<'b, T> {
        Gather::new(core::array::from_fn(|l| self.track(group.paths[l])), self.request.channels)
    }

    fn gather_piece(&self, group: Group, piece: usize) -> Gather<'b, T> {
        let tracks = core::array::from_fn(|l| self.track(group.paths[l]).piece(piece, PIECES));
        Gather::new(tracks, self.request.channels)
    }

    /// Whole signatures of short paths.
    unsafe fn in_one_piece<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        // SAFETY: as the caller vouches.
        unsafe {
            self.start(group, scratch.state);
            let finite = self.follow(&self.gather(group), scratch, scratch.state);
            self.store_rows(group, 0, scratch.state);
            finite
        }
    }

    /// Whole signatures of long paths, a path a lane, piece after piece.
    unsafe fn cut_in_lanes<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        let size = self.shape.size;
        // SAFETY: as the caller vouches.
        unsafe {
            clear(scratch.state, size);
            let mut finite = self.follow(&self.gather_piece(group, 0), scratch, scratch.state);
            for piece in 1..PIECES {
                clear(scratch.other, size);
                finite &= self.follow(&self.gather_piece(group, piece), scratch, scratch.other);
                chen::multiply_lanes(self.shape, scratch.state, scratch.other);
            }
            let mut result = scratch.state;
            if !matches!(self.request.initial, Initial::Identity) {
                self.start(group, scratch.other);
                chen::multiply_lanes(self.shape, scratch.other, scratch.state);
                result = scratch.other;
            }
            self.store_rows(group, 0, result);
            finite
        }
    }

    /// The whole signature of one long path, a piece a lane. The same arithmetic on every coefficient as [`Call::cut_in_lanes`].
    unsafe fn cut_across_lanes<V: Lanes<T = T>>(&self, path: usize, scratch: &Scratch<V>) -> bool {
        let size = self.shape.size;
        let whole = self.track(path);
        let mut finite = true;
        // SAFETY: as the caller vouches; PIECES is a multiple of every width.
        unsafe {
            for first in (0..PIECES).step_by(V::WIDTH) {
                let tracks = core::array::from_fn(|l| whole.piece((first + l).min(PIECES - 1), PIECES));
                clear(scratch.state, size);
                finite &= self.follow(&Gather::new(tracks, self.request.channels), scratch, scratch.state);
                let rows = core::array::from_fn(|l| scratch.row((first + l).min(PIECES - 1)));
                store_state(scratch.state, size, &rows);
            }
            for piece in 1..PIECES {
                chen::multiply_row::<V>(self.shape, scratch.row(0), scratch.row(piece));
            }
            let mut result = scratch.row(0);
            if let Some(initial) = self.initial(path) {
                let continued = scratch.row(PIECES);
                core::ptr::copy_nonoverlapping(initial, continued, size);
                chen::multiply_row::<V>(self.shape, continued, result);
                result = continued;
            }
            core::ptr::copy_nonoverlapping(result, self.out_row(path, 0), size);
            finite
        }
    }

    /// Signatures of all prefixes.
    unsafe fn stream<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        let gather = self.gather(group);
        let frame = self.frame(scratch, scratch.state);
        let walk: Walk<V> = walk::choose_stream(self.request.channels, self.request.depth);
        let all = rows(self.request);
        // SAFETY: as the caller vouches.
        unsafe {
            self.start(group, scratch.state);
            let mut t = 0;
            while t < gather.steps {
                let steps = TILE.min(gather.steps - t);
                gather.read(t, steps, walk.block, scratch.tile);
                for q in 0..steps {
                    (walk.run)(&frame, scratch.tile.add(q * self.request.channels), 1);
                    self.store_rows(group, t + q, scratch.state);
                }
                t += steps;
            }
            while t < all {
                self.store_rows(group, t, scratch.state);
                t += 1;
            }
            sums_finite(scratch.state, self.request.channels)
        }
    }

    fn frame<V: Lanes<T = T>>(&self, scratch: &Scratch<V>, state: *mut V) -> Frame<V> {
        let shape = self.shape;
        let levels = core::array::from_fn(|r| {
            if r < shape.depth { state.wrapping_add(shape.offset(shape.depth - r)) } else { core::ptr::null_mut() }
        });
        Frame { width: shape.channels, letters: shape.channels, depth: shape.depth, levels, chains: scratch.chains }
    }

    /// Runs `gather`'s steps on `state`; says whether the sums of increments stayed finite.
    unsafe fn follow<V: Lanes<T = T>>(&self, gather: &Gather<'_, T>, scratch: &Scratch<V>, state: *mut V) -> bool {
        let d = self.request.channels;
        let frame = self.frame(scratch, state);
        let walk: Walk<V> = walk::choose(d, self.request.depth);
        // SAFETY: as the caller vouches; a tile has room for TILE steps, a multiple of every block.
        unsafe {
            let mut t = 0;
            while t < gather.steps {
                let steps = TILE.min(gather.steps - t);
                gather.read(t, steps.next_multiple_of(walk.block), walk.block, scratch.tile);
                (walk.run)(&frame, scratch.tile, steps);
                t += steps;
            }
            sums_finite(state, d)
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

/// The identity in every lane.
unsafe fn clear<V: Lanes>(state: *mut V, size: usize) {
    for i in 0..size {
        // SAFETY: the caller vouches for `size` vectors.
        unsafe { *state.add(i) = V::zero() };
    }
}

/// A state to one row a lane.
unsafe fn store_state<V: Lanes>(state: *const V, size: usize, rows: &RowsMut<V::T>) {
    let mut i = 0;
    // SAFETY: the caller vouches for `size` vectors and numbers.
    unsafe {
        while i + V::WIDTH <= size {
            V::store_transposed(state.add(i), rows, i);
            i += V::WIDTH;
        }
        while i < size {
            let lanes = (*state.add(i)).to_lanes();
            for l in 0..V::WIDTH {
                *rows[l].add(i) = lanes[l];
            }
            i += 1;
        }
    }
}

/// One row a lane to a state.
unsafe fn load_state<V: Lanes>(state: *mut V, size: usize, rows: &Rows<V::T>) {
    let mut i = 0;
    // SAFETY: the caller vouches for `size` vectors and numbers.
    unsafe {
        while i + V::WIDTH <= size {
            for (j, v) in V::load_transposed(rows, i).into_iter().enumerate().take(V::WIDTH) {
                *state.add(i + j) = v;
            }
            i += V::WIDTH;
        }
        while i < size {
            *state.add(i) = V::from_lanes(|l| *rows[l].add(i));
            i += 1;
        }
    }
}

/// Whether the first `channels` vectors, the sums of increments, are finite: a sum once infinite or NaN never becomes finite again.
unsafe fn sums_finite<V: Lanes>(state: *const V, channels: usize) -> bool {
    let mut zeros = V::zero();
    for c in 0..channels {
        // SAFETY: the caller vouches for `channels` vectors.
        zeros = unsafe { *state.add(c) }.mul_add(V::zero(), zeros);
    }
    zeros.to_lanes()[..V::WIDTH].iter().all(|&z| z == V::T::ZERO)
}

/// One channel: level k of the signature is Δ^k / k! with Δ the increment, whatever lies between.
fn one_channel<V: Lanes>(call: &Call<'_, '_, V::T>) -> bool {
    let depth = call.shape.depth;
    let mut finite = true;
    for path in 0..call.request.batch {
        let track = call.track(path);
        let all = rows(call.request);
        finite &= track.is_finite(1);
        for prefix in (0..all).rev() {
            let steps = if call.request.options.stream { (prefix + 1).min(track.steps) } else { track.steps };
            let delta: V = Gather::new([track.first_steps(steps); MAX_WIDTH], 1).total(0);
            // SAFETY: prefix < rows; an initial signature in the output row itself is read before it is written, from the top level down.
            unsafe {
                let row = call.out_row(path, prefix);
                let initial = call.initial(path);
                for k in (1..=depth).rev() {
                    // Horner: (((Δ/k + A_1) Δ/(k-1) + A_2) …) Δ + A_k.
                    let mut u = V::splat(V::T::ONE);
                    for i in 1..=k {
                        let factor = delta.mul(V::splat(V::T::from_f64(1.0 / (k + 1 - i) as f64)));
                        let a = initial.map_or(V::zero(), |a| V::splat(*a.add(i - 1)));
                        u = u.mul_add(factor, a);
                    }
                    *row.add(k - 1) = u.to_lanes()[0];
                }
            }
        }
    }
    finite
}
