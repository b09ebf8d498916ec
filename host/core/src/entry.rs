//! A ledger's entries, and the changes of its charter that people sign, in the current format and in the one before it.
//! `host/docs/objects.md` lists their members.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, Digest, from_canonical_json, to_canonical_json};
use crate::error::ErrorKind;
use crate::text::visible;

const ENTRY_1: &str = "apportion entry 1";
const ENTRY_2: &str = "apportion entry 2";
const CHANGE_1: &str = "apportion change 1";
const CHANGE_2: &str = "apportion change 2";

/// What tells a ledger from every other: 32 bytes, chosen by whoever creates it.
///
/// The identity of a ledger that was begun in format 1 is the digest of its first entry.
///
/// ```
/// use apportion_core::entry::LedgerIdentity;
///
/// let identity = LedgerIdentity::from_bytes([7; 32]);
/// assert_eq!(identity.to_string().parse(), Ok(identity));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LedgerIdentity([u8; 32]);

impl LedgerIdentity {
    /// Bytes that nobody else uses: 32 random ones.
    pub fn from_bytes(bytes: [u8; 32]) -> LedgerIdentity {
        LedgerIdentity(bytes)
    }
}

impl fmt::Display for LedgerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LedgerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LedgerIdentity({self})")
    }
}

/// A text that is not a ledger's identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a ledger's identity: 64 lower-case hexadecimal digits")]
pub struct IdentityError(String);

impl IdentityError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

impl FromStr for LedgerIdentity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<LedgerIdentity, IdentityError> {
        // A digest is written the same way.
        let digest: Digest = text.parse().map_err(|_| IdentityError(visible(text, 80)))?;
        Ok(LedgerIdentity(*digest.as_bytes()))
    }
}

impl Serialize for LedgerIdentity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LedgerIdentity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<LedgerIdentity, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Which version of the formats an entry, its change and its receipt are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryFormat {
    /// Written by versions that had no ledger identities.
    One,
    /// What this version writes.
    Two,
}

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The ledger is created: always the first entry, and only the first, of a ledger begun in format 2.
    Creation {
        /// Which ledger it is.
        identity: LedgerIdentity,
    },
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

/// An entry of a ledger: a canonical JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    format: String,
    /// The entry before; none of the first.
    pub previous: Option<Digest>,
    /// What happened.
    pub event: Event,
}

impl Entry {
    /// The bytes of an entry; a new one is in [`EntryFormat::Two`].
    pub fn to_bytes(
        format: EntryFormat,
        previous: Option<Digest>,
        event: Event,
    ) -> Result<Vec<u8>, CanonicalError> {
        let format = match format {
            EntryFormat::One => ENTRY_1,
            EntryFormat::Two => ENTRY_2,
        };
        to_canonical_json(&Entry { format: format.to_owned(), previous, event })
    }

    /// Reads an entry of any format.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Entry, EntryFormat), String> {
        let entry: Entry = from_canonical_json(bytes).map_err(|error| error.to_string())?;
        let format = match entry.format.as_str() {
            ENTRY_1 => EntryFormat::One,
            ENTRY_2 => EntryFormat::Two,
            other => {
                let other = visible(other, 64);
                return Err(format!(
                    "its format is `{other}`; this engine reads `{ENTRY_2}` and `{ENTRY_1}`"
                ));
            }
        };
        Ok((entry, format))
    }
}

/// What signers of a charter change sign: a canonical JSON object.
#[derive(Serialize)]
struct Change {
    format: &'static str,
    /// The charter to come.
    charter: Digest,
    /// The first epoch number that it divides.
    effective: u64,
    /// The ledger that it is meant for.
    ledger: LedgerIdentity,
    /// The newest entry when it was signed: it can be adopted there and nowhere else.
    follows: Digest,
}

/// The canonical bytes of a change.
pub fn change(
    charter: Digest,
    effective: u64,
    ledger: LedgerIdentity,
    follows: Digest,
) -> Result<Vec<u8>, CanonicalError> {
    to_canonical_json(&Change { format: CHANGE_2, charter, effective, ledger, follows })
}

/// What was signed in format 1, which names no ledger.
#[derive(Serialize)]
struct Change1 {
    format: &'static str,
    charter: Digest,
    effective: u64,
    /// The entry that adopted the charter before it.
    replaces: Option<Digest>,
}

/// The canonical bytes of a change in format 1.
pub fn change_1(
    charter: Digest,
    effective: u64,
    replaces: Option<Digest>,
) -> Result<Vec<u8>, CanonicalError> {
    to_canonical_json(&Change1 { format: CHANGE_1, charter, effective, replaces })
}
