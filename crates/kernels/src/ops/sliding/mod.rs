//! Signatures of sliding windows, which share work where they overlap, without inverses.
//!
//! Consecutive windows make a block, all of which hold one point, the boundary: the block's last
//! window starts before it, the first one ends behind it. So a window's signature is that of the
//! piece before the boundary times that of the piece behind it. The former come from a walk
//! backwards from the boundary, which keeps one signature a window; the latter from a walk
//! forwards. A window costs a product and as many steps as there are between windows, twice,
//! however long it is. Lanes are blocks, of one path or of several.
//!
//! Not here: how many windows a block has, and where long paths are cut
//! (`ts/operations/sliding.ts`).

mod steps;

use crate::batch::finish::Finish;
use crate::batch::items::Group;
use crate::batch::parts::Parts;
use crate::batch::request::{Error, Report, Request};
use crate::batch::state::{clear, store_state, sums_finite};
use crate::lanes::{Lanes, MAX_WIDTH};
use crate::path::increments::{Gather, TILE, Track};
use crate::tensor::chen::multiply_lanes;
use crate::walk::follow;
use crate::words::shape::Shape;

/// Windows between which there are more steps than this are walked tile by tile.
const FEW_STEPS: usize = 2;

/// The windows of each path of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliding {
    /// Points of a window, two or more.
    pub length: usize,
    /// Points from one window to the next.
    pub step: usize,
    /// Windows of a block: at most `count * step < length`.
    pub count: usize,
    /// Rows of a path in the output: at least as many as it has windows.
    pub rows: usize,
}

impl Sliding {
    /// Whether a block's windows all hold the boundary.
    fn is_sound(&self) -> bool {
        let steps = self.count.checked_mul(self.step);
        self.step > 0 && self.count > 0 && steps.is_some_and(|steps| steps < self.length)
    }

    /// Windows of a path, if it has one and no more than there are rows.
    fn of(&self, points: usize) -> Option<usize> {
        let windows = points.checked_sub(self.length)? / self.step + 1;
        (windows <= self.rows).then_some(windows)
    }
}

/// Scratch memory of a call, cut up.
struct Scratch<V> {
    follow: follow::Memory<V>,
    /// What a step works with: two upper levels less one.
    step: *mut V,
    /// The signature behind the boundary, and the one before it as it is walked.
    prefix: *mut V,
    suffix: *mut V,
    /// A product.
    product: *mut V,
    /// Where the reversed word of each word is.
    reversed: *mut u32,
    /// The signatures before the boundary, that of the last window first.
    suffixes: *mut V,
}

impl<V: Lanes> Scratch<V> {
    fn new(shape: &Shape, count: usize, parts: &mut Parts<V>) -> Self {
        let size = shape.size;
        Scratch {
            follow: follow::Memory::new(parts, shape.channels, shape.depth),
            step: parts.part(2 * shape.count(shape.depth - 1)),
            prefix: parts.part(size),
            suffix: parts.part(size),
            product: parts.part(size),
            reversed: parts.part(size.div_ceil(size_of::<V>() / 4)).cast(),
            suffixes: parts.part(count.checked_mul(size)),
        }
    }
}

/// Vectors of scratch that [`sliding`] needs, whatever the batch and the number of points.
pub fn sliding_scratch<V: Lanes>(channels: usize, depth: usize, count: usize) -> Option<usize> {
    let shape = Shape::walked(channels, depth)?;
    let mut parts = Parts::measured();
    Scratch::<V>::new(&shape, count, &mut parts);
    parts.total()
}

/// Computes the windows of the paths of `request` into `out`, which is (batch, `windows.rows`,
/// row): rows behind a path's last window mean nothing. Two or more channels and levels; no stream,
/// basepoint, initial signature or reversal.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn sliding<V: Lanes>(
    request: &Request<'_, V::T>,
    windows: Sliding,
    out: &mut [V::T],
    scratch: &mut [V],
) -> Result<Report, Error> {
    let Request { batch, points, channels, depth, options, lengths, .. } = *request;
    let shape = Shape::walked(channels, depth).ok_or(Error::Shape)?;
    request.check_input(&shape)?;
    if options.stream || options.inverse || request.basepoint.is_some() || request.initial.is_some() {
        return Err(Error::Initial);
    }
    let points_of = |path: usize| lengths.map_or(points, |lengths| lengths[path] as usize);
    if !windows.is_sound() || (0..batch).any(|path| windows.of(points_of(path)).is_none()) {
        return Err(Error::Lengths);
    }
    let row = shape.size + usize::from(options.scalar_term);
    if batch.checked_mul(windows.rows).and_then(|rows| rows.checked_mul(row)) != Some(out.len()) {
        return Err(Error::Output);
    }
    let mut parts = Parts::of(scratch);
    let scratch = Scratch::new(&shape, windows.count, &mut parts);
    parts.fit()?;
    let finish = Finish::new(out, 1, shape.size, options.scalar_term);
    let call = Call { request, windows, shape: &shape, finish, scratch };
    let (mut finite, mut group, mut blocks) = (true, Group::EMPTY, [Block::default(); MAX_WIDTH]);
    // SAFETY: all lengths were checked above.
    unsafe {
        steps::reverse_words(&shape, call.scratch.reversed);
        for path in 0..batch {
            let all = windows.of(points_of(path)).unwrap_or(0);
            for first in (0..all).step_by(windows.count) {
                blocks[group.count..].fill(Block { path, first, windows: windows.count.min(all - first) });
                group.push(path * windows.rows + first);
                if group.count == V::WIDTH {
                    finite &= call.group(group, &blocks);
                    group = Group::EMPTY;
                }
            }
        }
        if group.count > 0 {
            finite &= call.group(group, &blocks);
        }
    }
    Ok(Report { increments_finite: finite })
}

/// Some windows of a path, from number `first` on.
#[derive(Clone, Copy, Default)]
struct Block {
    path: usize,
    first: usize,
    windows: usize,
}

struct Call<'a, 'b, V: Lanes> {
    request: &'a Request<'b, V::T>,
    windows: Sliding,
    shape: &'a Shape,
    /// Every row is an item.
    finish: Finish<V::T>,
    scratch: Scratch<V>,
}

impl<V: Lanes> Call<'_, '_, V> {
    /// The steps that a block's windows have.
    fn track(&self, &Block { path, first, windows }: &Block) -> Track<'_, V::T> {
        let Request { paths, points, channels, .. } = *self.request;
        let start = path * points * channels;
        let steps = (windows - 1) * self.windows.step + self.windows.length - 1;
        let whole = Track::new(&paths[start..start + points * channels], channels, None, false);
        whole.cut(first * self.windows.step, steps)
    }

    /// Some blocks, one a lane. `group` has the row of the first window of each.
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn group(&self, group: Group, blocks: &[Block; MAX_WIDTH]) -> bool {
        let Sliding { length, step, count, .. } = self.windows;
        let gather = Gather::new(core::array::from_fn(|l| self.track(&blocks[l])), self.shape.channels);
        let (boundary, d, size) = (count * step, self.shape.channels, self.shape.size);
        let windows = blocks.iter().fold(0, |most, block| most.max(block.windows));
        let Scratch { prefix, suffix, product, suffixes, .. } = self.scratch;
        // SAFETY: `sliding` has checked that windows and memory are there.
        unsafe {
            self.suffixes(&gather);
            clear(prefix, size);
            let (mut at, mut tile) = (boundary, Tile { from: 0, steps: 0 });
            for window in 0..windows {
                let end = window * step + length - 1;
                self.prefix(&gather, at, end, &mut tile);
                at = end;
                multiply_lanes(self.shape, suffixes.add((count - 1 - window) * size), prefix, product);
                let rows = core::array::from_fn(|l| match window < blocks[l].windows {
                    true => self.finish.make(group.items[l] + window, 0, |row| row),
                    // The lane has ended: its row goes where nothing is read any more.
                    false => suffix.cast(),
                });
                store_state(product, size, &rows);
            }
            sums_finite(prefix, d) && sums_finite(suffixes.add((count - 1) * size), d)
        }
    }

    /// The signatures from the start of each window to the boundary.
    #[cfg_attr(path_signature_small, optimize(size))]
    unsafe fn suffixes(&self, gather: &Gather<'_, V::T>) {
        let Sliding { step, count, .. } = self.windows;
        let Scratch { follow, suffix, suffixes, .. } = self.scratch;
        let (boundary, d, size) = (count * step, self.shape.channels, self.shape.size);
        // SAFETY: as `group` says.
        unsafe {
            clear(suffix, size);
            if step > FEW_STEPS {
                for done in 0..count {
                    let (mut to, from) = (boundary - done * step, boundary - (done + 1) * step);
                    while to > from {
                        let steps = TILE.min(to - from);
                        to -= steps;
                        gather.read(to, steps, follow.tile);
                        steps::turn(follow.tile, steps, d);
                        follow::steps(self.shape, &follow, suffix, steps);
                    }
                    steps::reordered(self.scratch.reversed, suffix, suffixes.add(done * size), size);
                }
                return;
            }
            let (mut before, mut to) = (suffix, boundary);
            while to > 0 {
                let steps = TILE.min(to);
                to -= steps;
                gather.read(to, steps, follow.tile);
                for q in (0..steps).rev() {
                    let at = suffixes.add((boundary - 1 - (to + q)) / step * size);
                    steps::before(self.shape, before, at, follow.tile.add(q * d), self.scratch.step);
                    before = at;
                }
            }
        }
    }

    /// Continues the signature behind the boundary by steps `from..to`.
    unsafe fn prefix(&self, gather: &Gather<'_, V::T>, from: usize, to: usize, tile: &mut Tile) {
        let Scratch { follow, prefix, step, .. } = self.scratch;
        let d = self.shape.channels;
        let mut at = from;
        // SAFETY: as `group` says.
        unsafe {
            while at < to {
                if to - at > FEW_STEPS {
                    let steps = TILE.min(to - at);
                    gather.read(at, steps, follow.tile);
                    follow::steps(self.shape, &follow, prefix, steps);
                    *tile = Tile { from: 0, steps: 0 };
                    at += steps;
                } else {
                    if at >= tile.from + tile.steps {
                        *tile = Tile { from: at, steps: TILE.min(gather.steps - at) };
                        gather.read(at, tile.steps, follow.tile);
                    }
                    steps::behind(self.shape, prefix, follow.tile.add((at - tile.from) * d), step);
                    at += 1;
                }
            }
        }
    }
}

/// The steps whose increments are in the tile.
struct Tile {
    from: usize,
    steps: usize,
}
