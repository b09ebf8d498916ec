//! Where a ledger's objects are kept: raw bytes under their BLAKE3 digests, and a head that names the newest entry.
//!
//! A [`Store`] only moves bytes, so that a database, an object store or a folder can be one in a page of code. Hashing and
//! bounds are in one place, [`Objects`], which a ledger puts around whatever store it is given: a store is never trusted.
//!
//! | store | keeps objects | for |
//! |---|---|---|
//! | [`DirectoryStore`] (feature `directory`) | in a folder, surviving a crash at any moment | people, and services with a disk |
//! | [`MemoryStore`] | in this process | tests, browsers, trials |
//! | yours | wherever you like | test it with [`conformance`](fn@conformance) |
//!
//! References, boxes and `Arc`s of stores are stores, `Box<dyn Store>` included.
//!
//! # A store of your own
//!
//! Five methods are required. This one keeps everything in a map; [`Part::of`] cuts out the range that was asked for.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Mutex;
//!
//! use apportion_core::canonical::Digest;
//! use apportion_core::store::{Commit, Committed, Object, Part, Store, StoreError, conformance};
//!
//! #[derive(Default)]
//! struct MapStore(Mutex<(BTreeMap<Digest, Vec<u8>>, Option<Digest>)>);
//!
//! impl Store for MapStore {
//!     fn read(&self, digest: &Digest, offset: u64, at_most: usize) -> Result<Option<Part>, StoreError> {
//!         let map = self.0.lock().unwrap();
//!         Ok(map.0.get(digest).map(|bytes| Part::of(bytes, offset, at_most)))
//!     }
//!
//!     fn write(&self, object: Object<'_>) -> Result<(), StoreError> {
//!         self.0.lock().unwrap().0.insert(object.digest, object.bytes.to_vec());
//!         Ok(())
//!     }
//!
//!     fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
//!         let map = self.0.lock().unwrap();
//!         Ok(map.0.keys().filter(|digest| after < Some(*digest)).take(limit).copied().collect())
//!     }
//!
//!     fn head(&self) -> Result<Option<Digest>, StoreError> {
//!         Ok(self.0.lock().unwrap().1)
//!     }
//!
//!     fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
//!         let mut map = self.0.lock().unwrap(); // a database begins a transaction here
//!         if map.1 != commit.expected {
//!             return Ok(Committed::Moved { head: map.1 });
//!         }
//!         for object in commit.objects.iter().chain([&commit.entry]) {
//!             map.0.insert(object.digest, object.bytes.to_vec());
//!         }
//!         map.1 = Some(commit.entry.digest);
//!         Ok(Committed::Done)
//!     }
//! }
//!
//! conformance(MapStore::default);
//! ```

mod backend;
mod conformance;
#[cfg(feature = "directory")]
mod directory;
mod error;
mod failing;
#[cfg(feature = "directory")]
mod files;
#[cfg(feature = "directory")]
mod log;
mod memory;
mod objects;
#[cfg(feature = "directory")]
mod pending;
mod shared;

pub use backend::{Commit, Committed, ForeignFiles, MAX_ENTRY, MAX_OBJECT, Object, Part, Store};
pub use conformance::conformance;
#[cfg(feature = "directory")]
pub use directory::DirectoryStore;
pub use error::{Irregular, StoreError};
pub use failing::{FailingStore, Failure};
pub use memory::MemoryStore;
pub use objects::Objects;
