//! Who gave how much to which project.

use std::collections::BTreeMap;

use apportion_guest::{Epoch, Factor, NO_PAYEE, Refusal};

/// What one contributor gave to one project, in all: above 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gift {
    /// Place of the contributor, below [`Contributions::contributors`].
    pub(crate) contributor: usize,
    pub(crate) amount: f64,
}

/// A node that a payee owns and somebody contributed to.
#[derive(Debug)]
pub(crate) struct Project {
    /// Row of the payee.
    pub(crate) payee: usize,
    /// By contributor, ascending, each once; at least one.
    pub(crate) gifts: Vec<Gift>,
}

/// All gifts of a round.
#[derive(Debug)]
pub(crate) struct Contributions {
    /// In the order of their nodes.
    pub(crate) projects: Vec<Project>,
    /// The persons who gave something, ascending: see [`person`].
    persons: Vec<usize>,
}

impl Contributions {
    /// The contributions of an epoch: its edges of the kinds listed, or of all kinds but `groups`, times their factor.
    /// What adds up to less than `least` is left out, as is what goes to a node that nobody owns.
    pub(crate) fn of(
        epoch: &Epoch,
        kinds: Option<&BTreeMap<String, Factor>>,
        groups: &[String],
        least: f64,
    ) -> Result<Self, Refusal> {
        let factors = factors(epoch, kinds, groups)?;
        let ends = epoch.edge_source().iter().zip(epoch.edge_target());
        let weights = epoch.edge_kind().iter().zip(epoch.edge_weight());
        let mut gifts: Vec<(u32, usize, f64)> = Vec::new();
        for ((source, target), (kind, weight)) in ends.zip(weights) {
            let amount = factors.get(*kind as usize).copied().unwrap_or(0.0) * weight;
            if amount > 0.0 && owner(epoch, *target).is_some() {
                gifts.push((*target, person(epoch, *source), amount));
            }
        }
        // Stable, so that equal rows are added in the epoch's order.
        gifts.sort_by_key(|(target, person, _)| (*target, *person));

        let mut projects = Vec::new();
        let mut persons = Vec::new();
        for of_project in gifts.chunk_by(|a, b| a.0 == b.0) {
            let mut gifts = Vec::new();
            for of_person in of_project.chunk_by(|a, b| a.1 == b.1) {
                let amount: f64 = of_person.iter().map(|gift| gift.2).sum();
                if !amount.is_finite() {
                    return Err(Refusal::no_answer("a contribution is not finite: make the factors smaller"));
                }
                if amount >= least {
                    // The person for now; its place once all are known.
                    gifts.push(Gift { contributor: of_person[0].1, amount });
                    persons.push(of_person[0].1);
                }
            }
            if let (Some(payee), false) = (owner(epoch, of_project[0].0), gifts.is_empty()) {
                projects.push(Project { payee, gifts });
            }
        }
        persons.sort_unstable();
        persons.dedup();
        let mut contributions = Self { projects: Vec::new(), persons };
        for project in &mut projects {
            for gift in &mut project.gifts {
                gift.contributor = contributions.place_of(gift.contributor).unwrap_or_default();
            }
        }
        contributions.projects = projects;
        if contributions.projects.is_empty() {
            return Err(Refusal::no_answer("there is no contribution to a node that a payee owns"));
        }
        Ok(contributions)
    }

    /// How many contributors there are.
    pub(crate) fn contributors(&self) -> usize {
        self.persons.len()
    }

    /// The place of a person, if it contributed.
    pub(crate) fn place_of(&self, person: usize) -> Option<usize> {
        self.persons.binary_search(&person).ok()
    }
}

/// Who acts through a node: its payee, so that several wallets of one payee are one contributor; if nobody owns it,
/// the node itself. Payees and nodes do not overlap.
pub(crate) fn person(epoch: &Epoch, node: u32) -> usize {
    owner(epoch, node).unwrap_or(epoch.payees().len() + node as usize)
}

fn owner(epoch: &Epoch, node: u32) -> Option<usize> {
    let payee = epoch.node_payee().get(node as usize)?;
    (*payee != NO_PAYEE).then_some(*payee as usize)
}

/// What one unit of weight is worth, by kind of edge.
fn factors(
    epoch: &Epoch,
    kinds: Option<&BTreeMap<String, Factor>>,
    groups: &[String],
) -> Result<Vec<f64>, Refusal> {
    if let Some(both) = groups.iter().find(|group| kinds.is_some_and(|kinds| kinds.contains_key(*group))) {
        return Err(Refusal::BadParameters(format!("`{both}` is in `edge_kinds` and in `group_kinds`")));
    }
    let factor = |kind: &String| match kinds {
        None if groups.contains(kind) => 0.0,
        None => 1.0,
        Some(kinds) => kinds.get(kind).map_or(0.0, |factor| factor.get()),
    };
    Ok(epoch.edge_kinds().iter().map(factor).collect())
}
