//! Files that versions of the program wrote are read by this one: `tests/data/written-by/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use apportion::audit::Card;
use apportion::money::Asset;
use apportion::receipt::Agreement;
use apportion::store::DirectoryStore;
use apportion::{Charter, Engine, Epoch, History, Ledger, Payouts, Proof, Receipt, settle, verify};
use apportion_tests::{data, epoch_in};

use crate::folder::Folder;
use crate::identity::copied;

/// The folders of all versions.
fn versions() -> Vec<PathBuf> {
    let entries = fs::read_dir(data("written-by")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn policy(engine: &Engine) -> apportion::Policy {
    engine.admit(&read(&data("written-by/policy.wasm"))).unwrap()
}

#[test]
fn settled_epoch_of_every_version_is_read_and_settled_again() {
    let engine = Engine::new().unwrap();
    for version in versions() {
        let bytes = |name: &str| read(&version.join("settled").join(name));
        let epoch = Epoch::from_bytes(&bytes("epoch")).unwrap();
        assert_eq!(epoch.as_bytes(), bytes("epoch"), "an epoch is its bytes");
        let charter = Charter::from_bytes(&bytes("charter.json")).unwrap();
        let payouts = Payouts::from_bytes(&bytes("payouts.json")).unwrap();
        let receipt = Receipt::from_bytes(&bytes("receipt.json")).unwrap();
        receipt.check_payouts(&payouts).unwrap();

        let again = settle(&epoch, &charter, &[policy(&engine)], &History::default()).unwrap();
        assert_eq!(again.payouts.as_bytes(), payouts.as_bytes(), "{}", version.display());
        assert_ne!(receipt.compare(&again.receipt), Agreement::Different, "{}", version.display());

        let proof = Proof::from_bytes(&read(&version.join("proof.json"))).unwrap();
        let proven = proof.check(receipt.digest()).unwrap();
        assert!(payouts.rows().contains(&proven.payout));
    }
}

#[test]
fn documents_of_every_version_are_read() {
    for version in versions() {
        Card::from_bytes(&read(&version.join("card.json"))).unwrap();
        // Nothing reads a comparison or an explanation back; programs of others do, by the members.
        let json =
            |name: &str| serde_json::from_slice::<serde_json::Value>(&read(&version.join(name))).unwrap();
        assert_eq!(json("replay.json")["comparison"]["totals"]["epochs"], 1);
        assert_eq!(json("explanation.json")[0]["payee"], "ann");
    }
}

#[test]
fn ledger_of_every_version_verifies_and_goes_on() {
    let engine = Engine::new().unwrap();
    for version in versions() {
        let folder = Folder::new("written-by");
        copied(&version.join("ledger"), &folder.0);
        let open = || DirectoryStore::open(&folder.0).unwrap();
        let before = verify(open(), Some(&engine), &mut |_| {}).unwrap();
        assert!(before.findings.is_empty(), "{}: {:?}", version.display(), before.findings);
        let mut ledger = Ledger::open(open()).unwrap();
        let change = String::from_utf8(read(&version.join("change"))).unwrap();
        assert!(change.contains(&ledger.identity().unwrap().to_string()), "{change}");

        let next = epoch_in(4, Asset::new("OP", 18).unwrap());
        ledger.settle(&engine, &next).unwrap();
        let after = verify(open(), Some(&engine), &mut |_| {}).unwrap();
        assert_eq!(
            (after.findings, after.settlements),
            (vec![], before.settlements + 1),
            "{}",
            version.display()
        );
    }
}

#[test]
fn kept_files_are_small() {
    let mut total = 0;
    for version in versions() {
        let size = size(&version);
        assert!(size < 100_000, "{} has {size} bytes", version.display());
        total += size;
    }
    assert!(total > 10_000);
}

fn size(folder: &Path) -> u64 {
    let sizes = fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().unwrap().len() }
    });
    sizes.sum()
}
