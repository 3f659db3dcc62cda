//! Pieces of a long path and products of rows: against exact rational products of segment
//! exponentials, whatever else is in the call, and refusals. Points to many paths: the bits of each
//! path by itself.

mod common;

use common::{Random, call, cast, flat, identity, prefixes, request};
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive};
use path_signature_kernels::growing::{grow, grow_scratch, grown_numbers};
use path_signature_kernels::intervals::{Pieces, intervals, intervals_scratch};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::{Error, Request, signature_size};

const POINTS: usize = 80;

fn run<V: Lanes>(given: &Pieces<'_, V::T>, rows: &mut [V::T]) -> Result<bool, Error> {
    let vectors = intervals_scratch::<V>(given.channels, given.depth).unwrap_or(0);
    intervals::<V>(given, rows, &mut vec![V::splat(V::T::from_f64(f64::NAN)); vectors])
}

/// The exact signature of the points from `from` to `to`, as numbers.
fn exact(numbers: &[f64], d: usize, n: usize, from: usize, to: usize) -> Vec<f64> {
    let points: Vec<Vec<BigRational>> = numbers[from * d..(to + 1) * d]
        .chunks(d)
        .map(|point| point.iter().map(|&x| BigRational::from_f64(x).unwrap()).collect())
        .collect();
    let last = prefixes(&points, n, identity(d, n)).pop().unwrap_or_else(|| identity(d, n));
    flat(&last).iter().map(|x| x.to_f64().unwrap()).collect()
}

fn pieces_and_products<V: Lanes>(epsilon: f64) {
    let mut random = Random(29);
    for (d, n) in [(2, 2), (2, 5), (3, 3), (5, 2), (4, 4)] {
        let size = signature_size(d, n).unwrap();
        let numbers = random.numbers(POINTS * d);
        let path = cast::<V::T>(&numbers);
        let mut rows = vec![V::T::ZERO; 40 * size];
        let check = |got: &[V::T], from: usize, to: usize| {
            let wanted = exact(&numbers, d, n, from, to);
            let scale = wanted.iter().map(|x| x.abs()).fold(1.0, f64::max);
            for (got, want) in got.iter().zip(&wanted) {
                let error = (got.to_f64() - want).abs();
                assert!(error <= 64.0 * epsilon * scale, "({d}, {n}), points {from} to {to}: {got:?}");
            }
        };
        // Consecutive pieces of different lengths, of which one has no steps: rows 1 to 12.
        let ends: Vec<usize> = (0..=12).map(|i| [0, 1, 9, 9, 10, 30, 31, 40, 47, 48, 60, 78, 79][i]).collect();
        let words: Vec<u32> = (0..12).flat_map(|i| [i + 1, ends[i], ends[i + 1] - ends[i]].map(|x| x as u32)).collect();
        let given = Pieces { path: &path, channels: d, depth: n, factors: 0, words: &words };
        assert_eq!(run::<V>(&given, &mut rows), Ok(true));
        for i in 0..12 {
            check(&rows[(i + 1) * size..][..size], ends[i], ends[i + 1]);
        }
        // Alone, each has the same bits.
        for i in 0..12 {
            let mut alone = vec![V::T::ZERO; 40 * size];
            run::<V>(&Pieces { words: &words[3 * i..][..3], ..given }, &mut alone).unwrap();
            assert!(alone[(i + 1) * size..][..size] == rows[(i + 1) * size..][..size], "({d}, {n}), piece {i}");
        }
        // Products of one to four of them, and of four and the identity, row 0.
        for factors in 1..=5 {
            let words: Vec<u32> = (0..7)
                .flat_map(|i| {
                    let factor = move |k: usize| if k == 4 { 0 } else { first_of(i, factors) + k };
                    core::iter::once(20 + i).chain((0..factors).map(factor)).map(|x| x as u32).collect::<Vec<_>>()
                })
                .collect();
            let known = rows.clone();
            let given = Pieces { factors, words: &words, ..given };
            assert_eq!(run::<V>(&given, &mut rows), Ok(true));
            for i in 0..7 {
                let first = first_of(i, factors);
                check(&rows[(20 + i) * size..][..size], ends[first - 1], ends[first - 1 + factors.min(4)]);
                let mut alone = known.clone();
                let width = factors + 1;
                run::<V>(&Pieces { words: &words[width * i..][..width], ..given }, &mut alone).unwrap();
                assert!(alone[(20 + i) * size..][..size] == rows[(20 + i) * size..][..size], "({d}, {n}), product {i}");
            }
            assert!(rows[..20 * size] == known[..20 * size], "({d}, {n}): what is read is not written");
        }
    }
}

/// The first factor of product `i`.
fn first_of(i: usize, factors: usize) -> usize {
    1 + (i * 5) % (13 - factors)
}

#[test]
fn pieces_and_products_are_exact_but_for_rounding() {
    pieces_and_products::<LanesF64>(f64::EPSILON);
    pieces_and_products::<LanesF32>(f64::from(f32::EPSILON));
    pieces_and_products::<Portable<f32, 1>>(f64::from(f32::EPSILON));
}

#[test]
fn what_is_not_finite_is_reported() {
    let mut path = vec![0.5; 20];
    path[9] = f64::NAN;
    let mut rows = vec![0.0; 18];
    let of = |words: &[u32], rows: &mut [f64]| {
        run::<LanesF64>(&Pieces { path: &path, channels: 2, depth: 2, factors: 0, words }, rows)
    };
    assert_eq!(of(&[0, 0, 3, 1, 5, 4], &mut rows), Ok(true));
    assert_eq!(of(&[0, 0, 3, 1, 4, 5], &mut rows), Ok(false));
}

#[test]
fn refusals() {
    let path = vec![0.5; 20];
    let sound = Pieces { path: &path, channels: 2, depth: 2, factors: 0, words: &[2, 3, 6] };
    let mut rows = vec![7.0; 18];
    assert!(run::<LanesF64>(&sound, &mut rows.clone()).is_ok());
    assert!(run::<LanesF64>(&Pieces { factors: 2, ..sound }, &mut rows.clone()).is_err());
    let mut refused = |given: Pieces<'_, f64>, error| {
        assert_eq!(run::<LanesF64>(&given, &mut rows), Err(error), "{given:?}");
        assert!(rows.iter().all(|&x| x == 7.0));
    };
    for words in [[2, 4, 6], [2, 10, 0], [3, 3, 6], [2, u32::MAX, 1], [2, 1, u32::MAX], [u32::MAX, 0, 1]] {
        refused(Pieces { words: &words, ..sound }, Error::Lengths);
    }
    for words in [[3, 0, 1], [2, 3, 0], [2, 0, u32::MAX]] {
        refused(Pieces { factors: 2, words: &words, ..sound }, Error::Lengths);
    }
    refused(Pieces { words: &[0; 5], ..sound }, Error::Shape);
    refused(Pieces { path: &path[1..], ..sound }, Error::Shape);
    refused(Pieces { path: &[], ..sound }, Error::Shape);
    refused(Pieces { factors: usize::MAX, ..sound }, Error::Shape);
    for (channels, depth) in [(1, 3), (2, 1), (0, 2), (2, 0)] {
        refused(Pieces { channels, depth, ..sound }, Error::Shape);
    }
    assert_eq!(intervals::<LanesF64>(&sound, &mut rows, &mut []), Err(Error::Scratch));
}

#[test]
fn paths_that_grow_together_have_the_bits_of_each_alone() {
    let mut random = Random(31);
    for (d, n, paths) in [(2, 3, 1), (3, 3, 7), (4, 4, 2), (9, 3, 3), (2, 6, 5)] {
        let size = signature_size(d, n).unwrap();
        let count = grown_numbers::<LanesF64>(d, n, paths).unwrap();
        let width = <LanesF64 as Lanes>::WIDTH;
        let mut states = vec![<LanesF64 as Lanes>::zero(); count / width];
        let mut scratch = vec![<LanesF64 as Lanes>::zero(); grow_scratch::<LanesF64>(d, n).unwrap()];
        let mut alone = vec![vec![0.0; size]; paths];
        let mut last = random.numbers(paths * d);
        for _ in 0..20 {
            let next = random.numbers(paths * d);
            // SAFETY: vectors are numbers.
            let numbers = unsafe { core::slice::from_raw_parts_mut(states.as_mut_ptr().cast::<f64>(), count) };
            grow::<LanesF64>(d, n, [&last, &next], numbers, &mut scratch).unwrap();
            for (i, alone) in alone.iter_mut().enumerate() {
                let pair = [&last[i * d..][..d], &next[i * d..][..d]].concat();
                let from = alone.clone();
                let initial = Some(path_signature_kernels::PerPath { data: &from, stride: 0 });
                let (after, _) = call::<LanesF64>(&Request { initial, ..request(&pair, 1, 2, d, n) });
                let together: Vec<f64> =
                    (0..size).map(|k| numbers[(i / width * size + k) * width + i % width]).collect();
                assert_eq!(together, after, "({d}, {n}), path {i}");
                *alone = after;
            }
            last = next;
        }
        let numbers = &mut vec![7.0; count];
        assert_eq!(grow::<LanesF64>(1, n, [&last, &last], numbers, &mut scratch), Err(Error::Shape));
        assert_eq!(grow::<LanesF64>(d, n, [&last[1..], &last], numbers, &mut scratch), Err(Error::Shape));
        assert!(numbers.iter().all(|&x| x == 7.0));
    }
}
