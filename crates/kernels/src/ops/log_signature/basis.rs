//! Coordinates of a Lie element in brackets, from its coefficients at Lyndon words and back.
//!
//! Brackets are trees over the letters. A Lie element is determined by its coefficients at Lyndon
//! words, so with B(w, t) the coefficient of the word w in the expanded tree t, its coordinates are
//! c = B⁻¹ P. B has entries only where word and tree have the same letters, and it is invertible
//! over the integers.

use super::words::{lyndon_words, number};
use crate::words::shape::Shape;
use std::vec::Vec;

/// Which coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Coefficients at Lyndon words.
    Words,
    /// Coordinates in standard brackets of Lyndon words, in the order of the words: w = u v becomes
    /// [u, v] with v the longest proper Lyndon suffix.
    Lyndon,
    /// Coordinates in a Hall basis: trees [u, v] with u < v and, where v = [v₁, v₂], v₁ ≤ u; in the
    /// order of degree, then u, then v (iisignature's).
    Hall,
    /// All coefficients of the tensor.
    Expanded,
}

/// A letter, or a bracket of two trees of smaller number.
struct Tree {
    pair: Option<(usize, usize)>,
    /// From left to right.
    letters: Vec<usize>,
}

/// A sparse matrix of integers: for each row, factors and columns.
pub type Rows = Vec<Vec<(i32, u32)>>;

/// The matrix from coefficients at Lyndon words to coordinates, and its inverse.
pub struct Change {
    pub to_coordinates: Rows,
    #[cfg(test)]
    pub to_words: Rows,
}

fn letter(c: usize) -> Tree {
    Tree { pair: None, letters: std::vec![c] }
}

#[cfg_attr(path_signature_small, optimize(size))]
fn bracket(trees: &[Tree], u: usize, v: usize) -> Tree {
    Tree { pair: Some((u, v)), letters: [&trees[u].letters[..], &trees[v].letters].concat() }
}

/// Standard brackets, in the order of their words.
#[cfg_attr(path_signature_small, optimize(size))]
fn lyndon_trees(words: &[Vec<usize>]) -> Vec<Tree> {
    let find = |word: &[usize]| words.partition_point(|w| (w.len(), &w[..]) < (word.len(), word));
    let mut trees: Vec<Tree> = Vec::new();
    for word in words {
        let tree = if word.len() == 1 {
            letter(word[0])
        } else {
            // The longest proper Lyndon suffix is the smallest proper suffix.
            let at = (1..word.len()).min_by_key(|&i| &word[i..]).unwrap_or(1);
            bracket(&trees, find(&word[..at]), find(&word[at..]))
        };
        trees.push(tree);
    }
    trees
}

#[cfg_attr(path_signature_small, optimize(size))]
fn hall_trees(channels: usize, depth: usize) -> Vec<Tree> {
    let mut trees: Vec<Tree> = (0..channels).map(letter).collect();
    // Where each degree begins.
    let mut begin = std::vec![0, 0, channels];
    for degree in 2..=depth {
        for left in 1..degree {
            for u in begin[left]..begin[left + 1] {
                for v in begin[degree - left]..begin[degree - left + 1] {
                    if u < v && trees[v].pair.is_none_or(|(first, _)| first <= u) {
                        let tree = bracket(&trees, u, v);
                        trees.push(tree);
                    }
                }
            }
        }
        begin.push(trees.len());
    }
    trees
}

/// The coefficient of a word in an expanded tree.
#[cfg_attr(path_signature_small, optimize(size))]
fn coefficient(trees: &[Tree], tree: usize, word: &[usize]) -> i64 {
    let Some((u, v)) = trees[tree].pair else { return i64::from(trees[tree].letters[0] == word[0]) };
    let (length, other) = (trees[u].letters.len(), trees[v].letters.len());
    let product = |first: usize, at: usize, second: usize| match coefficient(trees, first, &word[..at]) {
        0 => 0,
        x => x * coefficient(trees, second, &word[at..]),
    };
    product(u, length, v) - product(v, other, u)
}

/// The numbers of words, and those of trees, that have the same letters.
#[cfg_attr(path_signature_small, optimize(size))]
fn classes(words: &[Vec<usize>], trees: &[Tree], channels: usize) -> Vec<[Vec<usize>; 2]> {
    let mut found: Vec<[Vec<usize>; 2]> = Vec::new();
    let (mut begin, mut level, mut of_content) = (0, 0, Vec::new());
    for i in 0..words.len() {
        if words[i].len() > level {
            level = words[i].len();
            begin = found.len();
            of_content = std::vec![0; channels.pow(level as u32)];
        }
        for (which, letters) in [&words[i], &trees[i].letters].into_iter().enumerate() {
            let mut sorted = letters.clone();
            for end in 1..level {
                let mut j = end;
                while j > 0 && sorted[j - 1] > sorted[j] {
                    sorted.swap(j - 1, j);
                    j -= 1;
                }
            }
            let class: &mut usize = &mut of_content[number(&sorted, channels)];
            if *class == 0 {
                found.push([Vec::new(), Vec::new()]);
                *class = found.len() - begin;
            }
            found[begin + *class - 1][which].push(i);
        }
    }
    found
}

/// The inverse of a matrix of `n` rows that is invertible over the integers. All numbers stay far
/// below 2^53, so that elimination in float64 is exact up to divisions, which are rounded away at
/// the end.
#[cfg_attr(path_signature_small, optimize(size))]
fn inverse(mut matrix: Vec<f64>, n: usize) -> Vec<f64> {
    let mut inverse = std::vec![0.0; n * n];
    for c in 0..n {
        inverse[c * n + c] = 1.0;
    }
    for c in 0..n {
        let size = |row: usize| matrix[row * n + c].abs();
        let pivot = (c..n).fold(c, |best, row| if size(row) > size(best) { row } else { best });
        let by = matrix[pivot * n + c];
        for all in [&mut matrix, &mut inverse] {
            for j in 0..n {
                all.swap(c * n + j, pivot * n + j);
                all[c * n + j] /= by;
            }
        }
        for row in 0..n {
            let factor = if row == c { 0.0 } else { matrix[row * n + c] };
            if factor != 0.0 {
                for all in [&mut matrix, &mut inverse] {
                    for j in 0..n {
                        all[row * n + j] -= factor * all[c * n + j];
                    }
                }
            }
        }
    }
    inverse.iter().map(|x| (x + 0.5).floor()).collect()
}

/// The coefficients of all words in sums of trees: rows of the size of a signature, one entry for
/// each tree that has the word.
#[cfg_attr(path_signature_small, optimize(size))]
fn expansions(trees: &[Tree], shape: &Shape) -> Rows {
    let mut rows = std::vec![Vec::new(); shape.size];
    let mut tensors: Vec<Vec<(i32, usize)>> = Vec::new();
    for (t, tree) in trees.iter().enumerate() {
        let level = tree.letters.len();
        let mut sum: Vec<(i32, usize)> = Vec::new();
        match tree.pair {
            None => sum.push((1, tree.letters[0])),
            // Words may occur twice.
            Some((u, v)) => {
                let mut product = |u: usize, v: usize, sign: i32| {
                    let shift = shape.count(trees[v].letters.len());
                    for (x, left) in &tensors[u] {
                        sum.extend(tensors[v].iter().map(|(y, right)| (sign * x * y, left * shift + right)));
                    }
                };
                product(u, v, 1);
                product(v, u, -1);
            }
        }
        for &(x, word) in &sum {
            let row: &mut Vec<(i32, u32)> = &mut rows[shape.offset(level) + word];
            match row.last_mut() {
                Some((factor, tree)) if *tree == t as u32 => *factor += x,
                _ => row.push((x, t as u32)),
            }
        }
        tensors.push(sum);
    }
    rows
}

/// All coefficients of a tensor from coordinates of any basis.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn all_words(shape: &Shape, basis: Basis) -> Rows {
    let words = lyndon_words(shape.channels, shape.depth);
    match basis {
        Basis::Expanded => (0..shape.size).map(|i| std::vec![(1, i as u32)]).collect(),
        Basis::Hall => expansions(&hall_trees(shape.channels, shape.depth), shape),
        Basis::Lyndon => expansions(&lyndon_trees(&words), shape),
        Basis::Words => {
            let Some(change) = Change::new(shape.channels, shape.depth, Basis::Lyndon) else { return Vec::new() };
            let of_trees = expansions(&lyndon_trees(&words), shape);
            of_trees.into_iter().map(|row| substituted(&row, &change.to_coordinates)).collect()
        }
    }
}

/// A combination of combinations.
#[cfg_attr(path_signature_small, optimize(size))]
fn substituted(row: &[(i32, u32)], rows: &Rows) -> Vec<(i32, u32)> {
    let mut sum: Vec<(i32, u32)> = Vec::new();
    for &(x, column) in row {
        for &(y, term) in &rows[column as usize] {
            match sum.iter_mut().find(|(_, other)| *other == term) {
                Some((factor, _)) => *factor += x * y,
                None => sum.push((x * y, term)),
            }
        }
    }
    sum.retain(|(factor, _)| *factor != 0);
    sum
}

impl Change {
    /// For two or more channels; `None` for bases that need no change.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(channels: usize, depth: usize, basis: Basis) -> Option<Change> {
        let words = lyndon_words(channels, depth);
        let trees = match basis {
            Basis::Lyndon => lyndon_trees(&words),
            Basis::Hall => hall_trees(channels, depth),
            Basis::Words | Basis::Expanded => return None,
        };
        let rows = || std::vec![Vec::new(); words.len()];
        let mut change = Change {
            to_coordinates: rows(),
            #[cfg(test)]
            to_words: rows(),
        };
        for [of_words, of_trees] in classes(&words, &trees, channels) {
            let n = of_words.len();
            let entry = |i: usize| coefficient(&trees, of_trees[i % n], &words[of_words[i / n]]) as f64;
            let matrix: Vec<f64> = (0..n * n).map(entry).collect();
            let back = inverse(matrix.clone(), n);
            let fill = |to: &mut Rows, rows: &[usize], columns: &[usize], matrix: &[f64]| {
                for (&row, numbers) in rows.iter().zip(matrix.chunks_exact(n)) {
                    let entries = numbers.iter().zip(columns).filter(|(x, _)| **x != 0.0);
                    to[row] = entries.map(|(&x, &column)| (x as i32, column as u32)).collect();
                }
            };
            #[cfg(test)]
            fill(&mut change.to_words, &of_words, &of_trees, &matrix);
            fill(&mut change.to_coordinates, &of_trees, &of_words, &back);
        }
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_are_integer() {
        for (channels, depth) in [(2, 8), (3, 5), (4, 4), (5, 3), (7, 2)] {
            for basis in [Basis::Lyndon, Basis::Hall] {
                let change = Change::new(channels, depth, basis).unwrap();
                for (i, row) in change.to_coordinates.iter().enumerate() {
                    let mut product = vec![0i64; change.to_words.len()];
                    for &(x, word) in row {
                        for &(y, tree) in &change.to_words[word as usize] {
                            product[tree as usize] += i64::from(x) * i64::from(y);
                        }
                    }
                    assert!(product.iter().enumerate().all(|(j, &x)| x == i64::from(i == j)), "({channels}, {depth})");
                }
            }
        }
    }

    #[test]
    fn lyndon_brackets_are_triangular() {
        let change = Change::new(3, 5, Basis::Lyndon).unwrap();
        for (i, row) in change.to_words.iter().enumerate() {
            assert_eq!(row.last(), Some(&(1, i as u32)));
        }
    }
}
