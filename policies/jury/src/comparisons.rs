//! What the jury compared, read from the graph.

use std::collections::BTreeMap;

use apportion_guest::{Epoch, Refusal, math};

use crate::Jurors;

/// The kind of an edge from a project to the one that was preferred to it.
const PREFERRED: &str = "preferred";
/// The kind of an edge between two projects that were found equal.
const TIED: &str = "tied";
/// The edges' metric that says how many times as valuable the preferred one is.
const TIMES: &str = "times";
/// The edges' label that names the juror.
const JUROR: &str = "juror";

/// All comparisons of an epoch. A project is named by its place among those compared.
pub(crate) struct Comparisons<'a> {
    epoch: &'a Epoch,
    /// The nodes that were compared, ascending.
    projects: Vec<usize>,
    each: Vec<Comparison>,
}

/// One comparison.
#[derive(Clone, Copy)]
struct Comparison {
    /// The edge that it was read from.
    edge: usize,
    winner: usize,
    loser: usize,
    /// Above 0.
    weight: f64,
    tied: bool,
}

/// All comparisons of two projects.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pair {
    pub a: usize,
    pub b: usize,
    /// The weight of those that `a` won.
    pub a_won: f64,
    pub b_won: f64,
    pub tied: f64,
}

/// One comparison as a difference of logarithms.
#[derive(Clone, Copy)]
pub(crate) struct Difference {
    pub winner: usize,
    pub loser: usize,
    pub weight: f64,
    /// ln(value of the winner / value of the loser), as the juror has it.
    pub logarithm: f64,
}

impl<'a> Comparisons<'a> {
    pub(crate) fn of(epoch: &'a Epoch, jurors: Jurors) -> Result<Self, Refusal> {
        let (preferred, tied) = (epoch.edge_kind_named(PREFERRED), epoch.edge_kind_named(TIED));
        let mut each = Vec::new();
        for (edge, kind) in epoch.edge_kind().iter().enumerate() {
            let (loser, winner) = (epoch.edge_source()[edge] as usize, epoch.edge_target()[edge] as usize);
            let weight = epoch.edge_weight()[edge];
            if ![preferred, tied].contains(&Some(*kind)) || weight == 0.0 {
                continue;
            }
            if winner == loser {
                let project = &epoch.node_ids()[winner];
                return Err(Refusal::NoAnswer(format!("`{project}` is compared with itself")));
            }
            each.push(Comparison { edge, winner, loser, weight, tied: tied == Some(*kind) });
        }
        if each.is_empty() {
            return Err(Refusal::NoAnswer(format!(
                "the epoch has no comparison: no edge of kind `{PREFERRED}` or `{TIED}` that weighs something"
            )));
        }
        if jurors == Jurors::Alike {
            weigh_jurors_alike(epoch, &mut each)?;
        }
        let mut projects: Vec<usize> = each.iter().flat_map(|one| [one.winner, one.loser]).collect();
        projects.sort_unstable();
        projects.dedup();
        let mut places = vec![0; epoch.node_kind().len()];
        for (place, project) in projects.iter().enumerate() {
            places[*project] = place;
        }
        for one in &mut each {
            (one.winner, one.loser) = (places[one.winner], places[one.loser]);
        }
        Ok(Self { epoch, projects, each })
    }

    /// The nodes that were compared, ascending.
    pub(crate) fn projects(&self) -> &[usize] {
        &self.projects
    }

    pub(crate) fn len(&self) -> usize {
        self.projects.len()
    }

    /// The weight of the comparisons that each project is in.
    pub(crate) fn counts(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.len()];
        for one in &self.each {
            counts[one.winner] += one.weight;
            counts[one.loser] += one.weight;
        }
        counts
    }

    /// By the two projects, `a` the one of the smaller place; ascending.
    pub(crate) fn pairs(&self) -> Vec<Pair> {
        let mut pairs = BTreeMap::<(usize, usize), Pair>::new();
        for one in &self.each {
            let (a, b) = (one.winner.min(one.loser), one.winner.max(one.loser));
            let pair = pairs.entry((a, b)).or_insert(Pair { a, b, ..Pair::default() });
            let sum = match one.tied {
                true => &mut pair.tied,
                false if one.winner == a => &mut pair.a_won,
                false => &mut pair.b_won,
            };
            *sum += one.weight;
        }
        pairs.into_values().collect()
    }

    /// Every comparison with its ratio; that of a tie is 1.
    pub(crate) fn differences(&self) -> Result<Vec<Difference>, Refusal> {
        let times = self.epoch.edge_metric(TIMES);
        let difference = |one: &Comparison| {
            let times = match (one.tied, times) {
                (true, _) => 1.0,
                (false, Some(times)) => times[one.edge],
                (false, None) => 0.0,
            };
            if times < 1.0 {
                return Err(Refusal::NoAnswer(format!(
                    "`{}` is preferred to `{}`, but its `{TIMES}` is `{times}`: how many times as valuable it is, 1 or \
                     more, is needed",
                    self.name(one.winner),
                    self.name(one.loser)
                )));
            }
            let (winner, loser, weight) = (one.winner, one.loser, one.weight);
            Ok(Difference { winner, loser, weight, logarithm: math::ln(times) })
        };
        self.each.iter().map(difference).collect()
    }

    /// Refuses unless a chain of comparisons leads from each project to each other: nothing says else how the parts
    /// compare.
    pub(crate) fn require_connected(&self) -> Result<(), Refusal> {
        let both = |one: &Comparison| [(one.winner, one.loser), (one.loser, one.winner)];
        let Some(apart) = self.not_reached(self.each.iter().flat_map(both)) else { return Ok(()) };
        Err(Refusal::NoAnswer(format!(
            "no chain of comparisons connects `{}` with `{}`: compare more, or give a `prior`",
            self.name(0),
            self.name(apart)
        )))
    }

    /// Refuses unless a chain of preferences leads from each project to each other, without which the strength of some
    /// has no bound. `ties` says whether a tie counts as a preference both ways.
    pub(crate) fn require_strongly_connected(&self, ties: Ties) -> Result<(), Refusal> {
        let up = |one: &Comparison| match (one.tied, ties) {
            (true, Ties::DoNotCount) => vec![],
            (true, Ties::Count) => vec![(one.loser, one.winner), (one.winner, one.loser)],
            (false, _) => vec![(one.loser, one.winner)],
        };
        let steps: Vec<(usize, usize)> = self.each.iter().flat_map(up).collect();
        let down = steps.iter().map(|(from, to)| (*to, *from));
        let apart = match (self.not_reached(steps.iter().copied()), self.not_reached(down)) {
            (Some(above), _) => (0, above),
            (None, Some(below)) => (below, 0),
            (None, None) => return Ok(()),
        };
        Err(Refusal::NoAnswer(format!(
            "no chain of preferences leads from `{}` up to `{}`, so that their ratio has no bound: compare more, or give \
             a `prior`",
            self.name(apart.0),
            self.name(apart.1)
        )))
    }

    /// The first project that steps from the first one do not lead to.
    fn not_reached(&self, steps: impl Iterator<Item = (usize, usize)>) -> Option<usize> {
        let mut next = vec![Vec::new(); self.len()];
        for (from, to) in steps {
            next[from].push(to);
        }
        let mut reached = vec![false; self.len()];
        let mut waiting = vec![0];
        while let Some(project) = waiting.pop() {
            if !std::mem::replace(&mut reached[project], true) {
                waiting.append(&mut next[project]);
            }
        }
        reached.iter().position(|reached| !reached)
    }

    fn name(&self, project: usize) -> &str {
        &self.epoch.node_ids()[self.projects[project]]
    }
}

/// Whether a tie counts as a preference both ways.
#[derive(Clone, Copy)]
pub(crate) enum Ties {
    Count,
    DoNotCount,
}

/// Scales each juror's weights so that they sum to the same, and all of them to what they summed to.
fn weigh_jurors_alike(epoch: &Epoch, each: &mut [Comparison]) -> Result<(), Refusal> {
    let Some(label) = epoch.edge_label(JUROR) else {
        return Err(Refusal::NoAnswer(format!("the epoch has no edge label `{JUROR}`")));
    };
    let mut sums = vec![0.0; label.words().len()];
    for one in each.iter() {
        let juror = label.rows()[one.edge] as usize;
        // The first word is the empty one.
        if juror == 0 {
            let (source, target) = (epoch.edge_source()[one.edge], epoch.edge_target()[one.edge]);
            let [source, target] = [source, target].map(|node| &epoch.node_ids()[node as usize]);
            return Err(Refusal::NoAnswer(format!(
                "a comparison of `{source}` with `{target}` names no juror"
            )));
        }
        sums[juror] += one.weight;
    }
    let all: f64 = sums.iter().sum();
    let share = all / sums.iter().filter(|sum| **sum > 0.0).count() as f64;
    for one in each {
        one.weight *= share / sums[label.rows()[one.edge] as usize];
    }
    Ok(())
}
