//! Static kernels: what takes the place of the inner product of two points. Each is a function of
//! the inner product, or of the squared distance.

use super::scheme::hidden;
use crate::lanes::{Lanes, Real};

/// A static kernel with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StaticKernel {
    /// scale ⟨p, q⟩.
    Linear {
        /// The factor.
        scale: f64,
    },
    /// (gamma ⟨p, q⟩ + offset)^degree.
    Polynomial {
        /// The exponent, at least 1.
        degree: u32,
        /// The factor of the inner product.
        gamma: f64,
        /// What is added to it.
        offset: f64,
    },
    /// exp(−rate |p − q|²).
    Gaussian {
        /// The factor of the squared distance.
        rate: f64,
    },
    /// Matérn's of ν = 1/2, 3/2 or 5/2, (1 + …) exp(−r), r = √(rate |p − q|²).
    Matern {
        /// ν − 1/2: 0, 1 or 2.
        order: u32,
        /// The factor of the squared distance.
        rate: f64,
    },
    /// (1 + rate |p − q|² / alpha)^−alpha.
    RationalQuadratic {
        /// The exponent.
        alpha: f64,
        /// The factor of the squared distance.
        rate: f64,
    },
}

impl StaticKernel {
    /// The kernel with a code and three parameters, as a task has them; `None`: there is none.
    pub fn decode(code: u32, [a, b, c]: [f64; 3]) -> Option<StaticKernel> {
        Some(match code {
            0 => StaticKernel::Linear { scale: a },
            1 => StaticKernel::Polynomial { degree: a as u32, gamma: b, offset: c },
            2 => StaticKernel::Gaussian { rate: a },
            3..=5 => StaticKernel::Matern { order: code - 3, rate: a },
            6 => StaticKernel::RationalQuadratic { alpha: b, rate: a },
            _ => return None,
        })
    }

    /// Whether it is a function of the squared distance.
    pub(super) fn is_radial(self) -> bool {
        !matches!(self, StaticKernel::Linear { .. } | StaticKernel::Polynomial { .. })
    }
}

/// A static kernel in lanes.
#[derive(Clone, Copy)]
pub(super) struct InLanes<V> {
    kernel: StaticKernel,
    exponential: Exponential<V>,
    one: V,
}

impl<V: Lanes> InLanes<V> {
    #[inline(always)]
    pub fn new(kernel: StaticKernel) -> Self {
        InLanes { kernel, exponential: Exponential::new(), one: hidden(1.0) }
    }

    /// The kernel of inner products or squared distances, and its derivative there. The derivative
    /// of Matérn's of ν = 1/2 at distance 0, where it has none, is taken as 0.
    #[inline(always)]
    pub fn value_and_slope(&self, x: V) -> (V, V) {
        let splat = |x: f64| V::splat(V::T::from_f64(x));
        match self.kernel {
            StaticKernel::Linear { scale } => (x.mul(splat(scale)), splat(scale)),
            StaticKernel::Polynomial { degree, gamma, offset } => {
                let base = x.mul_add(splat(gamma), splat(offset));
                let below = (1..degree).fold(self.one, |power, _| power.mul(base));
                (below.mul(base), below.mul(splat(f64::from(degree) * gamma)))
            }
            StaticKernel::Gaussian { rate } => {
                let value = self.exponential.of(x.mul(splat(-rate)));
                (value, value.mul(splat(-rate)))
            }
            StaticKernel::Matern { order, rate } => {
                let r = x.mul(splat(rate)).sqrt();
                let e = self.exponential.of(V::zero().sub(r));
                match order {
                    0 => {
                        let (r, e_lanes) = (r.to_lanes(), e.to_lanes());
                        let slope = |l: usize| match r[l].to_f64() {
                            0.0 => V::T::ZERO,
                            r => V::T::from_f64(-0.5 * rate * e_lanes[l].to_f64() / r),
                        };
                        (e, V::from_lanes(slope))
                    }
                    1 => (r.mul_add(e, e), e.mul(splat(-0.5 * rate))),
                    _ => {
                        let e1 = r.mul_add(e, e);
                        (r.mul(r).mul(e).mul_add(splat(1.0 / 3.0), e1), e1.mul(splat(-rate / 6.0)))
                    }
                }
            }
            StaticKernel::RationalQuadratic { alpha, rate } => {
                let bases = x.mul_add(splat(rate / alpha), self.one).to_lanes();
                let power = |by: f64| V::from_lanes(|l| V::T::from_f64(bases[l].to_f64().powf(by)));
                (power(-alpha), power(-alpha - 1.0).mul(splat(-rate)))
            }
        }
    }

    /// Replaces inner products or squared distances by the kernel's values.
    #[inline(always)]
    pub fn values(&self, of: &mut [V]) {
        match self.kernel {
            // By far the most common, and one loop without branches.
            StaticKernel::Gaussian { rate } => {
                let rate = hidden(-rate);
                for x in of {
                    *x = self.exponential.of(x.mul(rate));
                }
            }
            // Without the power that its slope needs.
            StaticKernel::RationalQuadratic { alpha, rate } => {
                for x in of {
                    let bases = x.mul_add(V::splat(V::T::from_f64(rate / alpha)), self.one).to_lanes();
                    *x = V::from_lanes(|l| V::T::from_f64(bases[l].to_f64().powf(-alpha)));
                }
            }
            _ => {
                for x in of {
                    *x = self.value_and_slope(*x).0;
                }
            }
        }
    }
}

/// Terms of the exponential's series.
const TERMS: usize = 14;

/// exp of numbers that are not positive: 2^n times a series in what is left, at most ln 2 / 2.
#[derive(Clone, Copy)]
struct Exponential<V> {
    least: V,
    per_power: V,
    /// Adding this and taking it away rounds to whole numbers.
    rounder: V,
    /// ln 2 in two parts.
    high: V,
    low: V,
    series: [V; TERMS],
}

impl<V: Lanes> Exponential<V> {
    #[inline(always)]
    fn new() -> Self {
        let is_single = size_of::<V::T>() == 4;
        // The first part of ln 2 has so few digits that its products with whole numbers are exact.
        let high = if is_single { 0.693_359_375 } else { 0.693_147_180_369_123_8 };
        let low = if is_single { -2.121_944_400_546_905_8e-4 } else { 1.908_214_929_270_587_7e-10 };
        let mut factorial = 1.0;
        let series = core::array::from_fn(|k| {
            factorial *= k.max(1) as f64;
            hidden(1.0 / factorial)
        });
        Exponential {
            least: hidden(if is_single { -86.0 } else { -707.0 }),
            per_power: hidden(core::f64::consts::LOG2_E),
            rounder: hidden(V::ROUNDER),
            high: hidden(high),
            low: hidden(low),
            series,
        }
    }

    #[inline(always)]
    fn of(&self, x: V) -> V {
        // A number below the least normal one is as good as the least.
        let x = x.max(self.least);
        let rounded = x.mul_add(self.per_power, self.rounder);
        let n = rounded.sub(self.rounder);
        let rest = n.neg_mul_add(self.low, n.neg_mul_add(self.high, x));
        let terms = if size_of::<V::T>() == 4 { 8 } else { TERMS };
        let mut sum = self.series[terms - 1];
        for k in (0..terms - 1).rev() {
            sum = sum.mul_add(rest, self.series[k]);
        }
        sum.times_power_of_two(rounded)
    }
}
