//! PageRank against a second implementation: the linear system of its fixed point, dense, solved by elimination.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::{Edge, Epoch, Node, run};
use pagerank::Pagerank;
use proptest::prelude::*;

/// Nodes with a weight, each the payee's of its name; edges with a weight, loops and parallel ones among them.
#[derive(Clone, Debug)]
struct Graph {
    nodes: Vec<f64>,
    edges: Vec<(usize, usize, f64)>,
}

/// Where credit starts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Start {
    Uniform,
    /// Personalised by node: in proportion to the nodes' weights.
    ByWeight,
}

impl Graph {
    fn epoch(&self) -> Epoch {
        let id = |node: usize| format!("{node:02}");
        let nodes = self.nodes.iter().enumerate();
        let epoch = nodes.fold(Epoch::builder(), |epoch, (node, weight)| {
            epoch.node(Node::new(id(node), "page").payee(id(node)).weight(*weight))
        });
        let edges = self.edges.iter();
        let epoch = edges.fold(epoch, |epoch, (from, to, weight)| {
            epoch.edge(Edge::new(id(*from), id(*to), "links").weight(*weight))
        });
        epoch.build().unwrap()
    }

    /// The PageRank of each node, which sums to 1 here, where each belongs to a payee; so it is the payee's share.
    fn shares(&self, start: Start, damping: f64) -> Vec<f64> {
        let start = if start == Start::ByWeight { r#","start_kinds": {"page": 1}"# } else { "" };
        let parameters =
            format!(r#"{{"tolerance": 1e-14, "max_iterations": 10000, "damping": {damping}{start}}}"#);
        let allocation = run::<Pagerank>(&self.epoch(), &parameters).unwrap();
        let scores = allocation.measures[0].values.clone();
        for (score, share) in scores.iter().zip(allocation.shares()) {
            assert!((score - share).abs() < 1e-11, "{score} and {share}");
        }
        scores
    }

    fn touched(&self, node: usize) -> bool {
        self.edges.iter().any(|(from, to, _)| *from == node || *to == node)
    }

    /// score = damping × (walk + start × what stands on nodes without edges) + (1 - damping) × start.
    fn solved(&self, start: Start, damping: f64) -> Vec<f64> {
        let size = self.nodes.len();
        let mut starts: Vec<f64> = (0..size)
            .map(|node| match start {
                _ if !self.touched(node) => 0.0,
                Start::Uniform => 1.0,
                Start::ByWeight => self.nodes[node],
            })
            .collect();
        let total: f64 = starts.iter().sum();
        starts.iter_mut().for_each(|start| *start /= total);

        let mut leaving = vec![0.0; size];
        let mut system = vec![vec![0.0; size + 1]; size];
        for (from, _, weight) in &self.edges {
            leaving[*from] += weight;
        }
        for (from, to, weight) in &self.edges {
            system[*to][*from] -= damping * weight / leaving[*from];
        }
        for (to, row) in system.iter_mut().enumerate() {
            row[to] += 1.0;
            row[size] = (1.0 - damping) * starts[to];
            for (from, _) in leaving.iter().enumerate().filter(|(_, leaving)| **leaving == 0.0) {
                row[from] -= damping * starts[to];
            }
        }
        solve(system)
    }
}

/// Gauss and Jordan's elimination, the largest pivot first; the last column is the right side.
fn solve(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    let size = system.len();
    for column in 0..size {
        let largest = (column..size)
            .max_by(|a, b| system[*a][column].abs().total_cmp(&system[*b][column].abs()))
            .unwrap();
        system.swap(column, largest);
        let pivot = system[column].clone();
        for (_, row) in system.iter_mut().enumerate().filter(|(row, _)| *row != column) {
            let factor = row[column] / pivot[column];
            row.iter_mut().zip(&pivot).for_each(|(entry, pivot)| *entry -= factor * pivot);
        }
    }
    (0..size).map(|row| system[row][size] / system[row][row]).collect()
}

/// Up to ten nodes, some of weight 0, and up to twenty edges: few enough that nodes without edges, and nodes that no
/// edge leaves, are common.
fn graph() -> impl Strategy<Value = Graph> {
    let weight = || prop_oneof![1 => Just(0.0), 3 => 0.01..100.0];
    (1..10_usize).prop_flat_map(move |size| {
        let edges = proptest::collection::vec((0..size, 0..size, 0.01..100.0), 1..20);
        (proptest::collection::vec(weight(), size), edges).prop_map(|(mut nodes, edges)| {
            // Somewhere in the network credit starts.
            nodes[edges[0].0] = 1.0;
            Graph { nodes, edges }
        })
    })
}

proptest! {
    #[test]
    fn any_graph_gives_the_solution_of_its_system(graph in graph(), damping in 0.0..0.95, personal: bool) {
        let start = if personal { Start::ByWeight } else { Start::Uniform };
        let (given, exact) = (graph.shares(start, damping), graph.solved(start, damping));
        prop_assert!((exact.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        for (given, exact) in given.iter().zip(&exact) {
            prop_assert!((given - exact).abs() < 1e-11, "{given} instead of {exact}");
        }
    }

    /// Two edges are one of their sum.
    #[test]
    fn parallel_edges_add_up(graph in graph()) {
        let mut doubled = graph.clone();
        doubled.edges.extend(graph.edges.iter().map(|(from, to, weight)| (*from, *to, weight * 3.0)));
        for (doubled, once) in doubled.shares(Start::Uniform, 0.85).iter().zip(graph.shares(Start::Uniform, 0.85)) {
            prop_assert!((doubled - once).abs() < 1e-11);
        }
    }

    /// Another link to a node never lowers its share.
    #[test]
    fn more_links_are_never_less(graph in graph(), from in 0..10_usize, to in 0..10_usize, weight in 0.01..50.0) {
        let (from, to) = (from % graph.nodes.len(), to % graph.nodes.len());
        // A node that passed on to all alike would pass on to this one alone; one that was outside brings others in.
        prop_assume!(graph.edges.iter().any(|edge| edge.0 == from) && graph.touched(to));
        let mut linked = graph.clone();
        linked.edges.push((from, to, weight));
        let [before, after] = [&graph, &linked].map(|graph| graph.shares(Start::ByWeight, 0.85)[to]);
        prop_assert!(after >= before - 1e-11, "{after} after {before}");
    }
}

/// Credit that starts at one node reaches only those whom it relies on, and by how far they are.
#[test]
fn a_start_by_node_is_a_start_at_its_weight() {
    let chain = Graph { nodes: vec![0.0, 2.0, 0.0, 0.0], edges: vec![(0, 1, 1.0), (1, 2, 5.0), (2, 3, 1.0)] };
    // 1 : d : d² from the start on; what reaches the end starts anew.
    let (half, total) = (0.5, 1.75);
    let expected = [0.0, 1.0 / total, half / total, half * half / total];
    for (given, expected) in chain.shares(Start::ByWeight, half).iter().zip(expected) {
        assert!((given - expected).abs() < 1e-14, "{given} instead of {expected}");
    }
}
