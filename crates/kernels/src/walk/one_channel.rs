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
/// down, so that `initial` may be `row` itself. Powers that have become zero or overflowed end the
/// sum: they do so long before a large depth does.
///
/// # Safety
/// `initial` is valid for reading and `row` for writing `depth` numbers.
pub unsafe fn continued_powers<V: Lanes>(delta: V, depth: usize, initial: *const V::T, row: *mut V::T) {
    for k in (1..=depth).rev() {
        let (mut sum, mut power) = (V::zero(), V::splat(V::T::ONE));
        for j in 0..=k {
            // SAFETY: 1 <= k - j <= depth, or the scalar term.
            let a = if j == k { V::T::ONE } else { unsafe { *initial.add(k - j - 1) } };
            sum = power.mul_add(V::splat(a), sum);
            if !power.to_lanes()[0].is_finite() {
                break;
            }
            power = power.mul(delta.mul(V::splat(V::T::from_f64(1.0 / (j + 1) as f64))));
            if power.to_lanes()[0] == V::T::ZERO {
                break;
            }
        }
        // SAFETY: k <= depth.
        unsafe { *row.add(k - 1) = sum.to_lanes()[0] };
    }
}
