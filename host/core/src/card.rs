//! The result of an audit: a canonical JSON object, bound to the policy's digest and the parameters.
//! `host/docs/objects.md` lists its members.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{CanonicalError, Digest, from_canonical_json, to_canonical_json};
use crate::epoch::{ColumnNames, EdgeRow, EpochRows, Header, NodeRow, PayeeRow, RowText, Window};
use crate::error::ErrorKind;
use crate::fault::Fault;
use crate::money::{Asset, Pool, base_units};
pub use crate::property::Property;
use crate::text::{check_name, is_label, visible};

const FORMAT: &str = "apportion card 2";
/// Read for ever; no longer made, as its trials announced themselves.
const FORMAT_1: &str = "apportion card 1";

/// What an audit found.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    terms: CardTerms,
    format: CardFormat,
    bytes: Vec<u8>,
    digest: Digest,
}

/// The number of a card's format, which says by which trials it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardFormat {
    /// Made by earlier versions, with epochs that a policy could recognise, and without
    /// [`Property::HouseMonotonicity`], which reads as untried. Auditing again gives a card of another format.
    One,
    /// Made by this version: auditing again gives the same card.
    Two,
}

/// What a card says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardTerms {
    /// The policy's digest.
    pub policy: Digest,
    /// What it calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it keeps state. Only its first epoch is tested then.
    pub stateful: bool,
    /// The parameters that it was audited with.
    pub parameters: Value,
    /// Where chance began.
    pub seed: u32,
    /// How many epochs were tried.
    pub trials: u32,
    /// The epochs that parts were taken of, by their digests.
    pub epochs: Vec<Digest>,
    /// How many of those tried the policy gave an allocation for.
    pub answered: u32,
    /// How it ended with the others.
    pub refused: Vec<FaultCount>,
    /// One for each property, in the order of [`Property::ALL`].
    pub findings: Vec<Finding>,
}

/// What was found of one property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which.
    pub property: Property,
    /// In how many trials it could be looked at.
    pub trials: u32,
    /// In how many of these it was broken.
    pub failures: u32,
    /// The largest breach seen, in millionths of the pool, rounded down: of all trials and of the example.
    pub worst: u64,
    /// How the policy failed after the change, where it had settled the epoch before.
    pub faults: Vec<FaultCount>,
    /// The trial with the largest breach, made small: its breach is at least half as large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
}

/// What a finding says in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The property could not be looked at in any trial.
    Untried,
    /// It held in every trial.
    Holds,
    /// It was never off by as much as a ten-thousandth of the pool.
    Nearly,
    /// It was broken.
    Fails,
}

/// What a breach is at least, in millionths of the pool, so that it counts.
const COUNTS: u64 = 100;

impl Finding {
    /// What it says in a word.
    pub fn verdict(&self) -> Verdict {
        match (self.failures, self.trials) {
            (0, 0) => Verdict::Untried,
            (0, _) => Verdict::Holds,
            _ if self.worst >= COUNTS => Verdict::Fails,
            _ => Verdict::Nearly,
        }
    }

    /// The largest breach for people: `12.34 % of the pool`. What the rounding does is one base unit, whatever part of a
    /// small pool that is.
    pub fn extent(&self) -> String {
        if self.property.is_of_rounding() {
            return "1 base unit".to_owned();
        }
        format!("{} of the pool", percent(self.worst))
    }

    /// Of a property that was not looked at.
    fn untried(property: Property) -> Finding {
        Finding { property, trials: 0, failures: 0, worst: 0, faults: Vec::new(), example: None }
    }
}

impl Example {
    /// Its size as a part of the pool, for people: `12.34 %`.
    pub fn percent(&self) -> String {
        percent(self.millionths())
    }

    /// Its size in millionths of the pool, rounded down.
    pub fn millionths(&self) -> u64 {
        millionths(self.size, self.pool)
    }
}

/// `size` in millionths of `pool`, rounded down.
pub fn millionths(size: u128, pool: u128) -> u64 {
    // Of what a million times is too large, the last 20 bits do not matter.
    let (size, pool) = match size.checked_mul(1_000_000) {
        Some(size) => (size, pool),
        None => ((size >> 20).saturating_mul(1_000_000), pool >> 20),
    };
    u64::try_from(size / pool.max(1)).unwrap_or(u64::MAX)
}

fn percent(millionths: u64) -> String {
    match millionths {
        0 => "under 0.0001 %".to_owned(),
        small @ 1..100 => format!("0.{small:04} %"),
        more => format!("{}.{:02} %", more / 10_000, more % 10_000 / 100),
    }
}

/// A fault, of those with its code the first, and in how many trials that code came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultCount {
    /// The fault.
    pub fault: Fault,
    /// How many trials ended so.
    pub trials: u32,
}

/// A counter-example that anyone can settle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What was done, in a sentence.
    pub change: String,
    /// Whose gain or loss it is; nobody's where the treasury keeps it.
    pub who: Vec<String>,
    /// What they gain or lose, or how far amounts are apart, in base units.
    #[serde(with = "base_units")]
    pub size: u128,
    /// The pool that it is a part of.
    #[serde(with = "base_units")]
    pub pool: u128,
    /// The epochs that show it: `before` and `after`; of one that needs no comparison `epoch`.
    pub epochs: Vec<ExampleEpoch>,
}

/// An epoch of an example, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleEpoch {
    /// What it is to the others.
    pub role: String,
    /// Its digest.
    pub epoch: Digest,
    /// Its rows, of which it can be built.
    #[serde(with = "tables")]
    pub rows: EpochRows,
    /// What each payee gets, sorted by id.
    pub payouts: Vec<ExamplePayout>,
    /// What stays in the treasury, in base units.
    #[serde(with = "base_units")]
    pub retained: u128,
}

/// What a payee gets in an example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExamplePayout {
    /// The payee's id.
    pub payee: String,
    /// Base units.
    #[serde(with = "base_units")]
    pub amount: u128,
}

/// Why something is not a card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// Not the JSON of a card, or not its canonical spelling.
    #[error("not a card: {0}")]
    Form(#[from] CanonicalError),
    /// Another format, or a later version of this one.
    #[error("the card's format is `{0}`; this program reads `{FORMAT_1}` and `{FORMAT}`")]
    Format(String),
    /// It says what cannot be.
    #[error("the card contradicts itself: {0}")]
    Content(String),
}

impl CardError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

fn wrong(what: impl Into<String>) -> CardError {
    CardError::Content(what.into())
}

#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    #[serde(flatten)]
    terms: CardTerms,
}

impl Card {
    /// Checks terms and gives them their canonical bytes.
    pub fn new(terms: CardTerms) -> Result<Card, CardError> {
        Card::read(to_canonical_json(&Document { format: FORMAT.to_owned(), terms })?)
    }

    fn read(bytes: Vec<u8>) -> Result<Card, CardError> {
        let Document { format, mut terms } = from_canonical_json(&bytes)?;
        let format = match format.as_str() {
            FORMAT_1 => CardFormat::One,
            _ => CardFormat::Two,
        };
        if format == CardFormat::One {
            let place = Property::HouseMonotonicity as usize;
            if place > terms.findings.len() {
                return Err(wrong(MISSING));
            }
            terms.findings.insert(place, Finding::untried(Property::HouseMonotonicity));
        }
        check(&terms)?;
        Ok(Card { terms, format, digest: Digest::of(&bytes), bytes })
    }

    /// Reads a card from its canonical bytes, and builds its examples' epochs anew.
    ///
    /// That the policy does what the card says is not checked: auditing again with the card's parameters, seed, trials
    /// and epochs gives the same card.
    pub fn from_bytes(bytes: &[u8]) -> Result<Card, CardError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        match serde_json::from_slice::<Head>(bytes) {
            Ok(head) if ![FORMAT_1, FORMAT].contains(&head.format.as_str()) => {
                return Err(CardError::Format(visible(&head.format, 64)));
            }
            _ => {}
        }
        Card::read(bytes.to_vec())
    }

    /// By which trials it was made.
    pub fn format(&self) -> CardFormat {
        self.format
    }

    /// What it says.
    pub fn terms(&self) -> &CardTerms {
        &self.terms
    }

    /// What was found of a property.
    pub fn finding(&self, property: Property) -> &Finding {
        // Checked when it was read: there is one for each, in this order.
        &self.terms.findings[property as usize]
    }

    /// The canonical bytes: what is stored, and what [`Card::digest`] is the hash of.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The BLAKE3 hash of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

const MISSING: &str = "it does not have one finding for each property, in their order";

fn check(terms: &CardTerms) -> Result<(), CardError> {
    if !is_label(&terms.name) || semver::Version::parse(&terms.version).is_err() {
        return Err(wrong("no policy has such a name and version"));
    }
    if !terms.findings.iter().map(|finding| finding.property).eq(Property::ALL) {
        return Err(wrong(MISSING));
    }
    let refused: u64 = terms.refused.iter().map(|told| u64::from(told.trials)).sum();
    if u64::from(terms.answered) + refused != u64::from(terms.trials) {
        return Err(wrong("trials answered and refused are not all trials"));
    }
    let faults = terms.findings.iter().flat_map(|finding| &finding.faults);
    for told in terms.refused.iter().chain(faults) {
        if visible(&told.fault.sentence, usize::MAX) != told.fault.sentence {
            return Err(wrong("a fault's sentence has invisible characters"));
        }
    }
    for finding in &terms.findings {
        let place = finding.property;
        let faults: u64 = finding.faults.iter().map(|told| u64::from(told.trials)).sum();
        let looked = u64::from(finding.trials) + faults;
        if finding.failures > finding.trials || looked > u64::from(terms.answered) {
            return Err(wrong(format!("more trials of {place} than there were")));
        }
        if finding.example.as_ref().map_or(0, Example::millionths) > finding.worst {
            return Err(wrong(format!("the example of {place} is worse than the worst")));
        }
        if (finding.failures > 0) != finding.example.is_some() {
            return Err(wrong(format!("{place} has failures without an example, or an example without")));
        }
        if let Some(example) = &finding.example {
            check_example(example).map_err(|what| wrong(format!("the example of {place}: {what}")))?;
        }
    }
    Ok(())
}

fn check_example(example: &Example) -> Result<(), String> {
    for text in example.who.iter().chain([&example.change]) {
        if visible(text, usize::MAX) != *text {
            return Err("a text has invisible characters".to_owned());
        }
    }
    if !example.epochs.iter().any(|shown| shown.rows.header.pool.amount == example.pool) {
        return Err("its pool is none of an epoch of it".to_owned());
    }
    for shown in &example.epochs {
        check_name(&shown.role).map_err(|problem| format!("a role {problem}"))?;
        let epoch = shown.rows.build().map_err(|error| error.to_string())?;
        if epoch.digest() != shown.epoch {
            return Err("an epoch has another digest".to_owned());
        }
        if !epoch.payees().iter().eq(shown.payouts.iter().map(|payout| payout.payee.as_str())) {
            return Err("payouts are not those of the epoch's payees".to_owned());
        }
        let paid = shown.payouts.iter().try_fold(shown.retained, |sum, p| sum.checked_add(p.amount));
        if paid != Some(epoch.pool().amount) {
            return Err("payouts and what is retained are not the pool".to_owned());
        }
    }
    Ok(())
}

/// An epoch's rows as JSON, member by member.
mod tables {
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tables {
        number: u64,
        start: i64,
        end: i64,
        asset: String,
        decimals: u32,
        #[serde(with = "base_units")]
        pool: u128,
        columns: Columns,
        payees: Vec<String>,
        nodes: Vec<Node>,
        edges: Vec<Edge>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Columns {
        node_metrics: Vec<String>,
        node_labels: Vec<String>,
        edge_metrics: Vec<String>,
        edge_labels: Vec<String>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Node {
        id: String,
        kind: String,
        weight: f64,
        time: i64,
        payee: Option<String>,
        metrics: Vec<f64>,
        labels: Vec<String>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Edge {
        source: String,
        target: String,
        kind: String,
        weight: f64,
        time: i64,
        metrics: Vec<f64>,
        labels: Vec<String>,
    }

    pub fn serialize<S: Serializer>(rows: &EpochRows, serializer: S) -> Result<S::Ok, S::Error> {
        let owned = |words: &[RowText]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
        let ColumnNames { node_metrics, node_labels, edge_metrics, edge_labels } = rows.columns.clone();
        let nodes = rows.nodes.iter().map(|node| Node {
            id: node.id.to_string(),
            kind: node.kind.to_string(),
            weight: node.weight,
            time: node.time,
            payee: node.payee.as_ref().map(|payee| payee.to_string()),
            metrics: node.metrics.clone(),
            labels: owned(&node.labels),
        });
        let edges = rows.edges.iter().map(|edge| Edge {
            source: edge.source.to_string(),
            target: edge.target.to_string(),
            kind: edge.kind.to_string(),
            weight: edge.weight,
            time: edge.time,
            metrics: edge.metrics.clone(),
            labels: owned(&edge.labels),
        });
        let Pool { asset, amount } = &rows.header.pool;
        let tables = Tables {
            number: rows.header.number,
            start: rows.header.window.start,
            end: rows.header.window.end,
            asset: asset.symbol().to_owned(),
            decimals: asset.decimals(),
            pool: *amount,
            columns: Columns { node_metrics, node_labels, edge_metrics, edge_labels },
            payees: rows.payees.iter().map(|payee| payee.id.to_string()).collect(),
            nodes: nodes.collect(),
            edges: edges.collect(),
        };
        tables.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EpochRows, D::Error> {
        let Tables { number, start, end, asset, decimals, pool, columns, payees, nodes, edges } =
            Tables::deserialize(deserializer)?;
        let asset = Asset::new(&asset, decimals).map_err(D::Error::custom)?;
        let texts = |words: Vec<String>| words.into_iter().map(RowText::from).collect::<Vec<_>>();
        let payee = |id: String| PayeeRow { id: id.into(), name: "".into() };
        let node = |node: Node| NodeRow {
            id: node.id.into(),
            kind: node.kind.into(),
            weight: node.weight,
            time: node.time,
            payee: node.payee.map(RowText::from),
            metrics: node.metrics,
            labels: texts(node.labels),
        };
        let edge = |edge: Edge| EdgeRow {
            source: edge.source.into(),
            target: edge.target.into(),
            kind: edge.kind.into(),
            weight: edge.weight,
            time: edge.time,
            metrics: edge.metrics,
            labels: texts(edge.labels),
        };
        let Columns { node_metrics, node_labels, edge_metrics, edge_labels } = columns;
        Ok(EpochRows {
            header: Header { number, window: Window { start, end }, pool: Pool { asset, amount: pool } },
            columns: ColumnNames { node_metrics, node_labels, edge_metrics, edge_labels },
            payees: payees.into_iter().map(payee).collect(),
            nodes: nodes.into_iter().map(node).collect(),
            edges: edges.into_iter().map(edge).collect(),
        })
    }
}
