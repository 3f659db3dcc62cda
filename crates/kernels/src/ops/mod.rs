//! The operations, one file or folder each, named as in `ts/operations`.

pub mod algebra;
