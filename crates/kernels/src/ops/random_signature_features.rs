//! Random Fourier signature features (Tóth, Oberhauser & Szabó 2023): rows whose inner products
//! estimate kernels of truncated signatures of paths in the feature space of a Gaussian kernel.
//!
//! Each level n ≤ depth has random frequencies w of its own, so that of a product of increments of
//! (cos ⟨w, x⟩, sin ⟨w, x⟩) the expectation is the product of the kernels' increments. A feature of
//! the diagonal projection is a signature of two channels, those of one frequency a level. Of the
//! tensorised one it has one channel: a random sum of those of all frequencies of the level. Both
//! are whole signatures of piecewise linear paths, by Horner's scheme, without terms left out.
//! Lanes are features. Computed in float64, also for float32 paths: one copy of the code, and the
//! angles of points far from the origin lose nothing.

use crate::batch::request::{Error, check_paths};
use crate::lanes::{Lanes, LanesF64, Real};

/// The lanes of features.
type V = LanesF64;

/// What to compute.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a, T> {
    /// (batch, points, channels), row-major.
    pub paths: &'a [T],
    /// Number of paths.
    pub batch: usize,
    /// Points of each path, at least 1.
    pub points: usize,
    /// Channels, at least 1.
    pub channels: usize,
    /// Points that count, for each path, 1 … points.
    pub lengths: Option<&'a [u32]>,
    /// Truncation level, 1 … [`MOST_DEPTH`].
    pub depth: usize,
    /// Features a level, at least 1.
    pub features: usize,
    /// Whether features are random sums over all frequencies, whose signs have this seed.
    pub signs: Option<u32>,
    /// (depth, channels, features).
    pub frequencies: &'a [T],
}

/// The highest depth.
pub const MOST_DEPTH: usize = 8;

impl<T> Request<'_, T> {
    /// Channels of a feature's signature.
    fn letters(&self) -> usize {
        if self.signs.is_some() { 1 } else { 2 }
    }

    /// Words of a feature's signature, but the empty one.
    fn words(&self) -> usize {
        (1..=self.depth).map(|n| self.letters().pow(n as u32)).sum()
    }

    /// Numbers of a row: 1, then level by level features (words of the level each).
    pub fn row(&self) -> Option<usize> {
        self.words().checked_mul(self.features)?.checked_add(1)
    }

    /// Vectors of each part of the scratch: frequencies, last values, increments, signs, increments
    /// of features, signatures, products.
    fn parts(&self) -> Option<[usize; 7]> {
        let (depth, vectors) = (self.depth, self.features.div_ceil(V::WIDTH));
        let level = vectors.checked_mul(2)?.checked_mul(depth)?;
        let signs = if self.signs.is_some() { level.checked_mul(vectors.checked_mul(V::WIDTH)?)? } else { 0 };
        Some([
            depth.checked_mul(self.channels)?.checked_mul(vectors)?,
            level,
            level,
            signs,
            self.letters() * depth,
            vectors.checked_mul(self.words())?,
            self.letters().pow(depth as u32),
        ])
    }
}

/// Vectors of scratch of [`random_signature_features`]; `None` where it is beyond memory.
pub fn random_signature_features_scratch<T>(request: &Request<'_, T>) -> Option<usize> {
    if !(1..=MOST_DEPTH).contains(&request.depth) || request.features == 0 || request.channels == 0 {
        return None;
    }
    // One more, as memory may begin between two.
    request.parts()?.into_iter().try_fold(1usize, usize::checked_add)
}

/// The rows of a batch; says whether all numbers of it are finite.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn random_signature_features<L: Lanes>(
    request: &Request<'_, L::T>,
    out: &mut [L::T],
    scratch: &mut [L],
) -> Result<bool, Error> {
    let &Request { paths, batch, points, channels: d, lengths, depth, features, frequencies, .. } = request;
    let needed = random_signature_features_scratch(request).ok_or(Error::Shape)?;
    let row = request.row().ok_or(Error::Shape)?;
    if frequencies.len() / d / depth != features || frequencies.len() % (d * depth) != 0 {
        return Err(Error::Shape);
    }
    check_paths(paths, [batch, points, d], lengths)?;
    let numbers = points * d;
    if row.checked_mul(batch) != Some(out.len()) {
        return Err(Error::Output);
    }
    // SAFETY: any bits are numbers.
    let (_, scratch, _) = unsafe { scratch.align_to_mut::<V>() };
    // One may be cut off at the beginning.
    if scratch.len() + 1 < needed {
        return Err(Error::Scratch);
    }
    let mut rest = scratch;
    let [lanes, last, steps, signs, letters, state, product] = request.parts().ok_or(Error::Shape)?.map(|count| {
        let (part, others) = core::mem::take(&mut rest).split_at_mut(count);
        rest = others;
        part
    });
    let vectors = features.div_ceil(V::WIDTH);
    // Those of lanes past the end are 0: such features do not move.
    for (of, to) in frequencies.chunks(features).zip(lanes.chunks_mut(vectors)) {
        fill(to, |q| if q < features { of[q].to_f64() } else { 0.0 });
    }
    let scale = 1.0 / (features as f64).sqrt();
    if let Some(seed) = request.signs {
        // [level][vector of features][value], of which there are twice as many as features.
        let values = 2 * vectors * V::WIDTH;
        let size = [scale, -scale];
        for (i, to) in signs.iter_mut().enumerate() {
            let (of, value) = (i / values * V::WIDTH, i % values);
            *to = V::from_lanes(|l| size[sign(seed, (of + l) as u32, value as u32) as usize]);
        }
    }
    let shape = Shape { depth, vectors, is_tensorised: request.signs.is_some() };
    let mut sum = 0.0;
    for (b, to) in out.chunks_mut(row).enumerate() {
        let path = &paths[b * numbers..][..lengths.map_or(points, |lengths| lengths[b] as usize) * d];
        state.fill(V::zero());
        for (t, point) in path.chunks(d).enumerate() {
            for (c, x) in point.iter().map(|x| x.to_f64()).enumerate() {
                sum += x * 0.0;
                add_angles(x, c, d, lanes, vectors, steps);
            }
            values(vectors, last, steps);
            if t > 0 {
                step(&shape, steps, signs, letters, state, product);
            }
        }
        write(request, state, scale, row, to);
    }
    Ok(sum.is_finite())
}

/// Vectors from numbers.
fn fill(to: &mut [V], of: impl Fn(usize) -> f64) {
    for (i, to) in to.iter_mut().enumerate() {
        *to = V::from_lanes(|l| of(i * V::WIDTH + l));
    }
}

/// A random bit of a feature and a value.
fn sign(seed: u32, feature: u32, value: u32) -> u32 {
    let mut bits = mixed(seed ^ mixed(feature.wrapping_mul(0x9e37_79b9) ^ mixed(value)));
    bits ^= bits >> 15;
    bits & 1
}

/// The finaliser of MurmurHash3 (A. Appleby, public domain).
fn mixed(mut bits: u32) -> u32 {
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x85eb_ca6b);
    bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
    bits ^ (bits >> 16)
}

/// Adds the part of a channel to the angles, which are where the first values of `steps` are.
fn add_angles(x: f64, channel: usize, channels: usize, lanes: &[V], vectors: usize, steps: &mut [V]) {
    for (lanes, to) in lanes.chunks(vectors * channels).zip(steps.chunks_mut(2 * vectors)) {
        for (to, &of) in to.iter_mut().zip(&lanes[channel * vectors..][..vectors]) {
            *to = of.mul_add(V::splat(x), if channel == 0 { V::zero() } else { *to });
        }
    }
}

/// Cosines and sines of angles, level by level, to `last`, and their increments to `steps`.
#[inline(never)]
fn values(vectors: usize, last: &mut [V], steps: &mut [V]) {
    let waves = Waves::new();
    for (last, steps) in last.chunks_mut(2 * vectors).zip(steps.chunks_mut(2 * vectors)) {
        for q in 0..vectors {
            for (k, value) in waves.of(steps[q]).into_iter().enumerate().rev() {
                let at = k * vectors + q;
                steps[at] = value.sub(last[at]);
                last[at] = value;
            }
        }
    }
}

/// Moves the signatures of all features on by a step.
#[inline(never)]
fn step(request: &Shape, steps: &[V], signs: &[V], letters: &mut [V], state: &mut [V], product: &mut [V]) {
    let &Shape { depth, vectors, is_tensorised } = request;
    let words = state.len() / vectors;
    for (q, state) in state.chunks_mut(words).enumerate() {
        if !is_tensorised {
            for (i, letter) in letters.iter_mut().enumerate() {
                *letter = steps[i * vectors + q];
            }
            advance::<2>(depth, letters, state, product);
            continue;
        }
        let values = 2 * vectors * V::WIDTH;
        for (n, letter) in letters.iter_mut().enumerate() {
            let signs = signs[(n * vectors + q) * values..][..values].chunks_exact(2 * V::WIDTH);
            // Sums that do not wait for each other.
            let mut sums = [V::zero(); 2 * V::WIDTH];
            for (pair, signs) in steps[2 * n * vectors..][..2 * vectors].chunks_exact(2).zip(signs) {
                for (i, sum) in sums.iter_mut().enumerate() {
                    let number = pair[i / V::WIDTH].to_lanes()[i % V::WIDTH];
                    *sum = signs[i].mul_add(V::splat(number), *sum);
                }
            }
            *letter = sums.into_iter().fold(V::zero(), V::add);
        }
        advance::<1>(depth, letters, state, product);
    }
}

/// What does not change from step to step.
struct Shape {
    depth: usize,
    vectors: usize,
    is_tensorised: bool,
}

/// A signature times the exponential of a step, whose `letters` are R a level: Horner's scheme,
/// from the highest level on.
#[inline(always)]
fn advance<const R: usize>(depth: usize, letters: &[V], state: &mut [V], product: &mut [V]) {
    let mut end = state.len();
    for n in (1..=depth).rev() {
        let first = end - R.pow(n as u32);
        product[0] = V::splat(1.0);
        let (mut width, mut below) = (1, 0);
        for k in 1..=n {
            let over = V::splat(1.0 / (n - k + 1) as f64);
            let of: [V; R] = core::array::from_fn(|r| letters[(k - 1) * R + r].mul(over));
            for i in (0..width).rev() {
                // The level below, in front of the letter; level 0 is 1 and there already.
                let sum = if k == 1 { product[i] } else { product[i].add(state[below + i]) };
                for (r, letter) in of.into_iter().enumerate() {
                    product[i * R + r] = sum.mul(letter);
                }
            }
            if k > 1 {
                below += width;
            }
            width *= R;
        }
        for (to, &from) in state[first..end].iter_mut().zip(&*product) {
            *to = to.add(from);
        }
        end = first;
    }
}

/// Writes a row.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
fn write<T: Real>(request: &Request<'_, T>, state: &[V], scale: f64, row: usize, to: &mut [T]) {
    let words = (row - 1) / request.features;
    to[0] = T::ONE;
    let (mut at, mut first, mut width) = (1, 0, request.letters());
    for _ in 0..request.depth {
        for q in 0..request.features {
            for i in first..first + width {
                let number = state[q / V::WIDTH * words + i].to_lanes()[q % V::WIDTH];
                to[at] = T::from_f64(number * scale);
                at += 1;
            }
        }
        first += width;
        width *= request.letters();
    }
}

/// Terms of the series of cosine and sine.
const TERMS: usize = 9;

/// Cosines and sines in lanes.
struct Waves {
    per_turn: V,
    rounder: V,
    /// A turn in two parts, of which products of the first with whole numbers are exact.
    high: V,
    low: V,
    quarter: V,
    one: V,
    cosine: [V; TERMS],
    sine: [V; TERMS],
}

impl Waves {
    #[inline(always)]
    fn new() -> Self {
        use core::f64::consts::TAU;
        let high = f64::from_bits(TAU.to_bits() >> 24 << 24);
        let series = |first: usize| {
            let mut factor = 1.0;
            core::array::from_fn(|k| {
                if k > 0 {
                    factor /= -(((2 * k + first) * (2 * k + first - 1)) as f64);
                }
                V::splat(factor)
            })
        };
        Waves {
            per_turn: V::splat(1.0 / TAU),
            rounder: V::splat(V::ROUNDER),
            high: V::splat(high),
            // TAU is less than a turn by the last number.
            low: V::splat(TAU - high + 2.449_293_598_294_706_4e-16),
            quarter: V::splat(0.25),
            one: V::splat(1.0),
            cosine: series(0),
            sine: series(1),
        }
    }

    /// By their series in a quarter of an angle of at most half a turn, doubled twice.
    #[inline(always)]
    fn of(&self, angle: V) -> [V; 2] {
        let turns = angle.mul_add(self.per_turn, self.rounder).sub(self.rounder);
        let x = turns.neg_mul_add(self.low, turns.neg_mul_add(self.high, angle)).mul(self.quarter);
        let square = x.mul(x);
        let series = |of: &[V; TERMS]| {
            let mut sum = of[TERMS - 1];
            for k in (0..TERMS - 1).rev() {
                sum = sum.mul_add(square, of[k]);
            }
            sum
        };
        let (mut cosine, mut sine) = (series(&self.cosine), series(&self.sine).mul(x));
        for _ in 0..2 {
            let double = sine.add(sine);
            (cosine, sine) = (double.neg_mul_add(sine, self.one), double.mul(cosine));
        }
        [cosine, sine]
    }
}
