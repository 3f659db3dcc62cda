//! One path by itself: its time is cut into chunks, one a lane, which all go at once.
//!
//! A chunk needs the functional as it is where the chunk begins. With E the signature of all that lies before,
//!     Θ(v) = Σ_x E(x) Θ⁰(x v),
//! over all words x: on brackets a group-like E acts with letters become ad (`docs/gradients.md`). Points depend on Θ from level 2 on, so E counts up to level depth − 2. A piece of a longer path is
//! told E of its first point. The point between two chunks gets one half of its gradient from each.
//!
//! Not here: what goes on in the lanes (`call`).

use super::call::{Call, load};
use super::flow::is_wide;
use super::functional::{Functional, dots, level_size, reversed, widen};
use super::request::Part;
use super::scatter::{Scatter, Target};
use super::scratch::Scratch;
use crate::chen;
use crate::follow::{self, follow};
use crate::increments::{Gather, Track};
use crate::lanes::{Lanes, MAX_WIDTH, Real};
use crate::shape::{Shape, signature_size};
use crate::signature::Group;
use crate::state::{clear, store_state};

/// Steps of a path from which on its time is cut.
const FEWEST_STEPS: usize = 16;

/// Numbers of the signature that tells a lone path's piece what lies before it: of depth two less.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn before_len(channels: usize, depth: usize) -> usize {
    if channels == 1 || depth < 3 { 0 } else { signature_size(channels, depth - 2).unwrap_or(0) }
}

/// Scratch memory of the chunks.
pub struct Chunks<V: Lanes> {
    /// Signatures of what lies before each lane's chunk.
    before: *mut V,
    follow: follow::Memory<V>,
    /// Signatures of chunks, and of what lies before them: two rows a lane.
    rows: *mut V::T,
    /// What the last point of each chunk has of it.
    seams: *mut V::T,
}

/// Vectors of it. Depth 3 or more of two or more channels.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn scratch_vectors(shape: &Shape) -> Option<usize> {
    let low = before_len(shape.channels, shape.depth);
    follow::scratch_vectors(shape.channels, shape.depth - 2)?.checked_add(3 * low)?.checked_add(shape.channels)
}

impl<V: Lanes> Chunks<V> {
    /// `base` is valid for [`scratch_vectors`].
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(shape: &Shape, base: *mut V) -> Self {
        let low = before_len(shape.channels, shape.depth);
        let seams = base.wrapping_add(3 * low);
        Chunks {
            before: base,
            rows: base.wrapping_add(low).cast(),
            seams: seams.cast(),
            follow: follow::Memory::new(seams.wrapping_add(shape.channels), shape.channels),
        }
    }
}

impl<T: Real> Call<'_, '_, T> {
    /// Whether the call is a lone path whose time is cut into lanes. Pieces of a path are long.
    pub fn is_chunked(&self) -> bool {
        let r = self.request;
        r.lone && (r.part != Part::WHOLE || self.track(0).steps >= FEWEST_STEPS)
    }

    /// Everything for a lone path of depth 3 or more; says whether the cotangent is finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn chunks<V: Lanes<T = T>>(&self, scratch: &Scratch<V>) -> bool {
        let (d, part) = (self.request.channels, self.request.part);
        let chunks = Chunks::new(self.shape, scratch.chunks);
        let last = V::WIDTH - 1;
        let whole = self.track(0);
        let tracks: [Track<'_, T>; MAX_WIDTH] = core::array::from_fn(|l| whole.piece(l.min(last), V::WIDTH));
        let of_path = self.target(0, scratch.work.work[0].cast());
        let targets: [Target<T>; MAX_WIDTH] = core::array::from_fn(|l| {
            let seam = if l < last { chunks.seams.wrapping_add(l * d) } else { core::ptr::null_mut() };
            Target { last: seam, from: tracks[l].from, steps: tracks[l].count, ..of_path }
        });
        let mut group = Group::EMPTY;
        group.push(0);
        // SAFETY: as the caller vouches.
        unsafe {
            let finite = self.begin(group, scratch);
            for c in 0..d {
                // Before the path's first point there is one lane only.
                let first = (*scratch.pending.add(c)).to_lanes()[0];
                *scratch.pending.add(c) = V::from_lanes(|l| if l == 0 && part.first { first } else { T::ZERO });
            }
            self.signatures_before(&tracks, &chunks);
            advance(self.shape, &scratch.theta, chunks.before, scratch.work.work[0]);
            if is_wide::<V>(self.shape) {
                widen(self.shape, &scratch.theta, scratch.work.work[0]);
            }
            let scatter = Scatter::new(targets, d);
            let steps = self.sweep(&tracks, &scatter, scratch);
            scatter.write(steps, 1, scratch.pending);
            for l in 0..last {
                add(targets[l + 1].point(0, d), |c| *chunks.seams.add(l * d + c), d);
            }
            if part.last {
                add(of_path.point(of_path.steps, d), |c| (*scratch.last_step.add(c)).to_lanes()[0], d);
            }
            self.clear_tail(0);
            finite
        }
    }

    /// To each lane the signature, up to level depth − 2, of what lies before its chunk.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn signatures_before<V: Lanes<T = T>>(&self, tracks: &[Track<'_, T>; MAX_WIDTH], chunks: &Chunks<V>) {
        let d = self.request.channels;
        let Some(low) = Shape::new(d, self.shape.depth - 2) else { return };
        let row = |i: usize| chunks.rows.wrapping_add(i * low.size);
        let given = self.request.before;
        // SAFETY: as the caller vouches; the path's first piece is given nothing.
        unsafe {
            let start = |i: usize| if given.is_empty() { T::ZERO } else { given[i] };
            if low.depth > 1 {
                clear(chunks.before, low.size);
                follow(&low, &Gather::new(*tracks, d), &chunks.follow, chunks.before);
                store_state(chunks.before, low.size, &core::array::from_fn(|l| row(l.min(V::WIDTH - 1))));
                for i in 0..low.size {
                    *row(V::WIDTH).add(i) = start(i);
                }
                for l in 1..V::WIDTH {
                    core::ptr::copy_nonoverlapping(row(V::WIDTH + l - 1), row(V::WIDTH + l), low.size);
                    chen::multiply_row::<V>(&low, row(V::WIDTH + l), row(l - 1));
                }
                load(
                    chunks.before,
                    low.size,
                    &core::array::from_fn(|l| row(V::WIDTH + l.min(V::WIDTH - 1)).cast_const()),
                );
            }
            // How far the path has moved is known to the last bit.
            let moved = Gather::new(tracks.map(Track::before), d);
            for c in 0..d {
                *chunks.before.add(c) = moved.total::<V>(c).add(V::splat(start(c)));
            }
        }
    }
}

/// Adds `x` to a point's gradient.
#[cfg_attr(path_signature_small, optimize(size))]
unsafe fn add<T: Real>(point: *mut T, x: impl Fn(usize) -> T, channels: usize) {
    for c in 0..channels {
        // SAFETY: the caller vouches for `channels` numbers.
        unsafe { *point.add(c) = (*point.add(c)).plus(x(c)) };
    }
}

/// The functional as it is behind stretches with the signatures `passed`, up to level depth − 2, in each lane one of its own. The top level is in its plain order.
///
/// # Safety
/// The functional is there; `words` has room for the words of depth − 2 letters.
#[cfg_attr(path_signature_small, optimize(size))]
unsafe fn advance<V: Lanes>(shape: &Shape, theta: &Functional<V>, passed: *const V, words: *mut V) {
    let (d, n) = (shape.channels, shape.depth);
    // From the lowest level up: higher ones are still what they were.
    for k in 2..n {
        // Level 2 is scaled by three times what the levels above are.
        let scale = V::splat(V::T::from_f64(if k == 2 { 3.0 } else { 1.0 }));
        for j in 1..=n - k {
            // SAFETY: as the caller vouches.
            unsafe {
                // A word's first letter is the fastest there.
                for x in 0..shape.count(j) {
                    *words.add(x) = (*passed.add(shape.offset(j) + reversed(d, j, x))).mul(scale);
                }
                dots(theta.levels[k + j], words, shape.count(j), theta.levels[k], level_size(shape, k));
            }
        }
    }
}
