//! The facets that say something of the lineage, of its owners or of its size.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::shortened;

use super::super::json::{Json, Object, get, need, need_id};
use super::{dataset_id, job_id, run_id};

/// What a facet is of.
#[derive(Clone, Copy)]
pub(super) enum Holder {
    Run,
    Job,
    Dataset,
    Input,
    Output,
}

/// What a facet says, in an order of its own so that of two the same one is taken whichever is read first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Facet {
    /// Owners, and in what way.
    Ownership(BTreeSet<(String, Option<String>)>),
    /// Other ids of a dataset.
    Symlinks(BTreeSet<String>),
    Version(String),
    /// Datasets, and by how many pairs of their columns and ours they were relied on.
    Columns(BTreeMap<String, u64>),
    /// What was done to a dataset, and its id before.
    Change {
        change: String,
        before: Option<String>,
    },
    /// Numbers of rows, bytes and files.
    Statistics(BTreeMap<&'static str, i128>),
    /// Words on a node.
    Words(BTreeMap<&'static str, String>),
    /// The run that began this one, and its job.
    Parent {
        run: String,
        job: String,
    },
    /// Pairs of runs and jobs of which the first came after the second; `None` is the run that has the facet.
    Dependencies(BTreeSet<(Option<(String, String)>, Option<(String, String)>)>),
}

impl Holder {
    pub(super) fn words(self) -> &'static str {
        match self {
            Holder::Run => "run facet",
            Holder::Job => "job facet",
            Holder::Dataset => "dataset facet",
            Holder::Input => "input facet",
            Holder::Output => "output facet",
        }
    }

    /// The name of a facet that is read.
    pub(super) fn known(self, name: &str) -> Option<&'static str> {
        let known: &[&'static str] = match self {
            Holder::Run => &["parent", "jobDependencies"],
            Holder::Job => &["ownership", "jobType"],
            Holder::Dataset => {
                &["ownership", "symlinks", "version", "columnLineage", "lifecycleStateChange", "datasetType"]
            }
            Holder::Input => &["inputStatistics"],
            Holder::Output => &["outputStatistics"],
        };
        known.iter().copied().find(|known| *known == name)
    }
}

impl Facet {
    /// The facet `name`, one of those that [`Holder::known`] gives; `None` if it deletes what was said before.
    pub(super) fn read(
        name: &'static str,
        facet: &Object,
        left_out: &mut Vec<String>,
    ) -> Result<Option<Facet>, String> {
        if facet.get("_deleted") == Some(&Json::Boolean(true)) {
            return Ok(None);
        }
        let (read, keys): (_, &[&str]) = match name {
            "ownership" => (ownership(facet)?, &["owners"]),
            "symlinks" => (symlinks(facet)?, &["identifiers"]),
            "version" => (Facet::Version(need_id(facet, "datasetVersion")?.to_owned()), &["datasetVersion"]),
            "columnLineage" => (columns(facet)?, &["fields", "dataset"]),
            "lifecycleStateChange" => (change(facet)?, &["lifecycleStateChange", "previousIdentifier"]),
            "inputStatistics" | "outputStatistics" => (statistics(facet)?, &STATISTICS),
            "parent" => (parent(facet)?, &["run", "job", "root"]),
            "jobDependencies" => (dependencies(facet, left_out)?, &["upstream", "downstream"]),
            "jobType" => (words(facet, &JOB_TYPE)?, &JOB_TYPE),
            _ => (words(facet, &DATASET_TYPE)?, &DATASET_TYPE),
        };
        let is_known =
            |key: &str| keys.contains(&key) || ["_producer", "_schemaURL", "_deleted"].contains(&key);
        for key in facet.keys().filter(|key| !is_known(key)) {
            let key = shortened(key);
            left_out.push(format!("the key `{}` of the facet `{name}`", key.escape_debug()));
        }
        if name == "parent" && facet.contains_key("root") {
            left_out.push("the key `root` of the facet `parent`, since parents lead to it".to_owned());
        }
        Ok(Some(read))
    }
}

const STATISTICS: [&str; 3] = ["rowCount", "size", "fileCount"];
const JOB_TYPE: [&str; 3] = ["processingType", "integration", "jobType"];
const DATASET_TYPE: [&str; 2] = ["datasetType", "subType"];

fn ownership(facet: &Object) -> Result<Facet, String> {
    let owners = objects_of(facet, "owners")?.into_iter().map(|owner| {
        let way = get(owner, "type", Json::text)?.filter(|way| !way.is_empty());
        Ok((format!("agent:{}", need_id(owner, "name")?), way.map(str::to_owned)))
    });
    Ok(Facet::Ownership(owners.collect::<Result<_, String>>()?))
}

fn symlinks(facet: &Object) -> Result<Facet, String> {
    let names = objects_of(facet, "identifiers")?.into_iter().map(dataset_id);
    Ok(Facet::Symlinks(names.collect::<Result<_, String>>()?))
}

fn columns(facet: &Object) -> Result<Facet, String> {
    let mut pairs = BTreeSet::new();
    for (column, field) in get(facet, "fields", Json::object)?.into_iter().flatten() {
        let inputs = field.object().and_then(|field| objects_of(field, "inputFields"));
        for input in inputs.map_err(|wrong| format!("`fields`: {wrong}"))? {
            pairs.insert((dataset_id(input)?, need_id(input, "field")?, column.as_str()));
        }
    }
    // What the whole dataset depends on: a filter, an order.
    for input in objects_of(facet, "dataset")? {
        pairs.insert((dataset_id(input)?, need_id(input, "field")?, ""));
    }
    let mut datasets = BTreeMap::new();
    for (dataset, ..) in pairs {
        *datasets.entry(dataset).or_insert(0) += 1;
    }
    Ok(Facet::Columns(datasets))
}

fn change(facet: &Object) -> Result<Facet, String> {
    let change = need_id(facet, "lifecycleStateChange")?.to_owned();
    let before = get(facet, "previousIdentifier", |before| before.object().and_then(dataset_id))?;
    Ok(Facet::Change { change, before })
}

fn statistics(facet: &Object) -> Result<Facet, String> {
    let mut numbers = BTreeMap::new();
    for key in STATISTICS {
        numbers.extend(get(facet, key, Json::integer)?.map(|number| (key, number)));
    }
    Ok(Facet::Statistics(numbers))
}

fn words(facet: &Object, keys: &[&'static str]) -> Result<Facet, String> {
    let mut words = BTreeMap::new();
    for key in keys {
        let word = get(facet, key, Json::text)?.filter(|word| !word.is_empty());
        words.extend(word.map(|word| (*key, word.to_owned())));
    }
    Ok(Facet::Words(words))
}

fn parent(facet: &Object) -> Result<Facet, String> {
    let run = need(facet, "run", |run| run.object().and_then(run_id))?;
    let job = need(facet, "job", |job| job.object().and_then(job_id))?;
    Ok(Facet::Parent { run, job })
}

fn dependencies(facet: &Object, left_out: &mut Vec<String>) -> Result<Facet, String> {
    let mut pairs = BTreeSet::new();
    for key in ["upstream", "downstream"] {
        for dependency in objects_of(facet, key)? {
            let job = need(dependency, "job", |job| job.object().and_then(job_id))?;
            match get(dependency, "run", |run| run.object().and_then(run_id))? {
                Some(run) if key == "upstream" => pairs.insert((None, Some((run, job)))),
                Some(run) => pairs.insert((Some((run, job)), None)),
                None => {
                    left_out
                        .push(format!("a job without its run under `{key}` of the facet `jobDependencies`"));
                    continue;
                }
            };
        }
    }
    Ok(Facet::Dependencies(pairs))
}

/// The objects that a key lists, of which there may be none.
fn objects_of<'a>(object: &'a Object, key: &str) -> Result<Vec<&'a Object>, String> {
    let list = get(object, key, Json::list)?.unwrap_or_default();
    list.iter().map(|item| item.object().map_err(|wrong| format!("in `{key}`, one {wrong}"))).collect()
}
