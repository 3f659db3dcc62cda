//! The family `algebra`: no operation is known yet, so every head is refused.

use wasm_bindgen::prelude::wasm_bindgen;

/// Code of the result: no such operation.
const OPERATION: i32 = -7;

/// Runs the task that begins at `head`.
#[wasm_bindgen]
pub fn run(_head: usize) -> i32 {
    OPERATION
}

/// Bytes of scratch that the task needs; 0 for what is unsupported.
#[wasm_bindgen]
pub fn scratch(_head: usize) -> usize {
    0
}
