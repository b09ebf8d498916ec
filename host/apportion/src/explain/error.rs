//! Why there is no explanation.

use apportion_core::epoch::BuildError;
use apportion_core::error::ErrorKind;

use crate::engine::HostError;
use crate::settle::SettleError;

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// Nobody of that id is a payee of the epoch.
    #[error("there is no payee `{}` in epoch {epoch}", .payee.escape_debug())]
    UnknownPayee {
        /// The id.
        payee: String,
        /// The epoch's number.
        epoch: u64,
    },
    /// The epoch itself cannot be settled.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// An epoch cannot be built again: a bug in this library.
    #[error("the epoch cannot be built again: {0}")]
    Build(#[from] BuildError),
}

impl ExplainError {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ExplainError::UnknownPayee { .. } => ErrorKind::Input,
            ExplainError::Settle(error) => error.kind(),
            ExplainError::Build(_) => ErrorKind::Host,
        }
    }
}

impl From<HostError> for ExplainError {
    fn from(error: HostError) -> Self {
        Self::Settle(error.into())
    }
}
