//! A call: what it asks for, which variant computes a path, which paths share lanes, where results
//! go.

pub mod finish;
pub mod items;
pub mod options;
pub mod parts;
pub mod plan;
pub mod request;
pub mod state;
