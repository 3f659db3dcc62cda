//! What can be computed: the modules and match arms of the table in `crates/kernels/src/ops`. An
//! operation says how much scratch memory a task of it needs, and runs it.

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

macro_rules! arms {
    ($($family:literal $module:ident: $($codes:pat => $arm:ident),+;)+) => {
        $(#[cfg(feature = $family)] mod $module;)+

        /// The answer for a task, or a code.
        #[cfg_attr(path_signature_small, optimize(size))]
        pub fn ask(task: &Task, question: Question) -> Result<usize, i32> {
            match task.operation() {
                $($(#[cfg(feature = $family)] $codes => of::<$module::$arm>(task, question),)+)+
                _ => Err(code::OPERATION),
            }
        }
    };
}

path_signature_kernels::operations!(arms);

fn of<O: Operation>(task: &Task, question: Question) -> Result<usize, i32> {
    match task.dtype() {
        0 => typed::<O, LanesF32>(task, question),
        1 => typed::<O, LanesF64>(task, question),
        _ => Err(code::DTYPE),
    }
}

#[cfg_attr(path_signature_small, optimize(size))]
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
