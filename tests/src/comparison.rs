//! Replays and comparisons that are kept whole.

use apportion::compare::{CompareError, Comparison, ComparisonBuilder};
use apportion::replay::{ReplayError, ReplayedEpoch, SettledEpochs};
use apportion::{Charter, History, Policy};

/// Replays and keeps all of it.
///
/// # Errors
///
/// Those of the replay.
pub fn replay_all<P: SettledEpochs>(
    past: &P,
    candidates: &[Charter],
    policies: &[Policy],
    before: &History,
) -> Result<Vec<ReplayedEpoch>, ReplayError<P::Error>> {
    let mut epochs = Vec::new();
    apportion::replay(past, candidates, policies, before, |epoch| {
        epochs.push(epoch);
        Ok::<_, ReplayError<P::Error>>(())
    })?;
    Ok(epochs)
}

/// Compares epochs that are kept.
///
/// # Errors
///
/// Those of the comparison.
pub fn compare(
    epochs: &[ReplayedEpoch],
    candidate: &Charter,
    index: usize,
) -> Result<Comparison, CompareError> {
    let mut comparing = ComparisonBuilder::new(candidate, index);
    for epoch in epochs {
        comparing.add(epoch)?;
    }
    comparing.finish()
}
