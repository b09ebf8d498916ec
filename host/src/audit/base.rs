//! The epochs that trials begin with: small ones that are made, and parts of given ones.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::epoch::{ColumnNames, EdgeRow, Epoch, EpochRows, Header, NodeRow, PayeeRow, RowText, Window};
use crate::graph::NO_PAYEE;
use crate::money::{Asset, AssetError, Pool};
use crate::text::check_name;

use super::chance::Chance;

const NAMES: [&str; 6] = ["ann", "bob", "cyd", "dan", "eve", "fay"];
/// Weights are such that halves and quarters of them, and their sums, are exact.
const WEIGHTS: [f64; 8] = [1.0, 1.0, 1.0, 2.0, 3.0, 5.0, 0.5, 16.0];
/// A million units, with enough decimals that rounding is small, and few enough that a double holds every base unit.
const POOL: u128 = 1_000_000_000;
const DECIMALS: u32 = 3;
/// January 2025.
const MONTH: Window = Window { start: 1_735_689_600, end: 1_738_368_000 };
const DAY: i64 = 86_400;
/// The most words that are taken out of a policy's parameters.
const MOST_WORDS: usize = 8;

/// Bounds of a part of a given epoch.
const MOST_PAYEES: usize = 256;
const MOST_NODES: usize = 2_048;
const MOST_EDGES: usize = 8_192;
/// How many edges of one node are followed.
const MOST_FOLLOWED: usize = 64;

/// What made epochs are made of.
pub(super) struct Words {
    node_kinds: Vec<RowText>,
    edge_kinds: Vec<RowText>,
    columns: ColumnNames,
    asset: Asset,
}

impl Words {
    /// Kinds and metrics that a policy's parameters name, so that it finds them. Nobody says which word of the
    /// parameters is what: each is taken for everything, unless a name on the way to it says `node`, `edge`, `kind`
    /// or `metric`.
    pub(super) fn of(parameters: &Value) -> Result<Words, AssetError> {
        let mut found = Vec::new();
        words(parameters, "", 0, &mut found);
        found.truncate(MOST_WORDS);
        let fitting = |without: &[&str]| -> Vec<RowText> {
            let fits = |path: &str| !without.iter().any(|other| path.contains(other));
            let mut words: Vec<RowText> =
                found.iter().filter(|(path, _)| fits(path)).map(|(_, word)| word.as_str().into()).collect();
            words.sort();
            words.dedup();
            words
        };
        let metrics = |without| fitting(without).iter().map(|word| word.to_string()).collect();
        let columns = ColumnNames {
            node_metrics: metrics(&["edge", "kind"]),
            edge_metrics: metrics(&["node", "kind"]),
            ..ColumnNames::default()
        };
        let kinds = |without: &[&str]| [fitting(without), vec!["work".into()]].concat();
        let (node_kinds, edge_kinds) = (kinds(&["edge", "metric"]), kinds(&["node", "metric"]));
        Ok(Words { node_kinds, edge_kinds, columns, asset: Asset::new("UNIT", DECIMALS)? })
    }

    /// A small epoch: two to six payees with up to three nodes each, up to three nodes that nobody owns, and edges
    /// between any two of them.
    pub(super) fn epoch(&self, chance: &mut Chance) -> EpochRows {
        let names = &NAMES[..2 + chance.below(NAMES.len() - 1)];
        let mut nodes = Vec::new();
        for name in names {
            for number in 1..=chance.below(4) {
                nodes.push(self.node(format!("{name}:{number}"), Some(name), chance));
            }
        }
        for number in 1..=chance.below(4) {
            nodes.push(self.node(format!("world:{number}"), None, chance));
        }
        let mut edges = Vec::new();
        for _ in 0..chance.below(4 + 2 * nodes.len()) {
            let (Some(source), Some(target)) = (chance.pick(&nodes), chance.pick(&nodes)) else { break };
            if source.id != target.id {
                edges.push(self.edge(&source.id, &target.id, chance));
            }
        }
        let pool = Pool { asset: self.asset.clone(), amount: POOL };
        EpochRows {
            header: Header { number: 1, window: MONTH, pool },
            columns: self.columns.clone(),
            payees: names.iter().map(|&name| PayeeRow { id: name.into(), name: "".into() }).collect(),
            nodes,
            edges,
        }
    }

    fn node(&self, id: String, payee: Option<&str>, chance: &mut Chance) -> NodeRow {
        NodeRow {
            id: id.into(),
            kind: word(&self.node_kinds, chance),
            weight: weight(chance),
            time: time(chance),
            payee: payee.map(RowText::from),
            metrics: self.columns.node_metrics.iter().map(|_| metric(chance)).collect(),
            labels: Vec::new(),
        }
    }

    fn edge(&self, source: &RowText, target: &RowText, chance: &mut Chance) -> EdgeRow {
        EdgeRow {
            source: source.clone(),
            target: target.clone(),
            kind: word(&self.edge_kinds, chance),
            weight: weight(chance),
            time: time(chance),
            metrics: self.columns.edge_metrics.iter().map(|_| metric(chance)).collect(),
            labels: Vec::new(),
        }
    }
}

fn word(words: &[RowText], chance: &mut Chance) -> RowText {
    chance.pick(words).cloned().unwrap_or_else(|| "work".into())
}

fn weight(chance: &mut Chance) -> f64 {
    chance.pick(&WEIGHTS).copied().unwrap_or(1.0)
}

fn metric(chance: &mut Chance) -> f64 {
    if chance.once_in(3) { 0.0 } else { weight(chance) }
}

fn time(chance: &mut Chance) -> i64 {
    let days: Vec<i64> = (0..(MONTH.end - MONTH.start) / DAY).collect();
    MONTH.start + DAY * chance.pick(&days).copied().unwrap_or(0)
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
    use super::*;

    #[test]
    fn made_epochs_have_what_parameters_name() {
        let parameters = serde_json::json!({
            "node_kinds": {"talk": 1}, "edge_metrics": {"lines": 2}, "kinds": ["gift"], "most": {"each": 0.5},
        });
        let words = Words::of(&parameters).unwrap();
        let kinds = |kinds: &[RowText]| kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>();
        assert_eq!(kinds(&words.node_kinds), ["each", "gift", "talk", "work"]);
        assert_eq!(kinds(&words.edge_kinds), ["each", "gift", "work"]);
        assert_eq!(words.columns.edge_metrics, ["each", "lines"]);
        assert_eq!(words.columns.node_metrics, ["each"]);
        for trial in 0..200 {
            let rows = words.epoch(&mut Chance::new(1, trial, 0));
            assert!(rows.build().is_ok(), "{rows:?}");
            assert_eq!(rows, words.epoch(&mut Chance::new(1, trial, 0)));
        }
    }

    #[test]
    fn parts_of_an_epoch_are_epochs() {
        let words = Words::of(&Value::Null).unwrap();
        let whole = words.epoch(&mut Chance::new(3, 3, 0)).build().unwrap();
        let given = Given::new(&whole);
        for trial in 0..50 {
            let rows = given.part(&mut Chance::new(1, trial, 0));
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
