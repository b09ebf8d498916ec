#![doc = include_str!("../README.md")]

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use apportion_guest::propagate::{EigenTrust, Link, Network};
use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Factor, Policy, Positive, Refusal, Share};

/// The policy `eigentrust`.
#[derive(Clone, Copy, Debug)]
pub struct Eigentrust;

apportion_guest::export!(Eigentrust);

/// What counts as trust, who is trusted beforehand, and how long trust flows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// What an edge is worth as trust of its source in its target, by kind: this factor times the edge's weight. A kind
    /// that is not listed is no trust; without the list every kind has the factor 1.
    #[serde(default)]
    pub edge_kinds: Option<BTreeMap<String, Factor>>,
    /// The node metric that says how much each peer is trusted beforehand, in any unit. Without it every peer alike.
    #[serde(default)]
    pub pretrust_metric: Option<String>,
    /// The part of all trust that comes from the pre-trust; the rest comes from peers.
    #[serde(default = "alpha")]
    pub alpha: Share,
    /// The scores are settled when an iteration changes them by at most this (the Euclidean norm). Left out: 0.000001
    /// divided by the number of peers.
    #[serde(default)]
    pub epsilon: Option<Positive>,
    /// If the scores are not settled after so many iterations there is no answer.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(default = "max_iterations")]
    pub max_iterations: NonZeroU32,
}

fn alpha() -> Share {
    Share::new(0.5).unwrap_or_default()
}

fn max_iterations() -> NonZeroU32 {
    const { NonZeroU32::new(1_000).unwrap() }
}

impl Policy for Eigentrust {
    type Parameters = Parameters;
    const NAME: &'static str = "eigentrust";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Every payee in proportion to the EigenTrust of its peers: who is trusted by the \
        trusted is trusted, beginning with those who are trusted beforehand.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let pretrust = pretrust(epoch, parameters.pretrust_metric.as_deref())?;
        let pretrusted = (0_u32..).zip(pretrust).filter(|(_, trust)| **trust > 0.0);
        let pretrusted: Vec<u32> = pretrusted.map(|(node, _)| node).collect();
        let network = trust(epoch, parameters.edge_kinds.as_ref()).with_nodes(&pretrusted);
        let peers = network.members().len();
        if peers == 0 {
            return Err(Refusal::no_answer("nobody trusts anybody: no edge has a weight"));
        }
        let rule = EigenTrust {
            alpha: parameters.alpha.get(),
            epsilon: parameters.epsilon.map_or(1e-6 / peers as f64, Positive::get),
            max_iterations: parameters.max_iterations.get(),
        };
        let ranking = rule.rank(&network, pretrust);
        if !ranking.settled {
            let most = parameters.max_iterations;
            return Err(Refusal::NoAnswer(format!("the scores did not settle in {most} iterations")));
        }
        let mut scores = vec![0.0; epoch.payees().len()];
        for (payee, score) in epoch.node_payee().iter().zip(&ranking.scores) {
            if let Some(sum) = scores.get_mut(*payee as usize) {
                *sum += score;
            }
        }
        if scores.iter().all(|score| *score == 0.0) {
            return Err(Refusal::no_answer("no payee owns a peer that anybody trusts"));
        }
        Ok(Allocation::from_scores(&scores)?.measure("trust", scores))
    }
}

/// How much each node is trusted beforehand; empty for all peers alike.
fn pretrust<'a>(epoch: &'a Epoch, metric: Option<&str>) -> Result<&'a [f64], Refusal> {
    let Some(name) = metric else { return Ok(&[]) };
    let Some(pretrust) = epoch.node_metric(name) else {
        return Err(Refusal::NoAnswer(format!("the epoch has no node metric `{name}`")));
    };
    for (node, trust) in epoch.node_ids().iter().zip(pretrust) {
        if *trust < 0.0 {
            return Err(Refusal::NoAnswer(format!(
                "`{node}` has the pre-trust `{trust}`: it must be 0 or more"
            )));
        }
    }
    let total: f64 = pretrust.iter().sum();
    if !total.is_finite() {
        return Err(Refusal::NoAnswer(format!("the pre-trust in `{name}` has no finite sum")));
    }
    if total == 0.0 {
        return Err(Refusal::NoAnswer(format!(
            "`{name}` is 0 for every node, so nobody is trusted beforehand; leave `pretrust_metric` out to trust all alike"
        )));
    }
    Ok(pretrust)
}

/// Who trusts whom: local trust, not yet normalised.
fn trust(epoch: &Epoch, kinds: Option<&BTreeMap<String, Factor>>) -> Network {
    let factors: Vec<f64> = match kinds {
        None => vec![1.0; epoch.edge_kinds().len()],
        Some(kinds) => {
            let factor = |kind: &String| kinds.get(kind).map_or(0.0, |factor| factor.get());
            epoch.edge_kinds().iter().map(factor).collect()
        }
    };
    let ends = epoch.edge_source().iter().zip(epoch.edge_target());
    let weights = epoch.edge_kind().iter().zip(epoch.edge_weight());
    let links = ends.zip(weights).map(|((&source, &target), (kind, weight))| {
        let factor = factors.get(*kind as usize).copied().unwrap_or(0.0);
        Link { source, target, weight: factor * weight }
    });
    Network::new(epoch.node_kind().len(), &links.collect::<Vec<_>>())
}
