//! What provenance and traces say -> the epoch's nodes and edges, together with what tables say of the same nodes.

use std::collections::{BTreeMap, BTreeSet};

use apportion_core::epoch::{ColumnNames, Edge, Node, Window};
use apportion_core::text::{MAX_NAME, MAX_WORD, visible};

use crate::cell::{Cell, Number};
use crate::problem::{Collector, Fault, Place, shortened};
use crate::traces::draft::{Draft, Node as Drafted, Relation, Value};
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
        let Traced { draft: Some(draft), outcomes, listed, held, .. } = std::mem::take(&mut self.traced)
        else {
            return;
        };
        let graph = Graph::new(&draft);
        let kept = keep(&draft, &graph, window, &|id| held.contains(id) || listed.contains_key(id));
        notes::left_out(&draft, &self.problems, notes);
        notes::window(&kept, notes);
        notes::said(&draft, &kept, notes);
        let owners = self.owners(&draft, &graph, &kept, &listed, notes);

        let nodes = draft.nodes.iter().zip(owners).zip(&kept.nodes).filter(|(_, is_kept)| **is_kept);
        let nodes: Vec<Chosen<'_>> = nodes
            .map(|(((id, node), owner), _)| Chosen { id, node, owner, listed: listed.get(id) })
            .collect();
        let of_nobody = nodes.iter().filter(|chosen| chosen.owner.is_none() && chosen.listed.is_none());
        notes::undescribed(of_nobody.map(|chosen| (chosen.id, chosen.node)), notes);
        let mut further = Further::new(columns.node_metrics.clone(), columns.node_labels.clone());
        let mut undated = Vec::new();
        for chosen in &nodes {
            let kind = chosen.kind(&outcomes, window, &mut undated);
            self.drafted_node(chosen, &kind, &mut further);
        }
        if !undated.is_empty() {
            let undated = notes::listed(&undated, "outcome");
            notes.push(format!("without a date, so that they would earn in every period: {undated}"));
        }
        note_shown(&further, "nodes", notes);
        notes.extend(further.rounded.sentences("nodes", &self.problems));

        let mut further = Further::new(columns.edge_metrics.clone(), columns.edge_labels.clone());
        for (relation, _) in draft.relations.iter().zip(&kept.relations).filter(|(_, is_kept)| **is_kept) {
            let place = draft.nodes.get(&relation.source).map_or(draft.at, |node| node.place);
            self.drafted_edge(relation, place, &mut further);
        }
        note_shown(&further, "edges", notes);
        notes.extend(further.rounded.sentences("edges", &self.problems));
        let unknown: Vec<&str> = self.payees.unknown_nodes().collect();
        if !unknown.is_empty() {
            let unknown = notes::listed(&unknown, "node");
            notes.push(format!("the tables of payees list {unknown} that nothing names in this period"));
        }
    }

    fn drafted_node(&mut self, chosen: &Chosen<'_>, kind: &str, further: &mut Further) {
        let Chosen { id, node, owner, listed } = chosen;
        let (place, weight) = match listed {
            Some(listed) => {
                further.metrics.clone_from(&listed.metrics);
                further.words.clone_from(&listed.labels);
                (listed.place, listed.weight)
            }
            None => {
                further.take_drafted(&node.columns, node.place, &mut self.problems);
                (node.place, None)
            }
        };
        self.node_places.push(place);
        self.builder.node(Node {
            id,
            kind,
            weight: weight.unwrap_or(1.0),
            time: chosen.time(),
            payee: owner.as_deref(),
            metrics: &further.metrics,
            labels: &further.labels(),
        });
    }

    fn drafted_edge(&mut self, relation: &Relation, place: Place, further: &mut Further) {
        further.take_drafted(&relation.columns, place, &mut self.problems);
        self.edge_places.push(place);
        self.builder.edge(Edge {
            source: &relation.source,
            target: &relation.target,
            kind: relation.kind,
            weight: relation.weight,
            time: relation.time,
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

impl Further {
    /// The metrics and labels of a node or relation that only documents describe.
    fn take_drafted(&mut self, columns: &BTreeMap<String, Value>, place: Place, problems: &mut Collector) {
        for (value, name) in self.metrics.iter_mut().zip(&self.metric_names) {
            *value = columns.get(name).map_or(0.0, |value| match number(value) {
                Ok(number) => self.rounded.take(name, place, &number, || value.number_text()),
                Err(fault) => {
                    problems.add(place, Some(name), fault);
                    0.0
                }
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
pub(super) fn number(value: &Value) -> Result<Number, Fault> {
    let zero = Number { value: 0.0, exact: true };
    match value {
        Value::Number(number) => Ok(Number { value: *number, exact: true }),
        Value::LongInteger(text) | Value::Text(text) => Ok(Cell::of(text).rounded()?.unwrap_or(zero)),
    }
}

/// The word that a value is in a label, and whether it had to be changed to be one.
pub(super) fn shown(value: &Value) -> (String, bool) {
    match value {
        Value::Number(number) => (number.to_string(), false),
        Value::LongInteger(text) | Value::Text(text) => {
            let text = text.trim();
            let word = visible(text, MAX_WORD);
            let is_changed = word != text;
            (word, is_changed)
        }
    }
}
