//! Addresses against the memory's size. Not here: slices (`head`).

/// Where memory begins and ends.
#[cfg(target_arch = "wasm32")]
fn memory() -> (usize, usize) {
    // 65536 pages of 64 KiB would overflow 32 bits; the last byte of such a memory is never handed
    // out.
    (0, core::arch::wasm32::memory_size::<0>().saturating_mul(65536))
}

/// Native builds have no linear memory; a test says what stands for it.
#[cfg(not(target_arch = "wasm32"))]
fn memory() -> (usize, usize) {
    MEMORY.get()
}

#[cfg(not(target_arch = "wasm32"))]
thread_local! {
    pub static MEMORY: std::cell::Cell<(usize, usize)> = const { std::cell::Cell::new((0, 0)) };
}

/// Whether a range of bytes lies inside the memory.
pub fn inside(address: usize, bytes: usize) -> bool {
    let (begin, end) = memory();
    begin <= address && address.checked_add(bytes).is_some_and(|last| last <= end)
}

/// Whether an address is a multiple of `to`.
pub fn is_aligned(address: usize, to: usize) -> bool {
    address.is_multiple_of(to)
}

/// Whether `count` things at an address are aligned and inside the memory.
pub fn is_sound(address: usize, count: usize, size: usize, align: usize) -> bool {
    let fits = |bytes: usize| bytes <= isize::MAX as usize && inside(address, bytes);
    address != 0 && is_aligned(address, align) && count.checked_mul(size).is_some_and(fits)
}
