//! The table of payees: which address belongs to which payee, written for people to correct and read back.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use apportion_core::text::visible;

use crate::limits::{Bound, Quota};
use crate::progress::Meter;
use crate::source::Source;
use crate::table::Row;

use super::history::{History, Identity};
use super::people::People;
use super::{Evidence, GitError};
use crate::spreadsheet::{guard_cell, unguard_cell};

/// The longest payee's id that is taken, in bytes: it stands in a node's id with a word before it.
const MAX_PAYEE: usize = 1_000;

/// Payees by address in lower case: the names that each row gives with it, and the payee.
pub(super) struct Table {
    rows: BTreeMap<String, Vec<(String, String)>>,
}

impl Table {
    /// Reads a CSV with the columns `address` and `payee`, and perhaps `name`; a row without a payee is of somebody who
    /// is not paid. Cells may be guarded against spreadsheets, or not.
    pub(super) fn read(path: &Path, quota: &Quota) -> Result<Table, GitError> {
        let wrong = |problem: String| GitError::Payees { file: path.display().to_string(), problem };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let source = Source::find(path.parent().unwrap_or(Path::new("")), name, quota);
        let mut csv = source
            .map_err(|fault| vec![(None, fault)])
            .and_then(|source| crate::table::Table::csv(source, b','))
            .map_err(|faults| wrong(faults.first().map_or(String::new(), |(_, fault)| fault.to_string())))?;
        let (Some(address), Some(payee)) = (csv.column("address"), csv.column("payee")) else {
            return Err(wrong("needs the columns `address` and `payee`".to_owned()));
        };
        let columns = [Some(address), Some(payee), csv.column("name")];
        let (mut table, mut problem) = (Table { rows: BTreeMap::new() }, None);
        let read = csv.rows(None, &mut Meter::new(0, &mut |_| {}), &mut |row| {
            let fault = row.fault.as_ref().map(|(_, fault)| fault.to_string());
            let added = fault.map_or_else(|| table.add(row, columns, quota), Err);
            if let (Err(wrong), None) = (added, &problem) {
                problem = Some(format!("line {}: {wrong}", row.number));
            }
        });
        read.map_err(|fault| wrong(fault.to_string()))?;
        problem.map_or(Ok(table), |problem| Err(wrong(problem)))
    }

    fn add(&mut self, row: &Row<'_>, columns: [Option<usize>; 3], quota: &Quota) -> Result<(), String> {
        quota.take(Bound::Rows, 1).map_err(|exceeded| exceeded.to_string())?;
        let cell = |column: Option<usize>| match column.map(|column| row.cell(column)) {
            Some(cell) => cell.text().map(|text| unguard_cell(&text).to_owned()).unwrap_or_default(),
            None => String::new(),
        };
        let [address, payee, name] = columns.map(cell);
        if payee.len() > MAX_PAYEE || visible(&payee, MAX_PAYEE) != payee {
            return Err(
                "the payee is longer than 1,000 bytes or holds characters that cannot be seen".to_owned()
            );
        }
        let of_address = self.rows.entry(address.to_lowercase()).or_default();
        if of_address.iter().any(|(other, known)| *other == name && *known != payee) {
            return Err("an earlier line gives the same address another payee".to_owned());
        }
        of_address.push((name, payee));
        Ok(())
    }

    /// The payee of an identity; an empty one for who is not paid.
    pub(super) fn payee_of(&self, identity: &Identity) -> Option<&str> {
        let rows = self.rows.get(&identity.address.to_lowercase())?;
        let (_, first) = rows.first()?;
        let same = rows.iter().all(|(_, payee)| payee == first);
        let named = rows.iter().find(|(name, _)| *name == identity.name);
        named.map(|(_, payee)| payee.as_str()).or_else(|| same.then_some(first.as_str()))
    }
}

/// The table of everybody in a history, as [`Table::read`] takes it: those with most commits first, the identities of
/// one person together, and why they are one. Spreadsheets can open it: text that they
/// would run is guarded.
pub(super) fn write(history: &History, people: &People) -> Result<Vec<u8>, csv::Error> {
    let identities = &history.identities.values;
    let authored = |number: usize| people.authored.get(number).copied().unwrap_or_default();
    let mut of_person = vec![0; people.people.len()];
    for number in 0..identities.len() {
        if let Some(commits) = of_person.get_mut(people.of(number)) {
            *commits += authored(number);
        }
    }
    let mut order: Vec<usize> = (0..identities.len()).collect();
    order.sort_by_key(|number| {
        let (person, commits) = (people.of(*number), authored(*number));
        let of_person = of_person.get(person).copied().unwrap_or_default();
        let node = people.people.get(person).map(|person| &person.node);
        (Reverse(of_person), node, Reverse(commits), &identities[*number])
    });
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["address", "name", "payee", "commits", "joined"])?;
    for number in order {
        let person = people.people.get(people.of(number));
        let payee = person.and_then(|person| person.payee.as_deref()).unwrap_or_default();
        let joined = people.evidence.get(number).copied().flatten().map_or("", Evidence::name);
        let identity = &identities[number];
        let [address, name, payee] = [identity.address.as_str(), &identity.name, payee].map(guard_cell);
        writer.write_record([&*address, &*name, &*payee, &authored(number).to_string(), joined])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
