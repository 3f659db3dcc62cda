//! The last two levels in one pass, for alphabets of two and three letters: C and κ of the words
//! with one letter to come stay in registers. Most of such an alphabet's words are on those two
//! levels.

// Loops over letters index several arrays of registers together; iterators over one of them would
// hide that.
#![allow(clippy::needless_range_loop)]

use super::levels::{Levels, Part};
use crate::lanes::Lanes;

impl<V: Lanes> Levels<'_, V> {
    /// Both levels below the words with two letters to come; `part` is the first of the two.
    ///
    /// # Safety
    /// As [`Levels::run`]; `D` is the number of channels.
    #[inline(never)]
    pub unsafe fn last_two<const D: usize>(&self, part: &Part) {
        let top = part.children;
        // SAFETY: as the caller vouches.
        unsafe {
            let half = *self.fractions.add(2);
            for q in (0..self.steps).rev() {
                let z: [V; D] = core::array::from_fn(|c| *self.increments.add(q * D + c));
                // Two sums for each letter, which wait for each other less than one would for
                // itself.
                let (mut gradient, mut of_top) = ([V::zero(); D], [V::zero(); D]);
                let mut signature = self.signatures.add(q * self.low + part.offset);
                let mut cotangent = self.cotangents.add(q * self.shape.size + part.offset);
                let mut adjoint = self.adjoint.add(part.offset);
                let (mut top_cotangent, mut top_adjoint) = (cotangent.add(top), adjoint.add(top));
                let place = q * self.pitch + part.above;
                let (mut chains, mut sums) = (self.chains.add(place).cast_const(), self.sums.add(place));
                let mut left = part.parents;
                loop {
                    let (one, two) = (*chains, (*chains.add(part.parents)).mul(half));
                    let (mut first, mut second) = (V::zero(), V::zero());
                    for c in 0..D {
                        let chain = two.mul_add(z[c], *signature.add(c));
                        let mut sum = V::zero();
                        for g in 0..D {
                            let x = (*top_adjoint.add(g)).add(*top_cotangent.add(g));
                            *top_adjoint.add(g) = x;
                            sum = if g == 0 { z[g].mul(x) } else { z[g].mul_add(x, sum) };
                            of_top[g] = chain.mul_add(x, of_top[g]);
                        }
                        (top_adjoint, top_cotangent) = (top_adjoint.add(D), top_cotangent.add(D));
                        let x = (*adjoint.add(c)).add(*cotangent.add(c));
                        *adjoint.add(c) = x.add(sum);
                        first = z[c].mul_add(x, first);
                        second = z[c].mul_add(sum, second);
                        gradient[c] = one.mul_add(x, two.mul_add(sum, gradient[c]));
                    }
                    *sums = first;
                    *sums.add(part.parents) = second.mul(half);
                    left -= 1;
                    if left == 0 {
                        break;
                    }
                    (signature, cotangent, adjoint) = (signature.add(D), cotangent.add(D), adjoint.add(D));
                    (chains, sums) = (chains.add(1), sums.add(1));
                }
                for c in 0..D {
                    let rest = self.rest.add(q * D + c);
                    *rest = (*rest).add(gradient[c].add(of_top[c]));
                }
            }
        }
    }
}
