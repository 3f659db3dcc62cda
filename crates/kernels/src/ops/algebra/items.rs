//! Items: what binds lanes to rows. One lane holds one row; the lanes that are left over in the
//! last group repeat its last row.

use super::levels::Levels;
use crate::batch::options::PerPath;
use crate::batch::request::Error;
use crate::batch::state::{load_state, store_state};
use crate::lanes::{Lanes, Real, Rows, RowsMut};

/// What rows look like, and how many there are.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Number of items.
    pub batch: usize,
    /// Letters, at least 1.
    pub channels: usize,
    /// Truncation level, at least 1.
    pub depth: usize,
    /// Rows begin with their scalar.
    pub scalar_term: bool,
}

/// Vectors of scratch that every operation needs but the gradients of exponential and logarithm,
/// whatever the batch: three states. `None` where the shape is none.
pub fn scratch(channels: usize, depth: usize) -> Option<usize> {
    Levels::new(channels, depth)?.size().checked_mul(3)
}

/// `out := f(a)`, row by row: `f` makes its second state from the first. `scalar` is that of rows
/// without one.
pub fn map_rows<V: Lanes>(
    layout: Layout,
    a: PerPath<'_, V::T>,
    scalar: V::T,
    out: &mut [V::T],
    memory: &mut [V],
    f: impl Fn(&Items, &mut [V], &mut [V]),
) -> Result<(), Error> {
    let items = layout.items()?;
    items.check_rows(a).and(items.check_out(out))?;
    let ([x, y, _], _) = items.states(memory, scratch(layout.channels, layout.depth))?;
    for first in items.groups::<V>() {
        items.read(a, first, scalar, x);
        f(&items, x, y);
        items.write(y, first, out);
    }
    Ok(())
}

/// As [`map_rows`] for gradients: `f` makes the third state from the row and its cotangent, and
/// gets the scratch behind them.
pub fn pull_rows<V: Lanes>(
    layout: Layout,
    (a, cotangent): (PerPath<'_, V::T>, &[V::T]),
    scalar: V::T,
    out: &mut [V::T],
    (memory, needed): (&mut [V], Option<usize>),
    f: impl Fn(&Items, [&mut [V]; 3], &mut [V]),
) -> Result<(), Error> {
    let items = layout.items()?;
    items.check_rows(a).and(items.check_out(out))?;
    let cotangent = items.cotangents(cotangent)?;
    let ([x, c, g], rest) = items.states(memory, needed)?;
    for first in items.groups::<V>() {
        items.read(a, first, scalar, x);
        items.read(cotangent, first, V::T::ZERO, c);
        f(&items, [x, c, g], rest);
        items.write(g, first, out);
    }
    Ok(())
}

/// Items of a call that has been checked.
pub struct Items {
    pub levels: Levels,
    pub scalar_term: bool,
    batch: usize,
    row: usize,
}

impl Layout {
    /// Checks the shape. What is given and written is checked by [`Items`], piece by piece.
    pub(super) fn items(self) -> Result<Items, Error> {
        let levels = Levels::new(self.channels, self.depth).ok_or(Error::Shape)?;
        let row = levels.size() - usize::from(!self.scalar_term);
        self.batch.checked_mul(row).ok_or(Error::Shape)?;
        Ok(Items { levels, scalar_term: self.scalar_term, batch: self.batch, row })
    }
}

impl Items {
    /// Whether every item has its row among the operands.
    pub fn check_rows<T>(&self, rows: PerPath<'_, T>) -> Result<(), Error> {
        match self.batch == 0 || rows.get(self.batch - 1, self.row).is_some() {
            true => Ok(()),
            false => Err(Error::Rows),
        }
    }

    /// The cotangents, one row an item, as rows to read.
    pub fn cotangents<'a, T>(&self, data: &'a [T]) -> Result<PerPath<'a, T>, Error> {
        match data.len() == self.batch * self.row {
            true => Ok(PerPath { data, stride: self.row }),
            false => Err(Error::Cotangents),
        }
    }

    /// Whether an output has room for exactly one row an item.
    pub fn check_out<T>(&self, out: &[T]) -> Result<(), Error> {
        if out.len() == self.batch * self.row { Ok(()) } else { Err(Error::Output) }
    }

    /// Three states, and the scratch behind them.
    pub fn states<'s, V>(
        &self,
        memory: &'s mut [V],
        needed: Option<usize>,
    ) -> Result<([&'s mut [V]; 3], &'s mut [V]), Error> {
        let size = self.levels.size();
        let memory = memory.get_mut(..needed.ok_or(Error::Shape)?).ok_or(Error::Scratch)?;
        let (x, rest) = memory.split_at_mut(size);
        let (y, rest) = rest.split_at_mut(size);
        let (z, rest) = rest.split_at_mut(size);
        Ok(([x, y, z], rest))
    }

    /// The first item of each group of lanes.
    pub fn groups<V: Lanes>(&self) -> impl Iterator<Item = usize> + use<V> {
        (0..self.batch).step_by(V::WIDTH)
    }

    /// A group's rows to a state; `scalar` is the scalar of rows without one.
    pub fn read<V: Lanes>(&self, from: PerPath<'_, V::T>, first: usize, scalar: V::T, state: &mut [V]) {
        let rows: Rows<V::T> = core::array::from_fn(|l| from.data[self.item::<V>(first, l) * from.stride..].as_ptr());
        state[0] = V::splat(scalar);
        let state = &mut state[usize::from(!self.scalar_term)..];
        // SAFETY: the state has as many vectors as a row has numbers; `check_rows` has seen every
        // row.
        unsafe { load_state(state.as_mut_ptr(), self.row, &rows) }
    }

    /// A state to the group's rows.
    pub fn write<V: Lanes>(&self, state: &[V], first: usize, out: &mut [V::T]) {
        let start = out.as_mut_ptr();
        let rows: RowsMut<V::T> = core::array::from_fn(|l| start.wrapping_add(self.item::<V>(first, l) * self.row));
        let state = &state[usize::from(!self.scalar_term)..];
        // SAFETY: as above; `check_out` has seen that there is a row for each item.
        unsafe { store_state(state.as_ptr(), self.row, &rows) }
    }

    fn item<V: Lanes>(&self, first: usize, lane: usize) -> usize {
        (first + lane.min(V::WIDTH - 1)).min(self.batch - 1)
    }
}

/// A function of every lane, computed in float64.
pub fn map<V: Lanes>(x: V, f: impl Fn(f64) -> f64) -> V {
    let lanes = x.to_lanes();
    V::from_lanes(|l| V::T::from_f64(f(lanes[l].to_f64())))
}

/// All vectors times one factor.
pub fn scale<V: Lanes>(vectors: &mut [V], factor: V) {
    for x in vectors {
        *x = x.mul(factor);
    }
}
