//! A ledger's folder of a test's own.

use std::fs;
use std::path::PathBuf;

use apportion::store::{Committed, DirectoryStore, Objects, Store};
use apportion::verify::Verification;
use apportion::{Digest, Engine, Ledger, verify};
use apportion_tests::create_ledger;

/// A folder of a test's own, removed when the test is over.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("apportion-ledger-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }

    pub fn make(&self) -> Ledger<DirectoryStore> {
        create_ledger(&self.0)
    }

    pub fn open(&self) -> Ledger<DirectoryStore> {
        Ledger::open(DirectoryStore::open(&self.0).unwrap()).unwrap()
    }

    pub fn findings(&self, engine: Option<&Engine>) -> Vec<String> {
        match DirectoryStore::open(&self.0) {
            Ok(store) => sentences(&verify(store, engine, &mut |_| {}).unwrap()),
            Err(error) => vec![error.to_string()],
        }
    }
}

/// What a verification found, in sentences.
pub fn sentences(found: &Verification) -> Vec<String> {
    found.findings.iter().map(ToString::to_string).collect()
}

/// Appends what no ledger would.
pub fn commit<S: Store>(objects: &Objects<S>, expected: Option<Digest>, attached: &[&[u8]], entry: &[u8]) {
    assert_eq!(objects.commit(expected, attached, entry).unwrap(), Committed::Done);
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
