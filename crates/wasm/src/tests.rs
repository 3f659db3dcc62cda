//! Tasks in a piece of native memory: hostile heads, and operations that are defined by others.

mod fuzz;

use crate::head::{Head, Region};
use crate::memory::{Memory, Random, region, rounds, size};
use crate::{code, run, scratch, state_numbers};

const SIGNATURE: u32 = 1;
const COMBINE: u32 = 2;
const SIGNATURE_VJP: u32 = 3;
const SELECT: u32 = 9;
const SELECT_VJP: u32 = 10;
const SLIDING: u32 = 11;

const STREAM: u32 = 1;
const SCALAR_TERM: u32 = 4;
const SINGLE: u32 = 32;

/// A batch of paths, with everything that can be given.
#[derive(Clone, Copy)]
struct Case {
    dtype: u32,
    batch: usize,
    points: usize,
    channels: usize,
    depth: usize,
    options: u32,
    given: bool,
}

impl Case {
    /// Puts inputs into memory, as regions of a head.
    fn head(&self, memory: &mut Memory, operation: u32) -> Head {
        let mut random = Random(88172645463325252);
        let mut numbers = |count: usize| (0..count).map(|_| random.number()).collect::<Vec<_>>();
        let mut head = Head {
            operation,
            dtype: self.dtype,
            channels: self.channels as u32,
            depth: self.depth as u32,
            options: self.options,
            batch: self.batch as u32,
            points: self.points as u32,
            ..Head::default()
        };
        let (d, size) = (self.channels, size(self.channels, self.depth));
        head.regions[0] = region(memory.put(&numbers(self.batch * self.points * d), self.dtype), 0);
        if self.given {
            head.regions[1] = region(memory.put(&numbers(self.batch * d), self.dtype), d);
            head.regions[2] = region(memory.put(&numbers(size), self.dtype), 0);
            head.lengths = memory.take(4 * self.batch);
            for i in 0..self.batch {
                let length = 1 + (i * 7 + self.points - 1) % self.points;
                // SAFETY: there is a word for each path.
                unsafe { *((memory.at() + head.lengths as usize) as *mut u32).add(i) = length as u32 };
            }
        }
        head
    }

    fn rows(&self) -> usize {
        if self.options & STREAM != 0 { self.points - usize::from(!self.given) } else { 1 }
    }

    fn row(&self, depth: usize) -> usize {
        size(self.channels, depth) + usize::from(self.options & SCALAR_TERM != 0)
    }

    fn bytes(&self) -> usize {
        if self.dtype == 0 { 4 } else { 8 }
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (channels, depth) in [(1, 4), (2, 1), (3, 2), (2, 3), (4, 4), (2, 6), (6, 3)] {
        for (batch, points) in [(1, 150), (5, 9), (3, 1)] {
            for bits in 0..16 {
                let options = bits & 7;
                let given = bits & 8 != 0;
                for dtype in [0, 1] {
                    cases.push(Case { dtype, batch, points, channels, depth, options, given });
                }
            }
        }
    }
    cases
}

#[test]
fn gradients_without_signatures() {
    for case in cases() {
        let Case { dtype, batch, points, channels, depth, options, .. } = case;
        let stream = options & STREAM != 0;
        let rows = batch * case.rows();
        let mut memory = Memory::new(1 << 23);
        let mut head = case.head(&mut memory, SIGNATURE_VJP);
        let cotangents: Vec<f64> = (0..rows * case.row(depth)).map(|i| ((i * 37) % 101) as f64 / 50.0 - 1.0).collect();
        head.regions[4] = region(memory.put(&cotangents, dtype), 0);
        if batch == 1 && !stream {
            head.options |= SINGLE;
        }
        let results = |memory: &mut Memory, mut head: Head| {
            let counts = [batch * points * channels, batch * channels, batch * size(channels, depth)];
            for (r, count) in [3, 6, 7].into_iter().zip(counts) {
                if r != 6 || case.given {
                    head.regions[r] = region(memory.take(count * case.bytes()), 0);
                }
            }
            assert_eq!(memory.run(head) & !code::MAY_CANCEL, code::FINE);
            let of = |r: usize, count| match head.regions[r].offset {
                0 => Vec::new(),
                offset => memory.numbers(offset, count, dtype),
            };
            [of(3, counts[0]), of(6, counts[1]), of(7, counts[2])]
        };
        let without = results(&mut memory, head);
        // What the gradient's kernel is given otherwise: no top level, and nothing continued, but
        // for streams.
        let kept = if stream { depth } else { (depth - 1).max(1) };
        let mut forward = Head { operation: SIGNATURE, depth: kept as u32, options, ..head };
        if !stream {
            forward.regions[2] = Region::default();
        }
        if kept == 5 && !stream {
            forward.options |= 256;
        }
        forward.regions[3] = region(memory.take(rows * case.row(kept) * case.bytes()), 0);
        forward.regions[4] = Region::default();
        assert_eq!(memory.run(forward), code::FINE);
        head.row = case.row(kept) as u32;
        head.regions[5] = forward.regions[3];
        assert_eq!(without, results(&mut memory, head), "({channels}, {depth}) {options} {batch} {points}");
    }
}

#[test]
fn states_are_the_last_rows() {
    for case in cases() {
        let Case { dtype, batch, channels, depth, .. } = case;
        let size = size(channels, depth);
        let mut memory = Memory::new(1 << 23);
        let mut head = case.head(&mut memory, SIGNATURE);
        assert_eq!(memory.ask(head, state_numbers), size);
        let each = case.rows() * case.row(depth);
        head.regions[3] = region(memory.take(batch * each * case.bytes()), 0);
        head.regions[4] = region(memory.take(batch * size * case.bytes()), 0);
        assert_eq!(memory.run(head), code::FINE);
        let rows = memory.numbers(head.regions[3].offset, batch * each, dtype);
        let states = memory.numbers(head.regions[4].offset, batch * size, dtype);
        for (path, state) in states.chunks(size).enumerate() {
            match each {
                // Only one point each, none before it: there is nothing to continue either.
                0 => assert!(state.iter().all(|&x| x == 0.0)),
                _ => assert_eq!(state, &rows[(path + 1) * each - size..(path + 1) * each]),
            }
        }
    }
}

#[test]
fn combinations_continue() {
    for (channels, depth) in [(1, 5), (2, 2), (3, 4)] {
        for dtype in [0, 1] {
            let size = size(channels, depth);
            let bytes = size * if dtype == 0 { 4 } else { 8 };
            let mut random = Random(7);
            let rows: Vec<f64> = (0..3 * size).map(|_| random.number()).collect();
            let product = |rows: &[f64], initial: Option<&[f64]>, in_place: bool| {
                let mut memory = Memory::new(1 << 16);
                let mut head = Head {
                    operation: COMBINE,
                    dtype,
                    channels: channels as u32,
                    depth: depth as u32,
                    batch: (rows.len() / size) as u32,
                    ..Head::default()
                };
                head.regions[0] = region(memory.put(rows, dtype), 0);
                head.regions[2] = region(initial.map_or(0, |initial| memory.put(initial, dtype)), 0);
                head.regions[3] = if in_place { head.regions[0] } else { region(memory.take(bytes), 0) };
                assert_eq!(memory.ask(head, state_numbers), 0);
                assert_eq!(memory.run(head), code::FINE);
                memory.numbers(head.regions[3].offset, size, dtype)
            };
            let (first, others) = rows.split_at(size);
            let whole = product(others, None, false);
            assert_eq!(whole, product(others, None, true));
            let pair: Vec<f64> = [first, &whole].concat();
            let continued = product(&pair, None, false);
            for in_place in [false, true] {
                assert_eq!(continued, product(others, Some(first), in_place));
            }
        }
    }
}

#[test]
fn what_is_not_finite_is_told() {
    let case = Case { dtype: 0, batch: 3, points: 4, channels: 2, depth: 3, options: 0, given: false };
    let mut memory = Memory::new(1 << 18);
    let mut head = case.head(&mut memory, SIGNATURE_VJP);
    let cotangents = |memory: &mut Memory, x: f64| region(memory.put(&[x; 42], 0), 0);
    head.regions[3] = region(memory.take(96), 0);
    head.regions[4] = cotangents(&mut memory, f64::NAN);
    assert_eq!(memory.run(head), code::COTANGENTS_NOT_FINITE);
    head.regions[0] = region(memory.put(&[f64::INFINITY; 24], 0), 0);
    assert_eq!(memory.run(head), code::INCREMENTS_NOT_FINITE);
    head.regions[4] = cotangents(&mut memory, 1.0);
    assert_eq!(memory.run(head), code::INCREMENTS_NOT_FINITE);
}

/// One word is wrong: the code, and nothing written.
#[test]
fn refusals() {
    for operation in [SIGNATURE, SIGNATURE_VJP] {
        let case = Case { dtype: 1, batch: 2, points: 3, channels: 2, depth: 3, options: 0, given: true };
        let mut memory = Memory::new(1 << 18);
        let mut head = case.head(&mut memory, operation);
        head.regions[4] = region(memory.put(&[1.0; 28], 1), 0);
        head.regions[3] = region(memory.put(&[7.0; 28], 1), 0);
        let bytes = memory.ask(head, scratch);
        (head.scratch, head.scratch_bytes) = (memory.take(bytes), bytes as u32);
        let beyond = memory.bytes() as u32;
        let mut refused = |wanted: i32, change: &dyn Fn(&mut Head)| {
            let mut head = head;
            change(&mut head);
            assert_eq!(memory.ask(head, run), wanted);
            assert!(memory.numbers(head.regions[3].offset, 28, 1).iter().all(|&x| x == 7.0));
        };
        refused(code::OPERATION, &|head| head.operation = 0);
        refused(code::OPERATION, &|head| head.operation = 99);
        refused(code::DTYPE, &|head| head.dtype = 2);
        refused(code::OPTIONS, &|head| head.options = 64);
        refused(code::OPTIONS, &|head| head.options = 256 | 512);
        refused(code::SHAPE, &|head| head.channels = 0);
        refused(code::SHAPE, &|head| head.depth = 0);
        refused(code::SHAPE, &|head| head.depth = 31);
        refused(code::SHAPE, &|head| head.points = 0);
        refused(code::RANGE, &|head| head.batch = u32::MAX);
        refused(code::RANGE, &|head| head.points = u32::MAX);
        refused(code::RANGE, &|head| head.regions[0].offset = 0);
        refused(code::RANGE, &|head| head.regions[0].offset = beyond - 8);
        refused(code::RANGE, &|head| head.regions[1].offset += 1);
        refused(code::RANGE, &|head| head.regions[2].stride = u32::MAX);
        refused(code::RANGE, &|head| head.lengths = beyond);
        refused(code::LENGTHS, &|head| head.lengths = head.regions[0].offset);
        refused(code::SCRATCH, &|head| head.scratch_bytes = 64);
        refused(code::RANGE, &|head| head.scratch += 8);
        refused(code::RANGE, &|head| head.scratch = beyond);
    }
}

/// Anything at all: it ends, and with a code.
#[test]
fn hostile_heads() {
    let mut random = Random(2463534242);
    let mut memory = Memory::new(1 << 14);
    let small: &[u32] = &[0, 1, 2, 3, 4, 5, 7];
    let wild: &[u32] = &[0, 1, 2, 3, 8, 30, 31, 1 << 16, 1 << 31, u32::MAX];
    let offsets: &[u32] = &[0, 1, 192, 256, 512, 1024, 4096, 8192, 1 << 14, u32::MAX];
    for round in 0..rounds() {
        let sizes = if round % 2 == 0 { small } else { wild };
        let mut head = Head {
            operation: random.of(&[0, 1, 2, 3, 3, 4, 4, 5, 6, 7, 8, 16]),
            dtype: random.of(&[0, 1, 2]),
            channels: random.of(sizes),
            depth: random.of(sizes),
            options: if round % 3 == 0 { random.word() } else { random.word() & 0x33f },
            batch: random.of(sizes),
            points: random.of(sizes),
            lengths: random.of(offsets),
            row: random.of(sizes),
            scratch: random.of(offsets),
            scratch_bytes: random.of(&[0, 16, 4096, 8192, u32::MAX]),
            ..Head::default()
        };
        for r in &mut head.regions {
            *r = Region { offset: random.of(offsets), stride: random.of(sizes) };
        }
        memory.ask(head, scratch);
        memory.ask(head, state_numbers);
        assert!((code::OPERATION..=2).contains(&memory.ask(head, run)));
    }
    for address in [0, 4, memory.at() + 1, memory.at() + memory.bytes() - 64, usize::MAX] {
        assert_eq!(run(address), code::RANGE);
        assert_eq!((scratch(address), state_numbers(address)), (0, 0));
    }
}
