//! References, boxes and shared pointers of stores are stores.

use std::sync::Arc;

use super::backend::{Commit, Committed, ForeignFiles, Object, Part, Store};
use super::error::StoreError;
use crate::canonical::Digest;

/// Every method, the defaulted ones included: a default here would hide what the store behind the pointer does.
macro_rules! forward {
    ($pointer:ty) => {
        impl<S: Store + ?Sized> Store for $pointer {
            fn read(&self, digest: &Digest, offset: u64, at_most: usize) -> Result<Option<Part>, StoreError> {
                (**self).read(digest, offset, at_most)
            }
            fn write(&self, object: Object<'_>) -> Result<(), StoreError> {
                (**self).write(object)
            }
            fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
                (**self).list(after, limit)
            }
            fn head(&self) -> Result<Option<Digest>, StoreError> {
                (**self).head()
            }
            fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
                (**self).commit(commit)
            }
            fn entries(&self, skip: usize, limit: usize) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
                (**self).entries(skip, limit)
            }
            fn rewrite_entries(&self, head: &Digest, entries: &[Vec<u8>]) -> Result<(), StoreError> {
                (**self).rewrite_entries(head, entries)
            }
            fn foreign_files(&self) -> Result<ForeignFiles, StoreError> {
                (**self).foreign_files()
            }
        }
    };
}

forward!(&S);
forward!(Box<S>);
forward!(Arc<S>);
