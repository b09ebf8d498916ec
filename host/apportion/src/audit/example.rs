//! A breach as a card shows it.

use apportion_core::card::{Example, ExampleEpoch, ExamplePayout};
use apportion_core::epoch::EpochRows;
use apportion_core::text::visible;

use super::shrink::Case;

/// The example that a case is.
pub(super) fn example(case: Case) -> Example {
    let change = visible(&case.change.told(&case.before.rows), usize::MAX);
    let who = case.breach.who.iter().map(|id| id.to_string()).collect();
    let (size, pool) = (case.breach.size, case.breach.pool);
    let before = case.change.before().map(|role| (role, case.before));
    let after = case.after.into_iter().map(|settled| (settled.role, settled));
    let epochs = before.into_iter().chain(after).map(|(role, settled)| {
        let payouts = settled.amounts.iter();
        let payouts =
            payouts.map(|(payee, &amount)| ExamplePayout { payee: payee.to_string(), amount }).collect();
        ExampleEpoch {
            role: role.to_owned(),
            epoch: settled.epoch.digest(),
            rows: EpochRows::of(&settled.epoch),
            payouts,
            retained: settled.retained,
        }
    });
    Example { change, who, size, pool, epochs: epochs.collect() }
}
