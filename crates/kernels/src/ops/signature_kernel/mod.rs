//! Signature kernels k(x, y) = ⟨S(x), S(y)⟩ of piecewise linear paths, without truncation.
//!
//! On cell (i, j) of the grid of steps, s along x and t along y, the kernel solves K_st = v K with
//! v = ⟨dx_i, dy_j⟩ and K = 1 on the axes (Salvi, Cass, Foster, Lyons & Yang 2021). A [`Scheme`]
//! carries each edge's end values and moments of K from cell to cell; docs/signature-kernels.md
//! derives the three that there are. A static kernel other than the linear one changes v alone.
//!
//! `paths` lays out points, `products` computes v, `scheme` and `degree_*` are the arithmetic of a
//! cell, `sweep` goes over a pair's cells, `scaled` without overflow, `skew` over those of one pair
//! alone, `gradient` backwards, `truncated` and `truncated_vjp` are for truncated signatures;
//! `tile` and `tile_vjp` do one of these (`solver`) for a block of a Gram matrix or for pairs of
//! two batches (`request`).
//!
//! A pair's bits depend on the pair alone: padding by zero increments changes nothing, and lanes do
//! not see their neighbours.

mod degree_one;
mod degree_three;
mod degree_two;
mod gradient;
mod paths;
mod products;
mod request;
mod scaled;
mod scheme;
mod skew;
mod solver;
mod static_kernel;
mod sweep;
mod tile;
mod tile_vjp;
mod truncated;
mod truncated_vjp;

pub use request::{Orders, Request};
pub use static_kernel::StaticKernel;
pub use tile::{kernel, kernel_scratch};
pub use tile_vjp::{Gradients, kernel_vjp, kernel_vjp_scratch};
