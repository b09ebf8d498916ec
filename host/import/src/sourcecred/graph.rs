//! The plugins' graphs, as one: who is whom is settled, weights are applied.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::limits::{Bound, LimitExceeded, Quota};
use crate::problem::{Collector, Fault, Place};

use super::address::Address;
use super::file::{Files, Stamp};
use super::ledger::{Identity, checked_time};
use super::weights::{EdgeWeight, Weights, WeightsFile};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWeightedGraph {
    #[serde(rename = "graphJSON")]
    graph: (Stamp, RawGraph),
    #[serde(rename = "weightsJSON")]
    weights: WeightsFile,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawGraph {
    nodes: Vec<RawNode>,
    edges: Vec<RawEdge>,
    sorted_node_addresses: Vec<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawNode {
    index: usize,
    timestamp_ms: Option<i64>,
    #[serde(rename = "description")]
    _description: serde::de::IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawEdge {
    address: Address,
    src_index: usize,
    dst_index: usize,
    timestamp_ms: i64,
}

/// One end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// The place of a node.
    Node(usize),
    /// The place of an identity.
    Identity(usize),
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) address: Address,
    /// Milliseconds since 1970.
    pub(super) time: Option<i64>,
    /// What it mints.
    pub(super) weight: f64,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) struct Edge {
    pub(super) kind: String,
    pub(super) source: End,
    pub(super) target: End,
    /// Milliseconds since 1970.
    pub(super) time: i64,
    pub(super) weight: EdgeWeight,
    pub(super) place: Place,
}

/// Nodes that are no participants, and edges whose ends are there.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// How many edges were left out as an end of them is no node.
    pub(super) dangling: usize,
}

/// An edge whose ends are not looked up yet.
struct Loose {
    address: Address,
    source: Address,
    target: Address,
    time: i64,
    place: Place,
}

impl Graph {
    /// Reads the graphs in `plugins`, the numbers of files. `overriding` takes the place of the plugins' own weights.
    pub(super) fn read(
        files: &mut Files<'_>,
        plugins: std::ops::Range<usize>,
        identities: &[Identity],
        overriding: Option<Weights>,
    ) -> (Graph, Weights) {
        let mut weights = Weights::default();
        let mut nodes = BTreeMap::<Address, (Option<i64>, Place)>::new();
        let mut edges = Vec::new();
        for file in plugins {
            let Some(raw) = files.packed::<(Stamp, RawWeightedGraph)>(file) else { continue };
            match unwrapped(raw) {
                Err(fault) => files.problems.add_file(file, fault),
                Ok((graph, more)) => {
                    if let Err(fault) = weights.add(more) {
                        files.problems.add_file(file, fault);
                    }
                    let gathered =
                        gather(graph, file, &files.quota, &mut nodes, &mut edges, &mut files.problems);
                    if let Err(exceeded) = gathered {
                        files.problems.add_file(file, Fault::Limit(exceeded));
                    }
                }
            }
        }
        if let Some(overriding) = overriding {
            weights.replace(overriding);
        }
        (joined(nodes, edges, identities, &weights, &mut files.problems), weights)
    }
}

fn unwrapped((stamp, raw): (Stamp, RawWeightedGraph)) -> Result<(RawGraph, Weights), Fault> {
    stamp.expect("sourcecred/weightedGraph", "0.1.0")?;
    let (stamp, graph) = raw.graph;
    stamp.expect("sourcecred/graph", "0.8.0")?;
    Ok((graph, Weights::read(raw.weights)?))
}

/// Adds a plugin's nodes and edges.
fn gather(
    raw: RawGraph,
    file: usize,
    quota: &Quota,
    nodes: &mut BTreeMap<Address, (Option<i64>, Place)>,
    edges: &mut Vec<Loose>,
    problems: &mut Collector,
) -> Result<(), LimitExceeded> {
    // Every row repeats addresses that the file holds once.
    let take = |addresses: &[&Address]| {
        quota.take(Bound::Rows, 1)?;
        quota.take(Bound::Unpacked, addresses.iter().map(|address| address.length()).sum())
    };
    let address = |index: usize| raw.sorted_node_addresses.get(index).cloned();
    for (row, node) in (1..).zip(&raw.nodes) {
        let place = Place { file, row };
        let time = node.timestamp_ms.map(checked_time).transpose();
        match (address(node.index), time) {
            (None, _) => problems.add(place, Some("nodes"), no_address(node.index)),
            (_, Err(fault)) => problems.add(place, Some("nodes"), fault),
            (Some(address), Ok(time)) => {
                take(&[&address])?;
                let known = nodes.insert(address.clone(), (time, place));
                if known.is_some_and(|(known, _)| known != time) {
                    let shown = crate::problem::shortened(&address.id());
                    let fault = Fault::Parameters(format!("`{shown}` is a node with another time already"));
                    problems.add(place, Some("nodes"), fault);
                }
            }
        }
    }
    for (row, edge) in (1..).zip(raw.edges) {
        let place = Place { file, row };
        let time = match checked_time(edge.timestamp_ms) {
            Ok(time) => time,
            Err(fault) => {
                problems.add(place, Some("edges"), fault);
                continue;
            }
        };
        match (address(edge.src_index), address(edge.dst_index)) {
            (Some(source), Some(target)) => {
                take(&[&source, &target])?;
                edges.push(Loose { address: edge.address, source, target, time, place });
            }
            (None, _) => problems.add(place, Some("edges"), no_address(edge.src_index)),
            (_, None) => problems.add(place, Some("edges"), no_address(edge.dst_index)),
        }
    }
    Ok(())
}

fn no_address(index: usize) -> Fault {
    Fault::Parameters(format!("there is no address {index} in `sortedNodeAddresses`"))
}

/// Puts identities in the place of their accounts and weighs everything.
fn joined(
    nodes: BTreeMap<Address, (Option<i64>, Place)>,
    edges: Vec<Loose>,
    identities: &[Identity],
    weights: &Weights,
    problems: &mut Collector,
) -> Graph {
    let mut ends = BTreeMap::new();
    for (number, identity) in identities.iter().enumerate() {
        for address in identity.aliases.iter().chain([&identity.address]) {
            ends.insert(address.clone(), End::Identity(number));
        }
    }
    let mut graph = Graph::default();
    for (address, (time, place)) in nodes {
        if !ends.contains_key(&address) {
            ends.insert(address.clone(), End::Node(graph.nodes.len()));
            let weight = weights.of_node(&address);
            graph.nodes.push(Node { address, time, weight, place });
        }
    }
    let mut seen = BTreeSet::new();
    for Loose { address, source, target, time, place } in edges {
        let (Some(source), Some(target)) = (ends.get(&source), ends.get(&target)) else {
            graph.dangling += 1;
            continue;
        };
        let (weight, kind) = (weights.of_edge(&address), address.kind());
        if seen.contains(&address) {
            problems.add(place, Some("edges"), Fault::Twice(crate::problem::shortened(&address.id())));
        }
        seen.insert(address);
        graph.edges.push(Edge { kind, source: *source, target: *target, time, weight, place });
    }
    graph
}
