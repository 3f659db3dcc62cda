//! Whole signatures that depend on a path's ends alone: of one channel, or of depth 1. The points
//! in between have gradient zero.
//!
//! One channel: level k is Δᵏ / k!, with derivative level k - 1. Not here: streams.

use super::call::Call;
use super::numbers::Numbers;
use super::request::Part;
use super::shifted::sums;
use crate::lanes::Real;

/// Says whether all cotangents are finite.
///
/// # Safety
/// The call was found sound, `unwanted` has room for `channels` numbers.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn run<T: Real>(call: &Call<'_, '_, T>, unwanted: *mut T) -> bool {
    let (d, part) = (call.shape.channels, call.part);
    let mut finite = true;
    for path in 0..call.request.batch {
        // SAFETY: rows have as many numbers as the shape says, points `channels`, the carry
        // `channels`.
        unsafe {
            let target = call.target(path, unwanted);
            // Zeros first: ends may be the same point.
            for t in 0..=target.steps {
                let point = target.point(t);
                // A point that leads on keeps what has come to it.
                if part.first || point != target.last {
                    for c in 0..d {
                        *point.add(c) = T::ZERO;
                    }
                }
            }
            let ends = Ends {
                channels: d,
                size: call.shape.size,
                part,
                cotangent: Numbers::new(call.cotangents.first(path)),
                signature: Numbers::new(call.signature(path)),
                initial: call.initial(path).map(|row| Numbers::new(row.as_ptr())),
                of_initial: call.initial_gradient(path).map(|row| Numbers::new(row)),
                first: Numbers::new(target.point(0)),
                last: Numbers::new(target.point(target.steps)),
                pending: (!part.first).then(|| Numbers::new(call.pending(path))),
            };
            finite &= ends.write();
            call.clear_tail(path);
        }
    }
    finite
}

/// What the ends of one path have to do with.
struct Ends {
    channels: usize,
    size: usize,
    part: Part,
    cotangent: Numbers,
    signature: Numbers,
    initial: Option<Numbers>,
    of_initial: Option<Numbers>,
    first: Numbers,
    last: Numbers,
    /// What has come to the first point from the piece before.
    pending: Option<Numbers>,
}

unsafe fn add(to: Numbers, c: usize, x: f64) {
    // SAFETY: as the caller vouches.
    unsafe { to.set(c, to.get(c) + x) };
}

impl Ends {
    /// The gradients of both ends and of what was continued; says whether the cotangent is finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn write(&self) -> bool {
        let mut finite = true;
        // SAFETY: rows have `size` numbers, points `channels`.
        unsafe {
            for k in 0..self.size {
                finite &= self.cotangent.get(k).is_finite();
            }
            if let Some(pending) = self.pending
                && !pending.is_same(self.first)
            {
                for c in 0..self.channels {
                    self.first.set(c, pending.get(c));
                    pending.set(c, 0.0);
                }
            }
            for c in 0..self.channels {
                let step = if self.channels == 1 { self.derivative() } else { self.cotangent.get(c) };
                if self.part.first {
                    add(self.first, c, -step);
                }
                if self.part.last {
                    add(self.last, c, step);
                }
            }
            if let (Some(row), true, true) = (self.of_initial, self.part.first, self.channels > 1) {
                for k in 0..self.size {
                    row.set(k, self.cotangent.get(k));
                }
            }
        }
        finite
    }

    /// One channel: ∂f/∂Δ = Σ_k Λ_k R_{k-1}, R what was continued times the path's own signature S.
    /// With what is continued, I, it is Σ_i I_i ∂f/∂I_{i+1}, where ∂f/∂I_k = Λ_k + Σ_j Λ_{k+j} S_j,
    /// which are written. Levels of S that have become zero end each sum: they do so long before a
    /// large depth does.
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn derivative(&self) -> f64 {
        let mut sum = 0.0;
        // SAFETY: rows have `size` numbers.
        unsafe {
            if self.initial.is_none() && self.of_initial.is_none() {
                for k in 0..self.size {
                    // Zero times an infinite cotangent would hide it.
                    let so_far = level(self.signature, k);
                    sum += self.cotangent.get(k) * so_far;
                    if so_far == 0.0 {
                        break;
                    }
                }
                return sum;
            }
            let signature = self.signature;
            let powers = || move |j: usize| signature.get(j - 1);
            let moved = if self.size > 1 { signature.get(0) } else { 0.0 };
            let each = |k, of_level| {
                match self.initial {
                    Some(initial) => sum += level(initial, k) * of_level,
                    None if k == 0 => sum = of_level,
                    None => {}
                }
                if let (Some(row), true) = (self.of_initial, self.part.first) {
                    row.set(k, of_level);
                }
            };
            sums(self.cotangent, self.size, moved.abs(), powers, |own| own, each);
        }
        sum
    }
}

/// Level `k` with the scalar term.
unsafe fn level(levels: Numbers, k: usize) -> f64 {
    // SAFETY: as the caller vouches.
    if k == 0 { 1.0 } else { unsafe { levels.get(k - 1) } }
}
