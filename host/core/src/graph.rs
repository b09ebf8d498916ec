//! The contribution graph in columns: what a valid epoch gives to read.
//!
//! Credit flows along an edge from its source to its target: the source relied on the target. Nodes are sorted by
//! id; edges by source, target, kind, time, weight, then their metrics and labels. A row's index is its name here.

use crate::text::{TextProblem, escape};

/// Owner of a node that belongs to no payee.
pub const NO_PAYEE: u32 = u32::MAX;
/// The most nodes, edges or payees: an index of 32 bits with one value to spare for [`NO_PAYEE`].
pub const MAX_ROWS: usize = (u32::MAX - 1) as usize;
/// The most metric or label columns of nodes or of edges.
pub const MAX_COLUMNS: usize = 4096;

/// A column of texts, each found by its row. The default has none.
#[derive(Clone, Copy, Default)]
pub struct Texts<'a> {
    pub(crate) ends: &'a [u32],
    pub(crate) bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Where each text ends in [`Texts::bytes`]; it begins where the one before ends.
    pub fn ends(&self) -> &'a [u32] {
        self.ends
    }

    /// All texts one after another, in UTF-8.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The text of a row, if there is such a row.
    pub fn get(&self, row: usize) -> Option<&'a str> {
        let end = *self.ends.get(row)? as usize;
        let start = if row == 0 { 0 } else { *self.ends.get(row - 1)? as usize };
        std::str::from_utf8(self.bytes.get(start..end)?).ok()
    }

    /// All texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let texts = *self;
        (0..self.len()).map(move |row| texts.get(row).unwrap_or(""))
    }

    /// The row of `text` in a sorted column.
    pub fn position(&self, text: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle)?.cmp(text) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

/// A column of words: an index per row into a sorted dictionary whose first word is empty and stands for absent.
#[derive(Clone, Copy)]
pub struct Label<'a> {
    /// The words, sorted; the first is empty.
    pub dictionary: Texts<'a>,
    /// Which word each row has.
    pub rows: &'a [u32],
}

impl<'a> Label<'a> {
    /// The word of a row; empty if the input gave none.
    pub fn word(&self, row: usize) -> &'a str {
        self.rows.get(row).and_then(|&word| self.dictionary.get(word as usize)).unwrap_or("")
    }
}

/// One node as given, before it is checked.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// Unique among nodes.
    pub id: &'a str,
    /// What it is: `person`, `data-set`, `commit`...
    pub kind: &'a str,
    /// Finite, 0 or more. Inputs that give none mean 1.
    pub weight: f64,
    /// Seconds since 1970-01-01 UTC; `None` means the start of the window.
    pub time: Option<i64>,
    /// The id of the payee that owns it.
    pub payee: Option<&'a str>,
    /// A number for each of the node metrics, in the order they were declared; 0 where absent.
    pub metrics: &'a [f64],
    /// A word for each of the node labels, in the order they were declared; empty where absent.
    pub labels: &'a [&'a str],
}

/// One edge as given, before it is checked. Edges may repeat: two equal events are two edges.
#[derive(Clone, Copy, Debug)]
pub struct Edge<'a> {
    /// The id of the node that relied on the target.
    pub source: &'a str,
    /// The id of the node that credit flows to.
    pub target: &'a str,
    /// How the source relied on it: `cites`, `derived-from`, `depends-on`...
    pub kind: &'a str,
    /// Finite, 0 or more. Inputs that give none mean 1.
    pub weight: f64,
    /// Seconds since 1970-01-01 UTC; `None` means the start of the window.
    pub time: Option<i64>,
    /// A number for each of the edge metrics, in the order they were declared; 0 where absent.
    pub metrics: &'a [f64],
    /// A word for each of the edge labels, in the order they were declared; empty where absent.
    pub labels: &'a [&'a str],
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
        /// What is expected of it.
        expected: &'static str,
    },
    /// Two rows of one id.
    #[error("`{}` is there twice: an earlier row has the same id", escape(.0))]
    Duplicate(String),
    /// An edge to or from a node that is not there.
    #[error("there is no node `{}`", escape(.0))]
    UnknownNode(String),
    /// A node that belongs to a payee that is not there.
    #[error("there is no payee `{}`", escape(.0))]
    UnknownPayee(String),
    /// Other columns than were declared.
    #[error("has {given} values where {declared} columns were declared")]
    Columns {
        /// How many values the row has.
        given: usize,
        /// How many columns were declared.
        declared: usize,
    },
}

/// A row that cannot be kept, and the column at fault.
#[derive(Clone, Debug, PartialEq)]
pub struct RowError {
    /// The row.
    pub row: Row,
    /// The column's name: `id`, `weight`, or a metric's or label's own.
    pub column: String,
    /// What is wrong.
    pub problem: RowProblem,
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
