//! Shared by the tests: an independent, slow, obviously right reference (products of segment
//! exponentials, word by word, over any field), paths, and a call of the kernels with scratch of
//! exactly the stated size.

#![allow(dead_code)]

use num_rational::BigRational;
use path_signature_kernels::lanes::{Lanes, Real};
use path_signature_kernels::{
    Error, Options, Recovery, Report, Request, needs_recovery, output_len, signature, signature_scratch,
};

/// A batch of paths with all their points, and no options.
pub fn request<'a, T>(paths: &'a [T], batch: usize, points: usize, d: usize, n: usize) -> Request<'a, T> {
    Request {
        paths,
        batch,
        points,
        channels: d,
        depth: n,
        lengths: None,
        basepoint: None,
        initial: None,
        options: Options::default(),
    }
}

/// What the reference needs of numbers.
pub trait Field: Clone {
    fn zero() -> Self;
    fn one() -> Self;
    fn plus(&self, o: &Self) -> Self;
    fn minus(&self, o: &Self) -> Self;
    fn times(&self, o: &Self) -> Self;
    fn over(&self, n: usize) -> Self;
}

impl Field for f64 {
    fn zero() -> Self {
        0.0
    }
    fn one() -> Self {
        1.0
    }
    fn plus(&self, o: &Self) -> Self {
        self + o
    }
    fn minus(&self, o: &Self) -> Self {
        self - o
    }
    fn times(&self, o: &Self) -> Self {
        self * o
    }
    fn over(&self, n: usize) -> Self {
        self / n as f64
    }
}

impl Field for BigRational {
    fn zero() -> Self {
        num_traits::Zero::zero()
    }
    fn one() -> Self {
        num_traits::One::one()
    }
    fn plus(&self, o: &Self) -> Self {
        self + o
    }
    fn minus(&self, o: &Self) -> Self {
        self - o
    }
    fn times(&self, o: &Self) -> Self {
        self * o
    }
    fn over(&self, n: usize) -> Self {
        self / BigRational::from_integer(n.into())
    }
}

/// A truncated tensor: level k has d^k coefficients, level 0 included.
pub type Levels<F> = Vec<Vec<F>>;

pub fn identity<F: Field>(d: usize, n: usize) -> Levels<F> {
    (0..=n).map(|k| vec![if k == 0 { F::one() } else { F::zero() }; d.pow(k as u32)]).collect()
}

/// (a ⊗ b)_k = Σ_i a_i ⊗ b_{k-i}.
pub fn product<F: Field>(a: &Levels<F>, b: &Levels<F>) -> Levels<F> {
    (0..a.len())
        .map(|k| {
            let mut level = vec![F::zero(); a[k].len()];
            for i in 0..=k {
                for (p, x) in a[i].iter().enumerate() {
                    for (s, y) in b[k - i].iter().enumerate() {
                        let at = p * b[k - i].len() + s;
                        level[at] = level[at].plus(&x.times(y));
                    }
                }
            }
            level
        })
        .collect()
}

/// exp(z) = Σ z^{⊗k} / k!.
pub fn exponential<F: Field>(z: &[F], n: usize) -> Levels<F> {
    let mut levels = vec![vec![F::one()]];
    for k in 1..=n {
        levels.push(levels[k - 1].iter().flat_map(|x| z.iter().map(move |y| x.times(y).over(k))).collect());
    }
    levels
}

/// All prefixes' signatures after each step, of points in travel order.
pub fn prefixes<F: Field>(points: &[Vec<F>], n: usize, initial: Levels<F>) -> Vec<Levels<F>> {
    let mut s = initial;
    let mut all = vec![s.clone()];
    for pair in points.windows(2) {
        let z: Vec<F> = pair[1].iter().zip(&pair[0]).map(|(a, b)| a.minus(b)).collect();
        s = product(&s, &exponential(&z, n));
        all.push(s.clone());
    }
    all
}

/// Without level 0, flat.
pub fn flat<F: Clone>(levels: &Levels<F>) -> Vec<F> {
    levels[1..].concat()
}

/// Mulberry32: the generator that the TypeScript tests use too.
pub struct Random(pub u32);

impl Random {
    pub fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let mut t = (self.0 ^ (self.0 >> 15)).wrapping_mul(self.0 | 1);
        t ^= t.wrapping_add((t ^ (t >> 7)).wrapping_mul(t | 61));
        t ^ (t >> 14)
    }
    /// A multiple of 1/16 in [-1, 1): exact in every dtype, small as a rational.
    pub fn sixteenth(&mut self) -> f64 {
        f64::from((self.bits() >> 27) as i32 - 16) / 16.0
    }
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() as usize) % n
    }
    pub fn numbers(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.sixteenth()).collect()
    }
}

pub fn cast<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

/// Calls the kernel with exactly the scratch it asks for; `out` starts as NaN, so that what is not
/// written shows.
pub fn call<V: Lanes>(request: &Request<'_, V::T>) -> (Vec<V::T>, Report) {
    let mut out = vec![V::T::from_f64(f64::NAN); output_len(request).unwrap()];
    let report = call_into::<V>(request, &mut out).unwrap();
    (out, report)
}

pub fn call_into<V: Lanes>(request: &Request<'_, V::T>, out: &mut [V::T]) -> Result<Report, Error> {
    let (d, n, options) = (request.channels, request.depth, request.options);
    let words = if needs_recovery(d, n, options) { Recovery::build(d, n) } else { None };
    let recovery = words.as_deref().and_then(|words| Recovery::from_words(words, d, n));
    let count = signature_scratch::<V>(d, n, options, recovery).unwrap_or(0);
    let mut scratch = vec![V::splat(V::T::from_f64(f64::NAN)); count];
    signature::<V>(request, recovery, out, None, &mut scratch)
}
