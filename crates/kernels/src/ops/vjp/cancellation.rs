//! Whether paths may go back and forth so that float32 gradients lose digits: neighbouring
//! increments that all but cancel (`docs/gradients.md`, "Cost and rounding"). Every step counts.
//!
//! With pairs of steps (0, 1), (2, 3), …, Σ |z + z'|² ≤ share Σ |z|² over pairs is necessary for
//! the same over all neighbours, of a path or of one of the pieces that it is cut into. Whoever
//! asked looks at all neighbours of the paths in question (ts/operations/gradient-double.ts).

use crate::lanes::{Lanes, Real};

/// Sums over the steps so far, of each lane: Σ |z|², and Σ z·z' of pairs. Several, which do not
/// wait for each other.
pub struct Cancellation<V> {
    squares: [V; 4],
    products: [V; 2],
}

/// What a pair of steps leaves, at most, of its length squared; with a margin for rounding.
fn share(depth: usize) -> f64 {
    1.01 * match depth {
        ..6 => 9.0 / 64.0,
        6 => 1.0 / 4.0,
        _ => 9.0 / 16.0,
    }
}

impl<V: Lanes> Cancellation<V> {
    pub fn new() -> Self {
        Cancellation { squares: [V::zero(); 4], products: [V::zero(); 2] }
    }

    /// Adds steps, a multiple of four of them, `d` vectors each.
    ///
    /// # Safety
    /// They are there.
    #[inline(never)]
    pub unsafe fn add(&mut self, mut z: *const V, d: usize, steps: usize) {
        let (mut squares, mut products) = (self.squares, self.products);
        for _ in 0..steps / 4 {
            for c in 0..d {
                // SAFETY: the caller vouches for the steps.
                let of: [V; 4] = core::array::from_fn(|q| unsafe { *z.add(c + q * d) });
                squares = core::array::from_fn(|q| of[q].mul_add(of[q], squares[q]));
                products = core::array::from_fn(|p| of[2 * p].mul_add(of[2 * p + 1], products[p]));
            }
            z = z.wrapping_add(4 * d);
        }
        (self.squares, self.products) = (squares, products);
    }

    /// Whether that holds in some lane.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn may_cancel(&self, depth: usize) -> bool {
        let [a, b, c, d] = self.squares;
        let squares = a.add(b).add(c.add(d)).to_lanes();
        let products = self.products[0].add(self.products[1]).to_lanes();
        (0..V::WIDTH).any(|l| {
            let squares = squares[l].to_f64();
            squares + 2.0 * products[l].to_f64() < share(depth) * squares
        })
    }
}
