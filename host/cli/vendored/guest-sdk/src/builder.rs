use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::{Columns, Epoch, InvalidEpoch, LabelColumn, MetricColumn, NO_PAYEE};

/// Makes an [`Epoch`] in memory from rows in any order, for tests. Start with [`Epoch::builder`].
///
/// The rows are put into the contract's order, so a policy sees what it would see in a component. Without further
/// word the window is empty at 1970-01-01, the pool 0 and the asset nameless with 0 decimals.
#[derive(Clone, Debug, Default)]
pub struct EpochBuilder {
    header: Columns,
    payees: BTreeSet<String>,
    paid: BTreeMap<String, u128>,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// A node to be: what is not said is the contract's default (weight 1, time of the window's start, no payee).
#[derive(Clone, Debug)]
pub struct Node {
    id: String,
    kind: String,
    payee: Option<String>,
    row: Row,
}

/// An edge to be: what is not said is the contract's default (weight 1, time of the window's start).
#[derive(Clone, Debug)]
pub struct Edge {
    source: String,
    target: String,
    kind: String,
    row: Row,
}

/// What nodes and edges have alike.
#[derive(Clone, Debug, Default)]
struct Row {
    weight: Option<f64>,
    time: Option<i64>,
    metrics: BTreeMap<String, f64>,
    labels: BTreeMap<String, String>,
}

impl Node {
    /// A node of an id and a kind.
    pub fn new(id: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { id: id.into(), kind: kind.into(), payee: None, row: Row::default() }
    }

    /// Who owns the node. A payee that was not named before becomes one.
    #[must_use]
    pub fn payee(mut self, payee: impl Into<String>) -> Self {
        self.payee = Some(payee.into());
        self
    }
}

impl Edge {
    /// An edge of a kind from a node to another, by their ids: the source relied on the target.
    pub fn new(source: impl Into<String>, target: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { source: source.into(), target: target.into(), kind: kind.into(), row: Row::default() }
    }
}

macro_rules! row_setters {
    ($($row:ty),*) => {$(
        impl $row {
            /// Finite, 0 or more.
            #[must_use]
            pub fn weight(mut self, weight: f64) -> Self {
                self.row.weight = Some(weight);
                self
            }

            /// Seconds since 1970-01-01 UTC.
            #[must_use]
            pub fn time(mut self, time: i64) -> Self {
                self.row.time = Some(time);
                self
            }

            /// A finite number in a further column.
            #[must_use]
            pub fn metric(mut self, name: impl Into<String>, value: f64) -> Self {
                self.row.metrics.insert(name.into(), value);
                self
            }

            /// A word in a further column.
            #[must_use]
            pub fn label(mut self, name: impl Into<String>, word: impl Into<String>) -> Self {
                self.row.labels.insert(name.into(), word.into());
                self
            }
        }
    )*};
}

row_setters!(Node, Edge);

impl EpochBuilder {
    /// The epoch's number.
    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.header.number = number;
        self
    }

    /// Start (inclusive) and end (exclusive), seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn window(mut self, start: i64, end: i64) -> Self {
        self.header.window = (start, end);
        self
    }

    /// What the policy divides, in base units.
    #[must_use]
    pub fn pool(mut self, pool: u128) -> Self {
        self.header.pool = pool;
        self
    }

    /// The asset's symbol.
    #[must_use]
    pub fn asset(mut self, asset: impl Into<String>) -> Self {
        self.header.asset = asset.into();
        self
    }

    /// One whole unit is 10^decimals base units.
    #[must_use]
    pub fn decimals(mut self, decimals: u32) -> Self {
        self.header.decimals = decimals;
        self
    }

    /// What everyone who settles the epoch has alike.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.header.seed = seed;
        self
    }

    /// A payee, also one that owns no node.
    #[must_use]
    pub fn payee(mut self, id: impl Into<String>) -> Self {
        self.payees.insert(id.into());
        self
    }

    /// What a payee was paid before this epoch, in base units. A payee that was not named before becomes one.
    #[must_use]
    pub fn paid(mut self, payee: impl Into<String>, amount: u128) -> Self {
        self.paid.insert(payee.into(), amount);
        self
    }

    /// What the policy handed over at the last epoch.
    #[must_use]
    pub fn carry(mut self, carry: impl Into<Vec<u8>>) -> Self {
        self.header.carry = carry.into();
        self
    }

    /// A node.
    #[must_use]
    pub fn node(mut self, node: Node) -> Self {
        self.nodes.push(node);
        self
    }

    /// An edge. Its nodes may follow later.
    #[must_use]
    pub fn edge(mut self, edge: Edge) -> Self {
        self.edges.push(edge);
        self
    }

    /// Sorts and checks.
    ///
    /// # Errors
    /// Two nodes of one id, an edge to a node that is not there, a number that is not finite or a weight that is
    /// negative: [`InvalidEpoch`].
    pub fn build(self) -> Result<Epoch, InvalidEpoch> {
        Epoch::from_columns(self.into_columns()?)
    }

    /// The columns instead of the epoch: what a test of another order or of damage starts from.
    ///
    /// # Errors
    /// Two nodes of one id, and an edge to a node that is not there.
    pub fn into_columns(mut self) -> Result<Columns, InvalidEpoch> {
        let mut columns = core::mem::take(&mut self.header);
        self.payees.extend(self.nodes.iter().filter_map(|node| node.payee.clone()));
        self.payees.extend(self.paid.keys().cloned());
        columns.payees = self.payees.into_iter().collect();
        columns.paid = columns.payees.iter().map(|id| self.paid.get(id).copied().unwrap_or(0)).collect();

        self.nodes.sort_by(|a, b| a.id.cmp(&b.id));
        set_nodes(&mut columns, &self.nodes)?;
        set_edges(&mut columns, &self.edges)?;
        Ok(columns)
    }
}

fn set_nodes(columns: &mut Columns, nodes: &[Node]) -> Result<(), InvalidEpoch> {
    for (node, next) in nodes.iter().zip(nodes.iter().skip(1)) {
        if node.id == next.id {
            return Err(InvalidEpoch::TwoNodes(node.id.clone()));
        }
    }
    let start = columns.window.0;
    columns.node_ids = nodes.iter().map(|node| node.id.clone()).collect();
    columns.node_kinds = distinct(nodes.iter().map(|node| &node.kind));
    for node in nodes {
        // Both were collected from these nodes, so both are found.
        columns.node_kind.push(place(&columns.node_kinds, &node.kind).unwrap_or(NO_PAYEE));
        let payee = node.payee.as_ref().and_then(|id| place(&columns.payees, id));
        columns.node_payee.push(payee.unwrap_or(NO_PAYEE));
        columns.node_weight.push(node.row.weight.unwrap_or(1.0) + 0.0);
        columns.node_time.push(node.row.time.unwrap_or(start));
    }
    let rows: Vec<&Row> = nodes.iter().map(|node| &node.row).collect();
    columns.node_metrics = metrics(&rows);
    columns.node_labels = labels(&rows);
    Ok(())
}

fn set_edges(columns: &mut Columns, edges: &[Edge]) -> Result<(), InvalidEpoch> {
    columns.edge_kinds = distinct(edges.iter().map(|edge| &edge.kind));
    let node = |id: &String| place(&columns.node_ids, id).ok_or_else(|| InvalidEpoch::NoSuchNode(id.clone()));
    let start = columns.window.0;
    let mut sorted = Vec::with_capacity(edges.len());
    for edge in edges {
        let kind = place(&columns.edge_kinds, &edge.kind).unwrap_or(NO_PAYEE);
        let (source, target) = (node(&edge.source)?, node(&edge.target)?);
        let (time, weight) = (edge.row.time.unwrap_or(start), edge.row.weight.unwrap_or(1.0) + 0.0);
        sorted.push((source, target, kind, time, weight, &edge.row));
    }
    let rows: Vec<&Row> = edges.iter().map(|edge| &edge.row).collect();
    let (metric_names, label_names) = (
        distinct(rows.iter().flat_map(|row| row.metrics.keys())),
        distinct(rows.iter().flat_map(|row| row.labels.keys())),
    );
    sorted.sort_by(|a, b| {
        let first = (a.0, a.1, a.2, a.3).cmp(&(b.0, b.1, b.2, b.3)).then(a.4.total_cmp(&b.4));
        let metric = |name| a.5.metric(name).total_cmp(&b.5.metric(name));
        let label = |name| a.5.label(name).cmp(b.5.label(name));
        let metrics = || first_difference(metric_names.iter().map(metric));
        let labels = || first_difference(label_names.iter().map(label));
        first.then_with(metrics).then_with(labels)
    });
    for (source, target, kind, time, weight, _) in &sorted {
        columns.edge_source.push(*source);
        columns.edge_target.push(*target);
        columns.edge_kind.push(*kind);
        columns.edge_time.push(*time);
        columns.edge_weight.push(*weight);
    }
    let rows: Vec<&Row> = sorted.iter().map(|edge| edge.5).collect();
    columns.edge_metrics = metrics(&rows);
    columns.edge_labels = labels(&rows);
    Ok(())
}

impl Row {
    fn metric(&self, name: &String) -> f64 {
        self.metrics.get(name).copied().unwrap_or(0.0) + 0.0
    }

    fn label(&self, name: &String) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

fn metrics(rows: &[&Row]) -> Vec<MetricColumn> {
    let names = distinct(rows.iter().flat_map(|row| row.metrics.keys()));
    let column = |name: String| {
        let values = rows.iter().map(|row| row.metric(&name)).collect();
        MetricColumn { name, values }
    };
    names.into_iter().map(column).collect()
}

fn labels(rows: &[&Row]) -> Vec<LabelColumn> {
    let names = distinct(rows.iter().flat_map(|row| row.labels.keys()));
    let column = |name: String| {
        let words: BTreeSet<&str> = rows.iter().map(|row| row.label(&name)).chain([""]).collect();
        let words: Vec<String> = words.into_iter().map(String::from).collect();
        let index = |row: &&Row| words.binary_search_by(|word| word.as_str().cmp(row.label(&name)));
        let rows = rows.iter().filter_map(|row| u32::try_from(index(row).ok()?).ok()).collect();
        LabelColumn { name, words, rows }
    };
    names.into_iter().map(column).collect()
}

fn first_difference(orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    names.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

fn place(sorted: &[String], name: &String) -> Option<u32> {
    u32::try_from(sorted.binary_search(name).ok()?).ok()
}
