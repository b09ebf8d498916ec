//! `apportion audit`: a rule put to the test.

use std::io::Write;

use anyhow::{Context, Error, Result};
use apportion::{Audit, AuditError, AuditStep, Card, Epoch, Example};
use serde_json::Value;

use crate::arguments::{AuditArguments, AuditFormat};
use crate::card;
use crate::engine::Engines;
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_file, write_files};
use crate::progress::Bar;

pub fn audit(arguments: &AuditArguments, engines: &Engines) -> Result<()> {
    let epochs: Vec<Epoch> =
        arguments.epochs.iter().map(|path| objects::epoch(path)).collect::<Result<_>>()?;
    let parameters = objects::parameters(arguments.parameters.as_deref())?;
    let policy = objects::policy(&engines.make()?, &arguments.policy)?;
    let card = made(&Audit {
        policy: &policy,
        parameters: &parameters,
        epochs: &epochs,
        trials: arguments.trials,
        seed: arguments.seed,
    })?;
    let existing = Existing::from_force(arguments.force);
    if let Some(path) = &arguments.output {
        write_file(path, card.as_bytes(), existing)?;
        eprintln!("wrote card {} to `{}`", card.digest(), path.display());
    }
    if let Some(folder) = &arguments.examples {
        for finding in &card.terms().findings {
            let Some(example) = &finding.example else { continue };
            let folder = folder.join(finding.property.as_str());
            let files = files(example, &parameters)?;
            let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
            write_files(&folder, &files, existing)?;
        }
        eprintln!("wrote the examples' epochs and parameters to `{}`", folder.display());
    }
    let mut out = std::io::stdout().lock();
    match arguments.format {
        AuditFormat::Table => out.write_all(card::told(&card).as_bytes())?,
        AuditFormat::Json => {
            out.write_all(card.as_bytes())?;
            out.write_all(b"\n")?;
        }
    }
    out.flush().context("cannot print the card")
}

/// Audits, with a bar for each of the two steps.
fn made(terms: &Audit<'_>) -> Result<Card> {
    let mut bar: Option<(AuditStep, Bar)> = None;
    let card = apportion::audit(terms, |progress| {
        if bar.as_ref().is_none_or(|(step, _)| *step != progress.step) {
            bar.take().into_iter().for_each(|(_, bar)| bar.done());
            let what = match progress.step {
                AuditStep::Trying => "trying",
                AuditStep::Shrinking => "making examples small",
            };
            bar = Some((progress.step, Bar::new(what)));
        }
        bar.iter().for_each(|(_, bar)| bar.at(progress.done, progress.total));
    });
    bar.into_iter().for_each(|(_, bar)| bar.done());
    card.map_err(|error| match error {
        AuditError::Settle(error) => error.into(),
        AuditError::Host(error) => error.into(),
        refused @ (AuditError::Refused(_) | AuditError::Charter(_)) => Refused(refused.to_string()).into(),
        bug => Error::from(bug),
    })
}

/// The epochs of an example by their roles, and the parameters to settle them with.
fn files<'a>(example: &'a Example, parameters: &Value) -> Result<Vec<(&'a str, Vec<u8>)>> {
    let mut files = vec![("parameters.json", serde_json::to_vec(parameters)?)];
    for shown in &example.epochs {
        files.push((&shown.role, shown.rows.build()?.as_bytes().to_vec()));
    }
    Ok(files)
}
