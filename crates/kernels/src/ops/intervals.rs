//! Signatures of pieces of one long path, and products of rows that are known. What comes of either
//! is a row, known to later calls: so a caller prepares a path for signatures of any interval, and
//! asks for them, by the same operation. Lanes are pieces, or products.
//!
//! Not here: which rows are kept, and which of them an interval takes
//! (`ts/streams/interval-table.ts`).

use crate::batch::parts::Parts;
use crate::batch::request::Error;
use crate::batch::state::{clear, load_state, store_state};
use crate::lanes::{Lanes, MAX_WIDTH};
use crate::path::increments::{Gather, Track};
use crate::tensor::chen::multiply_lanes;
use crate::walk::follow::{self, follow};
use crate::words::shape::Shape;

/// Words of a piece: the row where it goes, its first point and its steps.
const PIECE: usize = 3;

/// What a call computes.
#[derive(Clone, Copy, Debug)]
pub struct Pieces<'a, T> {
    /// The path's numbers, a point after the other.
    pub path: &'a [T],
    /// Numbers of a point.
    pub channels: usize,
    /// The level at which signatures are truncated.
    pub depth: usize,
    /// Rows of each product; 0: pieces of the path.
    pub factors: usize,
    /// Of each product the row where it goes, then its factors; of each piece its row, its first
    /// point and its steps.
    pub words: &'a [u32],
}

impl<T> Pieces<'_, T> {
    /// Words of a product, or of a piece.
    pub fn width(factors: usize) -> Option<usize> {
        if factors == 0 { Some(PIECE) } else { factors.checked_add(1) }
    }
}

/// Scratch memory of a call, cut up.
struct Scratch<V> {
    follow: follow::Memory<V>,
    state: *mut V,
    factor: *mut V,
}

impl<V: Lanes> Scratch<V> {
    fn new(shape: &Shape, parts: &mut Parts<V>) -> Self {
        Scratch {
            follow: follow::Memory::new(parts, shape.channels, shape.depth),
            state: parts.part(shape.size),
            factor: parts.part(shape.size),
        }
    }
}

/// Vectors of scratch that [`intervals`] needs.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn intervals_scratch<V: Lanes>(channels: usize, depth: usize) -> Option<usize> {
    let mut parts = Parts::measured();
    Scratch::<V>::new(&Shape::walked(channels, depth)?, &mut parts);
    parts.total()
}

/// Whether all points and rows are there. One copy of the code for both number types.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn is_sound(words: &[u32], factors: usize, points: usize, rows: usize) -> bool {
    let is_row = |&row: &u32| (row as usize) < rows;
    if factors > 0 {
        return words.iter().all(is_row);
    }
    words.chunks(PIECE).all(|piece| is_row(&piece[0]) && u64::from(piece[1]) + u64::from(piece[2]) < points as u64)
}

/// Word `i` of each lane; lanes without anything have the last.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn words_of(group: &[u32], width: usize, i: usize) -> [usize; MAX_WIDTH] {
    core::array::from_fn(|l| group[(l * width).min(group.len() - width) + i] as usize)
}

/// Computes pieces or products into `rows`, of which products read others: none may read what one
/// of the same call writes. Two or more channels and levels. Says whether all sums of increments
/// are finite.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn intervals<V: Lanes>(given: &Pieces<'_, V::T>, rows: &mut [V::T], scratch: &mut [V]) -> Result<bool, Error> {
    let Pieces { path, channels, depth, factors, words } = *given;
    let shape = Shape::walked(channels, depth).ok_or(Error::Shape)?;
    let width = Pieces::<V::T>::width(factors).ok_or(Error::Shape)?;
    let points = path.len() / channels;
    if points == 0 || points * channels != path.len() || !words.len().is_multiple_of(width) {
        return Err(Error::Shape);
    }
    if !is_sound(words, factors, points, rows.len() / shape.size) {
        return Err(Error::Lengths);
    }
    let mut parts = Parts::of(scratch);
    let Scratch { follow: memory, state, factor } = Scratch::new(&shape, &mut parts);
    parts.fit()?;
    let whole = Track::new(path, channels, None, false);
    let rows = rows.as_mut_ptr();
    let mut finite = true;
    for group in words.chunks(width * V::WIDTH) {
        let row = |i: usize| words_of(group, width, i).map(|row| rows.wrapping_add(row * shape.size));
        // SAFETY: points, rows and memory are there, as was checked; what is read of a group is
        // read before any of it is written.
        unsafe {
            if factors == 0 {
                let [from, steps] = [1, 2].map(|i| words_of(group, width, i));
                let gather = Gather::new(core::array::from_fn(|l| whole.cut(from[l], steps[l])), channels);
                clear(state, shape.size);
                finite &= follow(&shape, &gather, &memory, state);
            }
            for i in 1..=factors {
                let to = if i == 1 { state } else { factor };
                load_state(to, shape.size, &row(i).map(<*mut V::T>::cast_const));
                if i > 1 {
                    multiply_lanes(&shape, state, factor, state);
                }
            }
            store_state(state, shape.size, &row(0));
        }
    }
    Ok(finite)
}
