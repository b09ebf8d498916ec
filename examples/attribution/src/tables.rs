//! Nodes and edges as tables, and the description that names them.

use crate::calendar::written;
use crate::cast::PAYEES;
use crate::graph::{Edge, Graph, Node, Told};
use crate::year::{Happened, window};
use crate::{provenance, traces};

/// Files by their names.
pub type Files = Vec<(String, String)>;

/// The month as three tables, which say everything.
pub(crate) fn flat(happened: &Happened, graph: &Graph) -> Files {
    let mut payees = String::from("payee,name,node\n");
    for (payee, name, _) in PAYEES {
        payees.push_str(&format!("{payee},{name},\n"));
    }
    let described = format!(
        "{}[nodes]\nfiles = [\"nodes.csv\"]\n{COLUMNS}\n[edges]\nfiles = [\"edges.csv\"]\n\n[payees]\n\
         files = [\"payees.csv\"]\n",
        head(happened)
    );
    vec![
        ("epoch.toml".to_owned(), described),
        ("nodes.csv".to_owned(), nodes(&graph.nodes.iter().collect::<Vec<_>>(), Payee::Column)),
        ("edges.csv".to_owned(), edges(&graph.edges.iter().collect::<Vec<_>>())),
        ("payees.csv".to_owned(), payees),
    ]
}

/// The month in the forms that people have: a document of provenance, traces, and small tables for what neither says.
pub(crate) fn forms(happened: &Happened, graph: &Graph) -> Files {
    let mut files = vec![
        ("provenance.json".to_owned(), provenance::document(graph)),
        ("traces.jsonl".to_owned(), traces::lines(&happened.answers)),
    ];
    if !happened.earlier.is_empty() {
        files.push(("earlier.jsonl".to_owned(), traces::lines(&happened.earlier)));
    }
    let otlp: Vec<String> = files[1..].iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let traced = format!(
        "[traces]\nprov = [\"provenance.json\"]\notlp = [{}]\n\n[traces.attributes]\nweight = \"{}\"\n\n",
        otlp.join(", "),
        provenance::PART
    );
    let mut described = head(happened) + &traced;
    let of_table = |told: Told, name: &str| matches!(told, Told::Table(table) if table == name);
    for (section, names) in [("nodes", &NODES[..]), ("edges", &EDGES)] {
        for name in names {
            let nodes: Vec<&Node> = graph.nodes.iter().filter(|node| of_table(node.told, name)).collect();
            let edges: Vec<&Edge> = graph.edges.iter().filter(|edge| of_table(edge.told, name)).collect();
            let text =
                if section == "nodes" { self::nodes(&nodes, Payee::Elsewhere) } else { self::edges(&edges) };
            files.push(((*name).to_owned(), text));
        }
        described.push_str(&format!("[{section}]\nfiles = {names:?}\n"));
        if section == "nodes" {
            described.push_str(COLUMNS);
        }
        described.push('\n');
    }
    described.push_str("[payees]\nfiles = [\"payees.csv\"]\n");
    files.push(("payees.csv".to_owned(), provenance::owners(graph)));
    files.push(("epoch.toml".to_owned(), described));
    files
}

/// Since when a node is withdrawn is a column also in the months before any is.
const COLUMNS: &str = "columns = { invalidated = \"metric\" }\n";
/// The small tables.
const NODES: [&str; 3] = ["data.csv", "evaluations.csv", "fees.csv"];
const EDGES: [&str; 4] = ["members.csv", "evaluated.csv", "answers.csv", "influence.csv"];

/// Number, window and pool: what the month's answers earned together.
pub(crate) fn head(happened: &Happened) -> String {
    let pool: u64 = happened.answers.iter().map(|answer| answer.fee).sum();
    let (start, end) = window(happened.month);
    let date = |seconds| written(seconds).split('T').next().unwrap_or("").to_owned();
    format!(
        "# Month {number} of the worked example: what its answers earned. Made by a program: examples/attribution.\n\
         number = {number}\n\n[window]\nstart = {}\nend = {}\n\n[pool]\nasset = \"EUR\"\ndecimals = 2\n\
         amount = \"{}.{:02}\"\n\n",
        date(start),
        date(end),
        pool / 100,
        pool % 100,
        number = happened.month,
    )
}

/// Whether a table of nodes says who owns them, and since when they are withdrawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payee {
    Column,
    Elsewhere,
}

pub(crate) fn nodes(rows: &[&Node], payee: Payee) -> String {
    let columns = columns(rows.iter().map(|row| &row.cells));
    let mut header = vec!["id", "kind", "time"];
    if payee == Payee::Column {
        header.extend(["payee", "invalidated"]);
    }
    let lines = rows.iter().map(|row| {
        let mut line = vec![row.id.clone(), row.kind.to_owned(), row.time.map(written).unwrap_or_default()];
        if payee == Payee::Column {
            line.push(row.payee.unwrap_or_default().to_owned());
            line.push(row.withdrawn.map(|time| time.to_string()).unwrap_or_default());
        }
        line.extend(cells(&columns, &row.cells));
        line
    });
    table(header, &columns, lines)
}

pub(crate) fn edges(rows: &[&Edge]) -> String {
    let columns = columns(rows.iter().map(|row| &row.cells));
    let is_weighted = rows.iter().any(|row| row.weight != 1);
    let mut header = vec!["source", "target", "kind"];
    if is_weighted {
        header.push("weight");
    }
    let lines = rows.iter().map(|row| {
        let mut line = vec![row.source.clone(), row.target.clone(), row.kind.to_owned()];
        if is_weighted {
            line.push(row.weight.to_string());
        }
        line.extend(cells(&columns, &row.cells));
        line
    });
    table(header, &columns, lines)
}

/// Further columns: what they are called, and the cells that rows have of them.
type Cells = Vec<(&'static str, String)>;

/// The further columns of all rows, in the order in which they first come.
fn columns<'a>(rows: impl Iterator<Item = &'a Cells>) -> Vec<&'static str> {
    let mut columns = Vec::new();
    for (name, _) in rows.flatten() {
        if !columns.contains(name) {
            columns.push(*name);
        }
    }
    columns
}

/// The cells of a row by the table's further columns.
fn cells<'a>(columns: &'a [&str], cells: &'a Cells) -> impl Iterator<Item = String> + 'a {
    columns.iter().map(|column| {
        cells.iter().find(|(name, _)| name == column).map(|(_, cell)| cell.clone()).unwrap_or_default()
    })
}

/// No cell holds a comma, a quote or a line's end.
fn table<'a>(
    mut header: Vec<&'a str>,
    columns: &[&'a str],
    lines: impl Iterator<Item = Vec<String>>,
) -> String {
    header.extend(columns);
    let mut text = header.join(",");
    text.push('\n');
    for line in lines {
        text.push_str(&line.join(","));
        text.push('\n');
    }
    text
}
