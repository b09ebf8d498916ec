//! What each node passes on, read from the graph.

use apportion_guest::{Epoch, Refusal};

use crate::PARTS;

/// The kind of an edge from a list to who gets a part; its weight is the number of parts.
const SPLITS: &str = "splits";

/// The lists of all nodes.
pub(crate) struct Lists {
    each: Vec<List>,
}

/// What one node passes on.
#[derive(Clone, Default)]
pub(crate) struct List {
    /// A node and its parts, above 0; ascending, each node once.
    pub parts: Vec<(usize, u32)>,
    /// What is kept for the node's own payee.
    pub kept: u32,
}

impl Lists {
    pub(crate) fn of(epoch: &Epoch) -> Result<Self, Refusal> {
        let splits = epoch.edge_kind_named(SPLITS);
        let list = |node: usize| {
            let mut list = List { parts: Vec::new(), kept: PARTS };
            // Edges that leave a node are sorted by target.
            for edge in epoch.out_edges(node).filter(|edge| Some(epoch.edge_kind()[*edge]) == splits) {
                let (target, weight) = (epoch.edge_target()[edge] as usize, epoch.edge_weight()[edge]);
                let name = &epoch.node_ids()[node];
                let parts = whole(weight).ok_or_else(|| {
                    Refusal::NoAnswer(format!(
                        "the list of `{name}` has `{weight}` parts for `{}`: a whole number from 0 to {PARTS} is needed",
                        epoch.node_ids()[target]
                    ))
                })?;
                list.kept = list.kept.checked_sub(parts).ok_or_else(|| {
                    Refusal::NoAnswer(format!("the list of `{name}` has more than {PARTS} parts"))
                })?;
                match list.parts.last_mut() {
                    Some((last, sum)) if *last == target => *sum += parts,
                    _ if parts > 0 => list.parts.push((target, parts)),
                    _ => (),
                }
            }
            Ok(list)
        };
        Ok(Self { each: (0..epoch.node_ids().len()).map(list).collect::<Result<_, Refusal>>()? })
    }

    pub(crate) fn of_node(&self, node: usize) -> &List {
        &self.each[node]
    }

    /// The nodes that money which enters at some of them can reach, in groups: a group is a circle, in which each leads
    /// to each, or a single node. Who passes on stands before who is passed to.
    ///
    /// R. Tarjan, "Depth-First Search and Linear Graph Algorithms", 1972, without recursion, as chains may be long.
    pub(crate) fn groups(&self, entries: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
        const UNSEEN: usize = usize::MAX;
        let (mut seen, mut lowest) = (vec![UNSEEN; self.each.len()], vec![UNSEEN; self.each.len()]);
        let (mut path, mut open, mut is_open) = (Vec::new(), Vec::new(), vec![false; self.each.len()]);
        let (mut count, mut groups) = (0, Vec::new());
        for entry in entries {
            if seen[entry] == UNSEEN {
                path.push((entry, 0));
            }
            while let Some((node, next)) = path.pop() {
                if next == 0 {
                    (seen[node], lowest[node]) = (count, count);
                    count += 1;
                    open.push(node);
                    is_open[node] = true;
                }
                if let Some((target, _)) = self.each[node].parts.get(next) {
                    path.push((node, next + 1));
                    if seen[*target] == UNSEEN {
                        path.push((*target, 0));
                    } else if is_open[*target] {
                        lowest[node] = lowest[node].min(seen[*target]);
                    }
                    continue;
                }
                if lowest[node] == seen[node] {
                    let start = open.iter().rposition(|member| *member == node).unwrap_or(0);
                    let mut group = open.split_off(start);
                    group.sort_unstable();
                    group.iter().for_each(|member| is_open[*member] = false);
                    groups.push(group);
                }
                if let Some((above, _)) = path.last() {
                    lowest[*above] = lowest[*above].min(lowest[node]);
                }
            }
        }
        groups.reverse();
        groups
    }
}

/// A weight as a number of parts.
fn whole(weight: f64) -> Option<u32> {
    let within = (0.0..=f64::from(PARTS)).contains(&weight);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to PARTS")]
    let parts = weight as u32;
    (within && f64::from(parts) == weight).then_some(parts)
}
