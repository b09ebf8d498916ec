//! The strongest ways on which credit comes from outcomes to a payee.
//!
//! This looks at the graph alone and not at the rule. A way begins at a node that nothing leads to: an outcome, on which
//! nobody relied further. What flows on it is that node's weight times, for each edge, the part that the edge has of all
//! that leaves its source. Edges from one node to the same other are taken as one.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use apportion_core::epoch::Epoch;
use apportion_core::explanation::{Path, Step};

/// How many ways are told.
const MOST_PATHS: usize = 5;

/// The ways on which most flows to one of the nodes, at most one over each edge that leads to it; most first.
pub(super) fn strongest(epoch: &Epoch, owned: &[usize]) -> Vec<Path> {
    if owned.is_empty() {
        return Vec::new();
    }
    let ways = Ways::from_outcomes(epoch);
    let mut last: Vec<(f64, usize)> = Vec::new();
    for edge in firsts(epoch, 0..epoch.edge_count()) {
        let (source, target) = (epoch.edge_source()[edge] as usize, epoch.edge_target()[edge] as usize);
        // A way within what the payee owns is told by its end.
        if owned.binary_search(&target).is_ok() && owned.binary_search(&source).is_err() {
            last.push((ways.flow[source] * ways.part[edge], edge));
        }
    }
    last.retain(|(flow, _)| *flow > 0.0);
    last.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    last.into_iter().take(MOST_PATHS).map(|(_, edge)| ways.path(epoch, edge)).collect()
}

/// Of edges the first of those between the same two nodes: they stand together.
fn firsts(epoch: &Epoch, edges: Range<usize>) -> impl Iterator<Item = usize> + '_ {
    let ends = |edge: usize| (epoch.edge_source()[edge], epoch.edge_target()[edge]);
    edges.filter(move |edge| *edge == 0 || ends(edge - 1) != ends(*edge))
}

/// For each node the strongest way to it from any outcome.
struct Ways {
    flow: Vec<f64>,
    /// The last edge of that way.
    edge_to: Vec<Option<usize>>,
    /// For the first edge between two nodes, the part that all of them have of what leaves the source.
    part: Vec<f64>,
}

/// A node with the strongest way found to it so far.
struct Reached {
    flow: f64,
    node: usize,
}

impl Ord for Reached {
    fn cmp(&self, other: &Self) -> Ordering {
        self.flow.total_cmp(&other.flow).then_with(|| other.node.cmp(&self.node))
    }
}

impl PartialOrd for Reached {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Reached {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Reached {}

impl Ways {
    /// Dijkstra's algorithm with products in place of sums: parts are at most 1, so that no way grows.
    fn from_outcomes(epoch: &Epoch) -> Ways {
        let nodes = epoch.node_count();
        let (mut leaving, mut led_to) = (vec![0.0; nodes], vec![false; nodes]);
        for edge in 0..epoch.edge_count() {
            let weight = epoch.edge_weight()[edge];
            let (source, target) = (epoch.edge_source()[edge], epoch.edge_target()[edge]);
            leaving[source as usize] += weight;
            led_to[target as usize] |= weight > 0.0 && source != target;
        }
        let mut part = vec![0.0; epoch.edge_count()];
        let mut first = 0;
        for edge in 0..epoch.edge_count() {
            if (epoch.edge_source()[edge], epoch.edge_target()[edge])
                != (epoch.edge_source()[first], epoch.edge_target()[first])
            {
                first = edge;
            }
            let whole = leaving[epoch.edge_source()[edge] as usize];
            if whole > 0.0 {
                part[first] += epoch.edge_weight()[edge] / whole;
            }
        }
        let mut ways = Ways { flow: vec![0.0; nodes], edge_to: vec![None; nodes], part };
        let mut reached = BinaryHeap::new();
        for node in (0..nodes).filter(|node| !led_to[*node] && leaving[*node] > 0.0) {
            ways.flow[node] = epoch.node_weight()[node];
            reached.push(Reached { flow: ways.flow[node], node });
        }
        while let Some(Reached { flow, node }) = reached.pop() {
            if flow < ways.flow[node] {
                continue;
            }
            let edges = epoch.edge_offsets()[node] as usize..epoch.edge_offsets()[node + 1] as usize;
            for edge in firsts(epoch, edges) {
                let target = epoch.edge_target()[edge] as usize;
                let along = flow * ways.part[edge];
                if along > ways.flow[target] {
                    ways.flow[target] = along;
                    ways.edge_to[target] = Some(edge);
                    reached.push(Reached { flow: along, node: target });
                }
            }
        }
        ways
    }

    /// The way that ends with this edge.
    fn path(&self, epoch: &Epoch, last: usize) -> Path {
        let id = |node: usize| epoch.node_ids().get(node).unwrap_or_default().to_owned();
        let kind = |node: usize| {
            epoch.node_kinds().get(epoch.node_kind()[node] as usize).unwrap_or_default().to_owned()
        };
        let (mut steps, mut next) = (Vec::new(), Some(last));
        let mut node = 0;
        // It comes to an end: less flows on every further edge, or to a node that was not reached before.
        while let Some(edge) = next {
            let target = epoch.edge_target()[edge] as usize;
            steps.push(Step {
                edge: epoch.edge_kinds().get(epoch.edge_kind()[edge] as usize).unwrap_or_default().to_owned(),
                part: self.part[edge],
                to: id(target),
                kind: kind(target),
            });
            node = epoch.edge_source()[edge] as usize;
            next = self.edge_to[node];
        }
        steps.reverse();
        let part = steps.iter().map(|step| step.part).product();
        Path { from: id(node), kind: kind(node), steps, part }
    }
}
