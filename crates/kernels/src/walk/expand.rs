//! Recovery for large shapes: identity 1 of `words::recovery` as loops over letters. A program of
//! every sum, which small shapes have, would take longer to fetch than the coefficients take to be
//! followed.
//!
//! Here the walk has followed all words that begin with their smallest letter, on the top level
//! too. For each letter x, the sums S(x (r ⧢ v)) over the shuffles of words r and v of letters from
//! x on are made first, as tables by |r| and |v|. Then each word u x v is a short sum of products
//! of a prefix of u and an entry of a table.
//!
//! Loops and places are the same for all types of numbers; [`Arithmetic`] is the rest.

use crate::lanes::{Lanes, MAX_WIDTH, Real};
use crate::words::recovery::DEEPEST;
use crate::words::shape::Shape;

/// Letters of a word beside x, at most.
const LETTERS: usize = DEEPEST - 1;

/// Vectors for the tables of a letter, and a one.
pub fn tables_size(shape: &Shape) -> usize {
    1 + tables_below(shape, shape.depth + 1)
}

/// Vectors for the tables of the levels below `level`.
fn tables_below(shape: &Shape, level: usize) -> usize {
    (3..level).map(|level| (level - 2) * shape.count(level - 1)).sum()
}

/// 1 + base + base² + …, `digits` of them.
pub fn repunit(base: usize, digits: usize) -> usize {
    (0..digits).fold(0, |sum, _| sum * base + 1)
}

/// Writes the signature whose followed words are given to `state`.
///
/// # Safety
/// All is of one allocation: before `tables`, which holds [`tables_size`] vectors, stand, letter
/// after letter, all followed words in order of their levels; `state` holds `shape.size`. Depth 2
/// to [`DEEPEST`].
pub unsafe fn expand<V: Lanes>(shape: &Shape, tables: *mut V, state: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        *tables = V::splat(V::T::ONE);
        recover(shape, tables.offset_from(state) as usize, &mut Vectors { base: state });
    }
}

/// What is done with vectors, which are named by their distance from the state.
trait Arithmetic {
    /// `to := a + b`, `count` vectors; those of b are `stride` apart.
    unsafe fn add(&mut self, to: usize, a: usize, b: usize, stride: usize, count: usize);
    /// A row of words from `to` on; in runs it begins at `at`.
    unsafe fn row(&mut self, words: &Words, to: usize, at: usize);
}

#[cfg_attr(path_signature_small, optimize(size))]
unsafe fn recover(shape: &Shape, tables: usize, arithmetic: &mut dyn Arithmetic) {
    let mut words = tables;
    // Words of larger letters first: they are the prefixes u.
    for x in (0..shape.channels).rev() {
        let width = shape.channels - x;
        words = words.wrapping_sub(repunit(width, shape.depth));
        let letter = Letter { shape, x, width, words, tables };
        for level in 1..=shape.depth {
            // SAFETY: as `expand`'s caller vouches.
            unsafe {
                letter.fill_tables(level, arithmetic);
                // Before the last letter stands none that is larger.
                for left in 0..if width > 1 { level } else { 1 } {
                    letter.words(left, level - 1 - left).compute(arithmetic);
                }
            }
        }
    }
}

/// A letter x, and the words that begin with it as their smallest.
struct Letter<'a> {
    shape: &'a Shape,
    x: usize,
    /// Letters from x on.
    width: usize,
    words: usize,
    tables: usize,
}

impl Letter<'_> {
    /// S(x (r ⧢ v) s) for all words r of `left` letters, v and s, `level` letters in all with x, in
    /// the order of r v s. With no letter in r, or none in v, these are the words of the level.
    fn table(&self, level: usize, left: usize, right: usize) -> usize {
        if left == 0 || right == 0 {
            return self.words.wrapping_add(repunit(self.width, level - 1));
        }
        let own = 1 + tables_below(self.shape, level) + (left - 1) * self.power(level - 1);
        self.tables.wrapping_add(own)
    }

    fn power(&self, letters: usize) -> usize {
        self.width.pow(letters as u32)
    }

    /// Makes the tables of a level, of which s is empty in the end: a shuffle of r and v ends in
    /// the last letter of one of them, before which stands a shuffle of what is left.
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn fill_tables(&self, level: usize, arithmetic: &mut dyn Arithmetic) {
        for both in 2..level {
            for left in (1..both).rev() {
                let right = both - left;
                let to = self.table(level, left, right);
                // The last letter of v becomes the first of s; that of r moves there from before v.
                let same = self.table(level, left, right - 1);
                let moved = self.table(level, left - 1, right);
                let (d, v, s) = (self.width, self.power(right), self.power(level - 1 - both));
                // Rows of s, or of v where that is empty.
                let (rows, count, stride) = if s == 1 { (1, v, d) } else { (v, s, 1) };
                for r in 0..self.power(left) {
                    for row in 0..rows {
                        let at = r * v * s + row * count;
                        let from = (r / d * v * d + r % d + row * d) * s;
                        let add = |place: usize, by: usize| place.wrapping_add(by);
                        // SAFETY: as `expand`'s caller vouches.
                        unsafe { arithmetic.add(add(to, at), add(same, at), add(moved, from), stride, count) };
                    }
                }
            }
        }
    }

    /// The words u x v with `left` and `right` letters in u and v.
    #[cfg_attr(path_signature_small, optimize(size))]
    fn words(&self, left: usize, right: usize) -> Words {
        let (d, width) = (self.shape.channels, self.width);
        // At the word of the smallest u. So many letters of u, from number `first` on, move it.
        let cursor = |mut at: usize, first: usize, letters: usize, stride: &dyn Fn(usize) -> usize| {
            let mut strides = [0; LETTERS];
            for (i, own) in strides.iter_mut().enumerate().skip(first).take(letters) {
                *own = stride(i);
                // Letters of u begin with the one behind x.
                at = at.wrapping_add(*own);
            }
            Cursor { at, strides }
        };
        let in_state = |length: usize, letters: usize| {
            let begin = self.shape.offset(length) + self.x * repunit(d, length);
            cursor(begin, 0, letters, &|i| d.pow((length - 1 - i) as u32))
        };
        let one = Cursor { at: self.tables, strides: [0; LETTERS] };
        let mut terms = [Term { factor: one, run: one, stride: 1 }; LETTERS + 1];
        for (j, term) in terms.iter_mut().enumerate().take(left + 1) {
            if j < left {
                term.factor = in_state(left - j, left - j);
            }
            let kept = left - j;
            let table = self.table(j + right + 1, j, right);
            term.run = cursor(table, kept, j, &|i| self.power(right + i - kept));
            if right == 0 && left > 0 {
                // The last letter of u is that of the run.
                term.stride = term.run.strides[left - 1];
            }
        }
        if right == 0 && left > 0 {
            // S(u) S(x), whose first factor has that letter.
            let Term { factor, run, .. } = terms[0];
            terms[0] = Term { factor: run, run: factor, stride: 1 };
        }
        Words {
            left,
            fixed: if right > 0 { left } else { left.max(1) - 1 },
            channels: d,
            width,
            rows: self.power(right.max(1) - 1),
            row: if left + right == 0 { 1 } else { width - usize::from(right == 0) },
            stride: if right > 0 { 1 } else { d },
            target: in_state(left + right + 1, left),
            terms,
        }
    }
}

/// A place that moves by `strides[i]` when letter number i of u grows by one.
#[derive(Clone, Copy)]
struct Cursor {
    at: usize,
    strides: [usize; LETTERS],
}

/// A product of a factor and the numbers of a run, which are `stride` vectors apart.
#[derive(Clone, Copy)]
struct Term {
    factor: Cursor,
    run: Cursor,
    stride: usize,
}

/// All words u x v of a letter x and lengths of u and v:
/// S(u x v) = Σ_j (-1)^j S(u without its last j letters) · S(x (these, reversed ⧢ v)).
/// In the inner loop are v, or the last letter of u if v is empty.
struct Words {
    left: usize,
    /// Letters of u that are not in the inner loop.
    fixed: usize,
    channels: usize,
    /// Letters from x on.
    width: usize,
    /// Rows of words, the words of each, and how far these are apart in the state.
    rows: usize,
    row: usize,
    stride: usize,
    target: Cursor,
    /// By j, up to `left`.
    terms: [Term; LETTERS + 1],
}

impl Words {
    /// The letters outside the inner loop are like the digits of a number.
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn compute(mut self, arithmetic: &mut dyn Arithmetic) {
        let mut digits = [0; LETTERS];
        loop {
            // SAFETY: as `expand`'s caller vouches.
            unsafe { self.rows(arithmetic) };
            let mut letter = self.fixed;
            loop {
                if letter == 0 {
                    return;
                }
                letter -= 1;
                digits[letter] += 1;
                if digits[letter] < self.width - 1 {
                    break;
                }
                digits[letter] = 0;
                self.step(letter, 2_usize.wrapping_sub(self.width));
            }
            self.step(letter, 1);
        }
    }

    /// Moves all cursors by `by` letters.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn step(&mut self, letter: usize, by: usize) {
        let terms = self.terms[..=self.left].iter_mut().flat_map(|term| [&mut term.factor, &mut term.run]);
        for cursor in core::iter::once(&mut self.target).chain(terms) {
            cursor.at = cursor.at.wrapping_add(cursor.strides[letter].wrapping_mul(by));
        }
    }

    /// The words of all v.
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn rows(&self, arithmetic: &mut dyn Arithmetic) {
        let mut to = self.target.at;
        for row in 0..self.rows {
            if row > 0 {
                to += self.channels;
                // Letters that are smaller than x are left out.
                let (mut rest, mut gap) = (row, (self.channels - self.width) * self.channels);
                while rest % self.width == 0 {
                    to += gap;
                    (rest, gap) = (rest / self.width, gap * self.channels);
                }
            }
            // SAFETY: as `expand`'s caller vouches.
            unsafe { arithmetic.row(self, to, row * self.width) };
        }
    }
}

struct Vectors<V> {
    base: *mut V,
}

impl<V: Lanes> Vectors<V> {
    fn at(&self, place: usize) -> *mut V {
        self.base.wrapping_add(place)
    }

    /// A row of `E` words or more. The last ones may be computed twice.
    #[inline(always)]
    unsafe fn words<const E: usize>(&self, words: &Words, to: usize, at: usize) {
        let mut e = 0;
        while e < words.row {
            let first = e.min(words.row - E);
            e += E;
            let mut total = [V::zero(); E];
            // SAFETY: as `expand`'s caller vouches. Behind a pointer the compiler does not unroll
            // for all terms that there may be.
            unsafe {
                let mut sign = V::splat(V::T::ONE);
                for term in core::slice::from_raw_parts(words.terms.as_ptr(), words.left + 1) {
                    let factor = (*self.at(term.factor.at)).mul(sign);
                    sign = V::zero().sub(sign);
                    let mut from = self.at(term.run.at).wrapping_add(at + first * term.stride);
                    for total in &mut total {
                        *total = factor.mul_add(*from, *total);
                        from = from.wrapping_add(term.stride);
                    }
                }
                let mut to = self.at(to + first * words.stride);
                for total in total {
                    *to = total;
                    to = to.wrapping_add(words.stride);
                }
            }
        }
    }
}

impl<V: Lanes> Arithmetic for Vectors<V> {
    unsafe fn add(&mut self, to: usize, a: usize, b: usize, stride: usize, count: usize) {
        let (to, a, b) = (self.at(to), self.at(a), self.at(b));
        for i in 0..count {
            // SAFETY: as `expand`'s caller vouches.
            unsafe { *to.add(i) = (*a.add(i)).add(*b.add(i * stride)) };
        }
    }

    unsafe fn row(&mut self, words: &Words, to: usize, at: usize) {
        // SAFETY: as `expand`'s caller vouches.
        unsafe {
            if V::WIDTH == MAX_WIDTH && words.row >= 8 {
                self.words::<8>(words, to, at);
            } else if words.row >= 4 {
                self.words::<4>(words, to, at);
            } else {
                self.words::<1>(words, to, at);
            }
        }
    }
}
