//! Inverses: from `a ⊗ b = 1`, `b_0 = 1 / a_0` and `b_k = -b_0 Σ_{i ≥ 1} a_i ⊗ b_{k-i}`.

use super::items::{Layout, map, scale};
use super::levels::{Levels, outer};
use super::product::{contract_left, contract_right, multiply_scratch};
use crate::lanes::{Lanes, Real};
use crate::request::{Error, PerPath};

/// Vectors of scratch that [`inverse`] and [`inverse_vjp`] need, whatever the batch; `None` where the shape is none.
pub fn inverse_scratch(channels: usize, depth: usize) -> Option<usize> {
    multiply_scratch(channels, depth)
}

/// `out := a⁻¹`, row by row; not finite where the scalar is 0.
pub fn inverse<V: Lanes>(
    layout: Layout,
    a: PerPath<'_, V::T>,
    out: &mut [V::T],
    scratch: &mut [V],
) -> Result<(), Error> {
    let items = layout.items()?;
    items.check_rows(a).and(items.check_out(out))?;
    let ([x, b], _) = items.states(scratch, inverse_scratch(layout.channels, layout.depth))?;
    for first in items.groups::<V>() {
        items.read(a, first, V::T::ONE, x);
        invert(&items.levels, x, b);
        items.write(b, first, out);
    }
    Ok(())
}

/// The gradient of `Σ cotangent · a⁻¹`, one row an item also where `a` is shared. As `d(a⁻¹) = -a⁻¹ ⊗ da ⊗ a⁻¹`, it is the
/// cotangent contracted with the inverse on both sides.
pub fn inverse_vjp<V: Lanes>(
    layout: Layout,
    a: PerPath<'_, V::T>,
    cotangent: &[V::T],
    out: &mut [V::T],
    scratch: &mut [V],
) -> Result<(), Error> {
    let items = layout.items()?;
    items.check_rows(a).and(items.check_out(out))?;
    let cotangent = items.cotangents(cotangent)?;
    let ([x, b], _) = items.states(scratch, inverse_scratch(layout.channels, layout.depth))?;
    for first in items.groups::<V>() {
        items.read(a, first, V::T::ONE, x);
        invert(&items.levels, x, b);
        items.read(cotangent, first, V::T::ZERO, x);
        contract_left(&items, x, b);
        contract_right(&items, x, b);
        scale(x, map(V::zero(), |_| -1.0));
        items.write(x, first, out);
    }
    Ok(())
}

fn invert<V: Lanes>(levels: &Levels, a: &[V], b: &mut [V]) {
    let b0 = map(a[0], f64::recip);
    let minus = V::zero().sub(b0);
    b[0] = b0;
    for k in 1..=levels.depth() {
        let (lower, to) = levels.with_lower(b, k);
        for (y, x) in to.iter_mut().zip(levels.level(a, k)) {
            *y = x.mul(b0).mul(minus);
        }
        for i in 1..k {
            outer(to, levels.level(a, i), levels.level(lower, k - i), |x| x.mul(minus));
        }
    }
}
