//! The objects of a ledger, read from its store, checked against their digests and parsed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use super::error::{LedgerError, ObjectKind, sentence};
use crate::engine::{Engine, MAX_COMPONENT};
use crate::policy::{MAX_CARRY, Policy};
use apportion_core::canonical::Digest;
use apportion_core::charter::Charter;
use apportion_core::epoch::Epoch;
use apportion_core::payouts::Payouts;
use apportion_core::receipt::Receipt;
use apportion_core::settled::SettledEpoch;
use apportion_core::signature::MAX_SIGNATURE;
use apportion_core::store::{MAX_ENTRY, MAX_OBJECT, Objects, Store, StoreError};

/// More bytes than any charter has: its parameters, its list of signers and the rest.
const MAX_CHARTER: u64 = 32 << 20;
/// More bytes than any receipt has.
pub(crate) const MAX_RECEIPT: u64 = 4 << 20;

/// The objects of a ledger by what they are.
pub(crate) struct Records<S> {
    objects: Objects<S>,
    /// Where a verification notes what was read.
    sightings: Option<Arc<Sightings>>,
}

impl<S> fmt::Debug for Records<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Records")
    }
}

impl<S: Store> Records<S> {
    pub(super) fn new(store: S) -> Records<S> {
        Records { objects: Objects::new(store), sightings: None }
    }

    pub(crate) fn noting(store: S, sightings: Arc<Sightings>) -> Records<S> {
        Records { objects: Objects::new(store), sightings: Some(sightings) }
    }

    pub(crate) fn objects(&self) -> &Objects<S> {
        &self.objects
    }

    pub(super) fn into_store(self) -> S {
        self.objects.into_store()
    }

    /// An object's bytes, checked against its digest; `None` if it is not there.
    pub(crate) fn read(&self, digest: &Digest, at_most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self.objects.read(digest, at_most);
        if let Some(sightings) = &self.sightings {
            let too_large = matches!(read, Err(StoreError::TooLarge { .. }));
            // Too large for what it was taken for, it was not looked at.
            if !(too_large && at_most < MAX_OBJECT) {
                sightings.note(*digest, Sighting::new(&read));
            }
        }
        read
    }

    /// What came of reading an object, which is compared with its digest if nobody has read it yet.
    pub(crate) fn sight(&self, digest: &Digest) -> Sighting {
        if let Some(seen) = self.sightings.as_ref().and_then(|sightings| sightings.get(digest)) {
            return seen;
        }
        let sighting = Sighting::new(&self.objects.check(digest));
        if let Some(sightings) = &self.sightings {
            sightings.note(*digest, sighting.clone());
        }
        sighting
    }

    pub(super) fn entry(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(digest, MAX_ENTRY)
    }

    pub(crate) fn charter(&self, digest: &Digest) -> Result<Charter, LedgerError> {
        self.object(ObjectKind::Charter, digest, MAX_CHARTER, Charter::from_bytes)
    }

    pub(crate) fn receipt(&self, digest: &Digest) -> Result<Receipt, LedgerError> {
        self.object(ObjectKind::Receipt, digest, MAX_RECEIPT, Receipt::from_bytes)
    }

    pub(crate) fn payouts(&self, digest: &Digest) -> Result<Payouts, LedgerError> {
        self.object(ObjectKind::Payouts, digest, MAX_OBJECT, Payouts::from_bytes)
    }

    pub(crate) fn epoch(&self, digest: &Digest) -> Result<Epoch, LedgerError> {
        self.object(ObjectKind::Epoch, digest, MAX_OBJECT, Epoch::from_bytes)
    }

    pub(super) fn carry(&self, digest: &Digest) -> Result<Vec<u8>, LedgerError> {
        self.bytes(ObjectKind::Carry, digest, MAX_CARRY as u64)
    }

    /// The bytes of the policies that a charter names, from those given or from the store.
    pub(super) fn components(
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
                None => self.read(&digest, MAX_COMPONENT as u64)?,
            };
            match bytes {
                Some(bytes) => found.push((digest, bytes)),
                None => missing.push(format!("`{} {}` {digest}", appointment.name, appointment.version)),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(LedgerError::Components(missing)) }
    }

    /// A signature's text.
    pub(crate) fn signature(&self, digest: &Digest) -> Result<String, LedgerError> {
        self.object(ObjectKind::Signature, digest, MAX_SIGNATURE as u64, |bytes| {
            String::from_utf8(bytes.to_vec()).map_err(|_| "it is not text")
        })
    }

    /// A receipt with the epoch, charter and payouts that it names, checked against one another.
    pub(crate) fn settlement(&self, receipt: Receipt) -> Result<SettledEpoch, LedgerError> {
        let (digest, settled) = (receipt.digest(), receipt.terms());
        let epoch = self.epoch(&settled.epoch)?;
        let charter = self.charter(&settled.charter)?;
        let payouts = self.payouts(&settled.payouts)?;
        SettledEpoch::new(epoch, charter, receipt, payouts).map_err(|error| LedgerError::Object {
            what: ObjectKind::Receipt,
            digest,
            problem: error.to_string(),
        })
    }

    /// The policies of a charter: as the engine has them, or admitted from the ledger.
    pub(crate) fn policies_of(&self, engine: &Engine, charter: &Charter) -> Result<Vec<Policy>, LedgerError> {
        let digests = charter.terms().policies.iter().map(|appointment| appointment.policy);
        digests
            .map(|digest| {
                if let Some(policy) = engine.admitted(&digest) {
                    return Ok(policy);
                }
                let bytes = self.bytes(ObjectKind::Policy, &digest, MAX_COMPONENT as u64)?;
                engine.admit(&bytes).map_err(|error| LedgerError::Policy { digest, error })
            })
            .collect()
    }

    fn object<T, E: ToString>(
        &self,
        what: ObjectKind,
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

    fn bytes(&self, what: ObjectKind, digest: &Digest, at_most: u64) -> Result<Vec<u8>, LedgerError> {
        self.read(digest, at_most)?.ok_or(LedgerError::Missing { what, digest: *digest })
    }
}

/// What came of reading each object, so that a verification reads each once where once is enough.
#[derive(Default)]
pub(crate) struct Sightings(Mutex<BTreeMap<Digest, Sighting>>);

/// What came of reading an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// Its bytes are those of its name.
    Whole,
    /// It is not there.
    Absent,
    /// They are not.
    Damaged,
    /// It is larger than any object.
    TooLarge { length: u64, at_most: u64 },
    /// Why it could not be read.
    Unreadable(String),
}

impl Sighting {
    fn new<T>(read: &Result<Option<T>, StoreError>) -> Sighting {
        match read {
            Ok(Some(_)) => Sighting::Whole,
            Ok(None) => Sighting::Absent,
            Err(StoreError::Damaged(_)) => Sighting::Damaged,
            Err(StoreError::TooLarge { length, at_most, .. }) => {
                Sighting::TooLarge { length: *length, at_most: *at_most }
            }
            Err(error) => Sighting::Unreadable(sentence(error)),
        }
    }
}

impl Sightings {
    fn get(&self, digest: &Digest) -> Option<Sighting> {
        self.lock().get(digest).cloned()
    }

    fn note(&self, digest: Digest, sighting: Sighting) {
        self.lock().insert(digest, sighting);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Digest, Sighting>> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}
