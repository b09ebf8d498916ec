//! `apportion audit`: a rule put to the test.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Error, Result, bail};
use apportion::audit::{Audit, AuditError, Card, CardFormat, Example};
use apportion::progress::Step;
use apportion::{Digest, Epoch, Policy};
use apportion_import::tables;
use serde_json::Value;

use crate::arguments::{AuditArguments, AuditFormat};
use crate::card;
use crate::engine::Engines;
use crate::import;
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_file, write_files};
use crate::print::{self, status};
use crate::progress::{Bar, Spinner};

pub fn audit(arguments: &AuditArguments, engines: &Engines) -> Result<()> {
    let again = arguments.again.as_deref().map(objects::card).transpose()?;
    let epochs: Vec<Epoch> = arguments.epochs.iter().map(|path| epoch(path)).collect::<Result<_>>()?;
    let policy = objects::policy(&engines.make()?, &arguments.policy)?;
    if let Some(card) = &again {
        is_of(card, &policy, &epochs)?;
    }
    let (parameters, trials, seed) = match &again {
        Some(card) => (card.terms().parameters.clone(), card.terms().trials, card.terms().seed),
        None => (parameters(arguments.parameters.as_deref(), &policy)?, arguments.trials, arguments.seed),
    };
    let (policy, epochs) = (&policy, &epochs[..]);
    let card = made(&Audit { policy, parameters: &parameters, epochs, trials, seed })?;
    if let Some(again) = again {
        if again != card {
            bail!(Refused(format!(
                "auditing again gives another card, {} and not {}: it was changed after it was made",
                card.digest(),
                again.digest()
            )));
        }
        status!("auditing again gives the same card");
    }
    let existing = Existing::from_force(arguments.force);
    if let Some(path) = &arguments.output {
        write_file(path, card.as_bytes(), existing)?;
        status!("wrote card {} to `{}`", card.digest(), path.display());
    }
    if let Some(folder) = &arguments.examples {
        for finding in &card.terms().findings {
            let Some(example) = &finding.example else { continue };
            let folder = folder.join(finding.property.as_str());
            let files = files(example, &parameters)?;
            let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
            write_files(&folder, &files, existing)?;
        }
        status!("wrote the examples' epochs and parameters to `{}`", folder.display());
    }
    match arguments.format {
        AuditFormat::Table => card::told(&card).print(),
        AuditFormat::Json => {
            let mut out = print::data();
            out.write_all(card.as_bytes())?;
            out.write_all(b"\n")?;
            out.flush().context("cannot print the card")
        }
    }
}

/// An epoch, or the one that tables describe.
fn epoch(path: &Path) -> Result<Epoch> {
    if path.extension().is_none_or(|extension| extension != "toml") {
        return objects::epoch(path);
    }
    let spinner = Spinner::new(format!("reading {}", path.display()));
    let imported = tables::import(path, &tables::Options::default(), &mut |_| {});
    spinner.done();
    let imported = imported.map_err(import::refused).with_context(|| format!("`{}`", path.display()))?;
    Ok(imported.epoch)
}

/// Parameters in a file of their own, or as a charter has them.
fn parameters(path: Option<&Path>, policy: &Policy) -> Result<Value> {
    let parameters = objects::parameters(path)?;
    let format = parameters.get("format").and_then(Value::as_str);
    let (Some(path), true) = (path, format.is_some_and(|format| format.starts_with("apportion charter ")))
    else {
        return Ok(parameters);
    };
    let charter = objects::charter(path)?;
    let appointed = charter.terms().policies.iter().filter(|one| one.policy == policy.digest());
    let mut appointed: Vec<&Value> = appointed.map(|one| &one.parameters).collect();
    appointed.dedup();
    let (name, path) = (policy.name(), path.display());
    match appointed[..] {
        [parameters] => Ok(parameters.clone()),
        [] => bail!(Refused(format!("the charter `{path}` does not appoint this version of {name}"))),
        _ => bail!(Refused(format!("the charter `{path}` appoints {name} with several parameters"))),
    }
}

/// Holds that a card is of this rule and of these epochs.
fn is_of(card: &Card, policy: &Policy, epochs: &[Epoch]) -> Result<()> {
    let terms = card.terms();
    if card.format() == CardFormat::One {
        bail!(Refused(
            "the card was made by an earlier version of the audit, whose trials are no longer made: audit without \
             --again, and compare the two cards with `apportion inspect`"
                .to_owned()
        ));
    }
    if terms.policy != policy.digest() {
        bail!(Refused(format!(
            "the card is of {} {} ({}) and not of {} {} ({})",
            terms.name,
            terms.version,
            terms.policy,
            policy.name(),
            policy.version(),
            policy.digest()
        )));
    }
    if !terms.epochs.iter().copied().eq(epochs.iter().map(Epoch::digest)) {
        let told = |digests: &mut dyn Iterator<Item = Digest>| {
            let digests: Vec<String> = digests.map(|digest| digest.to_string()).collect();
            if digests.is_empty() { "none".to_owned() } else { digests.join(", ") }
        };
        bail!(Refused(format!(
            "the card was made with other epochs: it names {}, given with --epoch are {}",
            told(&mut terms.epochs.iter().copied()),
            told(&mut epochs.iter().map(Epoch::digest))
        )));
    }
    Ok(())
}

/// Audits, with a bar for each of the two steps.
fn made(terms: &Audit<'_>) -> Result<Card> {
    let mut bar: Option<(Step, Bar)> = None;
    let card = apportion::audit(terms, |progress| {
        if bar.as_ref().is_none_or(|(step, _)| *step != progress.step) {
            bar.take().into_iter().for_each(|(_, bar)| bar.done());
            let what = match progress.step {
                Step::Trying => "trying",
                Step::Shrinking => "making examples small",
                _ => "working",
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
