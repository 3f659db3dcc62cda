//! The kernels against exact arithmetic: the stored oracles, and products of segment exponentials over the rationals, on every lane type.

mod common;

use common::{Levels, Random, call, cast, flat, identity, prefixes};
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::{Algorithm, Initial, Options, PerPath, Request};

#[derive(serde::Deserialize)]
struct Oracles {
    paths: Vec<Oracle>,
}

#[derive(serde::Deserialize)]
struct Oracle {
    name: String,
    path: Vec<Vec<serde_json::Value>>,
    depth: usize,
    signature: Vec<String>,
}

fn rational(text: &str) -> BigRational {
    text.parse().unwrap_or_else(|_| panic!("not a rational: {text}"))
}

/// Rounding of one path's signature of `steps` steps: each coefficient of level k is a sum of terms bounded by V^k / k!, V the path's length
/// (sum of |increments|, here in the 1-norm), with about `steps + k` roundings on the way.
fn assert_close<V: Lanes>(what: &str, got: &[V::T], exact: &[f64], d: usize, length: f64, steps: usize) {
    let epsilon = if size_of::<V::T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let (mut k, mut end, mut scale) = (0, 0, 1.0);
    for (i, (&g, &e)) in got.iter().zip(exact).enumerate() {
        while i >= end {
            k += 1;
            end += d.pow(k);
            scale *= length / f64::from(k);
        }
        let error = (g.to_f64() - e).abs();
        let allowed = epsilon * (scale + e.abs()) * (4.0 + (steps as f64).sqrt());
        assert!(
            error <= allowed,
            "{what}: coefficient {i} (level {k}) is {g:?}, should be {e}; off by {error:e}, allowed {allowed:e}"
        );
    }
    assert_eq!(got.len(), exact.len(), "{what}");
}

fn length_of(points: &[Vec<f64>]) -> f64 {
    points.windows(2).flat_map(|p| p[0].iter().zip(&p[1]).map(|(a, b)| (a - b).abs())).sum()
}

fn oracles_on<V: Lanes>() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test/oracles/sig_vectors.json");
    let oracles: Oracles = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(!oracles.paths.is_empty());
    for oracle in &oracles.paths {
        let points: Vec<Vec<f64>> = oracle
            .path
            .iter()
            .map(|p| {
                p.iter()
                    .map(|x| x.as_f64().unwrap_or_else(|| rational(x.as_str().unwrap()).to_f64().unwrap()))
                    .collect()
            })
            .collect();
        let exact: Vec<f64> = oracle.signature.iter().map(|s| rational(s).to_f64().unwrap()).collect();
        let paths = cast::<V::T>(&points.concat());
        let channels = points[0].len();
        let request = Request {
            paths: &paths,
            batch: 1,
            points: points.len(),
            channels,
            depth: oracle.depth,
            lengths: None,
            basepoint: None,
            initial: Initial::Identity,
            options: Options::default(),
            recovery: None,
        };
        let (got, report) = call::<V>(&request);
        assert!(report.increments_finite);
        assert_close::<V>(&oracle.name, &got, &exact, channels, length_of(&points), points.len());
    }
}

/// Every option at once or alone, on small random paths, against the reference over the rationals.
fn rationals_on<V: Lanes>() {
    let mut random = Random(7);
    let shapes: [(usize, usize); 32] = [
        (1, 1),
        (1, 5),
        (2, 1),
        (2, 2),
        (2, 3),
        (2, 4),
        (2, 5),
        (2, 6),
        (2, 7),
        (2, 8),
        (3, 1),
        (3, 2),
        (3, 3),
        (3, 4),
        (3, 5),
        (4, 2),
        (4, 3),
        (4, 4),
        (5, 2),
        (5, 3),
        (5, 4),
        (6, 2),
        (6, 3),
        (7, 2),
        (7, 3),
        (8, 1),
        (8, 2),
        (8, 3),
        (9, 2),
        (10, 2),
        (16, 2),
        (24, 1),
    ];
    for (d, n) in shapes {
        for bits in 0..16 {
            let (stream, inverse, scalar_term, ragged) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0, bits & 8 != 0);
            let batch = 1 + random.below(6);
            let points = 1 + random.below(if d.pow(n as u32) > 200 { 4 } else { 7 });
            let basepoint = random.below(3);
            let initial = random.below(3);
            for algorithm in [Algorithm::Auto, Algorithm::Horner, Algorithm::Pruned] {
                let options = Options { stream, inverse, scalar_term, algorithm };
                check_options::<V>(&mut random, d, n, batch, points, options, ragged, basepoint, initial);
            }
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn check_options<V: Lanes>(
    random: &mut Random,
    d: usize,
    n: usize,
    batch: usize,
    points: usize,
    options: Options,
    ragged: bool,
    basepoint: usize,
    initial: usize,
) {
    let what =
        format!("d {d} N {n} B {batch} L {points} {options:?} ragged {ragged} basepoint {basepoint} initial {initial}");
    let exact = |x: f64| BigRational::from_f64(x).unwrap();
    let size: usize = (1..=n).map(|k| d.pow(k as u32)).sum();
    let paths = random.numbers(batch * points * d);
    let lengths: Vec<u32> = (0..batch).map(|_| 1 + random.below(points) as u32).collect();
    let base = random.numbers(if basepoint == 2 { batch * d } else { d });
    let starts = random.numbers(if initial == 2 { batch * size } else { size });
    let (paths_t, base_t, starts_t) = (cast::<V::T>(&paths), cast::<V::T>(&base), cast::<V::T>(&starts));
    let request = Request {
        paths: &paths_t,
        batch,
        points,
        channels: d,
        depth: n,
        lengths: ragged.then_some(&lengths[..]),
        basepoint: (basepoint > 0).then_some(PerPath { data: &base_t, stride: if basepoint == 2 { d } else { 0 } }),
        initial: if initial > 0 {
            Initial::Given(PerPath { data: &starts_t, stride: if initial == 2 { size } else { 0 } })
        } else {
            Initial::Identity
        },
        options,
        recovery: None,
    };
    let (got, report) = call::<V>(&request);
    assert!(report.increments_finite, "{what}");
    let rows = if options.stream { points - usize::from(basepoint == 0) } else { 1 };
    let row = size + usize::from(options.scalar_term);
    for b in 0..batch {
        let count = if ragged { lengths[b] as usize } else { points };
        let mut travel: Vec<Vec<f64>> = Vec::new();
        if basepoint > 0 {
            travel.push(base[if basepoint == 2 { b * d } else { 0 }..][..d].to_vec());
        }
        travel.extend((0..count).map(|t| paths[(b * points + t) * d..][..d].to_vec()));
        if options.inverse {
            travel.reverse();
        }
        let mut start: Levels<BigRational> = identity(d, n);
        if initial > 0 {
            let given = &starts[if initial == 2 { b * size } else { 0 }..][..size];
            let mut at = 0;
            for level in &mut start[1..] {
                for x in level.iter_mut() {
                    *x = exact(given[at]);
                    at += 1;
                }
            }
        }
        let exact_points: Vec<Vec<BigRational>> =
            travel.iter().map(|p| p.iter().map(|&x| exact(x)).collect()).collect();
        let all = prefixes(&exact_points, n, start);
        for r in 0..rows {
            let wanted = if options.stream { &all[(r + 1).min(all.len() - 1)] } else { all.last().unwrap() };
            let mut numbers: Vec<f64> = flat(wanted).iter().map(|x| x.to_f64().unwrap()).collect();
            let mut mine = got[(b * rows + r) * row..][..row].to_vec();
            if options.scalar_term {
                assert_eq!(mine[0].to_f64(), 1.0, "{what}");
                mine.remove(0);
            }
            let given: f64 = if initial > 0 { d as f64 } else { 0.0 };
            assert_close::<V>(&what, &mine, &numbers, d, length_of(&travel) + given + 1.0, 8);
            numbers.clear();
        }
    }
}

#[test]
fn oracles() {
    oracles_on::<LanesF64>();
    oracles_on::<LanesF32>();
    oracles_on::<Portable<f64, 1>>();
    oracles_on::<Portable<f32, 1>>();
}

#[test]
fn rationals_float64() {
    rationals_on::<LanesF64>();
}

#[test]
fn rationals_float32() {
    rationals_on::<LanesF32>();
}

#[test]
fn rationals_scalar_lanes() {
    rationals_on::<Portable<f64, 1>>();
}
