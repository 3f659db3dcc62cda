//! The truncated tensor algebra over rows: against exact rationals and their derivatives by dual
//! numbers, by finite differences, by identities of the algebra and of paths, and that an item's
//! bits are its own.

mod common;

use common::{Field, Levels, Random, call, cast, identity, product};
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive};
use path_signature_kernels::algebra::{self, Layout, MultiplyGradients};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::{Error, Options, PerPath, Request, signature_size};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    Multiply,
    Inverse,
    Exp,
    Log,
}
use Op::{Exp, Inverse, Log, Multiply};

const OPS: [Op; 4] = [Multiply, Inverse, Exp, Log];

/// Relative error of a coefficient that is allowed, against the same sum of products with every
/// term positive: a few roundings of epsilon for each of the at most `depth` factors of a term,
/// times the at most `depth` steps in which sums grow.
const ROUNDINGS: f64 = 4.0;

fn tolerance<T>(depth: usize) -> f64 {
    let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    epsilon * ROUNDINGS * (depth * depth) as f64
}

// ---- The reference: power series over any field. ----

/// What the reference needs besides [`Field`]; transcendental functions are those of float64.
trait Scalar: Field {
    fn number(x: f64) -> Self;
    fn inverted(&self) -> Self;
    fn exp(&self) -> Self;
    fn ln(&self) -> Self;
}

impl Scalar for BigRational {
    fn number(x: f64) -> Self {
        BigRational::from_f64(x).unwrap()
    }
    fn inverted(&self) -> Self {
        self.recip()
    }
    fn exp(&self) -> Self {
        Self::number(self.to_f64().unwrap().exp())
    }
    fn ln(&self) -> Self {
        Self::number(self.to_f64().unwrap().ln())
    }
}

impl Scalar for f64 {
    fn number(x: f64) -> Self {
        x
    }
    fn inverted(&self) -> Self {
        self.recip()
    }
    fn exp(&self) -> Self {
        f64::exp(*self)
    }
    fn ln(&self) -> Self {
        f64::ln(*self)
    }
}

/// A value and its derivative in one direction.
#[derive(Clone)]
struct Dual<F>(F, F);

impl<F: Field> Field for Dual<F> {
    fn zero() -> Self {
        Dual(F::zero(), F::zero())
    }
    fn one() -> Self {
        Dual(F::one(), F::zero())
    }
    fn plus(&self, o: &Self) -> Self {
        Dual(self.0.plus(&o.0), self.1.plus(&o.1))
    }
    fn minus(&self, o: &Self) -> Self {
        Dual(self.0.minus(&o.0), self.1.minus(&o.1))
    }
    fn times(&self, o: &Self) -> Self {
        Dual(self.0.times(&o.0), self.0.times(&o.1).plus(&self.1.times(&o.0)))
    }
    fn over(&self, n: usize) -> Self {
        Dual(self.0.over(n), self.1.over(n))
    }
}

impl<F: Scalar> Scalar for Dual<F> {
    fn number(x: f64) -> Self {
        Dual(F::number(x), F::zero())
    }
    fn inverted(&self) -> Self {
        let r = self.0.inverted();
        let slope = F::zero().minus(&self.1.times(&r).times(&r));
        Dual(r, slope)
    }
    fn exp(&self) -> Self {
        let e = self.0.exp();
        Dual(e.clone(), self.1.times(&e))
    }
    fn ln(&self) -> Self {
        Dual(self.0.ln(), self.1.times(&self.0.inverted()))
    }
}

fn map<F: Field>(a: &Levels<F>, f: impl Fn(&F) -> F) -> Levels<F> {
    a.iter().map(|level| level.iter().map(&f).collect()).collect()
}

/// Σ_j c_j x^j by its powers, for x without scalar.
fn power_series<F: Field>(x: &Levels<F>, coefficient: impl Fn(usize) -> F) -> Levels<F> {
    let (d, n) = (x[1].len(), x.len() - 1);
    let (mut power, mut sum) = (identity::<F>(d, n), map(&identity::<F>(d, n), |_| F::zero()));
    for j in 0..=n {
        let c = coefficient(j);
        for (to, from) in sum.iter_mut().flatten().zip(power.iter().flatten()) {
            *to = to.plus(&c.times(from));
        }
        power = product(&power, x);
    }
    sum
}

/// The operation; with `sign` +1 instead of -1, of nonnegative numbers, a bound of all its terms.
fn reference<F: Scalar>(op: Op, a: &Levels<F>, b: &Levels<F>, sign: f64) -> Levels<F> {
    let mut x = a.clone();
    x[0][0] = F::zero();
    let scalar = &a[0][0];
    let alternating = |j: usize| F::number(if j % 2 == 1 { sign } else { 1.0 });
    match op {
        Multiply => product(a, b),
        Exp => {
            let factor = scalar.exp();
            let factorial = |j: usize| (1..=j).fold(F::one(), |f, i| f.over(i));
            map(&power_series(&x, factorial), |y| y.times(&factor))
        }
        Inverse | Log => {
            let reciprocal = scalar.inverted();
            let x = map(&x, |x| x.times(&reciprocal));
            if op == Inverse {
                return map(&power_series(&x, alternating), |y| y.times(&reciprocal));
            }
            let minus = F::number(sign);
            let mut log = power_series(&x, |j| match j {
                0 => F::zero(),
                _ => alternating(j).times(&minus).over(j),
            });
            log[0][0] = scalar.ln();
            log
        }
    }
}

fn levels<F: Scalar>(row: &[f64], d: usize, n: usize) -> Levels<F> {
    let mut rest = row;
    (0..=n)
        .map(|k| {
            let (level, behind) = rest.split_at(d.pow(k as u32));
            rest = behind;
            level.iter().map(|&x| F::number(x)).collect()
        })
        .collect()
}

fn directed<F: Scalar>(row: &[f64], direction: &[f64], d: usize, n: usize) -> Levels<Dual<F>> {
    let (mut a, v) = (levels::<Dual<F>>(row, d, n), levels::<F>(direction, d, n));
    for (a, v) in a.iter_mut().flatten().zip(v.into_iter().flatten()) {
        a.1 = v;
    }
    a
}

// ---- Calls with scratch of exactly the stated size. ----

#[derive(Clone, Copy)]
struct Form {
    d: usize,
    n: usize,
    scalar: bool,
}

impl Form {
    fn row(self) -> usize {
        signature_size(self.d, self.n).unwrap() + usize::from(self.scalar)
    }
    fn layout(self, batch: usize) -> Layout {
        Layout { batch, channels: self.d, depth: self.n, scalar_term: self.scalar }
    }
    /// From a row with its scalar.
    fn given<T: Copy>(self, full: &[T]) -> &[T] {
        &full[usize::from(!self.scalar)..]
    }
    /// Shapes with and without scalars.
    fn all() -> impl Iterator<Item = Form> {
        (1..=5).flat_map(|d| (1..=5).flat_map(move |n| [false, true].map(|scalar| Form { d, n, scalar })))
    }
    /// A row with its scalar, which is near 1, or for exponentials near 0; exactly so where rows
    /// have none.
    fn random(self, op: Op, random: &mut Random) -> Vec<f64> {
        let mut row = random.numbers(1 + signature_size(self.d, self.n).unwrap());
        row[0] = f64::from(u8::from(op != Exp)) + if self.scalar { row[0] / 2.0 } else { 0.0 };
        row
    }
}

fn scratch<V: Lanes>(count: Option<usize>) -> Vec<V> {
    vec![V::splat(V::T::from_f64(f64::NAN)); count.unwrap()]
}

fn nothing<T: Real>(count: usize) -> Vec<T> {
    vec![T::from_f64(f64::NAN); count]
}

fn forward<V: Lanes>(op: Op, form: Form, batch: usize, a: PerPath<'_, V::T>, b: PerPath<'_, V::T>) -> Vec<V::T> {
    let (layout, Form { d, n, .. }) = (form.layout(batch), form);
    let mut out = nothing(batch * form.row());
    match op {
        Multiply => algebra::multiply::<V>(layout, a, b, &mut out, &mut scratch(algebra::scratch(d, n))),
        Inverse => algebra::inverse::<V>(layout, a, &mut out, &mut scratch(algebra::scratch(d, n))),
        Exp => algebra::exp::<V>(layout, a, &mut out, &mut scratch(algebra::scratch(d, n))),
        Log => algebra::log::<V>(layout, a, &mut out, &mut scratch(algebra::scratch(d, n))),
    }
    .unwrap();
    out
}

/// The gradients with respect to a and, of products, b.
fn backward<V: Lanes>(
    op: Op,
    form: Form,
    batch: usize,
    a: PerPath<'_, V::T>,
    b: PerPath<'_, V::T>,
    cotangent: &[V::T],
) -> [Vec<V::T>; 2] {
    let (layout, Form { d, n, .. }) = (form.layout(batch), form);
    let [mut to, mut to_b] = [nothing(batch * form.row()), nothing(batch * form.row())];
    let series = || scratch(algebra::series_vjp_scratch(d, n));
    match op {
        Multiply => {
            let to = MultiplyGradients { a: Some(&mut to), b: Some(&mut to_b) };
            let mut scratch = scratch(algebra::scratch(d, n));
            algebra::multiply_vjp::<V>(layout, a, b, cotangent, to, &mut scratch)
        }
        Inverse => {
            let mut scratch = scratch(algebra::scratch(d, n));
            algebra::inverse_vjp::<V>(layout, a, cotangent, &mut to, &mut scratch)
        }
        Exp => algebra::exp_vjp::<V>(layout, a, cotangent, &mut to, &mut series()),
        Log => algebra::log_vjp::<V>(layout, a, cotangent, &mut to, &mut series()),
    }
    .unwrap();
    [to, to_b]
}

fn shared<T>(data: &[T]) -> PerPath<'_, T> {
    PerPath { data, stride: 0 }
}

fn each<T>(data: &[T], form: Form) -> PerPath<'_, T> {
    PerPath { data, stride: form.row() }
}

fn bits<T: Real>(x: &[T]) -> Vec<u64> {
    x.iter().map(|x| x.to_f64().to_bits()).collect()
}

fn inner(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn float64<T: Real>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

fn absolute(x: &[f64]) -> Vec<f64> {
    x.iter().map(|x| x.abs()).collect()
}

/// Scalars of exponentials and logarithms, whose sign their bounds need, are left as they are.
fn bounding(x: &[f64]) -> Vec<f64> {
    [&x[..1], &absolute(&x[1..])].concat()
}

// ---- Exact values. ----

/// One row with its result and the derivative of its product with a cotangent, exact, each with a
/// bound of its terms.
struct Case {
    form: Form,
    op: Op,
    a: Vec<f64>,
    b: Vec<f64>,
    cotangent: Vec<f64>,
    directions: [Vec<f64>; 2],
    value: Vec<(f64, f64)>,
    slope: (f64, f64),
}

impl Case {
    fn new(op: Op, form: Form, random: &mut Random) -> Case {
        let Form { d, n, scalar } = form;
        let [a, b, mut cotangent] = [0; 3].map(|_| form.random(op, random));
        let mut directions = [0; 2].map(|_| form.random(op, random));
        if !scalar {
            cotangent[0] = 0.0;
            directions.iter_mut().for_each(|v| v[0] = 0.0);
        }
        if op != Multiply {
            directions[1].fill(0.0);
        }
        let [v, w] = &directions;
        let exact = reference::<Dual<BigRational>>(op, &directed(&a, v, d, n), &directed(&b, w, d, n), -1.0).concat();
        // A reciprocal falls as its scalar rises.
        let rise = |v: &[f64]| {
            let mut v = absolute(v);
            v[0] *= if matches!(op, Inverse | Log) { -1.0 } else { 1.0 };
            v
        };
        let (above, beside) = (directed(&bounding(&a), &rise(v), d, n), directed(&bounding(&b), &rise(w), d, n));
        let bound = reference::<Dual<f64>>(op, &above, &beside, 1.0).concat();
        let value = exact.iter().zip(&bound).map(|(x, y)| (x.0.to_f64().unwrap(), y.0.abs())).collect();
        let slopes = exact.iter().zip(&bound).map(|(x, y)| (x.1.to_f64().unwrap(), y.1.abs()));
        let slope = slopes.zip(&cotangent).fold((0.0, 0.0), |(s, t), ((x, y), c)| (s + x * c, t + y * c.abs()));
        Case { form, op, a, b, cotangent, directions, value, slope }
    }

    fn check<V: Lanes>(&self) {
        let Case { form, op, .. } = *self;
        let [a, b, cotangent] = [&self.a, &self.b, &self.cotangent].map(|x| cast::<V::T>(form.given(x)));
        let what = format!("{op:?} d {} N {} scalar {} of {} bytes", form.d, form.n, form.scalar, size_of::<V::T>());
        let within = tolerance::<V::T>(form.n);
        let out = forward::<V>(op, form, 1, shared(&a), shared(&b));
        let wanted = form.given(&self.value);
        assert_eq!(out.len(), wanted.len());
        for (i, (got, (exact, bound))) in out.iter().zip(wanted).enumerate() {
            let error = (got.to_f64() - exact).abs();
            assert!(error <= within * bound, "{what}: number {i} is {got:?}, should be {exact}");
        }
        let gradients = backward::<V>(op, form, 1, shared(&a), shared(&b), &cotangent);
        let slope: f64 = gradients
            .iter()
            .zip(&self.directions)
            .map(|(g, v)| match v.iter().all(|&v| v == 0.0) {
                true => 0.0,
                false => inner(&float64(g), form.given(v)),
            })
            .sum();
        let (exact, bound) = self.slope;
        assert!((slope - exact).abs() <= within * bound, "{what}: slope {slope}, should be {exact} (bound {bound})");
    }
}

/// Large rows have their scalar, as rational arithmetic is slow; those without have the same bits,
/// see below.
#[test]
fn rationals() {
    let mut random = Random(101);
    for form in Form::all().filter(|form| form.scalar || form.row() < 500) {
        for op in OPS {
            let case = Case::new(op, form, &mut random);
            case.check::<LanesF64>();
            case.check::<LanesF32>();
            case.check::<Portable<f64, 1>>();
        }
    }
}

/// Each coordinate of every gradient by central differences: exact but for the step's square, which
/// a step of 2^-17 makes as small as the rounding error of the difference.
#[test]
fn finite_differences() {
    let mut random = Random(103);
    let step = 2f64.powi(-17);
    for form in Form::all().filter(|form| form.row() < 200) {
        for op in OPS {
            let rows =
                [0; 2].map(|_| form.given(&form.random(op, &mut random)).iter().map(|x| x / 2.0).collect::<Vec<_>>());
            let cotangent = random.numbers(form.row());
            let value = |[a, b]: &[Vec<f64>; 2]| {
                let out = forward::<LanesF64>(op, form, 1, shared(a), shared(b));
                (inner(&out, &cotangent), inner(&absolute(&out), &absolute(&cotangent)))
            };
            let gradients = backward::<LanesF64>(op, form, 1, shared(&rows[0]), shared(&rows[1]), &cotangent);
            for which in 0..if op == Multiply { 2 } else { 1 } {
                for i in 0..form.row() {
                    let moved = [step, -step].map(|by| {
                        let mut rows = rows.clone();
                        rows[which][i] += by;
                        value(&rows)
                    });
                    let slope = (moved[0].0 - moved[1].0) / (2.0 * step);
                    let (got, scale) = (gradients[which][i], 1.0 + moved[0].1 + slope.abs());
                    let what = format!("{op:?} d {} N {} scalar {}", form.d, form.n, form.scalar);
                    assert!((got - slope).abs() < 3e-8 * scale, "{what}: ∂{which} [{i}] is {got}, should be {slope}");
                }
            }
        }
    }
}

// ---- Identities. ----

fn assert_near<T: Real>(got: &[T], wanted: &[T], scale: f64, n: usize, what: &str) {
    assert_eq!(got.len(), wanted.len());
    for (i, (x, y)) in got.iter().zip(wanted).enumerate() {
        let error = (x.to_f64() - y.to_f64()).abs();
        assert!(error <= scale * tolerance::<T>(n), "{what}: number {i} is {x:?}, should be {y:?}");
    }
}

fn identities_on<V: Lanes>() {
    let mut random = Random(107);
    for form in Form::all() {
        let what = format!("d {} N {} scalar {}", form.d, form.n, form.scalar);
        // Level sums of at most 1/2, so that all products' terms are within a small power of the
        // depth.
        let mut rows = |op: Op| {
            let mut row = form.random(op, &mut random);
            let size = row.len() as f64;
            row[1..].iter_mut().for_each(|x| *x /= 2.0 * size);
            cast::<V::T>(form.given(&row))
        };
        let one = |op: Op, a: &[V::T]| forward::<V>(op, form, 1, shared(a), shared(a));
        let times = |a: &[V::T], b: &[V::T]| forward::<V>(Multiply, form, 1, shared(a), shared(b));
        let (a, b, c, x) = (rows(Multiply), rows(Multiply), rows(Multiply), rows(Exp));
        let mut unit = vec![V::T::ZERO; form.row()];
        if form.scalar {
            unit[0] = V::T::ONE;
        }
        assert_near(&one(Log, &one(Exp, &x)), &x, 16.0, form.n, &format!("log exp, {what}"));
        assert_near(&one(Exp, &one(Log, &a)), &a, 16.0, form.n, &format!("exp log, {what}"));
        assert_near(&times(&a, &one(Inverse, &a)), &unit, 16.0, form.n, &format!("a a⁻¹, {what}"));
        assert_near(&times(&one(Inverse, &a), &a), &unit, 16.0, form.n, &format!("a⁻¹ a, {what}"));
        assert_near(&times(&times(&a, &b), &c), &times(&a, &times(&b, &c)), 16.0, form.n, &format!("(ab)c, {what}"));
        assert_eq!(bits(&times(&a, &unit)), bits(&a), "a 1, {what}");
        assert_eq!(bits(&times(&unit, &a)), bits(&a), "1 a, {what}");
    }
}

#[test]
fn identities() {
    identities_on::<LanesF64>();
    identities_on::<LanesF32>();
}

/// A path's signature by the kernels, without scalar term.
fn signature(points: &[f64], d: usize, n: usize, inverse: bool) -> Vec<f64> {
    call::<LanesF64>(&Request {
        paths: points,
        batch: 1,
        points: points.len() / d,
        channels: d,
        depth: n,
        lengths: None,
        basepoint: None,
        initial: None,
        options: Options { inverse, ..Options::default() },
    })
    .0
}

/// All shuffles of two words, with multiplicity.
fn shuffles(u: &[usize], v: &[usize]) -> Vec<Vec<usize>> {
    match (u, v) {
        ([], w) | (w, []) => vec![w.to_vec()],
        ([a, rest_u @ ..], [b, rest_v @ ..]) => {
            let begin = |letter: &usize, rest: Vec<Vec<usize>>| -> Vec<Vec<usize>> {
                rest.into_iter().map(|w| [&[*letter], &w[..]].concat()).collect()
            };
            [begin(a, shuffles(rest_u, v)), begin(b, shuffles(u, rest_v))].concat()
        }
    }
}

/// The place of a word in a row without scalar term.
fn place(word: &[usize], d: usize) -> usize {
    (1..word.len()).map(|k| d.pow(k as u32)).sum::<usize>() + word.iter().fold(0, |at, letter| at * d + letter)
}

/// A signature's logarithm is a Lie element: orthogonal to every shuffle product of words (Ree
/// 1958). Its inverse is the signature of the path run backwards (Chen 1957).
#[test]
fn signatures_are_group_like() {
    let mut random = Random(109);
    for (d, n) in [(2, 2), (2, 5), (3, 4), (4, 3), (5, 3)] {
        let form = Form { d, n, scalar: false };
        let points = random.numbers(6 * d);
        let given = signature(&points, d, n, false);
        let log = forward::<LanesF64>(Log, form, 1, shared(&given), shared(&given));
        let largest = given.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        for u in 1..n {
            for v in 1..=n - u {
                for _ in 0..20 {
                    let word = |random: &mut Random, length| (0..length).map(|_| random.below(d)).collect::<Vec<_>>();
                    let (u, v) = (word(&mut random, u), word(&mut random, v));
                    let sum: f64 = shuffles(&u, &v).iter().map(|w| log[place(w, d)]).sum();
                    assert!(sum.abs() < 1e-12 * largest, "{u:?} and {v:?}: {sum}");
                }
            }
        }
        let inverse = forward::<LanesF64>(Inverse, form, 1, shared(&given), shared(&given));
        assert_near(&inverse, &signature(&points, d, n, true), largest, n, "inverse");
    }
}

/// Two letters, depth 2: the logarithm is the increment, and the area between path and chord on
/// both sides of the diagonal.
#[test]
fn levy_area() {
    let points = [0.0, 0.0, 1.0, 0.5, 1.5, 2.0, -0.25, 1.0, 0.75, -1.0];
    let area: f64 = points.chunks(2).zip(points[2..].chunks(2)).map(|(p, q)| (p[0] * q[1] - p[1] * q[0]) / 2.0).sum();
    let given = signature(&points, 2, 2, false);
    let form = Form { d: 2, n: 2, scalar: false };
    let log = forward::<LanesF64>(Log, form, 1, shared(&given), shared(&given));
    assert_near(&log, &[0.75, -1.0, 0.0, area, -area, 0.0], 4.0, 2, "log");
}

// ---- Bits. ----

fn bits_of_items<V: Lanes>() {
    let mut random = Random(113);
    for form in Form::all() {
        let row = form.row();
        for op in OPS {
            let what = format!("{op:?} d {} N {} scalar {}", form.d, form.n, form.scalar);
            let batch = 1 + random.below(9);
            let mut rows = || -> Vec<V::T> {
                let rows = (0..batch).flat_map(|_| form.given(&form.random(op, &mut random)).to_vec());
                cast(&rows.collect::<Vec<_>>())
            };
            let (a, b, c) = (rows(), rows(), rows());
            let out = forward::<V>(op, form, batch, each(&a, form), each(&b, form));
            let gradients = backward::<V>(op, form, batch, each(&a, form), each(&b, form), &c);
            for i in 0..batch {
                let [a, b, c] = [&a, &b, &c].map(|x| &x[i * row..][..row]);
                let alone = forward::<V>(op, form, 1, shared(a), shared(b));
                assert_eq!(bits(&alone), bits(&out[i * row..][..row]), "{what}: item {i} of {batch}");
                let alone = backward::<V>(op, form, 1, shared(a), shared(b), c);
                for (alone, all) in alone.iter().zip(&gradients) {
                    assert_eq!(bits(alone), bits(&all[i * row..][..row]), "{what}: gradients of item {i} of {batch}");
                }
            }
            // One row for all items, against the row repeated; of products each side and both.
            let (a0, b0) = (&a[..row], &b[..row]);
            let (repeated_a, repeated_b) = (a0.repeat(batch), b0.repeat(batch));
            for (x, y, x_each, y_each) in [
                (shared(a0), each(&b, form), &repeated_a, &b),
                (each(&a, form), shared(b0), &a, &repeated_b),
                (shared(a0), shared(b0), &repeated_a, &repeated_b),
            ] {
                let (x_each, y_each) = (each(x_each, form), each(y_each, form));
                let (one, many) = (forward::<V>(op, form, batch, x, y), forward::<V>(op, form, batch, x_each, y_each));
                assert_eq!(bits(&one), bits(&many), "{what}: shared");
                let one = backward::<V>(op, form, batch, x, y, &c).map(|g| bits(&g));
                assert_eq!(one, backward::<V>(op, form, batch, x_each, y_each, &c).map(|g| bits(&g)), "{what}: shared");
            }
        }
    }
}

#[test]
fn an_item_has_its_own_bits() {
    bits_of_items::<LanesF64>();
    bits_of_items::<LanesF32>();
}

/// Rows without scalars are rows with the scalars that they stand for, to the bit.
#[test]
fn implied_scalars() {
    let mut random = Random(127);
    for plain in Form::all().filter(|form| !form.scalar) {
        let full = Form { scalar: true, ..plain };
        for op in OPS {
            let [a, b, mut c] = [0; 3].map(|_| cast::<f32>(&plain.random(op, &mut random)));
            c[0] = 0.0;
            let run = |form: Form| {
                let [a, b, c] = [&a, &b, &c].map(|x| form.given(x));
                let [g, h] = backward::<LanesF32>(op, form, 1, shared(a), shared(b), c);
                [forward::<LanesF32>(op, form, 1, shared(a), shared(b)), g, h]
            };
            for (without, with) in run(plain).iter().zip(&run(full)) {
                assert_eq!(bits(without), bits(&with[1..]), "{op:?} d {} N {}", plain.d, plain.n);
            }
        }
    }
}

// ---- Refusals. ----

#[test]
fn refusals() {
    let row = [0.5; 6];
    let good = Layout { batch: 2, channels: 2, depth: 2, scalar_term: false };
    let (a, c) = (shared(&row[..]), [0.0; 12]);
    let space = || scratch::<LanesF64>(algebra::series_vjp_scratch(2, 2));
    let product = |layout, a, b, out: usize, scratch: &mut [LanesF64]| {
        let mut out = vec![7.0; out];
        let result = algebra::multiply::<LanesF64>(layout, a, b, &mut out, scratch);
        assert!(result.is_ok() || out.iter().all(|&x| x == 7.0), "something was written");
        result
    };
    assert_eq!(product(good, a, a, 12, &mut space()), Ok(()));
    for (channels, depth) in [(0, 2), (2, 0), (2, 40), (usize::MAX, 2)] {
        assert_eq!(product(Layout { channels, depth, ..good }, a, a, 12, &mut space()), Err(Error::Shape));
        assert_eq!(algebra::series_vjp_scratch(channels, depth), None);
    }
    assert_eq!(product(Layout { batch: usize::MAX, ..good }, a, a, 12, &mut space()), Err(Error::Shape));
    assert_eq!(product(good, shared(&row[1..]), a, 12, &mut space()), Err(Error::Rows));
    assert_eq!(product(good, a, PerPath { data: &row, stride: 1 }, 12, &mut space()), Err(Error::Rows));
    assert_eq!(product(good, a, PerPath { data: &row, stride: usize::MAX }, 12, &mut space()), Err(Error::Rows));
    assert_eq!(product(Layout { scalar_term: true, ..good }, a, a, 14, &mut space()), Err(Error::Rows));
    assert_eq!(product(good, a, a, 11, &mut space()), Err(Error::Output));
    assert_eq!(product(good, a, a, 12, &mut space()[..20]), Err(Error::Scratch));
    assert_eq!(product(Layout { batch: 0, ..good }, shared(&[]), shared(&[]), 0, &mut space()), Ok(()));

    for vjp in [algebra::inverse_vjp::<LanesF64>, algebra::exp_vjp::<LanesF64>, algebra::log_vjp::<LanesF64>] {
        let mut out = [7.0; 12];
        assert_eq!(vjp(good, a, &c[1..], &mut out, &mut space()), Err(Error::Cotangents));
        assert_eq!(vjp(good, a, &c, &mut out[1..], &mut space()), Err(Error::Output));
        assert_eq!(vjp(good, shared(&row[1..]), &c, &mut out, &mut space()), Err(Error::Rows));
        assert_eq!(vjp(good, a, &c, &mut out, &mut space()[..20]), Err(Error::Scratch));
        assert_eq!(out, [7.0; 12]);
        assert_eq!(vjp(good, a, &c, &mut out, &mut space()), Ok(()));
    }
}

/// What is not asked for is not needed.
#[test]
fn one_gradient_of_a_product() {
    let form = Form { d: 3, n: 3, scalar: true };
    let mut random = Random(131);
    let [a, b, c] = [0; 3].map(|_| random.numbers(form.row()));
    let both = backward::<LanesF64>(Multiply, form, 1, shared(&a), shared(&b), &c);
    for (which, gradient) in both.iter().enumerate() {
        let mut out = nothing::<f64>(form.row());
        let to = match which {
            0 => MultiplyGradients { a: Some(&mut out[..]), b: None },
            _ => MultiplyGradients { a: None, b: Some(&mut out[..]) },
        };
        let mut scratch = scratch::<LanesF64>(algebra::scratch(form.d, form.n));
        algebra::multiply_vjp(form.layout(1), shared(&a), shared(&b), &c, to, &mut scratch).unwrap();
        assert_eq!(bits(&out), bits(gradient));
    }
}
