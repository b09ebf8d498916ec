//! What determinism and safety cost, as ratios measured in one run: PageRank natively, in the sandbox, and with each
//! protection taken away in turn; and how fast columns are handed over.
//!
//! `cargo bench --package apportion-tests --bench determinism`; the number of edges is its argument: `-- 10000000`,
//! ten for each node.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark ends at the first surprise")]
#![allow(clippy::cast_possible_truncation, reason = "fewer than 2^32 rows")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use apportion::engine::Setup;
use apportion::epoch::{ColumnNames, Header, Window};
use apportion::money::{Asset, Pool};
use apportion::{Charter, Edge, Engine, Epoch, EpochBuilder, History, Node, settle};
use apportion_tests::{hostile, native, small_epoch};
use pagerank::Pagerank;
use serde_json::json;

mod plain;

use plain::{Plain, Protection};

const ROUNDS: usize = 5;

fn main() {
    let edges = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000_000);
    let epoch = graph(edges / 10, edges);
    println!("PageRank, 20 iterations over {} nodes and {} edges", epoch.node_count(), epoch.edge_count());
    ranking(&epoch);
    handing_over(&epoch);
    trivial();
}

/// What a settlement costs beside its rule, held against an instance and a call in plain wasmtime.
fn trivial() {
    const TIMES: u32 = 2_000;
    let (component, epoch) = (hostile::harmless(), small_epoch());
    let policy = Engine::new().unwrap().admit(&component).unwrap();
    let charter = Charter::single("Bench", &policy, json!({})).unwrap();
    let policies = [policy];
    let mut settling = || {
        for _ in 0..TIMES {
            black_box(settle(&epoch, &charter, &policies, &History::default()).unwrap());
        }
    };
    let plain = Plain::new(&component, &[]);
    let mut calling = || {
        for _ in 0..TIMES {
            black_box(plain.allocate(&epoch, "{}"));
        }
    };
    let (ratio, least, most) = compare(&mut settling, &mut calling);
    let each = |work: &mut dyn FnMut()| time(work).as_secs_f64() * 1e6 / f64::from(TIMES);
    println!(
        "a trivial settlement with receipt and payouts, {:.1} us, takes {ratio:.2} times as long as an instance and a \
         call in plain wasmtime, {:.1} us  [{least:.2} to {most:.2}]",
        each(&mut settling),
        each(&mut calling)
    );
}

fn ranking(epoch: &Epoch) {
    let component = apportion_standard::find("pagerank").unwrap().bytes;
    let parameters = json!({"iterations": 20});
    let spelled = parameters.to_string();
    let columns = native::epoch(epoch).unwrap();
    let mut natively = || {
        black_box(apportion_guest::run::<Pagerank>(&columns, &spelled).unwrap());
    };

    let policy = Engine::new().unwrap().admit(component).unwrap();
    let charter = Charter::single("Bench", &policy, parameters.clone()).unwrap();
    let policies = [policy];
    let mut in_the_sandbox = || {
        black_box(settle(epoch, &charter, &policies, &History::default()).unwrap());
    };
    let name = "settled by the engine, payouts and receipt included";
    let mut ratios = vec![(name.to_owned(), compare(&mut in_the_sandbox, &mut natively))];
    let setup = Setup { interruptible: false, ..Setup::default() };
    let policies = [Engine::of(setup).unwrap().admit(component).unwrap()];
    let mut uninterruptible = || {
        black_box(settle(epoch, &charter, &policies, &History::default()).unwrap());
    };
    ratios.push(("the same, not interruptible".to_owned(), compare(&mut uninterruptible, &mut natively)));

    let mut variants = vec![("the rule alone, every protection on".to_owned(), Protection::ALL.to_vec())];
    for without in Protection::ALL {
        let rest = Protection::ALL.into_iter().filter(|protection| *protection != without).collect();
        variants.push((format!("without {without}"), rest));
    }
    variants.push(("with none of them: plain wasmtime".to_owned(), Vec::new()));
    for only in [&[Protection::Hardening][..], &[Protection::Fuel, Protection::Nan], &[Protection::Fuel]] {
        let names: Vec<String> = only.iter().map(Protection::to_string).collect();
        variants.push((format!("with nothing but {}", names.join(" and ")), only.to_vec()));
    }
    for (name, protections) in variants {
        let plain = Plain::new(component, &protections);
        let mut run = || {
            black_box(plain.allocate(epoch, &spelled));
        };
        ratios.push((name, compare(&mut run, &mut natively)));
    }
    println!("  times as long as the same Rust natively ({:.0} ms):", millis(time(&mut natively)));
    for (name, (ratio, least, most)) in ratios {
        println!("    {ratio:.2}  [{least:.2} to {most:.2}]  {name}");
    }
}

/// A policy that only reads: the same column, a hundred times.
fn handing_over(epoch: &Epoch) {
    const TIMES: usize = 100;
    let rows = epoch.node_count();
    let reading = hostile::allocating(
        &format!(
            "(local $times i32)
             (block (loop
               (br_if 1 (i32.ge_u (local.get $times) (i32.const {TIMES})))
               (global.set $bump (i32.const 8192))
               (call $node_weight (i32.const 0) (i32.const {rows}) (i32.const 2000))
               (local.set $times (i32.add (local.get $times) (i32.const 1)))
               (br 0)))
             (call $weights (call $payee_count))"
        ),
        "",
    );
    let policy = Engine::new().unwrap().admit(&reading).unwrap();
    let charter = Charter::single("Bench", &policy, json!({})).unwrap();
    let policies = [policy];
    let mut reading = || {
        black_box(settle(epoch, &charter, &policies, &History::default()).unwrap());
    };
    let column = epoch.node_weight();
    let mut copy = vec![0.0; column.len()];
    let mut copying = || {
        for _ in 0..TIMES {
            black_box(&mut copy).copy_from_slice(black_box(column));
        }
    };
    let (ratio, least, most) = compare(&mut reading, &mut copying);
    let bytes = (TIMES * size_of_val(column)) as f64;
    println!("handing over a column of {} MiB, {TIMES} times", size_of_val(column) >> 20);
    println!(
        "  {:.1} GB/s; copying it natively {:.1} GB/s; it takes {ratio:.2} times as long  [{least:.2} to {most:.2}]",
        bytes / time(&mut reading).as_secs_f64() / 1e9,
        bytes / time(&mut copying).as_secs_f64() / 1e9,
    );
}

/// Links to earlier and later nodes by a fixed rule, weights that differ, a hundred payees.
fn graph(nodes: u64, edges: u64) -> Epoch {
    let pool = Pool { asset: Asset::new("X", 6).unwrap(), amount: 1_000_000_000_000 };
    let window = Window { start: 0, end: 1 };
    let mut builder = EpochBuilder::new(Header { number: 0, window, pool }, ColumnNames::default()).unwrap();
    let ids: Vec<String> = (0..nodes).map(|node| format!("node-{node:08}")).collect();
    let payees: Vec<String> = (0..100).map(|payee| format!("payee-{payee:02}")).collect();
    for payee in &payees {
        builder.payee(payee, "");
    }
    for (node, id) in ids.iter().enumerate() {
        let payee = Some(payees[node % payees.len()].as_str());
        builder.node(Node { id, kind: "node", weight: 1.0, time: None, payee, metrics: &[], labels: &[] });
    }
    let id = |number: u64| &ids[usize::try_from(number % nodes).unwrap()];
    for edge in 0..edges {
        let mixed = edge.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let (source, target) = (id(edge), id(mixed));
        let weight = 1.0 + (mixed % 8) as f64;
        builder.edge(Edge { source, target, kind: "uses", weight, time: None, metrics: &[], labels: &[] });
    }
    builder.finish().unwrap()
}

/// Runs two things in turn; the median of their ratios round by round, the least and the most.
fn compare(first: &mut dyn FnMut(), second: &mut dyn FnMut()) -> (f64, f64, f64) {
    first(); // warm up
    let mut ratios: Vec<f64> =
        (0..ROUNDS).map(|_| time(first).as_secs_f64() / time(second).as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    (ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1])
}

fn time(work: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
