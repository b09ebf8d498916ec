//! Untrusted columns -> an epoch: every value is checked, everything is sorted, the order of the input is gone.

use crate::text::check_name;

use super::attributes::{Attributes, Given, check_length};
use super::codes::{SortedIds, Target};
use super::columns::{EdgeColumns, NodeColumns, PayeeColumns};
use super::error::{BuildError, Row, RowErrors};
use super::graph::{MAX_ROWS, NO_PAYEE};
use super::header::Header;
use super::order::EdgeOrder;
use super::stored::Epoch;
use super::writer::{Counts, Writer, count, in_order};

/// A whole epoch as columns, in any order of the rows: the way to build one from tables, arrays and data frames.
///
/// The same data gives the same bytes as row by row from an [`EpochBuilder`](super::EpochBuilder).
///
/// ```
/// use apportion_core::epoch::{
///     EdgeColumns, EpochColumns, Header, NodeColumns, PayeeColumns, References, TextColumn, Window,
/// };
/// use apportion_core::money::{Asset, Pool};
///
/// let pool = Pool { asset: Asset::new("EUR", 2)?, amount: 10_000 };
/// let header = Header { number: 1, window: Window { start: 0, end: 86_400 }, pool };
/// let epoch = EpochColumns {
///     header,
///     payees: PayeeColumns { ids: &["ada", "grace"], names: None },
///     nodes: NodeColumns {
///         ids: &["paper", "compiler"],
///         kinds: TextColumn::Plain(&["paper", "software"]),
///         payees: Some(References::Positions(&[0, 1])),
///         metrics: vec![("stars", &[5.0, 12.0])],
///         ..NodeColumns::default()
///     },
///     edges: EdgeColumns {
///         sources: References::Ids(TextColumn::Plain(&["paper"])),
///         targets: References::Positions(&[1]),
///         kinds: TextColumn::Plain(&["cites"]),
///         weights: Some(&[0.5]),
///         ..EdgeColumns::default()
///     },
/// }
/// .build()?;
/// assert_eq!(epoch.node_ids().get(0), Some("compiler")); // sorted
/// assert_eq!(epoch.node_metric("stars"), Some(&[12.0, 5.0][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EpochColumns<'a> {
    /// Number, window and pool.
    pub header: Header,
    /// Those who can be paid.
    pub payees: PayeeColumns<'a>,
    /// The nodes.
    pub nodes: NodeColumns<'a>,
    /// The edges.
    pub edges: EdgeColumns<'a>,
}

impl EpochColumns<'_> {
    /// Checks and sorts everything and makes an epoch of it.
    ///
    /// # Errors
    ///
    /// [`BuildError::Column`] where a column's name or length is wrong, and otherwise [`BuildError::Rows`] with the
    /// first wrong values, by row and column.
    pub fn build(&self) -> Result<Epoch, BuildError> {
        self.assemble(RowErrors::default())
    }

    /// As [`EpochColumns::build`], where errors of the rows are known already.
    pub(super) fn assemble(&self, mut errors: RowErrors) -> Result<Epoch, BuildError> {
        let EpochColumns { header, payees, nodes, edges } = self;
        header.check()?;
        let (given_nodes, given_edges) = (Given::of_nodes(nodes), Given::of_edges(edges));
        self.check_row_counts()?;
        check_length(
            "payees",
            payees.ids.len(),
            "name",
            payees.names.map_or(payees.ids.len(), <[&str]>::len),
        )?;
        given_nodes.check_length("payee", nodes.payees.map_or(nodes.ids.len(), |owners| owners.len()))?;
        given_nodes.check_shape()?;
        given_edges.check_length("target", edges.targets.len())?;
        given_edges.check_shape()?;

        let payee_ids = SortedIds::new(Target::Payee, payees.ids, &mut errors);
        check_payee_names(payees, &mut errors);
        let node_ids = SortedIds::new(Target::Node, nodes.ids, &mut errors);
        let node_attributes = given_nodes.encode(header.window.start, &mut errors);
        let owners = match nodes.payees {
            Some(owners) => {
                payee_ids.resolve(owners, |row, problem| errors.add(Row::Node(row), "payee", problem))
            }
            None => vec![NO_PAYEE; nodes.ids.len()],
        };
        let edge_attributes = given_edges.encode(header.window.start, &mut errors);
        let mut resolve =
            |ends, column| node_ids.resolve(ends, |row, problem| errors.add(Row::Edge(row), column, problem));
        let (sources, targets) = (resolve(edges.sources, "source"), resolve(edges.targets, "target"));
        errors.into_result()?;

        Sorted {
            header,
            payees,
            payee_ids,
            node_ids,
            owners,
            node_attributes,
            sources,
            targets,
            edge_attributes,
        }
        .write()
    }

    fn check_row_counts(&self) -> Result<(), BuildError> {
        for (rows, what) in [
            (self.payees.ids.len(), "more than 2^32 - 2 payees"),
            (self.nodes.ids.len(), "more than 2^32 - 2 nodes"),
            (self.edges.sources.len(), "more than 2^32 - 2 edges"),
        ] {
            if rows > MAX_ROWS {
                return Err(BuildError::TooLarge(what));
            }
        }
        Ok(())
    }
}

fn check_payee_names(payees: &PayeeColumns<'_>, errors: &mut RowErrors) {
    for (row, name) in
        payees.names.unwrap_or_default().iter().enumerate().filter(|(_, name)| !name.is_empty())
    {
        if let Err(problem) = check_name(name) {
            errors.text(Row::Payee(row), "name", name, problem);
        }
    }
}

/// Columns without an error, with references as places among sorted ids.
struct Sorted<'a> {
    header: &'a Header,
    payees: &'a PayeeColumns<'a>,
    payee_ids: SortedIds<'a>,
    node_ids: SortedIds<'a>,
    owners: Vec<u32>,
    node_attributes: Attributes<'a>,
    sources: Vec<u32>,
    targets: Vec<u32>,
    edge_attributes: Attributes<'a>,
}

impl Sorted<'_> {
    fn write(&self) -> Result<Epoch, BuildError> {
        let (nodes, edges) = (&self.node_attributes, &self.edge_attributes);
        let (payee_order, node_order) = (&self.payee_ids.order, &self.node_ids.order);
        let (node_metrics, node_labels) = nodes.counts();
        let (edge_metrics, edge_labels) = edges.counts();
        let counts = Counts {
            payees: count(payee_order.len()),
            nodes: count(node_order.len()),
            edges: count(self.sources.len()),
            node_metrics,
            node_labels,
            edge_metrics,
            edge_labels,
        };
        let mut writer = Writer::new(self.header, &counts);
        writer.texts(self.payee_ids.sorted())?;
        writer.texts(payee_order.iter().map(|&row| self.payees.names.map_or("", |names| names[row])))?;
        writer.texts(nodes.kinds.words.iter().copied())?;
        writer.texts(edges.kinds.words.iter().copied())?;

        writer.texts(self.node_ids.sorted())?;
        writer.column(&in_order(&nodes.kinds.rows, node_order));
        writer.column(&in_order(&nodes.weights, node_order));
        writer.column(&in_order(&nodes.times, node_order));
        writer.column(&in_order(&self.owners, node_order));

        let edge_order = self.edge_order();
        writer.column(&in_order(&self.sources, &edge_order));
        writer.column(&in_order(&self.targets, &edge_order));
        writer.column(&in_order(&edges.kinds.rows, &edge_order));
        writer.column(&in_order(&edges.weights, &edge_order));
        writer.column(&in_order(&edges.times, &edge_order));
        nodes.write_further(&mut writer, node_order)?;
        edges.write_further(&mut writer, &edge_order)?;
        Ok(Epoch::checked(writer.finish())?)
    }

    fn edge_order(&self) -> Vec<usize> {
        let edges = &self.edge_attributes;
        let order = EdgeOrder {
            source: &self.sources,
            target: &self.targets,
            kind: &edges.kinds.rows,
            time: &edges.times,
            weight: &edges.weights,
            metrics: edges.metrics.iter().map(|(_, column)| &**column).collect(),
            labels: edges.labels.iter().map(|(_, column)| &*column.rows).collect(),
        };
        order.sorted_rows()
    }
}
