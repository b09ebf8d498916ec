//! What each column of the tables is: one the epoch knows, a metric, a label, or left out.

use std::collections::BTreeMap;

use crate::problem::{Collector, Fault, Place, shortened};
use crate::progress::Meter;
use crate::source::Source;
use crate::table::{Row, Table};

use super::description::{Known, Role, Tables};

/// Tables of one kind whose columns are settled.
pub(super) struct Settled {
    pub(super) files: Vec<File>,
    pub(super) known: Vec<Known>,
    /// The metrics' names, sorted.
    pub(super) metrics: Vec<String>,
    /// The labels' names, sorted.
    pub(super) labels: Vec<String>,
}

/// One file and where its columns are.
pub(super) struct File {
    pub(super) table: Table,
    /// Its number among all files of the import.
    pub(super) number: usize,
    /// For each known column its place in this file.
    pub(super) known: Vec<Option<usize>>,
    pub(super) metrics: Vec<Option<usize>>,
    pub(super) labels: Vec<Option<usize>>,
}

impl File {
    /// The columns that are needed.
    pub(super) fn wanted(&self) -> Vec<usize> {
        [&self.known, &self.metrics, &self.labels].into_iter().flatten().copied().flatten().collect()
    }
}

/// What was seen in a further column, over all files that have it.
#[derive(Default)]
struct Seen {
    has_number: bool,
    /// The first cell that is no number.
    text: Option<(Place, String)>,
    /// The first number that would lose digits.
    rounded: Option<(Place, String)>,
    fault: Option<(usize, Fault)>,
}

/// Opens the tables and settles their columns; what is wrong goes to `problems`, what a person should know to `notes`.
pub(super) fn settle(
    tables: Tables,
    which: &str,
    sources: Vec<(usize, Source)>,
    meter: &mut Meter<'_>,
    problems: &mut Collector,
    notes: &mut Vec<String>,
) -> Settled {
    let mut opened = Vec::new();
    for (number, source) in sources {
        match Table::open(source, tables.delimiter) {
            Ok(table) => opened.push((number, table)),
            Err(faults) => {
                for (column, fault) in faults {
                    problems.add(Place { file: number, row: 0 }, column.as_deref(), fault);
                }
            }
        }
    }
    let mut further = BTreeMap::new();
    for (number, table) in &mut opened {
        if let Err(fault) = look(*number, table, &tables, which == "payees", &mut further, meter) {
            problems.add_file(*number, fault);
        }
    }
    check_names(&tables, which, &opened, problems);
    let Words { metrics, labels } = words(&tables, which, further, problems, notes);
    let place = |table: &Table, names: &[String]| names.iter().map(|name| table.column(name)).collect();
    let files = opened
        .into_iter()
        .map(|(number, table)| File {
            number,
            known: tables.known.iter().map(|known| table.column(&known.column)).collect(),
            metrics: place(&table, &metrics),
            labels: place(&table, &labels),
            table,
        })
        .collect();
    Settled { files, known: tables.known, metrics, labels }
}

/// Looks at every cell of the further columns, unless there is nothing to find out.
fn look(
    number: usize,
    table: &mut Table,
    tables: &Tables,
    is_payees: bool,
    further: &mut BTreeMap<String, Seen>,
    meter: &mut Meter<'_>,
) -> Result<(), Fault> {
    let is_further = |name: &str| !tables.known.iter().any(|known| known.column == name);
    let is_open = |name: &str| is_further(name) && !tables.roles.contains_key(name) && !is_payees;
    let place_of = |columns: &[String]| -> Vec<usize> {
        columns.iter().enumerate().filter(|(_, name)| is_open(name)).map(|(column, _)| column).collect()
    };
    let wanted = place_of(&table.columns);
    let mut seen: Vec<Seen> = Vec::new();
    if table.has_header() && wanted.is_empty() {
        meter.pass(&table.source.name, 0, table.source.bytes);
    } else if table.has_header() {
        table.rows(Some(&wanted), meter, &mut |row| {
            seen.resize_with(row.width().max(seen.len()), Seen::default);
            for &column in &wanted {
                if let Some(seen) = seen.get_mut(column) {
                    seen.look(number, row, column);
                }
            }
        })?;
    } else {
        table.rows(None, meter, &mut |row| {
            seen.resize_with(row.width().max(seen.len()), Seen::default);
            for (column, seen) in seen.iter_mut().enumerate() {
                seen.look(number, row, column);
            }
        })?;
    }
    seen.resize_with(table.columns.len(), Seen::default);
    for (column, (name, mut seen)) in table.columns.iter().zip(seen).enumerate() {
        if is_further(name) {
            seen.fault = table.fault_of(column).map(|fault| (number, fault));
            further.entry(name.clone()).or_default().merge(seen);
        }
    }
    Ok(())
}

impl Seen {
    fn look(&mut self, file: usize, row: &Row<'_>, column: usize) {
        // Once a number and a text are found there is nothing more to learn.
        if self.text.is_some() && (self.has_number || self.rounded.is_some()) {
            return;
        }
        let cell = row.cell(column);
        let place = Place { file, row: row.number };
        match cell.number() {
            Some(number) => {
                self.has_number = true;
                if !number.exact && self.rounded.is_none() {
                    self.rounded = cell.text().ok().map(|text| (place, shortened(&text)));
                }
            }
            None if self.text.is_none() => {
                // A cell that is no cell at all is reported when the rows are read.
                let text = cell.text().map(|text| shortened(&text)).unwrap_or_default();
                self.text = (!text.is_empty()).then_some((place, text));
            }
            None => {}
        }
    }

    fn merge(&mut self, other: Seen) {
        self.has_number |= other.has_number;
        self.text = self.text.take().or(other.text);
        self.rounded = self.rounded.take().or(other.rounded);
        self.fault = self.fault.take().or(other.fault);
    }
}

/// Columns that must be there, and columns that the description names.
fn check_names(tables: &Tables, which: &str, opened: &[(usize, Table)], problems: &mut Collector) {
    for (number, table) in opened {
        for known in &tables.known {
            match table.column(&known.column) {
                Some(column) => {
                    if let Some(fault) = table.fault_of(column) {
                        problems.add_column(*number, &known.column, fault);
                    }
                }
                None if known.is_required => {
                    let fault = match table.other_delimiter() {
                        Some(delimiter) => Fault::Delimiter(delimiter),
                        None => Fault::NoColumn { found: listed(&table.columns) },
                    };
                    problems.add_column(*number, &known.column, fault);
                }
                None => {}
            }
        }
    }
    let named =
        tables.known.iter().filter(|known| known.is_named && !known.is_required).map(|known| &known.column);
    for name in named.chain(tables.roles.keys()) {
        if let Some((number, table)) =
            opened.first().filter(|_| opened.iter().all(|(_, table)| table.column(name).is_none()))
        {
            let found = format!("{}, but the description of `[{which}]` names it", listed(&table.columns));
            problems.add_column(*number, name, Fault::NoColumn { found });
        }
    }
}

fn listed(columns: &[String]) -> String {
    let names: Vec<String> =
        columns.iter().take(20).map(|name| format!("`{}`", shortened(name).escape_debug())).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

struct Words {
    metrics: Vec<String>,
    labels: Vec<String>,
}

/// Says for every further column what it is, and tells what a person may not expect.
fn words(
    tables: &Tables,
    which: &str,
    further: BTreeMap<String, Seen>,
    problems: &mut Collector,
    notes: &mut Vec<String>,
) -> Words {
    let mut words = Words { metrics: Vec::new(), labels: Vec::new() };
    for (name, seen) in further {
        let role = tables.roles.get(&name).copied();
        let shown = format!("column `{}` of the {which}", shortened(&name).escape_debug());
        if let (Some((file, fault)), true) = (&seen.fault, role != Some(Role::Ignore) && which != "payees") {
            problems.add_column(*file, &name, fault.clone());
        }
        match role {
            Some(Role::Ignore) => {}
            Some(Role::Metric) => words.metrics.push(name),
            Some(Role::Label) => words.labels.push(name),
            None if which == "payees" => notes.push(format!("{shown} is not used")),
            None => match (&seen.text, &seen.rounded, seen.has_number) {
                (Some((place, text)), _, is_mixed) => {
                    if is_mixed {
                        let (place, text) = (problems.words(*place), text.escape_debug());
                        notes.push(format!(
                            "{shown} holds numbers and text (`{text}` in {place}), so it is a label"
                        ));
                    }
                    words.labels.push(name);
                }
                (None, Some((place, text)), _) => {
                    let place = problems.words(*place);
                    notes.push(format!(
                        "{shown} holds integers beyond 2^53 (`{text}` in {place}) that a metric would round, so it is a label; to round them, list it in `columns` as \"metric\""
                    ));
                    words.labels.push(name);
                }
                (None, None, true) => words.metrics.push(name),
                (None, None, false) => notes.push(format!("{shown} has no value in any row and is left out")),
            },
        }
    }
    words
}
