#![doc = include_str!("../README.md")]

mod ballots;
mod bradley_terry;
mod colley;
mod comparisons;
mod huber;
mod laplacian;
mod rank_centrality;

use apportion_guest::constraints::Constraints;
use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Policy, Refusal};

pub use ballots::{Median, Of};
pub use bradley_terry::{BradleyTerry, Ties};
pub use colley::Colley;
pub use huber::HuberLogs;
pub use rank_centrality::RankCentrality;

use ballots::Ballots;
use comparisons::Comparisons;

/// The policy `jury`.
#[derive(Clone, Copy, Debug)]
pub struct Jury;

apportion_guest::export!(Jury);

/// How the jury's word becomes shares.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// How comparisons or ballots become a value for each project.
    pub method: Method,
    /// What a juror's word weighs.
    #[serde(default)]
    pub jurors: Jurors,
    /// Who is not paid, and how much the others get at most and at least.
    #[serde(default)]
    pub constraints: Constraints,
}

/// How comparisons or ballots become a value for each project.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Method {
    /// Comparisons: the strengths under which what was preferred is most likely.
    BradleyTerry(BradleyTerry),
    /// Comparisons that say how many times as valuable: the values that fit best, outliers counting less.
    HuberLogs(HuberLogs),
    /// Comparisons: Colley's rating from wins and losses.
    Colley(Colley),
    /// Comparisons: how often one stands at each project who keeps walking to preferred ones.
    RankCentrality(RankCentrality),
    /// Ballots: the median of what they give to a project.
    Median(Median),
}

/// What a juror's word weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Jurors {
    /// Every comparison and every ballot as it is given.
    #[default]
    AsGiven,
    /// All comparisons of a juror together as much as those of any other, by the edges' label `juror`; a ballot's votes
    /// are divided by their sum.
    Alike,
}

impl Policy for Jury {
    type Parameters = Parameters;
    const NAME: &'static str = "jury";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "In proportion to the values that a jury's pairwise comparisons or ballots give to \
        projects, by a method that the parameters name.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        if let Method::Median(median) = &parameters.method {
            let ballots = Ballots::of(epoch, parameters.jurors)?;
            let (medians, votes) = (ballots.medians(median), ballots.votes());
            return Ok(parameters
                .constraints
                .divide(epoch, &by_payee(epoch, ballots.projects(), &medians))?
                .measure("median", by_payee(epoch, ballots.projects(), &medians))
                .measure("votes", by_payee(epoch, ballots.projects(), &votes)));
        }
        let comparisons = Comparisons::of(epoch, parameters.jurors)?;
        let values = match &parameters.method {
            Method::BradleyTerry(method) => method.strengths(&comparisons)?,
            Method::HuberLogs(method) => method.values(&comparisons)?,
            Method::Colley(method) => method.ratings(&comparisons)?,
            Method::RankCentrality(method) => method.centralities(&comparisons)?,
            Method::Median(_) => Vec::new(),
        };
        let scores = by_payee(epoch, comparisons.projects(), &values);
        Ok(parameters
            .constraints
            .divide(epoch, &scores)?
            .measure("value", scores)
            .measure("comparisons", by_payee(epoch, comparisons.projects(), &comparisons.counts())))
    }
}

/// Sums over the projects that each payee owns. What nobody owns counts for nobody.
fn by_payee(epoch: &Epoch, projects: &[usize], values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; epoch.payees().len()];
    for (project, value) in projects.iter().zip(values) {
        let payee = epoch.node_payee()[*project];
        if let Some(sum) = sums.get_mut(payee as usize) {
            *sum += value;
        }
    }
    sums
}
