#![doc = include_str!("../README.md")]

mod circle;
mod flow;
mod lists;

use std::collections::BTreeMap;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Policy, Refusal, exact};

use lists::Lists;

/// The policy `split`.
#[derive(Clone, Copy, Debug)]
pub struct Split;

apportion_guest::export!(Split);

/// What a list has to give, as in Drips: 1% is 10,000 parts.
pub const PARTS: u32 = 1_000_000;

/// Where the pool goes, in parts of 1,000,000; together at most that many, and the rest stays in the treasury.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// Parts to payees, by id.
    #[serde(default)]
    #[schemars(inner(range(min = 1, max = 1_000_000)))]
    pub payees: BTreeMap<String, u32>,
    /// Parts to nodes, by id: each passes on what its list says and keeps the rest for its payee.
    #[serde(default)]
    #[schemars(inner(range(min = 1, max = 1_000_000)))]
    pub lists: BTreeMap<String, u32>,
}

impl Policy for Split {
    type Parameters = Parameters;
    const NAME: &'static str = "split";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Fixed parts to payees and to lists, which keep a part and pass the others on to \
        payees and further lists.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let Parameters { payees, lists } = parameters;
        let all: u64 = payees.values().chain(lists.values()).copied().map(u64::from).sum();
        let rest = u64::from(PARTS).checked_sub(all);
        let (true, Some(rest)) = (all > 0, rest) else {
            return Err(Refusal::BadParameters(format!(
                "`payees` and `lists` have {all} parts together: 1 to {PARTS} are needed"
            )));
        };
        // The largest remainders first, then payees before lists before the treasury, each by id.
        let parts: Vec<u128> =
            payees.values().chain(lists.values()).copied().map(u128::from).chain([rest.into()]).collect();
        let entering = exact::in_proportion(epoch.pool(), &parts).unwrap_or_default();
        let (to_payees, others) = entering.split_at(payees.len());

        let mut direct = vec![0; epoch.payees().len()];
        for (payee, amount) in payees.keys().zip(to_payees) {
            direct[row(epoch.payees(), payee, "payee")?] += amount;
        }
        let mut by_node = vec![0; epoch.node_ids().len()];
        for (node, amount) in lists.keys().zip(others) {
            by_node[row(epoch.node_ids(), node, "node")?] += amount;
        }
        let kept = flow::kept(epoch, &Lists::of(epoch)?, by_node)?;
        let mut through_lists = vec![0; epoch.payees().len()];
        for (payee, kept) in epoch.node_payee().iter().zip(kept) {
            if let Some(sum) = through_lists.get_mut(*payee as usize) {
                *sum += kept;
            }
        }
        let amounts = direct.iter().zip(&through_lists).map(|(direct, through)| direct + through).collect();
        let unit = 10_u128.saturating_pow(epoch.decimals()) as f64;
        let in_units = |amounts: &[u128]| amounts.iter().map(|amount| *amount as f64 / unit).collect();
        Ok(Allocation::by_amount(amounts)
            .measure("direct", in_units(&direct))
            .measure("through-lists", in_units(&through_lists)))
    }
}

/// Money for somebody who is not there is not paid to others: there is no answer.
fn row(ids: &[String], id: &str, what: &str) -> Result<usize, Refusal> {
    let row = ids.binary_search_by(|probe| probe.as_str().cmp(id));
    row.map_err(|_| Refusal::NoAnswer(format!("the epoch has no {what} `{id}`")))
}
