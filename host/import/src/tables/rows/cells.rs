//! The cells of the row at hand.

use crate::cell::Cell;
use crate::problem::{Collector, Fault, Place};
use crate::table::Row;

/// The cells of one row, and where what is wrong with them goes.
pub(super) struct Cells<'a> {
    pub(super) row: &'a Row<'a>,
    pub(super) place: Place,
    pub(super) problems: &'a mut Collector,
}

impl Cells<'_> {
    /// Whether the row could be taken apart into cells, one for each column.
    pub(super) fn check_row(&mut self) -> bool {
        match &self.row.fault {
            None => true,
            Some((column, fault)) => {
                self.problems.add(self.place, column.as_deref(), fault.clone());
                false
            }
        }
    }

    /// Puts a cell's text into `into`; whether there was nothing wrong with it.
    pub(super) fn text(&mut self, column: Option<usize>, name: &str, into: &mut String) -> bool {
        into.clear();
        let Some(column) = column else { return true };
        match self.row.cell(column).text() {
            Ok(text) => {
                into.push_str(&text);
                true
            }
            Err(fault) => {
                self.problems.add(self.place, Some(name), fault);
                false
            }
        }
    }

    /// As [`Cells::text`] for a cell that must hold something.
    pub(super) fn filled(&mut self, column: Option<usize>, name: &str, into: &mut String) -> bool {
        let is_fine = self.text(column, name, into);
        if is_fine && into.is_empty() {
            self.problems.add(self.place, Some(name), Fault::Empty);
            return false;
        }
        is_fine
    }

    /// As [`Cells::filled`] where there is such a column at all; else empty.
    pub(super) fn kind(&mut self, column: Option<usize>, name: &str, into: &mut String) {
        match column {
            Some(_) => _ = self.filled(column, name, into),
            None => into.clear(),
        }
    }

    /// Puts a cell's text into `into` and says nothing; whether there is any.
    pub(super) fn quietly(&self, column: Option<usize>, into: &mut String) -> bool {
        into.clear();
        let cell = column.map_or(Cell::Empty, |column| self.row.cell(column));
        into.push_str(&cell.text().unwrap_or_default());
        !into.is_empty()
    }

    pub(super) fn number(&mut self, column: Option<usize>, name: &str) -> Option<f64> {
        let number = self.row.cell(column?).finite();
        self.noted(name, number)
    }

    pub(super) fn time(&mut self, column: Option<usize>, name: &str) -> Option<i64> {
        let time = self.row.cell(column?).time();
        self.noted(name, time)
    }

    pub(super) fn noted<T>(&mut self, name: &str, value: Result<Option<T>, Fault>) -> Option<T> {
        value.unwrap_or_else(|fault| {
            self.problems.add(self.place, Some(name), fault);
            None
        })
    }
}
