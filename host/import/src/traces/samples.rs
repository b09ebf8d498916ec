//! For the readers' tests: samples, what is drafted of them in lines, and samples with something wrong in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Tree, json};

use crate::problem::Collector;

use super::draft::{Draft, Value};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces").join(name)
}

/// A file under `tests/data/traces`.
pub(crate) fn sample(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

/// Holds what is drafted against the file that says what is expected. `APPORTION_BLESS=1 cargo test --workspace --lib
/// traces` writes those files anew.
pub(crate) fn expect(name: &str, lines: &[String]) {
    let text = lines.join("\n") + "\n";
    if std::env::var_os("APPORTION_BLESS").is_some() {
        std::fs::write(path(name), &text).unwrap();
    }
    assert_eq!(text, sample(name), "{name}");
}

/// What `read` drafts. Nothing may be wrong.
pub(crate) fn drafted(read: impl FnOnce(&mut Draft, &mut Collector)) -> Draft {
    let mut draft = Draft::default();
    let wrong = problems(|problems| read(&mut draft, problems));
    assert_eq!(wrong, "");
    draft
}

/// What is wrong with what `read` reads.
pub(crate) fn problems(read: impl FnOnce(&mut Collector)) -> String {
    let mut problems = Collector::new(vec!["f".to_owned(); 4]);
    read(&mut problems);
    problems.none().map_or_else(|problems| problems.to_string(), |()| String::new())
}

/// A draft in lines: nodes, relations, and what was left out, how often and in which row first.
pub(crate) fn lines(draft: &Draft) -> Vec<String> {
    let mut lines: Vec<String> = draft
        .nodes
        .iter()
        .map(|(id, node)| {
            let name = node.name.as_ref().map_or_else(String::new, |name| format!(" \"{name}\""));
            let described = if node.is_described { "" } else { " (only referred to)" };
            let disputed = if node.disputed.is_empty() {
                String::new()
            } else {
                format!(" disputed {:?}", node.disputed)
            };
            format!(
                "{id} [{}]{name}{}{}{described}{disputed}",
                node.kind,
                when(node.time),
                columns(&node.columns)
            )
        })
        .collect();
    let mut relations: Vec<_> = draft.relations.iter().collect();
    relations.sort_by(|one, other| one.order(other));
    lines.extend(relations.into_iter().map(|relation| {
        let (source, kind, target) = (&relation.source, relation.kind, &relation.target);
        format!("{source} {kind} {target}{}{}", when(relation.time), columns(&relation.columns))
    }));
    lines.extend(draft.left_out.iter().map(|(what, left_out)| {
        format!("left out, {} times from row {}: {what}", left_out.count, left_out.first.row)
    }));
    lines
}

/// The same without rows, which differ where the lines of a file are in another order.
pub(crate) fn lines_without_rows(draft: &Draft) -> Vec<String> {
    let row = |line: String| match line.split_once(" from row ") {
        Some((before, after)) => {
            format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => line,
    };
    lines(draft).into_iter().map(row).collect()
}

fn when(time: Option<i64>) -> String {
    time.map_or_else(String::new, |time| format!(" at {}", jiff::Timestamp::from_second(time).unwrap()))
}

fn columns(columns: &BTreeMap<String, Value>) -> String {
    columns
        .iter()
        .map(|(name, value)| {
            format!(
                " {name}={}",
                match value {
                    Value::Number(number) => number.to_string(),
                    Value::LongInteger(digits) => digits.clone(),
                    Value::Text(text) => format!("{text:?}"),
                }
            )
        })
        .collect()
}

/// The lines of a text in any order.
pub(crate) fn shuffled(text: &str) -> impl Strategy<Value = Vec<String>> + use<> {
    Just(text.lines().map(str::to_owned).collect::<Vec<_>>()).prop_shuffle()
}

/// A text of JSON lines in which a value is another, or bytes are.
pub(crate) fn damaged(text: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let text = text.to_owned();
    let other = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(18_446_744_073_709_551_615_u64),
        json!(""),
        json!("x"),
        json!("🍵"),
        json!([]),
        json!({}),
        json!([[null]]),
        json!({"a": 1}),
        json!([{"id": 1}]),
    ]);
    (any::<bool>(), any::<Index>(), any::<Index>(), other, prop::collection::vec(any::<u8>(), 0..4)).prop_map(
        move |(is_value, line, place, other, bytes)| {
            let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
            let line = line.index(lines.len());
            let old = &mut lines[line];
            if is_value {
                let mut tree: Tree = serde_json::from_slice(old).unwrap();
                let mut left = place.index(count(&tree));
                replace(&mut tree, &mut left, &other);
                *old = serde_json::to_vec(&tree).unwrap();
            } else {
                let start = place.index(old.len());
                let end = (start + bytes.len()).min(old.len());
                old.splice(start..end, bytes.iter().copied().skip(1));
            }
            lines.join(&b'\n')
        },
    )
}

fn count(tree: &Tree) -> usize {
    1 + match tree {
        Tree::Array(items) => items.iter().map(count).sum(),
        Tree::Object(entries) => entries.values().map(count).sum(),
        _ => 0,
    }
}

/// Replaces the value that comes `left` values later.
fn replace(tree: &mut Tree, left: &mut usize, other: &Tree) {
    if *left == 0 {
        *tree = other.clone();
        *left = usize::MAX;
        return;
    }
    *left -= 1;
    match tree {
        Tree::Array(items) => items.iter_mut().for_each(|item| replace(item, left, other)),
        Tree::Object(entries) => entries.values_mut().for_each(|value| replace(value, left, other)),
        _ => {}
    }
}
