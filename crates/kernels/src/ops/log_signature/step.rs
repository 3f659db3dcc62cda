//! One step of a pruned walk, without tiles: for streams, whose every step is followed by a
//! logarithm. Horner's scheme with scaled chains, depth first (`walk::horner` explains it).

use super::walk::Walk;
use crate::lanes::Lanes;
use crate::walk::chains::reciprocal;

impl<V: Lanes> Walk<V> {
    /// Takes one step.
    ///
    /// # Safety
    /// All memory is there; `z` has an increment.
    #[inline(never)]
    pub unsafe fn step(&self, z: *const V) {
        let d = self.followed.channels;
        let n = self.followed.depth;
        // SAFETY: as the caller vouches. A letter's words stand level after level.
        unsafe {
            let mut root = self.state;
            for a in 0..d {
                let (x, first) = (*root, *z.add(a));
                for r in 1..n {
                    let chain = first.mul_add(reciprocal(r + 1), x);
                    *self.chains.add(r) = if r > 1 { chain.mul(reciprocal(r)) } else { chain };
                }
                *root = x.add(first);
                if n > 1 && a + 1 < d {
                    let letter = Letter { width: d - a, z: z.add(a) };
                    letter.below(n - 1, root.add(1), 0, 1, self.chains);
                }
                root = root.add(self.followed.of_letter(d - a));
            }
        }
    }
}

/// The letters from one on, and their increments.
struct Letter<V> {
    width: usize,
    z: *const V,
}

impl<V: Lanes> Letter<V> {
    /// The words below number `word` of a level of `words`, which has `r` letters to come; `level`
    /// are the words with one more letter. `chains[j]` is C_j / j.
    unsafe fn below(&self, r: usize, level: *mut V, word: usize, words: usize, chains: *mut V) {
        let m = self.width;
        // SAFETY: as the caller vouches.
        unsafe {
            let one = *chains.add(1);
            if r == 1 {
                self.row(level.add(word * (m - 1)), one);
                return;
            }
            let next = level.add(words * m);
            let own = chains.add(r + 1);
            if r == 2 {
                let two = *chains.add(2);
                for c in 0..m {
                    let (z, at) = (*self.z.add(c), level.add(word * m + c));
                    let s = *at;
                    *at = one.mul_add(z, s);
                    self.row(next.add((word * m + c) * (m - 1)), two.mul_add(z, s));
                }
                return;
            }
            for c in 0..m {
                let (z, at) = (*self.z.add(c), level.add(word * m + c));
                let s = *at;
                for j in 1..r {
                    let chain = (*chains.add(j + 1)).mul_add(z, s);
                    *own.add(j) = if j > 1 { chain.mul(reciprocal(j)) } else { chain };
                }
                *at = one.mul_add(z, s);
                self.below(r - 1, next, word * m + c, words * m, own);
            }
        }
    }

    /// The words of the last level below one whose chain is given.
    #[inline(always)]
    unsafe fn row(&self, row: *mut V, chain: V) {
        for e in 0..self.width - 1 {
            // SAFETY: as the caller vouches.
            unsafe { *row.add(e) = chain.mul_add(*self.z.add(e + 1), *row.add(e)) };
        }
    }
}
