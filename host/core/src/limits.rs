//! What one run of a policy may use, and what it used.

use serde::{Deserialize, Serialize};

/// What one run may use. Every limit is part of the charter: the same run meets the same limit everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// WebAssembly instructions, as METERING.md of `apportion-harden` counts them.
    pub instructions: u64,
    /// Bytes of linear memory, over all memories together.
    pub memory: u64,
    /// Table elements, over all tables together.
    pub table: u64,
    /// Bytes that may be read from the epoch, drawn at random, printed or logged: work that the host does without
    /// the policy's instructions.
    pub transfer: u64,
    /// Bytes that may be returned.
    pub output: u64,
}

impl Default for Limits {
    /// Enough for ten million edges and for policies that bring an interpreter with them.
    fn default() -> Limits {
        Limits {
            instructions: 100_000_000_000,
            memory: 2 << 30,
            table: 1 << 20,
            transfer: 64 << 30,
            output: 256 << 20,
        }
    }
}

impl Limits {
    /// The largest value that a limit can have: JSON holds whole numbers exactly up to 2^53.
    pub const MAX: u64 = 1 << 53;
}

/// What a run that returned used: the same on every engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// WebAssembly instructions, as METERING.md of `apportion-harden` counts them, from instantiation on.
    pub instructions: u64,
    /// The linear memory that it had in the end, in bytes. Memory never shrinks, so this is the most that it had.
    pub memory: u64,
    /// Table elements, likewise.
    pub table: u64,
    /// What its limit of transfer was charged: bytes read from the epoch, drawn, printed or logged, and calls.
    pub transfer: u64,
}

/// A limit that the host sets to protect itself from other people's policies. It never decides a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostLimit {
    /// The memory of all runs together: the engine's bound.
    Memory,
    /// The time to compile one component: the engine's bound.
    CompileTime,
    /// The time of one run: the engine's bound.
    RunTime,
}
