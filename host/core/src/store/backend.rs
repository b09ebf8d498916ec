//! What a store does, and the values that pass between it and whoever uses it.

use super::error::{Irregular, StoreError};
use crate::canonical::Digest;

/// The largest object that is read, in bytes: 16 GiB, more than any real epoch.
pub const MAX_OBJECT: u64 = 16 << 30;

/// The largest entry of a ledger that is read, in bytes: one with as many signatures as are counted takes less than a third.
pub const MAX_ENTRY: u64 = 1 << 16;

/// Keeps objects by their digests and knows the newest entry of a ledger.
///
/// A store moves raw bytes. It does not hash, does not verify and does not read what it keeps: [`Objects`] does that, and
/// compares whatever a store returns with the digest that was asked for. A backend's own errors pass through by
/// [`StoreError::backend`].
///
/// All methods take `&self` and are called from several threads at once. Several writers may use the same data through
/// stores in different processes: [`Store::commit`] is what they agree by. [`conformance`](fn@super::conformance) checks all
/// that is promised here.
///
/// [`Objects`]: super::Objects
pub trait Store: Send + Sync {
    /// At most `at_most` bytes of an object from `offset` on, and the whole object's length; `None` if there is no such
    /// object. Beyond the object's end the part is empty.
    ///
    /// Ranges keep large objects out of memory: one that is much longer than it may be is refused after its first part.
    fn read(&self, digest: &Digest, offset: u64, at_most: usize) -> Result<Option<Part>, StoreError>;

    /// Keeps an object outside of a commit, whole or not at all. Writing it again changes nothing.
    ///
    /// The digest is that of the bytes.
    fn write(&self, object: Object<'_>) -> Result<(), StoreError>;

    /// The digests of all objects after `after`, in ascending order, at most `limit` of them. An empty page is the last.
    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError>;

    /// The newest entry; `None` in an empty store.
    fn head(&self) -> Result<Option<Digest>, StoreError>;

    /// Keeps objects and an entry, and makes the entry the newest, if the newest is still the one that is expected: all of
    /// it or nothing, whatever else happens at the same time, and across a crash.
    ///
    /// If the newest entry is another one, nothing is kept and the outcome is [`Committed::Moved`]. Objects that continue
    /// a chain, such as receipts, must not outlive a commit that failed: they would look as if the ledger had been forked.
    ///
    /// # Errors
    ///
    /// After an error the commit has either happened or not. Whoever needs to know reads the head.
    fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError>;

    /// The bytes of the ledger's entries, oldest first, without the first `skip`: at most `limit` of them, each of at most
    /// [`MAX_ENTRY`] bytes. An empty page is the last. `None`, the default, if this store keeps no such list.
    ///
    /// It is a cache, so that a ledger of many entries opens in few calls, and nobody trusts it: each entry is compared with
    /// the digest that the next one names, and what is missing or wrong is read by its digest. A store that keeps it
    /// adds the entry at every commit.
    fn entries(&self, skip: usize, limit: usize) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let _ = (skip, limit);
        Ok(None)
    }

    /// Replaces the list behind [`Store::entries`], if the newest entry is still `head`: after a commit in a ledger whose
    /// list was incomplete. By default nothing happens.
    fn rewrite_entries(&self, head: &Digest, entries: &[Vec<u8>]) -> Result<(), StoreError> {
        let _ = (head, entries);
        Ok(())
    }

    /// What is in the store and is not a part of the ledger, for stores where others can leave something. Nothing by default.
    fn foreign_files(&self) -> Result<ForeignFiles, StoreError> {
        Ok(ForeignFiles::default())
    }
}

/// An object to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl<'a> Object<'a> {
    /// Hashes `bytes`.
    pub fn new(bytes: &'a [u8]) -> Object<'a> {
        Object { digest: Digest::of(bytes), bytes }
    }
}

/// A range of an object's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The bytes of the range.
    pub bytes: Vec<u8>,
    /// The length of the whole object, in bytes.
    pub length: u64,
}

impl Part {
    /// The range of a whole object: at most `at_most` bytes from `offset` on.
    ///
    /// ```
    /// use apportion_core::store::Part;
    ///
    /// assert_eq!(Part::of(b"an object", 3, 4), Part { bytes: b"obje".to_vec(), length: 9 });
    /// assert_eq!(Part::of(b"an object", 99, 4), Part { bytes: vec![], length: 9 });
    /// ```
    pub fn of(object: &[u8], offset: u64, at_most: usize) -> Part {
        let rest = usize::try_from(offset).ok().and_then(|offset| object.get(offset..)).unwrap_or_default();
        let bytes = rest.get(..at_most).unwrap_or(rest).to_vec();
        Part { bytes, length: object.len() as u64 }
    }
}

/// One step of a ledger: what [`Store::commit`] keeps.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// The entry that must be the newest when this happens; `None` if there must be none.
    pub expected: Option<Digest>,
    /// The objects that the entry leads to.
    pub objects: &'a [Object<'a>],
    /// The new entry.
    pub entry: Object<'a>,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "another writer may have been faster"]
pub enum Committed {
    /// The entry is the newest.
    Done,
    /// Another writer was faster: nothing was kept.
    Moved {
        /// The newest entry.
        head: Option<Digest>,
    },
}

/// What is in a store and is not a part of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignFiles {
    /// What an interrupted writer left: files that were never renamed.
    pub unfinished: Vec<String>,
    /// Files that this library never writes.
    pub unknown: Vec<String>,
    /// Anything that is neither a regular file nor a folder, or is a folder in the place of a file. Never opened.
    pub irregular: Vec<Irregular>,
}
