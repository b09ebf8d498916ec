//! Why there is no proof, or why a proof proves nothing.

use crate::canonical::{CanonicalError, Digest, SliceError};
use crate::error::ErrorKind;
use crate::money::AssetError;
use crate::payouts::PayoutsError;
use crate::receipt::ReceiptError;
use crate::text::{TextProblem, visible};

pub(super) const FORMAT: &str = "apportion proof 1";

/// The largest proof that is made or read, in bytes: a real one has a few kilobytes.
pub const MAX_PROOF: usize = 4 << 20;

/// Why there is no proof, or why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Not the JSON of a proof, or not its canonical spelling.
    #[error("not a proof: {0}")]
    Form(#[from] CanonicalError),
    /// Another format, or a later version of this one.
    #[error("the proof's format is `{0}`; this engine reads `{FORMAT}`")]
    Format(String),
    /// More bytes than any proof has.
    #[error("the proof has {0} bytes; {MAX_PROOF} are allowed")]
    TooLarge(usize),
    /// The list has no such payee.
    #[error("the payouts have no payee `{payee}`{}", suggestion(.nearest))]
    NoPayee {
        /// The id that was asked for.
        payee: String,
        /// An id that is written much the same, if there is one.
        nearest: Option<String>,
    },
    /// It proves a payout of another receipt.
    #[error("the proof is for receipt {found}, not for {asked}")]
    OtherReceipt {
        /// The digest that it was held against.
        asked: Digest,
        /// The digest of the receipt that it holds.
        found: Digest,
    },
    /// The receipt cannot be read, or the payouts are not those of the receipt.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// A slice does not verify against the payouts' digest.
    #[error("the proof's {piece} is not of the receipt's payouts: {source}")]
    Slice {
        /// `head`, `entry` or `tail`.
        piece: &'static str,
        /// What is wrong with it.
        source: SliceError,
    },
    /// The slices together are not a list of payouts with one payee.
    #[error("the proof's slices are not a payout: {0}")]
    Payouts(#[from] PayoutsError),
    /// Its parts do not fit together.
    #[error("the proof contradicts itself: {0}")]
    Contradiction(&'static str),
    /// The payee's id could deceive its reader.
    #[error("the payee's id {0}")]
    Payee(#[source] TextProblem),
    /// The receipt's asset is not valid.
    #[error("the receipt's asset: {0}")]
    Asset(#[from] AssetError),
}

fn suggestion(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("; is it `{}`? ids are compared letter by letter", visible(nearest, 256)),
        None => "; ids are compared letter by letter".to_owned(),
    }
}

impl ProofError {
    /// Whose fault it is: always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}
