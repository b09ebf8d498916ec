//! Where the data lies, and ledgers in folders.

use std::path::{Path, PathBuf};

use apportion::Ledger;
use apportion::ledger::LedgerIdentity;
use apportion::store::DirectoryStore;

/// A file or folder of this crate's `data/`.
pub fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(path)
}

/// A key or a signature that OpenSSH made, of the tests of `apportion-core`.
pub fn ssh(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/core/tests/data/ssh").join(name)
}

/// A new ledger in a folder, with an identity that follows from the folder.
///
/// # Panics
///
/// If it cannot be created there.
#[allow(clippy::expect_used, reason = "a test's own folder")]
pub fn create_ledger(folder: &Path) -> Ledger<DirectoryStore> {
    let name = folder.display().to_string();
    let identity = LedgerIdentity::from_bytes(*apportion::Digest::of(name.as_bytes()).as_bytes());
    let store = DirectoryStore::create(folder).expect("an empty folder");
    Ledger::create(store, identity).expect("an empty store")
}
