//! What the fuzzer runs: one function for each kind of bytes that come from strangers, and what must hold for any.
//!
//! `tests/fuzz/` gives these to libFuzzer; `tests/system/fuzz.rs` replays the committed corpora through the same
//! functions in every test run. A target panics where a promise is broken and returns where bytes are refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken promise ends the run: that is how the fuzzer hears of it"
)]

mod components;
mod imports;
mod ledgers;
pub mod seeds;

pub use imports::{git, retro_funding, sourcecred};

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use apportion::audit::{Card, Property};
use apportion::charter::OnFault;
use apportion::engine::HostError;
use apportion::epoch::{ColumnNames, Header, NO_PAYEE, Window};
use apportion::policy::{AdmissionError, CheckError};
use apportion::receipt::Outcome;
use apportion::settle::SettleError;
use apportion::signature::{AllowedSigners, CHARTER_NAMESPACE};
use apportion::{
    Charter, Digest, Edge, Engine, Epoch, EpochBuilder, History, Limits, Node, Payouts, Policy, Proof,
    Receipt, settle,
};

use crate::{data, small_epoch};

/// What is done with the fuzzer's bytes.
pub type Target = fn(&[u8]);

/// Every target under the name of its corpus.
pub const TARGETS: [(&str, Target); 13] = [
    ("epoch", epoch),
    ("tables", tables),
    ("traces", traces),
    ("git", git),
    ("sourcecred", sourcecred),
    ("retro_funding", retro_funding),
    ("admission", admission),
    ("description", description),
    ("answer", answer),
    ("receipt", receipt),
    ("ledger", ledger),
    ("proof", proof),
    ("signature", signature),
];

/// Between the parts of an input that has several.
const SEPARATOR: &[u8] = b"\n===\n";

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().expect("the engine can be set up"));
static EPOCH: LazyLock<Epoch> = LazyLock::new(small_epoch);

/// What is read as an epoch is what the builder makes of the same rows, to the byte.
pub fn epoch(bytes: &[u8]) {
    let Ok(epoch) = Epoch::from_bytes(bytes) else {
        assert!(Epoch::read(bytes, bytes.len() as u64).is_err(), "two readers disagree");
        return;
    };
    assert!(epoch.as_bytes() == bytes, "an epoch has other bytes than were read");
    assert_eq!(epoch.digest(), Digest::of(bytes));
    let again = rebuilt(&epoch);
    assert!(again.as_bytes() == bytes, "an epoch that the builder would not write was read");
}

fn rebuilt(epoch: &Epoch) -> Epoch {
    let names = |texts: apportion::epoch::Texts<'_>| texts.iter().map(str::to_owned).collect::<Vec<_>>();
    let columns = ColumnNames {
        node_metrics: names(epoch.node_metrics()),
        node_labels: names(epoch.node_labels()),
        edge_metrics: names(epoch.edge_metrics()),
        edge_labels: names(epoch.edge_labels()),
    };
    let (node_metrics, node_labels) = (
        columns.node_metrics.iter().map(|name| epoch.node_metric(name).unwrap()).collect::<Vec<_>>(),
        columns.node_labels.iter().map(|name| epoch.node_label(name).unwrap()).collect::<Vec<_>>(),
    );
    let (edge_metrics, edge_labels) = (
        columns.edge_metrics.iter().map(|name| epoch.edge_metric(name).unwrap()).collect::<Vec<_>>(),
        columns.edge_labels.iter().map(|name| epoch.edge_label(name).unwrap()).collect::<Vec<_>>(),
    );
    let Window { start, end } = epoch.window();
    let header = Header { number: epoch.number(), window: Window { start, end }, pool: epoch.pool().clone() };
    let mut builder = EpochBuilder::new(header, columns.clone()).expect("its header was valid");
    for (id, name) in epoch.payees().iter().zip(epoch.payee_names().iter()) {
        builder.payee(id, name);
    }
    for row in 0..epoch.node_count() {
        let payee = epoch.node_payee()[row];
        builder.node(Node {
            id: epoch.node_ids().get(row).unwrap(),
            kind: epoch.node_kinds().get(epoch.node_kind()[row] as usize).unwrap(),
            weight: epoch.node_weight()[row],
            time: Some(epoch.node_time()[row]),
            payee: (payee != NO_PAYEE).then(|| epoch.payees().get(payee as usize).unwrap()),
            metrics: &node_metrics.iter().map(|column| column[row]).collect::<Vec<_>>(),
            labels: &node_labels.iter().map(|label| label.word(row)).collect::<Vec<_>>(),
        });
    }
    for row in 0..epoch.edge_count() {
        builder.edge(Edge {
            source: epoch.node_ids().get(epoch.edge_source()[row] as usize).unwrap(),
            target: epoch.node_ids().get(epoch.edge_target()[row] as usize).unwrap(),
            kind: epoch.edge_kinds().get(epoch.edge_kind()[row] as usize).unwrap(),
            weight: epoch.edge_weight()[row],
            time: Some(epoch.edge_time()[row]),
            metrics: &edge_metrics.iter().map(|column| column[row]).collect::<Vec<_>>(),
            labels: &edge_labels.iter().map(|label| label.word(row)).collect::<Vec<_>>(),
        });
    }
    builder.finish().expect("its rows were valid")
}

/// Tables become an epoch or problems. The first byte says which file comes from the fuzzer.
pub fn tables(bytes: &[u8]) {
    let Some((&which, rest)) = bytes.split_first() else { return };
    let (first, second) = parts(rest);
    let plain: &[u8] = b"id,payee\na,ada\nb,ben\n";
    let description = |name: &str| {
        format!(
            "number = 1\nwindow = {{ start = 2025-07-01, end = 2025-08-01 }}\n\
             pool = {{ asset = \"EUR\", decimals = 2, amount = \"10.00\" }}\n\
             nodes = {{ files = [\"nodes.{name}\"] }}\nedges = {{ files = [\"edges.csv\"] }}\n"
        )
        .into_bytes()
    };
    let edges: &[u8] = b"source,target\n";
    let (described, nodes_name, nodes, edges) = match which {
        b'c' => (description("csv"), "nodes.csv", first, second),
        b'j' => (description("jsonl"), "nodes.jsonl", first, second),
        b'z' => (description("csv.gz"), "nodes.csv.gz", rest, edges),
        b'p' => (description("parquet"), "nodes.parquet", rest, edges),
        b'd' => (rest.to_vec(), "nodes.csv", plain, edges),
        _ => return,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("epoch.toml");
    fs::write(&path, described).unwrap();
    fs::write(folder.path().join(nodes_name), nodes).unwrap();
    fs::write(folder.path().join("edges.csv"), edges).unwrap();
    match apportion_import::tables::import(&path, &Default::default(), &mut |_| {}) {
        Ok(imported) => epoch(imported.epoch.as_bytes()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Provenance documents and traces become an epoch or problems. The first byte says of which format the rest is.
pub fn traces(bytes: &[u8]) {
    let Some((&which, document)) = bytes.split_first() else { return };
    let list = match which {
        b'p' => "prov",
        b'l' => "openlineage",
        b'o' => "otlp",
        _ => return,
    };
    let described = format!(
        "number = 1\nwindow = {{ start = 2025-07-01, end = 2025-08-01 }}\n\
         pool = {{ asset = \"EUR\", decimals = 2, amount = \"10.00\" }}\n\
         traces = {{ {list} = [\"document\"] }}\npayees = {{ files = [\"payees.csv\"] }}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("epoch.toml");
    fs::write(&path, described).unwrap();
    fs::write(folder.path().join("document"), document).unwrap();
    fs::write(folder.path().join("payees.csv"), "payee,node\nada,agent:scout\n").unwrap();
    match apportion_import::tables::import(&path, &Default::default(), &mut |_| {}) {
        Ok(imported) => epoch(imported.epoch.as_bytes()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A component is admitted or refused; one that is admitted divides the pool or is at fault.
pub fn admission(bytes: &[u8]) {
    match ENGINE.admit(bytes) {
        Ok(policy) => run(&policy, &History::default()),
        Err(error) => refused(&error),
    }
}

/// A policy describes itself in words, pointers and a schema from the fuzzer; then come parameters.
pub fn description(bytes: &[u8]) {
    let (image, parameters) = bytes.split_at(bytes.len().min(components::DESCRIPTION_BYTES));
    match ENGINE.admit(&components::describing(image)) {
        Ok(policy) => {
            if let Ok(value) = serde_json::from_slice::<serde_json::Value>(parameters)
                && let Err(error) = policy.check_parameters(&value)
            {
                let CheckError::Parameters(error) = error else { panic!("the host is at fault: {error}") };
                assert!(!error.breaches.is_empty());
            }
            run(&policy, &History::default());
        }
        Err(error) => refused(&error),
    }
}

/// A policy answers with memory from the fuzzer, at `components::ANSWER_ADDRESS`.
pub fn answer(bytes: &[u8]) {
    static POLICY: LazyLock<Policy> =
        LazyLock::new(|| ENGINE.admit(&components::answering()).expect("a good component"));
    let carry = BTreeMap::from([(POLICY.digest(), bytes.to_vec())]);
    run(&POLICY, &History { carry, ..History::default() });
}

fn refused(error: &AdmissionError) {
    assert!(!matches!(error, AdmissionError::Host(HostError::Broken(_))), "{error}");
    assert!(!error.to_string().is_empty());
}

/// Runs a policy and holds what comes of it to the pool.
fn run(policy: &Policy, history: &History) {
    let charter = match Charter::single("Fuzz", policy, serde_json::json!({})) {
        Ok(charter) => charter,
        Err(error) => panic!("an admitted policy cannot be appointed: {error}"),
    };
    let mut terms = charter.terms().clone();
    terms.limits = Limits {
        instructions: 2_000_000,
        memory: 8 << 20,
        table: 1 << 16,
        transfer: 1 << 20,
        output: 1 << 20,
    };
    terms.on_fault = OnFault::Retain;
    let charter = Charter::new(terms).unwrap();
    let settlement = match settle(&EPOCH, &charter, std::slice::from_ref(policy), history) {
        Ok(settlement) => settlement,
        // Its schema wants other parameters than none.
        Err(SettleError::Parameters(_)) => return,
        Err(error) => panic!("{error}"),
    };
    let settled = settlement.receipt.terms();
    assert_eq!(settled.paid.checked_add(settled.retained), Some(EPOCH.pool().amount));
    assert_eq!(settlement.payouts.sum(), Some(settled.paid));
    if let Outcome::Fault(fault) = &settled.runs[0].outcome {
        assert_eq!(settled.paid, 0, "{fault}");
    }
    receipt(settlement.receipt.as_bytes());
    receipt(settlement.payouts.as_bytes());
}

/// Receipts, payouts, charters and cards: what is read is written alike, and sums hold.
pub fn receipt(bytes: &[u8]) {
    if let Ok(receipt) = Receipt::from_bytes(bytes) {
        assert!(
            receipt.as_bytes() == bytes && receipt.digest() == Digest::of(bytes),
            "it has other bytes than were read"
        );
        let settled = receipt.terms();
        assert_eq!(settled.paid.checked_add(settled.retained), Some(settled.pool));
    }
    if let Ok(payouts) = Payouts::from_bytes(bytes) {
        assert!(
            payouts.as_bytes() == bytes && payouts.digest() == Digest::of(bytes),
            "it has other bytes than were read"
        );
        for payout in payouts.rows() {
            assert_eq!(payout.parts.iter().map(|part| part.amount).sum::<u128>(), payout.amount);
        }
    }
    if let Ok(charter) = Charter::from_bytes(bytes) {
        assert!(
            charter.as_bytes() == bytes && charter.digest() == Digest::of(bytes),
            "it has other bytes than were read"
        );
        assert_eq!(Charter::new(charter.terms().clone()).as_ref(), Ok(&charter));
    }
    if let Ok(card) = Card::from_bytes(bytes) {
        assert!(
            card.as_bytes() == bytes && card.digest() == Digest::of(bytes),
            "it has other bytes than were read"
        );
        assert!(Property::ALL.iter().all(|property| card.finding(*property).property == *property));
    }
}

/// A ledger whose objects come from the fuzzer opens or not; where verifying finds nothing, everything holds.
pub fn ledger(bytes: &[u8]) {
    ledgers::check(bytes);
}

/// A proof that is believed for the golden receipt proves a payout of the golden list.
pub fn proof(bytes: &[u8]) {
    static GOLDEN: LazyLock<(Digest, Payouts)> = LazyLock::new(|| {
        let golden = |name: &str| fs::read(data("../golden").join(name)).expect("a golden file");
        let proof = Proof::from_bytes(&golden("proof.json")).expect("a good proof");
        let payouts = Payouts::from_bytes(&golden("payouts.json")).expect("good payouts");
        (proof.receipt_digest(), payouts)
    });
    let (receipt, payouts) = &*GOLDEN;
    let Ok(proof) = Proof::from_bytes(bytes) else { return };
    assert!(proof.as_bytes() == bytes, "a proof has other bytes than were read");
    if let Ok(proven) = proof.check(*receipt) {
        assert!(payouts.rows().contains(&proven.payout), "a forged payout is believed");
    }
    // Of a receipt that nobody trusts anything may be proven, but its own sums.
    if let Ok(proven) = proof.check(proof.receipt_digest()) {
        assert!(proven.payout.amount <= proven.settlement.paid);
    }
}

/// A list of signers is kept as written; a signature that verifies is one listed key's and counts once.
pub fn signature(bytes: &[u8]) {
    static MESSAGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        fs::read(data("../../host/core/tests/data/ssh/message")).expect("the signed message")
    });
    let (list, signature) = parts(bytes);
    let (Ok(list), Ok(signature)) = (str::from_utf8(list), str::from_utf8(signature)) else { return };
    let Ok(allowed) = AllowedSigners::parse(list) else { return };
    assert_eq!(allowed.text(), list);
    assert!(allowed.signers().all(|signer| !signer.principals.is_empty() && !signer.key.is_empty()));
    let quorum =
        |signatures: &[&str], required| allowed.quorum(CHARTER_NAMESPACE, &MESSAGE, signatures, required);
    match allowed.verify(CHARTER_NAMESPACE, &MESSAGE, signature) {
        Ok(signer) => {
            assert!(allowed.signers().any(|listed| *listed == signer));
            assert_eq!(quorum(&[signature, signature], 1), Ok(vec![signer]));
            assert!(quorum(&[signature, signature], 2).is_err(), "one key counted twice");
            assert!(allowed.verify("file", &MESSAGE, signature).is_err());
            assert!(allowed.verify(CHARTER_NAMESPACE, b"something else", signature).is_err());
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(quorum(&[signature], 1).is_err());
        }
    }
}

/// What stands before and after the first separator.
fn parts(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        Some(place) => (&bytes[..place], &bytes[place + SEPARATOR.len()..]),
        None => (bytes, &[]),
    }
}
