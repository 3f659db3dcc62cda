//! Streams.
use super::call::Call;
use crate::lanes::Lanes;
use crate::shape::Shape;

pub fn scratch_vectors(_shape: &Shape, stream: bool) -> Option<usize> {
    if stream { None } else { Some(0) }
}

pub unsafe fn run<V: Lanes>(_call: &Call<'_, '_, V::T>, _scratch: &mut [V]) -> bool {
    true
}
