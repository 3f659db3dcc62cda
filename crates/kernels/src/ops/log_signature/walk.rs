//! The followed words along a path: the pruned walk (docs/pruned-walk.md) without recovery, and at
//! depth 2 sums over pairs of letters.

use super::words::Followed;
use crate::lanes::Lanes;
use crate::path::increments::TILE;
use crate::walk::chains::reciprocal;
use crate::walk::frame::{self, Frame};
use crate::walk::horner;
use crate::walk::rectangle::Rectangle;
use crate::words::shape::MAX_DEPTH;

/// Memory of a walk, and the words it follows.
#[derive(Clone, Copy)]
pub struct Walk<V> {
    pub followed: Followed,
    /// Increments: `channels` vectors a step.
    pub tile: *mut V,
    /// Chains of deep nodes; at depth 2 the middles of steps.
    pub chains: *mut V,
    /// The coefficients of the followed words.
    pub state: *mut V,
}

impl<V: Lanes> Walk<V> {
    /// Vectors of chains.
    pub fn chains(followed: Followed) -> Option<usize> {
        match followed.depth {
            1 => Some(0),
            2 => TILE.checked_mul(followed.channels),
            _ => frame::scratch_vectors(followed.channels, followed.depth),
        }
    }

    /// Takes the first steps of the tile.
    ///
    /// # Safety
    /// All memory is there; `steps <= TILE`.
    #[inline(never)]
    pub unsafe fn advance(&self, steps: usize) {
        let Followed { channels: d, depth, .. } = self.followed;
        // SAFETY: as the caller vouches.
        unsafe {
            match depth {
                1 => horner::level_one(self.state, d, d, self.tile, steps),
                2 => self.pairs(steps),
                _ => {
                    let mut root = self.state;
                    for a in 0..d - 1 {
                        horner::below_letter(&self.frame(root, d - a), root, self.tile.add(a), steps);
                        root = root.add(self.followed.of_letter(d - a));
                    }
                    horner::level_one(root, 1, d, self.tile.add(d - 1), steps);
                }
            }
        }
    }

    /// The words below a letter.
    #[inline(always)]
    fn frame(&self, root: *mut V, width: usize) -> Frame<V> {
        let Followed { channels, depth, .. } = self.followed;
        let mut levels = [core::ptr::null_mut(); MAX_DEPTH + 1];
        let (mut at, mut words) = (root.wrapping_add(1), 1);
        for level in levels[..depth - 1].iter_mut().rev() {
            words *= width;
            *level = at;
            at = at.wrapping_add(words);
        }
        Frame { width, stride: channels, depth: depth - 1, skip: 1, levels, scratch: self.chains }
    }

    /// Depth 2: S(ab) += Σ_q v_q(a) z_q(b) for a < b, with v the middle of a step, in rectangles of
    /// two letters a.
    #[inline(never)]
    unsafe fn pairs(&self, steps: usize) {
        let d = self.followed.channels;
        let half = reciprocal::<V>(2);
        // SAFETY: as the caller vouches; words of letter a are a, then ab for all b > a.
        unsafe {
            let mut root = self.state;
            for a in 0..d {
                let mut x = *root;
                for q in 0..steps {
                    let z = *self.tile.add(q * d + a);
                    *self.chains.add(q * d + a) = z.mul_add(half, x);
                    x = x.add(z);
                }
                *root = x;
                root = root.add(d - a);
            }
            let mut root = self.state;
            let mut a = 0;
            while a + 1 < d {
                let rows = if a + 2 < d { 2 } else { 1 };
                if rows == 2 {
                    self.rectangle(root.add(1), 0, a, a + 1, steps).add::<1, 1>();
                }
                let mut b = a + rows;
                while b < d {
                    let rectangle = self.rectangle(root.add(b - a), d - a - 1, a, b, steps);
                    macro_rules! add {
                        ($columns:literal) => {{
                            if rows == 2 {
                                rectangle.add::<2, $columns>();
                            } else {
                                rectangle.add::<1, $columns>();
                            }
                            $columns
                        }};
                    }
                    b += match d - b {
                        1 => add!(1),
                        2 | 4 => add!(2),
                        _ => add!(3),
                    };
                }
                root = root.add(rows * (d - a) - (rows - 1));
                a += rows;
            }
        }
    }

    /// Coefficients from the word ab on, at `y`; rows are `y_pitch` apart.
    unsafe fn rectangle(&self, y: *mut V, y_pitch: usize, a: usize, b: usize, steps: usize) -> Rectangle<V> {
        let d = self.followed.channels;
        // SAFETY: as the caller vouches.
        unsafe {
            let (v, z) = (self.chains.add(a).cast_const(), self.tile.add(b).cast_const());
            Rectangle { y, y_pitch, v, v_pitch: d, z, z_pitch: d, steps }
        }
    }
}
