//! Weights by prefix of address: a node's or an edge's is the product of all that match.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::problem::{Fault, shortened};

use super::address::Address;
use super::file::Stamp;
use super::float::Float;

/// A file or a part of one that holds weights.
pub(super) type WeightsFile = (Stamp, RawWeights);

/// As it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawWeights {
    node_weights: BTreeMap<String, Float>,
    edge_weights: BTreeMap<String, RawEdgeWeight>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEdgeWeight {
    forwards: Float,
    backwards: Float,
}

/// What an edge carries, from source to target and back.
pub(super) type EdgeWeight = (f64, f64);

/// Weights of one or several plugins.
#[derive(Debug, Default)]
pub(super) struct Weights {
    nodes: BTreeMap<Address, f64>,
    edges: BTreeMap<Address, EdgeWeight>,
}

impl Weights {
    /// Checked: prefixes are addresses, numbers finite and 0 or more.
    pub(super) fn read((stamp, raw): WeightsFile) -> Result<Weights, Fault> {
        stamp.expect("sourcecred/weights", "0.2.0")?;
        let mut weights = Weights::default();
        for (prefix, weight) in raw.node_weights {
            weights.nodes.insert(address(&prefix, 'N')?, checked(&prefix, weight.0)?);
        }
        for (prefix, RawEdgeWeight { forwards, backwards }) in raw.edge_weights {
            let pair = (checked(&prefix, forwards.0)?, checked(&prefix, backwards.0)?);
            weights.edges.insert(address(&prefix, 'E')?, pair);
        }
        Ok(weights)
    }

    /// Adds another plugin's; where both have the same prefix it must be with the same weight.
    pub(super) fn add(&mut self, other: Weights) -> Result<(), Fault> {
        let nodes = other.nodes.iter().find(|(prefix, weight)| differs(self.nodes.get(*prefix), weight));
        let edges = other.edges.iter().find(|(prefix, pair)| differs(self.edges.get(*prefix), pair));
        if let Some(prefix) = nodes.map(|(prefix, _)| prefix).or(edges.map(|(prefix, _)| prefix)) {
            let prefix = shortened(&prefix.id());
            return Err(Fault::Parameters(format!(
                "has another weight for `{prefix}` than a plugin before it"
            )));
        }
        self.replace(other);
        Ok(())
    }

    /// Puts others in the place of its own, prefix by prefix.
    pub(super) fn replace(&mut self, other: Weights) {
        self.nodes.extend(other.nodes);
        self.edges.extend(other.edges);
    }

    pub(super) fn of_node(&self, address: &Address) -> f64 {
        let found = address.prefixes().filter_map(|prefix| self.nodes.get(prefix));
        found.product()
    }

    pub(super) fn of_edge(&self, address: &Address) -> EdgeWeight {
        let found = address.prefixes().filter_map(|prefix| self.edges.get(prefix));
        found.fold((1.0, 1.0), |(forwards, backwards), (f, b)| (forwards * f, backwards * b))
    }
}

fn differs<T: PartialEq>(known: Option<&T>, other: &T) -> bool {
    known.is_some_and(|known| known != other)
}

fn address(prefix: &str, mark: char) -> Result<Address, Fault> {
    Address::marked(prefix, mark).ok_or_else(|| {
        let shown = shortened(prefix);
        Fault::Parameters(format!("`{}` is not the beginning of an address", shown.escape_debug()))
    })
}

fn checked(prefix: &str, weight: f64) -> Result<f64, Fault> {
    if weight.is_finite() && weight >= 0.0 {
        return Ok(weight);
    }
    let shown = shortened(prefix);
    Err(Fault::Parameters(format!("the weight of `{}` is `{weight}`, below 0", shown.escape_debug())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_the_product_of_all_prefixes() {
        let json = r#"[{"type": "sourcecred/weights", "version": "0.2.0"}, {
            "nodeWeights": {"N\u0000a\u0000": 4, "N\u0000a\u0000b\u0000": 0.5, "N\u0000a\u0000bc\u0000": 7},
            "edgeWeights": {"E\u0000": {"forwards": 2, "backwards": 3}, "E\u0000x\u0000": {"forwards": 5, "backwards": 0}}
        }]"#;
        let mut weights = Weights::read(serde_json::from_str(json).unwrap()).unwrap();
        let of = |parts: &[&str]| Address::of(parts.iter().copied());
        assert_eq!([weights.of_node(&of(&["a", "b", "c"])), weights.of_node(&of(&["b"]))], [2.0, 1.0]);
        assert_eq!([weights.of_edge(&of(&["x"])), weights.of_edge(&of(&["y"]))], [(10.0, 0.0), (2.0, 3.0)]);
        assert!(weights.add(Weights::read(serde_json::from_str(json).unwrap()).unwrap()).is_ok());
        let other = Weights { nodes: [(of(&["a"]), 1.0)].into(), edges: BTreeMap::new() };
        let told = weights.add(other).unwrap_err().to_string();
        assert_eq!(told, "has another weight for `a` than a plugin before it");
        weights.replace(Weights { nodes: [(of(&["a"]), 1.0)].into(), edges: BTreeMap::new() });
        assert_eq!(weights.of_node(&of(&["a", "b"])), 0.5);
    }
}
