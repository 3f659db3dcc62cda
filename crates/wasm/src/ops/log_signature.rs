//! Log-signatures of a batch of paths. Regions: 0 paths, 1 basepoint, 2 initial, 3 out, 4 state.
//! With one of the bits CONTINUED and CONTINUES the state is read, or written, or both.

mod rows;

pub use rows::LogRows;

use super::Operation;
use super::signature::{code_of, request};
use crate::code;
use crate::head::{Task, times};
use crate::kept::Kept;
use crate::options::{LogOptions, basis_of, decode_log};
use path_signature_kernels::lanes::Lanes;
use path_signature_kernels::log_signature::{States, Tables, log_signature, log_signature_scratch, row_len, state_len};

const OUT: usize = 3;
const STATE: usize = 4;

thread_local! {
    static TABLES: Kept<Tables> = const { Kept::new() };
}

/// Calls `work` with the tables of a task.
pub fn with_tables<R>(
    task: &Task,
    options: LogOptions,
    work: impl FnOnce(&Tables) -> Result<R, i32>,
) -> Result<R, i32> {
    let (channels, depth, basis) = (task.channels(), task.depth(), options.basis);
    row_len(channels, depth, basis).ok_or(code::SHAPE)?;
    let bytes = Tables::building_bytes(channels, depth);
    TABLES.with(|kept| {
        let make = |(channels, depth, basis)| Tables::new(channels, depth, basis_of(basis));
        kept.with((channels, depth, basis as u32), bytes, make, |tables| work(tables.ok_or(code::SHAPE)?))
    })
}

/// See the module.
pub struct LogSignature;

impl Operation for LogSignature {
    #[cfg_attr(path_signature_small, optimize(size))]
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        let options = decode_log(task.options())?;
        with_tables(task, options, |tables| log_signature_scratch::<V>(tables, options.precision).ok_or(code::SHAPE))
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        let options = decode_log(task.options())?;
        let request = request::<V::T>(task, options.options)?;
        with_tables(task, options, |tables| {
            let stream = options.options.stream;
            let rows = if stream { request.points - usize::from(request.basepoint.is_none()) } else { 1 };
            let out = task.region_mut::<V::T>(OUT, times(times(request.batch, rows)?, tables.row)?)?;
            let states = if options.continued || options.continues {
                let count = times(request.batch, state_len::<V::T>(tables, options.precision))?;
                Some(States { numbers: task.region_mut::<V::T>(STATE, count)?, continued: options.continued })
            } else {
                None
            };
            let report = log_signature::<V>(&request, tables, options.precision, out, states, scratch);
            let finite = report.map_err(code_of)?.increments_finite;
            Ok(if finite { code::FINE } else { code::INCREMENTS_NOT_FINITE })
        })
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    fn state_numbers(task: &Task) -> Result<usize, i32> {
        let options = decode_log(task.options())?;
        with_tables(task, options, |tables| match task.dtype() {
            0 => Ok(state_len::<f32>(tables, options.precision)),
            _ => Ok(state_len::<f64>(tables, options.precision)),
        })
    }
}
