//! Who is paid, and which nodes are theirs: from the nodes' column `payee`, from tables of payees, or from both.

use std::collections::BTreeMap;

use apportion_core::epoch;

use crate::intake::Intake;
use crate::limits::{Bound, Quota};
use crate::problem::{Collector, Fault, Place, shortened};
use crate::progress::Meter;

use super::columns::Settled;

/// Who owns what, as far as the input has said it.
#[derive(Default)]
pub(super) struct Payees {
    by_id: BTreeMap<String, Payee>,
    /// The owners that tables of payees name, by node.
    owners: BTreeMap<Box<str>, Owner>,
    columns: Columns,
}

struct Payee {
    name: String,
    /// Where it was first named, and whether that was in a table of payees.
    place: Place,
    is_listed: bool,
}

struct Owner {
    payee: Box<str>,
    place: Place,
    /// Whether a node of this id has come.
    is_met: bool,
}

/// What the input calls its columns.
#[derive(Default)]
struct Columns {
    payee: String,
    node: String,
    name: String,
    of_nodes: String,
}

impl Payees {
    /// Reads the tables of payees. `of_nodes` is the nodes' column that names their payee.
    pub(super) fn read(
        settled: Settled,
        of_nodes: &str,
        quota: &Quota,
        meter: &mut Meter<'_>,
        problems: &mut Collector,
    ) -> Payees {
        let name = |meaning| {
            let known = settled.known.iter().find(|known| known.meaning == meaning);
            known.map_or(String::new(), |known| known.column.clone())
        };
        let of_nodes = of_nodes.to_owned();
        let columns = Columns { payee: name("payee"), node: name("node"), name: name("name"), of_nodes };
        let mut payees = Payees { columns, ..Payees::default() };
        let mut exceeded = None;
        for mut file in settled.files {
            let [payee, node, name] = file.known.as_slice() else { continue };
            let (payee, node, name, number) = (*payee, *node, *name, file.number);
            let wanted = file.wanted();
            let read = file.table.rows(Some(&wanted), meter, &mut |row| {
                let place = Place { file: number, row: row.number };
                if let Some((_, fault)) = &row.fault {
                    problems.add(place, None, fault.clone());
                    return;
                }
                let mut text =
                    |column: Option<usize>, called: &str| match column.map(|column| row.cell(column)) {
                        None => Some(String::new()),
                        Some(cell) => match cell.text() {
                            Ok(text) => Some(text.into_owned()),
                            Err(fault) => {
                                problems.add(place, Some(called), fault);
                                None
                            }
                        },
                    };
                let columns = &payees.columns;
                let payee = text(payee, &columns.payee);
                let node = text(node, &columns.node);
                let name = text(name, &columns.name);
                if exceeded.is_some() {
                    return;
                }
                if let Err(bound) = quota.take(Bound::Rows, 1) {
                    exceeded = Some(bound);
                    problems.add_file(number, Fault::Limit(bound));
                    return;
                }
                if let (Some(payee), Some(node), Some(name)) = (payee, node, name) {
                    payees.list(place, payee, &node, name, problems);
                }
            });
            if let Err(fault) = read {
                problems.add_file(number, fault);
            }
        }
        payees
    }

    /// A row of a table of payees. One without a node names a payee that owns none.
    fn list(&mut self, place: Place, payee: String, node: &str, name: String, problems: &mut Collector) {
        if payee.is_empty() {
            problems.add(place, Some(&self.columns.payee), Fault::Empty);
            return;
        }
        if !node.is_empty() {
            let owner = Owner { payee: payee.as_str().into(), place, is_met: false };
            if self.owners.insert(node.into(), owner).is_some() {
                problems.add(place, Some(&self.columns.node), Fault::NodeTwice(shortened(node)));
            }
        }
        match self.by_id.get_mut(&payee) {
            None => {
                self.by_id.insert(payee, Payee { name, place, is_listed: true });
            }
            Some(known) if known.name.is_empty() => known.name = name,
            Some(known) if !name.is_empty() && known.name != name => {
                let (payee, name, other) = (shortened(&payee), shortened(&name), shortened(&known.name));
                problems.add(place, Some(&self.columns.name), Fault::TwoNames { payee, name, other });
            }
            Some(_) => {}
        }
    }

    /// The owner of a node, given what its own row says.
    pub(super) fn owner_of<'a>(
        &'a mut self,
        node: &str,
        given: Option<&'a str>,
        place: Place,
        problems: &mut Collector,
    ) -> Option<&'a str> {
        if let Some(given) = given.filter(|given| !self.by_id.contains_key(*given)) {
            let payee = Payee { name: String::new(), place, is_listed: false };
            self.by_id.insert(given.to_owned(), payee);
        }
        let Some(owner) = self.owners.get_mut(node) else { return given };
        owner.is_met = true;
        if let Some(given) = given.filter(|given| **given != *owner.payee) {
            let fault = Fault::TwoOwners {
                node: shortened(node),
                payee: shortened(given),
                other: shortened(&owner.payee),
                place: problems.words(owner.place),
            };
            problems.add(place, Some(&self.columns.of_nodes), fault);
        }
        Some(&owner.payee)
    }

    /// An agent that documents name, who is paid under its own id.
    pub(super) fn add_agent(&mut self, id: &str, name: &str, place: Place) {
        let payee = Payee { name: name.to_owned(), place, is_listed: false };
        self.by_id.entry(id.to_owned()).or_insert(payee);
    }

    /// Listed nodes that never came.
    pub(super) fn unknown_nodes(&self) -> impl Iterator<Item = &str> {
        self.owners.iter().filter(|(_, owner)| !owner.is_met).map(|(node, _)| &**node)
    }

    /// Says which listed nodes never came.
    pub(super) fn check_nodes(&self, problems: &mut Collector) {
        for (node, owner) in self.owners.iter().filter(|(_, owner)| !owner.is_met) {
            problems.add(owner.place, Some(&self.columns.node), Fault::UnknownNode(shortened(node)));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Gives all payees to the epoch, in the order of their ids.
    pub(super) fn give(&self, builder: &mut Intake) {
        for (id, payee) in &self.by_id {
            builder.payee(epoch::Payee::new(id).name(&payee.name));
        }
    }

    /// Where the payee came from that was given to the epoch as number `row`, and the column in which the epoch found
    /// something wrong.
    pub(super) fn place_of(&self, row: usize, column: &str) -> Option<(Place, String)> {
        let payee = self.by_id.values().nth(row)?;
        let column = match (column, payee.is_listed) {
            ("name", _) => &self.columns.name,
            (_, true) => &self.columns.payee,
            (_, false) => &self.columns.of_nodes,
        };
        Some((payee.place, column.clone()))
    }
}
