//! What the scores of one output count: thresholds, negative ones, duplicates.

use apportion_guest::{Epoch, Refusal};

use crate::parameters::{Negative, Parameters};

/// The claims of one output's data points. The memory is kept from output to output.
pub(crate) struct Claims<'a> {
    negative: Negative,
    min_score: f64,
    min_errors: f64,
    /// What each node is a duplicate of, by node; 0: of nothing.
    groups: &'a [u32],
    single: Vec<Listed>,
    grouped: Vec<(u32, Listed)>,
}

/// A data point that an output lists, with a score that counts.
#[derive(Clone, Copy)]
struct Listed {
    point: u32,
    /// Not 0.
    value: f64,
    error: f64,
}

/// What the sum is divided by: one data point's, or that of several that are duplicates of each other.
pub(crate) struct Claim<'a> {
    /// The score that counts: negative only if it is to be set off.
    pub(crate) value: f64,
    /// Its standard error.
    pub(crate) error: f64,
    /// Data points and the part of the claim that each has.
    pub(crate) points: &'a [(u32, f64)],
}

impl<'a> Claims<'a> {
    pub(crate) fn new(epoch: &'a Epoch, parameters: &Parameters) -> Result<Self, Refusal> {
        Ok(Self {
            negative: parameters.negative,
            min_score: parameters.min_score.get(),
            min_errors: parameters.min_errors.get(),
            groups: groups(epoch, parameters)?,
            single: Vec::new(),
            grouped: Vec::new(),
        })
    }

    pub(crate) fn clear(&mut self) {
        self.single.clear();
        self.grouped.clear();
    }

    /// Adds what an edge says. Edges to one point follow each other.
    pub(crate) fn add(&mut self, point: u32, score: f64, error: f64) {
        let size = score.abs();
        if size < self.min_score || size < self.min_errors * error {
            return;
        }
        let value = match self.negative {
            Negative::Ignore => score.max(0.0),
            Negative::Absolute => size,
            Negative::Offset => score,
        };
        if value == 0.0 {
            return;
        }
        let listed = Listed { point, value, error };
        let group = self.groups.get(point as usize).copied().unwrap_or(0);
        if group != 0 {
            self.grouped.push((group, listed));
        } else if let Some(last) = self.single.last_mut().filter(|last| last.point == point) {
            // Listed twice: it counts once.
            *last = last.stronger(listed);
        } else {
            self.single.push(listed);
        }
    }

    /// Brings duplicates together. After the last edge of an output, before the claims are looked at.
    pub(crate) fn close(&mut self) {
        // Stable, so that the points of a group stay in their order.
        self.grouped.sort_by_key(|(group, _)| *group);
    }

    /// The sum of the claims' sizes: 0 if nothing counts.
    pub(crate) fn sum(&self) -> f64 {
        let single: f64 = self.single.iter().map(|listed| listed.value.abs()).sum();
        let grouped: f64 = self.groups().map(|group| strongest(group).value.abs()).sum();
        single + grouped
    }

    pub(crate) fn each(&self, mut with: impl FnMut(&Claim<'_>)) {
        for Listed { point, value, error } in &self.single {
            with(&Claim { value: *value, error: *error, points: &[(*point, 1.0)] });
        }
        let mut points = Vec::new();
        for group in self.groups() {
            let Listed { value, error, .. } = strongest(group);
            // Relative to the strongest, so that no sum is too large.
            let relative = |listed: &Listed| (listed.value / value).abs();
            let sum: f64 = group.iter().map(|(_, listed)| relative(listed)).sum();
            points.clear();
            points.extend(group.iter().map(|(_, listed)| (listed.point, relative(listed) / sum)));
            with(&Claim { value, error, points: &points });
        }
    }

    fn groups(&self) -> impl Iterator<Item = &[(u32, Listed)]> {
        self.grouped.chunk_by(|(group, _), (next, _)| group == next)
    }
}

impl Listed {
    /// The one whose score is farther from 0; of two as far the positive one.
    fn stronger(self, other: Self) -> Self {
        let (size, of_other) = (self.value.abs(), other.value.abs());
        if of_other > size || of_other == size && other.value > self.value { other } else { self }
    }
}

fn strongest(group: &[(u32, Listed)]) -> Listed {
    let mut listed = group.iter().map(|(_, listed)| *listed);
    let nothing = Listed { point: 0, value: 0.0, error: 0.0 };
    listed.next().map_or(nothing, |first| listed.fold(first, Listed::stronger))
}

/// What each node is a duplicate of: the word of the label, as a number; 0 for none. Empty without such a label.
pub(crate) fn groups<'a>(epoch: &'a Epoch, parameters: &Parameters) -> Result<&'a [u32], Refusal> {
    let Some(name) = &parameters.duplicates else { return Ok(&[]) };
    match epoch.node_label(name) {
        Some(label) => Ok(label.rows()),
        None => Err(Refusal::NoAnswer(format!("the epoch has no node label `{name}`"))),
    }
}
