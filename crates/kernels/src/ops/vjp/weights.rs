//! The numbers with which X_1, X_2, … count at a root, for functionals scaled as `functional` says
//! (-Θ/2 on level 2, -Θ/6 above).

use crate::lanes::{Lanes, Real};
use crate::words::shape::MAX_DEPTH;

const INVERSE_FACTORIALS: [f64; MAX_DEPTH + 3] = {
    let mut table = [1.0; MAX_DEPTH + 3];
    let mut n = 1;
    while n < table.len() {
        table[n] = table[n - 1] / n as f64;
        n += 1;
    }
    table
};

#[inline(always)]
fn number<V: Lanes>(x: f64) -> V {
    V::splat(V::T::from_f64(x))
}

/// 1/n!
#[inline(always)]
pub fn one_over_factorial<V: Lanes>(n: usize) -> V {
    number(INVERSE_FACTORIALS[n])
}

/// Level 2 is scaled by three times what the levels above are.
#[inline(always)]
pub fn three<V: Lanes>() -> V {
    number(3.0)
}

/// X_j's weight before a step, 6/(j+2)!.
#[inline(always)]
pub fn before<V: Lanes>(j: usize) -> V {
    number(6.0 * INVERSE_FACTORIALS[j + 2])
}

/// X_j's weight behind a step, less those before it and of the update: 6j/(j+2)! - 1/j!, nothing
/// for j = 1 and 2.
#[inline(always)]
pub fn rest_behind<V: Lanes>(j: usize) -> V {
    number(6.0 * j as f64 * INVERSE_FACTORIALS[j + 2] - INVERSE_FACTORIALS[j])
}

/// From Θ_2 before a step and X_1 … X_M: the matrices before and behind it, and what it adds to
/// Θ_2, less the factor three.
#[inline(always)]
pub fn at_root<V: Lanes, const M: usize>(root: V, x: [V; M]) -> (V, V, V) {
    let (mut start, mut change) = (root.add(x[0]), x[0]);
    for j in 2..M + 1 {
        start = x[j - 1].mul_add(before(j), start);
        change = x[j - 1].mul_add(one_over_factorial(j), change);
    }
    let mut end = start.add(change);
    for j in 3..M + 1 {
        end = x[j - 1].mul_add(rest_behind(j), end);
    }
    (start, end, change)
}
