//! The walk over prefixes: Horner's scheme for all words at once, depth first, a tile of time steps at each node.
//!
//! One time step with increment z does, for every level k (Kidger & Lyons 2021, "Signatory", section 5; Horner's scheme),
//!     u = z/k;  for i = 1 … k-1: u = (u + S_i) ⊗ z/(k-i);  S_k += u.
//! The terms u of all levels that pass through one prefix w are followed together as *chains*: with m letters still to come, the chain of w is
//! C_m(w), and for the child w·c
//!     C_{m-1}(wc) = C_m(w)/m · z_c + S(wc),   S(wc) += C_1(w) · z_c,
//! so a node keeps C_m/m, and each chain costs one multiply-add (and one multiplication where m > 2). The root's chains are C_m = 1.
//!
//! The chains of a node depend on its own prefixes only, so a node runs a whole tile of steps before it goes down. On the top level, which has nearly all the
//! work, that makes a matrix product over time, S(wce) += Σ_q v_q(wc) z_q(e): a small rectangle of coefficients stays in registers for all steps of the tile, and
//! only v and z are loaded. Sizes of rectangles are compile-time constants; alphabet, depth and steps are not, so that no shape is special.
//!
//! Not here: where increments come from, what surrounds a tile.

use crate::increments::TILE;
use crate::lanes::{Lanes, Real};
use crate::rectangle::Rectangle;
use crate::shape::MAX_DEPTH;
use crate::small;

/// Children of a node whose chains are made at once: independent sums hide each other's latency.
const SIBLINGS: usize = 4;

/// Alphabets up to this size put the rows below all siblings together before the top level, so that rectangles are full.
const POOLED: usize = 8;

/// What a walk needs to know: pointers into scratch memory that the caller owns.
///
/// Invariant: `levels[r]` points at the coefficients of the words with `r` letters still to come (`levels[0]` is the top level), in row-major order,
/// as many as `width^(letters)`; `scratch` has room for [`scratch_vectors`].
pub struct Frame<V> {
    /// Letters of the alphabet.
    pub width: usize,
    /// Vectors between the increments of one step and the next, at least `width`.
    pub stride: usize,
    /// Levels in the walk, two or more.
    pub depth: usize,
    /// The first last letter that is followed on the top level: 0 (all words) or 1 (pruned).
    pub skip: usize,
    /// One pointer a level, by letters to come.
    pub levels: [*mut V; MAX_DEPTH + 1],
    /// Scratch for chains and rows.
    pub scratch: *mut V,
}

/// Vectors of scratch for walks of up to `width` letters and `depth` levels.
pub fn scratch_vectors(width: usize, depth: usize) -> Option<usize> {
    let chains = TILE * SIBLINGS * depth * depth;
    width.max(SIBLINGS * POOLED).checked_mul(TILE)?.checked_add(chains)
}

/// 1/n: a division for each step and level would take longer than the multiply-adds.
const RECIPROCALS: [f64; MAX_DEPTH + 2] = {
    let mut table = [0.0; MAX_DEPTH + 2];
    let mut n = 1;
    while n < table.len() {
        table[n] = 1.0 / n as f64;
        n += 1;
    }
    table
};

/// What 1/n is as a vector, n up to [`MAX_DEPTH`] + 1.
#[inline(always)]
pub fn reciprocal<V: Lanes>(n: usize) -> V {
    V::splat(V::T::from_f64(RECIPROCALS[n]))
}

/// A walk from the empty word.
///
/// # Safety
/// [`Frame`]'s invariant; `increments` holds `steps <= TILE` steps.
pub unsafe fn whole<V: Lanes>(frame: &Frame<V>, increments: *const V, steps: usize) {
    let r = frame.depth;
    // SAFETY: scratch has room for the root's chains, and behind them for all others.
    unsafe {
        for m in 1..=r {
            let one_over = reciprocal(m);
            for q in 0..steps {
                *frame.scratch.add(q * r + m - 1) = one_over;
            }
        }
        let tile = Tile { frame, increments, steps };
        tile.visit(r, 0, frame.scratch, frame.scratch.add(steps * r));
    }
}

/// What a pruned walk does for one first letter: the letter's own coefficient `root`, then all followed words that begin with it. The increments begin at that
/// letter's.
///
/// # Safety
/// [`Frame`]'s invariant for the words below the letter; `increments` holds `steps <= TILE` steps.
pub unsafe fn below_letter<V: Lanes>(frame: &Frame<V>, root: *mut V, increments: *const V, steps: usize) {
    let r = frame.depth;
    // SAFETY: as the caller vouches.
    unsafe {
        match (r, frame.width) {
            (2, 2) => return small::two_below::<V, 2, 1>(frame, root, increments, steps),
            (2, 3) => return small::two_below::<V, 3, 2>(frame, root, increments, steps),
            (3, 2) => return small::three_below_letter_of_two::<V>(frame, root, increments, steps),
            _ => {}
        }
        match r {
            2 => first_letter::<V, 2>(frame, root, increments, steps),
            3 => first_letter::<V, 3>(frame, root, increments, steps),
            4 => first_letter::<V, 4>(frame, root, increments, steps),
            _ => first_letter::<V, 0>(frame, root, increments, steps),
        }
        let tile = Tile { frame, increments, steps };
        tile.visit(r, 0, frame.scratch, frame.scratch.add(steps * r));
    }
}

/// The letter itself and its chains. `R` is the frame's depth where it is known at compile time, else 0.
///
/// # Safety
/// As [`below_letter`].
#[inline(never)]
unsafe fn first_letter<V: Lanes, const R: usize>(frame: &Frame<V>, root: *mut V, increments: *const V, steps: usize) {
    let r = if R > 0 { R } else { frame.depth };
    // SAFETY: as the caller vouches.
    unsafe {
        let mut x = *root;
        let (mut z, mut chains) = (increments, frame.scratch);
        for _ in 0..steps {
            for m in 1..(r + 1) {
                let chain = (*z).mul_add(reciprocal(m + 1), x);
                *chains.add(m - 1) = if m > 1 { chain.mul(reciprocal(m)) } else { chain };
            }
            x = x.add(*z);
            z = z.add(frame.stride);
            chains = chains.add(r);
        }
        *root = x;
    }
}

/// One level only: sums.
///
/// # Safety
/// `sums` has `width` vectors; `increments` holds `steps` steps of `stride` vectors.
pub unsafe fn level_one<V: Lanes>(sums: *mut V, width: usize, stride: usize, increments: *const V, steps: usize) {
    // SAFETY: as the caller vouches.
    unsafe {
        for c in 0..width {
            let mut x = *sums.add(c);
            for q in 0..steps {
                x = x.add(*increments.add(q * stride + c));
            }
            *sums.add(c) = x;
        }
    }
}

/// A tile of time under way.
struct Tile<'a, V> {
    frame: &'a Frame<V>,
    increments: *const V,
    steps: usize,
}

impl<V: Lanes> Tile<'_, V> {
    /// Everything below word number `word`, which has `r >= 2` letters to come and the chains `[q * r + m - 1]` = C_m / m.
    unsafe fn visit(&self, r: usize, word: usize, chains: *const V, scratch: *mut V) {
        let d = self.frame.width;
        // SAFETY: Frame's invariant; each level's chains lie behind the one above.
        unsafe {
            if r == 2 {
                self.rows(word, chains, scratch, d);
                self.top(word * d, d, scratch);
                return;
            }
            if r == 3 && d == 2 {
                let (frame, increments, steps) = (self.frame, self.increments, self.steps);
                return match frame.skip {
                    0 => small::three_below_of_two::<V, 2>(frame, word, chains, increments, steps),
                    _ => small::three_below_of_two::<V, 1>(frame, word, chains, increments, steps),
                };
            }
            let each = self.steps * (r - 1);
            let beyond = scratch.add(SIBLINGS * each);
            let mut c = 0;
            while c < d {
                let group = SIBLINGS.min(d - c);
                self.children(r, word * d, c, group, chains, scratch);
                if r == 3 && d <= POOLED {
                    for i in 0..group {
                        self.rows(word * d + c + i, scratch.add(i * each), beyond.add(i * d), group * d);
                    }
                    self.top((word * d + c) * d, group * d, beyond);
                } else {
                    for i in 0..group {
                        self.visit(r - 1, word * d + c + i, scratch.add(i * each), beyond);
                    }
                }
                c += group;
            }
        }
    }

    /// `group` children of a node, letters `c …`: their coefficients and their chains, one child's behind the other's.
    #[inline(always)]
    unsafe fn children(&self, r: usize, first: usize, c: usize, group: usize, chains: *const V, below: *mut V) {
        // SAFETY: as the caller vouches.
        unsafe {
            match (r, group) {
                (3, 4) => self.siblings::<3, 4>(r, first, c, chains, below),
                (3, 3) => self.siblings::<3, 3>(r, first, c, chains, below),
                (3, 2) => self.siblings::<3, 2>(r, first, c, chains, below),
                (4, 4) => self.siblings::<4, 4>(r, first, c, chains, below),
                (4, 3) => self.siblings::<4, 3>(r, first, c, chains, below),
                (4, 2) => self.siblings::<4, 2>(r, first, c, chains, below),
                (5, 3) => self.siblings::<5, 3>(r, first, c, chains, below),
                (5, 2) => self.siblings::<5, 2>(r, first, c, chains, below),
                (6, 2) => self.siblings::<6, 2>(r, first, c, chains, below),
                _ => {
                    for i in 0..group {
                        self.siblings::<0, 1>(r, first, c + i, chains, below.add(i * self.steps * (r - 1)));
                    }
                }
            }
        }
    }

    /// `G` children at once. `R` is `r` where it is known at compile time, else 0.
    #[inline(never)]
    unsafe fn siblings<const R: usize, const G: usize>(
        &self,
        r: usize,
        first: usize,
        c: usize,
        chains: *const V,
        below: *mut V,
    ) {
        let r = if R > 0 { R } else { r };
        let each = self.steps * (r - 1);
        // SAFETY: as the caller vouches.
        unsafe {
            let coefficients = self.frame.levels[r - 1].add(first + c);
            let mut x: [V; G] = core::array::from_fn(|i| *coefficients.add(i));
            let mut z = self.increments.add(c);
            let (mut chain, mut to) = (chains, below);
            for _ in 0..self.steps {
                let one = *chain;
                for m in 2..(r + 1) {
                    let upper = *chain.add(m - 1);
                    for (i, &x) in x.iter().enumerate() {
                        let next = upper.mul_add(*z.add(i), x);
                        *to.add(i * each + m - 2) = if m > 2 { next.mul(reciprocal(m - 1)) } else { next };
                    }
                }
                for (i, x) in x.iter_mut().enumerate() {
                    *x = one.mul_add(*z.add(i), *x);
                }
                z = z.add(self.frame.stride);
                chain = chain.add(r);
                to = to.add(r - 1);
            }
            for (i, x) in x.into_iter().enumerate() {
                *coefficients.add(i) = x;
            }
        }
    }

    /// The words of the last but one level below `word`, and what each step hands on to their children: `[q * pitch + c]`.
    #[inline(always)]
    unsafe fn rows(&self, word: usize, chains: *const V, to: *mut V, pitch: usize) {
        let d = self.frame.width;
        // SAFETY: as the caller vouches.
        unsafe {
            let lower = self.frame.levels[1].add(word * d);
            let mut c = 0;
            while c < d {
                let (lower, z, to) = (lower.add(c), self.increments.add(c), to.add(c));
                c += match d - c {
                    4.. => self.some_rows::<4>(lower, chains, z, to, pitch),
                    3 => self.some_rows::<3>(lower, chains, z, to, pitch),
                    2 => self.some_rows::<2>(lower, chains, z, to, pitch),
                    _ => self.some_rows::<1>(lower, chains, z, to, pitch),
                };
            }
        }
    }

    /// `G` of them; gives G.
    #[inline(never)]
    unsafe fn some_rows<const G: usize>(
        &self,
        lower: *mut V,
        mut chains: *const V,
        mut z: *const V,
        mut to: *mut V,
        pitch: usize,
    ) -> usize {
        // SAFETY: as the caller vouches.
        unsafe {
            let mut x: [V; G] = core::array::from_fn(|i| *lower.add(i));
            for _ in 0..self.steps {
                let (b, a) = (*chains, *chains.add(1));
                for (i, x) in x.iter_mut().enumerate() {
                    let z = *z.add(i);
                    *to.add(i) = a.mul_add(z, *x);
                    *x = b.mul_add(z, *x);
                }
                chains = chains.add(2);
                z = z.add(self.frame.stride);
                to = to.add(pitch);
            }
            for (i, x) in x.into_iter().enumerate() {
                *lower.add(i) = x;
            }
        }
        G
    }

    /// The top level below `count` neighbouring rows from number `first` on, whose values are `v[q * count + row]`.
    ///
    /// Rectangles leave room for the increments and one row's value in the fifteen registers that engines use, for a sum in memory would wait for itself;
    /// eight sums or more hide the latency of a multiply-add.
    unsafe fn top(&self, first: usize, count: usize, v: *const V) {
        let skip = self.frame.skip;
        let columns = self.frame.width - skip;
        // SAFETY: as the caller vouches.
        unsafe {
            let y = self.frame.levels[0].add(first * columns);
            // Rows taken with so many columns.
            macro_rules! add {
                ($rows:literal, $columns:literal, $rectangle:expr) => {{
                    $rectangle.add::<$rows, $columns>();
                    $rows
                }};
            }
            let mut e = 0;
            while e < columns {
                let (z, left) = (self.increments.add(e + skip), columns - e);
                let mut row = 0;
                while row < count {
                    let rectangle = Rectangle {
                        y: y.add(row * columns + e),
                        y_pitch: columns,
                        v: v.add(row),
                        v_pitch: count,
                        z,
                        z_pitch: self.frame.stride,
                        steps: self.steps,
                    };
                    let rest = count - row;
                    row += match left {
                        1 => match rest {
                            8.. => add!(8, 1, rectangle),
                            4.. => add!(4, 1, rectangle),
                            2.. => add!(2, 1, rectangle),
                            _ => add!(1, 1, rectangle),
                        },
                        2 | 4 => match rest {
                            6 | 9.. => add!(6, 2, rectangle),
                            5 => add!(5, 2, rectangle),
                            4 | 7 | 8 => add!(4, 2, rectangle),
                            3 => add!(3, 2, rectangle),
                            2 => add!(2, 2, rectangle),
                            _ => add!(1, 2, rectangle),
                        },
                        _ => match rest {
                            3 | 5.. => add!(3, 3, rectangle),
                            2 | 4 => add!(2, 3, rectangle),
                            _ => add!(1, 3, rectangle),
                        },
                    };
                }
                e += match left {
                    1 => 1,
                    2 | 4 => 2,
                    _ => 3,
                };
            }
        }
    }
}
