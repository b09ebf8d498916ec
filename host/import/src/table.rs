//! Rows of cells, whatever the file's format.

mod csv;
mod json_lines;
mod parquet;
mod row;

use crate::problem::Fault;
use crate::progress::Meter;
use crate::source::{Format, Source};

pub(crate) use row::Row;

/// A file whose columns are known. JSON Lines has no header: its columns are known after the first reading.
pub(crate) struct Table {
    pub(crate) source: Source,
    pub(crate) columns: Vec<String>,
    reader: Reader,
}

enum Reader {
    Csv(csv::Csv),
    JsonLines,
    Parquet(parquet::Leaves),
}

impl Table {
    /// Opens a file and reads its header, if its format has one. `delimiter` stands between the cells of CSV.
    pub(crate) fn open(source: Source, delimiter: u8) -> Result<Table, Vec<(Option<String>, Fault)>> {
        let whole = |fault| vec![(None, fault)];
        match Format::of(&source.name).map_err(whole)? {
            Format::Csv => Table::csv(source, delimiter),
            Format::JsonLines => Ok(Table { source, columns: Vec::new(), reader: Reader::JsonLines }),
            Format::Parquet => {
                let (leaves, columns) = parquet::Leaves::open(&source).map_err(whole)?;
                Ok(Table { source, columns, reader: Reader::Parquet(leaves) })
            }
        }
    }

    /// As [`Table::open`] for CSV, whatever the file's name is.
    pub(crate) fn csv(source: Source, delimiter: u8) -> Result<Table, Vec<(Option<String>, Fault)>> {
        let (csv, columns) = csv::Csv::open(&source, delimiter)?;
        Ok(Table { source, columns, reader: Reader::Csv(csv) })
    }

    /// Whether all columns are known before a row is read.
    pub(crate) fn has_header(&self) -> bool {
        !matches!(self.reader, Reader::JsonLines)
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// Why a column can have no cells at all, if so.
    pub(crate) fn fault_of(&self, column: usize) -> Option<Fault> {
        match &self.reader {
            Reader::Parquet(leaves) => leaves.fault_of(column),
            Reader::Csv(_) | Reader::JsonLines => None,
        }
    }

    /// A delimiter that the only column's name holds, so that it may be several names.
    pub(crate) fn other_delimiter(&self) -> Option<char> {
        match (&self.reader, self.columns.as_slice()) {
            (Reader::Csv(_), [only]) => only.chars().find(|c| ",;|\t".contains(*c)),
            _ => None,
        }
    }

    /// Gives every row to `each`. Only the cells of the `wanted` columns are there; `None` wants all.
    pub(crate) fn rows(
        &mut self,
        wanted: Option<&[usize]>,
        meter: &mut Meter<'_>,
        each: &mut dyn FnMut(&Row<'_>),
    ) -> Result<(), Fault> {
        match &self.reader {
            Reader::Csv(csv) => csv.rows(&self.source, &self.columns, meter, each),
            Reader::JsonLines => json_lines::rows(&self.source, &mut self.columns, meter, each),
            Reader::Parquet(leaves) => leaves.rows(&self.source, wanted, meter, each),
        }
    }
}
