//! Sliding windows that share work: against exact rational products of segment exponentials, alone
//! as in a batch to the bit, and refusals.

mod common;

use common::{Random, cast, flat, identity, prefixes, request};
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::{Error, Options, Request, Sliding, signature_size, sliding, sliding_scratch};

fn call<V: Lanes>(request: &Request<'_, V::T>, windows: Sliding) -> Result<Vec<V::T>, Error> {
    let row = signature_size(request.channels, request.depth).unwrap() + usize::from(request.options.scalar_term);
    let mut out = vec![V::T::from_f64(f64::NAN); request.batch * windows.rows * row];
    let vectors = sliding_scratch::<V>(request.channels, request.depth, windows.count).unwrap_or(0);
    let mut scratch = vec![V::splat(V::T::from_f64(f64::NAN)); vectors];
    let report = sliding::<V>(request, windows, &mut out, &mut scratch)?;
    assert!(report.increments_finite);
    Ok(out)
}

/// Channels, depth, points of each path, and of a window, step, windows of a block.
type Case = (usize, usize, [usize; 3], usize, usize, usize);

const CASES: [Case; 9] = [
    (2, 2, [9, 5, 17], 5, 1, 4),
    (2, 3, [12, 12, 12], 5, 1, 2),
    (3, 3, [20, 7, 11], 7, 2, 3),
    (3, 2, [13, 30, 6], 6, 1, 5),
    (4, 3, [16, 9, 10], 9, 1, 8),
    (2, 4, [40, 22, 31], 22, 4, 5),
    (2, 5, [25, 12, 13], 12, 5, 2),
    (5, 3, [23, 9, 8], 8, 3, 1),
    (4, 4, [14, 7, 8], 7, 2, 3),
];

fn against_exact<V: Lanes>(epsilon: f64) {
    let mut random = Random(18);
    for (d, n, lengths, length, step, count) in CASES {
        let points = lengths.into_iter().max().unwrap();
        let rows = (points - length) / step + 2;
        let windows = Sliding { length, step, count, rows };
        let numbers = random.numbers(3 * points * d);
        let paths = cast::<V::T>(&numbers);
        let lengths = lengths.map(|length| length as u32);
        for scalar_term in [false, true] {
            let options = Options { scalar_term, ..Options::default() };
            let given = Request { lengths: Some(&lengths), options, ..request(&paths, 3, points, d, n) };
            let out = call::<V>(&given, windows).unwrap();
            let row = out.len() / 3 / rows;
            for path in 0..3 {
                let held = lengths[path] as usize;
                let all = (held - length) / step + 1;
                let own = &paths[path * points * d..][..held * d];
                let alone = Request { options, ..request(own, 1, held, d, n) };
                let alone = call::<V>(&alone, Sliding { rows: all, ..windows }).unwrap();
                assert!(alone == out[path * rows * row..][..all * row], "({d}, {n}) alone");
                for (k, got) in alone.chunks(row).enumerate() {
                    let exact: Vec<Vec<BigRational>> = numbers[(path * points + k * step) * d..][..length * d]
                        .chunks(d)
                        .map(|point| point.iter().map(|&x| BigRational::from_f64(x).unwrap()).collect())
                        .collect();
                    let exact = prefixes(&exact, n, identity(d, n)).pop().unwrap();
                    if scalar_term {
                        assert_eq!(got[0], V::T::ONE);
                    }
                    let exact = flat(&exact);
                    let scale = exact.iter().map(|x| x.to_f64().unwrap().abs()).fold(1.0, f64::max);
                    for (got, want) in got[usize::from(scalar_term)..].iter().zip(&exact) {
                        let want = want.to_f64().unwrap();
                        let error = (got.to_f64() - want).abs();
                        assert!(error <= 16.0 * epsilon * scale, "({d}, {n}), window {k}: {got:?} instead of {want}");
                    }
                }
            }
        }
    }
}

#[test]
fn exact_windows() {
    against_exact::<LanesF64>(f64::EPSILON);
    against_exact::<LanesF32>(f64::from(f32::EPSILON));
    against_exact::<Portable<f32, 1>>(f64::from(f32::EPSILON));
    against_exact::<Portable<f64, 4>>(f64::EPSILON);
}

#[test]
fn refusals() {
    let paths = vec![0.5; 40];
    let sound = Sliding { length: 5, step: 2, count: 2, rows: 3 };
    let given = request(&paths, 2, 10, 2, 3);
    assert!(call::<LanesF64>(&given, sound).is_ok());
    for (length, step, count, rows) in [(5, 0, 2, 3), (5, 2, 0, 3), (4, 2, 2, 4), (11, 2, 2, 3), (5, 2, 2, 2)] {
        let windows = Sliding { length, step, count, rows };
        assert_eq!(call::<LanesF64>(&given, windows).unwrap_err(), Error::Lengths, "{windows:?}");
    }
    assert_eq!(call::<LanesF64>(&Request { lengths: Some(&[10, 4]), ..given }, sound).unwrap_err(), Error::Lengths);
    let stream = Options { stream: true, ..Options::default() };
    assert_eq!(call::<LanesF64>(&Request { options: stream, ..given }, sound).unwrap_err(), Error::Initial);
    assert_eq!(call::<LanesF64>(&request(&paths, 4, 10, 1, 3), sound).unwrap_err(), Error::Shape);
    assert_eq!(call::<LanesF64>(&request(&paths, 2, 10, 2, 1), sound).unwrap_err(), Error::Shape);
    let (mut out, mut scratch) = (vec![0.0; 13], vec![<LanesF64 as Lanes>::zero(); 4]);
    assert_eq!(sliding(&given, sound, &mut out, &mut scratch).unwrap_err(), Error::Output);
    let mut out = vec![7.0; 84];
    assert_eq!(sliding(&given, sound, &mut out, &mut scratch).unwrap_err(), Error::Scratch);
    assert!(out.iter().all(|&x| x == 7.0));
}

#[test]
fn numbers_that_are_not_finite_are_reported_and_stay_in_their_windows() {
    let mut numbers = Random(3).numbers(40);
    numbers[2 * 11] = f64::INFINITY;
    let windows = Sliding { length: 5, step: 1, count: 4, rows: 16 };
    let mut out = vec![0.0; 16 * 6];
    let mut scratch = vec![<LanesF64 as Lanes>::zero(); sliding_scratch::<LanesF64>(2, 2, 4).unwrap()];
    let report = sliding(&request(&numbers, 1, 20, 2, 2), windows, &mut out, &mut scratch).unwrap();
    assert!(!report.increments_finite);
    for (k, row) in out.chunks(6).enumerate() {
        let holds = (k..k + 5).contains(&11);
        // The words 0, 00, 01 and 10 have the letter of the channel.
        let expected = [!holds, true, !holds, !holds, !holds, true];
        assert_eq!(row.iter().map(|x| x.is_finite()).collect::<Vec<_>>(), expected, "window {k}");
    }
}
