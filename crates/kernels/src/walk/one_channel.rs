//! One channel: a closed form instead of a walk. Level k of the signature is Δᵏ / k! with Δ the
//! increment, whatever lies between.

use crate::lanes::{Lanes, Real};

/// Δᵏ / k! for k = 1 … depth.
///
/// # Safety
/// `row` is valid for writing `depth` numbers.
pub unsafe fn powers<V: Lanes>(delta: V, depth: usize, row: *mut V::T) {
    let mut power = V::splat(V::T::ONE);
    for k in 1..=depth {
        power = power.mul(delta.mul(V::splat(V::T::from_f64(1.0 / k as f64))));
        // SAFETY: k <= depth.
        unsafe { *row.add(k - 1) = power.to_lanes()[0] };
    }
}

/// Level k is Σ_j A_{k-j} Δʲ / j!, with A the signature continued (A_0 = 1). From the top level
/// down, so that `initial` may be `row` itself. What cannot change a bit of a sum is left out, so
/// that a level takes some hundreds of terms at most, however many there are below it.
///
/// # Safety
/// `initial` is valid for reading and `row` for writing `depth` numbers.
#[cfg_attr(path_signature_small, optimize(size))]
pub unsafe fn continued_powers<V: Lanes>(delta: V, depth: usize, initial: *const V::T, row: *mut V::T) {
    let at_once = VECTORS * V::WIDTH;
    // SAFETY: level k stands at k - 1, and 1 <= k <= depth; what is read lies below what is written
    // already.
    unsafe {
        let known = Known::new(core::slice::from_raw_parts(initial, depth));
        let mut top = depth;
        if top > at_once
            && let Some(terms) = Terms::new(delta).count(depth)
        {
            // Above this level one factor of each product is zero.
            top = top.min(known.last + terms);
            for k in top..depth {
                *row.add(k) = V::T::ZERO;
            }
        }
        while top > 0 {
            let mut terms = Terms::new(delta);
            if top < at_once {
                *row.add(top - 1) = terms.sum(V::zero(), top, initial);
                top -= 1;
                continue;
            }
            let low = top - at_once;
            let mut sums = [V::zero(); VECTORS];
            while terms.are_left && terms.index <= low {
                let from = initial.add(low - terms.index);
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = terms.power.mul_add(V::load(from.add(i * V::WIDTH)), *sum);
                }
                terms.advance();
                terms.are_left &= !(terms.index.is_multiple_of(16) && terms.are_negligible(known.most, &sums));
            }
            for i in (0..at_once).rev() {
                let sum = V::splat(sums[i / V::WIDTH].to_lanes()[i % V::WIDTH]);
                *row.add(low + i) = terms.clone().sum(sum, low + i + 1, initial);
            }
            top = low;
        }
        // Zero times a number that is not finite would hide it.
        for k in known.finite..depth {
            if (*row.add(k)).is_finite() {
                *row.add(k) = V::T::from_f64(f64::NAN);
            }
        }
    }
}

/// Vectors of levels that are summed at once.
const VECTORS: usize = 8;

/// What there is to know of the signature continued.
struct Known {
    /// The highest level that is not zero.
    last: usize,
    /// Levels before the first that is not finite.
    finite: usize,
    /// The largest magnitude.
    most: f64,
}

impl Known {
    fn new<T: Real>(levels: &[T]) -> Known {
        let mut known = Known { last: 0, finite: levels.len(), most: 1.0 };
        for (i, x) in levels.iter().enumerate() {
            if *x != T::ZERO {
                known.last = i + 1;
            }
            if !x.is_finite() && known.finite == levels.len() {
                known.finite = i;
            }
            known.most = known.most.max(x.to_f64().abs());
        }
        known
    }
}

/// Δʲ / j!, one after the other, until they are zero or overflow.
#[derive(Clone)]
struct Terms<V> {
    delta: V,
    index: usize,
    power: V,
    are_left: bool,
}

impl<V: Lanes> Terms<V> {
    fn new(delta: V) -> Self {
        Terms { delta, index: 0, power: V::splat(V::T::ONE), are_left: true }
    }

    #[inline(always)]
    fn advance(&mut self) {
        self.are_left = self.power.to_lanes()[0].is_finite();
        self.index += 1;
        self.power = self.power.mul(self.delta.mul(V::splat(V::T::from_f64(1.0 / self.index as f64))));
        self.are_left &= self.power.to_lanes()[0] != V::T::ZERO;
    }

    /// How many there are, if they end in zero before `most`.
    fn count(mut self, most: usize) -> Option<usize> {
        while self.are_left && self.index < most {
            self.advance();
        }
        (self.power.to_lanes()[0] == V::T::ZERO).then_some(self.index)
    }

    /// Whether they fall, and times a number up to `most` change none of the sums.
    fn are_negligible(&self, most: f64, sums: &[V]) -> bool {
        let [power, delta] = [self.power, self.delta].map(|x| x.to_lanes()[0].to_f64().abs());
        let lanes = sums.iter().flat_map(|sum| sum.to_lanes().into_iter().take(V::WIDTH));
        let least = lanes.map(|x| x.to_f64().abs()).fold(f64::INFINITY, f64::min);
        delta <= self.index as f64 && power * most <= least * f64::EPSILON / 256.0
    }

    /// What is left of level `k`'s sum.
    unsafe fn sum(mut self, mut sum: V, k: usize, initial: *const V::T) -> V::T {
        while self.are_left && self.index <= k {
            // SAFETY: 1 <= k - index <= depth, or the scalar term.
            let a = if self.index == k { V::T::ONE } else { unsafe { *initial.add(k - self.index - 1) } };
            sum = self.power.mul_add(V::splat(a), sum);
            self.advance();
        }
        sum.to_lanes()[0]
    }
}
