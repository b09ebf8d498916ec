//! Rank centrality.

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Factor, Refusal};

use crate::comparisons::{Comparisons, Ties};

/// How often one stands at each project who keeps walking to preferred ones.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct RankCentrality {
    /// As if each of two that were compared had won so many comparisons more against the other; 0: nothing is added.
    #[serde(default)]
    pub prior: Factor,
}

/// The most projects whose chain is solved: it takes the cube of their number in steps.
const MAX_PROJECTS: usize = 2_000;

impl RankCentrality {
    /// The centrality of each project; they sum to 1.
    ///
    /// From a project the walk goes to each one that it was compared with, at the part of those comparisons that the other
    /// won (half of the ties among them). The paper divides these parts by the largest number of opponents, so that the
    /// walk rests now and then, which changes no proportion of the stationary distribution; it is left out here.
    pub(crate) fn centralities(&self, comparisons: &Comparisons<'_>) -> Result<Vec<f64>, Refusal> {
        let (size, prior) = (comparisons.len(), self.prior.get());
        if size > MAX_PROJECTS {
            return Err(Refusal::NoAnswer(format!(
                "{size} projects are compared, and rank centrality takes at most {MAX_PROJECTS}"
            )));
        }
        if prior == 0.0 {
            comparisons.require_strongly_connected(Ties::Count)?;
        } else {
            comparisons.require_connected()?;
        }
        let mut rates = vec![vec![0.0; size]; size];
        for pair in comparisons.pairs() {
            let all = pair.a_won + pair.b_won + pair.tied + 2.0 * prior;
            rates[pair.a][pair.b] = (pair.b_won + pair.tied / 2.0 + prior) / all;
            rates[pair.b][pair.a] = (pair.a_won + pair.tied / 2.0 + prior) / all;
        }
        stationary(rates)
    }
}

/// The stationary distribution of a walk with these rates, by the elimination of W. Grassmann, M. Taksar, D. Heyman,
/// "Regenerative Analysis and Steady State Distributions for Markov Chains", Operations Research 33(5), 1985: without a
/// subtraction, so that every digit holds however slowly the walk mixes.
fn stationary(mut rates: Vec<Vec<f64>>) -> Result<Vec<f64>, Refusal> {
    for last in (1..rates.len()).rev() {
        let (before, after) = rates.split_at_mut(last);
        let from_last = &after[0][..last];
        let leaving: f64 = from_last.iter().sum();
        // Only if rates are so different that some vanish beside others.
        if leaving.is_nan() || leaving <= 0.0 {
            return Err(Refusal::no_answer(
                "the weights of the comparisons differ too much for the walk to be computed",
            ));
        }
        for rates in before {
            rates[last] /= leaving;
            let to_last = rates[last];
            if to_last > 0.0 {
                for (rate, onward) in rates.iter_mut().zip(from_last) {
                    *rate += to_last * onward;
                }
            }
        }
    }
    let mut visits = vec![1.0; rates.len()];
    for last in 1..rates.len() {
        visits[last] = (0..last).map(|from| visits[from] * rates[from][last]).sum();
    }
    let sum: f64 = visits.iter().sum();
    Ok(visits.into_iter().map(|visit| visit / sum).collect())
}
