//! From a cotangent of the signature to the functional on brackets, for the paths in lanes: what is
//! done once for a path, before time begins.
//!
//! With Λ the cotangent and S the path's signature, let Λ⁰(v) = Σ_x Λ(v x) S(x) over all words x,
//! the empty one included. The functional is
//!     Θ(w₁ … w_k) = Λ⁰([w₁, [w₂, … [w_{k-1}, w_k]]]),
//! antisymmetric in its last two letters, so that only w_{k-1} < w_k is kept: a *pair*, at the root
//! of a tree that grows towards the first letter. Why this is all that gradients depend on stands
//! in `docs/gradients.md`.
//!
//! Not here: how Θ moves in time (`flow`).

use crate::lanes::{Lanes, Real};
use crate::walk::rectangle::Rectangle;
use crate::words::shape::{MAX_DEPTH, Shape};

/// Pairs of different letters.
pub fn pairs(channels: usize) -> usize {
    channels * (channels - 1) / 2
}

/// Numbers of the reduced functional on level `k >= 2`.
pub fn level_size(shape: &Shape, k: usize) -> usize {
    pairs(shape.channels) * shape.count(k - 2)
}

/// Numbers of the reduced functional, levels 2 … depth. Two or more channels only.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn reduced_size(shape: &Shape) -> usize {
    (2..=shape.depth).map(|k| level_size(shape, k)).sum()
}

/// The reduced functional of the paths in lanes.
///
/// Level k stands at `levels[k]`: pair, then the letters before it from the last to the first, the
/// first letter fastest; the levels follow each other, from 2 on. On the top level the first letter
/// is the slowest but one instead once it is [`widen`]ed, behind the rest of the word: that is how
/// `wide`, its only reader, goes through it.
///
/// Numbers are scaled so that the sums in `flow` need no factors: -Θ/2 on level 2, -Θ/6 above.
///
/// Rounding is kept from adding up over time: the last level but one is known at all times from the
/// top one and the point reached ([`Functional::settle`]), and the levels below carry along what
/// their sums lost (`lost`).
pub struct Functional<V> {
    pub levels: [*mut V; MAX_DEPTH + 1],
    /// The last level but one as it was at the path's first point.
    anchor: *mut V,
    /// What the sums of the levels below have lost, in their order from level 2 on.
    lost: *mut V,
}

/// Vectors of a functional with all that belongs to it.
pub fn functional_size(shape: &Shape) -> usize {
    reduced_size(shape) + below_top(shape)
}

/// Numbers of all levels but the top one.
fn below_top(shape: &Shape) -> usize {
    reduced_size(shape) - level_size(shape, shape.depth)
}

impl<V: Lanes> Functional<V> {
    /// `memory` is valid for [`functional_size`] vectors.
    pub fn new(shape: &Shape, memory: *mut V) -> Self {
        let mut levels = [core::ptr::null_mut(); MAX_DEPTH + 1];
        let mut at = memory;
        for (k, level) in levels.iter_mut().enumerate().take(shape.depth + 1).skip(2) {
            *level = at;
            at = at.wrapping_add(level_size(shape, k));
        }
        let anchor = at.wrapping_add(below_top(shape) - level_size(shape, shape.depth - 1));
        Functional { levels, anchor, lost: at }
    }

    /// From here on this is the path's first point.
    ///
    /// # Safety
    /// The levels are filled; depth 3 or more.
    pub unsafe fn start(&self, shape: &Shape) {
        let size = level_size(shape, shape.depth - 1);
        // SAFETY: as `new`.
        unsafe {
            core::ptr::copy_nonoverlapping(self.levels[shape.depth - 1], self.anchor, size);
            crate::batch::state::clear(self.lost, below_top(shape) - size);
        }
    }

    /// What the sums of level `k` have lost.
    #[inline(always)]
    pub fn lost(&self, k: usize) -> *mut V {
        self.lost.wrapping_offset(self.distance(k))
    }

    /// Numbers before level `k`.
    #[inline(always)]
    fn distance(&self, k: usize) -> isize {
        // SAFETY: both point into the levels.
        unsafe { self.levels[k].offset_from(self.levels[2]) }
    }

    /// The last level but one anew: Θ_{N-1} = Θ⁰_{N-1} + Θ_N⌟(x - x_0), with `moved` = x - x_0.
    ///
    /// # Safety
    /// [`Functional::start`] was called; `moved` has `channels` vectors; `wide`: the top level was
    /// [`widen`]ed.
    #[inline(never)]
    pub unsafe fn settle(&self, shape: &Shape, moved: *const V, wide: bool) {
        let (d, n) = (shape.channels, shape.depth);
        let (top, to) = (self.levels[n], self.levels[n - 1]);
        // The words before the last letter but two in the order of memory, their letters, and the
        // pitch from one first letter to the next.
        let (words, letters, pitch) = match (wide, n) {
            (false, _) => (level_size(shape, n - 1), 1, 1),
            (true, 3) => (1, pairs(d), pairs(d)),
            (true, _) => (level_size(shape, n - 1) / d, d, d),
        };
        // Level 2 is scaled by three times what the levels above are.
        let scale = V::splat(V::T::from_f64(if n == 3 { 3.0 } else { 1.0 }));
        // SAFETY: as `new`.
        unsafe {
            for word in 0..words {
                for letter in 0..letters {
                    let at = word * letters + letter;
                    let mut from = top.add(word * letters * d + letter);
                    let mut sum = V::zero();
                    for b in 0..d {
                        sum = (*from).mul_add(*moved.add(b), sum);
                        from = from.wrapping_add(pitch);
                    }
                    *to.add(at) = sum.mul_add(scale, *self.anchor.add(at));
                }
            }
        }
    }
}

/// Adds what a tile has changed to a running sum, and keeps what the addition loses (Kahan 1965).
///
/// # Safety
/// Both are valid for writing.
#[inline(always)]
pub unsafe fn add_change<V: Lanes>(sum: *mut V, lost: *mut V, change: V) {
    // SAFETY: as the caller vouches.
    unsafe {
        let before = *sum;
        let change = change.add(*lost);
        let after = before.add(change);
        *lost = change.sub(after.sub(before));
        *sum = after;
    }
}

/// Scratch of the set-up.
pub struct Memory<V> {
    /// `count(depth)` vectors each.
    pub work: [*mut V; 2],
}

/// Λ⁰ on level `k`, written to `to`: the cotangent contracted on the right with the signature.
///
/// # Safety
/// `cotangent` has `shape.size` vectors, `signature` all levels but the top one, `to` room for
/// `count(k)`.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn contract_right<V: Lanes>(shape: &Shape, k: usize, cotangent: *const V, signature: *const V, to: *mut V) {
    // SAFETY: as the caller vouches.
    unsafe {
        core::ptr::copy_nonoverlapping(cotangent.add(shape.offset(k)), to, shape.count(k));
        for j in 1..=shape.depth - k {
            let (from, suffixes) = (cotangent.add(shape.offset(k + j)), signature.add(shape.offset(j)));
            dots(from, suffixes, shape.count(j), to, shape.count(k));
        }
    }
}

/// Adds to each of `words` numbers at `to` the product of `suffixes`, `rest` of them, with as many
/// numbers at `from`.
///
/// # Safety
/// All are there.
#[inline(never)]
pub unsafe fn dots<V: Lanes>(mut from: *const V, suffixes: *const V, rest: usize, to: *mut V, words: usize) {
    // SAFETY: as the caller vouches.
    unsafe {
        for v in 0..words {
            *to.add(v) = dot(from, suffixes, rest, *to.add(v));
            from = from.add(rest);
        }
    }
}

/// `start` + Σ a b. Four sums, which do not wait for each other.
#[inline(always)]
unsafe fn dot<V: Lanes>(a: *const V, b: *const V, count: usize, start: V) -> V {
    let mut sums = [start, V::zero(), V::zero(), V::zero()];
    let mut i = 0;
    // SAFETY: the caller vouches for `count` vectors.
    unsafe {
        while i + 4 <= count {
            for (j, sum) in sums.iter_mut().enumerate() {
                *sum = (*a.add(i + j)).mul_add(*b.add(i + j), *sum);
            }
            i += 4;
        }
        while i < count {
            sums[0] = (*a.add(i)).mul_add(*b.add(i), sums[0]);
            i += 1;
        }
    }
    sums[0].add(sums[1]).add(sums[2].add(sums[3]))
}

/// Λ'(v) = Σ_u I(u) Λ(u v), all levels, in place: the cotangent contracted on the left with what
/// the path continued.
///
/// # Safety
/// Both have `shape.size` vectors.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn contract_left<V: Lanes>(shape: &Shape, cotangent: *mut V, initial: *const V) {
    // From the lowest level up: higher levels are still what they were.
    for k in 1..shape.depth {
        // SAFETY: offsets lie below shape.size.
        unsafe {
            let to = cotangent.add(shape.offset(k));
            let words = shape.count(k);
            for j in 1..=shape.depth - k {
                let prefixes = initial.add(shape.offset(j));
                let mut from = cotangent.add(shape.offset(k + j));
                for u in 0..shape.count(j) {
                    let x = *prefixes.add(u);
                    for v in 0..words {
                        *to.add(v) = x.mul_add(*from.add(v), *to.add(v));
                    }
                    from = from.add(words);
                }
            }
        }
    }
}

/// h(c) = Λ(c) + Σ_w S(w) Λ(w c): the gradient of a step that follows the whole path.
///
/// # Safety
/// As [`contract_right`]; `to` has room for `channels` vectors.
#[inline(never)]
pub unsafe fn last_step<V: Lanes>(shape: &Shape, cotangent: *const V, signature: *const V, to: *mut V) {
    let d = shape.channels;
    // SAFETY: as the caller vouches.
    unsafe {
        core::ptr::copy_nonoverlapping(cotangent, to, d);
        for k in 2..=shape.depth {
            let mut c = 0;
            while c < d {
                let rectangle = Rectangle {
                    y: to.add(c),
                    y_pitch: d,
                    v: signature.add(shape.offset(k - 1)),
                    v_pitch: 1,
                    z: cotangent.add(shape.offset(k) + c),
                    z_pitch: d,
                    steps: shape.count(k - 1),
                };
                match d - c {
                    3.. => rectangle.add::<1, 3>(),
                    2 => rectangle.add::<1, 2>(),
                    _ => rectangle.add::<1, 1>(),
                }
                c += 3.min(d - c);
            }
        }
    }
}

/// Fills the functional, and writes Θ on level 1, unscaled, to `first`.
///
/// # Safety
/// As [`contract_right`]; `theta` has room for all levels, `first` for `channels` vectors; `memory`
/// is there.
#[cfg_attr(path_signature_small, optimize(size))]
pub unsafe fn build<V: Lanes>(
    shape: &Shape,
    cotangent: *const V,
    signature: *const V,
    theta: &Functional<V>,
    first: *mut V,
    memory: &Memory<V>,
) {
    let n = shape.depth;
    // SAFETY: as the caller vouches.
    unsafe {
        contract_right(shape, 1, cotangent, signature, first);
        for k in 2..=n {
            let [mut from, mut to] = memory.work;
            contract_right(shape, k, cotangent, signature, from);
            // [w, u] = w u - u w, for the letter after each prefix; the innermost bracket is
            // `reduce`'s.
            for i in 0..k - 2 {
                bracket(shape, k, i, from, to);
                core::mem::swap(&mut from, &mut to);
            }
            let scale = if k == 2 { -0.5 } else { -1.0 / 6.0 };
            reduce(shape, k, from, theta.levels[k], V::splat(V::T::from_f64(scale)));
        }
    }
}

/// T(p w u) - T(p u w) for all prefixes p of `i` letters, letters w and rests u.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
unsafe fn bracket<V: Lanes>(shape: &Shape, k: usize, i: usize, from: *const V, to: *mut V) {
    let (d, rest) = (shape.channels, shape.count(k - i - 1));
    // SAFETY: `from` and `to` have count(k) vectors.
    unsafe {
        for p in 0..shape.count(i) {
            let base = p * d * rest;
            for w in 0..d {
                let (a, b, t) = (from.add(base + w * rest), from.add(base + w), to.add(base + w * rest));
                for u in 0..rest {
                    *t.add(u) = (*a.add(u)).sub(*b.add(u * d));
                }
            }
        }
    }
}

/// The innermost bracket, for pairs of letters in order, into the layout of [`Functional`].
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
unsafe fn reduce<V: Lanes>(shape: &Shape, k: usize, from: *const V, to: *mut V, scale: V) {
    let d = shape.channels;
    let prefixes = shape.count(k - 2);
    // SAFETY: `from` has count(k) vectors, `to` level_size(k).
    unsafe {
        for p in 0..prefixes {
            let prefix = reversed(d, k - 2, p);
            let square = from.add(p * d * d);
            let mut pair = 0;
            for a in 0..d {
                for c in a + 1..d {
                    let x = (*square.add(a * d + c)).sub(*square.add(c * d + a));
                    *to.add(pair * prefixes + prefix) = x.mul(scale);
                    pair += 1;
                }
            }
        }
    }
}

/// A word with its letters in reverse order.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn reversed(d: usize, letters: usize, mut word: usize) -> usize {
    let mut reversed = 0;
    for _ in 0..letters {
        reversed = reversed * d + word % d;
        word /= d;
    }
    reversed
}

/// The top level from its plain order into the one for `wide`.
///
/// # Safety
/// The functional is there; `memory` has room for the level.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub unsafe fn widen<V: Lanes>(shape: &Shape, theta: &Functional<V>, memory: *mut V) {
    let (d, n) = (shape.channels, shape.depth);
    let (top, size) = (theta.levels[n], level_size(shape, n));
    // SAFETY: as the caller vouches.
    unsafe {
        core::ptr::copy_nonoverlapping(top, memory, size);
        for at in 0..size {
            *top.add(first_letter_slower(d, n, at, pairs(d))) = *memory.add(at);
        }
    }
}

/// Where the top level's number `at` goes in the wide layout: word (b, a, u) to (u, b, a), on level
/// 3 (b, pair) to (b, pair).
#[cfg_attr(path_signature_small, optimize(size))]
fn first_letter_slower(d: usize, k: usize, at: usize, pairs: usize) -> usize {
    let (rest, b) = (at / d, at % d);
    if k == 3 {
        return b * pairs + rest;
    }
    let (u, a) = (rest / d, rest % d);
    (u * d + b) * d + a
}
