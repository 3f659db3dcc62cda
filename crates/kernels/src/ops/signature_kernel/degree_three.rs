//! Degree 3: an edge carries the difference of K along it and the next two Legendre coefficients of
//! K's derivative, over 6 and over 5. With v in units of 1/12 (v = 12 q) the increment of the
//! difference is a series in q; those of the two other coefficients follow from it by the relations
//! of Legendre polynomials, which hold exactly for the coefficients' means over the cell
//! (docs/signature-kernels.md).

use super::scheme::{Scheme, hidden, polynomial};
use crate::lanes::{Lanes, Real};

/// The series in q: A, g / (6 q²) and f₁ / q³ of docs/signature-kernels.md, and their derivatives'.
const CORNER: [f64; 5] = [12.0, 36.0, 48.0, 36.0, 17.28];
const ACROSS: [f64; 2] = [6.0, 12.0];
const FIRST: [f64; 2] = [4.8, 7.2];
const FOURTH: f64 = 10.8;
/// What the second coefficients keep: 1 − 18/35 q².
const LOSS: f64 = 18.0 / 35.0;

#[derive(Clone, Copy)]
pub(super) struct DegreeThree<V> {
    corner: [V; 5],
    across: [V; 2],
    first: [V; 2],
    fourth: V,
    loss: V,
    one: V,
    half: V,
    third: V,
    quarter: V,
    /// 1.2 and 0.4.
    six_fifths: V,
    two_fifths: V,
}

/// An edge along x: K at its first point, and the coefficients of its derivative.
#[derive(Clone, Copy)]
pub(super) struct Own<V> {
    corner: V,
    edge: [V; 3],
}

/// The factors of a cell: of the increment, of the first coefficients' increments, and of the
/// second ones'.
#[derive(Clone, Copy)]
pub(super) struct Factors<V> {
    q: V,
    corner: V,
    across: V,
    first: V,
    fourth: V,
    /// q (1 + q²), 1.2 q and 0.4 q².
    turn: V,
    slope: V,
    bend: V,
    /// 2.4 q, 1.2 q², and what is kept.
    pull: V,
    push: V,
    kept: V,
}

/// What a cell computes on the way; of x and of y.
struct Cell<V> {
    inc: V,
    /// The increments of the first coefficients.
    first: [V; 2],
    /// The second coefficients after the cell.
    second: [V; 2],
    /// The differences plus inc/4; their means less those of the second coefficients; what the
    /// second coefficients are pushed by.
    bent: [V; 2],
    mean: [V; 2],
    pushed: [V; 2],
}

impl<V: Lanes> DegreeThree<V> {
    #[inline(always)]
    fn advance(&self, f: &Factors<V>, corner: V, edges: [[V; 3]; 2]) -> Cell<V> {
        let [x, y] = edges;
        let sum: [V; 3] = core::array::from_fn(|k| x[k].add(y[k]));
        let middle = sum[0].mul_add(self.half, corner).sub(sum[1]);
        let inc = sum[0].neg_mul_add(f.fourth, sum[1].mul(f.first));
        let inc = middle.mul_add(f.corner, sum[2].sub(sum[0]).mul_add(f.across, inc));
        let rest = edges.map(|e| e[0].sub(e[2]));
        let bent = edges.map(|e| inc.mul_add(self.quarter, e[0]));
        let mean: [V; 2] = core::array::from_fn(|i| {
            let straight = edges[i][1].neg_mul_add(f.slope, inc.mul_add(self.half, rest[i]));
            bent[i].neg_mul_add(f.bend, straight)
        });
        let first: [V; 2] = core::array::from_fn(|i| f.q.neg_mul_add(mean[1 - i], mean[i]).mul(f.turn));
        let pushed: [V; 2] = core::array::from_fn(|i| inc.mul_add(self.third, rest[i]).sub(first[1 - i]));
        let second = core::array::from_fn(|i| {
            let e = edges[i];
            pushed[i].mul_add(f.push, e[1].mul_add(f.pull, e[2].mul(f.kept)))
        });
        Cell { inc, first, second, bent, mean, pushed }
    }
}

impl<V: Lanes> Scheme<V> for DegreeThree<V> {
    const ROWS: usize = 2;
    const REFINED_ROWS: usize = 2;
    const STORED: usize = 3;
    const UNIT: f64 = 1.0 / 12.0;
    const KEPT: usize = 7;
    type Own = Own<V>;
    type Passing = [V; 3];
    type Factors = Factors<V>;

    #[inline(always)]
    fn new() -> Self {
        DegreeThree {
            corner: CORNER.map(hidden),
            across: ACROSS.map(hidden),
            first: FIRST.map(hidden),
            fourth: hidden(FOURTH),
            loss: hidden(LOSS),
            one: hidden(1.0),
            half: hidden(0.5),
            third: hidden(1.0 / 3.0),
            quarter: hidden(0.25),
            six_fifths: hidden(1.2),
            two_fifths: hidden(0.4),
        }
    }
    #[inline(always)]
    fn own() -> Own<V> {
        Own { corner: V::splat(V::T::ONE), edge: [V::zero(); 3] }
    }
    #[inline(always)]
    fn stored() -> V {
        V::zero()
    }
    #[inline(always)]
    fn factors(&self, q: V) -> Factors<V> {
        let square = q.mul(q);
        let cube = square.mul(q);
        let slope = q.mul(self.six_fifths);
        Factors {
            q,
            corner: polynomial(&self.corner, q).mul(q),
            across: polynomial(&self.across, q).mul(square),
            first: polynomial(&self.first, q).mul(cube),
            fourth: square.mul(self.fourth).mul(square),
            turn: q.add(cube),
            slope,
            bend: square.mul(self.two_fifths),
            pull: slope.add(slope),
            push: square.mul(self.six_fifths),
            kept: square.neg_mul_add(self.loss, self.one),
        }
    }
    #[inline(always)]
    unsafe fn enter(&self, at: *const V, _corner: &mut V) -> [V; 3] {
        // SAFETY: as the caller vouches.
        core::array::from_fn(|k| unsafe { *at.add(k) })
    }
    #[inline(always)]
    fn cell(&self, factors: &Factors<V>, own: &mut Own<V>, passing: &mut [V; 3]) {
        let cell = self.advance(factors, own.corner, [own.edge, *passing]);
        own.corner = own.corner.add(passing[0]);
        for (edge, i) in [(&mut own.edge, 0), (passing, 1)] {
            *edge = [edge[0].add(cell.inc), edge[1].add(cell.first[i]), cell.second[i]];
        }
    }
    #[inline(always)]
    unsafe fn leave(passing: [V; 3], at: *mut V) {
        for (k, v) in passing.into_iter().enumerate() {
            // SAFETY: as the caller vouches.
            unsafe { *at.add(k) = v };
        }
    }
    #[inline(always)]
    unsafe fn value(first: V, row: *const V, columns: usize) -> V {
        let mut sum = V::zero();
        for j in 0..columns {
            // SAFETY: as the caller vouches.
            sum = sum.add(unsafe { *row.add(3 * j) });
        }
        sum.add(first)
    }

    #[inline(always)]
    unsafe fn keep(&self, own: &Own<V>, passing: &[V; 3], kept: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe {
            *kept = own.corner;
            Self::leave(own.edge, kept.add(1));
            Self::leave(*passing, kept.add(4));
        }
    }
    #[inline(always)]
    fn own_bar() -> Own<V> {
        Own { corner: V::zero(), edge: [V::zero(); 3] }
    }
    unsafe fn start_bar(cotangent: V, _last: V, at: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe { Self::leave([cotangent, V::zero(), V::zero()], at) };
    }
    #[inline(always)]
    unsafe fn enter_bar(at: *const V) -> [V; 3] {
        // SAFETY: as the caller vouches.
        core::array::from_fn(|k| unsafe { *at.add(k) })
    }
    #[inline(always)]
    unsafe fn adjoint(&self, q: V, kept: *const V, own: &mut Own<V>, passing: &mut [V; 3]) -> V {
        // Every line reverses one of `advance` and `factors`, from the last to the first.
        // SAFETY: as the caller vouches.
        let at = |k: usize| unsafe { *kept.add(k) };
        let (corner, edges) = (at(0), [core::array::from_fn(|k| at(1 + k)), core::array::from_fn(|k| at(4 + k))]);
        let f = self.factors(q);
        let cell = self.advance(&f, corner, edges);
        let bars = [own.edge, *passing];
        let dot = |a: [V; 2], b: [V; 2]| a[0].mul_add(b[0], a[1].mul(b[1]));
        let each = |k: usize| edges.map(|e: [V; 3]| e[k]);
        let second = bars.map(|b| b[2]);
        let pushed = second.map(|b| b.mul(f.push));
        let first: [V; 2] = core::array::from_fn(|i| bars[i][1].sub(pushed[1 - i]));
        let mean: [V; 2] = core::array::from_fn(|i| f.q.neg_mul_add(first[1 - i], first[i]).mul(f.turn));
        let bent = mean.map(|b| b.mul(f.bend));
        let inc = bars[0][0].add(bars[1][0]);
        let inc = pushed[0].add(pushed[1]).mul_add(self.third, inc);
        let inc = mean[0].add(mean[1]).mul_add(self.half, inc);
        let inc = bent[0].add(bent[1]).neg_mul_add(self.quarter, inc);
        let sum: [V; 3] = core::array::from_fn(|k| edges[0][k].add(edges[1][k]));
        let middle_bar = inc.mul(f.corner);
        let across_bar = inc.mul(f.across);
        let sums = [
            inc.neg_mul_add(f.fourth, middle_bar.mul_add(self.half, V::zero().sub(across_bar))),
            inc.mul_add(f.first, V::zero().sub(middle_bar)),
            across_bar,
        ];
        let next: [[V; 3]; 2] = core::array::from_fn(|i| {
            let rest = mean[i].add(pushed[i]);
            [
                bars[i][0].add(rest).sub(bent[i]).add(sums[0]),
                mean[i].neg_mul_add(f.slope, second[i].mul_add(f.pull, bars[i][1])).add(sums[1]),
                second[i].mul_add(f.kept, sums[2]).sub(rest),
            ]
        });
        // The cotangent of q: of the factors of inc, …
        let middle = sum[0].mul_add(self.half, corner).sub(sum[1]);
        let square = q.mul(q);
        let series = slopes(&CORNER, 1, q).mul(middle);
        let series = slopes(&ACROSS, 2, q).mul(q).mul_add(sum[2].sub(sum[0]), series);
        let series = slopes(&FIRST, 3, q).mul(square).mul_add(sum[1], series);
        let series = slopes(&[FOURTH], 4, q).mul(square.mul(q)).neg_mul_add(sum[0], series);
        // … of those of the first coefficients, …
        let turn = dot(first, core::array::from_fn(|i| f.q.neg_mul_add(cell.mean[1 - i], cell.mean[i])));
        let direct = dot(first, [cell.mean[1], cell.mean[0]]).mul(f.turn);
        let slope = dot(mean, each(1));
        let bend = dot(mean, cell.bent);
        // … and of those of the second ones.
        let (pull, push, kept) = (dot(second, each(1)), dot(second, cell.pushed), dot(second, each(2)));
        let constant = pull.add(pull).sub(slope).mul_add(self.six_fifths, turn).sub(direct);
        let linear =
            push.mul_add(self.six_fifths, bend.neg_mul_add(self.two_fifths, kept.neg_mul_add(self.loss, V::zero())));
        let three = self.one.add(self.one).add(self.one);
        let slope = linear.mul_add(q.add(q), square.mul(three).mul_add(turn, constant));
        *passing = next[1];
        passing[0] = passing[0].add(own.corner);
        own.corner = own.corner.add(middle_bar);
        own.edge = next[0];
        inc.mul_add(series, slope)
    }
    #[inline(always)]
    unsafe fn leave_bar(passing: [V; 3], at: *mut V, _corner: &mut V) {
        // SAFETY: as the caller vouches.
        unsafe { Self::leave(passing, at) }
    }
}

/// The derivative of q^n (c[0] + c[1] q + …), over q^(n − 1).
#[inline(always)]
fn slopes<V: Lanes, const N: usize>(c: &[f64; N], n: usize, q: V) -> V {
    let scaled: [V; N] = core::array::from_fn(|k| V::splat(V::T::from_f64((n + k) as f64 * c[k])));
    polynomial(&scaled, q)
}
