//! Gradients of signatures: vector–Jacobian products. [`signature_vjp()`] is the entry;
//! `docs/gradients.md` derives what is done.
//!
//! Whole signatures (`whole`): `functional` (once a path) → `tree` (`node`, `wide`: a tile of time,
//! `flow`) → `contract` → `scatter`. A single path's time is cut into lanes (`single`). Depth 2
//! needs no flow (`depth_two`), one channel and depth 1 no time (`endpoints`). Streams go backwards
//! through the stored prefixes (`stream`).

mod call;
mod cancellation;
mod contract;
mod cotangents;
mod depth_two;
mod endpoints;
mod flow;
mod functional;
mod node;
mod numbers;
mod registers;
mod request;
mod root;
mod rows;
mod scratch;
mod shifted;
mod single;
mod stream;
mod tree;
mod weights;
mod whole;
mod wide;

use crate::batch::parts::Parts;
use crate::batch::request::Error;
use crate::lanes::Lanes;
use crate::words::shape::Shape;
use call::Call;
use scratch::Scratch;

pub use request::{Gradients, Part, VjpRequest, carry_len};
pub use scratch::vjp_scratch;

/// What else there is to know of a finished call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VjpReport {
    /// Whether all cotangents are finite. If not, some gradients are not.
    pub cotangents_finite: bool,
    /// Whether some path may go back and forth so that float32 gradients lose digits: whole
    /// signatures in float32, of depth 3 and more.
    pub may_cancel: bool,
}

/// Computes ∂f/∂paths, and what else is asked for, from ∂f/∂signature.
///
/// Whole signatures: the bracket adjoint (`docs/gradients.md`), one sweep forwards in time, memory
/// that does not depend on the number of points. Streams: the adjoint of Horner's scheme, one sweep
/// backwards through the given prefixes.
#[cfg_attr(path_signature_small, optimize(size))]
pub fn signature_vjp<V: Lanes>(
    request: &VjpRequest<'_, V::T>,
    to: Gradients<'_, V::T>,
    scratch: &mut [V],
) -> Result<VjpReport, Error> {
    let shape = Shape::new(request.paths.channels, request.paths.depth).ok_or(Error::Shape)?;
    request.check(&shape, &to)?;
    let (stream, whole) = (request.paths.options.stream, shape.channels > 1 && shape.depth > 2);
    let call = Call::new(request, &shape, to);
    if whole && !stream {
        let mut parts = Parts::of(scratch);
        let scratch = Scratch::new(&shape, request.single, &mut parts);
        parts.fit()?;
        // SAFETY: all lengths were checked above.
        return Ok(unsafe { call.whole::<V>(&scratch) });
    }
    if scratch.len() < scratch::vectors::<V>(&shape, stream, request.single).ok_or(Error::Shape)? {
        return Err(Error::Scratch);
    }
    // SAFETY: as above.
    let cotangents_finite = unsafe {
        if stream {
            stream::run::<V>(&call, scratch)
        } else if shape.channels == 1 || shape.depth == 1 {
            endpoints::run(&call, scratch.as_mut_ptr().cast())
        } else {
            depth_two::run::<V>(&call, scratch)
        }
    };
    Ok(VjpReport { cotangents_finite, may_cancel: false })
}
