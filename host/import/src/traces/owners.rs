//! Whose a node is that no table gives to anybody: it belongs to the owner of the agents that answer for it.

use super::draft::Draft;
use super::graph::Graph;

/// The relations along which one answers for another.
const ANSWERS: [&str; 3] = ["wasAttributedTo", "wasAssociatedWith", "actedOnBehalfOf"];
const DELEGATION: &str = "actedOnBehalfOf";

/// Whether each node is an agent, and whether it acts for another.
pub(crate) struct Agents {
    pub(crate) is_agent: Vec<bool>,
    pub(crate) has_principal: Vec<bool>,
}

/// What is known of a node's owner. What it can become only ever grows, in this order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Nothing yet.
    Unknown,
    /// One payee, by its number.
    One(usize),
    /// Two payees, or an agent that nobody owns.
    Nobody,
}

/// Who acts, as documents list it or as their relations say it.
pub(crate) fn agents(draft: &Draft, graph: &Graph<'_>, kept: &[bool]) -> Agents {
    let mut is_agent: Vec<bool> = draft.nodes.values().map(|node| node.is_agent).collect();
    let mut has_principal = vec![false; is_agent.len()];
    for ((relation, &(source, target)), &is_kept) in draft.relations.iter().zip(&graph.ends).zip(kept) {
        is_agent[target] |= is_kept && ANSWERS.contains(&relation.kind);
        if is_kept && relation.kind == DELEGATION && source != target {
            is_agent[source] = true;
            has_principal[source] = true;
        }
    }
    Agents { is_agent, has_principal }
}

/// The owner of every node, given those that are known. Where the agents that answer for a node have different owners,
/// or one of them has none, it has none: what reaches it then flows along its relations.
pub(crate) fn inherit(
    draft: &Draft,
    graph: &Graph<'_>,
    kept: &[bool],
    agents: &Agents,
    known: &[Option<usize>],
) -> Vec<Option<usize>> {
    let mut answered = vec![Vec::new(); known.len()];
    let mut has_agent = vec![false; known.len()];
    for ((relation, &(source, target)), &is_kept) in draft.relations.iter().zip(&graph.ends).zip(kept) {
        // Of an agent only those answer for whom it acts.
        let is_followed = relation.kind == DELEGATION || !agents.is_agent[source];
        if is_kept && is_followed && source != target && ANSWERS.contains(&relation.kind) {
            answered[target].push(source);
            has_agent[source] = true;
        }
    }
    let mut owners: Vec<Owner> = known.iter().map(|known| known.map_or(Owner::Unknown, Owner::One)).collect();
    for (node, owner) in owners.iter_mut().enumerate() {
        if *owner == Owner::Unknown && !has_agent[node] {
            *owner = Owner::Nobody;
        }
    }
    let mut waiting: Vec<usize> = (0..owners.len()).filter(|&node| owners[node] != Owner::Unknown).collect();
    // Every node is visited at most once for each step that its owner takes, which are two.
    while let Some(agent) = waiting.pop() {
        for &node in &answered[agent] {
            let joined = match (owners[node], owners[agent]) {
                _ if known[node].is_some() => continue,
                (Owner::Unknown, new) => new,
                (Owner::One(one), Owner::One(other)) if one == other => continue,
                (Owner::Nobody, _) => continue,
                _ => Owner::Nobody,
            };
            if joined != owners[node] {
                owners[node] = joined;
                waiting.push(node);
            }
        }
    }
    let one = |owner: &Owner| match owner {
        Owner::One(payee) => Some(*payee),
        Owner::Unknown | Owner::Nobody => None,
    };
    owners.iter().map(one).collect()
}
