//! Why one payee got what it got: found by settling the epoch again without each of its contributions.
//!
//! This works for any policy, because it asks nothing of it: what a payee would lose without a contribution is what
//! the same rule pays it when the contribution is taken out of the epoch. Such losses need not add up to the amount
//! (a rule may pay for the first of two and not for the second), so whether they do is said beside them.

mod contributions;
mod error;
mod groups;
mod names;
mod paths;
mod question;
mod trials;

use std::collections::BTreeMap;

use crate::progress::Progress;
use crate::settle::{SettleError, Settlement, settle};
use apportion_core::comparison::Difference;
use apportion_core::epoch::Epoch;
use apportion_core::explanation::FORMAT;
pub use apportion_core::explanation::{
    Change, Contribution, ExplainedMeasure, ExplainedPart, Explanation, Names, Path, Reliance, Step, Without,
};
use apportion_core::payouts::{Payout, Payouts};

use contributions::{Owned, Relied};
pub use error::ExplainError;
use groups::{Group, Things};
pub use question::Question;
use trials::{Lacking, Trials};

/// A settled epoch whose payouts can be explained.
///
/// ```
/// use apportion::{Charter, Engine, Epoch, History};
/// use apportion::explain::{Explainer, Question, Without};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new()?;
/// let policy = engine.admit(&std::fs::read("../../policies/dist/pagerank.wasm")?)?;
/// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
/// let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
/// let (policies, history) = ([policy], History::default());
/// let question =
///     Question { epoch: &epoch, charter: &charter, policies: &policies, history: &history, before: None, runs: 100 };
///
/// let payee = epoch.payees().get(0).unwrap_or_default();
/// let explanation = Explainer::new(question)?.explain(payee, |_| ())?;
/// assert_eq!(explanation.contributions.len(), explanation.nodes);
/// assert_eq!(explanation.without_all, Without::Amount(0));
/// # Ok(())
/// # }
/// ```
pub struct Explainer<'a> {
    question: Question<'a>,
    settlement: Settlement,
}

impl<'a> Explainer<'a> {
    /// Settles the epoch as it is, once for all payees that are explained.
    ///
    /// # Errors
    ///
    /// If the epoch cannot be settled.
    pub fn new(question: Question<'a>) -> Result<Explainer<'a>, SettleError> {
        let settlement = settle(question.epoch, question.charter, question.policies, question.history)?;
        Ok(Explainer { question, settlement })
    }

    /// The epoch as it is settled. Who explains what was paid holds its receipt against the one that was written then.
    pub fn settlement(&self) -> &Settlement {
        &self.settlement
    }

    /// Explains what a payee gets, by settling the epoch again without what it contributed, on all cores. `progress`
    /// is called after every settlement. The answer is the same on any number of cores.
    ///
    /// # Errors
    ///
    /// If there is no such payee, or the host fails.
    pub fn explain(&self, payee: &str, progress: impl FnMut(Progress)) -> Result<Explanation, ExplainError> {
        let (question, epoch) = (&self.question, self.question.epoch);
        let unknown = || ExplainError::UnknownPayee { payee: payee.to_owned(), epoch: epoch.number() };
        let row = epoch.payees().position(payee).ok_or_else(unknown)?;
        let payouts = self.settlement.payouts.rows();
        let paid = payouts.get(row).ok_or_else(unknown)?;

        let nodes: Vec<usize> =
            (0..epoch.node_count()).filter(|node| epoch.node_payee()[*node] as usize == row).collect();
        let (owned, relied) = (Owned::of(epoch, &nodes), Relied::on(epoch, row));
        let mut trials =
            Trials { question, payee: row, amount: paid.amount, made: 0, expected: 0, each: progress };
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
            names: names::names(epoch, &contributions, &reliances, &paths),
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
        trials: &mut Trials<'_, impl FnMut(Progress)>,
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

/// What each policy said of the payee.
fn parts(settlement: &Settlement, paid: &Payout) -> Vec<ExplainedPart> {
    let payouts = &settlement.payouts;
    let runs = &settlement.receipt.terms().runs;
    let columns = payouts.policies().iter().zip(runs).zip(&paid.parts).enumerate();
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
                        let payouts = payouts.iter();
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
    let id = epoch.payees().get(row).unwrap_or_default();
    let then = before.payees().position(id);
    let entry = then.and_then(|row| payouts.rows().get(row));
    let amount = entry.map_or(0, |payout| payout.amount);

    let measures = |list: &Payouts, payout: &Payout| -> BTreeMap<String, f64> {
        let parts = list.policies().iter().zip(&payout.parts);
        parts
            .flat_map(|(columns, part)| columns.measures.iter().cloned().zip(part.measures.iter().copied()))
            .collect()
    };
    let old = entry.map(|entry| measures(payouts, entry)).unwrap_or_default();
    let new = measures(&settlement.payouts, paid);
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
