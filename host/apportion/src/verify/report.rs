//! What a verification found, and what it looked at.

use std::fmt;

use super::finding::Finding;
use apportion_core::canonical::Digest;
use apportion_core::entry::LedgerIdentity;
use apportion_core::limits::HostLimit;

/// What was found, and what was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// What is wrong, each naming its object; empty if nothing is.
    pub findings: Vec<Finding>,
    /// The ledger's identity.
    pub identity: Option<LedgerIdentity>,
    /// Entries that the host could not check, for reasons that say nothing about them. Unless this is empty the ledger
    /// was not verified.
    pub unchecked: Vec<Unchecked>,
    /// The newest entry, which stands for all before it.
    pub head: Option<Digest>,
    /// Objects whose bytes are those of their names.
    pub objects: usize,
    /// Charters adopted.
    pub adoptions: usize,
    /// Adoptions with signatures that a charter demanded.
    pub signed: usize,
    /// Epochs settled.
    pub settlements: usize,
    /// Settlements run again with the same result.
    pub run_again: usize,
    /// Of these, settlements whose counts could not be compared, because another version of metering made them.
    pub without_counts: usize,
    /// Objects that no entry leads to: what an interrupted or refused run left. They change nothing.
    pub unused: Vec<Digest>,
    /// Files of an interrupted writer. They change nothing.
    pub unfinished: Vec<String>,
}

/// An entry that was not checked to the end, by a fault or a limit of the host. Its display is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unchecked {
    /// The entry.
    pub entry: Digest,
    /// The number of the epoch that it settles, if it settles one.
    pub epoch: Option<u64>,
    /// Why, in a sentence.
    pub reason: String,
    /// The host's own limit that was met, if it was one: with a higher limit the entry may be checked.
    pub limit: Option<HostLimit>,
}

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry `{}`: {}", self.entry, self.reason)
    }
}
