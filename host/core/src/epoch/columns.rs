//! Payees, nodes and edges as columns, before they are checked.

use std::borrow::Cow;

use super::writer::count;

/// A column of texts.
#[derive(Clone, Copy, Debug)]
pub enum TextColumn<'a> {
    /// A text for every row.
    Plain(&'a [&'a str]),
    /// A position in `words` for every row: faster where texts repeat. Words may be unused, repeated and in any order.
    Dictionary {
        /// The words.
        words: &'a [&'a str],
        /// Which word every row has, counted from 0.
        rows: &'a [u32],
    },
}

/// A column of references to nodes or to payees.
#[derive(Clone, Copy, Debug)]
pub enum References<'a> {
    /// The position of a row in the columns of the nodes or payees as they are given, counted from 0.
    Positions(&'a [u32]),
    /// The id of a node or payee.
    Ids(TextColumn<'a>),
}

/// Those who can be paid, a row each.
#[derive(Clone, Copy, Debug, Default)]
pub struct PayeeColumns<'a> {
    /// Unique among payees, 1 to 1024 bytes of visible characters.
    pub ids: &'a [&'a str],
    /// What to show a person; may be empty.
    pub names: Option<&'a [&'a str]>,
}

/// Nodes, a row each.
#[derive(Clone, Debug, Default)]
pub struct NodeColumns<'a> {
    /// Unique among nodes, 1 to 1024 bytes of visible characters.
    pub ids: &'a [&'a str],
    /// What they are: 1 to 1024 bytes of visible characters.
    pub kinds: TextColumn<'a>,
    /// The payees that own them. [`NO_PAYEE`](super::NO_PAYEE) as a position or as a row of a dictionary, or an empty
    /// id, is none. Without the column no node has an owner.
    pub payees: Option<References<'a>>,
    /// Finite, 0 or more; 1 without the column.
    pub weights: Option<&'a [f64]>,
    /// Seconds since 1970-01-01 UTC; the start of the window without the column.
    pub times: Option<&'a [i64]>,
    /// Columns of finite numbers, by name.
    pub metrics: Vec<(&'a str, &'a [f64])>,
    /// Columns of words of up to 4096 bytes, by name. The empty word stands for absent.
    pub labels: Vec<(&'a str, TextColumn<'a>)>,
}

/// Edges, a row each.
#[derive(Clone, Debug, Default)]
pub struct EdgeColumns<'a> {
    /// The nodes that relied on the targets.
    pub sources: References<'a>,
    /// The nodes that credit flows to.
    pub targets: References<'a>,
    /// How the sources relied on them: 1 to 1024 bytes of visible characters.
    pub kinds: TextColumn<'a>,
    /// Finite, 0 or more; 1 without the column.
    pub weights: Option<&'a [f64]>,
    /// Seconds since 1970-01-01 UTC; the start of the window without the column.
    pub times: Option<&'a [i64]>,
    /// Columns of finite numbers, by name.
    pub metrics: Vec<(&'a str, &'a [f64])>,
    /// Columns of words of up to 4096 bytes, by name. The empty word stands for absent.
    pub labels: Vec<(&'a str, TextColumn<'a>)>,
}

impl Default for TextColumn<'_> {
    fn default() -> Self {
        TextColumn::Plain(&[])
    }
}

impl Default for References<'_> {
    fn default() -> Self {
        References::Positions(&[])
    }
}

impl<'a> TextColumn<'a> {
    /// How many rows the column has.
    pub fn len(&self) -> usize {
        match self {
            TextColumn::Plain(texts) => texts.len(),
            TextColumn::Dictionary { rows, .. } => rows.len(),
        }
    }

    /// Whether the column has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The words, and which of them every row has.
    pub(super) fn dictionary(self) -> (Cow<'a, [&'a str]>, Cow<'a, [u32]>) {
        match self {
            TextColumn::Plain(texts) => {
                let (words, rows) = distinct(texts);
                (Cow::Owned(words), Cow::Owned(rows))
            }
            TextColumn::Dictionary { words, rows } => (Cow::Borrowed(words), Cow::Borrowed(rows)),
        }
    }
}

impl References<'_> {
    /// How many rows the column has.
    pub fn len(&self) -> usize {
        match self {
            References::Positions(rows) => rows.len(),
            References::Ids(ids) => ids.len(),
        }
    }

    /// Whether the column has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The different texts in the order in which they come, and which of them every row has.
fn distinct<'a>(texts: &[&'a str]) -> (Vec<&'a str>, Vec<u32>) {
    #[expect(clippy::disallowed_types, reason = "looked up by the million, never iterated")]
    let mut numbers = std::collections::HashMap::<&str, u32>::new();
    let (mut words, mut rows) = (Vec::new(), Vec::with_capacity(texts.len()));
    let mut last = ("", None);
    for &text in texts {
        // The same text often comes many times in a row.
        let number = match last.1 {
            Some(number) if last.0 == text => number,
            _ => *numbers.entry(text).or_insert_with(|| {
                words.push(text);
                count(words.len() - 1)
            }),
        };
        last = (text, Some(number));
        rows.push(number);
    }
    (words, rows)
}
