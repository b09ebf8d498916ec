//! Rows of settled tables -> the epoch's nodes and edges.

mod further;
mod traced;

use apportion_core::epoch::{BuildError, Edge, Epoch, Node, Row as Given, RowError, RowProblem};

use crate::cell::Cell;
use crate::intake::{Intake, IntakeError};
use crate::problem::{Collector, Fault, ImportError, Place, shortened};
use crate::progress::Meter;
use crate::table::Row;

use super::columns::{File, Settled};
use super::description::Known;
use super::payees::Payees;
use super::{DEFAULT_EDGE_KIND, DEFAULT_NODE_KIND};
use further::Further;
use traced::Listed;
pub(super) use traced::Traced;

/// The rows on their way into the epoch.
///
/// A wrong cell is noted and its row still goes on with nothing in that cell, so that one mistake is not reported
/// again by every row that depends on it.
pub(super) struct Rows {
    builder: Intake,
    payees: Payees,
    problems: Collector,
    traced: Traced,
    /// Metrics that the description asks for and that lost digits, in sentences.
    rounded: Vec<String>,
    /// Whether it was reported that there is no room for more rows.
    is_full: bool,
    node_places: Places,
    edge_places: Places,
}

impl Rows {
    pub(super) fn new(builder: Intake, payees: Payees, traced: Traced, problems: Collector) -> Rows {
        let (node_places, edge_places) = (Places::default(), Places::default());
        Rows {
            builder,
            payees,
            problems,
            traced,
            rounded: Vec::new(),
            is_full: false,
            node_places,
            edge_places,
        }
    }

    /// Takes all nodes; returns what the input calls their known columns.
    pub(super) fn nodes(&mut self, settled: Settled, meter: &mut Meter<'_>) -> Vec<Known> {
        let Settled { files, known: names, metrics, labels } = settled;
        let [id_name, kind_name, weight_name, time_name, payee_name] = called(&names);
        let mut further = Further::new(metrics, labels);
        let (mut id, mut kind, mut payee) = (String::new(), String::new(), String::new());
        for mut file in files {
            let wanted = file.wanted();
            let File { table, number, known, metrics, labels } = &mut file;
            let [id_at, kind_at, weight_at, time_at, payee_at] = places_of(known);
            let read = table.rows(Some(&wanted), meter, &mut |row| {
                let place = Place { file: *number, row: row.number };
                let mut cells = Cells { row, place, problems: &mut self.problems };
                let is_whole = cells.check_row();
                // A row that is not whole is reported already, whatever its id is.
                let has_id = if is_whole {
                    cells.filled(id_at, id_name, &mut id)
                } else {
                    cells.quietly(id_at, &mut id)
                };
                if !has_id {
                    return;
                }
                // Of a row that is not whole only the id is taken: its edges and its payee are not wrong.
                let (mut weight, mut time) = (None, None);
                kind.clear();
                payee.clear();
                if is_whole {
                    cells.kind(kind_at, kind_name, &mut kind);
                    weight = cells.number(weight_at, weight_name);
                    time = cells.time(time_at, time_name);
                    cells.text(payee_at, payee_name, &mut payee);
                    further.take(&mut cells, metrics, labels, self.traced.columns_of(&id));
                } else {
                    further.clear();
                }
                let given = Some(payee.as_str()).filter(|payee| !payee.is_empty());
                let owner = self.payees.owner_of(&id, given, place, &mut self.problems);
                if self.traced.columns_of(&id).is_some() {
                    let (kind, owner) = (kind.clone(), owner.map(str::to_owned));
                    let (metrics, labels) = (further.metrics.clone(), further.words.clone());
                    let listed = Listed { place, kind, weight, time, owner, metrics, labels };
                    if !self.traced.list(&id, listed) {
                        let twice = RowProblem::Duplicate(shortened(&id));
                        self.problems.add(place, Some(id_name), Fault::Row(twice));
                    }
                    return;
                }
                self.node_places.push(place);
                self.builder.node(Node {
                    id: &id,
                    kind: if kind.is_empty() { DEFAULT_NODE_KIND } else { &kind },
                    weight: weight.unwrap_or(1.0),
                    time,
                    payee: owner,
                    metrics: &further.metrics,
                    labels: &further.labels(),
                });
            });
            if let Err(fault) = read {
                self.problems.add_file(file.number, fault);
            }
            self.check_room(file.number);
        }
        self.rounded.extend(further.rounded.sentences("nodes", &self.problems));
        if self.traced.is_none() {
            self.payees.check_nodes(&mut self.problems);
        }
        names
    }

    /// Takes all edges; returns what the input calls their known columns.
    pub(super) fn edges(&mut self, settled: Settled, meter: &mut Meter<'_>) -> Vec<Known> {
        let Settled { files, known: names, metrics, labels } = settled;
        let [source_name, target_name, kind_name, weight_name, time_name] = called(&names);
        let mut further = Further::new(metrics, labels);
        let (mut source, mut target, mut kind) = (String::new(), String::new(), String::new());
        for mut file in files {
            let wanted = file.wanted();
            let File { table, number, known, metrics, labels } = &mut file;
            let [source_at, target_at, kind_at, weight_at, time_at] = places_of(known);
            let read = table.rows(Some(&wanted), meter, &mut |row| {
                let place = Place { file: *number, row: row.number };
                let mut cells = Cells { row, place, problems: &mut self.problems };
                if !cells.check_row() {
                    return;
                }
                let has_source = cells.filled(source_at, source_name, &mut source);
                let has_target = cells.filled(target_at, target_name, &mut target);
                cells.kind(kind_at, kind_name, &mut kind);
                let weight = cells.number(weight_at, weight_name);
                let time = cells.time(time_at, time_name);
                further.take(&mut cells, metrics, labels, Some(&self.traced.edge_defaults));
                if !has_source || !has_target {
                    return;
                }
                self.traced.hold(&source);
                self.traced.hold(&target);
                self.edge_places.push(place);
                self.builder.edge(Edge {
                    source: &source,
                    target: &target,
                    kind: if kind.is_empty() { DEFAULT_EDGE_KIND } else { &kind },
                    weight: weight.unwrap_or(1.0),
                    time,
                    metrics: &further.metrics,
                    labels: &further.labels(),
                });
            });
            if let Err(fault) = read {
                self.problems.add_file(file.number, fault);
            }
            self.check_room(file.number);
        }
        self.rounded.extend(further.rounded.sentences("edges", &self.problems));
        names
    }

    /// Reports in which file rows were more than there is room for.
    fn check_room(&mut self, file: usize) {
        if let (Some(exceeded), false) = (self.builder.exceeded(), self.is_full) {
            self.is_full = true;
            self.problems.add_file(file, Fault::Limit(exceeded));
        }
    }

    /// The epoch, or everything that was wrong with any row.
    pub(super) fn finish(
        mut self,
        nodes: &[Known],
        edges: &[Known],
    ) -> Result<(Epoch, Vec<String>), ImportError> {
        if self.payees.is_empty() {
            self.problems.none()?;
            return Err(ImportError::NobodyToPay);
        }
        self.payees.give(&mut self.builder);
        match self.builder.finish() {
            Ok(epoch) => {
                self.problems.none()?;
                Ok((epoch, self.rounded))
            }
            Err(IntakeError::Limit(exceeded)) => {
                if !self.is_full {
                    self.problems.add_file(0, Fault::Limit(exceeded));
                }
                self.problems.none()?;
                Err(ImportError::NobodyToPay)
            }
            Err(IntakeError::Build(BuildError::Rows { errors, more })) => {
                for RowError { row, column, problem } in errors {
                    let called = |known: &[Known]| match known.iter().find(|known| known.meaning == column) {
                        Some(known) if !known.column.is_empty() => known.column.clone(),
                        _ => column.clone(),
                    };
                    let place = match row {
                        Given::Payee(row) => self.payees.place_of(row, &column),
                        Given::Node(row) => self.node_places.get(row).map(|place| (place, called(nodes))),
                        Given::Edge(row) => self.edge_places.get(row).map(|place| (place, called(edges))),
                    };
                    let (place, column) = place.unwrap_or((Place { file: 0, row: 0 }, column));
                    self.problems.add(place, Some(&column), Fault::Row(problem));
                }
                self.problems.add_uncounted(more);
                self.problems.none()?;
                // Not reached: there is at least the error that led here.
                Err(ImportError::NobodyToPay)
            }
            Err(IntakeError::Build(error)) => {
                self.problems.none()?;
                Err(ImportError::Epoch(error))
            }
        }
    }
}

/// The names of the known columns, in the order in which the description lists them.
fn called<const N: usize>(known: &[Known]) -> [&str; N] {
    std::array::from_fn(|index| known.get(index).map_or("", |known| known.column.as_str()))
}

fn places_of<const N: usize>(known: &[Option<usize>]) -> [Option<usize>; N] {
    std::array::from_fn(|index| known.get(index).copied().flatten())
}

/// The cells of one row, and where what is wrong with them goes.
struct Cells<'a> {
    row: &'a Row<'a>,
    place: Place,
    problems: &'a mut Collector,
}

impl Cells<'_> {
    /// Whether the row could be taken apart into cells, one for each column.
    fn check_row(&mut self) -> bool {
        match &self.row.fault {
            None => true,
            Some((column, fault)) => {
                self.problems.add(self.place, column.as_deref(), fault.clone());
                false
            }
        }
    }

    /// Puts a cell's text into `into`; whether there was nothing wrong with it.
    fn text(&mut self, column: Option<usize>, name: &str, into: &mut String) -> bool {
        into.clear();
        let Some(column) = column else { return true };
        match self.row.cell(column).text() {
            Ok(text) => {
                into.push_str(&text);
                true
            }
            Err(fault) => {
                self.problems.add(self.place, Some(name), fault);
                false
            }
        }
    }

    /// As [`Cells::text`] for a cell that must hold something.
    fn filled(&mut self, column: Option<usize>, name: &str, into: &mut String) -> bool {
        let is_fine = self.text(column, name, into);
        if is_fine && into.is_empty() {
            self.problems.add(self.place, Some(name), Fault::Empty);
            return false;
        }
        is_fine
    }

    /// As [`Cells::filled`] where there is such a column at all; else empty.
    fn kind(&mut self, column: Option<usize>, name: &str, into: &mut String) {
        match column {
            Some(_) => _ = self.filled(column, name, into),
            None => into.clear(),
        }
    }

    /// Puts a cell's text into `into` and says nothing; whether there is any.
    fn quietly(&self, column: Option<usize>, into: &mut String) -> bool {
        into.clear();
        let cell = column.map_or(Cell::Empty, |column| self.row.cell(column));
        into.push_str(&cell.text().unwrap_or_default());
        !into.is_empty()
    }

    fn number(&mut self, column: Option<usize>, name: &str) -> Option<f64> {
        let number = self.row.cell(column?).finite();
        self.noted(name, number)
    }

    fn time(&mut self, column: Option<usize>, name: &str) -> Option<i64> {
        let time = self.row.cell(column?).time();
        self.noted(name, time)
    }

    fn noted<T>(&mut self, name: &str, value: Result<Option<T>, Fault>) -> Option<T> {
        value.unwrap_or_else(|fault| {
            self.problems.add(self.place, Some(name), fault);
            None
        })
    }
}

/// Where the rows came from that were given to the epoch, in the order in which they were given. Neighbours take no
/// memory of their own.
#[derive(Default)]
struct Places {
    count: usize,
    runs: Vec<(usize, Place)>,
}

impl Places {
    fn push(&mut self, place: Place) {
        if self.get(self.count) != Some(place) {
            self.runs.push((self.count, place));
        }
        self.count += 1;
    }

    /// The place of the row given as number `row`; for the next number, the next row of the last file.
    fn get(&self, row: usize) -> Option<Place> {
        let run = match self.runs.last() {
            Some(last) if last.0 <= row => last,
            _ => self.runs.get(self.runs.partition_point(|(start, _)| *start <= row).checked_sub(1)?)?,
        };
        let (start, place) = *run;
        Some(Place { file: place.file, row: place.row + u64::try_from(row - start).ok()? })
    }
}
