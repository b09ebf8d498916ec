//! `apportion import`: data in, an epoch out.

use std::path::Path;

use anyhow::{Context, Result};
use apportion::{Charter, Epoch};
use apportion_import::retro_funding::{self, Options};
use apportion_import::{ImportError, tables};

use crate::arguments::{ImportArguments, ImportSource, RetroFundingArguments, TablesArguments, Track};
use crate::engine::Engines;
use crate::git;
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_files};
use crate::progress::Spinner;
use crate::table::{amount, count, grouped};

pub fn import(arguments: &ImportArguments, engines: &Engines) -> Result<()> {
    match &arguments.source {
        ImportSource::Tables(arguments) => from_tables(arguments),
        ImportSource::Git(arguments) => git::import_git(arguments, engines),
        ImportSource::RetroFunding(arguments) => from_retro_funding(arguments, engines),
    }
}

fn from_tables(arguments: &TablesArguments) -> Result<()> {
    let spinner = Spinner::new(format!("reading {}", arguments.description.display()));
    let imported = tables::import(&arguments.description, &mut |progress| {
        let percent = (progress.bytes * 100).checked_div(progress.total_bytes).unwrap_or(100);
        spinner.say(format!(
            "{percent} %: {}, row {}",
            progress.file.escape_debug(),
            grouped(&progress.rows.to_string())
        ));
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
    let options = Options { number: arguments.number, pool: arguments.pool.clone() };
    let place = || format!("`{}`", arguments.month.display());
    let imported =
        retro_funding::import(&arguments.month, track, &options).map_err(refused).with_context(place)?;

    let standard = apportion_standard::find(imported.policy)
        .context("the program lacks a standard policy, which is a bug")?;
    let policy = objects::standard_policy(&engines.make()?, standard)?;
    let parameters = imported.parameters;
    policy.check_parameters(&parameters).map_err(|error| Refused(error.to_string())).with_context(place)?;
    let name = format!("Retro Funding, {track}");
    let charter = Charter::single(&name, &policy, parameters)
        .map_err(|error| Refused(error.to_string()))
        .with_context(place)?;

    let files = [("charter.json", charter.as_bytes()), ("epoch", imported.epoch.as_bytes())];
    write_files(&arguments.output, &files, Existing::from_force(arguments.force))?;
    told(&imported.epoch, &imported.notes, &arguments.output.join("epoch"));
    eprintln!("wrote charter {} to `{}`", charter.digest(), arguments.output.join("charter.json").display());
    Ok(())
}

fn refused(error: ImportError) -> Refused {
    Refused(error.to_string())
}

/// Says what was made and what to know about it.
pub fn told(epoch: &Epoch, notes: &[String], path: &Path) {
    for note in notes {
        eprintln!("note: {note}");
    }
    eprintln!(
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
