//! Depth 2 of two and three channels, for calls that nobody asks for λ: a functional on brackets of
//! letters that moves backwards in time, all of it in registers (`docs/gradients.md`, Streams).
//!
//! With R_t the signature after step t and Λ_t its own cotangent, each prefix is met once,
//! contracted with its signature, L_t(c) = Λ_t(c) + Σ_a R_t(a) Λ_t(a c). What else a step's
//! gradient needs of later prefixes is A(c, e) = Σ (Λ(c e) - Λ(e c)): the points at the ends of a
//! step get ½ Σ_e z_e A(c, e) each, and level 1 of the functional moves by twice that.

// Loops over letters index several arrays of registers together; iterators over one of them would
// hide that.
#![allow(clippy::needless_range_loop, clippy::manual_memcpy)]

use super::levels::Levels;
use crate::lanes::{Lanes, MAX_WIDTH, Rows};
use crate::words::shape::Shape;

/// Whether there is code for a shape.
pub fn exists<V: Lanes>(shape: &Shape) -> bool {
    V::WIDTH == MAX_WIDTH && shape.depth == 2 && shape.channels <= 3
}

/// Runs some steps, whose rows of signatures and of cotangents these are, each lane's first: L_t
/// where level 1 of the cotangents would be, κ_1 of single letters as for λ. A is on level 2 of λ.
///
/// # Safety
/// [`exists`] says so; all rows and all memory are there.
pub unsafe fn run<V: Lanes>(levels: &Levels<'_, V>, signatures: &Rows<V::T>, cotangents: &Rows<V::T>, row: usize) {
    // Of two lanes there is no code.
    if V::WIDTH == MAX_WIDTH {
        // SAFETY: as the caller vouches.
        unsafe {
            match levels.shape.channels {
                2 => steps::<V, 2, 6>(levels, signatures, cotangents, row),
                _ => steps::<V, 3, 12>(levels, signatures, cotangents, row),
            }
        }
    }
}

#[inline(never)]
unsafe fn steps<V: Lanes, const D: usize, const SIZE: usize>(
    levels: &Levels<'_, V>,
    signatures: &Rows<V::T>,
    cotangents: &Rows<V::T>,
    row: usize,
) {
    // SAFETY: as the caller vouches; rows have more numbers than a vector.
    unsafe {
        let mut area: [V; 3] = core::array::from_fn(|p| *levels.adjoint.add(D + p));
        for q in (0..levels.steps).rev() {
            let signature = V::load_transposed(signatures, q * row);
            let mut cotangent = [V::zero(); SIZE];
            for s in 0..SIZE.div_ceil(MAX_WIDTH) {
                // The last vector's worth overlaps the one before it where they do not fill the
                // row.
                let at = (s * MAX_WIDTH).min(SIZE - MAX_WIDTH);
                let square = V::load_transposed(cotangents, q * row + at);
                for j in 0..MAX_WIDTH {
                    cotangent[at + j] = square[j];
                }
            }
            let mut moved = [V::zero(); D];
            let mut p = 0;
            for c in 0..D {
                let mut own = cotangent[c];
                for a in 0..D {
                    own = signature[a].mul_add(cotangent[D + a * D + c], own);
                }
                *levels.cotangents.cast_mut().add(q * SIZE + c) = own;
                for e in c + 1..D {
                    let (z_c, z_e) = (*levels.increments.add(q * D + c), *levels.increments.add(q * D + e));
                    area[p] = area[p].add(cotangent[D + c * D + e].sub(cotangent[D + e * D + c]));
                    moved[c] = z_e.mul_add(area[p], moved[c]);
                    moved[e] = z_c.neg_mul_add(area[p], moved[e]);
                    p += 1;
                }
            }
            for c in 0..D {
                *levels.sums.add(q * D + c) = moved[c];
            }
        }
        for p in 0..D * (D - 1) / 2 {
            *levels.adjoint.add(D + p) = area[p];
        }
    }
}
