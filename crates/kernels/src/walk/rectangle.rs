//! The kernel of kernels: a rectangle of coefficients, y[i][j] += Σ_q v_q[i] z_q[j], in registers
//! over a tile of time steps.
//!
//! Which coefficients, and what v and z are, is the caller's (`walk`).

use crate::lanes::Lanes;

/// Where a rectangle's numbers are, in vectors; each pitch leads from one row, or one step, to the
/// next.
pub struct Rectangle<V> {
    /// The coefficients.
    pub y: *mut V,
    pub y_pitch: usize,
    /// One value a row and step.
    pub v: *const V,
    pub v_pitch: usize,
    /// One value a column and step.
    pub z: *const V,
    pub z_pitch: usize,
    /// Steps of the tile.
    pub steps: usize,
}

/// Fewer sums than this would wait for each other: a multiply-add takes four cycles, and two start
/// in each.
const ENOUGH: usize = 8;

impl<V: Lanes> Rectangle<V> {
    /// Adds to `ROWS` by `COLUMNS` coefficients.
    ///
    /// # Safety
    /// Those of `y` are valid for writing, and `v` and `z` for reading `steps` times ROWS and
    /// COLUMNS.
    #[inline(never)]
    pub unsafe fn add<const ROWS: usize, const COLUMNS: usize>(self) {
        let Rectangle { y, y_pitch, mut v, v_pitch, mut z, z_pitch, steps } = self;
        // SAFETY: as the caller vouches.
        unsafe {
            let mut sums: [[V; COLUMNS]; ROWS] =
                core::array::from_fn(|i| core::array::from_fn(|j| *y.add(i * y_pitch + j)));
            // Where sums are few, every other step has its own.
            let few = ROWS * COLUMNS < ENOUGH;
            let mut others = [[V::zero(); COLUMNS]; ROWS];
            let mut q = 0;
            if few {
                while q + 2 <= steps {
                    add_step(&mut sums, v, z);
                    add_step(&mut others, v.add(v_pitch), z.add(z_pitch));
                    (v, z) = (v.add(2 * v_pitch), z.add(2 * z_pitch));
                    q += 2;
                }
            }
            while q < steps {
                add_step(&mut sums, v, z);
                (v, z) = (v.add(v_pitch), z.add(z_pitch));
                q += 1;
            }
            for (i, (row, other)) in sums.into_iter().zip(others).enumerate() {
                for (j, (sum, other)) in row.into_iter().zip(other).enumerate() {
                    *y.add(i * y_pitch + j) = if few { sum.add(other) } else { sum };
                }
            }
        }
    }
}

/// One step of all sums.
#[inline(always)]
unsafe fn add_step<V: Lanes, const ROWS: usize, const COLUMNS: usize>(
    sums: &mut [[V; COLUMNS]; ROWS],
    v: *const V,
    z: *const V,
) {
    // SAFETY: the caller vouches for ROWS and COLUMNS vectors.
    unsafe {
        let z: [V; COLUMNS] = core::array::from_fn(|j| *z.add(j));
        for (i, row) in sums.iter_mut().enumerate() {
            let v = *v.add(i);
            for (sum, z) in row.iter_mut().zip(z) {
                *sum = v.mul_add(z, *sum);
            }
        }
    }
}
