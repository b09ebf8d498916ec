//! Robust least squares of the logarithms of ratios.

use std::num::NonZeroU32;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Factor, Positive, Refusal, math};

use crate::comparisons::{Comparisons, Difference};
use crate::laplacian::Matrix;

/// The values that fit best what jurors say of ratios, outliers counting less.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct HuberLogs {
    /// Up to here a deviation counts by its square, beyond only by its size: a natural logarithm, so that 1 is a factor
    /// of 2.72.
    #[serde(default = "delta")]
    pub delta: Positive,
    /// As if every project had been compared so often with the average one and found equal; 0: nothing is added.
    #[serde(default)]
    pub prior: Factor,
    /// If the values are not settled after so many steps there is no answer.
    #[schemars(range(min = 1, max = 100_000))]
    #[serde(default = "max_iterations")]
    pub max_iterations: NonZeroU32,
}

/// The values are settled when a step changes no logarithm by more than this.
const TOLERANCE: f64 = 1e-10;

#[allow(clippy::expect_used, reason = "a constant above 0")]
fn delta() -> Positive {
    Positive::new(1.0).expect("above 0")
}

fn max_iterations() -> NonZeroU32 {
    const { NonZeroU32::new(10_000).unwrap() }
}

impl HuberLogs {
    /// The value of each project; they sum to 1.
    pub(crate) fn values(&self, comparisons: &Comparisons<'_>) -> Result<Vec<f64>, Refusal> {
        if self.prior.get() == 0.0 {
            comparisons.require_connected()?;
        }
        let differences = comparisons.differences()?;
        let mut logarithms = vec![0.0; comparisons.len()];
        // The first step is plain least squares: nothing is known of who is an outlier.
        let mut weights: Vec<f64> = differences.iter().map(|difference| difference.weight).collect();
        for _ in 0..self.max_iterations.get() {
            let before = logarithms.clone();
            self.fit(&differences, &weights, &mut logarithms)?;
            weights = differences.iter().map(|difference| self.weight(difference, &logarithms)).collect();
            let change = before.iter().zip(&logarithms).map(|(old, new)| (new - old).abs());
            if change.fold(0.0, f64::max) <= TOLERANCE {
                return Ok(values(&logarithms));
            }
        }
        Err(Refusal::NoAnswer(format!("the values did not settle in {} steps", self.max_iterations)))
    }

    /// Weighted least squares: the normal equations.
    fn fit(
        &self,
        differences: &[Difference],
        weights: &[f64],
        logarithms: &mut [f64],
    ) -> Result<(), Refusal> {
        let mut right = vec![0.0; logarithms.len()];
        let mut links = Vec::with_capacity(differences.len());
        for (difference, weight) in differences.iter().zip(weights) {
            right[difference.winner] += weight * difference.logarithm;
            right[difference.loser] -= weight * difference.logarithm;
            links.push((difference.winner, difference.loser, *weight));
        }
        Matrix { diagonal: self.prior.get(), links }.solve(&right, logarithms)
    }

    /// What makes a square of the loss: less for who deviates by more than delta.
    fn weight(&self, difference: &Difference, logarithms: &[f64]) -> f64 {
        let deviation = logarithms[difference.winner] - logarithms[difference.loser] - difference.logarithm;
        let delta = self.delta.get();
        difference.weight * if deviation.abs() > delta { delta / deviation.abs() } else { 1.0 }
    }
}

/// From logarithms, whose sum is free, to values that sum to 1.
fn values(logarithms: &[f64]) -> Vec<f64> {
    let largest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let values: Vec<f64> = logarithms.iter().map(|logarithm| math::exp(logarithm - largest)).collect();
    let sum: f64 = values.iter().sum();
    values.into_iter().map(|value| value / sum).collect()
}
