//! Things that an epoch is settled without, ranked by what the payee would lose; many of them in groups first.

use std::ops::Range;

use super::error::ExplainError;
use super::trials::{Lacking, Trials};
use crate::progress::Progress;
use apportion_core::comparison::Difference;
use apportion_core::explanation::Without;

/// Into how many parts a group is taken apart, where there are not runs enough to try each thing in it.
const PARTS: usize = 8;

/// What can be taken out of an epoch, one by one or together.
pub(super) struct Things {
    /// Of each its rows; those of one kind stand together.
    pub(super) rows: Vec<Vec<usize>>,
    /// The things of each kind.
    pub(super) kinds: Vec<Range<usize>>,
    /// Whether all of a kind are tried together even if there are runs enough for each: kinds tell something then.
    pub(super) by_kind: bool,
    /// What rows these are.
    pub(super) lacking: fn(&[usize]) -> Lacking<'_>,
}

/// Things that were taken out together.
pub(super) struct Group {
    /// Which.
    pub(super) things: Range<usize>,
    pub(super) without: Without,
    pub(super) difference: Difference,
    /// What it was taken apart into, ranked.
    pub(super) parts: Vec<Group>,
}

impl Things {
    fn all(&self) -> Range<usize> {
        0..self.rows.len()
    }

    /// In what groups they are tried first, if there are so many runs.
    fn first(&self, runs: usize) -> Vec<Range<usize>> {
        let each = || singles(&self.all());
        if self.rows.len() <= runs && !(self.by_kind && self.kinds.len() > 1) {
            each()
        } else if self.kinds.len() <= runs {
            self.kinds.clone()
        } else {
            chunks(&self.all(), runs.min(PARTS))
        }
    }

    /// How many runs it takes to try all of them, down to each, where it is known what comes without all.
    pub(super) fn runs(&self) -> usize {
        let first = self.first(usize::MAX);
        let runs = |group: &Range<usize>| if group.len() > 1 { 1 + group.len() } else { 1 };
        if first.len() > 1 { first.iter().map(runs).sum() } else { 0 }
    }

    /// The rows of some of them, in order.
    pub(super) fn rows_of(&self, things: &Range<usize>) -> Vec<usize> {
        let mut rows = self.rows[things.clone()].concat();
        rows.sort_unstable();
        rows
    }

    /// Tries them in at most so many runs, where it is known what the payee gets without all: each, if these are enough;
    /// else the parts of the groups that matter most.
    pub(super) fn taken_apart(
        &self,
        trials: &mut Trials<'_, impl FnMut(Progress)>,
        without_all: Option<&Without>,
        runs: usize,
    ) -> Result<Vec<Group>, ExplainError> {
        let Some(without) = without_all else { return Ok(Vec::new()) };
        let whole = || Group {
            things: self.all(),
            difference: trials.difference(without),
            without: without.clone(),
            parts: Vec::new(),
        };
        let (first, enough) = (self.first(runs), self.runs() <= runs);
        let (mut groups, mut left) = match first.as_slice() {
            [_] => (vec![whole()], runs),
            _ => (self.tried(trials, &first)?, runs - first.len()),
        };
        while let Some(group) = largest(&mut groups) {
            let parts = if enough { singles(&group.things) } else { chunks(&group.things, PARTS.min(left)) };
            if parts.len() < 2 || parts.len() > left {
                break;
            }
            left -= parts.len();
            group.parts = self.tried(trials, &parts)?;
        }
        rank(&mut groups);
        Ok(groups)
    }

    fn tried(
        &self,
        trials: &mut Trials<'_, impl FnMut(Progress)>,
        groups: &[Range<usize>],
    ) -> Result<Vec<Group>, ExplainError> {
        let rows: Vec<Vec<usize>> = groups.iter().map(|things| self.rows_of(things)).collect();
        let lacking: Vec<Lacking> = rows.iter().map(|rows| (self.lacking)(rows)).collect();
        let answers = trials.make(&lacking)?;
        let groups = groups.iter().zip(answers).map(|(things, without)| Group {
            things: things.clone(),
            difference: trials.difference(&without),
            without,
            parts: Vec::new(),
        });
        Ok(groups.collect())
    }
}

fn singles(things: &Range<usize>) -> Vec<Range<usize>> {
    things.clone().map(|thing| thing..thing + 1).collect()
}

/// At most so many and at least one, of equal length but for the last.
fn chunks(things: &Range<usize>, most: usize) -> Vec<Range<usize>> {
    let length = things.len().div_ceil(most.max(1)).max(1);
    things.clone().step_by(length).map(|start| start..things.end.min(start + length)).collect()
}

/// The group that is not taken apart yet without which the payee would lose or win most; of equal ones the first.
fn largest(groups: &mut [Group]) -> Option<&mut Group> {
    fn collect<'a>(groups: &'a mut [Group], whole: &mut Vec<&'a mut Group>) {
        for group in groups {
            if group.parts.is_empty() {
                whole.push(group);
            } else {
                collect(&mut group.parts, whole);
            }
        }
    }
    let mut whole = Vec::new();
    collect(groups, &mut whole);
    let apart = |group: &&mut Group| group.things.len() > 1 && group.difference.magnitude() > 0;
    let order = |group: &&mut Group| (group.difference.magnitude(), std::cmp::Reverse(group.things.start));
    whole.into_iter().filter(apart).max_by_key(order)
}

/// By what the payee would lose, most first and what it would win last; equal ones as they stand.
fn rank(groups: &mut [Group]) {
    groups.sort_by_key(|group| group.difference);
    groups.iter_mut().for_each(|group| rank(&mut group.parts));
}
