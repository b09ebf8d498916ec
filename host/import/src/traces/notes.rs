//! What a person should know of documents: what was not understood, what they say differently, what is described
//! nowhere.

use std::collections::BTreeMap;

use crate::problem::{Collector, shortened};

use super::draft::{Draft, Node};
use super::window::Kept;

/// How many things of one sort are named; the rest is counted.
const NAMED: usize = 100;
/// How many ids a note names.
const IDS: usize = 5;

/// A note for each thing that did not become part of the graph.
pub(crate) fn left_out(draft: &Draft, problems: &Collector, notes: &mut Vec<String>) {
    let all = &draft.left_out;
    for (what, left_out) in all.iter().take(NAMED) {
        let place = problems.words(left_out.first);
        notes.push(match left_out.count {
            1 => format!("not in the graph: {what} (in {place})"),
            count => format!("not in the graph: {what} ({count} times, first in {place})"),
        });
    }
    if let Some(more) = all.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let count: u64 = all.values().skip(NAMED).map(|left_out| left_out.count).sum();
        notes.push(format!("not in the graph: {more} things more of other sorts ({count} times in all)"));
    }
}

/// What documents say again, and what they say differently of one node.
pub(crate) fn said(draft: &Draft, kept: &Kept, notes: &mut Vec<String>) {
    let mut by_column: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ((id, node), _) in draft.nodes.iter().zip(&kept.nodes).filter(|(_, is_kept)| **is_kept) {
        for column in &node.disputed {
            by_column.entry(column).or_default().push(id);
        }
    }
    for (column, ids) in by_column.iter().take(NAMED) {
        let column = shortened(column);
        notes.push(format!(
            "several values of `{}` are given for {}; the least is kept",
            column.escape_debug(),
            listed(ids, "node")
        ));
    }
    if by_column.len() > NAMED {
        notes.push(format!("the same of {} columns more", by_column.len() - NAMED));
    }
    if draft.said_again > 0 {
        let relations = counted(draft.said_again, "relation");
        notes.push(format!("said again, alike in everything, and counted once: {relations}"));
    }
}

/// What is referred to, described nowhere and nobody's.
pub(crate) fn undescribed<'a>(nodes: impl Iterator<Item = (&'a String, &'a Node)>, notes: &mut Vec<String>) {
    let mut by_kind: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, node) in nodes.filter(|(_, node)| !node.is_described) {
        by_kind.entry(&node.kind).or_default().push(id);
    }
    for (kind, ids) in by_kind.iter().take(NAMED) {
        let kind = shortened(kind);
        let nodes = listed(ids, "node");
        notes.push(format!(
            "referred to, described nowhere and nobody's: {nodes} of kind `{}`",
            kind.escape_debug()
        ));
    }
}

/// What the window leaves out.
pub(crate) fn window(kept: &Kept, notes: &mut Vec<String>) {
    if kept.later_nodes > 0 {
        let nodes = counted(kept.later_nodes, "node");
        notes.push(format!("left out: {nodes} of after the window, with all that leads to and from them"));
    }
    if kept.later_relations > 0 {
        notes.push(format!("left out: {} of after the window", counted(kept.later_relations, "relation")));
    }
    if kept.earlier_nodes > 0 {
        let nodes = counted(kept.earlier_nodes, "node");
        notes.push(format!("left out: {nodes} of before the window to which nothing in it leads"));
    }
}

/// How many there are, and the first of them: `3 nodes (`a`, `b`, ...)`.
pub(crate) fn listed(ids: &[&str], what: &str) -> String {
    let mut named: Vec<String> =
        ids.iter().take(IDS).map(|id| format!("`{}`", shortened(id).escape_debug())).collect();
    if ids.len() > IDS {
        named.push("...".to_owned());
    }
    format!("{} ({})", counted(ids.len(), what), named.join(", "))
}

pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
