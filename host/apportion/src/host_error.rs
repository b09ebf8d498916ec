//! How a run can fail through no fault of its policy.
//!
//! [`Fault`](apportion_core::fault::Fault) and [`HostError`] are different types so that they cannot be mixed up.

use std::time::Duration;

use apportion_core::error::ErrorKind;
use apportion_core::fault::Fault;
use apportion_core::limits::HostLimit;

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

impl HostError {
    /// [`ErrorKind::Cancelled`] if it was cancelled, [`ErrorKind::Host`] otherwise.
    pub fn kind(&self) -> ErrorKind {
        match self {
            HostError::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Host,
        }
    }

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
