//! Gradients of signatures: vector–Jacobian products. [`signature_vjp()`] is the entry; `docs/gradients.md` derives what is done.
//!
//! Whole signatures: `functional` (once a path) → `flow` (`node`, `wide`: a tile of time) → `contract` → `scatter`. A lone path's time is cut into lanes (`lone`). Depth 2 needs no flow (`square`), one channel and depth 1 no time (`straight`).
//! Streams go backwards through the stored prefixes (`stream`).

mod call;
mod contract;
mod flow;
mod functional;
mod lone;
mod node;
mod numbers;
mod registers;
mod request;
mod root;
mod scatter;
mod scratch;
mod square;
mod straight;
mod stream;
mod weights;
mod wide;

pub use call::{VjpReport, signature_vjp};
pub use request::{Gradients, Part, VjpRequest, carry_len};
pub use scratch::vjp_scratch;
