//! Why a ledger could not be read or written to.

use crate::policy::AdmissionError;
use crate::settle::SettleError;
use apportion_core::canonical::{CanonicalError, Digest};
use apportion_core::signature::SignatureError;
use apportion_core::store::StoreError;

/// Why a ledger could not be read or written to. It is as before.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object that the ledger names is not there.
    #[error("{what} `{digest}` is missing from the ledger")]
    Missing {
        /// What it should be.
        what: &'static str,
        /// Its digest.
        digest: Digest,
    },
    /// The newest entry is not there: it is lost, or the head is damaged.
    #[error("`head` names entry `{0}`, which is missing from the ledger")]
    Head(Digest),
    /// An object says what it may not.
    #[error("{what} `{digest}`: {problem}")]
    Object {
        /// What it is.
        what: &'static str,
        /// Its digest.
        digest: Digest,
        /// What is wrong with it.
        problem: String,
    },
    /// A ledger was to be created in a store that holds one.
    #[error("the ledger was created before; its newest entry is `{0}`")]
    Created(Digest),
    /// A store without its first entry: [`Ledger::create`](crate::Ledger::create) writes it.
    #[error(
        "the ledger has no first entry yet, which says by its identity which ledger it is: create it first"
    )]
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
    /// A place beyond the last of the settled epochs asked for.
    #[error("there is no settled epoch at place {0}")]
    NoSuchEpoch(usize),
    /// No charter says how to divide.
    #[error("no charter is in force for epoch {0}: adopt one with `apportion charter adopt`")]
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
    #[error("the charter cannot be adopted: {0}")]
    Charter(#[from] apportion_core::charter::CharterError),
    /// Components that a charter names and that were not given.
    #[error("the charter names policies that are not here: {}", .0.join(", "))]
    Components(Vec<String>),
    /// The signatures do not carry the change.
    #[error("the change is not signed as the charter in force demands: {0}")]
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
    /// A policy in the ledger is not admitted by this engine.
    #[error("policy `{digest}`: {error}")]
    Policy {
        /// The policy.
        digest: Digest,
        /// Why not.
        error: AdmissionError,
    },
    /// An entry cannot be written, which is a bug.
    #[error(transparent)]
    Form(#[from] CanonicalError),
    /// The epoch was not settled.
    #[error(transparent)]
    Settle(#[from] SettleError),
}
