//! The YAML file of a track: where its data is, its budget, and the parameters of its rule.

use std::collections::BTreeMap;
use std::path::Path;

use apportion_core::money::{Asset, AssetError};
use apportion_core::number::is_held;
use saphyr::{Scalar, ScalarStyle, Yaml, YamlLoader};
use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

use crate::limits::{Bound, Quota};
use crate::problem::Fault;

use super::Track;

/// The key of the pool, which is an amount and no parameter.
const BUDGET: &str = "budget";
/// How deep lists and mappings may lie in each other; in real files they lie 4 deep.
const MAX_DEPTH: usize = 64;

/// What a track's YAML says.
#[derive(Debug, Default)]
pub(super) struct Weights {
    /// `data_snapshot`: the names of the data files.
    pub(super) files: BTreeMap<String, String>,
    /// `allocation.budget` as it is written.
    pub(super) budget: Option<String>,
    /// `simulation.periods.current`, as in `Jul 2025`.
    pub(super) current_period: Option<String>,
    simulation: Map<String, Value>,
    allocation: Map<String, Value>,
    others: Vec<String>,
}

/// The keys of a section that the rule knows, and for some the keys below.
type Keys = &'static [(&'static str, Option<&'static [&'static str]>)];

const LINK_TYPES: Option<&[&str]> =
    Some(&["package_dependency", "onchain_project_to_developer", "developer_to_devtooling_project"]);

const DEVTOOLING: Keys = &[
    ("alpha_onchain", None),
    ("alpha_devtooling", None),
    ("onchain_project_pretrust_weights", None),
    ("devtooling_project_pretrust_weights", None),
    ("link_type_time_decays", LINK_TYPES),
    ("link_type_weights", LINK_TYPES),
    ("event_type_weights", None),
    ("utility_weights", None),
    (
        "eligibility_thresholds",
        Some(&["num_projects_with_package_links", "num_onchain_developers_with_links"]),
    ),
];

const ONCHAIN: Keys = &[
    ("periods", Some(&["previous", "current"])),
    ("eligibility_filter", None),
    ("chains", None),
    ("tvl_minimum", None),
    ("tvl_maximum", None),
    ("metrics", None),
    ("metric_variants", Some(&["adoption", "growth", "retention"])),
    ("percentile_cap", None),
];

const ALLOCATION: Keys = &[("min_amount_per_project", None), ("max_share_per_project", None)];

impl Weights {
    /// Reads the one file in `weights/` that is this track's; gives its name as well, or what it should be.
    pub(super) fn find(month: &Path, track: Track, quota: &Quota) -> (String, Result<Weights, Fault>) {
        let folder = month.join("weights");
        let prefix = format!("{track}__");
        let mut names: Vec<String> = match std::fs::read_dir(&folder) {
            Ok(entries) => {
                entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
            }
            Err(_) => Vec::new(),
        };
        names.retain(|name| name.starts_with(&prefix) && (name.ends_with(".yaml") || name.ends_with(".yml")));
        names.sort();
        match names.as_slice() {
            [name] => (format!("weights/{name}"), Weights::load(&folder.join(name), quota)),
            [] => (format!("weights/{prefix}*.yaml"), Err(Fault::Missing)),
            [first, second, ..] => {
                let fault = format!(
                    "there is more than one: `{}` and `{}`",
                    first.escape_debug(),
                    second.escape_debug()
                );
                (format!("weights/{prefix}*.yaml"), Err(Fault::Parameters(fault)))
            }
        }
    }

    fn load(path: &Path, quota: &Quota) -> Result<Weights, Fault> {
        let file = std::fs::File::open(path).map_err(|error| Fault::from_io(&error))?;
        let text = std::io::read_to_string(quota.bounded(file, Bound::Record));
        let text = text.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Fault::Encoding,
            _ => Fault::from_io(&error),
        })?;
        Weights::of(&text)
    }

    fn of(text: &str) -> Result<Weights, Fault> {
        let not_yaml = |error: &dyn std::fmt::Display| {
            Fault::Parameters(format!("is not YAML that can be read: {error}"))
        };
        check_shape(text)?;
        let mut loader = YamlLoader::<Yaml<'_>>::default();
        // Scalars are kept as they are written, so that the budget is exact.
        loader.early_parse(false);
        Parser::new_from_str(text).load(&mut loader, true).map_err(|error| not_yaml(&error))?;
        if let Some(error) = loader.error() {
            return Err(not_yaml(error));
        }
        let documents = loader.into_documents();
        let mut weights = Weights::default();
        for (key, section) in entries(documents.first(), "the file")? {
            match key.as_str() {
                "data_snapshot" => {
                    for (key, value) in entries(Some(section), &key)? {
                        weights.files.insert(key, scalar(value).unwrap_or_default().to_owned());
                    }
                }
                "simulation" => weights.simulation = object(section, &key)?,
                "allocation" => {
                    weights.allocation = object_without(BUDGET, section, &key)?;
                    let budget = entries(Some(section), &key)?.into_iter().find(|(key, _)| key == BUDGET);
                    weights.budget = budget.and_then(|(_, value)| scalar(value).map(str::to_owned));
                }
                _ => weights.others.push(key),
            }
        }
        let current = weights.simulation.get("periods").and_then(|periods| periods.get("current"));
        weights.current_period = current.and_then(Value::as_str).map(str::to_owned);
        Ok(weights)
    }

    /// The parameters as the track's policy takes them, and notes on what it does not take.
    pub(super) fn parameters(&self, track: Track) -> (Value, Vec<String>) {
        let (mut simulation, mut notes) = (self.simulation.clone(), Vec::new());
        if track == Track::Devtooling
            && let Some(alpha) = simulation.remove("alpha")
        {
            for key in ["alpha_onchain", "alpha_devtooling"] {
                simulation.entry(key).or_insert_with(|| alpha.clone());
            }
        }
        let allocation = self.allocation.clone();
        let mut unknown: Vec<String> = self.others.clone();
        let keys = if track == Track::Devtooling { DEVTOOLING } else { ONCHAIN };
        let simulation = known("simulation", simulation, keys, &mut unknown);
        let allocation = known("allocation", allocation, ALLOCATION, &mut unknown);
        for key in unknown {
            notes.push(format!(
                "the parameter `{}` is not one of the rule's and is left out",
                key.escape_debug()
            ));
        }
        (serde_json::json!({ "simulation": simulation, "allocation": allocation }), notes)
    }
}

/// Refuses what would take memory or stack without end when it is loaded: aliases, which stand for copies of copies,
/// and deep nesting.
fn check_shape(text: &str) -> Result<(), Fault> {
    let mut depth = 0_usize;
    for event in Parser::new_from_str(text) {
        // What is wrong with the syntax is reported when the file is loaded.
        let Ok((event, _)) = event else { return Ok(()) };
        match event {
            Event::Alias(_) => {
                return Err(Fault::Parameters("uses an alias (`*name`), which is not read".to_owned()));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Fault::Parameters(format!("is nested more than {MAX_DEPTH} deep")));
        }
    }
    Ok(())
}

/// An amount of whole units, exactly as written, also with an exponent.
pub(super) fn amount(asset: &Asset, text: &str) -> Result<u128, AssetError> {
    asset.parse(text).or_else(|error| plain(text).map_or(Err(error), |text| asset.parse(&text)))
}

/// A number with an exponent (`1.3e6`) without it.
fn plain(text: &str) -> Option<String> {
    /// The most digits that an amount can have.
    const MAX_DIGITS: usize = 40;
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Where the point stands in the digits.
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let before = usize::try_from(point.max(0)).ok()?;
    let zeros = usize::try_from(point.min(0).checked_neg()?).ok()?;
    if before.max(zeros) > MAX_DIGITS || digits.len() > MAX_DIGITS {
        return None;
    }
    let digits = format!("{}{digits}", "0".repeat(zeros));
    let digits = format!("{digits:0<before$}");
    let (whole, part) = digits.split_at_checked(before)?;
    let part = part.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") })
}

fn known(
    section: &str,
    values: Map<String, Value>,
    keys: Keys,
    unknown: &mut Vec<String>,
) -> Map<String, Value> {
    let mut kept = Map::new();
    for (key, mut value) in values {
        match keys.iter().find(|(name, _)| *name == key) {
            // A key with nothing behind it is as good as none.
            Some(_) if value.is_null() => {}
            Some((_, below)) => {
                if let (Some(below), Value::Object(entries)) = (below, &mut value) {
                    entries.retain(|name, _| {
                        let is_known = below.contains(&name.as_str());
                        if !is_known {
                            unknown.push(format!("{section}.{key}.{name}"));
                        }
                        is_known
                    });
                }
                kept.insert(key, value);
            }
            None => unknown.push(format!("{section}.{key}")),
        }
    }
    kept
}

/// The entries of a mapping; none where nothing is written.
fn entries<'a, 'input>(
    node: Option<&'a Yaml<'input>>,
    what: &str,
) -> Result<Vec<(String, &'a Yaml<'input>)>, Fault> {
    match node {
        None | Some(Yaml::BadValue) => Ok(Vec::new()),
        Some(node) if scalar(node).is_some_and(|text| matches!(text, "" | "~" | "null")) => Ok(Vec::new()),
        Some(Yaml::Mapping(mapping)) => mapping
            .iter()
            .map(|(key, value)| match scalar(key) {
                Some(key) => Ok((key.to_owned(), value)),
                None => Err(Fault::Parameters(format!(
                    "has a key under `{}` that is no text",
                    what.escape_debug()
                ))),
            })
            .collect(),
        Some(_) => Err(Fault::Parameters(format!(
            "has something else than keys and values in `{}`",
            what.escape_debug()
        ))),
    }
}

fn scalar<'a>(node: &'a Yaml<'_>) -> Option<&'a str> {
    match node {
        Yaml::Representation(text, _, _) => Some(text),
        _ => None,
    }
}

fn object(node: &Yaml<'_>, what: &str) -> Result<Map<String, Value>, Fault> {
    object_without("", node, what)
}

/// As [`object`], without an entry that is read as it is written.
fn object_without(left_out: &str, node: &Yaml<'_>, what: &str) -> Result<Map<String, Value>, Fault> {
    let mut object = Map::new();
    for (key, value) in entries(Some(node), what)? {
        if key == left_out && !key.is_empty() {
            continue;
        }
        let path = format!("{what}.{key}");
        let value = json(value, &path)?;
        if object.insert(key, value).is_some() {
            return Err(Fault::Parameters(format!("has the key `{}` twice", path.escape_debug())));
        }
    }
    Ok(object)
}

fn json(node: &Yaml<'_>, path: &str) -> Result<Value, Fault> {
    let wrong = |what| Fault::Parameters(format!("has {what} in `{}`", path.escape_debug()));
    match node {
        Yaml::Representation(text, ScalarStyle::Plain, _) if text.is_empty() => Ok(Value::Null),
        Yaml::Mapping(_) => object(node, path).map(Value::Object),
        Yaml::Sequence(items) => {
            items.iter().map(|item| json(item, path)).collect::<Result<_, _>>().map(Value::Array)
        }
        Yaml::Representation(text, ScalarStyle::Plain, _) if !is_held(text) => {
            Err(wrong("a number that no 64-bit float can hold"))
        }
        Yaml::Representation(text, ScalarStyle::Plain, _) => match Scalar::parse_from_cow(text.clone()) {
            Scalar::Null => Ok(Value::Null),
            Scalar::Boolean(truth) => Ok(Value::Bool(truth)),
            Scalar::Integer(integer) => Ok(Value::from(integer)),
            Scalar::FloatingPoint(number) => serde_json::Number::from_f64(number.into_inner())
                .map(Value::Number)
                .ok_or_else(|| wrong("an infinite number")),
            Scalar::String(text) => Ok(Value::String(text.into_owned())),
        },
        Yaml::Representation(text, _, _) => Ok(Value::String(text.clone().into_owned())),
        _ => Err(wrong("something that is no number, text, list or mapping")),
    }
}
