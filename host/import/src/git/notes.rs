//! What a person should know about how a history was read, a sentence each.

use super::graph::Uncounted;
use super::history::History;
use super::people::{People, Person};
use super::repository::Repository;

/// How many names a note lists.
const NAMED: usize = 8;

fn named(found: &[(usize, &str)]) -> String {
    let names: Vec<String> =
        found.iter().take(NAMED).map(|(commits, name)| format!("{name} ({commits})")).collect();
    let more = found.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// Seconds since 1970 beyond which a date is reported as odd: the start of the year 2100.
const YEAR_2100: i64 = 4_102_444_800;

pub(super) fn notes(
    repository: &Repository,
    history: &History,
    people: &People,
    positions: &[usize],
    uncounted: &Uncounted,
) -> Vec<String> {
    let mut notes = Vec::new();
    let authors_of = |is_one: &dyn Fn(&Person) -> bool| {
        let mut found: Vec<(usize, &str)> = Vec::new();
        for (number, person) in people.people.iter().enumerate().filter(|(_, person)| is_one(person)) {
            let commits = positions.iter().filter_map(|at| history.entries.get(*at));
            let commits = commits.filter(|entry| people.of(entry.author) == number).count();
            if commits > 0 {
                found.push((commits, person.node.split_once(':').map_or("", |(_, name)| name)));
            }
        }
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        found
    };
    let bots = authors_of(&|person| person.is_bot && person.payee.is_none());
    if !bots.is_empty() {
        notes.push(format!(
            "bots are not paid; these wrote commits: {}; a table of payees can say otherwise",
            named(&bots)
        ));
    }
    let lookalikes = authors_of(&|person| person.could_be_bot && !person.is_bot);
    if !lookalikes.is_empty() {
        notes.push(format!(
            "these are paid, though a name or an address has the word `bot`: {}; in a table of payees, an empty payee is \
             not paid",
            named(&lookalikes)
        ));
    }
    if !people.contradicted.is_empty() {
        let names: Vec<String> =
            people.contradicted.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        let more = people.contradicted.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.push(format!(
            "these names are used with several addresses that contradict each other, and join nothing: {}{more}; a \
             `.mailmap` or a table of payees can say who is who",
            names.join(", ")
        ));
    }
    if people.unlisted > 0 {
        notes.push(format!(
            "{} of the whole history stand in no row of the table of payees and go by their own names",
            people.unlisted
        ));
    }
    if !repository.shallow.is_empty() {
        notes.push(format!(
            "the clone is shallow: the history before {} commits is not here; `git fetch --unshallow` gets it",
            repository.shallow.len()
        ));
    }
    if uncounted.missing > 0 {
        notes.push(format!(
            "what {} commits changed cannot be told, because objects are not here (a shallow or partial clone, or \
             damage); they count as changing no file",
            uncounted.missing
        ));
    }
    if uncounted.too_many > 0 {
        notes.push(format!(
            "{} commits change more than is followed and count as changing no file",
            uncounted.too_many
        ));
    }
    if history.undated > 0 {
        notes.push(format!("{} commits have no date and count as made in 1970", history.undated));
    }
    let odd = positions.iter().filter_map(|at| history.entries.get(*at));
    let odd = odd.filter(|entry| !(0..YEAR_2100).contains(&entry.committed)).count();
    if odd > 0 {
        notes.push(format!("{odd} commits are dated before 1970 or after 2100"));
    }
    if history.unnamed > 0 {
        notes.push(format!(
            "{} trailers of the whole history name somebody without an address and are left out",
            history.unnamed
        ));
    }
    notes
}
