//! A store whose calls fail on purpose, for tests.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::backend::{Commit, Committed, ForeignFiles, Object, Part, Store};
use super::error::StoreError;
use crate::canonical::Digest;

/// A store that counts its calls and fails at one of them, to test what uses a store.
///
/// ```
/// use apportion_core::store::{FailingStore, Failure, MemoryStore, Store};
///
/// let memory = MemoryStore::new();
/// let store = FailingStore::new(&memory, Failure::Before(2));
/// assert!(store.head().is_ok());
/// assert!(store.head().is_err());
/// assert!(store.head().is_ok());
/// assert_eq!(store.calls(), 3);
/// ```
#[derive(Debug)]
pub struct FailingStore<S> {
    store: S,
    failure: Failure,
    calls: AtomicUsize,
}

/// Which call fails, counted from 1, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// None does.
    Never,
    /// This one fails and does nothing: the store could not be reached.
    Before(usize),
    /// This one does its work and then fails: its answer was lost.
    After(usize),
}

impl<S: Store> FailingStore<S> {
    /// A store that passes every call on to `store`, but for one.
    pub fn new(store: S, failure: Failure) -> FailingStore<S> {
        FailingStore { store, failure, calls: AtomicUsize::new(0) }
    }

    /// How many calls were made.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn call<T>(&self, call: impl FnOnce(&S) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let fails = || StoreError::backend(format!("call {number} was made to fail"));
        match self.failure {
            Failure::Before(at) if at == number => Err(fails()),
            Failure::After(at) if at == number => call(&self.store).and(Err(fails())),
            Failure::Never | Failure::Before(_) | Failure::After(_) => call(&self.store),
        }
    }
}

impl<S: Store> Store for FailingStore<S> {
    fn read(&self, digest: &Digest, offset: u64, at_most: usize) -> Result<Option<Part>, StoreError> {
        self.call(|store| store.read(digest, offset, at_most))
    }

    fn write(&self, object: Object<'_>) -> Result<(), StoreError> {
        self.call(|store| store.write(object))
    }

    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        self.call(|store| store.list(after, limit))
    }

    fn head(&self) -> Result<Option<Digest>, StoreError> {
        self.call(|store| store.head())
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
        self.call(|store| store.commit(commit))
    }

    fn entries(&self, skip: usize, limit: usize) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        self.call(|store| store.entries(skip, limit))
    }

    fn rewrite_entries(&self, head: &Digest, entries: &[Vec<u8>]) -> Result<(), StoreError> {
        self.call(|store| store.rewrite_entries(head, entries))
    }

    fn foreign_files(&self) -> Result<ForeignFiles, StoreError> {
        self.call(|store| store.foreign_files())
    }
}
