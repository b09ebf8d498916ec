use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};
use core::ops::Range;

use crate::columns::Header;
use crate::{Columns, EpochBuilder, InvalidEpoch, LabelColumn, component};

/// The payee of a node that nobody owns.
pub const NO_PAYEE: u32 = u32::MAX;

/// The epoch being settled: all that a policy can know.
///
/// Nodes are sorted by id, edges by source, target, kind, time, then the rest; a node, an edge and a payee is named
/// by its row. Credit flows along an edge from its source to its target: the source relied on the target.
///
/// In a component each column is copied from the engine when it is first asked for, so a policy pays for what it
/// reads. Natively all columns are there from the start.
///
/// ```
/// use apportion_guest::{Edge, Epoch, Node};
///
/// let epoch = Epoch::builder()
///     .pool(2_000_000)
///     .decimals(6)
///     .node(Node::new("library", "repository").payee("ann"))
///     .node(Node::new("app", "repository"))
///     .edge(Edge::new("app", "library", "depends-on").weight(3.0))
///     .build()?;
/// assert_eq!(epoch.pool_in_units(), 2.0);
/// assert_eq!(epoch.node_ids(), ["app", "library"]);
/// for edge in epoch.out_edges(0) {
///     assert_eq!((epoch.edge_target()[edge], epoch.edge_weight()[edge]), (1, 3.0));
/// }
/// # Ok::<(), apportion_guest::InvalidEpoch>(())
/// ```
#[derive(Debug, Default)]
pub struct Epoch {
    // Natively every cell is full before anyone can see the epoch: the closures below run in a component alone.
    header: OnceCell<Header>,
    payees: OnceCell<Vec<String>>,
    node_kinds: OnceCell<Vec<String>>,
    node_ids: OnceCell<Vec<String>>,
    node_kind: OnceCell<Vec<u32>>,
    node_weight: OnceCell<Vec<f64>>,
    node_time: OnceCell<Vec<i64>>,
    node_payee: OnceCell<Vec<u32>>,
    node_metrics: OnceCell<Vec<Named<Vec<f64>>>>,
    node_labels: OnceCell<Vec<Named<LabelColumn>>>,
    edge_kinds: OnceCell<Vec<String>>,
    edge_source: OnceCell<Vec<u32>>,
    edge_target: OnceCell<Vec<u32>>,
    edge_kind: OnceCell<Vec<u32>>,
    edge_weight: OnceCell<Vec<f64>>,
    edge_time: OnceCell<Vec<i64>>,
    edge_offsets: OnceCell<Vec<u32>>,
    edge_metrics: OnceCell<Vec<Named<Vec<f64>>>>,
    edge_labels: OnceCell<Vec<Named<LabelColumn>>>,
    paid: OnceCell<Vec<u128>>,
    carry: OnceCell<Vec<u8>>,
    incoming: OnceCell<Incoming>,
    logged: RefCell<Vec<String>>,
}

/// A further column, fetched by its name.
#[derive(Debug)]
struct Named<T> {
    name: String,
    column: OnceCell<T>,
}

/// The edges by target: those into node n are `edges[offsets[n]..offsets[n + 1]]`.
#[derive(Debug)]
struct Incoming {
    offsets: Vec<u32>,
    edges: Vec<u32>,
}

/// A column of words.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    words: &'a [String],
    rows: &'a [u32],
}

impl Epoch {
    /// Starts an epoch in memory, for tests: rows in any order.
    pub fn builder() -> EpochBuilder {
        EpochBuilder::default()
    }

    /// An epoch in memory from ready columns, for a program that holds them: nothing is sorted.
    ///
    /// # Errors
    /// What makes the columns no epoch: [`InvalidEpoch`].
    pub fn from_columns(columns: Columns) -> Result<Self, InvalidEpoch> {
        columns.check()?;
        let offsets = offsets(&columns.edge_source, columns.node_ids.len());
        let paid = if columns.paid.is_empty() { alloc::vec![0; columns.payees.len()] } else { columns.paid };
        let metrics = |columns: Vec<crate::MetricColumn>| {
            columns.into_iter().map(|column| named(column.name, column.values)).collect::<Vec<_>>()
        };
        let labels = |columns: Vec<LabelColumn>| {
            columns.into_iter().map(|column| named(column.name.clone(), column)).collect::<Vec<_>>()
        };
        let header = Header {
            number: columns.number,
            window: columns.window,
            pool: columns.pool,
            asset: columns.asset,
            decimals: columns.decimals,
            seed: columns.seed,
        };
        Ok(Self {
            header: header.into(),
            payees: columns.payees.into(),
            node_kinds: columns.node_kinds.into(),
            node_ids: columns.node_ids.into(),
            node_kind: columns.node_kind.into(),
            node_weight: columns.node_weight.into(),
            node_time: columns.node_time.into(),
            node_payee: columns.node_payee.into(),
            node_metrics: metrics(columns.node_metrics).into(),
            node_labels: labels(columns.node_labels).into(),
            edge_kinds: columns.edge_kinds.into(),
            edge_source: columns.edge_source.into(),
            edge_target: columns.edge_target.into(),
            edge_kind: columns.edge_kind.into(),
            edge_weight: columns.edge_weight.into(),
            edge_time: columns.edge_time.into(),
            edge_offsets: offsets.into(),
            edge_metrics: metrics(columns.edge_metrics).into(),
            edge_labels: labels(columns.edge_labels).into(),
            paid: paid.into(),
            carry: columns.carry.into(),
            incoming: OnceCell::new(),
            logged: RefCell::default(),
        })
    }

    /// The epoch that the engine is settling. In a component alone.
    pub(crate) fn of_component() -> Self {
        Self::default()
    }

    /// The epoch's number in its programme.
    pub fn number(&self) -> u64 {
        self.header().number
    }

    /// Start (inclusive) and end (exclusive), seconds since 1970-01-01 UTC.
    pub fn window(&self) -> (i64, i64) {
        self.header().window
    }

    /// What this policy divides, in base units.
    pub fn pool(&self) -> u128 {
        self.header().pool
    }

    /// The asset's symbol: `OP`.
    pub fn asset(&self) -> &str {
        &self.header().asset
    }

    /// One whole unit of the asset is 10^decimals base units; 0 to 38.
    pub fn decimals(&self) -> u32 {
        self.header().decimals
    }

    /// The pool in whole units, to the nearest double: for rules that speak of `200 OP`.
    pub fn pool_in_units(&self) -> f64 {
        // 10^38 is the largest power of ten in a u128; `decimals` is 38 at most. Whole units and the rest are
        // converted apart so that a pool of whole units is exact.
        let unit = 10_u128.saturating_pow(self.decimals());
        let (whole, rest) = (self.pool() / unit, self.pool() % unit);
        whole as f64 + rest as f64 / unit as f64
    }

    /// The same for everyone who settles this epoch, under any policy: derived from the epoch's digest alone.
    pub fn seed(&self) -> u64 {
        self.header().seed
    }

    /// The payees' ids, sorted by their bytes. The index of a payee is its row.
    pub fn payees(&self) -> &[String] {
        self.payees.get_or_init(component::payee_ids)
    }

    /// Sorted; every kind occurs.
    pub fn node_kinds(&self) -> &[String] {
        self.node_kinds.get_or_init(component::node_kinds)
    }

    /// Sorted; every kind occurs.
    pub fn edge_kinds(&self) -> &[String] {
        self.edge_kinds.get_or_init(component::edge_kinds)
    }

    /// The index of a kind of nodes, if any node is of it.
    pub fn node_kind_named(&self, name: &str) -> Option<u32> {
        find(self.node_kinds(), name)
    }

    /// The index of a kind of edges, if any edge is of it.
    pub fn edge_kind_named(&self, name: &str) -> Option<u32> {
        find(self.edge_kinds(), name)
    }

    /// The nodes' ids, sorted by their bytes.
    pub fn node_ids(&self) -> &[String] {
        self.node_ids.get_or_init(component::node_ids)
    }

    /// Index into [`node_kinds`](Self::node_kinds).
    pub fn node_kind(&self) -> &[u32] {
        self.node_kind.get_or_init(component::node_kind)
    }

    /// Finite, 0 or more; 1 where the input gives none.
    pub fn node_weight(&self) -> &[f64] {
        self.node_weight.get_or_init(component::node_weight)
    }

    /// Seconds since 1970-01-01 UTC; the start of the window where the input gives none.
    pub fn node_time(&self) -> &[i64] {
        self.node_time.get_or_init(component::node_time)
    }

    /// Row of the payee that owns the node, or [`NO_PAYEE`], which is no row: `get` with it gives nothing.
    pub fn node_payee(&self) -> &[u32] {
        self.node_payee.get_or_init(component::node_payee)
    }

    /// Row of a node.
    pub fn edge_source(&self) -> &[u32] {
        self.edge_source.get_or_init(component::edge_source)
    }

    /// Row of a node.
    pub fn edge_target(&self) -> &[u32] {
        self.edge_target.get_or_init(component::edge_target)
    }

    /// Index into [`edge_kinds`](Self::edge_kinds).
    pub fn edge_kind(&self) -> &[u32] {
        self.edge_kind.get_or_init(component::edge_kind)
    }

    /// Finite, 0 or more; 1 where the input gives none.
    pub fn edge_weight(&self) -> &[f64] {
        self.edge_weight.get_or_init(component::edge_weight)
    }

    /// Seconds since 1970-01-01 UTC; the start of the window where the input gives none.
    pub fn edge_time(&self) -> &[i64] {
        self.edge_time.get_or_init(component::edge_time)
    }

    /// One number more than there are nodes: the edges that leave node n are rows `[out[n], out[n + 1])`.
    pub fn edge_offsets(&self) -> &[u32] {
        self.edge_offsets.get_or_init(component::edge_offsets)
    }

    /// The rows of the edges that leave a node. Empty for a row that is no node.
    pub fn out_edges(&self, node: usize) -> Range<usize> {
        run(self.edge_offsets(), node)
    }

    /// The rows of the edges into a node, ascending. Empty for a row that is no node.
    ///
    /// The index behind it is made once, by a counting sort over all edges.
    pub fn in_edges(&self, node: usize) -> &[u32] {
        let incoming = self.incoming.get_or_init(|| Incoming::of(self.edge_target(), self.node_ids().len()));
        incoming.edges.get(run(&incoming.offsets, node)).unwrap_or_default()
    }

    /// A column of numbers of the nodes; none if the epoch has no such column. Absent values are 0.
    pub fn node_metric(&self, name: &str) -> Option<&[f64]> {
        let columns = self.node_metrics.get_or_init(|| listed(component::node_metrics()));
        named_column(columns, name, component::node_metric).map(Vec::as_slice)
    }

    /// A column of numbers of the edges; none if the epoch has no such column. Absent values are 0.
    pub fn edge_metric(&self, name: &str) -> Option<&[f64]> {
        let columns = self.edge_metrics.get_or_init(|| listed(component::edge_metrics()));
        named_column(columns, name, component::edge_metric).map(Vec::as_slice)
    }

    /// A column of words of the nodes; none if the epoch has no such column.
    pub fn node_label(&self, name: &str) -> Option<Label<'_>> {
        let columns = self.node_labels.get_or_init(|| listed(component::node_labels()));
        named_column(columns, name, component::node_label).map(Label::of)
    }

    /// A column of words of the edges; none if the epoch has no such column.
    pub fn edge_label(&self, name: &str) -> Option<Label<'_>> {
        let columns = self.edge_labels.get_or_init(|| listed(component::edge_labels()));
        named_column(columns, name, component::edge_label).map(Label::of)
    }

    /// What each payee has been paid by this programme so far, in base units. For stateful policies.
    pub fn paid(&self) -> &[u128] {
        self.paid.get_or_init(component::paid)
    }

    /// What this policy handed over at the last epoch; empty at the first. For stateful policies.
    pub fn carry(&self) -> &[u8] {
        self.carry.get_or_init(component::carry)
    }

    /// Writes a line to the run's log, which is for the policy's author: nothing said here reaches a receipt.
    pub fn log(&self, line: impl Into<String>) {
        if cfg!(target_arch = "wasm32") {
            component::log(&line.into());
        } else {
            self.logged.borrow_mut().push(line.into());
        }
    }

    /// The lines logged so far, natively: for tests. Empty in a component.
    pub fn logged(&self) -> Vec<String> {
        self.logged.borrow().clone()
    }

    fn header(&self) -> &Header {
        self.header.get_or_init(component::header)
    }
}

impl<'a> Label<'a> {
    fn of(column: &'a LabelColumn) -> Self {
        Self { words: &column.words, rows: &column.rows }
    }

    /// The dictionary: sorted, the first the empty word, which stands for absent.
    pub fn words(&self) -> &'a [String] {
        self.words
    }

    /// Index into [`words`](Self::words), one a row.
    pub fn rows(&self) -> &'a [u32] {
        self.rows
    }

    /// The word of a row; empty where absent.
    pub fn word(&self, row: usize) -> &'a str {
        let word = self.rows.get(row).and_then(|index| self.words.get(*index as usize));
        word.map_or("", String::as_str)
    }

    /// The index of a word, if it is in the dictionary: rows can then be compared as numbers.
    pub fn index_of(&self, word: &str) -> Option<u32> {
        find(self.words, word)
    }
}

impl Incoming {
    fn of(targets: &[u32], nodes: usize) -> Self {
        let offsets = offsets(targets, nodes);
        let mut next = offsets.clone();
        let mut edges = alloc::vec![0; targets.len()];
        for (edge, target) in (0_u32..).zip(targets) {
            if let Some(next) = next.get_mut(*target as usize) {
                if let Some(place) = edges.get_mut(*next as usize) {
                    *place = edge;
                }
                *next += 1;
            }
        }
        Self { offsets, edges }
    }
}

/// How many edges have a smaller node, for every node and one past the last.
fn offsets(nodes_of_edges: &[u32], nodes: usize) -> Vec<u32> {
    let mut offsets = alloc::vec![0_u32; nodes.saturating_add(1)];
    for node in nodes_of_edges {
        if let Some(count) = offsets.get_mut((*node as usize).saturating_add(1)) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for offset in &mut offsets {
        sum += *offset;
        *offset = sum;
    }
    offsets
}

fn run(offsets: &[u32], node: usize) -> Range<usize> {
    match (offsets.get(node), offsets.get(node.saturating_add(1))) {
        (Some(start), Some(end)) => *start as usize..*end as usize,
        _ => 0..0,
    }
}

fn find(sorted: &[String], name: &str) -> Option<u32> {
    let row = sorted.binary_search_by(|probe| probe.as_str().cmp(name)).ok()?;
    u32::try_from(row).ok()
}

fn named<T>(name: String, column: T) -> Named<T> {
    Named { name, column: column.into() }
}

fn listed<T>(names: Vec<String>) -> Vec<Named<T>> {
    names.into_iter().map(|name| Named { name, column: OnceCell::new() }).collect()
}

fn named_column<'a, T>(columns: &'a [Named<T>], name: &str, fetch: impl Fn(&str) -> T) -> Option<&'a T> {
    let row = columns.binary_search_by(|probe| probe.name.as_str().cmp(name)).ok()?;
    Some(columns.get(row)?.column.get_or_init(|| fetch(name)))
}
