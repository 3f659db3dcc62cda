//! Rows from signatures to log-signatures and back. Regions: 0 rows, 3 out; of gradients 4
//! cotangents, 6 out.

use super::super::Operation;
use crate::code;
use crate::head::{Task, times};
use crate::kept::Kept;
use crate::options::decode_log;
use path_signature_kernels::lanes::Lanes;
use path_signature_kernels::log_signature::{Conversion, Direction, Tables, row_len};

const ROWS: usize = 0;
const OUT: usize = 3;
const COTANGENTS: usize = 4;
const GRADIENTS: usize = 6;

const TO_LOG_SIGNATURE: u32 = 5;
const TO_SIGNATURE: u32 = 6;
const TO_SIGNATURE_VJP: u32 = 8;

thread_local! {
    static CONVERSIONS: Kept<Conversion> = const { Kept::new() };
}

/// See the module.
pub struct LogRows;

/// Which conversion an operation is about, and whether it is its gradient.
fn decode(task: &Task) -> (Direction, bool) {
    let back = matches!(task.operation(), TO_SIGNATURE | TO_SIGNATURE_VJP);
    (if back { Direction::ToSignature } else { Direction::ToLogSignature }, task.operation() > TO_LOG_SIGNATURE + 1)
}

fn with<R>(task: &Task, work: impl FnOnce(&Conversion) -> Result<R, i32>) -> Result<R, i32> {
    let (channels, depth) = (task.channels(), task.depth());
    let basis = decode_log(task.options())?.basis;
    row_len(channels, depth, basis).ok_or(code::SHAPE)?;
    let key = (channels, depth, 2 * basis as u32 + u32::from(decode(task).0 == Direction::ToSignature));
    let make = |(channels, depth, which)| {
        let direction = if which % 2 == 1 { Direction::ToSignature } else { Direction::ToLogSignature };
        Conversion::new(channels, depth, crate::options::basis_of(which / 2), direction)
    };
    let bytes = 2 * Tables::building_bytes(channels, depth);
    CONVERSIONS.with(|kept| kept.with(key, bytes, make, |conversion| work(conversion.ok_or(code::SHAPE)?)))
}

impl Operation for LogRows {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        with(task, |conversion| conversion.scratch(decode(task).1).ok_or(code::SHAPE))
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        with(task, |conversion| {
            let rows = task.region::<V::T>(ROWS, times(task.batch(), conversion.from)?)?;
            let (cotangents, out) = if decode(task).1 {
                let cotangents = task.region::<V::T>(COTANGENTS, times(task.batch(), conversion.to)?)?;
                (Some(cotangents), task.region_mut::<V::T>(GRADIENTS, rows.len())?)
            } else {
                (None, task.region_mut::<V::T>(OUT, times(task.batch(), conversion.to)?)?)
            };
            conversion.run::<V>(rows, cotangents, out, scratch).map_err(super::super::signature::code_of)?;
            Ok(code::FINE)
        })
    }
}
