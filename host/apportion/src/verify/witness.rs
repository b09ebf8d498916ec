//! A store that remembers what it read, so that each object is read and hashed once where once is enough.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard};

use crate::parallel;
use apportion_core::canonical::Digest;
use apportion_core::store::{Inventory, MAX_OBJECT, Store, StoreError};

pub(super) struct Witness<S> {
    store: S,
    seen: Mutex<BTreeMap<Digest, Seen>>,
}

/// What came of getting an object.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// Its bytes are those of its name.
    Whole,
    /// It is not there.
    Absent,
    /// What the store said of it.
    Wrong(String),
}

impl<S: Store> Witness<S> {
    pub(super) fn new(store: S) -> Witness<S> {
        Witness { store, seen: Mutex::default() }
    }

    /// What came of getting an object, which is got if it never was.
    pub(super) fn saw(&self, digest: &Digest) -> Seen {
        let seen = self.seen().get(digest).cloned();
        seen.unwrap_or_else(|| {
            let _ = self.get(digest); // `seen` remembers it
            self.seen().get(digest).cloned().unwrap_or(Seen::Absent)
        })
    }

    /// Gets those objects on all cores that were not got before.
    pub(super) fn see_all(&self, digests: &[Digest]) {
        let saw = |index: usize| {
            self.saw(&digests[index]);
            Ok::<(), Infallible>(())
        };
        let Ok(()) = parallel::in_order(digests.len(), saw, Ok::<(), Infallible>);
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<Digest, Seen>> {
        self.seen.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl<S: Store> Store for &Witness<S> {
    fn read(&self, digest: &Digest, at_most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let got = self.store.read(digest, at_most);
        let seen = match &got {
            Ok(Some(_)) => Seen::Whole,
            Ok(None) => Seen::Absent,
            // Too large for what it was taken for, and not looked at.
            Err(StoreError::TooLarge { .. }) if at_most < MAX_OBJECT => return got,
            Err(error) => Seen::Wrong(error.to_string()),
        };
        self.seen().insert(*digest, seen);
        got
    }

    fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        self.store.put(bytes)
    }

    fn head(&self) -> Result<Option<Digest>, StoreError> {
        self.store.head()
    }

    fn append(
        &self,
        expected: Option<Digest>,
        attached: &[&[u8]],
        entry: &[u8],
    ) -> Result<Digest, StoreError> {
        self.store.append(expected, attached, entry)
    }

    fn inventory(&self) -> Result<Inventory, StoreError> {
        self.store.inventory()
    }
}
