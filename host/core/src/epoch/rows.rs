//! An epoch taken apart into rows that can be changed, and put together again.

use std::sync::Arc;

use crate::graph::{Edge, NO_PAYEE, Node, Texts};

use super::{BuildError, ColumnNames, Epoch, EpochBuilder, Header};

/// An id, a kind or a word; equal ones of one epoch share their memory, so that rows are cheap to copy.
pub type RowText = Arc<str>;

/// An epoch as rows of its own, for asking what would be otherwise: rows are changed, removed or added, and
/// [`EpochRows::build`] makes an epoch of them through the same checks as of anybody's rows.
///
/// Rows that nobody changed give the identical epoch.
///
/// ```
/// use apportion_core::epoch::{Epoch, EpochRows};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
/// let mut rows = EpochRows::of(&epoch);
/// assert_eq!(rows.build()?.digest(), epoch.digest());
///
/// rows.edges.retain(|edge| &*edge.kind != "relied-on");
/// assert!(rows.build()?.edge_count() < epoch.edge_count());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EpochRows {
    /// Number, window and pool.
    pub header: Header,
    /// The names of the further columns, in the order of the rows' values.
    pub columns: ColumnNames,
    /// Who can be paid.
    pub payees: Vec<PayeeRow>,
    /// The nodes.
    pub nodes: Vec<NodeRow>,
    /// The edges.
    pub edges: Vec<EdgeRow>,
}

/// One who can be paid.
#[derive(Clone, Debug, PartialEq)]
pub struct PayeeRow {
    /// Unique among payees.
    pub id: RowText,
    /// What to show a person; may be empty.
    pub name: RowText,
}

/// A node; see [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRow {
    /// Unique among nodes.
    pub id: RowText,
    /// What it is.
    pub kind: RowText,
    /// Finite, 0 or more.
    pub weight: f64,
    /// Seconds since 1970-01-01 UTC.
    pub time: i64,
    /// The id of the payee that owns it.
    pub payee: Option<RowText>,
    /// A number for each of the node metrics.
    pub metrics: Vec<f64>,
    /// A word for each of the node labels.
    pub labels: Vec<RowText>,
}

/// An edge; see [`Edge`].
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeRow {
    /// The id of the node that relied on the target.
    pub source: RowText,
    /// The id of the node that credit flows to.
    pub target: RowText,
    /// How the source relied on it.
    pub kind: RowText,
    /// Finite, 0 or more.
    pub weight: f64,
    /// Seconds since 1970-01-01 UTC.
    pub time: i64,
    /// A number for each of the edge metrics.
    pub metrics: Vec<f64>,
    /// A word for each of the edge labels.
    pub labels: Vec<RowText>,
}

impl EpochRows {
    /// Takes an epoch apart, its rows in the epoch's order.
    pub fn of(epoch: &Epoch) -> EpochRows {
        let all = |count: usize| (0..count).collect::<Vec<usize>>();
        EpochRows::part(epoch, &all(epoch.payees().len()), &all(epoch.node_count()), &all(epoch.edge_count()))
    }

    /// Takes the rows of an epoch that have these indices. A node whose payee is not among them has none; an edge to a
    /// node that is not among them makes rows of which no epoch can be built. An index past the end is left out.
    pub fn part(epoch: &Epoch, payees: &[usize], nodes: &[usize], edges: &[usize]) -> EpochRows {
        let taken = |texts: Texts<'_>, rows: &[usize]| -> Vec<Option<RowText>> {
            let mut taken = vec![None; texts.len()];
            for &row in rows {
                if let Some(place) = taken.get_mut(row) {
                    *place = texts.get(row).map(RowText::from);
                }
            }
            taken
        };
        let (payee_ids, node_ids) = (taken(epoch.payees(), payees), taken(epoch.node_ids(), nodes));
        let kinds = |texts: Texts<'_>| texts.iter().map(RowText::from).collect::<Vec<_>>();
        let columns = epoch.column_names();
        let payees = payees.iter().filter_map(|&row| {
            let id = payee_ids.get(row).cloned().flatten()?;
            Some(PayeeRow { id, name: epoch.payee_names().get(row)?.into() })
        });
        let node_columns = Further::of(
            columns.node_metrics.iter().map(|name| epoch.node_metric(name)),
            columns.node_labels.iter().map(|name| epoch.node_label(name)),
        );
        let node_kinds = kinds(epoch.node_kinds());
        let nodes = nodes.iter().filter_map(|&row| {
            let payee = *epoch.node_payee().get(row)?;
            Some(NodeRow {
                id: node_ids.get(row).cloned().flatten()?,
                kind: node_kinds.get(*epoch.node_kind().get(row)? as usize)?.clone(),
                weight: *epoch.node_weight().get(row)?,
                time: *epoch.node_time().get(row)?,
                payee: if payee == NO_PAYEE {
                    None
                } else {
                    payee_ids.get(payee as usize).cloned().flatten()
                },
                metrics: node_columns.metrics(row),
                labels: node_columns.labels(row),
            })
        });
        let edge_columns = Further::of(
            columns.edge_metrics.iter().map(|name| epoch.edge_metric(name)),
            columns.edge_labels.iter().map(|name| epoch.edge_label(name)),
        );
        let edge_kinds = kinds(epoch.edge_kinds());
        let end = |node: u32| match node_ids.get(node as usize).cloned().flatten() {
            Some(id) => id,
            None => epoch.node_ids().get(node as usize).unwrap_or("").into(),
        };
        let edges = edges.iter().filter_map(|&row| {
            Some(EdgeRow {
                source: end(*epoch.edge_source().get(row)?),
                target: end(*epoch.edge_target().get(row)?),
                kind: edge_kinds.get(*epoch.edge_kind().get(row)? as usize)?.clone(),
                weight: *epoch.edge_weight().get(row)?,
                time: *epoch.edge_time().get(row)?,
                metrics: edge_columns.metrics(row),
                labels: edge_columns.labels(row),
            })
        });
        EpochRows {
            header: epoch.header().clone(),
            payees: payees.collect(),
            nodes: nodes.collect(),
            edges: edges.collect(),
            columns,
        }
    }

    /// Puts the rows together to an epoch; what is wrong with changed ones is told by row.
    pub fn build(&self) -> Result<Epoch, BuildError> {
        let mut epoch = EpochBuilder::new(self.header.clone(), self.columns.clone())?;
        for payee in &self.payees {
            epoch.payee(&payee.id, &payee.name);
        }
        let mut words: Vec<&str> = Vec::new();
        for node in &self.nodes {
            words.clear();
            words.extend(node.labels.iter().map(|word| &**word));
            epoch.node(Node {
                id: &node.id,
                kind: &node.kind,
                weight: node.weight,
                time: Some(node.time),
                payee: node.payee.as_deref(),
                metrics: &node.metrics,
                labels: &words,
            });
        }
        for edge in &self.edges {
            words.clear();
            words.extend(edge.labels.iter().map(|word| &**word));
            epoch.edge(Edge {
                source: &edge.source,
                target: &edge.target,
                kind: &edge.kind,
                weight: edge.weight,
                time: Some(edge.time),
                metrics: &edge.metrics,
                labels: &words,
            });
        }
        epoch.finish()
    }
}

/// The further columns of nodes or edges, with a word's text made once.
struct Further<'a> {
    metrics: Vec<&'a [f64]>,
    labels: Vec<(Vec<RowText>, &'a [u32])>,
}

impl<'a> Further<'a> {
    fn of(
        metrics: impl Iterator<Item = Option<&'a [f64]>>,
        labels: impl Iterator<Item = Option<crate::graph::Label<'a>>>,
    ) -> Further<'a> {
        let words = |label: crate::graph::Label<'a>| {
            (label.dictionary.iter().map(RowText::from).collect(), label.rows)
        };
        Further { metrics: metrics.flatten().collect(), labels: labels.flatten().map(words).collect() }
    }

    fn metrics(&self, row: usize) -> Vec<f64> {
        self.metrics.iter().map(|column| column.get(row).copied().unwrap_or(0.0)).collect()
    }

    fn labels(&self, row: usize) -> Vec<RowText> {
        let word = |(words, rows): &(Vec<RowText>, &[u32])| {
            let word = rows.get(row).and_then(|&word| words.get(word as usize));
            word.cloned().unwrap_or_else(|| "".into())
        };
        self.labels.iter().map(word).collect()
    }
}
