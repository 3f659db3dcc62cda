//! Degree 3: an edge carries the difference of K along it and the next two Legendre coefficients of
//! K's derivative. The increment of the difference is a power series in v; those of the two other
//! coefficients follow from it by the relations of Legendre polynomials, which hold exactly for the
//! coefficients' means over the cell (docs/signature-kernels.md).

use super::scheme::{Scheme, hidden, polynomial};
use crate::lanes::{Lanes, Real};

#[derive(Clone, Copy)]
pub(super) struct DegreeThree<V> {
    /// Of the increment's series: coefficients of the corner, of differences, and of the two other
    /// coefficients. Entry k is that of v^k, over the lowest power of v.
    corner: [V; 5],
    difference: [V; 4],
    first: [V; 4],
    second: [V; 2],
    /// 1/n.
    over: Over<V>,
}

#[derive(Clone, Copy)]
struct Over<V> {
    two: V,
    three: V,
    five: V,
    six: V,
    ten: V,
    twelve: V,
    eighteen: V,
    seventy: V,
    seventy_two: V,
    one: V,
}

/// An edge along x: K at its first point, and the coefficients of its derivative.
#[derive(Clone, Copy)]
pub(super) struct Own<V> {
    corner: V,
    edge: [V; 3],
}

/// The factors of a cell.
#[derive(Clone, Copy)]
pub(super) struct Factors<V> {
    half: V,
    corner: V,
    difference: V,
    first: V,
    second: V,
}

/// What a cell computes on the way.
struct Cell<V> {
    inc: V,
    /// Of x and of y: the mean of the difference less a fifth of the mean second coefficient, the
    /// mean of the first coefficient, and the increments of the two coefficients.
    across: [V; 2],
    mean: [V; 2],
    first: [V; 2],
    second: [V; 2],
}

impl<V: Lanes> DegreeThree<V> {
    #[inline(always)]
    fn advance(&self, f: &Factors<V>, corner: V, [x, y]: [[V; 3]; 2]) -> Cell<V> {
        let o = &self.over;
        let u = f.half;
        let inc = f.first.neg_mul_add(x[1].add(y[1]), x[2].add(y[2]).mul(f.second));
        let inc = corner.mul_add(f.corner, x[0].add(y[0]).mul_add(f.difference, inc));
        let (half, sixth, small) = (inc.mul(o.two), inc.mul(o.six), inc.mul(o.seventy_two));
        let across = |e: [V; 3]| {
            let second = e[0].mul_add(o.eighteen, small).mul_add(u, e[1].mul(o.six)).mul_add(u, e[2]);
            second.neg_mul_add(o.five, e[0].add(half))
        };
        let (a, b) = (across(x), across(y));
        let q = u.mul(o.six);
        let w = q.mul_add(q, o.one).mul(u);
        let (p, r) = (q.neg_mul_add(b, a).mul(w), q.neg_mul_add(a, b).mul(w));
        let mean = |e: [V; 3], other: V| {
            let part = other.neg_mul_add(o.twelve, e[0].mul_add(o.two, sixth));
            e[2].neg_mul_add(o.ten, part).mul_add(u, e[1])
        };
        let (m, n) = (mean(x, r), mean(y, p));
        let (third, small) = (u.mul(o.three), u.mul(u).mul(o.seventy));
        let second = |e: [V; 3], mean: V| small.neg_mul_add(e[2], mean.mul(third));
        Cell { inc, across: [a, b], mean: [m, n], first: [p, r], second: [second(x, m), second(y, n)] }
    }
}

impl<V: Lanes> Scheme<V> for DegreeThree<V> {
    const ROWS: usize = 2;
    const REFINED_ROWS: usize = 2;
    const STORED: usize = 3;
    const UNIT: f64 = 1.0;
    const KEPT: usize = 7;
    type Own = Own<V>;
    type Passing = [V; 3];
    type Factors = Factors<V>;

    #[inline(always)]
    fn new() -> Self {
        let over = |n: f64| hidden(1.0 / n);
        DegreeThree {
            corner: [over(1.0), over(4.0), over(36.0), over(576.0), over(14400.0)],
            difference: [over(2.0), over(12.0), over(144.0), over(2880.0)],
            first: [over(6.0), over(24.0), over(240.0), over(4320.0)],
            second: [over(120.0), over(720.0)],
            over: Over {
                one: over(1.0),
                two: over(2.0),
                three: over(3.0),
                five: over(5.0),
                six: over(6.0),
                ten: over(10.0),
                twelve: over(12.0),
                eighteen: over(18.0),
                seventy: over(70.0),
                seventy_two: over(72.0),
            },
        }
    }
    #[inline(always)]
    fn own(&self) -> Own<V> {
        Own { corner: V::splat(V::T::ONE), edge: [V::zero(); 3] }
    }
    #[inline(always)]
    fn stored(&self) -> V {
        V::zero()
    }
    #[inline(always)]
    fn factors(&self, v: V) -> Factors<V> {
        Factors {
            half: v.mul(self.over.two),
            corner: polynomial(&self.corner, v).mul(v),
            difference: polynomial(&self.difference, v).mul(v),
            first: polynomial(&self.first, v).mul(v),
            second: polynomial(&self.second, v).mul(v.mul(v)),
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
            edge[0] = edge[0].add(cell.inc);
            edge[1] = edge[1].add(cell.first[i]);
            edge[2] = edge[2].add(cell.second[i]);
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
    unsafe fn value(row: *const V, columns: usize) -> V {
        let mut sum = V::zero();
        for j in 0..columns {
            // SAFETY: as the caller vouches.
            sum = sum.add(unsafe { *row.add(3 * j) });
        }
        sum.add(V::splat(V::T::ONE))
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
    unsafe fn adjoint(&self, v: V, kept: *const V, own: &mut Own<V>, passing: &mut [V; 3]) -> V {
        // Every line reverses one of `advance`, from the last to the first.
        // SAFETY: as the caller vouches.
        let at = |k: usize| unsafe { *kept.add(k) };
        let (corner, edges) = (at(0), [core::array::from_fn(|k| at(1 + k)), core::array::from_fn(|k| at(4 + k))]);
        let (o, f) = (&self.over, self.factors(v));
        let u = f.half;
        let cell = self.advance(&f, corner, edges);
        let mut bars = [own.edge, *passing];
        let mut inc = bars[0][0].add(bars[1][0]);
        let mut first = [bars[0][1], bars[1][1]];
        // From here on, the cotangent of u.
        let mut slope = V::zero();
        let (third, small) = (u.mul(o.three), u.mul(u).mul(o.seventy));
        for i in 0..2 {
            let (e, second) = (edges[i], bars[i][2]);
            slope = second.mul_add(cell.mean[i].mul(o.three), slope);
            slope = second.mul(e[2]).neg_mul_add(u.add(u).mul(o.seventy), slope);
            let mean = second.mul(third);
            let inner = mean.mul(u);
            let part = cell.first[1 - i].neg_mul_add(o.twelve, e[0].mul_add(o.two, cell.inc.mul(o.six)));
            slope = mean.mul_add(e[2].neg_mul_add(o.ten, part), slope);
            bars[i][2] = small.neg_mul_add(second, inner.neg_mul_add(o.ten, second));
            bars[i][1] = bars[i][1].add(mean);
            bars[i][0] = inner.mul_add(o.two, bars[i][0]);
            inc = inner.mul_add(o.six, inc);
            first[1 - i] = inner.neg_mul_add(o.twelve, first[1 - i]);
        }
        let q = u.mul(o.six);
        let square = q.mul_add(q, o.one);
        let w = square.mul(u);
        let [a, b] = cell.across;
        let (p, r) = (first[0].mul(w), first[1].mul(w));
        // w = u (1 + q²): its slope is 1 + 3 q².
        let flat = q.mul(q).mul_add(o.one.add(o.one), square);
        let turned = first[0].mul_add(q.neg_mul_add(b, a), first[1].mul(q.neg_mul_add(a, b)));
        slope = turned.mul_add(flat, slope);
        slope = p.mul_add(b, r.mul(a)).neg_mul_add(o.six, slope);
        let across = [q.neg_mul_add(r, p), q.neg_mul_add(p, r)];
        for i in 0..2 {
            let (e, bar) = (edges[i], across[i]);
            let second = bar.mul(o.five);
            let inner = e[0].mul_add(o.eighteen, cell.inc.mul(o.seventy_two));
            slope = second.neg_mul_add(inner.mul_add(u.add(u), e[1].mul(o.six)), slope);
            let deep = second.mul(u);
            bars[i][2] = bars[i][2].sub(second);
            bars[i][1] = deep.neg_mul_add(o.six, bars[i][1]);
            let deep = deep.mul(u);
            bars[i][0] = deep.neg_mul_add(o.eighteen, bars[i][0].add(bar));
            inc = deep.neg_mul_add(o.seventy_two, bar.mul_add(o.two, inc));
        }
        let sum = |k: usize| edges[0][k].add(edges[1][k]);
        let series = slopes(&self.corner, v).mul(corner);
        let series = slopes(&self.difference, v).mul_add(sum(0), series);
        let series = slopes(&self.first, v).neg_mul_add(sum(1), series);
        let second = self.second[1].mul(v).mul_add(hidden(3.0), self.second[0].add(self.second[0])).mul(v);
        let series = second.mul_add(sum(2), series);
        for bar in &mut bars {
            bar[0] = inc.mul_add(f.difference, bar[0]);
            bar[1] = inc.neg_mul_add(f.first, bar[1]);
            bar[2] = inc.mul_add(f.second, bar[2]);
        }
        bars[1][0] = bars[1][0].add(own.corner);
        own.corner = inc.mul_add(f.corner, own.corner);
        [own.edge, *passing] = bars;
        slope.mul_add(o.two, inc.mul(series))
    }
    #[inline(always)]
    unsafe fn leave_bar(passing: [V; 3], at: *mut V, _corner: &mut V) {
        // SAFETY: as the caller vouches.
        unsafe { Self::leave(passing, at) }
    }
}

/// The derivative of v (c[0] + c[1] v + …).
#[inline(always)]
fn slopes<V: Lanes, const N: usize>(c: &[V; N], v: V) -> V {
    let scaled: [V; N] = core::array::from_fn(|k| c[k].mul(V::splat(V::T::from_f64((k + 1) as f64))));
    polynomial(&scaled, v)
}
