//! Ballots, and the median of what they give to a project.

use std::collections::BTreeMap;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Epoch, Refusal};

use crate::Jurors;

/// The kind of an edge from a juror's node to a project; its weight is what the ballot gives to the project.
const VOTED: &str = "voted";

/// The median of what ballots give to a project.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Median {
    /// Whose word the median is of.
    #[serde(default)]
    pub of: Of,
    /// A project with fewer votes than this gets nothing. A vote that gives 0 is one.
    #[serde(default)]
    pub quorum: u32,
}

/// Whose word the median is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Of {
    /// Of those who voted on the project.
    #[default]
    Voters,
    /// Of all ballots; one without a vote on the project gives it 0.
    Ballots,
}

/// All ballots of an epoch.
pub(crate) struct Ballots {
    /// How many jurors voted on anything.
    ballots: usize,
    /// The nodes that were voted on, ascending.
    projects: Vec<usize>,
    /// What each project was given, sorted.
    votes: Vec<Vec<f64>>,
}

impl Ballots {
    pub(crate) fn of(epoch: &Epoch, jurors: Jurors) -> Result<Self, Refusal> {
        let Some(voted) = epoch.edge_kind_named(VOTED) else {
            return Err(Refusal::NoAnswer(format!("the epoch has no ballot: no edge of kind `{VOTED}`")));
        };
        let mut by_project = BTreeMap::<usize, Vec<f64>>::new();
        let mut ballots = 0;
        for juror in 0..epoch.node_kind().len() {
            let votes = epoch.out_edges(juror).filter(|edge| epoch.edge_kind()[*edge] == voted);
            let votes: Vec<(usize, f64)> =
                votes.map(|edge| (epoch.edge_target()[edge] as usize, epoch.edge_weight()[edge])).collect();
            // Edges that leave a node are sorted by target.
            if let Some(twice) = votes.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let [juror, project] = [juror, twice[0].0].map(|node| &epoch.node_ids()[node]);
                return Err(Refusal::NoAnswer(format!("`{juror}` voted twice on `{project}`")));
            }
            ballots += usize::from(!votes.is_empty());
            let sum: f64 = votes.iter().map(|(_, weight)| weight).sum();
            let scale = if jurors == Jurors::Alike && sum > 0.0 { sum } else { 1.0 };
            for (project, weight) in votes {
                by_project.entry(project).or_default().push(weight / scale);
            }
        }
        let (projects, mut votes): (Vec<usize>, Vec<Vec<f64>>) = by_project.into_iter().unzip();
        for votes in &mut votes {
            votes.sort_unstable_by(f64::total_cmp);
        }
        Ok(Self { ballots, projects, votes })
    }

    /// The nodes that were voted on, ascending.
    pub(crate) fn projects(&self) -> &[usize] {
        &self.projects
    }

    /// How many voted on each project.
    pub(crate) fn votes(&self) -> Vec<f64> {
        self.votes.iter().map(|votes| votes.len() as f64).collect()
    }

    /// The median of each project; of an even number of votes the mean of the two in the middle.
    pub(crate) fn medians(&self, median: &Median) -> Vec<f64> {
        let of = |votes: &Vec<f64>| {
            let absent = match median.of {
                Of::Voters => 0,
                Of::Ballots => self.ballots - votes.len(),
            };
            // Of the absent zeros followed by the votes.
            let at = |place: usize| place.checked_sub(absent).map_or(0.0, |place| votes[place]);
            let all = absent + votes.len();
            let enough = votes.len() >= usize::try_from(median.quorum).unwrap_or(usize::MAX);
            if enough { (at((all - 1) / 2) + at(all / 2)) / 2.0 } else { 0.0 }
        };
        self.votes.iter().map(of).collect()
    }
}
