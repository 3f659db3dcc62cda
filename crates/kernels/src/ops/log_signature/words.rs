//! The words of log-signatures: where followed words of a pruned walk stand, and Lyndon words, row
//! by row.
//!
//! A *row* is a range of neighbouring words that differ in their last letter.

use std::vec::Vec;

/// Where the followed words (first letter smallest) of a truncated signature stand: letter after
/// letter, then level after level, each level in lexicographic order, as the pruned walk has them.
#[derive(Clone, Copy, Debug)]
pub struct Followed {
    pub channels: usize,
    pub depth: usize,
    /// Words of the last level that end in their first letter are left out.
    pub strict: bool,
}

impl Followed {
    /// Last letters of a row of level `level`, for a first letter with `width` letters from it on.
    fn columns(&self, width: usize, level: usize) -> usize {
        width - usize::from(self.strict && level == self.depth && level > 1)
    }

    /// Words that begin with a letter, `width` letters from it on.
    pub fn of_letter(&self, width: usize) -> usize {
        let (mut size, mut rows) = (1, 1);
        for level in 2..=self.depth {
            size += rows * self.columns(width, level);
            rows *= width;
        }
        size
    }

    /// All of them.
    pub fn size(&self) -> usize {
        (1..=self.channels).map(|width| self.of_letter(width)).sum()
    }

    /// Where the words that begin with a letter stand.
    pub fn letter(&self, a: usize) -> usize {
        (0..a).map(|b| self.of_letter(self.channels - b)).sum()
    }

    /// Where a word stands.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn index(&self, word: &[usize]) -> usize {
        let a = word[0];
        let width = self.channels - a;
        let mut at = self.letter(a);
        let Some((last, prefix)) = word[1..].split_last() else { return at };
        let (mut row, mut rows) = (0, 1);
        at += 1;
        for (i, c) in prefix.iter().enumerate() {
            at += rows * self.columns(width, i + 2);
            rows *= width;
            row = row * width + (c - a);
        }
        let columns = self.columns(width, word.len());
        at + row * columns + (last - a) - (width - columns)
    }

    /// All rows of level two and more, in their order: level, first place among all words of that
    /// level in lexicographic order, first place here, words.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn rows(&self, row: &mut dyn FnMut(usize, usize, usize, usize)) {
        let d = self.channels;
        let mut at = 0;
        for a in 0..d {
            let width = d - a;
            at += 1;
            let (mut rows, mut place) = (1, 1);
            for level in 2..=self.depth {
                let columns = self.columns(width, level);
                place *= d;
                for number in 0..if columns == 0 { 0 } else { rows } {
                    // The word before the last letter: a, then the digits of `number` in base
                    // `width`, each moved up by a.
                    let (mut rest, mut unit, mut prefix) = (number, d, a * place);
                    for _ in 2..level {
                        prefix += (rest % width + a) * unit;
                        rest /= width;
                        unit *= d;
                    }
                    row(level, prefix + a + width - columns, at, columns);
                    at += columns;
                }
                rows *= width;
            }
        }
    }
}

/// Letters of word number `i` of a level.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn letters(mut i: usize, level: usize, channels: usize) -> Vec<usize> {
    let mut word = std::vec![0; level];
    for letter in word.iter_mut().rev() {
        *letter = i % channels;
        i /= channels;
    }
    word
}

/// The number of a word among all of its level.
pub fn number(word: &[usize], channels: usize) -> usize {
    word.iter().fold(0, |i, c| i * channels + c)
}

/// Rows of Lyndon words of a level in lexicographic order: the row's first word. All greater last
/// letters make Lyndon words too: with q the length of the longest Lyndon prefix of a prenecklace
/// p, the word p e is Lyndon where e > p[|p| - q] (Fredricksen, Kessler and Maiorana).
#[cfg_attr(path_signature_small, optimize(size))]
pub fn lyndon_rows(channels: usize, level: usize) -> Vec<Vec<usize>> {
    let mut rows = Vec::new();
    let mut word = Vec::new();
    prenecklaces(channels, level, 1, &mut word, &mut rows);
    rows
}

#[cfg_attr(path_signature_small, optimize(size))]
fn prenecklaces(channels: usize, level: usize, period: usize, word: &mut Vec<usize>, rows: &mut Vec<Vec<usize>>) {
    let k = word.len();
    let least = if k == 0 { 0 } else { word[k - period] };
    if k + 1 == level {
        let first = least + usize::from(k > 0);
        if first < channels {
            rows.push([&word[..], &[first]].concat());
        }
        return;
    }
    for c in least..channels {
        word.push(c);
        prenecklaces(channels, level, if k > 0 && c == least { period } else { k + 1 }, word, rows);
        word.pop();
    }
}

/// All Lyndon words up to a level, by level and then in lexicographic order.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn lyndon_words(channels: usize, depth: usize) -> Vec<Vec<usize>> {
    let mut words = Vec::new();
    for level in 1..=depth {
        for mut word in lyndon_rows(channels, level) {
            for last in word[level - 1]..channels {
                word[level - 1] = last;
                words.push(word.clone());
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
    let mut witt = [0; crate::words::shape::MAX_DEPTH + 1];
    let mut power = 1;
    for k in 1..=depth {
        power *= channels;
        let shorter: usize = (1..k).filter(|j| k % j == 0).map(|j| j * witt[j]).sum();
        witt[k] = (power - shorter) / k;
    }
    Some(witt.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn witt_numbers() {
        // Witt's formula, d = 2: 2, 1, 2, 3, 6, 9, 18, 30, 56, 99 (OEIS A001037).
        let counts = [2, 3, 5, 8, 14, 23, 41, 71, 127, 226];
        for (i, &count) in counts.iter().enumerate() {
            assert_eq!(lyndon_count(2, i + 1), Some(count));
            assert_eq!(lyndon_words(2, i + 1).len(), count);
        }
        assert_eq!(lyndon_count(8, 4), Some(1212));
        assert_eq!(lyndon_words(8, 4).len(), 1212);
        assert_eq!(lyndon_count(1, 9), Some(1));
        assert_eq!(lyndon_count(1 << 20, 2), None);
    }

    #[test]
    fn rows_and_indices_agree() {
        for (channels, depth, strict) in [(2, 5, true), (3, 4, true), (4, 3, false), (3, 1, true), (5, 2, true)] {
            let followed = Followed { channels, depth, strict };
            let mut seen = 0;
            followed.rows(&mut |level, first, at, count| {
                for e in 0..count {
                    assert_eq!(followed.index(&letters(first + e, level, channels)), at + e);
                    seen += 1;
                }
            });
            assert_eq!(seen + channels, followed.size());
        }
    }
}
