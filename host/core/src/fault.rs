//! How a run can end other than well: by the policy's fault, which is deterministic and goes into a receipt, or by
//! the host's, which never makes one. They are different types so that they cannot be mixed up.

use std::fmt;

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
    /// A fault with its sentence.
    pub fn new(code: FaultCode, sentence: impl Into<String>) -> Fault {
        Fault { code, sentence: sentence.into() }
    }
}
