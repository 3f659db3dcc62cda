//! Where levels lie in a state: one vector a coefficient, level 0 (the scalar) first, each level in
//! lexicographic word order.

use crate::words::shape::Shape;
use core::ops::Range;

/// Where levels lie in a state.
pub struct Levels(Shape);

impl Levels {
    pub fn new(channels: usize, depth: usize) -> Option<Levels> {
        Shape::new(channels, depth).map(Levels)
    }

    pub fn depth(&self) -> usize {
        self.0.depth
    }

    /// Vectors of a state.
    pub fn size(&self) -> usize {
        1 + self.0.size
    }

    /// Where level `k` lies.
    pub fn range(&self, k: usize) -> Range<usize> {
        match (self.0.channels, k) {
            // A shape has no tables for one channel, which may have any depth.
            (1, _) => k..k + 1,
            (_, 0) => 0..1,
            _ => 1 + self.0.offset(k)..1 + self.0.offset(k) + self.0.count(k),
        }
    }

    /// Level `k` of a state.
    pub fn level<'s, V>(&self, state: &'s [V], k: usize) -> &'s [V] {
        &state[self.range(k)]
    }

    /// Level `k` to write, and the levels below it to read.
    pub fn with_lower<'s, V>(&self, state: &'s mut [V], k: usize) -> (&'s [V], &'s mut [V]) {
        let Range { start, end } = self.range(k);
        let (lower, level) = state[..end].split_at_mut(start);
        (lower, level)
    }

    /// Level `k` to write, and the levels over it to read: number 0 is level `k + 1`.
    pub fn with_higher<'s, V>(&self, state: &'s mut [V], k: usize) -> (&'s mut [V], impl Fn(usize) -> &'s [V]) {
        let Range { start, end } = self.range(k);
        let (level, higher) = state.split_at_mut(end);
        let higher: &'s [V] = higher;
        let at = move |j: usize| {
            let Range { start, end: stop } = self.range(k + 1 + j);
            &higher[start - end..stop - end]
        };
        (&mut level[start..], at)
    }
}
