//! Whose fault an error is: one answer from which an exit code, an HTTP status or an exception class follows.

use std::fmt;

/// Whose fault an error is. Every public error of these crates has a `kind()`.
///
/// ```
/// use apportion_core::charter::Charter;
/// use apportion_core::error::ErrorKind;
///
/// fn http_status(kind: ErrorKind) -> u16 {
///     match kind {
///         ErrorKind::Input | ErrorKind::Component => 422,
///         ErrorKind::Policy => 409,
///         ErrorKind::Busy => 503,
///         ErrorKind::Cancelled => 499,
///         _ => 500,
///     }
/// }
///
/// let error = Charter::from_bytes(b"{}").unwrap_err();
/// assert_eq!(http_status(error.kind()), 422);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was given is wrong: bytes, rows, terms, an order that the ledger does not allow. The same input fails again.
    Input,
    /// A policy gave no allocation, through its own fault. The same epoch under the same charter fails again.
    Policy,
    /// A component was not admitted as a policy.
    Component,
    /// Another writer is at work or won, or there is no capacity now. The same call can succeed later.
    Busy,
    /// The caller cancelled it.
    Cancelled,
    /// The machine, the store, a limit that the host set for itself, or a bug. It says nothing about the input.
    Host,
}

impl ErrorKind {
    /// The kind in one word, as JSON and metrics spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Input => "input",
            ErrorKind::Policy => "policy",
            ErrorKind::Component => "component",
            ErrorKind::Busy => "busy",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Host => "host",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
