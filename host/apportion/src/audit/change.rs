//! What a trial does to an epoch, how it is settled, and how rows are changed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::policy::Policy;
use crate::settle::{History, SettleError, settle};
use apportion_core::card;
use apportion_core::charter::Charter;
use apportion_core::epoch::{Epoch, EpochRows, RowText};
use apportion_core::fault::{Fault, FaultCode};
use apportion_core::payouts::Payouts;

use super::error::AuditError;

/// Something done to an epoch. It names payees and nodes by their ids, so that it means the same in an epoch of which
/// other rows were taken away.
pub(super) trait Change: Send + Sync {
    /// What was done to these rows, in a sentence.
    fn told(&self, rows: &EpochRows) -> String;

    /// The epochs to settle beside the one it began with, and what each is; none where it cannot be done (any more).
    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>>;

    /// What the epoch that it began with is to the others; none if nothing is held against it.
    fn before(&self) -> Option<&'static str> {
        Some("before")
    }

    /// What the amounts break, if they break it by more than rounding explains.
    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach>;

    /// The same in smaller ways.
    fn simpler(&self) -> Vec<Box<dyn Change>> {
        Vec::new()
    }

    /// Does it and looks.
    fn check(&self, before: &Settled, settler: &Settler<'_>) -> Result<Check, AuditError> {
        let Some(epochs) = self.after(&before.rows) else { return Ok(Check::Impossible) };
        let mut after = Vec::new();
        for (role, rows) in epochs {
            match settler.settle(role, rows)? {
                Answer::Settled(settled) => after.push(*settled),
                Answer::Fault(fault) => return Ok(Check::Fault(fault)),
                Answer::Impossible => return Ok(Check::Impossible),
            }
        }
        let breach = self.judge(before, &after);
        Ok(breach.map_or(Check::Holds, |breach| Check::Broken { breach, after }))
    }
}

/// How a trial came out.
pub(super) enum Check {
    Holds,
    Broken {
        breach: Breach,
        after: Vec<Settled>,
    },
    /// The epoch has nothing to do it to.
    Impossible,
    /// The policy settled the epoch and not the changed one.
    Fault(Fault),
}

/// How much is broken.
#[derive(Clone, Debug)]
pub(super) struct Breach {
    /// In base units: what an attacker gains, or how far amounts are from where they should be.
    pub(super) size: u128,
    /// Whose gain or loss it is.
    pub(super) who: Vec<RowText>,
    /// The pool that it is a part of.
    pub(super) pool: u128,
}

impl Breach {
    /// In millionths of the pool, rounded down.
    pub(super) fn millionths(&self) -> u64 {
        card::millionths(self.size, self.pool)
    }
}

/// The weights that a rule gave, in the order of payees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Weights {
    pub(super) shares: Vec<u64>,
    pub(super) retained: u64,
}

/// An epoch and what came of it.
#[derive(Clone)]
pub(super) struct Settled {
    pub(super) role: &'static str,
    pub(super) rows: EpochRows,
    pub(super) epoch: Epoch,
    pub(super) amounts: BTreeMap<RowText, u128>,
    pub(super) retained: u128,
    /// What the rule gave, unless it named amounts.
    pub(super) weights: Option<Weights>,
}

impl Settled {
    pub(super) fn of(&self, payee: &str) -> u128 {
        self.amounts.get(payee).copied().unwrap_or(0)
    }

    pub(super) fn together(&self, payees: &[RowText]) -> u128 {
        payees.iter().map(|payee| self.of(payee)).sum()
    }

    pub(super) fn pool(&self) -> u128 {
        self.rows.header.pool.amount
    }

    /// What rounding explains of a difference between sums of so many amounts: each is less than a base unit from
    /// what the weights say. A rule counts in doubles, which know a part in 2^40 of a large pool with room to spare.
    pub(super) fn rounding(&self, amounts: usize) -> u128 {
        (1 + (self.pool() >> 40)) * amounts as u128
    }

    pub(super) fn breach(&self, size: u128, who: Vec<RowText>) -> Breach {
        Breach { size, who, pool: self.pool() }
    }

    /// A breach, if those together got more than before by more than rounding explains.
    pub(super) fn gain(&self, before: u128, who: &[RowText], amounts: usize) -> Option<Breach> {
        let gain = self.together(who).saturating_sub(before);
        (gain > self.rounding(amounts)).then(|| self.breach(gain, who.to_vec()))
    }
}

/// Settles epochs by the policy that is audited, each as a first one.
pub(super) struct Settler<'a> {
    policy: &'a Policy,
    charter: &'a Charter,
    /// How many epochs were settled so far.
    settled: AtomicUsize,
}

/// What a policy makes of rows.
pub(super) enum Answer {
    Settled(Box<Settled>),
    Fault(Fault),
    /// The rows are no epoch: a weight became infinite, an id too long.
    Impossible,
}

impl<'a> Settler<'a> {
    pub(super) fn new(policy: &'a Policy, charter: &'a Charter) -> Settler<'a> {
        Settler { policy, charter, settled: AtomicUsize::new(0) }
    }

    /// For those who wait: what is under way on other threads is counted or not.
    pub(super) fn settled(&self) -> usize {
        self.settled.load(Ordering::Relaxed)
    }

    pub(super) fn settle(&self, role: &'static str, rows: EpochRows) -> Result<Answer, AuditError> {
        let Ok(epoch) = rows.build() else { return Ok(Answer::Impossible) };
        self.settled.fetch_add(1, Ordering::Relaxed);
        let policies = std::slice::from_ref(self.policy);
        match settle(&epoch, self.charter, policies, &History::default()) {
            Ok(settlement) => {
                let payouts = &settlement.payouts;
                let amounts =
                    payouts.iter().map(|payout| (payout.payee.as_str().into(), payout.amount)).collect();
                let retained = settlement.receipt.terms().retained;
                let weights = weights(payouts);
                Ok(Answer::Settled(Box::new(Settled { role, rows, epoch, amounts, retained, weights })))
            }
            Err(SettleError::Fault { fault, .. }) if fault.code == FaultCode::BadParameters => {
                Err(AuditError::Refused(fault))
            }
            Err(SettleError::Fault { fault, .. }) => Ok(Answer::Fault(fault)),
            Err(SettleError::Host(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The weights of the one policy that an audit appoints.
fn weights(list: &Payouts) -> Option<Weights> {
    let retained = list.policies().first()?.retained?;
    let shares = list.iter().map(|payout| payout.parts.first()?.share);
    Some(Weights { shares: shares.collect::<Option<Vec<u64>>>()?, retained })
}

/// `ann`, `ann and bob`, `ann, bob and cyd`.
pub(super) fn listed(names: &[RowText]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.to_string(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number of things: `1 node`, `2 nodes`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
