//! What a store returns, held against digests and bounds: the one place where either is done.

use std::io::{self, Read};

use super::backend::{Commit, Committed, ForeignFiles, MAX_ENTRY, MAX_OBJECT, Object, Part, Store};
use super::error::StoreError;
use crate::canonical::Digest;

/// The most bytes that are asked for at once, 16 MiB. A longer object is hashed before it is held in memory, so that one
/// that is not what its name says takes none.
const CHUNK: usize = 16 << 20;
/// How many digests are listed at once.
const LIST_PAGE: usize = 4096;
/// How many entries are asked for at once: at most 256 MiB, and usually one.
const ENTRY_PAGE: usize = 4096;

/// The objects of a store: whatever is read is checked against its digest and bounded in size.
///
/// ```
/// use apportion_core::canonical::Digest;
/// use apportion_core::store::{MemoryStore, Object, Objects, Store, StoreError};
///
/// let store = MemoryStore::new();
/// let objects = Objects::new(&store);
/// let digest = objects.put(b"an object")?;
/// assert_eq!(objects.read(&digest, 9)?.unwrap(), b"an object");
/// assert!(matches!(objects.read(&digest, 8), Err(StoreError::TooLarge { length: 9, .. })));
///
/// // A store that has other bytes under that name is not believed.
/// let name = Digest::of(b"another object");
/// store.write(Object { digest: name, bytes: b"forged" })?;
/// assert!(matches!(objects.get(&name), Err(StoreError::Damaged(damaged)) if damaged == name));
/// # Ok::<(), StoreError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Objects<S> {
    store: S,
}

impl<S: Store> Objects<S> {
    /// The objects of `store`.
    pub fn new(store: S) -> Objects<S> {
        Objects { store }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Gives the store back.
    pub fn into_store(self) -> S {
        self.store
    }

    /// An object's bytes; `None` if there is no such object. One of more than [`MAX_OBJECT`] bytes is refused.
    pub fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(digest, MAX_OBJECT)
    }

    /// An object's bytes; `None` if there is no such object.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLarge`] if it has more than `at_most` bytes, [`StoreError::Damaged`] if its bytes have another
    /// digest; in both cases no more than 16 MiB of it were held in memory.
    pub fn read(&self, digest: &Digest, at_most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(first) = self.first(digest, at_most)? else { return Ok(None) };
        let length = first.length;
        let bytes = if length <= CHUNK as u64 {
            first.bytes
        } else {
            self.check_long(digest, &first)?;
            let mut bytes = Vec::new();
            let size = usize::try_from(length).unwrap_or(usize::MAX);
            bytes.try_reserve_exact(size).map_err(StoreError::backend)?;
            Chunks::new(&self.store, digest, first)
                .read_to_end(&mut bytes)
                .map_err(|error| thrown(error, digest))?;
            bytes
        };
        if Digest::of(&bytes) == *digest { Ok(Some(bytes)) } else { Err(StoreError::Damaged(*digest)) }
    }

    /// Compares an object with its digest, in little memory, and returns its length; `None` if there is no such object.
    pub fn check(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        let Some(first) = self.first(digest, MAX_OBJECT)? else { return Ok(None) };
        if first.length > CHUNK as u64 {
            self.check_long(digest, &first)?;
        } else if Digest::of(&first.bytes) != *digest {
            return Err(StoreError::Damaged(*digest));
        }
        Ok(Some(first.length))
    }

    /// The beginning of an object that is not too large: all of it, or [`CHUNK`] bytes.
    fn first(&self, digest: &Digest, at_most: u64) -> Result<Option<Part>, StoreError> {
        let at_most = at_most.min(MAX_OBJECT);
        let chunk = usize::try_from(at_most).unwrap_or(CHUNK).min(CHUNK);
        let Some(first) = self.store.read(digest, 0, chunk)? else { return Ok(None) };
        let length = first.length;
        if length > at_most {
            return Err(StoreError::TooLarge { digest: *digest, length, at_most });
        }
        if first.bytes.len() as u64 != length.min(CHUNK as u64) {
            return Err(StoreError::Damaged(*digest));
        }
        Ok(Some(first))
    }

    fn check_long(&self, digest: &Digest, first: &Part) -> Result<(), StoreError> {
        let hashed = Digest::of_reader(Chunks::new(&self.store, digest, first.clone()));
        match hashed.map_err(|error| thrown(error, digest))? == *digest {
            true => Ok(()),
            false => Err(StoreError::Damaged(*digest)),
        }
    }

    /// Keeps an object outside of a commit, and returns its digest. Keeping it again changes nothing.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let object = Object::new(bytes);
        self.store.write(object)?;
        Ok(object.digest)
    }

    /// The newest entry; `None` in an empty store.
    pub fn head(&self) -> Result<Option<Digest>, StoreError> {
        self.store.head()
    }

    /// Keeps objects and an entry and makes the entry the newest, all in one step, if the newest is still `expected`: see
    /// [`Store::commit`]. The entry's digest is [`Digest::of`] its bytes.
    pub fn commit(
        &self,
        expected: Option<Digest>,
        objects: &[&[u8]],
        entry: &[u8],
    ) -> Result<Committed, StoreError> {
        let objects: Vec<Object<'_>> = objects.iter().map(|bytes| Object::new(bytes)).collect();
        self.store.commit(&Commit { expected, objects: &objects, entry: Object::new(entry) })
    }

    /// The digests of all objects, ascending.
    pub fn list(&self) -> Result<Vec<Digest>, StoreError> {
        let mut digests: Vec<Digest> = Vec::new();
        loop {
            let page = self.store.list(digests.last(), LIST_PAGE)?;
            if page.is_empty() {
                return Ok(digests);
            }
            // A store that repeats itself would be listed for ever.
            let ascending = digests.last() < page.first() && page.is_sorted_by(|a, b| a < b);
            if !ascending {
                return Err(StoreError::backend("its objects are not listed in ascending order"));
            }
            digests.extend(page);
        }
    }

    /// Entries from the store's cache of them, oldest first, without the first `skip`; empty where there are no more, `None` if
    /// the store keeps no cache. See [`Store::entries`]: they are whatever the store says, and not compared with anything.
    pub fn entries(&self, skip: usize) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let page = self.store.entries(skip, ENTRY_PAGE)?;
        Ok(page.map(|page| page.into_iter().take_while(|entry| entry.len() as u64 <= MAX_ENTRY).collect()))
    }

    /// Replaces the store's cache of entries: see [`Store::rewrite_entries`].
    pub fn rewrite_entries(&self, head: &Digest, entries: &[Vec<u8>]) -> Result<(), StoreError> {
        self.store.rewrite_entries(head, entries)
    }

    /// What is in the store and is not a part of the ledger.
    pub fn foreign_files(&self) -> Result<ForeignFiles, StoreError> {
        self.store.foreign_files()
    }
}

/// A long object, read part by part. Errors of the store pass through `io::Error`.
struct Chunks<'a, S> {
    store: &'a S,
    digest: &'a Digest,
    length: u64,
    part: io::Cursor<Vec<u8>>,
    /// Where the next part begins.
    next: u64,
}

impl<'a, S: Store> Chunks<'a, S> {
    fn new(store: &'a S, digest: &'a Digest, first: Part) -> Chunks<'a, S> {
        let next = first.bytes.len() as u64;
        Chunks { store, digest, length: first.length, part: io::Cursor::new(first.bytes), next }
    }
}

impl<S: Store> Read for Chunks<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.part.read(buffer)?;
        if count > 0 || buffer.is_empty() || self.next >= self.length {
            return Ok(count);
        }
        let wanted = usize::try_from(self.length - self.next).unwrap_or(CHUNK).min(CHUNK);
        let part = self.store.read(self.digest, self.next, wanted).map_err(io::Error::other)?;
        // Cut short, replaced or removed meanwhile.
        let part = part.filter(|part| part.length == self.length && part.bytes.len() == wanted);
        let part = part.ok_or_else(|| io::Error::other(StoreError::Damaged(*self.digest)))?;
        self.next = self.next.saturating_add(wanted as u64);
        self.part = io::Cursor::new(part.bytes);
        self.part.read(buffer)
    }
}

/// The store's error that [`Chunks`] passed on.
fn thrown(error: io::Error, digest: &Digest) -> StoreError {
    let what = || format!("object `{digest}`");
    match error.downcast::<StoreError>() {
        Ok(error) => error,
        Err(error) => StoreError::Io { what: what(), done: "read", error },
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::MemoryStore;
    use super::*;

    #[test]
    fn long_object_is_read_in_parts_and_a_forged_one_is_refused() {
        let objects = Objects::new(MemoryStore::new());
        for length in [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 7] {
            let bytes = vec![7; length];
            let digest = objects.put(&bytes).unwrap();
            assert_eq!(objects.get(&digest).unwrap(), Some(bytes), "{length}");
            assert_eq!(objects.check(&digest).unwrap(), Some(length as u64));

            let name = Digest::of(&length.to_le_bytes());
            objects.store().write(Object { digest: name, bytes: &vec![0; length] }).unwrap();
            assert!(matches!(objects.get(&name), Err(StoreError::Damaged(found)) if found == name));
            assert!(matches!(objects.check(&name), Err(StoreError::Damaged(found)) if found == name));
        }
    }

    /// A store whose answers are other than promised.
    struct Liar(Part);

    impl Store for Liar {
        fn read(&self, _: &Digest, _: u64, _: usize) -> Result<Option<Part>, StoreError> {
            Ok(Some(self.0.clone()))
        }
        fn write(&self, _: Object<'_>) -> Result<(), StoreError> {
            Ok(())
        }
        fn list(&self, _: Option<&Digest>, _: usize) -> Result<Vec<Digest>, StoreError> {
            Ok(vec![Digest::of(b"again")])
        }
        fn head(&self) -> Result<Option<Digest>, StoreError> {
            Ok(None)
        }
        fn commit(&self, _: &Commit<'_>) -> Result<Committed, StoreError> {
            Ok(Committed::Done)
        }
    }

    #[test]
    fn store_that_lies_about_lengths_or_lists_without_end_is_refused() {
        let digest = Digest::of(b"bytes");
        for (bytes, length) in [
            (b"bytes".to_vec(), 4),
            (b"bytes".to_vec(), 6),
            (b"bytes".to_vec(), u64::MAX),
            (b"bytes".to_vec(), CHUNK as u64 * 3),
            (vec![0; CHUNK], CHUNK as u64 * 3),
            (vec![0; CHUNK + 1], CHUNK as u64 * 3),
        ] {
            let objects = Objects::new(Liar(Part { bytes, length }));
            assert!(objects.get(&digest).is_err(), "{length}");
            assert!(objects.check(&digest).is_err(), "{length}");
        }
        assert!(Objects::new(Liar(Part { bytes: vec![], length: 0 })).list().is_err());
    }
}
