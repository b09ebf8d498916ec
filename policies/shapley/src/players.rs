//! Who plays, and what of the graph is looked at.

use apportion_guest::{Epoch, NO_PAYEE, Refusal, weights_from_scores};

use crate::parameters::Players;

/// The player of a node that nobody owns: it is there whoever joins.
pub(crate) const NO_PLAYER: u32 = NO_PAYEE;

/// The players: of each node, and whom each of them stands for.
pub(crate) struct Roster {
    /// By node; [`NO_PLAYER`] where nobody owns it.
    pub(crate) of_node: Vec<u32>,
    /// By player: the payee.
    pub(crate) payee: Vec<u32>,
}

impl Roster {
    pub(crate) fn of(epoch: &Epoch, players: Players) -> Self {
        let owners = epoch.node_payee();
        match players {
            Players::Payees => {
                Self { of_node: owners.to_vec(), payee: (0..).take(epoch.payees().len()).collect() }
            }
            Players::Nodes => {
                let mut payee = Vec::new();
                let mut player = |owner: &u32| {
                    if *owner == NO_PAYEE {
                        return NO_PLAYER;
                    }
                    payee.push(*owner);
                    u32::try_from(payee.len() - 1).unwrap_or(NO_PLAYER)
                };
                let of_node = owners.iter().map(&mut player).collect();
                Self { of_node, payee }
            }
        }
    }

    /// A player as people know it.
    pub(crate) fn name<'a>(&self, epoch: &'a Epoch, player: u32) -> &'a str {
        let payee = self.payee.get(player as usize).and_then(|payee| epoch.payees().get(*payee as usize));
        payee.map_or("", String::as_str)
    }
}

/// For each kind of the epoch whether it is listed; without a list every kind is.
pub(crate) fn listed(kinds: &[String], list: Option<&[String]>) -> Vec<bool> {
    kinds.iter().map(|kind| list.is_none_or(|list| list.contains(kind))).collect()
}

/// The rows of the edges of listed kinds that leave a node. One of weight 0 does not count.
pub(crate) fn edges(epoch: &Epoch, node: u32, listed: &[bool]) -> impl Iterator<Item = usize> {
    let counts = |edge: &usize| listed[epoch.edge_kind()[*edge] as usize] && epoch.edge_weight()[*edge] > 0.0;
    epoch.out_edges(node as usize).filter(counts)
}

/// The nodes of listed kinds, ascending.
///
/// # Errors
/// There is none; `what` says of what.
pub(crate) fn nodes(epoch: &Epoch, kinds: &[String], what: &str) -> Result<Vec<u32>, Refusal> {
    let listed = listed(epoch.node_kinds(), Some(kinds));
    let nodes = (0_u32..).zip(epoch.node_kind()).filter(|(_, kind)| listed[**kind as usize]);
    let nodes: Vec<u32> = nodes.map(|(node, _)| node).collect();
    if nodes.is_empty() {
        return Err(Refusal::NoAnswer(format!("no node is of a kind listed as {what}")));
    }
    Ok(nodes)
}

/// A column of numbers of the nodes.
///
/// # Errors
/// The epoch does not have it: its name is either right or misspelt.
pub(crate) fn metric<'a>(epoch: &'a Epoch, name: &str) -> Result<&'a [f64], Refusal> {
    epoch.node_metric(name).ok_or_else(|| Refusal::NoAnswer(format!("the epoch has no node metric `{name}`")))
}

/// Outcomes, each worth a whole multiple of a unit: sums are then exact and do not depend on their order.
pub(crate) struct Outcomes {
    /// Ascending; each is worth something.
    pub(crate) nodes: Vec<u32>,
    /// By outcome, at most 2^62: its worth in units, to the nearest.
    pub(crate) worth: Vec<u64>,
    /// A power of two: 2^-62 of the largest worth, or up to twice as much.
    pub(crate) unit: f64,
}

impl Outcomes {
    pub(crate) fn of(epoch: &Epoch, kinds: &[String], worth: Option<&str>) -> Result<Self, Refusal> {
        let mut nodes = nodes(epoch, kinds, "outcomes")?;
        let column = match worth {
            None => epoch.node_weight(),
            Some(name) => metric(epoch, name)?,
        };
        if let Some(node) = nodes.iter().find(|node| column[**node as usize] < 0.0) {
            let (node, worth) = (&epoch.node_ids()[*node as usize], column[*node as usize]);
            return Err(Refusal::NoAnswer(format!(
                "the outcome `{node}` is worth `{worth}`, less than nothing"
            )));
        }
        nodes.retain(|node| column[*node as usize] > 0.0);
        let worth: Vec<f64> = nodes.iter().map(|node| column[*node as usize]).collect();
        let (worth, unit) = in_units(&worth)?;
        if nodes.is_empty() {
            return Err(Refusal::no_answer("no outcome is worth anything"));
        }
        Ok(Self { nodes, worth, unit })
    }
}

/// Numbers of 0 or more as whole multiples of a power of two, to the nearest, the largest between 2^61 and 2^62.
pub(crate) fn in_units(numbers: &[f64]) -> Result<(Vec<u64>, f64), Refusal> {
    let whole = weights_from_scores(numbers)?;
    let largest = numbers.iter().copied().fold(0.0, f64::max);
    // The largest is not rounded: a double has 53 bits.
    let unit = whole.iter().max().filter(|whole| **whole > 0).map_or(1.0, |whole| largest / *whole as f64);
    if !unit.is_normal() {
        return Err(Refusal::NoAnswer(format!("the largest worth is `{largest}`: give larger numbers")));
    }
    Ok((whole, unit))
}
