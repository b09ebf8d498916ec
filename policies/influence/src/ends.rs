//! Where what a node earned goes on to: from data points to data sets, from everything to who holds it.

use apportion_guest::{Epoch, NO_PAYEE, Refusal};

use crate::parameters::{Parameters, Within};
use crate::{RUN, is_output};

/// Edges of one kind by the node that they leave, with the part of it that each stands for: a node's sum to 1.
#[derive(Default)]
struct Ties {
    /// One more than nodes were closed: those of node n are at `offsets[n]..offsets[n + 1]`.
    offsets: Vec<usize>,
    targets: Vec<u32>,
    shares: Vec<f64>,
}

/// Where everything ends.
pub(crate) struct Ends<'a> {
    /// From data points to data sets.
    sets: Ties,
    /// From any node to the nodes of its contributors.
    contributors: Ties,
    /// Whether some data point is part of the node.
    has_points: Vec<bool>,
    owners: &'a [u32],
    payees: usize,
    within: Within,
}

impl Ties {
    fn add(&mut self, target: u32, weight: f64) {
        // What weighs nothing is as if it were not there.
        if weight > 0.0 {
            self.targets.push(target);
            self.shares.push(weight);
        }
    }

    /// Ends a node: its weights become parts of 1. False if their sum is more than a double holds.
    fn close(&mut self) -> bool {
        let start = self.offsets.last().copied().unwrap_or(0);
        let shares = self.shares.get_mut(start..).unwrap_or_default();
        let sum: f64 = shares.iter().sum();
        for share in shares {
            *share /= sum;
        }
        self.offsets.push(self.targets.len());
        sum.is_finite()
    }

    fn of(&self, node: usize) -> impl Iterator<Item = (usize, f64)> {
        let bounds = self.offsets.get(node).zip(self.offsets.get(node + 1));
        let run = bounds.map_or(0..0, |(start, end)| *start..*end);
        let targets = self.targets.get(run.clone()).unwrap_or_default();
        let shares = self.shares.get(run).unwrap_or_default();
        targets.iter().zip(shares).map(|(target, share)| (*target as usize, *share))
    }
}

impl<'a> Ends<'a> {
    /// Reads the edges that leave nodes which are no outputs.
    pub(crate) fn read(epoch: &'a Epoch, parameters: &Parameters) -> Result<Self, Refusal> {
        let nodes = epoch.node_kind().len();
        let is_output = is_output(epoch, parameters);
        let [set, contributor] = [&parameters.kinds.data_set, &parameters.kinds.contributor]
            .map(|kind| epoch.edge_kind_named(kind));
        let empty = || Ties { offsets: vec![0], ..Ties::default() };
        let (mut sets, mut contributors, mut has_points) = (empty(), empty(), vec![false; nodes]);
        for (run, rows) in epoch.runs(RUN) {
            let start = rows.start;
            let skipped = run.clone().all(&is_output);
            let rows = if skipped { 0..0 } else { rows };
            let (kinds, targets, weights) = (
                epoch.edge_kind_in(rows.clone()),
                epoch.edge_target_in(rows.clone()),
                epoch.edge_weight_in(rows),
            );
            for node in run {
                let edges = epoch.out_edges(node);
                let edges = if is_output(node) { 0..0 } else { edges.start - start..edges.end - start };
                for edge in edges {
                    let (kind, target) = (Some(kinds[edge]), targets[edge]);
                    if kind == set {
                        sets.add(target, weights[edge]);
                        has_points[target as usize] |= weights[edge] > 0.0;
                    } else if kind == contributor {
                        contributors.add(target, weights[edge]);
                    }
                }
                // Both are closed, whatever the first says.
                if ![sets.close(), contributors.close()].iter().all(|finite| *finite) {
                    let node = &epoch.node_ids()[node];
                    let sentence =
                        format!("the edges that leave `{node}` weigh more together than a double holds");
                    return Err(Refusal::NoAnswer(sentence));
                }
            }
        }
        if let Some(node) = (0..nodes).find(|node| has_points[*node] && sets.of(*node).next().is_some()) {
            let node = &epoch.node_ids()[node];
            return Err(Refusal::NoAnswer(format!(
                "`{node}` is part of a data set and has parts itself: data sets of data sets are not divided"
            )));
        }
        let (owners, payees) = (epoch.node_payee(), epoch.payees().len());
        Ok(Self { sets, contributors, has_points, owners, payees, within: parameters.within_data_sets })
    }

    /// The row that stands for the treasury, after those of the payees.
    pub(crate) fn treasury(&self) -> usize {
        self.payees
    }

    /// Whether a payee owns the node.
    pub(crate) fn is_owned(&self, node: usize) -> bool {
        self.owners.get(node).is_some_and(|owner| *owner != NO_PAYEE)
    }

    /// The data sets that a node is part of, with the part of it that each has.
    pub(crate) fn sets_of(&self, node: usize) -> impl Iterator<Item = (usize, f64)> {
        self.sets.of(node)
    }

    /// Who holds a node, with the part of `share` that each has: its contributors; without any, its owner; without
    /// one, the holders of its data sets; without these, the treasury.
    pub(crate) fn each_holder(&self, node: usize, share: f64, give: &mut impl FnMut(usize, f64)) {
        let mut told = false;
        for (contributor, part) in self.contributors.of(node) {
            give(self.payee(contributor), share * part);
            told = true;
        }
        if !told && self.is_owned(node) {
            give(self.payee(node), share);
            told = true;
        }
        if !told {
            // A data set is part of none, so this goes one step further and not on.
            for (set, part) in self.sets_of(node) {
                self.each_holder(set, share * part, give);
                told = true;
            }
        }
        if !told {
            give(self.treasury(), share);
        }
    }

    /// Where scores of a node are added up, with the part of `share` for each: data sets, and nodes that are a data set
    /// of their own, by their rows; or, divided by influence, payees, by the rows after those of the nodes.
    pub(crate) fn each_account(&self, node: usize, share: f64, give: &mut impl FnMut(usize, f64)) {
        let nodes = self.owners.len();
        if self.within == Within::Influence && !self.has_points.get(node).copied().unwrap_or(false) {
            return self.each_holder(node, share, &mut |payee, part| give(nodes + payee, part));
        }
        let mut told = false;
        for (set, part) in self.sets_of(node) {
            give(set, share * part);
            told = true;
        }
        if !told {
            give(node, share);
        }
    }

    /// How many accounts there are: nodes, payees and the treasury.
    pub(crate) fn accounts(&self) -> usize {
        self.owners.len() + self.payees + 1
    }

    /// The row of the node's payee, or of the treasury.
    fn payee(&self, node: usize) -> usize {
        let owner = self.owners.get(node).copied().unwrap_or(NO_PAYEE);
        (owner as usize).min(self.treasury())
    }
}
