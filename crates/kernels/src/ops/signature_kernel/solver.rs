//! The solvers of a pair by degree, as pointers: one copy of what prepares paths and writes results
//! serves all of them.

use super::degree_one::DegreeOne;
use super::degree_three::DegreeThree;
use super::degree_two::DegreeTwo;
use super::gradient::{Pair, solve_vjp, solve_vjp_scratch};
use super::request::Request;
use super::scaled::{scaled_scratch, scales, solve_scaled};
use super::scheme::Scheme;
use super::skew::{Skewed, alone_scratch, pays, solve_alone};
use super::sweep::{Grid, solve, solve_fused, solve_scratch};
use super::truncated::{solve_truncated, truncated_scratch};
use super::truncated_vjp::{solve_truncated_vjp, truncated_vjp_scratch};
use crate::lanes::Lanes;

/// The kernels of lanes: x, as vectors or as numbers for all lanes, y, scratch.
type Solve<V, X> = unsafe fn(&Grid, *const X, *const V, &mut [V]) -> V;
/// Vectors of scratch; `None`: beyond memory.
type Scratch = fn(&Grid) -> Option<usize>;
/// The kernels, and their gradients times cotangents.
pub(super) type SolveVjp<V> = unsafe fn(&Pair<'_, V>, &Grid, V, &mut [V]) -> V;

/// The kernel of one pair: its paths, the factor of x, scratch.
type SolveAlone<T, V> = unsafe fn(&Grid, [&[T]; 2], T, &mut [V]) -> T;

/// The kernel of one pair alone, by rows in lanes.
#[derive(Clone, Copy)]
pub(super) struct Alone<V: Lanes> {
    pub solve: SolveAlone<V::T, V>,
    pub scratch: Scratch,
    /// Whether it is faster than a pair in a lane.
    pub pays: fn(&Grid) -> bool,
}

#[derive(Clone, Copy)]
pub(super) struct Solver<V: Lanes> {
    /// What v is given in.
    pub unit: f64,
    pub solve: Solve<V, V>,
    /// For one x and few channels, where a cell is short.
    pub fused: Option<Solve<V, V::T>>,
    pub scratch: Scratch,
    pub alone: Option<Alone<V>>,
    pub vjp: (SolveVjp<V>, Scratch),
}

impl<V: Lanes> Solver<V> {
    /// The solver of a degree; 0: truncated kernels. `None`: there is none.
    pub fn of(degree: u32) -> Option<Self> {
        Some(match degree {
            0 => Solver {
                unit: 1.0,
                solve: solve_truncated::<V>,
                fused: None,
                scratch: truncated_scratch::<V>,
                alone: None,
                vjp: (solve_truncated_vjp::<V>, truncated_vjp_scratch::<V>),
            },
            1 => Self::short::<DegreeOne<V>>(),
            2 => Self::short::<DegreeTwo<V>>(),
            3 => Self::by::<DegreeThree<V>>(),
            _ => return None,
        })
    }

    /// The solver of a request.
    pub fn of_request(request: &Request<'_, V::T>) -> Option<Self> {
        let solver = Self::of(request.degree)?;
        if !request.scaled {
            return Some(solver);
        }
        if !scales::<V>() {
            return None;
        }
        let solve: Solve<V, V> = match request.degree {
            1 => solve_scaled::<V, DegreeOne<V>>,
            2 => solve_scaled::<V, DegreeTwo<V>>,
            3 => solve_scaled::<V, DegreeThree<V>>,
            _ => return None,
        };
        Some(Solver { solve, scratch: scaled_scratch::<V>, fused: None, alone: None, ..solver })
    }

    fn by<C: Scheme<V>>() -> Self {
        Solver {
            unit: C::UNIT,
            solve: solve::<V, C>,
            fused: None,
            scratch: solve_scratch::<V, C>,
            alone: None,
            vjp: (solve_vjp::<V, C>, solve_vjp_scratch::<V, C>),
        }
    }

    /// Of a scheme whose cells are short.
    fn short<C: Skewed<V>>() -> Self {
        Solver {
            fused: Some(solve_fused::<V, C>),
            alone: Some(Alone { solve: solve_alone::<V, C>, scratch: alone_scratch::<V, C>, pays: pays::<V, C> }),
            ..Self::by::<C>()
        }
    }
}
