//! Whose fault it is that a run gave no answer: every error of the engine is the policy's or the host's.

use wasmtime::{OutOfMemory, Trap};

use crate::host_error::HostError;
use apportion_core::fault::{Fault, FaultCode};

/// Whose fault it was that a run gave no answer. Nothing converts one into the other.
#[derive(Debug)]
pub(crate) enum RunError {
    /// The policy's.
    Fault(Fault),
    /// The host's.
    Host(HostError),
}

impl From<Fault> for RunError {
    fn from(fault: Fault) -> RunError {
        RunError::Fault(fault)
    }
}

impl From<HostError> for RunError {
    fn from(error: HostError) -> RunError {
        RunError::Host(error)
    }
}

/// Ends a run from inside a host function, as the policy's fault.
pub(crate) fn stop(code: FaultCode, sentence: impl Into<String>) -> wasmtime::Error {
    wasmtime::Error::new(Fault::new(code, sentence))
}

/// Ends a run because the system has no memory for what the policy may have.
pub(crate) fn no_memory() -> wasmtime::Error {
    wasmtime::Error::new(HostError::Run("the system has no memory left".to_owned()))
}

/// The engine gave what the meter should have stopped.
pub(crate) fn unmetered(what: &str) -> HostError {
    HostError::Broken(format!("the meter missed how {what} grew"))
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Moment {
    Instantiating,
    Calling,
}

/// Sorts an error of the engine into the policy's fault or the host's. The engine's own words never pass: they name
/// addresses and change between versions.
pub(crate) fn verdict(error: wasmtime::Error, moment: Moment) -> RunError {
    let error = match error.downcast::<HostError>() {
        Ok(ours) => return ours.into(),
        Err(error) => error,
    };
    if let Some(fault) = error.downcast_ref::<Fault>() {
        return fault.clone().into();
    }
    if error.is::<OutOfMemory>() {
        return HostError::Run("the system has no memory left".to_owned()).into();
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return verdict_of_trap(*trap);
    }
    match moment {
        // The counts in `ResourceLimiter` of `state`, which the engine reports by words alone.
        Moment::Instantiating if error.to_string().starts_with("resource limit exceeded") => Fault::new(
            FaultCode::OutOfMemory,
            "it is made of more instances, memories or tables than a policy may have",
        )
        .into(),
        // Memory that the operating system did not give: not the policy's doing.
        Moment::Instantiating => HostError::Run(error.root_cause().to_string()).into(),
        // Everything else that can go wrong in a call is reading what the policy passed.
        Moment::Calling => Fault::new(
            FaultCode::BadOutput,
            "what it passed to the host could not be read: over its output limit or not well-formed",
        )
        .into(),
    }
}

pub(crate) fn verdict_of_trap(trap: Trap) -> RunError {
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
