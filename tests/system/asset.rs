//! A ledger has one asset with its decimals, and a charter decides a change.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use apportion::charter::{AssetTerms, CarryChange, PaidChange, Ratio};
use apportion::ledger::LedgerError;
use apportion::money::Asset;
use apportion::settle::{AssetChangeError, SettleError};
use apportion::store::DirectoryStore;
use apportion::{Charter, Digest, Engine, History, Ledger, Policy, Settlement, Store, settle, verify};
use apportion_tests::{epoch_in, hostile, numbered_epoch};

use crate::identity::entry_text;
use crate::ledger::Folder;

fn dollars() -> Asset {
    Asset::new("USD", 3).unwrap()
}

/// A policy that hands over everything it could read, including what was paid and handed over before.
fn component() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/cases/asks-everything.wat");
    hostile::policy(&fs::read_to_string(path).unwrap(), &["imports", "memory", "describe"])
}

fn asks_everything(engine: &Engine) -> Policy {
    let policy = engine.admit(&component()).unwrap();
    assert!(policy.is_stateful());
    policy
}

fn charter(policy: &Policy, asset: Option<AssetTerms>) -> Charter {
    let mut terms = Charter::single("Asset", policy, serde_json::json!({})).unwrap().terms().clone();
    terms.asset = asset;
    Charter::new(terms).unwrap()
}

fn into_dollars(paid: PaidChange, carry: CarryChange) -> AssetTerms {
    AssetTerms { symbol: "USD".to_owned(), decimals: 3, paid, carry }
}

/// Two epochs in euros, settled by a rule that reads what was paid before.
fn two_in_euros(folder: &Folder, engine: &Engine) -> (Ledger<DirectoryStore>, Vec<Settlement>) {
    let policy = asks_everything(engine);
    let mut ledger = folder.make();
    ledger.adopt(engine, &charter(&policy, None), 1, &[component()], &[]).unwrap();
    let settled = (1..=2).map(|number| ledger.settle(engine, &numbered_epoch(number)).unwrap());
    let settled = settled.collect();
    (ledger, settled)
}

#[test]
fn epoch_in_another_asset_is_refused_without_a_decision() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("asset-refused"));
    let (mut ledger, _) = two_in_euros(&folder, &engine);
    let head = ledger.head();
    for asset in [dollars(), Asset::new("EUR", 3).unwrap(), Asset::new("USD", 2).unwrap()] {
        let refused = ledger.settle(&engine, &epoch_in(3, asset)).unwrap_err();
        let undecided =
            matches!(refused, LedgerError::Settle(SettleError::Asset(AssetChangeError::Undecided { .. })));
        assert!(undecided, "{refused}");
        assert!(refused.to_string().contains("EUR with 2 decimals"), "{refused}");
    }
    assert_eq!(folder.open().head(), head);

    // Also by a rule without state, whose payouts later rules add up.
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let stateless = Charter::single("Stateless", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(&engine, &stateless, 3, &[hostile::harmless()], &[]).unwrap();
    let refused = ledger.settle(&engine, &epoch_in(3, dollars()));
    assert!(matches!(refused, Err(LedgerError::Settle(SettleError::Asset(_)))), "{refused:?}");
}

#[test]
fn charter_that_names_an_asset_divides_no_other() {
    let engine = Engine::new().unwrap();
    let policy = asks_everything(&engine);
    let charter = charter(&policy, Some(into_dollars(PaidChange::Reset, CarryChange::Reset)));
    let refused = settle(&numbered_epoch(1), &charter, &[policy], &History::default()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the epoch's pool is in EUR with 2 decimals, and the charter divides USD with 3 decimals"
    );
}

/// What the rule sees is what a history says that was made by hand.
#[test]
fn history_is_reset_or_converted_as_the_charter_decides() {
    let engine = Engine::new().unwrap();
    let policy = asks_everything(&engine);
    let ratio = Ratio { numerator: 27, denominator: 2 };
    for (paid, carry) in [
        (PaidChange::Reset, CarryChange::Reset),
        (PaidChange::Reset, CarryChange::Keep),
        (PaidChange::Convert(ratio), CarryChange::Reset),
        (PaidChange::Convert(ratio), CarryChange::Keep),
    ] {
        let folder = Folder::new("asset-decided");
        let (mut ledger, before) = two_in_euros(&folder, &engine);
        let decided = charter(&policy, Some(into_dollars(paid, carry)));
        ledger.adopt(&engine, &decided, 3, &[], &[]).unwrap();
        let settled = ledger.settle(&engine, &epoch_in(3, dollars())).unwrap();

        let mut seen: BTreeMap<String, u128> = BTreeMap::new();
        if let PaidChange::Convert(Ratio { numerator, denominator }) = paid {
            for payout in before.iter().flat_map(|settled| settled.payouts.rows()) {
                *seen.entry(payout.payee.clone()).or_default() += payout.amount;
            }
            seen.values_mut().for_each(|amount| *amount = *amount * numerator / denominator);
        }
        let kept = before[1].carry.clone();
        assert!(!kept.is_empty());
        let history = History {
            previous: Some(before[1].receipt.digest()),
            asset: Some(dollars()),
            paid: seen,
            carry: if carry == CarryChange::Keep { kept } else { BTreeMap::new() },
        };
        let by_hand =
            settle(&epoch_in(3, dollars()), &decided, std::slice::from_ref(&policy), &history).unwrap();
        assert_eq!(settled.receipt.digest(), by_hand.receipt.digest(), "{paid:?} {carry:?}");

        // And it goes on in the new asset, under a charter that says nothing of it too.
        ledger.settle(&engine, &epoch_in(4, dollars())).unwrap();
        ledger.adopt(&engine, &charter(&policy, None), 5, &[], &[]).unwrap();
        ledger.settle(&engine, &epoch_in(5, dollars())).unwrap();
        let back = ledger.settle(&engine, &numbered_epoch(6));
        assert!(matches!(back, Err(LedgerError::Settle(SettleError::Asset(_)))), "{back:?}");
        for engine in [None, Some(&engine)] {
            let store = DirectoryStore::open(&folder.0).unwrap();
            let found = verify(store, engine, &mut |_| {}).unwrap();
            assert_eq!(found.findings, [""; 0]);
            assert_eq!(found.run_again, if engine.is_some() { 5 } else { 0 });
        }
    }
}

/// As the program before format 2 did, which added up what has no sum.
#[test]
fn change_of_asset_that_no_charter_decided_is_found() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("asset-found"));
    let mut ledger = folder.make();
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let charter = Charter::single("Mixed", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(&engine, &charter, 1, &[hostile::harmless()], &[]).unwrap();
    let first = ledger.settle(&engine, &numbered_epoch(1)).unwrap();
    let history = History { previous: Some(first.receipt.digest()), ..History::default() };
    let epoch = epoch_in(2, dollars());
    let second = settle(&epoch, &charter, &[policy], &history).unwrap();
    let store = ledger.store();
    for bytes in [epoch.as_bytes(), second.payouts.as_bytes()] {
        store.put(bytes).unwrap();
    }
    let head = ledger.head().unwrap();
    let receipt: Digest = second.receipt.digest();
    let event = format!(r#"{{"settlement":{{"number":2,"receipt":"{receipt}"}}}}"#);
    let entry = entry_text(2, &format!("\"{head}\""), &event);
    store.append(Some(head), &[second.receipt.as_bytes()], entry.as_bytes()).unwrap();
    for engine in [None, Some(&engine)] {
        let findings = folder.findings(engine);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].contains("the epochs before are in EUR with 2 decimals"), "{findings:?}");
    }
}

#[test]
fn charter_without_an_asset_has_the_bytes_that_it_had() {
    let engine = Engine::new().unwrap();
    let policy = asks_everything(&engine);
    let without = charter(&policy, None);
    assert!(!String::from_utf8_lossy(without.as_bytes()).contains("asset"));
    let ratio = Ratio { numerator: 27, denominator: 25 };
    let with = charter(&policy, Some(into_dollars(PaidChange::Convert(ratio), CarryChange::Keep)));
    assert_eq!(Charter::from_bytes(with.as_bytes()).unwrap(), with);
    let text = String::from_utf8(with.as_bytes().to_vec()).unwrap();
    assert!(text.starts_with(
        r#"{"asset":{"carry":"keep","decimals":3,"paid":{"convert":{"denominator":"25","numerator":"27"}},"symbol":"USD"},"#
    ));
    for (from, to, problem) in [
        (r#""symbol":"USD""#, r#""symbol":"U D""#, "asset symbol"),
        (r#""decimals":3"#, r#""decimals":39"#, "39 decimals"),
        (r#""numerator":"27""#, r#""numerator":"50""#, "lowest terms"),
        (r#""numerator":"27""#, r#""numerator":"0""#, "has a 0"),
    ] {
        let error = Charter::from_bytes(text.replace(from, to).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
