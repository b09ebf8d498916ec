use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::NO_PAYEE;

/// An epoch in ready columns, in the contract's order, for [`Epoch::from_columns`](crate::Epoch::from_columns).
///
/// This is what an engine holds; a test is written more easily with [`Epoch::builder`](crate::Epoch::builder).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// The epoch's number in its programme.
    pub number: u64,
    /// Start (inclusive) and end (exclusive), seconds since 1970-01-01 UTC.
    pub window: (i64, i64),
    /// What the policy divides, in base units.
    pub pool: u128,
    /// The asset's symbol: `OP`.
    pub asset: String,
    /// One whole unit of the asset is 10^decimals base units; 0 to 38.
    pub decimals: u32,
    /// The same for everyone who settles the epoch.
    pub seed: u64,
    /// Ids, sorted by their bytes, each once.
    pub payees: Vec<String>,

    /// Sorted, each once.
    pub node_kinds: Vec<String>,
    /// Sorted by their bytes, each once. The other node columns are as long.
    pub node_ids: Vec<String>,
    /// Index into `node_kinds`.
    pub node_kind: Vec<u32>,
    /// Finite, 0 or more.
    pub node_weight: Vec<f64>,
    /// Seconds since 1970-01-01 UTC.
    pub node_time: Vec<i64>,
    /// Index into `payees`, or [`NO_PAYEE`].
    pub node_payee: Vec<u32>,
    /// Sorted by name.
    pub node_metrics: Vec<MetricColumn>,
    /// Sorted by name.
    pub node_labels: Vec<LabelColumn>,

    /// Sorted, each once.
    pub edge_kinds: Vec<String>,
    /// Index of a node. Sorted: the edges that leave a node stand together. The other edge columns are as long.
    pub edge_source: Vec<u32>,
    /// Index of a node.
    pub edge_target: Vec<u32>,
    /// Index into `edge_kinds`.
    pub edge_kind: Vec<u32>,
    /// Finite, 0 or more.
    pub edge_weight: Vec<f64>,
    /// Seconds since 1970-01-01 UTC.
    pub edge_time: Vec<i64>,
    /// Sorted by name.
    pub edge_metrics: Vec<MetricColumn>,
    /// Sorted by name.
    pub edge_labels: Vec<LabelColumn>,

    /// What each payee has been paid so far, in base units; as long as `payees`, or empty for nothing paid yet.
    pub paid: Vec<u128>,
    /// What the policy handed over at the last epoch.
    pub carry: Vec<u8>,
}

/// A further column of numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricColumn {
    /// The column's name.
    pub name: String,
    /// One finite number a row; 0 where absent.
    pub values: Vec<f64>,
}

/// A further column of words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelColumn {
    /// The column's name.
    pub name: String,
    /// The dictionary: sorted, each word once, the first the empty word, which stands for absent.
    pub words: Vec<String>,
    /// Index into `words`, one a row.
    pub rows: Vec<u32>,
}

/// Why columns or rows are no epoch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InvalidEpoch {
    /// A column has not one value a row.
    Length {
        /// The column.
        column: String,
        /// How many values it has.
        is: usize,
        /// How many rows there are.
        wanted: usize,
    },
    /// A column is not in the contract's order, or has a name twice.
    Order {
        /// The column.
        column: String,
        /// The first row that is not above the one before.
        row: usize,
    },
    /// A number that the column cannot hold: an index out of range, a weight that is negative or not finite.
    Number {
        /// The column.
        column: String,
        /// The row.
        row: usize,
        /// The number.
        value: f64,
    },
    /// Two nodes have this id.
    TwoNodes(String),
    /// An edge names this node, which is not there.
    NoSuchNode(String),
    /// More rows than an index counts (2^32 - 2).
    TooLarge,
}

/// What is not a column.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub number: u64,
    pub window: (i64, i64),
    pub pool: u128,
    pub asset: String,
    pub decimals: u32,
    pub seed: u64,
}

impl Columns {
    /// Checks what a policy relies on without looking: lengths, indexes, orders and finite numbers.
    pub(crate) fn check(&self) -> Result<(), InvalidEpoch> {
        let (nodes, edges) = (self.node_ids.len(), self.edge_source.len());
        if [nodes, edges, self.payees.len()].iter().any(|rows| *rows >= NO_PAYEE as usize) {
            return Err(InvalidEpoch::TooLarge);
        }
        for (column, names) in [
            ("payees", &self.payees),
            ("node_kinds", &self.node_kinds),
            ("node_ids", &self.node_ids),
            ("edge_kinds", &self.edge_kinds),
        ] {
            ascending(column, names.iter())?;
        }
        if !self.paid.is_empty() {
            length("paid", self.paid.len(), self.payees.len())?;
        }
        indexes("node_kind", &self.node_kind, nodes, self.node_kinds.len())?;
        let owned = |payee: &u32| *payee == NO_PAYEE || (*payee as usize) < self.payees.len();
        length("node_payee", self.node_payee.len(), nodes)?;
        each("node_payee", &self.node_payee, owned, |payee| f64::from(*payee))?;
        indexes("edge_source", &self.edge_source, edges, nodes)?;
        indexes("edge_target", &self.edge_target, edges, nodes)?;
        indexes("edge_kind", &self.edge_kind, edges, self.edge_kinds.len())?;
        if let Some(row) = self.edge_source.windows(2).position(|pair| pair.first() > pair.last()) {
            return Err(InvalidEpoch::Order { column: "edge_source".into(), row: row.saturating_add(1) });
        }
        for (column, weights, rows) in
            [("node_weight", &self.node_weight, nodes), ("edge_weight", &self.edge_weight, edges)]
        {
            length(column, weights.len(), rows)?;
            each(column, weights, |weight| weight.is_finite() && *weight >= 0.0, |weight| *weight)?;
        }
        length("node_time", self.node_time.len(), nodes)?;
        length("edge_time", self.edge_time.len(), edges)?;
        for (group, metrics, labels, rows) in [
            ("node", &self.node_metrics, &self.node_labels, nodes),
            ("edge", &self.edge_metrics, &self.edge_labels, edges),
        ] {
            further(group, metrics, labels, rows)?;
        }
        Ok(())
    }
}

fn further(
    group: &str,
    metrics: &[MetricColumn],
    labels: &[LabelColumn],
    rows: usize,
) -> Result<(), InvalidEpoch> {
    ascending(&alloc::format!("{group}_metrics"), metrics.iter().map(|metric| &metric.name))?;
    ascending(&alloc::format!("{group}_labels"), labels.iter().map(|label| &label.name))?;
    for metric in metrics {
        length(&metric.name, metric.values.len(), rows)?;
        each(&metric.name, &metric.values, |value| value.is_finite(), |value| *value)?;
    }
    for label in labels {
        ascending(&label.name, label.words.iter())?;
        indexes(&label.name, &label.rows, rows, label.words.len())?;
        if label.words.first().is_some_and(|word| !word.is_empty()) {
            return Err(InvalidEpoch::Order { column: label.name.clone(), row: 0 });
        }
    }
    Ok(())
}

fn length(column: &str, is: usize, wanted: usize) -> Result<(), InvalidEpoch> {
    if is == wanted { Ok(()) } else { Err(InvalidEpoch::Length { column: column.into(), is, wanted }) }
}

fn indexes(column: &str, values: &[u32], rows: usize, below: usize) -> Result<(), InvalidEpoch> {
    length(column, values.len(), rows)?;
    each(column, values, |index| (*index as usize) < below, |index| f64::from(*index))
}

fn each<T>(
    column: &str,
    values: &[T],
    holds: impl Fn(&T) -> bool,
    shown: impl Fn(&T) -> f64,
) -> Result<(), InvalidEpoch> {
    match values.iter().enumerate().find(|(_, value)| !holds(value)) {
        Some((row, value)) => Err(InvalidEpoch::Number { column: column.into(), row, value: shown(value) }),
        None => Ok(()),
    }
}

fn ascending<'a>(column: &str, names: impl Iterator<Item = &'a String>) -> Result<(), InvalidEpoch> {
    let mut last: Option<&String> = None;
    for (row, name) in names.enumerate() {
        if last.is_some_and(|last| last >= name) {
            return Err(InvalidEpoch::Order { column: column.into(), row });
        }
        last = Some(name);
    }
    Ok(())
}

impl fmt::Display for InvalidEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { column, is, wanted } => {
                write!(f, "column `{column}` has {is} values for {wanted} rows")
            }
            Self::Order { column, row } => write!(f, "column `{column}` is out of order at row {row}"),
            Self::Number { column, row, value } => {
                write!(f, "column `{column}` cannot hold `{value}`, at row {row}")
            }
            Self::TwoNodes(id) => write!(f, "two nodes have the id `{id}`"),
            Self::NoSuchNode(id) => write!(f, "an edge names the node `{id}`, which is not there"),
            Self::TooLarge => write!(f, "the epoch has more rows than an index counts"),
        }
    }
}

impl core::error::Error for InvalidEpoch {}
