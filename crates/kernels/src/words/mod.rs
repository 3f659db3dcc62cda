//! Words: their number and order, and the programs that are made once a shape.

pub mod recovery;
pub mod shape;
