//! A path's result is its own: the same bits whatever lies beside it in the batch, wherever it
//! stands, however many paths there are; cut and uncut paths, ragged batches, continued in place.

mod common;

use common::{Random, call, cast, exponential, flat, identity, product, request};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::{PerPath, signature_size};

const SHAPES: [(usize, usize); 14] =
    [(1, 3), (2, 1), (2, 2), (2, 4), (2, 6), (2, 8), (3, 3), (3, 5), (4, 3), (4, 4), (5, 4), (7, 3), (8, 3), (10, 2)];

fn bits<T: Real>(x: &[T]) -> Vec<u64> {
    x.iter().map(|x| x.to_f64().to_bits()).collect()
}

fn alone_and_in_batch<V: Lanes>() {
    let mut random = Random(11);
    for (d, n) in SHAPES {
        for points in [2, 5, 47, 48, 49, 50, 97, 202, 300] {
            let size = signature_size(d, n).unwrap();
            let batch = 4 + random.below(4);
            let paths = cast::<V::T>(&random.numbers(batch * points * d));
            for stream in [false, true] {
                let mut all = request(&paths, batch, points, d, n);
                all.options.stream = stream;
                let (together, _) = call::<V>(&all);
                let numbers = if stream { (points - 1) * size } else { size };
                for b in 0..batch {
                    let mut one = request(&paths[b * points * d..][..points * d], 1, points, d, n);
                    one.options.stream = stream;
                    let (alone, _) = call::<V>(&one);
                    assert_eq!(
                        bits(&alone),
                        bits(&together[b * numbers..][..numbers]),
                        "({d}, {n}) L {points} path {b} of {batch}"
                    );
                }
            }
        }
    }
}

fn ragged_and_alone<V: Lanes>() {
    let mut random = Random(13);
    for (d, n) in SHAPES {
        let (size, batch, points) = (signature_size(d, n).unwrap(), 9, 130);
        let mut paths = cast::<V::T>(&random.numbers(batch * points * d));
        let lengths: Vec<u32> = (0..batch).map(|_| 1 + random.below(points) as u32).collect();
        for b in 0..batch {
            // What lies behind a path's end must not be looked at.
            paths[(b * points + lengths[b] as usize) * d..(b + 1) * points * d].fill(V::T::from_f64(f64::NAN));
        }
        let base = cast::<V::T>(&random.numbers(d));
        for inverse in [false, true] {
            let mut all = request(&paths, batch, points, d, n);
            all.lengths = Some(&lengths);
            all.options.inverse = inverse;
            all.basepoint = Some(PerPath { data: &base, stride: 0 });
            let (together, report) = call::<V>(&all);
            assert!(report.increments_finite);
            for b in 0..batch {
                let count = lengths[b] as usize;
                let mut one = request(&paths[b * points * d..][..count * d], 1, count, d, n);
                one.options.inverse = inverse;
                one.basepoint = all.basepoint;
                let (alone, _) = call::<V>(&one);
                assert_eq!(bits(&alone), bits(&together[b * size..][..size]), "({d}, {n}) path {b} of length {count}");
            }
        }
    }
}

#[test]
fn a_path_alone_and_in_a_batch() {
    alone_and_in_batch::<LanesF32>();
    alone_and_in_batch::<LanesF64>();
    alone_and_in_batch::<Portable<f32, 1>>();
}

#[test]
fn a_ragged_batch_and_its_paths() {
    ragged_and_alone::<LanesF32>();
    ragged_and_alone::<LanesF64>();
}

/// The number of lanes must not matter either: one scalar lane gives the bits of four. (At depth 2
/// lanes hold channels, and which of ab and ba is summed up depends on their number.)
#[test]
fn lane_width_does_not_matter() {
    let mut random = Random(17);
    for (d, n) in SHAPES.into_iter().filter(|&(_, n)| n != 2) {
        for points in [9, 131] {
            let paths = cast::<f32>(&random.numbers(5 * points * d));
            let all = request(&paths, 5, points, d, n);
            assert_eq!(
                bits(&call::<LanesF32>(&all).0),
                bits(&call::<Portable<f32, 1>>(&all).0),
                "({d}, {n}) L {points}"
            );
        }
    }
}

/// Longer paths and larger signatures against products of segment exponentials in float64.
#[test]
fn long_paths() {
    let mut random = Random(19);
    for (d, n) in [(2, 2), (2, 6), (3, 5), (4, 4), (5, 3), (6, 4), (8, 3), (12, 2), (12, 4)] {
        for points in [20, 60, 500] {
            let numbers: Vec<f64> = random.numbers(2 * points * d).iter().map(|x| x * 0.25).collect();
            let (got, _) = call::<LanesF64>(&request(&numbers, 2, points, d, n));
            let size = got.len() / 2;
            for b in 0..2 {
                let mut s = identity::<f64>(d, n);
                for t in 1..points {
                    let at = (b * points + t) * d;
                    let z: Vec<f64> = (0..d).map(|c| numbers[at + c] - numbers[at - d + c]).collect();
                    s = product(&s, &exponential(&z, n));
                }
                let wanted = flat(&s);
                let scale = wanted.iter().fold(1.0f64, |m, x| m.max(x.abs()));
                for (i, w) in wanted.iter().enumerate() {
                    assert!((got[b * size + i] - w).abs() <= 1e-12 * scale, "({d}, {n}) L {points} coefficient {i}");
                }
            }
        }
    }
}

/// A second path that continues the first.
#[test]
fn continued() {
    let mut random = Random(23);
    for (d, n) in SHAPES {
        for points in [3, 100] {
            let numbers = random.numbers(5 * (2 * points - 1) * d);
            let whole_points = 2 * points - 1;
            let part = |from: usize| -> Vec<f64> {
                (0..5).flat_map(|b| numbers[(b * whole_points + from) * d..][..points * d].to_vec()).collect()
            };
            let (first, second) = (part(0), part(points - 1));
            let (start, _) = call::<LanesF64>(&request(&first, 5, points, d, n));
            let mut next = request(&second, 5, points, d, n);
            next.initial = Some(PerPath { data: &start, stride: start.len() / 5 });
            let (out, _) = call::<LanesF64>(&next);
            let (wanted, _) = call::<LanesF64>(&request(&numbers, 5, whole_points, d, n));
            let scale = wanted.iter().fold(1.0f64, |m, x| m.max(x.abs()));
            for (a, b) in out.iter().zip(&wanted) {
                assert!((a - b).abs() <= 1e-12 * scale, "({d}, {n}) L {points}: {a} {b}");
            }
        }
    }
}
