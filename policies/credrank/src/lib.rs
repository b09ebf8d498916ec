#![doc = include_str!("../README.md")]

mod chain;
mod grain;
mod memory;
mod parameters;
mod weeks;

use apportion_guest::{Allocation, Epoch, Policy, Refusal};

use chain::Chain;
use grain::{Cred, Grain};
use memory::Memory;
use weeks::{Lookback, Weeks, containing};

pub use chain::Scores;
pub use parameters::{Flow, Parameters, Rule};

/// The policy `credrank`.
#[derive(Clone, Copy, Debug)]
pub struct CredRank;

apportion_guest::export!(CredRank);

impl Policy for CredRank {
    type Parameters = Parameters;
    const NAME: &'static str = "credrank";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Cred flows from the nodes that mint it along the graph to people, week by week, as in \
        SourceCred; the pool is divided by recent or lifetime cred, and lifetime pay can be made to follow it.";
    const STATEFUL: bool = true;

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let rules = &parameters.allocations;
        if rules.is_empty() {
            return Err(Refusal::bad_parameters("`allocations` names no policy to divide by"));
        }
        let memory = Memory::of(epoch)?;
        let is_needed = rules.iter().any(Rule::needs_cred);
        let cred = if is_needed { cred(epoch, parameters)? } else { no_cred(epoch) };
        let order = order(epoch, parameters.order.as_deref())?;
        let grain = Grain { epoch, cred: &cred, memory: &memory, order };

        let end = epoch.window().1;
        let mut amounts = vec![0_u128; epoch.payees().len()];
        let mut explained = Vec::new();
        for ((place, rule), portion) in (1..).zip(rules).zip(grain::portions(epoch.pool(), rules)?) {
            let parts = grain.divide(rule, portion)?;
            for (amount, part) in amounts.iter_mut().zip(&parts) {
                *amount += part;
            }
            explained.push((format!("{}-{place}", rule.name()), in_units(epoch, &parts)));
        }
        let ever = Lookback::until(i64::MAX, 0);
        let earned: Vec<u128> = epoch.payees().iter().map(|payee| memory.earned(payee, ever)).collect();
        let mut allocation = Allocation::by_amount(amounts).carry(memory.write()?);
        if is_needed {
            allocation = allocation
                .measure("cred", cred.within(Lookback::until(end, 0)))
                .measure("cred-last-week", cred.within(Lookback::until(end, 1)));
        }
        allocation = allocation.measure("earned-before", in_units(epoch, &earned));
        Ok(explained
            .into_iter()
            .fold(allocation, |allocation, (name, values)| allocation.measure(name, values)))
    }
}

/// The scores of all states of CredRank's chain. What the policy divides by are the scores of payees' weeks.
///
/// # Errors
/// [`Refusal`] where nothing mints cred, where the scores do not settle, or where parameters contradict each other.
pub fn scores(epoch: &Epoch, parameters: &Parameters) -> Result<Scores, Refusal> {
    Chain::new(epoch, parameters)?.scores()
}

/// The cred of each payee in each week, computed or given.
fn cred(epoch: &Epoch, parameters: &Parameters) -> Result<Cred, Refusal> {
    if let Some(kind) = &parameters.given_cred {
        return given(epoch, kind);
    }
    let scores = scores(epoch, parameters)?;
    let (first, count) = scores.weeks;
    let beta = parameters.beta.get();
    let of = |payee: usize| (0..count).map(|week| beta * scores.of(payee, week)).collect();
    Ok(Cred { weeks: Weeks { first, count }, by_payee: (0..epoch.payees().len()).map(of).collect() })
}

/// The cred that the nodes of a kind are.
fn given(epoch: &Epoch, kind: &str) -> Result<Cred, Refusal> {
    let Some(kind_index) = epoch.node_kind_named(kind) else {
        return Err(Refusal::NoAnswer(format!(
            "the epoch has no node of kind `{kind}`, which `given_cred` names"
        )));
    };
    let kinds = epoch.node_kind().iter();
    let rows: Vec<usize> =
        kinds.enumerate().filter(|(_, kind)| **kind == kind_index).map(|(row, _)| row).collect();
    let week_of = |row: usize| containing(epoch.node_time()[row]);
    let first = rows.iter().map(|row| week_of(*row)).min().unwrap_or(0);
    let last = rows.iter().map(|row| week_of(*row)).max().unwrap_or(0);
    let count = usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1);
    let payees = epoch.payees().len();
    if count.saturating_mul(payees.max(1)) > MAX_GIVEN {
        return Err(Refusal::NoAnswer(format!(
            "cred of {payees} payees over {count} weeks is more than the {MAX_GIVEN} numbers that are held"
        )));
    }
    let mut by_payee = vec![vec![0.0; count]; payees];
    for row in rows {
        let place = usize::try_from(week_of(row) - first).unwrap_or(usize::MAX);
        let cred = by_payee.get_mut(epoch.node_payee()[row] as usize).and_then(|weeks| weeks.get_mut(place));
        if let Some(cred) = cred {
            *cred += epoch.node_weight()[row];
        }
    }
    if by_payee.iter().any(|weeks| !weeks.iter().sum::<f64>().is_finite()) {
        return Err(Refusal::no_answer("the cred given to a payee sums to infinity"));
    }
    Ok(Cred { weeks: Weeks { first, count }, by_payee })
}

/// The most numbers of given cred that are held.
const MAX_GIVEN: usize = 1 << 26;

fn no_cred(epoch: &Epoch) -> Cred {
    Cred { weeks: Weeks { first: 0, count: 0 }, by_payee: vec![Vec::new(); epoch.payees().len()] }
}

/// The payees' rows, by the smallest value above 0 that the metric has among each one's nodes; those without one last.
fn order(epoch: &Epoch, metric: Option<&str>) -> Result<Vec<usize>, Refusal> {
    let mut rows: Vec<usize> = (0..epoch.payees().len()).collect();
    let Some(name) = metric else { return Ok(rows) };
    let Some(values) = epoch.node_metric(name) else {
        return Err(Refusal::NoAnswer(format!(
            "the epoch has no node metric `{name}` to order the payees by"
        )));
    };
    let mut smallest = vec![f64::INFINITY; rows.len()];
    for (payee, value) in epoch.node_payee().iter().zip(values).filter(|(_, value)| **value > 0.0) {
        if let Some(smallest) = smallest.get_mut(*payee as usize) {
            *smallest = smallest.min(*value);
        }
    }
    rows.sort_by(|a, b| smallest[*a].total_cmp(&smallest[*b]));
    Ok(rows)
}

/// Amounts in whole units, to the nearest double, for people to read.
fn in_units(epoch: &Epoch, amounts: &[u128]) -> Vec<f64> {
    let unit = 10_u128.saturating_pow(epoch.decimals()) as f64;
    amounts.iter().map(|amount| *amount as f64 / unit).collect()
}
