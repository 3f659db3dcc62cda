//! Chosen words: coefficients of some words of signatures, and their gradients. The cost is that of
//! the words and their prefixes, whatever else the signature has.
//!
//! A trie has the words and their prefixes, in an order in which a prefix comes before what
//! continues it. It is walked once for a tile of steps, with time as the inner loop, and each node
//! does what a word of the other walks does (`walk`): with C_m(w) the value of Horner's scheme at
//! word w where m letters are to come,
//!
//!   C_m(wa) = S(wa) + z(a) C_{m+1}(w) / (m + 1),   S(wa) after the step = C_0(wa),
//!
//! C_m of the empty word being 1. A node hands down C_m / m for as many m as words below it have
//! letters.
//!
//! Not here: which words there are (ts/input/select.ts), how paths are read (`path`).

mod gradient;
mod trie;
mod walk;

use crate::batch::finish::Finish;
use crate::batch::items::{Group, Items};
use crate::batch::parts::Parts;
use crate::batch::request::{Error, Report, Request, rows};
use crate::batch::state::{clear, is_zero, load_state, store_state};
use crate::lanes::{Lanes, MAX_WIDTH, Real, Rows, RowsMut};
use crate::path::increments::Gather;
use crate::words::shape::Shape;
pub use gradient::{Cotangents, gradients, gradients_scratch};
pub use trie::ENTRY;
use trie::{Node, Trie};
use walk::Walk;

/// A batch of paths, and the words of it.
#[derive(Clone, Copy, Debug)]
pub struct Selected<'a, T> {
    /// The paths, of depth 1, without an initial signature.
    pub paths: Request<'a, T>,
    /// The length of the longest word.
    pub depth: usize,
    /// The nodes of the trie, [`ENTRY`] numbers each.
    pub nodes: &'a [T],
    /// Numbers of a row without its scalar term.
    pub columns: usize,
}

/// Sizes that say how much scratch there has to be.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Channels of the paths.
    pub channels: usize,
    /// The length of the longest word.
    pub depth: usize,
    /// Words and their prefixes.
    pub nodes: usize,
    /// Chosen words.
    pub columns: usize,
    /// Whether there is a row for every prefix of a path.
    pub stream: bool,
}

impl<T: Real> Selected<'_, T> {
    fn sizes(&self) -> Sizes {
        Sizes {
            channels: self.paths.channels,
            depth: self.depth,
            nodes: self.nodes.len() / ENTRY,
            columns: self.columns,
            stream: self.paths.options.stream,
        }
    }

    /// Whether all input is there.
    fn check(&self) -> Result<(), Error> {
        let Request { channels, initial, .. } = self.paths;
        self.paths.check_input(&Shape::new(channels, 1).ok_or(Error::Shape)?)?;
        if initial.is_some() { Err(Error::Initial) } else { Ok(()) }
    }

    /// Numbers of all rows, with their scalar terms.
    fn row_numbers(&self) -> Option<usize> {
        let row = self.columns.checked_add(usize::from(self.paths.options.scalar_term))?;
        self.paths.batch.checked_mul(rows(&self.paths))?.checked_mul(row)
    }
}

/// All paths in groups: one copy of the code for a number type.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn groups<T: Real>(paths: &Request<'_, T>, width: usize, work: &mut dyn FnMut(Group)) {
    paths.groups(width, work);
}

/// A group's increments.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn gather<'b, T: Real>(paths: &Request<'b, T>, group: Group) -> Gather<'b, T> {
    let mut tracks = [paths.track(group.items[0]); MAX_WIDTH];
    for (track, &item) in tracks.iter_mut().zip(&group.items) {
        *track = paths.track(item);
    }
    Gather::new(tracks, paths.channels)
}

/// Scratch of signatures.
struct Scratch<V> {
    walk: Walk<V>,
    nodes: *mut Node,
    values: *mut V,
}

impl<V: Lanes> Scratch<V> {
    #[cfg_attr(path_signature_small, optimize(size))]
    fn new(sizes: Sizes, parts: &mut Parts<V>) -> Self {
        let walk = Walk::new(sizes, parts);
        let nodes = trie::nodes(sizes.nodes, parts);
        let steps = if sizes.stream { walk.tile } else { 1 };
        Scratch { walk, nodes, values: parts.part(sizes.columns.checked_mul(steps)) }
    }
}

/// Vectors of scratch that [`selected`] needs.
pub fn selected_scratch<V: Lanes>(sizes: Sizes) -> Option<usize> {
    if !sizes.are_sound() {
        return None;
    }
    let mut parts = Parts::<V>::measured();
    Scratch::new(sizes, &mut parts);
    parts.total()
}

/// Computes the chosen coefficients: rows as [`crate::signature()`] writes them, of chosen words.
/// `states` is (batch, nodes), the state of each path: read where `continued`, and written at its
/// end.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn selected<V: Lanes>(
    request: &Selected<'_, V::T>,
    out: &mut [V::T],
    states: Option<&mut [V::T]>,
    continued: bool,
    scratch: &mut [V],
) -> Result<Report, Error> {
    let (paths, sizes) = (&request.paths, request.sizes());
    request.check()?;
    if request.row_numbers() != Some(out.len()) || !sizes.are_sound() {
        return Err(Error::Output);
    }
    let count = paths.batch.checked_mul(sizes.nodes);
    if states.as_ref().map_or(continued, |states| Some(states.len()) != count) {
        return Err(Error::Output);
    }
    let mut parts = Parts::of(scratch);
    let scratch = Scratch::new(sizes, &mut parts);
    parts.fit()?;
    // SAFETY: the scratch is there.
    let trie = unsafe { Trie::read(request.nodes, sizes, scratch.nodes)? };
    let finish = Finish::new(out, rows(paths), sizes.columns, paths.options.scalar_term);
    let states = states.map_or(core::ptr::null_mut(), <[V::T]>::as_mut_ptr);
    let call = Call { trie, finish, states, continued };
    let mut zeros = V::zero();
    groups(paths, V::WIDTH, &mut |group| {
        // SAFETY: all lengths were checked, and the scratch is there.
        zeros = zeros.add(unsafe { call.group(paths, group, &scratch.walk, scratch.values) });
    });
    Ok(Report { increments_finite: is_zero(zeros) })
}

/// A request that was found sound, and where its results go.
struct Call<'s, T> {
    trie: Trie<'s>,
    finish: Finish<T>,
    states: *mut T,
    continued: bool,
}

impl<T: Real> Call<'_, T> {
    /// The rows of a group; zero if all increments are finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn group<V: Lanes<T = T>>(&self, paths: &Request<'_, T>, group: Group, walk: &Walk<V>, values: *mut V) -> V {
        let nodes = self.trie.nodes.len();
        let columns = if paths.options.stream { values } else { core::ptr::null_mut() };
        let width = self.trie.columns;
        let gather = gather(paths, group);
        let states: RowsMut<T> = group.items.map(|item| self.states.wrapping_add(item * nodes));
        let mut zeros = V::zero();
        // SAFETY: as the caller vouches.
        unsafe {
            if self.continued {
                let rows: Rows<T> = states.map(<*mut T>::cast_const);
                load_state(walk.state, nodes, &rows);
            } else {
                clear(walk.state, nodes);
            }
            for t in (0..gather.steps).step_by(walk.tile) {
                let steps = walk.tile.min(gather.steps - t);
                zeros = zeros.add(walk.read(&gather, t, steps));
                walk.advance(&self.trie, columns);
                if paths.options.stream {
                    for q in 0..steps {
                        self.finish.write(group, t + q, values.add(q * width));
                    }
                }
            }
            self.trie.pick(walk.state, values);
            let first = if paths.options.stream { gather.steps } else { 0 };
            for row in first..self.finish.rows {
                self.finish.write(group, row, values);
            }
            if !self.states.is_null() {
                store_state(walk.state, nodes, &states);
            }
        }
        zeros
    }
}
