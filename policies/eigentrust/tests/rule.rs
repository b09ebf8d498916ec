//! The rule against published figures, an exactly solved system, and what must hold on any graph.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::{Edge, Epoch, EpochBuilder, Node, run};
use eigentrust::Eigentrust;
use proptest::prelude::*;

/// The three peers of go-eigentrust's README.
fn example() -> EpochBuilder {
    Epoch::builder()
        .node(peer("ek").metric("pretrust", 50.0))
        .node(peer("vm").metric("pretrust", 100.0))
        .node(peer("sd"))
        .edge(Edge::new("ek", "sd", "trusts").weight(100.0))
        .edge(Edge::new("vm", "sd", "trusts").weight(100.0))
        .edge(Edge::new("ek", "vm", "trusts").weight(75.0))
}

fn peer(id: &str) -> Node {
    Node::new(id, "peer").payee(id)
}

/// The trust of each payee, which here is all there is, and so its share.
fn shares(epoch: EpochBuilder, parameters: &str) -> Vec<f64> {
    let allocation = run::<Eigentrust>(&epoch.build().unwrap(), parameters).unwrap();
    let trust = &allocation.measures[0].values;
    close(trust, &allocation.shares(), 1e-11);
    trust.clone()
}

fn refusal(epoch: EpochBuilder, parameters: &str) -> String {
    run::<Eigentrust>(&epoch.build().unwrap(), parameters).unwrap_err().to_string()
}

fn close(given: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(given.len(), expected.len());
    for (given, expected) in given.iter().zip(expected) {
        assert!((given - expected).abs() <= tolerance, "{given} instead of {expected}");
    }
}

/// The published digits carry the error of the stop.
#[test]
fn three_peers_are_as_published() {
    let published = [0.217_054_279_071_664_72, 0.302_325_542_910_321_8, 0.480_620_178_018_013_4];
    close(&shares(example(), r#"{"pretrust_metric": "pretrust"}"#), &published, 1e-6);
    let published = [0.165_367_391_077_829_36, 0.440_113_297_169_359_4, 0.394_519_311_752_810_96];
    close(&shares(example(), r#"{"pretrust_metric": "pretrust", "alpha": 0.1}"#), &published, 1e-6);
}

/// The same iteration and stop: the digits agree further than the stop itself settles.
#[test]
fn three_peers_stop_where_the_library_stops() {
    let published = [0.217_054_279_071_664_72, 0.302_325_542_910_321_8, 0.480_620_178_018_013_4];
    close(&shares(example(), r#"{"pretrust_metric": "pretrust"}"#), &published, 1e-14);
}

/// Solved by hand in fractions.
#[test]
fn three_peers_are_the_solution_of_their_system() {
    let tight = |alpha: &str| {
        shares(
            example(),
            &format!(r#"{{"pretrust_metric": "pretrust", "alpha": {alpha}, "epsilon": 1e-15}}"#),
        )
    };
    close(&tight("0.5"), &[28.0 / 129.0, 39.0 / 129.0, 62.0 / 129.0], 1e-14);
    close(&tight("0.1"), &[700.0 / 4233.0, 1863.0 / 4233.0, 1670.0 / 4233.0], 1e-14);
    close(&tight("1"), &[1.0 / 3.0, 0.0, 2.0 / 3.0], 1e-14);
}

#[test]
fn without_pre_trust_all_peers_are_trusted_alike() {
    close(&shares(example(), r#"{"epsilon": 1e-15}"#), &[28.0 / 115.0, 53.0 / 115.0, 34.0 / 115.0], 1e-14);
}

/// Whom only each other trusts gets nothing, to the last unit, whatever they say.
#[test]
fn a_ring_outside_gets_nothing_if_nobody_inside_trusts_it() {
    let ring = example()
        .node(peer("sybil:1"))
        .node(peer("sybil:2"))
        .edge(Edge::new("sybil:1", "sybil:2", "trusts").weight(1e12))
        .edge(Edge::new("sybil:2", "sybil:1", "trusts").weight(1e12))
        .edge(Edge::new("sybil:2", "sd", "trusts").weight(1e-3));
    let shares = shares(ring, r#"{"pretrust_metric": "pretrust", "alpha": 0.1}"#);
    assert_eq!(shares[2..4], [0.0, 0.0]);
}

/// A newcomer whom the programme trusts and nobody else: (1 - alpha) × what the empty rows hold, and alpha.
#[test]
fn a_pre_trusted_peer_without_edges_is_paid() {
    let epoch = Epoch::builder()
        .node(peer("ann").metric("pretrust", 1.0))
        .node(peer("bob"))
        .node(peer("new").metric("pretrust", 1.0))
        .node(peer("nobody"))
        .edge(Edge::new("ann", "bob", "trusts"));
    // ann = new = x, bob = x / 2, and all sum to 1.
    let parameters = r#"{"pretrust_metric": "pretrust", "epsilon": 1e-15}"#;
    close(&shares(epoch, parameters), &[0.4, 0.2, 0.4, 0.0], 1e-14);
}

#[test]
fn kinds_that_are_not_listed_are_no_trust() {
    let with = |epoch: EpochBuilder| epoch.edge(Edge::new("sd", "ek", "follows").weight(9.0));
    let parameters = r#"{"pretrust_metric": "pretrust", "edge_kinds": {"trusts": 2}}"#;
    let plain = r#"{"pretrust_metric": "pretrust"}"#;
    assert_eq!(shares(with(example()), parameters), shares(example(), plain));
    assert_ne!(shares(with(example()), plain), shares(example(), plain));
}

#[test]
fn what_cannot_be_answered_is_said() {
    let none = r#"{"edge_kinds": {}}"#;
    assert_eq!(refusal(example(), none), "no answer: nobody trusts anybody: no edge has a weight");
    let missing = r#"{"pretrust_metric": "seeds"}"#;
    assert_eq!(refusal(example(), missing), "no answer: the epoch has no node metric `seeds`");
    let zero = Epoch::builder()
        .node(peer("ann").metric("pretrust", 0.0))
        .node(peer("bob"))
        .edge(Edge::new("ann", "bob", "t"));
    assert!(refusal(zero, r#"{"pretrust_metric": "pretrust"}"#).contains("nobody is trusted beforehand"));
    let negative = example().node(peer("bad").metric("pretrust", -1.0));
    assert_eq!(
        refusal(negative, r#"{"pretrust_metric": "pretrust"}"#),
        "no answer: `bad` has the pre-trust `-1`: it must be 0 or more"
    );
    let endless =
        example().node(peer("a").metric("pretrust", f64::MAX)).node(peer("b").metric("pretrust", f64::MAX));
    assert!(refusal(endless, r#"{"pretrust_metric": "pretrust"}"#).contains("no finite sum"));
    let circle = Epoch::builder()
        .node(peer("ann").metric("pretrust", 1.0))
        .node(peer("bob"))
        .edge(Edge::new("ann", "bob", "t"))
        .edge(Edge::new("bob", "ann", "t"));
    assert_eq!(
        refusal(circle, r#"{"pretrust_metric": "pretrust", "alpha": 0}"#),
        "no answer: the scores did not settle in 1000 iterations"
    );
    let nobodys = Epoch::builder()
        .payee("ann")
        .node(Node::new("a", "peer"))
        .node(Node::new("b", "peer"))
        .edge(Edge::new("a", "b", "t"));
    assert_eq!(refusal(nobodys, "{}"), "no answer: no payee owns a peer that anybody trusts");
    for (parameters, part) in [
        (r#"{"alpha": 1.5}"#, "a number from 0 to 1"),
        (r#"{"epsilon": 0}"#, "a number above 0"),
        (r#"{"max_iterations": 0}"#, "nonzero"),
        (r#"{"damping": 0.5}"#, "unknown field `damping`"),
    ] {
        assert!(refusal(example(), parameters).contains(part), "{parameters}");
    }
}

/// Trust of each peer in each, and how much each is trusted beforehand.
#[derive(Clone, Debug)]
struct Graph {
    trust: Vec<Vec<f64>>,
    pretrust: Vec<f64>,
}

impl Graph {
    fn epoch(&self) -> EpochBuilder {
        let id = |peer: usize| format!("peer:{peer:02}");
        let mut epoch = Epoch::builder();
        for (number, trust) in self.pretrust.iter().enumerate() {
            epoch = epoch.node(peer(&id(number)).metric("pretrust", *trust));
        }
        for (from, row) in self.trust.iter().enumerate() {
            for (to, trust) in row.iter().enumerate().filter(|(_, trust)| **trust > 0.0) {
                epoch = epoch.edge(Edge::new(id(from), id(to), "trusts").weight(*trust));
            }
        }
        epoch
    }

    fn shares(&self, alpha: f64) -> Vec<f64> {
        shares(
            self.epoch(),
            &format!(r#"{{"pretrust_metric": "pretrust", "epsilon": 1e-14, "alpha": {alpha}}}"#),
        )
    }

    /// t = (1 - alpha) Cᵀt + alpha p by Gaussian elimination: no iteration, nothing of the policy's.
    fn solved(&self, alpha: f64) -> Vec<f64> {
        let size = self.pretrust.len();
        let p: Vec<f64> =
            self.pretrust.iter().map(|trust| trust / self.pretrust.iter().sum::<f64>()).collect();
        let c = |from: usize, to: usize| {
            let given: f64 = self.trust[from].iter().sum();
            if given > 0.0 { self.trust[from][to] / given } else { p[to] }
        };
        let mut rows: Vec<Vec<f64>> = (0..size)
            .map(|to| {
                let mut row: Vec<f64> = (0..size)
                    .map(|from| f64::from(u8::from(from == to)) - (1.0 - alpha) * c(from, to))
                    .collect();
                row.push(alpha * p[to]);
                row
            })
            .collect();
        for pivot in 0..size {
            let largest =
                (pivot..size).max_by(|a, b| rows[*a][pivot].abs().total_cmp(&rows[*b][pivot].abs()));
            rows.swap(pivot, largest.unwrap());
            let top = rows[pivot].clone();
            for (_, row) in rows.iter_mut().enumerate().filter(|(row, _)| *row != pivot) {
                let factor = row[pivot] / top[pivot];
                row.iter_mut().zip(&top).for_each(|(entry, top)| *entry -= factor * top);
            }
        }
        (0..size).map(|row| rows[row][size] / rows[row][row]).collect()
    }
}

/// Up to eight peers; half of all pairs without trust, loops and empty rows among them.
fn graph() -> impl Strategy<Value = Graph> {
    let some = || prop_oneof![Just(0.0), 0.01..100.0];
    (1..8_usize).prop_flat_map(move |size| {
        let trust = proptest::collection::vec(proptest::collection::vec(some(), size), size);
        // Somebody is trusted beforehand.
        (trust, proptest::collection::vec(some(), size), 0.1..10.0).prop_map(
            |(trust, mut pretrust, first)| {
                pretrust[0] = first;
                Graph { trust, pretrust }
            },
        )
    })
}

proptest! {
    #[test]
    fn any_graph_gives_the_solution_of_its_system(graph in graph(), alpha in 0.05..1.0) {
        let (given, exact) = (graph.shares(alpha), graph.solved(alpha));
        for (given, exact) in given.iter().zip(&exact) {
            prop_assert!((given - exact).abs() < 1e-11, "{given} instead of {exact}");
        }
        prop_assert!((exact.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    /// How loud a peer speaks is all the same; only proportions count. Powers of two, so that they do to the bit.
    #[test]
    fn scaling_what_a_peer_says_changes_nothing(graph in graph(), peer in 0..8_usize, power in -10..10_i32) {
        let mut louder = graph.clone();
        let factor = f64::from(2_u32.pow(power.unsigned_abs()));
        let factor = if power < 0 { 1.0 / factor } else { factor };
        let peer = peer % graph.trust.len();
        louder.trust[peer].iter_mut().for_each(|trust| *trust *= factor);
        louder.pretrust.iter_mut().for_each(|trust| *trust *= factor);
        prop_assert_eq!(louder.shares(0.5), graph.shares(0.5));
    }

    /// More trust of anybody in a peer never lowers that peer's share.
    #[test]
    fn more_trust_is_never_less(graph in graph(), from in 0..8_usize, to in 0..8_usize, more in 0.1..50.0) {
        let size = graph.trust.len();
        let (from, to) = (from % size, to % size);
        let mut trusted = graph.clone();
        trusted.trust[from][to] += more;
        // Who trusted nobody before spoke for the pre-trusted, of whom this peer may have been the most trusted.
        prop_assume!(graph.trust[from].iter().any(|trust| *trust > 0.0));
        prop_assert!(trusted.shares(0.3)[to] >= graph.shares(0.3)[to] - 1e-11);
    }

    /// Two edges are one of their sum.
    #[test]
    fn parallel_edges_add_up(graph in graph()) {
        let mut epoch = graph.epoch();
        for (from, row) in graph.trust.iter().enumerate() {
            for (to, trust) in row.iter().enumerate().filter(|(_, trust)| **trust > 0.0) {
                epoch = epoch.edge(Edge::new(format!("peer:{from:02}"), format!("peer:{to:02}"), "too").weight(*trust));
            }
        }
        let doubled = shares(epoch, r#"{"pretrust_metric": "pretrust", "epsilon": 1e-14}"#);
        for (doubled, once) in doubled.iter().zip(graph.shares(0.5)) {
            prop_assert!((doubled - once).abs() < 1e-12);
        }
    }
}
