//! An epoch as its checked bytes, and everything that can be read from it.

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use crate::canonical::{self, Digest};
use crate::money::Pool;

use super::aligned::Aligned;
use super::check;
use super::error::EpochError;
use super::graph::{Label, Texts};
use super::header::{ColumnNames, Header, Window};
use super::layout::{self, ColumnSet, Layout, Section, TextSections};

/// A valid epoch. Cloning is cheap and it can be shared between threads.
///
/// ```
/// use apportion_core::epoch::{Epoch, NO_PAYEE};
///
/// let bytes = std::fs::read("../../tests/golden/cooperative.epoch")?;
/// let epoch = Epoch::from_bytes(&bytes)?;
/// assert_eq!(epoch.pool().to_string(), "1000 EUR");
///
/// // Who owns each node, by name:
/// for (id, &payee) in epoch.node_ids().iter().zip(epoch.node_payee()) {
///     let owner = if payee == NO_PAYEE { None } else { epoch.payees().get(payee as usize) };
///     println!("{id}: {}", owner.unwrap_or("nobody"));
/// }
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
    /// Reads an epoch from its canonical bytes and checks all of them: an [`Epoch`] is always valid.
    ///
    /// ```
    /// use apportion_core::epoch::{Epoch, EpochError};
    ///
    /// let mut bytes = std::fs::read("../../tests/golden/cooperative.epoch")?;
    /// let epoch = Epoch::from_bytes(&bytes)?;
    /// assert_eq!(epoch.as_bytes(), bytes);
    ///
    /// bytes.pop();
    /// assert!(matches!(Epoch::from_bytes(&bytes), Err(EpochError::Length { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An [`EpochError`] that names the place in the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Epoch, EpochError> {
        Epoch::checked(Aligned::copied(bytes))
    }

    /// Reads an epoch of `length` bytes, the length of the file, so that memory is taken once.
    ///
    /// ```
    /// use apportion_core::epoch::Epoch;
    ///
    /// let file = std::fs::File::open("../../tests/golden/cooperative.epoch")?;
    /// let length = file.metadata()?.len();
    /// let epoch = Epoch::read(file, length)?;
    /// assert_eq!(epoch.as_bytes().len() as u64, length);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Epoch::from_bytes`], and [`EpochError::Read`].
    pub fn read(reader: impl Read, length: u64) -> Result<Epoch, EpochError> {
        Epoch::checked(Aligned::read(reader, length)?)
    }

    pub(super) fn checked(bytes: Aligned) -> Result<Epoch, EpochError> {
        let (header, layout) = layout::locate(bytes.as_slice())?;
        let edge_offsets = check::check(bytes.as_slice(), &layout)?;
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

    /// 64 bits that follow from the digest alone: the same for everyone, under any policy. See
    /// [`epoch_seed`](crate::canonical::epoch_seed).
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

    /// Each node's owner as an index into [`Epoch::payees`], or [`NO_PAYEE`](crate::epoch::NO_PAYEE).
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
    ///
    /// ```
    /// use apportion_core::epoch::Epoch;
    ///
    /// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
    /// let offsets = epoch.edge_offsets();
    /// for node in 0..epoch.node_count() {
    ///     let edges = offsets[node] as usize..offsets[node + 1] as usize;
    ///     assert!(epoch.edge_source()[edges].iter().all(|&source| source as usize == node));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// A metric of the nodes by its name: a finite number for each node, 0 where the input gave none. `None` if there is no
    /// such column; [`Epoch::node_metrics`] lists the names.
    pub fn node_metric(&self, name: &str) -> Option<&[f64]> {
        self.metric(&self.0.layout.node_columns, name)
    }

    /// A metric of the edges by its name: a finite number for each edge, 0 where the input gave none. `None` if there is no
    /// such column; [`Epoch::edge_metrics`] lists the names.
    pub fn edge_metric(&self, name: &str) -> Option<&[f64]> {
        self.metric(&self.0.layout.edge_columns, name)
    }

    /// A label of the nodes by its name. `None` if there is no such column; [`Epoch::node_labels`] lists the names.
    ///
    /// ```
    /// use apportion_core::epoch::{EpochBuilder, Header, Node, Window};
    /// use apportion_core::money::{Asset, Pool};
    ///
    /// let pool = Pool { asset: Asset::new("EUR", 2)?, amount: 100 };
    /// let mut epoch = EpochBuilder::new(Header { number: 1, window: Window { start: 0, end: 1 }, pool })?;
    /// epoch.node(Node::new("a", "paper").label("field", "physics")).node(Node::new("b", "paper"));
    /// let epoch = epoch.build()?;
    /// let field = epoch.node_label("field").ok_or("no such column")?;
    /// assert_eq!((field.word(0), field.word(1)), ("physics", ""));
    /// assert_eq!(field.rows, [1, 0]); // positions in field.dictionary
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn node_label(&self, name: &str) -> Option<Label<'_>> {
        self.label(&self.0.layout.node_columns, name)
    }

    /// A label of the edges by its name. `None` if there is no such column; [`Epoch::edge_labels`] lists the names.
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

    fn texts(&self, section: &TextSections) -> Texts<'_> {
        layout::texts(self.as_bytes(), section)
    }

    fn column<T: bytemuck::AnyBitPattern>(&self, section: &Section) -> &[T] {
        layout::column(self.as_bytes(), section)
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
