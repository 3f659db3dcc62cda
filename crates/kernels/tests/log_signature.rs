//! Log-signatures against the tensor logarithm in exact rationals, in every basis; bits that do not
//! depend on neighbours, lanes or cuts.

mod common;

use common::{Levels, Random, cast, flat, identity, prefixes, product, request};
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Real};
use path_signature_kernels::log_signature::{
    Basis, Conversion, Direction, Precision, States, Tables, log_signature, log_signature_scratch, lyndon_count,
    state_len,
};
use path_signature_kernels::{Error, PerPath, Request};

/// log S = Σ (-1)^(k+1) (S - 1)^k / k.
fn logarithm(s: &Levels<BigRational>) -> Levels<BigRational> {
    let mut x = s.clone();
    x[0][0] = BigRational::from_i64(0).unwrap();
    let mut power = x.clone();
    let mut sum = x.clone();
    for k in 2..s.len() {
        power = product(&power, &x);
        let factor = BigRational::new((if k % 2 == 0 { -1 } else { 1 }).into(), (k as i64).into());
        for (to, from) in sum.iter_mut().zip(&power) {
            for (a, b) in to.iter_mut().zip(from) {
                *a += b * &factor;
            }
        }
    }
    sum
}

fn is_lyndon(word: &[usize]) -> bool {
    (1..word.len()).all(|i| word < &word[i..])
}

fn letters(mut i: usize, k: usize, d: usize) -> Vec<usize> {
    let mut w = vec![0; k];
    for c in w.iter_mut().rev() {
        *c = i % d;
        i /= d;
    }
    w
}

fn words_of(p: &Levels<BigRational>, d: usize) -> Vec<BigRational> {
    let mut found = Vec::new();
    for (k, level) in p.iter().enumerate().skip(1) {
        for (i, x) in level.iter().enumerate() {
            if is_lyndon(&letters(i, k, d)) {
                found.push(x.clone());
            }
        }
    }
    found
}

fn call<V: Lanes>(request: &Request<'_, V::T>, basis: Basis, precision: Precision) -> Vec<V::T> {
    let tables = Tables::new(request.channels, request.depth, basis).unwrap();
    let rows = if request.options.stream { request.points - usize::from(request.basepoint.is_none()) } else { 1 };
    let mut out = vec![V::T::from_f64(f64::NAN); request.batch * rows * tables.row];
    let count = log_signature_scratch::<V>(&tables, precision).unwrap();
    let mut scratch = vec![V::splat(V::T::from_f64(f64::NAN)); count];
    let report = log_signature::<V>(request, &tables, precision, &mut out, None, &mut scratch).unwrap();
    assert!(report.increments_finite);
    assert_eq!(
        log_signature::<V>(request, &tables, precision, &mut out, None, &mut scratch[..count - 2]),
        Err(Error::Scratch)
    );
    out
}

fn exact(points: &[f64], d: usize) -> Vec<Vec<BigRational>> {
    points.chunks(d).map(|p| p.iter().map(|&x| BigRational::from_f64(x).unwrap()).collect()).collect()
}

const SHAPES: [(usize, usize); 18] = [
    (1, 1),
    (1, 5),
    (2, 1),
    (2, 2),
    (2, 3),
    (2, 4),
    (2, 5),
    (2, 6),
    (2, 8),
    (3, 2),
    (3, 3),
    (3, 4),
    (3, 5),
    (4, 3),
    (4, 4),
    (5, 3),
    (5, 2),
    (7, 3),
];

fn close(got: f64, want: &BigRational, largest: f64, bound: f64, what: &str) {
    let want = want.to_f64().unwrap();
    assert!((got - want).abs() <= bound * largest, "{what}: {got}, should be {want}");
}

fn largest(numbers: &[BigRational]) -> f64 {
    numbers.iter().map(|x| x.to_f64().unwrap().abs()).fold(1e-3, f64::max)
}

#[test]
fn words_and_expanded() {
    let mut random = Random(3);
    for (d, n) in SHAPES {
        let (batch, points) = (5, 4);
        let paths = random.numbers(batch * points * d);
        for stream in [false, true] {
            let got: Vec<Vec<f64>> = [Basis::Words, Basis::Expanded]
                .map(|basis| {
                    let mut request = request(&paths, batch, points, d, n);
                    request.options.stream = stream;
                    call::<LanesF64>(&request, basis, Precision::Auto)
                })
                .to_vec();
            let single = cast::<f32>(&paths);
            let mut in_float32 = request(&single, batch, points, d, n);
            in_float32.options.stream = stream;
            let wide = call::<LanesF32>(&in_float32, Basis::Words, Precision::Float64);
            let narrow = call::<LanesF32>(&in_float32, Basis::Words, Precision::Float32);
            let mut at = [0, 0];
            for path in paths.chunks(points * d) {
                let all = prefixes(&exact(path, d), n, identity(d, n));
                for s in &all[if stream { 1 } else { points - 1 }..] {
                    let p = logarithm(s);
                    let rows = [words_of(&p, d), flat(&p)];
                    assert_eq!(rows[0].len(), lyndon_count(d, n).unwrap());
                    let size = largest(&rows[1]);
                    for (i, row) in rows.iter().enumerate() {
                        for want in row {
                            let what = format!("({d}, {n}) stream {stream} basis {i} number {}", at[i]);
                            close(got[i][at[i]], want, size, 1e-14, &what);
                            if i == 0 {
                                close(f64::from(wide[at[i]]), want, size, 2f64.powi(-24), &what);
                                close(f64::from(narrow[at[i]]), want, size, 1e-5, &what);
                            }
                            at[i] += 1;
                        }
                    }
                }
            }
        }
    }
}

/// With a basepoint, backwards, ragged, continuing a signature.
#[test]
fn options() {
    let mut random = Random(5);
    for (d, n) in [(1, 3), (2, 2), (2, 5), (3, 3), (4, 4), (3, 1)] {
        let (batch, points) = (7, 5);
        let paths = random.numbers(batch * points * d);
        let before = random.numbers(3 * d);
        let base = random.numbers(d);
        let initial = prefixes(&exact(&before, d), n, identity(d, n)).pop().unwrap();
        let initial_numbers: Vec<f64> = flat(&initial).iter().map(|x| x.to_f64().unwrap()).collect();
        let lengths: Vec<u32> = (0..batch as u32).map(|i| 1 + i % points as u32).collect();
        for inverse in [false, true] {
            let mut r = request(&paths, batch, points, d, n);
            r.options.inverse = inverse;
            r.lengths = Some(&lengths);
            r.basepoint = Some(PerPath { data: &base, stride: 0 });
            r.initial = Some(PerPath { data: &initial_numbers, stride: 0 });
            let got = call::<LanesF64>(&r, Basis::Words, Precision::Auto);
            let row = lyndon_count(d, n).unwrap();
            for (b, path) in paths.chunks(points * d).enumerate() {
                let mut walked = exact(&[&base[..], &path[..lengths[b] as usize * d]].concat(), d);
                if inverse {
                    walked.reverse();
                }
                let p = logarithm(prefixes(&walked, n, initial.clone()).last().unwrap());
                let size = largest(&flat(&p));
                for (i, want) in words_of(&p, d).iter().enumerate() {
                    close(got[b * row + i], want, size, 1e-14, &format!("({d}, {n}) inverse {inverse} path {b} {i}"));
                }
            }
        }
    }
}

/// Sums of brackets with the coordinates as factors are the tensor.
#[test]
fn brackets() {
    // Trees as (degree, left, right), by their definitions.
    fn expand(tree: &Tree, d: usize, n: usize) -> Levels<f64> {
        match tree {
            Tree::Letter(c) => {
                let mut t: Levels<f64> = (0..=n).map(|k| vec![0.0; d.pow(k as u32)]).collect();
                if n > 0 {
                    t[1][*c] = 1.0;
                }
                t
            }
            Tree::Pair(u, v) => {
                let (u, v) = (expand(u, d, n), expand(v, d, n));
                let (mut x, y) = (product(&u, &v), product(&v, &u));
                for (x, y) in x.iter_mut().flatten().zip(y.iter().flatten()) {
                    *x -= y;
                }
                x
            }
        }
    }
    #[derive(Clone)]
    enum Tree {
        Letter(usize),
        Pair(Box<Tree>, Box<Tree>),
    }
    fn lyndon(word: &[usize]) -> Tree {
        if word.len() == 1 {
            return Tree::Letter(word[0]);
        }
        let at = (1..word.len()).find(|&i| is_lyndon(&word[i..])).unwrap();
        Tree::Pair(Box::new(lyndon(&word[..at])), Box::new(lyndon(&word[at..])))
    }
    /// By the definition: a tree, its degree, and the number of its left part.
    fn hall(d: usize, n: usize) -> Vec<Tree> {
        let mut all: Vec<(Tree, usize, Option<usize>)> = (0..d).map(|c| (Tree::Letter(c), 1, None)).collect();
        for degree in 2..=n {
            let before = all.len();
            for i in 0..before {
                for j in i + 1..before {
                    if all[i].1 + all[j].1 == degree && all[j].2.is_none_or(|left| left <= i) {
                        let pair = Tree::Pair(Box::new(all[i].0.clone()), Box::new(all[j].0.clone()));
                        all.push((pair, degree, Some(i)));
                    }
                }
            }
        }
        all.into_iter().map(|(tree, ..)| tree).collect()
    }
    let mut random = Random(7);
    for (d, n) in [(2, 3), (2, 6), (3, 4), (4, 3), (3, 2), (5, 3)] {
        let points = 6;
        let path = random.numbers(points * d);
        let r = request(&path, 1, points, d, n);
        let tensor = call::<LanesF64>(&r, Basis::Expanded, Precision::Auto);
        let words: Vec<Vec<usize>> = (1..=n)
            .flat_map(|k| (0..d.pow(k as u32)).map(move |i| letters(i, k, d)))
            .filter(|w| is_lyndon(w))
            .collect();
        let bases = [(Basis::Lyndon, words.iter().map(|w| lyndon(w)).collect()), (Basis::Hall, hall(d, n))];
        for (basis, trees) in bases {
            let coordinates = call::<LanesF64>(&r, basis, Precision::Auto);
            assert_eq!(coordinates.len(), trees.len());
            let mut sum = vec![0.0; tensor.len()];
            for (c, tree) in coordinates.iter().zip(&trees) {
                for (to, x) in sum.iter_mut().zip(flat(&expand(tree, d, n))) {
                    *to += c * x;
                }
            }
            for (i, (got, want)) in sum.iter().zip(&tensor).enumerate() {
                assert!((got - want).abs() <= 1e-13, "({d}, {n}) {basis:?} {i}: {got}, should be {want}");
            }
        }
    }
}

fn bits<T: Real>(x: &[T]) -> Vec<u64> {
    x.iter().map(|x| x.to_f64().to_bits()).collect()
}

/// A path's bits are its own.
fn alone_and_in_batch<V: Lanes>() {
    let mut random = Random(11);
    for (d, n) in [(1, 3), (2, 2), (2, 4), (3, 3), (5, 2), (4, 4), (3, 5)] {
        for points in [2, 9, 64, 65, 200, 1100] {
            let batch = 5 + random.below(3);
            let paths = cast::<V::T>(&random.numbers(batch * points * d));
            for precision in [Precision::Auto, Precision::Float32, Precision::Float64] {
                for stream in [false, true] {
                    let mut all = request(&paths, batch, points, d, n);
                    all.options.stream = stream;
                    let together = call::<V>(&all, Basis::Lyndon, precision);
                    let numbers = together.len() / batch;
                    for b in 0..batch {
                        let mut one = request(&paths[b * points * d..][..points * d], 1, points, d, n);
                        one.options.stream = stream;
                        let alone = call::<V>(&one, Basis::Lyndon, precision);
                        assert_eq!(bits(&alone), bits(&together[b * numbers..][..numbers]), "({d}, {n}) {points} {b}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_path_alone_and_in_a_batch() {
    alone_and_in_batch::<LanesF32>();
    alone_and_in_batch::<LanesF64>();
}

/// Pieces of time that hand on their states.
fn pieces<V: Lanes>(precision: Precision) {
    let mut random = Random(13);
    for (d, n) in [(1, 3), (2, 2), (2, 4), (3, 3), (4, 4)] {
        let (batch, points, cut) = (3, 150, 64);
        let paths = cast::<V::T>(&random.numbers(batch * points * d));
        let tables = Tables::new(d, n, Basis::Words).unwrap();
        for stream in [false, true] {
            let mut all = request(&paths, batch, points, d, n);
            all.options.stream = stream;
            let whole = call::<V>(&all, Basis::Words, precision);
            let rows = whole.len() / batch / tables.row;
            let mut numbers = vec![V::T::from_f64(f64::NAN); batch * state_len::<V::T>(&tables, precision)];
            let mut scratch = vec![V::zero(); log_signature_scratch::<V>(&tables, precision).unwrap()];
            for from in (0..points - 1).step_by(cut) {
                let steps = cut.min(points - 1 - from);
                let piece: Vec<V::T> =
                    (0..batch).flat_map(|b| paths[(b * points + from) * d..][..(steps + 1) * d].to_vec()).collect();
                let mut r = request(&piece, batch, steps + 1, d, n);
                r.options.stream = stream;
                let own = if stream { steps } else { 1 };
                let mut out = vec![V::T::from_f64(f64::NAN); batch * own * tables.row];
                let states = Some(States { numbers: &mut numbers, continued: from > 0 });
                log_signature::<V>(&r, &tables, precision, &mut out, states, &mut scratch).unwrap();
                for b in 0..batch {
                    let row = if stream { from } else { 0 };
                    if stream || from + steps == points - 1 {
                        let want = &whole[(b * rows + row) * tables.row..][..own * tables.row];
                        let got = &out[b * own * tables.row..][..own * tables.row];
                        if stream {
                            assert_eq!(bits(got), bits(want), "({d}, {n})");
                        } else {
                            // Level one has another rounding.
                            let size = want.iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
                            for (x, y) in got.iter().zip(want) {
                                assert!((x.to_f64() - y.to_f64()).abs() <= 1e-4 * size);
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn pieces_of_time() {
    pieces::<LanesF32>(Precision::Float32);
    pieces::<LanesF32>(Precision::Float64);
    pieces::<LanesF64>(Precision::Auto);
}

fn convert(conversion: &Conversion, rows: &[f64], cotangents: Option<&[f64]>) -> Vec<f64> {
    let made = if cotangents.is_some() { conversion.from } else { conversion.to };
    let mut out = vec![f64::NAN; rows.len() / conversion.from * made];
    let count = conversion.scratch(cotangents.is_some()).unwrap();
    let mut scratch = vec![LanesF64::splat(f64::NAN); count];
    conversion.run::<LanesF64>(rows, cotangents, &mut out, &mut scratch).unwrap();
    let too_little = conversion.run::<LanesF64>(rows, cotangents, &mut out, &mut scratch[..count - 1]);
    assert_eq!(too_little, Err(Error::Scratch));
    assert_eq!(conversion.run::<LanesF64>(rows, cotangents, &mut out[1..], &mut scratch), Err(Error::Rows));
    out
}

/// From signatures and back, and gradients by central differences.
#[test]
fn conversions() {
    let mut random = Random(17);
    for (d, n) in [(1, 1), (1, 4), (2, 1), (2, 2), (2, 4), (2, 6), (3, 3), (3, 4), (4, 3), (5, 2)] {
        let points = 5;
        let batch = 3;
        let paths = random.numbers(batch * points * d);
        let signatures: Vec<f64> = paths
            .chunks(points * d)
            .flat_map(|path| flat(prefixes(&exact(path, d), n, identity(d, n)).last().unwrap()))
            .map(|x| x.to_f64().unwrap())
            .collect();
        for basis in [Basis::Words, Basis::Lyndon, Basis::Hall, Basis::Expanded] {
            let what = format!("({d}, {n}) {basis:?}");
            let wanted = call::<LanesF64>(&request(&paths, batch, points, d, n), basis, Precision::Auto);
            let there = Conversion::new(d, n, basis, Direction::ToLogSignature).unwrap();
            let back = Conversion::new(d, n, basis, Direction::ToSignature).unwrap();
            let got = convert(&there, &signatures, None);
            let near = |got: &[f64], want: &[f64], bound: f64| {
                assert_eq!(got.len(), want.len(), "{what}");
                for (i, (x, y)) in got.iter().zip(want).enumerate() {
                    assert!((x - y).abs() <= bound, "{what} {i}: {x}, should be {y}");
                }
            };
            near(&got, &wanted, 1e-13);
            near(&convert(&back, &got, None), &signatures, 1e-13);
            for (conversion, rows) in [(&there, &signatures), (&back, &wanted)] {
                let cotangents = random.numbers(batch * conversion.to);
                let gradients = convert(conversion, rows, Some(&cotangents));
                let direction = random.numbers(rows.len());
                let moved = |h: f64| {
                    let rows: Vec<f64> = rows.iter().zip(&direction).map(|(x, y)| x + h * y).collect();
                    convert(conversion, &rows, None).iter().zip(&cotangents).map(|(x, y)| x * y).sum::<f64>()
                };
                let h = 1.0 / 1024.0;
                let slope = (8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h))) / (12.0 * h);
                let sum: f64 = gradients.iter().zip(&direction).map(|(x, y)| x * y).sum();
                assert!((sum - slope).abs() <= 1e-8 * slope.abs().max(1.0), "{what}: {sum}, should be {slope}");
            }
        }
    }
}

/// `Auto` of float32 paths: at most 16 units in the last place of each level, and as good as
/// float64 where a path is ill-conditioned or its numbers are too small for float32 products.
#[test]
fn long_paths_by_auto() {
    let mut random = Random(17);
    for (d, n) in [(2, 2), (2, 4), (3, 3), (3, 4), (3, 5)] {
        let (batch, points) = (6, 1101);
        let noise = random.numbers(batch * points * d);
        let mut in_tiles = 0;
        // Walks, with drifts; noise around a line; zigzags; tiny and huge walks.
        for (drift, memory, zigzag, scale) in [
            (0.0, true, 0.0, 1.0),
            (0.3, true, 0.0, 1.0),
            (3.0, true, 0.0, 1.0),
            (0.01, false, 0.0, 1.0),
            (0.01, false, 40.0, 1.0),
            (0.0, true, 0.0, 1e-12),
            (0.0, true, 0.0, 1e12),
        ] {
            let scale = if n == 2 || scale < 1e3 { scale } else { 1e4 };
            let mut paths = vec![0f32; noise.len()];
            for (b, path) in paths.chunks_mut(points * d).enumerate() {
                for c in 0..d {
                    let mut sum = 0.0;
                    for t in 0..points {
                        let z = noise[(b * points + t) * d + c];
                        sum = if memory { sum + z } else { z };
                        let line = drift * (1.0 + c as f64 / 3.0) * t as f64;
                        let turn = if t % 2 == 0 { zigzag } else { -zigzag };
                        path[t * d + c] = (scale * (sum + line + turn)) as f32;
                    }
                }
            }
            let double: Vec<f64> = paths.iter().map(|&x| f64::from(x)).collect();
            let exact = call::<LanesF64>(&request(&double, batch, points, d, n), Basis::Words, Precision::Auto);
            let single = request(&paths, batch, points, d, n);
            let auto = call::<LanesF32>(&single, Basis::Words, Precision::Auto);
            let wide = call::<LanesF32>(&single, Basis::Words, Precision::Float64);
            in_tiles += auto.iter().zip(&wide).filter(|(x, y)| x != y).count();
            let row = lyndon_count(d, n).unwrap();
            for k in 1..=n {
                let level = if k == 1 { 0 } else { lyndon_count(d, k - 1).unwrap() }..lyndon_count(d, k).unwrap();
                for b in 0..batch {
                    let at = b * row + level.start..b * row + level.end;
                    let most = exact[at.clone()].iter().fold(1e-37f64, |most, x| most.max(x.abs()));
                    for i in at {
                        let off = (f64::from(auto[i]) - exact[i]).abs();
                        // Below the smallest normal number digits are lost in the result itself.
                        assert!(
                            off <= 16.0 * 2f64.powi(-24) * most + 1e-44,
                            "({d}, {n}) drift {drift} zigzag {zigzag} scale {scale} path {b} level {k}: {off} of {most}"
                        );
                    }
                }
            }
        }
        // Two channels, and depth 5, are always computed in float64.
        assert_eq!(in_tiles > 0, d > 2 && n < 5, "({d}, {n})");
    }
}

/// Tiles of ragged paths, alone and together.
#[test]
fn long_ragged_paths() {
    let mut random = Random(19);
    for (d, n) in [(2, 2), (2, 4), (3, 3), (3, 5)] {
        let lengths = [1200, 513, 514, 577, 640, 999, 1150, 40, 1199];
        let (batch, points) = (lengths.len(), 1200);
        let mut paths: Vec<f32> = cast(&random.numbers(batch * points * d));
        for path in paths.chunks_mut(points * d) {
            for i in d..path.len() {
                path[i] += path[i - d];
            }
        }
        let mut all = request(&paths, batch, points, d, n);
        all.lengths = Some(&lengths);
        let together = call::<LanesF32>(&all, Basis::Words, Precision::Auto);
        let row = lyndon_count(d, n).unwrap();
        for (b, &length) in lengths.iter().enumerate() {
            let length = length as usize;
            let one = request(&paths[b * points * d..][..length * d], 1, length, d, n);
            let alone = call::<LanesF32>(&one, Basis::Words, Precision::Auto);
            assert_eq!(bits(&alone), bits(&together[b * row..][..row]), "({d}, {n}) {length} points");
        }
    }
}
