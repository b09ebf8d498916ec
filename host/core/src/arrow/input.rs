//! Record batches -> an epoch.

use arrow_array::RecordBatch;

use crate::epoch::{
    EdgeColumns, Epoch, EpochColumns, Header, NO_PAYEE, NodeColumns, PayeeColumns, References, TextColumn,
};

use super::error::BatchError;
use super::table::{Column, LABEL, METRIC, Null, Table, Words};

/// Builds an epoch from record batches of payees, nodes and edges, each in any number of batches and their rows in any
/// order. Batches that [`payees_batch`](super::payees_batch) and its like give of an epoch make the same epoch.
///
/// | column | types | null or without the column |
/// |---|---|---|
/// | `id`, `kind` | texts: `Utf8`, `LargeUtf8`, `Utf8View`, or a dictionary of these | refused |
/// | `name` of payees | texts | no name |
/// | `payee` of nodes | texts: ids; or `UInt32`: rows of the payees | nobody owns the node |
/// | `source`, `target` of edges | texts: ids; or `UInt32`: rows of the nodes | refused |
/// | `weight` | `Float64`, `Float32`, or integers that a float holds exactly | 1 |
/// | `time` | a timestamp of whole seconds, or `Int64`: seconds since 1970-01-01 UTC | the start of the window |
/// | `metric.NAME` | as `weight` | 0 |
/// | `label.NAME` | texts | the empty word |
///
/// # Errors
///
/// A [`BatchError`] that names the table and column, and the row if a value is wrong.
pub fn build_epoch(
    header: Header,
    payees: &[RecordBatch],
    nodes: &[RecordBatch],
    edges: &[RecordBatch],
) -> Result<Epoch, BatchError> {
    let payees = Table::new("payees", payees, &["id", "name"])?;
    let nodes = Table::new("nodes", nodes, &["id", "kind", "weight", "time", "payee"])?;
    let edges = Table::new("edges", edges, &["source", "target", "kind", "weight", "time"])?;
    let start = header.window.start;

    let payee_ids = payees.required("id")?.texts(Null::Refused)?;
    let payee_names = payees.column("name").map(|names| names.texts(Null::Means(""))).transpose()?;
    let node_ids = nodes.required("id")?.texts(Null::Refused)?;
    let owners = nodes.column("payee").map(|owners| Ends::read(&owners, Absent::IsNone)).transpose()?;
    let node_attributes = Attributes::read(nodes, start)?;
    let sources = Ends::read(&edges.required("source")?, Absent::IsRefused)?;
    let targets = Ends::read(&edges.required("target")?, Absent::IsRefused)?;
    let edge_attributes = Attributes::read(edges, start)?;

    let epoch = EpochColumns {
        header,
        payees: PayeeColumns { ids: &payee_ids, names: payee_names.as_deref() },
        nodes: NodeColumns {
            ids: &node_ids,
            kinds: text_column(&node_attributes.kinds),
            payees: owners.as_ref().map(Ends::references),
            weights: node_attributes.weights.as_deref(),
            times: node_attributes.times.as_deref(),
            metrics: node_attributes.metric_columns(),
            labels: node_attributes.label_columns(),
        },
        edges: EdgeColumns {
            sources: sources.references(),
            targets: targets.references(),
            kinds: text_column(&edge_attributes.kinds),
            weights: edge_attributes.weights.as_deref(),
            times: edge_attributes.times.as_deref(),
            metrics: edge_attributes.metric_columns(),
            labels: edge_attributes.label_columns(),
        },
    };
    Ok(epoch.build()?)
}

/// What nodes and edges have alike.
struct Attributes<'a> {
    kinds: Words<'a>,
    weights: Option<Vec<f64>>,
    times: Option<Vec<i64>>,
    metrics: Vec<(&'a str, Vec<f64>)>,
    labels: Vec<(&'a str, Words<'a>)>,
}

impl<'a> Attributes<'a> {
    fn read(table: Table<'a>, start: i64) -> Result<Attributes<'a>, BatchError> {
        let metrics = table.prefixed(METRIC).into_iter();
        let labels = table.prefixed(LABEL).into_iter();
        Ok(Attributes {
            kinds: table.required("kind")?.words(Null::Refused)?,
            weights: table.column("weight").map(|weights| weights.numbers(1.0)).transpose()?,
            times: table.column("time").map(|times| times.times(start)).transpose()?,
            metrics: metrics
                .map(|(name, column)| Ok((name, column.numbers(0.0)?)))
                .collect::<Result<_, BatchError>>()?,
            labels: labels
                .map(|(name, column)| Ok((name, column.words(Null::Means(""))?)))
                .collect::<Result<_, BatchError>>()?,
        })
    }

    fn metric_columns(&self) -> Vec<(&str, &[f64])> {
        self.metrics.iter().map(|(name, values)| (*name, values.as_slice())).collect()
    }

    fn label_columns(&self) -> Vec<(&str, TextColumn<'_>)> {
        self.labels.iter().map(|(name, words)| (*name, text_column(words))).collect()
    }
}

fn text_column<'a>(words: &'a Words<'a>) -> TextColumn<'a> {
    TextColumn::Dictionary { words: &words.words, rows: &words.rows }
}

/// References to nodes or payees.
enum Ends<'a> {
    Positions(Vec<u32>),
    Ids(Words<'a>),
}

/// What a null among references is.
#[derive(Clone, Copy)]
enum Absent {
    IsNone,
    IsRefused,
}

impl<'a> Ends<'a> {
    fn read(column: &Column<'a>, absent: Absent) -> Result<Ends<'a>, BatchError> {
        let (position, id) = match absent {
            Absent::IsNone => (Null::Means(NO_PAYEE), Null::Means("")),
            Absent::IsRefused => (Null::Refused, Null::Refused),
        };
        Ok(match column.is_positions() {
            true => Ends::Positions(column.positions(position)?),
            false => Ends::Ids(column.words(id)?),
        })
    }

    fn references(&self) -> References<'_> {
        match self {
            Ends::Positions(rows) => References::Positions(rows),
            Ends::Ids(words) => References::Ids(text_column(words)),
        }
    }
}
