//! Chen's product of the truncated tensor algebra (Chen 1957): `(a ⊗ b)_k = Σ a_i ⊗ b_{k-i}`.

use super::items::{Items, Layout, scale, scratch};
use super::levels::Levels;
use crate::batch::options::PerPath;
use crate::batch::request::Error;
use crate::lanes::{Lanes, Real};
use crate::tensor::{contract_first, contract_last, outer};

/// `out := a ⊗ b`, row by row.
pub fn multiply<V: Lanes>(
    layout: Layout,
    a: PerPath<'_, V::T>,
    b: PerPath<'_, V::T>,
    out: &mut [V::T],
    memory: &mut [V],
) -> Result<(), Error> {
    let items = layout.items()?;
    items.check_rows(a).and(items.check_rows(b)).and(items.check_out(out))?;
    let ([x, y, _], _) = items.states(memory, scratch(layout.channels, layout.depth))?;
    for first in items.groups::<V>() {
        items.read(a, first, V::T::ONE, x);
        if first == 0 || b.stride > 0 {
            items.read(b, first, V::T::ONE, y);
        }
        product(&items.levels, x, y);
        items.write(x, first, out);
    }
    Ok(())
}

/// Where the gradients of [`multiply_vjp`] go, one row an item; what is `None` is not computed.
pub struct MultiplyGradients<'a, T> {
    /// With respect to `a`.
    pub a: Option<&'a mut [T]>,
    /// With respect to `b`.
    pub b: Option<&'a mut [T]>,
}

/// The gradients of `Σ cotangent · (a ⊗ b)`, one row an item also where `a` or `b` is shared.
pub fn multiply_vjp<V: Lanes>(
    layout: Layout,
    a: PerPath<'_, V::T>,
    b: PerPath<'_, V::T>,
    cotangent: &[V::T],
    to: MultiplyGradients<'_, V::T>,
    memory: &mut [V],
) -> Result<(), Error> {
    let items = layout.items()?;
    items.check_rows(a).and(items.check_rows(b))?;
    let cotangent = items.cotangents(cotangent)?;
    let outs = [(b, to.a, contract_right as Contraction<V>), (a, to.b, contract_left as Contraction<V>)];
    for out in outs.iter().filter_map(|(_, out, _)| out.as_deref()) {
        items.check_out(out)?;
    }
    let ([x, c, _], _) = items.states(memory, scratch(layout.channels, layout.depth))?;
    for (other, out, contract) in outs {
        let Some(out) = out else { continue };
        for first in items.groups::<V>() {
            if first == 0 || other.stride > 0 {
                items.read(other, first, V::T::ONE, x);
            }
            items.read(cotangent, first, V::T::ZERO, c);
            contract(&items, c, x);
            items.write(c, first, out);
        }
    }
    Ok(())
}

type Contraction<V> = fn(&Items, &mut [V], &[V]);

/// `a := a ⊗ b`. From the top level down, as a level of the product needs no higher ones.
fn product<V: Lanes>(levels: &Levels, a: &mut [V], b: &[V]) {
    let (a0, b0) = (a[0], b[0]);
    for k in (1..=levels.depth()).rev() {
        let (lower, to) = levels.with_lower(a, k);
        for (x, y) in to.iter_mut().zip(levels.level(b, k)) {
            *x = a0.mul_add(*y, x.mul(b0));
        }
        for i in 1..k {
            outer(to, levels.level(lower, i), levels.level(b, k - i), V::splat(V::T::ONE));
        }
    }
    a[0] = a0.mul(b0);
}

/// The adjoint of `a ↦ a ⊗ b`: `c_i[u] := Σ_v c[uv] b[v]`. A scalar's gradient is left out where
/// rows have none.
pub fn contract_right<V: Lanes>(items: &Items, c: &mut [V], b: &[V]) {
    let levels = &items.levels;
    for i in usize::from(!items.scalar_term)..=levels.depth() {
        let (to, higher) = levels.with_higher(c, i);
        scale(to, b[0]);
        for j in 1..=levels.depth() - i {
            contract_last(to, higher(j - 1), levels.level(b, j));
        }
    }
}

/// The adjoint of `b ↦ a ⊗ b`: `c_j[v] := Σ_u a[u] c[uv]`. A scalar's gradient is left out where
/// rows have none.
pub fn contract_left<V: Lanes>(items: &Items, c: &mut [V], a: &[V]) {
    let levels = &items.levels;
    for j in usize::from(!items.scalar_term)..=levels.depth() {
        let (to, higher) = levels.with_higher(c, j);
        scale(to, a[0]);
        for i in 1..=levels.depth() - j {
            contract_first(to, levels.level(a, i), higher(i - 1));
        }
    }
}
