//! A card in words and tables.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use apportion::audit::ExampleEpoch;
use apportion::audit::{Card, CardFormat, Example, Finding, Verdict};
use apportion::epoch::{EdgeRow, NodeRow, RowText};
use apportion::money::Asset;
use apportion::text::escape_name;

use crate::print::{Lines, say};
use crate::standing;
use crate::table::{RETAINED, amount, count, cut, grouped, plain, with_sums};

/// How many of those who gain are named in a sentence.
const MOST_NAMED: usize = 4;
/// How many rows of a table are shown: those that matter most of an example that could not be made small.
const MOST_ROWS: usize = 12;
/// Amounts of assets with more decimals than this are rounded, to where a hundred-millionth of the pool is still seen.
const MOST_DECIMALS: u32 = 6;

/// The examples first and the verdicts last, where the reader's eye is when all is printed.
pub fn told(card: &Card) -> Lines {
    let terms = card.terms();
    let mut text = Lines::default();
    if terms.findings.iter().any(|finding| finding.verdict() == Verdict::Fails) {
        say!(
            text,
            "Of everything that fails an example, with the epochs that show it. Rows marked - are there before and not"
        );
        say!(
            text,
            "after, those marked + after and not before; 1 and 2 mark the first and the second of two epochs put together."
        );
        say!(text);
    }
    for finding in &terms.findings {
        if let (Verdict::Fails, Some(example)) = (finding.verdict(), &finding.example) {
            say!(text, "{} fails: {}", finding.property, finding.property.breach());
            say!(text, "  {}", example.change);
            say!(text, "  {}", gain(finding, example));
            say!(text);
            text.append(tables(example));
        }
    }
    let digest = terms.policy.to_string();
    say!(text, "{}", standing::describe(&terms.name, &terms.version, &digest));
    say!(text, "  digest {digest}");
    say!(text, "  parameters {}", terms.parameters);
    let given = match terms.epochs.len() {
        0 => "made".to_owned(),
        given => format!("in turn made and parts of {}", count(given, "given one")),
    };
    say!(
        text,
        "  {} from seed {}, {given}; {} answered",
        count(terms.trials as usize, "epoch"),
        terms.seed,
        terms.answered
    );
    for refused in &terms.refused {
        say!(text, "  {} not: {}", count(refused.trials as usize, "epoch"), refused.fault);
    }
    if card.format() == CardFormat::One {
        say!(text, "  made by an earlier version of the audit, whose epochs a policy could recognise");
    }
    if terms.stateful {
        say!(text, "  it keeps state, and only its first epoch is tested");
    }
    say!(text);
    let rows = terms.findings.iter().map(|finding| {
        let (verdict, found) = verdict(finding);
        vec![finding.property.to_string(), verdict.to_owned(), found, finding.property.claim().to_owned()]
    });
    text.append(plain(&["property", "", "found", "which says"], rows.collect(), &[]));
    for finding in &terms.findings {
        for told in &finding.faults {
            let (property, trials) = (finding.property, count(told.trials as usize, "trial"));
            say!(text, "{property}: {trials} ended without an answer: {}", told.fault);
        }
    }
    say!(text, "card {}", card.digest());
    text
}

/// The verdict and what it rests on.
fn verdict(finding: &Finding) -> (&'static str, String) {
    let trials = count(finding.trials as usize, "trial");
    let most = finding.extent();
    match finding.verdict() {
        Verdict::Untried => ("untried", "nothing to try it on".to_owned()),
        Verdict::Holds => ("holds", format!("in {trials}")),
        Verdict::Nearly => ("nearly", format!("off by at most {most} in {trials}")),
        Verdict::Fails => ("FAILS", format!("in {} of {trials}, by up to {most}", finding.failures)),
    }
}

fn gain(finding: &Finding, example: &Example) -> String {
    let Some(asset) = example.epochs.first().map(|shown| &shown.rows.header.pool.asset) else {
        return String::new();
    };
    let (size, percent) = (Figures::of(example, asset).amount(example.size), example.percent());
    let named: Vec<String> = example.who.iter().take(MOST_NAMED).map(|id| cut(id)).collect();
    let more = example.who.len() - named.len();
    let who = match (named.split_last(), more) {
        (None, _) => return format!("{size} stay in the treasury, {percent} of the pool"),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        _ => format!("{} and {more} more", named.join(", ")),
    };
    if finding.property.is_attack() {
        let gain = if example.who.len() == 1 { "gains" } else { "gain" };
        format!("{who} {gain} {size}, {percent} of the pool")
    } else {
        format!("{who}: off by {size}, {percent} of the pool")
    }
}

/// Payees with what each epoch gives them, then nodes and edges.
fn tables(example: &Example) -> Lines {
    let epochs = &example.epochs;
    let pair = if let [before, after] = epochs.as_slice() { Some((before, after)) } else { None };
    let Some(asset) = epochs.first().map(|shown| &shown.rows.header.pool.asset) else {
        return Lines::default();
    };
    let mut header = vec!["payee"];
    header.extend(epochs.iter().map(|shown| shown.role.as_str()));
    header.extend(pair.map(|_| "difference"));
    let of = |shown: &ExampleEpoch, payee: &str| {
        shown.payouts.iter().find(|payout| payout.payee == payee).map(|payout| payout.amount)
    };
    let figures = Figures::of(example, asset);
    let payees: BTreeSet<&str> =
        epochs.iter().flat_map(|shown| &shown.payouts).map(|payout| payout.payee.as_str()).collect();
    let mut rows = Vec::new();
    for payee in payees {
        let mut row = vec![escape_name(&cut(payee)).to_string()];
        row.extend(
            epochs.iter().map(|shown| of(shown, payee).map_or("-".to_owned(), |paid| figures.amount(paid))),
        );
        // Without two epochs to compare those who get most matter most.
        let mut matters = epochs.iter().filter_map(|shown| of(shown, payee)).max().unwrap_or(0);
        if let Some((before, after)) = pair {
            let (before, after) = (of(before, payee).unwrap_or(0), of(after, payee).unwrap_or(0));
            row.push(figures.difference(before, after));
            matters = before.abs_diff(after);
        }
        rows.push((matters, row));
    }
    let (rows, hidden) = most(rows);
    let mut sums = Vec::new();
    sums.extend((hidden > 0).then(|| vec![format!("and {hidden} more")]));
    if epochs.iter().any(|shown| shown.retained > 0) {
        let mut row = vec![RETAINED.to_owned()];
        row.extend(epochs.iter().map(|shown| figures.amount(shown.retained)));
        sums.push(row);
    }
    let numbers: Vec<usize> = (1..header.len()).collect();
    let mut text = with_sums(&header, rows, sums, &numbers).indented("    ");
    text.append(nodes(epochs));
    text.append(edges(epochs));
    say!(text);
    text
}

fn nodes(epochs: &[ExampleEpoch]) -> Lines {
    let marked =
        marked(epochs, |shown| &shown.rows.nodes, |node| node.id.to_string(), |node| format!("{node:?}"));
    let columns =
        Columns::of(epochs, |shown| (&shown.rows.columns.node_metrics, &shown.rows.columns.node_labels));
    let values = |node: &NodeRow| (node.metrics.clone(), node.labels.clone(), node.time);
    let further = columns.used(marked.iter().map(|(_, node)| values(node)));
    let mut header = vec!["", "node", "kind", "weight", "owner"];
    header.extend(further.iter().map(|column| column.title.as_str()));
    let rows = marked.iter().map(|(mark, node)| {
        let owner = node.payee.as_deref().unwrap_or("-");
        let mut row = vec![mark.clone(), cut(&node.id), cut(&node.kind), node.weight.to_string(), cut(owner)];
        row.extend(further.iter().map(|column| column.value(&values(node))));
        (mark != " ", row)
    });
    below(&header, rows.collect(), 3)
}

fn edges(epochs: &[ExampleEpoch]) -> Lines {
    let marked = marked(
        epochs,
        |shown| &shown.rows.edges,
        |edge| format!("{} {} {}", edge.source, edge.target, edge.kind),
        |edge| format!("{edge:?}"),
    );
    let columns =
        Columns::of(epochs, |shown| (&shown.rows.columns.edge_metrics, &shown.rows.columns.edge_labels));
    let values = |edge: &EdgeRow| (edge.metrics.clone(), edge.labels.clone(), edge.time);
    let further = columns.used(marked.iter().map(|(_, edge)| values(edge)));
    let mut header = vec!["", "edge from", "to", "kind", "weight"];
    header.extend(further.iter().map(|column| column.title.as_str()));
    let rows = marked.iter().map(|(mark, edge)| {
        let mut row = vec![
            mark.clone(),
            cut(&edge.source),
            cut(&edge.target),
            cut(&edge.kind),
            edge.weight.to_string(),
        ];
        row.extend(further.iter().map(|column| column.value(&values(edge))));
        (mark != " ", row)
    });
    below(&header, rows.collect(), 4)
}

/// The rows that matter most, in their order, and how many more there are.
fn most<M: Ord>(rows: Vec<(M, Vec<String>)>) -> (Vec<Vec<String>>, usize) {
    let mut places: Vec<usize> = (0..rows.len()).collect();
    places.sort_by(|a, b| rows[*b].0.cmp(&rows[*a].0));
    let shown: BTreeSet<usize> = places.into_iter().take(MOST_ROWS).collect();
    let hidden = rows.len() - shown.len();
    let rows = rows.into_iter().enumerate().filter(|(place, _)| shown.contains(place));
    (rows.map(|(_, (_, row))| row).collect(), hidden)
}

/// How an example's amounts are written.
struct Figures<'a> {
    asset: &'a Asset,
    /// Behind the point; none if amounts are written exactly.
    digits: Option<u32>,
}

impl<'a> Figures<'a> {
    fn of(example: &Example, asset: &'a Asset) -> Figures<'a> {
        let exact = asset.decimals() <= MOST_DECIMALS;
        let of_pool = example.pool.checked_ilog10().unwrap_or(0).saturating_sub(8);
        let digits = (!exact).then(|| asset.decimals().saturating_sub(of_pool).clamp(2, asset.decimals()));
        Figures { asset, digits }
    }

    fn amount(&self, exactly: u128) -> String {
        match self.digits {
            None => amount(self.asset, exactly),
            Some(digits) => {
                let rounded = self.asset.format_rounded(exactly, digits);
                let (whole, part) = rounded.split_once('.').unwrap_or((&rounded, ""));
                format!("{}.{part} {}", grouped(whole), self.asset.symbol())
            }
        }
    }

    /// By how much `after` is more than `before`: `+1.5 OP`.
    fn difference(&self, before: u128, after: u128) -> String {
        let sign = match before.cmp(&after) {
            Ordering::Less => "+",
            Ordering::Equal => "",
            Ordering::Greater => "-",
        };
        format!("{sign}{}", self.amount(before.abs_diff(after)))
    }
}

/// Every row with where it stands: of two epochs `-` in the first alone and `+` in the second alone; of more the
/// numbers of those that have it. Equal rows are told apart by how many there are.
fn marked<'a, R>(
    epochs: &'a [ExampleEpoch],
    rows: impl Fn(&'a ExampleEpoch) -> &'a Vec<R>,
    place: impl Fn(&R) -> String,
    spelled: impl Fn(&R) -> String,
) -> Vec<(String, &'a R)> {
    let mut found: BTreeMap<String, Vec<(&R, Vec<usize>)>> = BTreeMap::new();
    for (number, shown) in epochs.iter().enumerate() {
        for row in rows(shown) {
            let alike = found.entry(spelled(row)).or_default();
            match alike.iter_mut().find(|(_, there)| !there.contains(&number)) {
                Some((_, there)) => there.push(number),
                None => alike.push((row, vec![number])),
            }
        }
    }
    let mut found: Vec<(&R, Vec<usize>)> = found.into_values().flatten().collect();
    // What changes stands beside what it was.
    found.sort_by_key(|(row, there)| (place(row), there.first().copied()));
    let mark = |there: &[usize]| match (epochs.len(), there) {
        (2, [0]) => "-".to_owned(),
        (2, [1]) => "+".to_owned(),
        (3, [number, 2]) => format!("{}", number + 1),
        _ => " ".to_owned(),
    };
    found.into_iter().map(|(row, there)| (mark(&there), row)).collect()
}

/// A row's metrics, labels and time.
type Values = (Vec<f64>, Vec<RowText>, i64);

/// The names of further columns.
struct Columns<'a> {
    metrics: &'a [String],
    labels: &'a [String],
    start: i64,
}

/// A further column that says something in some row.
struct Further {
    title: String,
    place: Place,
}

enum Place {
    Metric(usize),
    Label(usize),
    Time,
}

impl<'a> Columns<'a> {
    fn of(
        epochs: &'a [ExampleEpoch],
        names: impl Fn(&'a ExampleEpoch) -> (&'a Vec<String>, &'a Vec<String>),
    ) -> Columns<'a> {
        match epochs.first() {
            Some(shown) => {
                let (metrics, labels) = names(shown);
                Columns { metrics, labels, start: shown.rows.header.window.start }
            }
            None => Columns { metrics: &[], labels: &[], start: 0 },
        }
    }

    fn used(&self, rows: impl Iterator<Item = Values>) -> Vec<Further> {
        let rows: Vec<Values> = rows.collect();
        let mut used = Vec::new();
        for (place, name) in self.metrics.iter().enumerate() {
            if rows.iter().any(|(metrics, _, _)| metrics.get(place).is_some_and(|value| *value != 0.0)) {
                used.push(Further { title: cut(name), place: Place::Metric(place) });
            }
        }
        for (place, name) in self.labels.iter().enumerate() {
            if rows.iter().any(|(_, labels, _)| labels.get(place).is_some_and(|word| !word.is_empty())) {
                used.push(Further { title: cut(name), place: Place::Label(place) });
            }
        }
        if rows.iter().any(|(_, _, time)| *time != self.start) {
            used.push(Further { title: "time".to_owned(), place: Place::Time });
        }
        used
    }
}

impl Further {
    fn value(&self, (metrics, labels, time): &Values) -> String {
        match self.place {
            Place::Metric(place) => metrics.get(place).map_or(String::new(), |value| value.to_string()),
            Place::Label(place) => labels.get(place).map_or(String::new(), |word| cut(word)),
            Place::Time => {
                jiff::Timestamp::from_second(*time).map_or_else(|_| time.to_string(), |time| time.to_string())
            }
        }
    }
}

/// A further table below the first, if it has rows; the column `number` to the right.
fn below(header: &[&str], rows: Vec<(bool, Vec<String>)>, number: usize) -> Lines {
    let mut text = Lines::default();
    if !rows.is_empty() {
        let (rows, hidden) = most(rows);
        let more = (hidden > 0).then(|| vec![String::new(), format!("and {hidden} more")]);
        say!(text);
        text.append(with_sums(header, rows, more.into_iter().collect(), &[number]).indented("    "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_table_what_matters_is_shown() {
        let rows = (0..30).map(|row| (row == 29, vec![String::new(), row.to_string()])).collect();
        let (rows, hidden) = most(rows);
        let shown: Vec<String> = rows.into_iter().map(|row| row[1].clone()).collect();
        assert_eq!(shown[..3], ["0", "1", "2"]);
        assert_eq!((&shown[10..], hidden), (&["10".to_owned(), "29".to_owned()][..], 18));
        assert_eq!(most(vec![((), Vec::new()); MOST_ROWS]).1, 0);
    }
}
