//! The operations.

pub mod algebra;
pub mod combine;
pub mod log_signature;
pub mod signature;
pub mod signature_kernel;
pub mod sliding;
pub mod vjp;
