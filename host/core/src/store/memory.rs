//! A store in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use super::backend::{Commit, Committed, Object, Part, Store};
use super::error::StoreError;
use crate::canonical::Digest;

/// A store in memory, for tests, trials and places without files such as a browser.
///
/// Clones share their objects, as several handles to one folder do. Everything is gone with the last clone.
///
/// ```
/// use apportion_core::store::{MemoryStore, Objects};
///
/// let store = MemoryStore::new();
/// let digest = Objects::new(store.clone()).put(b"an object")?;
/// assert_eq!(Objects::new(store).get(&digest)?.as_deref(), Some(&b"an object"[..]));
/// # Ok::<(), apportion_core::store::StoreError>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Memory>>);

#[derive(Default)]
struct Memory {
    objects: BTreeMap<Digest, Vec<u8>>,
    head: Option<Digest>,
    entries: Vec<Digest>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// Each method changes what is in memory in one step at its end, so a thread that panicked left nothing half done.
    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.lock();
        let mut text = f.debug_struct("MemoryStore");
        text.field("objects", &memory.objects.len()).field("head", &memory.head).finish()
    }
}

impl Memory {
    fn keep(&mut self, object: &Object<'_>) {
        self.objects.entry(object.digest).or_insert_with(|| object.bytes.to_vec());
    }
}

impl Store for MemoryStore {
    fn read(&self, digest: &Digest, offset: u64, at_most: usize) -> Result<Option<Part>, StoreError> {
        Ok(self.lock().objects.get(digest).map(|bytes| Part::of(bytes, offset, at_most)))
    }

    fn write(&self, object: Object<'_>) -> Result<(), StoreError> {
        self.lock().keep(&object);
        Ok(())
    }

    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        let memory = self.lock();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(memory.objects.range((start, Bound::Unbounded)).take(limit).map(|(digest, _)| *digest).collect())
    }

    fn head(&self) -> Result<Option<Digest>, StoreError> {
        Ok(self.lock().head)
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
        let mut memory = self.lock();
        if memory.head != commit.expected {
            return Ok(Committed::Moved { head: memory.head });
        }
        commit.objects.iter().chain([&commit.entry]).for_each(|object| memory.keep(object));
        memory.head = Some(commit.entry.digest);
        memory.entries.push(commit.entry.digest);
        Ok(Committed::Done)
    }

    fn entries(&self, skip: usize, limit: usize) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let memory = self.lock();
        let page = memory.entries.iter().skip(skip).take(limit);
        Ok(Some(page.filter_map(|digest| memory.objects.get(digest).cloned()).collect()))
    }
}
