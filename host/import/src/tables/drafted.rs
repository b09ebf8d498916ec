//! What provenance and traces say -> the epoch's nodes and edges, together with what tables say of the same nodes.

use std::collections::{BTreeMap, BTreeSet};

use apportion_core::epoch::{ColumnNames, Edge, Node, Window};
use apportion_core::text::{MAX_NAME, visible};

use super::rows::Rows;
use super::rows::further::Further;
use super::rows::traced::{Listed, Traced};
use crate::problem::{Place, shortened};
use crate::traces::draft::{Draft, Node as Drafted, Relation};
use crate::traces::graph::Graph;
use crate::traces::window::{Kept, keep};
use crate::traces::{notes, owners};

/// Adds what documents say, as far as it belongs to the window, when all tables are read.
pub(super) fn add(rows: &mut Rows, columns: &ColumnNames, window: Window, notes: &mut Vec<String>) {
    let Traced { draft: Some(draft), outcomes, listed, held, .. } = std::mem::take(&mut rows.traced) else {
        return;
    };
    let graph = Graph::new(&draft);
    let kept = keep(&draft, &graph, window, &|id| held.contains(id) || listed.contains_key(id));
    notes::left_out(&draft, &rows.problems, notes);
    notes::window(&kept, notes);
    notes::said(&draft, &kept, notes);
    let owners = owners_of(rows, &draft, &graph, &kept, &listed, notes);

    let nodes = draft.nodes.iter().zip(owners).zip(&kept.nodes).filter(|(_, is_kept)| **is_kept);
    let nodes: Vec<Chosen<'_>> =
        nodes.map(|(((id, node), owner), _)| Chosen { id, node, owner, listed: listed.get(id) }).collect();
    let of_nobody = nodes.iter().filter(|chosen| chosen.owner.is_none() && chosen.listed.is_none());
    notes::undescribed(of_nobody.map(|chosen| (chosen.id, chosen.node)), notes);
    let mut further = Further::new(columns.node_metrics.clone(), columns.node_labels.clone());
    let mut undated = Vec::new();
    for chosen in &nodes {
        let kind = chosen.kind(&outcomes, window, &mut undated);
        drafted_node(rows, chosen, &kind, &mut further);
    }
    if !undated.is_empty() {
        let undated = notes::listed(&undated, "outcome");
        notes.push(format!("without a date, so that they would earn in every period: {undated}"));
    }
    note_shown(&further, "nodes", notes);
    notes.extend(further.rounded.sentences("nodes", &rows.problems));

    let mut further = Further::new(columns.edge_metrics.clone(), columns.edge_labels.clone());
    for (relation, _) in draft.relations.iter().zip(&kept.relations).filter(|(_, is_kept)| **is_kept) {
        let place = draft.nodes.get(&relation.source).map_or(draft.at, |node| node.place);
        drafted_edge(rows, relation, place, &mut further);
    }
    note_shown(&further, "edges", notes);
    notes.extend(further.rounded.sentences("edges", &rows.problems));
    let unknown: Vec<&str> = rows.payees.unknown_nodes().collect();
    if !unknown.is_empty() {
        let unknown = notes::listed(&unknown, "node");
        notes.push(format!("the tables of payees list {unknown} that nothing names in this period"));
    }
}

fn drafted_node(rows: &mut Rows, chosen: &Chosen<'_>, kind: &str, further: &mut Further) {
    let Chosen { id, node, owner, listed } = chosen;
    let (place, weight) = match listed {
        Some(listed) => {
            further.metrics.clone_from(&listed.metrics);
            further.words.clone_from(&listed.labels);
            (listed.place, listed.weight)
        }
        None => {
            further.take_drafted(&node.columns, node.place, &mut rows.problems);
            (node.place, None)
        }
    };
    rows.node_places.push(place);
    rows.builder.node(
        Node::new(id, kind)
            .payee(owner.as_deref())
            .weight(weight.unwrap_or(1.0))
            .time(chosen.time())
            .metrics(&further.metrics)
            .labels(&further.labels()),
    );
}

fn drafted_edge(rows: &mut Rows, relation: &Relation, place: Place, further: &mut Further) {
    further.take_drafted(&relation.columns, place, &mut rows.problems);
    rows.edge_places.push(place);
    rows.builder.edge(
        Edge::new(&relation.source, &relation.target, relation.kind)
            .weight(relation.weight)
            .time(relation.time)
            .metrics(&further.metrics)
            .labels(&further.labels()),
    );
}

/// Whose each node is: as tables say, else of the owner of the agents that answer for it. Where no table names a
/// payee, agents that act for no other are the payees.
fn owners_of(
    rows: &mut Rows,
    draft: &Draft,
    graph: &Graph<'_>,
    kept: &Kept,
    listed: &BTreeMap<String, Listed>,
    notes: &mut Vec<String>,
) -> Vec<Option<String>> {
    let has_tables = !rows.payees.is_empty();
    let agents = owners::agents(draft, graph, &kept.relations);
    let mut names: Vec<String> = Vec::new();
    let mut known = vec![None; draft.nodes.len()];
    for (number, (id, node)) in draft.nodes.iter().enumerate() {
        let is_principal = agents.is_agent[number] && !agents.has_principal[number];
        let owner = match listed.get(id) {
            Some(listed) => listed.owner.clone(),
            None => rows.payees.owner_of(id, None, node.place, &mut rows.problems).map(str::to_owned),
        };
        let owner = match owner {
            None if !has_tables && is_principal && kept.nodes[number] => {
                let name = visible(node.name.as_deref().unwrap_or_default().trim(), MAX_NAME);
                rows.payees.add_agent(id, &name, node.place);
                Some(id.clone())
            }
            owner => owner,
        };
        if let Some(owner) = owner {
            known[number] = Some(names.len());
            names.push(owner);
        }
    }
    // Nodes of one owner get one number.
    let mut first = BTreeMap::new();
    for owner in known.iter_mut().flatten() {
        *owner = *first.entry(&names[*owner]).or_insert(*owner);
    }
    let owners = owners::inherit(draft, graph, &kept.relations, &agents, &known);
    let of_nobody: Vec<&str> = (graph.ids.iter().enumerate())
        .filter(|&(number, _)| {
            let is_last = agents.is_agent[number] && !agents.has_principal[number];
            kept.nodes[number] && is_last && owners[number].is_none()
        })
        .map(|(_, id)| *id)
        .collect();
    if !of_nobody.is_empty() {
        let agents = notes::listed(&of_nobody, "agent");
        notes.push(format!(
            "no table says whose these are, so that they and what they answer for are nobody's: {agents}"
        ));
    }
    owners.into_iter().map(|owner| owner.map(|owner| names[owner].clone())).collect()
}

/// A node of a document that is in the epoch.
struct Chosen<'a> {
    id: &'a String,
    node: &'a Drafted,
    owner: Option<String>,
    listed: Option<&'a Listed>,
}

impl<'a> Chosen<'a> {
    fn time(&self) -> Option<i64> {
        let listed = self.listed.and_then(|listed| listed.time);
        listed.or(self.node.time).or(self.node.start)
    }

    /// What it is. Outcomes of before the window have kinds of their own, so that no rule pays for them again.
    fn kind(&self, outcomes: &BTreeSet<String>, window: Window, undated: &mut Vec<&'a str>) -> String {
        let kind = match self.listed {
            Some(listed) if !listed.kind.is_empty() => return listed.kind.clone(),
            _ => visible(&self.node.kind, MAX_NAME),
        };
        match self.time() {
            _ if !outcomes.contains(&kind) => kind,
            Some(time) if time < window.start => visible(&format!("earlier-{kind}"), MAX_NAME),
            Some(_) => kind,
            None => {
                undated.push(self.id);
                kind
            }
        }
    }
}

fn note_shown(further: &Further, which: &str, notes: &mut Vec<String>) {
    for (column, count) in &further.shown {
        let column = shortened(column);
        notes.push(format!(
            "column `{}` of the {which}: {} with line breaks or other invisible characters, or too long, shown without them",
            column.escape_debug(),
            notes::counted(*count, "text")
        ));
    }
}
