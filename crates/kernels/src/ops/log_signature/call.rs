//! A call whose request was found sound: computes groups of paths and writes their rows.

use super::source::Source;
use super::tables::{SLOTS, Tables};
use super::walk::Walk;
use crate::batch::items::Group;
use crate::batch::parts::Parts;
use crate::batch::request::Error;
use crate::batch::state::{clear, is_zero, load_state, store_state, sums_finite};
use crate::lanes::{Lanes, MAX_WIDTH, Rows, RowsMut};
use crate::path::increments::TILE;
use core::cell::Cell;

/// Scratch memory, cut up.
pub struct Scratch<V: Lanes> {
    pub walk: Walk<V>,
    /// [`Tables::values`] vectors, and rows of [`Tables::slots`] logarithms.
    pub values: *mut V,
    pub out: *mut V,
    /// Where the rows of whole paths go that are not finished.
    waiting: Cell<[RowsMut<u8>; SLOTS]>,
    waits: Cell<usize>,
    /// Level one at the start of each path, and what a path adds to it.
    origin: *mut V,
    totals: *mut V,
}

impl<V: Lanes> Scratch<V> {
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn new(tables: &Tables, parts: &mut Parts<V>) -> Self {
        let followed = tables.followed;
        let tile = parts.take(TILE.checked_mul(followed.channels).and_then(|tile| tile.checked_add(MAX_WIDTH)));
        let chains = parts.take(Walk::<V>::chains(followed));
        let state = parts.take(tables.followed_size().checked_add(followed.channels));
        let values = parts.take(tables.values);
        let out = parts.take(tables.slots.checked_mul(tables.row));
        let origin = parts.take(followed.channels);
        let totals = parts.take(followed.channels.checked_add(MAX_WIDTH));
        let walk = Walk { followed, tile, chains, state };
        let (waiting, waits) = (Cell::new([[core::ptr::null_mut(); MAX_WIDTH]; SLOTS]), Cell::new(0));
        Scratch { walk, values, out, waiting, waits, origin, totals }
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
            self.keep_state(group, scratch.walk.state);
            finite
        }
    }

    /// Writes the states of a group, where they are wanted.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn keep_state<V: Lanes>(&self, group: Group, state: *const V) {
        if !self.states.is_null() {
            let to: RowsMut<V::T> = group.items.map(|item| self.state::<V>(item));
            // SAFETY: as the caller vouches.
            unsafe { store_state(state, self.tables.followed_size(), &to) };
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
    #[inline(never)]
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
            self.store(group, scratch.walk.state, source, scratch);
            is_zero(zeros)
        }
    }

    /// Logarithms of all prefixes.
    #[inline(never)]
    unsafe fn prefixes<V: Lanes>(&self, group: Group, source: &dyn Source<V>, scratch: &Scratch<V>) -> bool {
        let (d, size) = (self.tables.followed.channels, self.tables.followed_size());
        let (state, letters) = (scratch.walk.state, &self.tables.letters[..]);
        // SAFETY: as the caller vouches.
        unsafe {
            let mut slot = 0;
            for row in 0..self.rows {
                let q = row % TILE;
                if row < source.steps() {
                    if q == 0 {
                        source.read(row, TILE.min(source.steps() - row), scratch.walk.tile);
                    }
                    scratch.walk.step(letters, scratch.walk.tile.add(q * d));
                }
                for (a, &letter) in letters[..d].iter().enumerate() {
                    *state.add(size + a) = *state.add(letter);
                }
                self.tables.take(slot, state, scratch.values, scratch.out);
                slot += 1;
                if slot == self.tables.slots || row + 1 == self.rows {
                    self.tables.finish(slot, scratch.values, scratch.out);
                    source.store(scratch.out, slot * self.tables.row, &self.rows(group, row + 1 - slot));
                    slot = 0;
                }
            }
            sums_finite(state.add(size), if self.rows > 0 { d } else { 0 })
        }
    }

    /// Where row number `row` of each lane begins.
    fn rows(&self, group: Group, row: usize) -> RowsMut<u8> {
        group.items.map(|item| self.out.wrapping_add((item * self.rows + row) * self.pitch))
    }

    /// Takes the logarithms of whole paths, whose rows are written now or with those of others.
    #[inline(never)]
    pub unsafe fn store<V: Lanes>(&self, group: Group, state: *const V, source: &dyn Source<V>, scratch: &Scratch<V>) {
        let rows = self.rows(group, 0);
        let slot = scratch.waits.get();
        // SAFETY: as the caller vouches.
        unsafe {
            self.tables.take(slot, state, scratch.values, scratch.out);
            if !self.tables.has_program() {
                return source.store(scratch.out, self.tables.row, &rows);
            }
            let mut waiting = scratch.waiting.get();
            waiting[slot] = rows;
            scratch.waiting.set(waiting);
            scratch.waits.set(slot + 1);
            if slot + 1 == self.tables.slots {
                self.flush(source, scratch);
            }
        }
    }

    /// Writes the rows that wait.
    ///
    /// # Safety
    /// As [`Call::group`].
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn flush<V: Lanes>(&self, source: &dyn Source<V>, scratch: &Scratch<V>) {
        let count = scratch.waits.replace(0);
        // SAFETY: as the caller vouches.
        unsafe {
            if count > 0 {
                self.tables.finish(count, scratch.values, scratch.out);
            }
            for (slot, rows) in scratch.waiting.get()[..count].iter().enumerate() {
                source.store(scratch.out.add(slot * self.tables.row), self.tables.row, rows);
            }
        }
    }
}
