//! Gradients against an independent forward-mode reference: products of segment exponentials over
//! dual numbers, which share nothing with the kernels. Every option, every kind of shape, every
//! lane type; central differences of the kernels' own signatures besides.

mod common;

use common::{Field, Levels, Random, call, cast, flat, identity, prefixes};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::vjp::{Gradients, Part, VjpRequest, carry_len, signature_vjp, vjp_scratch};
use path_signature_kernels::{Options, PerPath, Request, signature_size};

/// a + b ε with ε² = 0.
#[derive(Clone, Debug)]
struct Dual(f64, f64);

impl Field for Dual {
    fn zero() -> Self {
        Dual(0.0, 0.0)
    }
    fn one() -> Self {
        Dual(1.0, 0.0)
    }
    fn plus(&self, o: &Self) -> Self {
        Dual(self.0 + o.0, self.1 + o.1)
    }
    fn minus(&self, o: &Self) -> Self {
        Dual(self.0 - o.0, self.1 - o.1)
    }
    fn times(&self, o: &Self) -> Self {
        Dual(self.0 * o.0, self.0 * o.1 + self.1 * o.0)
    }
    fn over(&self, n: usize) -> Self {
        Dual(self.0 / n as f64, self.1 / n as f64)
    }
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    d: usize,
    n: usize,
    batch: usize,
    points: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    stream: bool,
    inverse: bool,
    scalar_term: bool,
    basepoint: bool,
    initial: bool,
    ragged: bool,
}

/// A call's numbers in float64, each exact in float32.
struct Material {
    shape: Shape,
    kind: Kind,
    paths: Vec<f64>,
    lengths: Option<Vec<u32>>,
    basepoints: Option<Vec<f64>>,
    initials: Option<Vec<f64>>,
    cotangents: Vec<f64>,
}

impl Material {
    fn new(shape: Shape, kind: Kind, random: &mut Random) -> Material {
        let Shape { d, n, batch, points } = shape;
        let size = signature_size(d, n).unwrap();
        let step = if points > 20 { 0.25 } else { 1.0 };
        let mut paths: Vec<f64> = random.numbers(batch * points * d).iter().map(|x| x * step).collect();
        let lengths = kind.ragged.then(|| (0..batch).map(|_| 1 + random.below(points) as u32).collect::<Vec<u32>>());
        if let Some(lengths) = &lengths {
            for b in 0..batch {
                // What lies behind a path's end must not be looked at.
                paths[(b * points + lengths[b] as usize) * d..(b + 1) * points * d].fill(f64::NAN);
            }
        }
        let rows = if kind.stream { points - usize::from(!kind.basepoint) } else { 1 };
        let row = size + usize::from(kind.scalar_term);
        let mut cotangents = random.numbers(batch * rows * row);
        if kind.scalar_term {
            // The scalar term is constant: what stands there must not be looked at.
            for first in cotangents.chunks_mut(row) {
                first[0] = f64::NAN;
            }
        }
        Material {
            shape,
            kind,
            paths,
            lengths,
            basepoints: kind.basepoint.then(|| random.numbers(batch * d)),
            // No signature: gradients have to be right for any tensor.
            initials: kind.initial.then(|| random.numbers(batch * size)),
            cotangents,
        }
    }

    fn length(&self, b: usize) -> usize {
        self.lengths.as_ref().map_or(self.shape.points, |l| l[b] as usize)
    }

    fn rows(&self) -> usize {
        if self.kind.stream { self.shape.points - usize::from(!self.kind.basepoint) } else { 1 }
    }

    /// f of path b: the result against the cotangent; every input may be moved.
    fn value(&self, b: usize, path: &[Dual], base: Option<&[Dual]>, initial: Option<&[Dual]>) -> Dual {
        let Shape { d, n, .. } = self.shape;
        let mut points: Vec<Vec<Dual>> = base.into_iter().map(<[Dual]>::to_vec).collect();
        points.extend(path.chunks(d).map(<[Dual]>::to_vec));
        if self.kind.inverse {
            points.reverse();
        }
        let mut start: Levels<Dual> = identity(d, n);
        if let Some(initial) = initial {
            let mut at = 0;
            for level in &mut start[1..] {
                let count = level.len();
                level.clone_from_slice(&initial[at..at + count]);
                at += count;
            }
        }
        let all = prefixes(&points, n, start);
        let size = signature_size(d, n).unwrap();
        let row = size + usize::from(self.kind.scalar_term);
        let rows = self.rows();
        let mut sum = Dual::zero();
        for r in 0..rows {
            let levels = if self.kind.stream { &all[(r + 1).min(all.len() - 1)] } else { all.last().unwrap() };
            let at = (b * rows + r) * row + usize::from(self.kind.scalar_term);
            for (x, w) in flat(levels).iter().zip(&self.cotangents[at..at + size]) {
                sum = sum.plus(&x.times(&Dual(*w, 0.0)));
            }
        }
        sum
    }

    /// ∂f/∂path, ∂f/∂basepoint, ∂f/∂initial of path b, one direction at a time; NaN for those that
    /// are left out of long ones.
    fn gradient(&self, b: usize) -> [Vec<f64>; 3] {
        let Shape { d, points, .. } = self.shape;
        let still = |x: &[f64]| x.iter().map(|&x| Dual(x, 0.0)).collect::<Vec<_>>();
        let path = still(&self.paths[b * points * d..][..self.length(b) * d]);
        let base = self.basepoints.as_ref().map(|x| still(&x[b * d..][..d]));
        let size = signature_size(d, self.shape.n).unwrap();
        let initial = match &self.initials {
            Some(x) => still(&x[b * size..][..size]),
            None => vec![Dual(0.0, 0.0); size],
        };
        let moved = |x: &[Dual], i: usize| {
            let mut x = x.to_vec();
            x[i].1 = 1.0;
            x
        };
        // All of a short path's, few of a long one's, first and last points among them.
        let every = 1 + path.len() / 64;
        let looked_at = |i: usize| i < 2 * d || i + 2 * d >= path.len() || (i * 7919 + b).is_multiple_of(every);
        let of_initial = 1 + size * path.len() / 6000;
        [
            (0..path.len())
                .map(|i| match looked_at(i) {
                    true => self.value(b, &moved(&path, i), base.as_deref(), Some(&initial)).1,
                    false => f64::NAN,
                })
                .collect(),
            (0..base.as_ref().map_or(0, Vec::len))
                .map(|i| self.value(b, &path, Some(&moved(base.as_ref().unwrap(), i)), Some(&initial)).1)
                .collect(),
            (0..size)
                .map(|i| match (i * 7919 + b).is_multiple_of(of_initial) {
                    true => self.value(b, &path, base.as_deref(), Some(&moved(&initial, i))).1,
                    false => f64::NAN,
                })
                .collect(),
        ]
    }
}

/// What the kernels gave.
struct Answer<T> {
    paths: Vec<T>,
    basepoints: Vec<T>,
    initials: Vec<T>,
    single: bool,
}

fn run<V: Lanes>(m: &Material) -> Answer<V::T> {
    run_wanting::<V>(m, true, false)
}

/// `all`: the gradients of basepoints and of what was continued, too; `single`: as a path by
/// itself.
fn run_wanting<V: Lanes>(m: &Material, all: bool, single: bool) -> Answer<V::T> {
    let Shape { d, n, batch, points } = m.shape;
    let options = Options {
        stream: m.kind.stream,
        inverse: m.kind.inverse,
        scalar_term: m.kind.scalar_term,
        ..Options::default()
    };
    let size = signature_size(d, n).unwrap();
    let paths = cast::<V::T>(&m.paths);
    let basepoints = m.basepoints.as_ref().map(|x| cast::<V::T>(x));
    let initials = m.initials.as_ref().map(|x| cast::<V::T>(x));
    let cotangents = cast::<V::T>(&m.cotangents);
    let basepoint = basepoints.as_deref().map(|data| PerPath { data, stride: d });
    let initial = initials.as_deref().map(|data| PerPath { data, stride: size });
    let forward = Request {
        paths: &paths,
        batch,
        points,
        channels: d,
        depth: n,
        lengths: m.lengths.as_deref(),
        basepoint,
        initial: match initial {
            Some(given) if m.kind.stream => Some(given),
            _ => None,
        },
        options,
    };
    let (mut signatures, _) = call::<V>(&forward);
    let mut signature_row = size + usize::from(m.kind.scalar_term);
    if !all && !m.kind.stream {
        // The top level is not read.
        let below = signature_row - d.pow(n as u32);
        signatures = signatures.chunks(signature_row).flat_map(|row| row[..below].to_vec()).collect();
        signature_row = below;
    }
    let request = VjpRequest {
        paths: Request {
            paths: &paths,
            batch,
            points,
            channels: d,
            depth: n,
            lengths: m.lengths.as_deref(),
            basepoint,
            initial,
            options,
        },
        signatures: &signatures,
        signature_row,
        cotangents: &cotangents,
        part: Part::WHOLE,
        single,
    };
    let nan = V::T::from_f64(f64::NAN);
    let mut answer = Answer {
        paths: vec![nan; paths.len()],
        basepoints: vec![nan; if m.kind.basepoint { batch * d } else { 0 }],
        initials: vec![nan; batch * size],
        single,
    };
    let mut scratch = vec![V::splat(nan); vjp_scratch::<V>(d, n, m.kind.stream, single).unwrap()];
    let report = signature_vjp::<V>(
        &request,
        Gradients {
            paths: &mut answer.paths,
            basepoint: (m.kind.basepoint && all).then_some(&mut answer.basepoints[..]),
            initial: all.then_some(&mut answer.initials[..]),
            carry: &mut [],
        },
        &mut scratch,
    )
    .unwrap();
    assert!(report.cotangents_finite);
    answer
}

/// Of those that were computed.
fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0f64, |m, x| m.max(x.abs()))
}

fn close<T: Real>(what: &str, got: &[T], wanted: &[f64], scale: f64) {
    let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    assert_eq!(got.len(), wanted.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(wanted).enumerate() {
        let error = if w.is_nan() { 0.0 } else { (g.to_f64() - w).abs() };
        assert!(g.is_finite(), "{what}: number {i} is {g:?}");
        assert!(error <= 200.0 * epsilon * scale, "{what}: number {i} is {g:?}, should be {w}; scale {scale}");
    }
}

fn compare<V: Lanes>(m: &Material) {
    compare_with::<V>(m, &run::<V>(m));
    if m.shape.batch == 1 && !m.kind.stream {
        compare_with::<V>(m, &run_wanting::<V>(m, true, true));
    }
}

fn compare_with<V: Lanes>(m: &Material, answer: &Answer<V::T>) {
    let Shape { d, points, batch, .. } = m.shape;
    let what = format!("{:?} {:?} {}", m.shape, m.kind, size_of::<V::T>());
    let size = answer.initials.len() / batch;
    // What else is wanted changes nothing, but where a stream that continues nothing is to give the
    // gradient of that.
    let alone = run_wanting::<V>(m, false, false).paths;
    let same =
        answer.single || alone.iter().zip(&answer.paths).all(|(a, b)| a.to_f64().to_bits() == b.to_f64().to_bits());
    assert!(same || m.kind.stream && !m.kind.initial, "{what}");
    for b in 0..batch {
        let [mut paths, base, initial] = m.gradient(b);
        let scale = largest(&paths).max(largest(&base)).max(1.0);
        // Past the end exactly zero.
        let tail = &answer.paths[(b * points + m.length(b)) * d..(b + 1) * points * d];
        assert!(tail.iter().all(|x| x.to_f64() == 0.0), "{what}: tail");
        paths.resize(points * d, 0.0);
        for given in [&answer.paths, &alone] {
            close(&format!("{what}, path {b}"), &given[b * points * d..][..points * d], &paths, scale);
        }
        if m.kind.basepoint {
            close(&format!("{what}, basepoint {b}"), &answer.basepoints[b * d..][..d], &base, scale);
        }
        let scale = largest(&initial).max(1.0);
        close(&format!("{what}, initial {b}"), &answer.initials[b * size..][..size], &initial, scale);
    }
}

const SHAPES: [(usize, usize); 26] = [
    (1, 1),
    (1, 2),
    (1, 6),
    (2, 1),
    (5, 1),
    (2, 2),
    (3, 2),
    (4, 2),
    (5, 2),
    (7, 2),
    (8, 2),
    (9, 2),
    (2, 3),
    (2, 4),
    (2, 5),
    (2, 6),
    (2, 9),
    (3, 3),
    (3, 5),
    (4, 3),
    (4, 4),
    (5, 4),
    (6, 3),
    (7, 3),
    (6, 4),
    (8, 3),
];

/// A single path's time is cut into lanes: chunks of every length, equal and not, with every
/// option.
#[test]
fn single_paths() {
    let mut random = Random(7);
    for (i, (d, n)) in SHAPES.into_iter().enumerate().filter(|(_, (d, n))| d.pow(*n as u32) < 700) {
        for points in [2, 3, 40, 41, 42, 43, 44, 64, 65, 66, 128, 129, 130, 131] {
            let kind = Kind { stream: false, ..kind(i + 5 * points) };
            let m = Material::new(Shape { d, n, batch: 1, points }, kind, &mut random);
            compare::<LanesF64>(&m);
            compare::<LanesF32>(&m);
        }
    }
}

/// Number `i` of the 32 combinations of options.
fn kind(i: usize) -> Kind {
    Kind {
        stream: false,
        inverse: i & 1 != 0,
        scalar_term: i & 2 != 0,
        basepoint: i & 4 != 0,
        initial: i & 8 != 0,
        ragged: i & 16 != 0,
    }
}

#[test]
fn whole_signatures_of_every_shape() {
    let mut random = Random(101);
    for (i, (d, n)) in SHAPES.into_iter().enumerate() {
        for (j, points) in [1, 2, 3, 6].into_iter().enumerate() {
            let shape = Shape { d, n, batch: 1 + (i + j) % 6, points };
            let m = Material::new(shape, Kind::default(), &mut random);
            compare::<LanesF64>(&m);
            compare::<LanesF32>(&m);
            compare::<Portable<f64, 1>>(&m);
        }
    }
}

#[test]
fn whole_signatures_with_every_option() {
    let mut random = Random(103);
    for (i, (d, n)) in [(2, 4), (3, 3), (1, 3), (3, 1), (4, 2), (6, 3), (2, 6), (6, 4)].into_iter().enumerate() {
        for options in 0..32 {
            let points = [1, 2, 5, 4, 7][(i + options) % 5];
            let shape = Shape { d, n, batch: 1 + (3 * i + options) % 7, points };
            let m = Material::new(shape, kind(options), &mut random);
            compare::<LanesF64>(&m);
            compare::<LanesF32>(&m);
        }
    }
}

/// Several tiles of time, and the variants that only long paths take.
#[test]
fn long_paths() {
    let mut random = Random(107);
    for (i, (d, n)) in
        [(2, 2), (3, 2), (8, 2), (11, 2), (2, 4), (2, 6), (3, 3), (4, 4), (5, 3), (8, 3), (9, 3), (16, 3)]
            .into_iter()
            .enumerate()
    {
        for (j, points) in [31, 32, 33, 34, 65, 97, 150].into_iter().enumerate() {
            let kind = if d > 8 { kind(0) } else { kind((5 * i + 11 * j) % 32) };
            let batch = if d * n > 20 { 2 } else { 3 + (i + j) % 3 };
            let m = Material::new(Shape { d, n, batch, points }, kind, &mut random);
            compare::<LanesF64>(&m);
        }
    }
}

#[test]
fn streams_of_every_shape() {
    let mut random = Random(109);
    for (i, (d, n)) in SHAPES.into_iter().enumerate() {
        for (j, points) in [1, 2, 3, 6].into_iter().enumerate() {
            let shape = Shape { d, n, batch: 1 + (i + j) % 6, points };
            let m = Material::new(shape, Kind { stream: true, ..Kind::default() }, &mut random);
            compare::<LanesF64>(&m);
            compare::<LanesF32>(&m);
        }
    }
}

#[test]
fn streams_with_every_option() {
    let mut random = Random(113);
    for (i, (d, n)) in [(2, 4), (3, 3), (1, 3), (3, 1), (4, 2), (6, 3), (2, 6)].into_iter().enumerate() {
        for options in 0..32 {
            let points = [1, 2, 5, 20, 7][(i + options) % 5];
            let shape = Shape { d, n, batch: 1 + (3 * i + options) % 7, points };
            let m = Material::new(shape, Kind { stream: true, ..kind(options) }, &mut random);
            compare::<LanesF64>(&m);
            compare::<LanesF32>(&m);
        }
    }
}

/// A long path given in pieces of time has the gradients of the path in one piece.
#[test]
fn pieces_of_time() {
    let mut random = Random(127);
    for (d, n) in [(1, 3), (3, 1), (2, 2), (4, 2), (2, 4), (3, 3), (6, 3), (4, 4), (2, 7)] {
        for options in 0..8 {
            let kind = Kind {
                stream: options & 1 != 0,
                inverse: options & 2 != 0,
                basepoint: options & 4 != 0,
                ..Kind::default()
            };
            let m = Material::new(Shape { d, n, batch: 1, points: 90 }, kind, &mut random);
            let whole = run::<LanesF64>(&m);
            let size = signature_size(d, n).unwrap();
            let options = Options { stream: kind.stream, inverse: kind.inverse, ..Options::default() };
            // Cuts between points, in the direction of travel; a piece of no step among them.
            let mut travelled: Vec<Vec<f64>> = m.paths.chunks(d).map(<[f64]>::to_vec).collect();
            if kind.inverse {
                travelled.reverse();
            }
            let cuts = [0, 40, 40, 71, 89];
            let forward = |piece: &[f64], base: Option<&[f64]>, initial: &[f64], stream: bool| {
                call::<LanesF64>(&Request {
                    paths: piece,
                    batch: 1,
                    points: piece.len() / d,
                    channels: d,
                    depth: n,
                    lengths: None,
                    basepoint: base.map(|data| PerPath { data, stride: 0 }),
                    initial: Some(PerPath { data: initial, stride: 0 }),
                    options: Options { stream, ..options },
                })
                .0
            };
            let pieces: Vec<(Vec<f64>, Option<&[f64]>)> = cuts
                .windows(2)
                .enumerate()
                .map(|(i, cut)| {
                    let mut points = travelled[cut[0]..=cut[1]].to_vec();
                    if kind.inverse {
                        points.reverse();
                    }
                    // The basepoint goes with the first point in memory.
                    let has_base = kind.basepoint && i == if kind.inverse { cuts.len() - 2 } else { 0 };
                    (points.concat(), if has_base { m.basepoints.as_deref() } else { None })
                })
                .collect();
            let mut states = vec![vec![0.0; size]];
            for (piece, base) in &pieces {
                states.push(forward(piece, *base, states.last().unwrap(), false));
            }
            let mut carry = vec![f64::NAN; carry_len(d, n, kind.stream).unwrap()];
            let (mut paths, mut initial) = (vec![f64::NAN; 90 * d], vec![f64::NAN; size]);
            let mut basepoint = vec![f64::NAN; d];
            let count = pieces.len();
            let mut rows_left = m.rows();
            for turn in 0..count {
                // Streams go backwards.
                let i = if kind.stream { count - 1 - turn } else { turn };
                let (piece, base) = &pieces[i];
                let points = piece.len() / d;
                let rows = if kind.stream { points - usize::from(base.is_none()) } else { 1 };
                let signatures = match kind.stream {
                    true if rows == 0 => Vec::new(),
                    true => forward(piece, *base, &states[i], true),
                    false => states.last().unwrap().clone(),
                };
                rows_left -= if kind.stream { rows } else { 0 };
                let at = if kind.stream { rows_left * size } else { 0 };
                let part = Part { first: turn == 0, last: turn == count - 1 };
                let mut gradients = vec![0.0; piece.len()];
                let mut scratch =
                    vec![LanesF64::splat(f64::NAN); vjp_scratch::<LanesF64>(d, n, kind.stream, false).unwrap()];
                signature_vjp::<LanesF64>(
                    &VjpRequest {
                        paths: Request {
                            paths: piece,
                            batch: 1,
                            points,
                            channels: d,
                            depth: n,
                            lengths: None,
                            basepoint: base.map(|data| PerPath { data, stride: 0 }),
                            initial: kind.stream.then_some(PerPath { data: &states[i], stride: 0 }),
                            options,
                        },
                        signatures: &signatures,
                        signature_row: size,
                        cotangents: &m.cotangents[at..at + rows * size],
                        part,
                        single: false,
                    },
                    Gradients {
                        paths: &mut gradients,
                        basepoint: base.map(|_| &mut basepoint[..]),
                        initial: (if kind.stream { part.last } else { part.first }).then_some(&mut initial[..]),
                        carry: &mut carry,
                    },
                    &mut scratch,
                )
                .unwrap();
                // In the direction of travel; the point that is left to another piece is not taken.
                let mut of_points: Vec<&[f64]> = gradients.chunks(d).collect();
                if kind.inverse {
                    of_points.reverse();
                }
                for (j, x) in of_points.iter().enumerate() {
                    let left = !part.last && if kind.stream { j == 0 } else { j == points - 1 };
                    if !left {
                        let t = cuts[i] + j;
                        let t = if kind.inverse { 89 - t } else { t };
                        paths[t * d..(t + 1) * d].copy_from_slice(x);
                    }
                }
            }
            let what = format!("({d}, {n}) {kind:?}");
            let scale = largest(&whole.paths).max(1.0);
            close(&what, &paths, &whole.paths, scale);
            close(&what, &initial, &whole.initials, largest(&whole.initials).max(1.0));
            if kind.basepoint {
                close(&what, &basepoint, &whole.basepoints, scale);
            }
        }
    }
}
