//! What can be wrong with record batches.

use arrow_schema::{ArrowError, DataType};

use crate::epoch::BuildError;
use crate::error::ErrorKind;
use crate::text::escape;

/// Why record batches do not make an epoch, or why an epoch or payouts do not make a record batch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A column that every batch of the table must have.
    #[error("a batch of {table} has no column `{column}`")]
    Missing {
        /// `payees`, `nodes` or `edges`.
        table: &'static str,
        /// The column's name.
        column: &'static str,
    },
    /// A column with a name that has no meaning, or one that not all batches of the table have.
    #[error("a batch of {table} has the column `{}`, which {problem}", escape(.column))]
    Unknown {
        /// `payees`, `nodes` or `edges`.
        table: &'static str,
        /// The column's name.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A column of a type that cannot be read as what the column means.
    #[error("column `{}` of {table} has the type {found}; expected {expected}", escape(.column))]
    Type {
        /// `payees`, `nodes` or `edges`.
        table: &'static str,
        /// The column's name.
        column: String,
        /// Its type.
        found: DataType,
        /// The types that are read.
        expected: &'static str,
    },
    /// A value that cannot be kept: a null where there must be one, or a number that would be rounded.
    #[error("row {row} of {table}, column `{}`: {problem}", escape(.column))]
    Value {
        /// `payees`, `nodes` or `edges`.
        table: &'static str,
        /// The column's name.
        column: String,
        /// The row, counted from 0 over all batches of the table.
        row: usize,
        /// What is wrong with the value.
        problem: &'static str,
    },
    /// The columns do not make an epoch.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Arrow refuses the columns: a bug in this library.
    #[error("the record batch was made wrongly, which is a bug: {0}")]
    Arrow(#[from] ArrowError),
}

impl BatchError {
    /// [`ErrorKind::Host`] for a bug, otherwise [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            BatchError::Build(error) => error.kind(),
            BatchError::Arrow(_) => ErrorKind::Host,
            BatchError::Missing { .. }
            | BatchError::Unknown { .. }
            | BatchError::Type { .. }
            | BatchError::Value { .. } => ErrorKind::Input,
        }
    }
}
