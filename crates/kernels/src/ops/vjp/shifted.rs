//! One channel: what multiplication by powers of an increment does to cotangents, x_k + Σ_j x_{k+j}
//! p_j. Eight levels at once, and no terms that cannot change a bit of their sums: some hundreds a
//! level at most, however many there are above it.

use super::numbers::Numbers;

/// Levels at once.
const BLOCK: usize = 8;

/// Σ_{j≥1} x_{k+j} p_j, to which `start` adds what a sum begins with, for k = 0 … `size` - 1 in
/// this order: `each` gets k and the sum, and may overwrite x_k. `powers` gives p_1, p_2 …, which
/// fall from `falls_from` on and end with the first zero.
///
/// # Safety
/// There are `size` numbers.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn sums<P: FnMut(usize) -> f64>(
    x: Numbers,
    size: usize,
    falls_from: f64,
    mut powers: impl FnMut() -> P,
    start: impl Fn(f64) -> f64,
    mut each: impl FnMut(usize, f64),
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let most = (0..size).fold(0.0, |most, k| x.get(k).abs().max(most));
        for first in (0..size).step_by(BLOCK) {
            let count = BLOCK.min(size - first);
            let at = |k: usize| if k < size { x.get(k) } else { 0.0 };
            let mut sums: [f64; BLOCK] = core::array::from_fn(|i| start(at(first + i)));
            let mut window: [f64; BLOCK] = core::array::from_fn(|i| at(first + i + 1));
            let mut power = powers();
            for j in 1..size - first {
                let p = power(j);
                if p == 0.0 {
                    break;
                }
                for i in 0..count.min(size - first - j) {
                    sums[i] += window[i] * p;
                }
                window.rotate_left(1);
                window[BLOCK - 1] = at(first + j + BLOCK);
                if j % 16 == 0 && j as f64 >= falls_from {
                    let least = sums[..count].iter().fold(f64::INFINITY, |least, x| x.abs().min(least));
                    if p.abs() * most <= least * (f64::EPSILON / 256.0) {
                        break;
                    }
                }
            }
            for (i, &sum) in sums.iter().enumerate().take(count) {
                each(first + i, sum);
            }
        }
    }
}
