//! Proof of one payout: a small file that convinces someone who holds only the receipt's digest.
//!
//! It holds the receipt as text, and three slices of the payouts: the *head* before the first entry, the one payee's
//! *entry* with the byte before and the byte after, the *tail* after the last entry. `host/docs/objects.md` lists the
//! members.
//!
//! # Why it cannot be forged
//!
//! 1. The receipt's text has the digest that the asker holds, so it is the receipt; it names the payouts' digest.
//! 2. That digest is the root of BLAKE3's tree over the payouts, and a slice verifies only with the bytes that stand
//!    there at those places. The tail ends where the payouts end, which proves their length too.
//! 3. Head, entry and tail put together are read as a list of payouts with one payee, with every check of that: one
//!    spelling, no unknown member, parts that are the amount. Then head and tail are held against what stands around
//!    the entries of such a list, so the entry is one whole JSON object and nothing was spliced within one.
//! 4. The entry is an element of `payouts` and not other text that looks like it. It cannot lie within a string: its
//!    second byte is a quote, and within a string of JSON quotes are escaped, so the string would end there and be
//!    followed by `amount`, which is no JSON. Outside of strings `{` begins an object, and one with `payee` is only
//!    an element of `payouts`: parts and policies have other members and no more. The same holds for the tail. The
//!    neighbouring bytes say it once more: `[` or `,` before, `]` or `,` after.
//! 5. Ids are sorted and differ, so there is no second entry of the same payee.
//!
//! 4 and 5 rest on the payouts being what every settlement writes. A receipt that names something else is false from
//! the start: settling again finds it, no proof does. What is not proven is that somebody is absent from the list.

use serde::{Deserialize, Serialize};

use crate::canonical::{
    CanonicalError, Digest, Slice, SliceError, Slicer, from_canonical_json, to_canonical_json,
};
use crate::money::{Asset, AssetError};
use crate::payouts::{Payout, Payouts, PayoutsError, PolicyColumns};
use crate::receipt::{Outcome, Receipt, ReceiptError, ReceiptTerms};
use crate::text::{TextProblem, check_name, visible};

const FORMAT: &str = "apportion proof 1";

/// The largest proof that is made or read, in bytes: a real one has some thousands.
pub const MAX_PROOF: usize = 4 << 20;

/// A proof of one payout: read, and believed only once it is checked.
///
/// ```
/// use apportion_core::payouts::Payouts;
/// use apportion_core::proof::Proof;
/// use apportion_core::receipt::Receipt;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let receipt = Receipt::from_bytes(&std::fs::read("../../tests/golden/receipt.json")?)?;
/// let payouts = Payouts::from_bytes(&std::fs::read("../../tests/golden/payouts.json")?)?;
/// let payee = &payouts.rows()[0].payee;
/// let file = Proof::new(&receipt, &payouts, payee)?.as_bytes().to_vec();
///
/// // Anyone who has the receipt's digest, and nothing else:
/// let digest = receipt.digest();
/// let proven = Proof::from_bytes(&file)?.check(digest)?;
/// println!("{} gets {}", proven.payout.payee, proven.asset.format(proven.payout.amount));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    document: Document,
    bytes: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    /// The receipt's canonical bytes.
    receipt: String,
    head: Slice,
    entry: Slice,
    tail: Slice,
}

/// What a checked proof proves.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvenPayout {
    /// The digest of the receipt that it was checked against.
    pub receipt: Digest,
    /// What was settled: the epoch, the charter, the pool.
    pub settlement: ReceiptTerms,
    /// What is paid.
    pub asset: Asset,
    /// Who gets how much of it, and what each policy gave.
    pub payout: Payout,
    /// The policies, in the order of the payout's parts, with the names of their measures.
    pub policies: Vec<PolicyColumns>,
}

/// Why there is no proof, or why it proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not the JSON of a proof, or not its canonical spelling.
    #[error("not a proof: {0}")]
    Form(#[from] CanonicalError),
    /// Another format, or a later version of this one.
    #[error("the proof's format is `{0}`; this engine reads `{FORMAT}`")]
    Format(String),
    /// More bytes than any proof has.
    #[error("the proof has {0} bytes; {MAX_PROOF} are allowed")]
    TooLarge(usize),
    /// The list has no such payee.
    #[error("the payouts have no payee `{payee}`{}", suggestion(.nearest))]
    NoPayee {
        /// The id that was asked for.
        payee: String,
        /// An id that is written much the same, if there is one.
        nearest: Option<String>,
    },
    /// It proves a payout of another receipt.
    #[error("the proof is for receipt {found}, not for {asked}")]
    OtherReceipt {
        /// The digest that it was held against.
        asked: Digest,
        /// The digest of the receipt that it holds.
        found: Digest,
    },
    /// The receipt is none, or the payouts are not those of the receipt.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// A slice does not verify against the payouts' digest.
    #[error("the proof's {piece} is not of the receipt's payouts: {error}")]
    Slice {
        /// `head`, `entry` or `tail`.
        piece: &'static str,
        /// What is wrong with it.
        error: SliceError,
    },
    /// The slices together are no list of payouts with one payee.
    #[error("the proof's slices are no payout: {0}")]
    Payouts(#[from] PayoutsError),
    /// What it says does not fit together.
    #[error("the proof contradicts itself: {0}")]
    Contradiction(&'static str),
    /// The payee's id could fool who reads it.
    #[error("the payee's id {0}")]
    Payee(TextProblem),
    /// The receipt's asset is none.
    #[error("the receipt's asset: {0}")]
    Asset(#[from] AssetError),
}

fn suggestion(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("; is it `{}`? ids are compared letter by letter", visible(nearest, 256)),
        None => "; ids are compared letter by letter".to_owned(),
    }
}

impl Proof {
    /// Proves what `payee` gets. Reads all payouts; the proof has some thousands of bytes however many they are.
    pub fn new(receipt: &Receipt, payouts: &Payouts, payee: &str) -> Result<Proof, ProofError> {
        receipt.check_payouts(payouts)?;
        let payout = payouts.get(payee).ok_or_else(|| ProofError::NoPayee {
            payee: visible(payee, 256),
            nearest: nearest(payouts, payee),
        })?;
        let (head, tail) = payouts.frame()?;
        // An entry's bytes are in the list once: rule 4 and 5 above.
        let entry = to_canonical_json(payout)?;
        let text = std::str::from_utf8(payouts.as_bytes()).ok().zip(std::str::from_utf8(&entry).ok());
        let start = text
            .and_then(|(text, entry)| text.find(entry))
            .ok_or(ProofError::Contradiction("the payee's entry is not in the payouts"))?;
        let end = start + entry.len();
        let (length, tail_start) = (payouts.as_bytes().len(), payouts.as_bytes().len() - tail.len());

        let slicer = Slicer::new(payouts.as_bytes());
        let slice = |piece, start: usize, end: usize| {
            slicer.slice(start as u64..end as u64).map_err(|error| ProofError::Slice { piece, error })
        };
        let document = Document {
            format: FORMAT.to_owned(),
            receipt: String::from_utf8_lossy(receipt.as_bytes()).into_owned(),
            head: slice("head", 0, head.len())?,
            entry: slice("entry", start - 1, end + 1)?,
            tail: slice("tail", tail_start, length)?,
        };
        let proof = Proof::read(document)?;
        proof.check(receipt.digest())?;
        Ok(proof)
    }

    /// Reads a proof from its canonical bytes. That it can be read says nothing yet: see [`Proof::check`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Proof, ProofError> {
        if bytes.len() > MAX_PROOF {
            return Err(ProofError::TooLarge(bytes.len()));
        }
        Proof::read(from_canonical_json(bytes)?)
    }

    fn read(document: Document) -> Result<Proof, ProofError> {
        if document.format != FORMAT {
            return Err(ProofError::Format(visible(&document.format, 64)));
        }
        let bytes = to_canonical_json(&document)?;
        if bytes.len() > MAX_PROOF {
            return Err(ProofError::TooLarge(bytes.len()));
        }
        Ok(Proof { document, bytes })
    }

    /// The digest of the receipt that the proof holds: anyone can write a receipt, so it proves something only to who
    /// knows this digest from elsewhere.
    pub fn receipt_digest(&self) -> Digest {
        Digest::of(self.document.receipt.as_bytes())
    }

    /// Checks the proof against the digest of a receipt that one trusts, and gives what it proves.
    pub fn check(&self, receipt: Digest) -> Result<ProvenPayout, ProofError> {
        let found = self.receipt_digest();
        if found != receipt {
            return Err(ProofError::OtherReceipt { asked: receipt, found });
        }
        let settlement = Receipt::from_bytes(self.document.receipt.as_bytes())?.terms().clone();
        let (one, payout) = self.one_payee(settlement.payouts)?;
        let policies = one.policies().to_vec();
        if one.epoch() != settlement.epoch {
            return Err(ProofError::Contradiction("receipt and payouts are of different epochs"));
        }
        check_amounts(&settlement, &policies, &payout)?;
        check_name(&payout.payee).map_err(ProofError::Payee)?;
        let asset = Asset::new(&settlement.asset, settlement.decimals)?;
        Ok(ProvenPayout { receipt, asset, payout, policies, settlement })
    }

    /// The list of payouts with this digest without the entries of all other payees, and the entry that is left:
    /// rules 2 to 4 above.
    fn one_payee(&self, digest: Digest) -> Result<(Payouts, Payout), ProofError> {
        let verified = |piece, slice: &Slice| {
            let bytes = slice.verified(digest).and_then(|bytes| Ok((bytes, slice.object_length()?)));
            bytes.map_err(|error| ProofError::Slice { piece, error })
        };
        let Document { head, entry, tail, .. } = &self.document;
        let (head_bytes, head_of) = verified("head", head)?;
        let (entry_bytes, entry_of) = verified("entry", entry)?;
        let (tail_bytes, length) = verified("tail", tail)?;
        if head.start != 0 || tail.end != length || head_of != length || entry_of != length {
            return Err(ProofError::Contradiction("its slices are not of one list from beginning to end"));
        }
        let [before, payout @ .., after] = entry_bytes.as_slice() else {
            return Err(ProofError::Contradiction("its entry has no bytes around it"));
        };
        // The range holds two bytes at least, so neither of these overflows.
        let (start, end) = (entry.start + 1, entry.end - 1);
        let expected_before = if start == head.end { b'[' } else { b',' };
        let expected_after = if end == tail.start { b']' } else { b',' };
        if start < head.end || end > tail.start || (*before, *after) != (expected_before, expected_after) {
            return Err(ProofError::Contradiction("its entry is not one of the list's entries"));
        }
        let one = Payouts::from_bytes(&[&head_bytes, payout, &tail_bytes].concat())?;
        if one.frame()? != (head_bytes, tail_bytes) {
            return Err(ProofError::Contradiction("its slices are not cut where an entry begins and ends"));
        }
        let [payout] = one.rows() else {
            return Err(ProofError::Contradiction("it holds another number of payouts than one"));
        };
        let payout = payout.clone();
        Ok((one, payout))
    }

    /// The canonical bytes: what is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Every part is of the run that the receipt has in its place, and no more than that paid.
fn check_amounts(
    settlement: &ReceiptTerms,
    policies: &[PolicyColumns],
    payout: &Payout,
) -> Result<(), ProofError> {
    let runs = &settlement.runs;
    if runs.len() != policies.len()
        || runs.iter().zip(policies).any(|(run, columns)| run.policy != columns.policy)
    {
        return Err(ProofError::Contradiction("receipt and payouts are of different policies"));
    }
    let within = runs.iter().zip(&payout.parts).all(|(run, part)| match run.outcome {
        Outcome::Allocated { paid, .. } => part.amount <= paid,
        Outcome::Fault(_) => part.amount == 0,
    });
    if payout.amount > settlement.paid || !within {
        return Err(ProofError::Contradiction("the payee gets more than all payees together"));
    }
    Ok(())
}

/// An id that differs in case or in space around it, else the one that begins alike for longest.
fn nearest(payouts: &Payouts, payee: &str) -> Option<String> {
    const ALIKE: usize = 3;
    let ids = || payouts.iter().map(|payout| payout.payee.as_str());
    let asked = payee.trim().to_lowercase();
    let alike = |id: &str| id.chars().zip(payee.trim().chars()).take_while(|(a, b)| a == b).count();
    let same = ids().find(|id| id.to_lowercase() == asked);
    let longest = || ids().max_by_key(|id| alike(id)).filter(|id| alike(id) >= ALIKE);
    same.or_else(longest).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payouts::Part;
    use crate::receipt::RunReport;

    /// Payees whose ids look like entries and like the end of the list, as an epoch may have them.
    const IDS: [&str; 4] = [
        r#"],"policies":[]}"#,
        "alice",
        r#"b"},{"amount":"9","parts":[],"payee":"me"}"#,
        r#"{"amount":"9","parts":[],"payee":"me"}"#,
    ];

    fn settled() -> (Receipt, Payouts) {
        settled_for(&IDS)
    }

    /// One unit for the first payee, two for the second, and so on.
    fn settled_for(ids: &[&str]) -> (Receipt, Payouts) {
        let (epoch, policy) = (Digest::of(b"epoch"), Digest::of(b"policy"));
        let payouts = ids.iter().zip(1..).map(|(id, amount)| Payout {
            payee: (*id).to_owned(),
            amount,
            parts: vec![Part { amount, share: Some(9), measures: vec![0.5] }],
        });
        let columns = PolicyColumns { policy, measures: vec!["m".to_owned()], retained: None };
        let payouts = Payouts::new(epoch, vec![columns], payouts.collect()).unwrap();
        let pool = payouts.sum().unwrap();
        let run = RunReport {
            policy,
            name: "rule".to_owned(),
            version: "1.0.0".to_owned(),
            contract: "0.1.0".to_owned(),
            metering: 1,
            imports: Vec::new(),
            pool,
            used: None,
            outcome: Outcome::Allocated { paid: pool, retained: 0, carry: None },
        };
        let settlement = ReceiptTerms {
            number: 6,
            epoch,
            charter: Digest::of(b"charter"),
            previous: None,
            asset: "OP".to_owned(),
            decimals: 2,
            pool,
            paid: pool,
            retained: 0,
            runs: vec![run],
            payouts: payouts.digest(),
        };
        (Receipt::new(settlement).unwrap(), payouts)
    }

    /// Of all ranges of bytes there are, only the payees' entries prove something, and each what the list says.
    #[test]
    fn no_range_but_an_entry_proves_a_payout() {
        let (receipt, payouts) = settled();
        let slicer = Slicer::new(payouts.as_bytes());
        let mut proof = Proof::new(&receipt, &payouts, "alice").unwrap();
        let length = payouts.as_bytes().len() as u64;
        let mut proven = Vec::new();
        for (start, end) in (0..length).flat_map(|start| (start + 1..=length).map(move |end| (start, end))) {
            proof.document.entry = slicer.slice(start..end).unwrap();
            proven.extend(proof.one_payee(payouts.digest()).map(|(_, payout)| payout));
        }
        assert_eq!(proven, payouts.rows());
    }

    /// Head and tail are cut where they must be and nowhere else, whatever the entry.
    #[test]
    fn no_other_head_or_tail_is_taken() {
        let (receipt, payouts) = settled();
        let slicer = Slicer::new(payouts.as_bytes());
        let length = payouts.as_bytes().len() as u64;
        for id in IDS {
            let proof = Proof::new(&receipt, &payouts, id).unwrap();
            for place in 1..length {
                let mut other = proof.clone();
                other.document.head = slicer.slice(0..place).unwrap();
                assert_eq!(other.check(receipt.digest()).is_ok(), place == proof.document.head.end);
                let mut other = proof.clone();
                other.document.tail = slicer.slice(place..length).unwrap();
                assert_eq!(other.check(receipt.digest()).is_ok(), place == proof.document.tail.start);
            }
        }
    }

    /// A hundred times the payees cost some levels of the tree.
    #[test]
    fn a_proof_grows_with_the_logarithm_of_the_list() {
        let ids: Vec<String> = (0..50_000).map(|number| format!("payee {number:06}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let size = |payees: usize| {
            let (receipt, payouts) = settled_for(&ids[..payees]);
            Proof::new(&receipt, &payouts, ids[payees / 2]).unwrap().as_bytes().len()
        };
        let (few, many) = (size(500), size(50_000));
        assert!(few < 10_000 && many < few + 7 * 3 * 64 * 4 / 3 + 3000, "{few} and {many} bytes");
    }

    #[test]
    fn the_nearest_id_is_named() {
        let (receipt, payouts) = settled();
        let refused = |id: &str| Proof::new(&receipt, &payouts, id).unwrap_err().to_string();
        assert!(
            refused("Alice ")
                .ends_with("no payee `Alice `; is it `alice`? ids are compared letter by letter")
        );
        assert!(refused("alicia").contains("is it `alice`?"));
        assert!(refused("bob").ends_with("no payee `bob`; ids are compared letter by letter"));
    }
}
