//! Whose fault an end is: every error of the engine is the policy's or the host's.

use wasmtime::{OutOfMemory, Trap};

use super::deadline::Late;
use crate::host_error::{HostError, RunError};
use apportion_core::fault::{Fault, FaultCode};

/// The system had no memory for what a policy may have.
#[derive(Debug, thiserror::Error)]
#[error("the system has no memory left")]
pub(super) struct NoMemory;

/// The engine gave what the meter should have stopped.
#[derive(Debug, thiserror::Error)]
#[error("the meter missed how {0} grew")]
pub(super) struct Unmetered(pub(super) &'static str);

pub(super) fn unmetered(what: &'static str) -> wasmtime::Error {
    wasmtime::Error::new(Unmetered(what))
}

fn host(error: &wasmtime::Error) -> RunError {
    HostError::Run(error.root_cause().to_string()).into()
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Moment {
    Instantiating,
    Calling,
}

/// Sorts an error of the engine into the policy's fault or the host's. The engine's own words never pass: they name
/// addresses and change between versions.
pub(super) fn whose(error: wasmtime::Error, moment: Moment) -> RunError {
    if let Some(fault) = error.downcast_ref::<Fault>() {
        return fault.clone().into();
    }
    if let Some(missed) = error.downcast_ref::<Unmetered>() {
        return HostError::Broken(missed.to_string()).into();
    }
    if let Some(Late(time)) = error.downcast_ref::<Late>() {
        return HostError::RunTime(*time).into();
    }
    if error.is::<NoMemory>() || error.is::<OutOfMemory>() {
        return HostError::Run("the system has no memory left".to_owned()).into();
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return trapped(*trap);
    }
    match moment {
        // The counts in `ResourceLimiter` above, which the engine tells by words alone.
        Moment::Instantiating if error.to_string().starts_with("resource limit exceeded") => Fault::new(
            FaultCode::OutOfMemory,
            "it is made of more instances, memories or tables than a policy may have",
        )
        .into(),
        // Memory that the operating system did not give: not the policy's doing.
        Moment::Instantiating => host(&error),
        // Everything else that can go wrong in a call is reading what the policy passed.
        Moment::Calling => Fault::new(
            FaultCode::BadOutput,
            "what it passed to the host could not be read: over its output limit or not well-formed",
        )
        .into(),
    }
}

pub(super) fn trapped(trap: Trap) -> RunError {
    let (code, sentence) = match trap {
        Trap::UnreachableCodeReached => {
            (FaultCode::Unreachable, "it stopped itself, as on a panic or a failed check")
        }
        Trap::MemoryOutOfBounds => (FaultCode::MemoryAccess, "it touched memory that it does not have"),
        Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature => {
            (FaultCode::IndirectCall, "it called through a table what is not there")
        }
        Trap::IntegerOverflow | Trap::IntegerDivisionByZero | Trap::BadConversionToInteger => {
            (FaultCode::Arithmetic, "it divided by zero or made an integer of what is none")
        }
        Trap::Interrupt => return HostError::Cancelled.into(),
        // The meter stops a run first. If it ever does not, this policy is at fault and not the host: a host's error
        // would let one policy block every later epoch of a ledger.
        Trap::StackOverflow => {
            (FaultCode::NativeStack, "it used up the native stack before its counted depth")
        }
        Trap::OutOfFuel
        | Trap::DisabledOpcode
        | Trap::DebugAssertStringEncodingFinished
        | Trap::DebugAssertEqualCodeUnits
        | Trap::DebugAssertPointerAligned
        | Trap::DebugAssertUpperBitsUnset => {
            return HostError::Broken("the engine failed a check of its own".to_owned()).into();
        }
        // Between the modules that one component is made of, or of features that are off.
        _ => (FaultCode::Trap, "it trapped"),
    };
    Fault::new(code, sentence).into()
}
