//! Static kernels: what takes the place of the inner product of two points. Each is a function of
//! the inner product, or of the squared distance.

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

    /// The kernel of an inner product or squared distance.
    pub(super) fn value(self, x: f64) -> f64 {
        self.value_and_slope(x).0
    }

    /// The kernel and its derivative there. The derivative of Matérn's of ν = 1/2 at distance 0,
    /// where it has none, is taken as 0.
    pub(super) fn value_and_slope(self, x: f64) -> (f64, f64) {
        match self {
            StaticKernel::Linear { scale } => (scale * x, scale),
            StaticKernel::Polynomial { degree, gamma, offset } => {
                let base = gamma * x + offset;
                let below = base.powi(degree as i32 - 1);
                (below * base, f64::from(degree) * gamma * below)
            }
            StaticKernel::Gaussian { rate } => {
                let value = (-rate * x).exp();
                (value, -rate * value)
            }
            StaticKernel::Matern { order, rate } => {
                let r = (rate * x).sqrt();
                let e = (-r).exp();
                match order {
                    0 => (e, if r > 0.0 { -0.5 * rate * e / r } else { 0.0 }),
                    1 => ((1.0 + r) * e, -0.5 * rate * e),
                    _ => ((1.0 + r + r * r / 3.0) * e, -rate / 6.0 * (1.0 + r) * e),
                }
            }
            StaticKernel::RationalQuadratic { alpha, rate } => {
                let base = 1.0 + rate * x / alpha;
                let value = base.powf(-alpha);
                (value, -rate * value / base)
            }
        }
    }

    /// The kernel of every lane.
    #[inline(always)]
    pub(super) fn values<V: Lanes>(self, x: V) -> V {
        let lanes = x.to_lanes();
        V::from_lanes(|l| V::T::from_f64(self.value(lanes[l].to_f64())))
    }
}
