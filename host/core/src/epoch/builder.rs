//! An epoch row by row.

use std::fmt;

use super::assemble::EpochColumns;
use super::cells::CellColumns;
use super::columns::{EdgeColumns, NodeColumns, PayeeColumns, References, TextColumn};
use super::error::{BuildError, ERROR_LIMIT, Row, RowErrors};
use super::graph::NO_PAYEE;
use super::header::{ColumnNames, Header};
use super::interner::Interner;
use super::row::{Edge, Node, Payee};
use super::stored::Epoch;

/// Takes payees, nodes and edges in any order and makes an epoch of them. Wrong rows are collected and reported
/// together at the end.
///
/// ```
/// use apportion_core::epoch::{Edge, EpochBuilder, Header, Node, Payee, Window};
/// use apportion_core::money::{Asset, Pool};
///
/// let pool = Pool { asset: Asset::new("EUR", 2)?, amount: 10_000 };
/// let window = Window { start: 1_735_689_600, end: 1_738_368_000 };
/// let mut epoch = EpochBuilder::new(Header { number: 1, window, pool })?;
/// epoch.payee(Payee::new("ada").name("Ada Lovelace")).payee("grace");
/// epoch.node(Node::new("notes", "paper").payee("ada").metric("pages", 66.0));
/// epoch.node(Node::new("compiler", "software").payee("grace").weight(2.0).label("language", "A-0"));
/// epoch.edge(Edge::new("compiler", "notes", "cites"));
/// let epoch = epoch.build()?;
///
/// assert_eq!(epoch.node_metric("pages"), Some(&[0.0, 66.0][..])); // the compiler is first: sorted by id
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "rows become an epoch by `build`"]
pub struct EpochBuilder {
    header: Header,
    payees: Payees,
    nodes: Nodes,
    edges: Edges,
    errors: RowErrors,
    /// The first column named by a row that is not possible.
    column_error: Option<BuildError>,
}

#[derive(Default)]
struct Payees {
    ids: Vec<Box<str>>,
    names: Vec<Box<str>>,
}

struct Nodes {
    /// Every id that a node or an edge names.
    names: Interner,
    payees: Interner,
    kinds: Interner,
    id: Vec<u32>,
    kind: Vec<u32>,
    weight: Vec<f64>,
    time: Vec<i64>,
    payee: Vec<u32>,
    cells: CellColumns,
}

struct Edges {
    kinds: Interner,
    source: Vec<u32>,
    target: Vec<u32>,
    kind: Vec<u32>,
    weight: Vec<f64>,
    time: Vec<i64>,
    cells: CellColumns,
}

impl EpochBuilder {
    /// How many wrong rows are reported; the rest is counted.
    pub const ERROR_LIMIT: usize = ERROR_LIMIT;

    /// Begins an epoch whose metric and label columns are those that rows name.
    ///
    /// # Errors
    ///
    /// [`BuildError::Window`] and [`BuildError::Number`].
    pub fn new(header: Header) -> Result<EpochBuilder, BuildError> {
        EpochBuilder::with_columns(header, ColumnNames::default())
    }

    /// Begins an epoch with these columns, which it has also where no row has a value in them. Rows give values by
    /// name, or all of them in this order with [`Node::metrics`] and [`Node::labels`], which is faster.
    ///
    /// # Errors
    ///
    /// [`BuildError::Window`], [`BuildError::Number`] and [`BuildError::Column`].
    pub fn with_columns(header: Header, columns: ColumnNames) -> Result<EpochBuilder, BuildError> {
        header.check()?;
        Ok(EpochBuilder {
            header,
            payees: Payees::default(),
            nodes: Nodes::new(CellColumns::new(columns.node_metrics, columns.node_labels)?),
            edges: Edges::new(CellColumns::new(columns.edge_metrics, columns.edge_labels)?),
            errors: RowErrors::default(),
            column_error: None,
        })
    }

    /// Adds someone who can be paid.
    pub fn payee<'a>(&mut self, payee: impl Into<Payee<'a>>) -> &mut EpochBuilder {
        let Payee { id, name } = payee.into();
        self.payees.ids.push(id.into());
        self.payees.names.push(name.into());
        self
    }

    /// Adds a node.
    pub fn node(&mut self, node: Node<'_>) -> &mut EpochBuilder {
        let nodes = &mut self.nodes;
        let position = nodes.id.len();
        nodes.id.push(nodes.names.number(node.id));
        nodes.kind.push(nodes.kinds.number(node.kind));
        nodes.weight.push(node.cells.weight);
        nodes.time.push(node.cells.time.unwrap_or(self.header.window.start));
        nodes.payee.push(node.payee.map_or(NO_PAYEE, |payee| nodes.payees.number(payee)));
        let pushed = nodes.cells.push(&mut self.errors, Row::Node(position), position, &node.cells);
        self.note_column_error(pushed)
    }

    /// Adds an edge; its nodes may come later.
    pub fn edge(&mut self, edge: Edge<'_>) -> &mut EpochBuilder {
        let edges = &mut self.edges;
        let position = edges.source.len();
        edges.source.push(self.nodes.names.number(edge.source));
        edges.target.push(self.nodes.names.number(edge.target));
        edges.kind.push(edges.kinds.number(edge.kind));
        edges.weight.push(edge.cells.weight);
        edges.time.push(edge.cells.time.unwrap_or(self.header.window.start));
        let pushed = edges.cells.push(&mut self.errors, Row::Edge(position), position, &edge.cells);
        self.note_column_error(pushed)
    }

    fn note_column_error(&mut self, pushed: Result<(), BuildError>) -> &mut EpochBuilder {
        if let Err(error) = pushed {
            self.column_error.get_or_insert(error);
        }
        self
    }

    /// Checks and sorts everything and makes an epoch of it.
    ///
    /// # Errors
    ///
    /// [`BuildError::Column`] for a column that is not possible, and [`BuildError::Rows`] with the first wrong rows.
    pub fn build(mut self) -> Result<Epoch, BuildError> {
        if let Some(error) = self.column_error {
            return Err(error);
        }
        let (nodes, edges) = (&mut self.nodes, &mut self.edges);
        nodes.cells.fill(nodes.id.len());
        edges.cells.fill(edges.source.len());
        let payee_ids: Vec<&str> = self.payees.ids.iter().map(|id| &**id).collect();
        let payee_names: Vec<&str> = self.payees.names.iter().map(|name| &**name).collect();
        let (names, owners) = (nodes.names.texts(), nodes.payees.texts());
        let node_ids: Vec<&str> = nodes.id.iter().map(|&id| names[id as usize]).collect();
        let (node_kinds, edge_kinds) = (nodes.kinds.texts(), edges.kinds.texts());
        let (node_words, edge_words) = (words(&nodes.cells), words(&edges.cells));
        let ids = |rows| References::Ids(TextColumn::Dictionary { words: &names, rows });
        let columns = EpochColumns {
            header: self.header,
            payees: PayeeColumns { ids: &payee_ids, names: Some(&payee_names) },
            nodes: NodeColumns {
                ids: &node_ids,
                kinds: TextColumn::Dictionary { words: &node_kinds, rows: &nodes.kind },
                payees: Some(References::Ids(TextColumn::Dictionary { words: &owners, rows: &nodes.payee })),
                weights: Some(&nodes.weight),
                times: Some(&nodes.time),
                metrics: metrics(&nodes.cells),
                labels: labels(&nodes.cells, &node_words),
            },
            edges: EdgeColumns {
                sources: ids(&edges.source),
                targets: ids(&edges.target),
                kinds: TextColumn::Dictionary { words: &edge_kinds, rows: &edges.kind },
                weights: Some(&edges.weight),
                times: Some(&edges.time),
                metrics: metrics(&edges.cells),
                labels: labels(&edges.cells, &edge_words),
            },
        };
        columns.assemble(self.errors)
    }
}

fn metrics(cells: &CellColumns) -> Vec<(&str, &[f64])> {
    cells.metrics.columns.iter().map(|(name, column)| (name.as_str(), column.as_slice())).collect()
}

/// The words of every label column, by number.
fn words(cells: &CellColumns) -> Vec<Vec<&str>> {
    cells.labels.columns.iter().map(|(_, column)| column.words.texts()).collect()
}

fn labels<'a>(cells: &'a CellColumns, words: &'a [Vec<&'a str>]) -> Vec<(&'a str, TextColumn<'a>)> {
    let columns = cells.labels.columns.iter().zip(words);
    columns
        .map(|((name, column), words)| (name.as_str(), TextColumn::Dictionary { words, rows: &column.rows }))
        .collect()
}

impl Nodes {
    fn new(cells: CellColumns) -> Nodes {
        Nodes {
            names: Interner::default(),
            payees: Interner::default(),
            kinds: Interner::default(),
            id: Vec::new(),
            kind: Vec::new(),
            weight: Vec::new(),
            time: Vec::new(),
            payee: Vec::new(),
            cells,
        }
    }
}

impl Edges {
    fn new(cells: CellColumns) -> Edges {
        Edges {
            kinds: Interner::default(),
            source: Vec::new(),
            target: Vec::new(),
            kind: Vec::new(),
            weight: Vec::new(),
            time: Vec::new(),
            cells,
        }
    }
}

impl fmt::Debug for EpochBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpochBuilder")
            .field("header", &self.header)
            .field("payees", &self.payees.ids.len())
            .field("nodes", &self.nodes.id.len())
            .field("edges", &self.edges.source.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::Window;
    use crate::money::{Asset, Pool};
    use proptest::prelude::*;

    fn builder() -> EpochBuilder {
        let pool = Pool { asset: Asset::new("X", 0).unwrap(), amount: 10 };
        let columns = ColumnNames {
            node_metrics: vec!["z".to_owned(), "a".to_owned()],
            edge_labels: vec!["tool".to_owned()],
            ..ColumnNames::default()
        };
        let header = Header { number: 1, window: Window { start: 0, end: 9 }, pool };
        EpochBuilder::with_columns(header, columns).unwrap()
    }

    fn node(id: &str) -> Node<'_> {
        Node::new(id, "k").payee("p")
    }

    #[test]
    fn minus_zero_is_zero() {
        let of = |metrics: [f64; 2], weight: f64| {
            let mut epoch = builder();
            epoch.payee("p").node(node("n").metrics(&metrics).weight(weight));
            epoch.build().unwrap().digest()
        };
        assert_eq!(of([-0.0, 1.0], -0.0), of([0.0, 1.0], 0.0));
    }

    #[test]
    fn wrong_rows_are_reported_together_in_order() {
        let mut epoch = builder();
        epoch.payee("p").payee("p");
        epoch.node(node("n").metrics(&[f64::NAN, 0.0]));
        epoch.node(node("n").payee("q"));
        epoch.node(node("m").metrics(&[0.0]));
        epoch.edge(Edge::new("n", "nowhere", "e").weight(-1.0).labels(&["\u{202e}"]));
        let Err(BuildError::Rows { errors, more: 0 }) = epoch.build() else { panic!("rows are wrong") };
        let sentences: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            sentences,
            [
                "payee 1, column `id`: `p` is there twice: an earlier row has the same id",
                "node 0, column `z`: NaN is not a finite number",
                "node 1, column `id`: `n` is there twice: an earlier row has the same id",
                "node 1, column `payee`: there is no payee `q`",
                "node 2, column `metrics`: has 1 values where 2 columns were declared",
                "edge 0, column `weight`: -1 is not a finite number of 0 or more",
                "edge 0, column `tool`: `\\u{202e}` holds the invisible character U+202E",
                "edge 0, column `target`: there is no node `nowhere`",
            ]
        );
    }

    #[test]
    fn first_errors_by_row_are_kept_in_whichever_column_they_are() {
        let mut epoch = builder();
        epoch.payee("p");
        for row in 0..300 {
            // Weights are checked before metrics.
            let wrong_metric = if row < 10 { f64::INFINITY } else { 0.0 };
            let id = row.to_string();
            epoch.node(node(&id).weight(-1.0).metric("a", wrong_metric));
        }
        let Err(BuildError::Rows { errors, more }) = epoch.build() else { panic!("rows are wrong") };
        assert_eq!((errors.len(), more), (100, 210));
        assert_eq!(errors.iter().filter(|error| error.column == "a").count(), 10);
        assert!(errors.is_sorted_by_key(|error| error.row));
        assert_eq!(errors.last().map(|error| error.row), Some(Row::Node(89)));
    }

    #[test]
    fn columns_are_named_where_they_are_used() {
        let mut by_name = builder();
        by_name.payee("p");
        by_name.node(node("m"));
        by_name.node(node("n").metric("a", 1.0).metric("new", 7.0).label("word", "x").metric("a", 2.0));
        let mut declared = EpochBuilder::with_columns(
            by_name.header.clone(),
            ColumnNames {
                node_metrics: ["a", "new", "z"].map(str::to_owned).to_vec(),
                node_labels: vec!["word".to_owned()],
                edge_labels: vec!["tool".to_owned()],
                ..ColumnNames::default()
            },
        )
        .unwrap();
        declared.payee("p");
        declared.node(node("m").metrics(&[0.0; 3]).labels(&[""]));
        declared.node(node("n").metrics(&[2.0, 7.0, 0.0]).labels(&["x"]));
        assert_eq!(by_name.build().unwrap().as_bytes(), declared.build().unwrap().as_bytes());
    }

    #[test]
    fn column_that_is_not_possible_is_refused() {
        let mut epoch = builder();
        epoch.payee("p").node(node("n").metric("a\nb", 1.0));
        let error = epoch.build().unwrap_err().to_string();
        assert_eq!(error, "column `a\\nb` holds the invisible character U+000A");
        let twice =
            ColumnNames { edge_metrics: vec!["a".to_owned(), "a".to_owned()], ..ColumnNames::default() };
        let error = EpochBuilder::with_columns(builder().header, twice).unwrap_err().to_string();
        assert_eq!(error, "column `a` is there twice");
    }

    proptest! {
        /// The order of rows changes nothing, equal edges included.
        #[test]
        fn the_order_of_rows_is_gone(
            order in Just((0..24_usize).collect::<Vec<_>>()).prop_shuffle(),
            edges in prop::collection::vec((0..4_usize, 0..4_usize, 0..3_u8, prop::sample::select(vec!["", "a", "b"])), 24),
        ) {
            let ids = ["n0", "n1", "n2", "n3"];
            let of = |nodes: &[usize], order: &[usize]| {
                let mut epoch = builder();
                epoch.payee("p");
                for &row in order {
                    let (source, target, weight, tool) = edges[row];
                    epoch.edge(Edge::new(ids[source], ids[target], "e").weight(f64::from(weight)).labels(&[tool]));
                }
                for &id in nodes {
                    epoch.node(node(ids[id]).metrics(&[id as f64, -1.0]));
                }
                epoch.build().unwrap()
            };
            let sorted: Vec<usize> = (0..24).collect();
            prop_assert_eq!(of(&[0, 1, 2, 3], &sorted).digest(), of(&[2, 0, 3, 1], &order).digest());
        }
    }
}
