//! What is kept of a span: what it was, when, under which, and what it used and made.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::super::draft::Value;

/// Which span of which trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SpanId {
    pub(super) trace: u128,
    pub(super) span: u64,
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "span:{:032x}/{:016x}", self.trace, self.span)
    }
}

/// What is kept of a span.
#[derive(Debug, Default)]
pub(super) struct Span {
    pub(super) parent: Option<u64>,
    /// What it was, as a kind of node.
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// Nanoseconds since 1970; 0 if it is not known.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) has_failed: bool,
    pub(super) links: BTreeSet<SpanId>,
    /// What it used, and how well that answered what was asked for.
    pub(super) used: BTreeMap<Thing, Option<Value>>,
    pub(super) generated: BTreeSet<Thing>,
    pub(super) agent: Option<Agent>,
    /// What its trace earned, if it is the root of it.
    pub(super) earned: Option<Value>,
    pub(super) columns: BTreeMap<String, Value>,
}

/// Something that steps use and make, as a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thing {
    pub(super) id: String,
    pub(super) kind: String,
}

/// Who carried out a step.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

impl Thing {
    /// `document:ID`, of kind `document`.
    pub(super) fn new(kind: &str, id: &str) -> Thing {
        Thing { id: format!("{kind}:{id}"), kind: kind.to_owned() }
    }
}

impl Span {
    /// How much text of its own and of its scope and resource it keeps.
    pub(super) fn text_bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(|(name, value)| name.len() + value.text_bytes()).sum();
        let things: usize = self.used.keys().chain(&self.generated).map(|thing| thing.id.len()).sum();
        self.name.len() + columns + things
    }

    /// An order in which only spans that are alike are equal.
    pub(super) fn order(&self, other: &Span) -> Ordering {
        self.end.cmp(&other.end).then_with(|| format!("{self:?}").cmp(&format!("{other:?}")))
    }
}
