//! How a run can end other than well: by the policy's fault, which is deterministic and goes into a receipt, or by
//! the host's, which never makes one. They are different types so that they cannot be mixed up.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a policy gave no allocation. The codes are stable: receipts carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultCode {
    /// The policy refused its parameters.
    BadParameters,
    /// The policy has no answer for this epoch.
    NoAnswer,
    /// It reached code that must not be reached: a panic, an abort, a failed assertion.
    Unreachable,
    /// It used up its instructions.
    OutOfInstructions,
    /// It asked for more memory than its limit.
    OutOfMemory,
    /// It asked for larger tables than its limit, or held too many of WASI's streams and pollables.
    OutOfTable,
    /// It recursed deeper than the stack.
    StackOverflow,
    /// It read more from the host than its limit.
    OutOfTransfer,
    /// It touched memory that it does not have.
    MemoryAccess,
    /// It called through a table where there is nothing, or something else than it expected.
    IndirectCall,
    /// It divided by zero, or made an integer of a number that is none.
    Arithmetic,
    /// It asked the host for rows that are not there, or for what it may not see.
    BadCall,
    /// Its shares or amounts do not fit the payees or the pool.
    BadDivision,
    /// Its measures are not what the contract allows.
    BadMeasures,
    /// Its carry is too large, or it said that it has none.
    BadCarry,
    /// What it returned could not be read: larger than the limit, or not well-formed.
    BadOutput,
    /// Any other trap.
    Trap,
    /// It used up the native stack before its counted depth. METERING.md of `apportion-harden` proves that this cannot
    /// happen; if the proof is wrong, the policy is at fault and the epoch is not stuck.
    NativeStack,
}

impl FaultCode {
    /// Every code, in the order above.
    pub const ALL: [FaultCode; 18] = [
        FaultCode::BadParameters,
        FaultCode::NoAnswer,
        FaultCode::Unreachable,
        FaultCode::OutOfInstructions,
        FaultCode::OutOfMemory,
        FaultCode::OutOfTable,
        FaultCode::StackOverflow,
        FaultCode::OutOfTransfer,
        FaultCode::MemoryAccess,
        FaultCode::IndirectCall,
        FaultCode::Arithmetic,
        FaultCode::BadCall,
        FaultCode::BadDivision,
        FaultCode::BadMeasures,
        FaultCode::BadCarry,
        FaultCode::BadOutput,
        FaultCode::Trap,
        FaultCode::NativeStack,
    ];

    /// The code as receipts spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultCode::BadParameters => "bad-parameters",
            FaultCode::NoAnswer => "no-answer",
            FaultCode::Unreachable => "unreachable",
            FaultCode::OutOfInstructions => "out-of-instructions",
            FaultCode::OutOfMemory => "out-of-memory",
            FaultCode::OutOfTable => "out-of-table",
            FaultCode::StackOverflow => "stack-overflow",
            FaultCode::OutOfTransfer => "out-of-transfer",
            FaultCode::MemoryAccess => "memory-access",
            FaultCode::IndirectCall => "indirect-call",
            FaultCode::Arithmetic => "arithmetic",
            FaultCode::BadCall => "bad-call",
            FaultCode::BadDivision => "bad-division",
            FaultCode::BadMeasures => "bad-measures",
            FaultCode::BadCarry => "bad-carry",
            FaultCode::BadOutput => "bad-output",
            FaultCode::Trap => "trap",
            FaultCode::NativeStack => "native-stack",
        }
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The policy's fault: a stable code and one sentence. Both are the same on every machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {sentence}")]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happened.
    pub code: FaultCode,
    /// The same in words; of a refusal, the policy's own.
    pub sentence: String,
}

impl Fault {
    pub(crate) fn new(code: FaultCode, sentence: impl Into<String>) -> Fault {
        Fault { code, sentence: sentence.into() }
    }
}

/// The host's fault: it says nothing about the policy or the epoch and never becomes a receipt.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The engine could not be set up.
    #[error("the WebAssembly engine could not be set up: {0}")]
    Engine(String),
    /// Compiling a component, compiling its schema, or checking parameters took longer than this engine allows:
    /// see [`Engine::with_compile_time`](crate::Engine::with_compile_time).
    #[error("compiling took longer than this engine's limit of {} seconds", .0.as_secs_f32())]
    CompileTime(Duration),
    /// A run took longer than this engine allows: see [`Engine::with_run_time`](crate::Engine::with_run_time).
    #[error("a run took longer than this engine's limit of {} seconds", .0.as_secs_f32())]
    RunTime(Duration),
    /// A thread could not be started.
    #[error("no thread could be started: {0}")]
    Thread(std::io::Error),
    /// A run was cancelled: see [`Cancel`](crate::Cancel).
    #[error("cancelled")]
    Cancelled,
    /// A run may take more memory than all runs together: see [`Engine::with_memory`](crate::Engine::with_memory).
    #[error(
        "the limits of this run let it take {needed} bytes of memory, and this engine has {budget} for all runs together"
    )]
    Memory {
        /// What a run within these limits can take at most.
        needed: u64,
        /// What all runs together may.
        budget: u64,
    },
    /// A run was stopped by something other than the policy.
    #[error("the run was stopped by the host: {0}")]
    Run(String),
    /// An invariant of this library does not hold: a bug.
    #[error("a check inside the engine failed, which is a bug: {0}")]
    Broken(String),
}

/// A limit that the host sets to protect itself from other people's policies. It never decides a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostLimit {
    /// The memory of all runs together: [`Engine::with_memory`](crate::Engine::with_memory).
    Memory,
    /// The time to compile one component: [`Engine::with_compile_time`](crate::Engine::with_compile_time).
    CompileTime,
    /// The time of one run: [`Engine::with_run_time`](crate::Engine::with_run_time).
    RunTime,
}

impl HostError {
    /// The host's own limit that was met, if it was one: with a higher limit the same work may succeed.
    pub fn limit(&self) -> Option<HostLimit> {
        match self {
            HostError::Memory { .. } => Some(HostLimit::Memory),
            HostError::CompileTime(_) => Some(HostLimit::CompileTime),
            HostError::RunTime(_) => Some(HostLimit::RunTime),
            HostError::Engine(_)
            | HostError::Thread(_)
            | HostError::Cancelled
            | HostError::Run(_)
            | HostError::Broken(_) => None,
        }
    }
}

/// Whose fault it was.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The policy's.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The host's.
    #[error(transparent)]
    Host(#[from] HostError),
}
