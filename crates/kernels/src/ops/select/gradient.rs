//! Gradients of chosen words: the adjoint of the walk, tile after tile from the end of a path to
//! its beginning.
//!
//! A tile needs the coefficients at its start. The way forwards leaves them at the start of each
//! tile; of a path so long that they would fill too much memory, at the start of each block of
//! tiles, from which those of the block are computed again. Nothing is undone.
//!
//! Not here: the way forwards (`walk`).

use super::trie::{self, Node, Trie};
use super::walk::Walk;
use super::{Selected, Sizes, gather, groups};
use crate::batch::items::{Group, Items};
use crate::batch::parts::Parts;
use crate::batch::request::{Error, Request, rows};
use crate::batch::state::{clear, is_zero, load_state};
use crate::lanes::{Lanes, MAX_WIDTH, Real, Rows};
use crate::path::increments::Gather;
use crate::path::scatter::{Scatter, Target};
use crate::walk::chains::reciprocal;
use crate::words::shape::MAX_DEPTH;

/// Vectors that the coefficients at the starts of all tiles may fill: some megabytes.
const MOST_KEPT: usize = 1 << 18;

/// Cotangents, and where gradients go.
#[derive(Debug)]
pub struct Cotangents<'a, T> {
    /// Rows as those of the result.
    pub cotangents: &'a [T],
    /// (batch, points, channels). Nothing is written past a path's end.
    pub paths: &'a mut [T],
    /// (batch, channels), where there is a basepoint.
    pub basepoint: Option<&'a mut [T]>,
}

/// Scratch of gradients.
struct Scratch<V> {
    walk: Walk<V>,
    nodes: *mut Node,
    /// Tiles of a block.
    block: usize,
    /// The coefficients at the start of each tile of a block, then those of each block.
    kept: *mut V,
    /// ∂f/∂S of all nodes.
    lambda: *mut V,
    /// ∂f/∂(what nodes hand down), laid out as that.
    bars: *mut V,
    /// ∂f/∂increments, a letter after the other.
    increments: *mut V,
    /// The first increment's of the tile behind.
    behind: *mut V,
    /// Those of points, `channels` vectors a point.
    points: *mut V,
    /// Cotangents, a vector a column, of each step of a tile of a stream.
    rows: *mut V,
}

impl<V: Lanes> Scratch<V> {
    #[cfg_attr(path_signature_small, optimize(size))]
    fn new(sizes: Sizes, points: usize, parts: &mut Parts<V>) -> Self {
        let Sizes { channels, depth, nodes, columns, stream } = sizes;
        let walk = Walk::new(sizes, parts);
        let tile = walk.tile;
        let tiles = points.div_ceil(tile).max(1);
        let mut block = tiles;
        if tiles.saturating_mul(nodes) > MOST_KEPT {
            // About the root of their number.
            block = 1 << (usize::BITS - tiles.leading_zeros()).div_ceil(2);
        }
        let increments = tile.checked_mul(channels);
        Scratch {
            walk,
            nodes: trie::nodes(nodes, parts),
            block,
            kept: parts.part((block + tiles.div_ceil(block)).checked_mul(nodes)),
            lambda: parts.part(nodes),
            bars: parts.part(depth * depth * tile),
            increments: parts.part(increments),
            behind: parts.part(channels),
            points: parts.part(increments.and_then(|n| n.checked_add(MAX_WIDTH))),
            rows: parts.part(columns.checked_mul(if stream { tile } else { 1 })),
        }
    }
}

/// Vectors of scratch that [`gradients`] needs for paths of so many points.
pub fn gradients_scratch<V: Lanes>(sizes: Sizes, points: usize) -> Option<usize> {
    if !sizes.are_sound() {
        return None;
    }
    let mut parts = Parts::<V>::measured();
    Scratch::new(sizes, points, &mut parts);
    parts.total()
}

/// Computes gradients; says whether all increments are finite, and all cotangents.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn gradients<V: Lanes>(
    request: &Selected<'_, V::T>,
    to: Cotangents<'_, V::T>,
    scratch: &mut [V],
) -> Result<(bool, bool), Error> {
    let (paths, sizes) = (&request.paths, request.sizes());
    request.check()?;
    if request.row_numbers() != Some(to.cotangents.len()) || !sizes.are_sound() {
        return Err(Error::Cotangents);
    }
    let basepoints = to.basepoint.as_ref().map(|b| b.len());
    let sound = to.paths.len() == paths.paths.len()
        && basepoints.is_none_or(|len| len == paths.batch * paths.channels && paths.basepoint.is_some());
    if !sound {
        return Err(Error::Output);
    }
    let mut parts = Parts::of(scratch);
    let scratch = Scratch::new(sizes, paths.points, &mut parts);
    parts.fit()?;
    // SAFETY: the scratch is there.
    let trie = unsafe { Trie::read(request.nodes, sizes, scratch.nodes)? };
    let skip = usize::from(paths.options.scalar_term);
    let call = Call {
        paths,
        trie,
        scratch,
        cotangents: to.cotangents.as_ptr().wrapping_add(skip),
        row: sizes.columns + skip,
        rows: rows(paths),
        to_paths: to.paths.as_mut_ptr(),
        to_basepoint: to.basepoint.map_or(core::ptr::null_mut(), <[V::T]>::as_mut_ptr),
    };
    let mut zeros = [V::zero(); 2];
    groups(paths, V::WIDTH, &mut |group| {
        // SAFETY: all lengths were checked, and the scratch is there.
        unsafe { call.group(group, &mut zeros) };
    });
    Ok((is_zero(zeros[0]), is_zero(zeros[1])))
}

/// A request that was found sound.
struct Call<'a, 'b, 's, V: Lanes> {
    paths: &'a Request<'b, V::T>,
    trie: Trie<'s>,
    scratch: Scratch<V>,
    /// From the first column of the first row on.
    cotangents: *const V::T,
    /// Numbers from a row to the next, and rows of a path.
    row: usize,
    rows: usize,
    to_paths: *mut V::T,
    to_basepoint: *mut V::T,
}

impl<V: Lanes> Call<'_, '_, '_, V> {
    /// The gradients of a group. Adds increments and cotangents, times zero, to `zeros`.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn group(&self, group: Group, zeros: &mut [V; 2]) {
        let Scratch { ref walk, block, kept, lambda, behind, rows, .. } = self.scratch;
        let (d, nodes, tile) = (walk.channels, self.trie.nodes.len(), walk.tile);
        let stream = self.paths.options.stream;
        let gather = gather(self.paths, group);
        let tiles = gather.steps.div_ceil(tile);
        let scatter = Scatter::new(group.items.map(|item| self.target(item)), d);
        // SAFETY: as the caller vouches.
        unsafe {
            let fetch = |at: usize| core::ptr::copy_nonoverlapping(kept.add(at * nodes), walk.state, nodes);
            clear(walk.state, nodes);
            clear(lambda, nodes);
            clear(behind, d);
            // Whole paths have one row, at their end; rows of streams past an end repeat the last.
            let first = if stream { gather.steps } else { 0 };
            for row in first..self.rows {
                zeros[1] = zeros[1].add(self.load(group, row, rows));
                for (i, node) in self.trie.nodes.iter().enumerate() {
                    if node.column > 0 {
                        *lambda.add(i) = (*lambda.add(i)).add(*rows.add(node.column as usize - 1));
                    }
                }
            }
            // This leaves the last block's coefficients.
            self.ahead(&gather, 0, tiles.saturating_sub(1));
            for index in (0..tiles).rev() {
                let place = index % block;
                if place + 1 == block && index + 1 < tiles {
                    fetch(block + index / block);
                    self.ahead(&gather, index - place, index);
                }
                let t = index * tile;
                let steps = tile.min(gather.steps - t);
                fetch(place);
                zeros[0] = zeros[0].add(walk.read(&gather, t, steps));
                let rows_of_tile = if stream { steps } else { 0 };
                for q in 0..rows_of_tile {
                    zeros[1] = zeros[1].add(self.load(group, t + q, rows.add(q * self.trie.columns)));
                }
                self.tile(rows_of_tile);
                self.write(group, &scatter, t, steps);
            }
            for c in 0..d {
                *behind.add(c) = V::zero().sub(*behind.add(c));
            }
            scatter.write(0, 1, behind);
        }
    }

    /// Walks from the start of tile `from` to that of tile `until`, and keeps the coefficients at
    /// the starts of tiles, that of `until` included, and of blocks.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn ahead(&self, gather: &Gather<'_, V::T>, from: usize, until: usize) {
        let Scratch { ref walk, block, kept, .. } = self.scratch;
        let nodes = self.trie.nodes.len();
        // SAFETY: as the caller vouches.
        unsafe {
            for index in from..=until {
                let place = index % block;
                core::ptr::copy_nonoverlapping(walk.state, kept.add(place * nodes), nodes);
                if place == 0 {
                    core::ptr::copy_nonoverlapping(walk.state, kept.add((block + index / block) * nodes), nodes);
                }
                if index < until {
                    let t = index * walk.tile;
                    walk.read(gather, t, walk.tile.min(gather.steps - t));
                    walk.advance(&self.trie, core::ptr::null_mut());
                }
            }
        }
    }

    /// Where the gradients of a path go.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn target(&self, path: usize) -> Target<V::T> {
        let r = self.paths;
        let steps = r.track(path).steps;
        let basepoint = match (r.basepoint.is_some(), self.to_basepoint.is_null()) {
            (false, _) => core::ptr::null_mut(),
            // The walk reads increments anew before it uses this again.
            (true, true) => self.scratch.walk.raw.cast(),
            (true, false) => self.to_basepoint.wrapping_add(path * r.channels),
        };
        Target {
            first: self.to_paths.wrapping_add(path * r.points * r.channels),
            basepoint,
            last: core::ptr::null_mut(),
            all: steps,
            from: 0,
            steps,
            channels: r.channels,
            reversed: r.options.inverse,
        }
    }

    /// A row of cotangents of each lane; zero if they are finite.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn load(&self, group: Group, row: usize, to: *mut V) -> V {
        let from: Rows<V::T> =
            group.items.map(|item| self.cotangents.wrapping_add((item * self.rows + row) * self.row));
        // SAFETY: as the caller vouches.
        unsafe {
            load_state(to, self.trie.columns, &from);
            (0..self.trie.columns).fold(V::zero(), |zeros, i| (*to.add(i)).mul_add(V::zero(), zeros))
        }
    }

    /// The adjoint of a tile, whose first coefficients are in the state: nodes on the way down, and
    /// each once more when all below it are done. `rows` of its steps have cotangents.
    #[inline(never)]
    unsafe fn tile(&self, rows: usize) {
        let Scratch { ref walk, bars, increments, .. } = self.scratch;
        let mut open = [0; MAX_DEPTH + 1];
        let mut level = 0;
        // SAFETY: as the caller vouches.
        unsafe {
            clear(increments, walk.tile * walk.channels);
            for (i, node) in self.trie.nodes.iter().enumerate() {
                while level >= node.level as usize {
                    self.up(open[level], rows);
                    level -= 1;
                }
                level = node.level as usize;
                open[level] = i;
                if node.height > 0 {
                    clear(bars.add(level * walk.depth * walk.tile), node.height as usize * walk.tile);
                    walk.node(node, walk.state.add(i), core::ptr::null_mut(), 0);
                }
            }
            while level > 0 {
                self.up(open[level], rows);
                level -= 1;
            }
        }
    }

    /// The adjoint of a node.
    unsafe fn up(&self, i: usize, rows: usize) {
        let node = &self.trie.nodes[i];
        // SAFETY: as the caller vouches.
        unsafe {
            match node.height {
                0 => self.steps::<0>(i, node, rows),
                _ => self.steps::<1>(i, node, rows),
            }
        }
    }

    /// The adjoint of a node; `H` is 0 for leaves.
    #[inline(never)]
    unsafe fn steps<const H: usize>(&self, i: usize, node: &Node, rows: usize) {
        let Scratch { ref walk, lambda, bars, increments, .. } = self.scratch;
        let (tile, level, letter) = (walk.tile, node.level as usize, node.letter as usize);
        let height = if H == 0 { 0 } else { node.height as usize };
        let pitch = walk.depth * tile;
        let from = walk.chains_of(level - 1);
        let column = self.scratch.rows.wrapping_add((node.column as usize).wrapping_sub(1));
        // SAFETY: as the caller vouches.
        unsafe {
            let (bars_of_parent, own) = (bars.add((level - 1) * pitch), bars.wrapping_add(level * pitch));
            let z = walk.increments.add(letter * tile);
            let to = increments.add(letter * tile);
            let mut x = *lambda.add(i);
            for q in (0..tile).rev() {
                if q < rows && node.column > 0 {
                    x = x.add(*column.add(q * self.trie.columns));
                }
                let z = *z.add(q);
                let parent = bars_of_parent.add(q);
                let mut dz = x.mul_add(*from.add(q), *to.add(q));
                *parent = x.mul_add(z, *parent);
                let mut sum = V::zero();
                for m in 1..=height {
                    let c = *own.add((m - 1) * tile + q);
                    let c = if m > 1 { c.mul(reciprocal(m)) } else { c };
                    dz = c.mul_add(*from.add(m * tile + q), dz);
                    let parent = parent.add(m * tile);
                    *parent = c.mul_add(z, *parent);
                    sum = sum.add(c);
                }
                *to.add(q) = dz;
                x = x.add(sum);
            }
            *lambda.add(i) = x;
        }
    }

    /// Writes the gradients of points t + 1 … t + steps: of the increments before less those of the
    /// increments behind.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    unsafe fn write(&self, group: Group, scatter: &Scatter<V::T>, t: usize, steps: usize) {
        let Scratch { ref walk, increments, behind, points, .. } = self.scratch;
        let (d, tile) = (walk.channels, walk.tile);
        // SAFETY: as the caller vouches.
        unsafe {
            // Past the end of a lane's path there is no increment.
            for (l, &item) in group.items.iter().enumerate().take(V::WIDTH) {
                for q in self.paths.track(item).steps.saturating_sub(t)..steps {
                    for c in 0..d {
                        *increments.add(c * tile + q).cast::<V::T>().add(l) = V::T::ZERO;
                    }
                }
            }
            for c in 0..d {
                let of_letter = increments.add(c * tile);
                let mut next = *behind.add(c);
                for q in (0..steps).rev() {
                    let x = *of_letter.add(q);
                    *points.add(q * d + c) = x.sub(next);
                    next = x;
                }
                *behind.add(c) = next;
            }
            scatter.write(t + 1, steps, points);
        }
    }
}
