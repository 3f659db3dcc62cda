//! From addresses to slices, checked against the memory's size. Not here: what the slices mean.

use path_signature_kernels::PerPath;

/// Bytes of memory now.
#[cfg(target_arch = "wasm32")]
fn memory_bytes() -> usize {
    // 65536 pages of 64 KiB would overflow 32 bits; the last byte of such a memory is never handed out.
    core::arch::wasm32::memory_size::<0>().saturating_mul(65536)
}

/// Native builds (tests of this crate) have no linear memory; any address may be right.
#[cfg(not(target_arch = "wasm32"))]
fn memory_bytes() -> usize {
    usize::MAX
}

/// Whether a range of bytes lies inside the memory.
pub fn inside(address: usize, bytes: usize) -> bool {
    address.checked_add(bytes).is_some_and(|end| end <= memory_bytes())
}

/// Whether an address is a multiple of `to`.
pub fn aligned(address: usize, to: usize) -> bool {
    address.is_multiple_of(to)
}

/// `count` numbers at `address`, or `None` if they are misaligned or outside the memory.
///
/// # Safety
/// Nothing writes there while the slice is used.
pub unsafe fn slice<T>(address: usize, count: usize) -> Option<&'static [T]> {
    sound::<T>(address, count)?;
    if count == 0 {
        return Some(&[]);
    }
    // SAFETY: inside the memory, aligned, and any bytes are a number.
    Some(unsafe { core::slice::from_raw_parts(address as *const T, count) })
}

/// As [`slice`], to write.
///
/// # Safety
/// Nothing else reads or writes there while the slice is used.
pub unsafe fn slice_mut<T>(address: usize, count: usize) -> Option<&'static mut [T]> {
    sound::<T>(address, count)?;
    if count == 0 {
        return Some(&mut []);
    }
    // SAFETY: as `slice`.
    Some(unsafe { core::slice::from_raw_parts_mut(address as *mut T, count) })
}

/// `count` numbers at `address` for one path, or one such row for each path `stride` numbers apart; `Some(None)` for address 0.
///
/// # Safety
/// As [`slice`].
pub unsafe fn per_path<T>(
    batch: usize,
    address: usize,
    stride: usize,
    count: usize,
) -> Option<Option<PerPath<'static, T>>> {
    if address == 0 {
        return Some(None);
    }
    let span = batch.saturating_sub(1).checked_mul(stride)?.checked_add(count)?;
    // SAFETY: as the caller vouches.
    Some(Some(PerPath { data: unsafe { slice::<T>(address, span) }?, stride }))
}

fn sound<T>(address: usize, count: usize) -> Option<()> {
    is_sound(address, count, size_of::<T>(), align_of::<T>()).then_some(())
}

/// One copy of the checks for all types.
#[inline(never)]
fn is_sound(address: usize, count: usize, size: usize, align: usize) -> bool {
    let null = address == 0 && count > 0;
    let fits = |bytes: usize| bytes <= isize::MAX as usize && inside(address, bytes);
    !null && aligned(address, align) && count.checked_mul(size).is_some_and(fits)
}
