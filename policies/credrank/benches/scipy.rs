//! CredRank natively against the same in numpy and scipy, measured in turn in one run: machines differ and are noisy,
//! ratios hold.
//!
//! `PYTHON=VENV/bin/python cargo bench --package credrank --bench scipy`, where `VENV/bin/pip install numpy scipy` was
//! run before; without that it says so and measures the policy alone.
//!
//! The instance is a real one, repeated: every copy has nodes and participants of its own, in the same weeks.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use apportion_guest::{Edge, Epoch, Node};
use credrank::Parameters;
use serde_json::{Value, json};

const COPIES: usize = 43;
const ROUNDS: usize = 9;

fn main() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let graph_file = crate_folder.join("../../tests/data/sourcecred/superbenefit/output/credGraph");
    let graph: Value =
        serde_json::from_reader(flate2::read::ZlibDecoder::new(File::open(&graph_file).unwrap())).unwrap();
    let epoch = repeated(&graph);
    let parameters: Parameters = serde_json::from_value(json!({"participant_kinds": ["person"]})).unwrap();
    let scores = credrank::scores(&epoch, &parameters).unwrap();
    // Every copy has the cred of the real one, but for where the iteration ends: each state has less of the whole.
    let expected = graph["scores"][0].as_f64().unwrap();
    let first = scores.states[0];
    assert!((first - expected).abs() < 1e-6 * expected.max(1.0), "{first} instead of {expected}");
    println!(
        "{} nodes and {} edges of a graph, {} states over {} weeks, {} iterations",
        epoch.node_ids().len(),
        epoch.edge_weight().len(),
        scores.states.len(),
        scores.weeks.1,
        scores.iterations
    );

    let mut python = Python::start(&crate_folder.join("benches/scipy_rank.py"), &graph_file);
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let again = credrank::scores(&epoch, &parameters).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(again, scores);
        ours.push(seconds);
        if let Some(python) = &mut python {
            let (their_seconds, iterations, score) = python.round();
            assert_eq!(iterations, scores.iterations);
            assert!((score - first).abs() < 1e-9 * first.max(1.0), "{score} instead of {first}");
            theirs.push(their_seconds);
            ratios.push(their_seconds / seconds);
        }
    }
    println!("from the epoch to the scores, the policy natively: {:.0} ms", 1000.0 * median(&mut ours));
    if python.is_some() {
        println!(
            "from the same arrays to the scores, numpy and scipy: {:.0} ms",
            1000.0 * median(&mut theirs)
        );
        let middle = median(&mut ratios);
        println!(
            "numpy and scipy take {middle:.2} times as long as the policy   [{:.2} to {:.2}]",
            ratios[0],
            ratios[ratios.len() - 1]
        );
    } else {
        println!("numpy and scipy: skipped; name a Python that has both in the environment's PYTHON");
    }
}

/// The instance whose chain SourceCred wrote down, so many times: edges carry the probabilities, one way each.
fn repeated(graph: &Value) -> Epoch {
    let mpg = &graph["mpg"];
    let nodes = mpg["nodes"].as_array().unwrap();
    let people = mpg["participants"].as_array().unwrap().len();
    let starts: Vec<i64> =
        mpg["epochStarts"].as_array().unwrap().iter().map(|start| start.as_i64().unwrap() / 1000).collect();
    let edges = mpg["indexedEdges"].as_array().unwrap();
    let mut epoch = Epoch::builder().window(starts[0], starts[0] + 1);
    for copy in 0..COPIES {
        let node_id = |node: usize| format!("{copy:03}/n/{node:05}");
        let person_id = |person: usize| format!("{copy:03}/p/{person:05}");
        for (number, node) in nodes.iter().enumerate() {
            epoch = epoch.node(Node::new(node_id(number), "node").weight(node["mint"].as_f64().unwrap()));
        }
        epoch = (0..people).fold(epoch, |epoch, person| epoch.node(Node::new(person_id(person), "person")));
        // A state's id, and the week if it is a participant's: see `Scores::states` for their order.
        let of_state = |state: usize| match state.checked_sub(nodes.len() + 1) {
            None => (node_id(state), None),
            Some(place) => (person_id(place % (people + 1) - 1), Some(place / (people + 1))),
        };
        for edge in edges {
            let state = |key: &str| of_state(usize::try_from(edge[key].as_u64().unwrap()).unwrap());
            let ((source, in_week), (target, into_week)) = (state("src"), state("dst"));
            let time = starts[in_week.or(into_week).unwrap_or(0)] + 1;
            let weight = edge["transitionProbability"].as_f64().unwrap();
            let edge = Edge::new(source, target, "flow").time(time).weight(weight);
            epoch = epoch.edge(edge.metric("backwards", 0.0));
        }
    }
    epoch.build().unwrap()
}

/// The script beside, which does a round whenever it is given a line.
struct Python {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Python {
    fn start(script: &Path, graph: &Path) -> Option<Python> {
        let python = std::env::var_os("PYTHON").map_or(PathBuf::from("python3"), PathBuf::from);
        let mut command = Command::new(python);
        command.arg(script).arg(graph).arg(COPIES.to_string());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut said = BufReader::new(child.stdout.take()?);
        let mut ready = String::new();
        said.read_line(&mut ready).ok()?;
        (ready == "ready\n").then_some(Python { child, said })
    }

    /// Seconds, iterations and the first node's score.
    fn round(&mut self) -> (f64, u32, f64) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        (words[0].parse().unwrap(), words[1].parse().unwrap(), words[2].parse().unwrap())
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.child.stdin.take()); // which ends the script
        let _ = self.child.wait();
    }
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
