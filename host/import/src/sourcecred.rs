//! A SourceCred instance -> the epoch to pay next, the epochs that were paid, and the rule with its parameters.
//!
//! The instance is the folder that SourceCred works in: `sourcecred.json`, `config/`, `data/ledger.json` and the graphs
//! under `output/graphs/`. The page above says what becomes what.

mod address;
mod epoch;
mod file;
mod float;
mod grain;
mod graph;
mod ledger;
mod weights;

use std::collections::BTreeSet;
use std::path::Path;

use apportion_core::epoch::{Epoch, Header, Window};
use apportion_core::money::{Asset, Pool};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cell::parse_time;
use crate::limits::{Limits, Quota};
use crate::problem::{Fault, ImportError, shortened};
use crate::progress::Progress;

use epoch::{Instance, Selection, seconds, week_start};
use file::Files;
use grain::{Dependency, Grain, RawCurrency, RawDependency, RawGrain};
use graph::Graph;
use ledger::{Distribution, Ledger};
use weights::{Weights, WeightsFile};

/// The kind of the nodes that are identities, which the policy takes for participants.
const IDENTITY: &str = "sourcecred/core/IDENTITY";
/// The node metric that keeps the order of the ledger, from 1.
const ORDER: &str = "order";
/// The node label that holds what was paid.
const RECORDED: &str = "paid";
/// Grain is counted in 1e-18.
const DECIMALS: u32 = 18;
const DEFAULT_ASSET: &str = "GRAIN";
const WEEK_SECONDS: i64 = 7 * 24 * 60 * 60;

/// The numbers of the files; those of the graphs follow.
const PLUGINS: usize = 0;
const LEDGER: usize = 1;
const WEIGHTS: usize = 2;
const DEPENDENCIES: usize = 3;
const GRAIN: usize = 4;
const CURRENCY: usize = 5;
const ATTRIBUTIONS: usize = 6;
/// The number of the first graph.
const FIRST_GRAPH: usize = FILES.len();
const FILES: [&str; 7] = [
    "sourcecred.json",
    "data/ledger.json",
    "config/weights.json",
    "config/dependencies.json",
    "config/grain.json",
    "config/currencyDetails.json",
    "config/personalAttributions.json",
];

/// What a caller may set instead of what the instance says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The number of the epoch to pay next, instead of the one after the past ones.
    pub number: Option<u64>,
    /// The pool in whole units, as in `1000.5`, instead of the budgets of `config/grain.json`.
    pub pool: Option<String>,
    /// Weeks that have ended by then count, a date or a time, instead of all but the last of the graph's.
    pub until: Option<String>,
    /// How much may be read and kept.
    pub limits: Limits,
}

/// What an import of an instance gives.
#[derive(Debug)]
pub struct Imported {
    /// The epoch to pay next: the whole graph, and those who are active now.
    pub epoch: Epoch,
    /// The standard policy that is SourceCred's rule.
    pub policy: &'static str,
    /// The instance's parameters for that policy.
    pub parameters: Value,
    /// What was paid.
    pub past: Past,
    /// What a person should know about how the instance was read, a sentence each.
    pub notes: Vec<String>,
}

/// The distributions of the past, each of which becomes an epoch when it is asked for.
#[derive(Debug)]
pub struct Past {
    instance: Instance,
    distributions: Vec<Distribution>,
    asset: Asset,
    start: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawInstance {
    bundled_plugins: Vec<String>,
}

/// Reads the instance in `folder`. `progress` is called after every file.
///
/// # Errors
///
/// Everything that is wrong with files, entries of the ledger, nodes and edges comes together in
/// [`ImportError::Input`]; what was set by hand, in [`ImportError::Pool`] or [`ImportError::Description`].
///
/// ```no_run
/// use apportion_import::sourcecred::{Options, import};
///
/// let imported = import("our-instance".as_ref(), &Options::default(), &mut |_| {})?;
/// assert_eq!(imported.policy, "credrank");
/// let first = imported.past.epoch(0)?;
/// # Ok::<(), apportion_import::ImportError>(())
/// ```
pub fn import(
    folder: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Imported, ImportError> {
    let quota = Quota::new(&options.limits);
    let plugins = plugins(folder, &quota)?;
    let names = FILES.iter().map(|name| (*name).to_owned());
    let graphs = plugins.iter().map(|plugin| format!("output/graphs/{plugin}/graph"));
    let names: Vec<String> = names.chain(graphs).collect();
    let mut files = Files::new(folder, names.clone(), &quota, progress);
    let mut notes = Vec::new();

    let ledger = Ledger::read(&mut files, LEDGER);
    let overriding = files.optional::<WeightsFile>(WEIGHTS).map(Weights::read);
    let overriding = overriding.and_then(|read| noted(&mut files, WEIGHTS, read));
    let dependencies = files.optional::<Vec<RawDependency>>(DEPENDENCIES).unwrap_or_default();
    let dependencies: Result<Vec<Dependency>, Fault> =
        dependencies.into_iter().map(Dependency::read).collect();
    let dependencies = noted(&mut files, DEPENDENCIES, dependencies).unwrap_or_default();
    let asset = asset(files.optional::<RawCurrency>(CURRENCY), &mut notes)?;
    let grain = files.optional::<RawGrain>(GRAIN).map(|raw| Grain::read(raw, &asset));
    let grain = grain.and_then(|read| noted(&mut files, GRAIN, read)).unwrap_or_default();
    let attributions = files.optional::<Vec<Value>>(ATTRIBUTIONS).unwrap_or_default();
    let (graph, weights) = Graph::read(&mut files, FILES.len()..names.len(), &ledger.identities, overriding);
    for dependency in &dependencies {
        if !ledger.identities.iter().any(|identity| identity.id == dependency.identity) {
            let shown = shortened(&dependency.identity);
            let fault = Fault::Parameters(format!("there is no identity `{}`", shown.escape_debug()));
            files.problems.add_file(DEPENDENCIES, fault);
        }
    }
    files.problems.none()?;

    note_left_out(&ledger, &graph, attributions.len(), folder, &mut notes);
    let Ledger { identities, distributions, .. } = ledger;
    let limits = options.limits.clone();
    let instance = Instance { graph, weights, identities, dependencies, files: names, limits };
    let (epoch, start) = next(&instance, &distributions, &asset, &grain, options)?;
    let parameters = parameters(grain.allocations);
    let past = Past { instance, distributions, asset, start };
    Ok(Imported { epoch, policy: "credrank", parameters, past, notes })
}

impl Past {
    /// How many distributions paid someone.
    pub fn count(&self) -> usize {
        self.distributions.len()
    }

    /// The epoch of the distribution at `index`, oldest first, numbered from 1: the graph up to the moment when it was
    /// made, as far as it is known now, with what everyone was paid in the label `paid`.
    ///
    /// # Errors
    ///
    /// There is no such distribution, or rows that no epoch can have.
    pub fn epoch(&self, index: usize) -> Result<Epoch, ImportError> {
        let Some(distribution) = self.distributions.get(index) else {
            return Err(ImportError::Description {
                file: "data/ledger.json".to_owned(),
                problem: format!("has {} distributions that paid someone", self.distributions.len()),
            });
        };
        let end = seconds(distribution.cred_until);
        let start = self.start.min(end - WEEK_SECONDS);
        let amount = distribution.paid.values().sum();
        let mut payees: BTreeSet<usize> = self.instance.active_at(index).collect();
        payees.extend(distribution.paid.keys());
        let payees: Vec<usize> = payees.into_iter().collect();
        self.instance.epoch(&Selection {
            header: Header {
                number: number_after(index),
                window: Window { start, end },
                pool: Pool { asset: self.asset.clone(), amount },
            },
            until: Some(distribution.made),
            payees: &payees,
            paid: Some(&distribution.paid),
        })
    }

    /// The policy's parameters that pay each past epoch what was paid.
    pub fn parameters(&self) -> Value {
        parameters(vec![json!({"policy": "recorded", "label": RECORDED})])
    }
}

fn number_after(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX).saturating_add(1)
}

fn parameters(allocations: Vec<Value>) -> Value {
    let mut parameters = json!({"participant_kinds": [IDENTITY], "order": ORDER});
    if !allocations.is_empty() {
        parameters["allocations"] = Value::from(allocations);
    }
    parameters
}

/// The epoch to pay next, and where windows start.
fn next(
    instance: &Instance,
    distributions: &[Distribution],
    asset: &Asset,
    grain: &Grain,
    options: &Options,
) -> Result<(Epoch, i64), ImportError> {
    let wrong = |file: usize, problem: String| ImportError::Description {
        file: instance.files.get(file).cloned().unwrap_or_default(),
        problem,
    };
    let Some((first, last)) = instance.times() else {
        return Err(wrong(PLUGINS, "names no plugin whose graph has anything in it".to_owned()));
    };
    let start = seconds(week_start(first));
    let until = options.until.as_deref().map(parse_time).transpose();
    let until = until.map_err(|fault| ImportError::Description {
        file: "--until".to_owned(),
        problem: fault.to_string(),
    })?;
    // The last week of the graph may still be going on when the graph is made.
    let complete = seconds(week_start(last)).max(start + WEEK_SECONDS);
    let paid_until = distributions.iter().map(|distribution| seconds(distribution.cred_until)).max();
    let end = until.unwrap_or_else(|| paid_until.map_or(complete, |paid_until| complete.max(paid_until)));
    let amount = match &options.pool {
        Some(text) => asset.parse(text)?,
        None if grain.allocations.is_empty() => {
            return Err(wrong(GRAIN, "has no budget to divide, and no pool was given".to_owned()));
        }
        None => grain.budget,
    };
    let payees: Vec<usize> = instance.active_at(distributions.len()).collect();
    if payees.is_empty() {
        return Err(wrong(LEDGER, "has no active identity: there is nobody to pay".to_owned()));
    }
    let epoch = instance.epoch(&Selection {
        header: Header {
            number: options.number.unwrap_or_else(|| number_after(distributions.len())),
            window: Window { start, end },
            pool: Pool { asset: asset.clone(), amount },
        },
        until: None,
        payees: &payees,
        paid: None,
    })?;
    Ok((epoch, start))
}

/// The plugins that the instance names, each `owner/name`.
fn plugins(folder: &Path, quota: &Quota) -> Result<Vec<String>, ImportError> {
    let mut silent = |_: Progress<'_>| {};
    let mut files =
        Files::new(folder, FILES.iter().map(|name| (*name).to_owned()).collect(), quota, &mut silent);
    let read = files.needed::<RawInstance>(PLUGINS);
    let mut known = BTreeSet::new();
    let plugins = read.map(|instance| instance.bundled_plugins).unwrap_or_default();
    for plugin in &plugins {
        let word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if !plugin.split_once('/').is_some_and(|(owner, name)| word(owner) && word(name)) {
            let fault = Fault::Word {
                text: shortened(plugin),
                expected: "a plugin's name, as in `sourcecred/github`",
            };
            files.problems.add_column(PLUGINS, "bundledPlugins", fault);
        } else if !known.insert(plugin) {
            files.problems.add_column(PLUGINS, "bundledPlugins", Fault::Twice(shortened(plugin)));
        }
    }
    files.problems.none()?;
    Ok(plugins)
}

fn noted<T>(files: &mut Files<'_>, file: usize, read: Result<T, Fault>) -> Option<T> {
    read.map_err(|fault| files.problems.add_file(file, fault)).ok()
}

/// What is paid: the currency's name where it can be an asset's symbol.
fn asset(currency: Option<RawCurrency>, notes: &mut Vec<String>) -> Result<Asset, ImportError> {
    let Some(name) = currency.and_then(|currency| currency.currency_name) else {
        return Ok(Asset::new(DEFAULT_ASSET, DECIMALS)?);
    };
    Ok(Asset::new(&name, DECIMALS).or_else(|_| {
        let shown = shortened(&name);
        notes.push(format!(
            "`{}` cannot be an asset's symbol, so it is {DEFAULT_ASSET}",
            shown.escape_debug()
        ));
        Asset::new(DEFAULT_ASSET, DECIMALS)
    })?)
}

/// Names what is in no epoch.
fn note_left_out(
    ledger: &Ledger,
    graph: &Graph,
    attributions: usize,
    folder: &Path,
    notes: &mut Vec<String>,
) {
    if graph.dangling > 0 {
        notes.push(format!("{} edges to or from nodes that no graph has were left out", graph.dangling));
    }
    if ledger.empty_distributions > 0 {
        notes.push(format!("{} distributions that paid nothing were left out", ledger.empty_distributions));
    }
    for (kind, count) in &ledger.left_out {
        notes.push(format!("{count} entries `{}` of the ledger were left out", kind.escape_debug()));
    }
    if attributions > 0 {
        notes.push(format!(
            "{attributions} personal attributions were left out: cred that goes from one participant to another by \
             `config/personalAttributions.json` stays where it was earned"
        ));
    }
    if folder.join("config/params.json").exists() {
        notes.push(
            "`config/params.json` was not read: the chain's parameters are SourceCred's defaults".to_owned(),
        );
    }
}
