//! Why a history did not become an epoch.

use apportion_core::epoch::BuildError;
use apportion_core::money::AssetError;

use apportion_core::error::ErrorKind;

use crate::limits::LimitExceeded;

/// Why a history did not become an epoch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// No repository there.
    #[error("there is no git repository in `{0}` or above it")]
    NoRepository(String),
    /// A file of the repository's that the system does not give.
    #[error("the repository's `{what}` cannot be read: {problem}")]
    Unreadable {
        /// Which.
        what: &'static str,
        /// What the system says.
        problem: String,
    },
    /// Something in the repository leads to files outside of its folder.
    #[error(
        "the repository's {what} leads out of its folder, to `{path}`: read it only if you trust it \
         (`Outside::Follow`)"
    )]
    Outside {
        /// What leads there.
        what: &'static str,
        /// Where.
        path: String,
    },
    /// More than [`Options::limits`](super::Options::limits) allow.
    #[error("{0}")]
    Limit(LimitExceeded),
    /// An object that is larger than [`Options::limits`](super::Options::limits) allow.
    #[error("object {id}: {exceeded}")]
    ObjectLimit {
        /// Its id.
        id: String,
        /// The bound.
        exceeded: LimitExceeded,
    },
    /// A name that leads to no commit.
    #[error("`{revision}` {problem}")]
    Revision {
        /// As it was given.
        revision: String,
        /// Why.
        problem: String,
    },
    /// A commit that others name and that is not there.
    #[error(
        "commit {0} is not in the repository, though others name it: the clone is incomplete or damaged, and \
         `git fsck` says more"
    )]
    MissingCommit(String),
    /// What should be a commit is something else.
    #[error("{0} is no commit that can be read: it has no tree, or a parent that is no id")]
    BrokenCommit(String),
    /// An object that is there and cannot be unpacked.
    #[error("object {id} cannot be read: {problem}")]
    Object {
        /// Its id.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// A file given beside the repository.
    #[error("`{file}` cannot be read: {problem}")]
    File {
        /// The file, as it was given.
        file: String,
        /// What the system says.
        problem: String,
    },
    /// A table of payees.
    #[error("the table of payees `{file}`: {problem}")]
    Payees {
        /// The file, as it was given.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing to divide by.
    #[error("no commit {0}")]
    NoCommit(String),
    /// Only programs.
    #[error("there is nobody to pay: bots wrote all of the {0} commits")]
    NobodyToPay(usize),
    /// A date that is none.
    #[error("`{0}` is no {1}")]
    Date(String, &'static str),
    /// A pool that is none.
    #[error("the pool cannot be used: {0}")]
    Pool(#[from] AssetError),
    /// The rows are fine, the epoch is not.
    #[error(transparent)]
    Epoch(BuildError),
}

impl GitError {
    /// [`ErrorKind::Host`] for what the system does not give, [`ErrorKind::Input`] for all else.
    pub fn kind(&self) -> ErrorKind {
        match self {
            GitError::Unreadable { .. } | GitError::File { .. } => ErrorKind::Host,
            _ => ErrorKind::Input,
        }
    }
}

impl GitError {
    /// A file of the repository's that the system does not give.
    pub(super) fn unreadable(what: &'static str, error: &std::io::Error) -> GitError {
        GitError::Unreadable { what, problem: error.to_string() }
    }
}
