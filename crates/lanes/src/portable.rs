//! Lanes as a plain array: what native builds and tests run, and the readable definition of what
//! each operation means.
//!
//! Not tuned: the compiler may vectorise it. `Portable<T, 1>` is the scalar implementation.

use super::{Lanes, MAX_WIDTH, Rows, RowsMut};

/// `W` numbers in an array.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct Portable<T, const W: usize>([T; W]);

macro_rules! portable {
    ($t:ty) => {
        impl<const W: usize> Lanes for Portable<$t, W> {
            type T = $t;
            const WIDTH: usize = W;

            #[inline(always)]
            fn splat(x: $t) -> Self {
                Portable([x; W])
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Portable(core::array::from_fn(|i| self.0[i] + other.0[i]))
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Portable(core::array::from_fn(|i| self.0[i] - other.0[i]))
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Portable(core::array::from_fn(|i| self.0[i] * other.0[i]))
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                // Fused only where the target has the instruction: elsewhere `mul_add` is a slow
                // library call.
                if cfg!(target_feature = "fma") {
                    Portable(core::array::from_fn(|i| self.0[i].mul_add(factor.0[i], addend.0[i])))
                } else {
                    Portable(core::array::from_fn(|i| self.0[i] * factor.0[i] + addend.0[i]))
                }
            }
            #[inline(always)]
            fn neg_mul_add(self, factor: Self, addend: Self) -> Self {
                Portable(self.0.map(|x| -x)).mul_add(factor, addend)
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the caller vouches for W numbers at `from`.
                Portable(core::array::from_fn(|i| unsafe { *from.add(i) }))
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                for (i, x) in self.0.into_iter().enumerate() {
                    // SAFETY: the caller vouches for W numbers at `to`.
                    unsafe { *to.add(i) = x };
                }
            }
            #[inline(always)]
            unsafe fn load_transposed_difference(cur: &Rows<$t>, prev: &Rows<$t>, offset: usize) -> [Self; MAX_WIDTH] {
                // SAFETY: the caller vouches for W numbers at each row's offset.
                unsafe {
                    let (cur, prev) = (Self::load_transposed(cur, offset), Self::load_transposed(prev, offset));
                    core::array::from_fn(|i| cur[i].sub(prev[i]))
                }
            }
            #[inline(always)]
            unsafe fn load_transposed(from: &Rows<$t>, offset: usize) -> [Self; MAX_WIDTH] {
                let mut square = [Self::zero(); MAX_WIDTH];
                for (i, v) in square.iter_mut().enumerate().take(W) {
                    // SAFETY: as above.
                    *v = Portable(core::array::from_fn(|lane| unsafe { *from[lane].add(offset + i) }));
                }
                square
            }
            #[inline(always)]
            fn transposed(square: [Self; MAX_WIDTH]) -> [Self; MAX_WIDTH] {
                core::array::from_fn(|i| match i {
                    _ if i < W => Portable(core::array::from_fn(|l| square[l].0[i])),
                    _ => square[i],
                })
            }
            #[inline(always)]
            unsafe fn store_transposed(from: *const Self, to: &RowsMut<$t>, offset: usize) {
                for i in 0..W {
                    for lane in 0..W {
                        // SAFETY: as above.
                        unsafe { *to[lane].add(offset + i) = (*from.add(i)).0[lane] };
                    }
                }
            }
        }
    };
}
portable!(f32);
portable!(f64);
