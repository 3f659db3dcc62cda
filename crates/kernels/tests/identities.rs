//! The identities behind the pruned walk (docs/pruned-walk.md), in exact rational arithmetic with
//! explicit shuffles, on signatures of random paths.

mod common;

use common::{Levels, Random, identity, prefixes};
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive, Zero};
use path_signature_kernels::Recovery;
use path_signature_kernels::lanes::{Lanes, LanesF64};

/// All shuffles of two words, with multiplicity.
fn shuffles(u: &[usize], v: &[usize]) -> Vec<Vec<usize>> {
    if u.is_empty() || v.is_empty() {
        return vec![[u, v].concat()];
    }
    let begin = |first: usize, rest: Vec<Vec<usize>>| {
        rest.into_iter().map(move |w| [&[first][..], &w].concat()).collect::<Vec<_>>()
    };
    [begin(u[0], shuffles(&u[1..], v)), begin(v[0], shuffles(u, &v[1..]))].concat()
}

fn index(word: &[usize], d: usize) -> usize {
    word.iter().fold(0, |i, c| i * d + c)
}

fn letters(mut i: usize, k: usize, d: usize) -> Vec<usize> {
    let mut w = vec![0; k];
    for c in w.iter_mut().rev() {
        *c = i % d;
        i /= d;
    }
    w
}

fn coefficient<'a>(s: &'a Levels<BigRational>, word: &[usize], d: usize) -> &'a BigRational {
    &s[word.len()][index(word, d)]
}

fn random_signature(random: &mut Random, d: usize, n: usize) -> Levels<BigRational> {
    let points: Vec<Vec<BigRational>> =
        (0..5).map(|_| random.numbers(d).iter().map(|&x| BigRational::from_f64(x).unwrap()).collect()).collect();
    prefixes(&points, n, identity(d, n)).pop().unwrap()
}

const SHAPES: [(usize, usize); 5] = [(2, 6), (3, 4), (3, 5), (4, 4), (5, 3)];

#[test]
fn a_smallest_letter_inside() {
    let mut random = Random(29);
    for (d, n) in SHAPES {
        let s = random_signature(&mut random, d, n);
        let mut checked = 0;
        for k in 2..=n {
            for i in 0..d.pow(k as u32) {
                let word = letters(i, k, d);
                let at = (0..k).fold(0, |b, j| if word[j] < word[b] { j } else { b });
                if at == 0 {
                    continue;
                }
                let (u, x, v) = (&word[..at], word[at], &word[at + 1..]);
                let mut sum = BigRational::zero();
                for l in 0..=at {
                    let reversed: Vec<usize> = u[l..].iter().rev().copied().collect();
                    let inner: BigRational = shuffles(&reversed, v)
                        .into_iter()
                        .map(|w| {
                            let word = [&[x][..], &w].concat();
                            assert!(word.iter().all(|&c| c >= x), "not followed");
                            coefficient(&s, &word, d).clone()
                        })
                        .sum();
                    let term = coefficient(&s, &u[..l], d) * inner;
                    if (at - l) % 2 == 0 { sum += term } else { sum -= term }
                }
                assert_eq!(&sum, coefficient(&s, &word, d), "({d}, {n}) {word:?}");
                checked += 1;
            }
        }
        assert!(checked > 0);
    }
}

#[test]
fn the_smallest_letter_at_the_end() {
    let mut random = Random(31);
    for (d, n) in SHAPES {
        let s = random_signature(&mut random, d, n);
        let mut checked = 0;
        for i in 0..d.pow(n as u32) {
            let word = letters(i, n, d);
            let a = word[0];
            let r = word.iter().rev().take_while(|&&c| c == a).count();
            if r == 0 || r == n || word.iter().any(|&c| c < a) {
                continue;
            }
            let u = &word[..n - r];
            let mut sum = coefficient(&s, &word[..n - 1], d) * coefficient(&s, &[a], d);
            for p in 0..u.len() {
                let other = [&u[..p], &[a], &u[p..], &vec![a; r - 1]].concat();
                sum -= coefficient(&s, &other, d);
            }
            assert_eq!(sum, coefficient(&s, &word, d) * BigRational::from_usize(r).unwrap(), "({d}, {n}) {word:?}");
            checked += 1;
        }
        assert!(checked > 0);
    }
}

/// The program recovers every coefficient from the followed ones alone: the others hold NaN on
/// entry.
#[test]
fn the_program() {
    let mut random = Random(37);
    for (d, n) in SHAPES {
        let s = random_signature(&mut random, d, n);
        let words = Recovery::build(d, n).unwrap();
        assert!(Recovery::from_words(&words, d, n + 1).is_none());
        assert!(Recovery::from_words(&words[1..], d, n).is_none());
        let recovery = Recovery::from_words(&words, d, n).unwrap();
        let mut values = vec![LanesF64::splat(f64::NAN); recovery.values()];
        let exact: Vec<f64> = s[1..].iter().flatten().map(|x| x.to_f64().unwrap()).collect();
        let (mut at, mut followed) = (0, 0);
        for k in 1..=n {
            for i in 0..d.pow(k as u32) {
                let word = letters(i, k, d);
                let first_smallest = word.iter().all(|&c| c >= word[0]);
                let power = word.iter().all(|&c| c == word[0]);
                if power || (first_smallest && (k < n || word[k - 1] > word[0])) {
                    values[at] = LanesF64::splat(exact[at]);
                    followed += 1;
                }
                at += 1;
            }
        }
        assert!(followed < at);
        // SAFETY: as many values as it says, and words as they were built.
        unsafe { recovery.run(values.as_mut_ptr()) };
        for (i, e) in exact.iter().enumerate() {
            let got = values[i].to_lanes()[0];
            assert!((got - e).abs() <= 1e-12, "({d}, {n}) coefficient {i}: {got}, should be {e}");
        }
    }
}
