//! Paths in memory: points to increments in lanes, and gradients of points back.

pub mod increments;
pub mod scatter;
