//! How fast, as ratios of two things measured in turn in one run: machines differ and are noisy, ratios hold.
//!
//! `cargo bench --package apportion-tests --bench ratios`

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use apportion::epoch::{ColumnNames, Header, Window};
use apportion::money::{Asset, Pool};
use apportion::{Charter, Digest, Edge, Engine, Epoch, EpochBuilder, History, Node, settle};
use apportion_import::retro_funding::{self, Options, Track};
use apportion_tests::{data, native};

/// What the programme's own Python needs to settle a month of the developer tools' track, on such a machine.
const PROGRAMMES_PYTHON: Duration = Duration::from_millis(850);
const ROUNDS: usize = 15;

fn main() {
    let engine = Engine::new().unwrap();
    for (track, name) in [(Track::Devtooling, "optimism-devtooling"), (Track::Onchain, "optimism-onchain")] {
        month(&engine, track, name);
    }
    loading();
}

fn month(engine: &Engine, track: Track, name: &str) {
    let component = apportion_standard::find(name).unwrap().bytes;
    let policy = engine.admit(component).unwrap();
    let folder = data("retro-funding/M6");
    let imported = retro_funding::import(&folder, track, &Options::default()).unwrap();
    let charter = Charter::single("Bench", &policy, imported.parameters.clone()).unwrap();
    let file = std::env::temp_dir().join(format!("apportion-bench-{}.epoch", std::process::id()));
    std::fs::write(&file, imported.epoch.as_bytes()).unwrap();

    println!("\n{name}, M6: {} nodes, {} edges", imported.epoch.node_count(), imported.epoch.edge_count());
    let policies = [policy];
    let mut settle_from_file = || {
        let epoch = Epoch::from_bytes(&std::fs::read(&file).unwrap()).unwrap();
        black_box(settle(&epoch, &charter, &policies, &History::default()).unwrap());
    };
    let mut import = || {
        black_box(retro_funding::import(&folder, track, &Options::default()).unwrap());
    };
    compare("import of the month", &mut import, "settling from the epoch's file", &mut settle_from_file);
    if matches!(track, Track::Devtooling) {
        let settling = median(&times(&mut settle_from_file));
        println!(
            "  the programme's own Python ({} ms, measured before) takes {:.0} times as long as settling from the file",
            PROGRAMMES_PYTHON.as_millis(),
            PROGRAMMES_PYTHON.as_secs_f64() / settling.as_secs_f64()
        );
    }

    let epoch = native::epoch(&imported.epoch).unwrap();
    let parameters = imported.parameters.to_string();
    let mut natively = || {
        let allocation = match track {
            Track::Devtooling => {
                apportion_guest::run::<optimism_devtooling::OptimismDevtooling>(&epoch, &parameters)
            }
            Track::Onchain => apportion_guest::run::<optimism_onchain::OptimismOnchain>(&epoch, &parameters),
        };
        black_box(allocation.unwrap());
    };
    let mut in_the_sandbox = || {
        black_box(settle(&imported.epoch, &charter, &policies, &History::default()).unwrap());
    };
    compare(
        "the rule in the sandbox, with receipt and payouts",
        &mut in_the_sandbox,
        "the rule natively",
        &mut natively,
    );
    // An engine keeps what it compiled; a new one has nothing yet.
    let mut compiling = || {
        black_box(Engine::new().unwrap().admit(component).unwrap());
    };
    compare("compiling the policy", &mut compiling, "settling from the epoch's file", &mut settle_from_file);
    std::fs::remove_file(&file).unwrap();
}

/// Loading checks everything; it should cost little more than the hash that is needed anyway.
fn loading() {
    let epoch = large_epoch(100_000, 2_000_000);
    let bytes = epoch.as_bytes().to_vec();
    println!("\nan epoch of 2,000,000 edges, {} MiB", bytes.len() >> 20);
    let mut load = || {
        black_box(Epoch::from_bytes(&bytes).unwrap());
    };
    let mut hash = || {
        black_box(Digest::of(&bytes.clone()));
    };
    compare("loading and checking it", &mut load, "copying and hashing it", &mut hash);
}

/// Nodes in a ring with chords, by a fixed rule.
fn large_epoch(nodes: u64, edges: u64) -> Epoch {
    let pool = Pool { asset: Asset::new("X", 0).unwrap(), amount: 1 };
    let window = Window { start: 0, end: 1 };
    let mut builder = EpochBuilder::new(Header { number: 0, window, pool }, ColumnNames::default()).unwrap();
    let ids: Vec<String> = (0..nodes).map(|node| format!("node-{node:08}")).collect();
    builder.payee("all", "");
    for id in &ids {
        builder.node(Node {
            id,
            kind: "node",
            weight: 1.0,
            time: None,
            payee: Some("all"),
            metrics: &[],
            labels: &[],
        });
    }
    let id = |number: u64| &ids[usize::try_from(number % nodes).unwrap()];
    for edge in 0..edges {
        let (source, target) =
            (id(edge.wrapping_mul(7_919)), id(edge.wrapping_mul(104_729).wrapping_add(edge >> 7)));
        builder.edge(Edge {
            source,
            target,
            kind: "cites",
            weight: 1.0,
            time: None,
            metrics: &[],
            labels: &[],
        });
    }
    builder.finish().unwrap()
}

/// Runs two things in turn and prints each one's median, and the median of their ratios round by round.
fn compare(first_name: &str, first: &mut dyn FnMut(), second_name: &str, second: &mut dyn FnMut()) {
    first(); // warm up
    second();
    let (mut firsts, mut seconds, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (a, b) = (time(first), time(second));
        ratios.push(a.as_secs_f64() / b.as_secs_f64());
        firsts.push(a);
        seconds.push(b);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "  {first_name} ({:.2} ms) takes {:.2} times as long as {second_name} ({:.2} ms)   [{:.2} to {:.2}]",
        millis(median(&firsts)),
        ratios[ROUNDS / 2],
        millis(median(&seconds)),
        ratios[0],
        ratios[ROUNDS - 1]
    );
}

fn times(work: &mut dyn FnMut()) -> Vec<Duration> {
    (0..ROUNDS).map(|_| time(work)).collect()
}

fn time(work: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
