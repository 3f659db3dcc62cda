//! How numbers that stay the same are kept out of registers.
//!
//! Engines use fifteen vector registers. A compiler that sees the same number read at every step of
//! a loop reads it once, before the loop; where there are more such numbers than registers it then
//! keeps them on the stack, together with sums, which wait a dozen cycles for each other there.
//! Reading them at every step costs nothing beside a multiply-add.

/// Zero, which the compiler does not know to be zero: a pointer to which it is added in a loop
/// might be another one each time round, and what it points at has to be read anew.
#[inline(always)]
pub fn hidden_zero() -> usize {
    // SAFETY: a reference.
    unsafe { core::ptr::read_volatile(&0) }
}
