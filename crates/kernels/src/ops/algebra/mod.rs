//! The truncated tensor algebra over rows: Chen's product, inverse, exponential and logarithm, and
//! their vector-Jacobian products.
//!
//! A row holds the levels 1 … depth of one element, d + d² + … + d^depth numbers; with a scalar
//! term, level 0 in front. Without one, a product, an inverse or a logarithm takes the scalar as 1,
//! an exponential takes it as 0, and what is written leaves its scalar out.
//!
//! A shared operand has stride 0; what is written is one row an item. A call refuses, before it
//! writes anything, with [`Error::Shape`](crate::Error), `Rows` (an operand is too short),
//! `Cotangents` or `Output` (not one row an item), or `Scratch`. Scalars that make results infinite
//! are not refused.
//!
//! `items` binds rows to lanes, `levels` says where levels lie; `product`, `inverse` and `series`
//! are the operations.

mod inverse;
mod items;
mod levels;
mod product;
mod series;

pub use inverse::{inverse, inverse_vjp};
pub use items::{Layout, scratch};
pub use product::{MultiplyGradients, multiply, multiply_vjp};
pub use series::{exp, exp_vjp, log, log_vjp, series_vjp_scratch};
