//! Products of many signatures: against exact rational products, the same bits for aligned groups
//! combined beforehand, and refusals.

mod common;

use common::{Random, cast, exponential, flat, identity, product};
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive};
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64, Portable, Real};
use path_signature_kernels::{combine, signature_size};

const SHAPES: [(usize, usize); 7] = [(1, 5), (2, 1), (2, 4), (3, 3), (4, 4), (5, 2), (7, 3)];

/// Signatures of straight stretches, exact.
fn stretches(random: &mut Random, d: usize, n: usize, count: usize) -> Vec<Vec<Vec<BigRational>>> {
    (0..count)
        .map(|_| {
            let z: Vec<BigRational> = random.numbers(d).iter().map(|&x| BigRational::from_f64(x).unwrap()).collect();
            exponential(&z, n)
        })
        .collect()
}

fn against_exact_products<V: Lanes>(tolerance: f64) {
    let mut random = Random(71);
    for (d, n) in SHAPES {
        for count in [1, 2, 3, 7, 8, 13] {
            let levels = stretches(&mut random, d, n, count);
            let exact = levels.iter().skip(1).fold(levels[0].clone(), |a, b| product(&a, b));
            let numbers: Vec<f64> = levels.iter().flat_map(flat).map(|x| x.to_f64().unwrap()).collect();
            let mut rows = cast::<V::T>(&numbers);
            combine::<V>(d, n, &mut rows, count).unwrap();
            for (got, want) in rows.iter().zip(flat(&exact)) {
                let want = want.to_f64().unwrap();
                let error = (got.to_f64() - want).abs();
                assert!(error <= tolerance * want.abs().max(1.0), "({d}, {n}) of {count}: {got:?} instead of {want}");
            }
        }
    }
}

#[test]
fn exact_products() {
    against_exact_products::<LanesF64>(1e-13);
    against_exact_products::<LanesF32>(1e-4);
    against_exact_products::<Portable<f32, 1>>(1e-4);
}

/// Two, four or eight neighbours first, then those: as one tree.
fn groups_beforehand<V: Lanes>() {
    let mut random = Random(73);
    for (d, n) in SHAPES {
        let size = signature_size(d, n).unwrap();
        for count in [2, 3, 5, 8, 11, 16, 21] {
            let given = cast::<V::T>(&random.numbers(count * size));
            let mut at_once = given.clone();
            combine::<V>(d, n, &mut at_once, count).unwrap();
            for group in [2, 4, 8] {
                let mut heads: Vec<V::T> = Vec::new();
                for chunk in given.chunks(group * size) {
                    let mut rows = chunk.to_vec();
                    combine::<V>(d, n, &mut rows, chunk.len() / size).unwrap();
                    heads.extend(&rows[..size]);
                }
                let left = heads.len() / size;
                combine::<V>(d, n, &mut heads, left).unwrap();
                let bits = |x: &[V::T]| x.iter().map(|x| x.to_f64().to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&at_once[..size]), bits(&heads[..size]), "({d}, {n}) {count} in groups of {group}");
            }
        }
    }
}

#[test]
fn aligned_groups_give_the_same_bits() {
    groups_beforehand::<LanesF32>();
    groups_beforehand::<LanesF64>();
}

#[test]
fn the_identity_changes_nothing() {
    let mut random = Random(79);
    for (d, n) in SHAPES {
        let one = flat(&stretches(&mut random, d, n, 1)[0]).iter().map(|x| x.to_f64().unwrap()).collect::<Vec<_>>();
        let none = flat(&identity::<f64>(d, n));
        for (rows, name) in [([&none[..], &one[..]], "left"), ([&one[..], &none[..]], "right")] {
            let mut rows = rows.concat();
            combine::<LanesF64>(d, n, &mut rows, 2).unwrap();
            assert_eq!(rows[..one.len()], one[..], "({d}, {n}) identity on the {name}");
        }
    }
}

#[test]
fn refusals() {
    let mut rows = [3.0; 12];
    for (d, n, count) in [(2, 2, 3), (2, 2, 1), (0, 2, 2), (2, 0, 2), (2, 40, 1), (2, 2, usize::MAX)] {
        assert!(combine::<LanesF64>(d, n, &mut rows, count).is_none());
        assert_eq!(rows, [3.0; 12]);
    }
    assert!(combine::<LanesF64>(2, 2, &mut [], 0).is_some());
}
