//! Exponential and logarithm: power series of `x`, which has no scalar, by Horner's scheme. With
//! factors β_s, of which β_0 = 1,
//!     q_N = 1,  q_s = 1 + β_s x ⊗ q_{s+1}  for s = N - 1 … 1,
//! and the series, without its constant, is x ⊗ q_1. As x has no scalar, q_s is needed up to level
//! N - s only.
//!     exp(a_0 + x) = e^{a_0} (1 + x (1 + x/2 (1 + x/3 …))):            β_s = 1 / (s + 1)
//!     log(a_0 (1 + x)) = ln a_0 + x (1 - x/2 (1 - 2x/3 (1 - 3x/4 …))): β_s = -s / (s + 1)

use super::items::{Items, Layout, map, map_rows, pull_rows, scale, scratch};
use super::levels::Levels;
use crate::batch::options::PerPath;
use crate::batch::request::Error;
use crate::lanes::{Lanes, Real};
use crate::tensor::{contract_first, contract_last, dot, outer};

/// Vectors of scratch that [`exp_vjp`] and [`log_vjp`] need, whatever the batch: three states, and
/// q_1 … q_{N-1}. `None` where the shape is none, or what it needs cannot be counted.
pub fn series_vjp_scratch(channels: usize, depth: usize) -> Option<usize> {
    let levels = Levels::new(channels, depth)?;
    (1..depth).try_fold(scratch(channels, depth)?, |sum, top| sum.checked_add(levels.range(top).end))
}

/// `out := exp(a)`, row by row.
pub fn exp<V: Lanes>(layout: Layout, a: PerPath<'_, V::T>, out: &mut [V::T], memory: &mut [V]) -> Result<(), Error> {
    map_rows(layout, a, V::T::ZERO, out, memory, |items, x, q| {
        series(&items.levels, x, q, exp_factor);
        if items.scalar_term {
            q[0] = V::splat(V::T::ONE);
            scale(q, map(x[0], f64::exp));
        }
    })
}

/// `out := log(a)`, row by row; not finite where the scalar is not positive.
pub fn log<V: Lanes>(layout: Layout, a: PerPath<'_, V::T>, out: &mut [V::T], memory: &mut [V]) -> Result<(), Error> {
    map_rows(layout, a, V::T::ONE, out, memory, |items, x, q| {
        normalise(items, x);
        series(&items.levels, x, q, log_factor);
        q[0] = map(x[0], f64::ln);
    })
}

/// The gradient of `Σ cotangent · exp(a)`, one row an item also where `a` is shared.
pub fn exp_vjp<V: Lanes>(
    layout: Layout,
    a: PerPath<'_, V::T>,
    cotangent: &[V::T],
    out: &mut [V::T],
    memory: &mut [V],
) -> Result<(), Error> {
    let memory = (memory, series_vjp_scratch(layout.channels, layout.depth));
    pull_rows(layout, (a, cotangent), V::T::ZERO, out, memory, |items, [x, c, g], steps| {
        if items.scalar_term {
            scale(c, map(x[0], f64::exp));
        }
        // e^{a_0} is a factor of every level: its gradient is the cotangent's product with the
        // result.
        g[0] = series_vjp(&items.levels, x, c, g, steps, exp_factor).add(c[0]);
    })
}

/// The gradient of `Σ cotangent · log(a)`, one row an item also where `a` is shared.
pub fn log_vjp<V: Lanes>(
    layout: Layout,
    a: PerPath<'_, V::T>,
    cotangent: &[V::T],
    out: &mut [V::T],
    memory: &mut [V],
) -> Result<(), Error> {
    let memory = (memory, series_vjp_scratch(layout.channels, layout.depth));
    pull_rows(layout, (a, cotangent), V::T::ONE, out, memory, |items, [x, c, g], steps| {
        let reciprocal = normalise(items, x);
        series_vjp(&items.levels, x, c, g, steps, log_factor);
        if items.scalar_term {
            // ln a_0 gives c_0 / a_0; that a_0 divides the other levels gives the rest.
            g[0] = c[0].sub(dot(&g[1..], &x[1..]));
            scale(g, reciprocal);
        }
    })
}

fn exp_factor(s: usize) -> f64 {
    1.0 / (s + 1) as f64
}

fn log_factor(s: usize) -> f64 {
    if s == 0 { 1.0 } else { -(s as f64) / (s + 1) as f64 }
}

/// Divides all levels but the scalar by it; its reciprocal.
fn normalise<V: Lanes>(items: &Items, x: &mut [V]) -> V {
    let reciprocal = map(x[0], f64::recip);
    if items.scalar_term {
        scale(&mut x[1..], reciprocal);
    }
    reciprocal
}

/// The levels 1 … N of the series; no scalars are read or written.
fn series<V: Lanes>(levels: &Levels, x: &[V], q: &mut [V], factor: fn(usize) -> f64) {
    for s in (0..levels.depth()).rev() {
        step(levels, x, q, levels.depth() - s, factor(s));
    }
}

/// `q := 1 + β x ⊗ q` up to level `top`; scalars are neither read nor written. From the top level
/// down, as a level needs lower ones only.
fn step<V: Lanes>(levels: &Levels, x: &[V], q: &mut [V], top: usize, beta: f64) {
    let beta = V::splat(V::T::from_f64(beta));
    for k in (1..=top).rev() {
        let (lower, to) = levels.with_lower(q, k);
        for (q, x) in to.iter_mut().zip(levels.level(x, k)) {
            *q = x.mul(beta);
        }
        for i in 1..k {
            outer(to, levels.level(x, i), levels.level(lower, k - i), beta);
        }
    }
}

/// Horner's steps backwards: `g := ` the gradient with respect to `x`, levels 1 … N, of the
/// cotangent's product with the series, which is returned. `c` is used up but for its scalar;
/// `steps` is room for q_{N-1} … q_1, one behind the other.
fn series_vjp<V: Lanes>(
    levels: &Levels,
    x: &[V],
    c: &mut [V],
    g: &mut [V],
    steps: &mut [V],
    factor: fn(usize) -> f64,
) -> V {
    let depth = levels.depth();
    let (mut before, mut end) = (0, 0);
    for s in (1..depth).rev() {
        let top = depth - s;
        steps.copy_within(before..end, end);
        (before, end) = (end, end + levels.range(top).end);
        step(levels, x, &mut steps[before..end], top, factor(s));
    }
    g.fill(V::zero());
    let mut product = V::zero();
    for s in 0..depth {
        let top = depth - s;
        let ended = levels.range(top).end;
        // q_{s+1}, whose levels end at top - 1; its scalar is 1.
        let start = end - levels.range(top - 1).end * usize::from(top > 1);
        let q = &steps[start..end];
        end = start;
        if s > 0 {
            scale(&mut c[1..ended], V::splat(V::T::from_f64(factor(s))));
        }
        for i in 1..=top {
            let to = &mut g[levels.range(i)];
            for (g, c) in to.iter_mut().zip(levels.level(c, i)) {
                *g = g.add(*c);
            }
            for k in 1..=top - i {
                contract_last(to, levels.level(c, i + k), levels.level(q, k));
            }
        }
        if s == 0 {
            // x ⊗ q_1 is linear in its first factor.
            product = dot(&g[1..], &x[1..]);
        }
        for k in 1..top {
            let (to, higher) = levels.with_higher(c, k);
            to.fill(V::zero());
            for i in 1..=top - k {
                contract_first(to, levels.level(x, i), higher(i - 1));
            }
        }
    }
    product
}
