//! What the option bits of a task say.

use crate::code;
use path_signature_kernels::log_signature::{Basis, Precision};
use path_signature_kernels::vjp::Part;
use path_signature_kernels::{Algorithm, Options};

const STREAM: u32 = 1;
const INVERSE: u32 = 2;
const SCALAR_TERM: u32 = 4;
/// Not the first piece of time, and not the last.
pub const CONTINUED: u32 = 8;
pub const CONTINUES: u32 = 16;
/// A path by itself, whose time may be cut into lanes.
const SINGLE: u32 = 32;
const HORNER: u32 = 256;
const PRUNED: u32 = 512;
/// The basis of a log-signature, two bits, and its arithmetic.
const BASIS: u32 = 1024;
const FLOAT32: u32 = 4096;
const FLOAT64: u32 = 8192;

/// The options of a signature.
pub fn decode(bits: u32) -> Result<Options, i32> {
    if bits & !(STREAM | INVERSE | SCALAR_TERM | HORNER | PRUNED) != 0 {
        return Err(code::OPTIONS);
    }
    let algorithm = match bits & (HORNER | PRUNED) {
        0 => Algorithm::Auto,
        HORNER => Algorithm::Horner,
        PRUNED => Algorithm::Pruned,
        _ => return Err(code::OPTIONS),
    };
    let has = |bit: u32| bits & bit != 0;
    Ok(Options { stream: has(STREAM), inverse: has(INVERSE), scalar_term: has(SCALAR_TERM), algorithm })
}

/// The options of a gradient.
#[derive(Clone, Copy)]
pub struct VjpOptions {
    pub options: Options,
    pub part: Part,
    pub single: bool,
}

/// Likewise.
pub fn decode_vjp(bits: u32) -> Result<VjpOptions, i32> {
    let options = decode(bits & !(CONTINUED | CONTINUES | SINGLE))?;
    let part = Part { first: bits & CONTINUED == 0, last: bits & CONTINUES == 0 };
    Ok(VjpOptions { options, part, single: bits & SINGLE != 0 })
}

/// The options of a log-signature.
#[derive(Clone, Copy)]
pub struct LogOptions {
    pub options: Options,
    pub basis: Basis,
    pub precision: Precision,
    /// Not the first piece of time, and not the last.
    pub continued: bool,
    pub continues: bool,
}

/// The basis of a number.
pub fn basis_of(number: u32) -> Basis {
    match number {
        0 => Basis::Words,
        1 => Basis::Lyndon,
        2 => Basis::Hall,
        _ => Basis::Expanded,
    }
}

/// Likewise.
pub fn decode_log(bits: u32) -> Result<LogOptions, i32> {
    let own = (3 * BASIS) | FLOAT32 | FLOAT64 | CONTINUED | CONTINUES;
    if bits & !(own | STREAM | INVERSE) != 0 {
        return Err(code::OPTIONS);
    }
    let basis = basis_of(bits / BASIS % 4);
    let precision = match bits & (FLOAT32 | FLOAT64) {
        0 => Precision::Auto,
        FLOAT32 => Precision::Float32,
        FLOAT64 => Precision::Float64,
        _ => return Err(code::OPTIONS),
    };
    let (continued, continues) = (bits & CONTINUED != 0, bits & CONTINUES != 0);
    Ok(LogOptions { options: decode(bits & !own)?, basis, precision, continued, continues })
}
