//! Values estimated: the mean of what a player adds over random orders in which the players come in.
//!
//! J. Castro, D. Gómez, J. Tejada, "Polynomial calculation of the Shapley value based on sampling", Computers & Operations
//! Research 36(5), 2009. That an order is left once little is to be gained is truncation: A. Ghorbani, J. Zou, "Data
//! Shapley: equitable valuation of data for machine learning", ICML 2019.

use apportion_guest::random::Random;
use apportion_guest::{Epoch, Refusal, math};

use crate::exact::Coalition;
use crate::network::{Fulfilled, Part, Seen};
use crate::parameters::{MOST_STEPS, Sampling};
use crate::players::Roster;
use crate::values::{Sampled, Values};

/// What drawing and joining a player costs, beside its nodes and edges.
const STEPS_OF_A_PLAYER: u64 = 8;

/// What sampling a part came to, by payee, in units.
pub(crate) struct Sample {
    pub(crate) mean: Vec<f64>,
    /// Of these and the exact values together.
    pub(crate) uncertainty: Sampled,
}

/// Estimates the values of a part. `exact` are the values that need no estimate.
///
/// # Errors
/// It would take too many steps; the confidence is 1.
pub(crate) fn sample(
    epoch: &Epoch,
    roster: &Roster,
    part: &Part,
    sampling: &Sampling,
    exact: &Values,
) -> Result<Sample, Refusal> {
    if sampling.confidence.get() >= 1.0 {
        return Err(Refusal::bad_parameters("no sample is certain: `confidence` must be below 1"));
    }
    // A walk through the part for each order, and one for each payee's interval.
    let players = part.players.len() as u64;
    let walk = part.network.size() + STEPS_OF_A_PLAYER * players;
    if walk.saturating_mul(u64::from(sampling.permutations) + players) > MOST_STEPS {
        let fit = (MOST_STEPS / walk).saturating_sub(players);
        let advice = if fit < 2 { "the graph is too large".to_owned() } else { format!("at most {fit} fit") };
        return Err(Refusal::NoAnswer(format!(
            "{} permutations of {players} players over {} nodes and edges take more than {MOST_STEPS} steps: {advice}",
            sampling.permutations,
            part.network.size()
        )));
    }
    let payee_of: Vec<u32> = part.players.iter().map(|player| roster.payee[*player as usize]).collect();
    let drawn = Drawn::from_seed(epoch, part, &payee_of, sampling);
    Ok(drawn.estimate(part, &payee_of, sampling, exact))
}

/// What was added in the orders that were drawn.
struct Drawn {
    /// By payee, in units.
    added: Vec<u128>,
    /// By payee: the squares of what it added in each order, as parts of what all add.
    squares: Vec<f64>,
    /// What all players of the part add, in units.
    whole: i128,
}

impl Drawn {
    fn from_seed(epoch: &Epoch, part: &Part, payee_of: &[u32], sampling: &Sampling) -> Self {
        let payees = epoch.payees().len();
        let mut fulfilled = Fulfilled::by_nobody(&part.network);
        let by_nobody = fulfilled.worth();
        let everyone = 0..part.players.len();
        everyone.clone().for_each(|player| fulfilled.join(player));
        let whole = fulfilled.worth() - by_nobody;
        everyone.clone().rev().for_each(|player| fulfilled.leave(player));

        #[expect(clippy::cast_possible_truncation, reason = "a part of a number of at most 2^88")]
        let enough = fulfilled.worth() + whole - (sampling.truncation.get() * whole as f64) as i128;
        let mut drawn = Self { added: vec![0; payees], squares: vec![0.0; payees], whole };
        let mut random = Random::new(epoch.seed());
        let mut order: Vec<usize> = everyone.collect();
        let mut added = vec![0_u128; payees];
        let mut adding = Vec::new();
        for _ in 0..sampling.permutations {
            random.shuffle(&mut order);
            let mut joined = 0;
            while fulfilled.worth() < enough {
                let Some(player) = order.get(joined).copied() else { break };
                joined += 1;
                let before = fulfilled.worth();
                fulfilled.join(player);
                let payee = payee_of[player];
                let gain = (fulfilled.worth() - before).unsigned_abs();
                if gain > 0 && added[payee as usize] == 0 {
                    adding.push(payee);
                }
                added[payee as usize] += gain;
            }
            for player in order[..joined].iter().rev() {
                fulfilled.leave(*player);
            }
            for payee in adding.drain(..) {
                let gain = std::mem::take(&mut added[payee as usize]);
                let part = gain as f64 / whole as f64;
                drawn.added[payee as usize] += gain;
                drawn.squares[payee as usize] += part * part;
            }
        }
        drawn
    }

    /// Means, standard errors, and intervals that hold all true values at once with the probability asked for.
    ///
    /// What a payee adds lies between 0 and what the outcomes are worth that may depend on it, so that the empirical
    /// Bernstein bound holds for any number of orders, not only for many: A. Maurer, M. Pontil, "Empirical Bernstein
    /// bounds and sample variance penalization", COLT 2009, theorem 4, on both sides, with an even part of the risk for
    /// every payee. Truncation leaves out at most what it allows.
    fn estimate(self, part: &Part, payee_of: &[u32], sampling: &Sampling, exact: &Values) -> Sample {
        let orders = f64::from(sampling.permutations);
        let whole = self.whole as f64;
        let exact: Vec<f64> = exact.in_units().collect();
        let mut players_of = vec![Vec::new(); exact.len()];
        for (player, payee) in (0..).zip(payee_of) {
            players_of[*payee as usize].push(player);
        }
        let uncertain = players_of.iter().filter(|players| !players.is_empty()).count();
        let risk = math::ln(4.0 * uncertain as f64 / (1.0 - sampling.confidence.get()));
        let mut sample = Sample {
            mean: vec![0.0; exact.len()],
            uncertainty: Sampled {
                standard_error: vec![0.0; exact.len()],
                lower: exact.clone(),
                upper: exact.clone(),
                sum: exact.iter().sum::<f64>() + whole,
            },
        };
        let mut seen = Seen::new(&part.network);
        for (payee, players) in players_of.iter().enumerate() {
            let most = part.network.ahead_of(players, &mut seen) as f64;
            let mean = self.added[payee] as f64 / orders;
            let in_whole = if whole > 0.0 { mean / whole } else { 0.0 };
            let variance = (self.squares[payee] - in_whole * in_whole * orders).max(0.0) / (orders - 1.0);
            let error = math::sqrt(variance / orders) * whole;
            let margin = error * math::sqrt(2.0 * risk) + 7.0 * most * risk / (3.0 * (orders - 1.0));
            let left_out = (sampling.truncation.get() * whole).min(most);
            let uncertainty = &mut sample.uncertainty;
            sample.mean[payee] = mean;
            uncertainty.standard_error[payee] = error;
            uncertainty.lower[payee] += (mean - margin).max(0.0);
            uncertainty.upper[payee] += (mean + margin + left_out).min(most);
        }
        sample
    }
}
