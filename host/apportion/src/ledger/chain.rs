//! The chain of entries, read from its head to its beginning.

use super::LedgerError;
use apportion_core::canonical::Digest;
use apportion_core::entry::{Entry, EntryFormat, Event, LedgerIdentity};
use apportion_core::store::Store;

/// More bytes than any entry has: one with as many signatures as are counted takes less than a third.
const MAX_ENTRY: u64 = 1 << 16;

/// The chain of a ledger, oldest first, and how many of its entries at the beginning are in format 1.
pub(super) struct Chain {
    pub(super) entries: Vec<(Digest, Event)>,
    pub(super) format_1: usize,
}

impl Chain {
    /// Reads the chain from its head to its beginning.
    pub(super) fn read<S: Store>(store: &S, head: Option<Digest>) -> Result<Chain, LedgerError> {
        let mut entries: Vec<(Digest, Event)> = Vec::new();
        let mut format_1 = 0;
        let mut next = head;
        while let Some(digest) = next {
            let bytes = store.read(&digest, MAX_ENTRY)?.ok_or(if entries.is_empty() {
                LedgerError::Head(digest)
            } else {
                LedgerError::Missing { what: "entry", digest }
            })?;
            let wrong = |problem: String| LedgerError::Object { what: "entry", digest, problem };
            let (entry, format) = Entry::from_bytes(&bytes).map_err(wrong)?;
            match format {
                EntryFormat::One => format_1 += 1,
                // A change signed in format 1 can be replayed: it must not get in again.
                EntryFormat::Two if format_1 > 0 => {
                    return Err(wrong("an entry in format 1 follows it: formats only go up".to_owned()));
                }
                EntryFormat::Two => {}
            }
            let creates = matches!(entry.event, Event::Creation { .. });
            let begins = entry.previous.is_none() && format == EntryFormat::Two;
            if creates != begins {
                let problem = "a ledger's first entry, and no other, creates it in format 2";
                return Err(wrong(problem.to_owned()));
            }
            next = entry.previous;
            entries.push((digest, entry.event));
        }
        entries.reverse();
        Ok(Chain { entries, format_1 })
    }

    /// The identity that the first entry gives; none of an empty ledger.
    pub(super) fn identity(&self) -> Option<LedgerIdentity> {
        self.entries.first().map(|(digest, event)| match event {
            Event::Creation { identity } => *identity,
            _ => LedgerIdentity::from_bytes(*digest.as_bytes()),
        })
    }

    pub(super) fn format(&self, index: usize) -> EntryFormat {
        if index < self.format_1 { EntryFormat::One } else { EntryFormat::Two }
    }
}
