//! What was paid beside what another charter would have paid: to whom, in which epoch, and how it is spread.
//!
//! Amounts and differences are exact integers. The statistics are floating-point numbers made in a fixed order from
//! them, by additions, multiplications, divisions and square roots alone, so that they too are the same everywhere.
//!
//! An epoch that a candidate could not settle is shown with its fault and left out of every sum and statistic, on
//! both sides: else like would not be held against like.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::canonical::{CanonicalError, Digest, to_canonical_json};
use crate::charter::{Charter, CharterTerms, ComparedSetting};
use crate::error::ErrorKind;
use crate::fault::Fault;
use crate::money::{Asset, AssetError, base_units};
use crate::payouts::Payouts;
use crate::receipt::Receipt;
use crate::replayed::{Replayed, ReplayedEpoch};

const FORMAT: &str = "apportion comparison 1";

/// Original and candidate, compared. A canonical JSON object; `host/docs/objects.md` lists its members.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    asset: Asset,
    terms: ComparisonTerms,
    bytes: Vec<u8>,
    digest: Digest,
}

/// What a comparison says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparisonTerms {
    format: &'static str,
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
    /// [`SettingKey`](crate::SettingKey).
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

/// What two amounts differ by: exact, and with a sign. In JSON a string of digits with a `-` where it is less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    less: bool,
    magnitude: u128,
}

/// How the payees fare together. What has no value (nobody was paid) is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Payees that would have got more.
    pub gain: usize,
    /// Payees that would have got less.
    pub lose: usize,
    /// Payees that got something and would have got the same.
    pub same: usize,
    /// Payees that get nothing either way; the spread and the ranks below leave them out.
    pub unpaid: usize,
    /// How the amounts were spread.
    pub original: Spread,
    /// How they would have been.
    pub candidate: Spread,
    /// How alike the order of payees is, -1 to 1: Spearman's coefficient, which is Pearson's of the ranks, ties given
    /// their average rank (Spearman 1904; Kendall and Gibbons, Rank Correlation Methods, chapter 3). None where all
    /// payees are level on a side.
    pub rank_correlation: Option<f64>,
}

/// How amounts are spread over everyone who gets something on either side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// How many of them get something on this side.
    pub paid: usize,
    /// Gini's coefficient, 0 (all the same) to 1 (one has all): `2 * sum(i * x_i) / (n * sum(x_i)) - (n + 1) / n` with
    /// amounts `x_1 <= ... <= x_n` (Sen, On Economic Inequality, 1973, chapter 2).
    pub gini: Option<f64>,
    /// What part of all the largest amount is, 0 to 1.
    pub top_1: Option<f64>,
    /// What part the five largest are together.
    pub top_5: Option<f64>,
    /// What part the ten largest are together.
    pub top_10: Option<f64>,
    /// How few payees hold half of all together, or more.
    pub half: usize,
}

/// Why there is nothing to compare.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// No epochs were given.
    #[error("there are no epochs to compare")]
    NoEpochs,
    /// Epochs of different assets have no sum.
    #[error("epoch {number} pays `{asset}` and those before it `{before}`: they have no sum")]
    Assets {
        /// The epoch's number.
        number: u64,
        /// What it pays.
        asset: String,
        /// What the others pay.
        before: String,
    },
    /// The receipts name an asset that cannot be.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// An epoch was not replayed under this candidate.
    #[error("epoch {0} was not replayed under this candidate")]
    NotReplayed(u64),
    /// All epochs together are more than an amount holds.
    #[error("all epochs together are more than 2^128 - 1 base units")]
    TooLarge,
    /// A member has no canonical spelling, which is a bug.
    #[error(transparent)]
    Form(#[from] CanonicalError),
}

impl CompareError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
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

impl Difference {
    /// What is to be added to `before` to have `after`.
    pub fn between(before: u128, after: u128) -> Difference {
        Difference { less: after < before, magnitude: before.abs_diff(after) }
    }

    /// Whether it is less than nothing.
    pub fn is_negative(self) -> bool {
        self.less
    }

    /// How much, without the sign, in base units.
    pub fn magnitude(self) -> u128 {
        self.magnitude
    }
}

/// As numbers with a sign: what is most less comes first.
impl Ord for Difference {
    fn cmp(&self, other: &Difference) -> Ordering {
        match (self.less, other.less) {
            (true, true) => other.magnitude.cmp(&self.magnitude),
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Difference {
    fn partial_cmp(&self, other: &Difference) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.less { "-" } else { "" }, self.magnitude)
    }
}

impl Serialize for Difference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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

impl Side {
    fn of(receipt: &Receipt) -> Side {
        let said = receipt.terms();
        let faults = said.runs.iter().filter_map(|run| match &run.outcome {
            crate::receipt::Outcome::Fault(fault) => {
                Some(PolicyFault { policy: run.name.clone(), fault: fault.clone() })
            }
            crate::receipt::Outcome::Allocated { .. } => None,
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
    fn unpaid(id: &str) -> ComparedPayee {
        let (payee, name, difference) = (id.to_owned(), String::new(), Difference::default());
        ComparedPayee { payee, name, original: 0, candidate: 0, difference }
    }

    fn rename(&mut self, name: &str) {
        if !name.is_empty() {
            name.clone_into(&mut self.name);
        }
    }

    fn add(&mut self, original: u128, candidate: u128) -> Result<(), CompareError> {
        let sum = |so_far: u128, more: u128| so_far.checked_add(more).ok_or(CompareError::TooLarge);
        self.original = sum(self.original, original)?;
        self.candidate = sum(self.candidate, candidate)?;
        self.difference = Difference::between(self.original, self.candidate);
        Ok(())
    }
}

/// Gains and losses, summed apart.
#[derive(Default)]
struct Changes {
    gained: u128,
    lost: u128,
}

impl Changes {
    fn add(&mut self, difference: Difference) -> Option<()> {
        let side = if difference.less { &mut self.lost } else { &mut self.gained };
        *side = side.checked_add(difference.magnitude)?;
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

/// From each payee's two amounts, in any order.
fn statistics(amounts: &[(u128, u128)]) -> Statistics {
    let paid: Vec<(u128, u128)> = amounts.iter().copied().filter(|&pair| pair != (0, 0)).collect();
    let count = |which: fn(&(u128, u128)) -> bool| paid.iter().filter(|pair| which(pair)).count();
    let (original, candidate): (Vec<u128>, Vec<u128>) = paid.iter().copied().unzip();
    Statistics {
        gain: count(|(original, candidate)| candidate > original),
        lose: count(|(original, candidate)| candidate < original),
        same: count(|(original, candidate)| candidate == original),
        unpaid: amounts.len() - paid.len(),
        rank_correlation: rank_correlation(&original, &candidate),
        original: spread(original),
        candidate: spread(candidate),
    }
}

/// The amounts' sum fits 128 bits: it was made before.
fn spread(mut amounts: Vec<u128>) -> Spread {
    amounts.sort_unstable();
    let total: u128 = amounts.iter().sum();
    let top = |count: usize| {
        let sum: u128 = amounts.iter().rev().take(count).sum();
        (total > 0).then(|| sum as f64 / total as f64)
    };
    let mut held = 0;
    let half = amounts.iter().rev().take_while(|amount| {
        let needed = held < total - held;
        held += **amount;
        needed
    });
    let half = half.count();
    Spread {
        paid: amounts.iter().filter(|amount| **amount > 0).count(),
        gini: gini(&amounts, total),
        top_1: top(1),
        top_5: top(5),
        top_10: top(10),
        half,
    }
}

/// Of ascending amounts.
fn gini(amounts: &[u128], total: u128) -> Option<f64> {
    if total == 0 {
        return None;
    }
    let count = amounts.len() as f64;
    let mut weighted = 0.0;
    for (index, amount) in amounts.iter().enumerate() {
        weighted += (index + 1) as f64 * (*amount as f64 / total as f64);
    }
    Some((2.0 * weighted / count - (count + 1.0) / count).clamp(0.0, 1.0))
}

fn rank_correlation(original: &[u128], candidate: &[u128]) -> Option<f64> {
    let (original, candidate) = (ranks(original), ranks(candidate));
    let product = |a: &[i128], b: &[i128]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i128>() as f64;
    let variances = product(&original, &original) * product(&candidate, &candidate);
    // The square root of a rounded square is exact, so that equal orders give exactly 1.
    (variances > 0.0).then(|| (product(&original, &candidate) / variances.sqrt()).clamp(-1.0, 1.0))
}

/// Twice each amount's average rank less twice the mean rank: whole numbers that sum to 0.
fn ranks(amounts: &[u128]) -> Vec<i128> {
    let mut order: Vec<usize> = (0..amounts.len()).collect();
    order.sort_by_key(|&index| Reverse(amounts[index]));
    let mut ranks = vec![0; amounts.len()];
    let mut before = 0;
    for level in order.chunk_by(|&a, &b| amounts[a] == amounts[b]) {
        let rank = 2 * before + level.len() + 1;
        for &index in level {
            ranks[index] = rank as i128 - (amounts.len() as i128 + 1);
        }
        before += level.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn statistics_are_those_worked_out_by_hand() {
        let statistics = statistics(&[(10, 10), (20, 0), (30, 50), (40, 40), (0, 0), (0, 5)]);
        let Statistics { gain, lose, same, unpaid, .. } = statistics;
        assert_eq!((gain, lose, same, unpaid), (2, 1, 2, 1));
        let Spread { paid, gini, top_1, half, .. } = statistics.original;
        // 0, 10, 20, 30, 40: 2 * (20 + 60 + 120 + 200) / (5 * 100) - 6/5 = 0.4; 40 + 30 hold half.
        assert_eq!((paid, top_1, half), (4, Some(0.4), 2));
        assert!((gini.unwrap() - 0.4).abs() < 1e-12);
        // Original ranks 4 3 2 1 5, candidate's 3 5 1 2 4: differences 1 -2 1 -1 1, so 1 - 6 * 8 / 120 = 0.6.
        assert!((statistics.rank_correlation.unwrap() - 0.6).abs() < 1e-12);
        assert_eq!(ranks(&[5, 7, 5]), [1, -2, 1]);
    }

    #[test]
    fn what_has_no_value_is_none() {
        let nobody = statistics(&[(0, 0)]);
        assert_eq!((nobody.original.gini, nobody.original.half, nobody.rank_correlation), (None, 0, None));
        let level = statistics(&[(1, 2), (1, 1)]);
        assert_eq!((level.original.gini, level.rank_correlation), (Some(0.0), None));
    }

    proptest! {
        #[test]
        fn statistics_keep_their_laws(amounts in prop::collection::vec((0..9_u128, any::<u64>().prop_map(u128::from)), 1..40)) {
            let forth = statistics(&amounts);
            let swapped: Vec<_> = amounts.iter().map(|&(a, b)| (b, a)).collect();
            let back = statistics(&swapped);
            prop_assert_eq!((forth.gain, forth.lose, forth.same), (back.lose, back.gain, back.same));
            prop_assert_eq!((forth.original, forth.candidate), (back.candidate, back.original));
            prop_assert_eq!(forth.rank_correlation, back.rank_correlation);
            prop_assert_eq!(forth.gain + forth.lose + forth.same + forth.unpaid, amounts.len());
            let with_itself: Vec<_> = amounts.iter().map(|&(_, b)| (b, b)).collect();
            prop_assert!(statistics(&with_itself).rank_correlation.is_none_or(|r| r == 1.0));
            for spread in [forth.original, forth.candidate] {
                prop_assert!(spread.gini.is_none_or(|gini| (0.0..=1.0).contains(&gini)));
                prop_assert!(spread.top_1 <= spread.top_5 && spread.top_5 <= spread.top_10);
                prop_assert!(spread.half <= spread.paid);
            }
            let mut reversed = amounts.clone();
            reversed.reverse();
            prop_assert_eq!(statistics(&reversed), forth, "the order of payees changes nothing");
        }

        #[test]
        fn differences_are_exact(before: u128, after: u128) {
            let (forth, back) = (Difference::between(before, after), Difference::between(after, before));
            prop_assert_eq!(forth.magnitude(), back.magnitude());
            prop_assert_eq!(forth.is_negative() && back.is_negative(), false);
            let again = if forth.is_negative() { before - forth.magnitude() } else { before + forth.magnitude() };
            prop_assert_eq!(again, after);
        }
    }
}
