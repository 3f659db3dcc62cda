//! A piece of native memory in which tests lay out tasks.

use crate::head::{Head, Region};
use crate::{ranges, run, scratch};

/// A pseudorandom sequence (xorshift).
pub struct Random(pub u64);

impl Random {
    /// Any word.
    pub fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    /// A number from -1/2 to 1/2.
    pub fn number(&mut self) -> f64 {
        f64::from(self.word()) / f64::from(u32::MAX) - 0.5
    }

    /// One of several.
    pub fn of(&mut self, choices: &[u32]) -> u32 {
        choices[self.word() as usize % choices.len()]
    }
}

/// Rounds of a random sweep: a tenth in `npm test`, all with `--all` and in plain `cargo test`.
pub fn rounds() -> u32 {
    let short = std::env::var("TEST_LEVEL").is_ok_and(|level| level != "all");
    if short { 4_000 } else { 40_000 }
}

/// Memory that begins with a head.
pub struct Memory {
    words: Vec<[u64; 8]>,
    /// Bytes that are taken.
    end: usize,
}

impl Memory {
    /// At least so many bytes, zeros.
    pub fn new(bytes: usize) -> Memory {
        let words = vec![[0; 8]; bytes.div_ceil(64) + 1];
        Memory { words, end: 192 }
    }

    /// The first address that is a multiple of 64.
    pub fn at(&self) -> usize {
        (self.words.as_ptr() as usize).next_multiple_of(64)
    }

    /// How many there are from there on.
    pub fn bytes(&self) -> usize {
        (self.words.len() - 1) * 64
    }

    /// The offset of so many bytes more.
    pub fn take(&mut self, bytes: usize) -> u32 {
        let begin = self.end;
        self.end = (begin + bytes).next_multiple_of(64);
        assert!(self.end <= self.bytes(), "the test's memory is too small");
        begin as u32
    }

    /// A region of numbers.
    pub fn put(&mut self, numbers: &[f64], dtype: u32) -> u32 {
        let offset = self.take(numbers.len() * if dtype == 0 { 4 } else { 8 });
        for (i, &x) in numbers.iter().enumerate() {
            let at = self.at() + offset as usize;
            // SAFETY: the region was just taken.
            unsafe {
                match dtype {
                    0 => *(at as *mut f32).add(i) = x as f32,
                    _ => *(at as *mut f64).add(i) = x,
                }
            }
        }
        offset
    }

    /// So many numbers at an offset.
    pub fn numbers(&self, offset: u32, count: usize, dtype: u32) -> Vec<f64> {
        let at = self.at() + offset as usize;
        // SAFETY: the caller took as many.
        let number = |i: usize| unsafe {
            if dtype == 0 { f64::from(*(at as *const f32).add(i)) } else { *(at as *const f64).add(i) }
        };
        (0..count).map(number).collect()
    }

    /// Everything, as words.
    pub fn words(&self) -> &[u32] {
        // SAFETY: there are as many bytes from that address on; any bytes are words.
        unsafe { std::slice::from_raw_parts(self.at() as *const u32, self.bytes() / 4) }
    }

    /// Whether a task that was refused has left everything as it was `before`, but for what it may
    /// write.
    pub fn is_kept(&self, head: &Head, before: &[u32]) -> bool {
        // Points are expanded in place before the operation sees them.
        #[cfg(feature = "core")]
        if head.options & crate::expand::EXPANSIONS != 0 {
            return true;
        }
        // Gradients compute signatures in scratch before all is checked.
        let first = head.scratch as usize / 4;
        let own = first..first.saturating_add(head.scratch_bytes as usize / 4);
        before.iter().zip(self.words()).enumerate().all(|(i, (a, b))| own.contains(&i) || a == b)
    }

    /// What an export answers for a head.
    pub fn ask<R>(&mut self, head: Head, export: impl Fn(usize) -> R) -> R {
        ranges::MEMORY.set((self.at(), self.at() + self.bytes()));
        // SAFETY: every memory begins with room for a head.
        unsafe { (self.at() as *mut Head).write(head) };
        export(self.at())
    }

    /// Runs a task with as much scratch as it needs.
    pub fn run(&mut self, mut head: Head) -> i32 {
        let bytes = self.ask(head, scratch);
        assert!(bytes > 0, "unsupported");
        (head.scratch, head.scratch_bytes) = (self.take(bytes), bytes as u32);
        self.ask(head, run)
    }
}

/// A region of a head.
pub fn region(offset: u32, stride: usize) -> Region {
    Region { offset, stride: stride as u32 }
}

/// Numbers of a signature.
pub fn size(channels: usize, depth: usize) -> usize {
    path_signature_kernels::signature_size(channels, depth).unwrap()
}
