//! The head of a task: 48 words that say what to compute, on which numbers, and where results go.
//! `ts/run/head.ts` describes every word. The head is copied to the stack before anything of it is
//! checked, so that nothing can change under a check, and every range is checked before it becomes
//! a slice.

use crate::code;
use crate::ranges::{inside, is_aligned, is_sound};
use core::cell::{Cell, UnsafeCell};
use core::mem::MaybeUninit;
use core::num::NonZeroUsize;
use path_signature_kernels::PerPath;
use path_signature_kernels::lanes::Lanes;

/// A head as it lies in memory. Offsets count bytes from the head on, 0 is absent; strides count
/// numbers, 0 is one row for all items.
#[repr(C, align(8))]
#[derive(Clone, Copy, Default)]
pub struct Head {
    pub operation: u32,
    pub dtype: u32,
    /// Result, output, end, staged: read and written outside.
    pub transport: [u32; 4],
    pub channels: u32,
    pub depth: u32,
    pub options: u32,
    pub batch: u32,
    pub points: u32,
    pub lengths: u32,
    /// Numbers of a row, where an operation has an input of which the width varies.
    pub row: u32,
    /// The absolute address of the scratch memory. Native builds, whose addresses have 64 bits: an
    /// offset.
    pub scratch: u32,
    pub scratch_bytes: u32,
    pub reserved: u32,
    pub regions: [Region; 12],
    /// Points taken from shared memory before a kernel runs, and words without meaning.
    pub gather: [u32; 8],
}

/// Where numbers lie.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Region {
    pub offset: u32,
    pub stride: u32,
}

const _: () = assert!(size_of::<Head>() == 192);

/// A task: the copy of its head, and where the head is.
pub struct Task<'h> {
    at: usize,
    head: &'h Head,
    /// What is written overlaps nothing else. Not cleared, which would take as long as all checks
    /// of a small call.
    claims: UnsafeCell<MaybeUninit<[Claim; MOST_CLAIMS]>>,
    claimed: Cell<usize>,
}

/// A range that has become a slice: begin, end, and whether it is written.
type Claim = (usize, usize, bool);

/// Slices of a task, at most.
const MOST_CLAIMS: usize = 16;

impl Task<'_> {
    /// Calls `work` with the task whose head is at an address.
    #[inline(always)]
    pub fn read<R>(at: usize, work: impl FnOnce(&Task<'_>) -> Result<R, i32>) -> Result<R, i32> {
        if at == 0 || !is_aligned(at, align_of::<Head>()) || !inside(at, size_of::<Head>()) {
            return Err(code::RANGE);
        }
        let mut head = MaybeUninit::<Head>::uninit();
        for i in 0..size_of::<Head>() / 4 {
            // SAFETY: aligned, and in memory. Volatile, so that it is read once. By words, as the
            // caller has just written them: a wider load would wait for its stores to complete.
            unsafe { head.as_mut_ptr().cast::<u32>().add(i).write((at as *const u32).add(i).read_volatile()) };
        }
        // SAFETY: all of it has been written, and any bytes are a head.
        let head = unsafe { head.assume_init_ref() };
        work(&Task { at, head, claims: UnsafeCell::new(MaybeUninit::uninit()), claimed: Cell::new(0) })
    }

    pub fn operation(&self) -> u32 {
        self.head.operation
    }

    pub fn dtype(&self) -> u32 {
        self.head.dtype
    }

    /// Without those of expansions, where the family has them.
    pub fn options(&self) -> u32 {
        #[cfg(feature = "core")]
        return self.head.options & !crate::expand::EXPANSIONS;
        #[cfg(not(feature = "core"))]
        self.head.options
    }

    /// How points are expanded before the kernel runs; 0 for not at all.
    #[cfg(feature = "core")]
    pub fn expansions(&self) -> u32 {
        self.head.options & crate::expand::EXPANSIONS
    }

    /// All slices so far are dropped.
    #[cfg(feature = "core")]
    pub fn forget(&self) {
        self.claimed.set(0);
    }

    pub fn channels(&self) -> usize {
        self.head.channels as usize
    }

    pub fn depth(&self) -> usize {
        self.head.depth as usize
    }

    /// Items: paths, or rows.
    pub fn batch(&self) -> usize {
        self.head.batch as usize
    }

    pub fn points(&self) -> usize {
        self.head.points as usize
    }

    pub fn row(&self) -> usize {
        self.head.row as usize
    }

    /// Whether a region is there.
    pub fn has(&self, region: usize) -> bool {
        self.head.regions[region].offset != 0
    }

    /// Numbers from a region's item, or row, to the next.
    #[cfg(feature = "core")]
    pub fn stride(&self, region: usize) -> usize {
        self.head.regions[region].stride as usize
    }

    /// The address of a region; 0 where it is absent or beyond all memory.
    fn address(&self, offset: u32) -> usize {
        if offset == 0 { 0 } else { self.at.checked_add(offset as usize).unwrap_or(0) }
    }

    /// Whether two regions begin at the same place.
    #[cfg(feature = "core")]
    pub fn are_same(&self, a: usize, b: usize) -> bool {
        self.head.regions[a].offset == self.head.regions[b].offset
    }

    /// `count` numbers at an address; `None` if they are misaligned, outside the memory, or written
    /// by another slice.
    fn slice<T>(&self, address: usize, count: usize) -> Option<&'static [T]> {
        let at = self.claim(address, count, (size_of::<T>(), align_of::<T>()), false)?;
        // SAFETY: inside the memory, aligned, not written by this task, and any bytes are a number.
        Some(unsafe { core::slice::from_raw_parts(at.get() as *const T, count) })
    }

    /// As [`Task::slice`], to write: no other slice of this task has any of it.
    fn slice_mut<T>(&self, address: usize, count: usize) -> Option<&'static mut [T]> {
        let at = self.claim(address, count, (size_of::<T>(), align_of::<T>()), true)?;
        // SAFETY: as `slice`, and of this slice alone.
        Some(unsafe { core::slice::from_raw_parts_mut(at.get() as *mut T, count) })
    }

    /// Where a slice of `count` things of a size and alignment may begin. One copy of the code for
    /// all types.
    #[inline(never)]
    fn claim(&self, begin: usize, count: usize, (size, align): (usize, usize), writes: bool) -> Option<NonZeroUsize> {
        if count == 0 {
            return NonZeroUsize::new(align);
        }
        if !is_sound(begin, count, size, align) {
            return None;
        }
        let (end, claimed) = (begin + count * size, self.claimed.get());
        let first: *mut Claim = self.claims.get().cast();
        // SAFETY: the first ones have been written; nothing else looks at them meanwhile.
        let claims = unsafe { core::slice::from_raw_parts(first, claimed) };
        let overlaps = |&(from, to, written): &Claim| begin < to && from < end && (writes || written);
        if claimed == MOST_CLAIMS || claims.iter().any(overlaps) {
            return None;
        }
        // SAFETY: there are more than have been written.
        unsafe { first.add(claimed).write((begin, end, writes)) };
        self.claimed.set(claimed + 1);
        NonZeroUsize::new(begin)
    }

    /// `count` numbers of a region.
    pub fn region<T>(&self, region: usize, count: usize) -> Result<&'static [T], i32> {
        self.slice(self.address(self.head.regions[region].offset), count).ok_or(code::RANGE)
    }

    /// As [`Task::region`], to write.
    pub fn region_mut<T>(&self, region: usize, count: usize) -> Result<&'static mut [T], i32> {
        self.slice_mut(self.address(self.head.regions[region].offset), count).ok_or(code::RANGE)
    }

    /// As [`Task::region_mut`], where the region is there.
    pub fn wanted<T>(&self, region: usize, count: usize) -> Result<Option<&'static mut [T]>, i32> {
        if self.has(region) { self.region_mut(region, count).map(Some) } else { Ok(None) }
    }

    /// `count` numbers of a region for each item, or for all, where the region is there.
    pub fn per_item<T>(&self, region: usize, count: usize) -> Result<Option<PerPath<'static, T>>, i32> {
        if !self.has(region) {
            return Ok(None);
        }
        let stride = self.head.regions[region].stride as usize;
        let span = self.batch().saturating_sub(1).checked_mul(stride).and_then(|last| last.checked_add(count));
        Ok(Some(PerPath { data: self.region(region, span.ok_or(code::RANGE)?)?, stride }))
    }

    /// The items' lengths, where they are there.
    pub fn lengths(&self) -> Result<Option<&'static [u32]>, i32> {
        match self.head.lengths {
            0 => Ok(None),
            offset => self.slice(self.address(offset), self.batch()).map(Some).ok_or(code::RANGE),
        }
    }

    /// The scratch memory, as far as it holds whole vectors.
    pub fn scratch<V: Lanes>(&self) -> Result<&'static mut [V], i32> {
        let address = match self.head.scratch {
            offset if cfg!(not(target_arch = "wasm32")) => self.address(offset),
            address => address as usize,
        };
        if !is_aligned(address, size_of::<V>()) {
            return Err(code::RANGE);
        }
        self.slice_mut(address, self.head.scratch_bytes as usize / size_of::<V>()).ok_or(code::RANGE)
    }
}

/// A product of sizes.
pub fn times(a: usize, b: usize) -> Result<usize, i32> {
    a.checked_mul(b).ok_or(code::SHAPE)
}
