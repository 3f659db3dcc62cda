//! What can be computed: one match arm a code. An operation says how much scratch memory a task of
//! it needs, and runs it.

#[cfg(feature = "algebra")]
mod algebra;
#[cfg(feature = "core")]
mod combine;
#[cfg(feature = "core")]
mod log_rows;
#[cfg(feature = "core")]
mod log_signature;
#[cfg(feature = "core")]
mod signature;
#[cfg(feature = "kernels")]
mod signature_kernel;
#[cfg(feature = "core")]
mod sliding;
#[cfg(feature = "core")]
mod vjp;

use crate::code;
use crate::head::Task;
use path_signature_kernels::lanes::{Lanes, LanesF32, LanesF64};

/// An operation on the numbers that a task points at. Errors are codes; nothing has been written
/// then.
pub trait Operation {
    /// Vectors of scratch that a task needs. Tables for shapes are made here.
    fn scratch<V: Lanes>(task: &Task) -> Result<usize, i32>;

    /// Runs a task.
    fn run<V: Lanes>(task: &Task, scratch: &mut [V]) -> Result<i32, i32>;

    /// Numbers of the state that one piece of time hands to the next, an item.
    fn state_numbers(_task: &Task) -> Result<usize, i32> {
        Ok(0)
    }
}

/// What an export asks of an operation.
#[derive(Clone, Copy)]
pub enum Question {
    /// Its result; the answer is a code.
    Run,
    /// Bytes of scratch.
    Scratch,
    /// Numbers of the state.
    State,
}

/// The answer for a task, or a code.
pub fn ask(task: &Task, question: Question) -> Result<usize, i32> {
    match task.operation() {
        #[cfg(feature = "core")]
        1 => of::<signature::Signature>(task, question),
        #[cfg(feature = "core")]
        2 => of::<combine::Combine>(task, question),
        #[cfg(feature = "core")]
        3 => of::<vjp::SignatureVjp>(task, question),
        #[cfg(feature = "core")]
        4 => of::<log_signature::LogSignature>(task, question),
        #[cfg(feature = "core")]
        5..=8 => of::<log_rows::LogRows>(task, question),
        #[cfg(feature = "core")]
        9 => of::<sliding::SlidingWindows>(task, question),
        #[cfg(feature = "algebra")]
        16..=23 => of::<algebra::Algebra>(task, question),
        #[cfg(feature = "kernels")]
        32..=33 => of::<signature_kernel::SignatureKernel>(task, question),
        _ => Err(code::OPERATION),
    }
}

fn of<O: Operation>(task: &Task, question: Question) -> Result<usize, i32> {
    match task.dtype() {
        0 => typed::<O, LanesF32>(task, question),
        1 => typed::<O, LanesF64>(task, question),
        _ => Err(code::DTYPE),
    }
}

fn typed<O: Operation, V: Lanes>(task: &Task, question: Question) -> Result<usize, i32> {
    match question {
        Question::Run => O::run(task, task.scratch::<V>()?).map(|code| code as usize),
        // One vector more than needed, so that a supported task never says 0.
        Question::Scratch => {
            O::scratch::<V>(task)?.checked_add(1).and_then(|n| n.checked_mul(size_of::<V>())).ok_or(code::SHAPE)
        }
        Question::State => O::state_numbers(task),
    }
}
