//! The epochs that trials begin with: small ones that are made, and parts of given ones.

use std::collections::BTreeSet;

use serde_json::Value;

use apportion_core::epoch::NO_PAYEE;
use apportion_core::epoch::{ColumnNames, EdgeRow, Epoch, EpochRows, NodeRow, PayeeRow, RowText, Window};
use apportion_core::money::AssetError;
use apportion_core::text::check_name;

use super::chance::Chance;
use super::labels;

/// One made epoch in so many has more than six payees.
const MANY: usize = 8;
/// One in so many has columns that the parameters do not name.
const MORE_COLUMNS: usize = 4;
/// A smaller number in parameters is a factor, or an amount that is nothing beside a pool.
const LEAST_AMOUNT: u32 = 100;
/// The most words, and the most amounts, that are taken out of a policy's parameters.
const MOST_WORDS: usize = 8;

/// Bounds of a part of a given epoch.
const MOST_PAYEES: usize = 256;
const MOST_NODES: usize = 2_048;
const MOST_EDGES: usize = 8_192;
/// How many edges of one node are followed.
const MOST_FOLLOWED: usize = 64;

/// The words of a policy's parameters, of which made epochs are made so that the policy finds what it looks for.
///
/// Nobody says which word is what: each is taken for everything, unless a name on the way to it says `node`, `edge`,
/// `kind`, `metric` or `payee`.
pub(super) struct Words {
    node_kinds: Vec<RowText>,
    edge_kinds: Vec<RowText>,
    node_metrics: Vec<String>,
    edge_metrics: Vec<String>,
    /// Ids that the parameters give payees: only where a name on the way says so.
    payees: Vec<RowText>,
    /// Whole numbers that may be amounts in whole units of the asset.
    amounts: Vec<u32>,
}

impl Words {
    pub(super) fn of(parameters: &Value) -> Words {
        let mut found = Vec::new();
        words(parameters, "", 0, &mut found);
        found.truncate(MOST_WORDS);
        let mut numbers = BTreeSet::new();
        amounts(parameters, &mut numbers);
        let chosen = |fits: &dyn Fn(&str) -> bool| -> Vec<RowText> {
            let words = found.iter().filter(|(path, _)| fits(path)).map(|(_, word)| word.as_str().into());
            words.collect::<BTreeSet<RowText>>().into_iter().collect()
        };
        let without = |others: [&'static str; 3]| {
            chosen(&|path: &str| !others.iter().any(|other| path.contains(other)))
        };
        let names = |words: Vec<RowText>| words.iter().map(|word| word.to_string()).collect();
        Words {
            node_kinds: without(["edge", "metric", "payee"]),
            edge_kinds: without(["node", "metric", "payee"]),
            node_metrics: names(without(["edge", "kind", "payee"])),
            edge_metrics: names(without(["node", "kind", "payee"])),
            payees: chosen(&|path: &str| path.contains("payee")),
            amounts: numbers.into_iter().take(MOST_WORDS).collect(),
        }
    }

    /// A small epoch: mostly two to six payees, sometimes more, with up to three nodes each, up to three nodes that
    /// nobody owns, and edges between any two of them.
    pub(super) fn epoch(&self, chance: &mut Chance) -> Result<EpochRows, AssetError> {
        let header = labels::header(&self.amounts, chance)?;
        let payees = self.payees(chance);
        let mut owners: Vec<Option<&RowText>> = Vec::new();
        for owner in payees.iter().map(Some).chain([None]) {
            owners.extend(std::iter::repeat_n(owner, chance.below(4)));
        }
        let kinds = Kinds::draw(self, chance);
        let ids = labels::node_ids(owners.len(), chance);
        let nodes: Vec<NodeRow> =
            ids.iter().zip(owners).map(|(id, owner)| kinds.node(id, owner, header.window, chance)).collect();
        let mut edges = Vec::new();
        for _ in 0..chance.below(4 + 2 * nodes.len()) {
            let (Some(source), Some(target)) = (chance.pick(&ids), chance.pick(&ids)) else { break };
            if source != target {
                edges.push(kinds.edge(source, target, header.window, chance));
            }
        }
        let payees = payees.into_iter().map(|id| PayeeRow { id, name: "".into() }).collect();
        Ok(EpochRows { header, columns: kinds.columns, payees, nodes, edges })
    }

    /// Different ids, three of four that the parameters name among them.
    fn payees(&self, chance: &mut Chance) -> Vec<RowText> {
        let count = if chance.once_in(MANY) { 7 + chance.below(10) } else { 2 + chance.below(5) };
        let mut ids = labels::payee_ids(count, chance);
        for (place, named) in self.payees.iter().take(count).enumerate() {
            if !chance.once_in(4) && !ids.contains(named) {
                ids[place] = named.clone();
            }
        }
        ids
    }
}

/// What the rows of one made epoch have: kinds and columns of the parameters, and others beside them.
struct Kinds {
    nodes: Vec<RowText>,
    edges: Vec<RowText>,
    columns: ColumnNames,
}

impl Kinds {
    fn draw(words: &Words, chance: &mut Chance) -> Kinds {
        let with = |words: &[RowText], drawn: RowText| {
            let drawn = (!words.contains(&drawn)).then_some(drawn);
            words.iter().cloned().chain(drawn).collect::<Vec<RowText>>()
        };
        let columns = |words: &[String], chance: &mut Chance| {
            let (metric, label) = (labels::metric_name(chance), labels::label_name(chance));
            let further = chance.once_in(MORE_COLUMNS);
            let metric = (further && !words.contains(&metric)).then_some(metric);
            let label = (further && !words.contains(&label)).then_some(label);
            (words.iter().cloned().chain(metric).collect(), label.into_iter().collect())
        };
        let (node_metrics, node_labels) = columns(&words.node_metrics, chance);
        let (edge_metrics, edge_labels) = columns(&words.edge_metrics, chance);
        Kinds {
            nodes: with(&words.node_kinds, labels::node_kind(chance)),
            edges: with(&words.edge_kinds, labels::edge_kind(chance)),
            columns: ColumnNames { node_metrics, node_labels, edge_metrics, edge_labels },
        }
    }

    fn node(&self, id: &RowText, payee: Option<&RowText>, window: Window, chance: &mut Chance) -> NodeRow {
        NodeRow {
            id: id.clone(),
            kind: chance.pick(&self.nodes).cloned().unwrap_or_default(),
            weight: weight(chance),
            time: time(window, chance),
            payee: payee.cloned(),
            metrics: self.columns.node_metrics.iter().map(|_| metric(chance)).collect(),
            labels: self.columns.node_labels.iter().map(|_| labels::label_word(chance)).collect(),
        }
    }

    fn edge(&self, source: &RowText, target: &RowText, window: Window, chance: &mut Chance) -> EdgeRow {
        EdgeRow {
            source: source.clone(),
            target: target.clone(),
            kind: chance.pick(&self.edges).cloned().unwrap_or_default(),
            weight: weight(chance),
            time: time(window, chance),
            metrics: self.columns.edge_metrics.iter().map(|_| metric(chance)).collect(),
            labels: self.columns.edge_labels.iter().map(|_| labels::label_word(chance)).collect(),
        }
    }
}

/// Such that halves and quarters of weights, and their sums, are exact: a few bits each. One in three is 1, as where
/// nobody weighs; one in three is near it, because rules have constants of that size.
fn weight(chance: &mut Chance) -> f64 {
    let unit = chance.pick(&[1.0, 0.5, 0.25]).copied().unwrap_or(1.0);
    match chance.number(3) {
        0 => 1.0,
        1 => f64::from(1 + chance.number(8)) * unit,
        _ => f64::from(1 + chance.number(64)) * unit,
    }
}

fn metric(chance: &mut Chance) -> f64 {
    if chance.once_in(3) { 0.0 } else { weight(chance) }
}

/// Any second of the window.
fn time(window: Window, chance: &mut Chance) -> i64 {
    let seconds = u32::try_from(window.end - window.start).unwrap_or(u32::MAX);
    window.start + i64::from(chance.number(seconds))
}

/// Words in parameters that may name something: the members of objects inside, and texts; with the names on the way.
fn words(value: &Value, path: &str, depth: usize, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if depth > 0 && check_name(name).is_ok() {
                    found.push((path.to_owned(), name.clone()));
                }
                words(value, &format!("{path}/{name}"), depth + 1, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, path, depth + 1, found)),
        Value::String(text) if check_name(text).is_ok() => found.push((path.to_owned(), text.clone())),
        _ => {}
    }
}

/// Whole numbers that are large enough to be amounts of money.
fn amounts(value: &Value, found: &mut BTreeSet<u32>) {
    match value {
        Value::Object(members) => members.values().for_each(|value| amounts(value, found)),
        Value::Array(items) => items.iter().for_each(|item| amounts(item, found)),
        Value::Number(number) => {
            let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
            found.extend(number.filter(|number| *number >= LEAST_AMOUNT));
        }
        _ => {}
    }
}

/// A given epoch, with what is needed to take parts of it.
pub(super) struct Given {
    epoch: Epoch,
    /// The edges that lead into each node.
    incoming: Groups,
    /// The nodes that each payee owns.
    owned: Groups,
}

impl Given {
    pub(super) fn new(epoch: &Epoch) -> Given {
        Given {
            incoming: Groups::of(epoch.edge_target(), epoch.node_count()),
            owned: Groups::of(epoch.node_payee(), epoch.payees().len()),
            epoch: epoch.clone(),
        }
    }

    /// A part of it: some of its payees, what they own, and of what nobody owns all that is two edges away, up to a
    /// bound. What other payees own is left out with them. The pool is the whole one; names are left out.
    pub(super) fn part(&self, chance: &mut Chance) -> EpochRows {
        let most = 2_usize << chance.below(MOST_PAYEES.ilog2() as usize);
        let payees = chance.choose(self.epoch.payees().len(), most.clamp(2, MOST_PAYEES));
        let mut nodes = BTreeSet::new();
        for &payee in &payees {
            let owned = self.owned.of_group(payee);
            let fair = (MOST_NODES / 2) / payees.len().max(1);
            nodes.extend(chance.choose(owned.len(), fair).into_iter().map(|index| owned[index]));
        }
        let mut newest: Vec<u32> = nodes.iter().copied().collect();
        for _ in 0..2 {
            newest = self.beside(&newest, &mut nodes, chance);
        }
        let mut edges = Vec::new();
        for &node in &nodes {
            let inside = |&edge: &usize| nodes.contains(&self.epoch.edge_target()[edge]);
            edges.extend(self.leaving(node).filter(inside));
        }
        let edges: Vec<usize> =
            chance.choose(edges.len(), MOST_EDGES).into_iter().map(|index| edges[index]).collect();
        let nodes: Vec<usize> = nodes.into_iter().map(|node| node as usize).collect();
        let mut rows = EpochRows::part(&self.epoch, &payees, &nodes, &edges);
        rows.payees.iter_mut().for_each(|payee| payee.name = "".into());
        rows
    }

    /// Adds to `nodes` what nobody owns one edge away from `from`, and gives what was added.
    fn beside(&self, from: &[u32], nodes: &mut BTreeSet<u32>, chance: &mut Chance) -> Vec<u32> {
        let (sources, targets) = (self.epoch.edge_source(), self.epoch.edge_target());
        let mut added = Vec::new();
        for &node in from {
            let mut others: Vec<u32> = self.leaving(node).map(|edge| targets[edge]).collect();
            let entering = self.incoming.of_group(node as usize);
            others.extend(entering.iter().map(|&edge| sources[edge as usize]));
            for index in chance.choose(others.len(), MOST_FOLLOWED) {
                let other = others[index];
                let free = self.epoch.node_payee()[other as usize] == NO_PAYEE;
                if free && nodes.len() < MOST_NODES && nodes.insert(other) {
                    added.push(other);
                }
            }
        }
        added
    }

    fn leaving(&self, node: u32) -> std::ops::Range<usize> {
        let offsets = self.epoch.edge_offsets();
        offsets[node as usize] as usize..offsets[node as usize + 1] as usize
    }
}

/// Rows by the group that they belong to.
struct Groups {
    /// Where each group's rows begin; one more at the end.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Groups {
    /// `groups` says each row's group; rows of no group (past the last) are left out.
    fn of(groups: &[u32], count: usize) -> Groups {
        let mut starts = vec![0; count + 1];
        for &group in groups {
            if let Some(start) = starts.get_mut(group as usize + 1) {
                *start += 1;
            }
        }
        for group in 0..count {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; starts[count] as usize];
        for (row, &group) in (0_u32..).zip(groups) {
            if (group as usize) < count {
                rows[next[group as usize] as usize] = row;
                next[group as usize] += 1;
            }
        }
        Groups { starts, rows }
    }

    fn of_group(&self, group: usize) -> &[u32] {
        &self.rows[self.starts[group] as usize..self.starts[group + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::audit::edit::Edit;

    fn made(words: &Words, seed: u64, trial: u64) -> EpochRows {
        words.epoch(&mut Chance::for_purpose(seed, trial, "epoch")).unwrap()
    }

    #[test]
    fn made_epochs_have_what_parameters_name() {
        let parameters = serde_json::json!({
            "node_kinds": {"talk": 1}, "edge_metrics": {"lines": 2}, "kinds": ["gift"], "most": {"each": 0.5},
            "payees": {"ann": 1}, "min_amount": 2500,
        });
        let words = Words::of(&parameters);
        let texts = |words: &[RowText]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
        assert_eq!(texts(&words.node_kinds), ["each", "gift", "talk"]);
        assert_eq!(texts(&words.edge_kinds), ["each", "gift"]);
        assert_eq!(words.edge_metrics, ["each", "lines"]);
        assert_eq!(words.node_metrics, ["each"]);
        assert_eq!(texts(&words.payees), ["ann"]);
        assert_eq!(words.amounts, [2500]);
        let mut named = 0;
        for trial in 0..200 {
            let rows = made(&words, 1, trial);
            assert!(rows.build().is_ok(), "{rows:?}");
            assert_eq!(rows, made(&words, 1, trial));
            named += usize::from(rows.has_payee("ann"));
        }
        assert!((110..190).contains(&named), "the payee that is named is there in {named} of 200");
    }

    /// Nothing that a policy can ask for is the same in every trial, or in the same trial from another seed.
    #[test]
    fn a_policy_cannot_tell_a_made_epoch_by_its_labels() {
        let words = Words::of(&Value::Null);
        type Read = fn(&EpochRows) -> String;
        let labels: [(&str, Read); 12] = [
            ("asset", |rows| rows.header.pool.asset.symbol().to_owned()),
            ("decimals", |rows| rows.header.pool.asset.decimals().to_string()),
            ("pool", |rows| rows.header.pool.amount.to_string()),
            ("number", |rows| rows.header.number.to_string()),
            ("start", |rows| rows.header.window.start.to_string()),
            ("length", |rows| (rows.header.window.end - rows.header.window.start).to_string()),
            ("payees", |rows| rows.payees.len().to_string()),
            ("payee ids", |rows| rows.payees[0].id.to_string()),
            ("node ids", |rows| rows.nodes.first().map_or(String::new(), |node| node.id.to_string())),
            ("node kinds", |rows| rows.nodes.first().map_or(String::new(), |node| node.kind.to_string())),
            ("edge kinds", |rows| rows.edges.first().map_or(String::new(), |edge| edge.kind.to_string())),
            ("columns", |rows| format!("{:?}", rows.columns)),
        ];
        let of = |seed| (0..200).map(|trial| made(&words, seed, trial)).collect::<Vec<_>>();
        let (one, other) = (of(1), of(2));
        for (label, read) in labels {
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            one.iter().for_each(|rows| *seen.entry(read(rows)).or_default() += 1);
            let most = seen.values().copied().max().unwrap_or(0);
            let usual = if label == "columns" { 170 } else { 100 };
            assert!(seen.len() >= 5 && most <= usual, "{label}: {seen:?}");
            let apart = one.iter().zip(&other).filter(|(one, other)| read(one) != read(other)).count();
            assert!(apart >= 50, "{label} follows from the trial and not from the seed");
        }
        let symbols = one.iter().map(|rows| rows.header.pool.asset.symbol());
        assert!(symbols.into_iter().all(|symbol| symbol != "UNIT"));
    }

    #[test]
    fn parts_of_an_epoch_are_epochs() {
        let words = Words::of(&Value::Null);
        let whole = made(&words, 3, 3).build().unwrap();
        let given = Given::new(&whole);
        for trial in 0..50 {
            let rows = given.part(&mut Chance::for_purpose(1, trial, "epoch"));
            let part = rows.build().unwrap();
            assert!(rows.payees.len() >= 2 && part.node_count() <= whole.node_count());
            for node in &rows.nodes {
                let before = whole.node_ids().position(&node.id).unwrap();
                let owner = whole.node_payee()[before];
                assert_eq!(node.payee.as_deref(), whole.payees().get(owner as usize));
            }
        }
    }
}
