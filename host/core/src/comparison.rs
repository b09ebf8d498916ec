//! What was paid beside what another charter would have paid: to whom, in which epoch, and how it is spread.
//!
//! Amounts and differences are exact integers. The statistics are floating-point numbers made in a fixed order from
//! them, by additions, multiplications, divisions and square roots alone, so that they too are the same everywhere.
//!
//! An epoch that a candidate could not settle is shown with its fault and left out of every sum and statistic, on
//! both sides: else like would not be held against like.

mod difference;
mod error;
mod statistics;
mod terms;

use std::collections::BTreeMap;

use crate::canonical::{Digest, to_canonical_json};
use crate::charter::Charter;
use crate::money::Asset;
use crate::payouts::Payouts;
use crate::replayed::{Replayed, ReplayedEpoch};

pub use difference::Difference;
pub use error::CompareError;
use statistics::statistics;
pub use statistics::{Spread, Statistics};
pub use terms::{
    CandidateSide, ComparedEpoch, ComparedPayee, ComparisonTerms, NamedCharter, PolicyFault, Side, Totals,
};

const FORMAT: &str = "apportion comparison 1";

/// Original and candidate, compared. A canonical JSON object; `host/docs/objects.md` lists its members.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    asset: Asset,
    terms: ComparisonTerms,
    bytes: Vec<u8>,
    digest: Digest,
}

/// A comparison being made, one epoch at a time: it keeps sums, so that memory does not grow with every payout.
#[derive(Debug)]
pub struct ComparisonBuilder {
    candidate: Charter,
    index: usize,
    asset: Option<Asset>,
    charters: Vec<NamedCharter>,
    epochs: Vec<ComparedEpoch>,
    payees: BTreeMap<String, ComparedPayee>,
}

impl ComparisonBuilder {
    /// Begins to compare what was settled with what the candidate at `index` (of those replayed) would have settled.
    pub fn new(candidate: &Charter, index: usize) -> ComparisonBuilder {
        let (charters, epochs, payees) = (Vec::new(), Vec::new(), BTreeMap::new());
        ComparisonBuilder { candidate: candidate.clone(), index, asset: None, charters, epochs, payees }
    }

    /// Adds the next epoch, and gives each of its payees under both, sorted by the ids' bytes: nobody, if the
    /// candidate could not settle it. After an error the comparison is of no use.
    pub fn add(&mut self, epoch: &ReplayedEpoch) -> Result<Vec<ComparedPayee>, CompareError> {
        let said = epoch.receipt.terms();
        let asset = Asset::new(&said.asset, said.decimals)?;
        let before = self.asset.get_or_insert_with(|| asset.clone());
        if *before != asset {
            let spelled = |asset: &Asset| format!("{} with {} decimals", asset.symbol(), asset.decimals());
            let (asset, before) = (spelled(&asset), spelled(before));
            return Err(CompareError::Assets { number: said.number, asset, before });
        }
        let replayed = epoch.replayed.get(self.index).ok_or(CompareError::NotReplayed(said.number))?;
        name_charter(&mut self.charters, &epoch.charter);
        let names = epoch.payouts.iter().zip(&epoch.names);
        let names: BTreeMap<&str, &String> =
            names.map(|(payout, name)| (payout.payee.as_str(), name)).collect();
        for (payee, name) in &names {
            self.payees
                .entry((*payee).to_owned())
                .or_insert_with(|| ComparedPayee::unpaid(payee))
                .rename(name);
        }
        let mut rows = Vec::new();
        let mut changes = Changes::default();
        let candidate = match replayed {
            Replayed::Fault { policy, fault } => {
                CandidateSide::Fault(PolicyFault { policy: policy.clone(), fault: fault.clone() })
            }
            Replayed::Unknown { .. } => return Err(CompareError::NotReplayed(said.number)),
            Replayed::Settled { receipt, payouts } => {
                for (id, (original, candidate)) in paired(&epoch.payouts, payouts) {
                    let mut row = ComparedPayee::unpaid(id);
                    row.add(original, candidate)?;
                    changes.add(row.difference).ok_or(CompareError::TooLarge)?;
                    let all = self.payees.entry(id.to_owned()).or_insert_with(|| ComparedPayee::unpaid(id));
                    all.add(original, candidate)?;
                    row.rename(names.get(id).map_or("", |name| name.as_str()));
                    rows.push(row);
                }
                CandidateSide::Settled(Side::of(receipt))
            }
        };
        self.epochs.push(ComparedEpoch {
            number: said.number,
            start: epoch.window.start,
            end: epoch.window.end,
            epoch: said.epoch,
            pool: said.pool,
            original: Side::of(&epoch.receipt),
            candidate,
            changes_hands: changes.gained.min(changes.lost),
        });
        Ok(rows)
    }

    /// The whole, of one epoch at least.
    pub fn finish(mut self) -> Result<Comparison, CompareError> {
        let asset = self.asset.ok_or(CompareError::NoEpochs)?;
        name_charter(&mut self.charters, &self.candidate);
        let payees: Vec<ComparedPayee> = self.payees.into_values().collect();
        let terms = ComparisonTerms {
            format: FORMAT,
            asset: asset.symbol().to_owned(),
            decimals: asset.decimals(),
            candidate: self.candidate.digest(),
            charters: self.charters,
            totals: totals(&self.epochs, &payees).ok_or(CompareError::TooLarge)?,
            epochs: self.epochs,
            statistics: statistics(&payees.iter().map(|p| (p.original, p.candidate)).collect::<Vec<_>>()),
            payees,
        };
        let bytes = to_canonical_json(&terms)?;
        Ok(Comparison { asset, terms, digest: Digest::of(&bytes), bytes })
    }
}

/// Those that were in force, in the order of the epochs.
fn name_charter(named: &mut Vec<NamedCharter>, charter: &Charter) {
    if named.iter().all(|known| known.digest != charter.digest()) {
        named.push(NamedCharter { digest: charter.digest(), terms: charter.terms().clone() });
    }
}

impl Comparison {
    /// What all its amounts are of.
    pub fn asset(&self) -> &Asset {
        &self.asset
    }

    /// What it says.
    pub fn terms(&self) -> &ComparisonTerms {
        &self.terms
    }

    /// The canonical bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The BLAKE3 hash of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Both lists are of one epoch and have the same payees; were they not, who is missing in one gets nothing there.
fn paired<'a>(original: &'a Payouts, candidate: &'a Payouts) -> BTreeMap<&'a str, (u128, u128)> {
    let mut pairs: BTreeMap<&str, (u128, u128)> = BTreeMap::new();
    for payout in original.rows() {
        pairs.entry(&payout.payee).or_default().0 = payout.amount;
    }
    for payout in candidate.rows() {
        pairs.entry(&payout.payee).or_default().1 = payout.amount;
    }
    pairs
}

/// Gains and losses, summed apart.
#[derive(Default)]
struct Changes {
    gained: u128,
    lost: u128,
}

impl Changes {
    fn add(&mut self, difference: Difference) -> Option<()> {
        let side = if difference.is_negative() { &mut self.lost } else { &mut self.gained };
        *side = side.checked_add(difference.magnitude())?;
        Some(())
    }
}

fn totals(epochs: &[ComparedEpoch], payees: &[ComparedPayee]) -> Option<Totals> {
    let settled = epochs.iter().filter(|epoch| matches!(epoch.candidate, CandidateSide::Settled(_)));
    let count = settled.clone().count();
    let pool = settled.map(|epoch| epoch.pool).try_fold(0_u128, u128::checked_add)?;
    // From the payees, so that what the statistics sum is known to fit; receipts say the same.
    let (mut original, mut candidate, mut changes) = (0_u128, 0_u128, Changes::default());
    for payee in payees {
        original = original.checked_add(payee.original)?;
        candidate = candidate.checked_add(payee.candidate)?;
        changes.add(payee.difference)?;
    }
    let Changes { gained, lost } = changes;
    let difference = Difference::between(original, candidate);
    let changes_hands = gained.min(lost);
    Some(Totals { epochs: count, pool, original, candidate, difference, gained, lost, changes_hands })
}
