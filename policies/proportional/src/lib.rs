#![doc = include_str!("../README.md")]

use std::collections::BTreeMap;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Factor, Policy, Refusal, Share, by_kind, limits, scale};

/// The policy `proportional`.
#[derive(Clone, Copy, Debug)]
pub struct Proportional;

apportion_guest::export!(Proportional);

/// What earns points, and the limits of what they are worth. At least one of the four tables has an entry.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// Points per unit of node weight, by kind of node: they go to the node's payee.
    #[serde(default)]
    pub node_kinds: BTreeMap<String, Factor>,
    /// Points per unit of a node metric, by its name: they go to the node's payee. Negative values count as 0.
    #[serde(default)]
    pub node_metrics: BTreeMap<String, Factor>,
    /// Points per unit of edge weight, by kind of edge: they go to the payee of the edge's target.
    #[serde(default)]
    pub edge_kinds: BTreeMap<String, Factor>,
    /// Points per unit of an edge metric, by its name: they go to the payee of the edge's target. Negative values count
    /// as 0.
    #[serde(default)]
    pub edge_metrics: BTreeMap<String, Factor>,
    /// No payee gets more than this part of the pool; what is above goes to the others in proportion to their points.
    #[serde(default)]
    pub max_share: Option<Share>,
    /// Payees that would get less are not paid, in whole units of the asset; what they leave goes to the others.
    #[serde(default)]
    pub min_amount: Factor,
}

impl Policy for Proportional {
    type Parameters = Parameters;
    const NAME: &'static str = "proportional";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Every payee in proportion to its points, which the parameters give for nodes, \
        edges and their metrics; with an optional cap and minimum.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let points = Points::of(epoch, parameters)?;
        let [from_nodes, from_edges] = points.by_payee;
        let total: Vec<f64> =
            from_nodes.iter().zip(&from_edges).map(|(nodes, edges)| nodes + edges).collect();
        if scale::normalise(&total).is_none() {
            return Err(Refusal::no_answer("no payee has a point"));
        }
        let pool = epoch.pool_in_units();
        let kept = limits::without_dust(&total, pool, parameters.min_amount.get());
        let allocation = match parameters.max_share {
            // Without a cap the points themselves are the shares, and the host divides exactly.
            None => Allocation::from_scores(&kept)?,
            Some(most) => Allocation::from_amounts(&limits::capped(&kept, pool, most.get()), pool)?,
        };
        Ok(allocation
            .measure("points", total)
            .measure("points-from-nodes", from_nodes)
            .measure("points-from-edges", from_edges))
    }
}

/// Points of each payee.
struct Points<'a> {
    epoch: &'a Epoch,
    /// From nodes, from edges.
    by_payee: [Vec<f64>; 2],
}

const FROM_NODES: usize = 0;
const FROM_EDGES: usize = 1;

impl<'a> Points<'a> {
    fn of(epoch: &'a Epoch, parameters: &Parameters) -> Result<Self, Refusal> {
        let Parameters { node_kinds, node_metrics, edge_kinds, edge_metrics, .. } = parameters;
        if [node_kinds, node_metrics, edge_kinds, edge_metrics].iter().all(|table| table.is_empty()) {
            return Err(Refusal::bad_parameters(
                "nothing earns points: give `node_kinds`, `node_metrics`, `edge_kinds` or `edge_metrics` an entry",
            ));
        }
        let payees = epoch.payees().len();
        let mut points = Self { epoch, by_payee: [vec![0.0; payees], vec![0.0; payees]] };
        if !node_kinds.is_empty() {
            let factors = by_kind(epoch.node_kinds(), node_kinds, 0.0);
            points.add_nodes(epoch.node_kind().iter().zip(epoch.node_weight()).map(weighed(&factors)));
        }
        for (name, factor) in node_metrics {
            let Some(values) = epoch.node_metric(name) else {
                return Err(Refusal::NoAnswer(format!("the epoch has no node metric `{name}`")));
            };
            points.add_nodes(values.iter().map(|value| value.max(0.0) * factor.get()));
        }
        if !edge_kinds.is_empty() {
            let factors = by_kind(epoch.edge_kinds(), edge_kinds, 0.0);
            points.add_edges(epoch.edge_kind().iter().zip(epoch.edge_weight()).map(weighed(&factors)));
        }
        for (name, factor) in edge_metrics {
            let Some(values) = epoch.edge_metric(name) else {
                return Err(Refusal::NoAnswer(format!("the epoch has no edge metric `{name}`")));
            };
            points.add_edges(values.iter().map(|value| value.max(0.0) * factor.get()));
        }
        Ok(points)
    }

    fn add_nodes(&mut self, points: impl Iterator<Item = f64>) {
        for (payee, points) in self.epoch.node_payee().iter().zip(points) {
            if let Some(sum) = self.by_payee[FROM_NODES].get_mut(*payee as usize) {
                *sum += points;
            }
        }
    }

    fn add_edges(&mut self, points: impl Iterator<Item = f64>) {
        let owners = self.epoch.node_payee();
        for (target, points) in self.epoch.edge_target().iter().zip(points) {
            let payee = owners.get(*target as usize);
            if let Some(sum) = payee.and_then(|payee| self.by_payee[FROM_EDGES].get_mut(*payee as usize)) {
                *sum += points;
            }
        }
    }
}

fn weighed(factors: &[f64]) -> impl Fn((&u32, &f64)) -> f64 {
    move |(kind, weight)| weight * factors.get(*kind as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use apportion_guest::{Edge, Node, run};

    use super::*;

    /// The example of the README.
    fn epoch() -> Epoch {
        let epoch = Epoch::builder()
            .pool(1000)
            .node(Node::new("commit:1", "commit").payee("ann").metric("lines", 30.0))
            .node(Node::new("commit:2", "commit").payee("ann").weight(2.0).metric("lines", -5.0))
            .node(Node::new("review:1", "review").payee("bob"))
            .node(Node::new("talk:1", "talk").payee("cyd"))
            .node(Node::new("commit:3", "commit").weight(9.0))
            .edge(Edge::new("review:1", "commit:1", "reviews").weight(3.0))
            .edge(Edge::new("talk:1", "review:1", "cites").metric("minutes", 20.0))
            .edge(Edge::new("talk:1", "commit:3", "cites").metric("minutes", 90.0));
        epoch.build().unwrap()
    }

    fn shares(parameters: &str) -> Vec<f64> {
        run::<Proportional>(&epoch(), parameters).unwrap().shares()
    }

    #[test]
    fn points_come_from_kinds_and_metrics_of_nodes_and_edges() {
        assert_eq!(shares(r#"{"node_kinds": {"commit": 1, "talk": 5}}"#), [0.375, 0.0, 0.625]);
        assert_eq!(shares(r#"{"node_metrics": {"lines": 0.5}}"#), [1.0, 0.0, 0.0]);
        assert_eq!(shares(r#"{"edge_kinds": {"reviews": 1, "cites": 3}}"#), [0.5, 0.5, 0.0]);
        assert_eq!(shares(r#"{"edge_metrics": {"minutes": 1}}"#), [0.0, 1.0, 0.0]);
        // 3 + 3 for Ann, 1 for Bob, 1 for Cyd.
        let all = r#"{"node_kinds": {"commit": 1, "review": 1, "talk": 1}, "edge_kinds": {"reviews": 1}}"#;
        assert_eq!(shares(all), [0.75, 0.125, 0.125]);
    }

    #[test]
    fn a_cap_gives_to_the_others_and_a_minimum_takes_from_the_small() {
        let points = r#""node_kinds": {"commit": 2, "review": 1, "talk": 1}"#;
        assert_eq!(shares(&format!("{{{points}, \"max_share\": 0.5}}")), [0.5, 0.25, 0.25]);
        assert_eq!(shares(&format!("{{{points}, \"min_amount\": 126}}")), [1.0, 0.0, 0.0]);
        assert_eq!(shares(&format!("{{{points}, \"min_amount\": 125}}")), [0.75, 0.125, 0.125]);
        // All at the cap: the rest stays in the treasury.
        assert_eq!(shares(&format!("{{{points}, \"max_share\": 0.25}}")), [0.25, 0.25, 0.25]);
    }

    #[test]
    fn what_cannot_be_answered_is_said() {
        let refusal = |parameters| run::<Proportional>(&epoch(), parameters).unwrap_err().to_string();
        assert!(refusal("{}").starts_with("bad parameters: nothing earns points"));
        assert_eq!(refusal(r#"{"node_kinds": {"poem": 1}}"#), "no answer: no payee has a point");
        assert_eq!(
            refusal(r#"{"edge_metrics": {"stars": 1}}"#),
            "no answer: the epoch has no edge metric `stars`"
        );
        assert!(refusal(r#"{"node_kinds": {"commit": -1}}"#).contains("a number, 0 or more"));
    }
}
