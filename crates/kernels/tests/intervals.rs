//! Pieces of a long path: against exact rational products of segment exponentials, whatever else is
//! in the call, and refusals. Points to many paths: the bits of each path by itself.

mod common;

use common::{Random, call, cast, flat, identity, prefixes, request};
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive};
use path_signature_kernels::growing::{grow, grow_scratch, grown_numbers};
use path_signature_kernels::intervals::{Pieces, intervals, intervals_scratch};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::{Error, Request, signature_size};

const POINTS: usize = 80;

fn run<V: Lanes>(given: &Pieces<'_, V::T>, rows: &mut [V::T]) -> Result<(), Error> {
    let vectors = intervals_scratch::<V>(given.channels, given.depth).unwrap_or(0);
    intervals::<V>(given, rows, &mut vec![V::splat(V::T::from_f64(f64::NAN)); vectors])
}

fn exact_pieces<V: Lanes>(epsilon: f64) {
    let mut random = Random(29);
    for (d, n) in [(2, 2), (2, 5), (3, 3), (5, 2), (4, 4)] {
        let size = signature_size(d, n).unwrap();
        let numbers = random.numbers(POINTS * d);
        let path = cast::<V::T>(&numbers);
        // Rows 1 to 7 are stretches of ten steps, of which the pieces take consecutive ones.
        let walks: Vec<u32> = (0..7).flat_map(|i| [10 * i, 10, 0, 0, i + 1]).collect();
        let given = Pieces { path: &path, channels: d, depth: n, factors: 0, pieces: &walks };
        let mut rows = vec![V::T::ZERO; 20 * size];
        run::<V>(&given, &mut rows).unwrap();
        let mut ends = Vec::new();
        let mut pieces = Vec::new();
        for to in 8..19 {
            let (first, count) = (random.below(5), 1 + random.below(2));
            let ahead = random.below(10 * first + 1);
            let end = 10 * (first + count);
            let behind = random.below(POINTS - end);
            ends.push((10 * first - ahead, end + behind));
            let second = if count == 2 { first + 2 } else { 0 };
            pieces.extend([10 * first - ahead, ahead, end, behind, to, first + 1, second].map(|x| x as u32));
        }
        let given = Pieces { factors: 2, pieces: &pieces, ..given };
        let before = rows.clone();
        run::<V>(&given, &mut rows).unwrap();
        for (i, (from, to)) in ends.into_iter().enumerate() {
            let points: Vec<Vec<BigRational>> = numbers[from * d..(to + 1) * d]
                .chunks(d)
                .map(|point| point.iter().map(|&x| BigRational::from_f64(x).unwrap()).collect())
                .collect();
            let exact = flat(&prefixes(&points, n, identity(d, n)).pop().unwrap());
            let scale = exact.iter().map(|x| x.to_f64().unwrap().abs()).fold(1.0, f64::max);
            let got = &rows[(8 + i) * size..][..size];
            for (got, want) in got.iter().zip(&exact) {
                let error = (got.to_f64() - want.to_f64().unwrap()).abs();
                assert!(error <= 64.0 * epsilon * scale, "({d}, {n}), points {from} to {to}: {got:?}");
            }
            // Alone it has the same bits.
            let mut alone = before.clone();
            run::<V>(&Pieces { pieces: &pieces[7 * i..][..7], ..given }, &mut alone).unwrap();
            assert!(alone[(8 + i) * size..][..size] == *got, "({d}, {n}), piece {i} alone");
        }
    }
}

#[test]
fn exact() {
    exact_pieces::<LanesF64>(f64::EPSILON);
    exact_pieces::<LanesF32>(f64::from(f32::EPSILON));
    exact_pieces::<Portable<f32, 1>>(f64::from(f32::EPSILON));
}

#[test]
fn refusals() {
    let path = vec![0.5; 20];
    let sound = Pieces { path: &path, channels: 2, depth: 2, factors: 1, pieces: &[0, 9, 3, 6, 2, 1] };
    let mut rows = vec![7.0; 18];
    assert!(run::<LanesF64>(&sound, &mut rows.clone()).is_ok());
    let mut refused = |given: Pieces<'_, f64>, error| {
        assert_eq!(run::<LanesF64>(&given, &mut rows), Err(error), "{given:?}");
        assert!(rows.iter().all(|&x| x == 7.0));
    };
    for pieces in [[0, 10, 3, 6, 2, 1], [0, 9, 4, 6, 2, 1], [0, 9, 3, 6, 3, 1], [0, 9, 3, 6, 2, 3], [1, u32::MAX, 0, 0, 2, 1]] {
        refused(Pieces { pieces: &pieces, ..sound }, Error::Lengths);
    }
    refused(Pieces { pieces: &[0; 5], ..sound }, Error::Shape);
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
