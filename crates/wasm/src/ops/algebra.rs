//! The truncated tensor algebra on rows. Regions: 0 a, 1 b, 3 out; of gradients 4 cotangent, 6 out
//! a, 7 out b. Gradients of products may leave out 6 or 7. Outputs and cotangents have one row an
//! item, also where operands are shared.

#[cfg(test)]
mod tests;

use super::Operation;
use crate::code;
use crate::head::{Task, times};
use path_signature_kernels::algebra::{self, Layout, MultiplyGradients};
use path_signature_kernels::lanes::Lanes;
use path_signature_kernels::{Error, PerPath, signature_size};

const MULTIPLY: u32 = 16;
const INVERSE: u32 = 17;
const EXP: u32 = 18;
const LOG: u32 = 19;
const MULTIPLY_VJP: u32 = 20;
const INVERSE_VJP: u32 = 21;
const EXP_VJP: u32 = 22;
const LOG_VJP: u32 = 23;

const A: usize = 0;
const B: usize = 1;
const OUT: usize = 3;
const COTANGENT: usize = 4;
const OUT_A: usize = 6;
const OUT_B: usize = 7;

/// The only option: rows begin with their scalar.
const SCALAR_TERM: u32 = 4;

/// See the module.
pub struct Algebra;

fn layout(task: &Task) -> Result<Layout, i32> {
    if task.options() & !SCALAR_TERM != 0 {
        return Err(code::OPTIONS);
    }
    Ok(Layout {
        batch: task.batch(),
        channels: task.channels(),
        depth: task.depth(),
        scalar_term: task.options() & SCALAR_TERM != 0,
    })
}

impl Operation for Algebra {
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32> {
        let Layout { channels, depth, .. } = layout(task)?;
        match task.operation() {
            EXP_VJP | LOG_VJP => algebra::series_vjp_scratch(channels, depth),
            _ => algebra::scratch(channels, depth),
        }
        .ok_or(code::SHAPE)
    }

    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32> {
        let layout = layout(task)?;
        let size = signature_size(layout.channels, layout.depth).ok_or(code::SHAPE)?;
        if layout.batch == 0 {
            return Ok(code::FINE);
        }
        let row = size + usize::from(layout.scalar_term);
        let numbers = times(layout.batch, row)?;
        let rows = |region| -> Result<PerPath<'_, V::T>, i32> { task.per_item(region, row)?.ok_or(code::RANGE) };
        let cotangent = || task.region::<V::T>(COTANGENT, numbers);
        let out = |region| task.region_mut::<V::T>(region, numbers);
        let a = rows(A)?;
        match task.operation() {
            MULTIPLY => algebra::multiply(layout, a, rows(B)?, out(OUT)?, scratch),
            INVERSE => algebra::inverse(layout, a, out(OUT)?, scratch),
            EXP => algebra::exp(layout, a, out(OUT)?, scratch),
            LOG => algebra::log(layout, a, out(OUT)?, scratch),
            MULTIPLY_VJP => {
                let to = MultiplyGradients { a: task.wanted(OUT_A, numbers)?, b: task.wanted(OUT_B, numbers)? };
                algebra::multiply_vjp(layout, a, rows(B)?, cotangent()?, to, scratch)
            }
            INVERSE_VJP => algebra::inverse_vjp(layout, a, cotangent()?, out(OUT_A)?, scratch),
            EXP_VJP => algebra::exp_vjp(layout, a, cotangent()?, out(OUT_A)?, scratch),
            LOG_VJP => algebra::log_vjp(layout, a, cotangent()?, out(OUT_A)?, scratch),
            _ => return Err(code::OPERATION),
        }
        .map(|()| code::FINE)
        .map_err(|error| match error {
            Error::Shape => code::SHAPE,
            Error::Scratch => code::SCRATCH,
            _ => code::RANGE,
        })
    }
}
