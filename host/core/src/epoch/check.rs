//! The check of every rule of the format, so that nothing that reads an epoch has to check again.

use crate::text::{TextProblem, check_name, check_word};

use super::error::{EpochError, damaged};
use super::graph::{NO_PAYEE, Texts};
use super::layout::{ColumnSet, Layout, Section, TextSections, column, texts};
use super::order::EdgeOrder;

/// Checks the content of every section; returns where each node's edges begin.
pub(super) fn check(bytes: &[u8], layout: &Layout) -> Result<Vec<u32>, EpochError> {
    let payees = checked_texts(bytes, &layout.payee_ids, "payee ids", check_name)?;
    check_sorted(payees, "payee ids")?;
    checked_texts(bytes, &layout.payee_names, "payee names", |name| {
        if name.is_empty() { Ok(()) } else { check_name(name) }
    })?;
    check_sorted(checked_texts(bytes, &layout.node_ids, "node ids", check_name)?, "node ids")?;

    check_dictionary(bytes, &layout.node_kinds, &layout.node_kind, "node kind", Dictionary::Kinds)?;
    check_numbers(bytes, &layout.node_weight, "node weight", Sign::NotNegative)?;
    check_indexes(bytes, &layout.node_payee, "node payee", |payee| {
        payee == NO_PAYEE || (payee as usize) < payees.len()
    })?;

    let is_node = |node: u32| (node as usize) < layout.nodes;
    check_indexes(bytes, &layout.edge_source, "edge source", is_node)?;
    check_indexes(bytes, &layout.edge_target, "edge target", is_node)?;
    check_dictionary(bytes, &layout.edge_kinds, &layout.edge_kind, "edge kind", Dictionary::Kinds)?;
    check_numbers(bytes, &layout.edge_weight, "edge weight", Sign::NotNegative)?;

    check_columns(bytes, &layout.node_columns, "node")?;
    check_columns(bytes, &layout.edge_columns, "edge")?;

    let order = edge_order(bytes, layout);
    if let Some(row) = (1..layout.edges).find(|&row| order.compare(row - 1, row).is_gt()) {
        return Err(damaged(format!("edge {row}"), "it stands before an edge that sorts after it"));
    }
    Ok(offsets(column(bytes, &layout.edge_source), layout.nodes))
}

/// Where the edges that leave each node begin, and as a last number where they end. `sources` is sorted.
fn offsets(sources: &[u32], nodes: usize) -> Vec<u32> {
    let mut offsets = vec![0_u32; nodes + 1];
    for &source in sources {
        offsets[source as usize + 1] += 1;
    }
    let mut sum = 0;
    for offset in &mut offsets {
        sum += *offset;
        *offset = sum;
    }
    offsets
}
fn edge_order<'a>(bytes: &'a [u8], layout: &Layout) -> EdgeOrder<'a> {
    EdgeOrder {
        source: column(bytes, &layout.edge_source),
        target: column(bytes, &layout.edge_target),
        kind: column(bytes, &layout.edge_kind),
        time: column(bytes, &layout.edge_time),
        weight: column(bytes, &layout.edge_weight),
        metrics: layout.edge_columns.metrics.iter().map(|metric| column(bytes, metric)).collect(),
        labels: layout.edge_columns.labels.iter().map(|(_, rows)| column(bytes, rows)).collect(),
    }
}

fn checked_texts<'a>(
    bytes: &'a [u8],
    sections: &TextSections,
    name: &str,
    check: impl Fn(&str) -> Result<(), TextProblem>,
) -> Result<Texts<'a>, EpochError> {
    let texts = texts(bytes, sections);
    let mut start = 0;
    for (row, &end) in texts.ends().iter().enumerate() {
        let place = || format!("{name}, row {row}");
        let content = texts
            .bytes()
            .get(start..end as usize)
            .ok_or_else(|| damaged(place(), "it is out of its place"))?;
        let text = std::str::from_utf8(content).map_err(|_| damaged(place(), "it is not UTF-8"))?;
        check(text).map_err(|problem| damaged(place(), format!("the text {problem}")))?;
        start = end as usize;
    }
    if start != texts.bytes().len() {
        return Err(damaged(name, "there is text that belongs to no row"));
    }
    Ok(texts)
}

fn check_sorted(texts: Texts<'_>, name: &str) -> Result<(), EpochError> {
    let mut sorted = texts.iter().zip(texts.iter().skip(1)).enumerate();
    match sorted.find(|(_, (before, after))| before >= after) {
        Some((row, _)) => {
            Err(damaged(format!("{name}, row {}", row + 1), "it is not after the row before it"))
        }
        None => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Dictionary {
    Kinds,
    Words,
}

/// A dictionary is sorted and holds exactly the words that its column uses; of labels, first the empty word too.
fn check_dictionary(
    bytes: &[u8],
    words: &TextSections,
    rows: &Section,
    name: &str,
    dictionary: Dictionary,
) -> Result<(), EpochError> {
    let kinds = dictionary == Dictionary::Kinds;
    let words = checked_texts(bytes, words, name, if kinds { check_name } else { check_word })?;
    check_sorted(words, name)?;
    if !kinds && words.get(0) != Some("") {
        return Err(damaged(name, "its first word is not the empty one"));
    }
    let mut used = vec![false; words.len()];
    if let (false, Some(empty)) = (kinds, used.first_mut()) {
        *empty = true;
    }
    for (row, &word) in column::<u32>(bytes, rows).iter().enumerate() {
        match used.get_mut(word as usize) {
            Some(used) => *used = true,
            None => return Err(damaged(format!("{name}, row {row}"), format!("there is no word {word}"))),
        }
    }
    match used.iter().position(|used| !used) {
        Some(word) => Err(damaged(name, format!("no row uses word {word}"))),
        None => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Any,
    NotNegative,
}

/// Numbers are finite, and zero has one spelling: not -0.
fn check_numbers(bytes: &[u8], section: &Section, name: &str, sign: Sign) -> Result<(), EpochError> {
    let wrong = |value: &f64| {
        !value.is_finite() || (value.is_sign_negative() && (sign == Sign::NotNegative || *value == 0.0))
    };
    match column::<f64>(bytes, section).iter().position(wrong) {
        Some(row) => Err(damaged(format!("{name}, row {row}"), "the number is not one that may stand there")),
        None => Ok(()),
    }
}

fn check_indexes(
    bytes: &[u8],
    section: &Section,
    name: &str,
    valid: impl Fn(u32) -> bool,
) -> Result<(), EpochError> {
    match column::<u32>(bytes, section).iter().position(|&index| !valid(index)) {
        Some(row) => Err(damaged(format!("{name}, row {row}"), "it points to nothing")),
        None => Ok(()),
    }
}

fn check_columns(bytes: &[u8], columns: &ColumnSet, of: &str) -> Result<(), EpochError> {
    for (names, what) in [(&columns.metric_names, "metrics"), (&columns.label_names, "labels")] {
        let place = format!("names of {of} {what}");
        check_sorted(checked_texts(bytes, names, &place, check_name)?, &place)?;
    }
    for (n, metric) in columns.metrics.iter().enumerate() {
        check_numbers(bytes, metric, &format!("{of} metric {n}"), Sign::Any)?;
    }
    for (n, (dictionary, rows)) in columns.labels.iter().enumerate() {
        check_dictionary(bytes, dictionary, rows, &format!("{of} label {n}"), Dictionary::Words)?;
    }
    Ok(())
}
