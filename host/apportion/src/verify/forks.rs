//! Evidence that a ledger was forked or rewound: entries and receipts that continue its chain where it goes on otherwise.
//!
//! An entry and its receipt are kept together or removed again (see [`Store::append`]), so an interrupted append leaves at
//! most one entry and one receipt that the chain does not lead to, and they follow its newest. Anything else was
//! part of another history of this ledger. Only the program before format 2 could leave more: when it was interrupted, or
//! lost a race against another writer.

use std::collections::BTreeSet;

use crate::ledger::{Ledger, MAX_RECEIPT};
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

/// Takes what is evidence of a fork out of the unused objects: a finding for each.
pub(super) fn evidence<S: Store>(store: &S, ledger: &Ledger<S>, unused: &mut Vec<Digest>) -> Vec<String> {
    let (entries, receipts) = orphans(store, unused);
    let chain: Vec<Digest> = ledger.entries().iter().map(|(entry, _)| *entry).collect();
    let mut found = findings("entry", entries, &chain);
    let chain: Vec<Digest> = ledger.settled().map(|(_, receipt)| receipt).collect();
    found.extend(findings("receipt", receipts, &chain));

    let (digests, findings): (BTreeSet<Digest>, Vec<String>) = found.into_iter().unzip();
    unused.retain(|digest| !digests.contains(digest));
    findings
}

/// The entries and the receipts among objects.
fn orphans<S: Store>(store: &S, objects: &[Digest]) -> (Vec<Orphan>, Vec<Orphan>) {
    let (mut entries, mut receipts) = (Vec::new(), Vec::new());
    for &digest in objects {
        // A damaged object is a finding of its own, a larger one is neither.
        let Ok(Some(bytes)) = store.read(&digest, MAX_RECEIPT) else { continue };
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

fn findings(what: &str, orphans: Vec<Orphan>, chain: &[Digest]) -> Vec<(Digest, String)> {
    let newest = chain.last();
    let follow_newest = orphans.iter().filter(|orphan| orphan.previous.as_ref() == newest).count();
    let mut findings = Vec::new();
    for Orphan { digest, previous, in_format_1 } in orphans {
        let place = match previous {
            previous if previous.as_ref() == newest && follow_newest == 1 => continue,
            previous if previous.as_ref() == newest => {
                format!("follows the newest {what} of the chain, as {} others do", follow_newest - 1)
            }
            None => "begins another chain than this ledger's".to_owned(),
            Some(previous) => match chain.iter().skip_while(|known| **known != previous).nth(1) {
                Some(next) => format!("follows {what} `{previous}`, which `{next}` follows in the chain"),
                None => format!("follows {what} `{previous}`, which is not in the chain"),
            },
        };
        let otherwise = match in_format_1 {
            true => "; or the program before format 2 was interrupted or refused here",
            false => "",
        };
        findings.push((
            digest,
            format!("{what} `{digest}` {place}: the ledger was forked or rewound{otherwise}"),
        ));
    }
    findings
}
