#![doc = include_str!("../README.md")]

mod clrfund;
mod cluster;
mod contributions;
mod matching;

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Factor, Policy, Positive, Refusal, Share, limits};

use contributions::Contributions;

/// The policy `quadratic-funding`.
#[derive(Clone, Copy, Debug)]
pub struct QuadraticFunding;

apportion_guest::export!(QuadraticFunding);

/// The rule, what counts as a contribution, and the limits of a match.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// How contributions are matched.
    #[serde(default)]
    pub rule: Rule,
    /// What an edge is worth as a contribution of its source to its target, by kind: this factor times the edge's
    /// weight, in whole units of the asset. A kind that is not listed is no contribution; without the list every kind
    /// but those of groups has the factor 1.
    #[serde(default)]
    pub edge_kinds: Option<BTreeMap<String, Factor>>,
    /// What somebody gives to a project counts only if it is at least this much in all, in whole units of the asset.
    #[serde(default)]
    pub min_contribution: Option<Factor>,
    /// Projects with fewer contributors are not matched.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[serde(default)]
    pub min_contributors: Option<NonZeroU32>,
    /// No payee gets more than this part of the pool; what is above goes to the others.
    #[serde(default)]
    pub max_share: Option<Share>,
    /// What becomes of a pool that is more than all matches together. Left out: it is retained.
    #[serde(default)]
    pub surplus: Option<Surplus>,
}

/// How contributions are matched.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Rule {
    /// The square of the sum of the contributions' square roots, less the contributions.
    #[default]
    Plain,
    /// The plain rule, with less for each pair of contributors the more they give to the same projects.
    Pairwise {
        /// Two contributors together draw less than twice this, in whole units of the asset, however much they give.
        bound: Positive,
    },
    /// Connection-oriented cluster match: pairs of groups are matched, less for members close to the other group.
    ClusterMatch {
        /// How closeness to the other group lowers a contribution.
        discount: Discount,
        /// The kinds of edges that say who belongs to which group: from a contributor to a group, with the strength of
        /// the membership as weight. None: each project is the group of its contributors.
        #[serde(default)]
        group_kinds: Vec<String>,
    },
    /// clr.fund's first rule: the matching pool in proportion to votes.
    ClrfundV1(Tally),
    /// clr.fund's second rule: capital-constrained quadratic funding.
    ClrfundV2(Tally),
}

/// How closeness to the other group lowers a contribution in a cluster match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Discount {
    /// The paper's: the square root of the contribution counts, if the contributor shares a group with any member of
    /// the other group.
    Paper,
    /// Gitcoin's: a contribution counts for less by the chance to get from the contributor by way of a group and one of
    /// its members into the other group; a member's own counts for nothing there.
    Gitcoin,
}

/// What a tally of clr.fund is counted in.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Tally {
    /// What one voice credit is worth, in base units of the asset. Left out: the contract's, 10^(decimals - 5), at least 1.
    #[schemars(range(min = 1, max = 9_007_199_254_740_991_u64))]
    #[serde(default)]
    pub voice_credit_factor: Option<NonZeroU64>,
}

/// What becomes of a pool that is more than all matches together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Surplus {
    /// It stays in the treasury: nobody gets more than its match.
    Retained,
    /// It is shared out in proportion to the matches.
    Shared,
}

impl Policy for QuadraticFunding {
    type Parameters = Parameters;
    const NAME: &'static str = "quadratic-funding";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Every payee the match of the contributions to its projects: many small \
        contributions are matched by more than a few large ones of the same sum.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        match &parameters.rule {
            Rule::Plain => matched(epoch, parameters, &[], |gifts| Ok(matching::plain(gifts))),
            Rule::Pairwise { bound } => {
                matched(epoch, parameters, &[], |gifts| Ok(matching::pairwise(gifts, bound.get())))
            }
            Rule::ClusterMatch { discount, group_kinds } => {
                matched(epoch, parameters, group_kinds, |gifts| {
                    cluster::matched(epoch, gifts, *discount, group_kinds)
                })
            }
            Rule::ClrfundV1(tally) => clrfund::first(epoch, parameters, *tally),
            Rule::ClrfundV2(tally) => clrfund::second(epoch, parameters, *tally),
        }
    }
}

/// By a rule that gives the match of each project.
fn matched(
    epoch: &Epoch,
    parameters: &Parameters,
    groups: &[String],
    rule: impl Fn(&Contributions) -> Result<Vec<f64>, Refusal>,
) -> Result<Allocation, Refusal> {
    let least = parameters.min_contribution.map_or(0.0, Factor::get);
    let contributions = Contributions::of(epoch, parameters.edge_kinds.as_ref(), groups, least)?;
    divide(epoch, parameters, &contributions, &rule(&contributions)?)
}

/// Of each project's match, what its payee gets.
fn divide(
    epoch: &Epoch,
    parameters: &Parameters,
    contributions: &Contributions,
    matches: &[f64],
) -> Result<Allocation, Refusal> {
    let payees = epoch.payees().len();
    let [mut matched, mut given, mut givers] = [vec![0.0; payees], vec![0.0; payees], vec![0.0; payees]];
    let fewest = parameters.min_contributors.map_or(1, NonZeroU32::get) as usize;
    for (project, project_match) in contributions.projects.iter().zip(matches) {
        given[project.payee] += project.gifts.iter().map(|gift| gift.amount).sum::<f64>();
        givers[project.payee] += project.gifts.len() as f64;
        if project.gifts.len() >= fewest {
            matched[project.payee] += project_match;
        }
    }
    let total: f64 = matched.iter().sum();
    if !total.is_finite() {
        return Err(Refusal::no_answer("the matches have no finite sum: make the factors smaller"));
    }
    if total == 0.0 {
        return Err(Refusal::no_answer(
            "no project is matched: that takes two contributors who are not close",
        ));
    }
    let pool = epoch.pool_in_units();
    let cap = parameters.max_share.map_or(f64::INFINITY, |share| share.get() * pool);
    let asked: f64 = matched.iter().map(|matched| matched.min(cap)).sum();
    let allocation = match (parameters.surplus.unwrap_or(Surplus::Retained), parameters.max_share) {
        (Surplus::Retained, _) if asked <= pool => {
            let amounts: Vec<f64> = matched.iter().map(|matched| matched.min(cap)).collect();
            Allocation::from_amounts(&amounts, pool)?
        }
        // Without a cap the matches themselves are the shares, and the host divides exactly.
        (_, None) => Allocation::from_scores(&matched)?,
        (_, Some(most)) => Allocation::from_amounts(&limits::capped(&matched, pool, most.get()), pool)?,
    };
    Ok(allocation.measure("match", matched).measure("contributed", given).measure("contributors", givers))
}
