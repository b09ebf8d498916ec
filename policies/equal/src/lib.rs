#![doc = include_str!("../README.md")]

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Policy, Refusal};

/// The policy `equal`.
#[derive(Clone, Copy, Debug)]
pub struct Equal;

apportion_guest::export!(Equal);

/// Who takes part.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// Kinds of nodes: only payees that own a node of one of them are paid. Left out or empty: every payee is paid,
    /// also one that owns nothing.
    #[serde(default)]
    pub node_kinds: Vec<String>,
}

impl Policy for Equal {
    type Parameters = Parameters;
    const NAME: &'static str = "equal";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str =
        "Every payee gets the same; or every payee that owns a node of one of the named kinds.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let kinds = &parameters.node_kinds;
        let mut shares = vec![u64::from(kinds.is_empty()); epoch.payees().len()];
        if !kinds.is_empty() {
            let named: Vec<bool> = epoch.node_kinds().iter().map(|kind| kinds.contains(kind)).collect();
            for (payee, kind) in epoch.node_payee().iter().zip(epoch.node_kind()) {
                let takes_part = named.get(*kind as usize).copied().unwrap_or(false);
                if let Some(share) = shares.get_mut(*payee as usize).filter(|_| takes_part) {
                    *share = 1;
                }
            }
        }
        if shares.contains(&1) {
            Ok(Allocation::by_weight(shares))
        } else if kinds.is_empty() {
            Err(Refusal::no_answer("the epoch has no payee"))
        } else {
            Err(Refusal::NoAnswer(format!("no payee owns a node of the kinds `{}`", kinds.join("`, `"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use apportion_guest::{Node, run};

    use super::*;

    fn epoch() -> Epoch {
        let epoch = Epoch::builder()
            .payee("cyd")
            .node(Node::new("commit:1", "commit").payee("ann"))
            .node(Node::new("commit:2", "commit").payee("ann"))
            .node(Node::new("review:1", "review").payee("bob"))
            .node(Node::new("commit:3", "commit"));
        epoch.build().unwrap()
    }

    #[test]
    fn every_payee_gets_the_same_however_many_nodes_it_owns() {
        assert_eq!(run::<Equal>(&epoch(), "{}"), Ok(Allocation::by_weight(vec![1, 1, 1])));
    }

    #[test]
    fn kinds_narrow_who_takes_part() {
        let of = |parameters| run::<Equal>(&epoch(), parameters);
        assert_eq!(of(r#"{"node_kinds": ["commit"]}"#), Ok(Allocation::by_weight(vec![1, 0, 0])));
        assert_eq!(of(r#"{"node_kinds": ["review", "commit"]}"#), Ok(Allocation::by_weight(vec![1, 1, 0])));
    }

    #[test]
    fn nobody_to_pay_is_no_answer() {
        let refusal = run::<Equal>(&epoch(), r#"{"node_kinds": ["talk"]}"#);
        assert_eq!(refusal, Err(Refusal::no_answer("no payee owns a node of the kinds `talk`")));
        let empty = Epoch::builder().build().unwrap();
        assert_eq!(run::<Equal>(&empty, "{}"), Err(Refusal::no_answer("the epoch has no payee")));
    }

    #[test]
    fn a_misspelt_parameter_is_refused_by_name() {
        let refusal = run::<Equal>(&epoch(), r#"{"kinds": []}"#).unwrap_err();
        assert!(refusal.to_string().contains("unknown field `kinds`"), "{refusal}");
    }
}
