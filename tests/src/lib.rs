//! What whole-system tests share: where the data lies, policies that behave badly, epochs made in memory.

pub mod conformance;
pub mod fees;
pub mod fuzz;
pub mod git;
pub mod hostile;
pub mod native;
pub mod wasi;
pub mod worked;

use std::path::{Path, PathBuf};

use apportion::compare::{CompareError, Comparison, ComparisonBuilder};
use apportion::epoch::{ColumnNames, Header, Window};
use apportion::ledger::LedgerIdentity;
use apportion::money::{Asset, Pool};
use apportion::replay::{ReplayError, ReplayedEpoch, SettledEpochs};
use apportion::store::DirectoryStore;
use apportion::{Charter, Edge, Epoch, EpochBuilder, History, Ledger, Node, Policy};

/// A file or folder of this crate's `data/`.
pub fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(path)
}

/// A new ledger in a folder, with an identity that follows from the folder.
///
/// # Panics
///
/// If it cannot be created there.
#[allow(clippy::expect_used, reason = "a test's own folder")]
pub fn create_ledger(folder: &Path) -> Ledger<DirectoryStore> {
    let name = folder.display().to_string();
    let identity = LedgerIdentity::from_bytes(*apportion::Digest::of(name.as_bytes()).as_bytes());
    let store = DirectoryStore::create(folder).expect("an empty folder");
    Ledger::create(store, identity).expect("an empty store")
}

/// The six real months, by the names of their folders.
pub const MONTHS: [&str; 6] = ["M1", "M2", "M3", "M4", "M5", "M6"];

/// A small epoch with everything an epoch can have: payees with and without a name, kinds, metrics, labels.
pub fn small_epoch() -> Epoch {
    numbered_epoch(7)
}

/// The small epoch under another number.
///
/// # Panics
///
/// Where no epoch can have the number.
#[allow(clippy::expect_used, reason = "fixed rows, known to be valid")]
pub fn numbered_epoch(number: u64) -> Epoch {
    epoch_in(number, Asset::new("EUR", 2).expect("a valid asset"))
}

/// The small epoch under another number, with a pool of 100,001 base units of an asset.
///
/// # Panics
///
/// Where no epoch can have the number.
#[allow(clippy::expect_used, reason = "fixed rows, known to be valid")]
pub fn epoch_in(number: u64, asset: Asset) -> Epoch {
    let pool = Pool { asset, amount: 100_001 };
    let window = Window { start: 1_751_328_000, end: 1_754_006_400 };
    let columns = ColumnNames {
        node_metrics: vec!["stars".to_owned()],
        node_labels: vec!["team".to_owned()],
        edge_metrics: vec!["lines".to_owned()],
        edge_labels: vec!["tool".to_owned()],
    };
    let mut epoch = EpochBuilder::new(Header { number, window, pool }, columns).expect("valid columns");
    for (id, name) in [("ada", "Ada"), ("ben", ""), ("cy", "Cy")] {
        epoch.payee(id, name);
    }
    for (id, kind, payee, stars, team) in [
        ("paper", "paper", Some("ada"), 3.0, "red"),
        ("tool", "code", Some("ben"), 0.0, ""),
        ("data", "data-set", Some("cy"), 12.5, "blue"),
        ("misc", "code", None, 1.0, "red"),
    ] {
        epoch.node(Node { id, kind, weight: 1.0, time: None, payee, metrics: &[stars], labels: &[team] });
    }
    for (source, target, weight, lines, tool) in [
        ("paper", "data", 1.0, 10.0, "notebook"),
        ("paper", "tool", 0.5, 0.0, ""),
        ("tool", "data", 2.0, 4.0, "notebook"),
        ("misc", "paper", 1.0, -3.0, "shell"),
        ("misc", "paper", 1.0, -3.0, "shell"),
    ] {
        let time = Some(1_751_400_000);
        epoch.edge(Edge { source, target, kind: "used", weight, time, metrics: &[lines], labels: &[tool] });
    }
    epoch.finish().expect("valid rows")
}

/// Replays and keeps all of it.
///
/// # Errors
///
/// Those of the replay.
pub fn replay_all<P: SettledEpochs>(
    past: &P,
    candidates: &[Charter],
    policies: &[Policy],
    before: &History,
) -> Result<Vec<ReplayedEpoch>, ReplayError<P::Error>> {
    let mut epochs = Vec::new();
    apportion::replay(past, candidates, policies, before, |epoch| {
        epochs.push(epoch);
        Ok::<_, ReplayError<P::Error>>(())
    })?;
    Ok(epochs)
}

/// Compares epochs that are kept.
///
/// # Errors
///
/// Those of the comparison.
pub fn compare(
    epochs: &[ReplayedEpoch],
    candidate: &Charter,
    index: usize,
) -> Result<Comparison, CompareError> {
    let mut comparing = ComparisonBuilder::new(candidate, index);
    for epoch in epochs {
        comparing.add(epoch)?;
    }
    comparing.finish()
}
