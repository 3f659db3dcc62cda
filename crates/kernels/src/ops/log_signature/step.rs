//! One step of a pruned walk, without tiles: for streams, whose every step is followed by a
//! logarithm. Horner's scheme with scaled chains, depth first (`walk::horner` explains it).

use super::walk::Walk;
use crate::lanes::Lanes;
use crate::walk::chains::reciprocal;

impl<V: Lanes> Walk<V> {
    /// Takes one step. `begins` is where the words of each letter begin.
    ///
    /// # Safety
    /// All memory is there; `z` has an increment.
    #[inline(never)]
    pub unsafe fn step(&self, begins: &[usize], z: *const V) {
        let (d, n) = (self.followed.channels, self.followed.depth);
        let half = reciprocal::<V>(2);
        // SAFETY: as the caller vouches. A letter's words stand level after level.
        unsafe {
            for (a, &begin) in begins[..d].iter().enumerate() {
                let root = self.state.add(begin);
                let (x, first) = (*root, *z.add(a));
                *root = x.add(first);
                let letter = Letter { width: d - a, z: z.add(a) };
                let one = first.mul_add(half, x);
                if n == 1 || a + 1 == d {
                    continue;
                }
                let chain = |r: usize| first.mul_add(reciprocal(r + 1), x).mul(reciprocal(r));
                match n {
                    2 => letter.row(root.add(1), one),
                    3 => letter.two_levels(root.add(1), root.add(1 + d - a), one, chain(2)),
                    4 => letter.three_levels(root.add(1), 0, 1, [one, chain(2), chain(3)]),
                    _ => {
                        *self.chains.add(1) = one;
                        for r in 2..n {
                            *self.chains.add(r) = chain(r);
                        }
                        letter.below(n - 1, root.add(1), 0, 1, self.chains);
                    }
                }
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
            if r == 3 {
                return self.three_levels(level, word, words, [one, *chains.add(2), *chains.add(3)]);
            }
            let (row, next) = (level.add(word * m), level.add(words * m));
            let own = chains.add(r + 1);
            for c in 0..m {
                let (z, at) = (*self.z.add(c), row.add(c));
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

    /// [`Letter::below`] with three letters to come.
    #[inline(never)]
    unsafe fn three_levels(&self, level: *mut V, word: usize, words: usize, [one, two, three]: [V; 3]) {
        let m = self.width;
        // SAFETY: as the caller vouches.
        unsafe {
            let (row, mut next) = (level.add(word * m), level.add(words * m));
            let mut last = next.add(words * m * m).add(word * m * m * (m - 1));
            next = next.add(word * m * m);
            for c in 0..m {
                let (z, at) = (*self.z.add(c), row.add(c));
                let s = *at;
                *at = one.mul_add(z, s);
                self.two_levels(next, last, two.mul_add(z, s), three.mul_add(z, s).mul(reciprocal(2)));
                next = next.add(m);
                last = last.add(m * (m - 1));
            }
        }
    }

    /// The words below one whose chains are given: with one letter more at `row`, with two at
    /// `next`.
    #[inline(always)]
    unsafe fn two_levels(&self, row: *mut V, mut next: *mut V, one: V, two: V) {
        for c in 0..self.width {
            // SAFETY: as the caller vouches.
            unsafe {
                let (z, at) = (*self.z.add(c), row.add(c));
                let s = *at;
                *at = one.mul_add(z, s);
                self.row(next, two.mul_add(z, s));
                next = next.add(self.width - 1);
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
