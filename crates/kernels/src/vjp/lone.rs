//! One path by itself: its time is cut into chunks, one a lane, which all go at once.
//!
//! A chunk needs the functional as it is where the chunk begins. With E the signature of all that lies before,
//!     Θ(v) = Σ_x E(x) Θ⁰(x v),
//! over all words x: on brackets a group-like E acts with letters become ad (`docs/gradients.md`). Points depend on Θ from level 2 on, so E counts up to level depth − 2. The point between two chunks gets one half of its gradient from each.
//!
//! Not here: what goes on in the lanes (`call`).

use super::call::{Call, load, moved, store};
use super::functional::{Functional, dots, level_size, reversed};
use super::scratch::Scratch;
use crate::chen;
use crate::follow::{self, follow};
use crate::increments::{Gather, Track};
use crate::lanes::{Lanes, MAX_WIDTH, Real};
use crate::shape::Shape;
use crate::state::clear;

/// Steps of a path from which on its time is cut: with fewer, what lies before chunks costs more than they save (bench/NOTES.md).
const fn fewest_steps(channels: usize) -> usize {
    match channels {
        2 => 128,
        3 => 64,
        _ => 40,
    }
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

/// Numbers of a signature of depth two less.
fn low_size(shape: &Shape) -> usize {
    shape.offset(shape.depth - 1)
}

/// Vectors of it. Depth 3 or more of two or more channels.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn scratch_vectors(shape: &Shape) -> Option<usize> {
    let low = low_size(shape);
    follow::scratch_vectors(shape.channels, shape.depth - 2)?.checked_add(3 * low)?.checked_add(shape.channels)
}

/// Where the seam behind lane `l`'s chunk is: what the chunk's last point has of it. Null for the last lane.
pub fn seam<V: Lanes>(shape: &Shape, scratch: &Scratch<V>, l: usize) -> *mut V::T {
    let seams = Chunks::new(shape, scratch.chunks).seams;
    if l + 1 < V::WIDTH { seams.wrapping_add(l * shape.channels) } else { core::ptr::null_mut() }
}

impl<V: Lanes> Chunks<V> {
    /// `base` is valid for [`scratch_vectors`].
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(shape: &Shape, base: *mut V) -> Self {
        let low = low_size(shape);
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
    /// Whether the call is a lone path whose time is cut into lanes.
    pub fn is_chunked(&self) -> bool {
        let r = self.request;
        r.lone && self.track(0).steps >= fewest_steps(r.channels)
    }

    /// To each lane its chunk: the functional, and the point before it, as they are there.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn spread<V: Lanes<T = T>>(&self, tracks: &[Track<'_, T>; MAX_WIDTH], scratch: &Scratch<V>) {
        // SAFETY: as the caller vouches.
        unsafe {
            for c in 0..self.request.channels {
                // There is one lane only with the path's first point.
                let first = (*scratch.pending.add(c)).to_lanes()[0];
                *scratch.pending.add(c) = V::from_lanes(|l| if l == 0 { first } else { T::ZERO });
            }
            let chunks = Chunks::new(self.shape, scratch.chunks);
            self.signatures_before(tracks, &chunks);
            advance(self.shape, &scratch.theta, chunks.before, scratch.work.work[0]);
        }
    }

    /// To each lane the signature, up to level depth − 2, of what lies before its chunk.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn signatures_before<V: Lanes<T = T>>(&self, tracks: &[Track<'_, T>; MAX_WIDTH], chunks: &Chunks<V>) {
        let d = self.request.channels;
        let Some(low) = Shape::new(d, self.shape.depth - 2) else { return };
        let row = |i: usize| chunks.rows.wrapping_add(i * low.size);
        // SAFETY: as the caller vouches.
        unsafe {
            let rows = |i: usize| core::array::from_fn(|l| row(i + l.min(V::WIDTH - 1)));
            if low.depth > 1 {
                // Row l is what lies before lane l's chunk, times that chunk what lies before the next.
                clear(chunks.before, low.size);
                follow(&low, &Gather::new(*tracks, d), &chunks.follow, chunks.before);
                store(chunks.before, low.size, &rows(V::WIDTH));
                for i in 0..low.size {
                    *row(0).add(i) = T::ZERO;
                }
                for l in 1..V::WIDTH {
                    core::ptr::copy_nonoverlapping(row(l - 1), row(l), low.size);
                    chen::multiply_row::<V>(&low, row(l), row(V::WIDTH + l - 1));
                }
                load(chunks.before, low.size, &rows(0).map(<*mut T>::cast_const));
            }
            // How far the path has moved is known to the last bit.
            moved(tracks.map(Track::before), d, chunks.before);
        }
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
