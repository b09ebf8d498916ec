//! `apportion import`: data in, an epoch out.

use std::path::Path;

use anyhow::{Context, Result};
use apportion::settle::SettleError;
use apportion::{Charter, Epoch, Policy};
use apportion_import::retro_funding::{self, Options};
use apportion_import::{ImportError, sourcecred, tables};

use crate::arguments::{
    ImportArguments, ImportSource, RetroFundingArguments, SourcecredArguments, TablesArguments, Track,
};
use crate::engine::Engines;
use crate::git;
use crate::names;
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_files};
use crate::print::{note, status};
use crate::progress::{Bar, Spinner};
use crate::table::{amount, count, grouped};

pub fn import(arguments: &ImportArguments, engines: &Engines) -> Result<()> {
    match &arguments.source {
        ImportSource::Tables(arguments) => from_tables(arguments),
        ImportSource::Git(arguments) => git::import_git(arguments, engines),
        ImportSource::RetroFunding(arguments) => from_retro_funding(arguments, engines),
        ImportSource::Sourcecred(arguments) => from_sourcecred(arguments, engines),
    }
}

fn from_tables(arguments: &TablesArguments) -> Result<()> {
    let spinner = Spinner::new(format!("reading {}", arguments.description.display()));
    let options = tables::Options { limits: arguments.limits.limits() };
    let imported = tables::import(&arguments.description, &options, &mut |progress| {
        let percent = (progress.bytes * 100).checked_div(progress.total_bytes).unwrap_or(100);
        let file = progress.file.escape_debug();
        spinner.say(match progress.rows {
            0 => format!("{percent} %: {file}"),
            rows => format!("{percent} %: {file}, row {}", grouped(&rows.to_string())),
        });
    });
    spinner.done();
    let imported =
        imported.map_err(refused).with_context(|| format!("`{}`", arguments.description.display()))?;
    arguments.output.write(imported.epoch.as_bytes())?;
    told(&imported.epoch, &imported.notes, &arguments.output.output);
    Ok(())
}

fn from_retro_funding(arguments: &RetroFundingArguments, engines: &Engines) -> Result<()> {
    let track = match arguments.track {
        Track::Devtooling => retro_funding::Track::Devtooling,
        Track::Onchain => retro_funding::Track::Onchain,
    };
    let options =
        Options { number: arguments.number, pool: arguments.pool.clone(), limits: arguments.limits.limits() };
    let place = || format!("`{}`", arguments.month.display());
    let imported =
        retro_funding::import(&arguments.month, track, &options).map_err(refused).with_context(place)?;

    let name = format!("Retro Funding, {track}");
    let policy = standard(imported.policy, engines)?;
    let charter = charter(&name, &policy, imported.parameters).with_context(place)?;

    let files = [("charter.json", charter.as_bytes()), ("epoch", imported.epoch.as_bytes())];
    write_files(&arguments.output, &files, Existing::from_force(arguments.force))?;
    told(&imported.epoch, &imported.notes, &arguments.output.join("epoch"));
    told_of(&charter, &arguments.output.join("charter.json"));
    Ok(())
}

fn from_sourcecred(arguments: &SourcecredArguments, engines: &Engines) -> Result<()> {
    let options = sourcecred::Options {
        number: arguments.number,
        pool: arguments.pool.clone(),
        until: arguments.until.clone(),
        limits: arguments.limits.limits(),
    };
    let place = || format!("`{}`", arguments.instance.display());
    let spinner = Spinner::new(format!("reading {}", arguments.instance.display()));
    let imported = sourcecred::import(&arguments.instance, &options, &mut |progress| {
        let percent = (progress.bytes * 100).checked_div(progress.total_bytes).unwrap_or(100);
        spinner.say(format!("{percent} %: {}", progress.file.escape_debug()));
    });
    spinner.done();
    let imported = imported.map_err(refused).with_context(place)?;
    let policy = standard(imported.policy, engines)?;
    let next = charter("SourceCred", &policy, imported.parameters.clone()).with_context(place)?;
    let recorded =
        charter("SourceCred, as it was paid", &policy, imported.past.parameters()).with_context(place)?;

    let (folder, existing) = (&arguments.output, Existing::from_force(arguments.force));
    let past = if arguments.no_past { 0 } else { imported.past.count() };
    if past > 0 {
        let bar = Bar::new("writing past epochs");
        for index in 0..past {
            bar.at(index, past);
            let epoch = imported.past.epoch(index).map_err(refused).with_context(place)?;
            write_files(folder, &[(&format!("past-{:04}.epoch", index + 1), epoch.as_bytes())], existing)?;
        }
        bar.done();
        write_files(folder, &[("recorded.json", recorded.as_bytes())], existing)?;
    }
    let files = [("charter.json", next.as_bytes()), ("epoch", imported.epoch.as_bytes())];
    write_files(folder, &files, existing)?;
    told(&imported.epoch, &imported.notes, &folder.join("epoch"));
    told_of(&next, &folder.join("charter.json"));
    if past > 0 {
        status!("wrote {} as `past-*.epoch`", count(past, "past epoch"));
        told_of(&recorded, &folder.join("recorded.json"));
    }
    Ok(())
}

/// A policy that the program carries with it.
pub fn standard(name: &str, engines: &Engines) -> Result<Policy> {
    let standard =
        apportion_standard::find(name).context("the program lacks a standard policy, which is a bug")?;
    objects::standard_policy(&engines.make()?, standard)
}

/// A charter of one policy, whose parameters are as it wants them.
pub fn charter(name: &str, policy: &Policy, parameters: serde_json::Value) -> Result<Charter> {
    policy.check_parameters(&parameters).map_err(SettleError::from)?;
    Ok(Charter::single(name, policy, parameters).map_err(|error| Refused(error.to_string()))?)
}

fn told_of(charter: &Charter, path: &Path) {
    status!("wrote charter {} to `{}`", charter.digest(), path.display());
}

pub fn refused(error: ImportError) -> Refused {
    Refused(error.to_string())
}

/// Says what was made and what to know about it.
pub fn told(epoch: &Epoch, notes: &[String], path: &Path) {
    for note in notes {
        note!("{note}");
    }
    names::warn(epoch);
    status!(
        "wrote epoch {} ({}) to `{}`: {}, {}, {}, {} to divide",
        epoch.number(),
        epoch.digest(),
        path.display(),
        count(epoch.payees().len(), "payee"),
        count(epoch.node_count(), "node"),
        count(epoch.edge_count(), "edge"),
        amount(&epoch.pool().asset, epoch.pool().amount)
    );
}
