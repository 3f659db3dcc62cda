//! The operations.

pub mod algebra;
pub mod combine;
pub mod signature;
pub mod vjp;
