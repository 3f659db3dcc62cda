//! Whole signatures that depend on a path's ends alone: of one channel, or of depth 1. The points in between have gradient zero.
//!
//! One channel: level k is Δᵏ / k!, with derivative level k - 1. Not here: streams.

use super::call::Call;
use crate::lanes::Real;

/// Says whether all cotangents are finite.
///
/// # Safety
/// The call was found sound, `unwanted` has room for `channels` numbers.
#[inline(never)]
pub unsafe fn run<T: Real>(call: &Call<'_, '_, T>, unwanted: *mut T) -> bool {
    let (d, part) = (call.shape.channels, call.request.part);
    let mut finite = true;
    for path in 0..call.request.batch {
        // SAFETY: rows have as many numbers as the shape says, points `channels`, the carry `channels`.
        unsafe {
            let cotangent = core::slice::from_raw_parts(call.cotangent(path), call.shape.size);
            finite &= cotangent.iter().all(|x| x.is_finite());
            let target = call.target(path, unwanted);
            // Zeros first: ends may be the same point.
            for t in 0..=target.steps {
                let point = target.point(t, d);
                // A point that leads on keeps what has come to it.
                if part.first || point != target.last {
                    for c in 0..d {
                        *point.add(c) = T::ZERO;
                    }
                }
            }
            if !part.first {
                let from = call.pending(path);
                let to = target.point(0, d);
                for c in 0..d {
                    if to != from {
                        *to.add(c) = *from.add(c);
                        *from.add(c) = T::ZERO;
                    }
                }
            }
            let add = |t: usize, c: usize, x: f64| {
                let point = target.point(t, d).add(c);
                *point = T::from_f64((*point).to_f64() + x);
            };
            if d == 1 {
                let signature = core::slice::from_raw_parts(call.signature(path), call.shape.size);
                let initial = call.initial(path);
                let step = derivative(cotangent, signature, initial);
                if part.first {
                    add(0, 0, -step);
                    if let Some(row) = call.initial_gradient(path) {
                        of_initial(cotangent, signature, row);
                    }
                }
                if part.last {
                    add(target.steps, 0, step);
                }
            } else {
                for (c, x) in cotangent.iter().enumerate() {
                    if part.first {
                        add(0, c, -x.to_f64());
                        if let Some(row) = call.initial_gradient(path) {
                            *row.add(c) = *x;
                        }
                    }
                    if part.last {
                        add(target.steps, c, x.to_f64());
                    }
                }
            }
            call.clear_tail(path);
        }
    }
    finite
}

/// Level `k` with the scalar term.
fn level<T: Real>(levels: &[T], k: usize) -> f64 {
    if k == 0 { 1.0 } else { levels[k - 1].to_f64() }
}

/// ∂f/∂Δ = Σ_k Λ_k R_{k-1}, R what was continued times the path's own signature. Powers that have become zero end each sum: they do so long before a large depth does.
fn derivative<T: Real>(cotangent: &[T], signature: &[T], initial: Option<&[T]>) -> f64 {
    let mut sum = 0.0;
    for (k, x) in cotangent.iter().enumerate() {
        let so_far = match initial {
            None => level(signature, k),
            Some(initial) => {
                let mut product = 0.0;
                for j in 0..=k {
                    let power = level(signature, j);
                    if power == 0.0 {
                        break;
                    }
                    product += level(initial, k - j) * power;
                }
                product
            }
        };
        // Zero times an infinite cotangent would hide it.
        sum += x.to_f64() * so_far;
        if initial.is_none() && so_far == 0.0 && k > 0 {
            break;
        }
    }
    sum
}

/// ∂f/∂I_k = Λ_k + Σ_j Λ_{k+j} S_j.
unsafe fn of_initial<T: Real>(cotangent: &[T], signature: &[T], row: *mut T) {
    for k in 0..cotangent.len() {
        let mut sum = cotangent[k].to_f64();
        for (x, s) in cotangent[k + 1..].iter().zip(signature) {
            if s.to_f64() == 0.0 {
                break;
            }
            sum += x.to_f64() * s.to_f64();
        }
        // SAFETY: the caller vouches for as many numbers as the cotangent has.
        unsafe { *row.add(k) = T::from_f64(sum) };
    }
}
