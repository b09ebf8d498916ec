//! Every payee is paid what it earned over all epochs and was not paid yet: an example of a rule that remembers.

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Policy, Refusal};

pub struct Arrears;

apportion_guest::export!(Arrears);

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields, default)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// What a node, or an edge to its target, earns its payee: whole units of the asset.
    wage: u32,
    /// The column of words that says which of them earn.
    label: String,
    /// The word of those that do.
    word: String,
}

impl Default for Parameters {
    fn default() -> Parameters {
        Parameters { wage: 1, label: "state".to_owned(), word: "done".to_owned() }
    }
}

/// What a payee earned so far, in base units.
struct Account {
    payee: String,
    earned: u128,
}

impl Policy for Arrears {
    type Parameters = Parameters;
    const NAME: &'static str = "arrears";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Every payee what it earned over all epochs and was not paid yet, in the order of \
        payees, as long as the pool lasts.";
    const STATEFUL: bool = true;

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let (nodes, edges) = (epoch.node_label(&parameters.label), epoch.edge_label(&parameters.label));
        if nodes.is_none() && edges.is_none() {
            return Err(Refusal::no_answer(format!("the epoch has no label `{}`", parameters.label)));
        }
        let wage = u128::from(parameters.wage) * 10_u128.pow(epoch.decimals());
        let mut accounts = read(epoch.carry());
        let places: Vec<usize> = epoch.payees().iter().map(|payee| place(&mut accounts, payee)).collect();
        let mut earn = |node: usize| {
            // A node that nobody owns has the payee NO_PAYEE, which is no row of `places`.
            if let Some(&place) = places.get(epoch.node_payee()[node] as usize) {
                accounts[place].earned += wage;
            }
        };
        if let Some(states) = nodes {
            (0..epoch.node_ids().len()).filter(|node| states.word(*node) == parameters.word).for_each(&mut earn);
        }
        if let Some(states) = edges {
            let targets = epoch.edge_target().iter().enumerate();
            let done = targets.filter(|(edge, _)| states.word(*edge) == parameters.word);
            done.for_each(|(_, target)| earn(*target as usize));
        }

        let earned: Vec<u128> = places.iter().map(|place| accounts[*place].earned).collect();
        let owed: Vec<u128> =
            earned.iter().zip(epoch.paid()).map(|(earned, paid)| earned.saturating_sub(*paid)).collect();
        let mut left = epoch.pool();
        let mut amounts = Vec::new();
        for owed in &owed {
            amounts.push(left.min(*owed));
            left -= left.min(*owed);
        }
        Ok(Allocation::by_amount(amounts)
            .measure("earned", earned.iter().map(|amount| *amount as f64).collect())
            .measure("owed", owed.iter().map(|amount| *amount as f64).collect())
            .carry(written(&accounts)))
    }
}

/// The place of a payee's account, which is opened if there is none.
fn place(accounts: &mut Vec<Account>, payee: &str) -> usize {
    accounts.iter().position(|account| account.payee == payee).unwrap_or_else(|| {
        accounts.push(Account { payee: payee.to_owned(), earned: 0 });
        accounts.len() - 1
    })
}

/// An account in the carry: the length of the payee's id in 2 bytes, the id, and what it earned in 16, smallest first.
fn read(mut carry: &[u8]) -> Vec<Account> {
    let mut accounts = Vec::new();
    while let [low, high, rest @ ..] = carry {
        let (payee, rest) = rest.split_at(usize::from(u16::from_le_bytes([*low, *high])));
        let (earned, rest) = rest.split_at(16);
        accounts.push(Account {
            payee: String::from_utf8_lossy(payee).into_owned(),
            earned: u128::from_le_bytes(earned.try_into().unwrap()),
        });
        carry = rest;
    }
    accounts
}

fn written(accounts: &[Account]) -> Vec<u8> {
    let mut carry = Vec::new();
    for Account { payee, earned } in accounts {
        carry.extend((payee.len() as u16).to_le_bytes());
        carry.extend(payee.as_bytes());
        carry.extend(earned.to_le_bytes());
    }
    carry
}
