//! Why there is no card.

use apportion_core::card::CardError;
use apportion_core::charter::CharterError;
use apportion_core::error::ErrorKind;
use apportion_core::fault::Fault;
use apportion_core::money::AssetError;

use crate::engine::HostError;
use crate::settle::SettleError;

/// Why there is no card. A policy's faults during trials are none of these: the card reports them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The policy refuses its parameters, whatever the epoch.
    #[error("the policy refuses its parameters: {0}")]
    Refused(#[source] Fault),
    /// The parameters make no charter.
    #[error(transparent)]
    Charter(#[from] CharterError),
    /// Nothing can be settled: parameters break the schema.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// The card cannot be written, which is a bug.
    #[error(transparent)]
    Card(#[from] CardError),
    /// Made epochs have no asset, which is a bug.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// The host's fault.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl AuditError {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            AuditError::Refused(_) | AuditError::Charter(_) => ErrorKind::Input,
            AuditError::Settle(error) => error.kind(),
            AuditError::Host(error) => error.kind(),
            AuditError::Card(_) | AuditError::Asset(_) => ErrorKind::Host,
        }
    }
}
