//! Tasks of the algebra: the bits of the kernels, called directly; refusals and hostile heads.

use super::*;
use crate::head::{Head, Region};
use crate::memory::{Memory, Random, region, rounds};
use crate::{run, scratch, state_numbers};
use path_signature_kernels::lanes::{LanesF32, LanesF64, Real};

const OPERATIONS: core::ops::RangeInclusive<u32> = MULTIPLY..=LOG_VJP;

/// Rows with scalars near 1: what every operation can take.
fn rows(random: &mut Random, layout: Layout, count: usize) -> Vec<f64> {
    let row = algebra_row(layout);
    let scalar = |i: usize| f64::from(u8::from(layout.scalar_term && i.is_multiple_of(row)));
    (0..count * row).map(|i| scalar(i) + random.number() / 2.0).collect()
}

fn algebra_row(layout: Layout) -> usize {
    signature_size(layout.channels, layout.depth).unwrap() + usize::from(layout.scalar_term)
}

/// A head with everything that any of the operations takes; `a` is shared where `shared` says so.
fn task(memory: &mut Memory, operation: u32, dtype: u32, layout: Layout, given: &[Vec<f64>; 3], shared: bool) -> Head {
    let row = algebra_row(layout);
    let mut head = Head {
        operation,
        dtype,
        channels: layout.channels as u32,
        depth: layout.depth as u32,
        options: if layout.scalar_term { SCALAR_TERM } else { 0 },
        batch: layout.batch as u32,
        ..Head::default()
    };
    head.regions[A] = region(memory.put(&given[0], dtype), if shared { 0 } else { row });
    head.regions[B] = region(memory.put(&given[1], dtype), row);
    head.regions[COTANGENT] = region(memory.put(&given[2], dtype), 0);
    for out in [OUT, OUT_A, OUT_B] {
        head.regions[out] = region(memory.put(&vec![7.0; layout.batch * row], dtype), 0);
    }
    head
}

/// What the kernels write: to 3, 6 and 7.
fn direct<V: Lanes>(operation: u32, layout: Layout, given: &[Vec<f64>; 3], shared: bool) -> [Vec<f64>; 3] {
    let row = algebra_row(layout);
    let cast = |x: &Vec<f64>| x.iter().map(|&x| V::T::from_f64(x)).collect::<Vec<_>>();
    let [a, b, c] = [cast(&given[0]), cast(&given[1]), cast(&given[2])];
    let a = PerPath { data: &a[..], stride: if shared { 0 } else { row } };
    let b = PerPath { data: &b[..], stride: row };
    let mut outs = [(); 3].map(|()| vec![V::T::from_f64(7.0); layout.batch * row]);
    let [out, out_a, out_b] = &mut outs;
    let mut scratch = vec![V::zero(); algebra::series_vjp_scratch(layout.channels, layout.depth).unwrap()];
    match operation {
        MULTIPLY => algebra::multiply(layout, a, b, out, &mut scratch),
        INVERSE => algebra::inverse(layout, a, out, &mut scratch),
        EXP => algebra::exp(layout, a, out, &mut scratch),
        LOG => algebra::log(layout, a, out, &mut scratch),
        MULTIPLY_VJP => {
            let to = MultiplyGradients { a: Some(out_a), b: Some(out_b) };
            algebra::multiply_vjp(layout, a, b, &c, to, &mut scratch)
        }
        INVERSE_VJP => algebra::inverse_vjp(layout, a, &c, out_a, &mut scratch),
        EXP_VJP => algebra::exp_vjp(layout, a, &c, out_a, &mut scratch),
        _ => algebra::log_vjp(layout, a, &c, out_a, &mut scratch),
    }
    .unwrap();
    outs.map(|out| out.iter().map(|x| x.to_f64()).collect())
}

#[test]
fn tasks_have_the_bits_of_kernels() {
    let mut random = Random(88172645463325252);
    for (channels, depth) in [(1, 5), (2, 1), (2, 4), (3, 3), (5, 2)] {
        for (batch, scalar_term, shared) in [(1, false, false), (5, true, false), (6, false, true), (3, true, true)] {
            let layout = Layout { batch, channels, depth, scalar_term };
            let given = [(); 3].map(|()| rows(&mut random, layout, batch));
            for operation in OPERATIONS {
                for dtype in [0, 1] {
                    let mut memory = Memory::new(1 << 18);
                    let head = task(&mut memory, operation, dtype, layout, &given, shared);
                    assert_eq!(memory.ask(head, state_numbers), 0);
                    assert_eq!(memory.run(head), code::FINE);
                    let count = batch * algebra_row(layout);
                    let outs = [OUT, OUT_A, OUT_B].map(|r| memory.numbers(head.regions[r].offset, count, dtype));
                    let wanted = match dtype {
                        0 => direct::<LanesF32>(operation, layout, &given, shared),
                        _ => direct::<LanesF64>(operation, layout, &given, shared),
                    };
                    assert_eq!(outs, wanted, "operation {operation} on {layout:?}");
                }
            }
        }
    }
}

#[test]
fn one_gradient_of_a_product() {
    let layout = Layout { batch: 3, channels: 2, depth: 3, scalar_term: true };
    let given = [(); 3].map(|()| rows(&mut Random(7), layout, 3));
    let wanted = direct::<LanesF64>(MULTIPLY_VJP, layout, &given, false);
    for (left_out, kept, wanted) in [(OUT_A, OUT_B, &wanted[2]), (OUT_B, OUT_A, &wanted[1])] {
        let mut memory = Memory::new(1 << 14);
        let mut head = task(&mut memory, MULTIPLY_VJP, 1, layout, &given, false);
        head.regions[left_out] = Region::default();
        assert_eq!(memory.run(head), code::FINE);
        assert_eq!(memory.numbers(head.regions[kept].offset, wanted.len(), 1), *wanted);
    }
}

/// One word is wrong: the code, and nothing written.
#[test]
fn refusals() {
    let layout = Layout { batch: 2, channels: 2, depth: 3, scalar_term: false };
    let given = [(); 3].map(|()| rows(&mut Random(7), layout, 2));
    for operation in OPERATIONS {
        let mut memory = Memory::new(1 << 16);
        let mut head = task(&mut memory, operation, 1, layout, &given, false);
        let bytes = memory.ask(head, scratch);
        (head.scratch, head.scratch_bytes) = (memory.take(bytes), bytes as u32);
        let beyond = memory.bytes() as u32;
        let is_vjp = operation >= MULTIPLY_VJP;
        let out = if is_vjp { OUT_A } else { OUT };
        let mut refused = |wanted: i32, change: &dyn Fn(&mut Head)| {
            let mut changed = head;
            change(&mut changed);
            assert_eq!(memory.ask(changed, run), wanted, "operation {operation}");
            for r in [OUT, OUT_A, OUT_B] {
                assert!(memory.numbers(head.regions[r].offset, 28, 1).iter().all(|&x| x == 7.0));
            }
        };
        refused(code::OPERATION, &|head| head.operation = 15);
        refused(code::OPERATION, &|head| head.operation = 24);
        refused(code::DTYPE, &|head| head.dtype = 2);
        for bit in (0..32).map(|bit| 1 << bit).filter(|&bit| bit != SCALAR_TERM) {
            refused(code::OPTIONS, &|head| head.options = bit);
        }
        refused(code::SHAPE, &|head| head.channels = 0);
        refused(code::SHAPE, &|head| head.depth = 0);
        refused(code::SHAPE, &|head| head.depth = 31);
        refused(code::RANGE, &|head| head.batch = u32::MAX);
        refused(code::RANGE, &|head| head.regions[A].offset = 0);
        refused(code::RANGE, &|head| head.regions[A].offset = beyond - 8);
        refused(code::RANGE, &|head| head.regions[A].stride = u32::MAX);
        refused(code::RANGE, &|head| head.regions[A].offset += 1);
        refused(code::RANGE, &|head| head.regions[out].offset = head.regions[A].offset);
        refused(code::RANGE, &|head| head.regions[out].offset = beyond);
        if matches!(operation, MULTIPLY | MULTIPLY_VJP) {
            refused(code::RANGE, &|head| head.regions[B].offset = 0);
        }
        if is_vjp {
            refused(code::RANGE, &|head| head.regions[COTANGENT].offset = 0);
        }
        if operation != MULTIPLY_VJP {
            refused(code::RANGE, &|head| head.regions[out].offset = 0);
        }
        refused(code::SCRATCH, &|head| head.scratch_bytes = 64);
        refused(code::RANGE, &|head| head.scratch += 8);
        refused(code::RANGE, &|head| head.scratch = beyond);
        assert_eq!(memory.ask(head, run), code::FINE);
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
            operation: random.of(&[0, 1, 3, 16, 17, 18, 19, 20, 21, 22, 23, 24]),
            dtype: random.of(&[0, 1, 2]),
            channels: random.of(sizes),
            depth: random.of(sizes),
            options: if round % 3 == 0 { random.word() } else { random.word() & SCALAR_TERM },
            batch: random.of(sizes),
            points: random.of(sizes),
            scratch: random.of(offsets),
            scratch_bytes: random.of(&[0, 16, 4096, 8192, u32::MAX]),
            ..Head::default()
        };
        for r in &mut head.regions {
            *r = Region { offset: random.of(offsets), stride: random.of(sizes) };
        }
        memory.ask(head, scratch);
        assert_eq!(memory.ask(head, state_numbers), 0);
        assert!((code::OPERATION..=code::FINE).contains(&memory.ask(head, run)));
    }
}
