//! Signature kernels of two sets of paths, x and y: a tile of their Gram matrix, or pairs. The head
//! has x as other operations have paths; `row` is the number of y's paths, `depth` that of their
//! points. Regions: 0 x, 1 y, 2 lengths of y, 3 out, 4 cotangents, 5 bounds of steps (of x, then of
//! y), 6 and 7 gradients of x and y, either of which may be left out, 8 three parameters of the
//! static kernel.

use super::Operation;
use crate::code;
use crate::head::{Task, times};
use path_signature_kernels::Error;
use path_signature_kernels::lanes::Lanes;
use path_signature_kernels::signature_kernel::{
    Gradients, Orders, Request, StaticKernel, kernel, kernel_scratch, kernel_vjp, kernel_vjp_scratch,
};

const KERNEL: u32 = 32;

const X: usize = 0;
const Y: usize = 1;
const Y_LENGTHS: usize = 2;
const OUT: usize = 3;
const COTANGENTS: usize = 4;
const BOUNDS: usize = 5;
const X_BAR: usize = 6;
const Y_BAR: usize = 7;
const PARAMETERS: usize = 8;

/// Option bits: the degree, then flags, the dyadic orders of x and of y, and the static kernel.
const DEGREE: u32 = 3;
const PAIRS: u32 = 4;
const TRIANGLE: u32 = 8;
/// The least orders that bounds allow; that of x is the highest.
const LEAST: u32 = 16;
/// Numbers, then as many exponents of powers of two that they are to be multiplied by.
const SCALED: u32 = 32;
const X_ORDER: u32 = 8;
const Y_ORDER: u32 = 16;
const STATIC: u32 = 24;

/// See the module.
pub struct SignatureKernel;

/// The request; without numbers if only its size is asked for.
#[inline(never)]
fn request<V: Lanes>(task: &Task, numbers: bool) -> Result<Request<'static, V::T>, i32> {
    let bits = task.options();
    if bits & !(DEGREE | PAIRS | TRIANGLE | LEAST | SCALED | 0x1f << X_ORDER | 0x1f << Y_ORDER | 0xf << STATIC) != 0 {
        return Err(code::OPTIONS);
    }
    let counts = [task.batch(), task.row()];
    let points = [task.points(), task.depth()];
    let channels = task.channels();
    if channels == 0 || points.contains(&0) {
        return Err(code::SHAPE);
    }
    let [x, y] = [0, 1].map(|side| times(times(counts[side], points[side])?, channels));
    let (x, y) = (x?, y?);
    let order = |shift: u32| bits >> shift & 0x1f;
    let parameters = if numbers { task.region::<f64>(PARAMETERS, 3)? } else { &[1.0; 3] };
    let orders = if bits & LEAST == 0 {
        Orders::Fixed([order(X_ORDER), order(Y_ORDER)])
    } else {
        let bounds = if numbers { task.region::<f64>(BOUNDS, counts[0] + counts[1])? } else { &[] };
        let (x, y) = bounds.split_at(if numbers { counts[0] } else { 0 });
        Orders::Least { x, y, most: order(X_ORDER) }
    };
    let y_lengths = if numbers && task.has(Y_LENGTHS) { Some(task.region::<u32>(Y_LENGTHS, counts[1])?) } else { None };
    Ok(Request {
        paths: if numbers { [task.region(X, x)?, task.region(Y, y)?] } else { [&[], &[]] },
        counts,
        points,
        lengths: if numbers { [task.lengths()?, y_lengths] } else { [None, None] },
        channels,
        degree: bits & DEGREE,
        orders,
        kernel: StaticKernel::decode(order(STATIC), [parameters[0], parameters[1], parameters[2]])
            .ok_or(code::OPTIONS)?,
        pairs: bits & PAIRS != 0,
        triangle: bits & TRIANGLE != 0,
        scaled: bits & SCALED != 0,
    })
}

impl Operation for SignatureKernel {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        let request = request::<V>(task, false)?;
        match task.operation() {
            KERNEL => kernel_scratch::<V>(&request),
            _ => kernel_vjp_scratch::<V>(&request),
        }
        .ok_or(code::SHAPE)
    }

    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        let request = request::<V>(task, true)?;
        let [x, y] = request.paths.map(<[V::T]>::len);
        let numbers = if request.pairs { request.counts[0] } else { times(request.counts[0], request.counts[1])? };
        match task.operation() {
            KERNEL => {
                let numbers = times(numbers, if request.scaled { 2 } else { 1 })?;
                kernel::<V>(&request, task.region_mut(OUT, numbers)?, scratch)
            }
            _ => {
                let to = Gradients { x: task.wanted(X_BAR, x)?, y: task.wanted(Y_BAR, y)? };
                kernel_vjp::<V>(&request, task.region(COTANGENTS, numbers)?, to, scratch)
            }
        }
        .map(|is_finite| if is_finite { code::FINE } else { code::INCREMENTS_NOT_FINITE })
        .map_err(|error| match error {
            Error::Shape => code::SHAPE,
            Error::Lengths => code::LENGTHS,
            Error::Scratch => code::SCRATCH,
            _ => code::RANGE,
        })
    }
}
