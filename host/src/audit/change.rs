//! What a trial does to an epoch, how it is settled, and how rows are changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::charter::Charter;
use crate::epoch::{EdgeRow, Epoch, EpochRows, NodeRow, PayeeRow, RowText};
use crate::fault::{Fault, FaultCode};
use crate::payouts::PayoutList;
use crate::policy::Policy;
use crate::settle::{History, SettleError, settle};

use super::AuditError;
use super::labels;
use super::rounding::Weights;

/// Something done to an epoch. It names payees and nodes by their ids, so that it means the same in an epoch of which
/// other rows were taken away.
pub(super) trait Change: Send + Sync {
    /// What was done to these rows, in a sentence.
    fn told(&self, rows: &EpochRows) -> String;

    /// The epochs to settle beside the one it began with, and what each is; none where it cannot be done (any more).
    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>>;

    /// What the epoch that it began with is to the others; none if nothing is held against it.
    fn before(&self) -> Option<&'static str> {
        Some("before")
    }

    /// What the amounts break, if they break it by more than rounding explains.
    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach>;

    /// The same in smaller ways.
    fn simpler(&self) -> Vec<Box<dyn Change>> {
        Vec::new()
    }

    /// Does it and looks.
    fn check(&self, before: &Settled, settler: &Settler<'_>) -> Result<Check, AuditError> {
        let Some(epochs) = self.after(&before.rows) else { return Ok(Check::Impossible) };
        let mut after = Vec::new();
        for (role, rows) in epochs {
            match settler.settle(role, rows)? {
                Answer::Settled(settled) => after.push(*settled),
                Answer::Fault(fault) => return Ok(Check::Fault(fault)),
                Answer::Impossible => return Ok(Check::Impossible),
            }
        }
        let breach = self.judge(before, &after);
        Ok(breach.map_or(Check::Holds, |breach| Check::Broken { breach, after }))
    }
}

/// How a trial came out.
pub(super) enum Check {
    Holds,
    Broken {
        breach: Breach,
        after: Vec<Settled>,
    },
    /// The epoch has nothing to do it to.
    Impossible,
    /// The policy settled the epoch and not the changed one.
    Fault(Fault),
}

/// How much is broken.
#[derive(Clone, Debug)]
pub(super) struct Breach {
    /// In base units: what an attacker gains, or how far amounts are from where they should be.
    pub(super) size: u128,
    /// Whose gain or loss it is.
    pub(super) who: Vec<RowText>,
    /// The pool that it is a part of.
    pub(super) pool: u128,
}

impl Breach {
    /// In millionths of the pool, rounded down.
    pub(super) fn millionths(&self) -> u64 {
        millionths(self.size, self.pool)
    }
}

/// `size` in millionths of `pool`, rounded down.
pub(super) fn millionths(size: u128, pool: u128) -> u64 {
    // Of what a million times is too large, the last 20 bits do not matter.
    let (size, pool) = match size.checked_mul(1_000_000) {
        Some(size) => (size, pool),
        None => ((size >> 20).saturating_mul(1_000_000), pool >> 20),
    };
    u64::try_from(size / pool.max(1)).unwrap_or(u64::MAX)
}

/// An epoch and what came of it.
#[derive(Clone)]
pub(super) struct Settled {
    pub(super) role: &'static str,
    pub(super) rows: EpochRows,
    pub(super) epoch: Epoch,
    pub(super) amounts: BTreeMap<RowText, u128>,
    pub(super) retained: u128,
    /// What the rule gave, unless it named amounts.
    pub(super) weights: Option<Weights>,
}

impl Settled {
    pub(super) fn of(&self, payee: &str) -> u128 {
        self.amounts.get(payee).copied().unwrap_or(0)
    }

    pub(super) fn together(&self, payees: &[RowText]) -> u128 {
        payees.iter().map(|payee| self.of(payee)).sum()
    }

    pub(super) fn pool(&self) -> u128 {
        self.rows.header.pool.amount
    }

    /// What rounding explains of a difference between sums of so many amounts: each is less than a base unit from
    /// what the weights say. A rule counts in doubles, which know a part in 2^40 of a large pool with room to spare.
    pub(super) fn rounding(&self, amounts: usize) -> u128 {
        (1 + (self.pool() >> 40)) * amounts as u128
    }

    pub(super) fn breach(&self, size: u128, who: Vec<RowText>) -> Breach {
        Breach { size, who, pool: self.pool() }
    }

    /// A breach, if those together got more than before by more than rounding explains.
    pub(super) fn gain(&self, before: u128, who: &[RowText], amounts: usize) -> Option<Breach> {
        let gain = self.together(who).saturating_sub(before);
        (gain > self.rounding(amounts)).then(|| self.breach(gain, who.to_vec()))
    }
}

/// Settles epochs by the policy that is audited, each as a first one.
pub(super) struct Settler<'a> {
    policy: &'a Policy,
    charter: &'a Charter,
    /// How many epochs were settled so far.
    settled: AtomicUsize,
}

/// What a policy makes of rows.
pub(super) enum Answer {
    Settled(Box<Settled>),
    Fault(Fault),
    /// The rows are no epoch: a weight became infinite, an id too long.
    Impossible,
}

impl<'a> Settler<'a> {
    pub(super) fn new(policy: &'a Policy, charter: &'a Charter) -> Settler<'a> {
        Settler { policy, charter, settled: AtomicUsize::new(0) }
    }

    /// For those who wait: what is under way on other threads is counted or not.
    pub(super) fn settled(&self) -> usize {
        self.settled.load(Ordering::Relaxed)
    }

    pub(super) fn settle(&self, role: &'static str, rows: EpochRows) -> Result<Answer, AuditError> {
        let Ok(epoch) = rows.build() else { return Ok(Answer::Impossible) };
        self.settled.fetch_add(1, Ordering::Relaxed);
        let policies = std::slice::from_ref(self.policy);
        match settle(&epoch, self.charter, policies, &History::default()) {
            Ok(settlement) => {
                let list = settlement.payouts.list();
                let payouts = list.payouts.iter();
                let amounts = payouts.map(|payout| (payout.payee.as_str().into(), payout.amount)).collect();
                let retained = settlement.receipt.settlement().retained;
                let weights = weights(list);
                Ok(Answer::Settled(Box::new(Settled { role, rows, epoch, amounts, retained, weights })))
            }
            Err(SettleError::Fault { fault, .. }) if fault.code == FaultCode::BadParameters => {
                Err(AuditError::Refused(fault))
            }
            Err(SettleError::Fault { fault, .. }) => Ok(Answer::Fault(fault)),
            Err(SettleError::Host(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The weights of the one policy that an audit appoints.
fn weights(list: &PayoutList) -> Option<Weights> {
    let retained = list.policies.first()?.retained?;
    let shares = list.payouts.iter().map(|payout| payout.parts.first()?.share);
    Some(Weights { shares: shares.collect::<Option<Vec<u64>>>()?, retained })
}

/// Ids of nodes.
pub(super) type Ids = BTreeSet<RowText>;

impl EpochRows {
    pub(super) fn has_payee(&self, id: &str) -> bool {
        self.payees.iter().any(|payee| &*payee.id == id)
    }

    pub(super) fn node(&self, id: &str) -> Option<&NodeRow> {
        self.nodes.iter().find(|node| &*node.id == id)
    }

    /// What a payee owns.
    pub(super) fn owned(&self, payee: &str) -> Ids {
        let owned = self.nodes.iter().filter(|node| node.payee.as_deref() == Some(payee));
        owned.map(|node| node.id.clone()).collect()
    }

    pub(super) fn add_payee(&mut self, id: &RowText) {
        self.payees.push(PayeeRow { id: id.clone(), name: "".into() });
    }

    /// An id that no payee and no node has, written like this one, so that what a trial adds looks like the rest.
    pub(super) fn fresh(&self, like: &str, taken: &Ids) -> RowText {
        let nodes: BTreeSet<&str> = self.nodes.iter().map(|node| &*node.id).collect();
        labels::resembling(like, |id| self.has_payee(id) || nodes.contains(id) || taken.contains(id)).into()
    }

    /// A copy of these nodes, owned by another, with the edges that lead to them and, if they are to, those that
    /// leave them. An edge from one of them to another is copied to one from copy to copy.
    pub(super) fn copy(&mut self, nodes: &Ids, owner: &RowText, leaving: Leaving) {
        let mut copies: BTreeMap<RowText, RowText> = BTreeMap::new();
        let mut taken = Ids::new();
        for id in nodes {
            let copy = self.fresh(id, &taken);
            taken.insert(copy.clone());
            copies.insert(id.clone(), copy);
        }
        let added = self.nodes.iter().filter_map(|node| {
            Some(NodeRow { id: copies.get(&node.id)?.clone(), payee: Some(owner.clone()), ..node.clone() })
        });
        let added: Vec<NodeRow> = added.collect();
        let added_edges = self.edges.iter().filter_map(|edge| {
            let (source, target) = (copies.get(&edge.source), copies.get(&edge.target));
            let kept = match leaving {
                Leaving::Copied => source.is_some() || target.is_some(),
                Leaving::Left => target.is_some(),
            };
            kept.then(|| EdgeRow {
                source: source.unwrap_or(&edge.source).clone(),
                target: target.unwrap_or(&edge.target).clone(),
                ..edge.clone()
            })
        });
        let added_edges: Vec<EdgeRow> = added_edges.collect();
        self.nodes.extend(added);
        self.edges.extend(added_edges);
    }

    /// These nodes become `parts` nodes each. Weights and metrics of a node and of its edges are shared out, so that
    /// the sums stay what they were. The first part keeps the node's id and owner; `owners` are those of the others,
    /// or nobody owns them.
    pub(super) fn divide(&mut self, nodes: &Ids, parts: u16, owners: &[RowText]) {
        let shared = |value: f64| value / f64::from(parts);
        let mut copies: BTreeMap<RowText, Vec<RowText>> = BTreeMap::new();
        let mut taken = Ids::new();
        for id in nodes {
            for _ in 1..parts {
                let copy = self.fresh(id, &taken);
                taken.insert(copy.clone());
                copies.entry(id.clone()).or_default().push(copy);
            }
        }
        let mut added = Vec::new();
        for node in self.nodes.iter_mut().filter(|node| nodes.contains(&node.id)) {
            node.weight = shared(node.weight);
            node.metrics.iter_mut().for_each(|value| *value = shared(*value));
            for (place, id) in copies.get(&node.id).into_iter().flatten().enumerate() {
                added.push(NodeRow { id: id.clone(), payee: owners.get(place).cloned(), ..node.clone() });
            }
        }
        self.nodes.extend(added);
        let mut added = Vec::new();
        for edge in &mut self.edges {
            let (source, target) = (copies.get(&edge.source), copies.get(&edge.target));
            if source.is_none() && target.is_none() {
                continue;
            }
            edge.weight = shared(edge.weight);
            edge.metrics.iter_mut().for_each(|value| *value = shared(*value));
            for place in 0..usize::from(parts) - 1 {
                let of = |copies: Option<&Vec<RowText>>, id: &RowText| {
                    copies.and_then(|copies| copies.get(place)).unwrap_or(id).clone()
                };
                let (source, target) = (of(source, &edge.source), of(target, &edge.target));
                added.push(EdgeRow { source, target, ..edge.clone() });
            }
        }
        self.edges.extend(added);
    }

    /// Takes nodes away, with their edges.
    pub(super) fn remove_nodes(&mut self, gone: &Ids) {
        self.nodes.retain(|node| !gone.contains(&node.id));
        self.edges.retain(|edge| !gone.contains(&edge.source) && !gone.contains(&edge.target));
    }

    /// Takes payees away, with what they own.
    pub(super) fn remove_payees(&mut self, gone: &Ids) {
        self.payees.retain(|payee| !gone.contains(&payee.id));
        let owned = |node: &&NodeRow| node.payee.as_ref().is_some_and(|payee| gone.contains(payee));
        let owned = self.nodes.iter().filter(owned).map(|node| node.id.clone()).collect();
        self.remove_nodes(&owned);
    }
}

/// Whether copies of nodes rely on what the nodes rely on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Copied,
    Left,
}

/// `ann`, `ann and bob`, `ann, bob and cyd`.
pub(super) fn listed(names: &[RowText]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.to_string(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number of things: `1 node`, `2 nodes`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
