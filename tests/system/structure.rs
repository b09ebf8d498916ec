//! What a ledger must be is checked without running a policy, wherever that can be.

use std::fs;
use std::path::PathBuf;

use apportion::charter::{Appointment, CharterTerms, OnFault};
use apportion::store::DirectoryStore;
use apportion::{Charter, Digest, Engine, Ledger, Limits, Store};
use apportion_tests::{hostile, small_epoch};
use serde_json::{Value, json};

use crate::identity::entry_text;
use crate::ledger::Folder;

/// A ledger with one settled epoch of two appointments, 2 and 1 parts of the pool.
fn settled(folder: &Folder, engine: &Engine) -> Ledger<DirectoryStore> {
    let mut ledger = folder.make();
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let policies = vec![Appointment::new(&policy, 2, json!({})), Appointment::new(&policy, 1, json!({}))];
    let terms = CharterTerms {
        name: "Structure".to_owned(),
        policies,
        limits: Limits::default(),
        on_fault: OnFault::Stop,
        signers: None,
        asset: None,
    };
    ledger.adopt(engine, &Charter::new(terms).unwrap(), 1, &[hostile::harmless()], &[]).unwrap();
    ledger.settle(engine, &small_epoch()).unwrap();
    ledger
}

fn file(folder: &Folder, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    folder.0.join("objects").join(&name[..2]).join(name)
}

fn object(ledger: &Ledger<DirectoryStore>, digest: &Digest) -> Value {
    serde_json::from_slice(&ledger.store().get(digest).unwrap().unwrap()).unwrap()
}

/// Puts a forged settlement in the place of the last one, as if that had never been.
pub fn forge(
    folder: &Folder,
    ledger: &Ledger<DirectoryStore>,
    change: impl FnOnce(&mut Value, &mut Value),
) -> Digest {
    let (number, true_receipt) = ledger.settled().next_back().unwrap();
    let mut receipt = object(ledger, &true_receipt);
    let true_payouts = ledger.receipt(&true_receipt).unwrap().terms().payouts;
    let mut payouts = object(ledger, &true_payouts);
    change(&mut receipt["settlement"], &mut payouts);
    let store = ledger.store();
    let payouts = store.put(payouts.to_string().as_bytes()).unwrap();
    receipt["settlement"]["payouts"] = json!(payouts.to_string());
    let receipt = store.put(receipt.to_string().as_bytes()).unwrap();
    let [.., (before, _), (entry, _)] = ledger.entries() else { panic!("it has a settlement") };
    let event = format!(r#"{{"settlement":{{"number":{number},"receipt":"{receipt}"}}}}"#);
    let forged = entry_text(2, &format!("\"{before}\""), &event);
    store.append(ledger.head(), &[], forged.as_bytes()).unwrap();
    for digest in [&true_receipt, entry] {
        if *digest != receipt {
            fs::remove_file(file(folder, digest)).unwrap();
        }
    }
    receipt
}

fn findings_of(name: &str, engine: &Engine, change: impl FnOnce(&mut Value, &mut Value)) -> Vec<String> {
    let folder = Folder::new(&format!("structure-{name}"));
    let ledger = settled(&folder, engine);
    assert_eq!(folder.findings(None), [""; 0]);
    forge(&folder, &ledger, change);
    folder.findings(None)
}

type Forgery = fn(&mut Value, &mut Value);

/// Each is a settlement whose own sums hold.
#[test]
fn forgeries_are_found_without_running_a_policy() {
    let engine = Engine::new().unwrap();
    let forgeries: [(&str, Forgery, &str); 14] = [
        (
            "payee",
            |_, payouts| payouts["payouts"][0]["payee"] = json!("abe"),
            "another payees than the epoch",
        ),
        ("asset", |receipt, _| receipt["asset"] = json!("USD"), "another pool than the epoch"),
        ("decimals", |receipt, _| receipt["decimals"] = json!(3), "another pool than the epoch"),
        (
            "name",
            |receipt, _| receipt["runs"][1]["name"] = json!("other"),
            "not those of the charter's policies",
        ),
        (
            "version",
            |receipt, _| receipt["runs"][0]["version"] = json!("9.0.0"),
            "not those of the charter's",
        ),
        (
            "policy",
            |receipt, _| receipt["runs"][0]["policy"] = receipt["epoch"].clone(),
            "not those of the charter's policies",
        ),
        (
            "columns",
            |receipt, payouts| payouts["policies"][0]["policy"] = receipt["epoch"].clone(),
            "payouts are not by the charter's policies",
        ),
        (
            "portions",
            |receipt, payouts| {
                receipt["runs"].as_array_mut().unwrap().swap(0, 1);
                for payout in payouts["payouts"].as_array_mut().unwrap() {
                    payout["parts"].as_array_mut().unwrap().swap(0, 1);
                }
            },
            "another portion of the pool",
        ),
        (
            "used",
            |receipt, _| receipt["runs"][0]["used"]["instructions"] = json!(1_u64 << 52),
            "used more than the charter's limits allow",
        ),
        (
            "unused",
            |receipt, _| receipt["runs"][0]["used"] = Value::Null,
            "gave an allocation and used nothing",
        ),
        (
            "fault",
            |receipt, payouts| {
                let (paid, failed) = (number(&receipt["paid"]), number(&receipt["runs"][1]["pool"]));
                receipt["runs"][1]["outcome"] = json!({"fault": {"code": "no-answer", "sentence": "no"}});
                receipt["paid"] = json!((paid - failed).to_string());
                receipt["retained"] = json!(failed.to_string());
                payouts["policies"][1]["retained"] = Value::Null;
                for payout in payouts["payouts"].as_array_mut().unwrap() {
                    let units = number(&payout["parts"][1]["amount"]);
                    add(payout, 1, -units);
                    payout["parts"][1]["share"] = Value::Null;
                }
            },
            "ended in a fault, and the charter settles nothing then",
        ),
        (
            "moved",
            |_, payouts| {
                add(&mut payouts["payouts"][0], 0, 1);
                add(&mut payouts["payouts"][1], 0, -1);
            },
            "amounts that do not follow from its weights",
        ),
        (
            "runs",
            |_, payouts| {
                add(&mut payouts["payouts"][0], 0, 1);
                add(&mut payouts["payouts"][0], 1, -1);
            },
            "paid another sum than its payouts have",
        ),
        (
            "weights",
            |_, payouts| payouts["payouts"][0]["parts"][0]["share"] = Value::Null,
            "a weight for the treasury and none for some payee",
        ),
    ];
    for (name, forgery, problem) in forgeries {
        let findings = findings_of(name, &engine, forgery);
        assert!(findings.len() == 1 && findings[0].contains(problem), "{name}: {findings:?}");
    }
}

fn number(value: &Value) -> i128 {
    value.as_str().unwrap().parse().unwrap()
}

/// Adds to a part of a payout, and to the payout.
fn add(payout: &mut Value, part: usize, units: i128) {
    payout["amount"] = json!((number(&payout["amount"]) + units).to_string());
    let part = &mut payout["parts"][part];
    part["amount"] = json!((number(&part["amount"]) + units).to_string());
}

/// A charter is adopted by hand that names its policy otherwise, or gives it what it does not take.
#[test]
fn adoptions_are_checked_against_what_policies_say_of_themselves() {
    let engine = Engine::new().unwrap();
    let pagerank = engine.admit(apportion_standard::find("pagerank").unwrap().bytes).unwrap();
    let honest = Appointment::new(&pagerank, 1, json!({}));
    for (name, appointment, problem) in [
        ("version", Appointment { version: "9.9.9".to_owned(), ..honest.clone() }, "calls itself `pagerank"),
        ("name", Appointment { name: "equal".to_owned(), ..honest.clone() }, "calls itself `pagerank"),
        (
            "parameters",
            Appointment { parameters: json!({"dampness": 1}), ..honest.clone() },
            "break the schema",
        ),
    ] {
        let folder = Folder::new(&format!("structure-adoption-{name}"));
        let mut ledger = settled(&folder, &engine);
        let mut terms = ledger.latest_charter().unwrap().unwrap().terms().clone();
        terms.policies = vec![appointment];
        let charter = Charter::new(terms).unwrap();
        let component = apportion_standard::find("pagerank").unwrap().bytes;
        let refused = ledger.adopt(&engine, &charter, 8, &[component.to_vec()], &[]).unwrap_err();
        assert!(refused.to_string().contains(problem), "{refused}");

        let (store, head) = (ledger.store(), ledger.head().unwrap());
        let change = store.put(&ledger.change(&charter, 8).unwrap()).unwrap();
        let charter = store.put(charter.as_bytes()).unwrap();
        store.put(component).unwrap();
        let event = format!(
            r#"{{"adoption":{{"change":"{change}","charter":"{charter}","effective":8,"signatures":[]}}}}"#
        );
        let entry = entry_text(2, &format!("\"{head}\""), &event);
        store.append(Some(head), &[], entry.as_bytes()).unwrap();
        assert_eq!(folder.findings(None), [""; 0], "a policy must run to say what it is");
        let findings = folder.findings(Some(&engine));
        assert!(findings.len() == 1 && findings[0].contains(problem), "{findings:?}");
    }
}
