//! Coordinates of a Lie element in brackets, from its coefficients at Lyndon words and back.
//!
//! Brackets are trees over the letters. A Lie element is determined by its coefficients at Lyndon
//! words, so with B(w, t) the coefficient of the word w in the expanded tree t, its coordinates are
//! c = B⁻¹ P. B has entries only where word and tree have the same letters, and it is invertible
//! over the integers.

use super::words::{is_lyndon, lyndon_words};
use crate::words::numbers::letters;
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

/// A letter, or a bracket [u, v] of two trees of smaller number.
struct Tree {
    pair: [usize; 2],
    level: usize,
    /// Its letters from left to right, as a word.
    word: usize,
}

/// A sparse matrix of integers: for each row, factors and columns.
pub type Rows = Vec<Vec<(i32, u32)>>;

/// No word or tree.
const NONE: usize = usize::MAX;

#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn push(trees: &mut Vec<Tree>, shape: &Shape, u: usize, v: usize) {
    let (a, b) = (&trees[u], &trees[v]);
    let tree = Tree { pair: [u, v], level: a.level + b.level, word: a.word * shape.count(b.level) + b.word };
    trees.push(tree);
}

fn of_letters(shape: &Shape) -> Vec<Tree> {
    (0..shape.channels).map(|word| Tree { pair: [0; 2], level: 1, word }).collect()
}

/// Standard brackets, in the order of their words.
#[cfg_attr(path_signature_small, optimize(size))]
fn lyndon_trees(shape: &Shape, words: &[(usize, usize)]) -> Vec<Tree> {
    let mut trees = of_letters(shape);
    let mut number = std::vec![0; shape.size];
    for (t, &(level, i)) in words.iter().enumerate() {
        number[shape.offset(level) + i] = t;
        let suffix = |k: &usize| is_lyndon(shape, *k, i % shape.count(*k));
        if let Some(k) = (1..level).rev().find(suffix) {
            let at = |level: usize, i: usize| number[shape.offset(level) + i];
            let (u, v) = (at(level - k, i / shape.count(k)), at(k, i % shape.count(k)));
            push(&mut trees, shape, u, v);
        }
    }
    trees
}

#[cfg_attr(path_signature_small, optimize(size))]
fn hall_trees(shape: &Shape) -> Vec<Tree> {
    let mut trees = of_letters(shape);
    for degree in 2..=shape.depth {
        // Those of the degree come behind all that they are made of.
        let shorter = trees.len();
        for u in 0..shorter {
            for v in u + 1..shorter {
                let right = &trees[v];
                if trees[u].level + right.level == degree && (right.level == 1 || right.pair[0] <= u) {
                    push(&mut trees, shape, u, v);
                }
            }
        }
    }
    trees
}

/// The trees of a basis.
#[cfg_attr(path_signature_small, optimize(size))]
fn trees_of(shape: &Shape, words: &[(usize, usize)], basis: Basis) -> Vec<Tree> {
    if basis == Basis::Hall { hall_trees(shape) } else { lyndon_trees(shape, words) }
}

/// The coefficient of a word in an expanded tree.
#[cfg_attr(path_signature_small, optimize(size))]
fn coefficient(trees: &[Tree], shape: &Shape, tree: usize, word: usize) -> i32 {
    let Tree { pair: [u, v], level, word: letters } = trees[tree];
    if level == 1 {
        return i32::from(letters == word);
    }
    let mut sum = 0;
    for (sign, first, second) in [(1, u, v), (-1, v, u)] {
        let by = shape.count(trees[second].level);
        let x = coefficient(trees, shape, first, word / by);
        if x != 0 {
            sum += sign * x * coefficient(trees, shape, second, word % by);
        }
    }
    sum
}

/// A word's letters in growing order, as a number among all words.
#[cfg_attr(path_signature_small, optimize(size))]
fn content(shape: &Shape, level: usize, word: usize) -> usize {
    let d = shape.channels;
    let word = &mut letters(word, level, d)[..level];
    for end in 1..level {
        for j in (0..end).rev() {
            if word[j] > word[j + 1] {
                word.swap(j, j + 1);
            }
        }
    }
    word.iter().fold(0, |n, c| n * d + c) + shape.offset(level)
}

/// Inverts the left half of `n` rows of `2 n` numbers, which is invertible over the integers; the
/// right half begins as the identity and ends as the inverse. All numbers stay far below 2^53, so
/// that elimination in float64 is exact up to divisions.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn invert(matrix: &mut [f64], n: usize) {
    let width = 2 * n;
    for c in 0..n {
        let mut pivot = c;
        for row in c..n {
            if matrix[row * width + c].abs() > matrix[pivot * width + c].abs() {
                pivot = row;
            }
        }
        let by = matrix[pivot * width + c];
        for j in 0..width {
            matrix.swap(c * width + j, pivot * width + j);
            matrix[c * width + j] /= by;
        }
        for row in 0..n {
            let factor = matrix[row * width + c];
            if row != c && factor != 0.0 {
                for j in 0..width {
                    matrix[row * width + j] -= factor * matrix[c * width + j];
                }
            }
        }
    }
}

/// The matrix from coefficients at Lyndon words to coordinates. For two or more channels; `None`
/// for bases that need no change.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn to_coordinates(shape: &Shape, basis: Basis) -> Option<Rows> {
    if matches!(basis, Basis::Words | Basis::Expanded) {
        return None;
    }
    let words = lyndon_words(shape);
    let trees = trees_of(shape, &words, basis);
    let count = words.len();
    // Words, then trees, of the same letters: the first, and the next after each.
    let mut first = std::vec![NONE; shape.size];
    let mut next = std::vec![NONE; 2 * count];
    for i in (0..2 * count).rev() {
        let (level, word) = if i < count { words[i] } else { (trees[i - count].level, trees[i - count].word) };
        let content = content(shape, level, word);
        next[i] = core::mem::replace(&mut first[content], i);
    }
    let mut rows = std::vec![Vec::new(); count];
    for mut i in first {
        let mut class = Vec::new();
        while i != NONE {
            class.push(i);
            i = next[i];
        }
        let n = class.len() / 2;
        let mut matrix = std::vec![0.0; 2 * n * n];
        for i in 0..n {
            for j in 0..n {
                matrix[2 * n * i + j] = f64::from(coefficient(&trees, shape, class[n + j] - count, words[class[i]].1));
            }
            matrix[2 * n * i + n + i] = 1.0;
        }
        invert(&mut matrix, n);
        for i in 0..n {
            for j in 0..n {
                let x = (matrix[2 * n * i + n + j] + 0.5).floor() as i32;
                if x != 0 {
                    rows[class[n + i] - count].push((x, class[j] as u32));
                }
            }
        }
    }
    Some(rows)
}

/// All coefficients of a tensor from coordinates in brackets: rows of the size of a signature.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn to_all_words(shape: &Shape, basis: Basis) -> Rows {
    let mut rows: Rows = std::vec![Vec::new(); shape.size];
    if basis == Basis::Expanded {
        for (i, row) in rows.iter_mut().enumerate() {
            row.push((1, i as u32));
        }
        return rows;
    }
    let trees = trees_of(shape, &lyndon_words(shape), basis);
    // The words of each tree; words may occur twice.
    let mut tensors: Rows = Vec::new();
    for (t, tree) in trees.iter().enumerate() {
        let [u, v] = tree.pair;
        let mut sum = Vec::new();
        if tree.level == 1 {
            sum.push((1, tree.word as u32));
        } else {
            for (sign, first, second) in [(1, u, v), (-1, v, u)] {
                let by = shape.count(trees[second].level) as u32;
                for &(x, left) in &tensors[first] {
                    for &(y, right) in &tensors[second] {
                        sum.push((sign * x * y, left * by + right));
                    }
                }
            }
        }
        for &(x, word) in &sum {
            let row = &mut rows[shape.offset(tree.level) + word as usize];
            match row.last_mut() {
                Some((factor, last)) if *last == t as u32 => *factor += x,
                _ => row.push((x, t as u32)),
            }
        }
        tensors.push(sum);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_those_of_the_words() {
        for (channels, depth) in [(2, 8), (3, 5), (4, 4), (5, 3), (7, 2)] {
            let shape = Shape::new(channels, depth).unwrap();
            let words = lyndon_words(&shape);
            for basis in [Basis::Lyndon, Basis::Hall] {
                let to_words = to_all_words(&shape, basis);
                for (i, row) in to_coordinates(&shape, basis).unwrap().iter().enumerate() {
                    let mut product = vec![0i64; words.len()];
                    for &(x, word) in row {
                        let (level, word) = words[word as usize];
                        for &(y, tree) in &to_words[shape.offset(level) + word] {
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
        let shape = Shape::new(3, 5).unwrap();
        let to_words = to_all_words(&shape, Basis::Lyndon);
        for (i, (level, word)) in lyndon_words(&shape).into_iter().enumerate() {
            assert_eq!(to_words[shape.offset(level) + word].last(), Some(&(1, i as u32)));
        }
    }
}
