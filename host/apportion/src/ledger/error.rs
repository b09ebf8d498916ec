//! Why a ledger could not be read or written to.

use std::error::Error;
use std::fmt;

use crate::engine::AdmissionError;
use crate::host_error::HostError;
use crate::settle::SettleError;
use apportion_core::canonical::{CanonicalError, Digest};
use apportion_core::charter::CharterError;
use apportion_core::error::ErrorKind;
use apportion_core::signature::SignatureError;
use apportion_core::store::StoreError;

/// What an object of a ledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ObjectKind {
    /// An entry of the chain.
    Entry,
    /// An adopted charter.
    Charter,
    /// What signers of a change sign.
    Change,
    /// A signature over a change.
    Signature,
    /// A component that a charter names.
    Policy,
    /// A settled epoch.
    Epoch,
    /// The receipt of a settlement.
    Receipt,
    /// The payouts of a settlement.
    Payouts,
    /// What a policy left for its next run.
    Carry,
}

impl ObjectKind {
    /// The kind in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            ObjectKind::Entry => "entry",
            ObjectKind::Charter => "charter",
            ObjectKind::Change => "change",
            ObjectKind::Signature => "signature",
            ObjectKind::Policy => "policy",
            ObjectKind::Epoch => "epoch",
            ObjectKind::Receipt => "receipt",
            ObjectKind::Payouts => "payouts",
            ObjectKind::Carry => "carry",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a ledger could not be read or written to. It is as before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object that the ledger names is not there.
    #[error("{what} `{digest}` is missing from the ledger")]
    Missing {
        /// What it should be.
        what: ObjectKind,
        /// Its digest.
        digest: Digest,
    },
    /// The newest entry is not there: it is lost, or the head is damaged.
    #[error("`head` names entry `{0}`, which is missing from the ledger")]
    Head(Digest),
    /// An object that is not valid where it is.
    #[error("{what} `{digest}`: {problem}")]
    Object {
        /// What it is.
        what: ObjectKind,
        /// Its digest.
        digest: Digest,
        /// What is wrong with it.
        problem: String,
    },
    /// A ledger was to be created in a store that holds one.
    #[error("the ledger was created before; its newest entry is `{0}`")]
    Created(Digest),
    /// A store without its first entry: [`Ledger::create`](crate::Ledger::create) writes it.
    #[error("the ledger has no first entry yet, which holds its identity: create it first")]
    NotCreated,
    /// Every number is settled once.
    #[error("epoch {number} is settled already, by receipt `{receipt}`")]
    Settled {
        /// The epoch's number.
        number: u64,
        /// Its receipt.
        receipt: Digest,
    },
    /// Epochs are settled in the order of their numbers.
    #[error("epoch {number} comes before epoch {last}, which is settled already")]
    OutOfOrder {
        /// The epoch's number.
        number: u64,
        /// The newest settled.
        last: u64,
    },
    /// An index beyond the last of the settled epochs.
    #[error("there is no settled epoch at index {0}")]
    NoSuchEpoch(usize),
    /// No charter says how to divide.
    #[error("no charter is in force for epoch {0}")]
    NoCharter(u64),
    /// A change reaches back, or beyond what can be numbered.
    #[error("a charter cannot be effective from epoch {effective}: {problem}")]
    Effective {
        /// The number given.
        effective: u64,
        /// Why not.
        problem: String,
    },
    /// A charter that can be read and must not be adopted.
    #[error("the charter cannot be adopted")]
    Charter(#[from] CharterError),
    /// Components that a charter names and that were not given.
    #[error("the charter names policies that are not here: {}", .0.join(", "))]
    Components(Vec<String>),
    /// The signatures do not carry the change.
    #[error("the change is not signed as the charter in force demands")]
    Signatures(#[from] SignatureError),
    /// The signatures are good for the ledger as it was, and it has gone on since.
    #[error(
        "the change was signed when entry `{follows}` was the newest, and the ledger has gone on to entry \
         `{head}`: a change names the entry that it follows, so propose it and sign it again"
    )]
    Outdated {
        /// The newest entry when the change was signed.
        follows: Digest,
        /// The newest entry now.
        head: Digest,
    },
    /// Another writer adopted a charter in the meantime, which this call did not know of.
    #[error(
        "another writer adopted charter `{charter}` in the meantime, and the newest entry is `{head}`: nothing was written"
    )]
    CharterChanged {
        /// The charter in force now, or the one adopted last.
        charter: Digest,
        /// The newest entry now.
        head: Digest,
    },
    /// Other writers were faster twice in a row.
    #[error("other writers were faster, twice in a row; the newest entry is `{0}` and nothing was written")]
    Moved(Digest),
    /// The chain no longer leads to the entry that was its newest.
    #[error(
        "the ledger was rewound or replaced: entry `{known}` was its newest, and is not in the chain of {}",
        .head.map_or("an empty ledger".to_owned(), |head| format!("entry `{head}`"))
    )]
    Rewound {
        /// The newest entry before.
        known: Digest,
        /// The newest entry now.
        head: Option<Digest>,
    },
    /// A policy in the ledger is not admitted by this engine.
    #[error("policy `{digest}` cannot be used")]
    Policy {
        /// The policy.
        digest: Digest,
        /// Why not.
        #[source]
        error: AdmissionError,
    },
    /// An entry cannot be written, which is a bug.
    #[error(transparent)]
    Form(#[from] CanonicalError),
    /// The epoch was not settled.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

impl LedgerError {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            LedgerError::Store(error) => error.kind(),
            LedgerError::Missing { .. }
            | LedgerError::Head(_)
            | LedgerError::Object { .. }
            | LedgerError::Created(_)
            | LedgerError::NotCreated
            | LedgerError::Settled { .. }
            | LedgerError::OutOfOrder { .. }
            | LedgerError::NoSuchEpoch(_)
            | LedgerError::NoCharter(_)
            | LedgerError::Effective { .. }
            | LedgerError::Charter(_)
            | LedgerError::Components(_)
            | LedgerError::Signatures(_)
            | LedgerError::Outdated { .. }
            | LedgerError::CharterChanged { .. }
            | LedgerError::Rewound { .. } => ErrorKind::Input,
            LedgerError::Moved(_) => ErrorKind::Busy,
            LedgerError::Policy { error: AdmissionError::Host(error), .. }
            | LedgerError::Settle(SettleError::Host(error)) => host_kind(error),
            LedgerError::Policy { .. } => ErrorKind::Component,
            LedgerError::Settle(SettleError::Fault { .. }) => ErrorKind::Policy,
            LedgerError::Settle(_) => ErrorKind::Input,
            LedgerError::Form(_) => ErrorKind::Host,
        }
    }
}

fn host_kind(error: &HostError) -> ErrorKind {
    match error {
        HostError::Cancelled => ErrorKind::Cancelled,
        _ => ErrorKind::Host,
    }
}

/// An error with its causes, as one sentence.
pub(crate) fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        // Some errors repeat their cause.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_tells_causes_once() {
        let error = LedgerError::Store(StoreError::backend("the database is gone"));
        assert_eq!(sentence(&error), "the ledger's store failed: the database is gone");
        assert_eq!(error.kind(), ErrorKind::Host);
        let error = LedgerError::Signatures(SignatureError::TooManySignatures { given: 300 });
        let cause = error.source().unwrap().to_string();
        assert_eq!(sentence(&error).matches(&cause).count(), 1);
        assert_eq!(error.kind(), ErrorKind::Input);
        assert_eq!(LedgerError::Store(StoreError::Locked).kind(), ErrorKind::Busy);
    }
}
