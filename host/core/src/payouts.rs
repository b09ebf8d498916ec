//! The list of payouts of one settlement: a canonical JSON object with a member per payee, in payee order.

use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, Digest, from_canonical_json, to_canonical_json};
use crate::error::ErrorKind;
use crate::money::base_units;

const FORMAT: &str = "apportion payouts 1";

/// Who gets what, and what explains it. Its digest is in the receipt.
///
/// ```
/// use apportion_core::payouts::Payouts;
///
/// let payouts = Payouts::from_bytes(&std::fs::read("../../tests/golden/payouts.json")?)?;
/// for payout in &payouts {
///     println!("{} {}", payout.payee, payout.amount); // base units
/// }
/// assert_eq!(payouts.get("ada").map(|payout| payout.amount), Some(25_673));
/// assert_eq!(payouts.get("nobody"), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Payouts {
    list: PayoutList,
    bytes: Vec<u8>,
    digest: Digest,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PayoutList {
    format: String,
    epoch: Digest,
    policies: Vec<PolicyColumns>,
    payouts: Vec<Payout>,
}

/// What the parts of one policy consist of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyColumns {
    /// The policy's digest.
    pub policy: Digest,
    /// The names of the measures, in the order of their values.
    pub measures: Vec<String>,
    /// The weight of what the policy left in the treasury; none if it fixed amounts or failed.
    #[serde(with = "optional_weight")]
    pub retained: Option<u64>,
}

/// What one payee gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payout {
    /// The payee's id.
    pub payee: String,
    /// Base units, all policies together.
    #[serde(with = "base_units")]
    pub amount: u128,
    /// What each policy gave.
    pub parts: Vec<Part>,
}

/// What one policy gave one payee.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Base units.
    #[serde(with = "base_units")]
    pub amount: u128,
    /// The policy's weight for this payee; none if it fixed amounts or failed.
    #[serde(with = "optional_weight")]
    pub share: Option<u64>,
    /// The values of the policy's measures.
    pub measures: Vec<f64>,
}

/// Why something is not a list of payouts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayoutsError {
    /// Not the JSON of a list of payouts, or not its canonical spelling.
    #[error("not a list of payouts: {0}")]
    Form(#[from] CanonicalError),
    /// Another format, or a later version of this one.
    #[error("the payouts' format is `{0}`; this engine reads `{FORMAT}`")]
    Format(String),
    /// The list contradicts itself.
    #[error("the payouts contradict themselves: {0}")]
    Contradiction(String),
}

impl PayoutsError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

impl Payouts {
    /// Checks payouts and gives them their canonical bytes: payees sorted by their ids' bytes, and a part for each policy.
    pub fn new(
        epoch: Digest,
        policies: Vec<PolicyColumns>,
        payouts: Vec<Payout>,
    ) -> Result<Payouts, PayoutsError> {
        let list = PayoutList { format: FORMAT.to_owned(), epoch, policies, payouts };
        let bytes = to_canonical_json(&list)?;
        Payouts::checked(list, bytes)
    }

    /// Reads a list of payouts from its canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Payouts, PayoutsError> {
        Payouts::checked(from_canonical_json(bytes)?, bytes.to_vec())
    }

    /// Holds the list to its rules; `bytes` are its canonical bytes.
    fn checked(list: PayoutList, bytes: Vec<u8>) -> Result<Payouts, PayoutsError> {
        if list.format != FORMAT {
            return Err(PayoutsError::Format(crate::text::visible(&list.format, 64)));
        }
        let contradiction = |what: String| Err(PayoutsError::Contradiction(what));
        if let Some(pair) = list.payouts.windows(2).find(|pair| pair[0].payee >= pair[1].payee) {
            return contradiction(format!(
                "payee `{}` is not after the one before",
                pair[1].payee.escape_debug()
            ));
        }
        for payout in &list.payouts {
            let sum = payout.parts.iter().try_fold(0_u128, |sum, part| sum.checked_add(part.amount));
            let whole = payout.parts.len() == list.policies.len()
                && payout
                    .parts
                    .iter()
                    .zip(&list.policies)
                    .all(|(part, policy)| part.measures.len() == policy.measures.len());
            if sum != Some(payout.amount) || !whole {
                return contradiction(format!(
                    "the parts of payee `{}` are not its amount",
                    payout.payee.escape_debug()
                ));
            }
        }
        Ok(Payouts { list, digest: Digest::of(&bytes), bytes })
    }

    /// The epoch's digest.
    pub fn epoch(&self) -> Digest {
        self.list.epoch
    }

    /// The policies, in the order of the payouts' parts.
    pub fn policies(&self) -> &[PolicyColumns] {
        &self.list.policies
    }

    /// What each payee gets, sorted by the ids' bytes: the order of the epoch's payees.
    pub fn rows(&self) -> &[Payout] {
        &self.list.payouts
    }

    /// The same, one after another.
    pub fn iter(&self) -> std::slice::Iter<'_, Payout> {
        self.list.payouts.iter()
    }

    /// What a payee gets; none if nobody of that id is a payee of the epoch.
    pub fn get(&self, payee: &str) -> Option<&Payout> {
        let row = self.list.payouts.binary_search_by(|payout| payout.payee.as_str().cmp(payee)).ok()?;
        self.list.payouts.get(row)
    }

    /// How many payees there are.
    pub fn len(&self) -> usize {
        self.list.payouts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.payouts.is_empty()
    }

    /// All amounts together, in base units; none where that is more than 128 bits hold.
    pub fn sum(&self) -> Option<u128> {
        self.list.payouts.iter().try_fold(0_u128, |sum, payout| sum.checked_add(payout.amount))
    }

    /// What stands before the first and after the last payee's entry in the canonical bytes. Entries are separated by
    /// one comma, so that the bytes are the first text, the entries, the second text.
    pub(crate) fn frame(&self) -> Result<(Vec<u8>, Vec<u8>), CanonicalError> {
        let head = format!(r#"{{"epoch":"{}","format":"{FORMAT}","payouts":["#, self.list.epoch);
        let mut tail = br#"],"policies":"#.to_vec();
        tail.extend(to_canonical_json(&self.list.policies)?);
        tail.push(b'}');
        Ok((head.into_bytes(), tail))
    }

    /// The canonical bytes: what is stored, and what [`Payouts::digest`] is the hash of.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The BLAKE3 hash of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl<'a> IntoIterator for &'a Payouts {
    type Item = &'a Payout;
    type IntoIter = std::slice::Iter<'a, Payout>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Weights in JSON: a string of decimal digits, because JSON's numbers are exact only to 2^53.
mod optional_weight {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(weight: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        weight.map(|weight| weight.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let weight: u64 = text.parse().map_err(|_| D::Error::custom(format!("`{text}` is not a weight")))?;
        if weight.to_string() == text {
            Ok(Some(weight))
        } else {
            Err(D::Error::custom(format!("`{text}` is not a weight")))
        }
    }
}
