//! What a comparison says.

use serde::Serialize;

use super::difference::Difference;
use super::error::CompareError;
use super::statistics::Statistics;
use crate::canonical::Digest;
use crate::charter::{CharterTerms, ComparedSetting};
use crate::fault::Fault;
use crate::money::base_units;
use crate::receipt::{Outcome, Receipt};

/// What a comparison says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparisonTerms {
    pub(super) format: &'static str,
    /// The asset's symbol.
    pub asset: String,
    /// The asset's decimals.
    pub decimals: u32,
    /// The digest of the charter that is tried.
    pub candidate: Digest,
    /// Every charter that is named here: those that were in force, in the order of the epochs, and the candidate.
    pub charters: Vec<NamedCharter>,
    /// The epochs, oldest first.
    pub epochs: Vec<ComparedEpoch>,
    /// All epochs that both settled, together.
    pub totals: Totals,
    /// Everyone who was a payee in one of these epochs, sorted by the ids' bytes.
    pub payees: Vec<ComparedPayee>,
    /// How many gain and lose, and how the amounts are spread.
    pub statistics: Statistics,
}

impl ComparisonTerms {
    /// Whether the candidate is the charter that was in force for all of these epochs: the same by its digest.
    pub fn is_same_charter(&self) -> bool {
        self.epochs.iter().all(|epoch| epoch.original.charter == self.candidate)
    }

    /// The settings of the candidate beside those of the charters that were in force, in the order of
    /// [`SettingKey`](crate::charter::SettingKey).
    pub fn settings(&self) -> Vec<ComparedSetting> {
        let Some(candidate) = self.charter(self.candidate) else { return Vec::new() };
        let in_force = self.charters.iter().map(|charter| {
            let epochs = self.epochs.iter().filter(|epoch| epoch.original.charter == charter.digest);
            (&charter.terms, epochs.map(|epoch| epoch.number).collect::<Vec<u64>>())
        });
        let in_force: Vec<(&CharterTerms, Vec<u64>)> =
            in_force.filter(|(_, epochs)| !epochs.is_empty()).collect();
        ComparedSetting::all(&in_force, candidate)
    }

    /// What a charter says that is named here.
    pub fn charter(&self, digest: Digest) -> Option<&CharterTerms> {
        self.charters.iter().find(|charter| charter.digest == digest).map(|charter| &charter.terms)
    }
}

/// A charter and its digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedCharter {
    /// Its digest.
    pub digest: Digest,
    /// What it says.
    pub terms: CharterTerms,
}

/// One epoch under both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedEpoch {
    /// Its number.
    pub number: u64,
    /// The first second that it covers, since 1970-01-01 UTC.
    pub start: i64,
    /// The first second after it.
    pub end: i64,
    /// Its digest.
    pub epoch: Digest,
    /// What was divided, in base units.
    #[serde(with = "base_units")]
    pub pool: u128,
    /// What was settled.
    pub original: Side,
    /// What the candidate would have settled.
    pub candidate: CandidateSide,
    /// What would have gone to other payees, in base units: see [`Totals::changes_hands`].
    #[serde(with = "base_units")]
    pub changes_hands: u128,
}

/// A settlement of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The charter's digest.
    pub charter: Digest,
    /// The digest of the payouts.
    pub payouts: Digest,
    /// The digest of the receipt: what everyone gets who settles alike. That of a replay is in no ledger.
    pub receipt: Digest,
    /// What the payees get, in base units.
    #[serde(with = "base_units")]
    pub paid: u128,
    /// What stays in the treasury, in base units.
    #[serde(with = "base_units")]
    pub retained: u128,
    /// Policies that gave no allocation, so that their portion is retained.
    pub faults: Vec<PolicyFault>,
}

/// What the candidate made of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CandidateSide {
    /// It would have been settled.
    Settled(Side),
    /// It would not.
    Fault(PolicyFault),
}

/// A policy that gave no allocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyFault {
    /// Its name.
    pub policy: String,
    /// What happened.
    #[serde(flatten)]
    pub fault: Fault,
}

/// Sums over the epochs that both settled, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// How many epochs that are.
    pub epochs: usize,
    /// What was divided.
    #[serde(with = "base_units")]
    pub pool: u128,
    /// What was paid.
    #[serde(with = "base_units")]
    pub original: u128,
    /// What the candidate would have paid.
    #[serde(with = "base_units")]
    pub candidate: u128,
    /// The difference of the two; the payees' differences sum to it.
    pub difference: Difference,
    /// What those who gain would gain, together.
    #[serde(with = "base_units")]
    pub gained: u128,
    /// What those who lose would lose, together.
    #[serde(with = "base_units")]
    pub lost: u128,
    /// What would move from some payees to others: the smaller of gained and lost. Where both sides pay the same in
    /// all, that is half the sum of the absolute differences. The rest of the larger one comes from what is retained.
    #[serde(with = "base_units")]
    pub changes_hands: u128,
}

/// One payee under both: in one epoch, or in all that both settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedPayee {
    /// The id.
    pub payee: String,
    /// What the epoch calls it, of several the latest that names it; empty where none does.
    pub name: String,
    /// What it got, in base units.
    #[serde(with = "base_units")]
    pub original: u128,
    /// What it would have got.
    #[serde(with = "base_units")]
    pub candidate: u128,
    /// How much more that would have been.
    pub difference: Difference,
}

impl Side {
    pub(super) fn of(receipt: &Receipt) -> Side {
        let said = receipt.terms();
        let faults = said.runs.iter().filter_map(|run| match &run.outcome {
            Outcome::Fault(fault) => Some(PolicyFault { policy: run.name.clone(), fault: fault.clone() }),
            Outcome::Allocated { .. } => None,
        });
        Side {
            charter: said.charter,
            payouts: said.payouts,
            receipt: receipt.digest(),
            paid: said.paid,
            retained: said.retained,
            faults: faults.collect(),
        }
    }
}

impl ComparedPayee {
    pub(super) fn unpaid(id: &str) -> ComparedPayee {
        let (payee, name, difference) = (id.to_owned(), String::new(), Difference::default());
        ComparedPayee { payee, name, original: 0, candidate: 0, difference }
    }

    pub(super) fn rename(&mut self, name: &str) {
        if !name.is_empty() {
            name.clone_into(&mut self.name);
        }
    }

    pub(super) fn add(&mut self, original: u128, candidate: u128) -> Result<(), CompareError> {
        let sum = |so_far: u128, more: u128| so_far.checked_add(more).ok_or(CompareError::TooLarge);
        self.original = sum(self.original, original)?;
        self.candidate = sum(self.candidate, candidate)?;
        self.difference = Difference::between(self.original, self.candidate);
        Ok(())
    }
}
