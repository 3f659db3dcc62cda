//! Levels of tensors in lanes: a state is one vector a coefficient, level 0 (the scalar) first,
//! each level in lexicographic word order. Products and contractions of single levels; which levels
//! meet is each operation's own.

use crate::chen::add_outer;
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

/// `to += factor(left) ⊗ right`.
#[inline(always)]
pub fn outer<V: Lanes>(to: &mut [V], left: &[V], right: &[V], factor: impl Fn(V) -> V) {
    assert_eq!(to.len(), left.len() * right.len());
    // SAFETY: the lengths are as asserted, and `to` is borrowed alone.
    unsafe { add_outer(to.as_mut_ptr(), left.as_ptr(), left.len(), right.as_ptr(), right.len(), factor) }
}

/// `to[u] += Σ_v from[uv] right[v]`: contraction with the last letters.
pub fn contract_last<V: Lanes>(to: &mut [V], from: &[V], right: &[V]) {
    for (sum, from) in to.iter_mut().zip(from.chunks_exact(right.len())) {
        let (quads, rest) = from.as_chunks::<4>();
        let (right_quads, right_rest) = right.as_chunks::<4>();
        // Four sums, which do not wait for each other.
        let mut sums = [*sum, V::zero(), V::zero(), V::zero()];
        for (x, y) in quads.iter().zip(right_quads) {
            for i in 0..4 {
                sums[i] = x[i].mul_add(y[i], sums[i]);
            }
        }
        for ((x, y), sum) in rest.iter().zip(right_rest).zip(&mut sums) {
            *sum = x.mul_add(*y, *sum);
        }
        *sum = sums[0].add(sums[1]).add(sums[2].add(sums[3]));
    }
}

/// `to[v] += Σ_u left[u] from[uv]`: contraction with the first letters, some last letters at a time
/// in registers.
pub fn contract_first<V: Lanes>(to: &mut [V], left: &[V], from: &[V]) {
    let pitch = to.len();
    let quads = pitch - pitch % 4;
    for at in (0..quads).step_by(4) {
        columns::<V, 4>(&mut to[at..], left, &from[at..], pitch);
    }
    match pitch - quads {
        1 => columns::<V, 1>(&mut to[quads..], left, &from[quads..], pitch),
        2 => columns::<V, 2>(&mut to[quads..], left, &from[quads..], pitch),
        3 => columns::<V, 3>(&mut to[quads..], left, &from[quads..], pitch),
        _ => {}
    }
}

#[inline(always)]
fn columns<V: Lanes, const N: usize>(to: &mut [V], left: &[V], from: &[V], pitch: usize) {
    let mut sums: [V; N] = core::array::from_fn(|i| to[i]);
    for (x, row) in left.iter().zip(from.chunks(pitch)) {
        for (sum, y) in sums.iter_mut().zip(&row[..N]) {
            *sum = x.mul_add(*y, *sum);
        }
    }
    to[..N].copy_from_slice(&sums);
}

/// `Σ_i x_i y_i`.
pub fn dot<V: Lanes>(x: &[V], y: &[V]) -> V {
    let mut sum = [V::zero()];
    contract_last(&mut sum, x, y);
    sum[0]
}
