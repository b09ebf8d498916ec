//! What a settlement must be that can be checked without running a policy.

use crate::settle::pools;
use apportion_core::apportionment::by_weight;
use apportion_core::charter::{Charter, OnFault};
use apportion_core::limits::{Limits, Usage};
use apportion_core::payouts::{Part, Payouts, PolicyColumns};
use apportion_core::receipt::{Outcome, RunReport};
use apportion_core::settled::SettledEpoch;

/// Checks that the runs of a receipt are those of the charter, with their portions of the pool and within its limits, and
/// that the payouts are what the runs say; where a policy gave weights, that the amounts follow from them.
pub(super) fn check(settled: &SettledEpoch) -> Result<(), String> {
    let (charter, receipt) = (settled.charter(), settled.receipt().terms());
    let payouts = settled.payouts();
    check_policies(charter, &receipt.runs, payouts)?;
    let pools = pools(charter, receipt.pool).map_err(|error| error.to_string())?;
    let runs = receipt.runs.iter().zip(payouts.policies()).zip(pools).enumerate();
    for (place, ((run, columns), pool)) in runs {
        let wrong = |problem: &str| format!("its run {} (`{}`) {problem}", place + 1, run.name);
        if run.pool != pool {
            return Err(wrong("has another portion of the pool than the charter gives it"));
        }
        check_use(run, &charter.terms().limits).map_err(wrong)?;
        let parts: Vec<&Part> = payouts.iter().filter_map(|payout| payout.parts.get(place)).collect();
        match &run.outcome {
            Outcome::Fault(_) if charter.terms().on_fault == OnFault::Stop => {
                return Err(wrong("ended in a fault, and the charter settles nothing then"));
            }
            Outcome::Fault(_) => check_nothing(columns, &parts).map_err(wrong)?,
            Outcome::Allocated { paid, retained, .. } => {
                check_sum(*paid, &parts).map_err(wrong)?;
                check_weights(pool, *retained, columns, &parts).map_err(wrong)?;
            }
        }
    }
    Ok(())
}

/// The charter's policies, the receipt's runs and the payouts' columns are the same in the same order.
fn check_policies(charter: &Charter, runs: &[RunReport], list: &Payouts) -> Result<(), String> {
    let appointed = charter.terms().policies.iter();
    let appointed =
        appointed.map(|appointment| (appointment.policy, &appointment.name, &appointment.version));
    if !runs.iter().map(|run| (run.policy, &run.name, &run.version)).eq(appointed) {
        return Err("its runs are not those of the charter's policies".to_owned());
    }
    if !list.policies().iter().map(|columns| columns.policy).eq(runs.iter().map(|run| run.policy)) {
        return Err("its payouts are not by the charter's policies".to_owned());
    }
    Ok(())
}

fn check_use(run: &RunReport, limits: &Limits) -> Result<(), &'static str> {
    let Some(Usage { instructions, memory, table, transfer }) = run.used else {
        return match run.outcome {
            Outcome::Allocated { .. } => Err("gave an allocation and used nothing"),
            Outcome::Fault(_) => Ok(()),
        };
    };
    let within = [
        (instructions, limits.instructions),
        (memory, limits.memory),
        (table, limits.table),
        (transfer, limits.transfer),
    ];
    match within.iter().all(|(used, limit)| used <= limit) {
        true => Ok(()),
        false => Err("used more than the charter's limits allow"),
    }
}

/// A failed policy gave nothing.
fn check_nothing(columns: &PolicyColumns, parts: &[&Part]) -> Result<(), &'static str> {
    let nothing = columns.retained.is_none()
        && columns.measures.is_empty()
        && parts.iter().all(|part| part.amount == 0 && part.share.is_none());
    if nothing {
        Ok(())
    } else {
        Err("ended in a fault, and the payouts have amounts, weights or measures of it")
    }
}

fn check_sum(paid: u128, parts: &[&Part]) -> Result<(), &'static str> {
    let sum = parts.iter().try_fold(0_u128, |sum, part| sum.checked_add(part.amount));
    if sum == Some(paid) { Ok(()) } else { Err("paid another sum than its payouts have") }
}

/// Where a policy gave weights, the amounts are the pool divided by them.
fn check_weights(
    pool: u128,
    retained: u128,
    columns: &PolicyColumns,
    parts: &[&Part],
) -> Result<(), &'static str> {
    let Some(treasury) = columns.retained else {
        return match parts.iter().any(|part| part.share.is_some()) {
            true => Err("gave weights for payees and none for the treasury"),
            false => Ok(()),
        };
    };
    let shares: Option<Vec<u64>> = parts.iter().map(|part| part.share).collect();
    let shares = shares.ok_or("gave a weight for the treasury and none for some payee")?;
    let divided = by_weight(pool, &shares, treasury).map_err(|_| "gave too many weights")?;
    let amounts = parts.iter().map(|part| part.amount);
    match divided.retained == retained && amounts.eq(divided.amounts.iter().copied()) {
        true => Ok(()),
        false => Err("has amounts that do not follow from its weights"),
    }
}
