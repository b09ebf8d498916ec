//! Tables of nodes, edges and payees, provenance documents and traces -> an epoch.

mod columns;
mod description;
mod payees;
mod rows;

use std::path::Path;

use apportion_core::epoch::{ColumnNames, Epoch};

use crate::intake::Intake;
use crate::limits::{Bound, Limits, Quota};
use crate::problem::{Collector, Fault, ImportError};
use crate::progress::{Meter, Progress};
use crate::source::{Format, Source};

use columns::{Settled, seen, settle};
use description::{Description, Tables};
use payees::Payees;
use rows::{Rows, Traced};

/// How tables and documents are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How much may be read and kept.
    pub limits: Limits,
}

/// What an import of tables and documents gives.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The epoch.
    pub epoch: Epoch,
    /// What a person should know about how files were read, and what of them is not in the epoch, a sentence each.
    pub notes: Vec<String>,
}

/// The kind of a node whose table has no column `kind`.
pub const DEFAULT_NODE_KIND: &str = "node";
/// The kind of an edge whose table has no column `kind`.
pub const DEFAULT_EDGE_KIND: &str = "edge";

/// Reads the tables, provenance documents and traces that the TOML file at `description` names, relative to that
/// file's folder.
///
/// The order of rows, columns and files makes no difference, nor does the format: the same data gives the same epoch.
/// `progress` is called every few thousand rows of a table and every few megabytes of a document.
///
/// # Errors
///
/// Everything that is wrong with files, columns and cells comes together in [`ImportError::Input`]: first what is
/// wrong with files and columns; if those are fine, what is wrong with rows and cells. Files that hold more than
/// [`Options::limits`] allow are among them.
///
/// ```
/// use apportion_import::tables::{Options, import};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/cooperative");
/// let description = format!("{folder}/epoch.toml");
/// let imported = import(description.as_ref(), &Options::default(), &mut |_| {})?;
/// assert_eq!(imported.epoch.pool().to_string(), "1000 EUR");
/// assert_eq!(imported.epoch.payees().len(), 4);
/// # Ok::<(), apportion_import::ImportError>(())
/// ```
pub fn import(
    description: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Imported, ImportError> {
    let quota = Quota::new(&options.limits);
    let Description { header, nodes, edges, payees, traces } = Description::load(description, &quota)?;
    let folder = description.parent().unwrap_or(Path::new(""));
    let window = header.window;

    let tables = [&nodes, &edges, &payees];
    let documents: Vec<&String> = traces.files().map(|(_, name)| name).collect();
    let names = tables.iter().flat_map(|tables| &tables.files).chain(documents.iter().copied()).cloned();
    let mut problems = Collector::new(names.collect());
    let (mut sources, documents) = find(folder, tables, &documents, &quota, &mut problems);
    problems.none()?;
    // Tables are read twice.
    let table_bytes: u64 = sources.iter().flatten().map(|(_, source)| source.bytes * 2).sum();
    let document_bytes: u64 = documents.iter().map(|(_, source)| source.bytes).sum();
    let mut meter = Meter::new(table_bytes + document_bytes, progress);

    let draft = (!documents.is_empty()).then(|| {
        let mut draft = traces.read(&documents, window, &quota, &mut meter, &mut problems);
        draft.further_columns(window.end);
        draft
    });
    let in_nodes =
        draft.as_ref().map(|draft| seen(draft.nodes.values().map(|node| (node.place, &node.columns))));
    let in_edges = draft.as_ref().map(|draft| {
        let place = |id: &String| draft.nodes.get(id).map_or(draft.at, |node| node.place);
        seen(draft.relations.iter().map(|relation| (place(&relation.source), &relation.columns)))
    });

    let mut notes = Vec::new();
    let mut settled = |tables, which, sources: &mut Vec<_>, traced, problems: &mut Collector| {
        settle(tables, which, std::mem::take(sources), traced, &mut meter, problems, &mut notes)
    };
    let [of_nodes, of_edges, of_payees] = &mut sources;
    let nodes = settled(nodes, "nodes", of_nodes, in_nodes, &mut problems);
    let edges = settled(edges, "edges", of_edges, in_edges, &mut problems);
    let payees = settled(payees, "payees", of_payees, None, &mut problems);
    if let (Some(draft), Some((file, _))) = (&draft, documents.first()) {
        let columns = nodes.metrics.len() + nodes.labels.len();
        let edge_columns = edges.metrics.len() + edges.labels.len();
        let cells = draft.nodes.len() * columns + draft.relations.len() * edge_columns;
        // Before any is written, as leaving attributes out is what helps.
        if quota.check(Bound::Cells, cells).is_err() {
            let (bound, limit) = (Bound::Cells, quota.limit(Bound::Cells));
            problems.add_file(*file, Fault::Document(format!("and the other documents fill a table of {cells} cells; {limit} are allowed: leave attributes out with `columns` under `[nodes]` and `[edges]`, or raise the limit `{bound}`")));
        }
    }
    problems.none()?;
    note_kinds(&nodes, &edges, draft.is_some(), &mut notes);

    let columns = ColumnNames {
        node_metrics: nodes.metrics.clone(),
        node_labels: nodes.labels.clone(),
        edge_metrics: edges.metrics.clone(),
        edge_labels: edges.labels.clone(),
    };
    let builder = Intake::new(header, columns.clone(), quota.clone()).map_err(ImportError::Epoch)?;
    let payees = Payees::read(payees, column_of(&nodes, "payee"), &quota, &mut meter, &mut problems);
    let mut rows = Rows::new(builder, payees, Traced::new(draft, &traces), problems);
    let nodes = rows.nodes(nodes, &mut meter);
    let edges = rows.edges(edges, &mut meter);
    rows.traces(&columns, window, &mut notes);
    let (epoch, rounded) = rows.finish(&nodes, &edges)?;
    notes.extend(rounded);
    Ok(Imported { epoch, notes })
}

/// Files, each with its number among all of the import.
type Files = Vec<(usize, Source)>;

/// Finds all files and says which are missing.
fn find(
    folder: &Path,
    tables: [&Tables; 3],
    documents: &[&String],
    quota: &Quota,
    problems: &mut Collector,
) -> ([Files; 3], Files) {
    let (mut number, mut paths) = (0, Vec::new());
    let mut found = |names: &mut dyn Iterator<Item = (&String, Result<(), Fault>)>| {
        let mut sources = Vec::new();
        for (name, format) in names {
            match format.and_then(|()| Source::find(folder, name, quota)) {
                Ok(source) if paths.contains(&source.path) => problems.add_file(number, Fault::FileTwice),
                Ok(source) => {
                    paths.push(source.path.clone());
                    sources.push((number, source));
                }
                Err(fault) => problems.add_file(number, fault),
            }
            number += 1;
        }
        sources
    };
    let tables =
        tables.map(|tables| found(&mut tables.files.iter().map(|name| (name, Format::of(name).map(|_| ())))));
    (tables, found(&mut documents.iter().map(|name| (*name, Ok(())))))
}

fn column_of<'a>(settled: &'a Settled, meaning: &str) -> &'a str {
    settled.known.iter().find(|known| known.meaning == meaning).map_or("", |known| &known.column)
}

fn note_kinds(nodes: &Settled, edges: &Settled, has_documents: bool, notes: &mut Vec<String>) {
    for (settled, which, default) in
        [(nodes, "nodes", DEFAULT_NODE_KIND), (edges, "edges", DEFAULT_EDGE_KIND)]
    {
        let kind = column_of(settled, "kind");
        for file in settled.files.iter().filter(|file| file.table.column(kind).is_none()) {
            let name = &file.table.source.name;
            let but = if has_documents && which == "nodes" { " where no document names them" } else { "" };
            notes.push(format!(
                "{name} has no column `kind`, so that its {which} are of kind `{default}`{but}"
            ));
        }
    }
}
