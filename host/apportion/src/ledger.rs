//! The ledger of one programme: a chain of entries, each naming the one before, that adopt charters and settle epochs.
//!
//! Everything an entry names is in the [store](crate::store): charters, components, epochs, receipts, payouts, what policies
//! left for their next run, changes and their signatures. So a ledger is complete by itself and anyone can check it
//! (the chapter `verify`).
//!
//! A [`Ledger`] is opened once and kept: it holds the chain in memory and nothing else. Any number of processes may read and write
//! the same ledger. Each knows the chain up to the entry that it read last, [`Ledger::refresh`] reads on from there, and
//! whatever is written is written in one step after the newest entry or not at all.
//!
//! ```
//! use apportion::{Charter, Engine, Epoch, Ledger};
//! use apportion::ledger::LedgerIdentity;
//! use apportion::store::MemoryStore;
//!
//! let engine = Engine::new()?;
//! let component = std::fs::read("../../policies/dist/equal.wasm")?;
//! let charter = Charter::single("Cooperative", &engine.admit(&component)?, serde_json::json!({}))?;
//! let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
//!
//! // A folder, a database... and 32 random bytes, which the library never draws itself.
//! let store = MemoryStore::new();
//! let mut ledger = Ledger::create(store.clone(), LedgerIdentity::from_bytes([7; 32]))?;
//! ledger.adopt(&engine, &charter, epoch.number(), &[component], &[])?;
//! let settlement = ledger.settle(&engine, &epoch)?;
//!
//! // Anyone who opens the ledger finds all of it.
//! let opened = Ledger::open(store)?;
//! assert_eq!(opened.settled().last(), Some((epoch.number(), settlement.receipt.digest())));
//! assert_eq!(opened.entries().len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Two writers
//!
//! When another process has appended since, [`Ledger::settle`] and [`Ledger::adopt`] read what is new and try once more where
//! that cannot be wrong. Otherwise the error says what happened: the epoch is settled ([`LedgerError::Settled`]), another
//! charter is in force ([`LedgerError::CharterChanged`]), the signatures were made for an earlier entry
//! ([`LedgerError::Outdated`]). In every case the ledger in memory is up to date afterwards.

mod chain;
mod error;
mod history;
mod records;
mod signing;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::engine::{Engine, MAX_COMPONENT};
use crate::policy::Policy;
use crate::settle::{History, Settlement, appointed, settle};
use crate::source::{PolicySource, SourceError};
use apportion_core::canonical::Digest;
use apportion_core::charter::Charter;
use apportion_core::epoch::Epoch;
use apportion_core::payouts::Payouts;
use apportion_core::receipt::Receipt;
use apportion_core::signature::Signer;
use apportion_core::store::{Committed, Objects, Store};

pub use apportion_core::entry::{Entry, EntryFormat, Event, IdentityError, LedgerIdentity};
use chain::Chain;
pub(crate) use error::sentence;
pub use error::{LedgerError, ObjectKind};
pub use history::LedgerEpochs;
pub(crate) use history::carry_on;
pub(crate) use records::{MAX_RECEIPT, Records, Sighting, Sightings};
pub(crate) use signing::check_signatures;
use signing::{change_after, check_signed};

/// A ledger, its chain read and checked. It holds no more than the chain in memory.
///
/// See the [chapter](crate::ledger) for an overview.
pub struct Ledger<S> {
    records: Records<S>,
    chain: Chain,
}

impl<S> fmt::Debug for Ledger<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Ledger");
        let chain = &self.chain;
        text.field("identity", &chain.identity()).field("entries", &chain.entries.len());
        text.field("head", &chain.head()).finish()
    }
}

impl<S: Store> Ledger<S> {
    /// Creates a ledger in an empty store: writes its first entry, which holds its identity.
    ///
    /// ```
    /// use apportion::Ledger;
    /// use apportion::ledger::{LedgerError, LedgerIdentity};
    /// use apportion::store::MemoryStore;
    ///
    /// let store = MemoryStore::new();
    /// let identity = LedgerIdentity::from_bytes([7; 32]);
    /// let created = Ledger::create(&store, identity)?;
    /// assert_eq!(created.identity(), Some(identity));
    ///
    /// let again = Ledger::create(&store, identity).unwrap_err();
    /// assert!(matches!(again, LedgerError::Created(head) if Some(head) == created.head()));
    /// # Ok::<(), LedgerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LedgerError::Created`] if the store holds a ledger already; errors of the store.
    pub fn create(store: S, identity: LedgerIdentity) -> Result<Ledger<S>, LedgerError> {
        let mut ledger = Ledger::open(store)?;
        if let Some(head) = ledger.head() {
            return Err(LedgerError::Created(head));
        }
        match ledger.commit(Event::Creation { identity }, &[])? {
            Committed::Moved { head: Some(head) } => Err(LedgerError::Created(head)),
            Committed::Moved { head: None } | Committed::Done => Ok(ledger),
        }
    }

    /// Opens the ledger in `store` and reads its chain. A store without a first entry opens as an empty ledger.
    ///
    /// The chain is read in pages where the store keeps a list of entries ([`Store::entries`]), and checked by digests in
    /// any case.
    ///
    /// ```
    /// use apportion::Ledger;
    /// use apportion::ledger::LedgerIdentity;
    /// use apportion::store::DirectoryStore;
    ///
    /// # let folder = std::env::temp_dir().join(format!("apportion-doc-open-{}", std::process::id()));
    /// let identity = LedgerIdentity::from_bytes([7; 32]);
    /// let created = Ledger::create(DirectoryStore::create(&folder)?, identity)?;
    ///
    /// let opened = Ledger::open(DirectoryStore::open(&folder)?)?;
    /// assert_eq!((opened.identity(), opened.head()), (Some(identity), created.head()));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If an entry is missing, damaged, or not one that may stand where it does; errors of the store.
    pub fn open(store: S) -> Result<Ledger<S>, LedgerError> {
        let records = Records::new(store);
        let head = records.objects().head()?;
        let chain = Chain::default().read_on(&records, head)?;
        Ok(Ledger { records, chain })
    }

    /// Opens the ledger for a verification: every entry is read by its digest, and what came of reading is noted.
    pub(crate) fn open_noting(store: S, sightings: Arc<Sightings>) -> Result<Ledger<S>, LedgerError> {
        let records = Records::noting(store, sightings);
        let head = records.objects().head()?;
        let chain = Chain::read_each(&records, head)?;
        Ok(Ledger { records, chain })
    }

    /// Reads what other writers have appended since, and returns how many entries that were.
    ///
    /// Only those entries are read.
    ///
    /// ```
    /// use apportion::Ledger;
    /// use apportion::ledger::LedgerIdentity;
    /// use apportion::store::MemoryStore;
    ///
    /// let store = MemoryStore::new();
    /// let mut reader = Ledger::open(&store)?;
    /// Ledger::create(&store, LedgerIdentity::from_bytes([7; 32]))?;
    /// assert_eq!(reader.entries().len(), 0);
    /// assert_eq!(reader.refresh()?, 1);
    /// assert_eq!(reader.refresh()?, 0);
    /// # Ok::<(), apportion::ledger::LedgerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LedgerError::Rewound`] if the chain no longer contains the entry that was its newest. What was read before stays then.
    pub fn refresh(&mut self) -> Result<usize, LedgerError> {
        let head = self.records.objects().head()?;
        let known = self.entries().len();
        if head != self.head() {
            self.chain = self.chain.read_on(&self.records, head)?;
        }
        Ok(self.entries().len() - known)
    }

    /// The store.
    pub fn store(&self) -> &S {
        self.records.objects().store()
    }

    /// The objects in the store, checked against their digests when they are read.
    pub fn objects(&self) -> &Objects<S> {
        self.records.objects()
    }

    /// The ledger's objects by what they are.
    pub(crate) fn records(&self) -> &Records<S> {
        &self.records
    }

    /// Gives the store back.
    pub fn into_store(self) -> S {
        self.records.into_store()
    }

    /// The ledger's identity; `None` before its first entry. That of a ledger begun in format 1 is the digest of its first entry.
    pub fn identity(&self) -> Option<LedgerIdentity> {
        self.chain.identity()
    }

    /// The newest entry: anyone who knows it knows that nothing before it was changed.
    pub fn head(&self) -> Option<Digest> {
        self.chain.head()
    }

    /// All entries with their digests, oldest first.
    ///
    /// ```
    /// use apportion::Ledger;
    /// use apportion::ledger::{Event, LedgerIdentity};
    /// use apportion::store::MemoryStore;
    ///
    /// let identity = LedgerIdentity::from_bytes([7; 32]);
    /// let ledger = Ledger::create(MemoryStore::new(), identity)?;
    /// let [(entry, event)] = ledger.entries() else { panic!() };
    /// assert_eq!((Some(*entry), event), (ledger.head(), &Event::Creation { identity }));
    /// # Ok::<(), apportion::ledger::LedgerError>(())
    /// ```
    pub fn entries(&self) -> &[(Digest, Event)] {
        &self.chain.entries
    }

    /// The format of the entry at an index of [`Ledger::entries`].
    pub(crate) fn format(&self, index: usize) -> EntryFormat {
        self.chain.format(index)
    }

    /// The settled epochs, oldest first: number and receipt.
    ///
    /// ```
    #[doc = include_str!("ledger/example.txt")]
    /// ledger.settle(&engine, &epoch)?;
    ///
    /// for (number, receipt) in ledger.settled() {
    ///     println!("epoch {number}: {} base units paid", ledger.receipt(&receipt)?.terms().paid);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn settled(&self) -> impl DoubleEndedIterator<Item = (u64, Digest)> + Clone {
        self.chain.settled()
    }

    /// The charter that divides an epoch: of those effective by then, the one adopted last.
    ///
    /// ```
    #[doc = include_str!("ledger/example.txt")]
    /// assert_eq!(ledger.charter_for(epoch.number())?, Some(charter));
    /// assert_eq!(ledger.charter_for(epoch.number() - 1)?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn charter_for(&self, number: u64) -> Result<Option<Charter>, LedgerError> {
        self.chain.in_force(number).map(|charter| self.charter(&charter)).transpose()
    }

    /// The charter adopted last, in force now or later: its signers decide about the next.
    pub fn latest_charter(&self) -> Result<Option<Charter>, LedgerError> {
        self.adoptions().next_back().map(|(_, charter, _)| self.charter(&charter)).transpose()
    }

    /// Adopted charters, oldest first: entry, charter, first epoch number.
    pub fn adoptions(&self) -> impl DoubleEndedIterator<Item = (Digest, Digest, u64)> + Clone {
        self.chain.adoptions()
    }

    /// A charter in the store.
    pub fn charter(&self, digest: &Digest) -> Result<Charter, LedgerError> {
        self.records.charter(digest)
    }

    /// A receipt in the store.
    pub fn receipt(&self, digest: &Digest) -> Result<Receipt, LedgerError> {
        self.records.receipt(digest)
    }

    /// A list of payouts in the store.
    pub fn payouts(&self, digest: &Digest) -> Result<Payouts, LedgerError> {
        self.records.payouts(digest)
    }

    /// An epoch in the store.
    pub fn epoch(&self, digest: &Digest) -> Result<Epoch, LedgerError> {
        self.records.epoch(digest)
    }

    /// The policies of a charter: as the engine has them, or admitted from the ledger.
    pub fn policies_of(&self, engine: &Engine, charter: &Charter) -> Result<Vec<Policy>, LedgerError> {
        self.records.policies_of(engine, charter)
    }

    /// What was settled by these receipts, oldest first, as `policies` may see it.
    ///
    /// Amounts paid are read only if a policy looks at them, because that means reading every list of payouts. What a
    /// policy left for its next run is that of its last run, however long ago.
    ///
    /// ```
    #[doc = include_str!("ledger/example.txt")]
    /// let settlement = ledger.settle(&engine, &epoch)?;
    ///
    /// // What the next epoch's policies would see.
    /// let receipts: Vec<_> = ledger.settled().map(|(_, receipt)| receipt).collect();
    /// let history = ledger.history(&receipts, &ledger.policies_of(&engine, &charter)?)?;
    /// assert_eq!(history.previous, Some(settlement.receipt.digest()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn history(&self, receipts: &[Digest], policies: &[Policy]) -> Result<History, LedgerError> {
        history::history(&self.records, receipts, policies)
    }

    /// The settled epochs whose numbers are in `numbers`, oldest first, for [`replay`](crate::replay()).
    ///
    /// ```
    /// use apportion::replay::SettledEpochs;
    ///
    #[doc = include_str!("ledger/example.txt")]
    /// ledger.settle(&engine, &epoch)?;
    ///
    /// let past = ledger.past(0..=u64::MAX);
    /// assert_eq!(past.count(), 1);
    /// assert_eq!(past.load(0)?.epoch().digest(), epoch.digest());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn past(&self, numbers: RangeInclusive<u64>) -> LedgerEpochs<'_, S> {
        let receipts = self.settled().filter(|(number, _)| numbers.contains(number));
        LedgerEpochs { records: &self.records, receipts: receipts.map(|(_, receipt)| receipt).collect() }
    }

    /// The bytes that signers of a change sign, by `ssh-keygen -Y sign -n apportion-charter`.
    ///
    /// They name this ledger and its newest entry, so that nobody can adopt the change in another ledger or at another
    /// place of this one. Once another entry is appended the change must be proposed and signed again.
    ///
    /// ```
    #[doc = include_str!("ledger/example.txt")]
    /// let change = String::from_utf8(ledger.change(&charter, epoch.number() + 1)?)?;
    /// assert!(change.contains(&charter.digest().to_string()));
    /// assert!(change.contains(&ledger.head().unwrap().to_string()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn change(&self, charter: &Charter, effective: u64) -> Result<Vec<u8>, LedgerError> {
        self.chain.check_effective(effective)?;
        change_after(&self.chain, charter, effective, self.head().ok_or(LedgerError::NotCreated)?)
    }

    /// Adopts a charter from a future epoch on, if as many keys signed the change as the charter before demands, and returns
    /// whose they are.
    ///
    /// The change is signed for this ledger and its newest entry: once an epoch is settled or another charter adopted, it
    /// must be proposed and signed again ([`LedgerError::Outdated`]).
    ///
    /// `components` holds the bytes of the policies that the charter names; those in the ledger need not be given.
    ///
    /// ```
    /// # use apportion::{Charter, Engine, Ledger, ledger::LedgerIdentity, store::MemoryStore};
    /// # let engine = Engine::new()?;
    /// # let mut ledger = Ledger::create(MemoryStore::new(), LedgerIdentity::from_bytes([7; 32]))?;
    /// let component = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let charter = Charter::single("Cooperative", &engine.admit(&component)?, serde_json::json!({}))?;
    /// // No charter before it, so nobody has to sign.
    /// let signers = ledger.adopt(&engine, &charter, 1, &[component], &[])?;
    /// assert!(signers.is_empty());
    /// assert_eq!(ledger.latest_charter()?, Some(charter));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// On any error nothing is adopted. If another writer settled an epoch in the meantime, an adoption that nobody had to
    /// sign is tried once more; if another writer adopted a charter, it is [`LedgerError::CharterChanged`].
    pub fn adopt(
        &mut self,
        engine: &Engine,
        charter: &Charter,
        effective: u64,
        components: &[Vec<u8>],
        signatures: &[String],
    ) -> Result<Vec<Signer>, LedgerError> {
        let (follows, before) = (self.head(), self.adoptions().next_back());
        match self.adopt_once(engine, charter, effective, components, signatures)? {
            (signers, Committed::Done) => return Ok(signers),
            (_, Committed::Moved { .. }) => self.refresh()?,
        };
        let (Some(follows), Some(head)) = (follows, self.head()) else { return Err(LedgerError::NotCreated) };
        // A signed change names the entry that it follows.
        if !signatures.is_empty() {
            return Err(LedgerError::Outdated { follows, head });
        }
        if let Some((_, charter, _)) = self.adoptions().next_back().filter(|newest| Some(*newest) != before) {
            return Err(LedgerError::CharterChanged { charter, head });
        }
        match self.adopt_once(engine, charter, effective, components, signatures)? {
            (signers, Committed::Done) => Ok(signers),
            (_, Committed::Moved { head: newer }) => Err(LedgerError::Moved(newer.unwrap_or(head))),
        }
    }

    fn adopt_once(
        &mut self,
        engine: &Engine,
        charter: &Charter,
        effective: u64,
        components: &[Vec<u8>],
        signatures: &[String],
    ) -> Result<(Vec<Signer>, Committed), LedgerError> {
        charter.check_signers()?;
        let change = self.change(charter, effective)?;
        let in_force = self.latest_charter()?;
        let signers = check_signed(&self.chain, in_force.as_ref(), charter, effective, &change, signatures)?;
        let components = self.records.components(charter, components)?;
        // Nothing is adopted that could not settle: every policy runs here and takes its parameters.
        let admit = |(digest, bytes): &(Digest, Vec<u8>)| {
            engine.admit(bytes).map_err(|error| LedgerError::Policy { digest: *digest, error })
        };
        let policies = components.iter().map(admit).collect::<Result<Vec<Policy>, _>>()?;
        appointed(charter, &policies)?;

        let mut objects: Vec<&[u8]> = components.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        objects.extend([charter.as_bytes(), &change]);
        objects.extend(signatures.iter().map(|text| text.as_bytes()));
        let event = Event::Adoption {
            charter: charter.digest(),
            effective,
            change: Digest::of(&change),
            signatures: signatures.iter().map(|text| Digest::of(text.as_bytes())).collect(),
        };
        let committed = self.commit(event, &objects)?;
        Ok((signers, committed))
    }

    /// Settles an epoch by the charter in force for its number and appends the receipt.
    ///
    /// The epoch's asset and decimals are those of the epochs before, unless the charter decides otherwise.
    ///
    /// ```
    #[doc = include_str!("ledger/example.txt")]
    /// let settlement = ledger.settle(&engine, &epoch)?;
    /// assert_eq!(settlement.receipt.terms().paid, epoch.pool().amount);
    ///
    /// // Every number is settled once.
    /// let again = ledger.settle(&engine, &epoch).unwrap_err();
    /// assert!(matches!(again, apportion::ledger::LedgerError::Settled { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// On any error the epoch is not settled. A policy's fault is an error only where the charter says to stop at one. If another
    /// writer appended in the meantime, settling is tried once more under the same charter; if another charter is in force
    /// now, it is [`LedgerError::CharterChanged`].
    pub fn settle(&mut self, engine: &Engine, epoch: &Epoch) -> Result<Settlement, LedgerError> {
        let number = epoch.number();
        self.chain.check_next(number)?;
        let charter = self.charter_for(number)?.ok_or(LedgerError::NoCharter(number))?;
        let policies = self.policies_of(engine, &charter)?;
        let mut settlement = self.settle_next(epoch, &charter, &policies)?;
        let Committed::Moved { head } = self.commit_settlement(epoch, &settlement)? else {
            return Ok(settlement);
        };
        self.refresh()?;
        self.chain.check_next(number)?;
        let head = self.head().or(head).ok_or(LedgerError::NotCreated)?;
        if let Some(charter) = self.chain.in_force(number).filter(|now| *now != charter.digest()) {
            return Err(LedgerError::CharterChanged { charter, head });
        }
        // Policies may see what was settled in the meantime.
        if self.chain.last_receipt() != settlement.receipt.terms().previous {
            settlement = self.settle_next(epoch, &charter, &policies)?;
        }
        match self.commit_settlement(epoch, &settlement)? {
            Committed::Done => Ok(settlement),
            Committed::Moved { head: newer } => Err(LedgerError::Moved(newer.unwrap_or(head))),
        }
    }

    /// Settles an epoch after those settled so far; nothing is written.
    fn settle_next(
        &self,
        epoch: &Epoch,
        charter: &Charter,
        policies: &[Policy],
    ) -> Result<Settlement, LedgerError> {
        let before: Vec<Digest> = self.settled().map(|(_, receipt)| receipt).collect();
        Ok(settle(epoch, charter, policies, &self.history(&before, policies)?)?)
    }

    fn commit_settlement(
        &mut self,
        epoch: &Epoch,
        settlement: &Settlement,
    ) -> Result<Committed, LedgerError> {
        let mut objects: Vec<&[u8]> = vec![epoch.as_bytes(), settlement.payouts.as_bytes()];
        objects.extend(settlement.carry.values().map(Vec::as_slice));
        objects.push(settlement.receipt.as_bytes());
        let event = Event::Settlement { number: epoch.number(), receipt: settlement.receipt.digest() };
        self.commit(event, &objects)
    }

    /// Appends an event with the objects that it leads to, unless another writer was faster.
    fn commit(&mut self, event: Event, objects: &[&[u8]]) -> Result<Committed, LedgerError> {
        let head = self.head();
        if head.is_none() && !matches!(event, Event::Creation { .. }) {
            return Err(LedgerError::NotCreated);
        }
        let entry = Entry::to_bytes(EntryFormat::Two, head, event.clone())?;
        let committed = self.records.objects().commit(head, objects, &entry)?;
        if committed == Committed::Done {
            self.chain.committed(&self.records, Digest::of(&entry), event);
        }
        Ok(committed)
    }
}

/// The policies that the ledger's charters name are in its store.
impl<S: Store> PolicySource for Ledger<S> {
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let read = self.objects().read(digest, MAX_COMPONENT as u64);
        read.map_err(|error| SourceError::new(*digest, error))
    }
}
