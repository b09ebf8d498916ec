//! Which of what documents say belongs to an epoch: nothing of after its window, and of before only what something in
//! it leads to.

use apportion_core::epoch::Window;

use super::draft::Draft;
use super::graph::Graph;

/// What of a draft is in the epoch, and how much is not.
pub(crate) struct Kept {
    /// For each node of the graph.
    pub(crate) nodes: Vec<bool>,
    /// For each relation of the draft.
    pub(crate) relations: Vec<bool>,
    pub(crate) later_nodes: usize,
    pub(crate) later_relations: usize,
    pub(crate) earlier_nodes: usize,
}

/// Chooses by dates. A node counts as of the window if it is dated in it, has a relation dated in it, is `held` by a
/// table, or has no date and nothing dated before the window leads to it.
pub(crate) fn keep(draft: &Draft, graph: &Graph<'_>, window: Window, is_held: &dyn Fn(&str) -> bool) -> Kept {
    let held: Vec<bool> = graph.ids.iter().map(|id| is_held(id)).collect();
    let times: Vec<Option<i64>> = draft.nodes.values().map(|node| node.time.or(node.start)).collect();
    let is_later = |node: usize| !held[node] && times[node].is_some_and(|time| time >= window.end);
    let is_within = |time: i64| (window.start..window.end).contains(&time);

    let relations: Vec<bool> = (draft.relations.iter().zip(&graph.ends))
        .map(|(relation, &(source, target))| {
            let is_late = relation.time.is_some_and(|time| time >= window.end);
            !is_late && !is_later(source) && !is_later(target)
        })
        .collect();
    let mut is_active = held.clone();
    for (node, time) in times.iter().enumerate() {
        is_active[node] |= time.is_some_and(is_within);
    }
    for ((relation, &(source, _)), &is_valid) in draft.relations.iter().zip(&graph.ends).zip(&relations) {
        is_active[source] |= is_valid && relation.time.is_some_and(is_within);
    }
    let is_earlier = |node: usize| !is_active[node] && times[node].is_some_and(|time| time < window.start);
    let earlier = graph.reached_from((0..times.len()).filter(|&node| is_earlier(node)), &relations);
    let begins = |node: &usize| is_active[*node] || (times[*node].is_none() && !earlier[*node]);
    let mut nodes = graph.reached_from((0..times.len()).filter(begins), &relations);
    for (node, is_kept) in nodes.iter_mut().enumerate() {
        *is_kept &= !is_later(node);
    }

    let later_nodes = (0..times.len()).filter(|&node| is_later(node)).count();
    let earlier_nodes = nodes.iter().filter(|is_kept| !**is_kept).count() - later_nodes;
    let later_relations = (draft.relations.iter().zip(&graph.ends))
        .filter(|(relation, (source, target))| {
            relation.time.is_some_and(|time| time >= window.end) && nodes[*source] && nodes[*target]
        })
        .count();
    let relations = (relations.iter().zip(&graph.ends))
        .map(|(is_valid, &(source, target))| *is_valid && nodes[source] && nodes[target])
        .collect();
    Kept { nodes, relations, later_nodes, later_relations, earlier_nodes }
}
