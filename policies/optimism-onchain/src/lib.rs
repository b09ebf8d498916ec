#![doc = include_str!("../README.md")]
// What is indexed here are columns by rows of their own epoch: the contract and `Epoch` guarantee their lengths.

mod metrics;
mod parameters;

use apportion_guest::{Allocation, Epoch, Policy, Refusal, limits, math, scale};

use metrics::Metrics;
pub use parameters::{Limits, Parameters, Periods, Simulation, Variants};

/// The policy `optimism-onchain`.
#[derive(Clone, Copy, Debug)]
pub struct OptimismOnchain;

apportion_guest::export!(OptimismOnchain);

impl Policy for OptimismOnchain {
    type Parameters = Parameters;
    const NAME: &'static str = "optimism-onchain";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "On-chain projects by the adoption, growth and retention of their metrics from one \
        month to the next, as in Optimism's Retro Funding of season 7.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let simulation = &parameters.simulation;
        let eligible = metrics::eligible(epoch, simulation)?;
        let metrics = Metrics::of(epoch, &eligible, simulation)?;
        if metrics.projects.is_empty() {
            return Err(Refusal::no_answer("no eligible project has a weighted metric in the two periods"));
        }
        let scores = Scores::of(&metrics, simulation);
        let payees = Payees { epoch, projects: &metrics.projects };
        let Some(shares) = scale::normalise(&payees.sum(&scores.total)) else {
            return Err(Refusal::no_answer("no eligible project has a score above 0"));
        };
        let pool = epoch.pool_in_units();
        let (least, most) =
            (parameters.allocation.min_amount_per_project, parameters.allocation.max_share_per_project);
        let amounts = limits::in_descending_passes(&shares, pool, most.get(), least.get());
        let locked: Vec<f64> = metrics.projects.iter().map(|node| metrics.locked[*node as usize]).collect();
        let [adoption, growth, retention] = &scores.variants;
        Ok(Allocation::from_amounts(&amounts, pool)?
            .measure("score", shares)
            .measure("adoption", payees.sum(adoption))
            .measure("growth", payees.sum(growth))
            .measure("retention", payees.sum(retention))
            .measure("value-locked", payees.sum(&locked))
            .measure("eligible", count_of(epoch, &eligible)))
    }
}

/// Scores of the projects that have a row, in their order; of any scale.
struct Scores {
    /// For adoption, growth and retention: the metrics' scaled values, 0 to 1, times their weights, summed.
    variants: [Vec<f64>; 3],
    total: Vec<f64>,
}

impl Scores {
    fn of(metrics: &Metrics, simulation: &Simulation) -> Self {
        let count = metrics.projects.len();
        let weights = simulation.metric_variants;
        let weights = [weights.adoption.get(), weights.growth.get(), weights.retention.get()];
        let read: [fn(f64, f64) -> f64; 3] =
            [|_, current| current, |previous, current| (current - previous).max(0.0), f64::min];
        let mut variants = [vec![0.0; count], vec![0.0; count], vec![0.0; count]];
        let mut squares = vec![0.0; count];
        for metric in &metrics.of_name {
            let pairs = metrics.projects.iter().map(|node| *node as usize);
            let pairs: Vec<(f64, f64)> =
                pairs.map(|node| (metric.previous[node], metric.current[node])).collect();
            for ((read, weight), sums) in read.iter().zip(weights).zip(&mut variants) {
                let values: Vec<f64> =
                    pairs.iter().map(|(previous, current)| read(*previous, *current)).collect();
                let scaled = scaled(&values, simulation.percentile_cap);
                for ((scaled, sum), squares) in scaled.iter().zip(sums).zip(&mut squares) {
                    *sum += scaled * metric.weight;
                    let part = scaled * metric.weight * weight;
                    *squares += part * part;
                }
            }
        }
        let columns = (metrics.of_name.len() * read.len()) as f64;
        let maximum = simulation.tvl_maximum.get();
        let total = metrics.projects.iter().zip(squares).map(|(node, squares)| {
            let too_large = maximum > 0.0 && metrics.locked[*node as usize] > maximum;
            if too_large { 0.0 } else { math::sqrt(squares / columns) }
        });
        Self { total: total.collect(), variants }
    }
}

/// 0 to 1 over the projects, all 1 if all are equal: a metric that tells nobody apart favours nobody.
fn scaled(values: &[f64], percentile_cap: f64) -> Vec<f64> {
    if percentile_cap < 100.0 {
        scale::min_max(&scale::cap_at_percentile(values, percentile_cap), 1.0)
    } else {
        scale::min_max(values, 1.0)
    }
}

/// Values of the projects brought to the payees that own them.
struct Payees<'a> {
    epoch: &'a Epoch,
    projects: &'a [u32],
}

impl Payees<'_> {
    fn sum(&self, values: &[f64]) -> Vec<f64> {
        let mut by_payee = vec![0.0; self.epoch.payees().len()];
        for (project, value) in self.projects.iter().zip(values) {
            let payee = self.epoch.node_payee()[*project as usize];
            if let Some(sum) = by_payee.get_mut(payee as usize) {
                *sum += value;
            }
        }
        by_payee
    }
}

/// How many eligible projects each payee has.
fn count_of(epoch: &Epoch, eligible: &[bool]) -> Vec<f64> {
    let mut by_payee = vec![0.0; epoch.payees().len()];
    for (payee, eligible) in epoch.node_payee().iter().zip(eligible) {
        if let Some(count) = by_payee.get_mut(*payee as usize) {
            *count += f64::from(u8::from(*eligible));
        }
    }
    by_payee
}
