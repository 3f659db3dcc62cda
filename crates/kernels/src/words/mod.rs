//! Words: their number and order, and the programs that are made once a shape.

pub mod numbers;
pub mod recovery;
pub mod shape;
