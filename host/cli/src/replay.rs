//! `apportion replay`: what another rule would have paid.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result};
use apportion::{
    CandidateSide, Charter, Comparison, Digest, History, Past, Policy, ReplayError, ReplayedEpoch, Settled,
    Store,
};

use crate::arguments::{Format, ReplayArguments};
use crate::engine::Engines;
use crate::ledger;
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_file};
use crate::progress::Bar;
use crate::table;

pub fn replay(arguments: &ReplayArguments, engines: &Engines) -> Result<()> {
    let candidates: Vec<Charter> =
        arguments.charters.iter().map(|path| objects::charter(path)).collect::<Result<_>>()?;
    let engine = engines.make()?;
    let mut policies = objects::policies_of(&engine, &candidates, &arguments.policies)?;
    let shown = Shown::of(arguments);
    let Some(path) = &arguments.ledger else {
        return compared(
            &Folders::new(&arguments.settled)?,
            &candidates,
            &policies,
            &History::default(),
            &shown,
        );
    };
    let ledger = ledger::open(path)?;
    // What the ledger itself holds need not be given.
    for appointment in candidates.iter().flat_map(|charter| &charter.terms().policies) {
        let digest = appointment.policy;
        let given = policies.iter().any(|policy| policy.digest() == digest);
        if let (false, Some(bytes)) = (given, ledger.store().get(&digest)?) {
            policies.push(engine.admit(&bytes).with_context(|| format!("policy `{digest}`"))?);
        }
    }
    let numbers = arguments.epochs.clone().unwrap_or(0..=u64::MAX);
    // A rule that is tried from a later epoch on finds what was really paid before; it has handed nothing over yet.
    let before: Vec<Digest> =
        ledger.settled().filter(|(number, _)| number < numbers.start()).map(|(_, receipt)| receipt).collect();
    let history = History { carry: BTreeMap::new(), previous: None, ..ledger.history(&before, &policies)? };
    let past = ledger.past(numbers);
    if past.count() == 0 {
        return Err(Refused(format!("no epoch of these numbers is settled in `{}`", path.display())).into());
    }
    compared(&past, &candidates, &policies, &history, &shown)
}

/// How a replay is told.
pub struct Shown<'a> {
    pub format: Format,
    pub all: bool,
    pub html: Option<&'a Path>,
    pub existing: Existing,
}

impl<'a> Shown<'a> {
    fn of(arguments: &'a ReplayArguments) -> Shown<'a> {
        Shown {
            format: arguments.format,
            all: arguments.all,
            html: arguments.html.as_deref(),
            existing: Existing::from_force(arguments.force),
        }
    }
}

/// Replays past epochs from anywhere under each candidate, and prints and writes the comparisons.
pub fn compared<P: Past<Error: Into<Error>>>(
    past: &P,
    candidates: &[Charter],
    policies: &[Policy],
    before: &History,
    shown: &Shown<'_>,
) -> Result<()> {
    let bar = Bar::new("replaying");
    let replayed = apportion::replay(past, candidates, policies, before, &|progress| {
        bar.at(progress.done, progress.total);
    });
    bar.done();
    let epochs: Vec<ReplayedEpoch> = replayed.map_err(told)?;
    let comparisons = candidates.iter().enumerate().map(|(index, candidate)| {
        Comparison::new(&epochs, candidate, index).map_err(|error| Refused(error.to_string()))
    });
    let comparisons: Vec<Comparison> = comparisons.collect::<Result<_, Refused>>()?;

    let mut text = Vec::new();
    if shown.format == Format::Csv {
        csv(&comparisons, &mut text)?;
    }
    for comparison in &comparisons {
        match shown.format {
            Format::Table => text.extend_from_slice(table::comparison(comparison, shown.all).as_bytes()),
            Format::Json => {
                text.extend_from_slice(comparison.as_bytes());
                text.push(b'\n');
            }
            Format::Csv => {}
        }
    }
    if shown.format != Format::Table {
        warn(&comparisons);
    }
    if let Some(path) = shown.html {
        for (index, comparison) in comparisons.iter().enumerate() {
            let path = numbered(path, index);
            write_file(&path, apportion_report::page(comparison).as_bytes(), shown.existing)?;
            eprintln!("wrote `{}`", path.display());
        }
    }
    let mut out = std::io::stdout().lock();
    out.write_all(&text)?;
    out.flush()?;
    Ok(())
}

/// Whose fault it was stays in the chain, for the exit code.
fn told<E: Into<Error>>(error: ReplayError<E>) -> Error {
    match error {
        ReplayError::Past { error, .. } => error.into(),
        ReplayError::Candidate { name, error, .. } => {
            Error::from(*error).context(format!("charter `{name}`"))
        }
        ReplayError::Host(error) => error.into(),
    }
}

/// The first candidate's page is where it was asked for, the second's beside it: `page.html`, `page-2.html`.
fn numbered(path: &Path, index: usize) -> PathBuf {
    if index == 0 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{}", index + 1));
    let mut numbered = path.with_file_name(name);
    if let Some(extension) = path.extension() {
        numbered.set_extension(extension);
    }
    numbered
}

/// Epochs without payouts have no rows, so it is said beside them.
fn warn(comparisons: &[Comparison]) {
    for epoch in comparisons.iter().flat_map(|comparison| &comparison.terms().epochs) {
        if let CandidateSide::Fault(fault) = &epoch.candidate {
            eprintln!(
                "note: epoch {} has no payouts under the new rule: {} said {}",
                epoch.number,
                fault.policy,
                fault.fault.to_string().escape_debug()
            );
        }
    }
}

/// A row per candidate, epoch and payee.
fn csv(comparisons: &[Comparison], out: &mut Vec<u8>) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record([
        "candidate",
        "epoch",
        "payee",
        "name",
        "asset",
        "original",
        "replayed",
        "original_base_units",
        "replayed_base_units",
        "difference_base_units",
    ])?;
    for comparison in comparisons {
        let (terms, asset) = (comparison.terms(), comparison.asset());
        for (place, epoch) in terms.epochs.iter().enumerate() {
            for payee in &terms.payees {
                let Ok(found) = payee.epochs.binary_search_by_key(&place, |one| one.epoch) else { continue };
                let Some(one) = payee.epochs.get(found) else { continue };
                writer.write_record([
                    &terms.candidate.to_string(),
                    &epoch.number.to_string(),
                    &payee.payee,
                    &payee.name,
                    asset.symbol(),
                    &asset.format(one.original),
                    &asset.format(one.candidate),
                    &one.original.to_string(),
                    &one.candidate.to_string(),
                    &one.difference.to_string(),
                ])?;
            }
        }
    }
    writer.flush()?;
    Ok(())
}

/// Settled epochs in folders, as `apportion settle -o` writes them, by their numbers.
struct Folders(Vec<PathBuf>);

impl Folders {
    fn new(folders: &[PathBuf]) -> Result<Folders> {
        let mut numbered = Vec::new();
        for folder in folders {
            let receipt = objects::receipt(&folder.join("receipt.json"))?;
            numbered.push((receipt.settlement().number, folder.clone()));
        }
        numbered.sort();
        if let Some(pair) = numbered.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let mut text = String::new();
            let _ = write!(text, "epoch {} is in `{}`", pair[0].0, pair[0].1.display());
            let _ = write!(text, " and in `{}`: give each epoch once", pair[1].1.display());
            return Err(Refused(text).into());
        }
        Ok(Folders(numbered.into_iter().map(|(_, folder)| folder).collect()))
    }
}

impl Past for Folders {
    type Error = Error;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn load(&self, index: usize) -> Result<Settled> {
        let folder = self.0.get(index).context("no such epoch")?;
        let settled = Settled::new(
            objects::epoch_unseen(&folder.join("epoch"))?,
            objects::charter(&folder.join("charter.json"))?,
            objects::receipt(&folder.join("receipt.json"))?,
            objects::payouts(&folder.join("payouts.json"))?,
        );
        settled.map_err(|error| Refused(error.to_string())).with_context(|| format!("`{}`", folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_candidate_has_a_page_of_its_own() {
        assert_eq!(numbered(Path::new("a/page.html"), 0), Path::new("a/page.html"));
        assert_eq!(numbered(Path::new("a/page.html"), 1), Path::new("a/page-2.html"));
        assert_eq!(numbered(Path::new("page"), 2), Path::new("page-3"));
    }
}
