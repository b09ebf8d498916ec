//! Where objects are kept: each a file named by its BLAKE3 hash, and a head that names the newest entry.
//!
//! [`Store`] is small, so that a database or an object store can take the directory's place. [`DirectoryStore`] is the
//! default: `objects/ab/abcd...` for every object, `head`, and `lock`, all through one handle to the folder.

#[cfg(feature = "directory")]
mod directory;
#[cfg(feature = "directory")]
mod files;
#[cfg(feature = "directory")]
mod pending;

use crate::canonical::Digest;
#[cfg(feature = "directory")]
pub use directory::DirectoryStore;

/// The largest object that is read, in bytes: 16 GiB, more than any real epoch.
pub const MAX_OBJECT: u64 = 16 << 30;

/// Keeps objects by their digests and knows the newest entry of a log.
pub trait Store: Send + Sync {
    /// An object's bytes, checked against its digest; none if there is no such object.
    ///
    /// An object of more than `at_most` bytes is [`StoreError::TooLarge`], and is never held in memory.
    fn read(&self, digest: &Digest, at_most: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// The same for an object of any kind: at most [`MAX_OBJECT`] bytes.
    fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(digest, MAX_OBJECT)
    }

    /// Keeps an object, whole or not at all. Keeping it again changes nothing.
    fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError>;

    /// The newest entry; none in an empty store.
    fn head(&self) -> Result<Option<Digest>, StoreError>;

    /// Makes `entry` the newest if the newest is still `expected`; otherwise nothing changes.
    ///
    /// `attached` are objects that continue a chain as the entry does, such as a receipt. They are kept together with
    /// the entry or not at all, also across a crash: an object that continues the chain at a place other than its end
    /// is then evidence that the ledger was forked.
    fn append(
        &self,
        expected: Option<Digest>,
        attached: &[&[u8]],
        entry: &[u8],
    ) -> Result<Digest, StoreError>;

    /// The digests of all objects, sorted, and everything else that is there and does not belong.
    fn inventory(&self) -> Result<Inventory, StoreError>;
}

/// What is in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The objects, by name. Whether an object has the bytes of its name shows when it is read.
    pub objects: Vec<Digest>,
    /// What an interrupted writer left: files that were never renamed. They are not part of the ledger.
    pub unfinished: Vec<String>,
    /// Files that this program never writes.
    pub unknown: Vec<String>,
    /// Whatever is neither a regular file nor a folder, or is a folder in the place of a file. Never opened.
    pub irregular: Vec<Irregular>,
}

/// Something in a ledger's folder that is not the regular file or folder that belongs there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Irregular {
    /// Its path in the folder, safe to print.
    pub name: String,
    /// What it is: `a symbolic link`, `a named pipe`...
    pub kind: &'static str,
}

/// Why a store could not do what it was asked. The ledger is as before.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no ledger here.
    #[error("there is no ledger in `{0}`")]
    NoLedger(String),
    /// A ledger was to be made where there is one.
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
    /// Another writer was faster, or is at work.
    #[error("another writer has appended to the ledger in the meantime: try again")]
    Moved,
    /// Another writer is at work.
    #[error("another writer is at work on this ledger: try again")]
    Locked,
    /// The system refuses.
    #[error("the ledger's {what} cannot be {done}: {error}")]
    Io {
        /// Which part of the store.
        what: String,
        /// What was tried.
        done: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
}

fn io(what: impl Into<String>, done: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    let what = what.into();
    move |error| StoreError::Io { what, done, error }
}
