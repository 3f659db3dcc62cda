//! The arithmetic of a step.
//!
//! `horner` goes over all words, depth first; `frame` says on what, and `chains`, `rows`,
//! `rectangle` and `small` are its parts. `follow` runs it along tracks, `pruned` on part of the
//! words; where there are many, `expand` recovers the others. `depth_two` and `one_channel` need no
//! walk.

pub mod chains;
pub mod depth_two;
pub mod expand;
pub mod follow;
pub mod frame;
pub mod horner;
pub mod one_channel;
pub mod pruned;
pub mod rectangle;
pub mod rows;
pub mod small;
