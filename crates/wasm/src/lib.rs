//! The WebAssembly exports of path-signature: numbers only, so that one instance needs no glue. A
//! task is a piece of memory that begins with a head (`head`); [`run()`] carries it out,
//! [`scratch()`] says how much memory that takes besides.
//!
//! Nothing numerical lives here, and nothing that a head can hold makes an export trap: every range
//! is checked against the memory's size before it becomes a slice. Operations are in
//! `path-signature-kernels`. A binary has one family of them: the cargo features `core`,
//! `algebra` and `kernels`.

// As in path-signature-kernels.
#![cfg_attr(path_signature_small, feature(optimize_attribute))]
// What all families share is not dead where one of them does not use it.
#![cfg_attr(not(feature = "core"), allow(dead_code))]

#[cfg(feature = "core")]
mod expand;
mod head;
#[cfg(feature = "core")]
mod kept;
#[cfg(any(test, feature = "fuzz"))]
pub mod memory;
mod ops;
#[cfg(feature = "core")]
mod options;
#[cfg(feature = "core")]
mod peak;
mod ranges;
#[cfg(feature = "core")]
mod recoveries;
#[cfg(all(test, feature = "core"))]
mod tests;

use head::Task;
#[cfg(feature = "fuzz")]
pub use head::{Head, Region};
use ops::{Question, ask};
use std::alloc::Layout;
use wasm_bindgen::prelude::wasm_bindgen;

/// Alignment of everything that [`allocate`] gives.
const ALIGNMENT: usize = 64;

/// Results of [`run()`]; `ts/wasm/abi.ts` has the same. Negative: refused, and nothing was written,
/// unless points that the options expand in place.
mod code {
    pub const FINE: i32 = 0;
    /// Done, but the sum of some path's increments is not finite.
    pub const INCREMENTS_NOT_FINITE: i32 = 1;
    /// Done, but a cotangent is not finite, or what came of one.
    pub const COTANGENTS_NOT_FINITE: i32 = 2;
    /// Done, and this bit besides: some path may go back and forth so that float32 gradients lose
    /// digits.
    pub const MAY_CANCEL: i32 = 4;
    /// No such number type.
    pub const DTYPE: i32 = -1;
    /// No channels, depth, points or rows, or a size beyond what memory holds.
    pub const SHAPE: i32 = -2;
    /// A range outside memory, misaligned, or absent where it is needed.
    pub const RANGE: i32 = -3;
    /// A length that is 0 or more than the points.
    pub const LENGTHS: i32 = -4;
    /// Less scratch than needed.
    pub const SCRATCH: i32 = -5;
    /// An option bit without meaning.
    pub const OPTIONS: i32 = -6;
    /// No such operation in this binary.
    pub const OPERATION: i32 = -7;
}

/// Bytes of memory, 64-byte aligned; 0 if they cannot be had. The memory may grow: views of it have
/// to be made again.
#[wasm_bindgen]
pub fn allocate(bytes: usize) -> usize {
    match Layout::from_size_align(bytes, ALIGNMENT) {
        // SAFETY: the size is not zero.
        Ok(layout) if bytes > 0 => unsafe { std::alloc::alloc(layout) as usize },
        _ => 0,
    }
}

/// Gives back what [`allocate`] gave for the same number of bytes.
#[wasm_bindgen]
pub fn release(address: usize, bytes: usize) {
    if address == 0 || bytes == 0 || !ranges::inside(address, bytes) {
        return;
    }
    if let Ok(layout) = Layout::from_size_align(bytes, ALIGNMENT) {
        // SAFETY: the caller vouches, as in C, that the pair came from `allocate`.
        unsafe { std::alloc::dealloc(address as *mut u8, layout) }
    }
}

/// Runs the task whose head is at an address. The result is a code.
#[wasm_bindgen]
pub fn run(head: usize) -> i32 {
    let expanded = |task: &Task| {
        #[cfg(feature = "core")]
        if task.expansions() != 0 {
            expand::expand(task, task.expansions())?;
            task.forget();
        }
        ask(task, Question::Run)
    };
    Task::read(head, expanded).map_or_else(|code| code, |code| code as i32)
}

/// Bytes of scratch memory that a task needs; 0 if it is unsupported. The memory may grow: tables
/// for shapes are made here.
#[wasm_bindgen]
pub fn scratch(head: usize) -> usize {
    Task::read(head, |task| ask(task, Question::Scratch)).unwrap_or(0)
}

/// Numbers of the state that one piece of time hands to the next, an item; 0 if there is none.
#[wasm_bindgen]
pub fn state_numbers(head: usize) -> usize {
    Task::read(head, |task| ask(task, Question::State)).unwrap_or(0)
}

/// Rounds of 48 independent float32 vector multiply-adds each, to measure this binary's peak: 384
/// floating point operations a round.
#[cfg(feature = "core")]
#[wasm_bindgen]
pub fn peak_f32(rounds: usize) -> f32 {
    peak::multiply_adds::<path_signature_kernels::lanes::LanesF32>(rounds)
}

/// As [`peak_f32`] for float64: 192 floating point operations a round.
#[cfg(feature = "core")]
#[wasm_bindgen]
pub fn peak_f64(rounds: usize) -> f64 {
    peak::multiply_adds::<path_signature_kernels::lanes::LanesF64>(rounds)
}
