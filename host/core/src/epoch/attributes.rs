//! Kinds, weights, times, metrics and labels: what columns of nodes and of edges have alike.

use std::borrow::Cow;

use crate::text::{check_name, check_word};

use super::codes::Codes;
use super::columns::{EdgeColumns, NodeColumns, TextColumn};
use super::error::{BuildError, Row, RowErrors, RowProblem};
use super::graph::MAX_COLUMNS;
use super::writer::{Writer, count, in_order};

/// What is given of nodes or of edges.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    what: &'static str,
    row: fn(usize) -> Row,
    rows: usize,
    kinds: TextColumn<'a>,
    weights: Option<&'a [f64]>,
    times: Option<&'a [i64]>,
    metrics: &'a [(&'a str, &'a [f64])],
    labels: &'a [(&'a str, TextColumn<'a>)],
}

/// The same, checked and encoded, with rows in the order in which they are given and columns in the order of their
/// names.
pub(super) struct Attributes<'a> {
    pub(super) kinds: Codes<'a>,
    pub(super) weights: Cow<'a, [f64]>,
    pub(super) times: Cow<'a, [i64]>,
    pub(super) metrics: Vec<(&'a str, Cow<'a, [f64]>)>,
    pub(super) labels: Vec<(&'a str, Codes<'a>)>,
}

impl<'a> Given<'a> {
    pub(super) fn of_nodes(nodes: &'a NodeColumns<'a>) -> Given<'a> {
        Given {
            what: "nodes",
            row: Row::Node,
            rows: nodes.ids.len(),
            kinds: nodes.kinds,
            weights: nodes.weights,
            times: nodes.times,
            metrics: &nodes.metrics,
            labels: &nodes.labels,
        }
    }

    pub(super) fn of_edges(edges: &'a EdgeColumns<'a>) -> Given<'a> {
        Given {
            what: "edges",
            row: Row::Edge,
            rows: edges.sources.len(),
            kinds: edges.kinds,
            weights: edges.weights,
            times: edges.times,
            metrics: &edges.metrics,
            labels: &edges.labels,
        }
    }

    /// Checks the names and lengths of all columns.
    pub(super) fn check_shape(&self) -> Result<(), BuildError> {
        self.check_length("kind", self.kinds.len())?;
        self.check_length("weight", self.weights.map_or(self.rows, <[f64]>::len))?;
        self.check_length("time", self.times.map_or(self.rows, <[i64]>::len))?;
        check_names(self.metrics.iter().map(|(name, _)| *name))?;
        check_names(self.labels.iter().map(|(name, _)| *name))?;
        self.metrics.iter().try_for_each(|(name, column)| self.check_length(name, column.len()))?;
        self.labels.iter().try_for_each(|(name, column)| self.check_length(name, column.len()))
    }

    /// Checks that a column has a value for every row.
    pub(super) fn check_length(&self, name: &str, length: usize) -> Result<(), BuildError> {
        check_length(self.what, self.rows, name, length)
    }

    /// Checks every value; those that are not given are `time`, or the contract's defaults.
    pub(super) fn encode(&self, time: i64, errors: &mut RowErrors) -> Attributes<'a> {
        let row = self.row;
        let kinds =
            Codes::new(self.kinds, None, check_name, |at, problem| errors.add(row(at), "kind", problem));
        let weights = match self.weights {
            Some(weights) => self.numbers("weight", weights, Expected::Weight, errors),
            None => vec![1.0; self.rows].into(),
        };
        let times = self.times.map_or_else(|| vec![time; self.rows].into(), Cow::Borrowed);
        let mut metrics: Vec<_> = self
            .metrics
            .iter()
            .map(|(name, column)| (*name, self.numbers(name, column, Expected::Finite, errors)))
            .collect();
        let mut labels: Vec<_> = self
            .labels
            .iter()
            .map(|&(name, column)| {
                let report = |at, problem| errors.add(row(at), name, problem);
                (name, Codes::new(column, Some(""), check_word, report))
            })
            .collect();
        metrics.sort_by_key(|(name, _)| *name);
        labels.sort_by_key(|(name, _)| *name);
        Attributes { kinds, weights, times, metrics, labels }
    }

    /// Checks numbers and gives zero one spelling: 0 and not -0.
    fn numbers(
        &self,
        name: &str,
        column: &'a [f64],
        expected: Expected,
        errors: &mut RowErrors,
    ) -> Cow<'a, [f64]> {
        let mut has_minus_zero = false;
        for (at, &value) in column.iter().enumerate() {
            if !expected.holds(value) {
                errors.add((self.row)(at), name, RowProblem::Number { value, expected: expected.describe() });
            }
            has_minus_zero |= value == 0.0 && value.is_sign_negative();
        }
        if has_minus_zero { column.iter().map(|value| value + 0.0).collect() } else { column.into() }
    }
}

impl Attributes<'_> {
    /// How many metrics and labels there are.
    pub(super) fn counts(&self) -> (u32, u32) {
        (count(self.metrics.len()), count(self.labels.len()))
    }

    /// Writes metrics and labels, their rows in this order.
    pub(super) fn write_further(&self, writer: &mut Writer, order: &[usize]) -> Result<(), BuildError> {
        writer.texts(self.metrics.iter().map(|(name, _)| *name))?;
        for (_, column) in &self.metrics {
            writer.column(&in_order(column, order));
        }
        writer.texts(self.labels.iter().map(|(name, _)| *name))?;
        for (_, column) in &self.labels {
            writer.texts(column.words.iter().copied())?;
            writer.column(&in_order(&column.rows, order));
        }
        Ok(())
    }
}

/// Checks that a column of `what` has a value for every row.
pub(super) fn check_length(what: &str, rows: usize, name: &str, length: usize) -> Result<(), BuildError> {
    if length == rows {
        return Ok(());
    }
    Err(BuildError::column(name, format!("of the {what} has {length} values where there are {rows} rows")))
}

fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), BuildError> {
    let mut names: Vec<&str> = names.collect();
    for name in &names {
        check_name(name).map_err(|problem| BuildError::column(name, problem.to_string()))?;
    }
    if let Some(name) = names.get(MAX_COLUMNS) {
        return Err(BuildError::column(name, format!("is one too many: at most {MAX_COLUMNS} are held")));
    }
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(BuildError::column(pair[0], "is there twice")),
        None => Ok(()),
    }
}

#[derive(Clone, Copy)]
enum Expected {
    Finite,
    Weight,
}

impl Expected {
    fn holds(self, value: f64) -> bool {
        match self {
            Expected::Finite => value.is_finite(),
            Expected::Weight => value.is_finite() && value >= 0.0,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Expected::Finite => "a finite number",
            Expected::Weight => "a finite number of 0 or more",
        }
    }
}
