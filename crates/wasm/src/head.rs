//! The head of a task: 48 words that say what to compute, on which numbers, and where results go.
//! `ts/run/head.ts` describes every word. The head is copied to the stack before anything of it is
//! checked, so that nothing can change under a check, and every range is checked before it becomes
//! a slice.

use crate::code;
use crate::ranges::{inside, is_aligned, is_sound};
use path_signature_kernels::PerPath;
use path_signature_kernels::lanes::Lanes;
use std::cell::RefCell;

/// A head as it lies in memory. Offsets count bytes from the head on, 0 is absent; strides count
/// numbers, 0 is one row for all items.
#[repr(C)]
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
pub struct Task {
    at: usize,
    head: Head,
    claims: RefCell<Claims>,
}

/// The ranges that have become slices: what is written overlaps nothing else.
#[derive(Default)]
struct Claims {
    /// Begin, end, and whether it is written.
    ranges: [(usize, usize, bool); 16],
    count: usize,
}

impl Claims {
    fn claim(&mut self, begin: usize, bytes: usize, writes: bool) -> bool {
        let end = begin + bytes;
        let overlaps = |&(from, to, written): &(usize, usize, bool)| begin < to && from < end && (writes || written);
        if self.count == self.ranges.len() || self.ranges[..self.count].iter().any(overlaps) {
            return false;
        }
        self.ranges[self.count] = (begin, end, writes);
        self.count += 1;
        true
    }
}

impl Task {
    /// The task whose head is at an address.
    pub fn read(at: usize) -> Result<Task, i32> {
        if at == 0 || !is_aligned(at, align_of::<Head>()) || !inside(at, size_of::<Head>()) {
            return Err(code::RANGE);
        }
        // SAFETY: aligned, in memory, and any bytes are a head. Volatile, so that it is read once.
        Ok(Task { at, head: unsafe { (at as *const Head).read_volatile() }, claims: RefCell::default() })
    }

    /// A task of which the offsets are addresses.
    #[cfg(feature = "core")]
    pub fn absolute(head: Head) -> Task {
        Task { at: 0, head, claims: RefCell::default() }
    }

    pub fn operation(&self) -> u32 {
        self.head.operation
    }

    pub fn dtype(&self) -> u32 {
        self.head.dtype
    }

    pub fn options(&self) -> u32 {
        self.head.options
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
        if count == 0 {
            return Some(&[]);
        }
        self.claim::<T>(address, count, false)?;
        // SAFETY: inside the memory, aligned, not written by this task, and any bytes are a number.
        Some(unsafe { core::slice::from_raw_parts(address as *const T, count) })
    }

    /// As [`Task::slice`], to write: no other slice of this task has any of it.
    fn slice_mut<T>(&self, address: usize, count: usize) -> Option<&'static mut [T]> {
        if count == 0 {
            return Some(&mut []);
        }
        self.claim::<T>(address, count, true)?;
        // SAFETY: as `slice`, and of this slice alone.
        Some(unsafe { core::slice::from_raw_parts_mut(address as *mut T, count) })
    }

    fn claim<T>(&self, address: usize, count: usize, writes: bool) -> Option<()> {
        let is_free = || self.claims.borrow_mut().claim(address, count * size_of::<T>(), writes);
        (is_sound(address, count, size_of::<T>(), align_of::<T>()) && is_free()).then_some(())
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
