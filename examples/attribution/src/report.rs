//! What the months paid, as tables that a person reads, on the page and in a terminal.

use std::collections::BTreeMap;

use crate::cast::{PAYEES, Part};

/// What a month paid under a charter, in cents.
#[derive(Clone, Debug, Default)]
pub struct Paid {
    /// From 1.
    pub month: u32,
    /// How many answers were given.
    pub answers: usize,
    /// What they earned.
    pub pool: u128,
    /// By payee.
    pub payees: BTreeMap<String, u128>,
    /// What the data set that is withdrawn earned, its keeper and all who gave to it together.
    pub letters: u128,
}

/// The columns of a month, in their order.
const PARTS: [(Part, &str); 6] = [
    (Part::Platform, "platform"),
    (Part::Base, "base model"),
    (Part::FineTunings, "fine-tunings"),
    (Part::Agents, "agents, index"),
    (Part::Keepers, "keepers"),
    (Part::People, "people"),
];

/// A row a month: what each kind of payee got.
pub fn months(paid: &[Paid]) -> String {
    let mut header: Vec<String> = ["month", "answers", "pool EUR"].map(str::to_owned).into();
    header.extend(PARTS.iter().map(|(_, name)| (*name).to_owned()));
    header.extend(["treasury", "*the letters*"].map(str::to_owned));
    let mut rows = vec![header];
    for month in paid {
        let mut row = vec![month.month.to_string(), month.answers.to_string(), euros(month.pool)];
        row.extend(PARTS.iter().map(|(part, _)| euros(month.of(*part))));
        row.push(euros(month.pool.saturating_sub(month.payees.values().sum())));
        row.push(euros(month.letters));
        rows.push(row);
    }
    table(&rows, 0)
}

/// A row a payee: what it got in all months together under two charters.
pub fn payees(one: &[Paid], other: &[Paid]) -> String {
    let total = |paid: &[Paid], payee: &str| -> u128 {
        paid.iter().filter_map(|month| month.payees.get(payee)).sum()
    };
    let mut rows = vec![["payee", "by lineage", "by influence"].map(str::to_owned).to_vec()];
    for (payee, name, _) in PAYEES {
        rows.push(vec![name.to_owned(), euros(total(one, payee)), euros(total(other, payee))]);
    }
    table(&rows, 1)
}

impl Paid {
    fn of(&self, part: Part) -> u128 {
        PAYEES
            .iter()
            .filter(|(_, _, does)| *does == part)
            .filter_map(|(payee, _, _)| self.payees.get(*payee))
            .sum()
    }
}

/// `12.34`.
pub fn euros(cents: u128) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// A table in Markdown, its columns aligned: the first `words` to the left, the others to the right.
fn table(rows: &[Vec<String>], words: usize) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = if column < words { format!("{cell:<width$}") } else { format!("{cell:>width$}") };
            text.push_str(&format!("| {cell} "));
        }
        text.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column < words { "-" } else { ":" };
                text.push_str(&format!("|{}{end}", "-".repeat(width + 1)));
            }
            text.push_str("|\n");
        }
    }
    text
}
