//! The chain of entries: read in pages from the store's list of them as far as that goes, and one by one from there on.

use std::collections::BTreeMap;

use super::error::{LedgerError, ObjectKind};
use super::records::Records;
use apportion_core::canonical::Digest;
use apportion_core::entry::{Entry, EntryFormat, Event, LedgerIdentity};
use apportion_core::epoch::MAX_NUMBER;
use apportion_core::store::Store;

/// The chain of a ledger, oldest first.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) entries: Vec<(Digest, Event)>,
    /// How many of the entries at the beginning are in format 1.
    format_1: usize,
    /// Whether the store has to write its list of entries again after the next commit, because it is not this chain.
    list_is_outdated: bool,
}

/// An entry, read and not yet a part of a chain.
struct Link {
    digest: Digest,
    entry: Entry,
    format: EntryFormat,
}

impl Link {
    fn new(bytes: &[u8]) -> Result<Link, String> {
        let (entry, format) = Entry::from_bytes(bytes)?;
        Ok(Link { digest: Digest::of(bytes), entry, format })
    }
}

impl Chain {
    /// The chain up to `head`, of which this one is the beginning.
    pub(super) fn read_on<S: Store>(
        &self,
        records: &Records<S>,
        head: Option<Digest>,
    ) -> Result<Chain, LedgerError> {
        let (links, is_whole) = self.listed(records, head);
        self.extended(records, head, links, self.list_is_outdated || !is_whole)
    }

    /// The chain up to `head`, every entry read by its digest.
    pub(super) fn read_each<S: Store>(
        records: &Records<S>,
        head: Option<Digest>,
    ) -> Result<Chain, LedgerError> {
        Chain::default().extended(records, head, Vec::new(), false)
    }

    /// The newest entry.
    pub(super) fn head(&self) -> Option<Digest> {
        self.entries.last().map(|(digest, _)| *digest)
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

    /// The settled epochs, oldest first: number and receipt.
    pub(super) fn settled(&self) -> impl DoubleEndedIterator<Item = (u64, Digest)> + Clone {
        self.entries.iter().filter_map(|(_, event)| match event {
            Event::Settlement { number, receipt } => Some((*number, *receipt)),
            Event::Creation { .. } | Event::Adoption { .. } => None,
        })
    }

    /// The newest receipt.
    pub(super) fn last_receipt(&self) -> Option<Digest> {
        self.settled().next_back().map(|(_, receipt)| receipt)
    }

    /// Adopted charters, oldest first: entry, charter, first epoch number.
    pub(super) fn adoptions(&self) -> impl DoubleEndedIterator<Item = (Digest, Digest, u64)> + Clone {
        self.entries.iter().filter_map(|(entry, event)| match event {
            Event::Adoption { charter, effective, .. } => Some((*entry, *charter, *effective)),
            Event::Creation { .. } | Event::Settlement { .. } => None,
        })
    }

    /// The charter that divides an epoch.
    pub(super) fn in_force(&self, number: u64) -> Option<Digest> {
        let in_force = self.adoptions().rev().find(|(_, _, effective)| *effective <= number);
        in_force.map(|(_, charter, _)| charter)
    }

    /// Checks that an epoch of this number can be settled next.
    pub(super) fn check_next(&self, number: u64) -> Result<(), LedgerError> {
        if let Some((_, receipt)) = self.settled().find(|(settled, _)| *settled == number) {
            return Err(LedgerError::Settled { number, receipt });
        }
        match self.settled().next_back().filter(|(last, _)| *last > number) {
            Some((last, _)) => Err(LedgerError::OutOfOrder { number, last }),
            None => Ok(()),
        }
    }

    /// Checks that a charter can be adopted from an epoch of this number on.
    pub(super) fn check_effective(&self, effective: u64) -> Result<(), LedgerError> {
        let wrong = |problem: String| Err(LedgerError::Effective { effective, problem });
        if effective > MAX_NUMBER {
            return wrong("no epoch has such a number".to_owned());
        }
        match self.settled().next_back() {
            Some((last, _)) if effective <= last => {
                wrong(format!("epoch {last} is settled, and no change reaches back"))
            }
            _ => Ok(()),
        }
    }

    /// Adds an entry that was committed; the store's list of entries is mended where it was incomplete.
    pub(super) fn committed<S: Store>(&mut self, records: &Records<S>, digest: Digest, event: Event) {
        self.entries.push((digest, event));
        if self.list_is_outdated
            && let Ok(entries) = self.to_bytes()
        {
            // Only a cache: the entry is committed whether or not it can be written.
            self.list_is_outdated = records.objects().rewrite_entries(&digest, &entries).is_err();
        }
    }

    /// The bytes of every entry: they are canonical, so there is one form of each.
    fn to_bytes(&self) -> Result<Vec<Vec<u8>>, LedgerError> {
        let mut previous = None;
        let mut all = Vec::new();
        for (index, (digest, event)) in self.entries.iter().enumerate() {
            all.push(Entry::to_bytes(self.format(index), previous, event.clone())?);
            previous = Some(*digest);
        }
        Ok(all)
    }

    /// The entries that follow this chain in the store's list, up to `head` or as far as each names the one before it; and
    /// whether the list ends where it should.
    fn listed<S: Store>(&self, records: &Records<S>, head: Option<Digest>) -> (Vec<Link>, bool) {
        let mut links: Vec<Link> = Vec::new();
        let mut last = self.head();
        while last != head {
            // Nothing depends on it: what cannot be read of it is read by digest.
            let page = match records.objects().entries(self.entries.len() + links.len()) {
                Ok(Some(page)) if !page.is_empty() => page,
                Ok(None) => return (links, true),
                Ok(Some(_)) | Err(_) => return (links, false),
            };
            let mut page = page.into_iter();
            for bytes in page.by_ref() {
                match Link::new(&bytes) {
                    Ok(link) if link.entry.previous == last => {
                        last = Some(link.digest);
                        links.push(link);
                    }
                    Ok(_) | Err(_) => return (links, false),
                }
                if last == head {
                    break;
                }
            }
            if page.next().is_some() {
                return (links, false);
            }
        }
        (links, true)
    }

    /// This chain with `links` and everything else up to `head`, read by its digest.
    fn extended<S: Store>(
        &self,
        records: &Records<S>,
        head: Option<Digest>,
        mut links: Vec<Link>,
        list_is_outdated: bool,
    ) -> Result<Chain, LedgerError> {
        let known = self.entries.len();
        if links.last().map(|link| link.digest).or(self.head()) != head {
            let walked = walk_back(records, head, &places(&self.entries, &links))?;
            if walked.joins < known {
                let known = self.head().ok_or(LedgerError::NotCreated)?;
                return Err(LedgerError::Rewound { known, head });
            }
            links.truncate(walked.joins - known);
            links.extend(walked.links);
        }
        let mut chain = Chain { entries: self.entries.clone(), format_1: self.format_1, list_is_outdated };
        links.into_iter().try_for_each(|link| chain.push(link))?;
        Ok(chain)
    }

    fn push(&mut self, link: Link) -> Result<(), LedgerError> {
        let wrong = |digest, problem: &str| {
            Err(LedgerError::Object { what: ObjectKind::Entry, digest, problem: problem.to_owned() })
        };
        let creates = matches!(link.entry.event, Event::Creation { .. });
        let begins = link.entry.previous.is_none() && link.format == EntryFormat::Two;
        if creates != begins {
            return wrong(link.digest, "a ledger's first entry, and no other, creates it in format 2");
        }
        match (link.format, self.entries.last()) {
            // A change signed in format 1 can be replayed: it must not get in again.
            (EntryFormat::One, Some((before, _))) if self.entries.len() > self.format_1 => {
                return wrong(*before, "an entry in format 1 follows it: formats only go up");
            }
            (EntryFormat::One, _) => self.format_1 += 1,
            (EntryFormat::Two, _) => {}
        }
        self.entries.push((link.digest, link.entry.event));
        Ok(())
    }
}

/// How many entries there are up to each.
fn places(known: &[(Digest, Event)], links: &[Link]) -> BTreeMap<Digest, usize> {
    let digests = known.iter().map(|(digest, _)| *digest).chain(links.iter().map(|link| link.digest));
    digests.zip(1..).collect()
}

/// What was read from a head backwards.
struct Walked {
    /// The entries, oldest first.
    links: Vec<Link>,
    /// How many entries that are known come before them.
    joins: usize,
}

/// Reads entries from `head` back to one that is known, or to the first.
fn walk_back<S: Store>(
    records: &Records<S>,
    head: Option<Digest>,
    known: &BTreeMap<Digest, usize>,
) -> Result<Walked, LedgerError> {
    let mut links: Vec<Link> = Vec::new();
    let (mut next, mut joins) = (head, 0);
    while let Some(digest) = next {
        if let Some(place) = known.get(&digest) {
            joins = *place;
            break;
        }
        let bytes = records.entry(&digest)?.ok_or(if links.is_empty() {
            LedgerError::Head(digest)
        } else {
            LedgerError::Missing { what: ObjectKind::Entry, digest }
        })?;
        let wrong = |problem| LedgerError::Object { what: ObjectKind::Entry, digest, problem };
        let link = Link::new(&bytes).map_err(wrong)?;
        next = link.entry.previous;
        links.push(link);
    }
    links.reverse();
    Ok(Walked { links, joins })
}
