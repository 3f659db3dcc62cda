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
        // SAFETY: as the caller vouches; words of letter a are a, then ab for all b > a.
        unsafe {
            if d == 2 {
                return self.one_pair(steps);
            }
            let mut root = self.state;
            let mut a = 0;
            while a < d {
                (root, a) = match d - a {
                    4.. => (self.middles::<4>(root, a, steps), a + 4),
                    _ => (self.middles::<1>(root, a, steps), a + 1),
                };
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

    /// Moves `G` letters from number `a` on, whose words begin at `root`, and writes the middles of
    /// their steps; gives where the words of the next letter begin. More letters than one do not
    /// wait for each other.
    #[inline(never)]
    unsafe fn middles<const G: usize>(&self, root: *mut V, a: usize, steps: usize) -> *mut V {
        let d = self.followed.channels;
        let half = reciprocal::<V>(2);
        let begin = |g: usize| root.wrapping_add((0..g).map(|i| d - a - i).sum());
        // SAFETY: as the caller vouches.
        unsafe {
            let mut x: [V; G] = core::array::from_fn(|g| *begin(g));
            let (mut z, mut v) = (self.tile.add(a), self.chains.add(a));
            for _ in 0..steps {
                for (g, x) in x.iter_mut().enumerate() {
                    let z = *z.add(g);
                    *v.add(g) = z.mul_add(half, *x);
                    *x = x.add(z);
                }
                (z, v) = (z.add(d), v.add(d));
            }
            for (g, x) in x.into_iter().enumerate() {
                *begin(g) = x;
            }
        }
        begin(G)
    }

    /// Two letters, all in registers.
    #[inline(never)]
    unsafe fn one_pair(&self, steps: usize) {
        let half = reciprocal::<V>(2);
        // SAFETY: as the caller vouches; the words are 0, 01 and 1.
        unsafe {
            let (mut x, mut y, mut z) = (*self.state, *self.state.add(2), self.tile);
            // Every other step has its own sum.
            let mut sums = [*self.state.add(1), V::zero()];
            let mut step = |sum: &mut V| {
                let (a, b) = (*z, *z.add(1));
                *sum = a.mul_add(half, x).mul_add(b, *sum);
                x = x.add(a);
                y = y.add(b);
                z = z.add(2);
            };
            for _ in 0..steps / 2 {
                step(&mut sums[0]);
                step(&mut sums[1]);
            }
            if steps % 2 == 1 {
                step(&mut sums[0]);
            }
            *self.state = x;
            *self.state.add(1) = sums[0].add(sums[1]);
            *self.state.add(2) = y;
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
