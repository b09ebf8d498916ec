//! What models were trained on, and who stands behind what, as a document of provenance: PROV-JSON, the W3C's member
//! submission of 2013.

use crate::calendar::written;
use crate::cast::PAYEES;
use crate::graph::{Edge, Graph, Node, Told, agent_id};

/// The attribute that says how large a part of a training something was.
pub(crate) const PART: &str = "tide:part";

/// The namespaces are the ids' own beginnings, so that a name in full is the id that traces and tables have.
const PREFIXES: [&str; 9] =
    ["batch", "data-source", "feedback", "model", "organisation", "person", "ratings", "set", "training"];

pub(crate) fn document(graph: &Graph) -> String {
    let mut sections = vec![("prefix", prefixes())];
    for section in ["entity", "activity", "agent"] {
        let nodes = graph
            .nodes
            .iter()
            .filter(|node| [Told::Provenance, Told::Table("data.csv")].contains(&node.told));
        sections.push((section, nodes.filter(|node| section_of(node) == section).map(described).collect()));
    }
    for kind in ["wasGeneratedBy", "used", "wasDerivedFrom", "wasAttributedTo"] {
        let edges = graph.edges.iter().filter(|edge| edge.told == Told::Provenance && edge.kind == kind);
        sections.push((kind, (1..).zip(edges).map(|(number, edge)| related(number, edge, graph)).collect()));
    }
    let withdrawn = graph.nodes.iter().filter_map(|node| Some((&node.id, node.withdrawn?)));
    let withdrawn: Vec<String> =
        (1..).zip(withdrawn).map(|(number, (id, time))| invalidated(number, id, time)).collect();
    if !withdrawn.is_empty() {
        sections.push(("wasInvalidatedBy", withdrawn));
    }
    let sections: Vec<String> = sections
        .into_iter()
        .map(|(name, lines)| format!("  \"{name}\": {{\n    {}\n  }}", lines.join(",\n    ")))
        .collect();
    format!("{{\n{}\n}}\n", sections.join(",\n"))
}

fn prefixes() -> Vec<String> {
    let mut lines: Vec<String> =
        PREFIXES.iter().map(|prefix| format!(r#""{prefix}": "{prefix}:""#)).collect();
    lines.push(r#""tide": "https://tide.example/terms#""#.to_owned());
    lines
}

fn section_of(node: &Node) -> &'static str {
    match node.kind {
        "training" => "activity",
        "Person" | "Organization" => "agent",
        _ => "entity",
    }
}

fn described(node: &Node) -> String {
    let (id, kind) = (&node.id, node.kind);
    match (section_of(node), node.time) {
        ("activity", Some(time)) => {
            format!(r#""{id}": {{"prov:type": "tide:{kind}", "prov:endTime": "{}"}}"#, written(time))
        }
        ("agent", _) => {
            let name =
                PAYEES.iter().find(|(payee, ..)| agent_id(payee) == *id).map_or("", |(_, name, _)| name);
            format!(r#""{id}": {{"prov:type": "prov:{kind}", "prov:label": "{name}"}}"#)
        }
        _ => format!(r#""{id}": {{"prov:type": "tide:{kind}"}}"#),
    }
}

/// A relation, by PROV's names for its ends.
fn related(number: usize, edge: &Edge, graph: &Graph) -> String {
    let Edge { source, target, kind, weight, .. } = edge;
    let (from, to, more) = match *kind {
        "wasGeneratedBy" => {
            let time = graph.nodes.iter().find(|node| node.id == *source).and_then(|node| node.time);
            let time = time.map(|time| format!(r#", "prov:time": "{}""#, written(time)));
            ("entity", "activity", time.unwrap_or_default())
        }
        "used" => ("activity", "entity", format!(r#", "{PART}": {weight}"#)),
        "wasDerivedFrom" => ("generatedEntity", "usedEntity", String::new()),
        _ => ("entity", "agent", String::new()),
    };
    format!(r#""_:{kind}-{number}": {{"prov:{from}": "{source}", "prov:{to}": "{target}"{more}}}"#)
}

fn invalidated(number: usize, id: &str, time: i64) -> String {
    let time = written(time);
    format!(r#""_:wasInvalidatedBy-{number}": {{"prov:entity": "{id}", "prov:time": "{time}"}}"#)
}

/// Who owns which person, organisation and agent; all else follows from who answers for it.
pub(crate) fn owners(graph: &Graph) -> String {
    let mut text = String::from("payee,name,node\n");
    for (payee, name, _) in PAYEES {
        let owned = graph.nodes.iter().filter(|node| node.payee == Some(payee));
        for node in owned.filter(|node| ["Person", "Organization", "agent"].contains(&node.kind)) {
            text.push_str(&format!("{payee},{name},{}\n", node.id));
        }
    }
    text
}
