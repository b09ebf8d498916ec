//! Formats and results are pinned: a change of a byte shows here, and is blessed on purpose.
//!
//! `APPORTION_BLESS=1 cargo test --workspace golden` writes the files under `golden/` anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use apportion::charter::{Appointment, CharterTerms, OnFault};
use apportion::fault::FaultCode;
use apportion::ledger::LedgerIdentity;
use apportion::settle::SettleError;
use apportion::store::DirectoryStore;
use apportion::{Charter, Engine, Epoch, History, Ledger, Limits, Payouts, Proof, Receipt, Store, settle};
use apportion_import::retro_funding::{self, Options, Track};
use apportion_tests::hostile::{self, End};
use apportion_tests::{MONTHS, data, small_epoch};

use crate::ledger::Folder;
use crate::retro_funding::{TRACKS, months, standard};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

/// Holds bytes against a committed file, or writes that file when blessing.
pub fn assert_golden(name: &str, bytes: &[u8]) {
    if std::env::var_os("APPORTION_BLESS").is_some() {
        fs::create_dir_all(golden("")).unwrap();
        fs::write(golden(name), bytes).unwrap();
    }
    let known = fs::read(golden(name)).unwrap_or_default();
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(2000).collect::<String>();
    assert!(
        known == bytes,
        "golden/{name} differs: if that is meant, bless it\n--- known\n{}\n--- now\n{}",
        show(&known),
        show(bytes)
    );
}

/// An epoch with everything an epoch can have, as bytes; and it is still read.
#[test]
fn golden_epoch() {
    assert_golden("small.epoch", small_epoch().as_bytes());
    let read = Epoch::from_bytes(&fs::read(golden("small.epoch")).unwrap()).unwrap();
    assert_eq!(read.payee_names().iter().collect::<Vec<_>>(), ["Ada", "", "Cy"]);
    assert_eq!(read.edge_count(), 5);
    assert_eq!(read.node_label("team").unwrap().word(3), "");
}

/// A charter of two policies, its receipt and payouts, with everything these can have.
#[test]
fn golden_objects() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    let policies = ["equal", "proportional", "optimism-onchain"].map(|name| standard(&engine, name));
    let month =
        retro_funding::import(&data("retro-funding/M6"), Track::Onchain, &Options::default()).unwrap();
    // The last one finds nothing of what it needs in this epoch and refuses: a fault in a receipt.
    let parameters =
        [serde_json::json!({}), serde_json::json!({"node_metrics": {"stars": 0.5}}), month.parameters];
    let appointed = policies.iter().zip([5, 2, 1]).zip(parameters);
    let appointed =
        appointed.map(|((policy, portion), parameters)| Appointment::new(policy, portion, parameters));
    let charter = Charter::new(CharterTerms {
        name: "Golden — \"quoted\"".to_owned(),
        policies: appointed.collect(),
        limits: Limits::default(),
        on_fault: OnFault::Retain,
        signers: None,
        asset: None,
    })
    .unwrap();
    let settlement = settle(&epoch, &charter, &policies, &History::default()).unwrap();
    assert_golden("charter.json", charter.as_bytes());
    assert_golden("payouts.json", settlement.payouts.as_bytes());
    // What an engine counted belongs to no golden file: it changes with the engine.
    assert_golden("receipt.json", settlement.receipt.as_bytes());

    assert_eq!(Charter::from_bytes(charter.as_bytes()).unwrap(), charter);
    let receipt = Receipt::from_bytes(settlement.receipt.as_bytes()).unwrap();
    let payouts = Payouts::from_bytes(settlement.payouts.as_bytes()).unwrap();
    receipt.check_payouts(&payouts).unwrap();

    // A proof holds a receipt with an engine's counts, so the committed one is read and not compared.
    let payout = &payouts.rows()[1];
    if std::env::var_os("APPORTION_BLESS").is_some() {
        let proof = Proof::new(&receipt, &payouts, &payout.payee).unwrap();
        fs::write(golden("proof.json"), proof.as_bytes()).unwrap();
    }
    let proof = Proof::from_bytes(&fs::read(golden("proof.json")).unwrap()).unwrap();
    let proven = proof.check(proof.receipt_digest()).unwrap();
    assert_eq!((&proven.payout, &proven.settlement), (payout, receipt.terms()));
}

/// A ledger's first entries, and what signers of its next charter sign.
#[test]
fn golden_ledger() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("golden"));
    let store = DirectoryStore::create(&folder.0).unwrap();
    let mut ledger = Ledger::create(store, LedgerIdentity::from_bytes([7; 32])).unwrap();
    let policy = standard(&engine, "equal");
    let component = apportion_standard::find("equal").unwrap().bytes.to_vec();
    let charter = Charter::single("Golden", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(&engine, &charter, 1, &[component], &[]).unwrap();
    let mut texts = Vec::new();
    for (entry, _) in ledger.entries() {
        texts.push(ledger.store().get(entry).unwrap().unwrap());
    }
    texts.push(ledger.change(&charter, 2).unwrap());
    assert_golden("ledger.txt", &texts.join(&b'\n'));
}

/// The example of the README, which the library's first example settles.
#[test]
fn golden_cooperative() {
    let description = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/cooperative/epoch.toml");
    let epoch =
        apportion_import::tables::import(&description, &Default::default(), &mut |_| {}).unwrap().epoch;
    assert_golden("cooperative.epoch", epoch.as_bytes());
}

/// Every code, and every sentence that the host makes of a fault: receipts carry both, so changing one is a decision.
#[test]
fn golden_faults() {
    let mut lines: Vec<String> = FaultCode::ALL.iter().map(|code| format!("code {code}")).collect();
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    for case in hostile::files().into_iter().filter(|case| matches!(case.end, End::Fault(_))) {
        let policy = engine.admit(&case.component()).unwrap();
        let parameters = serde_json::from_str(&case.parameters).unwrap();
        let mut terms = Charter::single("Golden", &policy, parameters).unwrap().terms().clone();
        terms.limits = Limits {
            instructions: 200_000_000,
            memory: 64 << 20,
            transfer: 16 << 20,
            output: 16 << 20,
            ..Limits::default()
        };
        let charter = Charter::new(terms).unwrap();
        let Err(SettleError::Fault { fault, .. }) = settle(&epoch, &charter, &[policy], &History::default())
        else {
            panic!("{} does not fail", case.name)
        };
        // A refusal is in the policy's own words.
        if ![FaultCode::NoAnswer, FaultCode::BadParameters].contains(&fault.code) {
            lines.push(fault.to_string());
        }
    }
    lines[FaultCode::ALL.len()..].sort();
    lines.dedup();
    assert_golden("faults.txt", format!("{}\n", lines.join("\n")).as_bytes());
}

/// The digests of the real months' epochs, charters and settlements.
#[test]
fn golden_months() {
    let engine = Engine::new().unwrap();
    let mut digests = String::new();
    for track in TRACKS {
        for month in months(&engine, track) {
            let settlement = month.settle();
            let (epoch, charter) = (month.imported.epoch.digest(), month.charter.digest());
            let settled = settlement.receipt.digest();
            writeln!(
                digests,
                "{} {}\n  epoch      {epoch}\n  charter    {charter}\n  receipt    {settled}",
                month.name, track.policy
            )
            .unwrap();
        }
    }
    assert_eq!(digests.lines().count(), MONTHS.len() * TRACKS.len() * 4);
    assert_golden("months.txt", digests.as_bytes());
}
