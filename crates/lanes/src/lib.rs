//! The one lane trait that every kernel is generic over: a vector of `WIDTH` numbers, one lane a
//! path (or a piece of one).
//!
//! Not here: any mathematics of signatures. A new instruction set is a new implementation of
//! [`Lanes`], nothing else.

mod portable;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use portable::Portable;
#[cfg(target_arch = "wasm32")]
pub use wasm::{F32x4, F64x2};

/// The widest implementation; arrays with one entry a lane have this length and use the first
/// `WIDTH` entries.
pub const MAX_WIDTH: usize = 4;

/// The vector type for float32 on this target.
#[cfg(target_arch = "wasm32")]
pub type LanesF32 = F32x4;
/// The vector type for float64 on this target.
#[cfg(target_arch = "wasm32")]
pub type LanesF64 = F64x2;
/// The vector type for float32 on this target.
#[cfg(not(target_arch = "wasm32"))]
pub type LanesF32 = Portable<f32, 4>;
/// The vector type for float64 on this target.
#[cfg(not(target_arch = "wasm32"))]
pub type LanesF64 = Portable<f64, 2>;

/// A scalar: float32 or float64.
pub trait Real: Copy + PartialEq + core::fmt::Debug + Send + Sync + 'static {
    /// Zero, as in a fresh signature.
    const ZERO: Self;
    /// One, the scalar term of every signature.
    const ONE: Self;
    /// Rounds from float64.
    fn from_f64(x: f64) -> Self;
    /// To float64, exactly.
    fn to_f64(self) -> f64;
    /// Whether the number is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// `self - other`.
    fn minus(self, other: Self) -> Self;
    /// `self + other`.
    fn plus(self, other: Self) -> Self;
    /// `self * other`.
    fn times(self, other: Self) -> Self;
}

macro_rules! real {
    ($t:ty) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self * other
            }
        }
    };
}
real!(f32);
real!(f64);

/// One pointer a lane.
pub type Rows<T> = [*const T; MAX_WIDTH];
/// One pointer to write to a lane.
pub type RowsMut<T> = [*mut T; MAX_WIDTH];

/// A vector of `WIDTH` numbers with elementwise arithmetic.
///
/// Every operation acts on each lane alone and in the same way, so that a lane's result depends
/// neither on its neighbours nor on its position.
pub trait Lanes: Copy + 'static {
    /// The number in a lane.
    type T: Real;
    /// Lanes, at most [`MAX_WIDTH`].
    const WIDTH: usize;
    /// Adding this rounds small numbers to whole ones, which are then the lowest bits.
    const ROUNDER: f64 = if size_of::<Self::T>() == 4 { 12_582_912.0 } else { 6_755_399_441_055_744.0 };

    /// The same number in every lane.
    fn splat(x: Self::T) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self * factor + addend`, fused where the target fuses.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// `addend - self * factor`, fused where the target fuses.
    fn neg_mul_add(self, factor: Self, addend: Self) -> Self;

    /// Reads `WIDTH` consecutive numbers.
    ///
    /// # Safety
    /// `from` is valid for reading `WIDTH` numbers; no alignment beyond the number's is needed.
    unsafe fn load(from: *const Self::T) -> Self;
    /// Writes `WIDTH` consecutive numbers.
    ///
    /// # Safety
    /// `to` is valid for writing `WIDTH` numbers.
    unsafe fn store(self, to: *mut Self::T);

    /// Reads `WIDTH` numbers at `cur[lane] + offset` and at `prev[lane] + offset`, subtracts, and
    /// gives the `WIDTH` vectors of the transposed square: entry `i` holds number `i` of every
    /// lane. Entries from `WIDTH` on mean nothing.
    ///
    /// # Safety
    /// All those ranges are valid for reading.
    unsafe fn load_transposed_difference(cur: &Rows<Self::T>, prev: &Rows<Self::T>, offset: usize)
    -> [Self; MAX_WIDTH];
    /// Reads `WIDTH` numbers at `from[lane] + offset` and gives the transposed square.
    ///
    /// # Safety
    /// As [`Lanes::load_transposed_difference`].
    unsafe fn load_transposed(from: &Rows<Self::T>, offset: usize) -> [Self; MAX_WIDTH];
    /// The transposed square of the first `WIDTH` vectors; entries from `WIDTH` on mean nothing.
    fn transposed(square: [Self; MAX_WIDTH]) -> [Self; MAX_WIDTH];
    /// Writes number `i` of every lane, `from[i]`, to `to[lane] + offset + i`, for `i < WIDTH`.
    ///
    /// # Safety
    /// `from` is valid for reading `WIDTH` vectors, every `to[lane] + offset` for writing `WIDTH`
    /// numbers.
    unsafe fn store_transposed(from: *const Self, to: &RowsMut<Self::T>, offset: usize);

    /// Lane l gets what lane (l + r) mod WIDTH has.
    #[inline(always)]
    fn rotate(self, r: usize) -> Self {
        let lanes = self.to_lanes();
        Self::from_lanes(|l| lanes[(l + r) % Self::WIDTH])
    }
    /// What each lane's left neighbour has; the first lane gets the last of `self`.
    #[inline(always)]
    fn shift_in(self, next: Self) -> Self {
        let (lanes, next) = (self.to_lanes(), next.to_lanes());
        Self::from_lanes(|l| if l == 0 { lanes[Self::WIDTH - 1] } else { next[l - 1] })
    }
    /// Numbers 0, 2, 4 … of two vectors one behind the other, and numbers 1, 3, 5 …
    #[inline(always)]
    fn deinterleave(low: Self, high: Self) -> (Self, Self) {
        let (low, high) = (low.to_lanes(), high.to_lanes());
        let number = |i: usize| if i < Self::WIDTH { low[i] } else { high[i - Self::WIDTH] };
        (Self::from_lanes(|l| number(2 * l)), Self::from_lanes(|l| number(2 * l + 1)))
    }
    /// The same, last ones first.
    #[inline(always)]
    fn deinterleave_backwards(low: Self, high: Self) -> (Self, Self) {
        let (x, y) = Self::deinterleave(low, high);
        let (x, y) = (x.to_lanes(), y.to_lanes());
        (Self::from_lanes(|l| x[Self::WIDTH - 1 - l]), Self::from_lanes(|l| y[Self::WIDTH - 1 - l]))
    }
    /// The lanes' sum.
    #[inline(always)]
    fn sum(self) -> Self::T {
        let lanes = self.to_lanes();
        lanes[1..Self::WIDTH].iter().fold(lanes[0], |sum, &x| sum.plus(x))
    }
    /// Of four lanes, the upper three rotated by r; the first means nothing.
    #[inline(always)]
    fn rotate_upper(self, r: usize) -> Self {
        let lanes = self.to_lanes();
        Self::from_lanes(|l| if l == 0 { Self::T::ZERO } else { lanes[1 + (l - 1 + r) % 3] })
    }

    /// The larger of two numbers; NaN if the first one is.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        let (a, b) = (self.to_lanes(), other.to_lanes());
        Self::from_lanes(|l| if a[l].to_f64() < b[l].to_f64() { b[l] } else { a[l] })
    }
    /// Square roots.
    #[inline(always)]
    fn sqrt(self) -> Self {
        let lanes = self.to_lanes();
        Self::from_lanes(|l| Self::T::from_f64(lanes[l].to_f64().sqrt()))
    }
    /// `self * 2^n` for whole numbers n, where neither is beyond the range of normal numbers; n is
    /// given as n + [`Lanes::ROUNDER`].
    #[inline(always)]
    fn times_power_of_two(self, rounded: Self) -> Self {
        let (lanes, n) = (self.to_lanes(), rounded.sub(Self::splat(Self::T::from_f64(Self::ROUNDER))).to_lanes());
        Self::from_lanes(|l| Self::T::from_f64(lanes[l].to_f64() * f64::powi(2.0, n[l].to_f64() as i32)))
    }

    /// A vector from one number a lane.
    #[inline(always)]
    fn from_lanes(mut lane: impl FnMut(usize) -> Self::T) -> Self {
        let mut numbers = [Self::T::ZERO; MAX_WIDTH];
        for (i, n) in numbers.iter_mut().enumerate().take(Self::WIDTH) {
            *n = lane(i);
        }
        // SAFETY: the array has MAX_WIDTH >= WIDTH numbers.
        unsafe { Self::load(numbers.as_ptr()) }
    }
    /// The lanes as an array; entries from `WIDTH` on are zero.
    #[inline(always)]
    fn to_lanes(self) -> [Self::T; MAX_WIDTH] {
        let mut numbers = [Self::T::ZERO; MAX_WIDTH];
        // SAFETY: the array has MAX_WIDTH >= WIDTH numbers.
        unsafe { self.store(numbers.as_mut_ptr()) };
        numbers
    }
    /// Zero in every lane.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(Self::T::ZERO)
    }
}

/// Two numbers as float64, exactly.
///
/// # Safety
/// There are two.
#[inline(always)]
pub unsafe fn load_promoted<T: Real>(from: *const T) -> LanesF64 {
    // SAFETY: as the caller vouches.
    #[cfg(target_arch = "wasm32")]
    return unsafe { wasm::load_promoted(from) };
    // SAFETY: likewise.
    #[cfg(not(target_arch = "wasm32"))]
    LanesF64::from_lanes(|l| unsafe { (*from.add(l)).to_f64() })
}

/// Rounds two numbers.
///
/// # Safety
/// There is room for two.
#[inline(always)]
pub unsafe fn store_rounded<T: Real>(x: LanesF64, to: *mut T) {
    // SAFETY: as the caller vouches.
    #[cfg(target_arch = "wasm32")]
    return unsafe { wasm::store_rounded(x, to) };
    #[cfg(not(target_arch = "wasm32"))]
    for (l, x) in x.to_lanes().into_iter().take(LanesF64::WIDTH).enumerate() {
        // SAFETY: likewise.
        unsafe { *to.add(l) = T::from_f64(x) };
    }
}
