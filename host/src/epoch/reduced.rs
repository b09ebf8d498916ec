//! An epoch without some of its nodes or edges: what there would have been.

use super::{BuildError, Epoch, EpochBuilder};
use crate::graph::{Edge, Label, Node};

impl Epoch {
    /// The same epoch without the nodes and edges for which the functions say so; an edge goes with either of its
    /// nodes. Payees stay, also those that own nothing any more.
    ///
    /// Rows are told by their numbers in this epoch's columns. The new epoch's seed is another, so that a rule that
    /// draws lots draws others.
    ///
    /// # Errors
    ///
    /// None that this epoch does not have itself: it was built of these rows.
    pub fn without(
        &self,
        node: impl Fn(usize) -> bool,
        edge: impl Fn(usize) -> bool,
    ) -> Result<Epoch, BuildError> {
        let columns = self.column_names();
        let of_nodes = Further {
            metrics: columns.node_metrics.iter().filter_map(|name| self.node_metric(name)).collect(),
            labels: columns.node_labels.iter().filter_map(|name| self.node_label(name)).collect(),
        };
        let of_edges = Further {
            metrics: columns.edge_metrics.iter().filter_map(|name| self.edge_metric(name)).collect(),
            labels: columns.edge_labels.iter().filter_map(|name| self.edge_label(name)).collect(),
        };

        let mut builder = EpochBuilder::new(self.header().clone(), columns)?;
        for (id, name) in self.payees().iter().zip(self.payee_names().iter()) {
            builder.payee(id, name);
        }
        let (ids, kinds, payees) = (self.node_ids(), self.node_kinds(), self.payees());
        for row in (0..self.node_count()).filter(|row| !node(*row)) {
            let (metrics, labels) = (of_nodes.metrics(row), of_nodes.labels(row));
            builder.node(Node {
                id: ids.get(row).unwrap_or_default(),
                kind: kinds.get(self.node_kind()[row] as usize).unwrap_or_default(),
                weight: self.node_weight()[row],
                time: Some(self.node_time()[row]),
                payee: payees.get(self.node_payee()[row] as usize),
                metrics: &metrics,
                labels: &labels,
            });
        }
        let kinds = self.edge_kinds();
        for row in 0..self.edge_count() {
            let (source, target) = (self.edge_source()[row], self.edge_target()[row]);
            if edge(row) || node(source as usize) || node(target as usize) {
                continue;
            }
            let (metrics, labels) = (of_edges.metrics(row), of_edges.labels(row));
            builder.edge(Edge {
                source: ids.get(source as usize).unwrap_or_default(),
                target: ids.get(target as usize).unwrap_or_default(),
                kind: kinds.get(self.edge_kind()[row] as usize).unwrap_or_default(),
                weight: self.edge_weight()[row],
                time: Some(self.edge_time()[row]),
                metrics: &metrics,
                labels: &labels,
            });
        }
        builder.finish()
    }
}

/// The further columns of nodes or edges.
struct Further<'a> {
    metrics: Vec<&'a [f64]>,
    labels: Vec<Label<'a>>,
}

impl<'a> Further<'a> {
    fn metrics(&self, row: usize) -> Vec<f64> {
        self.metrics.iter().filter_map(|column| column.get(row).copied()).collect()
    }

    fn labels(&self, row: usize) -> Vec<&'a str> {
        self.labels.iter().map(|column| column.word(row)).collect()
    }
}
