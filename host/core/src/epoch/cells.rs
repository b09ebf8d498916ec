//! The metric and label columns of rows that come one after another.

use std::collections::BTreeMap;

use crate::text::check_name;

use super::error::{BuildError, Row, RowErrors, RowProblem};
use super::graph::MAX_COLUMNS;
use super::interner::Interner;
use super::row::Cells;

/// The metrics and labels of all nodes or of all edges so far.
#[derive(Debug)]
pub(super) struct CellColumns {
    pub(super) metrics: Named<Vec<f64>>,
    pub(super) labels: Named<Words>,
}

/// Columns by name.
#[derive(Debug)]
pub(super) struct Named<C> {
    pub(super) columns: Vec<(String, C)>,
    positions: BTreeMap<String, usize>,
    /// How many of the columns were declared before the first row.
    declared: usize,
    /// The position after the one that was named last: rows mostly name columns in the same order.
    next: usize,
}

/// A column of words.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) words: Interner,
    pub(super) rows: Vec<u32>,
}

/// The number of the empty word in [`Words`].
const EMPTY: u32 = 0;

impl Default for Words {
    fn default() -> Words {
        let mut words = Interner::default();
        words.number("");
        Words { words, rows: Vec::new() }
    }
}

impl CellColumns {
    pub(super) fn new(metrics: Vec<String>, labels: Vec<String>) -> Result<CellColumns, BuildError> {
        Ok(CellColumns { metrics: Named::declare(metrics)?, labels: Named::declare(labels)? })
    }

    /// Takes the cells of the row at `position` among its kind.
    ///
    /// # Errors
    ///
    /// Where the row names a column that is not possible.
    pub(super) fn push(
        &mut self,
        errors: &mut RowErrors,
        row: Row,
        position: usize,
        cells: &Cells<'_>,
    ) -> Result<(), BuildError> {
        let (metrics, labels) = (&mut self.metrics, &mut self.labels);
        for (given, declared, what) in [
            (cells.metrics.map(<[f64]>::len), metrics.declared, "metrics"),
            (cells.labels.map(<[&str]>::len), labels.declared, "labels"),
        ] {
            if let Some(given) = given.filter(|given| *given != declared) {
                errors.add(row, what, RowProblem::Columns { given, declared });
            }
        }
        let declared = metrics.columns.iter_mut().take(metrics.declared);
        for ((_, column), &value) in declared.zip(cells.metrics.unwrap_or_default()) {
            set(column, position, value, 0.0);
        }
        for &(name, value) in &cells.named_metrics {
            set(metrics.column(name)?, position, value, 0.0);
        }
        let declared = labels.columns.iter_mut().take(labels.declared);
        for ((_, column), word) in declared.zip(cells.labels.unwrap_or_default()) {
            set(&mut column.rows, position, column.words.number(word), EMPTY);
        }
        for &(name, word) in &cells.named_labels {
            let column = labels.column(name)?;
            set(&mut column.rows, position, column.words.number(word), EMPTY);
        }
        Ok(())
    }

    /// Fills every column up to this many rows.
    pub(super) fn fill(&mut self, rows: usize) {
        self.metrics.columns.iter_mut().for_each(|(_, column)| column.resize(rows, 0.0));
        self.labels.columns.iter_mut().for_each(|(_, column)| column.rows.resize(rows, EMPTY));
    }
}

/// Puts a value at a row, and `absent` at the rows before it that have none.
fn set<T: Copy>(column: &mut Vec<T>, row: usize, value: T, absent: T) {
    if column.len() <= row {
        column.resize(row, absent);
        column.push(value);
    } else {
        column[row] = value;
    }
}

impl<C: Default> Named<C> {
    fn declare(names: Vec<String>) -> Result<Named<C>, BuildError> {
        let mut named = Named { columns: Vec::new(), positions: BTreeMap::new(), declared: 0, next: 0 };
        for name in names {
            if named.positions.contains_key(&name) {
                return Err(BuildError::column(&name, "is there twice"));
            }
            named.add(&name)?;
        }
        named.declared = named.columns.len();
        Ok(named)
    }

    fn column(&mut self, name: &str) -> Result<&mut C, BuildError> {
        if self.columns.get(self.next).is_none_or(|(next, _)| next != name) {
            self.next = match self.positions.get(name) {
                Some(&position) => position,
                None => self.add(name)?,
            };
        }
        let position = self.next;
        self.next = if position + 1 < self.columns.len() { position + 1 } else { 0 };
        Ok(&mut self.columns[position].1)
    }

    fn add(&mut self, name: &str) -> Result<usize, BuildError> {
        check_name(name).map_err(|problem| BuildError::column(name, problem.to_string()))?;
        let position = self.columns.len();
        if position == MAX_COLUMNS {
            return Err(BuildError::column(name, format!("is one too many: at most {MAX_COLUMNS} are held")));
        }
        self.columns.push((name.to_owned(), C::default()));
        self.positions.insert(name.to_owned(), position);
        Ok(position)
    }
}
