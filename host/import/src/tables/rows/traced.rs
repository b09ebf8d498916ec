//! What provenance and traces say while tables are read, and what tables say of the same nodes.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::Place;
use crate::traces::Traces;
use crate::traces::draft::{Draft, Value};

/// What documents say, and what tables say of the nodes in them.
#[derive(Default)]
pub(in crate::tables) struct Traced {
    pub(in crate::tables) draft: Option<Draft>,
    /// Kinds of nodes that earn in the window in which they are dated.
    pub(in crate::tables) outcomes: BTreeSet<String>,
    /// What edges of tables have in further columns where their cells are empty.
    pub(in crate::tables) edge_defaults: BTreeMap<String, Value>,
    pub(in crate::tables) listed: BTreeMap<String, Listed>,
    /// Nodes that tables of edges name.
    pub(in crate::tables) held: BTreeSet<String>,
}

/// A row of a table of nodes about a node that is in a document.
pub(in crate::tables) struct Listed {
    pub(in crate::tables) place: Place,
    /// Empty if the table does not say it.
    pub(in crate::tables) kind: String,
    pub(in crate::tables) weight: Option<f64>,
    pub(in crate::tables) time: Option<i64>,
    pub(in crate::tables) owner: Option<String>,
    pub(in crate::tables) metrics: Vec<f64>,
    pub(in crate::tables) labels: Vec<String>,
}

impl Traced {
    pub(in crate::tables) fn new(draft: Option<Draft>, traces: &Traces) -> Traced {
        let (outcomes, edge_defaults) = (traces.outcomes.clone(), traces.edge_defaults());
        Traced { draft, outcomes, edge_defaults, ..Traced::default() }
    }

    pub(in crate::tables) fn is_none(&self) -> bool {
        self.draft.is_none()
    }

    /// What documents say of a node in further columns, if they name it.
    pub(in crate::tables) fn columns_of(&self, id: &str) -> Option<&BTreeMap<String, Value>> {
        Some(&self.draft.as_ref()?.nodes.get(id)?.columns)
    }

    /// Keeps a table's row of a node that documents name too; whether it is the first.
    pub(in crate::tables) fn list(&mut self, id: &str, listed: Listed) -> bool {
        let is_first = !self.listed.contains_key(id);
        if is_first {
            self.listed.insert(id.to_owned(), listed);
        }
        is_first
    }

    /// A node that an edge of a table names is in the epoch, whenever it was.
    pub(in crate::tables) fn hold(&mut self, id: &str) {
        if self.columns_of(id).is_some() && !self.held.contains(id) {
            self.held.insert(id.to_owned());
        }
    }
}
