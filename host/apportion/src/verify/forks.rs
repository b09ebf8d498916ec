//! Evidence that a ledger was forked or rewound: entries and receipts that continue its chain where it goes on otherwise.
//!
//! An entry and its receipt are kept together or removed again (see [`Store::commit`]), so an interrupted commit leaves at
//! most one entry and one receipt that the chain does not lead to, and they follow its newest. Anything else was
//! part of another history of this ledger. Only versions before format 2 could leave more: when they were interrupted, or
//! lost a race against another writer.

use std::collections::BTreeSet;

use super::finding::{ForkEvidence, Problem};
use crate::ledger::{Ledger, MAX_RECEIPT, ObjectKind};
use apportion_core::canonical::Digest;
use apportion_core::entry::{Entry, EntryFormat};
use apportion_core::receipt::{Receipt, ReceiptFormat};
use apportion_core::store::Store;

/// Something that names what it follows and that the chain does not lead to.
struct Orphan {
    digest: Digest,
    previous: Option<Digest>,
    in_format_1: bool,
}

/// Takes what is evidence of a fork out of the unused objects: a problem for each.
pub(super) fn evidence<S: Store>(ledger: &Ledger<S>, unused: &mut Vec<Digest>) -> Vec<Problem> {
    let (entries, receipts) = orphans(ledger, unused);
    let chain: Vec<Digest> = ledger.entries().iter().map(|(entry, _)| *entry).collect();
    let mut found = problems(ObjectKind::Entry, entries, &chain);
    let chain: Vec<Digest> = ledger.settled().map(|(_, receipt)| receipt).collect();
    found.extend(problems(ObjectKind::Receipt, receipts, &chain));

    let digests: BTreeSet<Digest> = found.iter().filter_map(Problem::object).collect();
    unused.retain(|digest| !digests.contains(digest));
    found
}

/// The entries and the receipts among objects.
fn orphans<S: Store>(ledger: &Ledger<S>, objects: &[Digest]) -> (Vec<Orphan>, Vec<Orphan>) {
    let (mut entries, mut receipts) = (Vec::new(), Vec::new());
    for &digest in objects {
        // A damaged object is a finding of its own, a larger one is neither.
        let Ok(Some(bytes)) = ledger.records().read(&digest, MAX_RECEIPT) else { continue };
        if let Ok((entry, format)) = Entry::from_bytes(&bytes) {
            let in_format_1 = format == EntryFormat::One;
            entries.push(Orphan { digest, previous: entry.previous, in_format_1 });
        } else if let Ok(receipt) = Receipt::from_bytes(&bytes) {
            let (previous, in_format_1) = (receipt.terms().previous, receipt.format() == ReceiptFormat::One);
            receipts.push(Orphan { digest, previous, in_format_1 });
        }
    }
    (entries, receipts)
}

fn problems(what: ObjectKind, orphans: Vec<Orphan>, chain: &[Digest]) -> Vec<Problem> {
    let newest = chain.last();
    let follow_newest = orphans.iter().filter(|orphan| orphan.previous.as_ref() == newest).count();
    let mut problems = Vec::new();
    for Orphan { digest, previous, in_format_1 } in orphans {
        let evidence = match previous {
            previous if previous.as_ref() == newest && follow_newest == 1 => continue,
            previous if previous.as_ref() == newest => {
                ForkEvidence::FollowsNewest { others: follow_newest - 1 }
            }
            None => ForkEvidence::Begins,
            Some(previous) => match chain.iter().skip_while(|known| **known != previous).nth(1) {
                Some(next) => ForkEvidence::FollowsInChain { previous, next: *next },
                None => ForkEvidence::FollowsUnknown { previous },
            },
        };
        problems.push(Problem::Fork { what, object: digest, evidence, in_format_1 });
    }
    problems
}
