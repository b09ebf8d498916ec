//! How replay, verification and memory grow with the number of epochs, as ratios measured in one run.
//!
//! `cargo bench --package apportion-tests --bench scale`; the number of epochs is its argument: `-- 1000`.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use apportion::compare::ComparedRows;
use apportion::epoch::{ColumnNames, Header, Window};
use apportion::ledger::LedgerEpochs;
use apportion::money::{Asset, Pool};
use apportion::replay::SettledEpochs;
use apportion::store::DirectoryStore;
use apportion::{
    Charter, Digest, Edge, Engine, Epoch, EpochBuilder, History, Ledger, Node, Policy, settle, verify,
};
use apportion_tests::create_ledger;

const NODES: u64 = 1_000;
const EDGES: u64 = 10_000;

fn main() {
    let epochs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000);
    let folder = std::env::temp_dir().join(format!("apportion-scale-{}", std::process::id()));
    let engine = Engine::new().unwrap();
    let component = apportion_standard::find("proportional").unwrap().bytes.to_vec();
    let policy = engine.admit(&component).unwrap();
    let charter = |factor: u32| {
        let parameters = serde_json::json!({"edge_kinds": {"cites": 1, "uses": factor}});
        Charter::single("Scale", &policy, parameters).unwrap()
    };
    let mut ledger = create_ledger(&folder);
    ledger.adopt(&engine, &charter(1), 0, &[component], &[]).unwrap();
    let settling = time(|| {
        for number in 0..epochs {
            ledger.settle(&engine, &epoch(number)).unwrap();
        }
    });
    println!("{epochs} epochs of {NODES} nodes and {EDGES} edges, settled into a ledger in {settling:.1?}");
    replaying(&ledger, &[charter(3)], std::slice::from_ref(&policy), epochs);
    verifying(&folder, &engine);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Replay on all cores against the same work on one; and what each tenth of the epochs adds to memory.
fn replaying(ledger: &Ledger<DirectoryStore>, candidates: &[Charter], policies: &[Policy], epochs: u64) {
    let compare = |past: &LedgerEpochs<'_, DirectoryStore>| {
        let each = |rows: ComparedRows<'_>| -> Result<(), Box<dyn std::error::Error>> {
            black_box(rows.payees);
            Ok(())
        };
        black_box(apportion::compare(past, candidates, policies, &History::default(), each).unwrap());
    };
    compare(&ledger.past(0..=epochs / 10));
    let few = most_memory();
    let past = ledger.past(0..=u64::MAX);
    let all = time(|| compare(&past));
    let many = most_memory();
    let one = time(|| {
        for index in 0..past.count() {
            let settled = past.load(index).unwrap();
            black_box(settle(settled.epoch(), &candidates[0], policies, &History::default()).unwrap());
        }
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("  one core takes {:.2} times as long as {cores} ({one:.1?}, {all:.1?})", ratio(one, all));
    if let (Some(few), Some(many)) = (few, many) {
        println!("  the most memory in use: {few} MiB for a tenth of the epochs, {many} MiB for all");
    }
}

/// Verification against hashing the same bytes as `b3sum` does: one file after another, each on all cores. `b3sum`
/// itself maps files instead of reading them; where it is installed, its time is told too.
fn verifying(folder: &Path, engine: &Engine) {
    let open = || DirectoryStore::open(folder).unwrap();
    let files = files(folder);
    let hashing = time(|| {
        for path in &files {
            black_box(Digest::of(&std::fs::read(path).unwrap()));
        }
    });
    let structure = time(|| assert!(verify(open(), None, &mut |_| {}).unwrap().findings.is_empty()));
    let again = time(|| assert!(verify(open(), Some(engine), &mut |_| {}).unwrap().findings.is_empty()));
    println!(
        "  checking the structure takes {:.2} times as long as hashing every file on all cores ({structure:.1?}, {hashing:.1?})",
        ratio(structure, hashing)
    );
    println!(
        "  running every settlement again as well takes {:.2} times as long ({again:.1?})",
        ratio(again, hashing)
    );
    let mut b3sum = std::process::Command::new("b3sum");
    b3sum.args(&files).stdout(std::process::Stdio::null());
    let mut done = false;
    let program = time(|| done = b3sum.status().is_ok_and(|status| status.success()));
    if done {
        println!("  the program b3sum takes {program:.1?} for the same files");
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The process's peak of resident memory, where the system tells it.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

/// A graph that differs from epoch to epoch, by a fixed rule.
fn epoch(number: u64) -> Epoch {
    let pool = Pool { asset: Asset::new("X", 6).unwrap(), amount: 1_000_000_000_000 };
    let start = i64::try_from(number).unwrap() * 86_400;
    let window = Window { start, end: start + 86_400 };
    let mut builder = EpochBuilder::new(Header { number, window, pool }, ColumnNames::default()).unwrap();
    let ids: Vec<String> = (0..NODES).map(|node| format!("node-{node:04}")).collect();
    for id in &ids {
        builder.payee(id, "");
        builder.node(Node {
            id,
            kind: "node",
            weight: 1.0,
            time: None,
            payee: Some(id),
            metrics: &[],
            labels: &[],
        });
    }
    let id = |number: u64| &ids[usize::try_from(number % NODES).unwrap()];
    for edge in 0..EDGES {
        let (source, target) =
            (id(edge.wrapping_mul(7_919) + number), id(edge.wrapping_mul(edge) / 3 + number * 13));
        let kind = if edge % 3 == 0 { "uses" } else { "cites" };
        builder.edge(Edge { source, target, kind, weight: 1.0, time: None, metrics: &[], labels: &[] });
    }
    builder.finish().unwrap()
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}
