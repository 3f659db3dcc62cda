//! The signature of a batch of paths: groups of paths in lanes, pieces of time, outputs. The public entry of the crate.
//!
//! Not here: the arithmetic of a step (`walk`), of a product (`chen`), of reading a path (`increments`).

use crate::chen;
use crate::increments::{Gather, Track};
use crate::lanes::{Lanes, MAX_WIDTH, Real, Rows, RowsMut};
use crate::plan::{MAX_PIECES, Way, needs_recovery, pieces, plan};
use crate::recovery::Recovery;
use crate::shape::Shape;
use crate::walk::{self, Frame, TILE};
use crate::{pruned, triangle};

/// Paths that are brought into the order of their lengths together.
const WINDOW: usize = 64;

/// Which kernel computes whole signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// The fastest for the shape.
    #[default]
    Auto,
    /// Horner's scheme on every word.
    Horner,
    /// The pruned walk wherever it exists (depth 2 or more, a recovery given for depth 3 or more).
    Pruned,
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
    /// Points that count, for each path, 1 … points.
    pub lengths: Option<&'a [u32]>,
    /// A point before the first.
    pub basepoint: Option<PerPath<'a, T>>,
    /// The signature to continue from.
    pub initial: Initial<'a, T>,
    /// What to compute.
    pub options: Options,
    /// The recovery for this shape, made once by [`Recovery::build`]; needed where [`needs_recovery`] says so.
    pub recovery: Option<Recovery<'a>>,
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
    /// The recovery is missing.
    Recovery,
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

/// Vectors of scratch that [`signature()`] needs, whatever the batch and the number of points: a tile of increments (three tiles at depth 2), the chains of deep
/// nodes, and for streams one state; for whole signatures two states, of which one has the recovery's intermediate sums behind it, the followed words of a pruned walk, and
/// one row more than there are pieces.
pub fn signature_scratch<V: Lanes>(
    channels: usize,
    depth: usize,
    options: Options,
    recovery: Option<Recovery<'_>>,
) -> Option<usize> {
    let shape = Shape::new(channels, depth)?;
    if channels == 1 {
        return Some(0);
    }
    Parts::new::<V>(&shape, options, recovery).map(|parts| parts.total)
}

/// Where each part of the scratch begins, in vectors.
struct Parts {
    chains: usize,
    state: usize,
    values: usize,
    followed: usize,
    rows: usize,
    row: usize,
    total: usize,
}

impl Parts {
    /// `None` if the sum overflows.
    fn new<V: Lanes>(shape: &Shape, options: Options, recovery: Option<Recovery<'_>>) -> Option<Parts> {
        let chains = match shape.depth {
            2 => triangle::scratch_vectors(shape.channels)?,
            _ => TILE.checked_mul(shape.channels)?,
        };
        let state = chains.checked_add(walk::scratch_vectors(shape.channels, shape.depth)?)?;
        let values = state.checked_add(shape.size)?;
        if options.stream {
            return Some(Parts { chains, state, values, followed: values, rows: values, row: 0, total: values });
        }
        let followed = values.checked_add(shape.size.max(recovery.map_or(0, |r| r.values())))?;
        let rows = followed.checked_add(recovery.map_or(0, |_| pruned::followed_size(shape)))?;
        let row = shape.size.div_ceil(V::WIDTH);
        let total = rows.checked_add(row.checked_mul(MAX_PIECES + 1)?)?;
        Some(Parts { chains, state, values, followed, rows, row, total })
    }
}

/// Scratch memory, cut up.
struct Scratch<V: Lanes> {
    tile: *mut V,
    chains: *mut V,
    /// One state: `size` vectors.
    state: *mut V,
    /// A second state, and what a recovery needs behind it.
    values: *mut V,
    followed: *mut V,
    /// Rows of `pitch` numbers, one more than pieces.
    rows: *mut V::T,
    pitch: usize,
}

impl<V: Lanes> Scratch<V> {
    /// `memory` has at least `parts.total` vectors.
    fn new(memory: &mut [V], parts: &Parts) -> Self {
        let tile = memory.as_mut_ptr();
        let part = |at: usize| tile.wrapping_add(at);
        Scratch {
            tile,
            chains: part(parts.chains),
            state: part(parts.state),
            values: part(parts.values),
            followed: part(parts.followed),
            rows: part(parts.rows).cast(),
            pitch: parts.row * V::WIDTH,
        }
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
    if request.recovery.is_none() && needs_recovery(request.channels, request.depth, request.options) {
        return Err(Error::Recovery);
    }
    let parts = Parts::new::<V>(&shape, request.options, request.recovery).ok_or(Error::Shape)?;
    if request.channels > 1 && scratch.len() < parts.total {
        return Err(Error::Scratch);
    }
    let call = Call {
        request,
        shape: &shape,
        out: out.as_mut_ptr(),
        row: shape.size + usize::from(request.options.scalar_term),
    };
    let increments_finite = if request.channels == 1 {
        one_channel::<V>(&call)
    } else {
        // SAFETY: all lengths were checked above.
        unsafe { call.batch::<V>(&Scratch::new(scratch, &parts)) }
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
            let finite = self.follow(&self.gather(group), scratch, scratch.state);
            self.store_rows(group, 0, scratch.state);
            finite
        }
    }

    /// Whole signatures of long paths, a path a lane, piece after piece.
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
            if !matches!(self.request.initial, Initial::Identity) {
                self.start(group, scratch.values);
                chen::multiply_lanes(self.shape, scratch.values, scratch.state);
                result = scratch.values;
            }
            self.store_rows(group, 0, result);
            finite
        }
    }

    /// The whole signature of one long path, a piece a lane. The same arithmetic on every coefficient as [`Call::cut_in_lanes`].
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
        let d = self.request.channels;
        // SAFETY: as the caller vouches.
        unsafe {
            match (way, self.request.recovery) {
                (Way::Pruned, _) if self.shape.depth == 2 => triangle::follow(d, gather, scratch.tile, scratch.values),
                (Way::Pruned, Some(recovery)) => {
                    let memory = pruned::Memory {
                        tile: scratch.tile,
                        chains: scratch.chains,
                        followed: scratch.followed,
                        values: scratch.values,
                    };
                    pruned::follow(self.shape, gather, &recovery, &memory)
                }
                _ => {
                    clear(scratch.values, self.shape.size);
                    self.follow(gather, scratch, scratch.values)
                }
            }
        }
    }

    /// Signatures of all prefixes.
    unsafe fn stream<V: Lanes<T = T>>(&self, group: Group, scratch: &Scratch<V>) -> bool {
        let gather = self.gather(group);
        let frame = self.frame(scratch, scratch.state);
        let all = rows(self.request);
        // SAFETY: as the caller vouches.
        unsafe {
            self.start(group, scratch.state);
            let mut t = 0;
            while t < gather.steps {
                let steps = TILE.min(gather.steps - t);
                gather.read(t, steps, scratch.tile);
                for q in 0..steps {
                    let step = scratch.tile.add(q * self.request.channels);
                    self.advance(&frame, step, 1);
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
        let d = shape.channels;
        Frame { width: d, stride: d, depth: shape.depth, skip: 0, levels, scratch: scratch.chains }
    }

    /// A tile of steps on the state that `frame` describes.
    unsafe fn advance<V: Lanes<T = T>>(&self, frame: &Frame<V>, increments: *const V, steps: usize) {
        let d = self.request.channels;
        // SAFETY: as the caller vouches.
        unsafe {
            if self.shape.depth == 1 {
                walk::level_one(frame.levels[0], d, d, increments, steps);
            } else {
                walk::whole(frame, increments, steps);
            }
        }
    }

    /// Runs `gather`'s steps on `state`; says whether the sums of increments stayed finite.
    unsafe fn follow<V: Lanes<T = T>>(&self, gather: &Gather<'_, T>, scratch: &Scratch<V>, state: *mut V) -> bool {
        let d = self.request.channels;
        let frame = self.frame(scratch, state);
        // SAFETY: as the caller vouches; a tile has room for TILE steps.
        unsafe {
            let mut t = 0;
            while t < gather.steps {
                let steps = TILE.min(gather.steps - t);
                gather.read(t, steps, scratch.tile);
                self.advance(&frame, scratch.tile, steps);
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

/// Insertion sort, which is short and moves nothing where neighbours are in order already.
fn sort_by_length(paths: &mut [usize], lengths: &[u32]) {
    for end in 1..paths.len() {
        let mut i = end;
        while i > 0 && lengths[paths[i - 1]] > lengths[paths[i]] {
            paths.swap(i - 1, i);
            i -= 1;
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
            // SAFETY: prefix < rows; depth numbers in every row.
            unsafe {
                let row = call.out_row(path, prefix);
                match call.initial(path) {
                    None => powers(delta, depth, row),
                    Some(initial) => continued_powers(delta, depth, initial, row),
                }
            }
        }
    }
    finite
}

/// Δᵏ / k! for k = 1 … depth.
///
/// # Safety
/// `row` is valid for writing `depth` numbers.
unsafe fn powers<V: Lanes>(delta: V, depth: usize, row: *mut V::T) {
    let mut power = V::splat(V::T::ONE);
    for k in 1..=depth {
        power = power.mul(delta.mul(V::splat(V::T::from_f64(1.0 / k as f64))));
        // SAFETY: k <= depth.
        unsafe { *row.add(k - 1) = power.to_lanes()[0] };
    }
}

/// Level k is Σ_j A_{k-j} Δʲ / j!, with A the signature continued (A_0 = 1). From the top level down, so that `initial` may be `row` itself. Powers that have
/// become zero or overflowed end the sum: they do so long before a large depth does.
///
/// # Safety
/// `initial` is valid for reading and `row` for writing `depth` numbers.
unsafe fn continued_powers<V: Lanes>(delta: V, depth: usize, initial: *const V::T, row: *mut V::T) {
    for k in (1..=depth).rev() {
        let (mut sum, mut power) = (V::zero(), V::splat(V::T::ONE));
        for j in 0..=k {
            // SAFETY: 1 <= k - j <= depth, or the scalar term.
            let a = if j == k { V::T::ONE } else { unsafe { *initial.add(k - j - 1) } };
            sum = power.mul_add(V::splat(a), sum);
            if !power.to_lanes()[0].is_finite() {
                break;
            }
            power = power.mul(delta.mul(V::splat(V::T::from_f64(1.0 / (j + 1) as f64))));
            if power.to_lanes()[0] == V::T::ZERO {
                break;
            }
        }
        // SAFETY: k <= depth.
        unsafe { *row.add(k - 1) = sum.to_lanes()[0] };
    }
}
