//! The epoch settled again without this and that, on all cores.

use super::error::ExplainError;
use super::question::Question;
use crate::parallel;
use crate::progress::{Progress, Step};
use crate::settle::{SettleError, settle};
use apportion_core::comparison::Difference;
use apportion_core::explanation::Without;
use apportion_core::receipt::Outcome;

/// What an epoch is settled without.
#[derive(Clone, Copy)]
pub(super) enum Lacking<'a> {
    /// Nodes, by their rows in order, and the edges at them.
    Nodes(&'a [usize]),
    /// Edges, by their rows in order.
    Edges(&'a [usize]),
}

/// Settles the epoch without this and that.
pub(super) struct Trials<'a, F> {
    pub(super) question: &'a Question<'a>,
    pub(super) payee: usize,
    /// What the payee gets of the whole epoch.
    pub(super) amount: u128,
    pub(super) made: usize,
    pub(super) expected: usize,
    pub(super) each: F,
}

impl<F: FnMut(Progress)> Trials<'_, F> {
    /// On all cores; the answers in order.
    pub(super) fn make(&mut self, lacking: &[Lacking<'_>]) -> Result<Vec<Without>, ExplainError> {
        let mut answers = Vec::new();
        let (question, payee) = (self.question, self.payee);
        parallel::in_order(
            lacking.len(),
            |index| without(question, payee, lacking[index]),
            |answer| -> Result<(), ExplainError> {
                answers.push(answer);
                self.made += 1;
                self.expected = self.expected.max(self.made);
                (self.each)(Progress::new(Step::Explaining, self.made, self.expected, self.made));
                Ok(())
            },
        )?;
        Ok(answers)
    }

    /// What the payee would have more, or less: without an answer nobody is paid.
    pub(super) fn difference(&self, without: &Without) -> Difference {
        Difference::between(self.amount, without.amount())
    }
}

fn without(question: &Question<'_>, payee: usize, lacking: Lacking<'_>) -> Result<Without, ExplainError> {
    let has = |rows: &[usize], row: usize| rows.binary_search(&row).is_ok();
    let epoch = match lacking {
        Lacking::Nodes(rows) => question.epoch.without(|row| has(rows, row), |_| false)?,
        Lacking::Edges(rows) => question.epoch.without(|_| false, |row| has(rows, row))?,
    };
    let settlement = match settle(&epoch, question.charter, question.policies, question.history) {
        Ok(settlement) => settlement,
        Err(SettleError::Fault { policy, fault, .. }) => {
            return Ok(Without::Fault(format!("{policy}: {fault}")));
        }
        Err(error) => return Err(error.into()),
    };
    // Where a charter keeps what a policy that fails would divide, the rest is still paid.
    let runs = &settlement.receipt.terms().runs;
    let fault = runs.iter().find_map(|run| match &run.outcome {
        Outcome::Fault(fault) => Some(format!("{}: {fault}", run.name)),
        Outcome::Allocated { .. } => None,
    });
    let payouts = settlement.payouts.rows();
    let amount = payouts.get(payee).map_or(0, |payout| payout.amount);
    Ok(match fault {
        Some(fault) if amount == 0 => Without::Fault(fault),
        _ => Without::Amount(amount),
    })
}
