//! Names that could be taken for others: which payees a table shows with their ids, and notes about ids that look alike
//! or hold what cannot be seen.
//!
//! Whether two texts look alike is decided by Unicode's confusables (UTS 39): their skeletons are equal. The tables of a
//! Unicode version stand behind this, so it enters no result: it changes notes and what a table shows beside a name.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use apportion::Epoch;
use apportion::text::{escape_name, is_hidden};
use unicode_security::confusable_detection::skeleton;

use crate::print::note;
use crate::table::cut;

/// How many pairs, and how many names that hide something, are named in notes.
const MOST_NOTES: usize = 10;

/// What payees are called in a table.
pub struct Labels {
    /// What the payees that are shown are called, as [`key`] has it, and by whom that is taken.
    taken: BTreeMap<String, Taken>,
}

enum Taken {
    ByNobody,
    /// By the payee at this place among all.
    By(usize),
    Several,
}

impl Labels {
    /// For the payees that are shown, among all of them, each given by id and name. What the table calls its sums is taken
    /// too.
    pub fn new<'a>(
        shown: impl Iterator<Item = (&'a str, &'a str)>,
        all: impl Iterator<Item = (&'a str, &'a str)>,
        sums: &[&str],
    ) -> Labels {
        let shown = shown.map(|(id, name)| (key(&called(id, name)), Taken::ByNobody));
        let mut labels = Labels { taken: shown.collect() };
        for sum in sums {
            labels.taken.insert(key(sum), Taken::Several);
        }
        for (place, (id, name)) in all.enumerate() {
            labels.take(&key(&called(id, name)), place);
            labels.take(&key(id), place);
        }
        labels
    }

    fn take(&mut self, key: &str, place: usize) {
        let Some(taken) = self.taken.get_mut(key) else { return };
        *taken = match taken {
            Taken::ByNobody => Taken::By(place),
            Taken::By(first) if *first == place => Taken::By(place),
            _ => Taken::Several,
        };
    }

    /// What to call a payee, and its whole id where that could be taken for another payee or for a sum.
    pub fn of(&self, id: &str, name: &str) -> (String, Option<String>) {
        let called = called(id, name);
        let unique = matches!(self.taken.get(&key(&called)), Some(Taken::By(_)));
        (escape_name(&called).to_string(), (!unique).then(|| escape_name(id).to_string()))
    }
}

/// A payee's name if the epoch has one, else its id, as it fits a column.
fn called(id: &str, name: &str) -> String {
    cut(if name.is_empty() { id } else { name })
}

/// Equal for texts that a reader could take for each other.
fn key(text: &str) -> String {
    seen(text).to_lowercase()
}

/// What is seen of a text: its skeleton, without what hides and without blanks at the ends.
fn seen(text: &str) -> String {
    // Most ids are ASCII, and epochs have millions of them.
    static ASCII: LazyLock<Vec<String>> =
        LazyLock::new(|| ('\0'..='\x7f').map(|c| skeleton(c.encode_utf8(&mut [0; 4])).collect()).collect());
    let text = text.trim();
    if text.is_ascii() {
        let shown = text.bytes().filter(|byte| !is_hidden(char::from(*byte)));
        return shown.filter_map(|byte| ASCII.get(usize::from(byte))).map(String::as_str).collect();
    }
    let shown: String = text.chars().filter(|c| !is_hidden(*c)).collect();
    skeleton(&shown).collect()
}

/// Says which ids of payees look alike, and which ids and names hold what cannot be seen. Epochs may hold such texts, since
/// format 1 allows them; nobody should be paid by mistake because of them.
pub fn warn(epoch: &Epoch) {
    let alike = look_alikes(epoch.payees().iter());
    for pair in alike.iter().take(MOST_NOTES) {
        let [one, other] = pair.map(spelled);
        note!("the ids of the payees {one} and {other} look alike");
    }
    let more = alike.len().saturating_sub(MOST_NOTES);
    if more > 0 {
        note!("{more} more pairs of ids look alike");
    }
    let texts = epoch.payees().iter().chain(epoch.payee_names().iter());
    let hiding: Vec<&str> = texts.filter(|text| hides(text)).collect();
    for text in hiding.iter().take(MOST_NOTES) {
        note!("the id or name `{}` holds what cannot be seen: it is spelled out here", escape_name(text));
    }
    let more = hiding.len().saturating_sub(MOST_NOTES);
    if more > 0 {
        note!("{more} more ids or names hold what cannot be seen");
    }
    for (what, texts) in [
        ("ids of nodes", epoch.node_ids()),
        ("kinds of nodes", epoch.node_kinds()),
        ("kinds of edges", epoch.edge_kinds()),
        ("names of metrics of nodes", epoch.node_metrics()),
        ("names of labels of nodes", epoch.node_labels()),
        ("names of metrics of edges", epoch.edge_metrics()),
        ("names of labels of edges", epoch.edge_labels()),
    ] {
        let mut hiding = texts.iter().filter(|text| hides(text));
        if let Some(first) = hiding.next() {
            let count = 1 + hiding.count();
            note!("{count} of the {what} hold what cannot be seen, such as `{}`", escape_name(first));
        }
    }
}

fn hides(text: &str) -> bool {
    text.trim().len() != text.len() || !text.is_ascii() && text.chars().any(is_hidden)
}

/// An id, and in case its letters deceive which of them are not ASCII: `аnn` (U+0430).
fn spelled(id: &str) -> String {
    let foreign: Vec<String> =
        id.chars().filter(|c| !c.is_ascii()).map(|c| format!("U+{:04X}", u32::from(c))).collect();
    let shown = escape_name(id);
    if foreign.is_empty() { format!("`{shown}`") } else { format!("`{shown}` ({})", foreign.join(" ")) }
}

/// Ids that look alike, in pairs: each with the one before it that it looks like.
fn look_alikes<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<[&'a str; 2]> {
    // By a hash first: an epoch may have millions of ids, of which hardly any look alike.
    let mut hashed: Vec<(u64, &str)> = ids.map(|id| (hash(&seen(id)), id)).collect();
    hashed.sort_by_key(|(hash, _)| *hash); // stable: ids stay in their order
    let mut found = Vec::new();
    for same in hashed.chunk_by(|one, other| one.0 == other.0).filter(|same| same.len() > 1) {
        let mut by_seen: BTreeMap<String, &str> = BTreeMap::new();
        for (_, id) in same {
            found.extend(by_seen.insert(seen(id), *id).map(|before| [before, *id]));
        }
    }
    found.sort();
    found
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_look_alike_are_found_in_pairs() {
        let ids = ["ann", "\u{430}nn", "ann\u{ad}", "user1", "userl", "ANN", "bob", "b\u{43e}b "];
        let found = look_alikes(ids.into_iter());
        assert_eq!(
            found,
            [["ann", "\u{430}nn"], ["bob", "b\u{43e}b "], ["user1", "userl"], ["\u{430}nn", "ann\u{ad}"]]
        );
        let text = "Il1|0Om \"'`-_./:@";
        assert_eq!(seen(text), skeleton(text).collect::<String>(), "letter by letter, as all at once");
        assert_eq!(spelled("\u{430}nn"), "`\u{430}nn` (U+0430)");
    }

    #[test]
    fn an_id_stands_beside_what_could_be_taken_for_another() {
        let payees = [
            ("p1", "Ann"),
            ("p2", "Ann"),
            ("p3", "\u{410}nn"), // Cyrillic
            ("p4", "Bob"),
            ("p5", "p4"),
            ("p6", "Total "),
            ("total", ""),
            ("eve", ""),
        ];
        let labels = Labels::new(payees.into_iter(), payees.into_iter(), &["total"]);
        let ids: Vec<bool> = payees.iter().map(|(id, name)| labels.of(id, name).1.is_some()).collect();
        assert_eq!(ids, [true, true, true, false, true, true, true, false]);
        assert_eq!(labels.of("p6", "Total "), ("Total\\u{20}".to_owned(), Some("p6".to_owned())));
    }

    #[test]
    fn long_ids_that_are_cut_alike_are_shown_whole() {
        let ids = ["a", "b"].map(|end| "x".repeat(60) + end);
        let payees = || ids.iter().map(|id| (id.as_str(), ""));
        let labels = Labels::new(payees(), payees(), &[]);
        assert_eq!(labels.of(&ids[0], "").1.as_deref(), Some(ids[0].as_str()));
    }
}
