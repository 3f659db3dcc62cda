//! Log-signatures of a batch of paths: the followed words of a pruned walk, and the logarithm of
//! those (docs/log-signatures.md). Nothing is recovered, and the top level of the signature never
//! exists.
//!
//! Not here: the arithmetic of a step (`walk`), of the logarithm (`program`, `closed`), of the
//! bases (`basis`).

mod basis;
mod closed;
mod conversion;
mod program;
mod source;
mod step;
mod tables;
mod tile_product;
mod tiled;
mod walk;
mod words;

pub use basis::Basis;
pub use conversion::{Conversion, Direction};
pub use tables::{MOST_COEFFICIENTS, Tables, row_len};
pub use words::lyndon_count;

use crate::batch::items::{Group, Items};
use crate::batch::parts::Parts;
use crate::batch::request::{Error, Report, Request, rows};
use crate::batch::state::{clear, is_zero, load_state, store_state};
use crate::lanes::{Lanes, LanesF64, MAX_WIDTH, Real, Rows, RowsMut};
use crate::path::increments::{Gather, TILE, Track};
use crate::words::shape::Shape;
use source::{Promoted, Source};
use tile_product::Product;
use tiled::{Tiles, is_long};
use walk::Walk;

/// Which arithmetic computes a call in float32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Chosen path by path: float32 in tiles for long, well-conditioned paths, else float64.
    #[default]
    Auto,
    /// float32.
    Float32,
    /// float64, rounded at the end.
    Float64,
}

/// The state of paths that are cut in time: [`state_len`] numbers an item.
pub struct States<'a, T> {
    /// Read, where the piece continues one before it, and written.
    pub numbers: &'a mut [T],
    /// Whether the piece continues one before it.
    pub continued: bool,
}

/// Whether a call of numbers `T` computes in float64.
fn is_wide<T>(precision: Precision) -> bool {
    size_of::<T>() < size_of::<f64>() && precision != Precision::Float32
}

/// Numbers of the state that one piece of time hands to the next: the followed words, in the number
/// type of the arithmetic.
pub fn state_len<T: Real>(tables: &Tables, precision: Precision) -> usize {
    tables.followed_size() * if is_wide::<T>(precision) { 2 } else { 1 }
}

/// Vectors of scratch that [`log_signature`] needs.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn log_signature_scratch<V: Lanes>(tables: &Tables, precision: Precision) -> Option<usize> {
    if is_wide::<V::T>(precision) {
        let mut parts = Parts::measured();
        Scratch::<LanesF64>::new(tables, &mut parts);
        if precision == Precision::Auto {
            Tiles::<V>::new(tables, &mut parts);
        }
        // One more, in which the first is aligned.
        (parts.total()? + 1).checked_mul(size_of::<LanesF64>().div_ceil(size_of::<V>()))
    } else {
        let mut parts = Parts::measured();
        Scratch::<V>::new(tables, &mut parts);
        parts.total()
    }
}

/// Computes the log-signatures of `request` into `out`, (batch, rows, row): rows of
/// [`Tables::row`] numbers in the basis of the tables. `initial` are signatures; `scalar_term` and
/// `algorithm` mean nothing here. Past the end of a shorter path its last row repeats.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn log_signature<V: Lanes>(
    request: &Request<'_, V::T>,
    tables: &Tables,
    precision: Precision,
    out: &mut [V::T],
    states: Option<States<'_, V::T>>,
    scratch: &mut [V],
) -> Result<Report, Error> {
    let shape = Shape::new(request.channels, request.depth).ok_or(Error::Shape)?;
    request.check_input(&shape)?;
    let rows = rows(request);
    let count = request.batch.checked_mul(rows).and_then(|count| count.checked_mul(tables.row));
    if count != Some(out.len()) {
        return Err(Error::Output);
    }
    let each = state_len::<V::T>(tables, precision);
    if states.as_ref().is_some_and(|states| Some(states.numbers.len()) != request.batch.checked_mul(each)) {
        return Err(Error::Output);
    }
    let (states, continued) =
        states.map_or((core::ptr::null_mut(), false), |states| (states.numbers.as_mut_ptr().cast(), states.continued));
    let pitch = tables.row * size_of::<V::T>();
    let call = Call {
        tables,
        shape: &shape,
        stream: request.options.stream,
        rows,
        out: out.as_mut_ptr().cast(),
        pitch,
        states,
        continued,
    };
    let paths = Paths(request);
    let mut finite = true;
    if is_wide::<V::T>(precision) {
        // SAFETY: vectors of numbers; any bytes are numbers.
        let (_, scratch, _) = unsafe { scratch.align_to_mut::<LanesF64>() };
        let mut parts = Parts::of(scratch);
        let scratch = Scratch::new(tables, &mut parts);
        let tiles = (precision == Precision::Auto).then(|| Tiles::<V>::new(tables, &mut parts));
        parts.fit()?;
        let begins = !call.stream && !continued && request.initial.is_none();
        let tiles = tiles.zip(tables.product.as_ref()).filter(|_| begins);
        let in_float64 = |group: Group| {
            let source = Promoted::new(paths.tracks(group), request.channels, scratch.buffer);
            call.group(group, &source, paths.initial(group, shape.size), &scratch)
        };
        let (mut narrow, mut wide) = (Group::EMPTY, Group::EMPTY);
        // Without an item: those that wait.
        let push: &mut dyn FnMut(Option<usize>) = &mut |item| {
            if let Some(item) = item {
                wide.push(item);
            }
            if wide.count == LanesF64::WIDTH || (item.is_none() && wide.count > 0) {
                finite &= in_float64(core::mem::replace(&mut wide, Group::EMPTY));
            }
        };
        paths.windows(|items| {
            for &item in items {
                match &tiles {
                    Some((tiles, product)) if is_long(request.channels, paths.track(item).steps) => {
                        narrow.push(item);
                        if narrow.count == V::WIDTH {
                            let group = core::mem::replace(&mut narrow, Group::EMPTY);
                            call.tiles(group, &paths, product, tiles, &scratch, push);
                        }
                    }
                    _ => push(Some(item)),
                }
            }
        });
        if let Some((tiles, product)) = tiles.filter(|_| narrow.count > 0) {
            call.tiles(narrow, &paths, product, &tiles, &scratch, push);
        }
        push(None);
    } else {
        let scratch = Scratch::of(tables, scratch)?;
        paths.groups(V::WIDTH, |group| {
            let source = Gather::new(paths.tracks(group), request.channels);
            finite &= call.group::<V>(group, &source, paths.initial(group, shape.size), &scratch);
        });
    }
    Ok(Report { increments_finite: finite })
}

/// The paths of a request.
struct Paths<'a, 'b, T>(&'a Request<'b, T>);

impl<'b, T: Real> Items<'b, T> for Paths<'_, 'b, T> {
    fn count(&self) -> usize {
        self.0.batch
    }

    fn lengths(&self) -> Option<&'b [u32]> {
        self.0.lengths
    }

    fn track(&self, path: usize) -> Track<'b, T> {
        let r = self.0;
        let start = path * r.points * r.channels;
        let points = r.lengths.map_or(r.points, |l| l[path] as usize);
        let basepoint = r.basepoint.and_then(|b| b.get(path, r.channels));
        Track::new(&r.paths[start..start + points * r.channels], r.channels, basepoint, r.options.inverse)
    }

    fn letters(&self) -> usize {
        self.0.channels
    }
}

impl<'b, T: Real> Paths<'_, 'b, T> {
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn tracks(&self, group: Group) -> [Track<'b, T>; MAX_WIDTH] {
        group.items.map(|item| self.track(item))
    }

    /// Initial signatures of a group, where there are any.
    fn initial(&self, group: Group, size: usize) -> Option<Rows<u8>> {
        let initial = self.0.initial?;
        Some(group.items.map(|item| initial.get(item, size).map_or(core::ptr::null(), |row| row.as_ptr().cast())))
    }
}

/// Scratch memory, cut up.
struct Scratch<V: Lanes> {
    walk: Walk<V>,
    /// [`Tables::values`] vectors, of which the first are the walk's state.
    values: *mut V,
    /// Level one at the start of each path, and what a path adds to it.
    origin: *mut V,
    totals: *mut V,
    /// Numbers on their way from or to another type.
    buffer: *mut V::T,
}

impl<V: Lanes> Scratch<V> {
    fn new(tables: &Tables, parts: &mut Parts<V>) -> Self {
        let followed = tables.followed;
        let tile = parts.take(TILE.checked_mul(followed.channels).and_then(|tile| tile.checked_add(MAX_WIDTH)));
        let chains = parts.take(Walk::<V>::chains(followed));
        let values = parts.take(tables.values);
        let origin = parts.take(followed.channels);
        let totals = parts.take(followed.channels.checked_add(MAX_WIDTH));
        let numbers = Promoted::<V::T>::buffer(followed.channels, tables.row);
        let buffer = parts.take(numbers.map(|n| n.div_ceil(V::WIDTH))).cast();
        Scratch { walk: Walk { followed, tile, chains, state: values }, values, origin, totals, buffer }
    }

    fn of(tables: &Tables, memory: &mut [V]) -> Result<Self, Error> {
        let mut parts = Parts::of(memory);
        let scratch = Scratch::new(tables, &mut parts);
        parts.fit()?;
        Ok(scratch)
    }
}

/// A request that was found sound, and where its results go.
struct Call<'a> {
    tables: &'a Tables,
    shape: &'a Shape,
    stream: bool,
    /// Rows of an item.
    rows: usize,
    out: *mut u8,
    /// Bytes of a row.
    pitch: usize,
    /// In the number type of the arithmetic; null where no state is wanted.
    states: *mut u8,
    continued: bool,
}

impl Call<'_> {
    /// Computes the rows of a group; says whether sums of increments are finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn group<V: Lanes>(
        &self,
        group: Group,
        source: &dyn Source<V>,
        initial: Option<Rows<u8>>,
        scratch: &Scratch<V>,
    ) -> bool {
        // SAFETY: all lengths were checked, and the scratch is there.
        unsafe {
            self.start(group, source, initial, scratch);
            let finite =
                if self.stream { self.prefixes(group, source, scratch) } else { self.whole(group, source, scratch) };
            self.keep_state(group, scratch);
            finite
        }
    }

    /// Computes whole paths in tiles, and gives those to `again` that need float64.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn tiles<V: Lanes>(
        &self,
        group: Group,
        paths: &Paths<'_, '_, V::T>,
        product: &Product,
        tiles: &Tiles<V>,
        scratch: &Scratch<LanesF64>,
        again: &mut dyn FnMut(Option<usize>),
    ) {
        let tables = self.tables;
        let tracks = paths.tracks(group);
        let source = Promoted::new(tracks, tables.followed.channels, scratch.buffer);
        // SAFETY: all lengths were checked, and the scratch is there.
        unsafe {
            let sizes = tiles.run(tables, product, &tracks, group.count);
            for first in (0..group.count).step_by(LanesF64::WIDTH) {
                let mut pair = Group::EMPTY;
                for &item in &group.items[first..group.count.min(first + LanesF64::WIDTH)] {
                    pair.push(item);
                }
                tiles.copy(tables, first, scratch.values);
                self.store(pair, 0, &source, scratch);
                self.keep_state(pair, scratch);
                // Both before the others are computed again, in the same memory.
                let logarithm = scratch.values.add(tables.at);
                let fine: [bool; LanesF64::WIDTH] =
                    core::array::from_fn(|l| sizes.is_well_conditioned(first + l, logarithm, l, &tables.ends));
                for (&item, fine) in pair.items[..pair.count].iter().zip(fine) {
                    if !fine {
                        again(Some(item));
                    }
                }
            }
        }
    }

    /// Writes the states of a group, where they are wanted.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn keep_state<V: Lanes>(&self, group: Group, scratch: &Scratch<V>) {
        if !self.states.is_null() {
            let to: RowsMut<V::T> = group.items.map(|item| self.state::<V>(item));
            // SAFETY: as the caller vouches.
            unsafe { store_state(scratch.walk.state, self.tables.followed_size(), &to) };
        }
    }

    /// Where an item's state begins.
    fn state<V: Lanes>(&self, item: usize) -> *mut V::T {
        self.states.cast::<V::T>().wrapping_add(item * self.tables.followed_size())
    }

    /// The state that a group starts from: the identity, initial signatures, or what the piece
    /// before has left.
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn start<V: Lanes>(
        &self,
        group: Group,
        source: &dyn Source<V>,
        initial: Option<Rows<u8>>,
        scratch: &Scratch<V>,
    ) {
        let followed = self.tables.followed;
        let (size, state) = (self.tables.followed_size(), scratch.walk.state);
        let letters = &self.tables.letters[..followed.channels];
        // SAFETY: as the caller vouches.
        unsafe {
            if self.continued {
                let rows = group.items.map(|item| self.state::<V>(item).cast_const());
                load_state(state, size, &rows);
            } else if let Some(rows) = initial {
                for (a, &letter) in letters.iter().enumerate() {
                    *state.add(letter) = source.load(&rows, a);
                }
                followed.rows(&mut |level, first, at, count| {
                    for e in 0..count {
                        *state.add(at + e) = source.load(&rows, self.shape.offset(level) + first + e);
                    }
                });
            } else {
                clear(state, size);
            }
            for (a, &letter) in letters.iter().enumerate() {
                *scratch.origin.add(a) = *state.add(letter);
            }
        }
    }

    /// Whole paths: level one is the difference of the end points, with one rounding; what does not
    /// show there, a number that is not finite inside the path, is in the sums of the walk.
    unsafe fn whole<V: Lanes>(&self, group: Group, source: &dyn Source<V>, scratch: &Scratch<V>) -> bool {
        let (size, state) = (self.tables.followed_size(), scratch.walk.state);
        // SAFETY: as the caller vouches.
        unsafe {
            for t in (0..source.steps()).step_by(TILE) {
                let steps = TILE.min(source.steps() - t);
                source.read(t, steps, scratch.walk.tile);
                scratch.walk.advance(steps);
            }
            let mut zeros = V::zero();
            source.totals(scratch.totals);
            for (a, &letter) in self.tables.letters[..self.tables.followed.channels].iter().enumerate() {
                let zero = (*state.add(letter)).mul(V::zero());
                zeros = zeros.add(zero);
                let total = (*scratch.origin.add(a)).add(*scratch.totals.add(a)).add(zero);
                *state.add(size + a) = total;
                *state.add(letter) = total;
            }
            self.store(group, 0, source, scratch);
            is_zero(zeros)
        }
    }

    /// Logarithms of all prefixes.
    unsafe fn prefixes<V: Lanes>(&self, group: Group, source: &dyn Source<V>, scratch: &Scratch<V>) -> bool {
        let (d, size) = (self.tables.followed.channels, self.tables.followed_size());
        let state = scratch.walk.state;
        // SAFETY: as the caller vouches.
        unsafe {
            let mut zeros = V::zero();
            for row in 0..self.rows {
                let q = row % TILE;
                if row < source.steps() {
                    if q == 0 {
                        source.read(row, TILE.min(source.steps() - row), scratch.walk.tile);
                    }
                    scratch.walk.step(scratch.walk.tile.add(q * d));
                }
                zeros = V::zero();
                for (a, &letter) in self.tables.letters[..d].iter().enumerate() {
                    let x = *state.add(letter);
                    *state.add(size + a) = x;
                    zeros = x.mul_add(V::zero(), zeros);
                }
                self.store(group, row, source, scratch);
            }
            is_zero(zeros)
        }
    }

    /// Takes the logarithm and writes a row of each lane.
    unsafe fn store<V: Lanes>(&self, group: Group, row: usize, source: &dyn Source<V>, scratch: &Scratch<V>) {
        // SAFETY: as the caller vouches.
        unsafe {
            let results = self.tables.run(scratch.values);
            let rows = group.items.map(|item| self.out.add((item * self.rows + row) * self.pitch));
            source.store(results, self.tables.row, &rows);
        }
    }
}
