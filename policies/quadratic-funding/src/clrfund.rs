//! clr.fund's two rules, as its contracts compute them: whole numbers, divisions rounded down.
//!
//! The round's pool is all that its contract holds, contributions included; what is not contributions is matched.

use apportion_guest::exact::portion;
use apportion_guest::{Allocation, Epoch, Refusal};

use crate::{Parameters, Tally};

/// The contract's ALPHA_PRECISION.
const PRECISION: u128 = 1_000_000_000_000_000_000;

/// Whole numbers up to here are exact in a metric.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The first rule: `matching pool × votes / all votes + spent × factor`.
pub(crate) fn first(epoch: &Epoch, parameters: &Parameters, tally: Tally) -> Result<Allocation, Refusal> {
    let round = Round::of(epoch, parameters, tally)?;
    if round.votes == 0 {
        return Err(Refusal::no_answer("nobody voted"));
    }
    round.allocation(epoch, |project| {
        product_over(round.matching, project.votes, round.votes)?
            .checked_add(round.contributed(project.spent)?)
    })
}

/// The second: `(α × factor × votes² + (10^18 - α) × factor × spent) / 10^18`, where
/// `α = matching pool × 10^18 / (factor × (sum of votes² - sum of spent))`.
pub(crate) fn second(epoch: &Epoch, parameters: &Parameters, tally: Tally) -> Result<Allocation, Refusal> {
    let round = Round::of(epoch, parameters, tally)?;
    let squares = round.projects.iter().try_fold(0_u128, |sum, project| sum.checked_add(project.squared()?));
    let quadratic = squares.ok_or_else(too_large)?.saturating_sub(round.spent);
    if quadratic == 0 {
        return Err(Refusal::no_answer("no project has more than one vote"));
    }
    let divisor = quadratic.checked_mul(round.factor).ok_or_else(too_large)?;
    let alpha = product_over(round.matching, PRECISION, divisor).ok_or_else(too_large)?;
    round.allocation(epoch, |project| {
        // The division is of a sum with whole multiples of 10^18, which may as well be added after it.
        let matched = project.squared()?.checked_sub(project.spent)?.checked_mul(round.factor)?;
        product_over(alpha, matched, PRECISION)?.checked_add(round.contributed(project.spent)?)
    })
}

/// `a * b / c`, rounded down, as if in unbounded integers. None where `c` or the quotient is too large.
fn product_over(a: u128, b: u128, c: u128) -> Option<u128> {
    let (whole, part) = (b.checked_div(c)?, b.checked_rem(c)?);
    a.checked_mul(whole)?.checked_add(portion(a, part, c)?.0)
}

/// What was voted and spent on one project.
struct Project {
    payee: Option<usize>,
    votes: u128,
    /// In voice credits.
    spent: u128,
}

impl Project {
    fn squared(&self) -> Option<u128> {
        self.votes.checked_mul(self.votes)
    }
}

/// A tally and its sums.
struct Round {
    projects: Vec<Project>,
    votes: u128,
    /// In voice credits.
    spent: u128,
    /// Base units in a voice credit.
    factor: u128,
    /// The pool without the contributions, in base units.
    matching: u128,
}

impl Round {
    fn of(epoch: &Epoch, parameters: &Parameters, tally: Tally) -> Result<Self, Refusal> {
        only_a_tally(parameters)?;
        let (votes, spent) = (whole_numbers(epoch, "votes")?, whole_numbers(epoch, "spent")?);
        let mut projects = Vec::with_capacity(votes.len());
        for (row, (votes, spent)) in votes.into_iter().zip(spent).enumerate() {
            let payee = epoch.node_payee().get(row).map(|payee| *payee as usize);
            let project =
                Project { payee: payee.filter(|payee| *payee < epoch.payees().len()), votes, spent };
            // Each voter spends the square of its votes, a whole number.
            if spent < votes || project.squared().is_some_and(|squared| spent > squared) {
                let node = epoch.node_ids().get(row).map_or("", String::as_str);
                return Err(Refusal::NoAnswer(format!(
                    "`{node}` has {votes} votes for {spent} voice credits, which no tally can have"
                )));
            }
            projects.push(project);
        }
        let sum = |of: fn(&Project) -> u128| {
            projects
                .iter()
                .try_fold(0_u128, |sum, project| sum.checked_add(of(project)))
                .ok_or_else(too_large)
        };
        let (votes, spent) = (sum(|project| project.votes)?, sum(|project| project.spent)?);
        let factor = tally.voice_credit_factor.map_or_else(
            || 10_u128.saturating_pow(epoch.decimals().saturating_sub(5)),
            |factor| u128::from(factor.get()),
        );
        let contributed = spent.checked_mul(factor).ok_or_else(too_large)?;
        let Some(matching) = epoch.pool().checked_sub(contributed) else {
            return Err(Refusal::NoAnswer(format!(
                "the pool is {} base units and the contributions are {contributed}: the pool has to include them",
                epoch.pool()
            )));
        };
        Ok(Self { projects, votes, spent, factor, matching })
    }

    /// What a project got from contributors, in base units.
    fn contributed(&self, spent: u128) -> Option<u128> {
        spent.checked_mul(self.factor)
    }

    fn allocation(
        &self,
        epoch: &Epoch,
        amount: impl Fn(&Project) -> Option<u128>,
    ) -> Result<Allocation, Refusal> {
        let payees = epoch.payees().len();
        let mut amounts = vec![0_u128; payees];
        let [mut votes, mut spent] = [vec![0.0; payees], vec![0.0; payees]];
        for project in &self.projects {
            let Some(payee) = project.payee else { continue };
            let amount = amount(project).ok_or_else(too_large)?;
            amounts[payee] = amounts[payee].checked_add(amount).ok_or_else(too_large)?;
            votes[payee] += project.votes as f64;
            spent[payee] += project.spent as f64;
        }
        Ok(Allocation::by_amount(amounts).measure("votes", votes).measure("spent", spent))
    }
}

/// A tally has no single contributions that anything could be asked of.
fn only_a_tally(parameters: &Parameters) -> Result<(), Refusal> {
    let Parameters { rule: _, edge_kinds, min_contribution, min_contributors, max_share, surplus } =
        parameters;
    let given = [
        ("edge_kinds", edge_kinds.is_some()),
        ("min_contribution", min_contribution.is_some()),
        ("min_contributors", min_contributors.is_some()),
        ("max_share", max_share.is_some()),
        ("surplus", surplus.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => {
            Err(Refusal::BadParameters(format!("clr.fund's rules have no `{name}`: leave it out")))
        }
    }
}

/// A whole number for each node: a metric up to 2^53, or a label that is its digits, up to 2^128. An import keeps a
/// column as the one where it is exact, and as the other where not.
fn whole_numbers(epoch: &Epoch, name: &str) -> Result<Vec<u128>, Refusal> {
    let bad = |row: usize, number: String| {
        let node = epoch.node_ids().get(row).map_or("", String::as_str);
        Refusal::NoAnswer(format!(
            "`{name}` of `{node}` is `{number}`: it must be a whole number, kept exactly"
        ))
    };
    if let Some(values) = epoch.node_metric(name) {
        let numbers = values.iter().enumerate().map(|(row, value)| {
            let whole = (0.0..MAX_EXACT).contains(value) && value.fract() == 0.0;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole, from 0 to 2^53"
            )]
            whole.then_some(*value as u128).ok_or_else(|| bad(row, value.to_string()))
        });
        return numbers.collect();
    }
    let Some(label) = epoch.node_label(name) else {
        return Err(Refusal::NoAnswer(format!("the epoch has no node metric `{name}`")));
    };
    let numbers = (0..label.rows().len()).map(|row| {
        let word = label.word(row);
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        match word {
            "" => Ok(0),
            _ if digits => word.parse().map_err(|_| bad(row, word.to_owned())),
            _ => Err(bad(row, word.to_owned())),
        }
    });
    numbers.collect()
}

fn too_large() -> Refusal {
    Refusal::no_answer("votes, voice credits and the pool are together too large to be multiplied exactly")
}

#[cfg(test)]
mod tests {
    use apportion_guest::exact::MAX_WHOLE;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_numbers_divide() {
        assert_eq!(product_over(u128::MAX, MAX_WHOLE, MAX_WHOLE), Some(u128::MAX));
        assert_eq!(product_over(u128::MAX, MAX_WHOLE - 1, MAX_WHOLE), Some(u128::MAX - 4));
        assert_eq!(product_over(u128::MAX, 2, 1), None);
        assert_eq!(product_over(u128::MAX, u128::MAX, MAX_WHOLE), None);
        assert_eq!(product_over(1, 1, 0), None);
        assert_eq!(product_over(1, 1, MAX_WHOLE + 1), None);
    }

    proptest! {
        #[test]
        fn small_ones_are_as_the_machine_says(a: u64, b: u64, c in 1..u64::MAX) {
            let (a, b, c) = (u128::from(a), u128::from(b), u128::from(c));
            prop_assert_eq!(product_over(a, b, c), Some(a * b / c));
        }

        /// What is multiplied and divided by the same number comes back, through products of up to 256 bits.
        #[test]
        fn large_ones_come_back(a: u128, c in 1..MAX_WHOLE, less: u128) {
            prop_assert_eq!(product_over(a, c, c), Some(a));
            let b = less % c;
            let quotient = product_over(a, b, c).unwrap();
            prop_assert!(quotient <= a);
            prop_assert_eq!(product_over(b, a, c), Some(quotient));
        }
    }
}
