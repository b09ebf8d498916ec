//! A case: a folder with an epoch, parameters and what the policy must give for them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use apportion::charter::{CharterTerms, OnFault};
use apportion::settle::SettleError;
use apportion::{Charter, Epoch, History, Limits, Policy};
use apportion_import::tables;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::expected::Expected;
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_file};

const EXPECTED: &str = "expected.json";
/// Far beyond what anyone writes down: a million payees.
const MAX_EXPECTED: u64 = 256 << 20;

pub struct Case {
    pub folder: PathBuf,
    pub name: String,
    pub epoch: Epoch,
    parameters: Value,
    /// None: not written down yet.
    pub expected: Option<Expected>,
}

/// How a policy dealt with a case, what it said to its author, and which functions it was in if it broke off.
pub struct Outcome {
    pub got: Result<Expected, Broken>,
    pub log: String,
    pub calls: Vec<String>,
}

/// Why there is neither an allocation nor a refusal.
pub enum Broken {
    Fault(apportion::fault::Fault),
    Parameters(String),
}

impl Case {
    /// The cases of a project, by name.
    pub fn all(project: &Path) -> Result<Vec<Case>> {
        let folder = project.join("cases");
        let none = || {
            let shown = folder.display();
            Refused(format!(
                "there is no case in `{shown}`: a case is a folder there with `epoch.toml` and its tables, or `epoch`; \
                 `parameters.json`; and `{EXPECTED}`, which --bless writes"
            ))
        };
        if !folder.is_dir() {
            bail!(none());
        }
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
        let mut folders: Vec<PathBuf> = Vec::new();
        for entry in entries {
            let path = entry.with_context(|| format!("cannot read `{}`", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            }
        }
        folders.sort();
        if folders.is_empty() {
            bail!(none());
        }
        folders.iter().map(|folder| Case::read(folder)).collect()
    }

    fn read(folder: &Path) -> Result<Case> {
        let parameters = folder.join("parameters.json");
        let parameters = if parameters.exists() {
            objects::parameters(Some(&parameters))?
        } else {
            Value::Object(Default::default())
        };
        let expected = folder.join(EXPECTED);
        let expected = if expected.exists() { Some(json(&expected, MAX_EXPECTED)?) } else { None };
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Case { folder: folder.to_owned(), name, epoch: epoch(folder)?, parameters, expected })
    }

    /// Settles the case's epoch by the policy alone, in the sandbox that settles money.
    pub fn run(&self, policy: &Policy, limits: Limits) -> Result<Outcome> {
        let broken = |broken| Ok(Outcome { got: Err(broken), log: String::new(), calls: Vec::new() });
        let charter = match Charter::single("A policy's test", policy, self.parameters.clone()) {
            Ok(charter) => charter,
            Err(error) => return broken(Broken::Parameters(error.to_string())),
        };
        let terms = CharterTerms { limits, on_fault: OnFault::Stop, ..charter.terms().clone() };
        let charter = Charter::new(terms).map_err(|error| Refused(error.to_string()))?;
        match apportion::settle(&self.epoch, &charter, std::slice::from_ref(policy), &History::default()) {
            Ok(settlement) => {
                let log = settlement.logs.concat();
                Ok(Outcome { got: Ok(Expected::of(&self.epoch, &settlement)), log, calls: Vec::new() })
            }
            Err(SettleError::Fault { fault, log, calls, .. }) => {
                let got = Expected::of_fault(&fault).ok_or(Broken::Fault(fault));
                Ok(Outcome { got, log, calls })
            }
            Err(SettleError::Parameters(error)) => broken(Broken::Parameters(error.to_string())),
            Err(other) => Err(other.into()),
        }
    }

    /// Writes down what came out as what is expected from now on.
    pub fn bless(&self, got: &Expected) -> Result<()> {
        write_file(&self.folder.join(EXPECTED), got.to_json()?.as_bytes(), Existing::Replace)
    }
}

/// Tables that people write, or the bytes that the program writes.
fn epoch(folder: &Path) -> Result<Epoch> {
    let (description, object) = (folder.join("epoch.toml"), folder.join("epoch"));
    match (description.exists(), object.exists()) {
        (true, false) => {
            let imported = tables::import(&description, &tables::Options::default(), &mut |_| {})
                .map_err(|error| Refused(error.to_string()))
                .with_context(|| format!("`{}`", description.display()))?;
            Ok(imported.epoch)
        }
        (false, true) => objects::epoch_unseen(&object),
        (found, _) => bail!(Refused(format!(
            "`{}` has {} `epoch.toml` {} `epoch`: a case has one of them",
            folder.display(),
            if found { "both" } else { "neither" },
            if found { "and" } else { "nor" },
        ))),
    }
}

fn json<T: DeserializeOwned>(path: &Path, most: u64) -> Result<T> {
    serde_json::from_slice(&objects::bytes(path, most)?)
        .map_err(|error| Refused(format!("not what it should be: {error}")))
        .with_context(|| format!("`{}`", path.display()))
}
