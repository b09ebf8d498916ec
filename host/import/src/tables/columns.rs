//! What each column of the tables is: one the epoch knows, a metric, a label, or left out.

use std::collections::BTreeMap;

use crate::problem::{Collector, Fault, Place, shortened};
use crate::progress::Meter;
use crate::source::Source;
use crate::table::{Row, Table};
use crate::traces::draft::Value;

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
pub(super) struct Seen {
    has_number: bool,
    /// The first cell that is no number.
    text: Option<(Place, String)>,
    /// The first number that would lose digits.
    rounded: Option<(Place, String)>,
    fault: Option<(usize, Fault)>,
}

/// The further columns of a sort of row, as documents give them.
pub(super) type Further = BTreeMap<String, Seen>;

/// What documents give in further columns.
pub(super) fn seen<'a>(rows: impl Iterator<Item = (Place, &'a BTreeMap<String, Value>)>) -> Further {
    let mut further = Further::new();
    for (place, columns) in rows {
        for (name, value) in columns {
            match further.get_mut(name) {
                Some(seen) => seen.look_at(place, value),
                None => further.entry(name.clone()).or_default().look_at(place, value),
            }
        }
    }
    further
}

/// Opens the tables and settles their columns, together with those that documents give, if there are documents; what
/// is wrong goes to `problems`, what a person should know to `notes`.
pub(super) fn settle(
    tables: Tables,
    which: &str,
    sources: Vec<(usize, Source)>,
    traced: Option<Further>,
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
    let has_traces = traced.is_some();
    let mut further = traced.unwrap_or_default();
    for (number, table) in &mut opened {
        if let Err(fault) = look(*number, table, &tables, which == "payees", &mut further, meter) {
            problems.add_file(*number, fault);
        }
    }
    check_names(&tables, which, &opened, has_traces, problems);
    if has_traces {
        add_listed(&tables, which, &mut further, notes);
    }
    let Words { metrics, labels } = words(&tables, which, further, problems, notes);
    // A document may use a name for something else than a table does.
    let is_known = |name: &String| tables.known.iter().any(|known| known.column == *name);
    let place = |table: &Table, names: &[String]| {
        names.iter().map(|name| table.column(name).filter(|_| !is_known(name))).collect()
    };
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
    further: &mut Further,
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

    fn look_at(&mut self, place: Place, value: &Value) {
        match value {
            Value::Number(_) => self.has_number = true,
            Value::LongInteger(text) => {
                self.has_number = true;
                self.rounded.get_or_insert_with(|| (place, shortened(text)));
            }
            Value::Text(text) if text.trim().is_empty() => {}
            Value::Text(text) => _ = self.text.get_or_insert_with(|| (place, shortened(text))),
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
fn check_names(
    tables: &Tables,
    which: &str,
    opened: &[(usize, Table)],
    has_traces: bool,
    problems: &mut Collector,
) {
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
    let roles = tables.roles.keys().filter(|_| !has_traces);
    for name in named.chain(roles) {
        if let Some((number, table)) =
            opened.first().filter(|_| opened.iter().all(|(_, table)| table.column(name).is_none()))
        {
            let found = format!("{}, but the description of `[{which}]` names it", listed(&table.columns));
            problems.add_column(*number, name, Fault::NoColumn { found });
        }
    }
}

/// Columns that the description lists are there even in a period whose documents give none of their values.
fn add_listed(tables: &Tables, which: &str, further: &mut Further, notes: &mut Vec<String>) {
    for (name, role) in &tables.roles {
        if *role != Role::Ignore && !further.contains_key(name) {
            let shown = shortened(name);
            notes.push(format!(
                "column `{}` of the {which}, which the description lists, has no value anywhere",
                shown.escape_debug()
            ));
            further.insert(name.clone(), Seen::default());
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
    further: Further,
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
