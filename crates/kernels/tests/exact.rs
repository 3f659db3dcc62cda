//! The kernels against exact arithmetic: the stored oracles, and products of segment exponentials
//! over the rationals, on every lane type.

mod common;

use common::{Levels, Random, call, cast, flat, identity, prefixes};
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::{Algorithm, Options, PerPath, Recovery, Request, signature_size};

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

/// Rounding of one path's signature of `steps` steps: each coefficient of level k is a sum of terms
/// bounded by V^k / k!, V the path's length (sum of |increments|, here in the 1-norm), with about
/// `steps + k` roundings on the way.
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
            initial: None,
            options: Options::default(),
        };
        let (got, report) = call::<V>(&request);
        assert!(report.increments_finite);
        assert_close::<V>(&oracle.name, &got, &exact, channels, length_of(&points), points.len());
    }
}

/// A small random batch with random options, and its exact output.
struct Case {
    what: String,
    d: usize,
    n: usize,
    batch: usize,
    points: usize,
    options: Options,
    paths: Vec<f64>,
    lengths: Option<Vec<u32>>,
    /// Numbers, and whether each path has its own.
    basepoint: Option<(Vec<f64>, bool)>,
    initial: Option<(Vec<f64>, bool)>,
    /// Output rows without scalar terms, and the length of each row's path.
    rows: Vec<(Vec<f64>, f64)>,
}

impl Case {
    fn new(random: &mut Random, d: usize, n: usize, bits: usize) -> Case {
        let options =
            Options { stream: bits & 1 != 0, inverse: bits & 2 != 0, scalar_term: bits & 4 != 0, ..Options::default() };
        let size = signature_size(d, n).unwrap();
        let batch = 1 + random.below(6);
        let points = 1 + random.below(if size > 200 { 4 } else { 7 });
        let paths = random.numbers(batch * points * d);
        let lengths =
            (bits & 8 != 0).then(|| (0..batch).map(|_| 1 + random.below(points) as u32).collect::<Vec<u32>>());
        let mut per_path = |count: usize| match random.below(3) {
            0 => None,
            1 => Some((random.numbers(count), false)),
            _ => Some((random.numbers(batch * count), true)),
        };
        let (basepoint, initial) = (per_path(d), per_path(size));
        let what = format!(
            "d {d} N {n} B {batch} L {points} {options:?} lengths {lengths:?} basepoint {} initial {}",
            basepoint.is_some(),
            initial.is_some()
        );
        let mut case =
            Case { what, d, n, batch, points, options, paths, lengths, basepoint, initial, rows: Vec::new() };
        case.rows = (0..batch).flat_map(|b| case.exact_rows(b)).collect();
        case
    }

    fn rows_per_path(&self) -> usize {
        if self.options.stream { self.points - usize::from(self.basepoint.is_none()) } else { 1 }
    }

    /// By products of segment exponentials over the rationals.
    fn exact_rows(&self, b: usize) -> Vec<(Vec<f64>, f64)> {
        let own =
            |(data, each): &(Vec<f64>, bool), count: usize| data[if *each { b * count } else { 0 }..][..count].to_vec();
        let count = self.lengths.as_ref().map_or(self.points, |l| l[b] as usize);
        let mut travel: Vec<Vec<f64>> = self.basepoint.iter().map(|base| own(base, self.d)).collect();
        travel.extend((0..count).map(|t| self.paths[(b * self.points + t) * self.d..][..self.d].to_vec()));
        if self.options.inverse {
            travel.reverse();
        }
        let exact = |x: &f64| BigRational::from_f64(*x).unwrap();
        let mut start: Levels<BigRational> = identity(self.d, self.n);
        if let Some(initial) = &self.initial {
            let given = own(initial, self.rows_size());
            for (x, g) in start[1..].iter_mut().flatten().zip(&given) {
                *x = exact(g);
            }
        }
        let points: Vec<Vec<BigRational>> = travel.iter().map(|p| p.iter().map(exact).collect()).collect();
        let all = prefixes(&points, self.n, start);
        let length = length_of(&travel) + 1.0 + if self.initial.is_some() { self.d as f64 } else { 0.0 };
        (0..self.rows_per_path())
            .map(|r| {
                let at = if self.options.stream { (r + 1).min(all.len() - 1) } else { all.len() - 1 };
                (flat(&all[at]).iter().map(|x| x.to_f64().unwrap()).collect(), length)
            })
            .collect()
    }

    fn rows_size(&self) -> usize {
        signature_size(self.d, self.n).unwrap()
    }

    fn check<V: Lanes>(&self, algorithm: Algorithm) {
        let paths = cast::<V::T>(&self.paths);
        let cast_given =
            |given: &Option<(Vec<f64>, bool)>| given.as_ref().map(|(data, each)| (cast::<V::T>(data), *each));
        let (base, initial) = (cast_given(&self.basepoint), cast_given(&self.initial));
        fn per_path<T>(given: &Option<(Vec<T>, bool)>, count: usize) -> Option<PerPath<'_, T>> {
            given.as_ref().map(|(data, each)| PerPath { data, stride: if *each { count } else { 0 } })
        }
        let size = self.rows_size();
        let request = Request {
            paths: &paths,
            batch: self.batch,
            points: self.points,
            channels: self.d,
            depth: self.n,
            lengths: self.lengths.as_deref(),
            basepoint: per_path(&base, self.d),
            initial: per_path(&initial, size),
            options: Options { algorithm, ..self.options },
        };
        let what = format!("{} {algorithm:?}", self.what);
        let (got, report) = call::<V>(&request);
        assert!(report.increments_finite, "{what}");
        let row = size + usize::from(self.options.scalar_term);
        assert_eq!(got.len(), self.rows.len() * row, "{what}");
        for (mine, (exact, length)) in got.chunks(row.max(1)).zip(&self.rows) {
            let mut mine = mine.to_vec();
            if self.options.scalar_term {
                assert_eq!(mine.remove(0).to_f64(), 1.0, "{what}");
            }
            assert_close::<V>(&what, &mine, exact, self.d, *length, 8);
        }
    }
}

/// Every shape with every combination of stream, inverse, scalar term and ragged lengths, on every
/// algorithm and lane type.
#[test]
fn rationals() {
    let mut random = Random(7);
    #[rustfmt::skip]
    let shapes: [(usize, usize); 31] = [
        (1, 1), (1, 5), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (2, 7), (2, 8), (3, 1), (3, 2),
        (3, 3), (3, 4), (3, 5), (4, 2), (4, 3), (4, 4), (5, 2), (5, 3), (6, 2), (6, 3), (7, 2), (7, 3),
        (8, 1), (8, 2), (8, 3), (9, 2), (10, 2), (16, 2), (24, 1),
    ];
    for (d, n) in shapes {
        for bits in 0..16 {
            let case = Case::new(&mut random, d, n, bits);
            for algorithm in [Algorithm::Auto, Algorithm::Horner, Algorithm::Pruned] {
                case.check::<LanesF64>(algorithm);
                case.check::<LanesF32>(algorithm);
                case.check::<Portable<f64, 1>>(algorithm);
            }
        }
    }
}

/// Shapes that are recovered by loops, each depth once; also with ragged lengths and backwards.
#[test]
fn rationals_of_large_shapes() {
    let mut random = Random(19);
    for (d, n) in [(26, 3), (12, 4), (7, 5), (5, 6)] {
        assert!(!Recovery::exists(d, n), "({d}, {n})");
        for bits in [0, 10] {
            let case = Case::new(&mut random, d, n, bits);
            case.check::<LanesF64>(Algorithm::Pruned);
            case.check::<LanesF32>(Algorithm::Pruned);
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
