//! What provenance documents and traces say, gathered before it becomes rows: nodes by their ids, relations between
//! them, and what was not understood.
//!
//! The order of files and of what stands in them makes no difference.

use std::collections::BTreeMap;

use crate::problem::Place;

/// What all documents say together.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) nodes: BTreeMap<String, Node>,
    pub(crate) relations: Vec<Relation>,
    /// What was not understood or has no place in a graph, in words, and where and how often.
    pub(crate) left_out: BTreeMap<String, LeftOut>,
}

/// What is known of one node.
#[derive(Default)]
pub(crate) struct Node {
    /// What it is; of a node that is only referred to, what its place in the relation says that it must be.
    pub(crate) kind: String,
    /// Whether a document describes it. Else it was only referred to.
    pub(crate) is_described: bool,
    /// Seconds since 1970.
    pub(crate) time: Option<i64>,
    /// What a person reads instead of the id.
    pub(crate) name: Option<String>,
    pub(crate) columns: BTreeMap<String, Value>,
}

/// The source relied on the target, as PROV says it.
pub(crate) struct Relation {
    pub(crate) source: String,
    pub(crate) target: String,
    /// PROV's name: `used`, `wasGeneratedBy`.
    pub(crate) kind: &'static str,
    pub(crate) weight: f64,
    /// Seconds since 1970.
    pub(crate) time: Option<i64>,
    pub(crate) columns: BTreeMap<String, Value>,
}

/// A cell of a further column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Text(String),
}

/// Something that did not become part of the graph.
pub(crate) struct LeftOut {
    pub(crate) first: Place,
    pub(crate) count: u64,
}

impl Draft {
    /// A node that a document describes; it may be described again.
    pub(crate) fn describe(&mut self, id: &str, kind: &str) -> &mut Node {
        let node = self.nodes.entry(id.to_owned()).or_default();
        if !node.is_described {
            node.is_described = true;
            node.kind = kind.to_owned();
        }
        node
    }

    /// A node that a document refers to; `kind` is what it must be.
    pub(crate) fn mention(&mut self, id: &str, kind: &str) {
        let node = self.nodes.entry(id.to_owned()).or_default();
        if node.kind.is_empty() {
            node.kind = kind.to_owned();
        }
    }

    /// Names something that did not become part of the graph.
    pub(crate) fn leave_out(&mut self, what: impl Into<String>, place: Place) {
        let entry = self.left_out.entry(what.into()).or_insert(LeftOut { first: place, count: 0 });
        entry.count += 1;
    }
}
