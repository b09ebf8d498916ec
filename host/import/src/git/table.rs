//! The table of payees: which address belongs to which payee, written for people to correct and read back.

use std::collections::BTreeMap;
use std::path::Path;

use apportion::visible;

use super::GitError;
use super::history::{History, Identity};
use super::people::People;
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
    pub(super) fn read(path: &Path) -> Result<Table, GitError> {
        let wrong = |problem: String| GitError::Payees { file: path.display().to_string(), problem };
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(|error| wrong(error.to_string()))?;
        let headers = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
        let column = |name: &str| headers.iter().position(|header| header == name);
        let (Some(address), Some(payee)) = (column("address"), column("payee")) else {
            return Err(wrong("needs the columns `address` and `payee`".to_owned()));
        };
        let name = column("name");
        let mut rows: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(|error| wrong(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |column: usize| unguard_cell(record.get(column).unwrap_or_default());
            let (address, payee) = (cell(address).to_lowercase(), cell(payee));
            let name = name.map(cell).unwrap_or_default();
            if payee.len() > MAX_PAYEE || visible(payee, MAX_PAYEE) != payee {
                let problem = "is longer than 1,000 bytes or holds characters that cannot be seen";
                return Err(wrong(format!("line {line}: the payee {problem}")));
            }
            let of_address = rows.entry(address).or_default();
            if of_address.iter().any(|(other, known)| other == name && known != payee) {
                return Err(wrong(format!(
                    "line {line}: an earlier line gives the same address another payee"
                )));
            }
            of_address.push((name.to_owned(), payee.to_owned()));
        }
        Ok(Table { rows })
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

/// The table of everybody in a history, as [`Table::read`] takes it, those with most commits first. Spreadsheets can open
/// it: text that they would run is guarded.
pub(super) fn write(history: &History, people: &People) -> Result<Vec<u8>, csv::Error> {
    let mut rows: Vec<(usize, &Identity, &str)> = Vec::new();
    for (number, identity) in history.identities.values.iter().enumerate() {
        let person = people.people.get(people.of(number));
        let payee = person.and_then(|person| person.payee.as_deref()).unwrap_or_default();
        rows.push((people.authored.get(number).copied().unwrap_or_default(), identity, payee));
    }
    rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["address", "name", "payee", "commits"])?;
    for (commits, identity, payee) in rows {
        let [address, name, payee] = [identity.address.as_str(), &identity.name, payee].map(guard_cell);
        writer.write_record([&*address, &*name, &*payee, &commits.to_string()])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
