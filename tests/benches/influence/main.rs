//! How fast `influence` is: natively and in the sandbox, against the same sums in numpy, as ratios measured in one run;
//! and how its cost grows with the number of scores.
//!
//! `cargo bench --package apportion-tests --bench influence`; the largest number of scores is its argument:
//! `-- 10000000`. numpy is looked for in `python3`, or in the Python that `APPORTION_PYTHON` names; without it, that part
//! is skipped.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark ends at the first surprise")]

use std::fs;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use apportion::{Charter, Engine, Epoch, History, Policy, settle};
use apportion_tests::{fees, native};
use influence::Influence;
use serde_json::{Value, json};

const ROUNDS: usize = 5;

fn main() {
    let most = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000_000_u64);
    let policy = Engine::new().unwrap().admit(apportion_standard::find("influence").unwrap().bytes).unwrap();
    let plain =
        json!({"portions": {"platform": 10, "model": 30, "adapters": 10, "data": 50}, "quality": "quality"});
    let everything: Value = serde_json::from_str(fees::PARAMETERS).unwrap();

    println!("growth, every option on (intervals, duplicates, a minimum):");
    let mut scores = 10_000;
    while scores < most {
        growth(scores, &policy, &everything);
        scores *= 10;
    }
    let epoch = fees::epoch(most);
    let columns = native::epoch(&epoch).unwrap();
    report(most, &epoch, &columns, &policy, &everything);
    println!("the sums alone:");
    report(most, &epoch, &columns, &policy, &plain);
    against_numpy(most, &epoch, &columns, &policy, &plain);
}

fn growth(scores: u64, policy: &Policy, parameters: &Value) {
    let epoch = fees::epoch(scores);
    let columns = native::epoch(&epoch).unwrap();
    report(scores, &epoch, &columns, policy, parameters);
}

/// One line: time and instructions a score, and memory.
fn report(scores: u64, epoch: &Epoch, columns: &apportion_guest::Epoch, policy: &Policy, parameters: &Value) {
    let charter = Charter::single("Bench", policy, parameters.clone()).unwrap();
    let policies = std::slice::from_ref(policy);
    let (spelled, a_score) =
        (parameters.to_string(), |time: Duration| time.as_secs_f64() * 1e9 / scores as f64);
    let natively = median(|| {
        black_box(apportion_guest::run::<Influence>(columns, &spelled).unwrap());
    });
    let settled = median(|| {
        black_box(settle(epoch, &charter, policies, &History::default()).unwrap());
    });
    let settlement = settle(epoch, &charter, policies, &History::default()).unwrap();
    let used = settlement.receipt.terms().runs[0].used.unwrap();
    println!(
        "  {scores:>9} scores: natively {:.1} ns a score, settled {:.1} ns, {:.1} instructions; {} MiB in the sandbox",
        a_score(natively),
        a_score(settled),
        used.instructions as f64 / scores as f64,
        used.memory >> 20,
    );
}

fn against_numpy(
    scores: u64,
    epoch: &Epoch,
    columns: &apportion_guest::Epoch,
    policy: &Policy,
    parameters: &Value,
) {
    let folder = tempfile::tempdir().unwrap();
    write_columns(epoch, folder.path());
    let Some(mut numpy) = Numpy::start(folder.path()) else {
        println!("against numpy: skipped, as there is no Python with numpy");
        return;
    };
    let charter = Charter::single("Bench", policy, parameters.clone()).unwrap();
    let policies = std::slice::from_ref(policy);
    let spelled = parameters.to_string();
    let (mut natively, mut settled) = (Vec::new(), Vec::new());
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        let (of_numpy, largest) = numpy.sums();
        let start = Instant::now();
        let allocation = black_box(apportion_guest::run::<Influence>(columns, &spelled).unwrap());
        natively.push(start.elapsed().as_secs_f64() / of_numpy);
        let start = Instant::now();
        black_box(settle(epoch, &charter, policies, &History::default()).unwrap());
        settled.push(start.elapsed().as_secs_f64() / of_numpy);
        seconds.push(of_numpy);
        // The same sums: duplicates are not marked and no score is too small.
        let data = &allocation.measures.iter().find(|measure| measure.name == "data").unwrap().values;
        let ours = data.iter().copied().fold(0.0, f64::max) / data.iter().sum::<f64>();
        assert!((ours - largest).abs() < 1e-9, "{ours}, and numpy has {largest}");
    }
    println!("against numpy {} over {scores} scores, {:.0} ms:", numpy.version, middle(&mut seconds) * 1e3);
    for (name, ratios) in
        [("natively", &mut natively), ("settled, payouts and receipt included", &mut settled)]
    {
        let ratio = middle(ratios);
        println!("  {ratio:.2}  [{:.2} to {:.2}]  times as long {name}", ratios[0], ratios[ROUNDS - 1]);
    }
    numpy.end();
}

/// What `sums.py` reads: the scored edges, and what is to be known of outputs and data points.
fn write_columns(epoch: &Epoch, folder: &Path) {
    let kind =
        |name| u32::try_from(epoch.edge_kinds().iter().position(|kind| kind == name).unwrap()).unwrap();
    let rows_of = |name| {
        let kind = kind(name);
        (0..epoch.edge_count()).filter(move |row| epoch.edge_kind()[*row] == kind)
    };
    let nodes = epoch.node_count();
    let indices = |name: &str, column: &[u32]| {
        let bytes: Vec<u8> = column.iter().flat_map(|index| index.to_le_bytes()).collect();
        fs::write(folder.join(name), bytes).unwrap();
    };
    let numbers = |name: &str, column: &[f64]| {
        let bytes: Vec<u8> = column.iter().flat_map(|number| number.to_le_bytes()).collect();
        fs::write(folder.join(name), bytes).unwrap();
    };
    let scored: Vec<usize> = rows_of("influenced-by").collect();
    let pick = |column: &[u32]| scored.iter().map(|row| column[*row]).collect::<Vec<u32>>();
    indices("output", &pick(epoch.edge_source()));
    indices("point", &pick(epoch.edge_target()));
    let scores = epoch.edge_metric("influence").unwrap();
    numbers("score", &scored.iter().map(|row| scores[*row]).collect::<Vec<f64>>());
    // By node; who is no data point has no quality, and then it matters nowhere what it is part of.
    for (name, kind) in [("set", "part-of"), ("person", "contributed-by")] {
        let mut targets = vec![0; nodes];
        for row in rows_of(kind) {
            targets[epoch.edge_source()[row] as usize] = epoch.edge_target()[row];
        }
        indices(name, &targets);
    }
    numbers("fee", epoch.node_metric("fee").unwrap());
    numbers("quality", epoch.node_metric("quality").unwrap());
}

/// The Python beside us, which makes its sums when it is told to.
struct Numpy {
    version: String,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Numpy {
    fn start(folder: &Path) -> Option<Self> {
        let python = std::env::var_os("APPORTION_PYTHON").unwrap_or_else(|| "python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/influence/sums.py");
        let mut command = Command::new(python);
        command.arg(script).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let (to, mut from) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        let mut version = String::new();
        from.read_line(&mut version).ok()?;
        if version.is_empty() {
            child.wait().ok()?;
            return None;
        }
        Some(Self { version: version.trim().to_owned(), child, to, from })
    }

    /// The seconds that the sums took, and the largest contributor's part.
    fn sums(&mut self) -> (f64, f64) {
        writeln!(self.to, "again").unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let (seconds, largest) = line.trim().split_once(' ').unwrap();
        (seconds.parse().unwrap(), largest.parse().unwrap())
    }

    fn end(mut self) {
        drop(self.to);
        self.child.wait().unwrap();
    }
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

/// The middle of numbers, which are sorted by it.
fn middle(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
