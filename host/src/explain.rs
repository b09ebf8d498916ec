//! Why one payee got what it got: found by settling the epoch again without each of its contributions.
//!
//! This works for any policy, because it asks nothing of it: what a payee would lose without a contribution is what
//! the same rule pays it when the contribution is taken out of the epoch. Such losses need not add up to the amount
//! (a rule may pay for the first of two and not for the second), so whether they do is said beside them.

mod contributions;
mod groups;
mod names;
mod paths;
mod trials;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::canonical::Digest;
use crate::charter::Charter;
use crate::compare::Difference;
use crate::epoch::{BuildError, Epoch};
use crate::fault::HostError;
use crate::money::base_units;
use crate::payouts::{Payout, Payouts};
use crate::policy::Policy;
use crate::settle::{History, SettleError, Settlement, settle};

pub use contributions::{Contribution, Reliance};
use contributions::{Owned, Relied};
use groups::{Group, Things};
pub use names::Names;
pub use paths::{Path, Step};
use trials::{Lacking, Trials};

const FORMAT: &str = "apportion explanation 1";

/// What is to be explained.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The epoch.
    pub epoch: &'a Epoch,
    /// The charter that it is settled by.
    pub charter: &'a Charter,
    /// The policies that the charter names.
    pub policies: &'a [Policy],
    /// What was settled before.
    pub history: &'a History,
    /// The epoch before and what it paid, to say what changed. One that paid another asset is left out, because amounts
    /// of two assets cannot be compared.
    pub before: Option<(&'a Epoch, &'a Payouts)>,
    /// How often the epoch is settled again for a payee at most, 0 being taken for 1. With fewer than it takes to try
    /// each contribution and each who relied on it they are tried in groups, and the groups that matter most are
    /// taken apart.
    pub runs: usize,
}

/// Why a payee got its amount.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    format: &'static str,
    /// The epoch's digest.
    pub epoch: Digest,
    /// Its number.
    pub number: u64,
    /// The charter's digest.
    pub charter: Digest,
    /// The receipt that settling it gives.
    pub receipt: Digest,
    /// The asset's symbol.
    pub asset: String,
    /// One whole unit is 10^decimals base units.
    pub decimals: u32,
    /// What was divided, in base units.
    #[serde(with = "base_units")]
    pub pool: u128,
    /// The payee's id.
    pub payee: String,
    /// What the epoch calls it; empty if it has no name.
    pub name: String,
    /// What it gets, in base units.
    #[serde(with = "base_units")]
    pub amount: u128,
    /// Its place among all payees, 1 for the most; those with equal amounts share one.
    pub place: usize,
    /// How many payees there are.
    pub payees: usize,
    /// What each policy gave, with the policy's own measures.
    pub parts: Vec<ExplainedPart>,
    /// How many nodes it owns.
    pub nodes: usize,
    /// What it would get without each of them, those that it would lose most without first.
    pub contributions: Vec<Contribution>,
    /// What it would get without any of them.
    pub without_all: Without,
    /// Whether what it would lose without each adds up to what it would lose without any.
    pub adds_up: bool,
    /// What it would get if somebody had not relied on it, those without whom it would lose most first; where edges of
    /// several kinds lead to it, kind by kind.
    pub reliances: Vec<Reliance>,
    /// How many relied on it.
    pub relied: usize,
    /// What it would get if nobody had relied on it; nothing is told where nobody did, or there were no runs left.
    pub without_reliances: Option<Without>,
    /// Whether what it would lose without each of `reliances` adds up to what it would lose without any.
    pub reliances_add_up: bool,
    /// The strongest ways on which credit comes to it, strongest first.
    pub paths: Vec<Path>,
    /// What a person reads instead of ids.
    pub names: Names,
    /// What changed against the epoch before.
    pub change: Option<Change>,
    /// How often the epoch was settled again.
    pub runs: usize,
}

/// What one policy gave the payee.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedPart {
    /// The policy's digest: which policy it is.
    pub digest: Digest,
    /// The policy's name.
    pub policy: String,
    /// Its version.
    pub version: String,
    /// Base units.
    #[serde(with = "base_units")]
    pub amount: u128,
    /// The policy's own measures of the payee.
    pub measures: Vec<ExplainedMeasure>,
}

/// A measure of the payee, and where that stands among all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedMeasure {
    /// Its name.
    pub name: String,
    /// The payee's value.
    pub value: f64,
    /// Its place among all payees, 1 for the highest value; equal values share one.
    pub place: usize,
    /// How many others have the same value.
    pub alike: usize,
}

/// What the payee gets in an epoch that lacks something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    /// So much, in base units.
    Amount(#[serde(with = "base_units")] u128),
    /// The rule has no answer for such an epoch; why.
    Fault(String),
}

/// What changed against the epoch before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// That epoch's number.
    pub number: u64,
    /// What the payee got then; nothing, if it was no payee.
    #[serde(with = "base_units")]
    pub amount: u128,
    /// What was divided then.
    #[serde(with = "base_units")]
    pub pool: u128,
    /// What it gets now, less what it got then.
    pub difference: Difference,
    /// How many payees there were.
    pub payees: usize,
    /// Measures that both settlements have, by name: then and now.
    pub measures: Vec<(String, f64, f64)>,
    /// How many of its contributions were not there then.
    pub new: usize,
    /// How many that were there then are not any more.
    pub gone: usize,
}

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Nobody of that id is a payee of the epoch.
    #[error("there is no payee `{}` in epoch {epoch}", .payee.escape_debug())]
    UnknownPayee {
        /// The id.
        payee: String,
        /// The epoch's number.
        epoch: u64,
    },
    /// The epoch itself cannot be settled.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// An epoch cannot be built again: a bug in this library.
    #[error("the epoch cannot be built again: {0}")]
    Build(#[from] BuildError),
}

impl From<HostError> for ExplainError {
    fn from(error: HostError) -> Self {
        Self::Settle(error.into())
    }
}

/// A settled epoch whose payouts can be explained.
///
/// ```
/// use apportion::{Charter, Engine, Epoch, History};
/// use apportion::explain::{Explaining, Question, Without};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new()?;
/// let policy = engine.admit(&std::fs::read("../policies/dist/pagerank.wasm")?)?;
/// let epoch = Epoch::from_bytes(&std::fs::read("../tests/golden/cooperative.epoch")?)?;
/// let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
/// let (policies, history) = ([policy], History::default());
/// let question =
///     Question { epoch: &epoch, charter: &charter, policies: &policies, history: &history, before: None, runs: 100 };
///
/// let payee = epoch.payees().get(0).unwrap_or_default();
/// let explanation = Explaining::new(question)?.explain(payee, |_, _| ())?;
/// assert_eq!(explanation.contributions.len(), explanation.nodes);
/// assert_eq!(explanation.without_all, Without::Amount(0));
/// # Ok(())
/// # }
/// ```
pub struct Explaining<'a> {
    question: Question<'a>,
    settlement: Settlement,
}

impl<'a> Explaining<'a> {
    /// Settles the epoch as it is, once for all payees that are explained.
    ///
    /// # Errors
    ///
    /// If the epoch cannot be settled.
    pub fn new(question: Question<'a>) -> Result<Explaining<'a>, SettleError> {
        let settlement = settle(question.epoch, question.charter, question.policies, question.history)?;
        Ok(Explaining { question, settlement })
    }

    /// The epoch as it is settled. Who explains what was paid holds its receipt against the one that was written then.
    pub fn settlement(&self) -> &Settlement {
        &self.settlement
    }

    /// Explains what a payee gets, by settling the epoch again without what it contributed, on all cores. `each` is
    /// told how many of about how many settlements are made. The answer is the same on any number of cores.
    ///
    /// # Errors
    ///
    /// If there is no such payee, or the host fails.
    pub fn explain(&self, payee: &str, each: impl FnMut(usize, usize)) -> Result<Explanation, ExplainError> {
        let (question, epoch) = (&self.question, self.question.epoch);
        let unknown = || ExplainError::UnknownPayee { payee: payee.to_owned(), epoch: epoch.number() };
        let row = epoch.payees().position(payee).ok_or_else(unknown)?;
        let payouts = &self.settlement.payouts.list().payouts;
        let paid = payouts.get(row).ok_or_else(unknown)?;

        let nodes: Vec<usize> =
            (0..epoch.node_count()).filter(|node| epoch.node_payee()[*node] as usize == row).collect();
        let (owned, relied) = (Owned::of(epoch, &nodes), Relied::on(epoch, row));
        let mut trials = Trials { question, payee: row, amount: paid.amount, made: 0, expected: 0, each };
        let found = Found::by(&mut trials, &owned, &relied)?;
        let runs = trials.made;

        let before = question.before.filter(|(before, _)| before.pool().asset == epoch.pool().asset);
        let contributions = owned.told(&found.nodes);
        let reliances = relied.told(&found.edges);
        let paths = paths::strongest(epoch, &nodes);
        let without_all = found.without_nodes.unwrap_or(Without::Amount(paid.amount));
        Ok(Explanation {
            format: FORMAT,
            epoch: epoch.digest(),
            number: epoch.number(),
            charter: question.charter.digest(),
            receipt: self.settlement.receipt.digest(),
            asset: epoch.pool().asset.symbol().to_owned(),
            decimals: epoch.pool().asset.decimals(),
            pool: epoch.pool().amount,
            payee: payee.to_owned(),
            name: epoch.payee_names().get(row).unwrap_or_default().to_owned(),
            amount: paid.amount,
            place: 1 + payouts.iter().filter(|payout| payout.amount > paid.amount).count(),
            payees: payouts.len(),
            parts: parts(&self.settlement, paid),
            nodes: nodes.len(),
            adds_up: adds_up(&found.nodes, paid.amount, &without_all),
            names: Names::of(epoch, &contributions, &reliances, &paths),
            contributions,
            without_all,
            relied: relied.count(),
            reliances_add_up: found
                .without_edges
                .as_ref()
                .is_some_and(|without| adds_up(&found.edges, paid.amount, without)),
            reliances,
            without_reliances: found.without_edges,
            paths,
            change: before.map(|before| change(epoch, row, &nodes, &self.settlement, paid, before)),
            runs,
        })
    }
}

/// What came of the trials of a payee.
struct Found {
    nodes: Vec<Group>,
    /// None if it owns none.
    without_nodes: Option<Without>,
    edges: Vec<Group>,
    /// None if there are none, or no run was left.
    without_edges: Option<Without>,
}

impl Found {
    /// First without all nodes and without all edges, then taken apart: half of the runs are for each, and what one
    /// needs less the other has.
    fn by(
        trials: &mut Trials<'_, impl FnMut(usize, usize)>,
        owned: &Owned<'_>,
        relied: &Relied<'_>,
    ) -> Result<Found, ExplainError> {
        let runs = trials.question.runs.max(1);
        let whole = |things: &Things, made: usize| !things.rows.is_empty() && made < runs;
        let nodes = whole(&owned.things, 0);
        let edges = whole(&relied.things, usize::from(nodes));
        let left = runs - usize::from(nodes) - usize::from(edges);
        let (for_nodes, for_edges) = (owned.things.runs(), if edges { relied.things.runs() } else { 0 });
        trials.expected = (for_nodes + for_edges).min(left) + runs - left;

        let all = |things: &Things| things.rows_of(&(0..things.rows.len()));
        let (all_nodes, all_edges) = (all(&owned.things), all(&relied.things));
        let lacking = [(nodes, Lacking::Nodes(&all_nodes)), (edges, Lacking::Edges(&all_edges))];
        let lacking: Vec<Lacking> = lacking.into_iter().filter_map(|(is, of)| is.then_some(of)).collect();
        let mut without = trials.make(&lacking)?.into_iter();
        let without_nodes = if nodes { without.next() } else { None };
        let without_edges = if edges { without.next() } else { None };

        let made = trials.made;
        let share = for_nodes.min(left.saturating_sub(for_edges).max(left.div_ceil(2)));
        let nodes = owned.things.taken_apart(trials, without_nodes.as_ref(), share)?;
        let left = left - (trials.made - made);
        let edges = relied.things.taken_apart(trials, without_edges.as_ref(), left)?;
        Ok(Found { nodes, without_nodes, edges, without_edges })
    }
}

impl Without {
    /// In base units; nothing where there is no answer.
    pub fn amount(&self) -> u128 {
        match self {
            Without::Amount(amount) => *amount,
            Without::Fault(_) => 0,
        }
    }
}

/// What each policy said of the payee.
fn parts(settlement: &Settlement, paid: &Payout) -> Vec<ExplainedPart> {
    let list = settlement.payouts.list();
    let runs = &settlement.receipt.settlement().runs;
    let columns = list.policies.iter().zip(runs).zip(&paid.parts).enumerate();
    columns
        .map(|(policy, ((columns, run), part))| ExplainedPart {
            digest: run.policy,
            policy: run.name.clone(),
            version: run.version.clone(),
            amount: part.amount,
            measures: columns
                .measures
                .iter()
                .zip(&part.measures)
                .enumerate()
                .map(|(measure, (name, &value))| {
                    let all = || {
                        let payouts = list.payouts.iter();
                        payouts.filter_map(|other| other.parts.get(policy)?.measures.get(measure).copied())
                    };
                    ExplainedMeasure {
                        name: name.clone(),
                        value,
                        place: 1 + all().filter(|other| *other > value).count(),
                        alike: all().filter(|other| *other == value).count().saturating_sub(1),
                    }
                })
                .collect(),
        })
        .collect()
}

/// Whether the losses without each are together the loss without all.
fn adds_up(groups: &[Group], amount: u128, without_all: &Without) -> bool {
    let sum = |less: bool| {
        let mut of = groups.iter().filter(|one| one.difference.is_negative() == less);
        of.try_fold(0_u128, |sum, one| sum.checked_add(one.difference.magnitude()))
    };
    let all = Difference::between(amount, without_all.amount());
    match (sum(true), sum(false)) {
        (Some(lost), Some(won)) => Difference::between(lost, won) == all,
        _ => false,
    }
}

fn change(
    epoch: &Epoch,
    row: usize,
    owned: &[usize],
    settlement: &Settlement,
    paid: &Payout,
    (before, payouts): (&Epoch, &Payouts),
) -> Change {
    let list = payouts.list();
    let id = epoch.payees().get(row).unwrap_or_default();
    let then = before.payees().position(id);
    let entry = then.and_then(|row| list.payouts.get(row));
    let amount = entry.map_or(0, |payout| payout.amount);

    let measures = |list: &crate::payouts::PayoutList, payout: &Payout| -> BTreeMap<String, f64> {
        let parts = list.policies.iter().zip(&payout.parts);
        parts
            .flat_map(|(columns, part)| columns.measures.iter().cloned().zip(part.measures.iter().copied()))
            .collect()
    };
    let old = entry.map(|entry| measures(list, entry)).unwrap_or_default();
    let new = measures(settlement.payouts.list(), paid);
    let both = new.into_iter().filter_map(|(name, now)| Some((name.clone(), *old.get(&name)?, now)));

    let here = |ids: &Epoch, id: &str| ids.node_ids().position(id);
    let id_of = |row: usize| epoch.node_ids().get(row).unwrap_or_default();
    let was_its_own =
        |id: &str| here(before, id).is_some_and(|row| Some(before.node_payee()[row] as usize) == then);
    let kept = owned.iter().filter(|row| was_its_own(id_of(**row))).count();
    let had = before.node_payee().iter().filter(|payee| Some(**payee as usize) == then).count();
    Change {
        number: before.number(),
        amount,
        pool: before.pool().amount,
        difference: Difference::between(amount, paid.amount),
        payees: before.payees().len(),
        measures: both.collect(),
        new: owned.len() - kept,
        gone: had.saturating_sub(kept),
    }
}
