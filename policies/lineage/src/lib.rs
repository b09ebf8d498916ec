#![doc = include_str!("../README.md")]

mod flow;

use std::collections::BTreeMap;

use apportion_guest::random::Random;
use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Factor, Policy, Positive, Refusal, Share, by_kind, math};

use flow::{Flow, Network};

/// The policy `lineage`.
#[derive(Clone, Copy, Debug)]
pub struct Lineage;

apportion_guest::export!(Lineage);

/// What outcomes earned, and how it flows back to what they came of.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// Which kinds of nodes are outcomes, and what one earned: this factor times the node's weight.
    pub outcomes: BTreeMap<String, Factor>,
    /// The node metric that says what an outcome earned, in place of its weight.
    #[serde(default)]
    pub earned: Option<String>,
    /// How strong a relation is, by kind of edge: this factor times the edge's weight. A kind that is not listed is
    /// none; without the list every kind counts 1.
    #[serde(default)]
    pub relations: Option<BTreeMap<String, Factor>>,
    /// The part that the owner of a node keeps of what reaches it, by kind of node.
    #[serde(default)]
    pub kept: BTreeMap<String, Share>,
    /// The part kept at nodes of kinds that are not listed.
    #[serde(default)]
    pub kept_otherwise: Share,
    /// Of what is not kept, the part that flows on at each step; the rest stays where it is.
    #[serde(default = "all")]
    pub per_step: Share,
    /// After so many days, what flows on to older work is half; without it age does not matter.
    #[serde(default)]
    pub half_life_days: Option<Positive>,
    /// The edge metric that says how certain a relation is, from 0 to 1; without it all are certain.
    #[serde(default)]
    pub confidence: Option<String>,
    /// The node metric that is not 0 where a node was withdrawn, such as the time since when: nothing flows to it.
    #[serde(default)]
    pub withdrawn: Option<String>,
    /// How many times uncertain relations are drawn to tell how sure the amounts are; 0 tells nothing.
    #[schemars(range(max = 10_000))]
    #[serde(default = "draws")]
    pub samples: u32,
}

/// A deviation over so many draws is known to one part in twenty.
fn draws() -> u32 {
    200
}

fn all() -> Share {
    Share::new(1.0).unwrap_or_default()
}

/// So many standard deviations on either side hold 95 of 100 draws of a normal distribution.
const WIDTH: f64 = 1.96;

impl Policy for Lineage {
    type Parameters = Parameters;
    const NAME: &'static str = "lineage";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "What outcomes earned flows back along their lineage: to the data, models, steps and \
        people that they came of, with a part kept at each step.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        if parameters.samples > 10_000 {
            return Err(Refusal::BadParameters("`samples` is at most 10,000".to_owned()));
        }
        let sources = sources(epoch, parameters)?;
        let total: f64 = sources.iter().sum();
        if total == 0.0 {
            return Err(Refusal::no_answer("no outcome earned anything"));
        }
        let confidence = confidence(epoch, parameters)?;
        let network = Network::new(epoch);
        let rates = Rates::new(epoch, parameters)?;

        let (passed, kept) = rates.of(epoch, &confidence);
        let flow = network.flow(&sources, &passed);
        let amounts = by_payee(epoch, |node| flow.reached[node] * kept[node]);
        let steps = by_payee(epoch, |node| flow.steps[node] * kept[node]);
        if amounts.iter().all(|amount| *amount == 0.0) {
            return Err(Refusal::no_answer("what outcomes earned reaches no payee"));
        }
        explain(epoch, &network, &flow);

        let steps: Vec<f64> = steps
            .iter()
            .zip(&amounts)
            .map(|(steps, amount)| if *amount > 0.0 { steps / amount } else { 0.0 })
            .collect();
        let mut allocation = Allocation::from_amounts(&amounts, total)?
            .measure("earned", amounts.clone())
            .measure("steps", steps);
        if parameters.confidence.is_some() && parameters.samples > 0 {
            let deviations = deviations(epoch, &network, &rates, &sources, &confidence, parameters.samples);
            let bound = |side: f64| {
                let bounds = amounts.iter().zip(&deviations);
                let bounds = bounds.map(|(amount, deviation)| amount + side * WIDTH * deviation);
                bounds.map(|bound| epoch.pool_in_units() * (bound / total).clamp(0.0, 1.0)).collect()
            };
            allocation = allocation.measure("amount-lower", bound(-1.0)).measure("amount-upper", bound(1.0));
        }
        Ok(allocation)
    }
}

/// What each node earned as an outcome.
fn sources(epoch: &Epoch, parameters: &Parameters) -> Result<Vec<f64>, Refusal> {
    let amounts = match &parameters.earned {
        None => epoch.node_weight(),
        Some(name) => node_metric(epoch, name)?,
    };
    let factors = by_kind(epoch.node_kinds(), &parameters.outcomes, 0.0);
    let mut sources = Vec::with_capacity(amounts.len());
    for ((kind, amount), node) in epoch.node_kind().iter().zip(amounts).zip(0..) {
        let earned = factors[*kind as usize] * amount;
        if earned < 0.0 {
            let id = epoch.node_ids().get(node).map_or("", String::as_str);
            return Err(Refusal::NoAnswer(format!(
                "outcome `{id}` earned {earned}, which is less than nothing"
            )));
        }
        sources.push(earned);
    }
    Ok(sources)
}

fn node_metric<'e>(epoch: &'e Epoch, name: &str) -> Result<&'e [f64], Refusal> {
    epoch
        .node_metric(name)
        .ok_or_else(|| Refusal::BadParameters(format!("the epoch has no node metric `{name}`")))
}

/// How certain each edge is.
fn confidence(epoch: &Epoch, parameters: &Parameters) -> Result<Vec<f64>, Refusal> {
    let Some(name) = &parameters.confidence else { return Ok(vec![1.0; epoch.edge_kind().len()]) };
    let confidence = epoch
        .edge_metric(name)
        .ok_or_else(|| Refusal::BadParameters(format!("the epoch has no edge metric `{name}`")))?;
    match confidence.iter().position(|part| !(0.0..=1.0).contains(part)) {
        None => Ok(confidence.to_vec()),
        Some(edge) => {
            let part = confidence[edge];
            Err(Refusal::NoAnswer(format!("edge {edge} has the confidence {part}, which is not from 0 to 1")))
        }
    }
}

/// What does not depend on chance: how strong each edge is, what is kept where.
struct Rates {
    /// Factor times weight, 0 from a node to itself.
    strength: Vec<f64>,
    /// What age leaves of what flows along each edge.
    age: Vec<f64>,
    /// What flows on of what reaches a node, at most.
    onward: Vec<f64>,
}

impl Rates {
    fn new(epoch: &Epoch, parameters: &Parameters) -> Result<Self, Refusal> {
        let withdrawn = parameters.withdrawn.as_ref().map(|name| node_metric(epoch, name)).transpose()?;
        let factors = match &parameters.relations {
            None => vec![1.0; epoch.edge_kinds().len()],
            Some(relations) => by_kind(epoch.edge_kinds(), relations, 0.0),
        };
        let ends = || epoch.edge_source().iter().zip(epoch.edge_target());
        let weights = epoch.edge_kind().iter().zip(epoch.edge_weight());
        let strength = ends().zip(weights).map(|((source, target), (kind, weight))| {
            let is_withdrawn = withdrawn.is_some_and(|withdrawn| withdrawn[*target as usize] != 0.0);
            // Who relied on itself passed nothing on.
            if source == target || is_withdrawn { 0.0 } else { factors[*kind as usize] * weight }
        });
        let times = epoch.node_time();
        let age = ends().map(|(source, target)| {
            let Some(half_life) = parameters.half_life_days else { return 1.0 };
            #[allow(clippy::cast_precision_loss, reason = "seconds between times of people's work")]
            let days =
                times[*source as usize].saturating_sub(times[*target as usize]).max(0) as f64 / 86_400.0;
            math::pow(0.5, days / half_life.get())
        });
        let kept = by_kind(epoch.node_kinds(), &parameters.kept, parameters.kept_otherwise.get());
        let onward =
            epoch.node_kind().iter().map(|kind| (1.0 - kept[*kind as usize]) * parameters.per_step.get());
        Ok(Self { strength: strength.collect(), age: age.collect(), onward: onward.collect() })
    }

    /// For each edge the part of what reaches its source that flows along it, and for each node the part that stays.
    fn of(&self, epoch: &Epoch, confidence: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut passed = vec![0.0; self.strength.len()];
        let mut kept = vec![1.0; self.onward.len()];
        for (node, payee) in epoch.node_payee().iter().enumerate() {
            let edges = epoch.out_edges(node);
            let owned = (*payee as usize) < epoch.payees().len();
            let certain = |edge: usize| self.strength[edge] * confidence[edge] * self.age[edge];
            // A node that nobody owns can keep nothing: all goes on, in proportion to what reaches the next ones.
            let whole: f64 = if owned {
                edges.clone().map(|edge| self.strength[edge]).sum()
            } else {
                edges.clone().map(certain).sum()
            };
            if whole == 0.0 {
                continue;
            }
            let onward = if owned { self.onward[node] } else { 1.0 };
            let mut gone = 0.0;
            for edge in edges {
                passed[edge] = onward * certain(edge) / whole;
                gone += passed[edge];
            }
            kept[node] = if owned { (1.0_f64 - gone).max(0.0) } else { 0.0 };
        }
        (passed, kept)
    }
}

/// How far amounts stray where each uncertain relation is there or not, as often as it is certain.
fn deviations(
    epoch: &Epoch,
    network: &Network,
    rates: &Rates,
    sources: &[f64],
    confidence: &[f64],
    samples: u32,
) -> Vec<f64> {
    let payees = epoch.payees().len();
    let (mut sums, mut squares) = (vec![0.0; payees], vec![0.0; payees]);
    let mut random = Random::new(epoch.seed());
    for _ in 0..samples {
        let drawn: Vec<f64> = confidence
            .iter()
            .map(|part| match *part {
                certain if certain == 0.0 || certain == 1.0 => certain,
                // 53 bits: as many as a double tells apart below 1.
                #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
                part => {
                    f64::from(u8::from(((random.next_u64() >> 11) as f64) < part * 9_007_199_254_740_992.0))
                }
            })
            .collect();
        let (passed, kept) = rates.of(epoch, &drawn);
        let flow = network.flow(sources, &passed);
        let amounts = by_payee(epoch, |node| flow.reached[node] * kept[node]);
        for ((sum, square), amount) in sums.iter_mut().zip(&mut squares).zip(&amounts) {
            *sum += amount;
            *square += amount * amount;
        }
    }
    let count = f64::from(samples);
    let spread = |(sum, square): (&f64, &f64)| (square / count - (sum / count) * (sum / count)).max(0.0);
    sums.iter().zip(&squares).map(spread).map(math::sqrt).collect()
}

/// For the author's log: what was circling, and what nobody gets.
fn explain(epoch: &Epoch, network: &Network, flow: &Flow) {
    if network.in_cycles() > 0 {
        epoch.log(format!(
            "{} nodes rely on one another in circles: what flows round is followed until it has landed",
            network.in_cycles()
        ));
    }
    if flow.circling > 0.0 {
        epoch.log(format!(
            "{} flows in circles that nothing leaves, among nodes that nobody owns: it stays in the treasury",
            flow.circling
        ));
    }
}

/// Sums of what nodes have, by the payees that own them.
fn by_payee(epoch: &Epoch, of: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; epoch.payees().len()];
    for (node, payee) in epoch.node_payee().iter().enumerate() {
        if let Some(sum) = sums.get_mut(*payee as usize) {
            *sum += of(node);
        }
    }
    sums
}

#[cfg(test)]
mod tests;
