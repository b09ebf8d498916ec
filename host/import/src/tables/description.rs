//! The small TOML file that says what the tables are, and the provenance documents and traces.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use apportion_core::epoch::{Header, Window};
use apportion_core::money::{Asset, Pool};
use serde::Deserialize;

use crate::cell::parse_time;
use crate::limits::{Bound, Quota};
use crate::problem::ImportError;
use crate::traces::{Traces, otlp, prov};

/// What a description says, before its files are looked at.
pub(super) struct Description {
    pub(super) header: Header,
    pub(super) nodes: Tables,
    pub(super) edges: Tables,
    pub(super) payees: Tables,
    pub(super) traces: Traces,
}

/// The files of one kind of table and what their columns are.
pub(super) struct Tables {
    pub(super) files: Vec<String>,
    pub(super) delimiter: u8,
    pub(super) known: Vec<Known>,
    pub(super) roles: BTreeMap<String, Role>,
}

/// A column whose meaning the epoch knows.
pub(super) struct Known {
    /// The name of the meaning: `id`, `weight`...
    pub(super) meaning: &'static str,
    /// The name of the column.
    pub(super) column: String,
    /// Every file has it.
    pub(super) is_required: bool,
    /// The description names it, so that some file has it.
    pub(super) is_named: bool,
}

/// What a further column is to be, whatever it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Metric,
    Label,
    Ignore,
}

impl Description {
    pub(super) fn load(path: &Path, quota: &Quota) -> Result<Description, ImportError> {
        let text = std::fs::File::open(path)
            .and_then(|file| std::io::read_to_string(quota.bounded(file, Bound::Record)))
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::InvalidData => wrong(path, "is not UTF-8 text"),
                _ => wrong(path, format!("cannot be read: {error}")),
            })?;
        let written: Written = toml::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            wrong(path, format!("is not a description of tables: {}", error.to_string().trim_end()))
        })?;
        written.checked().map_err(|problem| wrong(path, problem))
    }
}

fn wrong(path: &Path, problem: impl Into<String>) -> ImportError {
    ImportError::Description { file: path.display().to_string(), problem: problem.into() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    number: u64,
    window: WrittenWindow,
    pool: WrittenPool,
    traces: Option<WrittenTraces>,
    nodes: Option<WrittenNodes>,
    edges: Option<WrittenEdges>,
    payees: Option<WrittenPayees>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWindow {
    start: toml::Value,
    end: toml::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPool {
    asset: String,
    decimals: u32,
    amount: toml::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTraces {
    #[serde(default)]
    prov: Vec<String>,
    #[serde(default)]
    openlineage: Vec<String>,
    #[serde(default)]
    otlp: Vec<String>,
    #[serde(default)]
    outcomes: BTreeSet<String>,
    #[serde(default)]
    attributes: WrittenAttributes,
}

/// Attributes that mean something which no convention says.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAttributes {
    weight: Option<String>,
    confidence: Option<String>,
    #[serde(default)]
    columns: BTreeSet<String>,
    earned: Option<String>,
    #[serde(default)]
    generated: BTreeMap<String, String>,
    #[serde(default)]
    used: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNodes {
    #[serde(default)]
    files: Vec<String>,
    delimiter: Option<char>,
    #[serde(default)]
    columns: BTreeMap<String, Role>,
    id: Option<String>,
    kind: Option<String>,
    weight: Option<String>,
    time: Option<String>,
    payee: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEdges {
    #[serde(default)]
    files: Vec<String>,
    delimiter: Option<char>,
    #[serde(default)]
    columns: BTreeMap<String, Role>,
    source: Option<String>,
    target: Option<String>,
    kind: Option<String>,
    weight: Option<String>,
    time: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPayees {
    files: Vec<String>,
    delimiter: Option<char>,
    payee: Option<String>,
    node: Option<String>,
    name: Option<String>,
}

impl Written {
    fn checked(self) -> Result<Description, String> {
        let window =
            Window { start: time("start", &self.window.start)?, end: time("end", &self.window.end)? };
        if window.start >= window.end {
            let (start, end) = (&self.window.start, &self.window.end);
            return Err(format!(
                "has a window that ends (`{end}`) before it begins (`{start}`): the end is exclusive"
            ));
        }
        let header = Header { number: self.number, window, pool: pool(&self.pool)? };
        let traces = self.traces.map(WrittenTraces::checked).transpose()?;
        let nodes = match self.nodes {
            Some(nodes) if nodes.files.is_empty() && traces.is_none() => {
                return Err("names no files of nodes: `files` under `[nodes]` is empty".to_owned());
            }
            None if traces.is_none() => {
                return Err("names no files: list some under `[nodes]` or `[traces]`".to_owned());
            }
            None => Tables::none(),
            Some(nodes) => {
                let columns = [
                    known("id", nodes.id, true),
                    known("kind", nodes.kind, false),
                    known("weight", nodes.weight, false),
                    known("time", nodes.time, false),
                    known("payee", nodes.payee, false),
                ];
                tables("nodes", nodes.files, nodes.delimiter, columns.into(), nodes.columns)?
            }
        };
        let edges = match self.edges {
            None => Tables::none(),
            Some(edges) => {
                let columns = [
                    known("source", edges.source, true),
                    known("target", edges.target, true),
                    known("kind", edges.kind, false),
                    known("weight", edges.weight, false),
                    known("time", edges.time, false),
                ];
                tables("edges", edges.files, edges.delimiter, columns.into(), edges.columns)?
            }
        };
        let payees = match self.payees {
            None => Tables::none(),
            Some(payees) => {
                let columns = [
                    known("payee", payees.payee, true),
                    known("node", payees.node, true),
                    known("name", payees.name, false),
                ];
                tables("payees", payees.files, payees.delimiter, columns.into(), BTreeMap::new())?
            }
        };
        Ok(Description { header, nodes, edges, payees, traces: traces.unwrap_or_default() })
    }
}

impl WrittenTraces {
    fn checked(self) -> Result<Traces, String> {
        let WrittenAttributes { weight, confidence, columns, earned, generated, used } = self.attributes;
        let has_otlp_attributes =
            earned.is_some() || !(columns.is_empty() && generated.is_empty() && used.is_empty());
        for (is_there, list, key) in [
            (weight.is_some() || confidence.is_some(), &self.prov, "weight` or `confidence"),
            (has_otlp_attributes, &self.otlp, "columns`, `earned`, `generated` or `used"),
        ] {
            if is_there && list.is_empty() {
                return Err(format!(
                    "has `{key}` under `[traces.attributes]`, but lists no files with such attributes"
                ));
            }
        }
        if let Some(name) = columns
            .iter()
            .chain(&earned)
            .chain(generated.keys())
            .chain(used.keys())
            .find(|name| otlp::genai::is_content(name))
        {
            return Err(format!(
                "names `{}` under `[traces.attributes]`, which is content and never enters an epoch",
                name.escape_debug()
            ));
        }
        // Without a kind, ids are what they are: a URI that other documents have as well.
        let kinds = |attributes: BTreeMap<String, String>| {
            attributes
                .into_iter()
                .map(|(name, kind)| (name, Some(kind).filter(|kind| !kind.is_empty())))
                .collect()
        };
        let traces = Traces {
            prov: self.prov,
            openlineage: self.openlineage,
            otlp: self.otlp,
            outcomes: self.outcomes,
            prov_options: prov::Options { weight, confidence },
            otlp_options: otlp::Options { columns, earned, generated: kinds(generated), used: kinds(used) },
        };
        if traces.files().next().is_none() {
            return Err(
                "names no files under `[traces]`: list some as `prov`, `openlineage` or `otlp`".to_owned()
            );
        }
        Ok(traces)
    }
}

impl Tables {
    fn none() -> Tables {
        Tables { files: Vec::new(), delimiter: b',', known: Vec::new(), roles: BTreeMap::new() }
    }
}

fn known(meaning: &'static str, column: Option<String>, is_required: bool) -> Known {
    let is_named = column.is_some();
    Known { meaning, column: column.unwrap_or_else(|| meaning.to_owned()), is_required, is_named }
}

fn tables(
    which: &str,
    files: Vec<String>,
    delimiter: Option<char>,
    mut known: Vec<Known>,
    roles: BTreeMap<String, Role>,
) -> Result<Tables, String> {
    let delimiter = match delimiter.unwrap_or(',') {
        delimiter @ (',' | ';' | '\t' | '|') => delimiter.try_into().unwrap_or(b','),
        other => {
            return Err(format!(
                "has the delimiter `{}` under `[{which}]`: use `,`, `;`, `|` or `\\t`",
                other.escape_debug()
            ));
        }
    };
    for column in &known {
        let twice =
            known.iter().find(|other| other.column == column.column && other.meaning != column.meaning);
        if let Some(other) = twice.filter(|_| column.is_named) {
            let (name, one, two) = (&column.column, column.meaning, other.meaning);
            return Err(format!("uses the column `{name}` as `{one}` and as `{two}` under `[{which}]`"));
        }
        if column.is_named && roles.contains_key(&column.column) {
            let (name, meaning) = (&column.column, column.meaning);
            return Err(format!(
                "uses the column `{name}` as `{meaning}` and lists it in `columns` under `[{which}]`"
            ));
        }
    }
    // A column that is listed in `columns` is what it is listed as, even if its name has a meaning.
    let is_taken = |column: &Known| !column.is_required && roles.contains_key(&column.column);
    for column in known.iter_mut().filter(|column| is_taken(column)) {
        column.column.clear();
    }
    Ok(Tables { files, delimiter, known, roles })
}

fn time(which: &str, written: &toml::Value) -> Result<i64, String> {
    let text = match written {
        toml::Value::Datetime(time) => time.to_string(),
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    parse_time(&text).map_err(|fault| format!("has a `{which}` under `[window]` that is no time: {fault}"))
}

fn pool(written: &WrittenPool) -> Result<Pool, String> {
    let amount = match &written.amount {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(whole) => whole.to_string(),
        other => {
            return Err(format!(
                "has a pool of {other}, which cannot be read exactly: put it in quotes, `amount = \"{other}\"`"
            ));
        }
    };
    let pool = || {
        let asset = Asset::new(&written.asset, written.decimals)?;
        let amount = asset.parse(&amount)?;
        Ok(Pool { asset, amount })
    };
    pool().map_err(|error: apportion_core::money::AssetError| format!("has a pool that cannot be: {error}"))
}
