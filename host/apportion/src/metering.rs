//! What a policy's own meter counts, and the limits that it is given.
//!
//! The meter is code in the policy itself, added when it is admitted (`apportion-harden`, METERING.md). How it is linked
//! and read is in `abi::meter`; the numbers and the faults are here.

use apportion_core::fault::{Fault, FaultCode};
use apportion_core::limits::Limits;
use apportion_harden::Resource;

/// How deep a policy may call: bytes of native stack, as METERING.md counts frames. Plain recursion gets some hundred
/// thousand calls deep, and interpreters compiled to WebAssembly a few hundred calls of the language they run.
pub(crate) const DEPTH: u64 = 96 << 20;

/// What a run used, by its meter: the same on every engine.
#[derive(Clone, Copy)]
pub(crate) struct Metered {
    pub(crate) instructions: u64,
    pub(crate) memory: u64,
    pub(crate) table: u64,
}

/// How much of a resource a run may use.
pub(crate) fn limit(limits: &Limits, of: Resource) -> u64 {
    match of {
        Resource::Instructions => limits.instructions,
        Resource::Depth => DEPTH,
        Resource::Memory => limits.memory,
        Resource::Table => limits.table,
    }
}

/// The end of a run that would have used more of a resource than its limit.
pub(crate) fn exhausted(limits: &Limits, of: Resource) -> Fault {
    match of {
        Resource::Instructions => Fault::new(FaultCode::OutOfInstructions, "it used up its instructions"),
        Resource::Depth => Fault::new(FaultCode::StackOverflow, "it recursed deeper than the stack"),
        Resource::Memory => Fault::new(
            FaultCode::OutOfMemory,
            format!("it asked for more than {} bytes of memory", limits.memory),
        ),
        Resource::Table => Fault::new(
            FaultCode::OutOfTable,
            format!("it asked for more than {} table elements", limits.table),
        ),
    }
}
