//! Signature kernels against 25-digit oracles, limits of higher degrees and finer grids, finite
//! differences, and bits that padding, lanes and neighbours must not change.

mod common;

use common::Random;
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Real};
use path_signature_kernels::signature_kernel::{
    Gradients, Orders, Request, StaticKernel, kernel, kernel_scratch, kernel_vjp, kernel_vjp_scratch,
};

#[derive(serde::Deserialize)]
struct Oracles {
    pairs: Vec<Oracle>,
}

#[derive(serde::Deserialize)]
struct Oracle {
    name: String,
    x: Vec<Vec<serde_json::Value>>,
    y: Vec<Vec<serde_json::Value>>,
    exact: f64,
    stencil: std::collections::HashMap<String, f64>,
    degree2: std::collections::HashMap<String, f64>,
    truncated: Vec<f64>,
    gradients: std::collections::HashMap<String, Pair>,
}

#[derive(serde::Deserialize)]
struct Pair {
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
}

fn oracles() -> Oracles {
    serde_json::from_str(include_str!("../../../test/oracles/kernel_vectors.json")).unwrap()
}

fn numbers(path: &[Vec<serde_json::Value>]) -> Vec<f64> {
    let number = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => {
            let (a, b) = text.split_once('/').unwrap();
            a.parse::<f64>().unwrap() / b.parse::<f64>().unwrap()
        }
        _ => value.as_f64().unwrap(),
    };
    path.iter().flatten().map(number).collect()
}

const LINEAR: StaticKernel = StaticKernel::Linear { scale: 1.0 };

/// Paths of one side.
#[derive(Clone)]
struct Paths {
    data: Vec<f64>,
    count: usize,
    points: usize,
    lengths: Option<Vec<u32>>,
}

#[derive(Clone, Copy)]
struct Options<'a> {
    channels: usize,
    degree: u32,
    orders: Orders<'a>,
    kernel: StaticKernel,
    pairs: bool,
}

fn options(channels: usize, degree: u32, orders: [u32; 2]) -> Options<'static> {
    Options { channels, degree, orders: Orders::Fixed(orders), kernel: LINEAR, pairs: false }
}

fn with_request<V: Lanes, R>(x: &Paths, y: &Paths, o: Options, f: impl Fn(&Request<'_, V::T>) -> R) -> R {
    let cast = |p: &Paths| p.data.iter().map(|&q| V::T::from_f64(q)).collect::<Vec<_>>();
    let (a, b) = (cast(x), cast(y));
    f(&Request {
        paths: [&a, &b],
        counts: [x.count, y.count],
        points: [x.points, y.points],
        lengths: [x.lengths.as_deref(), y.lengths.as_deref()],
        channels: o.channels,
        degree: o.degree,
        orders: o.orders,
        kernel: o.kernel,
        pairs: o.pairs,
        triangle: false,
        scaled: false,
    })
}

fn values<V: Lanes>(x: &Paths, y: &Paths, o: Options) -> Vec<f64> {
    with_request::<V, _>(x, y, o, |request| {
        let count = if o.pairs { x.count } else { x.count * y.count };
        let mut out = vec![V::T::ZERO; count];
        let mut scratch = vec![V::splat(V::T::from_f64(f64::NAN)); kernel_scratch::<V>(request).unwrap()];
        assert!(kernel::<V>(request, &mut out, &mut scratch).unwrap());
        out.iter().map(|q| q.to_f64()).collect()
    })
}

/// Kernels as numbers times powers of two.
fn scaled(x: &Paths, y: &Paths, o: Options) -> Vec<(f64, f64)> {
    with_request::<LanesF64, _>(x, y, o, |request| {
        let request = Request { scaled: true, ..*request };
        let count = if o.pairs { x.count } else { x.count * y.count };
        let mut out = vec![0.0; 2 * count];
        let mut scratch = vec![LanesF64::splat(f64::NAN); kernel_scratch::<LanesF64>(&request).unwrap()];
        assert!(kernel::<LanesF64>(&request, &mut out, &mut scratch).unwrap());
        let (numbers, exponents) = out.split_at(count);
        numbers.iter().copied().zip(exponents.iter().copied()).collect()
    })
}

fn gradients<V: Lanes>(x: &Paths, y: &Paths, o: Options, cotangents: &[f64]) -> [Vec<f64>; 2] {
    with_request::<V, _>(x, y, o, |request| {
        let cotangents: Vec<V::T> = cotangents.iter().map(|&c| V::T::from_f64(c)).collect();
        let mut to = [x, y].map(|p| vec![V::T::from_f64(f64::NAN); p.data.len()]);
        let mut scratch = vec![V::splat(V::T::from_f64(f64::NAN)); kernel_vjp_scratch::<V>(request).unwrap()];
        let [a, b] = &mut to;
        let gradients = Gradients { x: Some(a), y: Some(b) };
        assert!(kernel_vjp::<V>(request, &cotangents, gradients, &mut scratch).unwrap());
        to.map(|numbers| numbers.iter().map(|q| q.to_f64()).collect())
    })
}

fn one(data: Vec<f64>, channels: usize) -> Paths {
    let points = data.len() / channels;
    Paths { data, count: 1, points, lengths: None }
}

fn close(got: f64, want: f64, tolerance: f64, what: &str) {
    assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{what}: {got} against {want}");
}

#[test]
fn oracles_at_every_order() {
    for oracle in oracles().pairs {
        let channels = oracle.x[0].len();
        let (x, y) = (one(numbers(&oracle.x), channels), one(numbers(&oracle.y), channels));
        for (key, &want) in &oracle.stencil {
            let orders: Vec<u32> = key.split(',').map(|n| n.parse().unwrap()).collect();
            let got = values::<LanesF64>(&x, &y, options(channels, 1, [orders[0], orders[1]]));
            close(got[0], want, 1e-13, &format!("{} {key}", oracle.name));
            let got = values::<LanesF32>(&x, &y, options(channels, 1, [orders[0], orders[1]]));
            close(got[0], want, 2e-5, &format!("{} {key} in float32", oracle.name));
        }
        for (key, &want) in &oracle.degree2 {
            let order: u32 = key.parse().unwrap();
            let got = values::<LanesF64>(&x, &y, options(channels, 2, [order, order]));
            close(got[0], want, 1e-12, &format!("{} {key} of degree 2", oracle.name));
            let got = values::<LanesF32>(&x, &y, options(channels, 2, [order, order]));
            close(got[0], want, 2e-5, &format!("{} {key} of degree 2 in float32", oracle.name));
        }
        // Of truncated signatures, which degree 0 stands for; by depth.
        for (&want, depth) in oracle.truncated.iter().zip(0..).skip(1) {
            let got = values::<LanesF64>(&x, &y, options(channels, 0, [depth, 0]));
            close(got[0], want, 1e-13, &format!("{} truncated at {depth}", oracle.name));
        }
        // The exact kernel is the limit. Cells of up to |v| = 16 leave more of an error.
        let is_large = oracle.name == "large value";
        let got = values::<LanesF64>(&x, &y, options(channels, 2, [6, 6]));
        close(got[0], oracle.exact, if is_large { 1e-3 } else { 1e-9 }, &format!("{} of degree 2", oracle.name));
        let got = values::<LanesF64>(&x, &y, options(channels, 3, [5, 5]));
        close(got[0], oracle.exact, if is_large { 1e-4 } else { 1e-11 }, &format!("{} of degree 3", oracle.name));
    }
}

#[test]
fn gradients_of_oracles() {
    let mut checked = 0;
    for oracle in oracles().pairs {
        let channels = oracle.x[0].len();
        let (x, y) = (one(numbers(&oracle.x), channels), one(numbers(&oracle.y), channels));
        for (key, degree, order, tolerance) in
            [("stencil 0", 1, 0, 1e-12), ("stencil 1", 1, 1, 1e-12), ("degree2 0", 2, 0, 1e-11), ("exact", 3, 5, 1e-9)]
        {
            if key == "exact" && oracle.name == "large value" {
                continue;
            }
            // The large ones have no gradient at dyadic order 1.
            let Some(want) = oracle.gradients.get(key) else { continue };
            checked += 1;
            let got = gradients::<LanesF64>(&x, &y, options(channels, degree, [order, order]), &[1.0]);
            for (got, want) in got.iter().zip([&want.x, &want.y]) {
                for (&got, &want) in got.iter().zip(want.iter().flatten()) {
                    close(got, want, tolerance, &format!("{} {key}", oracle.name));
                }
            }
        }
    }
    assert!(checked >= 40);
}

/// In [−1, 1).
fn uniform(random: &mut Random) -> f64 {
    f64::from(random.bits()) / f64::from(1u32 << 31) - 1.0
}

const KERNELS: [StaticKernel; 7] = [
    StaticKernel::Linear { scale: 0.7 },
    StaticKernel::Polynomial { degree: 3, gamma: 0.3, offset: 0.5 },
    StaticKernel::Gaussian { rate: 0.8 },
    StaticKernel::Matern { order: 0, rate: 0.6 },
    StaticKernel::Matern { order: 1, rate: 0.6 },
    StaticKernel::Matern { order: 2, rate: 0.6 },
    StaticKernel::RationalQuadratic { alpha: 1.5, rate: 0.7 },
];

fn walk(random: &mut Random, count: usize, points: usize, channels: usize, lengths: Option<Vec<u32>>) -> Paths {
    let mut data = Vec::new();
    for _ in 0..count {
        let mut at = vec![0.0; channels];
        for _ in 0..points {
            for c in &mut at {
                *c += uniform(random) / (points as f64).sqrt();
                data.push(*c);
            }
        }
    }
    Paths { data, count, points, lengths }
}

/// One path of a batch.
fn alone(paths: &Paths, i: usize, channels: usize) -> Paths {
    let length = paths.lengths.as_ref().map_or(paths.points, |l| l[i] as usize);
    one(paths.data[i * paths.points * channels..][..length * channels].to_vec(), channels)
}

#[test]
fn bits_of_a_pair_depend_on_it_alone() {
    let mut random = Random(7);
    for channels in [1, 2, 3, 4, 5, 6, 9] {
        let x = walk(&mut random, 5, 11, channels, Some(vec![11, 4, 1, 7, 10]));
        let y = walk(&mut random, 6, 14, channels, Some(vec![2, 14, 9, 13, 1, 6]));
        for degree in 0..=3 {
            for (k, kernel) in KERNELS.into_iter().enumerate() {
                for orders in [[0, 0], [0, 1], [1, 0], [2, 1], [3, 3]] {
                    // Truncated kernels have a depth in place of orders.
                    if k > 0 && channels != 3 || degree == 0 && (orders[0] == 0 || orders[1] > 1) {
                        continue;
                    }
                    let o = Options { kernel, ..options(channels, degree, orders) };
                    check_bits::<LanesF32>(&x, &y, o);
                    check_bits::<LanesF64>(&x, &y, o);
                }
            }
        }
    }
}

fn check_bits<V: Lanes>(x: &Paths, y: &Paths, o: Options) {
    let gram = values::<V>(x, y, o);
    for a in 0..x.count {
        for b in 0..y.count {
            let (p, q) = (alone(x, a, o.channels), alone(y, b, o.channels));
            let single = values::<V>(&p, &q, o)[0];
            assert_eq!(gram[a * y.count + b].to_bits(), single.to_bits());
            let pair = values::<V>(&p, &q, Options { pairs: true, ..o })[0];
            assert_eq!(pair.to_bits(), single.to_bits());
        }
    }
    let some = Paths { count: x.count, data: y.data[..x.count * y.points * o.channels].to_vec(), ..y.clone() };
    let some = Paths { lengths: some.lengths.map(|l| l[..x.count].to_vec()), ..some };
    let o = Options { pairs: true, ..o };
    let pairs = values::<V>(x, &some, o);
    let cotangents = vec![0.5; x.count];
    let bars = gradients::<V>(x, &some, o, &cotangents);
    for (i, pair) in pairs.iter().enumerate() {
        let (p, q) = (alone(x, i, o.channels), alone(&some, i, o.channels));
        assert_eq!(pair.to_bits(), values::<V>(&p, &q, o)[0].to_bits());
        let single = gradients::<V>(&p, &q, o, &[0.5]);
        for (side, paths) in [x, &some].into_iter().enumerate() {
            let all = &bars[side][i * paths.points * o.channels..][..paths.points * o.channels];
            let (own, past) = all.split_at(single[side].len());
            assert!(own.iter().zip(&single[side]).all(|(a, b)| a.to_bits() == b.to_bits()));
            assert!(past.iter().all(|&q| q == 0.0));
        }
    }
}

#[test]
fn gradients_are_finite_differences() {
    let mut random = Random(11);
    for channels in [1, 2, 3, 6] {
        let x = walk(&mut random, 3, 6, channels, Some(vec![6, 5, 3]));
        let y = walk(&mut random, 3, 9, channels, Some(vec![9, 2, 7]));
        let bounds = [vec![0.2, 1.9, 4.0], vec![0.3, 0.9, 1.1]];
        let least = Orders::Least { x: &bounds[0], y: &bounds[1], most: 2 };
        for degree in 0..=3 {
            for (kernel, orders) in KERNELS.into_iter().flat_map(|kernel| {
                [Orders::Fixed([0, 0]), Orders::Fixed([1, 0]), Orders::Fixed([2, 1]), least]
                    .map(|orders| (kernel, orders))
            }) {
                // Truncated kernels have a depth in place of orders.
                let orders = match orders {
                    Orders::Fixed([a, b]) if degree == 0 => Orders::Fixed([2 * a + b, 0]),
                    _ if degree == 0 => continue,
                    _ => orders,
                };
                for pairs in [false, true] {
                    let o = Options { channels, degree, orders, kernel, pairs };
                    let cotangents: Vec<f64> = (0..if pairs { 3 } else { 9 }).map(|_| uniform(&mut random)).collect();
                    let got = gradients::<LanesF64>(&x, &y, o, &cotangents);
                    let loss = |x: &Paths, y: &Paths| -> f64 {
                        values::<LanesF64>(x, y, o).iter().zip(&cotangents).map(|(k, c)| k * c).sum()
                    };
                    for side in 0..2 {
                        for (i, &got) in got[side].iter().enumerate() {
                            let moved = |by: f64| {
                                let mut paths = [x.clone(), y.clone()];
                                paths[side].data[i] += by;
                                loss(&paths[0], &paths[1])
                            };
                            let step = 1e-5;
                            let want = (moved(step) - moved(-step)) / (2.0 * step);
                            close(got, want, 2e-8, &format!("{kernel:?} {degree} {orders:?} {side} {i}"));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn segments_computed_again_give_the_same_gradients() {
    // More cells than are kept at once.
    let mut random = Random(3);
    let (x, y) = (walk(&mut random, 1, 400, 2, None), walk(&mut random, 1, 300, 2, None));
    for degree in 0..=3 {
        let o = options(2, degree, [if degree == 0 { 3 } else { 0 }, 0]);
        let got = gradients::<LanesF64>(&x, &y, o, &[1.0]);
        for i in [0, 1, 150, 333, 799] {
            let moved = |by: f64| {
                let mut x = x.clone();
                x.data[i] += by;
                values::<LanesF64>(&x, &y, o)[0]
            };
            close(got[0][i], (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-8, &format!("{degree} {i}"));
        }
    }
}

#[test]
fn accuracy_of_degrees_on_brownian_paths() {
    let mut random = Random(5);
    let normal = |random: &mut Random| (0..12).map(|_| uniform(random) * 0.5).sum::<f64>();
    for (points, tolerances) in [(16, [6e-2, 4e-4, 3e-5]), (64, [2e-2, 2e-5, 1e-7])] {
        for _ in 0..8 {
            let mut path = || {
                let mut at = [0.0; 3];
                let mut data = Vec::new();
                for _ in 0..points {
                    for c in &mut at {
                        *c += normal(&mut random) / ((points - 1) as f64).sqrt();
                        data.push(*c);
                    }
                }
                one(data, 3)
            };
            let (x, y) = (path(), path());
            // What the oracles check at this order.
            let exact = values::<LanesF64>(&x, &y, options(3, 3, [4, 4]))[0];
            for (degree, tolerance) in (1..).zip(tolerances) {
                let got = values::<LanesF64>(&x, &y, options(3, degree, [0, 0]))[0];
                close(got, exact, tolerance, &format!("degree {degree}, {points} points"));
            }
        }
    }
}

#[test]
fn scaled_kernels_are_those_that_fit() {
    let mut random = Random(13);
    for channels in [1, 3, 6] {
        let x = walk(&mut random, 5, 37, channels, Some(vec![37, 4, 1, 33, 20]));
        let y = walk(&mut random, 5, 50, channels, Some(vec![2, 50, 17, 18, 1]));
        for (kernel, degree) in KERNELS.into_iter().flat_map(|kernel| [1, 2, 3].map(|degree| (kernel, degree))) {
            for orders in [[0, 0], [0, 1], [1, 0], [2, 1], [3, 3]] {
                let o = Options { kernel, ..options(channels, degree, orders) };
                for o in [o, Options { pairs: true, ..o }] {
                    let found = scaled(&x, &y, o);
                    for ((number, exponent), want) in found.into_iter().zip(values::<LanesF64>(&x, &y, o)) {
                        assert!((1.0..2.0).contains(&number.abs()));
                        close(number * exponent.exp2(), want, 1e-12, &format!("{kernel:?} {degree} {orders:?}"));
                    }
                }
            }
        }
    }
}

#[test]
fn bits_of_a_scaled_kernel_depend_on_its_pair_alone() {
    let mut random = Random(17);
    let mut x = walk(&mut random, 4, 120, 2, Some(vec![120, 30, 1, 77]));
    let mut y = walk(&mut random, 5, 90, 2, Some(vec![16, 90, 17, 1, 50]));
    // A drift, so that kernels grow.
    for paths in [&mut x, &mut y] {
        for (i, q) in paths.data.iter_mut().enumerate() {
            *q = 40.0 * (*q + (i / 2 % paths.points) as f64 / 10.0);
        }
    }
    for degree in 1..=3 {
        let o = options(2, degree, [2, 2]);
        let gram = scaled(&x, &y, o);
        assert!(gram.iter().any(|&(_, exponent)| exponent > 1200.0));
        for (i, &found) in gram.iter().enumerate() {
            let (p, q) = (alone(&x, i / y.count, 2), alone(&y, i % y.count, 2));
            assert_eq!(scaled(&p, &q, o)[0], found);
            assert_eq!(scaled(&p, &q, Options { pairs: true, ..o })[0], found);
        }
    }
}

/// A number of any size, for a stencil that is written down anew.
#[derive(Clone, Copy)]
struct Wide(f64, i64);

impl Wide {
    fn times(self, factor: f64) -> Wide {
        let product = self.0 * factor;
        if product == 0.0 {
            return Wide(0.0, i64::MIN / 2);
        }
        let exponent = product.abs().log2().floor() as i64;
        Wide(product * (-exponent as f64).exp2(), self.1 + exponent)
    }
    fn plus(self, other: Wide) -> Wide {
        let (large, small) = if self.1 >= other.1 { (self, other) } else { (other, self) };
        let shift = (small.1 - large.1).max(-200) as f64;
        Wide(large.0 + small.0 * shift.exp2(), large.1).times(1.0)
    }
    fn log(self) -> f64 {
        self.0.ln() + self.1 as f64 * std::f64::consts::LN_2
    }
}

/// The logarithm of the usual stencil's kernel.
fn log_stencil(x: &Paths, y: &Paths, channels: usize) -> f64 {
    let step = |p: &Paths, i: usize, c: usize| p.data[(i + 1) * channels + c] - p.data[i * channels + c];
    let mut row = vec![Wide(1.0, 0); y.points];
    for i in 0..x.points - 1 {
        let mut diagonal = row[0];
        for j in 0..y.points - 1 {
            let v: f64 = (0..channels).map(|c| step(x, i, c) * step(y, j, c)).sum();
            let square = v * v / 12.0;
            let sum = row[j].plus(row[j + 1]).times(1.0 + v / 2.0 + square);
            let next = sum.plus(diagonal.times(square - 1.0));
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[y.points - 1].log()
}

#[test]
fn scaled_kernels_beyond_float64() {
    let mut random = Random(19);
    let log = |(number, exponent): (f64, f64)| number.ln() + exponent * std::f64::consts::LN_2;
    for (points, size, least) in [(40, 5.0, 20.0), (130, 8.0, 150.0), (300, 20.0, 800.0)] {
        // A drift, so that kernels grow.
        let mut path = |count: usize| {
            let mut paths = walk(&mut random, 1, count, 2, None);
            for (i, q) in paths.data.iter_mut().enumerate() {
                *q = size * (*q + (i / 2) as f64 / 10.0);
            }
            paths
        };
        let (x, y) = (path(points), path(points + 11));
        let found = log(scaled(&x, &y, options(2, 1, [0, 0]))[0]);
        let want = log_stencil(&x, &y, 2);
        assert!(want > least, "{want}");
        close(found, want, 1e-13, &format!("{points} points"));
    }
    // A segment and itself, in steps: I0(2 length), whose logarithm has an asymptotic series.
    for (steps, step) in [(1000, 0.5), (1500, 0.4)] {
        let line = one((0..=steps).map(|i| f64::from(i) * step).collect(), 1);
        let argument = 2.0 * f64::from(steps) * step;
        let bessel = |z: f64| {
            let (mut term, mut sum) = (1.0, 1.0);
            for k in 1..8 {
                term *= f64::from((2 * k - 1) * (2 * k - 1)) / (8.0 * z * f64::from(k));
                sum += term;
            }
            z - 0.5 * (2.0 * std::f64::consts::PI * z).ln() + f64::ln(sum)
        };
        for (degree, orders, tolerance) in [(2, [0, 0], 1e-3), (2, [2, 2], 1e-6), (3, [0, 0], 1e-5), (3, [1, 2], 1e-8)]
        {
            let found = log(scaled(&line, &line, options(1, degree, orders))[0]);
            close(found, bessel(argument), tolerance, &format!("{steps} steps, degree {degree}, {orders:?}"));
        }
    }
}
