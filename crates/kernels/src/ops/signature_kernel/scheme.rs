//! What a scheme is: state on the edges of cells, and how it moves over a cell.

use crate::lanes::{Lanes, Real};

/// A Legendre-Galerkin scheme. Cells are taken row by row of x within a column of y: an edge along
/// x belongs to a row and moves to the next column, what lies on edges along y passes from row to
/// row.
pub(super) trait Scheme<V: Lanes>: Copy {
    /// Rows of a block at dyadic order 0: as many as fit registers.
    const ROWS: usize;
    /// Rows of a block where x is refined, a power of two.
    const REFINED_ROWS: usize = 4;
    /// Vectors of an edge along y between blocks of rows.
    const STORED: usize;
    /// The unit of v: what is given is v times this.
    const UNIT: f64;
    /// Vectors of a cell that its adjoint needs.
    const KEPT: usize;
    /// An edge along x; also its cotangents.
    type Own: Copy;
    /// What passes from row to row in a column; also its cotangents.
    type Passing: Copy;
    /// What depends on v alone.
    type Factors: Copy;

    fn new() -> Self;
    /// An edge along x on the axis.
    fn own() -> Self::Own;
    /// What an edge along y on the axis stores.
    fn stored() -> V;
    fn factors(&self, v: V) -> Self::Factors;
    /// Reads an edge along y; `corner` is for what the column before it leaves.
    ///
    /// # Safety
    /// `at` has [`Scheme::STORED`] vectors.
    unsafe fn enter(&self, at: *const V, corner: &mut V) -> Self::Passing;
    /// Moves over a cell.
    fn cell(&self, factors: &Self::Factors, own: &mut Self::Own, passing: &mut Self::Passing);
    /// Writes an edge along y.
    ///
    /// # Safety
    /// As [`Scheme::enter`].
    unsafe fn leave(passing: Self::Passing, at: *mut V);
    /// K at the end of a row of edges along y, from K at its beginning.
    ///
    /// # Safety
    /// `row` has `columns` edges.
    unsafe fn value(first: V, row: *const V, columns: usize) -> V;

    /// Keeps what the adjoint of a cell needs, before the cell is computed; see also `keep_after`.
    ///
    /// # Safety
    /// `kept` has [`Scheme::KEPT`] vectors.
    unsafe fn keep(&self, own: &Self::Own, passing: &Self::Passing, kept: *mut V);
    /// The same, afterwards.
    ///
    /// # Safety
    /// As [`Scheme::keep`].
    #[inline(always)]
    unsafe fn keep_after(&self, _own: &Self::Own, _passing: &Self::Passing, _kept: *mut V) {}
    /// Cotangents of an edge along x at the end of a row.
    fn own_bar() -> Self::Own;
    /// Cotangents of an edge along y of the last row: `cotangent` is that of the kernel, `last` the
    /// same at the last edge and 0 at others.
    ///
    /// # Safety
    /// As [`Scheme::enter`].
    unsafe fn start_bar(cotangent: V, last: V, at: *mut V);
    /// Reads the cotangents of an edge along y.
    ///
    /// # Safety
    /// As [`Scheme::enter`].
    unsafe fn enter_bar(at: *const V) -> Self::Passing;
    /// The cotangent of what `factors` was given; moves cotangents back over the cell.
    ///
    /// # Safety
    /// `kept` is what the cell kept.
    unsafe fn adjoint(&self, v: V, kept: *const V, own: &mut Self::Own, passing: &mut Self::Passing) -> V;
    /// Writes the cotangents of an edge along y; `corner` is for what the next column says of it.
    ///
    /// # Safety
    /// As [`Scheme::enter`].
    unsafe fn leave_bar(passing: Self::Passing, at: *mut V, corner: &mut V);
}

/// A constant that the compiler does not see: engines make vectors that they know anew at each use.
#[inline(always)]
pub(super) fn hidden<V: Lanes>(x: f64) -> V {
    let number = V::T::from_f64(x);
    // SAFETY: a local number.
    V::splat(unsafe { core::ptr::read_volatile(&number) })
}

/// c[0] + c[1] x + …
#[inline(always)]
pub(super) fn polynomial<V: Lanes, const N: usize>(c: &[V; N], x: V) -> V {
    let mut sum = c[N - 1];
    for k in (0..N - 1).rev() {
        sum = sum.mul_add(x, c[k]);
    }
    sum
}
