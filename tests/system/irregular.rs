//! A ledger that somebody prepared: what is no regular file is reported and never opened, and no object fills the memory.
//!
//! A pipe that was opened would wait for a writer for ever, so a test that ends has not opened it.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use apportion::ledger::LedgerError;
use apportion::store::{DirectoryStore, StoreError};
use apportion::{Charter, Digest, Engine, Ledger, Store, verify};
use apportion_tests::{hostile, numbered_epoch};

use crate::ledger::{Folder, files};

fn settled(folder: &Folder, engine: &Engine) -> Ledger<DirectoryStore> {
    let mut ledger = folder.make();
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let charter = Charter::single("Irregular", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(engine, &charter, 1, &[hostile::harmless()], &[]).unwrap();
    ledger.settle(engine, &numbered_epoch(1)).unwrap();
    ledger
}

/// Puts something else in the place of a file or folder, which is moved aside, and says what it is.
fn replace(path: &Path, aside: &Path, kind: usize) -> &'static str {
    fs::rename(path, aside).unwrap();
    match kind {
        0 => {
            symlink(aside, path).unwrap();
            "a symbolic link"
        }
        1 => {
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
            "a named pipe"
        }
        2 => {
            // A socket's path is short; it is bound elsewhere and moved.
            let short = std::env::temp_dir().join(format!("s{}", std::process::id()));
            let _ = fs::remove_file(&short);
            drop(UnixListener::bind(&short).unwrap());
            fs::rename(&short, path).unwrap();
            "a socket"
        }
        _ => {
            fs::create_dir(path).unwrap();
            "a folder"
        }
    }
}

fn remove(path: &Path) {
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir(path).unwrap()
    } else {
        fs::remove_file(path).unwrap()
    }
}

#[test]
fn whatever_is_no_regular_file_is_reported_and_not_opened() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("irregular"));
    let ledger = settled(&folder, &engine);
    let aside = folder.0.with_extension("aside");
    let receipt = ledger.settled().next().unwrap().1.to_string();
    let object = format!("objects/{}/{receipt}", &receipt[..2]);
    let above = format!("objects/{}", &receipt[..2]);
    drop(ledger);
    for name in ["head", "format", "lock", &object, &above, "objects", "unfinished"] {
        for kind in 0..4 {
            // A folder in the place of a folder is none of it.
            if kind == 3 && folder.0.join(name).is_dir() {
                continue;
            }
            let path = folder.0.join(name);
            let what = replace(&path, &aside, kind);
            let findings = folder.findings(None).join("\n");
            assert!(findings.contains(&format!("`{name}` is {what}")), "{name} as {what}: {findings}");
            // Nor does a writer open it, or write through it.
            let settled = DirectoryStore::open(&folder.0).map_err(LedgerError::from).and_then(Ledger::open);
            let settled = settled.and_then(|mut ledger| ledger.settle(&engine, &numbered_epoch(2)));
            let error = settled.unwrap_err().to_string();
            let named = error.contains(&format!("`{name}` is {what}")) || error.contains("missing from");
            assert!(named, "{name} as {what}: {error}");
            remove(&path);
            fs::rename(&aside, &path).unwrap();
            assert_eq!(folder.findings(None), [""; 0]);
        }
    }
    // What no ledger has is not opened either.
    symlink("/dev/zero", folder.0.join("notes")).unwrap();
    symlink("/dev/zero", folder.0.join("unfinished/1-1")).unwrap();
    symlink("/dev/zero", folder.0.join("objects/ab-link")).unwrap();
    let findings = folder.findings(None).join("\n");
    for name in ["notes", "unfinished/1-1", "objects/ab-link"] {
        assert!(findings.contains(&format!("`{name}` is a symbolic link")), "{findings}");
    }
}

fn object(folder: &Folder, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    let above = folder.0.join("objects").join(&name[..2]);
    fs::create_dir_all(&above).unwrap();
    above.join(name)
}

fn lengthen(path: &Path, length: u64) {
    fs::File::options().write(true).create(true).truncate(false).open(path).unwrap().set_len(length).unwrap();
}

/// Files with holes, which take no room on the disk and would take all memory.
#[test]
fn reading_an_object_is_bounded() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("bounded"));
    let ledger = settled(&folder, &engine);
    let head = ledger.head().unwrap();
    let whole = fs::read(object(&folder, &head)).unwrap();
    lengthen(&object(&folder, &head), 1 << 40);
    let opened = Ledger::open(DirectoryStore::open(&folder.0).unwrap());
    assert!(matches!(opened.err(), Some(LedgerError::Store(StoreError::TooLarge { .. }))));
    let findings = folder.findings(None).join("\n");
    assert!(findings.contains(&format!("object `{head}` has 1099511627776 bytes")), "{findings}");
    fs::write(object(&folder, &head), whole).unwrap();

    // More than is read of a receipt, and less than is read of anything.
    let receipt = ledger.settled().next().unwrap().1;
    lengthen(&object(&folder, &receipt), 32 << 20);
    let error = ledger.receipt(&receipt).unwrap_err().to_string();
    assert!(error.contains("has 33554432 bytes; at most 4194304 are read here"), "{error}");
    // Of one that no entry leads to only the hash is taken.
    let unused = Digest::of(b"nothing of the kind");
    lengthen(&object(&folder, &unused), 32 << 20);
    let findings = folder.findings(None).join("\n");
    for digest in [receipt, unused] {
        assert!(findings.contains(&format!("object `{digest}` is damaged")), "{findings}");
    }
    assert!(matches!(ledger.store().get(&unused), Err(StoreError::Damaged(_))));
}

/// A charter whose text lists many signatures cannot be adopted, as its entry could not be read again.
#[test]
fn more_signatures_than_are_read_are_not_written() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("signatures"));
    let mut ledger = settled(&folder, &engine);
    let charter = ledger.latest_charter().unwrap().unwrap();
    let before = files(&folder.0);
    for signatures in [vec!["x".to_owned(); 257], vec!["x".repeat(1 << 20)]] {
        let refused = ledger.adopt(&engine, &charter, 2, &[], &signatures);
        assert!(matches!(refused, Err(LedgerError::Signatures(_))), "{refused:?}");
    }
    assert_eq!(files(&folder.0), before);
    ledger.adopt(&engine, &charter, 2, &[], &vec!["x".to_owned(); 256]).unwrap();
    let found = verify(DirectoryStore::open(&folder.0).unwrap(), None, &mut |_| {}).unwrap();
    assert_eq!(found.findings, [""; 0]);
}
