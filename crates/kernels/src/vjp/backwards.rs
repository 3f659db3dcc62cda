//! Gradients of streams of few channels: a functional on brackets that moves backwards in time and meets every prefix's cotangent on its way (`docs/gradients.md`, Streams).
//!
//! With R_t the signature after step t and λ_t = ∂f/∂R_t with all that comes later, a step's gradient needs λ_t only through μ_t(v) = Σ_u R_t(u) λ_t(u v) on Lie elements v, and those are moved by one step alone:
//!     μ_{t-1}(v) = L_{t-1}(v) + μ_t(exp(-ad z_t) v),   L_t(v) = Σ_u R_t(u) Λ_t(u v),   Λ_t the cotangent of R_t itself.
//! So a step costs that contraction on the left, brackets of it, and the flow of so few numbers as two or three letters have brackets. With y = -z_t and X_{k,j} = μ_{k+j} contracted with j times y,
//! the gradient of the point behind step t is L_t(c) + P_t(c) + Q_{t+1}(c) with P_t = y⌟Σ_j X_{2,j}/(j+2)!, Q_t = y⌟Σ_j (j+1) X_{2,j}/(j+2)!, and on level 1 μ moves by P_t + Q_t.
//!
//! Everything of a step is in registers or close by, its loops run out: code for each pair of channels and depth that has it. All others go the general way (`stream`).

// Loops over letters and words index several arrays together; iterators over one of them would hide that.
#![allow(clippy::needless_range_loop)]

use super::contract::contraction;
use super::stream::Tile;
use crate::chains::{opaque, reciprocal};
use crate::lanes::{Lanes, Rows};
use crate::shape::Shape;

/// Whether there is code for a shape.
pub fn exists<V: Lanes>(shape: &Shape) -> bool {
    V::WIDTH == 4 && matches!((shape.channels, shape.depth), (2, 2) | (2, 4) | (3, 3))
}

/// Where a tile's rows of signatures and of cotangents are: those after its first step, and how many numbers further on the next ones.
pub struct Given<T> {
    pub signatures: Rows<T>,
    pub cotangents: Rows<T>,
    pub row: usize,
}

/// Runs a tile: L_t on level 1 where the tile has its cotangents, P_t as `rest`, P_t + Q_t as `change`; μ is where λ would be, level 1 first.
///
/// # Safety
/// [`exists`] says so; all rows are there.
pub unsafe fn run<V: Lanes>(tile: &Tile<'_, V>, given: &Given<V::T>) {
    // Code for a number of channels is worth its size where four lanes are.
    if V::WIDTH != 4 {
        return;
    }
    // SAFETY: as the caller vouches.
    unsafe {
        match (tile.shape.channels, tile.shape.depth) {
            (2, 2) => steps::<V, 2, 2, 1, 2, 6>(tile, given),
            (2, 4) => steps::<V, 2, 4, 1, 14, 30>(tile, given),
            _ => steps::<V, 3, 3, 3, 12, 39>(tile, given),
        }
    }
}

/// Numbers of a row before level `k`.
const fn offset(d: usize, k: usize) -> usize {
    let (mut sum, mut i) = (0, 1);
    while i < k {
        sum += d.pow(i as u32);
        i += 1;
    }
    sum
}

/// The first K numbers of each lane's row, which has four or more.
#[inline(always)]
unsafe fn numbers<V: Lanes, const K: usize>(rows: &Rows<V::T>) -> [V; K] {
    let mut all = [V::zero(); K];
    for s in 0..K.div_ceil(4) {
        // The last four overlap those before them where K is no multiple.
        let at = if s * 4 + 4 <= K { s * 4 } else { K.saturating_sub(4) };
        // SAFETY: as the caller vouches.
        let square = unsafe { V::load_transposed(rows, at) };
        for j in 0..4 {
            if at + j < K {
                all[at + j] = square[j];
            }
        }
    }
    all
}

/// Words of a level, at most.
const WORDS: usize = 27;

/// L on level K of N: the cotangent contracted on the left with the signature.
#[inline(always)]
fn contracted<V: Lanes, const D: usize, const N: usize, const K: usize, const LOW: usize, const SIZE: usize>(
    signature: &[V; LOW],
    cotangent: &[V; SIZE],
) -> [V; WORDS] {
    let (first, words) = const { (offset(D, K), D.pow(K as u32)) };
    let parents = const { offset(D, (N + 1).saturating_sub(K)) };
    let mut level = [V::zero(); WORDS];
    for v in 0..words {
        let mut sum = cotangent[first + v];
        // Words u in their order in a row are the parents, each with `words` children on level |u| + k.
        for u in 0..parents {
            sum = signature[u].mul_add(cotangent[first + (u + 1) * words + v], sum);
        }
        level[v] = sum;
    }
    level
}

/// A tile's steps; `LOW` numbers of a row are below the top level.
#[inline(never)]
unsafe fn steps<V: Lanes, const D: usize, const N: usize, const PAIRS: usize, const LOW: usize, const SIZE: usize>(
    tile: &Tile<'_, V>,
    given: &Given<V::T>,
) {
    let (minus_half, third, sixth, half) =
        (core::hint::black_box(V::zero().sub(reciprocal(2))), opaque::<V>(3), opaque::<V>(6), opaque::<V>(2));
    // SAFETY: as the caller vouches.
    unsafe {
        // μ on levels 1, 2 …, brackets [a, [b, [c, e]]] by a, b and the pair c < e.
        let at = tile.adjoint;
        let mut one: [V; D] = core::array::from_fn(|c| *at.add(c));
        let at = at.add(D);
        let mut two: [V; PAIRS] = core::array::from_fn(|p| *at.add(p));
        let at = at.add(PAIRS);
        let mut three: [[V; PAIRS]; D] = core::array::from_fn(|a| core::array::from_fn(|p| *at.add(a * PAIRS + p)));
        let at = at.add(D * PAIRS);
        let mut four: [[[V; PAIRS]; D]; D] = core::array::from_fn(|a| {
            core::array::from_fn(|b| {
                core::array::from_fn(|p| if N == 4 { *at.add((a * D + b) * PAIRS + p) } else { V::zero() })
            })
        });
        for q in (0..tile.steps).rev() {
            let step = |rows: &Rows<V::T>| rows.map(|row| row.wrapping_add(q * given.row));
            let signature: [V; LOW] = numbers(&step(&given.signatures));
            let cotangent: [V; SIZE] = numbers(&step(&given.cotangents));
            let own = contracted::<V, D, N, 1, LOW, SIZE>(&signature, &cotangent);
            let x = contracted::<V, D, N, 2, LOW, SIZE>(&signature, &cotangent);
            let mut p = 0;
            for c in 0..D {
                for e in c + 1..D {
                    two[p] = two[p].add(x[c * D + e].sub(x[e * D + c]));
                    p += 1;
                }
            }
            if N >= 3 {
                let x = contracted::<V, D, N, 3, LOW, SIZE>(&signature, &cotangent);
                let word = |a: usize, c: usize, e: usize| x[(a * D + c) * D + e];
                for a in 0..D {
                    let mut p = 0;
                    for c in 0..D {
                        for e in c + 1..D {
                            let (front, back) = (word(a, c, e).sub(word(a, e, c)), word(e, c, a).sub(word(c, e, a)));
                            three[a][p] = three[a][p].add(front.add(back));
                            p += 1;
                        }
                    }
                }
            }
            if N == 4 {
                // Two letters: [a, [b, [1, 2]]] = [b, [a, [1, 2]]].
                let x = contracted::<V, D, N, 4, LOW, SIZE>(&signature, &cotangent);
                let word = |a: usize, u: [usize; 3]| {
                    let [b, c, e] = u;
                    x[((a * D + b) * D + c) * D + e].sub(x[((b * D + c) * D + e) * D + a])
                };
                for a in 0..D {
                    for b in a..D {
                        let front = word(a, [b, 0, 1]).sub(word(a, [b, 1, 0]));
                        let back = word(a, [1, 0, b]).sub(word(a, [0, 1, b]));
                        four[a][b][0] = four[a][b][0].add(front.add(back));
                        four[b][a][0] = four[a][b][0];
                    }
                }
            }
            let z: [V; D] = core::array::from_fn(|c| *tile.increments.add(q * D + c));
            let y = z.map(|z| V::zero().sub(z));
            let (mut before, mut behind) = (two, two);
            if N >= 3 {
                for p in 0..PAIRS {
                    let mut x = y[0].mul(three[0][p]);
                    for a in 1..D {
                        x = y[a].mul_add(three[a][p], x);
                    }
                    behind[p] = x.mul_add(third, two[p]);
                    before[p] = x.mul_add(third, behind[p]);
                    two[p] = two[p].add(x);
                    if N == 4 {
                        let mut xx = V::zero();
                        for a in 0..D {
                            let mut x = y[0].mul(four[a][0][p]);
                            for b in 1..D {
                                x = y[b].mul_add(four[a][b][p], x);
                            }
                            three[a][p] = three[a][p].add(x);
                            xx = y[a].mul_add(x, xx);
                        }
                        let twelfth = sixth.mul(xx).mul(half);
                        behind[p] = behind[p].add(twelfth);
                        before[p] = xx.mul_add(sixth, before[p].add(twelfth));
                        two[p] = xx.mul_add(half, two[p]);
                    }
                }
            }
            let y = z.map(|z| z.mul(minus_half));
            let rest = contraction(behind.as_ptr(), &y);
            let next = contraction(before.as_ptr(), &y);
            for c in 0..D {
                let change = rest[c].add(next[c]);
                *tile.cotangents.cast_mut().add(q * SIZE + c) = own[c];
                *tile.rest.add(q * D + c) = rest[c];
                *tile.change.add(q * D + c) = change;
                one[c] = one[c].add(own[c]).add(change);
            }
        }
        let at = tile.adjoint;
        for c in 0..D {
            *at.add(c) = one[c];
        }
        let at = at.add(D);
        for p in 0..PAIRS {
            *at.add(p) = two[p];
            for a in 0..D {
                if N >= 3 {
                    *at.add((1 + a) * PAIRS + p) = three[a][p];
                }
                for b in 0..D {
                    if N == 4 {
                        *at.add((1 + D + a * D + b) * PAIRS + p) = four[a][b][p];
                    }
                }
            }
        }
    }
}
