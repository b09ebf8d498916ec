//! What data points and data sets earned, brought to payees.

use apportion_guest::{Epoch, Refusal};

use crate::claims::groups;
use crate::ends::Ends;
use crate::fees::Earned;
use crate::parameters::Parameters;

/// What someone earned, and the ends of the interval around it; in the unit of the fees, each 0 or more.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) amount: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

impl Estimate {
    fn add(&mut self, other: Self, share: f64) {
        self.amount += other.amount * share;
        self.lower += other.lower * share;
        self.upper += other.upper * share;
    }
}

/// What the payees earned of `whole`, which is the data's part of all fees; and in the last row the treasury.
pub(crate) fn by_payee(
    epoch: &Epoch,
    parameters: &Parameters,
    ends: &Ends<'_>,
    earned: &Earned,
    whole: f64,
) -> Result<Vec<Estimate>, Refusal> {
    let (accounts, withheld) = accounts(parameters, ends, earned, whole);
    let points = Points::of(epoch, parameters, ends)?;
    let (of_nodes, of_payees) = accounts.split_at(accounts.len() - ends.treasury() - 1);
    let mut payees = of_payees.to_vec();
    let nothing = Estimate::default();
    // Nodes without points are a data set of their own.
    for (node, estimate) in of_nodes.iter().enumerate() {
        if *estimate != nothing && points.by_set[node] == 0.0 {
            ends.each_holder(node, 1.0, &mut |payee, share| payees[payee].add(*estimate, share));
        }
    }
    for (point, counts) in points.by_node.iter().enumerate() {
        for (set, part) in ends.sets_of(point) {
            if of_nodes[set] != nothing && points.by_set[set] > 0.0 {
                let share = counts * part / points.by_set[set];
                ends.each_holder(point, share, &mut |payee, share| payees[payee].add(of_nodes[set], share));
            }
        }
    }
    payees[ends.treasury()].add(Estimate { amount: withheld, lower: withheld, upper: withheld }, 1.0);
    Ok(payees)
}

/// What each account has in the end, and what stays in the treasury because of negative scores.
fn accounts(parameters: &Parameters, ends: &Ends<'_>, earned: &Earned, whole: f64) -> (Vec<Estimate>, f64) {
    let mut signed = vec![0.0; ends.accounts()];
    let mut size = vec![0.0; if earned.size.is_empty() { 0 } else { ends.accounts() }];
    for (of_points, of_accounts) in [(&earned.signed, &mut signed), (&earned.size, &mut size)] {
        for (point, amount) in of_points.iter().enumerate().filter(|(_, amount)| **amount != 0.0) {
            ends.each_account(point, *amount, &mut |account, part| of_accounts[account] += part);
        }
    }
    let mut withheld = 0.0;
    for (signed, size) in signed.iter().zip(&size) {
        // The same sums where no score was negative, and then exactly nothing.
        withheld += size - signed.max(0.0);
    }
    let estimate = |(account, signed): (usize, &f64)| {
        let error = earned.spread.as_ref().map_or(0.0, |spread| spread.standard_error(account));
        // An infinite error is one that nothing is known of, at whatever z; nobody earns more than all.
        let half = if error.is_finite() { parameters.z.get() * error } else { f64::INFINITY };
        let amount = signed.max(0.0);
        let upper = (signed + half).clamp(0.0, whole).max(amount);
        Estimate { amount, lower: (signed - half).max(0.0), upper }
    };
    (signed.iter().enumerate().map(estimate).collect(), withheld)
}

/// What data sets are divided by.
struct Points {
    /// What each data point counts: weight times quality, duplicates together once. 0 for what is part of no data set.
    by_node: Vec<f64>,
    /// The sum over the points of each data set.
    by_set: Vec<f64>,
}

impl Points {
    fn of(epoch: &Epoch, parameters: &Parameters, ends: &Ends<'_>) -> Result<Self, Refusal> {
        let too_large = || Refusal::no_answer("the data points weigh more together than a double holds");
        let mut by_node = vec![0.0; epoch.node_kind().len()];
        let quality = match &parameters.quality {
            None => None,
            Some(name) => Some(
                epoch
                    .node_metric(name)
                    .ok_or_else(|| Refusal::NoAnswer(format!("the epoch has no node metric `{name}`")))?,
            ),
        };
        for (point, counts) in by_node.iter_mut().enumerate() {
            if ends.sets_of(point).next().is_some() {
                let quality = quality.map_or(1.0, |quality| quality[point].max(0.0));
                *counts = epoch.node_weight()[point] * quality;
            }
        }
        if !by_node.iter().sum::<f64>().is_finite() {
            return Err(too_large());
        }
        share_among_duplicates(groups(epoch, parameters)?, &mut by_node);
        let mut by_set = vec![0.0; by_node.len()];
        for (point, counts) in by_node.iter().enumerate() {
            for (set, part) in ends.sets_of(point) {
                by_set[set] += counts * part;
            }
        }
        Ok(Self { by_node, by_set })
    }
}

/// The points of a group count together as the one of them that counts most, each in proportion to what it counts.
fn share_among_duplicates(groups: &[u32], counts: &mut [f64]) {
    let size = groups.iter().max().map_or(0, |last| *last as usize + 1);
    let (mut most, mut sums) = (vec![0.0_f64; size], vec![0.0; size]);
    for (group, counts) in groups.iter().zip(counts.iter()) {
        let group = *group as usize;
        most[group] = most[group].max(*counts);
        sums[group] += counts;
    }
    for (group, counts) in groups.iter().zip(counts) {
        let group = *group as usize;
        if group != 0 && sums[group] > 0.0 {
            *counts *= most[group] / sums[group];
        }
    }
}
