//! Thirteen distributions that a real SourceCred instance paid, to the base unit.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Division, Epoch, EpochBuilder, Node, run};
use credrank::CredRank;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const INSTANCE: &str = "../../tests/data/sourcecred/superbenefit";

/// A distribution as it was published, with the cred of its time.
#[derive(Deserialize)]
#[serde(crate = "apportion_guest::serde", rename_all = "camelCase")]
struct Vector {
    cred_timestamp: i64,
    allocations: Vec<Published>,
}

#[derive(Deserialize)]
#[serde(crate = "apportion_guest::serde", rename_all = "camelCase")]
struct Published {
    policy: Value,
    participants: Vec<String>,
    /// As it is written: serde_json's own doubles can be off in the last bit.
    cred_in_window: Vec<Box<RawValue>>,
    published: Vec<String>,
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(INSTANCE).join(file)).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn amount(value: &Value) -> u128 {
    text(value).parse().unwrap()
}

/// All distributions of the instance's ledger, as they stand there.
fn distributions() -> Vec<Value> {
    let ledger = read("data/ledger.json");
    let entries = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let distributions = entries.filter(|entry| entry["action"]["type"] == "DISTRIBUTE_GRAIN");
    distributions.map(|entry| entry["action"]["distribution"].clone()).collect()
}

fn amounts(allocation: &Allocation) -> Vec<u128> {
    match &allocation.division {
        Division::ByAmount(amounts) => amounts.clone(),
        Division::ByWeight { .. } => panic!("credrank fixes amounts"),
    }
}

/// What was paid before a distribution, and what the policy handed over.
#[derive(Default)]
struct Past {
    paid: BTreeMap<String, u128>,
    carry: Vec<u8>,
}

impl Past {
    fn epoch(&self, end: i64, pool: u128, payees: &[&str]) -> EpochBuilder {
        let epoch = Epoch::builder().window(0, end).pool(pool).decimals(18).carry(self.carry.clone());
        payees.iter().zip(1..).fold(epoch, |epoch, (payee, order)| {
            let identity = Node::new(format!("identity/{payee}"), "identity").payee(*payee);
            epoch
                .paid(*payee, self.paid.get(*payee).copied().unwrap_or(0))
                .node(identity.metric("order", f64::from(order)))
        })
    }

    /// A distribution's policy over cred that is given.
    fn divide(&self, end: i64, allocation: &Published) -> Vec<u128> {
        let policy = &allocation.policy;
        let payees: Vec<&str> = allocation.participants.iter().map(String::as_str).collect();
        let mut epoch = self.epoch(end, amount(&policy["budget"]), &payees);
        for (payee, cred) in payees.iter().zip(&allocation.cred_in_window) {
            // All of the window's cred in its last week.
            let node = Node::new(format!("cred/{payee}"), "cred").payee(*payee).time(end - 1);
            epoch = epoch.node(node.weight(cred.get().parse().unwrap()));
        }
        let rule = text(&policy["policyType"]).to_lowercase();
        let parameters = json!({
            "given_cred": "cred",
            "order": "order",
            "allocations": [{"policy": rule, "weeks": policy["numIntervalsLookback"]}],
        });
        let allocation = run::<CredRank>(&epoch.build().unwrap(), &parameters.to_string()).unwrap();
        let mut sorted = payees.clone();
        sorted.sort_unstable();
        let by_payee: BTreeMap<&str, u128> = sorted.into_iter().zip(amounts(&allocation)).collect();
        payees.iter().map(|payee| by_payee[payee]).collect()
    }

    /// Any run at all, for what it remembers.
    fn remember(&self, end: i64, payees: &[&str]) -> Vec<u8> {
        let parameters = json!({"allocations": [{"policy": "special", "recipient": payees[0]}]});
        let epoch = self.epoch(end, 1, payees).build().unwrap();
        run::<CredRank>(&epoch, &parameters.to_string()).unwrap().carry
    }
}

#[test]
fn thirteen_distributions_are_what_was_paid() {
    let vectors: Vec<Vector> = serde_json::from_str(&read("distribution_vectors.json")).unwrap();
    let mut past = Past::default();
    let (mut seen, mut allocations_seen) = (0, 0);
    for distribution in distributions() {
        let milliseconds = distribution["credTimestamp"].as_i64().unwrap();
        let end = milliseconds / 1000;
        let vector = vectors.iter().find(|vector| vector.cred_timestamp == milliseconds);
        for allocation in vector.iter().flat_map(|vector| &vector.allocations) {
            let published: Vec<u128> =
                allocation.published.iter().map(|amount| amount.parse().unwrap()).collect();
            assert_eq!(past.divide(end, allocation), published, "{end}: {}", allocation.policy);
            allocations_seen += 1;
        }
        seen += usize::from(vector.is_some());

        let allocations = distribution["allocations"].as_array().unwrap();
        let receipts =
            || allocations.iter().flat_map(|allocation| allocation["receipts"].as_array().unwrap());
        let payees: Vec<&str> = receipts().map(|receipt| text(&receipt["id"])).collect();
        if payees.is_empty() {
            continue;
        }
        past.carry = past.remember(end, &payees[..payees.len() / 2]);
        for receipt in receipts() {
            *past.paid.entry(text(&receipt["id"]).to_owned()).or_default() += amount(&receipt["amount"]);
        }
    }
    assert_eq!((seen, allocations_seen), (13, 26));
}
