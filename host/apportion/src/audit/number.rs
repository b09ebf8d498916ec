//! One number among an epoch's rows: a weight or a metric, of a node or of an edge.

use apportion_core::epoch::{EdgeRow, EpochRows, NodeRow, RowText};

use super::chance::Chance;
use super::edit::Edit;

/// A number in an epoch's rows, found by names.
#[derive(Clone)]
pub(super) enum Number {
    NodeWeight(RowText),
    NodeMetric(RowText, usize),
    EdgeWeight(Ends),
    EdgeMetric(Ends, usize),
}

/// Source, target and kind: all edges that have them alike.
type Ends = (RowText, RowText, RowText);

fn ends(edge: &EdgeRow) -> Ends {
    (edge.source.clone(), edge.target.clone(), edge.kind.clone())
}

impl Number {
    /// One of a node, or of an edge of the epoch's.
    pub(super) fn draw(nodes: &[&NodeRow], edges: &[&EdgeRow], chance: &mut Chance) -> Option<Number> {
        let of_node = match (nodes.is_empty(), edges.is_empty()) {
            (true, true) => return None,
            (one, other) if one != other => other,
            _ => chance.once_in(2),
        };
        if of_node {
            let node = chance.pick(nodes)?;
            Some(match chance.below(1 + node.metrics.len()) {
                0 => Number::NodeWeight(node.id.clone()),
                metric => Number::NodeMetric(node.id.clone(), metric - 1),
            })
        } else {
            let edge = chance.pick(edges)?;
            Some(match chance.below(1 + edge.metrics.len()) {
                0 => Number::EdgeWeight(ends(edge)),
                metric => Number::EdgeMetric(ends(edge), metric - 1),
            })
        }
    }

    pub(super) fn told(&self) -> String {
        match self {
            Number::NodeWeight(id) => format!("the weight of {id}"),
            Number::NodeMetric(id, _) => format!("a metric of {id}"),
            Number::EdgeWeight((source, target, kind)) => {
                format!("the weight of `{kind}` from {source} to {target}")
            }
            Number::EdgeMetric((source, target, kind), _) => {
                format!("a metric of `{kind}` from {source} to {target}")
            }
        }
    }

    pub(super) fn read(&self, rows: &EpochRows) -> Option<f64> {
        let edge = |of: &Ends| rows.edges.iter().find(|edge| ends(edge) == *of);
        match self {
            Number::NodeWeight(id) => Some(rows.node(id)?.weight),
            Number::NodeMetric(id, metric) => rows.node(id)?.metrics.get(*metric).copied(),
            Number::EdgeWeight(of) => Some(edge(of)?.weight),
            Number::EdgeMetric(of, metric) => edge(of)?.metrics.get(*metric).copied(),
        }
    }

    /// The rows with another number; of parallel edges all.
    pub(super) fn changed(&self, rows: &EpochRows, change: impl Fn(f64) -> f64) -> EpochRows {
        let mut rows = rows.clone();
        let change = |value: &mut f64| *value = change(*value);
        match self {
            Number::NodeWeight(id) => {
                rows.nodes.iter_mut().filter(|n| n.id == *id).for_each(|n| change(&mut n.weight))
            }
            Number::NodeMetric(id, metric) => {
                let nodes = rows.nodes.iter_mut().filter(|node| node.id == *id);
                nodes.filter_map(|node| node.metrics.get_mut(*metric)).for_each(change);
            }
            Number::EdgeWeight(of) => {
                rows.edges.iter_mut().filter(|e| ends(e) == *of).for_each(|e| change(&mut e.weight))
            }
            Number::EdgeMetric(of, metric) => {
                let edges = rows.edges.iter_mut().filter(|edge| ends(edge) == *of);
                edges.filter_map(|edge| edge.metrics.get_mut(*metric)).for_each(change);
            }
        }
        rows
    }
}
