//! Items: what binds lanes to paths. An item is what a lane follows, and has its rows of the
//! output.
//!
//! Not here: how an item is computed.

use crate::lanes::{MAX_WIDTH, Real};
use crate::path::increments::{Gather, Track};

/// Items that are sorted by length together.
const WINDOW: usize = 64;

/// Some items, one a lane; lanes from `count` on repeat the last.
#[derive(Clone, Copy)]
pub struct Group {
    pub items: [usize; MAX_WIDTH],
    pub count: usize,
}

impl Group {
    pub const EMPTY: Group = Group { items: [0; MAX_WIDTH], count: 0 };

    /// All items, `width` neighbours in each group.
    #[inline(always)]
    pub fn all(items: usize, width: usize) -> impl Iterator<Item = Group> {
        (0..items).step_by(width).map(move |first| {
            let count = width.min(items - first);
            Group { items: core::array::from_fn(|l| first + l.min(count - 1)), count }
        })
    }

    pub fn push(&mut self, item: usize) {
        for i in &mut self.items[self.count..] {
            *i = item;
        }
        self.count += 1;
    }
}

/// The items of a call.
pub trait Items<'a, T: Real> {
    /// How many there are.
    fn count(&self) -> usize;

    /// Points of each, where they differ.
    fn lengths(&self) -> Option<&'a [u32]>;

    /// The path that an item follows.
    fn track(&self, item: usize) -> Track<'a, T>;

    /// Letters of the words, vectors of an increment.
    fn letters(&self) -> usize;

    /// A group's increments.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn gather(&self, group: Group) -> Gather<'a, T> {
        Gather::new(core::array::from_fn(|l| self.track(group.items[l])), self.letters())
    }

    /// All items, a window after the other, each in the order of lengths, so that lanes end
    /// together.
    #[inline(always)]
    fn windows(&self, work: impl FnMut(&[usize])) {
        windows(self.count(), self.lengths(), work);
    }

    /// All items in groups of up to `width` of similar length.
    fn groups(&self, width: usize, mut work: impl FnMut(Group)) {
        groups(self.count(), self.lengths(), width, &mut work);
    }
}

/// [`Items::groups`] of items of which only this is known.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn groups(items: usize, lengths: Option<&[u32]>, width: usize, work: &mut dyn FnMut(Group)) {
    if lengths.is_none() {
        return Group::all(items, width).for_each(work);
    }
    windows(items, lengths, |window| {
        for items in window.chunks(width) {
            let mut group = Group::EMPTY;
            for &item in items {
                group.push(item);
            }
            work(group);
        }
    });
}

/// [`Items::windows`] of items of which only this is known.
#[inline(always)]
fn windows(items: usize, lengths: Option<&[u32]>, mut work: impl FnMut(&[usize])) {
    let mut first = 0;
    while first < items {
        let count = WINDOW.min(items - first);
        let mut window = [0; WINDOW];
        for (i, item) in window[..count].iter_mut().enumerate() {
            *item = first + i;
        }
        if let Some(lengths) = lengths {
            sort_by_length(&mut window[..count], lengths);
        }
        work(&window[..count]);
        first += count;
    }
}

/// Insertion sort, which is short and moves nothing where neighbours are in order already.
fn sort_by_length(items: &mut [usize], lengths: &[u32]) {
    for end in 1..items.len() {
        let mut i = end;
        while i > 0 && lengths[items[i - 1]] > lengths[items[i]] {
            items.swap(i - 1, i);
            i -= 1;
        }
    }
}
