//! `credrank` over two real SourceCred instances: every score, and what was paid.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use apportion_import::sourcecred::{self, Imported, Options};
use apportion_tests::{data, native};
use credrank::{Parameters, Scores};
use serde_json::Value;

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
