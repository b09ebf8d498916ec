//! What provenance and traces say -> the epoch's nodes and edges, together with what tables say of the same nodes.

use std::collections::{BTreeMap, BTreeSet};

use apportion::{ColumnNames, Edge, MAX_NAME, Node, Window, visible};

use crate::problem::{Collector, Fault, Place};
use crate::traces::draft::{Draft, Node as Drafted, Value};
use crate::traces::graph::Graph;
use crate::traces::window::{Kept, keep};
use crate::traces::{Traces, notes, owners};

use super::{Further, Rows};

/// What documents say, and what tables say of the nodes in them.
#[derive(Default)]
pub(in crate::tables) struct Traced {
    draft: Option<Draft>,
    /// Kinds of nodes that earn in the window in which they are dated.
    outcomes: BTreeSet<String>,
    /// What edges of tables have in further columns where their cells are empty.
    pub(super) edge_defaults: BTreeMap<String, Value>,
    listed: BTreeMap<String, Listed>,
    /// Nodes that tables of edges name.
    held: BTreeSet<String>,
}

/// A row of a table of nodes about a node that is in a document.
pub(super) struct Listed {
    pub(super) place: Place,
    /// Empty if the table does not say it.
    pub(super) kind: String,
    pub(super) weight: Option<f64>,
    pub(super) time: Option<i64>,
    pub(super) owner: Option<String>,
    pub(super) metrics: Vec<f64>,
    pub(super) labels: Vec<String>,
}

impl Traced {
    pub(in crate::tables) fn new(draft: Option<Draft>, traces: &Traces) -> Traced {
        let (outcomes, edge_defaults) = (traces.outcomes.clone(), traces.edge_defaults());
        Traced { draft, outcomes, edge_defaults, ..Traced::default() }
    }

    pub(super) fn is_none(&self) -> bool {
        self.draft.is_none()
    }

    /// What documents say of a node in further columns, if they name it.
    pub(super) fn columns_of(&self, id: &str) -> Option<&BTreeMap<String, Value>> {
        Some(&self.draft.as_ref()?.nodes.get(id)?.columns)
    }

    /// Keeps a table's row of a node that documents name too; whether it is the first.
    pub(super) fn list(&mut self, id: &str, listed: Listed) -> bool {
        let is_first = !self.listed.contains_key(id);
        if is_first {
            self.listed.insert(id.to_owned(), listed);
        }
        is_first
    }

    /// A node that an edge of a table names is in the epoch, whenever it was.
    pub(super) fn hold(&mut self, id: &str) {
        if self.columns_of(id).is_some() && !self.held.contains(id) {
            self.held.insert(id.to_owned());
        }
    }
}

impl Rows {
    /// Takes what documents say, as far as it belongs to the window, when all tables are read.
    pub(in crate::tables) fn traces(
        &mut self,
        columns: &ColumnNames,
        window: Window,
        notes: &mut Vec<String>,
    ) {
        let Traced { draft: Some(mut draft), outcomes, listed, held, .. } = std::mem::take(&mut self.traced)
        else {
            return;
        };
        settle_outcomes(&mut draft, &outcomes, window, notes);
        let graph = Graph::new(&draft);
        let kept = keep(&draft, &graph, window, &|id| held.contains(id) || listed.contains_key(id));
        notes::left_out(&draft, &self.problems, notes);
        notes::window(&kept, notes);
        let nodes =
            || draft.nodes.iter().zip(&kept.nodes).filter(|(_, is_kept)| **is_kept).map(|(node, _)| node);
        notes::disputed(nodes(), notes);
        if draft.said_again > 0 {
            let relations = notes::counted(draft.said_again, "relation");
            notes.push(format!("said again, alike in everything, and counted once: {relations}"));
        }

        let owners = self.owners(&draft, &graph, &kept, &listed, notes);
        let of_nobody = draft.nodes.iter().zip(&owners).zip(&kept.nodes);
        let of_nobody = of_nobody
            .filter(|((node, owner), is_kept)| **is_kept && owner.is_none() && !listed.contains_key(node.0));
        notes::undescribed(of_nobody.map(|((node, _), _)| node), notes);
        let mut further = Further::new(columns.node_metrics.clone(), columns.node_labels.clone());
        for ((id, node), owner) in draft
            .nodes
            .iter()
            .zip(&owners)
            .zip(&kept.nodes)
            .filter_map(|((node, owner), is_kept)| is_kept.then_some((node, owner)))
        {
            let owner = owner.as_deref();
            match listed.get(id) {
                Some(listed) => self.listed_node(id, node, listed, owner),
                None => self.drafted_node(id, node, owner, &mut further),
            }
        }
        let mut edge_further = Further::new(columns.edge_metrics.clone(), columns.edge_labels.clone());
        for (relation, _) in draft.relations.iter().zip(&kept.relations).filter(|(_, is_kept)| **is_kept) {
            let place = draft.nodes.get(&relation.source).map_or(draft.at, |node| node.place);
            edge_further.take_drafted(&relation.columns, place, &mut self.problems);
            self.edge_places.push(place);
            self.builder.edge(Edge {
                source: &relation.source,
                target: &relation.target,
                kind: relation.kind,
                weight: relation.weight,
                time: relation.time,
                metrics: &edge_further.metrics,
                labels: &edge_further.labels(),
            });
        }
        further.shown.append(&mut edge_further.shown);
        for (column, count) in further.shown {
            let column = crate::problem::shortened(&column);
            notes.push(format!(
                "column `{}`: {} with line breaks or other invisible characters, or too long, shown without them",
                column.escape_debug(),
                notes::counted(count, "text")
            ));
        }
        let unknown: Vec<&str> = self.payees.unknown_nodes().collect();
        if !unknown.is_empty() {
            let unknown = notes::listed(&unknown, "node");
            notes.push(format!("the tables of payees list {unknown} that nothing names in this period"));
        }
    }

    fn listed_node(&mut self, id: &str, node: &Drafted, listed: &Listed, owner: Option<&str>) {
        let kind = if listed.kind.is_empty() { visible(&node.kind, MAX_NAME) } else { listed.kind.clone() };
        let labels: Vec<&str> = listed.labels.iter().map(String::as_str).collect();
        self.node_places.push(listed.place);
        self.builder.node(Node {
            id,
            kind: &kind,
            weight: listed.weight.unwrap_or(1.0),
            time: listed.time.or(node.time).or(node.start),
            payee: owner,
            metrics: &listed.metrics,
            labels: &labels,
        });
    }

    fn drafted_node(&mut self, id: &str, node: &Drafted, owner: Option<&str>, further: &mut Further) {
        further.take_drafted(&node.columns, node.place, &mut self.problems);
        self.node_places.push(node.place);
        self.builder.node(Node {
            id,
            kind: &visible(&node.kind, MAX_NAME),
            weight: 1.0,
            time: node.time.or(node.start),
            payee: owner,
            metrics: &further.metrics,
            labels: &further.labels(),
        });
    }

    /// Whose each node is: as tables say, else of the owner of the agents that answer for it. Where no table names a
    /// payee, agents that act for no other are the payees.
    fn owners(
        &mut self,
        draft: &Draft,
        graph: &Graph<'_>,
        kept: &Kept,
        listed: &BTreeMap<String, Listed>,
        notes: &mut Vec<String>,
    ) -> Vec<Option<String>> {
        let has_tables = !self.payees.is_empty();
        let agents = owners::agents(draft, graph, &kept.relations);
        let mut names: Vec<String> = Vec::new();
        let mut known = vec![None; draft.nodes.len()];
        for (number, (id, node)) in draft.nodes.iter().enumerate() {
            let is_principal = agents.is_agent[number] && !agents.has_principal[number];
            let owner = match listed.get(id) {
                Some(listed) => listed.owner.clone(),
                None => self.payees.owner_of(id, None, node.place, &mut self.problems).map(str::to_owned),
            };
            let owner = match owner {
                None if !has_tables && is_principal && kept.nodes[number] => {
                    let name = visible(node.name.as_deref().unwrap_or_default().trim(), MAX_NAME);
                    self.payees.add_agent(id, &name, node.place);
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
}

/// Gives outcomes of before the window a kind of their own, so that no rule pays for them again.
fn settle_outcomes(draft: &mut Draft, outcomes: &BTreeSet<String>, window: Window, notes: &mut Vec<String>) {
    let mut undated = Vec::new();
    for (id, node) in draft.nodes.iter_mut().filter(|(_, node)| outcomes.contains(&node.kind)) {
        match node.time.or(node.start) {
            Some(time) if time < window.start => node.kind = format!("earlier-{}", node.kind),
            Some(_) => {}
            None => undated.push(id.as_str()),
        }
    }
    if !undated.is_empty() {
        let undated = notes::listed(&undated, "outcome");
        notes.push(format!("without a date, so that they would earn in every period: {undated}"));
    }
}

impl Further {
    /// The metrics and labels of a node or relation that only documents describe.
    fn take_drafted(&mut self, columns: &BTreeMap<String, Value>, place: Place, problems: &mut Collector) {
        for (value, name) in self.metrics.iter_mut().zip(&self.metric_names) {
            *value = columns.get(name).map_or(0.0, |value| {
                number(value).unwrap_or_else(|fault| {
                    problems.add(place, Some(name), fault);
                    0.0
                })
            });
        }
        for (word, name) in self.words.iter_mut().zip(&self.label_names) {
            word.clear();
            if let Some(value) = columns.get(name) {
                let (text, is_changed) = shown(value);
                word.push_str(&text);
                if is_changed {
                    *self.shown.entry(name.clone()).or_default() += 1;
                }
            }
        }
    }
}

/// The number that a value is in a metric.
pub(super) fn number(value: &Value) -> Result<f64, Fault> {
    match value {
        Value::Number(number) => Ok(*number),
        Value::LongInteger(text) | Value::Text(text) => {
            Ok(crate::cell::Cell::of(text).finite()?.unwrap_or(0.0))
        }
    }
}

/// The word that a value is in a label, and whether it had to be changed to be one.
pub(super) fn shown(value: &Value) -> (String, bool) {
    match value {
        Value::Number(number) => (number.to_string(), false),
        Value::LongInteger(text) | Value::Text(text) => {
            let text = text.trim();
            let word = visible(text, apportion::MAX_WORD);
            let is_changed = word != text;
            (word, is_changed)
        }
    }
}
