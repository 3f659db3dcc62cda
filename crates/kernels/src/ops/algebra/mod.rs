//! The truncated tensor algebra over rows: Chen's product, inverse, exponential and logarithm, and
//! their vector-Jacobian products.
//!
//! A row holds the levels 1 … depth of one element, d + d² + … + d^depth numbers; with a scalar
//! term, level 0 in front. Without one, a product, an inverse or a logarithm takes the scalar as 1,
//! an exponential takes it as 0, and what is written leaves its scalar out.
//!
//! `items` binds rows to lanes, `levels` has the arithmetic of single levels; `product`, `inverse`
//! and `series` are the operations.

mod inverse;
mod items;
mod levels;
mod product;
mod series;

pub use inverse::{inverse, inverse_vjp};
pub use items::{Layout, scratch};
pub use product::{MultiplyGradients, multiply, multiply_vjp};
pub use series::{exp, exp_vjp, log, log_vjp, series_vjp_scratch};
