//! Rows of settled tables -> the epoch's nodes and edges.

mod cells;
pub(super) mod further;
mod places;
pub(super) mod traced;
mod value;

use apportion_core::epoch::{BuildError, Edge, Epoch, Node, Row as Given, RowError, RowProblem};

use crate::intake::{Intake, IntakeError};
use crate::problem::{Collector, Fault, ImportError, Place, shortened};
use crate::progress::Meter;

use super::columns::{File, Settled};
use super::description::{DEFAULT_EDGE_KIND, DEFAULT_NODE_KIND, Known};
use super::payees::Payees;
use cells::Cells;
use further::Further;
use places::Places;
use traced::Listed;
pub(super) use traced::Traced;

/// The rows on their way into the epoch.
///
/// A wrong cell is noted and its row still goes on with nothing in that cell, so that one mistake is not reported
/// again by every row that depends on it.
pub(super) struct Rows {
    pub(super) builder: Intake,
    pub(super) payees: Payees,
    pub(super) problems: Collector,
    pub(super) traced: Traced,
    /// Metrics that the description asks for and that lost digits, in sentences.
    rounded: Vec<String>,
    /// Whether it was reported that there is no room for more rows.
    is_full: bool,
    pub(super) node_places: Places,
    pub(super) edge_places: Places,
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
                self.builder.node(
                    Node::new(&id, if kind.is_empty() { DEFAULT_NODE_KIND } else { &kind })
                        .payee(owner)
                        .weight(weight.unwrap_or(1.0))
                        .time(time)
                        .metrics(&further.metrics)
                        .labels(&further.labels()),
                );
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
                self.builder.edge(
                    Edge::new(&source, &target, if kind.is_empty() { DEFAULT_EDGE_KIND } else { &kind })
                        .weight(weight.unwrap_or(1.0))
                        .time(time)
                        .metrics(&further.metrics)
                        .labels(&further.labels()),
                );
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
                for RowError { row, column, problem, .. } in errors {
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
