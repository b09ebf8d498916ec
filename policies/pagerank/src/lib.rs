#![doc = include_str!("../README.md")]

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use apportion_guest::propagate::{Link, Network, PageRank};
use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Factor, Policy, Positive, Refusal, Share, by_kind};

/// The policy `pagerank`.
#[derive(Clone, Copy, Debug)]
pub struct Pagerank;

apportion_guest::export!(Pagerank);

/// What edges weigh, where credit starts, and how long it flows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// What an edge weighs, by kind: this factor times the edge's weight. A kind that is not listed weighs nothing;
    /// without the list every kind has the factor 1.
    #[serde(default)]
    pub edge_kinds: Option<BTreeMap<String, Factor>>,
    /// Where credit starts, by kind of node: this factor times the node's weight. Without the list every node alike.
    #[serde(default)]
    pub start_kinds: Option<BTreeMap<String, Factor>>,
    /// The part of its credit that a node passes on.
    #[serde(default = "damping")]
    pub damping: Share,
    /// The scores are settled when an iteration changes them by less than this a node, in sum.
    #[serde(default = "tolerance")]
    pub tolerance: Positive,
    /// If the scores are not settled after so many iterations there is no answer.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(default = "max_iterations")]
    pub max_iterations: NonZeroU32,
    /// Exactly so many iterations instead, settled or not.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(default)]
    pub iterations: Option<NonZeroU32>,
}

fn damping() -> Share {
    Share::new(PageRank::default().damping).unwrap_or_default()
}

#[allow(clippy::expect_used, reason = "a constant above 0")]
fn tolerance() -> Positive {
    Positive::new(PageRank::default().tolerance).expect("above 0")
}

fn max_iterations() -> NonZeroU32 {
    const { NonZeroU32::new(1_000).unwrap() }
}

impl Policy for Pagerank {
    type Parameters = Parameters;
    const NAME: &'static str = "pagerank";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Every payee in proportion to the PageRank of its nodes: a node counts for what \
        those who rely on it count for, shared over all they rely on.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let network = network(epoch, parameters.edge_kinds.as_ref());
        if network.members().is_empty() {
            return Err(Refusal::no_answer("no edge has a weight"));
        }
        let start = match &parameters.start_kinds {
            None => Vec::new(),
            Some(kinds) => {
                let factors = by_kind(epoch.node_kinds(), kinds, 0.0);
                let weights = epoch.node_kind().iter().zip(epoch.node_weight());
                let start: Vec<f64> =
                    weights.map(|(kind, weight)| factors[*kind as usize] * weight).collect();
                if !network.members().iter().any(|node| start[*node as usize] > 0.0) {
                    return Err(Refusal::no_answer("credit starts at no node that an edge touches"));
                }
                start
            }
        };
        let (tolerance, most) = match parameters.iterations {
            // Nothing changes by less than nothing: all iterations are made.
            Some(exactly) => (0.0, exactly),
            None => (parameters.tolerance.get(), parameters.max_iterations),
        };
        let rule = PageRank { damping: parameters.damping.get(), tolerance, max_iterations: most.get() };
        let ranking = rule.rank(&network, &start);
        if !ranking.settled && parameters.iterations.is_none() {
            return Err(Refusal::NoAnswer(format!("the scores did not settle in {most} iterations")));
        }
        let mut scores = vec![0.0; epoch.payees().len()];
        for (payee, score) in epoch.node_payee().iter().zip(&ranking.scores) {
            if let Some(sum) = scores.get_mut(*payee as usize) {
                *sum += score;
            }
        }
        if scores.iter().all(|score| *score == 0.0) {
            return Err(Refusal::no_answer("no payee owns a node that credit reaches"));
        }
        Ok(Allocation::from_scores(&scores)?.measure("pagerank", scores))
    }
}

fn network(epoch: &Epoch, kinds: Option<&BTreeMap<String, Factor>>) -> Network {
    let factors = match kinds {
        None => vec![1.0; epoch.edge_kinds().len()],
        Some(kinds) => by_kind(epoch.edge_kinds(), kinds, 0.0),
    };
    let ends = epoch.edge_source().iter().zip(epoch.edge_target());
    let weights = epoch.edge_kind().iter().zip(epoch.edge_weight());
    let links = ends.zip(weights).map(|((&source, &target), (kind, weight))| {
        let weight = factors[*kind as usize] * weight;
        Link { source, target, weight }
    });
    Network::new(epoch.node_kind().len(), &links.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use apportion_guest::{Edge, Node, run};

    use super::*;

    /// The example of the README.
    fn epoch() -> Epoch {
        let epoch = Epoch::builder()
            .node(Node::new("app:1", "app").payee("ann"))
            .node(Node::new("app:2", "app").payee("ann").weight(2.0))
            .node(Node::new("library", "code").payee("bob"))
            .node(Node::new("tool", "code").payee("cyd"))
            .node(Node::new("alone", "code").payee("dan"))
            .node(Node::new("nobody's", "code"))
            .edge(Edge::new("app:1", "library", "uses"))
            .edge(Edge::new("app:2", "library", "uses").weight(3.0))
            .edge(Edge::new("app:2", "tool", "uses"))
            .edge(Edge::new("tool", "library", "cites"))
            .edge(Edge::new("tool", "nobody's", "cites"));
        epoch.build().unwrap()
    }

    fn shares(parameters: &str) -> Vec<f64> {
        run::<Pagerank>(&epoch(), parameters).unwrap().shares()
    }

    /// The stationary vector by another way: the Google matrix, dense, applied until nothing moves.
    fn dense(edges: &[(usize, usize, f64)], start: &[f64], damping: f64) -> Vec<f64> {
        let size = start.len();
        let total: f64 = start.iter().sum();
        let entry = |to: usize, from: usize| {
            let leaving: f64 = edges.iter().filter(|edge| edge.0 == from).map(|edge| edge.2).sum();
            let along: f64 = edges.iter().filter(|e| (e.0, e.1) == (from, to)).map(|edge| edge.2).sum();
            let started = start[to] / total;
            let walked = if leaving > 0.0 { along / leaving } else { started };
            damping * walked + (1.0 - damping) * started
        };
        let matrix: Vec<Vec<f64>> =
            (0..size).map(|to| (0..size).map(|from| entry(to, from)).collect()).collect();
        let mut scores = vec![1.0 / size as f64; size];
        for _ in 0..1_000 {
            scores = matrix.iter().map(|row| row.iter().zip(&scores).map(|(a, b)| a * b).sum()).collect();
        }
        scores
    }

    fn close(given: &[f64], expected: &[f64]) {
        assert_eq!(given.len(), expected.len());
        for (given, expected) in given.iter().zip(expected) {
            assert!((given - expected).abs() < 1e-9, "{given} instead of {expected}");
        }
    }

    /// Scores of app:1, app:2, library, tool, nobody's -> shares of ann, bob, cyd, dan.
    fn by_payee(scores: &[f64]) -> Vec<f64> {
        let owned = [scores[0] + scores[1], scores[2], scores[3], 0.0];
        let total: f64 = owned.iter().sum();
        owned.iter().map(|score| score / total).collect()
    }

    #[test]
    fn scores_are_those_of_the_google_matrix() {
        let uses = [(0, 2, 1.0), (1, 2, 3.0), (1, 3, 1.0)];
        let all = [&uses[..], &[(3, 2, 1.0), (3, 4, 1.0)]].concat();
        let tight = r#""tolerance": 1e-15"#;
        close(&shares(&format!("{{{tight}}}")), &by_payee(&dense(&all, &[1.0; 5], 0.85)));
        let weighed = r#"{"tolerance": 1e-15, "damping": 0.5, "edge_kinds": {"uses": 2, "cites": 0.5},
            "start_kinds": {"app": 3}}"#;
        close(&shares(weighed), &by_payee(&dense(&all, &[3.0, 6.0, 0.0, 0.0, 0.0], 0.5)));
        // Without the citations nobody's node is outside the network.
        let scores = dense(&uses, &[1.0; 4], 0.85);
        close(
            &shares(&format!(r#"{{{tight}, "edge_kinds": {{"uses": 1}}}}"#)),
            &by_payee(&[&scores[..], &[0.0]].concat()),
        );
    }

    #[test]
    fn a_number_of_iterations_is_kept_to() {
        // One iteration from uniform scores over five nodes; the library and nobody's node pass on evenly.
        let even = 0.15 / 5.0 + 0.85 * 2.0 / 25.0;
        let step = [even, even, even + 0.85 * (1.0 + 0.75 + 0.5) / 5.0, even + 0.85 * 0.25 / 5.0, 0.0];
        close(&shares(r#"{"iterations": 1}"#), &by_payee(&step));
        let few = run::<Pagerank>(&epoch(), r#"{"tolerance": 1e-15, "max_iterations": 2}"#).unwrap_err();
        assert_eq!(few.to_string(), "no answer: the scores did not settle in 2 iterations");
    }

    #[test]
    fn what_cannot_be_answered_is_said() {
        let refusal = |parameters| run::<Pagerank>(&epoch(), parameters).unwrap_err().to_string();
        assert_eq!(refusal(r#"{"edge_kinds": {}}"#), "no answer: no edge has a weight");
        let nowhere = "no answer: credit starts at no node that an edge touches";
        assert_eq!(refusal(r#"{"start_kinds": {"poem": 1}}"#), nowhere);
        assert!(refusal(r#"{"damping": 1.5}"#).contains("a number from 0 to 1"));
        assert!(refusal(r#"{"iterations": 0}"#).contains("nonzero"));
        let nobody = Epoch::builder()
            .payee("ann")
            .node(Node::new("a", "code"))
            .node(Node::new("b", "code"))
            .edge(Edge::new("a", "b", "uses"));
        let refused = run::<Pagerank>(&nobody.build().unwrap(), "{}").unwrap_err().to_string();
        assert_eq!(refused, "no answer: no payee owns a node that credit reaches");
    }
}
