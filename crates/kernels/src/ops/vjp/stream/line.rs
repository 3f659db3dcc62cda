//! Gradients of streams of one channel, in float64 whatever the numbers are.

use crate::batch::items::Items;
use crate::lanes::Real;
use crate::ops::vjp::call::Call;
use crate::ops::vjp::numbers::Numbers;
use crate::ops::vjp::shifted::sums;
use crate::path::scatter::Target;

/// One channel: R_t = R_{t-1} ⊗ exp(z), so that ∂f/∂z = Σ_k λ_k R_{t,k-1}, and λ_{t-1,k} = Σ_m
/// λ_{t,k+m} z^m/m!. Powers that have become zero end each sum.
///
/// # Safety
/// The call was found sound, of one channel; `adjoint` has `depth` numbers of float64.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn one_channel<T: Real>(call: &Call<'_, '_, T>, path: usize, adjoint: *mut T) -> bool {
    let (depth, part) = (call.shape.depth, call.part);
    let mut dropped = T::ZERO;
    let target = Target { last: core::ptr::null_mut(), ..call.target(path, &raw mut dropped) };
    let track = call.track(path);
    let adjoint = Numbers::new(adjoint);
    // SAFETY: rows have `depth` numbers, the scratch too, the carry one more.
    unsafe {
        let (carry, waiting) = (Numbers::new(call.carry(path)), Numbers::new(call.pending(path)));
        let mut line = Line { depth, adjoint, pending: 0.0, fresh: 0.0, finite: true };
        for k in 0..depth {
            adjoint.set(k, if part.first { 0.0 } else { carry.get(k) });
        }
        if !part.first {
            line.pending = waiting.get(0);
        }
        for t in (1..call.rows + 1).rev() {
            let row = (t - 1) * call.cotangents.pitch;
            line.meet(Numbers::new(call.cotangents.first(path).add(row)));
            if t <= target.steps {
                let after = Numbers::new(call.signature(path).add(row));
                let x = line.step(after, track.first_steps(t).last_increment());
                *target.point(t) = T::from_f64(x);
            }
        }
        if part.last {
            let first = line.pending + line.fresh - adjoint.get(0);
            *target.point(0) = if target.steps > 0 { T::from_f64(first) } else { T::ZERO };
        } else {
            line.copy(carry);
            waiting.set(0, line.pending + line.fresh);
        }
        if let Some(row) = call.initial_gradient(path) {
            line.copy(Numbers::new(row));
        }
        call.clear_tail(path);
        line.finite
    }
}

/// A path of one channel, going backwards.
struct Line {
    depth: usize,
    /// λ
    adjoint: Numbers,
    /// What the point behind the next step has so far, and the cotangents that it has met since.
    pending: f64,
    fresh: f64,
    finite: bool,
}

impl Line {
    /// A signature's own cotangent.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn meet(&mut self, cotangent: Numbers) {
        // SAFETY: both have `depth` numbers.
        unsafe {
            for k in 0..self.depth {
                let x = cotangent.get(k);
                self.finite &= x.is_finite();
                self.adjoint.set(k, self.adjoint.get(k) + x);
            }
            self.fresh += cotangent.get(0);
        }
    }

    /// A step back; gives the gradient of the point behind it.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn step(&mut self, after: Numbers, z: f64) -> f64 {
        // SAFETY: both have `depth` numbers.
        unsafe {
            let mut rest = 0.0;
            for k in 1..self.depth {
                rest += self.adjoint.get(k) * after.get(k - 1);
            }
            let mut change = 0.0;
            let adjoint = self.adjoint;
            let powers = || {
                let mut power = 1.0;
                move |j: usize| {
                    power *= z / j as f64;
                    power
                }
            };
            let each = |k, sum| {
                adjoint.set(k, adjoint.get(k) + sum);
                if k == 0 {
                    change = sum;
                }
            };
            sums(adjoint, self.depth, z.abs(), powers, |_| 0.0, each);
            let point = self.fresh + self.pending + rest;
            (self.pending, self.fresh) = (change - rest, 0.0);
            point
        }
    }

    /// λ elsewhere.
    unsafe fn copy(&self, to: Numbers) {
        for k in 0..self.depth {
            // SAFETY: both have `depth` numbers.
            unsafe { to.set(k, self.adjoint.get(k)) };
        }
    }
}
