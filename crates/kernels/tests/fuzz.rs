//! Random calls in which every input, output and scratch memory is a block of its own, of exactly
//! the stated size: under AddressSanitizer any access beyond one is a fault (test/fuzz/rust.ts).
//! What is not written shows as NaN. FUZZ_SEED and FUZZ_CASES say which calls.

mod common;

use common::{Random, call, cast};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::vjp::{Gradients, Part, VjpRequest, signature_vjp, vjp_scratch};
use path_signature_kernels::{Algorithm, Options, PerPath, Request, algebra, combine, signature_size};

/// Most numbers of a signature.
const MOST: usize = 3000;

fn setting(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

struct Call {
    d: usize,
    n: usize,
    batch: usize,
    points: usize,
    options: Options,
    lengths: Option<Vec<u32>>,
    basepoint: Option<usize>,
    initial: Option<usize>,
    wants_all: bool,
    single: bool,
}

impl Call {
    fn new(random: &mut Random) -> Call {
        let d = [1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 31, 33, 40][random.below(20)];
        let deepest = (1..=12).take_while(|&n| signature_size(d, n).is_some_and(|size| size <= MOST)).last().unwrap();
        let n = 1 + random.below(deepest);
        let batch = [0, 1, 1, 2, 3, 4, 5, 9][random.below(8)];
        let points = match random.below(4) {
            0 => 1 + random.below(6),
            1 => [32, 40, 48, 64, 96, 128, 256][random.below(7)] + random.below(4),
            _ => 1 + random.below(140),
        };
        let mut flag = |of: usize| random.below(of) == 0;
        let options = Options {
            stream: flag(3),
            inverse: flag(3),
            scalar_term: flag(4),
            algorithm: if flag(3) {
                Algorithm::Horner
            } else if flag(2) {
                Algorithm::Pruned
            } else {
                Algorithm::Auto
            },
        };
        let (has_lengths, wants_all) = (flag(3), flag(2));
        let mut stride = |width: usize| [None, None, Some(0), Some(width)][random.below(4)];
        let (basepoint, initial) = (stride(d), stride(signature_size(d, n).unwrap()));
        let lengths = has_lengths.then(|| (0..batch).map(|_| 1 + random.below(points) as u32).collect());
        let single = batch == 1 && !options.stream && random.below(2) == 0;
        Call { d, n, batch, points, options, lengths, basepoint, initial, wants_all, single }
    }

    fn run<V: Lanes>(&self, random: &mut Random) {
        let Call { d, n, batch, points, options, .. } = *self;
        let size = signature_size(d, n).unwrap();
        let row = size + usize::from(options.scalar_term);
        let mut numbers = |count: usize| cast::<V::T>(&random.numbers(count));
        let rows_of = |stride: usize, width: usize| if stride == 0 { width } else { batch * width };
        let paths = numbers(batch * points * d);
        let basepoints = self.basepoint.map(|stride| numbers(rows_of(stride, d)));
        let initials = self.initial.map(|stride| numbers(rows_of(stride, size)));
        let given = |data: &'_ Option<Vec<V::T>>, stride: Option<usize>| {
            // SAFETY: what is borrowed lives until the end of this function.
            data.as_ref().map(|data| PerPath {
                data: unsafe { std::slice::from_raw_parts(data.as_ptr(), data.len()) },
                stride: stride.unwrap(),
            })
        };
        let request = Request {
            paths: &paths,
            batch,
            points,
            channels: d,
            depth: n,
            lengths: self.lengths.as_deref(),
            basepoint: given(&basepoints, self.basepoint),
            initial: given(&initials, self.initial),
            options,
        };
        let (out, report) = call::<V>(&request);
        assert!(report.increments_finite && out.iter().all(|x| x.is_finite()), "{}", self.what());

        // The gradients' signatures: of the paths themselves, for streams as they are.
        let forward = Request { initial: if options.stream { request.initial } else { None }, ..request };
        let (mut signatures, _) = call::<V>(&forward);
        let mut signature_row = row;
        if !options.stream && !self.wants_all {
            signature_row = row - d.pow(n as u32);
            signatures = signatures.chunks(row).flat_map(|row| row[..signature_row].to_vec()).collect();
        }
        let cotangents = numbers(out.len());
        let nan = V::T::from_f64(f64::NAN);
        let mut to_paths = vec![nan; paths.len()];
        let mut to_basepoints = vec![nan; batch * d];
        let mut to_initials = vec![nan; batch * size];
        let mut scratch = vec![V::splat(nan); vjp_scratch::<V>(d, n, options.stream, self.single).unwrap()];
        let vjp = VjpRequest {
            paths: request,
            signatures: &signatures,
            signature_row,
            cotangents: &cotangents,
            part: Part::WHOLE,
            single: self.single,
        };
        let to = Gradients {
            paths: &mut to_paths,
            basepoint: (self.wants_all && basepoints.is_some()).then_some(&mut to_basepoints[..]),
            initial: self.wants_all.then_some(&mut to_initials[..]),
            carry: &mut [],
        };
        signature_vjp::<V>(&vjp, to, &mut scratch).unwrap();
        assert!(to_paths.iter().all(|x| x.is_finite()), "{}", self.what());

        let mut rows = numbers(batch.max(1) * size);
        combine::<V>(d, n, &mut rows, batch.max(1)).unwrap();
        let layout = algebra::Layout { batch, channels: d, depth: n, scalar_term: options.scalar_term };
        let (a, b) = (numbers(batch * row), numbers(row));
        let (a, b) = (PerPath { data: &a, stride: row }, PerPath { data: &b, stride: 0 });
        let mut product = vec![nan; batch * row];
        let mut memory = vec![V::splat(nan); algebra::scratch(d, n).unwrap()];
        algebra::multiply::<V>(layout, a, b, &mut product, &mut memory).unwrap();
        assert!(product.iter().all(|x| x.is_finite()), "{}", self.what());
        algebra::exp::<V>(layout, a, &mut product, &mut memory).unwrap();
        algebra::log::<V>(layout, a, &mut product, &mut memory).unwrap();
        algebra::inverse::<V>(layout, a, &mut product, &mut memory).unwrap();
    }

    fn what(&self) -> String {
        let Call { d, n, batch, points, options, lengths, basepoint, initial, wants_all, single } = self;
        format!(
            "({d}, {n}) batch {batch} points {points} {options:?} lengths {lengths:?} basepoint {basepoint:?} \
             initial {initial:?} all {wants_all} single {single}"
        )
    }
}

#[test]
fn exact_blocks() {
    let first = setting("FUZZ_SEED", 1);
    for seed in first..first.saturating_add(setting("FUZZ_CASES", 300)) {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9));
        let call = Call::new(&mut random);
        if std::env::var_os("FUZZ_CASES").is_some() {
            println!("seed {seed}: {}", call.what());
        }
        match random.below(5) {
            0 | 1 => call.run::<LanesF32>(&mut random),
            2 | 3 => call.run::<LanesF64>(&mut random),
            _ => call.run::<Portable<f64, 1>>(&mut random),
        }
    }
}
