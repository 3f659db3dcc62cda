//! Inverses: from `a ⊗ b = 1`, `b_0 = 1 / a_0` and `b_k = -b_0 Σ_{i ≥ 1} a_i ⊗ b_{k-i}`.

use super::items::{Layout, map, map_rows, pull_rows, scratch};
use super::levels::Levels;
use super::product::{contract_left, contract_right};
use crate::batch::options::PerPath;
use crate::batch::request::Error;
use crate::lanes::{Lanes, Real};
use crate::tensor::outer;

/// `out := a⁻¹`, row by row; not finite where the scalar is 0.
pub fn inverse<V: Lanes>(
    layout: Layout,
    a: PerPath<'_, V::T>,
    out: &mut [V::T],
    memory: &mut [V],
) -> Result<(), Error> {
    map_rows(layout, a, V::T::ONE, out, memory, |items, x, y| invert(&items.levels, x, y))
}

/// The gradient of `Σ cotangent · a⁻¹`, one row an item also where `a` is shared. As
/// `d(a⁻¹) = -a⁻¹ ⊗ da ⊗ a⁻¹`, it is the cotangent contracted with the inverse on both sides.
pub fn inverse_vjp<V: Lanes>(
    layout: Layout,
    a: PerPath<'_, V::T>,
    cotangent: &[V::T],
    out: &mut [V::T],
    memory: &mut [V],
) -> Result<(), Error> {
    let memory = (memory, scratch(layout.channels, layout.depth));
    pull_rows(layout, (a, cotangent), V::T::ONE, out, memory, |items, [x, c, g], _| {
        invert(&items.levels, x, g);
        contract_left(items, c, g);
        contract_right(items, c, g);
        for (g, c) in g.iter_mut().zip(c) {
            *g = V::zero().sub(*c);
        }
    })
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
            outer(to, levels.level(a, i), levels.level(lower, k - i), minus);
        }
    }
}
