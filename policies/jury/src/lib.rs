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
        let Valued { projects, values, counts, names } = match &parameters.method {
            Method::BradleyTerry(method) => compared(epoch, parameters, &|all| method.strengths(all)),
            Method::HuberLogs(method) => compared(epoch, parameters, &|all| method.values(all)),
            Method::Colley(method) => compared(epoch, parameters, &|all| method.ratings(all)),
            Method::RankCentrality(method) => compared(epoch, parameters, &|all| method.centralities(all)),
            Method::Median(method) => voted(epoch, parameters, method),
        }?;
        let scores = by_payee(epoch, &projects, &values);
        Ok(parameters
            .constraints
            .divide(epoch, &scores)?
            .measure(names[0], scores)
            .measure(names[1], by_payee(epoch, &projects, &counts)))
    }
}

/// What the jury's word came to.
struct Valued {
    /// Nodes.
    projects: Vec<usize>,
    /// One of each project.
    values: Vec<f64>,
    /// How often each project was spoken of.
    counts: Vec<f64>,
    /// What the two are called.
    names: [&'static str; 2],
}

fn compared(
    epoch: &Epoch,
    parameters: &Parameters,
    method: &dyn Fn(&Comparisons<'_>) -> Result<Vec<f64>, Refusal>,
) -> Result<Valued, Refusal> {
    let comparisons = Comparisons::of(epoch, parameters.jurors)?;
    Ok(Valued {
        projects: comparisons.projects().to_vec(),
        values: method(&comparisons)?,
        counts: comparisons.counts(),
        names: ["value", "comparisons"],
    })
}

fn voted(epoch: &Epoch, parameters: &Parameters, median: &Median) -> Result<Valued, Refusal> {
    let ballots = Ballots::of(epoch, parameters.jurors)?;
    Ok(Valued {
        projects: ballots.projects().to_vec(),
        values: ballots.medians(median),
        counts: ballots.votes(),
        names: ["median", "votes"],
    })
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
