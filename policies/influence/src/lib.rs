#![doc = include_str!("../README.md")]

mod claims;
mod data;
mod ends;
mod fees;
mod parameters;
mod spread;

use apportion_guest::{Allocation, Epoch, Policy, Refusal, exact, weights_from_scores};

use data::Estimate;
use ends::Ends;
use fees::{Fees, PARTS};
pub use parameters::{Kinds, Missing, Negative, Parameters, Portions, Within};

/// The policy `influence`.
#[derive(Clone, Copy, Debug)]
pub struct Influence;

apportion_guest::export!(Influence);

/// So many edges are read at once, or those of one node.
const RUN: usize = 1 << 16;

impl Policy for Influence {
    type Parameters = Parameters;
    const NAME: &'static str = "influence";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Divides the fee of every output among platform, model, adapters and data in given \
        portions, and the data's part by the influence of each data point on the output: summed by data set, and to \
        its contributors by points and quality.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        parameters.check()?;
        let minimum = parameters.minimum.as_ref();
        let minimum = minimum.map(|bound| bound.in_base_units(epoch, epoch.pool())).transpose()?;
        let ends = Ends::read(epoch, parameters)?;
        let fees = Fees::divide(epoch, parameters, &ends)?;
        let data = match fees.reached[3] {
            0 => vec![Estimate::default(); ends.treasury() + 1],
            whole => data::by_payee(epoch, parameters, &ends, &fees.data, whole as f64)?,
        };
        let mut parts = fees.direct.iter().map(|by_node| by_holder(&ends, by_node)).collect::<Vec<_>>();
        parts.push(data.iter().map(|estimate| estimate.amount).collect());
        if parts.iter().all(|part| part[..ends.treasury()].iter().all(|score| *score == 0.0)) {
            return Err(Refusal::no_answer("no part of a fee leads to anything that a payee owns"));
        }

        let wholes = exact::in_proportion(epoch.pool(), &fees.reached_and_missing())
            .ok_or_else(|| Refusal::no_answer("the fees are too large to be added"))?;
        let mut payouts = Payouts::of(epoch, &ends, &parts, &wholes)?;
        let intervals = parameters.error.as_ref().map(|_| payouts.intervals(epoch, &data, wholes[3]));
        let below = payouts.leave_out(minimum.unwrap_or(0));
        log(epoch, parameters, &fees, &payouts, &below);

        let mut allocation = Allocation::by_amount(payouts.totals);
        for (name, amounts) in PARTS.iter().zip(&payouts.by_part) {
            allocation = allocation.measure(*name, in_units(epoch, &amounts[..ends.treasury()]));
        }
        if let Some([lower, upper]) = intervals {
            allocation = allocation.measure("amount-lower", lower).measure("amount-upper", upper);
        }
        if minimum.is_some() {
            allocation = allocation.measure("below-minimum", in_units(epoch, &below));
        }
        Ok(allocation)
    }
}

/// Tells of a node whether it is an output.
fn is_output<'a>(epoch: &'a Epoch, parameters: &Parameters) -> impl Fn(usize) -> bool + use<'a> {
    let (kind, kinds) = (epoch.node_kind_named(&parameters.kinds.output), epoch.node_kind());
    move |node| kind.is_some() && kinds.get(node).copied() == kind
}

/// What nodes have, by who holds them: the payees, then the treasury.
fn by_holder(ends: &Ends<'_>, by_node: &[f64]) -> Vec<f64> {
    let mut holders = vec![0.0; ends.treasury() + 1];
    for (node, amount) in by_node.iter().enumerate().filter(|(_, amount)| **amount > 0.0) {
        ends.each_holder(node, *amount, &mut |holder, part| holders[holder] += part);
    }
    holders
}

/// Amounts in base units.
struct Payouts {
    /// By part, of the payees and then the treasury.
    by_part: Vec<Vec<u128>>,
    /// Of the payees.
    totals: Vec<u128>,
}

impl Payouts {
    /// Every part's whole is divided to the last unit by the scores of payees and treasury.
    fn of(epoch: &Epoch, ends: &Ends<'_>, parts: &[Vec<f64>], wholes: &[u128]) -> Result<Self, Refusal> {
        let mut by_part = Vec::new();
        for (scores, whole) in parts.iter().zip(wholes) {
            let weights: Vec<u128> = weights_from_scores(scores)?.into_iter().map(u128::from).collect();
            // A part without scores has no whole.
            by_part.push(exact::in_proportion(*whole, &weights).unwrap_or_else(|| vec![0; scores.len()]));
        }
        let total = |payee: usize| by_part.iter().map(|amounts| amounts[payee]).sum();
        let totals = (0..epoch.payees().len().min(ends.treasury())).map(total).collect();
        Ok(Self { by_part, totals })
    }

    /// The ends of the interval around each payee's total, in whole units, from those of its data part, of which
    /// `whole` base units were divided.
    fn intervals(&self, epoch: &Epoch, data: &[Estimate], whole: u128) -> [Vec<f64>; 2] {
        let sum: f64 = data.iter().map(|estimate| estimate.amount).sum();
        let rate = if sum > 0.0 { whole_units(epoch, whole) / sum } else { 0.0 };
        let with = |payee: usize, total: u128, of_data: f64| {
            let of_others: u128 = self.by_part[..3].iter().map(|amounts| amounts[payee]).sum();
            (whole_units(epoch, of_others) + rate * of_data, whole_units(epoch, total))
        };
        let payees = || self.totals.iter().zip(data).enumerate();
        let lower = payees().map(|(payee, (total, estimate))| {
            let (bound, total) = with(payee, *total, estimate.lower);
            bound.min(total)
        });
        let upper = payees().map(|(payee, (total, estimate))| {
            let (bound, total) = with(payee, *total, estimate.upper);
            bound.max(total)
        });
        [lower.collect(), upper.collect()]
    }

    /// Leaves out who would get less than the minimum; what each of them would have got.
    fn leave_out(&mut self, minimum: u128) -> Vec<u128> {
        let leave = |total: &mut u128| if *total < minimum { std::mem::take(total) } else { 0 };
        self.totals.iter_mut().map(leave).collect()
    }
}

/// For the policy's author: what stays in the treasury, and why.
fn log(epoch: &Epoch, parameters: &Parameters, fees: &Fees, payouts: &Payouts, below: &[u128]) {
    for (part, lacking) in PARTS.iter().zip(fees.lacking).filter(|(_, lacking)| *lacking > 0) {
        let becomes = match parameters.missing {
            Missing::Retain => "it stays in the treasury",
            Missing::Others => "it goes to the other parts",
        };
        epoch.log(format!("{lacking} of {} outputs lead to no {part}: {becomes}", fees.outputs));
    }
    for (part, amounts) in PARTS.iter().zip(&payouts.by_part) {
        let retained = amounts.last().copied().unwrap_or(0);
        if retained > 0 {
            let retained = whole_units(epoch, retained);
            epoch.log(format!("{retained} of the part `{part}` lead to no payee or are set off, and stay"));
        }
    }
    let left_out = below.iter().filter(|amount| **amount > 0).count();
    if left_out > 0 {
        let sum = whole_units(epoch, below.iter().sum());
        epoch.log(format!("{left_out} payees are below the minimum: {sum} stay"));
    }
}

/// An amount in whole units, to the nearest double, for people to read.
fn whole_units(epoch: &Epoch, amount: u128) -> f64 {
    amount as f64 / 10_u128.saturating_pow(epoch.decimals()) as f64
}

fn in_units(epoch: &Epoch, amounts: &[u128]) -> Vec<f64> {
    amounts.iter().map(|amount| whole_units(epoch, *amount)).collect()
}
