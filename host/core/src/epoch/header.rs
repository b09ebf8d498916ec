//! What an epoch is about, apart from its payees and graph.

use crate::money::Pool;

use super::error::BuildError;

/// The largest number of an epoch: receipts write it as a JSON number, which is exact up to 2^53.
pub const MAX_NUMBER: u64 = 1 << 53;

/// The period an epoch covers, in seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first second in it.
    pub start: i64,
    /// The first second after it; later than `start`.
    pub end: i64,
}

/// What an epoch is about, apart from its payees and graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its number within its programme, at most [`MAX_NUMBER`].
    pub number: u64,
    /// The period it covers.
    pub window: Window,
    /// What is divided.
    pub pool: Pool,
}

impl Header {
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let Window { start, end } = self.window;
        if start >= end {
            return Err(BuildError::Window { start, end });
        }
        if self.number > MAX_NUMBER {
            return Err(BuildError::Number(self.number));
        }
        Ok(())
    }
}

/// The names of the metric and label columns of nodes and edges.
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
