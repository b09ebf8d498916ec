//! What was paid alongside what another charter would have paid: to whom, in which epoch, and how it is spread.
//!
//! [`compare`](compare()) replays past epochs under candidates and compares each with what was settled. Amounts and differences
//! are exact integers. Nothing is appended anywhere.

use apportion_core::charter::Charter;
pub use apportion_core::comparison::*;
use apportion_core::limits::HostLimit;
use apportion_core::replayed::{Replayed, ReplayedEpoch};

use crate::policy::Policy;
use crate::replay::{ReplayError, SettledEpochs, replay};
use crate::settle::History;

/// What a candidate would have paid.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CandidateComparison {
    /// The comparison over all epochs that could be replayed; none if there is no such epoch.
    pub comparison: Option<Comparison>,
    /// Epochs of which nothing is known, because the host failed at them. They are not in the comparison, so that it is
    /// incomplete unless this is empty.
    pub unknown: Vec<UnknownEpoch>,
}

/// An epoch that the host could not replay under a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownEpoch {
    /// The epoch's number.
    pub number: u64,
    /// Why, in a sentence.
    pub reason: String,
    /// The host's own limit that was met, if it was one.
    pub limit: Option<HostLimit>,
}

/// An epoch that was just compared.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ComparedRows<'a> {
    /// The epoch as it was settled, and as each candidate would have settled it.
    pub epoch: &'a ReplayedEpoch,
    /// For each candidate, in their order, the epoch's payees under both, sorted by the ids' bytes: none where nothing is
    /// known, and no rows where the candidate could not settle the epoch.
    pub payees: &'a [Option<Vec<ComparedPayee>>],
    /// How many epochs are compared so far, this one included.
    pub done: usize,
    /// How many there are.
    pub total: usize,
}

/// Replays all of `past` under each candidate and compares what was paid with what would have been, one comparison for each
/// candidate in their order.
///
/// `policies` holds those that the candidates name. `before` is what was settled before the first of these epochs:
/// [`History::default`] where they begin with the programme. Each epoch is handed to `each` as soon as it is compared, oldest
/// first; an error of `each` ends the comparison. Memory grows with the number of payees and not with the number of epochs.
///
/// ```
/// use apportion::compare::{Difference, compare};
/// use apportion::{Charter, Engine, Epoch, History, Ledger};
/// # use apportion::ledger::LedgerIdentity;
/// # use apportion::store::DirectoryStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("apportion-compare-{}", std::process::id()));
/// # let store = DirectoryStore::create(&folder)?;
/// let engine = Engine::new()?;
/// let equal = std::fs::read("../../policies/dist/equal.wasm")?;
/// let pagerank = engine.admit(&std::fs::read("../../policies/dist/pagerank.wasm")?)?;
/// let charter = Charter::single("In force", &engine.admit(&equal)?, serde_json::json!({}))?;
/// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
///
/// let mut ledger = Ledger::create(store, LedgerIdentity::from_bytes([7; 32]))?;
/// ledger.adopt(&engine, &charter, 0, &[equal], &[])?;
/// ledger.settle(&engine, &epoch)?;
///
/// let candidate = Charter::single("Tried", &pagerank, serde_json::json!({}))?;
/// let past = ledger.past(0..=u64::MAX);
/// let compared = compare(&past, &[candidate], &[pagerank], &History::default(), |rows| {
///     println!("{} of {} epochs", rows.done, rows.total);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// let comparison = compared[0].comparison.as_ref().ok_or("an epoch was compared")?;
/// assert_eq!(comparison.terms().totals.difference, Difference::default()); // both divide the whole pool
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Those of [`replay`](replay()), and [`CompareError`] where the epochs have no sum. What goes wrong in one epoch is part of
/// the result: a policy's fault in its comparison, a failure of the host in [`CandidateComparison::unknown`].
pub fn compare<P, E>(
    past: &P,
    candidates: &[Charter],
    policies: &[Policy],
    before: &History,
    mut each: impl FnMut(ComparedRows<'_>) -> Result<(), E>,
) -> Result<Vec<CandidateComparison>, E>
where
    P: SettledEpochs,
    E: From<ReplayError<P::Error>> + From<CompareError>,
{
    let mut compared: Vec<Candidate> =
        candidates.iter().enumerate().map(|(index, charter)| Candidate::new(charter, index)).collect();
    let (mut done, total) = (0, past.count());
    replay(past, candidates, policies, before, |epoch| -> Result<(), E> {
        let payees = compared.iter_mut().map(|candidate| candidate.add(&epoch));
        let payees: Vec<Option<Vec<ComparedPayee>>> = payees.collect::<Result<_, CompareError>>()?;
        done += 1;
        each(ComparedRows { epoch: &epoch, payees: &payees, done, total })
    })?;
    Ok(compared.into_iter().map(Candidate::finish).collect::<Result<_, CompareError>>()?)
}

/// The comparison with one candidate while it is made.
struct Candidate {
    index: usize,
    builder: ComparisonBuilder,
    compared: usize,
    unknown: Vec<UnknownEpoch>,
}

impl Candidate {
    fn new(charter: &Charter, index: usize) -> Candidate {
        Candidate { index, builder: ComparisonBuilder::new(charter, index), compared: 0, unknown: Vec::new() }
    }

    fn add(&mut self, epoch: &ReplayedEpoch) -> Result<Option<Vec<ComparedPayee>>, CompareError> {
        if let Some(Replayed::Unknown { reason, limit }) = epoch.replayed.get(self.index) {
            let number = epoch.receipt.terms().number;
            self.unknown.push(UnknownEpoch { number, reason: reason.clone(), limit: *limit });
            return Ok(None);
        }
        self.compared += 1;
        self.builder.add(epoch).map(Some)
    }

    /// Without any epoch there is a comparison only if some are unknown: then there is none to make.
    fn finish(self) -> Result<CandidateComparison, CompareError> {
        let comparison = match (self.compared, self.unknown.is_empty()) {
            (0, false) => None,
            _ => Some(self.builder.finish()?),
        };
        Ok(CandidateComparison { comparison, unknown: self.unknown })
    }
}
