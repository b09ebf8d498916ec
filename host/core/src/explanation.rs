//! Why a payee got its amount, as a document: what `apportion_core::explain` finds. A JSON object; `host/docs/objects.md`
//! lists its members.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::canonical::Digest;
use crate::comparison::Difference;
use crate::money::base_units;

/// The format that an explanation names.
pub const FORMAT: &str = "apportion explanation 1";

/// Why a payee got its amount.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// [`FORMAT`].
    pub format: &'static str,
    /// The epoch's digest.
    pub epoch: Digest,
    /// Its number.
    pub number: u64,
    /// The charter's digest.
    pub charter: Digest,
    /// The receipt that settling it gives.
    pub receipt: Digest,
    /// The asset's symbol.
    pub asset: String,
    /// One whole unit is 10^decimals base units.
    pub decimals: u32,
    /// What was divided, in base units.
    #[serde(with = "base_units")]
    pub pool: u128,
    /// The payee's id.
    pub payee: String,
    /// What the epoch calls it; empty if it has no name.
    pub name: String,
    /// What it gets, in base units.
    #[serde(with = "base_units")]
    pub amount: u128,
    /// Its place among all payees, 1 for the most; those with equal amounts share one.
    pub place: usize,
    /// How many payees there are.
    pub payees: usize,
    /// What each policy gave, with the policy's own measures.
    pub parts: Vec<ExplainedPart>,
    /// How many nodes it owns.
    pub nodes: usize,
    /// What it would get without each of them, those that it would lose most without first.
    pub contributions: Vec<Contribution>,
    /// What it would get without any of them.
    pub without_all: Without,
    /// Whether what it would lose without each adds up to what it would lose without any.
    pub adds_up: bool,
    /// What it would get if somebody had not relied on it, those without whom it would lose most first; where edges of
    /// several kinds lead to it, kind by kind.
    pub reliances: Vec<Reliance>,
    /// How many relied on it.
    pub relied: usize,
    /// What it would get if nobody had relied on it; nothing is told where nobody did, or there were no runs left.
    pub without_reliances: Option<Without>,
    /// Whether what it would lose without each of `reliances` adds up to what it would lose without any.
    pub reliances_add_up: bool,
    /// The strongest ways on which credit comes to it, strongest first.
    pub paths: Vec<Path>,
    /// What a person reads instead of ids.
    pub names: Names,
    /// What changed against the epoch before.
    pub change: Option<Change>,
    /// How often the epoch was settled again.
    pub runs: usize,
}

/// What one policy gave the payee.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedPart {
    /// The policy's digest: which policy it is.
    pub digest: Digest,
    /// The policy's name.
    pub policy: String,
    /// Its version.
    pub version: String,
    /// Base units.
    #[serde(with = "base_units")]
    pub amount: u128,
    /// The policy's own measures of the payee.
    pub measures: Vec<ExplainedMeasure>,
}

/// A measure of the payee, and where that stands among all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedMeasure {
    /// Its name.
    pub name: String,
    /// The payee's value.
    pub value: f64,
    /// Its place among all payees, 1 for the highest value; equal values share one.
    pub place: usize,
    /// How many others have the same value.
    pub alike: usize,
}

/// What the payee gets in an epoch that lacks something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    /// So much, in base units.
    Amount(#[serde(with = "base_units")] u128),
    /// The rule has no answer for such an epoch; why.
    Fault(String),
}

/// What changed against the epoch before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// That epoch's number.
    pub number: u64,
    /// What the payee got then; nothing, if it was no payee.
    #[serde(with = "base_units")]
    pub amount: u128,
    /// What was divided then.
    #[serde(with = "base_units")]
    pub pool: u128,
    /// What it gets now, less what it got then.
    pub difference: Difference,
    /// How many payees there were.
    pub payees: usize,
    /// Measures that both settlements have, by name: then and now.
    pub measures: Vec<(String, f64, f64)>,
    /// How many of its contributions were not there then.
    pub new: usize,
    /// How many that were there then are not any more.
    pub gone: usize,
}

impl Without {
    /// In base units; nothing where there is no answer.
    pub fn amount(&self) -> u128 {
        match self {
            Without::Amount(amount) => *amount,
            Without::Fault(_) => 0,
        }
    }
}

/// A node of the payee's, or a group of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution {
    /// Their kind; empty if they are of several.
    pub kind: String,
    /// The node's id; of a group that of its first, in the order of times and then ids.
    pub first: String,
    /// The id of the group's last.
    pub last: String,
    /// The time of the first, in seconds since 1970-01-01 UTC.
    pub start: i64,
    /// The time of the last.
    pub end: i64,
    /// How many nodes.
    pub nodes: usize,
    /// What the payee would get without them.
    pub without: Without,
    /// That, less what it gets.
    pub difference: Difference,
    /// The groups that it was taken apart into, ranked; none if it was not.
    pub parts: Vec<Contribution>,
}

/// Somebody who relied on the payee, by edges of one kind that lead from its nodes to the payee's; or a group of such.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reliance {
    /// The edges' kind; empty if they are of several.
    pub kind: String,
    /// Who: a payee's id, or the id of a node that nobody owns; of a group the first, in the order of times, payees
    /// and then ids.
    pub first: String,
    /// Whether that is a payee.
    pub payee: bool,
    /// The group's last.
    pub last: String,
    /// The time of the first one's first edge, in seconds since 1970-01-01 UTC.
    pub start: i64,
    /// That of the last one's.
    pub end: i64,
    /// How many they are; who relied by edges of two kinds counts twice in a group of both.
    pub who: usize,
    /// How many edges.
    pub edges: usize,
    /// What the payee would get without these edges.
    pub without: Without,
    /// That, less what it gets.
    pub difference: Difference,
    /// The groups that it was taken apart into, ranked; none if it was not.
    pub parts: Vec<Reliance>,
}

/// A way from an outcome to a node of the payee's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Path {
    /// The id of the node it begins at.
    pub from: String,
    /// That node's kind.
    pub kind: String,
    /// The edges, in order.
    pub steps: Vec<Step>,
    /// What part of what leaves the first node comes to the last on this way, 0 to 1.
    pub part: f64,
}

/// An edge of a way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The edge's kind.
    pub edge: String,
    /// The part that it has of all that leaves its source, 0 to 1.
    pub part: f64,
    /// The id of the node it leads to.
    pub to: String,
    /// That node's kind.
    pub kind: String,
}

/// Names of the nodes and payees that an explanation is about, by their ids; of those that have names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Names {
    /// Of nodes: their label `name`.
    pub nodes: BTreeMap<String, String>,
    /// Of payees.
    pub payees: BTreeMap<String, String>,
}
