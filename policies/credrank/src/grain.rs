//! SourceCred's grain policies, to the base unit: what is divided, by which scores, in which order.

use apportion_guest::{Epoch, NO_PAYEE, Refusal};

use crate::memory::Memory;
use crate::parameters::Rule;
use crate::weeks::{Lookback, Weeks};

/// The cred of each payee in each week.
#[derive(Clone, Debug)]
pub(crate) struct Cred {
    pub(crate) weeks: Weeks,
    /// One row per payee, one number per week.
    pub(crate) by_payee: Vec<Vec<f64>>,
}

impl Cred {
    /// The sum over the weeks looked back on, by payee: oldest first.
    pub(crate) fn within(&self, lookback: Lookback) -> Vec<f64> {
        let sum = |cred: &Vec<f64>| {
            let weeks = self.weeks.numbered().filter(|(week, _)| lookback.has(*week));
            weeks.fold(0.0, |sum, (_, place)| sum + cred[place])
        };
        self.by_payee.iter().map(sum).collect()
    }

    /// The sum over all complete weeks, each of which counts for `1 - discount` of the next.
    fn discounted(&self, end: i64, discount: f64) -> Vec<f64> {
        let complete = Lookback::until(end, 0);
        let sum = |cred: &Vec<f64>| {
            let weeks = self.weeks.numbered().filter(|(week, _)| complete.has(*week));
            weeks.fold(0.0, |sum, (_, place)| sum * (1.0 - discount) + cred[place])
        };
        self.by_payee.iter().map(sum).collect()
    }
}

/// What grain policies divide by.
pub(crate) struct Grain<'a> {
    pub(crate) epoch: &'a Epoch,
    pub(crate) cred: &'a Cred,
    pub(crate) memory: &'a Memory,
    /// The rows of the payees in the order of division.
    pub(crate) order: Vec<usize>,
}

impl Grain<'_> {
    /// What each payee gets of `budget` by a rule, together at most that.
    pub(crate) fn divide(&self, rule: &Rule, budget: u128) -> Result<Vec<u128>, Refusal> {
        let end = self.epoch.window().1;
        let payees = self.epoch.payees();
        match rule {
            Rule::Immediate { weeks, .. } => {
                if *weeks == 0 {
                    return Err(Refusal::bad_parameters("`immediate` looks back on 1 week or more"));
                }
                Ok(split(budget, &self.cred.within(Lookback::until(end, *weeks)), &self.order))
            }
            Rule::Recent { discount, exclude, .. } => {
                let is_in = |row: &usize| !exclude.contains(&payees[*row]);
                let order: Vec<usize> = self.order.iter().copied().filter(is_in).collect();
                Ok(split(budget, &self.cred.discounted(end, discount.get()), &order))
            }
            Rule::Balanced { weeks, .. } => {
                let lookback = Lookback::until(end, *weeks);
                let earned: Vec<u128> =
                    payees.iter().map(|payee| self.memory.earned(payee, lookback)).collect();
                let underpaid = self.underpaid(budget, &self.cred.within(lookback), &earned)?;
                Ok(split(budget, &underpaid, &self.order))
            }
            Rule::Special { recipient, .. } => {
                if !payees.contains(recipient) {
                    return Err(Refusal::NoAnswer(format!("`{recipient}` is no payee of the epoch")));
                }
                Ok(payees.iter().map(|payee| if payee == recipient { budget } else { 0 }).collect())
            }
            Rule::Recorded { label, .. } => recorded(self.epoch, label, budget),
        }
    }

    /// What each payee has earned less than its cred would have given it, had the budget and all that was earned been
    /// divided by cred: whole base units, as doubles.
    fn underpaid(&self, budget: u128, cred: &[f64], earned: &[u128]) -> Result<Vec<f64>, Refusal> {
        let in_order = self.order.iter();
        let total_cred = in_order.fold(0.0, |sum, row| sum + cred[*row]);
        let total = earned.iter().try_fold(budget, |sum, earned| sum.checked_add(*earned));
        let Some(total) = total else {
            return Err(Refusal::no_answer(
                "what was earned and the pool are together more than 2^128 base units",
            ));
        };
        if total_cred <= 0.0 {
            return Ok(vec![0.0; cred.len()]);
        }
        // May be beyond 128 bits where cred is tiny; its product with anyone's cred is not.
        let per_cred = (total as f64 * (1.0 / total_cred)).floor();
        let underpaid = |(cred, earned): (&f64, &u128)| whole(per_cred * cred).saturating_sub(*earned) as f64;
        Ok(cred.iter().zip(earned).map(underpaid).collect())
    }
}

/// The pool in portions: rounded down, what is left one base unit each to the first ones.
pub(crate) fn portions(pool: u128, rules: &[Rule]) -> Result<Vec<u128>, Refusal> {
    let whole: u128 = rules.iter().map(|rule| u128::from(rule.portion().get())).sum();
    let portion = |rule: &Rule| {
        let portion = u128::from(rule.portion().get());
        // pool * portion / whole without leaving 128 bits: whole is below 2^68, the pool's remainder by it too.
        (pool / whole).checked_mul(portion)?.checked_add((pool % whole).checked_mul(portion)? / whole)
    };
    let portions: Option<Vec<u128>> = rules.iter().map(portion).collect();
    let Some(mut portions) = portions else {
        return Err(Refusal::bad_parameters("the portions are too large for this pool"));
    };
    let left = pool - portions.iter().sum::<u128>();
    for portion in portions.iter_mut().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        *portion += 1;
    }
    Ok(portions)
}

/// Divides a budget in proportion to scores, one payee after the other: each gets its part, by doubles and rounded
/// down, of what those before it have left; what rounding leaves at the end goes to the last. Other orders differ by
/// some base units. Where nobody has a score, nobody gets anything.
fn split(budget: u128, scores: &[f64], order: &[usize]) -> Vec<u128> {
    let mut amounts = vec![0; scores.len()];
    let mut scores_left = order.iter().fold(0.0, |sum, row| sum + scores[*row]);
    let Some(last) = order.last().filter(|_| scores_left > 0.0) else { return amounts };
    let mut left = budget;
    for row in order.iter().filter(|row| scores[**row] > 0.0) {
        let part = scores[*row] / scores_left;
        // The double of `left` can be more than `left`, and `scores_left` can be used up by rounding.
        let amount = if part < 1.0 { whole(left as f64 * part).min(left) } else { left };
        amounts[*row] = if scores_left == 0.0 { 0 } else { amount };
        left -= amounts[*row];
        scores_left -= scores[*row];
    }
    amounts[*last] += left;
    amounts
}

/// A number of base units, 0 or more, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounding down is meant; it saturates"
)]
fn whole(number: f64) -> u128 {
    number as u128
}

/// What the nodes' label says that their payees were paid.
fn recorded(epoch: &Epoch, name: &str, budget: u128) -> Result<Vec<u128>, Refusal> {
    let Some(label) = epoch.node_label(name) else {
        return Err(Refusal::NoAnswer(format!("the epoch has no node label `{name}`")));
    };
    let mut amounts = vec![0_u128; epoch.payees().len()];
    let mut left = budget;
    for (row, payee) in epoch.node_payee().iter().enumerate().filter(|(_, payee)| **payee != NO_PAYEE) {
        let word = label.word(row);
        if word.is_empty() {
            continue;
        }
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        let Some(amount) = word.parse::<u128>().ok().filter(|_| digits) else {
            let node = &epoch.node_ids()[row];
            return Err(Refusal::NoAnswer(format!(
                "the label `{name}` of node `{node}` is `{word}`: it must be a number of base units"
            )));
        };
        let Some(rest) = left.checked_sub(amount) else {
            return Err(Refusal::NoAnswer(format!(
                "the label `{name}` records more than the {budget} to divide"
            )));
        };
        left = rest;
        amounts[*payee as usize] += amount;
    }
    Ok(amounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(portions: &[u64]) -> Vec<Rule> {
        let rule = |portion: &u64| Rule::Balanced { portion: (*portion).try_into().unwrap(), weeks: 0 };
        portions.iter().map(rule).collect()
    }

    #[test]
    fn portions_are_the_pool() {
        assert_eq!(portions(10, &rules(&[1, 1, 1])).unwrap(), [4, 3, 3]);
        assert_eq!(portions(u128::MAX, &rules(&[1])).unwrap(), [u128::MAX]);
        assert_eq!(portions(3_000, &rules(&[1_000, 500])).unwrap(), [2_000, 1_000]);
        for pool in [0, 7, u128::MAX] {
            let divided = portions(pool, &rules(&[u64::MAX >> 11, 1, 3])).unwrap();
            assert_eq!(divided.iter().sum::<u128>(), pool);
        }
    }

    /// Worked by hand, in the order given.
    #[test]
    fn a_budget_is_split_one_after_the_other() {
        // 10 / 3 = 3; of the 7 left a half is 3; the last gets the rest. In the other order the last is another.
        assert_eq!(split(10, &[1.0, 1.0, 1.0], &[0, 1, 2]), [3, 3, 4]);
        assert_eq!(split(10, &[1.0, 1.0, 1.0], &[2, 1, 0]), [4, 3, 3]);
        assert_eq!(split(10, &[0.0, 5.0, 0.0], &[0, 1, 2]), [0, 10, 0]);
        // As doubles 0.1 + 0.2 - 0.1 is more than 0.2, so that 1 is left of 10^17 and goes to who is last.
        assert_eq!(split(10, &[0.1, 0.2, 0.0], &[0, 1, 2]), [3, 6, 1]);
        assert_eq!(split(10, &[0.0, 0.0], &[0, 1]), [0, 0]);
    }

    /// The double of 2^53 + 3 is 2^53 + 4, and with nearly all scores the product rounds up to it.
    #[test]
    fn nobody_gets_more_than_is_left() {
        let budget = (1 << 53) + 3;
        for scores in [[1e300, 1.0], [1.0, 1e-17], [1e16, 1.0], [0.1, 0.2]] {
            assert_eq!(split(budget, &scores, &[0, 1]).iter().sum::<u128>(), budget, "{scores:?}");
        }
    }
}
