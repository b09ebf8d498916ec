//! An epoch: one closed period with its number, window, pool, payees and contribution graph.
//!
//! Its canonical bytes are the stored bytes; `host/docs/epoch-format.md` draws them byte by byte. An [`Epoch`] is
//! those bytes, checked whole once, read in place ever after.

mod builder;
mod format;
mod reduced;
mod rows;

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use crate::canonical::{self, Digest};
use crate::money::Pool;

pub use crate::graph::{
    Edge, Label, MAX_COLUMNS, MAX_ROWS, NO_PAYEE, Node, Row, RowError, RowProblem, Texts,
};
pub use builder::{BuildError, ColumnNames, EpochBuilder};
pub use format::EpochError;
use format::{Aligned, ColumnSet, Layout};
pub use rows::{EdgeRow, EpochRows, NodeRow, PayeeRow, RowText};

/// The period an epoch covers, in seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first second in it.
    pub start: i64,
    /// The first second after it; later than `start`.
    pub end: i64,
}

/// The largest number of an epoch: receipts say it as a JSON number, exact up to 2^53.
pub const MAX_NUMBER: u64 = 1 << 53;

/// What an epoch is about, apart from its payees and graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its number within its programme, at most [`MAX_NUMBER`].
    pub number: u64,
    /// The period it covers.
    pub window: Window,
    /// What is divided.
    pub pool: Pool,
}

/// A valid epoch. Cloning is cheap and it can be shared between threads.
///
/// ```
/// use apportion_core::epoch::{ColumnNames, EpochBuilder, Header, Node, Window};
/// use apportion_core::money::{Asset, Pool};
///
/// let pool = Pool { asset: Asset::new("EUR", 2)?, amount: 10_000 };
/// let window = Window { start: 1_735_689_600, end: 1_738_368_000 };
/// let mut epoch = EpochBuilder::new(Header { number: 1, window, pool }, ColumnNames::default())?;
/// epoch.payee("ada", "Ada");
/// epoch.node(Node { id: "paper", kind: "paper", weight: 1.0, time: None, payee: Some("ada"), metrics: &[], labels: &[] });
/// let epoch = epoch.finish()?;
///
/// let again = apportion_core::epoch::Epoch::from_bytes(epoch.as_bytes())?;
/// assert_eq!(again.digest(), epoch.digest());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Epoch(Arc<Stored>);

struct Stored {
    bytes: Aligned,
    digest: Digest,
    header: Header,
    layout: Layout,
    /// Derived from the sorted sources, so not stored: where the edges that leave each node begin.
    edge_offsets: Vec<u32>,
}

impl Epoch {
    /// Reads an epoch from its canonical bytes and checks all of them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Epoch, EpochError> {
        Epoch::checked(Aligned::copied(bytes))
    }

    /// Reads an epoch of `length` bytes; the file's length, so that memory is taken once.
    pub fn read(reader: impl Read, length: u64) -> Result<Epoch, EpochError> {
        Epoch::checked(Aligned::read(reader, length)?)
    }

    fn checked(bytes: Aligned) -> Result<Epoch, EpochError> {
        let (header, layout) = format::locate(bytes.as_slice())?;
        let edge_offsets = format::check(bytes.as_slice(), &layout)?;
        let digest = Digest::of(bytes.as_slice());
        Ok(Epoch(Arc::new(Stored { bytes, digest, header, layout, edge_offsets })))
    }

    /// The canonical bytes: what is stored, and what [`Epoch::digest`] is the hash of.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.bytes.as_slice()
    }

    /// The BLAKE3 hash of the bytes.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// What it is about, apart from its payees and graph.
    pub fn header(&self) -> &Header {
        &self.0.header
    }

    /// The names of the further columns of its nodes and edges.
    pub fn column_names(&self) -> ColumnNames {
        let names = |texts: Texts<'_>| texts.iter().map(str::to_owned).collect();
        ColumnNames {
            node_metrics: names(self.node_metrics()),
            node_labels: names(self.node_labels()),
            edge_metrics: names(self.edge_metrics()),
            edge_labels: names(self.edge_labels()),
        }
    }

    /// Its number within its programme.
    pub fn number(&self) -> u64 {
        self.0.header.number
    }

    /// The period it covers.
    pub fn window(&self) -> Window {
        self.0.header.window
    }

    /// What is divided.
    pub fn pool(&self) -> &Pool {
        &self.0.header.pool
    }

    /// 64 bits that follow from the digest alone: the same for everyone, under any policy.
    pub fn seed(&self) -> u64 {
        canonical::epoch_seed(&self.0.digest)
    }

    /// The ids of those who can be paid, sorted by their bytes.
    pub fn payees(&self) -> Texts<'_> {
        self.texts(&self.0.layout.payee_ids)
    }

    /// What to show a person for each payee; empty where the input gave no name.
    pub fn payee_names(&self) -> Texts<'_> {
        self.texts(&self.0.layout.payee_names)
    }

    /// How many nodes the graph has.
    pub fn node_count(&self) -> usize {
        self.0.layout.nodes
    }

    /// How many edges the graph has.
    pub fn edge_count(&self) -> usize {
        self.0.layout.edges
    }

    /// The kinds of nodes, sorted; every one occurs.
    pub fn node_kinds(&self) -> Texts<'_> {
        self.texts(&self.0.layout.node_kinds)
    }

    /// The kinds of edges, sorted; every one occurs.
    pub fn edge_kinds(&self) -> Texts<'_> {
        self.texts(&self.0.layout.edge_kinds)
    }

    /// The nodes' ids, sorted by their bytes.
    pub fn node_ids(&self) -> Texts<'_> {
        self.texts(&self.0.layout.node_ids)
    }

    /// Each node's kind, as an index into [`Epoch::node_kinds`].
    pub fn node_kind(&self) -> &[u32] {
        self.column(&self.0.layout.node_kind)
    }

    /// Each node's weight: finite, 0 or more.
    pub fn node_weight(&self) -> &[f64] {
        self.column(&self.0.layout.node_weight)
    }

    /// Each node's time in seconds since 1970-01-01 UTC.
    pub fn node_time(&self) -> &[i64] {
        self.column(&self.0.layout.node_time)
    }

    /// Each node's owner as an index into [`Epoch::payees`], or [`NO_PAYEE`](crate::graph::NO_PAYEE).
    pub fn node_payee(&self) -> &[u32] {
        self.column(&self.0.layout.node_payee)
    }

    /// Each edge's source, as a node's index.
    pub fn edge_source(&self) -> &[u32] {
        self.column(&self.0.layout.edge_source)
    }

    /// Each edge's target, as a node's index.
    pub fn edge_target(&self) -> &[u32] {
        self.column(&self.0.layout.edge_target)
    }

    /// Each edge's kind, as an index into [`Epoch::edge_kinds`].
    pub fn edge_kind(&self) -> &[u32] {
        self.column(&self.0.layout.edge_kind)
    }

    /// Each edge's weight: finite, 0 or more.
    pub fn edge_weight(&self) -> &[f64] {
        self.column(&self.0.layout.edge_weight)
    }

    /// Each edge's time in seconds since 1970-01-01 UTC.
    pub fn edge_time(&self) -> &[i64] {
        self.column(&self.0.layout.edge_time)
    }

    /// Node-count + 1 numbers: the edges that leave node `n` are rows `offsets[n]..offsets[n + 1]`.
    pub fn edge_offsets(&self) -> &[u32] {
        &self.0.edge_offsets
    }

    /// The nodes' metric columns, in the order of their names.
    pub fn node_metrics(&self) -> Texts<'_> {
        self.texts(&self.0.layout.node_columns.metric_names)
    }

    /// The nodes' label columns, in the order of their names.
    pub fn node_labels(&self) -> Texts<'_> {
        self.texts(&self.0.layout.node_columns.label_names)
    }

    /// The edges' metric columns, in the order of their names.
    pub fn edge_metrics(&self) -> Texts<'_> {
        self.texts(&self.0.layout.edge_columns.metric_names)
    }

    /// The edges' label columns, in the order of their names.
    pub fn edge_labels(&self) -> Texts<'_> {
        self.texts(&self.0.layout.edge_columns.label_names)
    }

    /// A metric of the nodes: a finite number each, 0 where the input gave none.
    pub fn node_metric(&self, name: &str) -> Option<&[f64]> {
        self.metric(&self.0.layout.node_columns, name)
    }

    /// A metric of the edges: a finite number each, 0 where the input gave none.
    pub fn edge_metric(&self, name: &str) -> Option<&[f64]> {
        self.metric(&self.0.layout.edge_columns, name)
    }

    /// A label of the nodes.
    pub fn node_label(&self, name: &str) -> Option<Label<'_>> {
        self.label(&self.0.layout.node_columns, name)
    }

    /// A label of the edges.
    pub fn edge_label(&self, name: &str) -> Option<Label<'_>> {
        self.label(&self.0.layout.edge_columns, name)
    }

    fn metric(&self, columns: &ColumnSet, name: &str) -> Option<&[f64]> {
        let column = self.texts(&columns.metric_names).position(name)?;
        Some(self.column(columns.metrics.get(column)?))
    }

    fn label(&self, columns: &ColumnSet, name: &str) -> Option<Label<'_>> {
        let column = self.texts(&columns.label_names).position(name)?;
        let (dictionary, rows) = columns.labels.get(column)?;
        Some(Label { dictionary: self.texts(dictionary), rows: self.column(rows) })
    }

    fn texts(&self, section: &format::TextSections) -> Texts<'_> {
        format::texts(self.as_bytes(), section)
    }

    fn column<T: bytemuck::AnyBitPattern>(&self, section: &format::Section) -> &[T] {
        format::column(self.as_bytes(), section)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Epoch")
            .field("number", &self.number())
            .field("digest", &self.digest())
            .field("payees", &self.payees().len())
            .field("nodes", &self.node_count())
            .field("edges", &self.edge_count())
            .finish()
    }
}
