//! 128-bit WebAssembly vectors. With `relaxed-simd` the multiply-add is the relaxed one, which
//! engines lower to one fused instruction; without it, a multiplication and an addition, whose bits
//! are the same on every engine and processor.

use super::{Lanes, MAX_WIDTH, Real, Rows, RowsMut};
use core::arch::wasm32::*;

/// Four float32.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct F32x4(v128);

/// Two float64.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct F64x2(v128);

/// The shuffles that `depth_two` lives on; r is a constant wherever they are called.
macro_rules! turns {
    ($self:ident, $r:ident: $($value:literal => $a:literal, $b:literal, $c:literal, $d:literal);+) => {
        match $r {
            $($value => F32x4(i32x4_shuffle::<$a, $b, $c, $d>($self.0, $self.0)),)+
            _ => $self,
        }
    };
}

/// Transposes a 4 x 4 square by eight shuffles.
#[inline(always)]
fn transpose4(r: [v128; 4]) -> [v128; 4] {
    let low01 = i32x4_shuffle::<0, 4, 1, 5>(r[0], r[1]);
    let low23 = i32x4_shuffle::<0, 4, 1, 5>(r[2], r[3]);
    let high01 = i32x4_shuffle::<2, 6, 3, 7>(r[0], r[1]);
    let high23 = i32x4_shuffle::<2, 6, 3, 7>(r[2], r[3]);
    [
        i64x2_shuffle::<0, 2>(low01, low23),
        i64x2_shuffle::<1, 3>(low01, low23),
        i64x2_shuffle::<0, 2>(high01, high23),
        i64x2_shuffle::<1, 3>(high01, high23),
    ]
}

impl Lanes for F32x4 {
    type T = f32;
    const WIDTH: usize = 4;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        F32x4(f32x4_splat(x))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        F32x4(f32x4_add(self.0, other.0))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        F32x4(f32x4_sub(self.0, other.0))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        F32x4(f32x4_mul(self.0, other.0))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return F32x4(f32x4_relaxed_madd(self.0, factor.0, addend.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        return F32x4(f32x4_add(f32x4_mul(self.0, factor.0), addend.0));
    }
    #[inline(always)]
    fn neg_mul_add(self, factor: Self, addend: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return F32x4(f32x4_relaxed_nmadd(self.0, factor.0, addend.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        return F32x4(f32x4_sub(addend.0, f32x4_mul(self.0, factor.0)));
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        F32x4(f32x4_pmax(self.0, other.0))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        F32x4(f32x4_sqrt(self.0))
    }
    #[inline(always)]
    fn times_power_of_two(self, rounded: Self) -> Self {
        F32x4(i32x4_add(self.0, i32x4_shl(rounded.0, 23)))
    }
    #[inline(always)]
    fn rotate(self, r: usize) -> Self {
        turns!(self, r: 1 => 1, 2, 3, 0; 2 => 2, 3, 0, 1; 3 => 3, 0, 1, 2)
    }
    #[inline(always)]
    fn shift_in(self, next: Self) -> Self {
        F32x4(i32x4_shuffle::<3, 4, 5, 6>(self.0, next.0))
    }
    #[inline(always)]
    fn deinterleave(low: Self, high: Self) -> (Self, Self) {
        (F32x4(i32x4_shuffle::<0, 2, 4, 6>(low.0, high.0)), F32x4(i32x4_shuffle::<1, 3, 5, 7>(low.0, high.0)))
    }
    #[inline(always)]
    fn deinterleave_backwards(low: Self, high: Self) -> (Self, Self) {
        (F32x4(i32x4_shuffle::<6, 4, 2, 0>(low.0, high.0)), F32x4(i32x4_shuffle::<7, 5, 3, 1>(low.0, high.0)))
    }
    #[inline(always)]
    fn rotate_upper(self, r: usize) -> Self {
        turns!(self, r: 1 => 0, 2, 3, 1; 2 => 0, 3, 1, 2)
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for the range; v128.load needs no alignment.
        F32x4(unsafe { v128_load(from.cast()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as `load`.
        unsafe { v128_store(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn load_transposed_difference(cur: &Rows<f32>, prev: &Rows<f32>, offset: usize) -> [Self; MAX_WIDTH] {
        // SAFETY: the caller vouches for four numbers at each row's offset.
        transpose4(core::array::from_fn(|lane| unsafe {
            f32x4_sub(v128_load(cur[lane].add(offset).cast()), v128_load(prev[lane].add(offset).cast()))
        }))
        .map(F32x4)
    }
    #[inline(always)]
    unsafe fn load_transposed(from: &Rows<f32>, offset: usize) -> [Self; MAX_WIDTH] {
        // SAFETY: as above.
        transpose4(core::array::from_fn(|lane| unsafe { v128_load(from[lane].add(offset).cast()) })).map(F32x4)
    }
    #[inline(always)]
    fn transposed(square: [Self; MAX_WIDTH]) -> [Self; MAX_WIDTH] {
        transpose4(square.map(|v| v.0)).map(F32x4)
    }
    #[inline(always)]
    unsafe fn store_transposed(from: *const Self, to: &RowsMut<f32>, offset: usize) {
        // SAFETY: as above.
        unsafe {
            let r = transpose4(core::array::from_fn(|i| (*from.add(i)).0));
            for (lane, v) in r.into_iter().enumerate() {
                v128_store(to[lane].add(offset).cast(), v);
            }
        }
    }
}

/// Transposes a 2 x 2 square; the other entries mean nothing.
#[inline(always)]
fn transpose2(a: v128, b: v128) -> [F64x2; MAX_WIDTH] {
    let (low, high) = (F64x2(i64x2_shuffle::<0, 2>(a, b)), F64x2(i64x2_shuffle::<1, 3>(a, b)));
    [low, high, low, high]
}

impl Lanes for F64x2 {
    type T = f64;
    const WIDTH: usize = 2;

    #[inline(always)]
    fn splat(x: f64) -> Self {
        F64x2(f64x2_splat(x))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        F64x2(f64x2_add(self.0, other.0))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        F64x2(f64x2_sub(self.0, other.0))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        F64x2(f64x2_mul(self.0, other.0))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return F64x2(f64x2_relaxed_madd(self.0, factor.0, addend.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        return F64x2(f64x2_add(f64x2_mul(self.0, factor.0), addend.0));
    }
    #[inline(always)]
    fn neg_mul_add(self, factor: Self, addend: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return F64x2(f64x2_relaxed_nmadd(self.0, factor.0, addend.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        return F64x2(f64x2_sub(addend.0, f64x2_mul(self.0, factor.0)));
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        F64x2(f64x2_pmax(self.0, other.0))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        F64x2(f64x2_sqrt(self.0))
    }
    #[inline(always)]
    fn times_power_of_two(self, rounded: Self) -> Self {
        F64x2(i64x2_add(self.0, i64x2_shl(rounded.0, 52)))
    }
    #[inline(always)]
    fn rotate(self, r: usize) -> Self {
        if r == 1 { F64x2(i64x2_shuffle::<1, 0>(self.0, self.0)) } else { self }
    }
    #[inline(always)]
    fn shift_in(self, next: Self) -> Self {
        F64x2(i64x2_shuffle::<1, 2>(self.0, next.0))
    }
    #[inline(always)]
    fn deinterleave(low: Self, high: Self) -> (Self, Self) {
        (F64x2(i64x2_shuffle::<0, 2>(low.0, high.0)), F64x2(i64x2_shuffle::<1, 3>(low.0, high.0)))
    }
    #[inline(always)]
    fn deinterleave_backwards(low: Self, high: Self) -> (Self, Self) {
        (F64x2(i64x2_shuffle::<2, 0>(low.0, high.0)), F64x2(i64x2_shuffle::<3, 1>(low.0, high.0)))
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller vouches for the range; v128.load needs no alignment.
        F64x2(unsafe { v128_load(from.cast()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: as `load`.
        unsafe { v128_store(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn load_transposed_difference(cur: &Rows<f64>, prev: &Rows<f64>, offset: usize) -> [Self; MAX_WIDTH] {
        // SAFETY: the caller vouches for two numbers at each row's offset.
        let r: [v128; 2] = core::array::from_fn(|lane| unsafe {
            f64x2_sub(v128_load(cur[lane].add(offset).cast()), v128_load(prev[lane].add(offset).cast()))
        });
        transpose2(r[0], r[1])
    }
    #[inline(always)]
    unsafe fn load_transposed(from: &Rows<f64>, offset: usize) -> [Self; MAX_WIDTH] {
        // SAFETY: as above.
        unsafe { transpose2(v128_load(from[0].add(offset).cast()), v128_load(from[1].add(offset).cast())) }
    }
    #[inline(always)]
    fn transposed(square: [Self; MAX_WIDTH]) -> [Self; MAX_WIDTH] {
        transpose2(square[0].0, square[1].0)
    }
    #[inline(always)]
    unsafe fn store_transposed(from: *const Self, to: &RowsMut<f64>, offset: usize) {
        // SAFETY: as above.
        unsafe {
            let (a, b) = ((*from).0, (*from.add(1)).0);
            v128_store(to[0].add(offset).cast(), i64x2_shuffle::<0, 2>(a, b));
            v128_store(to[1].add(offset).cast(), i64x2_shuffle::<1, 3>(a, b));
        }
    }
}

/// [`super::load_promoted`].
#[inline(always)]
pub unsafe fn load_promoted<T: Real>(from: *const T) -> F64x2 {
    // SAFETY: as the caller vouches; numbers have four or eight bytes.
    F64x2(unsafe {
        match size_of::<T>() {
            4 => f64x2_promote_low_f32x4(v128_load64_zero(from.cast())),
            _ => v128_load(from.cast()),
        }
    })
}

/// [`super::store_rounded`].
#[inline(always)]
pub unsafe fn store_rounded<T: Real>(x: F64x2, to: *mut T) {
    // SAFETY: as above.
    unsafe {
        match size_of::<T>() {
            4 => v128_store64_lane::<0>(f32x4_demote_f64x2_zero(x.0), to.cast()),
            _ => v128_store(to.cast(), x.0),
        }
    }
}
