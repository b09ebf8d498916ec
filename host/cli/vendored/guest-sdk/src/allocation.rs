use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// How a policy divides the pool. The engine makes the payouts, exactly: no policy can mint, lose or misround.
///
/// ```
/// use apportion_guest::Allocation;
///
/// // A third stays in the treasury.
/// let allocation = Allocation::by_weight(vec![1, 1]).retain(1);
/// // Scores of a formula in floating point: see `from_scores` and `from_amounts`.
/// let allocation = Allocation::from_scores(&[0.5, 1.5])?.measure("points", vec![5.0, 15.0]);
/// assert_eq!(allocation.shares(), [0.25, 0.75]);
/// # Ok::<(), apportion_guest::Refusal>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// The shares or the amounts.
    pub division: Division,
    /// Numbers per payee that explain the split; at most 32, of different names.
    pub measures: Vec<Measure>,
    /// Handed to the policy at the next epoch. Empty: nothing.
    pub carry: Vec<u8>,
}

/// A share for each payee, or an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Division {
    /// In proportion to weights.
    ByWeight {
        /// One weight per payee, in payee order; only proportions count.
        shares: Vec<u64>,
        /// The weight of what stays in the treasury. All weights 0: the whole pool stays.
        retained: u64,
    },
    /// Fixed amounts in base units, one per payee, together at most the pool. The rest stays in the treasury.
    ByAmount(Vec<u128>),
}

/// A named number per payee that explains the split: kept with the payouts and shown to people.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Lower-case words joined by hyphens, at most 64 bytes: `package-connections`.
    pub name: String,
    /// One finite number per payee, in payee order.
    pub values: Vec<f64>,
}

/// A policy may decline. Its sentence, at most 4,096 bytes, is shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The parameters contradict each other in a way that the schema cannot say.
    BadParameters(String),
    /// The rule has no answer for this epoch: no eligible payee, a label it needs is missing...
    NoAnswer(String),
}

/// A score that cannot become a weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BadScore {
    /// The payee's row; `None` for what the treasury retains.
    pub payee: Option<usize>,
    /// NaN, infinite or negative.
    pub score: f64,
}

/// What amounts may fall short of the pool by before the difference is retained, as a part of the pool. A sum of
/// doubles over a million payees stays well within it, and 1e-9 of a pool is nobody's payout.
const SUM_TOLERANCE: f64 = 1e-9;

impl Allocation {
    /// Divides in proportion to weights, one per payee. All of them 0: the whole pool stays in the treasury.
    pub fn by_weight(shares: Vec<u64>) -> Self {
        let division = Division::ByWeight { shares, retained: 0 };
        Self { division, measures: Vec::new(), carry: Vec::new() }
    }

    /// Pays fixed amounts in base units, one per payee, together at most the pool: more is the policy's fault.
    pub fn by_amount(amounts: Vec<u128>) -> Self {
        Self { division: Division::ByAmount(amounts), measures: Vec::new(), carry: Vec::new() }
    }

    /// Divides in proportion to scores, one per payee, each finite and 0 or more, in any unit.
    ///
    /// # Errors
    /// [`Refusal::NoAnswer`] for a score that is NaN, infinite or negative.
    pub fn from_scores(scores: &[f64]) -> Result<Self, Refusal> {
        Ok(Self::by_weight(weights_from_scores(scores)?))
    }

    /// Divides a pool of `pool` whole units so that each payee gets its amount in whole units, and the treasury
    /// what they leave of the pool if that is more than 1e-9 of it (less is the rounding of the sum).
    ///
    /// For a formula in floating point. The payouts differ from the amounts by that rounding at most, so that one at
    /// a cap can be a few base units above it; a rule that knows its amounts to the base unit returns
    /// [`by_amount`](Self::by_amount).
    ///
    /// ```
    /// use apportion_guest::{Allocation, Division};
    ///
    /// let allocation = Allocation::from_amounts(&[10.0, 30.0], 80.0)?;
    /// assert_eq!(allocation.shares(), [0.125, 0.375]);
    /// assert!(Allocation::from_amounts(&[10.0, 80.0], 80.0).is_err());
    /// # Ok::<(), apportion_guest::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// [`Refusal::NoAnswer`] for an amount that is NaN, infinite or negative, and for amounts that exceed the pool by
    /// more than 1e-9 of it.
    pub fn from_amounts(amounts: &[f64], pool: f64) -> Result<Self, Refusal> {
        let total: f64 = amounts.iter().sum();
        if total > pool * (1.0 + SUM_TOLERANCE) {
            let sentence = alloc::format!("the amounts sum to {total}, more than the pool of {pool}");
            return Err(Refusal::NoAnswer(sentence));
        }
        let rest = pool - total;
        let retained = if rest > pool * SUM_TOLERANCE { rest } else { 0.0 };
        let (shares, retained) = scale_to_integers(amounts, retained)?;
        let division = Division::ByWeight { shares, retained };
        Ok(Self { division, measures: Vec::new(), carry: Vec::new() })
    }

    /// Adds a measure: one finite number per payee, in payee order, that explains the split.
    #[must_use]
    pub fn measure(mut self, name: impl Into<String>, values: Vec<f64>) -> Self {
        self.measures.push(Measure { name: name.into(), values });
        self
    }

    /// Hands bytes to this policy at the next epoch. Only a policy that is [stateful](crate::Policy::STATEFUL) may.
    #[must_use]
    pub fn carry(mut self, carry: Vec<u8>) -> Self {
        self.carry = carry;
        self
    }

    /// Leaves a share of the pool in the treasury, in the unit of the weights. Amounts need no such word: what they
    /// leave is retained, and this changes nothing.
    #[must_use]
    pub fn retain(mut self, weight: u64) -> Self {
        if let Division::ByWeight { retained, .. } = &mut self.division {
            *retained = weight;
        }
        self
    }

    /// Each payee's part of the pool, from 0 to 1, for tests and displays; empty for amounts, whose pool is not known
    /// here. In a division by weights that are all 0 each part is 0.
    pub fn shares(&self) -> Vec<f64> {
        let Division::ByWeight { shares, retained } = &self.division else { return Vec::new() };
        let total: u128 = shares.iter().copied().map(u128::from).sum::<u128>() + u128::from(*retained);
        let part = |share: &u64| if total == 0 { 0.0 } else { *share as f64 / total as f64 };
        shares.iter().map(part).collect()
    }
}

impl Refusal {
    /// The parameters contradict each other in a way that the schema cannot say.
    pub fn bad_parameters(sentence: impl Into<String>) -> Self {
        Self::BadParameters(sentence.into())
    }

    /// The rule has no answer for this epoch.
    pub fn no_answer(sentence: impl Into<String>) -> Self {
        Self::NoAnswer(sentence.into())
    }
}

/// Integer weights in the proportions of `scores`, the same on every machine.
///
/// Every score is multiplied by the one power of two that brings the largest between 2^61 and 2^62, then rounded to
/// the nearest integer, ties to even. A multiplication by a power of two is exact, so two equal scores have equal
/// weights, and a score is off by at most half a unit in 2^61: less than one base unit of any pool under 2^61. All
/// scores 0: all weights 0.
///
/// ```
/// use apportion_guest::weights_from_scores;
/// assert_eq!(weights_from_scores(&[0.75, 0.25, 0.0])?, [3 << 60, 1 << 60, 0]);
/// assert!(weights_from_scores(&[1.0, f64::NAN]).is_err());
/// # Ok::<(), apportion_guest::BadScore>(())
/// ```
///
/// # Errors
/// The first score that is NaN, infinite or negative.
pub fn weights_from_scores(scores: &[f64]) -> Result<Vec<u64>, BadScore> {
    scale_to_integers(scores, 0.0).map(|(weights, _)| weights)
}

fn scale_to_integers(scores: &[f64], retained: f64) -> Result<(Vec<u64>, u64), BadScore> {
    let mut largest = 0.0_f64;
    let all = scores.iter().enumerate().map(|(payee, score)| (Some(payee), *score));
    for (payee, score) in all.chain([(None, retained)]) {
        if !score.is_finite() || score < 0.0 {
            return Err(BadScore { payee, score });
        }
        largest = largest.max(score);
    }
    // `largest` is in [0.5, 1) * 2^exponent, or 0 with exponent 0.
    let (_, exponent) = libm::frexp(largest);
    let shift = 62 - exponent;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 2^62 after the scaling"
    )]
    let scaled = |score: f64| libm::rint(libm::ldexp(score, shift)) as u64;
    Ok((scores.iter().copied().map(scaled).collect(), scaled(retained)))
}

impl fmt::Display for BadScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let score = self.score;
        match self.payee {
            Some(payee) => {
                write!(f, "the score of payee {payee} is `{score}`: it must be finite and 0 or more")
            }
            None => write!(f, "the treasury's score is `{score}`: it must be finite and 0 or more"),
        }
    }
}

impl core::error::Error for BadScore {}

impl From<BadScore> for Refusal {
    fn from(bad: BadScore) -> Self {
        Self::NoAnswer(bad.to_string())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadParameters(sentence) => write!(f, "bad parameters: {sentence}"),
            Self::NoAnswer(sentence) => write!(f, "no answer: {sentence}"),
        }
    }
}

impl core::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_score_uses_62_bits_whatever_its_size() {
        for largest in [f64::MIN_POSITIVE / 8.0, 1e-300, 0.3, 1.0, 1e9, f64::MAX] {
            let weights = weights_from_scores(&[largest, largest / 2.0]).unwrap();
            assert!((1 << 61..=1 << 62).contains(&weights[0]), "{largest}: {weights:?}");
            assert_eq!(weights[1], weights[0] / 2, "{largest}");
        }
        assert_eq!(weights_from_scores(&[0.0, 0.0]).unwrap(), [0, 0]);
        assert_eq!(weights_from_scores(&[]).unwrap(), [0; 0]);
    }

    #[test]
    fn a_score_that_is_no_share_is_refused_by_row() {
        for score in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(weights_from_scores(&[1.0, score]).unwrap_err().payee, Some(1));
            assert!(Allocation::from_amounts(&[score], 1.0).is_err());
        }
    }

    #[test]
    fn amounts_that_fill_the_pool_leave_nothing_to_the_treasury() {
        let amounts = [0.1; 10];
        assert!(amounts.iter().sum::<f64>() != 1.0, "the sum must be inexact for this test to say something");
        let allocation = Allocation::from_amounts(&amounts, 1.0).unwrap();
        assert!(matches!(allocation.division, Division::ByWeight { retained: 0, .. }));
    }
}
