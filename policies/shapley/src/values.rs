//! From the values of payees to the division of the pool, with what is not certain about it.

use apportion_guest::{Allocation, Epoch, Refusal, math, weights_from_scores};

use crate::exact::PARTS;
use crate::parameters::Negative;

/// How many standard errors to each side of a measured amount make its interval: 95 % of a normal distribution.
const STANDARD_ERRORS: f64 = 1.959_963_984_540_054;

/// The Shapley value of each payee.
pub(crate) struct Values {
    /// By payee, in units: whole multiples of 1/[`PARTS`], counted.
    pub(crate) exact: Vec<i128>,
    /// By payee, in units: what is added to that, to the nearest double.
    pub(crate) rest: Vec<f64>,
    /// The unit.
    pub(crate) unit: f64,
    /// What is not certain.
    pub(crate) uncertainty: Uncertainty,
}

/// What is not certain about values.
pub(crate) enum Uncertainty {
    /// Nothing: they follow from the epoch.
    None,
    /// They are estimated from some of the orders.
    Sampled(Sampled),
    /// They follow from measurements that have errors: each is told to a [`Spread`].
    Measured(Box<dyn Fn(&mut Spread)>),
}

/// By payee, in units.
pub(crate) struct Sampled {
    pub(crate) standard_error: Vec<f64>,
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    /// What all values sum to, which is known.
    pub(crate) sum: f64,
}

impl Uncertainty {
    /// That of measurements.
    pub(crate) fn of(measurements: Vec<Measurement>) -> Self {
        Self::Measured(Box::new(move |spread| measurements.iter().for_each(|one| spread.add(one))))
    }
}

impl Values {
    pub(crate) fn none(epoch: &Epoch, unit: f64) -> Self {
        let payees = epoch.payees().len();
        Self { exact: vec![0; payees], rest: vec![0.0; payees], unit, uncertainty: Uncertainty::None }
    }

    /// By payee, in units, to the nearest double.
    pub(crate) fn in_units(&self) -> impl Iterator<Item = f64> {
        self.exact.iter().zip(&self.rest).map(|(exact, rest)| *exact as f64 / PARTS as f64 + rest)
    }

    /// Divides the pool in proportion to the values above 0.
    pub(crate) fn divide(self, epoch: &Epoch, negative: Negative) -> Result<Allocation, Refusal> {
        let values: Vec<f64> = self.in_units().map(|value| value * self.unit).collect();
        let payees = || epoch.payees().iter().zip(&values);
        if let Some((payee, value)) = payees().find(|(_, value)| !value.is_finite()) {
            return Err(Refusal::NoAnswer(format!(
                "the value of `{payee}` would be `{value}`: give smaller numbers"
            )));
        }
        if let Some((payee, value)) =
            payees().find(|(_, value)| negative == Negative::Refused && **value < 0.0)
        {
            return Err(Refusal::NoAnswer(format!("the value of `{payee}` is `{value}`, below 0")));
        }
        if values.iter().all(|value| *value <= 0.0) {
            return Err(Refusal::no_answer("no payee has a value above 0"));
        }
        let retains = negative == Negative::Retained;
        let (shares, retained) = if self.rest.iter().all(|rest| *rest == 0.0) {
            whole_weights(&self.exact, retains)
        } else {
            weights(&values, retains)?
        };
        let allocation = Allocation::by_weight(shares).retain(retained);
        Ok(self.explain(epoch, allocation, values, retains))
    }

    /// The measures: the values, and where they are not certain how far off they may be, and the amounts with them.
    fn explain(&self, epoch: &Epoch, allocation: Allocation, values: Vec<f64>, retains: bool) -> Allocation {
        let pool = epoch.pool_in_units();
        let amounts = |shares: Vec<f64>| shares.iter().map(|share| pool * share.clamp(0.0, 1.0)).collect();
        let (standard_error, lower, upper) = match &self.uncertainty {
            Uncertainty::None => return allocation.measure("value", values),
            Uncertainty::Sampled(sampled) => {
                let shares = |bounds: &[f64]| bounds.iter().map(|bound| bound / sampled.sum).collect();
                let standard_error = sampled.standard_error.iter().map(|error| error * self.unit).collect();
                (standard_error, shares(&sampled.lower), shares(&sampled.upper))
            }
            Uncertainty::Measured(errors) => {
                let mut spread = Spread::new(&values, retains);
                errors(&mut spread);
                spread.intervals(&values)
            }
        };
        allocation
            .measure("value", values)
            .measure("standard-error", standard_error)
            .measure("amount-lower", amounts(lower))
            .measure("amount-upper", amounts(upper))
    }
}

/// Weights in exactly the proportions of values, as long as these fit: in lowest terms, and only what is then still
/// longer than 63 bits is rounded.
fn whole_weights(values: &[i128], retains: bool) -> (Vec<u64>, u64) {
    let shares = values.iter().map(|value| u128::try_from(*value).unwrap_or(0));
    let harm: u128 = values.iter().filter(|value| **value < 0).map(|value| value.unsigned_abs()).sum();
    let mut all: Vec<u128> = shares.chain([if retains { harm } else { 0 }]).collect();
    let divisor = all.iter().copied().fold(0, greatest_common_divisor).max(1);
    for weight in &mut all {
        *weight /= divisor;
    }
    let largest = all.iter().copied().max().unwrap_or(0);
    let too_long = (u128::BITS - largest.leading_zeros()).saturating_sub(63);
    let half = if too_long == 0 { 0 } else { 1 << (too_long - 1) };
    let mut all =
        all.into_iter().map(|weight| u64::try_from((weight + half) >> too_long).unwrap_or(u64::MAX));
    let shares = all.by_ref().take(values.len()).collect();
    (shares, all.next().unwrap_or(0))
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Weights in the proportions of values, to the nearest.
fn weights(values: &[f64], retains: bool) -> Result<(Vec<u64>, u64), Refusal> {
    let harm: f64 = values.iter().map(|value| (-value).max(0.0)).sum();
    let mut all: Vec<f64> = values.iter().map(|value| value.max(0.0)).collect();
    all.push(if retains { harm } else { 0.0 });
    let mut shares = weights_from_scores(&all)?;
    let retained = shares.pop().unwrap_or(0);
    Ok((shares, retained))
}

/// A measurement that has an error.
pub(crate) struct Measurement {
    /// Its coefficient in the values of some payees, each of them once.
    pub(crate) coefficients: Vec<(u32, f64)>,
    /// The square of its standard error.
    pub(crate) variance: f64,
}

/// How errors of independent measurements spread to values and shares, by the delta method: a value is a sum of
/// measurements, each times a coefficient, and a share is the quotient of a value and a sum of values, which is taken as
/// linear near what was measured.
pub(crate) struct Spread {
    /// By payee: how its value enters the sum that is divided by: 1, 0 or -1.
    sign: Vec<f64>,
    /// That sum.
    sum: f64,
    /// By payee: the variance of its value, and its covariance with the sum.
    variance: Vec<f64>,
    covariance: Vec<f64>,
    /// The variance of the sum.
    of_sum: f64,
}

impl Spread {
    fn new(values: &[f64], retains: bool) -> Self {
        let below = if retains { -1.0 } else { 0.0 };
        let sign = |value: &f64| if *value > 0.0 { 1.0 } else { below };
        let sign: Vec<f64> = values.iter().map(sign).collect();
        let sum = values.iter().zip(&sign).map(|(value, sign)| value * sign).sum();
        let (variance, covariance) = (vec![0.0; values.len()], vec![0.0; values.len()]);
        Self { sign, sum, variance, covariance, of_sum: 0.0 }
    }

    pub(crate) fn add(&mut self, measurement: &Measurement) {
        let Measurement { coefficients, variance } = measurement;
        let in_sum: f64 = coefficients.iter().map(|(payee, by)| by * self.sign[*payee as usize]).sum();
        for (payee, by) in coefficients {
            self.variance[*payee as usize] += by * by * variance;
            self.covariance[*payee as usize] += by * in_sum * variance;
        }
        self.of_sum += in_sum * in_sum * variance;
    }

    /// The standard error of each value; the lower and the upper end of each share.
    fn intervals(&self, values: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let errors = self.variance.iter().map(|variance| math::sqrt(*variance)).collect();
        let interval = |payee: usize| {
            let share = values[payee] / self.sum;
            let variance =
                self.variance[payee] - 2.0 * share * self.covariance[payee] + share * share * self.of_sum;
            let margin = STANDARD_ERRORS * math::sqrt(variance.max(0.0)) / self.sum;
            (share - margin, share + margin)
        };
        let (lower, upper) = (0..values.len()).map(interval).unzip();
        (errors, lower, upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_in_lowest_terms_and_rounded_only_where_they_are_too_long() {
        assert_eq!(whole_weights(&[4 << 90, 1 << 90, 0], false), (vec![4, 1, 0], 0));
        assert_eq!(whole_weights(&[6, -4, 2], true), (vec![3, 0, 1], 2));
        let (shares, retained) = whole_weights(&[(1 << 100) + 1, 1 << 99], false);
        assert_eq!((shares, retained), (vec![1 << 62, 1 << 61], 0));
    }

    /// Of two values a and b that were measured apart, the share of a has the derivatives b/s^2 and -a/s^2.
    #[test]
    fn errors_spread_as_the_derivatives_say() {
        let values = [3.0, 1.0];
        let mut spread = Spread::new(&values, false);
        spread.add(&Measurement { coefficients: vec![(0, 1.0)], variance: 0.04 });
        spread.add(&Measurement { coefficients: vec![(1, 1.0)], variance: 0.01 });
        let (errors, lower, upper) = spread.intervals(&values);
        assert_eq!(errors, [0.2, 0.1]);
        let margin = STANDARD_ERRORS * (0.04_f64 / 256.0 + 0.01 * 9.0 / 256.0).sqrt();
        for (share, (lower, upper)) in [0.75, 0.25].into_iter().zip(lower.iter().zip(&upper)) {
            assert!((share - margin - lower).abs() < 1e-12 && (share + margin - upper).abs() < 1e-12);
        }
        // What all values have in common changes no share.
        let mut spread = Spread::new(&values, false);
        spread.add(&Measurement { coefficients: vec![(0, 3.0), (1, 1.0)], variance: 0.01 });
        let (_, lower, upper) = spread.intervals(&values);
        assert!(lower.iter().zip(&upper).all(|(lower, upper)| upper - lower < 1e-8));
    }
}
