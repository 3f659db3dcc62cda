//! The words of log-signatures: where followed words of a pruned walk stand, and Lyndon words.
//!
//! A word is its level and its number in base d, the first letter first. A *row* is a range of
//! neighbouring words that differ in their last letter.

use crate::words::shape::{MAX_DEPTH, Shape};
use std::vec::Vec;

/// Where the followed words of a truncated signature stand: those whose first letter is the
/// smallest and, on the last level, whose last letter is larger. Letter after letter, then level
/// after level, each level in lexicographic order, as the pruned walk has them.
#[derive(Clone, Copy, Debug)]
pub struct Followed {
    pub channels: usize,
    pub depth: usize,
}

/// A row of followed words.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub level: usize,
    /// The first word among all words of a signature.
    pub first: usize,
    /// The first word among followed words.
    pub at: usize,
    pub count: usize,
}

impl Followed {
    /// Words that begin with a letter, `width` letters from it on.
    pub fn of_letter(&self, width: usize) -> usize {
        let (mut size, mut rows) = (1, 1);
        for level in 2..=self.depth {
            size += rows * (width - usize::from(level == self.depth));
            rows *= width;
        }
        size
    }

    /// Where the words that begin with a letter stand.
    pub fn letter(&self, a: usize) -> usize {
        (0..a).map(|b| self.of_letter(self.channels - b)).sum()
    }

    /// All rows, in their order.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn rows(&self, shape: &Shape) -> Vec<Row> {
        let d = self.channels;
        let (mut all, mut at) = (Vec::new(), 0);
        for a in 0..d {
            let mut add = |level: usize, first: usize, count: usize| {
                if count > 0 {
                    all.push(Row { level, first, at, count });
                    at += count;
                }
            };
            add(1, a, 1);
            for level in 2..=self.depth {
                let skip = a + usize::from(level == self.depth);
                let of_letter = shape.count(level - 1);
                for row in (a * of_letter..(a + 1) * of_letter).step_by(d) {
                    if (1..level - 1).all(|k| row / shape.count(k) % d >= a) {
                        add(level, shape.offset(level) + row + skip, d - skip);
                    }
                }
            }
        }
        all
    }
}

/// Where each word of a signature stands among followed words, which begin at `at`.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn places(rows: &[Row], shape: &Shape) -> Vec<u32> {
    let mut places = std::vec![0; shape.size];
    for row in rows {
        for e in 0..row.count {
            places[row.first + e] = (row.at + e) as u32;
        }
    }
    places
}

/// Whether word number `i` of a level is a Lyndon word: smaller than all its proper suffixes. With
/// it all words are whose last letter alone is larger (Fredricksen, Kessler and Maiorana).
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn is_lyndon(shape: &Shape, level: usize, i: usize) -> bool {
    (1..level).all(|k| i % shape.count(k) > i / shape.count(level - k))
}

/// All Lyndon words up to a level, by level and then in lexicographic order: level and number.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn lyndon_words(shape: &Shape) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    for level in 1..=shape.depth {
        for i in 0..shape.count(level) {
            if is_lyndon(shape, level, i) {
                words.push((level, i));
            }
        }
    }
    words
}

/// Lyndon words up to a level: Σ_k (1/k) Σ_{j | k} μ(j) d^(k/j) (Witt 1937). `None` where the
/// signature has no size.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn lyndon_count(channels: usize, depth: usize) -> Option<usize> {
    crate::signature_size(channels, depth)?;
    if channels == 1 {
        return Some(1);
    }
    // Necklaces of length k are those whose period divides k: d^k = Σ_{j | k} j · witt(j).
    let mut witt = [0; MAX_DEPTH + 1];
    let (mut power, mut sum) = (1, 0);
    for k in 1..=depth {
        power *= channels;
        let shorter: usize = (1..k).filter(|j| k % j == 0).map(|j| j * witt[j]).sum();
        witt[k] = (power - shorter) / k;
        sum += witt[k];
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::numbers::letters;

    #[test]
    fn witt_numbers() {
        // Witt's formula, d = 2: 2, 1, 2, 3, 6, 9, 18, 30, 56, 99 (OEIS A001037).
        let counts = [2, 3, 5, 8, 14, 23, 41, 71, 127, 226];
        for (i, &count) in counts.iter().enumerate() {
            assert_eq!(lyndon_count(2, i + 1), Some(count));
            assert_eq!(lyndon_words(&Shape::new(2, i + 1).unwrap()).len(), count);
        }
        assert_eq!(lyndon_count(8, 4), Some(1212));
        assert_eq!(lyndon_words(&Shape::new(8, 4).unwrap()).len(), 1212);
        assert_eq!(lyndon_count(1, 9), Some(1));
        assert_eq!(lyndon_count(1 << 20, 2), None);
    }

    #[test]
    fn rows_are_the_followed_words() {
        for (channels, depth) in [(2, 5), (3, 4), (4, 3), (3, 1), (5, 2)] {
            let shape = Shape::new(channels, depth).unwrap();
            let followed = Followed { channels, depth };
            let mut seen = 0;
            for row in followed.rows(&shape) {
                assert_eq!(row.at, seen);
                for e in 0..row.count {
                    let word = &letters(row.first + e - shape.offset(row.level), row.level, channels)[..row.level];
                    assert!(word.iter().all(|&c| c >= word[0]));
                    assert!(row.level < depth.max(2) || word[row.level - 1] > word[0]);
                }
                seen += row.count;
            }
            assert_eq!(seen, followed.letter(channels));
        }
    }
}
