//! What is wrong with an input, and where: every problem names its file, and its row and column if it has them.

use std::collections::BTreeMap;
use std::fmt;

use apportion_core::epoch::{BuildError, RowProblem};
use apportion_core::error::ErrorKind;
use apportion_core::money::AssetError;

use crate::limits::LimitExceeded;

/// Why an input did not become an epoch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file that describes the input cannot be used.
    #[error("`{file}` {problem}")]
    Description {
        /// The file, as it was given.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The input's files, columns or cells.
    #[error(transparent)]
    Input(#[from] Problems),
    /// No payee was named anywhere.
    #[error(
        "there is nobody to pay: give the nodes a column `payee`, or name a table with the columns `payee` and `node` under `[payees]`; agents that documents under `[traces]` name are payees too"
    )]
    NobodyToPay,
    /// What a caller set by hand.
    #[error("the pool cannot be used: {0}")]
    Pool(#[from] AssetError),
    /// The rows are fine, the epoch is not.
    #[error(transparent)]
    Epoch(BuildError),
}

impl ImportError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

/// Everything that is wrong with an input, in the order of its files and rows, up to [`Problems::LIMIT`].
#[derive(Debug, Default, thiserror::Error)]
pub struct Problems {
    /// The first problems.
    pub found: Vec<Problem>,
    /// How many there are beyond those.
    pub more: usize,
}

impl Problems {
    /// How many problems are listed; the rest is counted.
    pub const LIMIT: usize = 100;
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ([problem], 0) = (self.found.as_slice(), self.more) {
            return write!(f, "{problem}");
        }
        write!(f, "the input has {} problems:", self.found.len() + self.more)?;
        for problem in &self.found {
            write!(f, "\n  {problem}")?;
        }
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The file, as the input names it.
    pub file: String,
    /// The row as an editor counts it: the line for CSV and JSON Lines (the header is line 1), the record from 1 for
    /// Parquet. `None` if it is about the whole file.
    pub row: Option<u64>,
    /// The column, if it is about one.
    pub column: Option<String>,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.escape_debug())?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{}`", column.escape_debug())?;
        }
        write!(f, ": {}", self.fault)
    }
}

/// What can be wrong with a file, a column, a row or a cell.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No such file.
    #[error("there is no such file")]
    Missing,
    /// The name says no format that is read.
    #[error(
        "its format is not read: name a `.csv`, `.csv.gz`, `.jsonl`, `.jsonl.gz`, `.ndjson` or `.parquet` file"
    )]
    Format,
    /// The same file is named twice, so that its rows would be there twice.
    #[error("the file is named twice")]
    FileTwice,
    /// The system does not give the file's bytes.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Compressed data that stops early.
    #[error("is cut off: it ends in the middle of its compressed data")]
    Truncated,
    /// Not gzip, or changed since it was written.
    #[error("is damaged: its gzip data is invalid")]
    Gzip,
    /// Not Parquet, or changed since it was written, or written with something this reader lacks.
    #[error("is damaged or not a Parquet file that can be read: {0}")]
    Parquet(String),
    /// Text in another encoding.
    #[error("is not UTF-8 text: save it as UTF-8")]
    Encoding,
    /// Lines end with a carriage return alone.
    #[error("its lines end with a carriage return alone: save it with the line endings of Unix or Windows")]
    LineEndings,
    /// No header.
    #[error("is empty: its first line must name the columns")]
    NoHeader,
    /// A header's cell that is empty; counted from 1.
    #[error("column {0} has no name: name it in the first line, or remove it")]
    Nameless(usize),
    /// Two columns of one name.
    #[error("the column is there twice")]
    ColumnTwice,
    /// A column that must be there is not.
    #[error("there is no such column; there are {found}")]
    NoColumn {
        /// The columns that are there.
        found: String,
    },
    /// As [`Fault::NoColumn`], where another delimiter explains it.
    #[error(
        "there is no such column: the cells seem to be separated by `{0}`, so write `delimiter = \"{0}\"`"
    )]
    Delimiter(char),
    /// A column that is a list or an object, or of another type that is no text, number or time.
    #[error(
        "holds {0}, which no cell can be: flatten it, or leave it out with `columns = {{ NAME = \"ignore\" }}`"
    )]
    Nested(&'static str),
    /// A CSV row with too few or too many cells.
    #[error("the row has {cells} cells where the header names {columns}")]
    Ragged {
        /// Cells in this row.
        cells: usize,
        /// Columns in the header.
        columns: usize,
    },
    /// A line that is not one JSON object.
    #[error("is not a JSON object on one line: {0}")]
    Json(String),
    /// More than the import's limits allow.
    #[error("{0}")]
    Limit(#[from] LimitExceeded),
    /// A cell that must not be empty.
    #[error("is empty")]
    Empty,
    /// A cell that must be a number.
    #[error("`{}` is not a number", .0.escape_debug())]
    NotNumber(String),
    /// An integer, or a number of 2^53 and more, that a 64-bit float would round.
    #[error("`{}` cannot be held exactly: from 2^53 on, 64-bit floats skip integers. Use a larger unit, or list the column as a label if it is not an amount", .0.escape_debug())]
    Rounded(String),
    /// A number that is infinite or not a number.
    #[error("`{}` is not a finite number", .0.escape_debug())]
    NotFinite(String),
    /// A cell that must be a time.
    #[error("`{}` is not a time: write `2025-07-01`, `2025-07-01T12:00:00Z` or seconds since 1970", .0.escape_debug())]
    NotTime(String),
    /// A number of seconds that must be something else.
    #[error("`{0}` is not in the years 1 to 9999 as seconds since 1970; are these milliseconds?")]
    TimeRange(String),
    /// A cell that must be one of a few words.
    #[error("`{}` is not {expected}", .text.escape_debug())]
    Word {
        /// The cell.
        text: String,
        /// What is expected.
        expected: &'static str,
    },
    /// A node that the payees' tables name more than once.
    #[error("the node `{}` is listed twice: it belongs to one payee, and one row says so", .0.escape_debug())]
    NodeTwice(String),
    /// A node that no table of nodes has.
    #[error("there is no node `{}`", .0.escape_debug())]
    UnknownNode(String),
    /// A node with two owners.
    #[error("the node `{}` belongs to `{}` here and to `{}` in {place}", .node.escape_debug(), .payee.escape_debug(), .other.escape_debug())]
    TwoOwners {
        /// The node.
        node: String,
        /// Its owner in this row.
        payee: String,
        /// Its owner elsewhere.
        other: String,
        /// Where that is.
        place: String,
    },
    /// A payee with two names.
    #[error("the payee `{}` is called `{}` here and `{}` in an earlier row", .payee.escape_debug(), .name.escape_debug(), .other.escape_debug())]
    TwoNames {
        /// The payee.
        payee: String,
        /// Its name in this row.
        name: String,
        /// Its name before.
        other: String,
    },
    /// Two rows that must be one.
    #[error("`{}` is there twice", .0.escape_debug())]
    Twice(String),
    /// A file that says something other than text and numbers in the places where they are expected.
    #[error("{0}")]
    Parameters(String),
    /// A provenance document or a trace that is not what its format says.
    #[error("{0}")]
    Document(String),
    /// A row that the epoch refuses.
    #[error("{0}")]
    Row(#[from] RowProblem),
}

impl Fault {
    /// The kind of fault in one word, which does not change between versions.
    ///
    /// ```
    /// use apportion_import::Fault;
    /// assert_eq!(Fault::NotNumber("twelve".to_owned()).code(), "not-number");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Missing => "missing",
            Fault::Format => "format",
            Fault::FileTwice => "file-twice",
            Fault::Unreadable(_) => "unreadable",
            Fault::Truncated => "truncated",
            Fault::Gzip => "gzip",
            Fault::Parquet(_) => "parquet",
            Fault::Encoding => "encoding",
            Fault::LineEndings => "line-endings",
            Fault::NoHeader => "no-header",
            Fault::Nameless(_) => "nameless",
            Fault::ColumnTwice => "column-twice",
            Fault::NoColumn { .. } => "no-column",
            Fault::Delimiter(_) => "delimiter",
            Fault::Nested(_) => "nested",
            Fault::Ragged { .. } => "ragged",
            Fault::Json(_) => "json",
            Fault::Limit(_) => "limit",
            Fault::Empty => "empty",
            Fault::NotNumber(_) => "not-number",
            Fault::Rounded(_) => "rounded",
            Fault::NotFinite(_) => "not-finite",
            Fault::NotTime(_) => "not-time",
            Fault::TimeRange(_) => "time-range",
            Fault::Word { .. } => "word",
            Fault::NodeTwice(_) => "node-twice",
            Fault::UnknownNode(_) => "unknown-node",
            Fault::TwoOwners { .. } => "two-owners",
            Fault::TwoNames { .. } => "two-names",
            Fault::Twice(_) => "twice",
            Fault::Parameters(_) => "parameters",
            Fault::Document(_) => "document",
            Fault::Row(_) => "row",
        }
    }

    /// An error of the system or of a decompressor, in words for a person.
    pub(crate) fn from_io(error: &std::io::Error) -> Fault {
        if let Some(exceeded) = error.get_ref().and_then(|error| error.downcast_ref::<LimitExceeded>()) {
            return Fault::Limit(*exceeded);
        }
        match error.kind() {
            std::io::ErrorKind::NotFound => Fault::Missing,
            std::io::ErrorKind::UnexpectedEof => Fault::Truncated,
            std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => Fault::Gzip,
            _ => Fault::Unreadable(error.to_string()),
        }
    }
}

/// Where something stands: a file by its number, and a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: usize,
    pub(crate) row: u64,
}

/// Gathers problems in any order and keeps the first ones in the order of files and rows.
pub(crate) struct Collector {
    files: Vec<String>,
    kept: BTreeMap<(usize, u64, usize), Problem>,
    count: usize,
    /// The first bound that was exceeded. What was not read because of it is no problem of its own.
    exceeded: Option<Problem>,
}

impl Collector {
    /// `files` in the order in which problems are to be listed.
    pub(crate) fn new(files: Vec<String>) -> Collector {
        Collector { files, kept: BTreeMap::new(), count: 0, exceeded: None }
    }

    pub(crate) fn file(&self, file: usize) -> &str {
        self.files.get(file).map_or("", String::as_str)
    }

    /// A place in words: `nodes.csv, row 3`.
    pub(crate) fn words(&self, place: Place) -> String {
        let file = self.file(place.file).escape_debug();
        if place.row == 0 { file.to_string() } else { format!("{file}, row {}", place.row) }
    }

    pub(crate) fn add_file(&mut self, file: usize, fault: Fault) {
        self.add(Place { file, row: 0 }, None, fault);
    }

    pub(crate) fn add_column(&mut self, file: usize, column: &str, fault: Fault) {
        self.add(Place { file, row: 0 }, Some(column), fault);
    }

    pub(crate) fn add(&mut self, place: Place, column: Option<&str>, fault: Fault) {
        let row = (place.row > 0).then_some(place.row);
        let file = self.file(place.file).to_owned();
        let problem = Problem { file, row, column: column.map(shortened), fault };
        if matches!(problem.fault, Fault::Limit(_)) {
            self.exceeded.get_or_insert(problem);
            return;
        }
        let key = (place.file, place.row, self.count);
        self.count += 1;
        let full = self.kept.len() >= Problems::LIMIT;
        if full && self.kept.last_key_value().is_some_and(|(last, _)| *last < key) {
            return;
        }
        self.kept.insert(key, problem);
        if full {
            self.kept.pop_last();
        }
    }

    /// Counts problems that are known to exist but not what they are.
    pub(crate) fn add_uncounted(&mut self, more: usize) {
        self.count += more;
    }

    /// Stops here if anything was wrong so far.
    pub(crate) fn none(&mut self) -> Result<(), Problems> {
        if let Some(problem) = self.exceeded.take() {
            return Err(Problems { found: vec![problem], more: 0 });
        }
        if self.count == 0 {
            return Ok(());
        }
        let found: Vec<Problem> = std::mem::take(&mut self.kept).into_values().collect();
        Err(Problems { more: self.count - found.len(), found })
    }
}

/// The first 80 characters: enough to find it, little enough to show.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_come_in_the_order_of_files_and_rows_and_are_counted_beyond_the_limit() {
        let mut collector = Collector::new(vec!["a.csv".to_owned(), "b.csv".to_owned()]);
        for row in (1..=150).rev() {
            collector.add(Place { file: 1, row }, Some("weight"), Fault::NotNumber("x".to_owned()));
        }
        collector.add_file(0, Fault::Missing);
        let problems = collector.none().unwrap_err();
        assert_eq!((problems.found.len(), problems.more), (100, 51));
        let text = problems.to_string();
        let start = "the input has 151 problems:\n  a.csv: there is no such file\n  b.csv, row 1, column `weight`: `x` is not a number\n  b.csv, row 2,";
        assert!(
            text.starts_with(start)
                && text.ends_with("row 99, column `weight`: `x` is not a number\n  and 51 more"),
            "{text}"
        );
    }
}
