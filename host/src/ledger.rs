//! The ledger of one programme: a chain of entries, each naming the one before, that adopt charters and settle epochs.
//!
//! Everything an entry names is in the store: charters, components, epochs, receipts, payouts, what policies handed
//! over, changes and their signatures. So a ledger is whole by itself and anyone can check it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, Digest, from_canonical_json, to_canonical_json};
use crate::charter::{Charter, CharterError};
use crate::epoch::{Epoch, EpochError, MAX_NUMBER};
use crate::payouts::{Payouts, PayoutsError};
use crate::policy::{AdmissionError, Engine, Policy};
use crate::receipt::{Receipt, ReceiptError};
use crate::replay::{Past, Settled};
use crate::settle::{History, SettleError, Settlement, settle};
use crate::signature::{AllowedSigners, CHARTER_NAMESPACE, SignatureError, Signer};
use crate::store::{Store, StoreError};

const ENTRY_FORMAT: &str = "apportion entry 1";
const CHANGE_FORMAT: &str = "apportion change 1";

/// A ledger, its chain read and checked. It holds no more than the chain in memory.
pub struct Ledger<S> {
    store: S,
    head: Option<Digest>,
    entries: Vec<(Digest, Event)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    format: String,
    previous: Option<Digest>,
    event: Event,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// A charter is in force from an epoch on.
    Adoption {
        /// The charter.
        charter: Digest,
        /// The first epoch number that it divides.
        effective: u64,
        /// What was signed.
        change: Digest,
        /// The signatures, each an armored SSHSIG over the change.
        signatures: Vec<Digest>,
    },
    /// An epoch is settled.
    Settlement {
        /// The epoch's number.
        number: u64,
        /// Its receipt.
        receipt: Digest,
    },
}

/// What signers of a charter change put their names to: a canonical JSON object.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    format: String,
    /// The charter to come.
    charter: Digest,
    /// The first epoch number that it divides.
    effective: u64,
    /// The entry that adopted the charter before it: a change cannot be adopted twice, or somewhere else.
    replaces: Option<Digest>,
}

/// Why a ledger could not be read or written to. It is as before.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object that the ledger names is not there.
    #[error("{what} `{digest}` is missing from the ledger")]
    Missing {
        /// What it should be.
        what: &'static str,
        /// Its digest.
        digest: Digest,
    },
    /// The newest entry is not there: it is lost, or the head is damaged.
    #[error("`head` names entry `{0}`, which is missing from the ledger")]
    Head(Digest),
    /// An object says what it may not.
    #[error("{what} `{digest}`: {problem}")]
    Object {
        /// What it is.
        what: &'static str,
        /// Its digest.
        digest: Digest,
        /// What is wrong with it.
        problem: String,
    },
    /// Every number is settled once.
    #[error("epoch {number} is settled already, by receipt `{receipt}`")]
    Settled {
        /// The epoch's number.
        number: u64,
        /// Its receipt.
        receipt: Digest,
    },
    /// Epochs are settled in the order of their numbers.
    #[error("epoch {number} comes before epoch {last}, which is settled already")]
    OutOfOrder {
        /// The epoch's number.
        number: u64,
        /// The newest settled.
        last: u64,
    },
    /// A place beyond the last of the settled epochs asked for.
    #[error("there is no settled epoch at place {0}")]
    NoSuchEpoch(usize),
    /// No charter says how to divide.
    #[error("no charter is in force for epoch {0}: adopt one with `apportion charter adopt`")]
    NoCharter(u64),
    /// A change reaches back, or beyond what can be numbered.
    #[error("a charter cannot be effective from epoch {effective}: {problem}")]
    Effective {
        /// The number given.
        effective: u64,
        /// Why not.
        problem: String,
    },
    /// Components that a charter names and that were not given.
    #[error("the charter names policies that are not here: {}", .0.join(", "))]
    Components(Vec<String>),
    /// The signatures do not carry the change.
    #[error("the change is not signed as the charter in force demands: {0}")]
    Signatures(#[from] SignatureError),
    /// A policy in the ledger is not admitted by this engine.
    #[error("policy `{digest}`: {error}")]
    Policy {
        /// The policy.
        digest: Digest,
        /// Why not.
        error: AdmissionError,
    },
    /// The epoch was not settled.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

impl<S: Store> Ledger<S> {
    /// Reads the chain from its head to its beginning.
    pub fn open(store: S) -> Result<Ledger<S>, LedgerError> {
        let head = store.head()?;
        let mut entries = Vec::new();
        let mut next = head;
        while let Some(digest) = next {
            let bytes = store.get(&digest)?.ok_or(if entries.is_empty() {
                LedgerError::Head(digest)
            } else {
                LedgerError::Missing { what: "entry", digest }
            })?;
            let wrong = |problem: String| LedgerError::Object { what: "entry", digest, problem };
            let entry: Entry = from_canonical_json(&bytes).map_err(|error| wrong(error.to_string()))?;
            if entry.format != ENTRY_FORMAT {
                return Err(wrong(format!("its format is not `{ENTRY_FORMAT}`")));
            }
            next = entry.previous;
            entries.push((digest, entry.event));
        }
        entries.reverse();
        Ok(Ledger { store, head, entries })
    }

    /// Where the objects are.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The newest entry: whoever knows it knows that nothing before it was changed.
    pub fn head(&self) -> Option<Digest> {
        self.head
    }

    /// All entries with their digests, oldest first.
    pub fn entries(&self) -> &[(Digest, Event)] {
        &self.entries
    }

    /// The settled epochs, oldest first: number and receipt.
    pub fn settled(&self) -> impl DoubleEndedIterator<Item = (u64, Digest)> + Clone {
        self.entries.iter().filter_map(|(_, event)| match event {
            Event::Settlement { number, receipt } => Some((*number, *receipt)),
            Event::Adoption { .. } => None,
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
        self.entries.iter().filter_map(|(entry, event)| match event {
            Event::Adoption { charter, effective, .. } => Some((*entry, *charter, *effective)),
            Event::Settlement { .. } => None,
        })
    }

    /// A charter in the store.
    pub fn charter(&self, digest: &Digest) -> Result<Charter, LedgerError> {
        read(&self.store, "charter", digest, |bytes| {
            Charter::from_bytes(bytes).map_err(|e: CharterError| e.to_string())
        })
    }

    /// A receipt in the store.
    pub fn receipt(&self, digest: &Digest) -> Result<Receipt, LedgerError> {
        read(&self.store, "receipt", digest, |bytes| {
            Receipt::from_bytes(bytes).map_err(|e: ReceiptError| e.to_string())
        })
    }

    /// A list of payouts in the store.
    pub fn payouts(&self, digest: &Digest) -> Result<Payouts, LedgerError> {
        read(&self.store, "payouts", digest, |bytes| {
            Payouts::from_bytes(bytes).map_err(|e: PayoutsError| e.to_string())
        })
    }

    /// An epoch in the store.
    pub fn epoch(&self, digest: &Digest) -> Result<Epoch, LedgerError> {
        read(&self.store, "epoch", digest, |bytes| {
            Epoch::from_bytes(bytes).map_err(|e: EpochError| e.to_string())
        })
    }

    /// The bytes that signers of a change sign, by `ssh-keygen -Y sign -n apportion-charter`.
    pub fn change(&self, charter: &Charter, effective: u64) -> Result<Vec<u8>, LedgerError> {
        self.check_effective(effective)?;
        change(charter.digest(), effective, self.adoptions().next_back().map(|(entry, ..)| entry))
    }

    /// Adopts a charter from a future epoch on, if as many keys signed the change as the charter before demands.
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
        let change = self.change(charter, effective)?;
        let signers = check_signatures(self.latest_charter()?.as_ref(), &change, signatures)?;
        let given: BTreeMap<Digest, &Vec<u8>> =
            components.iter().map(|bytes| (Digest::of(bytes), bytes)).collect();
        let mut missing = Vec::new();
        let mut wanted = Vec::new();
        for appointment in &charter.terms().policies {
            let digest = appointment.policy;
            match given.get(&digest) {
                Some(bytes) => wanted.push((digest, (*bytes).clone())),
                None => match self.store.get(&digest)? {
                    Some(bytes) => wanted.push((digest, bytes)),
                    None => missing.push(format!("`{} {}` {digest}", appointment.name, appointment.version)),
                },
            }
        }
        if !missing.is_empty() {
            return Err(LedgerError::Components(missing));
        }
        // Nothing is adopted that could not settle: every policy runs here and takes its parameters.
        for ((digest, bytes), appointment) in wanted.iter().zip(&charter.terms().policies) {
            let policy =
                engine.admit(bytes).map_err(|error| LedgerError::Policy { digest: *digest, error })?;
            policy.check_parameters(&appointment.parameters).map_err(SettleError::from)?;
        }
        for (_, bytes) in &wanted {
            self.store.put(bytes)?;
        }
        let charter = self.store.put(charter.as_bytes())?;
        let change = self.store.put(&change)?;
        let signatures =
            signatures.iter().map(|text| self.store.put(text.as_bytes())).collect::<Result<_, _>>()?;
        self.append(Event::Adoption { charter, effective, change, signatures })?;
        Ok(signers)
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
        let receipt = self.store.put(settlement.receipt.as_bytes())?;
        self.append(Event::Settlement { number, receipt })?;
        Ok(settlement)
    }

    /// The policies of a charter: as the engine has them, or admitted from the ledger.
    pub fn policies_of(&self, engine: &Engine, charter: &Charter) -> Result<Vec<Policy>, LedgerError> {
        let mut policies = Vec::new();
        for digest in charter.terms().policies.iter().map(|appointment| appointment.policy) {
            let policy = match engine.admitted(&digest) {
                Some(policy) => policy,
                None => {
                    let bytes =
                        self.store.get(&digest)?.ok_or(LedgerError::Missing { what: "policy", digest })?;
                    engine.admit(&bytes).map_err(|error| LedgerError::Policy { digest, error })?
                }
            };
            policies.push(policy);
        }
        Ok(policies)
    }

    /// What was settled by these receipts, oldest first, as `policies` may see it.
    ///
    /// Amounts paid are read only if a policy looks at them, for it means reading every list of payouts. What a policy
    /// handed over is that of its last run, however long ago.
    pub fn history(&self, receipts: &[Digest], policies: &[Policy]) -> Result<History, LedgerError> {
        let mut history = History { previous: receipts.last().copied(), ..History::default() };
        if policies.iter().any(Policy::is_stateful) {
            receipts.iter().try_for_each(|receipt| self.carry_on(&mut history, receipt))?;
        }
        Ok(history)
    }

    /// Adds the settlement after it to a history.
    pub(crate) fn carry_on(&self, history: &mut History, receipt: &Digest) -> Result<(), LedgerError> {
        history.previous = Some(*receipt);
        let receipt = self.receipt(receipt)?;
        let settled = receipt.settlement();
        history.hand_over(settled, |_, digest| {
            self.store.get(&digest)?.ok_or(LedgerError::Missing { what: "carry", digest })
        })?;
        history.pay(&self.payouts(&settled.payouts)?).ok_or_else(|| LedgerError::Object {
            what: "payouts",
            digest: settled.payouts,
            problem: "with those before it a payee is paid more than 2^128 - 1 base units".to_owned(),
        })
    }

    /// The settled epochs whose numbers are in `numbers`, oldest first, for [`replay`](crate::replay()).
    pub fn past(&self, numbers: RangeInclusive<u64>) -> PastEpochs<'_, S> {
        let receipts = self.settled().filter(|(number, _)| numbers.contains(number));
        PastEpochs { ledger: self, receipts: receipts.map(|(_, receipt)| receipt).collect() }
    }

    fn append(&mut self, event: Event) -> Result<(), LedgerError> {
        let entry = Entry { format: ENTRY_FORMAT.to_owned(), previous: self.head, event: event.clone() };
        let bytes = to_canonical_json(&entry).map_err(|error| unspellable("entry", &error))?;
        let digest = self.store.append(self.head, &bytes)?;
        self.head = Some(digest);
        self.entries.push((digest, event));
        Ok(())
    }
}

/// Settled epochs of a ledger, loaded one at a time.
pub struct PastEpochs<'a, S> {
    ledger: &'a Ledger<S>,
    receipts: Vec<Digest>,
}

impl<S: Store> Past for PastEpochs<'_, S> {
    type Error = LedgerError;

    fn count(&self) -> usize {
        self.receipts.len()
    }

    fn load(&self, index: usize) -> Result<Settled, LedgerError> {
        let digest = *self.receipts.get(index).ok_or(LedgerError::NoSuchEpoch(index))?;
        let receipt = self.ledger.receipt(&digest)?;
        let said = receipt.settlement();
        let epoch = self.ledger.epoch(&said.epoch)?;
        let charter = self.ledger.charter(&said.charter)?;
        let payouts = self.ledger.payouts(&said.payouts)?;
        Settled::new(epoch, charter, receipt, payouts).map_err(|error| LedgerError::Object {
            what: "receipt",
            digest,
            problem: error.to_string(),
        })
    }
}

/// The canonical bytes of a change.
pub(crate) fn change(
    charter: Digest,
    effective: u64,
    replaces: Option<Digest>,
) -> Result<Vec<u8>, LedgerError> {
    let change = Change { format: CHANGE_FORMAT.to_owned(), charter, effective, replaces };
    to_canonical_json(&change).map_err(|error| unspellable("change", &error))
}

/// Holds signatures against what the charter in force demands; a first charter, or one without signers, demands none.
pub(crate) fn check_signatures(
    in_force: Option<&Charter>,
    change: &[u8],
    signatures: &[String],
) -> Result<Vec<Signer>, LedgerError> {
    let Some(signers) = in_force.and_then(|charter| charter.terms().signers.as_ref()) else {
        return Ok(Vec::new());
    };
    let allowed = AllowedSigners::parse(&signers.allowed)?;
    let signatures: Vec<&str> = signatures.iter().map(String::as_str).collect();
    Ok(allowed.quorum(CHARTER_NAMESPACE, change, &signatures, signers.required)?)
}

fn read<S: Store, T>(
    store: &S,
    what: &'static str,
    digest: &Digest,
    parse: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, LedgerError> {
    let bytes = store.get(digest)?.ok_or(LedgerError::Missing { what, digest: *digest })?;
    parse(&bytes).map_err(|problem| LedgerError::Object { what, digest: *digest, problem })
}

fn unspellable(what: &'static str, error: &CanonicalError) -> LedgerError {
    LedgerError::Object { what, digest: Digest::of(b""), problem: error.to_string() }
}
