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
use crate::text::visible;

const FORMAT: &str = "apportion receipt 3";
/// Written before: the members of format 3, all but `format` inside a member `settlement`.
const FORMAT_2: &str = "apportion receipt 2";
/// Written before that: as format 2, counted by the first version of metering.
const FORMAT_1: &str = "apportion receipt 1";

/// A checked receipt.
///
/// ```
/// use apportion_core::payouts::Payouts;
/// use apportion_core::receipt::Receipt;
///
/// let receipt = Receipt::from_bytes(&std::fs::read("../../tests/golden/receipt.json")?)?;
/// let payouts = Payouts::from_bytes(&std::fs::read("../../tests/golden/payouts.json")?)?;
/// let terms = receipt.terms();
/// assert_eq!(terms.paid + terms.retained, terms.pool);
/// receipt.check_payouts(&payouts)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    terms: ReceiptTerms,
    format: ReceiptFormat,
    bytes: Vec<u8>,
    digest: Digest,
}

/// The number of a receipt's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ReceiptFormat {
    /// Read and no longer written. Counted by the first version of metering.
    One,
    /// Read and no longer written. The terms are inside a member `settlement`.
    Two,
    /// What this version writes.
    Three,
}

/// The JSON of format 3. Its members are those of [`ReceiptTerms`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    number: u64,
    epoch: Digest,
    charter: Digest,
    previous: Option<Digest>,
    asset: String,
    decimals: u32,
    #[serde(with = "base_units")]
    pool: u128,
    #[serde(with = "base_units")]
    paid: u128,
    #[serde(with = "base_units")]
    retained: u128,
    runs: Vec<RunReport>,
    payouts: Digest,
}

impl Document {
    fn new(terms: ReceiptTerms) -> Document {
        let ReceiptTerms {
            number,
            epoch,
            charter,
            previous,
            asset,
            decimals,
            pool,
            paid,
            retained,
            runs,
            payouts,
        } = terms;
        let format = FORMAT.to_owned();
        Document {
            format,
            number,
            epoch,
            charter,
            previous,
            asset,
            decimals,
            pool,
            paid,
            retained,
            runs,
            payouts,
        }
    }

    fn into_terms(self) -> ReceiptTerms {
        let Document {
            format: _,
            number,
            epoch,
            charter,
            previous,
            asset,
            decimals,
            pool,
            paid,
            retained,
            runs,
            payouts,
        } = self;
        ReceiptTerms {
            number,
            epoch,
            charter,
            previous,
            asset,
            decimals,
            pool,
            paid,
            retained,
            runs,
            payouts,
        }
    }
}

/// The JSON of formats 1 and 2.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NestedDocument {
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
    #[error(
        "not a receipt: its format is `{0}`; this version reads `{FORMAT}`, `{FORMAT_2}` and `{FORMAT_1}`"
    )]
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
    /// Checks that the sums hold and gives the receipt its canonical bytes, in format 3.
    ///
    /// # Errors
    ///
    /// [`ReceiptError::Contradiction`] if what is paid and retained is not the pool.
    pub fn new(terms: ReceiptTerms) -> Result<Receipt, ReceiptError> {
        let document = Document::new(terms);
        let bytes = to_canonical_json(&document)?;
        Receipt::checked(document.into_terms(), ReceiptFormat::Three, bytes)
    }

    /// Reads a receipt of any format from its canonical bytes and checks that its sums hold.
    pub fn from_bytes(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        // What is not JSON, or has no format, is refused below with its place.
        let format = serde_json::from_slice::<Head>(bytes).map_or(FORMAT.to_owned(), |head| head.format);
        let (terms, format) = match format.as_str() {
            FORMAT => (from_canonical_json::<Document>(bytes)?.into_terms(), ReceiptFormat::Three),
            FORMAT_2 => (from_canonical_json::<NestedDocument>(bytes)?.settlement, ReceiptFormat::Two),
            FORMAT_1 => (from_canonical_json::<NestedDocument>(bytes)?.settlement, ReceiptFormat::One),
            other => return Err(ReceiptError::Format(visible(other, 64))),
        };
        Receipt::checked(terms, format, bytes.to_vec())
    }

    /// Checks the terms against their rules; `bytes` are the receipt's canonical bytes.
    fn checked(terms: ReceiptTerms, format: ReceiptFormat, bytes: Vec<u8>) -> Result<Receipt, ReceiptError> {
        check_sums(&terms).ok_or(ReceiptError::Contradiction("its sums do not hold"))?;
        Ok(Receipt { terms, format, digest: Digest::of(&bytes), bytes })
    }

    /// What was settled.
    pub fn terms(&self) -> &ReceiptTerms {
        &self.terms
    }

    /// The format that its bytes are in.
    pub fn format(&self) -> ReceiptFormat {
        self.format
    }

    /// The asset that was divided. An error for a receipt that names none that can be.
    pub fn asset(&self) -> Result<Asset, AssetError> {
        Asset::new(&self.terms().asset, self.terms().decimals)
    }

    /// Compares this receipt with that of the same settlement made again.
    ///
    /// Only runs that were counted by the same version of metering have the same counts.
    pub fn compare(&self, again: &Receipt) -> Agreement {
        if self.digest == again.digest {
            return Agreement::Same;
        }
        let (mut then, mut now) = (self.terms().clone(), again.terms().clone());
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
        if payouts.digest() != self.terms().payouts {
            return Err(ReceiptError::Payouts("their digest is another"));
        }
        if payouts.sum() != Some(self.terms().paid) || payouts.epoch() != self.terms().epoch {
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

    /// The same receipt in the JSON of formats 1 and 2.
    fn nested(receipt: &Receipt, number: u32) -> Vec<u8> {
        let format = format!("apportion receipt {number}");
        to_canonical_json(&NestedDocument { format, settlement: receipt.terms().clone() }).unwrap()
    }

    #[test]
    fn earlier_formats_are_read_and_compared_by_their_terms() {
        let now = receipt(|_| {});
        assert_eq!(now.format(), ReceiptFormat::Three);
        for (number, format) in [(1, ReceiptFormat::One), (2, ReceiptFormat::Two)] {
            let then = Receipt::from_bytes(&nested(&now, number)).unwrap();
            assert_eq!((then.format(), then.terms()), (format, now.terms()));
            assert_ne!(then.digest(), now.digest());
            assert_eq!(then.compare(&now), Agreement::Same);
            assert_eq!(then.compare(&receipt(|terms| instructions(terms, 1))), Agreement::Different);
        }
    }

    #[test]
    fn a_format_with_the_members_of_another_is_refused() {
        let now = receipt(|_| {});
        let flat = String::from_utf8(now.as_bytes().to_vec()).unwrap();
        for (bytes, sentence) in [
            (flat.replace("receipt 3", "receipt 2"), "unknown field"),
            (String::from_utf8(nested(&now, 3)).unwrap(), "unknown field `settlement`"),
            (flat.replace("receipt 3", "receipt 4"), "`apportion receipt 4`; this version reads"),
            ("{}".to_owned(), "missing field `format`"),
        ] {
            let error = Receipt::from_bytes(bytes.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(sentence), "{error}");
            assert_eq!(error.kind(), ErrorKind::Input);
        }
    }
}
