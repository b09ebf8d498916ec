//! What the tests of the rule share.

#![allow(dead_code, reason = "each file of tests uses a part")]

use apportion_guest::{Division, Edge, Epoch, EpochBuilder, Node, run};
use proptest::prelude::*;
use shapley::Shapley;

/// The weights of the payees.
pub fn shares(epoch: &Epoch, parameters: &str) -> Vec<u64> {
    divided(epoch, parameters).0
}

/// The weights of the payees, and the treasury's.
pub fn divided(epoch: &Epoch, parameters: &str) -> (Vec<u64>, u64) {
    match run::<Shapley>(epoch, parameters).unwrap().division {
        Division::ByWeight { shares, retained } => (shares, retained),
        Division::ByAmount(_) => panic!("amounts"),
    }
}

/// The values of the payees.
pub fn value(epoch: &Epoch, parameters: &str) -> Vec<f64> {
    measure(epoch, parameters, "value").unwrap()
}

pub fn measure(epoch: &Epoch, parameters: &str, name: &str) -> Option<Vec<f64>> {
    let measures = run::<Shapley>(epoch, parameters).unwrap().measures;
    measures.into_iter().find(|measure| measure.name == name).map(|measure| measure.values)
}

pub fn refusal(epoch: &Epoch, parameters: &str) -> String {
    run::<Shapley>(epoch, parameters).unwrap_err().to_string()
}

pub fn close(given: &[f64], expected: &[f64]) {
    assert_eq!(given.len(), expected.len());
    for (given, expected) in given.iter().zip(expected) {
        assert!((given - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{given} instead of {expected}");
    }
}

/// The Shapley value by its definition over sets of players.
pub fn by_definition(players: u32, worth: impl Fn(u32) -> f64) -> Vec<f64> {
    let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
    let value = |player: u32| {
        let without = (0..1_u32 << players).filter(|members| members >> player & 1 == 0);
        let terms = without.map(|members| {
            let size = members.count_ones();
            let part = factorial(size) * factorial(players - size - 1) / factorial(players);
            part * (worth(members | 1 << player) - worth(members))
        });
        terms.sum()
    };
    (0..players).map(value).collect()
}

/// A graph of nodes that rely on each other, as its parts, so that its worth can be found another way.
#[derive(Clone, Debug)]
pub struct Graph {
    /// How many payees there are.
    pub payees: u32,
    /// By node: its kind, its payee if it has one, its worth.
    pub nodes: Vec<(usize, Option<u32>, u8)>,
    /// From, to, weight.
    pub edges: Vec<(usize, usize, u8)>,
}

/// The kinds of a graph's nodes, and what they need.
pub const KINDS: [&str; 3] = ["any", "all", "most"];

/// The game of all graphs.
pub fn parameters(outcomes: &[&str], further: &str) -> String {
    format!(
        r#"{{"game": {{"reachability": {{"outcomes": {outcomes:?}, "needs": {{"all": "all", "most": {{"more_than": 0.5}}}}}}}}
            {further}}}"#
    )
}

impl Graph {
    pub fn any(payees: u32, nodes: usize, edges: usize) -> impl Strategy<Value = Self> {
        let node = (0..3_usize, prop::option::weighted(0.8, 0..payees), 0..4_u8);
        let edge = (0..nodes, 0..nodes, 0..4_u8);
        (prop::collection::vec(node, nodes), prop::collection::vec(edge, 0..edges))
            .prop_map(move |(nodes, edges)| Self { payees, nodes, edges })
    }

    pub fn epoch(&self) -> EpochBuilder {
        let mut epoch = Epoch::builder().pool(1_000_000).asset("OP");
        for payee in 0..self.payees {
            epoch = epoch.payee(format!("p{payee}"));
        }
        for (node, (kind, payee, worth)) in self.nodes.iter().enumerate() {
            let mut row = Node::new(format!("n{node:03}"), KINDS[*kind]).weight(f64::from(*worth));
            if let Some(payee) = payee {
                row = row.payee(format!("p{payee}"));
            }
            epoch = epoch.node(row);
        }
        for (source, target, weight) in &self.edges {
            let (source, target) = (format!("n{source:03}"), format!("n{target:03}"));
            epoch = epoch.edge(Edge::new(source, target, "uses").weight(f64::from(*weight)));
        }
        epoch
    }

    /// What the nodes are worth together that some fulfil, by going over all nodes until nothing changes.
    pub fn worth(&self, takes_part: impl Fn(usize) -> bool) -> f64 {
        let mut fulfilled = vec![false; self.nodes.len()];
        loop {
            let before = fulfilled.clone();
            for (node, (kind, ..)) in self.nodes.iter().enumerate() {
                let edges = || self.edges.iter().filter(move |edge| edge.0 == node && edge.2 > 0);
                let whole: u32 = edges().map(|edge| u32::from(edge.2)).sum();
                let have: u32 = edges().filter(|edge| before[edge.1]).map(|edge| u32::from(edge.2)).sum();
                let enough = match KINDS[*kind] {
                    _ if whole == 0 => true,
                    "any" => have > 0,
                    "all" => have == whole,
                    _ => 2 * have > whole,
                };
                fulfilled[node] = enough && takes_part(node);
            }
            if before == fulfilled {
                break;
            }
        }
        let worth = self.nodes.iter().zip(&fulfilled).filter(|(_, fulfilled)| **fulfilled);
        worth.map(|(node, _)| f64::from(node.2)).sum()
    }

    /// The payees' values by the definition.
    pub fn values(&self) -> Vec<f64> {
        by_definition(self.payees, |members| {
            self.worth(|node| self.nodes[node].1.is_none_or(|payee| members >> payee & 1 == 1))
        })
    }
}
