//! What is unsound is refused before anything is written, and what is not finite is reported.

mod common;

use common::call_into;
use path_signature_kernels::lanes::LanesF64;
use path_signature_kernels::{Error, Options, PerPath, Request, signature, signature_scratch};

const PATHS: [f64; 12] = [0., 0., 1., 0., 1., 1., 0., 0., 2., 0., 2., 3.];

fn sound() -> Request<'static, f64> {
    Request {
        paths: &PATHS,
        batch: 2,
        points: 3,
        channels: 2,
        depth: 2,
        lengths: None,
        basepoint: None,
        initial: None,
        options: Options::default(),
    }
}

fn refused(request: &Request<'_, f64>, numbers: usize) -> Error {
    let mut out = vec![7.0; numbers];
    let error = call_into::<LanesF64>(request, &mut out).unwrap_err();
    assert!(out.iter().all(|&x| x == 7.0), "something was written");
    error
}

#[test]
fn refusals() {
    assert!(call_into::<LanesF64>(&sound(), &mut [0.0; 12]).is_ok());
    for (channels, depth, points) in [(0, 2, 3), (2, 0, 3), (2, 2, 0), (2, 40, 3), (usize::MAX, 2, 3)] {
        assert_eq!(refused(&Request { channels, depth, points, ..sound() }, 12), Error::Shape);
    }
    assert_eq!(refused(&Request { batch: 3, ..sound() }, 12), Error::Paths);
    assert_eq!(refused(&Request { batch: usize::MAX, ..sound() }, 12), Error::Paths);
    for lengths in [&[3u32][..], &[3, 4], &[0, 3], &[3, 3, 3]] {
        assert_eq!(refused(&Request { lengths: Some(lengths), ..sound() }, 12), Error::Lengths);
    }
    let short = [0.0; 1];
    assert_eq!(
        refused(&Request { basepoint: Some(PerPath { data: &short, stride: 0 }), ..sound() }, 12),
        Error::Basepoint
    );
    let five = [0.0; 5];
    assert_eq!(refused(&Request { initial: Some(PerPath { data: &five, stride: 0 }), ..sound() }, 12), Error::Initial);
    for numbers in [0, 11, 13] {
        assert_eq!(refused(&sound(), numbers), Error::Output);
    }
    let need = signature_scratch::<LanesF64>(2, 2, Options::default(), None).unwrap();
    let mut scratch = vec![<LanesF64 as path_signature_kernels::lanes::Lanes>::splat(0.0); need - 1];
    assert_eq!(signature::<LanesF64>(&sound(), None, &mut [0.0; 12], None, &mut scratch), Err(Error::Scratch));
}

#[test]
fn what_is_not_finite_is_reported() {
    for points in [3, 60] {
        for channels in [1, 2, 5] {
            for (at, x) in [(0, f64::NAN), (1, f64::INFINITY), (points - 1, f64::NEG_INFINITY)] {
                for stream in [false, true] {
                    let mut paths = vec![0.5; 3 * points * channels];
                    let options = Options { stream, ..Options::default() };
                    fn of(paths: &[f64], points: usize, channels: usize, options: Options) -> Request<'_, f64> {
                        Request { paths, batch: 3, points, channels, depth: 2, options, ..sound() }
                    }
                    let mut out =
                        vec![0.0; path_signature_kernels::output_len(&of(&paths, points, channels, options)).unwrap()];
                    assert!(
                        call_into::<LanesF64>(&of(&paths, points, channels, options), &mut out)
                            .unwrap()
                            .increments_finite
                    );
                    paths[(points + at) * channels + channels - 1] = x;
                    assert!(
                        !call_into::<LanesF64>(&of(&paths, points, channels, options), &mut out)
                            .unwrap()
                            .increments_finite
                    );
                }
            }
        }
    }
}

#[test]
fn empty_batches_and_single_points() {
    let none = Request { paths: &[], batch: 0, ..sound() };
    assert!(call_into::<LanesF64>(&none, &mut []).is_ok());
    let one = Request { paths: &PATHS[..2], batch: 1, points: 1, ..sound() };
    let mut out = [9.0; 6];
    call_into::<LanesF64>(&one, &mut out).unwrap();
    assert_eq!(out, [0.0; 6]);
    let stream = Request { options: Options { stream: true, ..Options::default() }, ..one };
    call_into::<LanesF64>(&stream, &mut []).unwrap();
}
