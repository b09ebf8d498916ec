//! What is to be read of spans beyond what the conventions say.

use std::collections::{BTreeMap, BTreeSet};

/// What is to be read beyond what the conventions say.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Attributes of spans, of their scopes or resources, that become columns of the span's node.
    pub(crate) columns: BTreeSet<String>,
    /// The attribute of a root span that says what its trace earned.
    pub(crate) earned: Option<String>,
    /// Attributes with the ids of what a span made, each with the kind of thing that it is.
    pub(crate) generated: BTreeMap<String, Option<String>>,
    /// Attributes with the ids of what a span used.
    pub(crate) used: BTreeMap<String, Option<String>>,
}

impl Options {
    /// Whether an attribute is to be read.
    pub(super) fn wants(&self, attribute: &str) -> bool {
        self.columns.contains(attribute)
            || self.earned.as_deref() == Some(attribute)
            || self.generated.contains_key(attribute)
            || self.used.contains_key(attribute)
    }
}
