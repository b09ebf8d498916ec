//! What can be wrong with an epoch: its bytes, the rows or columns to build it from.

use crate::error::ErrorKind;
use crate::text::{TextProblem, escape};

use super::format::VERSION;

/// Why bytes are not an epoch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EpochError {
    /// The bytes do not begin as an epoch does.
    #[error("not an epoch: it does not begin with `apportion epoch`")]
    NotAnEpoch,
    /// A later format, or a damaged version number.
    #[error("the epoch's format is version {0}; this engine reads version {VERSION}")]
    Version(u32),
    /// Bytes are missing at the end, or there are more than the header states.
    #[error("the epoch is cut short or damaged: it says it has {stated} bytes and there are {given}")]
    Length {
        /// The length that the header states, in bytes.
        stated: u64,
        /// The length found, in bytes.
        given: u64,
    },
    /// The content breaks a rule of the format.
    #[error("the epoch is damaged: {place}: {problem}")]
    Damaged {
        /// The part of the file, with the row where there is one.
        place: String,
        /// Which rule is broken.
        problem: String,
    },
    /// The bytes could not be read.
    #[error("the epoch could not be read: {0}")]
    Read(#[from] std::io::Error),
}

impl EpochError {
    /// [`ErrorKind::Host`] where bytes could not be read, otherwise [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            EpochError::Read(_) => ErrorKind::Host,
            EpochError::NotAnEpoch
            | EpochError::Version(_)
            | EpochError::Length { .. }
            | EpochError::Damaged { .. } => ErrorKind::Input,
        }
    }
}

/// The content at `place` breaks a rule of the format.
pub(super) fn damaged(place: impl Into<String>, problem: impl Into<String>) -> EpochError {
    EpochError::Damaged { place: place.into(), problem: problem.into() }
}

/// Why rows or columns do not make an epoch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The window ends before it begins.
    #[error("the window ends at {end}, which is not after its start {start}")]
    Window {
        /// Seconds since 1970-01-01 UTC.
        start: i64,
        /// Seconds since 1970-01-01 UTC.
        end: i64,
    },
    /// A number that a receipt cannot hold exactly.
    #[error("epoch number {0} is more than 2^53")]
    Number(u64),
    /// A metric or label column that is not possible: its name cannot be used or occurs twice, there are too many
    /// columns, or its length differs from the number of rows.
    #[error("column `{}` {problem}", .name.escape_debug())]
    Column {
        /// The column's name, cut to 80 characters.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Rows that are wrong: the first of them, and how many more there are.
    #[error("{} rows cannot be kept; the first: {}", .errors.len() + .more, .errors.first().map_or(String::new(), ToString::to_string))]
    Rows {
        /// The first [`EpochBuilder::ERROR_LIMIT`](super::EpochBuilder::ERROR_LIMIT) errors, in the order of the rows.
        errors: Vec<RowError>,
        /// How many errors there are beyond those.
        more: usize,
    },
    /// More rows or text than the format holds.
    #[error("the epoch is too large: {0}")]
    TooLarge(&'static str),
    /// The bytes written were not accepted: a bug in this library.
    #[error("the epoch was written wrongly, which is a bug: {0}")]
    Written(#[from] EpochError),
}

impl BuildError {
    /// [`ErrorKind::Host`] for the bug of [`BuildError::Written`], otherwise [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            BuildError::Written(_) => ErrorKind::Host,
            BuildError::Window { .. }
            | BuildError::Number(_)
            | BuildError::Column { .. }
            | BuildError::Rows { .. }
            | BuildError::TooLarge(_) => ErrorKind::Input,
        }
    }

    pub(super) fn column(name: &str, problem: impl Into<String>) -> BuildError {
        BuildError::Column { name: cut(name), problem: problem.into() }
    }
}

/// Which given row is wrong: counted from 0 in the order the rows were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// A payee.
    Payee(usize),
    /// A node.
    Node(usize),
    /// An edge.
    Edge(usize),
}

/// What is wrong with a given row.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RowProblem {
    /// A text that cannot be kept.
    #[error("`{}` {problem}", .text.escape_debug())]
    Text {
        /// The text, cut to 80 characters.
        text: String,
        /// What is wrong with it.
        problem: TextProblem,
    },
    /// A number that is not finite, or a weight below 0.
    #[error("{value} is not {expected}")]
    Number {
        /// The number.
        value: f64,
        /// What is expected instead.
        expected: &'static str,
    },
    /// Two rows with the same id.
    #[error("`{}` is there twice: an earlier row has the same id", escape(.0))]
    Duplicate(String),
    /// An edge to or from a node that does not exist.
    #[error("there is no node `{}`", escape(.0))]
    UnknownNode(String),
    /// A node that belongs to a payee that does not exist.
    #[error("there is no payee `{}`", escape(.0))]
    UnknownPayee(String),
    /// A position at which there is no node, payee or word.
    #[error("there is no {what} at position {position}")]
    UnknownPosition {
        /// `node`, `payee` or `word`.
        what: &'static str,
        /// The position, counted from 0.
        position: u32,
    },
    /// More or fewer values than columns were declared.
    #[error("has {given} values where {declared} columns were declared")]
    Columns {
        /// How many values the row has.
        given: usize,
        /// How many columns were declared.
        declared: usize,
    },
}

impl RowProblem {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

/// A row that cannot be kept, and the column at fault.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RowError {
    /// The row.
    pub row: Row,
    /// The column's name: `id`, `weight`, or a metric's or label's own.
    pub column: String,
    /// What is wrong.
    pub problem: RowProblem,
}

impl RowError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

impl std::error::Error for RowError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.problem)
    }
}

impl std::fmt::Display for RowError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, row) = match self.row {
            Row::Payee(row) => ("payee", row),
            Row::Node(row) => ("node", row),
            Row::Edge(row) => ("edge", row),
        };
        write!(f, "{what} {row}, column `{}`: {}", self.column, self.problem)
    }
}

/// How many wrong rows are reported; the rest is counted.
pub(super) const ERROR_LIMIT: usize = 100;

/// The wrong rows so far, of which the first are kept.
#[derive(Debug, Default)]
pub(super) struct RowErrors {
    errors: Vec<RowError>,
    more: usize,
    /// Once enough errors are known, rows from this one on are only counted.
    bar: Option<Row>,
}

impl RowErrors {
    pub(super) fn add(&mut self, row: Row, column: &str, problem: RowProblem) {
        if self.bar.is_some_and(|bar| row >= bar) {
            self.more += 1;
            return;
        }
        self.errors.push(RowError { row, column: column.to_owned(), problem });
        if self.errors.len() >= 2 * ERROR_LIMIT {
            self.keep_first();
            self.bar = self.errors.last().map(|error| error.row);
        }
    }

    pub(super) fn text(&mut self, row: Row, column: &str, text: &str, problem: TextProblem) {
        self.add(row, column, RowProblem::Text { text: cut(text), problem });
    }

    /// The error that tells of these rows, if any row is wrong.
    pub(super) fn into_result(mut self) -> Result<(), BuildError> {
        if self.errors.is_empty() {
            return Ok(());
        }
        self.keep_first();
        Err(BuildError::Rows { errors: self.errors, more: self.more })
    }

    fn keep_first(&mut self) {
        self.errors.sort_by_key(|error| error.row);
        self.more += self.errors.len().saturating_sub(ERROR_LIMIT);
        self.errors.truncate(ERROR_LIMIT);
    }
}

/// A text from outside, cut for an error.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
