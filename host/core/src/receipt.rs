//! A receipt: everything needed to check one settlement. A canonical JSON object; `host/docs/objects.md` lists its
//! members.
//!
//! All of it is the same for everyone who settles the same epoch under the same charter after the same receipts,
//! whatever the machine and the engine: so is its digest.

use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, Digest, from_canonical_json, to_canonical_json};
use crate::error::ErrorKind;
use crate::fault::Fault;
use crate::limits::Usage;
use crate::money::{Asset, AssetError, base_units};
use crate::payouts::Payouts;

const FORMAT: &str = "apportion receipt 2";
/// Written before: the same members, counted by the first version of metering.
const FORMAT_1: &str = "apportion receipt 1";

/// A checked receipt.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    document: Document,
    bytes: Vec<u8>,
    digest: Digest,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    settlement: ReceiptTerms,
}

/// What was settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptTerms {
    /// The epoch's number in its programme.
    pub number: u64,
    /// The epoch's digest.
    pub epoch: Digest,
    /// The charter's digest.
    pub charter: Digest,
    /// The receipt before this one in the programme's ledger.
    pub previous: Option<Digest>,
    /// The asset's symbol.
    pub asset: String,
    /// The asset's decimals.
    pub decimals: u32,
    /// What was divided, in base units.
    #[serde(with = "base_units")]
    pub pool: u128,
    /// What the payees get together, in base units.
    #[serde(with = "base_units")]
    pub paid: u128,
    /// What stays in the treasury, in base units.
    #[serde(with = "base_units")]
    pub retained: u128,
    /// How each policy of the charter ended, in the charter's order.
    pub runs: Vec<RunReport>,
    /// The digest of the list of payouts.
    pub payouts: Digest,
}

/// How one policy ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunReport {
    /// The policy's digest.
    pub policy: Digest,
    /// What it calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version of the contract that it ran under.
    pub contract: String,
    /// The version of METERING.md by which it was hardened and counted.
    pub metering: u32,
    /// The imports that it was granted.
    pub imports: Vec<String>,
    /// Its portion of the pool, in base units.
    #[serde(with = "base_units")]
    pub pool: u128,
    /// What it used; none if it ended before it returned.
    pub used: Option<Usage>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// The policy divided its portion.
    Allocated {
        /// What the payees get of it, in base units.
        #[serde(with = "base_units")]
        paid: u128,
        /// What stays in the treasury, in base units.
        #[serde(with = "base_units")]
        retained: u128,
        /// The digest of what it handed over to the next epoch, if anything.
        carry: Option<Digest>,
    },
    /// It gave no allocation, and the charter says that its portion is retained then.
    Fault(Fault),
}

/// How a receipt compares with that of the same settlement made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// They say the same.
    Same,
    /// They say the same but for `metering` and `used` of runs that were counted by another version of metering.
    SameButCounts,
    /// Something else differs.
    Different,
}

/// Why something is not a receipt, or not the receipt of something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Not the JSON of a receipt, or not its canonical spelling.
    #[error("not a receipt: {0}")]
    Form(#[from] CanonicalError),
    /// Another format, or a later version of this one.
    #[error("the receipt's format is `{0}`; this engine reads `{FORMAT}` and `{FORMAT_1}`")]
    Format(String),
    /// Its sums do not hold.
    #[error("the receipt contradicts itself: {0}")]
    Contradiction(&'static str),
    /// The payouts are not those that the receipt names.
    #[error("the payouts are not those of the receipt: {0}")]
    Payouts(&'static str),
}

impl ReceiptError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

impl Receipt {
    /// Checks that the sums hold and gives the receipt its canonical bytes.
    pub fn new(settlement: ReceiptTerms) -> Result<Receipt, ReceiptError> {
        let document = Document { format: FORMAT.to_owned(), settlement };
        let bytes = to_canonical_json(&document)?;
        Receipt::checked(document, bytes)
    }

    /// Reads a receipt from its canonical bytes and checks that its sums hold.
    pub fn from_bytes(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
        Receipt::checked(from_canonical_json(bytes)?, bytes.to_vec())
    }

    /// Holds the document to its rules; `bytes` are its canonical bytes.
    fn checked(document: Document, bytes: Vec<u8>) -> Result<Receipt, ReceiptError> {
        if ![FORMAT, FORMAT_1].contains(&document.format.as_str()) {
            return Err(ReceiptError::Format(crate::text::visible(&document.format, 64)));
        }
        check_sums(&document.settlement).ok_or(ReceiptError::Contradiction("its sums do not hold"))?;
        Ok(Receipt { document, digest: Digest::of(&bytes), bytes })
    }

    /// What was settled.
    pub fn settlement(&self) -> &ReceiptTerms {
        &self.document.settlement
    }

    /// The asset that was divided. An error for a receipt that names none that can be.
    pub fn asset(&self) -> Result<Asset, AssetError> {
        Asset::new(&self.settlement().asset, self.settlement().decimals)
    }

    /// Whether it is in format 1, which is read and no longer written.
    pub fn is_format_1(&self) -> bool {
        self.document.format == FORMAT_1
    }

    /// Compares this receipt with that of the same settlement made again.
    ///
    /// Only runs that were counted by the same version of metering have the same counts.
    pub fn compare(&self, again: &Receipt) -> Agreement {
        if self.digest == again.digest {
            return Agreement::Same;
        }
        let (mut then, mut now) = (self.settlement().clone(), again.settlement().clone());
        let mut agreement = Agreement::Same;
        for (then, now) in then.runs.iter_mut().zip(&mut now.runs) {
            if then.metering != now.metering {
                agreement = Agreement::SameButCounts;
                (then.metering, then.used) = (now.metering, now.used);
            }
        }
        if then == now { agreement } else { Agreement::Different }
    }

    /// Holds a list of payouts against this receipt.
    pub fn check_payouts(&self, payouts: &Payouts) -> Result<(), ReceiptError> {
        if payouts.digest() != self.settlement().payouts {
            return Err(ReceiptError::Payouts("their digest is another"));
        }
        if payouts.sum() != Some(self.settlement().paid) || payouts.list().epoch != self.settlement().epoch {
            return Err(ReceiptError::Payouts("their sum or their epoch is another"));
        }
        Ok(())
    }

    /// The canonical bytes: what is stored, and what [`Receipt::digest`] is the hash of.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The BLAKE3 hash of the bytes: two who settle alike agree on it.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// What is paid and retained is the pool, of every run and of all together.
fn check_sums(settlement: &ReceiptTerms) -> Option<()> {
    let (mut pool, mut paid, mut retained) = (0_u128, 0_u128, 0_u128);
    for run in &settlement.runs {
        let (run_paid, run_retained) = match run.outcome {
            Outcome::Allocated { paid, retained, .. } => (paid, retained),
            Outcome::Fault(_) => (0, run.pool),
        };
        if run_paid.checked_add(run_retained)? != run.pool {
            return None;
        }
        pool = pool.checked_add(run.pool)?;
        paid = paid.checked_add(run_paid)?;
        retained = retained.checked_add(run_retained)?;
    }
    let whole = (pool, paid, retained) == (settlement.pool, settlement.paid, settlement.retained);
    (whole && paid.checked_add(retained)? == settlement.pool).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(change: impl FnOnce(&mut ReceiptTerms)) -> Receipt {
        let digest = Digest::of(b"something");
        let outcome = Outcome::Allocated { paid: 60, retained: 40, carry: None };
        let run = RunReport {
            policy: digest,
            name: "rule".to_owned(),
            version: "1.0.0".to_owned(),
            contract: "0.1.0".to_owned(),
            metering: 1,
            imports: Vec::new(),
            pool: 100,
            used: Some(Usage { instructions: 1000, memory: 65536, table: 0, transfer: 64 }),
            outcome,
        };
        let mut terms = ReceiptTerms {
            number: 1,
            epoch: digest,
            charter: digest,
            previous: None,
            asset: "EUR".to_owned(),
            decimals: 2,
            pool: 100,
            paid: 60,
            retained: 40,
            runs: vec![run],
            payouts: digest,
        };
        change(&mut terms);
        Receipt::new(terms).unwrap()
    }

    fn instructions(terms: &mut ReceiptTerms, instructions: u64) {
        terms.runs[0].used = terms.runs[0].used.map(|used| Usage { instructions, ..used });
    }

    #[test]
    fn counts_are_compared_only_under_one_version_of_metering() {
        let then = receipt(|_| {});
        assert_eq!(then.compare(&receipt(|_| {})), Agreement::Same);
        let counted_otherwise = receipt(|terms| instructions(terms, 1001));
        assert_eq!(then.compare(&counted_otherwise), Agreement::Different);
        let later = |terms: &mut ReceiptTerms| terms.runs[0].metering = 2;
        let by_another_metering = receipt(|terms| {
            instructions(terms, 1001);
            later(terms);
        });
        assert_eq!(then.compare(&by_another_metering), Agreement::SameButCounts);
        let other_payouts = receipt(|terms| {
            later(terms);
            terms.payouts = Digest::of(b"others");
        });
        assert_eq!(then.compare(&other_payouts), Agreement::Different);
    }

    #[test]
    fn format_1_is_read_and_compared_by_what_it_says() {
        let now = receipt(|_| {});
        let then = String::from_utf8(now.as_bytes().to_vec()).unwrap().replace("receipt 2", "receipt 1");
        let then = Receipt::from_bytes(then.as_bytes()).unwrap();
        assert!(then.is_format_1() && !now.is_format_1());
        assert_ne!(then.digest(), now.digest());
        assert_eq!(then.compare(&now), Agreement::Same);
        assert_eq!(then.compare(&receipt(|terms| instructions(terms, 1))), Agreement::Different);
    }
}
