//! The ledger of one programme: a chain of entries, each naming the one before, that adopt charters and settle epochs.
//!
//! Everything an entry names is in the store: charters, components, epochs, receipts, payouts, what policies handed
//! over, changes and their signatures. So a ledger is whole by itself and anyone can check it.

mod chain;
mod error;
mod history;
mod signing;
mod source;

use std::collections::BTreeMap;

use crate::policy::{Engine, MAX_CARRY, MAX_COMPONENT, Policy};
use crate::settle::{Settlement, appointed, settle};
use apportion_core::canonical::Digest;
use apportion_core::charter::Charter;
use apportion_core::epoch::{Epoch, MAX_NUMBER};
use apportion_core::payouts::Payouts;
use apportion_core::receipt::Receipt;
use apportion_core::signature::{MAX_SIGNATURE, Signer};
use apportion_core::store::{MAX_OBJECT, Store};

pub use apportion_core::entry::{Entry, EntryFormat, Event, IdentityError, LedgerIdentity};
use chain::Chain;
pub use error::LedgerError;
pub use history::LedgerEpochs;
pub(crate) use signing::check_signatures;

/// More bytes than any charter has: its parameters, its list of signers and the rest.
const MAX_CHARTER: u64 = 32 << 20;
/// More bytes than any receipt has.
pub(crate) const MAX_RECEIPT: u64 = 4 << 20;

/// A ledger, its chain read and checked. It holds no more than the chain in memory.
///
/// ```
/// use apportion::Ledger;
/// use apportion::ledger::LedgerIdentity;
/// use apportion::store::DirectoryStore;
///
/// # let folder = std::env::temp_dir().join(format!("apportion-doc-{}", std::process::id()));
/// // 32 random bytes, which the library never draws itself.
/// # let random = [7; 32];
/// let identity = LedgerIdentity::from_bytes(random);
/// let created = Ledger::create(DirectoryStore::create(&folder)?, identity)?;
///
/// let opened = Ledger::open(DirectoryStore::open(&folder)?)?;
/// assert_eq!((opened.identity(), opened.head()), (Some(identity), created.head()));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Ledger<S> {
    store: S,
    head: Option<Digest>,
    chain: Chain,
}

impl<S: Store> Ledger<S> {
    /// Creates a ledger in an empty store: writes its first entry, which says which ledger it is.
    pub fn create(store: S, identity: LedgerIdentity) -> Result<Ledger<S>, LedgerError> {
        let mut ledger = Ledger::open(store)?;
        if let Some(head) = ledger.head {
            return Err(LedgerError::Created(head));
        }
        ledger.append(Event::Creation { identity }, &[])?;
        Ok(ledger)
    }

    /// Reads the chain from its head to its beginning. A store without a first entry is opened as an empty ledger.
    pub fn open(store: S) -> Result<Ledger<S>, LedgerError> {
        let head = store.head()?;
        let chain = Chain::read(&store, head)?;
        Ok(Ledger { store, head, chain })
    }

    /// Where the objects are.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Gives the store back.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Which ledger it is; none before its first entry. One begun in format 1 has the digest of its first entry.
    pub fn identity(&self) -> Option<LedgerIdentity> {
        self.chain.identity()
    }

    /// The newest entry: whoever knows it knows that nothing before it was changed.
    pub fn head(&self) -> Option<Digest> {
        self.head
    }

    /// All entries with their digests, oldest first.
    pub fn entries(&self) -> &[(Digest, Event)] {
        &self.chain.entries
    }

    /// The format of the entry at a place in [`Ledger::entries`].
    pub(crate) fn format(&self, index: usize) -> EntryFormat {
        self.chain.format(index)
    }

    /// The settled epochs, oldest first: number and receipt.
    pub fn settled(&self) -> impl DoubleEndedIterator<Item = (u64, Digest)> + Clone {
        self.entries().iter().filter_map(|(_, event)| match event {
            Event::Settlement { number, receipt } => Some((*number, *receipt)),
            Event::Creation { .. } | Event::Adoption { .. } => None,
        })
    }

    /// The charter that divides an epoch: of those effective by then, the one adopted last.
    pub fn charter_for(&self, number: u64) -> Result<Option<Charter>, LedgerError> {
        let in_force = self.adoptions().rev().find(|(_, _, effective)| *effective <= number);
        in_force.map(|(_, charter, _)| self.charter(&charter)).transpose()
    }

    /// The charter adopted last, in force now or later: its signers decide about the next.
    pub fn latest_charter(&self) -> Result<Option<Charter>, LedgerError> {
        self.adoptions().next_back().map(|(_, charter, _)| self.charter(&charter)).transpose()
    }

    /// Adopted charters, oldest first: entry, charter, first epoch number.
    pub fn adoptions(&self) -> impl DoubleEndedIterator<Item = (Digest, Digest, u64)> + Clone {
        self.entries().iter().filter_map(|(entry, event)| match event {
            Event::Adoption { charter, effective, .. } => Some((*entry, *charter, *effective)),
            Event::Creation { .. } | Event::Settlement { .. } => None,
        })
    }

    /// A charter in the store.
    pub fn charter(&self, digest: &Digest) -> Result<Charter, LedgerError> {
        self.object("charter", digest, MAX_CHARTER, Charter::from_bytes)
    }

    /// A receipt in the store.
    pub fn receipt(&self, digest: &Digest) -> Result<Receipt, LedgerError> {
        self.object("receipt", digest, MAX_RECEIPT, Receipt::from_bytes)
    }

    /// A list of payouts in the store.
    pub fn payouts(&self, digest: &Digest) -> Result<Payouts, LedgerError> {
        self.object("payouts", digest, MAX_OBJECT, Payouts::from_bytes)
    }

    /// An epoch in the store.
    pub fn epoch(&self, digest: &Digest) -> Result<Epoch, LedgerError> {
        self.object("epoch", digest, MAX_OBJECT, Epoch::from_bytes)
    }

    /// What a policy handed over.
    fn carry(&self, digest: &Digest) -> Result<Vec<u8>, LedgerError> {
        self.bytes("carry", digest, MAX_CARRY as u64)
    }

    /// A signature's text.
    pub(crate) fn signature(&self, digest: &Digest) -> Result<String, LedgerError> {
        self.object("signature", digest, MAX_SIGNATURE as u64, |bytes| {
            String::from_utf8(bytes.to_vec()).map_err(|_| "it is not text")
        })
    }

    fn object<T, E: ToString>(
        &self,
        what: &'static str,
        digest: &Digest,
        at_most: u64,
        parse: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<T, LedgerError> {
        let bytes = self.bytes(what, digest, at_most)?;
        parse(&bytes).map_err(|error| LedgerError::Object {
            what,
            digest: *digest,
            problem: error.to_string(),
        })
    }

    fn bytes(&self, what: &'static str, digest: &Digest, at_most: u64) -> Result<Vec<u8>, LedgerError> {
        self.store.read(digest, at_most)?.ok_or(LedgerError::Missing { what, digest: *digest })
    }

    /// Adopts a charter from a future epoch on, if as many keys signed the change as the charter before demands.
    ///
    /// The change is signed for this ledger and its newest entry: once an epoch is settled or another charter adopted, it
    /// must be proposed and signed again ([`LedgerError::Outdated`]).
    ///
    /// `components` holds the bytes of the policies that the charter names; those in the ledger need not be given.
    pub fn adopt(
        &mut self,
        engine: &Engine,
        charter: &Charter,
        effective: u64,
        components: &[Vec<u8>],
        signatures: &[String],
    ) -> Result<Vec<Signer>, LedgerError> {
        charter.check_signers()?;
        let change = self.change(charter, effective)?;
        let signers = self.check_signed(charter, effective, &change, signatures)?;
        let components = self.components(charter, components)?;
        // Nothing is adopted that could not settle: every policy runs here and takes its parameters.
        let admit = |(digest, bytes): &(Digest, Vec<u8>)| {
            engine.admit(bytes).map_err(|error| LedgerError::Policy { digest: *digest, error })
        };
        let policies = components.iter().map(admit).collect::<Result<Vec<Policy>, _>>()?;
        appointed(charter, &policies)?;

        for (_, bytes) in &components {
            self.store.put(bytes)?;
        }
        let charter = self.store.put(charter.as_bytes())?;
        let change = self.store.put(&change)?;
        let signatures =
            signatures.iter().map(|text| self.store.put(text.as_bytes())).collect::<Result<_, _>>()?;
        self.append(Event::Adoption { charter, effective, change, signatures }, &[])?;
        Ok(signers)
    }

    /// The bytes of the policies that a charter names, from those given or from the store.
    fn components(
        &self,
        charter: &Charter,
        given: &[Vec<u8>],
    ) -> Result<Vec<(Digest, Vec<u8>)>, LedgerError> {
        let given: BTreeMap<Digest, &Vec<u8>> =
            given.iter().map(|bytes| (Digest::of(bytes), bytes)).collect();
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for appointment in &charter.terms().policies {
            let digest = appointment.policy;
            let bytes = match given.get(&digest) {
                Some(bytes) => Some((*bytes).clone()),
                None => self.store.read(&digest, MAX_COMPONENT as u64)?,
            };
            match bytes {
                Some(bytes) => found.push((digest, bytes)),
                None => missing.push(format!("`{} {}` {digest}", appointment.name, appointment.version)),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(LedgerError::Components(missing)) }
    }

    fn check_effective(&self, effective: u64) -> Result<(), LedgerError> {
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

    /// Settles an epoch by the charter in force for its number and appends the receipt.
    ///
    /// The epoch's asset and decimals are those of the epochs before, unless the charter decides otherwise.
    ///
    /// On any error the ledger is as before. A policy's fault is an error only where the charter says to stop at one.
    pub fn settle(&mut self, engine: &Engine, epoch: &Epoch) -> Result<Settlement, LedgerError> {
        let number = epoch.number();
        if let Some((_, receipt)) = self.settled().find(|(settled, _)| *settled == number) {
            return Err(LedgerError::Settled { number, receipt });
        }
        if let Some((last, _)) = self.settled().next_back().filter(|(last, _)| *last > number) {
            return Err(LedgerError::OutOfOrder { number, last });
        }
        let charter = self.charter_for(number)?.ok_or(LedgerError::NoCharter(number))?;
        let policies = self.policies_of(engine, &charter)?;
        let before: Vec<Digest> = self.settled().map(|(_, receipt)| receipt).collect();
        let history = self.history(&before, &policies)?;
        let settlement = settle(epoch, &charter, &policies, &history)?;

        self.store.put(epoch.as_bytes())?;
        self.store.put(settlement.payouts.as_bytes())?;
        for carry in settlement.carry.values() {
            self.store.put(carry)?;
        }
        let receipt = settlement.receipt.digest();
        self.append(Event::Settlement { number, receipt }, &[settlement.receipt.as_bytes()])?;
        Ok(settlement)
    }

    /// The policies of a charter: as the engine has them, or admitted from the ledger.
    pub fn policies_of(&self, engine: &Engine, charter: &Charter) -> Result<Vec<Policy>, LedgerError> {
        let mut policies = Vec::new();
        for digest in charter.terms().policies.iter().map(|appointment| appointment.policy) {
            let policy = match engine.admitted(&digest) {
                Some(policy) => policy,
                None => {
                    let bytes = self.bytes("policy", &digest, MAX_COMPONENT as u64)?;
                    engine.admit(&bytes).map_err(|error| LedgerError::Policy { digest, error })?
                }
            };
            policies.push(policy);
        }
        Ok(policies)
    }

    /// Appends an event, with objects that are part of the chain only together with it.
    fn append(&mut self, event: Event, attached: &[&[u8]]) -> Result<(), LedgerError> {
        if self.head.is_none() && !matches!(event, Event::Creation { .. }) {
            return Err(LedgerError::NotCreated);
        }
        let bytes = Entry::to_bytes(self.head, event.clone())?;
        let digest = self.store.append(self.head, attached, &bytes)?;
        self.head = Some(digest);
        self.chain.entries.push((digest, event));
        Ok(())
    }
}
