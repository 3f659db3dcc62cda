//! Numbers of either type in memory, read and written as float64: for what is done once a path, or
//! for one channel, and is not worth a copy of its code for each type.
//!
//! A sum or a product of two float32 numbers in float64, rounded, is what float32 arithmetic gives.

use crate::lanes::Real;

/// An array of float32 or float64 numbers. Whoever makes one vouches for what it points at.
#[derive(Clone, Copy)]
pub struct Numbers {
    address: *mut u8,
    is_single: bool,
}

impl Numbers {
    /// The numbers from `first` on, to be read.
    pub fn new<T: Real>(first: *const T) -> Numbers {
        Numbers { address: first.cast_mut().cast(), is_single: size_of::<T>() == 4 }
    }

    pub fn is_same(self, other: Numbers) -> bool {
        self.address == other.address
    }

    /// # Safety
    /// There is a number `i`.
    #[inline(never)]
    pub unsafe fn get(self, i: usize) -> f64 {
        // SAFETY: as the caller vouches.
        unsafe {
            if self.is_single {
                f64::from(*self.address.cast::<f32>().add(i))
            } else {
                *self.address.cast::<f64>().add(i)
            }
        }
    }

    /// # Safety
    /// There is room for a number `i`.
    #[inline(never)]
    pub unsafe fn set(self, i: usize, x: f64) {
        // SAFETY: as the caller vouches.
        unsafe {
            if self.is_single {
                *self.address.cast::<f32>().add(i) = x as f32;
            } else {
                *self.address.cast::<f64>().add(i) = x;
            }
        }
    }
}
