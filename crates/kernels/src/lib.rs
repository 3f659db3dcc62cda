//! Truncated signatures of piecewise linear paths, generic over SIMD lanes, for WebAssembly and native builds.
//!
//! No allocation but in [`Recovery::build`], no I/O, no JavaScript: the caller owns inputs, outputs and scratch memory ([`signature_scratch`] says how much).
//! Start at [`signature()`]; the way from there is `plan` (which way a path goes) →
//! `increments` (paths to lanes) → `walk` (the kernel; `pruned` and `recovery`, or around it; `depth_two` for itself) → `chen` (pieces of time together).

// What runs once a call or once a path is compiled for size where a build asks for it (scripts/lib/wasm.mjs); the attribute for that is not stable yet.
#![cfg_attr(path_signature_small, feature(optimize_attribute))]

mod chains;
mod chen;
mod combine;
mod depth_two;
mod follow;
mod increments;
pub mod lanes;
mod one_channel;
mod ops;
mod plan;
mod pruned;
mod recovery;
mod rectangle;
mod request;
mod rows;
mod scratch;
mod shape;
mod signature;
mod small;
mod state;
mod stream;
mod tensor;
pub mod vjp;
mod walk;

pub use combine::combine;
pub use ops::algebra;
pub use plan::needs_recovery;
pub use recovery::Recovery;
pub use request::{Algorithm, Error, Options, PerPath, Report, Request, output_len};
pub use scratch::signature_scratch;
pub use shape::signature_size;
pub use signature::signature;
