//! Heads of calls that are right but for some words: a call ends with a code, and one that is
//! refused has written nothing. FUZZ_SEED and FUZZ_CASES say which (test/fuzz/rust.ts).

use super::*;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn changed_heads() {
    let first = setting("FUZZ_SEED", 1);
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.points < 10).collect();
    for seed in first..first.saturating_add(setting("FUZZ_CASES", 500)) {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let case = &cases[random.word() as usize % cases.len()];
        let mut memory = Memory::new(1 << 21);
        let operation = random.of(&[SIGNATURE, COMBINE, SIGNATURE_VJP, SIGNATURE_VJP, SELECT, SELECT_VJP, SLIDING]);
        let mut head = case.head(&mut memory, operation);
        let rows = case.batch * case.rows().max(1) * case.row(case.depth) * case.bytes();
        head.row = case.row(case.depth) as u32;
        for r in 3..8 {
            head.regions[r] = region(memory.take(rows.max(case.batch * case.points * case.channels * case.bytes())), 0);
        }
        if matches!(operation, SELECT | SELECT_VJP) {
            // A letter, a word that continues it if there is one, and anything.
            let (d, depth) = (case.channels as f64, case.depth.min(2) as f64);
            let wild = if random.word().is_multiple_of(2) { [0.0, 1.0, 0.0] } else { [random.number() * 9.0; 3] };
            let nodes = [&[0.0, 1.0, 1.0, d - 1.0, depth, 2.0], &wild[..]].concat();
            head.regions[9] = region(memory.put(&nodes, case.dtype), 0);
            head.row = nodes.len() as u32;
            let row = 2 + usize::from(case.options & SCALAR_TERM != 0);
            (head.regions[3].stride, head.regions[4].stride) = (row as u32, row as u32);
        }
        if operation == SLIDING {
            // Windows of three points, two in a block, each with a row.
            head.regions[5] = region(memory.put(&[3.0, 1.0, case.points as f64], case.dtype), 0);
            (head.row, head.options) = (2, 0);
            (head.regions[1], head.regions[2]) = (Region::default(), Region::default());
        }
        let bytes = memory.ask(head, scratch);
        (head.scratch, head.scratch_bytes) = (memory.take(bytes), bytes as u32);
        // SAFETY: a head is words.
        let changed = unsafe { std::slice::from_raw_parts_mut((&raw mut head).cast::<u32>(), 48) };
        for _ in 0..random.word() % 4 {
            let at = random.word() as usize % 48;
            let wild = random.word();
            changed[at] = match random.word() % 4 {
                0 => wild,
                1 => changed[at].wrapping_add(wild % 129).wrapping_sub(64),
                2 => changed[random.word() as usize % 48],
                _ => [0, 1, 7, 1 << 18, u32::MAX][wild as usize % 5],
            };
        }
        let told = format!("seed {seed}: {changed:?}");
        if std::env::var_os("FUZZ_CASES").is_some() {
            println!("{told}");
        }
        // Writes the head, so that what follows may compare everything.
        memory.ask(head, |_| ());
        let before = memory.words().to_vec();
        let done = memory.ask(head, run);
        assert!((code::OPERATION..=6).contains(&done), "{done}, {told}");
        assert!(done >= 0 || memory.is_kept(&head, &before), "{done}, written all the same, {told}");
        memory.ask(head, scratch);
        memory.ask(head, state_numbers);
    }
}
