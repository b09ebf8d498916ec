//! A ledger of real months: settled, changed, verified, damaged, interrupted.

use std::fs;
use std::path::{Path, PathBuf};

use apportion::charter::Signers;
use apportion::ledger::LedgerError;
use apportion::settle::SettleError;
use apportion::signature::CHARTER_NAMESPACE;
use apportion::store::{DirectoryStore, StoreError};
use apportion::{Charter, Engine, Ledger, Store, verify};
use apportion_tests::{create_ledger, hostile, small_epoch};

use crate::retro_funding::{Month, TRACKS, Track, months};
use crate::structure::forge;

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
            Ok(store) => verify(store, engine, &mut |_| {}).unwrap().findings,
            Err(error) => vec![error.to_string()],
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A small ledger: one charter, one settled epoch.
fn small(folder: &Folder, engine: &Engine) -> Ledger<DirectoryStore> {
    let mut ledger = folder.make();
    let component = hostile::harmless();
    let policy = engine.admit(&component).unwrap();
    let charter = Charter::single("Small", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(engine, &charter, 0, &[component], &[]).unwrap();
    ledger.settle(engine, &small_epoch()).unwrap();
    ledger
}

/// A ledger of all months of a track, each under its own charter.
pub fn settled_months(
    folder: &Folder,
    engine: &Engine,
    track: Track,
    months: &[Month],
) -> Ledger<DirectoryStore> {
    let mut ledger = folder.make();
    let component = apportion_standard::find(track.policy).unwrap().bytes.to_vec();
    for Month { charter, imported, .. } in months {
        let components = std::slice::from_ref(&component);
        ledger.adopt(engine, charter, imported.epoch.number(), components, &[]).unwrap();
        ledger.settle(engine, &imported.epoch).unwrap();
    }
    ledger
}

/// Six months, each under its own parameters by a change of the charter: settled, opened again, verified.
#[test]
fn six_months_are_settled_under_their_own_charters_and_verified() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("months"));
    let months = months(&engine, TRACKS[0]);
    let ledger = settled_months(&folder, &engine, TRACKS[0], &months);
    for (month, (_, receipt)) in months.iter().zip(ledger.settled()) {
        let receipt = ledger.receipt(&receipt).unwrap();
        assert_eq!(receipt.terms().charter, month.charter.digest());
        // The same as without a ledger, but for the receipt before.
        assert_eq!(receipt.terms().payouts, month.settle().payouts.digest());
    }
    let again = folder.open();
    assert_eq!(again.settled().map(|(number, _)| number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(again.head(), ledger.head());
    let verified = verify(DirectoryStore::open(&folder.0).unwrap(), Some(&engine), &mut |_| {}).unwrap();
    assert_eq!(verified.findings, [""; 0]);
    assert_eq!((verified.settlements, verified.run_again, verified.adoptions), (6, 6, 6));
    assert!(verified.unused.is_empty() && verified.unfinished.is_empty());
}

#[test]
fn an_epoch_is_settled_once_and_in_order() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("once"));
    let mut ledger = small(&folder, &engine);
    let before = ledger.head();
    let Err(LedgerError::Settled { number: 7, receipt }) = ledger.settle(&engine, &small_epoch()) else {
        panic!("epoch 7 is settled");
    };
    assert_eq!(Some(receipt), ledger.settled().next().map(|(_, receipt)| receipt));
    let charter = ledger.latest_charter().unwrap().unwrap();
    assert!(matches!(
        ledger.adopt(&engine, &charter, 7, &[], &[]),
        Err(LedgerError::Effective { effective: 7, .. })
    ));
    assert_eq!(folder.open().head(), before);
}

#[test]
fn a_fault_leaves_no_trace() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("fault"));
    let mut ledger = folder.make();
    let traps = hostile::file("traps");
    let policy = engine.admit(&traps).unwrap();
    let charter = Charter::single("Traps", &policy, serde_json::json!({})).unwrap();
    assert!(matches!(ledger.settle(&engine, &small_epoch()), Err(LedgerError::NoCharter(7))));
    assert!(matches!(ledger.adopt(&engine, &charter, 0, &[], &[]), Err(LedgerError::Components(_))));
    ledger.adopt(&engine, &charter, 0, &[traps], &[]).unwrap();
    let before = files(&folder.0);
    let failed = ledger.settle(&engine, &small_epoch());
    assert!(matches!(failed, Err(LedgerError::Settle(SettleError::Fault { .. }))), "{failed:?}");
    assert_eq!(files(&folder.0), before);
}

/// Two who opened the same ledger: the second to append is told, and nothing of the first is lost.
#[test]
fn two_writers_cannot_both_append() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("writers"));
    let mut first = small(&folder, &engine);
    let mut second = folder.open();
    let charter = first.latest_charter().unwrap().unwrap();
    first.adopt(&engine, &charter, 8, &[], &[]).unwrap();
    let refused = second.adopt(&engine, &charter, 9, &[], &[]);
    assert!(matches!(refused, Err(LedgerError::Store(StoreError::Moved))));
    assert_eq!(folder.open().head(), first.head());
    assert_eq!(folder.findings(Some(&engine)), [""; 0]);
}

/// Every file, many bits of each: found, and the object or file is named.
#[test]
fn every_flipped_bit_is_found_and_its_object_named() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("bits"));
    drop(small(&folder, &engine));
    assert_eq!(folder.findings(Some(&engine)), [""; 0]);
    let (mut flipped, all) = (0, files(&folder.0));
    for path in &all {
        let whole = fs::read(path).unwrap();
        let bits = whole.len() * 8;
        // Every bit of what is small; of a component a few hundred, spread over all of it.
        for bit in (0..bits).step_by((bits / 400).max(1)) {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(path, &damaged).unwrap();
            let findings = folder.findings(None).join("\n");
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let head = name == "head" && findings.contains("entry `");
            assert!(findings.contains(&name) || head, "bit {bit} of {name}: {findings:?}");
            flipped += 1;
        }
        fs::write(path, &whole).unwrap();
    }
    assert!(flipped > 2_000, "only {flipped} bits were tried in {} files", all.len());
    assert_eq!(folder.findings(Some(&engine)), [""; 0]);
}

#[test]
fn missing_and_foreign_files_are_named() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("missing"));
    let ledger = small(&folder, &engine);
    for path in files(&folder.0).iter().filter(|path| path.starts_with(folder.0.join("objects"))) {
        let whole = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(folder.findings(None).join("\n").contains(&name), "{name}");
        fs::write(path, &whole).unwrap();
    }
    fs::write(folder.0.join("objects/notes.txt"), "mine").unwrap();
    assert_eq!(folder.findings(None), ["`objects/notes.txt` is not a file of a ledger"]);
    fs::remove_file(folder.0.join("objects/notes.txt")).unwrap();
    // An object that no entry leads to is no damage: it is what an interrupted run leaves.
    ledger.store().put(b"left over").unwrap();
    let verified = verify(DirectoryStore::open(&folder.0).unwrap(), None, &mut |_| {}).unwrap();
    assert_eq!((verified.findings.len(), verified.unused.len()), (0, 1));
}

/// A receipt that was made by hand: everything in it holds together, and running it again does not give it.
#[test]
fn a_forged_settlement_is_found_by_running_it_again() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("forged"));
    let ledger = small(&folder, &engine);
    let (number, _) = ledger.settled().next().unwrap();
    // One cent moves from one payee to another, and the weights are made to fit.
    let forged = forge(&folder, &ledger, |_, payouts| {
        payouts["policies"][0]["retained"] = "0".into();
        for (place, amount) in ["33335", "33334", "33332"].into_iter().enumerate() {
            let payout = &mut payouts["payouts"][place];
            payout["amount"] = amount.into();
            payout["parts"][0]["amount"] = amount.into();
            payout["parts"][0]["share"] = amount.into();
        }
    });
    // The forged entry stands in the true one's place, after the adoption.
    assert!(Ledger::open(DirectoryStore::open(&folder.0).unwrap()).unwrap().settled().eq([(number, forged)]));
    assert_eq!(folder.findings(None), [""; 0], "its structure is sound");
    let findings = folder.findings(Some(&engine)).join("\n");
    assert!(
        findings.contains(&forged.to_string()) && findings.contains("gives another settlement"),
        "{findings}"
    );
}

/// k of n: a change needs as many keys as the charter in force demands, over exactly that change.
#[test]
fn a_change_is_signed_as_the_charter_in_force_demands() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("signed"));
    let mut ledger = folder.make();
    let component = hostile::harmless();
    let policy = engine.admit(&component).unwrap();
    let unsigned = Charter::single("Signed", &policy, serde_json::json!({})).unwrap();
    let key = |name: &str| {
        fs::read_to_string(apportion_tests::data("../../host/core/tests/data/ssh").join(name)).unwrap()
    };
    let public = |name: &str| format!("{name}@test {}", key(&format!("{name}.pub")));
    let mut terms = unsigned.terms().clone();
    let keys = ["ed25519", "ed25519-second"];
    terms.signers = Some(Signers { required: 2, allowed: keys.iter().map(|name| public(name)).collect() });
    let charter = Charter::new(terms).unwrap();
    ledger.adopt(&engine, &charter, 0, &[component], &[]).unwrap();

    let change = ledger.change(&unsigned, 3).unwrap();
    let sign = |name: &str, change: &[u8]| {
        apportion::signature::sign(&key(name), CHARTER_NAMESPACE, change).unwrap()
    };
    let (one, two) = (sign(keys[0], &change), sign(keys[1], &change));
    for signatures in [vec![], vec![one.clone()], vec![one.clone(), one.clone()]] {
        let refused = ledger.adopt(&engine, &unsigned, 3, &[], &signatures);
        assert!(matches!(refused, Err(LedgerError::Signatures(_))), "{refused:?}");
    }
    // Signed for another epoch, or by a key that is not among them.
    let other = ledger.change(&unsigned, 4).unwrap();
    let refused = ledger.adopt(&engine, &unsigned, 3, &[], &[one.clone(), sign(keys[1], &other)]);
    assert!(matches!(refused, Err(LedgerError::Signatures(_))), "{refused:?}");
    let signers = ledger.adopt(&engine, &unsigned, 3, &[], &[one.clone(), two.clone()]).unwrap();
    assert_eq!(signers.len(), 2);
    let verified = verify(DirectoryStore::open(&folder.0).unwrap(), Some(&engine), &mut |_| {}).unwrap();
    assert_eq!((verified.findings.len(), verified.adoptions, verified.signed), (0, 2, 1));
    // The same change cannot be adopted again: it names the entry that it follows.
    ledger.adopt(&engine, &charter, 3, &[], &[]).unwrap();
    let refused = ledger.adopt(&engine, &unsigned, 3, &[], &[one, two]);
    assert!(matches!(refused, Err(LedgerError::Signatures(_))), "{refused:?}");
}
