//! The solvers of a pair by degree, as pointers: one copy of what prepares paths and writes results
//! serves all of them.

use super::degree_one::DegreeOne;
use super::degree_three::DegreeThree;
use super::degree_two::DegreeTwo;
use super::gradient::{Pair, solve_vjp, solve_vjp_scratch};
use super::products::{Apart, Shared, Side};
use super::scheme::Scheme;
use super::sweep::{Grid, solve, solve_scratch};
use super::truncated::{truncated_apart, truncated_scratch, truncated_shared};
use crate::lanes::Lanes;

/// The kernels of lanes: x as `S` has it, y, scratch.
pub(super) type Solve<V, S> = unsafe fn(S, &Grid, *const <S as Side<V>>::Number, *const V, &mut [V]) -> V;
/// Vectors of scratch; `None`: beyond memory.
type Scratch = fn(&Grid) -> Option<usize>;
/// The kernels, and their gradients times cotangents.
pub(super) type SolveVjp<V> = unsafe fn(&Pair<'_, V>, &Grid, V, &mut [V]) -> V;

#[derive(Clone, Copy)]
pub(super) struct Solver<V: Lanes> {
    /// What v is given in.
    pub unit: f64,
    pub shared: Solve<V, Shared>,
    pub apart: Solve<V, Apart>,
    pub scratch: Scratch,
    /// Absent: of truncated kernels there are no gradients.
    pub vjp: Option<(SolveVjp<V>, Scratch)>,
}

impl<V: Lanes> Solver<V> {
    /// The solver of a degree; 0: truncated kernels. `None`: there is none.
    pub fn of(degree: u32) -> Option<Self> {
        Some(match degree {
            0 => Solver {
                unit: 1.0,
                shared: truncated_shared::<V>,
                apart: truncated_apart::<V>,
                scratch: truncated_scratch::<V>,
                vjp: None,
            },
            1 => Self::by::<DegreeOne<V>>(),
            2 => Self::by::<DegreeTwo<V>>(),
            3 => Self::by::<DegreeThree<V>>(),
            _ => return None,
        })
    }

    fn by<C: Scheme<V>>() -> Self {
        Solver {
            unit: C::UNIT,
            shared: solve::<V, Shared, C>,
            apart: solve::<V, Apart, C>,
            scratch: solve_scratch::<V, C>,
            vjp: Some((solve_vjp::<V, C>, solve_vjp_scratch::<V, C>)),
        }
    }
}
