//! The multiply-add peak of this binary on this machine, for the roofline of `bench/`. Not part of
//! any computation.

use path_signature_kernels::lanes::{Lanes, Real};

/// `rounds` times four multiply-adds on each of twelve independent accumulators.
pub fn multiply_adds<V: Lanes>(rounds: usize) -> V::T {
    let number = |x: f64| V::splat(V::T::from_f64(x));
    let mut sums: [V; 12] = core::array::from_fn(|i| number(i as f64));
    let (x, y) = (number(1.0 - 1e-7), number(1e-3));
    for _ in 0..rounds {
        for _ in 0..4 {
            for s in &mut sums {
                *s = s.mul_add(x, y);
            }
        }
    }
    let mut total = V::zero();
    for s in sums {
        total = total.add(s);
    }
    total.to_lanes()[0]
}
