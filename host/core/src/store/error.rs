//! Why a store could not do what it was asked.

use crate::canonical::Digest;
use crate::error::ErrorKind;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no ledger here.
    #[error("there is no ledger in `{0}`")]
    NoLedger(String),
    /// A ledger was to be created where there is one.
    #[error("there is a ledger in `{0}` already")]
    Exists(String),
    /// A folder that holds something else.
    #[error("`{0}` is not empty and holds no ledger")]
    NotEmpty(String),
    /// An object whose bytes are not those of its name.
    #[error("object `{0}` is damaged: its bytes have another digest")]
    Damaged(Digest),
    /// An object with more bytes than an object of its kind can have.
    #[error("object `{digest}` has {length} bytes; at most {at_most} are read here")]
    TooLarge {
        /// Its name.
        digest: Digest,
        /// Its length, in bytes.
        length: u64,
        /// The most bytes that are read of an object of this kind.
        at_most: u64,
    },
    /// A symbolic link, a pipe, a device, a folder... where a regular file or a folder of the ledger belongs.
    #[error("`{}` is {} and not a part of a ledger; it was not opened", .0.name, .0.kind)]
    Irregular(Irregular),
    /// A file of the store's own that says nothing valid.
    #[error("`{file}` is damaged: {problem}")]
    File {
        /// Which.
        file: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Another writer is at work.
    #[error("another writer is at work on this ledger")]
    Locked,
    /// The system refuses.
    #[error("the ledger's {what} cannot be {done}")]
    Io {
        /// Which part of the store.
        what: String,
        /// What was tried.
        done: &'static str,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// A backend's own error: see [`StoreError::backend`].
    #[error("the ledger's store failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// An error of a store's own, as its [source](std::error::Error::source).
    ///
    /// ```
    /// use std::error::Error;
    /// use apportion_core::store::StoreError;
    ///
    /// let error = StoreError::backend("the database is gone");
    /// assert_eq!(error.source().unwrap().to_string(), "the database is gone");
    /// ```
    pub fn backend(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
        StoreError::Backend(error.into())
    }

    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            StoreError::NoLedger(_)
            | StoreError::Exists(_)
            | StoreError::NotEmpty(_)
            | StoreError::Damaged(_)
            | StoreError::TooLarge { .. }
            | StoreError::Irregular(_)
            | StoreError::File { .. } => ErrorKind::Input,
            StoreError::Locked => ErrorKind::Busy,
            StoreError::Io { .. } | StoreError::Backend(_) => ErrorKind::Host,
        }
    }
}

/// Something in a ledger's folder that is not the regular file or folder that belongs there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Irregular {
    /// Its path in the folder, safe to print.
    pub name: String,
    /// What it is: `a symbolic link`, `a named pipe`...
    pub kind: &'static str,
}

#[cfg(feature = "directory")]
pub(super) fn io(what: impl Into<String>, done: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    let what = what.into();
    move |error| StoreError::Io { what, done, error }
}
