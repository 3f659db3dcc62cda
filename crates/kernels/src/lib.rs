//! Truncated signatures of piecewise linear paths, generic over SIMD lanes, for WebAssembly and
//! native builds.
//!
//! No allocation but in [`Recovery::build`] and [`log_signature::Tables::new`], no I/O, no
//! JavaScript: the caller owns inputs, outputs and scratch memory ([`signature_scratch`] says how
//! much).
//!
//! `ops` holds the operations; start at [`signature()`]. `batch` has what every call has (a
//! request, a plan, items, rows that go out), `path` reads points and writes their gradients,
//! `walk` is the arithmetic of a step, `tensor` that of products, `words` the order of
//! coefficients.

// What runs once a call or once a path is compiled for size where a build asks for it
// (scripts/lib/wasm.mjs); the attribute for that is not stable yet.
#![cfg_attr(path_signature_small, feature(optimize_attribute))]

mod batch;
mod ops;
mod path;
mod tensor;
mod walk;
mod words;

pub use batch::options::{Algorithm, Options, PerPath};
pub use batch::plan::needs_recovery;
pub use batch::request::{Error, Report, Request, output_len};
pub use ops::combine::combine;
pub use ops::signature::scratch::signature_scratch;
pub use ops::signature::signature;
pub use ops::sliding::{Sliding, sliding, sliding_scratch};
pub use ops::*;
pub use path_signature_lanes as lanes;
pub use words::recovery::Recovery;
pub use words::shape::signature_size;
