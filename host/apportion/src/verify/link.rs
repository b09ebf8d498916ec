//! The entries of a chain, each with what the chain up to it demands of it.

use crate::ledger::Ledger;
use apportion_core::canonical::Digest;
use apportion_core::entry::{EntryFormat, Event};
use apportion_core::store::Store;

/// An entry, with what the chain up to it demands of it.
pub(super) struct Link {
    pub(super) entry: Digest,
    pub(super) format: EntryFormat,
    pub(super) event: Event,
    /// The entry before.
    pub(super) follows: Option<Digest>,
    /// The receipt before and its epoch's number.
    pub(super) last: Option<(u64, Digest)>,
    /// The adoption before: entry and charter.
    pub(super) adopted: Option<(Digest, Digest)>,
    /// The charter in force for the epoch that it settles.
    pub(super) in_force: Option<Digest>,
}

impl Link {
    /// The number of the epoch that it settles.
    pub(super) fn epoch(&self) -> Option<u64> {
        match self.event {
            Event::Settlement { number, .. } => Some(number),
            Event::Creation { .. } | Event::Adoption { .. } => None,
        }
    }
}

/// The entries of a ledger, oldest first.
pub(super) fn links<S: Store>(ledger: &Ledger<S>) -> Vec<Link> {
    let (mut last, mut follows, mut adoptions) = (None, None, Vec::new());
    let mut links = Vec::new();
    for (index, (entry, event)) in ledger.entries().iter().enumerate() {
        let adopted = adoptions.last().map(|&(entry, charter, _)| (entry, charter));
        let format = ledger.format(index);
        let (event, in_force) = (event.clone(), None);
        let mut link = Link { entry: *entry, format, event, follows, last, adopted, in_force };
        follows = Some(*entry);
        match link.event {
            Event::Creation { .. } => {}
            Event::Adoption { charter, effective, .. } => adoptions.push((*entry, charter, effective)),
            Event::Settlement { number, receipt } => {
                let in_force = adoptions.iter().rev().find(|(_, _, effective)| *effective <= number);
                link.in_force = in_force.map(|(_, charter, _)| *charter);
                last = Some((number, receipt));
            }
        }
        links.push(link);
    }
    links
}
