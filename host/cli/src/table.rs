//! Payouts as a table that a person likes to read.

use apportion::compare::{CandidateSide, ComparedPayee, Comparison, ComparisonTerms};
use apportion::fault::Fault;
use apportion::payouts::Payout;
use apportion::receipt::Outcome;
use apportion::text::escape;
use apportion::{Epoch, Settlement};
use unicode_width::UnicodeWidthStr as _;

use crate::figures::{aligned, amount, count, number, rounded, share, signed};
use crate::names::Labels;
use crate::print::{self, Lines, one_line, say};
use crate::standing;

/// The widest table where no terminal says how wide it is.
const WIDTH_WITHOUT_TERMINAL: usize = 160;

/// A measure that explains payouts: which policy's, which of its values.
pub struct MeasureColumn {
    pub title: String,
    policy: usize,
    value: usize,
}

impl MeasureColumn {
    pub fn value(&self, payout: &Payout) -> f64 {
        payout.parts.get(self.policy).and_then(|part| part.measures.get(self.value)).copied().unwrap_or(0.0)
    }
}

/// The measures of all policies; where several share the pool, with the policy's name.
pub fn measure_columns(settlement: &Settlement) -> Vec<MeasureColumn> {
    let policies = settlement.payouts.policies();
    let runs = &settlement.receipt.terms().runs;
    let mut columns = Vec::new();
    for (policy, (given, run)) in policies.iter().zip(runs).enumerate() {
        for (value, measure) in given.measures.iter().enumerate() {
            let title =
                if policies.len() == 1 { measure.clone() } else { format!("{}: {measure}", run.name) };
            columns.push(MeasureColumn { title, policy, value });
        }
    }
    columns
}

/// Whose payouts a table shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Of those who are paid, the first so many.
    Top(usize),
    /// Of all who are paid.
    Paid,
    /// Also of those who get nothing.
    All,
}

/// The whole answer: whose epoch, the table, what is retained, the total, the receipt.
pub fn payouts(epoch: &Epoch, settlement: &Settlement, shown: Shown) -> Lines {
    let receipt = &settlement.receipt;
    let settled = receipt.terms();
    let asset = &epoch.pool().asset;
    let mut text = Lines::default();

    let policies: Vec<String> = settled.runs.iter().map(standing::of_run).collect();
    say!(
        text,
        "Epoch {}: {} divided by {}",
        settled.number,
        amount(asset, settled.pool),
        policies.join(" and ")
    );
    for run in &settled.runs {
        if let Outcome::Fault(Fault { code, sentence }) = &run.outcome {
            say!(
                text,
                "{} gave no allocation ({code}: {}); its {} stay in the treasury",
                run.name,
                sentence.escape_debug(),
                amount(asset, run.pool)
            );
        }
    }
    say!(text);
    text.append(rows(epoch, settlement, shown));
    say!(text);
    let unpaid = settlement.payouts.iter().filter(|payout| payout.amount == 0).count();
    if unpaid > 0 && shown != Shown::All {
        say!(text, "{unpaid} more of {} get nothing; --all shows them", count(epoch.payees().len(), "payee"));
    }
    say!(text, "receipt    {}", receipt.digest());
    text
}

/// What the sums below the payees are called.
pub const RETAINED: &str = "retained in the treasury";
const TOTAL: &str = "total";

fn rows(epoch: &Epoch, settlement: &Settlement, shown: Shown) -> Lines {
    let settled = settlement.receipt.terms();
    let asset = &epoch.pool().asset;
    let mut payouts: Vec<(&Payout, &str)> =
        settlement.payouts.iter().zip(epoch.payee_names().iter()).collect();
    payouts.retain(|(payout, _)| shown == Shown::All || payout.amount > 0);
    // The largest first; the sort is stable, so that equal amounts stay in the order of ids.
    payouts.sort_by_key(|(payout, _)| std::cmp::Reverse(payout.amount));
    let rest = match shown {
        Shown::Top(most) => payouts.split_off(most.min(payouts.len())),
        Shown::Paid | Shown::All => Vec::new(),
    };
    let of_rest = (!rest.is_empty()).then(|| {
        (format!("{} more, --all shows them", rest.len()), rest.iter().map(|(payout, _)| payout.amount).sum())
    });
    let sums =
        [of_rest, Some((RETAINED.to_owned(), settled.retained)), Some((TOTAL.to_owned(), settled.pool))];
    let sums: Vec<(String, u128)> = sums.into_iter().flatten().collect();

    let titles: Vec<&str> = sums.iter().map(|(title, _)| title.as_str()).collect();
    let all = epoch.payees().iter().zip(epoch.payee_names().iter());
    let labels = Labels::new(payouts.iter().map(|(payout, name)| (&*payout.payee, *name)), all, &titles);
    let called: Vec<(String, Option<String>)> =
        payouts.iter().map(|(payout, name)| labels.of(&payout.payee, name)).collect();
    let with_ids = called.iter().any(|(_, id)| id.is_some());
    let row = |called: String, id: Option<String>, amount: u128| {
        let mut row = vec![called];
        row.extend(with_ids.then(|| id.unwrap_or_default()));
        row.extend([share(amount, settled.pool), aligned(asset, amount)]);
        row
    };

    let mut columns = measure_columns(settlement);
    loop {
        let mut header = vec!["payee"];
        header.extend(with_ids.then_some("id"));
        let first_number = header.len();
        header.extend(["share", asset.symbol()]);
        header.extend(columns.iter().map(|column| column.title.as_str()));
        let of_payees = payouts.iter().zip(&called).map(|((payout, _), (called, id))| {
            let mut row = row(called.clone(), id.clone(), payout.amount);
            row.extend(columns.iter().map(|column| number(column.value(payout))));
            row
        });
        let of_sums = sums.iter().map(|(title, amount)| row(title.clone(), None, *amount));
        let numbers: Vec<usize> = (first_number..header.len()).collect();
        let table = with_sums(&header, of_payees.collect(), of_sums.collect(), &numbers);
        let width = print::terminal_width().unwrap_or(WIDTH_WITHOUT_TERMINAL);
        // A line that wraps is harder to read than a measure less; JSON and CSV have them all.
        if table.width() <= width || columns.pop().is_none() {
            return table;
        }
    }
}

/// How many of those who gain and lose most are named.
const MOST: usize = 10;

/// A comparison in short: what moves, how it is spread, epoch by epoch, who gains and loses most.
pub fn comparison(comparison: &Comparison, all: bool) -> Lines {
    let (terms, asset) = (comparison.terms(), comparison.asset());
    let (totals, statistics) = (&terms.totals, &terms.statistics);
    let candidate = terms.charter(terms.candidate);
    let name = candidate.map_or("", |terms| &terms.name);
    let mut text = Lines::default();
    say!(text, "{} under {name} ({})", count(terms.epochs.len(), "epoch"), terms.candidate);
    let policies = candidate.map_or(&[][..], |terms| &terms.policies);
    let policies: Vec<String> = policies.iter().map(standing::of_appointment).collect();
    say!(text, "divided by {}; {}", policies.join(" and "), differences(terms));
    say!(
        text,
        "{} would have got more, {} less, {} the same; {} nothing either way",
        count(statistics.gain, "payee"),
        statistics.lose,
        statistics.same,
        statistics.unpaid
    );
    say!(
        text,
        "{} {} of {} paid ({}) would have gone to others",
        rounded(asset, totals.changes_hands),
        asset.symbol(),
        rounded(asset, totals.original),
        share(totals.changes_hands, totals.original)
    );
    for epoch in &terms.epochs {
        if let CandidateSide::Fault(fault) = &epoch.candidate {
            let told = fault.fault.to_string();
            let told = told.escape_debug();
            say!(text, "epoch {} is left out: {} said {told}", epoch.number, fault.policy);
        }
    }
    let part = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
    let mut rows = vec![];
    for (what, of) in [
        ("Gini coefficient", |s: &apportion::compare::Spread| s.gini),
        ("part of the largest payee", |s| s.top_1),
        ("part of the five largest", |s| s.top_5),
        ("part of the ten largest", |s| s.top_10),
    ] as [(&str, fn(&apportion::compare::Spread) -> Option<f64>); 4]
    {
        rows.push(vec![what.to_owned(), part(of(&statistics.original)), part(of(&statistics.candidate))]);
    }
    let halves = [statistics.original.half, statistics.candidate.half].map(|half| half.to_string());
    rows.push([&["payees that hold half".to_owned()][..], &halves].concat());
    rows.push(vec!["rank correlation".to_owned(), String::new(), part(statistics.rank_correlation)]);
    say!(text);
    text.append(plain(&["", "then", "new"], rows, &[1, 2]));
    say!(text);
    let epochs = terms.epochs.iter().map(|epoch| {
        let (paid, moved) = match &epoch.candidate {
            CandidateSide::Settled(side) => (rounded(asset, side.paid), rounded(asset, epoch.changes_hands)),
            CandidateSide::Fault(_) => ("-".to_owned(), "-".to_owned()),
        };
        vec![format!("epoch {}", epoch.number), rounded(asset, epoch.original.paid), paid, moved]
    });
    text.append(plain(&["", "paid then", "paid new", "to others"], epochs.collect(), &[1, 2, 3]));
    say!(text);
    text.append(changes(comparison, all));
    say!(text, "comparison {}", comparison.digest());
    text
}

/// Which settings the new charter changes, by name: their values would be cut here, and the page has them.
fn differences(terms: &ComparisonTerms) -> String {
    if terms.is_same_charter() {
        return "it is the charter that was in force".to_owned();
    }
    let settings = terms.settings();
    let changed = settings.iter().filter(|setting| setting.differs());
    let changed: Vec<String> = changed.map(|setting| one_line(&setting.key.to_string())).collect();
    let more = changed.len().saturating_sub(MOST);
    let named = changed.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(" and {}", count(more, "more setting")) } else { String::new() };
    format!("the charters differ in {named}{more}")
}

/// Those whose amounts change most, the largest gain first.
fn changes(comparison: &Comparison, all: bool) -> Lines {
    let asset = comparison.asset();
    let changed = |less: bool| {
        let payees = comparison.terms().payees.iter().filter(|payee| payee.difference.magnitude() > 0);
        let mut payees: Vec<&ComparedPayee> =
            payees.filter(|payee| payee.difference.is_negative() == less).collect();
        payees.sort_by_key(|payee| std::cmp::Reverse(payee.difference.magnitude()));
        if !all {
            payees.truncate(MOST);
        }
        payees
    };
    let mut payees = changed(false);
    payees.extend(changed(true).into_iter().rev());
    fn named(payee: &ComparedPayee) -> (&str, &str) {
        (&payee.payee, &payee.name)
    }
    let everyone = comparison.terms().payees.iter().map(named);
    let labels = Labels::new(payees.iter().copied().map(named), everyone, &[]);
    let called: Vec<_> = payees.iter().map(|payee| labels.of(&payee.payee, &payee.name)).collect();
    let with_ids = called.iter().any(|(_, id)| id.is_some());
    let rows = payees.into_iter().zip(called).map(|(payee, (called, id))| {
        let mut row = vec![called];
        row.extend(with_ids.then(|| id.unwrap_or_default()));
        row.extend([
            rounded(asset, payee.original),
            rounded(asset, payee.candidate),
            signed(asset, payee.difference),
        ]);
        row
    });
    let mut header = vec![if all { "payee" } else { "payee (most changed; --all shows all)" }];
    header.extend(with_ids.then_some("id"));
    let first_number = header.len();
    header.extend(["then", "new", "difference"]);
    plain(&header, rows.collect(), &[first_number, first_number + 1, first_number + 2])
}

/// Rows under a header, `numbers` columns to the right.
pub fn plain(header: &[&str], rows: Vec<Vec<String>>, numbers: &[usize]) -> Lines {
    with_sums(header, rows, Vec::new(), numbers)
}

/// Rows under a header, and sums below a rule that no row can be taken for: rows have numbers and are one line each.
pub fn with_sums(
    header: &[&str],
    rows: Vec<Vec<String>>,
    sums: Vec<Vec<String>>,
    numbers: &[usize],
) -> Lines {
    let below = sums.len();
    let header = header.iter().map(|&title| title.to_owned()).collect();
    let rows: Vec<Vec<String>> = [header].into_iter().chain(rows).chain(sums).collect();
    let lines = in_columns(&rows, numbers);
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let mut text = Lines::default();
    for (index, line) in lines.iter().enumerate() {
        if below > 0 && index + below == lines.len() {
            say!(text, " {}", "-".repeat(widest.saturating_sub(1)));
        }
        say!(text, "{line}");
    }
    text
}

/// One line for each row: every column as wide as its widest cell, a space on either side of it, `numbers` columns to
/// the right.
fn in_columns(rows: &[Vec<String>], numbers: &[usize]) -> Vec<String> {
    let spelled = |row: &Vec<String>| row.iter().map(|cell| escape(cell).to_string()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(spelled).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let widths: Vec<usize> =
        (0..columns).map(|column| cells(column).map(|cell| cell.width()).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let space = " ".repeat(width - cell.width());
            let (before, after) = if numbers.contains(&column) { (&*space, "") } else { ("", &*space) };
            line.push_str(&format!(" {before}{cell}{after} "));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_are_shown() {
        let rows = [["payee", "share"], ["Ann", "50 %"], ["\u{65e5}\u{672c}\u{8a9e}", "-"], ["", "100.00 %"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        let lines = [
            " payee      share",
            " Ann         50 %",
            " \u{65e5}\u{672c}\u{8a9e}         -",
            "         100.00 %",
        ];
        assert_eq!(in_columns(&rows, &[1]), lines);
        assert_eq!(in_columns(&[vec!["a\u{1b}b".to_owned()]], &[]), [" a\\u{1b}b"]);
        assert_eq!(in_columns(&[], &[]), [""; 0]);
    }
}
