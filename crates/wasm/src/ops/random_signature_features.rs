//! Random Fourier signature features of a batch of paths. Regions: 0 paths, 2 the two halves of the
//! seed of signs and the frequencies, 3 out. Option bits: 0 tensorised, 1 to 4 the depth, from 8 on
//! the number of features.

use super::Operation;
use crate::code;
use crate::head::{Task, times};
use path_signature_kernels::Error;
use path_signature_kernels::lanes::{Lanes, Real};
use path_signature_kernels::random_signature_features::{
    Request, random_signature_features, random_signature_features_scratch,
};

const PATHS: usize = 0;
const RANDOM: usize = 2;
const OUT: usize = 3;

/// See the module.
pub struct RandomSignatureFeatures;

/// The request; without numbers if only its size is asked for.
#[inline(never)]
fn request<V: Lanes>(task: &Task, numbers: bool) -> Result<Request<'static, V::T>, i32> {
    let (bits, batch, points, channels) = (task.options(), task.batch(), task.points(), task.channels());
    let (depth, features) = ((bits >> 1 & 0xf) as usize, (bits >> 8) as usize);
    let frequencies = times(times(depth, channels)?, features)?;
    let random =
        if numbers { task.region::<V::T>(RANDOM, frequencies.checked_add(2).ok_or(code::SHAPE)?)? } else { &[] };
    let (seed, frequencies) = random.split_at(random.len().min(2));
    let half = |i: usize| seed.get(i).map_or(0, |half| half.to_f64() as u32);
    Ok(Request {
        paths: if numbers { task.region(PATHS, times(times(batch, points)?, channels)?)? } else { &[] },
        batch,
        points,
        channels,
        lengths: if numbers { task.lengths()? } else { None },
        depth,
        features,
        signs: (bits & 1 == 1).then(|| half(0) << 16 | half(1)),
        frequencies,
    })
}

impl Operation for RandomSignatureFeatures {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        random_signature_features_scratch(&request::<V>(task, false)?).ok_or(code::SHAPE)
    }

    #[inline(never)]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        let request = request::<V>(task, true)?;
        random_signature_features_scratch(&request).ok_or(code::SHAPE)?;
        let row = request.row().ok_or(code::SHAPE)?;
        let out = task.region_mut(OUT, times(task.batch(), row)?)?;
        random_signature_features::<V>(&request, out, scratch)
            .map(|is_finite| if is_finite { code::FINE } else { code::INCREMENTS_NOT_FINITE })
            .map_err(|error| match error {
                Error::Lengths => code::LENGTHS,
                Error::Scratch => code::SCRATCH,
                Error::Shape => code::SHAPE,
                _ => code::RANGE,
            })
    }
}
