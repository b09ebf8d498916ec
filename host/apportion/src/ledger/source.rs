//! A ledger as a source of the policies that its charters name.

use apportion_core::canonical::Digest;
use apportion_core::store::Store;

use super::Ledger;
use crate::policy::MAX_COMPONENT;
use crate::source::{PolicySource, SourceError};

impl<S: Store> PolicySource for Ledger<S> {
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let read = self.store().read(digest, MAX_COMPONENT as u64);
        read.map_err(|error| SourceError::new(*digest, error))
    }
}
