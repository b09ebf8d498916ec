//! What a payee contributed, and who relied on it, ranked by what it would lose without.

use std::collections::BTreeMap;
use std::ops::Range;

use super::groups::{Group, Things};
use super::trials::Lacking;
use apportion_core::epoch::Epoch;
use apportion_core::explanation::{Contribution, Reliance};

/// What a payee owns, to be taken out.
pub(super) struct Owned<'a> {
    epoch: &'a Epoch,
    pub(super) things: Things,
}

impl<'a> Owned<'a> {
    pub(super) fn of(epoch: &'a Epoch, owned: &[usize]) -> Owned<'a> {
        let mut kinds: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for &row in owned {
            kinds.entry(epoch.node_kind()[row]).or_default().push(row);
        }
        // Nodes stand in the order of their ids.
        kinds.values_mut().for_each(|rows| rows.sort_by_key(|row| (epoch.node_time()[*row], *row)));
        let (rows, kinds) = in_a_row(kinds.into_values().map(|rows| rows.into_iter().map(|row| vec![row])));
        Owned { epoch, things: Things { rows, kinds, by_kind: false, lacking: |rows| Lacking::Nodes(rows) } }
    }

    pub(super) fn told(&self, groups: &[Group]) -> Vec<Contribution> {
        groups.iter().map(|group| self.contribution(group)).collect()
    }

    fn contribution(&self, group: &Group) -> Contribution {
        let (epoch, rows) = (self.epoch, &self.things.rows);
        let row = |thing: usize| rows.get(thing).and_then(|rows| rows.first()).copied().unwrap_or_default();
        let (first, last) = (row(group.things.start), row(group.things.end - 1));
        let kind = |row: usize| epoch.node_kinds().get(epoch.node_kind()[row] as usize).unwrap_or_default();
        let id = |row: usize| epoch.node_ids().get(row).unwrap_or_default().to_owned();
        Contribution {
            kind: if kind(first) == kind(last) { kind(first).to_owned() } else { String::new() },
            first: id(first),
            last: id(last),
            start: epoch.node_time()[first],
            end: epoch.node_time()[last],
            nodes: group.things.len(),
            without: group.without.clone(),
            difference: group.difference,
            parts: self.told(&group.parts),
        }
    }
}

/// The edges that lead from others to what a payee owns, to be taken out.
pub(super) struct Relied<'a> {
    epoch: &'a Epoch,
    /// Of each of the things who it is.
    who: Vec<Who>,
    pub(super) things: Things,
}

/// By payee, and nodes that nobody owns each for itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Payee(usize),
    Node(usize),
}

impl<'a> Relied<'a> {
    /// Edges without weight carry nothing and are left out, like those between the payee's own nodes.
    pub(super) fn on(epoch: &'a Epoch, payee: usize) -> Relied<'a> {
        let owner = |node: u32| epoch.node_payee()[node as usize] as usize;
        let mut found: BTreeMap<u32, BTreeMap<Who, Vec<usize>>> = BTreeMap::new();
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
            found.entry(epoch.edge_kind()[edge]).or_default().entry(who).or_default().push(edge);
        }
        let time = |edges: &[usize]| edges.iter().map(|edge| epoch.edge_time()[*edge]).min();
        let kinds = found.into_values().map(|reliants| {
            let mut reliants: Vec<(Who, Vec<usize>)> = reliants.into_iter().collect();
            reliants.sort_by_key(|(who, edges)| (time(edges), *who));
            reliants
        });
        let (things, kinds) = in_a_row(kinds);
        let (who, rows) = things.into_iter().unzip();
        Relied {
            epoch,
            who,
            things: Things { rows, kinds, by_kind: true, lacking: |rows| Lacking::Edges(rows) },
        }
    }

    /// How many relied on it.
    pub(super) fn count(&self) -> usize {
        let mut who = self.who.clone();
        who.sort_unstable();
        who.dedup();
        who.len()
    }

    pub(super) fn told(&self, groups: &[Group]) -> Vec<Reliance> {
        groups.iter().map(|group| self.reliance(group)).collect()
    }

    fn reliance(&self, group: &Group) -> Reliance {
        let (epoch, rows) = (self.epoch, self.things.rows_of(&group.things));
        let kind_of =
            |edge: usize| epoch.edge_kinds().get(epoch.edge_kind()[edge] as usize).unwrap_or_default();
        let kind = rows.first().map(|edge| kind_of(*edge)).unwrap_or_default();
        let of_one = rows.iter().all(|edge| kind_of(*edge) == kind);
        let text = |who: Option<&Who>| match who {
            Some(Who::Payee(row)) => epoch.payees().get(*row),
            Some(Who::Node(row)) => epoch.node_ids().get(*row),
            None => None,
        };
        let time = |thing: usize| {
            let edges = self.things.rows.get(thing).into_iter().flatten();
            edges.map(|edge| epoch.edge_time()[*edge]).min().unwrap_or_default()
        };
        let (first, last) = (group.things.start, group.things.end - 1);
        Reliance {
            kind: if of_one { kind.to_owned() } else { String::new() },
            first: text(self.who.get(first)).unwrap_or_default().to_owned(),
            payee: matches!(self.who.get(first), Some(Who::Payee(_))),
            last: text(self.who.get(last)).unwrap_or_default().to_owned(),
            start: time(first),
            end: time(last),
            who: group.things.len(),
            edges: rows.len(),
            without: group.without.clone(),
            difference: group.difference,
            parts: self.told(&group.parts),
        }
    }
}

/// Things of all kinds one after another, and which are of each kind.
fn in_a_row<T>(kinds: impl Iterator<Item = impl IntoIterator<Item = T>>) -> (Vec<T>, Vec<Range<usize>>) {
    let (mut all, mut ranges) = (Vec::new(), Vec::new());
    for kind in kinds {
        let start = all.len();
        all.extend(kind);
        ranges.push(start..all.len());
    }
    (all, ranges)
}
