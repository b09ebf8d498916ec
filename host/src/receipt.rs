//! A receipt: everything needed to check one settlement. A canonical JSON object; `host/docs/objects.md` lists its
//! members.
//!
//! All of it is the same for everyone who settles the same epoch under the same charter after the same receipts,
//! whatever the machine and the engine: so is its digest.

use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, Digest, from_canonical_json, to_canonical_json};
use crate::fault::Fault;
use crate::money::base_units;
use crate::payouts::Payouts;
use crate::sandbox::Usage;

const FORMAT: &str = "apportion receipt 1";

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
    settlement: SettlementTerms,
}

/// What was settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettlementTerms {
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

/// Why something is not a receipt, or not the receipt of something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not the JSON of a receipt, or not its canonical spelling.
    #[error("not a receipt: {0}")]
    Form(#[from] CanonicalError),
    /// Another format, or a later version of this one.
    #[error("the receipt's format is `{0}`; this engine reads `{FORMAT}`")]
    Format(String),
    /// Its sums do not hold.
    #[error("the receipt contradicts itself: {0}")]
    Contradiction(&'static str),
    /// The payouts are not those that the receipt names.
    #[error("the payouts are not those of the receipt: {0}")]
    Payouts(&'static str),
}

impl Receipt {
    pub(crate) fn new(settlement: SettlementTerms) -> Result<Receipt, ReceiptError> {
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
        if document.format != FORMAT {
            return Err(ReceiptError::Format(crate::text::visible(&document.format, 64)));
        }
        check_sums(&document.settlement).ok_or(ReceiptError::Contradiction("its sums do not hold"))?;
        Ok(Receipt { document, digest: Digest::of(&bytes), bytes })
    }

    /// What was settled.
    pub fn settlement(&self) -> &SettlementTerms {
        &self.document.settlement
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
fn check_sums(settlement: &SettlementTerms) -> Option<()> {
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
