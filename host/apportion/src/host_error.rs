//! How a run can fail through no fault of its policy.
//!
//! [`Fault`](apportion_core::fault::Fault) and [`HostError`] are different types so that they cannot be mixed up.

use std::fmt;
use std::time::Duration;

use apportion_core::error::ErrorKind;
use apportion_core::limits::HostLimit;

/// The host could not finish something. It says nothing about the policy or the epoch and never becomes a receipt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// Compiling a component, compiling its schema, or checking parameters took longer than this engine allows: see
    /// [`EngineBuilder::compile_time`](crate::engine::EngineBuilder::compile_time).
    #[error("compiling took longer than this engine's limit of {} seconds", .0.as_secs_f32())]
    CompileTime(Duration),
    /// A run took longer than this engine allows: see
    /// [`EngineBuilder::run_time`](crate::engine::EngineBuilder::run_time).
    #[error("a run took longer than this engine's limit of {} seconds", .0.as_secs_f32())]
    RunTime(Duration),
    /// A run may need more memory than the engine has for all runs together: see
    /// [`EngineBuilder::memory`](crate::engine::EngineBuilder::memory).
    #[error(
        "the limits of this run let it take {needed} bytes of memory, and this engine has {budget} for all runs together"
    )]
    Memory {
        /// The most that a run within these limits can take, in bytes.
        needed: u64,
        /// What the engine has for all runs together, in bytes.
        budget: u64,
    },
    /// There is no capacity now, and the engine's builder set a bound on waiting for it that was reached: see
    /// [`EngineBuilder::most_waiting`](crate::engine::EngineBuilder::most_waiting). The same call can succeed later.
    #[error("the engine is busy: {0}")]
    Busy(Shortage),
    /// The caller cancelled it: see [`Cancel`](crate::Cancel).
    #[error("cancelled")]
    Cancelled,
    /// The system did not start a thread.
    #[error("no thread could be started")]
    Thread(#[source] std::io::Error),
    /// A run was stopped by something other than the policy, such as a system without memory.
    #[error("the run was stopped by the host: {0}")]
    Run(String),
    /// An invariant of this library does not hold: a bug.
    #[error("a check inside the engine failed, which is a bug: {0}")]
    Broken(String),
}

/// What a busy engine has no more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Shortage {
    /// Other runs have taken the engine's memory.
    Memory,
    /// As many compilers are at work as the engine starts, two for each core.
    Compilers,
    /// The same component is being admitted by another thread.
    Admission,
}

impl HostError {
    /// Whose fault it is: [`ErrorKind::Busy`], [`ErrorKind::Cancelled`] or else [`ErrorKind::Host`].
    ///
    /// ```
    /// use apportion::engine::{HostError, Shortage};
    /// use apportion::error::ErrorKind;
    ///
    /// assert_eq!(HostError::Busy(Shortage::Memory).kind(), ErrorKind::Busy);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        match self {
            HostError::Busy(_) => ErrorKind::Busy,
            HostError::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Host,
        }
    }

    /// The host's own limit that was reached, if it was one: with a higher limit the same call can succeed.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use apportion::engine::HostError;
    /// use apportion::limits::HostLimit;
    ///
    /// assert_eq!(HostError::RunTime(Duration::from_secs(60)).limit(), Some(HostLimit::RunTime));
    /// assert_eq!(HostError::Cancelled.limit(), None);
    /// ```
    pub fn limit(&self) -> Option<HostLimit> {
        match self {
            HostError::Memory { .. } => Some(HostLimit::Memory),
            // Compilations wait for a compiler at most as long as one may take.
            HostError::CompileTime(_) | HostError::Busy(Shortage::Compilers) => Some(HostLimit::CompileTime),
            HostError::RunTime(_) => Some(HostLimit::RunTime),
            HostError::Busy(_)
            | HostError::Cancelled
            | HostError::Thread(_)
            | HostError::Run(_)
            | HostError::Broken(_) => None,
        }
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shortage::Memory => "other runs have taken its memory",
            Shortage::Compilers => "all its compilers are at work",
            Shortage::Admission => "another thread is admitting the same component",
        })
    }
}
