//! Why there is nothing to compare.

use crate::canonical::CanonicalError;
use crate::error::ErrorKind;
use crate::money::AssetError;

/// Why there is nothing to compare.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// No epochs were given.
    #[error("there are no epochs to compare")]
    NoEpochs,
    /// Epochs of different assets have no sum.
    #[error("epoch {number} pays `{asset}` and those before it `{before}`: they have no sum")]
    Assets {
        /// The epoch's number.
        number: u64,
        /// What it pays.
        asset: String,
        /// What the others pay.
        before: String,
    },
    /// The receipts name an asset that cannot be.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// An epoch was not replayed under this candidate.
    #[error("epoch {0} was not replayed under this candidate")]
    NotReplayed(u64),
    /// All epochs together are more than an amount holds.
    #[error("all epochs together are more than 2^128 - 1 base units")]
    TooLarge,
    /// A member has no canonical spelling, which is a bug.
    #[error(transparent)]
    Form(#[from] CanonicalError),
}

impl CompareError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}
