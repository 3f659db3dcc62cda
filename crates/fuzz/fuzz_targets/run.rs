//! `run`, `scratch` and `state_numbers` with any head, for libFuzzer: nothing traps, and a refused
//! call has written nothing. The first bytes choose a call that is right, later ones change
//! words of its head; numbers are made of all of them. The memory is a block of its own, so that
//! AddressSanitizer sees what is read or written beyond it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use path_signature_wasm::memory::{Memory, region};
use path_signature_wasm::{Head, run, scratch, state_numbers};

/// Operations of all families; those of others are refused.
const OPERATIONS: [u32; 22] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23, 32, 33, 34];
const BYTES: usize = 1 << 18;
/// Numbers that something else may come of.
const SPECIAL: [f64; 4] = [f64::NAN, f64::INFINITY, 1e300, 0.0];

struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(first)
    }

    fn word(&mut self) -> u32 {
        u32::from_le_bytes([0; 4].map(|_: u8| self.byte() as u8))
    }
}

fuzz_target!(|data: &[u8]| {
    let mut source = Source(data);
    let operation = OPERATIONS[source.byte() % OPERATIONS.len()];
    let dtype = source.byte() as u32 % 2;
    let (channels, depth) = (1 + source.byte() % 5, 1 + source.byte() % 5);
    let (batch, points) = (1 + source.byte() % 6, 1 + source.byte() % 80);
    let options = source.word() & 0xffff;
    let given = source.byte();
    let size: usize = (1..=depth as u32).map(|k| channels.pow(k)).sum();
    if batch * points.max(9) * (size + 1) * 8 * 8 > BYTES / 2 {
        return;
    }
    let mut memory = Memory::new(BYTES);
    let numbers: Vec<f64> = (0..batch * points * (size + channels))
        .map(|i| match data.get(i % data.len().max(1)) {
            Some(&byte) if byte >= 252 => SPECIAL[usize::from(byte) - 252],
            Some(&byte) => f64::from(byte) / 64.0 - 2.0,
            None => 0.0,
        })
        .collect();
    let mut head = Head {
        operation,
        dtype,
        channels: channels as u32,
        depth: depth as u32,
        options,
        batch: batch as u32,
        points: points as u32,
        row: size as u32,
        ..Head::default()
    };
    for (r, to) in head.regions.iter_mut().enumerate().take(9) {
        if r == 0 || r == 3 || given & (1 << (r % 8)) != 0 {
            *to = region(memory.put(&numbers[..(batch * points * channels).max(batch * (size + 1))], dtype), size);
        }
    }
    // SAFETY: a head is words.
    let words = unsafe { std::slice::from_raw_parts_mut((&raw mut head).cast::<u32>(), 48) };
    while !source.0.is_empty() {
        let (at, kind, value) = (source.byte() % 48, source.byte(), source.word());
        words[at] = match kind % 4 {
            0 => value,
            1 => words[at].wrapping_add(value % 129).wrapping_sub(64),
            2 => words[value as usize % 48],
            _ => value % 512,
        };
    }
    // Tables for so many letters take gigabytes here; WebAssembly memory refuses them.
    if (1 << 20..1 << 31).contains(&head.channels) {
        return;
    }
    let bytes = memory.ask(head, scratch);
    if head.scratch == 0 && bytes < BYTES / 2 {
        let at = memory.bytes() - bytes.next_multiple_of(64);
        (head.scratch, head.scratch_bytes) = (at as u32, bytes as u32);
    }
    memory.ask(head, |_| ());
    let before = memory.words().to_vec();
    let done = memory.ask(head, run);
    assert!((-7..=6).contains(&done), "{done}");
    assert!(done >= 0 || memory.is_kept(&head, &before), "{done}, written all the same");
    memory.ask(head, state_numbers);
});
