//! One channel at any depth: what continues a signature has the bits of the plain sum, term by
//! term.

mod common;

use common::{call, request};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::{PerPath, Request, combine};

/// Level k is Σ_j A_{k-j} Δʲ / j!, every term until powers are zero or overflow.
fn plain<V: Lanes>(delta: V::T, initial: &[V::T]) -> Vec<V::T> {
    let delta = V::splat(delta);
    (1..=initial.len())
        .map(|k| {
            let (mut sum, mut power) = (V::zero(), V::splat(V::T::ONE));
            for j in 0..=k {
                let a = if j == k { V::T::ONE } else { initial[k - j - 1] };
                sum = power.mul_add(V::splat(a), sum);
                if !power.to_lanes()[0].is_finite() {
                    break;
                }
                power = power.mul(delta.mul(V::splat(V::T::from_f64(1.0 / (j + 1) as f64))));
                if power.to_lanes()[0] == V::T::ZERO {
                    break;
                }
            }
            sum.to_lanes()[0]
        })
        .collect()
}

fn continued<V: Lanes>() {
    let t = |x: f64| V::T::from_f64(x);
    for depth in [1, 2, 5, 15, 16, 31, 32, 33, 64, 100, 700, 3001] {
        let powers = |x: f64| {
            (1..=depth)
                .scan(1.0, move |p, k| {
                    Some({
                        *p *= x / k as f64;
                        t(*p)
                    })
                })
                .collect::<Vec<_>>()
        };
        let starts = [
            vec![V::T::ZERO; depth],
            vec![V::T::ONE; depth],
            powers(0.75),
            powers(-20.0),
            (0..depth).map(|i| t(f64::from((i % 7) as u32) - 3.0)).collect(),
            (0..depth).map(|i| t(if i == depth / 2 { 2.0 } else { 0.0 })).collect(),
        ];
        for (i, initial) in starts.iter().enumerate() {
            for delta in [0.0, 1e-30, 0.5, -3.0, 60.0, -60.0, 500.0, 705.0, 800.0, 1e300] {
                let delta = t(delta);
                let paths = [V::T::ZERO, delta];
                let continued = Some(PerPath { data: initial, stride: 0 });
                let request = Request { initial: continued, ..request(&paths, 1, 2, 1, depth) };
                let bits = |x: &[V::T]| x.iter().map(|x| x.to_f64().to_bits()).collect::<Vec<_>>();
                let wanted = plain::<V>(delta, initial);
                let case = format!("depth {depth}, start {i}, {delta:?}");
                assert_eq!(bits(&call::<V>(&request).0), bits(&wanted), "{case}");
                // A product is the same sum, in place.
                let mut rows = initial.clone();
                rows.extend(vec![delta; depth]);
                combine::<V>(1, depth, &mut rows, 2).unwrap();
                assert_eq!(bits(&rows[..depth]), bits(&wanted), "{case}");
            }
        }
    }
}

#[test]
fn has_the_bits_of_the_plain_sum() {
    continued::<LanesF64>();
    continued::<LanesF32>();
    continued::<Portable<f64, 1>>();
}
