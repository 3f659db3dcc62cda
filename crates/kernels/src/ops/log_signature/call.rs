//! A call whose request was found sound: computes groups of paths and writes their rows.

use super::source::{Promoted, Source};
use super::tables::Tables;
use super::walk::Walk;
use crate::batch::items::Group;
use crate::batch::parts::Parts;
use crate::batch::request::Error;
use crate::batch::state::{clear, is_zero, load_state, store_state};
use crate::lanes::{Lanes, MAX_WIDTH, Rows, RowsMut};
use crate::path::increments::TILE;

/// Scratch memory, cut up.
pub struct Scratch<V: Lanes> {
    walk: Walk<V>,
    /// [`Tables::values`] vectors, of which the first are the walk's state.
    pub values: *mut V,
    /// Level one at the start of each path, and what a path adds to it.
    origin: *mut V,
    totals: *mut V,
    /// Numbers on their way from or to another type.
    pub buffer: *mut V::T,
}

impl<V: Lanes> Scratch<V> {
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn new(tables: &Tables, parts: &mut Parts<V>) -> Self {
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

    pub fn of(tables: &Tables, memory: &mut [V]) -> Result<Self, Error> {
        let mut parts = Parts::of(memory);
        let scratch = Scratch::new(tables, &mut parts);
        parts.fit()?;
        Ok(scratch)
    }
}

/// A request that was found sound, and where its results go.
pub struct Call<'a> {
    pub tables: &'a Tables,
    pub stream: bool,
    /// Rows of an item.
    pub rows: usize,
    pub out: *mut u8,
    /// Bytes of a row.
    pub pitch: usize,
    /// In the number type of the arithmetic; null where no state is wanted.
    pub states: *mut u8,
    pub continued: bool,
}

impl Call<'_> {
    /// Computes the rows of a group; says whether sums of increments are finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn group<V: Lanes>(
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

    /// Writes the states of a group, where they are wanted.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn keep_state<V: Lanes>(&self, group: Group, scratch: &Scratch<V>) {
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
        let (size, state) = (self.tables.followed_size(), scratch.walk.state);
        let letters = &self.tables.letters[..self.tables.followed.channels];
        // SAFETY: as the caller vouches.
        unsafe {
            if self.continued {
                let rows = group.items.map(|item| self.state::<V>(item).cast_const());
                load_state(state, size, &rows);
            } else if let Some(rows) = initial {
                for row in &self.tables.rows {
                    for e in 0..row.count {
                        *state.add(row.at + e) = source.load(&rows, row.first + e);
                    }
                }
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
    pub unsafe fn store<V: Lanes>(&self, group: Group, row: usize, source: &dyn Source<V>, scratch: &Scratch<V>) {
        // SAFETY: as the caller vouches.
        unsafe {
            let results = self.tables.run(scratch.values);
            let rows = group.items.map(|item| self.out.add((item * self.rows + row) * self.pitch));
            source.store(results, self.tables.row, &rows);
        }
    }
}
