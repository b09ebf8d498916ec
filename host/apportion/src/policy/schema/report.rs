//! Breaches of a schema: where they are, and what becomes of them.

use std::ops::ControlFlow::{self, Break, Continue};

/// Where in the parameters a value is.
pub(super) enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Place::Root => String::new(),
            Place::Member(of, name) => {
                format!("{}/{}", of.pointer(), name.replace('~', "~0").replace('/', "~1"))
            }
            Place::Element(of, index) => format!("{}/{index}", of.pointer()),
        }
    }
}

/// What becomes of a breach.
pub(super) enum Report {
    /// Only whether there is one matters: the first ends the check.
    Verdict,
    Breaches {
        found: Vec<(String, String)>,
        most: usize,
    },
}

impl Report {
    /// Reports a breach, and says whether to look for more.
    pub(super) fn breach(&mut self, place: &Place<'_>, problem: impl FnOnce() -> String) -> ControlFlow<()> {
        match self {
            Report::Verdict => Break(()),
            Report::Breaches { found, most } => {
                found.push((place.pointer(), problem()));
                if found.len() < *most { Continue(()) } else { Break(()) }
            }
        }
    }
}
