//! One path by itself: its time is cut into chunks, one a lane, which all go at once.
//!
//! A chunk needs the functional as it is where the chunk begins. With E the signature of all that
//! lies before,
//!     Θ(v) = Σ_x E(x) Θ⁰(x v),
//! over all words x: on brackets a group-like E acts with letters become ad (`docs/gradients.md`).
//! Points depend on Θ from level 2 on, so E counts up to level depth − 2. The point between two
//! chunks gets one half of its gradient from each.
//!
//! Not here: what goes on in the lanes (`whole`).

use super::call::Call;
use super::functional::{Functional, dots, level_size, reversed};
use super::rows::{load, moved, store};
use crate::batch::items::Items;
use crate::batch::parts::Parts;
use crate::batch::state::clear;
use crate::lanes::{Lanes, MAX_WIDTH, Real};
use crate::path::increments::{Gather, Track};
use crate::tensor::chen;
use crate::walk::follow::{self, follow};
use crate::words::shape::Shape;

/// Steps of a path from which on its time is cut: with fewer, what lies before chunks costs more
/// than they save (bench/NOTES.md).
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
    /// Signatures of chunks, and of what lies before them: two rows a lane.
    rows: *mut V::T,
    /// What the last point of each chunk has of it.
    seams: *mut V::T,
    follow: follow::Memory<V>,
}

impl<V: Lanes> Chunks<V> {
    /// Depth 3 or more of two or more channels.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(shape: &Shape, parts: &mut Parts<V>) -> Self {
        // Numbers of a signature of depth two less.
        let low = shape.offset(shape.depth - 1);
        Chunks {
            before: parts.take(low),
            rows: parts.take(2 * low).cast(),
            seams: parts.take(shape.channels).cast(),
            follow: follow::Memory::new(parts, shape.channels, shape.depth - 2),
        }
    }

    /// Where the seam behind lane `l`'s chunk is: what the chunk's last point has of it. Null for
    /// the last lane.
    pub fn seam(&self, channels: usize, l: usize) -> *mut V::T {
        if l + 1 < V::WIDTH { self.seams.wrapping_add(l * channels) } else { core::ptr::null_mut() }
    }
}

impl<T: Real> Call<'_, '_, T> {
    /// Whether the call is a single path whose time is cut into lanes.
    pub fn is_chunked(&self) -> bool {
        self.single && self.track(0).steps >= fewest_steps(self.request.channels)
    }

    /// To each lane its chunk: the functional, and the point before it, as they are there.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub unsafe fn spread<V: Lanes<T = T>>(
        &self,
        tracks: &[Track<'_, T>; MAX_WIDTH],
        chunks: &Chunks<V>,
        pending: *mut V,
        theta: &Functional<V>,
        words: *mut V,
    ) {
        // SAFETY: as the caller vouches.
        unsafe {
            for c in 0..self.request.channels {
                // There is one lane only with the path's first point.
                let first = (*pending.add(c)).to_lanes()[0];
                *pending.add(c) = V::from_lanes(|l| if l == 0 { first } else { T::ZERO });
            }
            self.signatures_before(tracks, chunks);
            advance(self.shape, theta, chunks.before, words);
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
                // Row l is what lies before lane l's chunk, times that chunk what lies before the
                // next.
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

/// The functional as it is behind stretches with the signatures `passed`, up to level depth − 2, in
/// each lane one of its own. The top level is in its plain order.
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
