//! Which part of a history becomes an epoch, and how.

use std::path::PathBuf;

use apportion_core::money::Pool;

use super::boundary::Outside;
use crate::limits::Limits;

/// Which part of a history becomes an epoch, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The epoch's number.
    pub number: u64,
    /// What is divided.
    pub pool: Pool,
    /// The newest commit: a branch, a tag, `HEAD`, or the beginning of an id.
    pub revision: String,
    /// What this revision leads to is left out: where the epoch before ended.
    pub after: Option<String>,
    /// Only commits whose committer date is this or later, in seconds since 1970-01-01 UTC.
    pub from: Option<i64>,
    /// Only commits whose committer date is earlier than this.
    pub to: Option<i64>,
    /// How much of each commit is looked at.
    pub detail: Detail,
    /// A file to take instead of the `.mailmap` of the newest commit.
    pub mailmap: Option<PathBuf>,
    /// A table of payees: CSV with the columns `address` and `payee`, and perhaps `name`.
    pub payees: Option<PathBuf>,
    /// What payees are called whom no table lists.
    pub payee_ids: PayeeIds,
    /// What happens where the repository leads out of its folder.
    pub outside: Outside,
    /// How much may be read and kept.
    pub limits: Limits,
}

impl Options {
    /// All of a history, as epoch number 1.
    pub fn new(pool: Pool) -> Options {
        Options {
            number: 1,
            pool,
            revision: "HEAD".to_owned(),
            after: None,
            from: None,
            to: None,
            detail: Detail::Files,
            mailmap: None,
            payees: None,
            payee_ids: PayeeIds::Names,
            outside: Outside::Refuse,
            limits: Limits::default(),
        }
    }
}

/// How much of each commit is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The commit itself and who had a part in it.
    Commits,
    /// Also which files it changes.
    Files,
    /// Also how many lines it adds and removes; this reads every version of every file.
    Lines,
}

/// What payees are called whom no table lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayeeIds {
    /// By their names, and no address appears anywhere.
    Names,
    /// By their e-mail addresses.
    Addresses,
    /// By the first 16 digits of the BLAKE3 digest of their address in lower case, and no name appears. Who knows or
    /// guesses an address can tell its digest.
    Digests,
}
