//! A payee's nodes, ranked by what it would lose without each; many of them in groups first.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ExplainError, Lacking, Trials, Without};
use crate::compare::Difference;
use crate::epoch::Epoch;

/// Into how many parts a group is taken apart.
const PARTS: usize = 8;

/// A node of the payee's, or a group of them of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution {
    /// Their kind.
    pub kind: String,
    /// The node's id; of a group that of its first, in the order of ids.
    pub first: String,
    /// The id of the group's last.
    pub last: String,
    /// How many nodes.
    pub nodes: usize,
    /// What the payee would get without them.
    pub without: Without,
    /// That, less what it gets.
    pub difference: Difference,
    /// The groups that it was taken apart into, ranked; none if it was not.
    pub parts: Vec<Contribution>,
}

/// Nodes that are taken out together.
struct Group {
    rows: Vec<usize>,
    without: Without,
    difference: Difference,
    /// The groups that it was taken apart into.
    parts: Vec<usize>,
}

/// Tries each node, if there are runs enough; else all of a kind, and then the parts of the groups that matter most.
pub(super) fn ranked(
    trials: &mut Trials<'_, impl FnMut(usize, usize)>,
    owned: &[usize],
) -> Result<Vec<Contribution>, ExplainError> {
    let epoch = trials.question.epoch;
    let mut left = trials.question.runs;
    let mut groups: Vec<Group> = Vec::new();
    let mut try_all = |groups: &mut Vec<Group>, split: Vec<Vec<usize>>| -> Result<Vec<usize>, ExplainError> {
        let lacking: Vec<Lacking> = split.iter().map(|rows| Lacking::Nodes(rows)).collect();
        let answers = trials.make(&lacking)?;
        let first = groups.len();
        for (rows, without) in split.into_iter().zip(answers) {
            let difference = trials.difference(&without);
            groups.push(Group { rows, without, difference, parts: Vec::new() });
        }
        Ok((first..groups.len()).collect())
    };

    let top = if owned.len() <= left {
        try_all(&mut groups, owned.iter().map(|row| vec![*row]).collect())?
    } else {
        let mut kinds: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for row in owned {
            kinds.entry(epoch.node_kind()[*row]).or_default().push(*row);
        }
        let kinds: Vec<Vec<usize>> = kinds.into_values().collect();
        left = left.saturating_sub(kinds.len());
        let top = try_all(&mut groups, kinds)?;
        while let Some(largest) = largest(&groups) {
            let rows = &groups[largest].rows;
            let split: Vec<Vec<usize>> =
                rows.chunks(rows.len().div_ceil(PARTS)).map(<[usize]>::to_vec).collect();
            if split.len() > left {
                break;
            }
            left -= split.len();
            let parts = try_all(&mut groups, split)?;
            groups[largest].parts = parts;
        }
        top
    };
    Ok(told(epoch, &groups, &top))
}

/// The group that is not taken apart yet without which the payee would lose or win most.
fn largest(groups: &[Group]) -> Option<usize> {
    let whole = groups.iter().enumerate().filter(|(_, group)| group.rows.len() > 1 && group.parts.is_empty());
    // Of equal ones the first.
    let matters = whole.filter(|(_, group)| group.difference.magnitude() > 0);
    matters
        .max_by_key(|(index, group)| (group.difference.magnitude(), std::cmp::Reverse(*index)))
        .map(|(index, _)| index)
}

/// Ranked by what the payee would lose, equal ones by their ids.
fn told(epoch: &Epoch, groups: &[Group], which: &[usize]) -> Vec<Contribution> {
    let id =
        |row: Option<&usize>| row.and_then(|row| epoch.node_ids().get(*row)).unwrap_or_default().to_owned();
    let mut told: Vec<Contribution> = which
        .iter()
        .filter_map(|index| groups.get(*index))
        .map(|group| Contribution {
            kind: group
                .rows
                .first()
                .and_then(|row| epoch.node_kinds().get(epoch.node_kind()[*row] as usize))
                .unwrap_or_default()
                .to_owned(),
            first: id(group.rows.first()),
            last: id(group.rows.last()),
            nodes: group.rows.len(),
            without: group.without.clone(),
            difference: group.difference,
            parts: told(epoch, groups, &group.parts),
        })
        .collect();
    told.sort_by(|a, b| {
        let loss = |one: &Contribution| (one.difference.is_negative(), one.difference.magnitude());
        match (loss(a), loss(b)) {
            ((true, a), (true, b)) => b.cmp(&a),
            ((false, a), (false, b)) => a.cmp(&b),
            ((a, _), (b, _)) => b.cmp(&a),
        }
    });
    told
}
