//! What the sandbox costs, as ratios of two things measured in turn in one run: machines differ and are noisy, ratios
//! hold.
//!
//! `cargo bench --package apportion-tests --bench sandbox`

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]

use std::hint::black_box;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use apportion::{Charter, Engine, Epoch, History, Policy, settle};
use apportion_tests::{hostile, native, small_epoch};

const ROUNDS: usize = 15;
/// Settlements in a round.
const SETTLEMENTS: u32 = 1_000;

fn main() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    trivial(&engine, &epoch);
    beside(&epoch);
    at_once(&engine, &epoch);
    compiling();
}

fn charter(policy: &Policy) -> Charter {
    Charter::single("Bench", policy, serde_json::json!({})).unwrap()
}

/// A policy that does next to nothing: what a settlement costs beside the rule.
fn trivial(engine: &Engine, epoch: &Epoch) {
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let (charter, policies) = (charter(&policy), [policy]);
    let settlements = median(&mut || {
        for _ in 0..SETTLEMENTS {
            black_box(settle(epoch, &charter, &policies, &History::default()).unwrap());
        }
    });
    println!(
        "a trivial settlement, with receipt and payouts: {:.1} us, {:.0} a second on one core",
        micros(settlements) / f64::from(SETTLEMENTS),
        f64::from(SETTLEMENTS) / settlements.as_secs_f64()
    );
}

/// The same rule in the sandbox and natively.
fn beside(epoch: &Epoch) {
    let engine = Engine::new().unwrap();
    let policy = engine.admit(apportion_standard::find("equal").unwrap().bytes).unwrap();
    let (charter, policies) = (charter(&policy), [policy]);
    let native = native::epoch(epoch).unwrap();
    let mut sandboxed = || {
        for _ in 0..SETTLEMENTS {
            black_box(settle(epoch, &charter, &policies, &History::default()).unwrap());
        }
    };
    let mut natively = || {
        for _ in 0..SETTLEMENTS {
            black_box(apportion_guest::run::<equal::Equal>(&native, "{}").unwrap());
        }
    };
    compare(
        "a settlement by `equal`",
        &mut sandboxed,
        "its rule as a native call",
        &mut natively,
        SETTLEMENTS,
    );
}

/// The same number of settlements on one thread and on all cores.
fn at_once(engine: &Engine, epoch: &Epoch) {
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let (charter, policies) = (charter(&policy), [policy]);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let each = SETTLEMENTS / u32::try_from(cores).unwrap();
    let settlements = |count: u32| {
        for _ in 0..count {
            black_box(settle(epoch, &charter, &policies, &History::default()).unwrap());
        }
    };
    let mut one = || settlements(each * u32::try_from(cores).unwrap());
    let mut all = || {
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| settlements(each));
            }
        });
    };
    let all_name = format!("the same on {cores}");
    compare("trivial settlements on one core", &mut one, &all_name, &mut all, SETTLEMENTS);
}

/// Admitting a policy: compiled anew, from the folder, from memory.
fn compiling() {
    let bytes = apportion_standard::find("optimism-devtooling").unwrap().bytes;
    let folder = Folder::new();
    let with_folder = || Engine::builder().cache(&folder.0).build().unwrap();
    with_folder().admit(bytes).unwrap();
    let engine = with_folder();
    engine.admit(bytes).unwrap();
    println!("admitting `optimism-devtooling`, {} KiB:", bytes.len() >> 10);
    let mut anew = || drop(black_box(Engine::new().unwrap().admit(bytes).unwrap()));
    let mut from_folder = || drop(black_box(with_folder().admit(bytes).unwrap()));
    let mut from_memory = || drop(black_box(engine.admit(bytes).unwrap()));
    compare("  compiling it", &mut anew, "taking it from the folder", &mut from_folder, 1);
    compare("  taking it from the folder", &mut from_folder, "taking it from memory", &mut from_memory, 1);
}

/// A folder for compiled policies, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        Folder(std::env::temp_dir().join(format!("apportion-bench-compiled-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs two things in turn and prints each one's median for one of `count`, and the median of their ratios.
fn compare(
    first_name: &str,
    first: &mut dyn FnMut(),
    second_name: &str,
    second: &mut dyn FnMut(),
    count: u32,
) {
    first(); // warm up
    second();
    let mut rounds: Vec<(f64, f64)> =
        (0..ROUNDS).map(|_| (micros(time(first)), micros(time(second)))).collect();
    rounds.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let ratio = |round: usize| rounds[round].0 / rounds[round].1;
    let middle = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2] / f64::from(count)
    };
    println!(
        "{first_name} ({:.1} us) takes {:.2} times as long as {second_name} ({:.1} us)   [{:.2} to {:.2}]",
        middle(rounds.iter().map(|round| round.0).collect()),
        ratio(ROUNDS / 2),
        middle(rounds.iter().map(|round| round.1).collect()),
        ratio(0),
        ratio(ROUNDS - 1)
    );
}

fn median(work: &mut dyn FnMut()) -> Duration {
    work(); // warm up
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| time(work)).collect();
    times.sort();
    times[ROUNDS / 2]
}

fn time(work: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}
