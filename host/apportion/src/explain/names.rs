//! What a person reads instead of the ids in an explanation.

use std::collections::BTreeMap;

use apportion_core::epoch::Epoch;
use apportion_core::explanation::{Contribution, Names, Path, Reliance};

/// The node label that names a node: by this name imports give what documents and traces call a thing.
const LABEL: &str = "name";

/// The names of what an explanation is about.
pub(super) fn names(
    epoch: &Epoch,
    contributions: &[Contribution],
    reliances: &[Reliance],
    paths: &[Path],
) -> Names {
    let mut names = Naming { epoch, names: Names::default() };
    names.contributions(contributions);
    names.reliances(reliances);
    for path in paths {
        names.node(&path.from);
        path.steps.iter().for_each(|step| names.node(&step.to));
    }
    names.names
}

struct Naming<'a> {
    epoch: &'a Epoch,
    names: Names,
}

impl Naming<'_> {
    fn contributions(&mut self, contributions: &[Contribution]) {
        for one in contributions {
            self.node(&one.first);
            self.node(&one.last);
            self.contributions(&one.parts);
        }
    }

    fn reliances(&mut self, reliances: &[Reliance]) {
        for one in reliances {
            if one.payee {
                self.payee(&one.first);
            } else {
                self.node(&one.first);
            }
            self.reliances(&one.parts);
        }
    }

    fn node(&mut self, id: &str) {
        let row = self.epoch.node_ids().position(id);
        if let (Some(label), Some(row)) = (self.epoch.node_label(LABEL), row) {
            insert(&mut self.names.nodes, id, label.word(row));
        }
    }

    fn payee(&mut self, id: &str) {
        let row = self.epoch.payees().position(id);
        let name = row.and_then(|row| self.epoch.payee_names().get(row));
        insert(&mut self.names.payees, id, name.unwrap_or_default());
    }
}

fn insert(names: &mut BTreeMap<String, String>, id: &str, name: &str) {
    if !name.is_empty() && name != id {
        names.insert(id.to_owned(), name.to_owned());
    }
}
