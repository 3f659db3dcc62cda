//! Levels of tensors in lanes: a state is one vector a coefficient, level 0 (the scalar) first,
//! each level in lexicographic word order. Products and contractions of single levels; which levels
//! meet is each operation's own.

use crate::lanes::Lanes;
use crate::shape::Shape;
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

/// Calls a function of the first of `N` columns for all columns of a matrix: four at a time, then
/// those that are left. A row's numbers are the last letters of its word.
macro_rules! by_columns {
    ($pitch:expr, $function:ident ( $($argument:expr),* )) => {{
        let pitch = $pitch;
        let mut at = 0;
        while at + 4 <= pitch {
            $function::<V, 4>(at, pitch, $($argument),*);
            at += 4;
        }
        match pitch - at {
            1 => $function::<V, 1>(at, pitch, $($argument),*),
            2 => $function::<V, 2>(at, pitch, $($argument),*),
            3 => $function::<V, 3>(at, pitch, $($argument),*),
            _ => {}
        }
    }};
}

/// `to[uv] += left[u] right[v]`.
pub fn outer<V: Lanes>(to: &mut [V], left: &[V], right: &[V], factor: V) {
    assert_eq!(to.len(), left.len() * right.len());
    // SAFETY: the columns are those of a matrix of the lengths that are asserted.
    unsafe { by_columns!(right.len(), outer_columns(to, left, right, factor)) }
}

#[inline(always)]
unsafe fn outer_columns<V: Lanes, const N: usize>(
    at: usize,
    pitch: usize,
    to: &mut [V],
    left: &[V],
    right: &[V],
    factor: V,
) {
    // SAFETY: the caller vouches for the columns.
    unsafe {
        let right: [V; N] = core::array::from_fn(|i| right.get_unchecked(at + i).mul(factor));
        let mut row = to.as_mut_ptr().add(at);
        for x in left {
            for i in 0..N {
                *row.add(i) = x.mul_add(right[i], *row.add(i));
            }
            row = row.wrapping_add(pitch);
        }
    }
}

/// `to[u] += Σ_v from[uv] right[v]`: contraction with the last letters.
pub fn contract_last<V: Lanes>(to: &mut [V], from: &[V], right: &[V]) {
    assert_eq!(from.len(), to.len() * right.len());
    // SAFETY: the columns are those of a matrix of the lengths that are asserted.
    unsafe { by_columns!(right.len(), last_columns(to, from, right)) }
}

#[inline(always)]
unsafe fn last_columns<V: Lanes, const N: usize>(at: usize, pitch: usize, to: &mut [V], from: &[V], right: &[V]) {
    // SAFETY: the caller vouches for the columns.
    unsafe {
        let right: [V; N] = core::array::from_fn(|i| *right.get_unchecked(at + i));
        let mut row = from.as_ptr().add(at);
        for sum in to {
            for i in 0..N {
                *sum = right[i].mul_add(*row.add(i), *sum);
            }
            row = row.wrapping_add(pitch);
        }
    }
}

/// `to[v] += Σ_u left[u] from[uv]`: contraction with the first letters.
pub fn contract_first<V: Lanes>(to: &mut [V], left: &[V], from: &[V]) {
    assert_eq!(from.len(), left.len() * to.len());
    // SAFETY: the columns are those of a matrix of the lengths that are asserted.
    unsafe { by_columns!(to.len(), first_columns(to, left, from)) }
}

#[inline(always)]
unsafe fn first_columns<V: Lanes, const N: usize>(at: usize, pitch: usize, to: &mut [V], left: &[V], from: &[V]) {
    // SAFETY: the caller vouches for the columns.
    unsafe {
        let mut sums: [V; N] = core::array::from_fn(|i| *to.get_unchecked(at + i));
        let mut row = from.as_ptr().add(at);
        for x in left {
            for i in 0..N {
                sums[i] = x.mul_add(*row.add(i), sums[i]);
            }
            row = row.wrapping_add(pitch);
        }
        to[at..at + N].copy_from_slice(&sums);
    }
}

/// `Σ_i x_i y_i`.
pub fn dot<V: Lanes>(x: &[V], y: &[V]) -> V {
    let mut sum = [V::zero()];
    contract_last(&mut sum, x, y);
    sum[0]
}
