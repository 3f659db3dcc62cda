//! The adjoint of Horner's scheme for a few steps of time: level after level, down to the words
//! that have children, then back up from the top level.
//!
//! Forwards, a step with increment z does, for words w and letters c (`walk` has the recursion;
//! C_m = 1 for the empty word),
//!     C_m(w c) = R(w c) + C_{m+1}(w) z_c/(m+1),     R'(w c) = R(w c) + C_1(w) z_c.
//! So with λ' the cotangent of the signatures R' after the step, λ that of those before it, and κ_m
//! that of C_m,
//!     κ_1(w) = Σ_c z_c λ'(w c),     κ_{m+1}(w) = Σ_c z_c κ_m(w c)/(m+1),
//!     λ(w c) = λ'(w c) + Σ_m κ_m(w c),
//!     g(c) = Σ_w (C_1(w) λ'(w c) + Σ_m C_{m+1}(w)/(m+1) κ_m(w c)).
//!
//! A pass over a level has some letters' z and g in registers, and goes through memory from one end
//! to the other.
//!
//! Not here: where rows and increments come from, what a point's gradient is made of (`stream`).

// Loops over words and letters index several arrays of registers together; iterators over one of
// them would hide that.
#![allow(clippy::needless_range_loop)]

use crate::lanes::Lanes;
use crate::words::shape::Shape;

/// Words with all their letters that are passed over by one group of letters after the other before
/// others are: few enough for the nearest cache.
const BLOCK: usize = 256;

/// Vectors of C, and of κ, a step: for each word but the top level's as many as letters are to
/// come.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn pitch(shape: &Shape) -> usize {
    (1..shape.depth).map(|k| shape.count(k) * (shape.depth - k)).sum()
}

/// Steps that are taken back together.
pub struct Levels<'a, V> {
    pub shape: &'a Shape,
    pub steps: usize,
    /// The signatures before each step, `low` vectors with all levels but the top one, and the
    /// cotangents of those after it.
    pub signatures: *const V,
    pub low: usize,
    pub cotangents: *const V,
    /// λ, all levels, as it runs.
    pub adjoint: *mut V,
    /// Increments `[q * channels + c]`.
    pub increments: *const V,
    /// What levels from 2 on are to g, added to.
    pub rest: *mut V,
    /// C and κ, `pitch` vectors a step each: level after level C_1 of all words, C_2 of all of
    /// them …
    pub chains: *mut V,
    pub sums: *mut V,
    pub pitch: usize,
    /// 1/m at m, up to the depth.
    pub fractions: *const V,
}

/// What a pass is over: words of a level with some last letters.
pub struct Part {
    /// Letters still to come behind the words before the last letter.
    more: usize,
    /// Words of the level before and of this one, and where the level begins in a row.
    pub parents: usize,
    pub children: usize,
    pub offset: usize,
    /// Where C and κ of the two levels begin.
    pub above: usize,
    below: usize,
    /// The first word of the level before, and how many there are: some.
    first: usize,
    words: usize,
    letter: usize,
}

impl<V: Lanes> Levels<'_, V> {
    /// All levels but what level 1 is to its own λ and to g, which is left to whoever knows the
    /// points.
    ///
    /// # Safety
    /// All memory is there.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn run(&self) {
        let (d, n) = (self.shape.channels, self.shape.depth);
        if n == 1 {
            return;
        }
        let mut part = Part {
            more: n - 1,
            parents: d,
            children: d * d,
            offset: d,
            above: 0,
            below: d * (n - 1),
            first: 0,
            words: 0,
            letter: 0,
        };
        // The last two levels together, where there is code for that.
        let together = V::WIDTH == 4 && d <= 3 && n >= 3;
        // SAFETY: as the caller vouches.
        unsafe {
            self.down_from_root();
            while part.more > 1 + usize::from(together) {
                self.pass(&mut part, false);
                (part.parents, part.children) = (part.children, part.children * d);
                part.offset += part.parents;
                part.more -= 1;
                (part.above, part.below) = (part.below, part.below + part.parents * part.more);
            }
            while part.more < n {
                match (together && part.more == 2, d) {
                    (true, 2) => self.last_two::<2>(&part),
                    (true, _) => self.last_two::<3>(&part),
                    _ => self.pass(&mut part, true),
                }
                (part.parents, part.children) = (part.parents / d, part.parents);
                part.offset -= part.children;
                part.more += 1;
                (part.above, part.below) = (part.above.wrapping_sub(part.parents * part.more), part.above);
            }
        }
    }

    /// A level, down or up.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn pass(&self, part: &mut Part, up: bool) {
        let d = self.shape.channels;
        let block = (BLOCK / d).max(1);
        part.first = 0;
        while part.first < part.parents {
            part.words = block.min(part.parents - part.first);
            part.letter = 0;
            while part.letter < d {
                macro_rules! go {
                    ($letters:literal) => {{
                        // SAFETY: as the caller vouches.
                        unsafe {
                            if up {
                                self.up::<$letters>(part);
                            } else {
                                self.down::<$letters>(part);
                            }
                        }
                        $letters
                    }};
                }
                part.letter += match d - part.letter {
                    // Four letters are worth their code where four lanes are.
                    4 | 7.. if V::WIDTH == 4 => go!(4),
                    3 | 5.. => go!(3),
                    _ => go!(2),
                };
            }
            part.first += part.words;
        }
    }

    /// Level 1: C of single letters.
    #[inline(never)]
    unsafe fn down_from_root(&self) {
        let (d, n) = (self.shape.channels, self.shape.depth);
        // SAFETY: as the caller vouches.
        unsafe {
            let (mut z, mut signature, mut chains) = (self.increments, self.signatures, self.chains);
            for _ in 0..self.steps {
                for m in 1..n {
                    let fraction = *self.fractions.add(m + 1);
                    let to = chains.add((m - 1) * d);
                    for c in 0..d {
                        *to.add(c) = (*z.add(c)).mul_add(fraction, *signature.add(c));
                    }
                }
                z = z.add(d);
                signature = signature.add(self.low);
                chains = chains.add(self.pitch);
            }
        }
    }

    /// C of words, from C of the words before their last letters.
    #[inline(never)]
    unsafe fn down<const G: usize>(&self, part: &Part) {
        let d = self.shape.channels;
        let child = part.first * d + part.letter;
        // SAFETY: as the caller vouches.
        unsafe {
            for q in 0..self.steps {
                let z: [V; G] = core::array::from_fn(|g| *self.increments.add(q * d + part.letter + g));
                let mut signature = self.signatures.add(q * self.low + part.offset + child);
                let chains = self.chains.add(q * self.pitch);
                let (mut from, mut to) = (chains.add(part.above + part.first), chains.add(part.below + child));
                let mut left = part.words;
                loop {
                    let before: [V; G] = core::array::from_fn(|g| *signature.add(g));
                    let (mut chain, mut fraction, mut of_child) = (from, self.fractions, to);
                    for _ in 1..part.more {
                        chain = chain.add(part.parents);
                        let x = (*chain).mul(*fraction.add(2));
                        for g in 0..G {
                            *of_child.add(g) = x.mul_add(z[g], before[g]);
                        }
                        fraction = fraction.add(1);
                        of_child = of_child.add(part.children);
                    }
                    left -= 1;
                    if left == 0 {
                        break;
                    }
                    (signature, from, to) = (signature.add(d), from.add(1), to.add(d));
                }
            }
        }
    }

    /// λ of words, what they are to the increments' gradients, and κ of the words before their last
    /// letters.
    #[inline(never)]
    unsafe fn up<const G: usize>(&self, part: &Part) {
        let (d, size) = (self.shape.channels, self.shape.size);
        let child = part.first * d + part.letter;
        let alone = part.letter == 0;
        // SAFETY: as the caller vouches.
        unsafe {
            for q in (0..self.steps).rev() {
                let z: [V; G] = core::array::from_fn(|g| *self.increments.add(q * d + part.letter + g));
                let mut gradient = [V::zero(); G];
                let mut cotangent = self.cotangents.add(q * size + part.offset + child);
                let mut adjoint = self.adjoint.add(part.offset + child);
                let mut of_children = self.sums.add(q * self.pitch + part.below + child).cast_const();
                let place = q * self.pitch + part.above + part.first;
                let (mut chains, mut sums) = (self.chains.add(place).cast_const(), self.sums.add(place));
                let mut left = part.words;
                loop {
                    let one = *chains;
                    let mut total = if alone { V::zero() } else { *sums };
                    let mut x = [V::zero(); G];
                    for g in 0..G {
                        x[g] = (*adjoint.add(g)).add(*cotangent.add(g));
                        total = z[g].mul_add(x[g], total);
                        gradient[g] = one.mul_add(x[g], gradient[g]);
                    }
                    *sums = total;
                    let (mut chain, mut sum, mut from, mut fraction) = (chains, sums, of_children, self.fractions);
                    for _ in 1..part.more {
                        (chain, sum) = (chain.add(part.parents), sum.add(part.parents));
                        let factor = (*chain).mul(*fraction.add(2));
                        let mut total = V::zero();
                        for g in 0..G {
                            let y = *from.add(g);
                            total = z[g].mul_add(y, total);
                            gradient[g] = factor.mul_add(y, gradient[g]);
                            x[g] = x[g].add(y);
                        }
                        total = total.mul(*fraction.add(2));
                        *sum = if alone { total } else { total.add(*sum) };
                        from = from.add(part.children);
                        fraction = fraction.add(1);
                    }
                    for g in 0..G {
                        *adjoint.add(g) = x[g];
                    }
                    left -= 1;
                    if left == 0 {
                        break;
                    }
                    (cotangent, adjoint, of_children) = (cotangent.add(d), adjoint.add(d), of_children.add(d));
                    (chains, sums) = (chains.add(1), sums.add(1));
                }
                for g in 0..G {
                    let rest = self.rest.add(q * d + part.letter + g);
                    *rest = (*rest).add(gradient[g]);
                }
            }
        }
    }
}
