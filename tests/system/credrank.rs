//! `credrank` over two real SourceCred instances: every score, and what was paid.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use apportion::replay::Replayed;
use apportion::store::DirectoryStore;
use apportion::{Charter, Engine, Epoch, History, verify};
use apportion_guest::Division;
use apportion_import::sourcecred::{self, Imported, Options};
use apportion_tests::{data, native, replay_all};
use credrank::{CredRank, Parameters, Scores};
use serde_json::{Value, json};

use crate::ledger::Folder;
use crate::retro_funding::standard;

fn instance(name: &str) -> PathBuf {
    data("sourcecred").join(name)
}

fn imported(name: &str) -> Imported {
    sourcecred::import(&instance(name), &Options::default(), &mut |_| {}).unwrap()
}

/// A packed file of SourceCred's output.
fn output(name: &str, file: &str) -> Value {
    let file = File::open(instance(name).join("output").join(file)).unwrap();
    serde_json::from_reader(flate2::read::ZlibDecoder::new(file)).unwrap()
}

/// The id that the import makes of an address.
fn id(address: &str) -> String {
    address.trim_start_matches("N\0").trim_end_matches('\0').replace('\0', "/")
}

/// All states in SourceCred's order: nodes, seed, and week by week the accumulator and the participants.
fn in_order(epoch: &apportion_guest::Epoch, scores: &Scores, graph: &Value) -> Vec<f64> {
    let row = |id: &String| epoch.node_ids().binary_search(id).unwrap();
    let nodes: BTreeMap<usize, usize> = scores.nodes.iter().copied().zip(0..).collect();
    let others = scores.others.iter().copied().zip(epoch.payees().len()..).collect::<BTreeMap<_, _>>();
    let addresses = |of: &str| {
        let listed = graph["mpg"][of].as_array().unwrap().iter();
        listed.map(|node| id(node["address"].as_str().unwrap())).collect::<Vec<String>>()
    };
    let participants: Vec<usize> = addresses("participants")
        .iter()
        .map(|id| others.get(&row(id)).copied().unwrap_or_else(|| epoch.node_payee()[row(id)] as usize))
        .collect();
    let mut all: Vec<f64> = addresses("nodes").iter().map(|id| scores.states[nodes[&row(id)]]).collect();
    all.push(scores.states[nodes.len()]);
    for week in 0..scores.weeks.1 {
        all.push(scores.states[nodes.len() + 1 + week * (scores.participants + 1)]);
        all.extend(participants.iter().map(|participant| scores.of(*participant, week)));
    }
    all
}

#[test]
fn all_scores_of_both_instances_are_sourcecreds() {
    for (name, count, weeks) in [("test-instance", 1_811, 150), ("superbenefit", 13_656, 39)] {
        let imported = imported(name);
        let epoch = native::epoch(&imported.epoch).unwrap();
        let parameters: Parameters = serde_json::from_value(imported.parameters).unwrap();
        let scores = credrank::scores(&epoch, &parameters).unwrap();
        let graph = output(name, "credGraph");
        let expected: Vec<f64> =
            graph["scores"].as_array().unwrap().iter().map(|score| score.as_f64().unwrap()).collect();
        let ours = in_order(&epoch, &scores, &graph);
        assert_eq!((ours.len(), expected.len(), scores.weeks.1), (count, count, weeks), "{name}");
        for (place, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            assert!(
                (ours - expected).abs() <= 1e-9 * expected.max(1.0),
                "{name} {place}: {ours}, {expected}"
            );
        }
    }
}

/// What the ledger of an instance says that everyone got, distribution by distribution, merged identities apart.
fn published(name: &str) -> Vec<BTreeMap<String, u128>> {
    let ledger = fs::read_to_string(instance(name).join("data/ledger.json")).unwrap();
    let entries = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = |value: &Value, key: &str| value[key].as_array().unwrap().clone();
    let paid = entries.filter(|entry| entry["action"]["type"] == "DISTRIBUTE_GRAIN").map(|entry| {
        let mut paid = BTreeMap::new();
        for allocation in of(&entry["action"]["distribution"], "allocations") {
            for receipt in of(&allocation, "receipts") {
                let amount: u128 = receipt["amount"].as_str().unwrap().parse().unwrap();
                *paid.entry(receipt["id"].as_str().unwrap().to_owned()).or_default() += amount;
            }
        }
        paid
    });
    paid.filter(|paid: &BTreeMap<_, _>| !paid.is_empty()).collect()
}

/// What the policy gives natively, and hands over.
fn natively(
    epoch: &Epoch,
    parameters: &Value,
    paid: &BTreeMap<String, u128>,
    carry: Vec<u8>,
) -> (Vec<u128>, Vec<u8>) {
    let mut columns = native::columns(epoch);
    columns.paid = columns.payees.iter().map(|payee| paid.get(payee).copied().unwrap_or(0)).collect();
    columns.carry = carry;
    let epoch = apportion_guest::Epoch::from_columns(columns).unwrap();
    let allocation = apportion_guest::run::<CredRank>(&epoch, &parameters.to_string()).unwrap();
    let Division::ByAmount(amounts) = allocation.division else { panic!("credrank fixes amounts") };
    (amounts, allocation.carry)
}

/// The past settled as it was recorded, the next epoch by the rule: the component gives what the policy gives natively,
/// and what the instance's ledger says. Then the past under the rule.
#[test]
fn an_instances_past_and_next_epoch_are_settled_and_replayed() {
    let engine = Engine::new().unwrap();
    let policy = standard(&engine, "credrank");
    let component = apportion_standard::find("credrank").unwrap().bytes.to_vec();
    for name in ["test-instance", "superbenefit"] {
        let folder = Folder::new(&format!("sourcecred-{name}"));
        let Imported { epoch, parameters, past, .. } = imported(name);
        let recorded = Charter::single("As recorded", &policy, past.parameters()).unwrap();
        let rule = Charter::single("SourceCred", &policy, parameters.clone()).unwrap();
        let mut ledger = folder.make();
        ledger.adopt(&engine, &recorded, 1, std::slice::from_ref(&component), &[]).unwrap();

        let (mut paid, mut carry) = (BTreeMap::<String, u128>::new(), Vec::new());
        let mut hold = |settlement: &apportion::Settlement, epoch: &Epoch, parameters: &Value| {
            let (amounts, next) = natively(epoch, parameters, &paid, std::mem::take(&mut carry));
            let list = settlement.payouts.rows();
            assert!(list.iter().map(|payout| payout.amount).eq(amounts), "{name} {}", epoch.number());
            assert_eq!(settlement.carry.get(&policy.digest()), Some(&next), "{name} {}", epoch.number());
            carry = next;
            for payout in list {
                *paid.entry(payout.payee.clone()).or_default() += payout.amount;
            }
        };
        let published = published(name);
        assert_eq!(past.count(), published.len());
        for (index, published) in published.iter().enumerate() {
            let epoch = past.epoch(index).unwrap();
            let settlement = ledger.settle(&engine, &epoch).unwrap();
            hold(&settlement, &epoch, &past.parameters());
            let list = settlement.payouts.iter().filter(|payout| payout.amount > 0);
            let got: BTreeMap<_, _> = list.map(|payout| (payout.payee.clone(), payout.amount)).collect();
            let expected = published.iter().filter(|(_, amount)| **amount > 0);
            assert!(got.iter().eq(expected), "{name} {index}");
            assert_eq!(settlement.receipt.terms().retained, 0);
        }
        let last = epoch.number();
        ledger.adopt(&engine, &rule, last, std::slice::from_ref(&component), &[]).unwrap();
        let settlement = ledger.settle(&engine, &epoch).unwrap();
        hold(&settlement, &epoch, &parameters);
        assert_eq!(settlement.receipt.terms().retained, 0);

        let verified = verify(DirectoryStore::open(&folder.0).unwrap(), Some(&engine), &mut |_| {}).unwrap();
        assert_eq!(verified.findings, [""; 0]);
        let replayed =
            replay_all(&ledger.past(1..=last), &[rule], std::slice::from_ref(&policy), &History::default())
                .unwrap();
        for epoch in &replayed {
            let [Replayed::Settled { .. }] = epoch.replayed.as_slice() else { panic!("{name}: a fault") };
        }
        assert_eq!(replayed.len(), past.count() + 1);
    }
}

#[test]
fn parameters_that_cannot_be_are_refused_before_a_run() {
    let policy = standard(&Engine::new().unwrap(), "credrank");
    let rule = |rule: Value| json!({"allocations": [rule]});
    for parameters in [
        json!({"alpha": 1.5}),
        json!({"alpha": -0.1}),
        json!({"tolerance": 0}),
        json!({"participants": ["x"]}),
        json!({"edge_kinds": {"x": {"forwards": 1}}}),
        json!({"edge_kinds": {"x": {"forwards": 1, "backwards": -1}}}),
        json!({"allocations": []}),
        json!({"allocations": vec![json!({"policy": "balanced"}); 17]}),
        rule(json!({"policy": "fair"})),
        rule(json!({"policy": "balanced", "portion": 0})),
        rule(json!({"policy": "balanced", "weeks": 105})),
        rule(json!({"policy": "balanced", "discount": 0.5})),
        rule(json!({"policy": "immediate", "weeks": 0})),
        rule(json!({"policy": "recent"})),
        rule(json!({"policy": "recent", "discount": 1.1})),
        rule(json!({"policy": "special"})),
    ] {
        assert!(policy.check_parameters(&parameters).is_err(), "{parameters}");
    }
    assert!(policy.check_parameters(&json!({})).is_ok());
    for parameters in [imported("superbenefit").parameters, imported("test-instance").past.parameters()] {
        assert!(policy.check_parameters(&parameters).is_ok(), "{parameters}");
    }
}
