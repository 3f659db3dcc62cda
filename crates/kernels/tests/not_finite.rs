//! Numbers that are not finite: a coefficient is finite if and only if no letter of its word has
//! such a number in a point that it depends on, and then it keeps its bits.

mod common;

use common::{Random, call, cast, request};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Real};
use path_signature_kernels::{Algorithm, Options, PerPath, Request, signature_size};

/// The letters of coefficient number `i`.
fn letters(d: usize, mut i: usize) -> Vec<usize> {
    let (mut k, mut words) = (1, d);
    while i >= words {
        i -= words;
        words *= d;
        k += 1;
    }
    (0..k).map(|place| i / d.pow(place) % d).collect()
}

fn marks_words<V: Lanes>() {
    let mut random = Random(31);
    for (d, n) in [(1, 1), (1, 5), (2, 1), (2, 2), (3, 2), (9, 2), (2, 3), (3, 4), (2, 6), (4, 3)] {
        let size = signature_size(d, n).unwrap();
        for points in [2, 3, 30, 60, 301] {
            for algorithm in [Algorithm::Auto, Algorithm::Horner, Algorithm::Pruned] {
                for stream in [false, true] {
                    let batch = 1 + random.below(5);
                    let bad = random.below(batch);
                    let (point, channel) = (random.below(points), random.below(d));
                    let sound = cast::<V::T>(&random.numbers(batch * points * d));
                    let mut paths = sound.clone();
                    let value = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][random.below(3)];
                    paths[(bad * points + point) * d + channel] = V::T::from_f64(value);
                    let inverse = random.below(2) == 1;
                    let options = Options { stream, inverse, algorithm, ..Options::default() };
                    let mut request = Request { options, ..request(&paths, batch, points, d, n) };
                    let (marked, report) = call::<V>(&request);
                    assert!(!report.increments_finite);
                    request.paths = &sound;
                    let (clean, _) = call::<V>(&request);
                    let rows = if stream { points - 1 } else { 1 };
                    let travelled = if inverse { points - 1 - point } else { point };
                    for (i, (x, y)) in marked.iter().zip(&clean).enumerate() {
                        let (path, row) = (i / size / rows, i / size % rows);
                        let depends =
                            path == bad && (!stream || row + 1 >= travelled) && letters(d, i % size).contains(&channel);
                        let case = format!(
                            "({d}, {n}) L {points} {options:?} at {point},{channel} row {row} word {:?}",
                            letters(d, i % size)
                        );
                        assert_eq!(x.is_finite(), !depends, "{case}");
                        assert!(depends || x == y, "{case}");
                    }
                }
            }
        }
    }
}

fn without_a_step<V: Lanes>() {
    let nan = [V::T::from_f64(f64::NAN); 2];
    for (d, n) in [(1, 3), (2, 1), (2, 2), (2, 3)] {
        let request = request(&nan[..d], 1, 1, d, n);
        assert!(call::<V>(&request).0.iter().all(|x| *x == V::T::ZERO), "({d}, {n})");
    }
}

/// Level k of one channel depends on all levels below it of what is continued, however small the
/// step.
fn of_what_is_continued<V: Lanes>() {
    for depth in [3, 8, 40, 300] {
        for bad in [0, 2, depth - 1] {
            for step in [0.0, 0.5, 1e-30] {
                let mut initial = vec![V::T::ONE; depth];
                initial[bad] = V::T::from_f64(f64::NAN);
                let paths = cast::<V::T>(&[0.0, step]);
                let initial = Some(PerPath { data: &initial, stride: 0 });
                let request = Request { initial, ..request(&paths, 1, 2, 1, depth) };
                let (row, _) = call::<V>(&request);
                for (k, x) in row.iter().enumerate() {
                    assert_eq!(x.is_finite(), k < bad, "depth {depth}, NaN at {bad}, step {step}, level {}", k + 1);
                }
            }
        }
    }
}

macro_rules! both {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            super::$name::<Lane>();
        })*
    };
}

mod f32_lanes {
    type Lane = super::LanesF32;
    both!(marks_words without_a_step of_what_is_continued);
}
mod f64_lanes {
    type Lane = super::LanesF64;
    both!(marks_words without_a_step of_what_is_continued);
}
