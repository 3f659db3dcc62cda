//! Log-signatures of a batch of paths: the followed words of a pruned walk, and the logarithm of
//! those (docs/log-signatures.md). Nothing is recovered, and the top level of the signature never
//! exists.
//!
//! Not here: how a group of paths is computed (`call`), the arithmetic of a step (`walk`), of the
//! logarithm (`writer`, `closed`), of the bases (`basis`).

mod basis;
mod call;
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
mod writer;

pub use basis::Basis;
pub use conversion::{Conversion, Direction};
pub use tables::{MOST_COEFFICIENTS, Tables, row_len};
pub use words::lyndon_count;

use crate::batch::items::{Group, groups};
use crate::batch::parts::Parts;
use crate::batch::request::{Error, Report, Request, rows};
use crate::lanes::{Lanes, LanesF64, MAX_WIDTH, Real, Rows};
use crate::path::increments::{Gather, Track};
use crate::words::shape::Shape;
use call::{Call, Scratch};
use source::Promoted;
use tiled::{FEWEST_STEPS, Tiles, is_long};

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
    let call =
        Call { tables, stream: request.options.stream, rows, out: out.as_mut_ptr().cast(), pitch, states, continued };
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
        let mut whole = |group: Group| {
            let source = Promoted::new(paths.tracks(group), request.channels);
            finite &= call.group(group, &source, paths.initial(group, shape.size), &scratch);
        };
        let mut in_tiles = |group: Group| {
            let (Some(tiles), Some(product)) = (&tiles, &tables.product) else { return 0 };
            tiles.group(&call, product, group, &paths.tracks(group), &scratch)
        };
        if begins && tiles.is_some() && tables.product.is_some() && request.points >= FEWEST_STEPS {
            let is_tiled = |item: usize| is_long(request.channels, paths.track(item).steps);
            let (waiting, waiting_for_tiles) = (Group::EMPTY, Group::EMPTY);
            Order { whole: &mut whole, tiles: &mut in_tiles, waiting, waiting_for_tiles }.run(
                request.batch,
                request.lengths,
                &is_tiled,
            );
        } else {
            groups(request.batch, request.lengths, LanesF64::WIDTH, &mut whole);
        }
        if request.batch > 0 {
            let source = Promoted::new(paths.tracks(Group::EMPTY), request.channels);
            // SAFETY: as in `whole`.
            unsafe { call.flush(&source, &scratch) };
        }
    } else {
        let scratch = Scratch::of(tables, scratch)?;
        groups(request.batch, request.lengths, V::WIDTH, &mut |group: Group| {
            let source = Gather::new(paths.tracks(group), request.channels);
            finite &= call.group::<V>(group, &source, paths.initial(group, shape.size), &scratch);
        });
        if request.batch > 0 {
            let source = Gather::new(paths.tracks(Group::EMPTY), request.channels);
            // SAFETY: as above.
            unsafe { call.flush::<V>(&source, &scratch) };
        }
    }
    Ok(Report { increments_finite: finite })
}

/// The order in which paths are computed where some are in tiles: pairs by `whole`, and groups of
/// those that are long by `tiles`, whose result has a bit for each lane that has to be computed
/// again.
struct Order<'a> {
    whole: &'a mut dyn FnMut(Group),
    tiles: &'a mut dyn FnMut(Group) -> u32,
    /// Those that wait.
    waiting: Group,
    waiting_for_tiles: Group,
}

impl Order<'_> {
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn run(&mut self, batch: usize, lengths: Option<&[u32]>, is_tiled: &dyn Fn(usize) -> bool) {
        groups(batch, lengths, 1, &mut |group| {
            let [item, ..] = group.items;
            if is_tiled(item) {
                self.waiting_for_tiles.push(item);
                self.flush_tiles(MAX_WIDTH);
            } else {
                self.push(item);
            }
        });
        self.flush_tiles(1);
        if self.waiting.count > 0 {
            (self.whole)(self.waiting);
        }
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn push(&mut self, item: usize) {
        self.waiting.push(item);
        if self.waiting.count == LanesF64::WIDTH {
            (self.whole)(self.waiting);
            self.waiting = Group::EMPTY;
        }
    }

    /// Computes a group of long paths if it has as many as `least`.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn flush_tiles(&mut self, least: usize) {
        let group = self.waiting_for_tiles;
        if group.count >= least {
            self.waiting_for_tiles = Group::EMPTY;
            let again = (self.tiles)(group);
            for l in 0..group.count {
                if again >> l & 1 == 1 {
                    self.push(group.items[l]);
                }
            }
        }
    }
}

/// The paths of a request.
struct Paths<'a, 'b, T>(&'a Request<'b, T>);

impl<'b, T: Real> Paths<'_, 'b, T> {
    fn track(&self, path: usize) -> Track<'b, T> {
        let r = self.0;
        let start = path * r.points * r.channels;
        let points = r.lengths.map_or(r.points, |l| l[path] as usize);
        let basepoint = r.basepoint.and_then(|b| b.get(path, r.channels));
        Track::new(&r.paths[start..start + points * r.channels], r.channels, basepoint, r.options.inverse)
    }

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
