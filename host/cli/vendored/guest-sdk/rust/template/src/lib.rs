//! Who gets what. An example that works: change it to the rule you have in mind.

use std::collections::BTreeMap;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Factor, Policy, Refusal};

/// The rule.
pub struct Rule;

apportion_guest::export!(Rule);

/// What a programme may set. The engine checks parameters against the schema that is derived from this.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// What a unit of weight counts for, by kind of node; 1 for a kind that is not listed.
    #[serde(default)]
    kinds: BTreeMap<String, Factor>,
}

impl Policy for Rule {
    type Parameters = Parameters;
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str =
        "Every payee in proportion to the weight of what it made, which counts by its kind.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let factor = |kind: &String| parameters.kinds.get(kind).map_or(1.0, |factor| factor.get());
        let factors: Vec<f64> = epoch.node_kinds().iter().map(factor).collect();
        let mut points = vec![0.0; epoch.payees().len()];
        let nodes = epoch.node_payee().iter().zip(epoch.node_kind()).zip(epoch.node_weight());
        for ((payee, kind), weight) in nodes {
            // A node that nobody owns has the payee NO_PAYEE, which is no row of `points`.
            if let Some(points) = points.get_mut(*payee as usize) {
                *points += factors[*kind as usize] * weight;
            }
        }
        if points.iter().all(|points| *points == 0.0) {
            return Err(Refusal::no_answer("no payee has a point"));
        }
        Ok(Allocation::from_scores(&points)?.measure("points", points))
    }
}

#[cfg(test)]
mod tests {
    use apportion_guest::{Node, run};

    use super::*;

    /// A rule in Rust is tested natively too, by `cargo test`.
    #[test]
    fn kinds_count_by_their_factors() {
        let epoch = Epoch::builder()
            .node(Node::new("handbook", "document").payee("ann"))
            .node(Node::new("web-shop", "service").payee("bob"));
        let allocation = run::<Rule>(&epoch.build().unwrap(), r#"{"kinds": {"document": 3}}"#).unwrap();
        assert_eq!(allocation.shares(), [0.75, 0.25]);
    }
}
