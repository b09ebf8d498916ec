//! One row of a file, whatever its format.

use csv::StringRecord;

use super::json_lines::value::json_cell;
use super::parquet::batch::Batch;
use crate::cell::Cell;
use crate::limits::{Bound, LimitExceeded, Quota};
use crate::problem::Fault;

/// One row. Its cells live until the next row is read.
pub(crate) struct Row<'a> {
    /// As an editor counts: the line, or for Parquet the record from 1.
    pub(crate) number: u64,
    /// What is wrong with the row as a whole, and the column if it is in one.
    pub(crate) fault: Option<(Option<String>, Fault)>,
    pub(super) cells: Cells<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Cells<'a> {
    /// The row could not be taken apart.
    None,
    Csv(&'a StringRecord),
    Json(&'a [Option<&'a str>]),
    Parquet(&'a [Option<Batch>], usize),
}

impl Row<'_> {
    /// How many columns are known by now.
    pub(crate) fn width(&self) -> usize {
        match self.cells {
            Cells::None => 0,
            Cells::Csv(record) => record.len(),
            Cells::Json(values) => values.len(),
            Cells::Parquet(columns, _) => columns.len(),
        }
    }

    /// The cell of a column; empty where the row has none.
    pub(crate) fn cell(&self, column: usize) -> Cell<'_> {
        match self.cells {
            Cells::None => Cell::Empty,
            Cells::Csv(record) => record.get(column).map_or(Cell::Empty, Cell::of),
            Cells::Json(values) => values.get(column).copied().flatten().map_or(Cell::Empty, json_cell),
            Cells::Parquet(columns, row) => match columns.get(column) {
                Some(Some(batch)) => batch.cell(row),
                _ => Cell::Empty,
            },
        }
    }
}

/// Checks how many rows one file has: what becomes of them counts elsewhere.
pub(super) fn check_rows(quota: &Quota, rows: u64) -> Result<(), LimitExceeded> {
    quota.check(Bound::Rows, usize::try_from(rows).unwrap_or(usize::MAX))
}
