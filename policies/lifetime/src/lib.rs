#![doc = include_str!("../README.md")]

mod accounts;
mod credit;

use std::collections::BTreeMap;

use apportion_guest::exact::in_proportion;
use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Factor, Policy, Refusal};

use accounts::{Accounts, Money};

/// The policy `lifetime`.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime;

apportion_guest::export!(Lifetime);

/// What earns credit. At least one of the four tables has an entry.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// Credit per unit of node weight, by kind of node: it goes to the node's payee.
    #[serde(default)]
    pub node_kinds: BTreeMap<String, Factor>,
    /// Credit per unit of a node metric, by its name: it goes to the node's payee. Negative values count as 0.
    #[serde(default)]
    pub node_metrics: BTreeMap<String, Factor>,
    /// Credit per unit of edge weight, by kind of edge: it goes to the payee of the edge's target.
    #[serde(default)]
    pub edge_kinds: BTreeMap<String, Factor>,
    /// Credit per unit of an edge metric, by its name: it goes to the payee of the edge's target. Negative values
    /// count as 0.
    #[serde(default)]
    pub edge_metrics: BTreeMap<String, Factor>,
}

impl Policy for Lifetime {
    type Parameters = Parameters;
    const NAME: &'static str = "lifetime";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Pays so that what each payee got from this policy over all epochs follows the \
        credit it earned over all epochs: who was underpaid catches up, who was overpaid waits.";
    const STATEFUL: bool = true;

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let money = Money::of(epoch)?;
        let mut accounts = Accounts::read(epoch.carry(), &money)?;
        let earned = credit::earned(epoch, parameters)?;
        for (payee, earned) in epoch.payees().iter().zip(&earned) {
            accounts.earn(payee, *earned)?;
        }
        let targets = accounts.targets(epoch.pool())?;

        let present = || epoch.payees().iter().map(|payee| accounts.of(payee));
        let paid_before: Vec<u128> = present().map(|account| account.paid).collect();
        let lifetime_credit = present().map(|account| account.credit).collect();
        let target: Vec<u128> =
            epoch.payees().iter().map(|payee| targets.get(payee.as_str()).copied().unwrap_or(0)).collect();
        let underpaid: Vec<u128> =
            target.iter().zip(&paid_before).map(|(target, paid)| target.saturating_sub(*paid)).collect();
        // Where nobody is underpaid the pool stays.
        let amounts = in_proportion(epoch.pool(), &underpaid).unwrap_or_else(|| vec![0; underpaid.len()]);

        for (payee, amount) in epoch.payees().iter().zip(&amounts) {
            accounts.pay(payee, *amount);
        }
        let carry = accounts.write(&money)?;
        let in_units = |amounts: &[u128]| amounts.iter().map(|amount| money.in_units(*amount)).collect();
        Ok(Allocation::by_amount(amounts)
            .measure("credit", earned)
            .measure("lifetime-credit", lifetime_credit)
            .measure("lifetime-target", in_units(&target))
            .measure("paid-before", in_units(&paid_before))
            .carry(carry))
    }
}
