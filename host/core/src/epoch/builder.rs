//! Untrusted rows -> an epoch: every row is checked, everything is sorted, the order of the input is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::graph::{Edge, MAX_COLUMNS, MAX_ROWS, NO_PAYEE, Node, Row, RowError, RowProblem};
use crate::sorting;
use crate::text::{TextProblem, check_name, check_word};

use super::format::{Counts, TooMuchText, Writer, compare_further};
use super::{Epoch, EpochError, Header, MAX_NUMBER};

/// The names of the further columns that nodes and edges have, in the order in which rows give their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnNames {
    /// Numbers of a node.
    pub node_metrics: Vec<String>,
    /// Words of a node.
    pub node_labels: Vec<String>,
    /// Numbers of an edge.
    pub edge_metrics: Vec<String>,
    /// Words of an edge.
    pub edge_labels: Vec<String>,
}

/// Why rows do not make an epoch.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The window ends before it begins.
    #[error("the window ends at {end}, which is not after its start {start}")]
    Window {
        /// Seconds since 1970-01-01 UTC.
        start: i64,
        /// Seconds since 1970-01-01 UTC.
        end: i64,
    },
    /// A number that a receipt could not say.
    #[error("epoch number {0} is more than 2^53")]
    Number(u64),
    /// A column that cannot be: its name is unusable or there twice, or there are too many.
    #[error("column `{}` {problem}", .name.escape_debug())]
    Column {
        /// The column's name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Rows that cannot be kept; the first of them, and how many more there are.
    #[error("{} rows cannot be kept; the first: {}", .errors.len() + .more, .errors.first().map_or(String::new(), ToString::to_string))]
    Rows {
        /// The first [`EpochBuilder::ERROR_LIMIT`] errors, in the order of the rows.
        errors: Vec<RowError>,
        /// How many there are beyond those.
        more: usize,
    },
    /// More rows or text than the format holds.
    #[error("the epoch is too large: {0}")]
    TooLarge(&'static str),
    /// The bytes written were not accepted: a bug in this library.
    #[error("the epoch was written wrongly, which is a bug: {0}")]
    Written(#[from] EpochError),
}

impl From<TooMuchText> for BuildError {
    fn from(_: TooMuchText) -> BuildError {
        BuildError::TooLarge("4 GiB of text in one column")
    }
}

/// Takes rows in any order and makes an epoch of them. Wrong rows are collected and reported together at the end.
pub struct EpochBuilder {
    header: Header,
    payees: Payees,
    nodes: Nodes,
    edges: Edges,
    errors: Errors,
}

impl EpochBuilder {
    /// How many wrong rows are reported; the rest is counted.
    pub const ERROR_LIMIT: usize = 100;

    /// Begins an epoch. The rows' further columns are named once, here.
    pub fn new(header: Header, columns: ColumnNames) -> Result<EpochBuilder, BuildError> {
        let window = header.window;
        if window.start >= window.end {
            return Err(BuildError::Window { start: window.start, end: window.end });
        }
        if header.number > MAX_NUMBER {
            return Err(BuildError::Number(header.number));
        }
        Ok(EpochBuilder {
            header,
            payees: Payees::default(),
            nodes: Nodes {
                further: Further::new(columns.node_metrics, columns.node_labels)?,
                ..Nodes::default()
            },
            edges: Edges {
                further: Further::new(columns.edge_metrics, columns.edge_labels)?,
                ..Edges::default()
            },
            errors: Errors::default(),
        })
    }

    /// Adds one who can be paid. `name` is what to show a person; it may be empty.
    pub fn payee(&mut self, id: &str, name: &str) {
        let row = Row::Payee(self.payees.ids.len());
        self.errors.text(row, "id", id, check_name(id));
        if !name.is_empty() {
            self.errors.text(row, "name", name, check_name(name));
        }
        self.payees.ids.push(id.into());
        self.payees.names.push(name.into());
    }

    /// Adds a node.
    pub fn node(&mut self, node: Node<'_>) {
        let (errors, nodes) = (&mut self.errors, &mut self.nodes);
        let row = Row::Node(nodes.id.len());
        errors.text(row, "id", node.id, check_name(node.id));
        errors.text(row, "kind", node.kind, check_name(node.kind));
        errors.weight(row, node.weight);
        let name = nodes.names.of(node.id);
        nodes.id.push(name);
        nodes.kind.push(nodes.kinds.of(node.kind));
        nodes.weight.push(node.weight.abs());
        nodes.time.push(node.time.unwrap_or(self.header.window.start));
        nodes.payee.push(node.payee.map(|payee| nodes.payees.of(payee)));
        nodes.further.push(errors, row, node.metrics, node.labels);
    }

    /// Adds an edge; its nodes may come later.
    pub fn edge(&mut self, edge: Edge<'_>) {
        let (errors, edges) = (&mut self.errors, &mut self.edges);
        let row = Row::Edge(edges.source.len());
        errors.text(row, "kind", edge.kind, check_name(edge.kind));
        errors.weight(row, edge.weight);
        edges.source.push(self.nodes.names.of(edge.source));
        edges.target.push(self.nodes.names.of(edge.target));
        edges.kind.push(edges.kinds.of(edge.kind));
        edges.weight.push(edge.weight.abs());
        edges.time.push(edge.time.unwrap_or(self.header.window.start));
        edges.further.push(errors, row, edge.metrics, edge.labels);
    }

    /// Checks what only the whole can show, sorts, writes the canonical bytes and reads them back as an epoch.
    pub fn finish(mut self) -> Result<Epoch, BuildError> {
        for (rows, what) in [
            (self.payees.ids.len(), "more than 2^32 - 2 payees"),
            (self.nodes.names.texts.len(), "more than 2^32 - 2 nodes"),
            (self.edges.source.len(), "more than 2^32 - 2 edges"),
        ] {
            if rows > MAX_ROWS {
                return Err(BuildError::TooLarge(what));
            }
        }
        let payees = self.payees.sort(&mut self.errors);
        let nodes = self.nodes.sort(&payees, &mut self.errors);
        self.edges.connect(&nodes, &self.nodes.names, &mut self.errors);
        self.errors.none()?;
        self.edges.sort();
        let bytes = self.write(&payees, &nodes)?;
        Ok(Epoch::from_bytes(&bytes)?)
    }

    fn write(&self, payees: &SortedPayees, sorted: &SortedNodes) -> Result<Vec<u8>, TooMuchText> {
        let (nodes, edges) = (&self.nodes, &self.edges);
        let counts = Counts {
            payees: count(self.payees.ids.len()),
            nodes: count(nodes.id.len()),
            edges: count(edges.source.len()),
            node_metrics: count(nodes.further.metrics.len()),
            node_labels: count(nodes.further.labels.len()),
            edge_metrics: count(edges.further.metrics.len()),
            edge_labels: count(edges.further.labels.len()),
        };
        let mut writer = Writer::new(&self.header, &counts);
        writer.texts(payees.order.iter().map(|&row| &*self.payees.ids[row]))?;
        writer.texts(payees.order.iter().map(|&row| &*self.payees.names[row]))?;

        let (node_kinds, node_kind) = nodes.kinds.sorted(nodes.kind.iter().copied());
        let (edge_kinds, edge_kind) =
            edges.kinds.sorted(edges.order.iter().map(|&row| edges.kind[row as usize]));
        writer.texts(node_kinds.into_iter())?;
        writer.texts(edge_kinds.into_iter())?;
        writer.texts(sorted.order.iter().map(|&row| &*nodes.names.texts[nodes.id[row] as usize]))?;
        writer.column(&in_order(&node_kind, &sorted.order));
        writer.column(&in_order(&nodes.weight, &sorted.order));
        writer.column(&in_order(&nodes.time, &sorted.order));
        writer.column(&in_order(&sorted.payee, &sorted.order));

        let order: Vec<usize> = edges.order.iter().map(|&row| row as usize).collect();
        writer.column(&in_order(&edges.source, &order));
        writer.column(&in_order(&edges.target, &order));
        writer.column(&edge_kind);
        writer.column(&in_order(&edges.weight, &order));
        writer.column(&in_order(&edges.time, &order));
        nodes.further.write(&mut writer, &sorted.order)?;
        edges.further.write(&mut writer, &order)?;
        Ok(writer.finish())
    }
}

/// Row counts were checked against [`MAX_ROWS`] and columns against [`MAX_COLUMNS`].
pub(super) fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

pub(super) fn in_order<T: Copy>(column: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|&row| column[row]).collect()
}

/// The wrong rows so far, up to the limit.
#[derive(Default)]
struct Errors {
    errors: Vec<RowError>,
    more: usize,
}

impl Errors {
    fn add(&mut self, row: Row, column: &str, problem: RowProblem) {
        if self.errors.len() < EpochBuilder::ERROR_LIMIT {
            self.errors.push(RowError { row, column: column.to_owned(), problem });
        } else {
            self.more += 1;
        }
    }

    fn text(&mut self, row: Row, column: &str, text: &str, checked: Result<(), TextProblem>) {
        if let Err(problem) = checked {
            self.add(row, column, RowProblem::Text { text: cut(text), problem });
        }
    }

    fn weight(&mut self, row: Row, value: f64) {
        if !(value.is_finite() && value >= 0.0) {
            self.add(row, "weight", RowProblem::Number { value, expected: "a finite number of 0 or more" });
        }
    }

    fn none(&mut self) -> Result<(), BuildError> {
        if self.errors.is_empty() {
            return Ok(());
        }
        let mut errors = std::mem::take(&mut self.errors);
        errors.sort_by_key(|error| error.row);
        Err(BuildError::Rows { errors, more: self.more })
    }
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Texts by number, in the order in which they came; sorted only when everything is there.
#[derive(Default)]
struct Names {
    texts: Vec<Arc<str>>,
    #[expect(clippy::disallowed_types, reason = "looked up by the million, never iterated")]
    numbers: std::collections::HashMap<Arc<str>, u32>,
}

impl Names {
    fn of(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let (number, text) = (count(self.texts.len()), Arc::<str>::from(text));
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// The words in use, sorted, and `rows` as indexes into them.
    fn sorted(&self, rows: impl Iterator<Item = u32>) -> (Vec<&str>, Vec<u32>) {
        let mut rows: Vec<u32> = rows.collect();
        let mut order: Vec<u32> = (0..count(self.texts.len())).collect();
        order.sort_unstable_by_key(|&number| &self.texts[number as usize]);
        let mut place = vec![0; order.len()];
        for (index, &number) in order.iter().enumerate() {
            place[number as usize] = count(index);
        }
        rows.iter_mut().for_each(|row| *row = place[*row as usize]);
        (order.iter().map(|&number| &*self.texts[number as usize]).collect(), rows)
    }
}

/// The metric and label columns that the input itself named.
#[derive(Default)]
struct Further {
    metrics: Vec<(String, Vec<f64>)>,
    labels: Vec<(String, Names, Vec<u32>)>,
}

impl Further {
    fn new(metrics: Vec<String>, labels: Vec<String>) -> Result<Further, BuildError> {
        for names in [&metrics, &labels] {
            let mut sorted: Vec<&String> = names.iter().collect();
            sorted.sort();
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(BuildError::Column { name: cut(pair[0]), problem: "is there twice".to_owned() });
            }
            for name in names {
                check_name(name).map_err(|problem| BuildError::Column {
                    name: cut(name),
                    problem: problem.to_string(),
                })?;
            }
            if let Some(name) = names.get(MAX_COLUMNS) {
                let problem = format!("is one too many: at most {MAX_COLUMNS} are held");
                return Err(BuildError::Column { name: cut(name), problem });
            }
        }
        // A dictionary begins with the empty word.
        let label = |name| {
            let mut words = Names::default();
            words.of("");
            (name, words, Vec::new())
        };
        Ok(Further {
            metrics: metrics.into_iter().map(|name| (name, Vec::new())).collect(),
            labels: labels.into_iter().map(label).collect(),
        })
    }

    fn push(&mut self, errors: &mut Errors, row: Row, metrics: &[f64], labels: &[&str]) {
        for (given, declared, what) in
            [(metrics.len(), self.metrics.len(), "metrics"), (labels.len(), self.labels.len(), "labels")]
        {
            if given != declared {
                errors.add(row, what, RowProblem::Columns { given, declared });
            }
        }
        for ((name, column), &value) in self.metrics.iter_mut().zip(metrics) {
            if !value.is_finite() {
                errors.add(row, name, RowProblem::Number { value, expected: "a finite number" });
            }
            column.push(value + 0.0); // -0 becomes 0: one number, one spelling
        }
        for ((name, words, column), word) in self.labels.iter_mut().zip(labels) {
            errors.text(row, name, word, check_word(word));
            column.push(words.of(word));
        }
    }

    /// Sorts columns by name and makes words' numbers their places, which the order of edges needs.
    fn settle(&mut self) {
        self.metrics.sort_by(|a, b| a.0.cmp(&b.0));
        self.labels.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, words, column) in &mut self.labels {
            let (sorted, rows) = words.sorted(column.iter().copied());
            let texts = sorted.into_iter().map(Arc::from).collect();
            *column = rows;
            *words = Names { texts, ..Names::default() };
        }
    }

    fn write(&self, writer: &mut Writer, order: &[usize]) -> Result<(), TooMuchText> {
        writer.texts(self.metrics.iter().map(|(name, _)| name.as_str()))?;
        for (_, column) in &self.metrics {
            writer.column(&in_order(column, order));
        }
        writer.texts(self.labels.iter().map(|(name, _, _)| name.as_str()))?;
        for (_, words, column) in &self.labels {
            writer.texts(words.texts.iter().map(|word| &**word))?;
            writer.column(&in_order(column, order));
        }
        Ok(())
    }
}

#[derive(Default)]
struct Payees {
    ids: Vec<Box<str>>,
    names: Vec<Box<str>>,
}

struct SortedPayees {
    order: Vec<usize>,
    place: BTreeMap<Box<str>, u32>,
}

impl Payees {
    fn sort(&self, errors: &mut Errors) -> SortedPayees {
        let mut order: Vec<usize> = (0..self.ids.len()).collect();
        order.sort_by_key(|&row| &self.ids[row]);
        for pair in order.windows(2) {
            if self.ids[pair[0]] == self.ids[pair[1]] {
                errors.add(Row::Payee(pair[1]), "id", RowProblem::Duplicate(cut(&self.ids[pair[1]])));
            }
        }
        let place =
            order.iter().enumerate().map(|(place, &row)| (self.ids[row].clone(), count(place))).collect();
        SortedPayees { order, place }
    }
}

#[derive(Default)]
struct Nodes {
    /// Every id that a node or an edge names.
    names: Names,
    payees: Names,
    kinds: Names,
    id: Vec<u32>,
    kind: Vec<u32>,
    weight: Vec<f64>,
    time: Vec<i64>,
    payee: Vec<Option<u32>>,
    further: Further,
}

struct SortedNodes {
    order: Vec<usize>,
    /// The place of each name among the sorted nodes, if there is a node of that name.
    place: Vec<Option<u32>>,
    /// Each given node's payee, as an index into the sorted payees.
    payee: Vec<u32>,
}

impl Nodes {
    fn sort(&mut self, payees: &SortedPayees, errors: &mut Errors) -> SortedNodes {
        let text = |row: &usize| &self.names.texts[self.id[*row] as usize];
        let mut order: Vec<usize> = (0..self.id.len()).collect();
        sorting::sort(&mut order, |a, b| text(a).cmp(text(b)));
        let mut place = vec![None; self.names.texts.len()];
        for (index, &row) in order.iter().enumerate() {
            let known = place[self.id[row] as usize].replace(count(index));
            if known.is_some() {
                errors.add(Row::Node(row), "id", RowProblem::Duplicate(cut(text(&row))));
            }
        }
        let mut payee = vec![NO_PAYEE; self.id.len()];
        for (row, owner) in self.payee.iter().enumerate() {
            let Some(owner) = owner else { continue };
            let id = &*self.payees.texts[*owner as usize];
            match payees.place.get(id) {
                Some(&place) => payee[row] = place,
                None => errors.add(Row::Node(row), "payee", RowProblem::UnknownPayee(cut(id))),
            }
        }
        self.further.settle();
        SortedNodes { order, place, payee }
    }
}

#[derive(Default)]
struct Edges {
    kinds: Names,
    source: Vec<u32>,
    target: Vec<u32>,
    kind: Vec<u32>,
    weight: Vec<f64>,
    time: Vec<i64>,
    further: Further,
    order: Vec<u32>,
}

impl Edges {
    /// Turns the numbers of names into the places of nodes.
    fn connect(&mut self, nodes: &SortedNodes, names: &Names, errors: &mut Errors) {
        for (ends, column) in [(&mut self.source, "source"), (&mut self.target, "target")] {
            for (row, end) in ends.iter_mut().enumerate() {
                match nodes.place.get(*end as usize) {
                    Some(&Some(place)) => *end = place,
                    _ => {
                        let id = names.texts.get(*end as usize).map_or(String::new(), |id| cut(id));
                        errors.add(Row::Edge(row), column, RowProblem::UnknownNode(id));
                    }
                }
            }
        }
    }

    fn sort(&mut self) {
        self.further.settle();
        let (kinds, kind) = self.kinds.sorted(self.kind.iter().copied());
        let texts = kinds.into_iter().map(Arc::from).collect();
        self.kind = kind;
        self.kinds = Names { texts, ..Names::default() };

        let metrics: Vec<&[f64]> = self.further.metrics.iter().map(|(_, column)| column.as_slice()).collect();
        let labels: Vec<&[u32]> =
            self.further.labels.iter().map(|(_, _, column)| column.as_slice()).collect();
        let first = |row: usize| (self.source[row], self.target[row], self.kind[row], self.time[row]);
        let compare = |&a: &u32, &b: &u32| {
            let (a, b) = (a as usize, b as usize);
            (first(a).cmp(&first(b)))
                .then_with(|| self.weight[a].total_cmp(&self.weight[b]))
                .then_with(|| compare_further(&metrics, &labels, a, b))
        };
        // Rows that compare equal are equal in every column, so that an unstable sort on any number of threads
        // gives the same bytes.
        let mut order: Vec<u32> = (0..count(self.source.len())).collect();
        sorting::sort_unstable(&mut order, compare);
        self.order = order;
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
        EpochBuilder::new(Header { number: 1, window: Window { start: 0, end: 9 }, pool }, columns).unwrap()
    }

    fn node<'a>(id: &'a str, metrics: &'a [f64]) -> Node<'a> {
        Node { id, kind: "k", weight: 1.0, time: None, payee: Some("p"), metrics, labels: &[] }
    }

    fn edge<'a>(source: &'a str, target: &'a str, weight: f64, tool: &'a [&'a str]) -> Edge<'a> {
        Edge { source, target, kind: "e", weight, time: None, metrics: &[], labels: tool }
    }

    #[test]
    fn minus_zero_is_zero() {
        let of = |metrics: [f64; 2], weight: f64| {
            let mut epoch = builder();
            epoch.payee("p", "");
            epoch.node(Node { weight, ..node("n", &metrics) });
            epoch.finish().unwrap().digest()
        };
        assert_eq!(of([-0.0, 1.0], -0.0), of([0.0, 1.0], 0.0));
    }

    #[test]
    fn wrong_rows_are_told_together_in_order() {
        let mut epoch = builder();
        epoch.payee("p", "");
        epoch.payee("p", "");
        epoch.node(node("n", &[f64::NAN, 0.0]));
        epoch.node(Node { payee: Some("q"), ..node("n", &[0.0, 0.0]) });
        epoch.node(node("m", &[0.0]));
        epoch.edge(edge("n", "nowhere", -1.0, &["\u{202e}"]));
        let Err(BuildError::Rows { errors, more: 0 }) = epoch.finish() else { panic!("rows are wrong") };
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
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
                epoch.payee("p", "");
                for &row in order {
                    let (source, target, weight, tool) = edges[row];
                    epoch.edge(edge(ids[source], ids[target], f64::from(weight), &[tool]));
                }
                nodes.iter().for_each(|&id| epoch.node(node(ids[id], &[id as f64, -1.0])));
                epoch.finish().unwrap()
            };
            let sorted: Vec<usize> = (0..24).collect();
            prop_assert_eq!(of(&[0, 1, 2, 3], &sorted).digest(), of(&[2, 0, 3, 1], &order).digest());
        }
    }
}
