//! The facets that say something of the lineage, of its owners or of its size.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::shortened;

use super::super::json::{Json, Object, get, need, need_id};
use super::ids::{dataset_id, job_id, run_id};

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
    /// The run that began this one.
    Parent(OtherRun),
    /// Runs that were to end before this one began, and to begin after it ended.
    Dependencies {
        earlier: BTreeSet<OtherRun>,
        later: BTreeSet<OtherRun>,
    },
}

/// A run that the facet of another names, with its job.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OtherRun {
    pub(super) id: String,
    pub(super) job: String,
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
        let mut reading = Reading { name, left_out };
        let read = match name {
            "ownership" => reading.ownership(facet),
            "symlinks" => reading.symlinks(facet),
            "version" => reading.version(facet),
            "columnLineage" => reading.columns(facet),
            "lifecycleStateChange" => reading.change(facet),
            "inputStatistics" | "outputStatistics" => reading.statistics(facet),
            "parent" => reading.parent(facet),
            "jobDependencies" => reading.dependencies(facet),
            "jobType" => reading.words(facet, &["processingType", "integration", "jobType"]),
            _ => reading.words(facet, &["datasetType", "subType"]),
        };
        read.map(Some)
    }
}

/// A facet on its way from JSON: its name, and what of it is not understood.
struct Reading<'a> {
    name: &'static str,
    left_out: &'a mut Vec<String>,
}

impl Reading<'_> {
    fn ownership(&mut self, facet: &Object) -> Result<Facet, String> {
        self.only(facet, &["owners"]);
        let mut owners = BTreeSet::new();
        for owner in objects_of(facet, "owners")? {
            self.only(owner, &["name", "type"]);
            let way = get(owner, "type", Json::text)?.filter(|way| !way.is_empty());
            owners.insert((format!("agent:{}", need_id(owner, "name")?), way.map(str::to_owned)));
        }
        Ok(Facet::Ownership(owners))
    }

    fn symlinks(&mut self, facet: &Object) -> Result<Facet, String> {
        self.only(facet, &["identifiers"]);
        let mut names = BTreeSet::new();
        for name in objects_of(facet, "identifiers")? {
            self.only(name, &["namespace", "name", "type"]);
            names.insert(dataset_id(name)?);
        }
        Ok(Facet::Symlinks(names))
    }

    fn version(&mut self, facet: &Object) -> Result<Facet, String> {
        self.only(facet, &["datasetVersion"]);
        Ok(Facet::Version(need_id(facet, "datasetVersion")?.to_owned()))
    }

    fn columns(&mut self, facet: &Object) -> Result<Facet, String> {
        self.only(facet, &["fields", "dataset"]);
        let mut pairs = BTreeSet::new();
        let mut add = |reading: &mut Self, input: &Object, column: &str| -> Result<(), String> {
            reading.only(input, &["namespace", "name", "field"]);
            pairs.insert((dataset_id(input)?, need_id(input, "field")?.to_owned(), column.to_owned()));
            Ok(())
        };
        for (column, field) in get(facet, "fields", Json::object)?.into_iter().flatten() {
            let field = field.object().map_err(|wrong| format!("in `fields`, one {wrong}"))?;
            self.only(field, &["inputFields"]);
            for input in objects_of(field, "inputFields")? {
                add(self, input, column)?;
            }
        }
        // What the whole dataset depends on: a filter, an order.
        for input in objects_of(facet, "dataset")? {
            add(self, input, "")?;
        }
        let mut datasets = BTreeMap::new();
        for (dataset, ..) in pairs {
            *datasets.entry(dataset).or_insert(0) += 1;
        }
        Ok(Facet::Columns(datasets))
    }

    fn change(&mut self, facet: &Object) -> Result<Facet, String> {
        self.only(facet, &["lifecycleStateChange", "previousIdentifier"]);
        let change = need_id(facet, "lifecycleStateChange")?.to_owned();
        let before = get(facet, "previousIdentifier", |before| before.object().and_then(dataset_id))?;
        Ok(Facet::Change { change, before })
    }

    fn statistics(&mut self, facet: &Object) -> Result<Facet, String> {
        let keys = ["rowCount", "size", "fileCount"];
        self.only(facet, &keys);
        let mut numbers = BTreeMap::new();
        for key in keys {
            numbers.extend(get(facet, key, Json::integer)?.map(|number| (key, number)));
        }
        Ok(Facet::Statistics(numbers))
    }

    fn words(&mut self, facet: &Object, keys: &[&'static str]) -> Result<Facet, String> {
        self.only(facet, keys);
        let mut words = BTreeMap::new();
        for key in keys {
            let word = get(facet, key, Json::text)?.filter(|word| !word.is_empty());
            words.extend(word.map(|word| (*key, word.to_owned())));
        }
        Ok(Facet::Words(words))
    }

    /// Its `root` is named as not read: parents lead to it.
    fn parent(&mut self, facet: &Object) -> Result<Facet, String> {
        self.only(facet, &["run", "job"]);
        self.other_run(facet)?.map(Facet::Parent).ok_or_else(|| "`run` is missing".to_owned())
    }

    fn dependencies(&mut self, facet: &Object) -> Result<Facet, String> {
        self.only(facet, &["upstream", "downstream"]);
        let mut runs = |key: &str| -> Result<BTreeSet<OtherRun>, String> {
            let mut runs = BTreeSet::new();
            for dependency in objects_of(facet, key)? {
                self.only(dependency, &["run", "job"]);
                match self.other_run(dependency)? {
                    Some(run) => {
                        runs.insert(run);
                    }
                    None => {
                        let what =
                            format!("a job without its run under `{key}` of the facet `{}`", self.name);
                        self.left_out.push(what);
                    }
                }
            }
            Ok(runs)
        };
        Ok(Facet::Dependencies { earlier: runs("upstream")?, later: runs("downstream")? })
    }

    /// The `run` and the `job` of an object; `None` if it has no run.
    fn other_run(&mut self, object: &Object) -> Result<Option<OtherRun>, String> {
        let job = need(object, "job", Json::object)?;
        self.only(job, &["namespace", "name"]);
        let job = job_id(job).map_err(|wrong| format!("`job`: {wrong}"))?;
        let Some(run) = get(object, "run", Json::object)? else { return Ok(None) };
        self.only(run, &["runId"]);
        let id = run_id(run).map_err(|wrong| format!("`run`: {wrong}"))?;
        Ok(Some(OtherRun { id, job }))
    }

    /// Names the keys of an object that are not read.
    fn only(&mut self, object: &Object, known: &[&str]) {
        let is_known = |key: &str| known.contains(&key) || BASE.contains(&key);
        for key in object.keys().filter(|key| !is_known(key)) {
            let key = shortened(key);
            self.left_out.push(format!("the key `{}` of the facet `{}`", key.escape_debug(), self.name));
        }
    }
}

/// Who wrote a facet and by which schema says nothing of the lineage.
const BASE: [&str; 3] = ["_producer", "_schemaURL", "_deleted"];

/// The objects that a key lists, of which there may be none.
fn objects_of<'a>(object: &'a Object, key: &str) -> Result<Vec<&'a Object>, String> {
    let list = get(object, key, Json::list)?.unwrap_or_default();
    list.iter().map(|item| item.object().map_err(|wrong| format!("in `{key}`, one {wrong}"))).collect()
}
