//! A draft's relations by the numbers of its nodes.

use super::draft::Draft;

/// Nodes are numbered in the order of their ids.
pub(crate) struct Graph<'a> {
    pub(crate) ids: Vec<&'a str>,
    /// Source and target of each relation of the draft, in its order.
    pub(crate) ends: Vec<(usize, usize)>,
    /// Where each node's relations begin in `leaving`.
    starts: Vec<usize>,
    /// The relations' numbers, in the order of their sources.
    leaving: Vec<usize>,
}

impl<'a> Graph<'a> {
    /// Every end of a relation is a node of the draft.
    pub(crate) fn new(draft: &'a Draft) -> Graph<'a> {
        let ids: Vec<&str> = draft.nodes.keys().map(String::as_str).collect();
        let number = |id: &str| ids.binary_search(&id).unwrap_or(0);
        let ends: Vec<(usize, usize)> = draft
            .relations
            .iter()
            .map(|relation| (number(&relation.source), number(&relation.target)))
            .collect();
        let mut leaving: Vec<usize> = (0..ends.len()).collect();
        leaving.sort_by_key(|&relation| ends[relation].0);
        let starts = (0..=ids.len())
            .map(|node| leaving.partition_point(|&relation| ends[relation].0 < node))
            .collect();
        Graph { ids, ends, starts, leaving }
    }

    /// The relations that leave a node.
    pub(crate) fn leaving(&self, node: usize) -> &[usize] {
        &self.leaving[self.starts[node]..self.starts[node + 1]]
    }

    /// The nodes that some nodes lead to along relations that are `followed`, themselves included.
    pub(crate) fn reached_from(&self, begin: impl Iterator<Item = usize>, followed: &[bool]) -> Vec<bool> {
        let mut is_reached = vec![false; self.ids.len()];
        let mut waiting: Vec<usize> = begin.collect();
        for &node in &waiting {
            is_reached[node] = true;
        }
        while let Some(node) = waiting.pop() {
            for &relation in self.leaving(node).iter().filter(|&&relation| followed[relation]) {
                let (_, target) = self.ends[relation];
                if !is_reached[target] {
                    is_reached[target] = true;
                    waiting.push(target);
                }
            }
        }
        is_reached
    }
}
