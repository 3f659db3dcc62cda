//! The walk over prefixes: Horner's scheme for all words at once, depth first, a few time steps at a time.
//!
//! One time step with increment z does, for every level k (Kidger & Lyons 2021, "Signatory", section 5; Horner's scheme),
//!     u = z/k;  for i = 1 … k-1: u = (u + S_i) ⊗ z/(k-i);  S_k += u.
//! The terms u of all levels that pass through one prefix w are followed together as *chains*: with m letters still to come, the chain of w is
//! C_m(w), and for the child w·c
//!     C_{m-1}(wc) = C_m(w)/m · z_c + S(wc),   S(wc) += C_1(w) · z_c,
//! so a node keeps C_m/m, and each chain costs one multiply-add (and one multiplication where m > 2). The root's chains are C_m = 1.
//!
//! Because the chains of a node depend on its own prefixes only, a node may run `M` time steps before it goes down: one load and one store of a
//! coefficient serve M steps. The two lowest levels (the *leaf*) hold nearly all the work and are unrolled with everything in registers.
//!
//! Constants of a walk: `D` channels (0: known at run time only), `M` steps, `W` words of the last but one level side by side, `U` levels unrolled over
//! their letters, `E0` first last letter followed (0: all; 1: only words whose last letter is not the alphabet's first, for the pruned walk).
//! Not here: where increments come from, what surrounds a block of steps.

// Loops over q, i and c index several register arrays at once; iterators over one of them would hide that.
#![allow(clippy::needless_range_loop)]

use crate::lanes::{Lanes, Real};
use core::marker::PhantomData;

/// Levels below which chains live in registers; deeper ones keep them in scratch memory.
pub const REGISTER_LEVELS: usize = 6;

/// Chains of one node for M steps: `[q][m - 1]` is C_m / m at step q.
type Chains<V, const M: usize> = [[V; REGISTER_LEVELS]; M];

/// Where a block of M steps keeps the increment of step `q`, letter `c`: `c * M + q` vectors from the block's start. So a letter's M increments
/// lie together, and a walk over the letters from `a` on only shifts the start.
///
/// What a walk needs to know: pointers into scratch memory that the caller owns.
///
/// Invariant: `levels[r]` points at the coefficients of the words with `r` letters still to come (`levels[0]` is the top level), in row-major order,
/// as many as `width^(letters)`; `chains` has room for `M * depth^2` vectors.
pub struct Frame<V> {
    /// Letters of the alphabet.
    pub width: usize,
    /// Letters in the blocks of increments, at least `width`: a block of M steps has `letters * M` vectors.
    pub letters: usize,
    /// Levels in the walk.
    pub depth: usize,
    /// One pointer a level, by letters to come.
    pub levels: [*mut V; crate::shape::MAX_DEPTH + 1],
    /// Scratch for the chains of deep nodes.
    pub chains: *mut V,
}

/// The part of a frame that the register levels use, by value so that it stays in registers.
#[derive(Clone, Copy)]
struct Place<V> {
    width: usize,
    levels: [*mut V; REGISTER_LEVELS],
}

impl<V> Frame<V> {
    #[inline(always)]
    fn place(&self) -> Place<V> {
        Place { width: self.width, levels: core::array::from_fn(|r| self.levels[r]) }
    }
}

/// The increments of one block: in memory, and, for a small constant D, in registers as well.
struct Steps<V, const D: usize, const M: usize> {
    memory: *const V,
    registers: [[V; D]; M],
}

impl<V: Lanes, const D: usize, const M: usize> Steps<V, D, M> {
    /// Alphabets so small that the leaf is unrolled over all its letters.
    const UNROLLED: bool = D > 0 && D <= 5;
    /// Blocks so small that registers hold them and leave room for the rest; larger ones would only be spilled.
    const IN_REGISTERS: bool = D * M <= 8;

    #[inline(always)]
    unsafe fn new(memory: *const V) -> Self {
        let mut registers = [[V::zero(); D]; M];
        if Self::IN_REGISTERS {
            for (q, step) in registers.iter_mut().enumerate() {
                for (c, z) in step.iter_mut().enumerate() {
                    // SAFETY: the block has D * M increments or more.
                    *z = unsafe { *memory.add(c * M + q) };
                }
            }
        }
        Steps { memory, registers }
    }

    /// Increment of letter c at step q. `fixed`: c is known at compile time.
    #[inline(always)]
    unsafe fn get(&self, q: usize, c: usize, fixed: bool) -> V {
        if Self::IN_REGISTERS && fixed {
            self.registers[q][c]
        } else {
            // SAFETY: q < M, c < width.
            unsafe { *self.memory.add(c * M + q) }
        }
    }
}

/// A node of the walk with `R` letters still to come.
trait Node<V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize, const E0: usize> {
    const R: usize;
    /// Runs M steps for everything below the word with index `word` among the words of its length.
    unsafe fn visit(place: Place<V>, word: usize, chains: &Chains<V, M>, steps: &Steps<V, D, M>);
}

/// Two letters to come: the leaf.
struct Leaf;
/// One letter more than `T`.
struct Above<T>(PhantomData<T>);

impl<V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize, const E0: usize> Node<V, D, M, W, U, E0>
    for Leaf
{
    const R: usize = 2;

    #[inline(always)]
    unsafe fn visit(place: Place<V>, word: usize, chains: &Chains<V, M>, steps: &Steps<V, D, M>) {
        // SAFETY: by Frame's invariant the children of `word` lie at levels[1] + word * width, theirs at levels[0].
        unsafe {
            if D > 0 {
                let lower = place.levels[1].add(word * D);
                let top = place.levels[0].add(word * D * (D - E0));
                if Steps::<V, D, M>::UNROLLED {
                    let mut c = 0;
                    while c + W <= D {
                        leaf_tile::<V, D, M, W, E0>(c, D, true, chains, steps, lower, top);
                        c += W;
                    }
                    while c < D {
                        leaf_tile::<V, D, M, 1, E0>(c, D, true, chains, steps, lower, top);
                        c += 1;
                    }
                    return;
                }
            }
            let d = place.width;
            let lower = place.levels[1].add(word * d);
            let top = place.levels[0].add(word * d * (d - E0));
            let mut c = 0;
            while c + W <= d {
                leaf_tile::<V, D, M, W, E0>(c, d, false, chains, steps, lower, top);
                c += W;
            }
            while c < d {
                leaf_tile::<V, D, M, 1, E0>(c, d, false, chains, steps, lower, top);
                c += 1;
            }
        }
    }
}

/// `W` neighbouring words of the last but one level, from letter `c0` on, and all their children, for M steps.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn leaf_tile<V: Lanes, const D: usize, const M: usize, const W: usize, const E0: usize>(
    c0: usize,
    width: usize,
    fixed: bool,
    chains: &Chains<V, M>,
    steps: &Steps<V, D, M>,
    lower: *mut V,
    top: *mut V,
) {
    // SAFETY: c0 + W <= width; see the caller.
    unsafe {
        let mut x: [V; W] = core::array::from_fn(|i| *lower.add(c0 + i));
        let mut v = [[V::zero(); M]; W];
        for q in 0..M {
            for i in 0..W {
                let z = steps.get(q, c0 + i, fixed);
                v[i][q] = chains[q][1].mul_add(z, x[i]);
                x[i] = chains[q][0].mul_add(z, x[i]);
            }
        }
        for i in 0..W {
            *lower.add(c0 + i) = x[i];
        }
        let followed = width - E0;
        let top = top.add(c0 * followed);
        if D > 0 {
            for e in 0..(D - E0) {
                top_word::<V, D, M, W, E0>(e, D - E0, fixed, &v, steps, top);
            }
        } else {
            let mut e = 0;
            while e + 2 <= followed {
                top_word::<V, D, M, W, E0>(e, followed, fixed, &v, steps, top);
                top_word::<V, D, M, W, E0>(e + 1, followed, fixed, &v, steps, top);
                e += 2;
            }
            if e < followed {
                top_word::<V, D, M, W, E0>(e, followed, fixed, &v, steps, top);
            }
        }
    }
}

/// The words of the top level that end in letter `e + E0` below W neighbouring words: M multiply-adds each for one load and one store.
#[inline(always)]
unsafe fn top_word<V: Lanes, const D: usize, const M: usize, const W: usize, const E0: usize>(
    e: usize,
    followed: usize,
    fixed: bool,
    v: &[[V; M]; W],
    steps: &Steps<V, D, M>,
    top: *mut V,
) {
    // SAFETY: see leaf_tile.
    unsafe {
        let mut y: [V; W] = core::array::from_fn(|i| *top.add(i * followed + e));
        for q in 0..M {
            let z = steps.get(q, e + E0, fixed);
            for i in 0..W {
                y[i] = v[i][q].mul_add(z, y[i]);
            }
        }
        for i in 0..W {
            *top.add(i * followed + e) = y[i];
        }
    }
}

/// What 1/n is as a vector.
#[inline(always)]
fn reciprocal<V: Lanes>(n: usize) -> V {
    V::splat(V::T::from_f64(1.0 / n as f64))
}

impl<T, V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize, const E0: usize>
    Node<V, D, M, W, U, E0> for Above<T>
where
    T: Node<V, D, M, W, U, E0>,
{
    const R: usize = T::R + 1;

    #[inline(always)]
    unsafe fn visit(place: Place<V>, word: usize, chains: &Chains<V, M>, steps: &Steps<V, D, M>) {
        if D > 0 && U >= Self::R {
            for c in 0..D {
                // SAFETY: c < width.
                unsafe { child::<T, V, D, M, W, U, E0>(place, word * D + c, c, true, chains, steps) };
            }
        } else {
            let d = if D > 0 { D } else { place.width };
            // A bound that the compiler does not know keeps it from unrolling whole subtrees.
            let mut c = 0;
            while c < place.width {
                // SAFETY: c < width.
                unsafe { child::<T, V, D, M, W, U, E0>(place, word * d + c, c, false, chains, steps) };
                c += 1;
            }
        }
    }
}

/// Word `word` of the level below a node, whose last letter is `c`: its own coefficient, its chains, and all below it.
#[inline(always)]
unsafe fn child<T, V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize, const E0: usize>(
    place: Place<V>,
    word: usize,
    c: usize,
    fixed: bool,
    chains: &Chains<V, M>,
    steps: &Steps<V, D, M>,
) where
    T: Node<V, D, M, W, U, E0>,
{
    // SAFETY: by Frame's invariant.
    unsafe {
        let coefficient = place.levels[T::R].add(word);
        let mut x = *coefficient;
        let mut below = [[V::zero(); REGISTER_LEVELS]; M];
        for q in 0..M {
            let z = steps.get(q, c, fixed);
            for m in 2..(T::R + 2) {
                let chain = chains[q][m - 1].mul_add(z, x);
                below[q][m - 2] = if m > 2 { chain.mul(reciprocal(m - 1)) } else { chain };
            }
            x = chains[q][0].mul_add(z, x);
        }
        *coefficient = x;
        T::visit(place, word, &below, steps);
    }
}

/// A walk from the empty word with the register levels `T`: exactly `T::R` levels.
///
/// # Safety
/// Frame's invariant with `width = D` (if D > 0) and `depth = T::R`; `increments` holds `steps` rounded up to a multiple of M.
#[inline(always)]
unsafe fn whole<T, V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize, const E0: usize>(
    frame: &Frame<V>,
    increments: *const V,
    steps: usize,
) where
    T: Node<V, D, M, W, U, E0>,
{
    let place = frame.place();
    let root: Chains<V, M> = core::array::from_fn(|_| core::array::from_fn(|m| reciprocal(m + 1)));
    let mut t = 0;
    while t < steps {
        // SAFETY: as the caller vouches.
        unsafe {
            let block = Steps::<V, D, M>::new(increments.add(t * frame.letters));
            T::visit(place, 0, &root, &block);
        }
        t += M;
    }
}

/// A walk of more levels than `T` has: the upper ones keep their chains in memory.
///
/// # Safety
/// As [`whole`], `depth > T::R`.
unsafe fn tall<T, V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize, const E0: usize>(
    frame: &Frame<V>,
    increments: *const V,
    steps: usize,
) where
    T: Node<V, D, M, W, U, E0>,
{
    // SAFETY: chains has room for M * depth^2 vectors: the root's take M * depth.
    unsafe {
        for q in 0..M {
            for m in 1..=frame.depth {
                *frame.chains.add(q * frame.depth + m - 1) = reciprocal(m);
            }
        }
        let mut t = 0;
        while t < steps {
            deep::<T, V, D, M, W, U, E0>(frame, frame.depth, 0, frame.chains, increments.add(t * frame.letters));
            t += M;
        }
    }
}

/// A node with `r > T::R` letters to come, its chains `[q * r + m - 1]` in memory.
unsafe fn deep<T, V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize, const E0: usize>(
    frame: &Frame<V>,
    r: usize,
    word: usize,
    chains: *mut V,
    increments: *const V,
) where
    T: Node<V, D, M, W, U, E0>,
{
    let d = if D > 0 { D } else { frame.width };
    // SAFETY: Frame's invariant; the chains of the levels below lie behind this level's.
    unsafe {
        let children = frame.levels[r - 1].add(word * d);
        let below = chains.add(M * r);
        for c in 0..d {
            let mut x = *children.add(c);
            for q in 0..M {
                let z = *increments.add(c * M + q);
                for m in 2..=r {
                    let chain = (*chains.add(q * r + m - 1)).mul_add(z, x);
                    *below.add(q * (r - 1) + m - 2) = if m > 2 { chain.mul(reciprocal(m - 1)) } else { chain };
                }
                x = (*chains.add(q * r)).mul_add(z, x);
            }
            *children.add(c) = x;
            if r - 1 > T::R {
                deep::<T, V, D, M, W, U, E0>(frame, r - 1, word * d + c, below, increments);
            } else {
                subtree::<T, V, D, M, W, U, E0>(frame, word * d + c, below, increments);
            }
        }
    }
}

/// The register levels below a deep node.
#[inline(never)]
unsafe fn subtree<T, V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize, const E0: usize>(
    frame: &Frame<V>,
    word: usize,
    chains: *const V,
    increments: *const V,
) where
    T: Node<V, D, M, W, U, E0>,
{
    // SAFETY: the caller wrote M * T::R chains.
    unsafe {
        let chains: Chains<V, M> = core::array::from_fn(|q| {
            core::array::from_fn(|m| if m < T::R { *chains.add(q * T::R + m) } else { V::zero() })
        });
        let place = frame.place();
        let block = Steps::<V, D, M>::new(increments);
        T::visit(place, word, &chains, &block);
    }
}

/// What a pruned walk does for one first letter, in one block of steps: the letter's own coefficient and all followed words that begin with it.
/// The increments begin at that letter's.
///
/// # Safety
/// [`Frame`]'s invariant for the words below the letter, whose coefficient is `root`; the block holds M steps.
pub type LetterFn<V> = unsafe fn(frame: &Frame<V>, root: *mut V, increments: *const V);

/// Advances the letter's own coefficient and starts its chains: `[q][m - 1]` for the `m` letters to come.
#[inline(always)]
unsafe fn first_letter<V: Lanes, const M: usize>(
    root: *mut V,
    increments: *const V,
    depth: usize,
    mut chain: impl FnMut(usize, usize, V),
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut x = *root;
        for q in 0..M {
            let z = *increments.add(q);
            for m in 1..(depth + 1) {
                let c = z.mul_add(reciprocal(m + 1), x);
                chain(q, m, if m > 1 { c.mul(reciprocal(m)) } else { c });
            }
            x = x.add(z);
        }
        *root = x;
    }
}

/// A letter with exactly the register levels `T` below it.
///
/// # Safety
/// See [`LetterFn`].
unsafe fn letter<T, V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize>(
    frame: &Frame<V>,
    root: *mut V,
    increments: *const V,
) where
    T: Node<V, D, M, W, U, 1>,
{
    let mut chains = [[V::zero(); REGISTER_LEVELS]; M];
    // SAFETY: as the caller vouches.
    unsafe {
        first_letter::<V, M>(root, increments, T::R, |q, m, c| chains[q][m - 1] = c);
        T::visit(frame.place(), 0, &chains, &Steps::<V, D, M>::new(increments));
    }
}

/// A letter with more levels below it than `T` has.
///
/// # Safety
/// See [`LetterFn`].
unsafe fn tall_letter<T, V: Lanes, const D: usize, const M: usize, const W: usize, const U: usize>(
    frame: &Frame<V>,
    root: *mut V,
    increments: *const V,
) where
    T: Node<V, D, M, W, U, 1>,
{
    let depth = frame.depth;
    // SAFETY: as the caller vouches; the frame has room for M * depth chains here.
    unsafe {
        first_letter::<V, M>(root, increments, depth, |q, m, c| *frame.chains.add(q * depth + m - 1) = c);
        deep::<T, V, D, M, W, U, 1>(frame, depth, 0, frame.chains, increments);
    }
}

/// One level only.
unsafe fn level_one<V: Lanes>(frame: &Frame<V>, increments: *const V, steps: usize) {
    // SAFETY: Frame's invariant.
    unsafe {
        for c in 0..frame.width {
            let mut x = *frame.levels[0].add(c);
            for t in 0..steps {
                x = x.add(*increments.add(t * frame.letters + c));
            }
            *frame.levels[0].add(c) = x;
        }
    }
}

/// A walk over a block of time steps: increments in, coefficients updated in place.
///
/// # Safety
/// [`Frame`]'s invariant; the increments are there for the number of steps rounded up to a multiple of `block`, zero beyond it.
pub type WalkFn<V> = unsafe fn(frame: &Frame<V>, increments: *const V, steps: usize);

/// A walk and the number of steps it takes at once.
#[derive(Clone, Copy)]
pub struct Walk<V> {
    /// The code.
    pub run: WalkFn<V>,
    /// Steps are rounded up to a multiple of this.
    pub block: usize,
}

type Leaf2 = Leaf;
type Node3 = Above<Leaf2>;
type Node4 = Above<Node3>;
type Node5 = Above<Node4>;
type Node6 = Above<Node5>;

/// The walk `M, W, U` of `D` channels for a depth: `whole` where the register levels reach, else `tall` on the last kind named.
macro_rules! walk {
    ($V:ty, $D:expr, M $M:expr, W $W:expr, U $U:expr, $depth:expr, [$($r:literal $node:ty),*], $last:ty) => {
        match $depth {
            1 => Walk { run: level_one::<$V>, block: 1 },
            $($r => Walk { run: whole::<$node, $V, $D, $M, $W, $U, 0>, block: $M },)*
            _ => Walk { run: tall::<$last, $V, $D, $M, $W, $U, 0>, block: $M },
        }
    };
}

/// Which walk serves which shape. The choices were measured: see `bench/NOTES.md`.
pub fn choose<V: Lanes>(channels: usize, depth: usize) -> Walk<V> {
    match channels {
        2 if depth < 5 => walk!(V, 2, M 2, W 2, U 3, depth, [2 Leaf2, 3 Node3, 4 Node4], Node4),
        2 => walk!(V, 2, M 4, W 1, U 3, depth, [5 Node5, 6 Node6], Node6),
        3 => walk!(V, 3, M 3, W 1, U 0, depth, [2 Leaf2, 3 Node3, 4 Node4], Node4),
        4 if depth == 3 => walk!(V, 4, M 3, W 1, U 0, depth, [3 Node3], Node3),
        4 => walk!(V, 4, M 2, W 1, U 0, depth, [2 Leaf2, 4 Node4], Node3),
        5 => walk!(V, 5, M 2, W 1, U 0, depth, [2 Leaf2, 3 Node3], Node3),
        8 => walk!(V, 8, M 4, W 2, U 0, depth, [2 Leaf2, 3 Node3], Node3),
        _ => walk!(V, 0, M 4, W 2, U 0, depth, [2 Leaf2, 3 Node3], Node3),
    }
}

/// The walk that takes one step at a time, for results at every step.
pub fn choose_stream<V: Lanes>(channels: usize, depth: usize) -> Walk<V> {
    match channels {
        2 => walk!(V, 2, M 1, W 2, U 0, depth, [2 Leaf2, 3 Node3, 4 Node4], Node4),
        3 => walk!(V, 3, M 1, W 1, U 0, depth, [2 Leaf2, 3 Node3], Node3),
        4 => walk!(V, 4, M 1, W 2, U 0, depth, [2 Leaf2, 3 Node3], Node3),
        _ => walk!(V, 0, M 1, W 2, U 0, depth, [2 Leaf2, 3 Node3], Node3),
    }
}

/// Steps that a pruned walk takes at once, for every first letter the same.
pub const PRUNED_BLOCK: usize = 4;

/// The walk below a first letter, `width` letters and `below` levels of them (two or more).
pub fn choose_letter<V: Lanes>(width: usize, below: usize) -> LetterFn<V> {
    const M: usize = PRUNED_BLOCK;
    macro_rules! letter {
        ($D:expr, W $W:expr, U $U:expr) => {
            match below {
                2 => letter::<Leaf2, V, $D, M, $W, $U>,
                3 => letter::<Node3, V, $D, M, $W, $U>,
                _ => tall_letter::<Node3, V, $D, M, $W, $U>,
            }
        };
    }
    match width {
        2 => letter!(2, W 1, U 3),
        3 => letter!(3, W 1, U 0),
        4 => letter!(4, W 1, U 0),
        5 => letter!(5, W 1, U 0),
        _ => letter!(0, W 2, U 0),
    }
}

/// The most steps any walk takes at once.
pub const MAX_BLOCK: usize = 4;
