//! Epochs for the policy `influence`, of any size: outputs with fees, models, adapters, and many scored data points.

use apportion::epoch::{ColumnNames, Header, Window};
use apportion::money::{Asset, Pool};
use apportion::{Edge, Epoch, EpochBuilder, Node};

/// Data sets, contributors and scores of an output.
const SETS: u64 = 20;
const PEOPLE: u64 = 1_000;
const SCORES: u64 = 100;

/// Parameters that use everything the epochs have.
pub const PARAMETERS: &str = r#"{
    "portions": {"platform": 10, "model": 30, "adapters": 10, "data": 50},
    "error": "error", "quality": "quality", "duplicates": "same", "min_score": 0.05, "minimum": "0.01"
}"#;

/// An epoch with so many scores, a hundred an output. One score in five is negative, one data point in ten a marked
/// duplicate, one output in seven without an adapter.
///
/// # Panics
///
/// With more scores than an epoch has rows.
#[allow(clippy::expect_used, reason = "fixed rows, known to be valid")]
pub fn epoch(scores: u64) -> Epoch {
    let outputs = scores.div_ceil(SCORES);
    let points = outputs.max(SCORES * 2);
    let pool = Pool { asset: Asset::new("EUR", 6).expect("a valid asset"), amount: 1_000_000_000_003 };
    let columns = ColumnNames {
        node_metrics: vec!["fee".to_owned(), "quality".to_owned()],
        node_labels: vec!["same".to_owned()],
        edge_metrics: vec!["error".to_owned(), "influence".to_owned()],
        edge_labels: Vec::new(),
    };
    let header = Header { number: 1, window: Window { start: 0, end: 1 }, pool };
    let mut builder = EpochBuilder::new(header, columns).expect("valid columns");
    let ids = |what: &str, count: u64| -> Vec<String> {
        (0..count).map(|number| format!("{what}-{number:07}")).collect()
    };
    let (of_outputs, of_points) = (ids("output", outputs), ids("point", points));
    let (sets, people) = (ids("set", SETS), ids("person", PEOPLE));
    let mut node = |id: &str, kind: &str, payee: Option<&str>, metrics: [f64; 2], label: &str| {
        let (weight, time) = (1.0, None);
        builder.node(Node { id, kind, weight, time, payee, metrics: &metrics, labels: &[label] });
    };
    for (number, id) in (0..).zip(&of_outputs) {
        node(id, "output", Some("platform"), [0.01 + part(number, 100), 0.0], "");
    }
    for (number, id) in (0..).zip(&of_points) {
        let same = if number % 10 == 0 { format!("same-{}", number / 30) } else { String::new() };
        node(id, "data-point", None, [0.0, 0.5 + part(number, 10)], &same);
    }
    for id in &sets {
        node(id, "data-set", None, [0.0; 2], "");
    }
    for id in &people {
        node(id, "person", Some(id), [0.0; 2], "");
    }
    node("model", "model", Some("builder"), [0.0; 2], "");
    node("adapter", "adapter", Some("tuner"), [0.0; 2], "");
    for payee in people.iter().map(String::as_str).chain(["platform", "builder", "tuner"]) {
        builder.payee(payee, "");
    }

    let at = |ids: &[String], number: u64| -> String {
        let row = usize::try_from(number % ids.len() as u64).expect("less than there are");
        ids[row].clone()
    };
    let mut edge = |source: &str, target: &str, kind: &str, metrics: [f64; 2]| {
        let (weight, time) = (1.0, None);
        builder.edge(Edge { source, target, kind, weight, time, metrics: &metrics, labels: &[] });
    };
    for (number, output) in (0..).zip(&of_outputs) {
        edge(output, "model", "generated-by", [0.0; 2]);
        if number % 7 != 0 {
            edge(output, "adapter", "used", [0.0; 2]);
        }
    }
    for (number, point) in (0..).zip(&of_points) {
        edge(point, &at(&sets, mixed(number)), "part-of", [0.0; 2]);
        edge(point, &at(&people, mixed(number) >> 8), "contributed-by", [0.0; 2]);
    }
    for score in 0..scores {
        let (output, point) = (at(&of_outputs, score / SCORES), at(&of_points, mixed(score)));
        let value = part(score, 1_000) * 5.0 - 1.0;
        edge(&output, &point, "influenced-by", [0.1 + part(score, 7), value]);
    }
    builder.finish().expect("valid rows")
}

/// A number that looks random.
fn mixed(number: u64) -> u64 {
    number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24
}

/// A number from 0 to 1, of so many.
fn part(number: u64, of: u64) -> f64 {
    (mixed(number ^ 0x5555) % of) as f64 / of as f64
}
