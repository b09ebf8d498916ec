//! Writes the table of payees, for people to correct and read back.

use std::cmp::Reverse;

use super::history::History;
use super::joins::Evidence;
use super::people::People;
use crate::spreadsheet::guard_cell;

/// The table of everybody in a history, as `Table::read` takes it: those with most commits first, the identities of
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
