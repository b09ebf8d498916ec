//! Why one payee got what it got: found by settling the epoch again without each of its contributions.
//!
//! This works for any policy, because it asks nothing of it: what a payee would lose without a contribution is what
//! the same rule pays it when the contribution is taken out of the epoch. Such losses need not add up to the amount
//! (a rule may pay for the first of two and not for the second), so whether they do is said beside them.

mod contributions;
mod paths;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::canonical::Digest;
use crate::charter::Charter;
use crate::compare::Difference;
use crate::epoch::{BuildError, Epoch};
use crate::fault::HostError;
use crate::money::base_units;
use crate::parallel;
use crate::payouts::{Payout, Payouts};
use crate::policy::Policy;
use crate::receipt::Outcome;
use crate::settle::{History, SettleError, Settlement, settle};

pub use contributions::Contribution;
pub use paths::{Path, Step};

const FORMAT: &str = "apportion explanation 1";

/// How many of those who relied on a payee are tried one by one: those with the heaviest edges.
const MOST_RELIANCES: usize = 8;

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
    /// The epoch before and what it paid, to say what changed.
    pub before: Option<(&'a Epoch, &'a Payouts)>,
    /// How often the epoch is settled again at most. With fewer than the payee has contributions they are tried in
    /// groups, and the groups that matter most are taken apart.
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
    /// What it would get if somebody had not relied on it, those with the heaviest edges only.
    pub reliances: Vec<Reliance>,
    /// How many relied on it.
    pub relied: usize,
    /// The strongest ways on which credit comes to it, strongest first.
    pub paths: Vec<Path>,
    /// What changed against the epoch before.
    pub change: Option<Change>,
    /// How often the epoch was settled again.
    pub runs: usize,
}

/// What one policy gave the payee.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedPart {
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

/// Somebody who relied on the payee: the owner of nodes from which edges lead to the payee's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reliance {
    /// A payee's id, or the id of a node that nobody owns.
    pub who: String,
    /// Whether it is a payee.
    pub payee: bool,
    /// How many edges.
    pub edges: usize,
    /// What the payee would get without these edges.
    pub without: Without,
    /// That, less what it gets.
    pub difference: Difference,
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

/// Explains what a payee gets, by settling the epoch again without what it contributed, on all cores. `each` is told
/// how many of how many settlements are made; the same on any number of cores.
///
/// ```
/// use apportion::{Charter, Engine, Epoch, History};
/// use apportion::explain::{Question, Without, explain};
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
/// let explanation = explain(&question, payee, |_, _| ())?;
/// assert_eq!(explanation.contributions.len(), explanation.nodes);
/// assert_eq!(explanation.without_all, Without::Amount(0));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If there is no such payee, or the epoch cannot be settled as it is.
pub fn explain(
    question: &Question<'_>,
    payee: &str,
    each: impl FnMut(usize, usize),
) -> Result<Explanation, ExplainError> {
    let epoch = question.epoch;
    let unknown = || ExplainError::UnknownPayee { payee: payee.to_owned(), epoch: epoch.number() };
    let row = epoch.payees().position(payee).ok_or_else(unknown)?;
    let settlement = settle(epoch, question.charter, question.policies, question.history)?;
    let payouts = &settlement.payouts.list().payouts;
    let paid = payouts.get(row).ok_or_else(unknown)?;

    let owned: Vec<usize> =
        (0..epoch.node_count()).filter(|node| epoch.node_payee()[*node] as usize == row).collect();
    let reliants = reliants(epoch, row);
    let tried = reliants.len().min(MOST_RELIANCES);
    let expected = 1 + tried + owned.len().min(question.runs);
    let mut trials = Trials { question, payee: row, amount: paid.amount, made: 0, expected, each };

    let without_all = trials.make(&[Lacking::Nodes(&owned)])?.remove(0);
    let contributions = contributions::ranked(&mut trials, &owned)?;
    let lacking: Vec<Lacking> =
        reliants.iter().take(tried).map(|reliant| Lacking::Edges(&reliant.edges)).collect();
    let without = trials.make(&lacking)?;
    let reliances = reliants.iter().zip(without).map(|(reliant, without)| Reliance {
        who: reliant.who.clone(),
        payee: reliant.payee,
        edges: reliant.edges.len(),
        difference: trials.difference(&without),
        without,
    });
    let reliances = reliances.collect();
    let runs = trials.made;

    Ok(Explanation {
        format: FORMAT,
        epoch: epoch.digest(),
        number: epoch.number(),
        charter: question.charter.digest(),
        receipt: settlement.receipt.digest(),
        asset: epoch.pool().asset.symbol().to_owned(),
        decimals: epoch.pool().asset.decimals(),
        pool: epoch.pool().amount,
        payee: payee.to_owned(),
        name: epoch.payee_names().get(row).unwrap_or_default().to_owned(),
        amount: paid.amount,
        place: 1 + payouts.iter().filter(|payout| payout.amount > paid.amount).count(),
        payees: payouts.len(),
        parts: parts(&settlement, paid),
        nodes: owned.len(),
        adds_up: adds_up(&contributions, paid.amount, &without_all),
        contributions,
        without_all,
        reliances,
        relied: reliants.len(),
        paths: paths::strongest(epoch, &owned),
        change: question.before.map(|before| change(epoch, row, &owned, &settlement, paid, before)),
        runs,
    })
}

/// What an epoch is settled without.
#[derive(Clone, Copy)]
enum Lacking<'a> {
    /// Nodes, by their rows in order, and the edges at them.
    Nodes(&'a [usize]),
    /// Edges, by their rows in order.
    Edges(&'a [usize]),
}

/// Settles the epoch without this and that.
struct Trials<'a, F> {
    question: &'a Question<'a>,
    payee: usize,
    /// What the payee gets of the whole epoch.
    amount: u128,
    made: usize,
    expected: usize,
    each: F,
}

impl<F: FnMut(usize, usize)> Trials<'_, F> {
    /// On all cores; the answers in order.
    fn make(&mut self, lacking: &[Lacking<'_>]) -> Result<Vec<Without>, ExplainError> {
        let mut answers = Vec::new();
        let (question, payee) = (self.question, self.payee);
        parallel::in_order(
            lacking.len(),
            |index| without(question, payee, lacking[index]),
            |answer| -> Result<(), ExplainError> {
                answers.push(answer);
                self.made += 1;
                self.expected = self.expected.max(self.made);
                (self.each)(self.made, self.expected);
                Ok(())
            },
        )?;
        Ok(answers)
    }

    /// What the payee would have more, or less: without an answer nobody is paid.
    fn difference(&self, without: &Without) -> Difference {
        Difference::between(self.amount, without.amount())
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

fn without(question: &Question<'_>, payee: usize, lacking: Lacking<'_>) -> Result<Without, ExplainError> {
    let has = |rows: &[usize], row: usize| rows.binary_search(&row).is_ok();
    let epoch = match lacking {
        Lacking::Nodes(rows) => question.epoch.without(|row| has(rows, row), |_| false)?,
        Lacking::Edges(rows) => question.epoch.without(|_| false, |row| has(rows, row))?,
    };
    let settlement = match settle(&epoch, question.charter, question.policies, question.history) {
        Ok(settlement) => settlement,
        Err(SettleError::Fault { policy, fault, .. }) => {
            return Ok(Without::Fault(format!("{policy}: {fault}")));
        }
        Err(error) => return Err(error.into()),
    };
    // Where a charter keeps what a policy that fails would divide, the rest is still paid.
    let runs = &settlement.receipt.settlement().runs;
    let fault = runs.iter().find_map(|run| match &run.outcome {
        Outcome::Fault(fault) => Some(format!("{}: {fault}", run.name)),
        Outcome::Allocated { .. } => None,
    });
    let payouts = &settlement.payouts.list().payouts;
    let amount = payouts.get(payee).map_or(0, |payout| payout.amount);
    Ok(match fault {
        Some(fault) if amount == 0 => Without::Fault(fault),
        _ => Without::Amount(amount),
    })
}

/// What each policy said of the payee.
fn parts(settlement: &Settlement, paid: &Payout) -> Vec<ExplainedPart> {
    let list = settlement.payouts.list();
    let runs = &settlement.receipt.settlement().runs;
    let columns = list.policies.iter().zip(runs).zip(&paid.parts).enumerate();
    columns
        .map(|(policy, ((columns, run), part))| ExplainedPart {
            policy: run.name.clone(),
            version: run.version.clone(),
            amount: part.amount,
            measures: columns
                .measures
                .iter()
                .zip(&part.measures)
                .enumerate()
                .map(|(measure, (name, &value))| {
                    let others = list
                        .payouts
                        .iter()
                        .filter_map(|other| other.parts.get(policy)?.measures.get(measure));
                    let higher = others.filter(|other| **other > value).count();
                    ExplainedMeasure { name: name.clone(), value, place: higher + 1 }
                })
                .collect(),
        })
        .collect()
}

/// Whether the losses of single contributions are together the loss of all.
fn adds_up(contributions: &[Contribution], amount: u128, without_all: &Without) -> bool {
    let sum = |less: bool| {
        let mut of = contributions.iter().filter(|one| one.difference.is_negative() == less);
        of.try_fold(0_u128, |sum, one| sum.checked_add(one.difference.magnitude()))
    };
    let all = Difference::between(amount, without_all.amount());
    match (sum(true), sum(false)) {
        (Some(lost), Some(won)) => Difference::between(lost, won) == all,
        _ => false,
    }
}

/// Somebody who relied on the payee, and the rows of the edges.
struct Reliant {
    who: String,
    payee: bool,
    edges: Vec<usize>,
}

/// Those from whose nodes edges lead to the payee's nodes, those with the heaviest edges first.
fn reliants(epoch: &Epoch, payee: usize) -> Vec<Reliant> {
    /// By payee, and nodes that nobody owns each for itself.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Who {
        Payee(usize),
        Node(usize),
    }
    let owner = |node: u32| epoch.node_payee()[node as usize] as usize;
    let mut found: BTreeMap<Who, (f64, Vec<usize>)> = BTreeMap::new();
    for edge in 0..epoch.edge_count() {
        let (source, target) = (epoch.edge_source()[edge], epoch.edge_target()[edge]);
        if owner(target) != payee || owner(source) == payee || epoch.edge_weight()[edge] == 0.0 {
            continue;
        }
        let who = if owner(source) < epoch.payees().len() {
            Who::Payee(owner(source))
        } else {
            Who::Node(source as usize)
        };
        let (weight, edges) = found.entry(who).or_default();
        *weight += epoch.edge_weight()[edge];
        edges.push(edge);
    }
    let mut found: Vec<(f64, Who, Vec<usize>)> =
        found.into_iter().map(|(who, (weight, edges))| (weight, who, edges)).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    found
        .into_iter()
        .map(|(_, who, edges)| match who {
            Who::Payee(row) => Reliant { who: text(epoch.payees().get(row)), payee: true, edges },
            Who::Node(row) => Reliant { who: text(epoch.node_ids().get(row)), payee: false, edges },
        })
        .collect()
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
