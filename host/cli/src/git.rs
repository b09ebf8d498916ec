//! `apportion try git` and `apportion import git`: a git history in, payouts or an epoch out.

use std::path::Path;

use anyhow::{Context, Result};
use apportion::Charter;
use apportion::money::{Asset, Pool};
use apportion_import::git::{self, Detail, GitError, Imported, Options, Outside, PayeeIds, Stage};
use serde_json::{Value, json};

use crate::arguments::{self, Format, GitArguments, HistoryArguments, TryArguments, TrySource};
use crate::engine::Engines;
use crate::figures::{count, grouped};
use crate::imported::{charter, report, standard};
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_file, write_files};
use crate::print::{note, status};
use crate::progress::Spinner;
use crate::settle::{give, settled};
use crate::table::Shown;

/// The standard policy for git histories.
const RULE: &str = "commits";

pub fn try_git(arguments: &TryArguments, engines: &Engines) -> Result<()> {
    let TrySource::Git(arguments) = &arguments.source;
    let imported = read(&arguments.history)?;
    for note in &imported.notes {
        note!("{note}");
    }
    let policy = objects::policy(&engines.make()?, &arguments.rule)?;
    let parameters = match &arguments.parameters {
        Some(file) => objects::parameters(Some(file))?,
        None if arguments.rule == RULE => usual_parameters(&arguments.history),
        None => json!({}),
    };
    let charter = Charter::single(&format!("A git history, by {}", policy.name()), &policy, parameters)
        .map_err(|error| Refused(error.to_string()))?;
    let settlement = settled(&imported.epoch, &charter, std::slice::from_ref(&policy))?;
    let shown = if arguments.all { Shown::All } else { Shown::Top(arguments.top) };
    let output = arguments.output.as_deref().map(|folder| (folder, Existing::from_force(arguments.force)));
    give(&imported.epoch, &charter, &settlement, arguments.format, shown, output)?;
    // Only who looks at a table wants to be told what to do next.
    if arguments.format == Format::Table {
        status!("{}", what_next(&imported, &arguments.rule));
    }
    Ok(())
}

fn what_next(imported: &Imported, rule: &str) -> String {
    let commits = imported.authors.iter().map(|author| author.commits).sum();
    format!(
        "{} of the whole history were read; `apportion inspect {rule}` shows what can be changed in the rule, \
         `apportion try git --help` in how the history is read",
        count(commits, "commit")
    )
}

pub fn import_git(arguments: &GitArguments, engines: &Engines) -> Result<()> {
    let imported = read(&arguments.history)?;
    let policy = standard(RULE, engines)?;
    let parameters = usual_parameters(&arguments.history);
    let charter = charter(&format!("A git history, by {RULE}"), &policy, parameters)?;
    let files = [("charter.json", charter.as_bytes()), ("epoch", imported.epoch.as_bytes())];
    write_files(&arguments.output, &files, Existing::from_force(arguments.force))?;
    let (epoch, charter) = (arguments.output.join("epoch"), arguments.output.join("charter.json"));
    report(&imported.epoch, &imported.notes, &epoch);
    status!("settle it: apportion settle --epoch {} --charter {}", epoch.display(), charter.display());
    Ok(())
}

/// Reads the history, and writes the table of payees if that is asked for.
fn read(arguments: &HistoryArguments) -> Result<Imported> {
    let place = || format!("`{}`", arguments.repository.display());
    let options = options(arguments)?;
    let spinner = Spinner::new(format!("reading {}", arguments.repository.display()));
    let imported = git::import(&arguments.repository, &options, &mut |progress| {
        let done = grouped(&progress.done.to_string());
        spinner.say(match (progress.stage, progress.total) {
            (Stage::Commits, _) => format!("{done} commits"),
            (Stage::Changes, None) => format!("what {done} commits changed"),
            (Stage::Changes, Some(total)) => {
                format!("what {done} of {} commits changed", grouped(&total.to_string()))
            }
        });
    });
    spinner.done();
    let imported = imported.map_err(refused).with_context(place)?;
    print_joins(&imported);
    if let Some(file) = &arguments.write_payees {
        write_payees(file, &imported)?;
    }
    Ok(imported)
}

/// Every join moves somebody's pay, so each is shown.
fn print_joins(imported: &Imported) {
    for join in &imported.joins {
        status!("joined: {join}");
    }
    if !imported.joins.is_empty() {
        status!("a `.mailmap` or a table of payees (--write-payees, --payees) can say otherwise");
    }
}

fn write_payees(file: &Path, imported: &Imported) -> Result<()> {
    write_file(file, &imported.payees, Existing::Keep)?;
    status!(
        "wrote everybody's address, name and payee to `{}`; correct it and give it back with --payees",
        file.display()
    );
    Ok(())
}

fn options(arguments: &HistoryArguments) -> Result<Options> {
    let (mut from, mut to, mut number) = (None, None, 1);
    if let Some(month) = &arguments.month {
        let (first, after, of_month) = git::month(month).map_err(refused)?;
        (from, to, number) = (Some(first), Some(after), of_month);
    }
    let time = |text: &Option<String>| text.as_deref().map(git::time).transpose().map_err(refused);
    let (given_from, given_to) = (time(&arguments.from)?, time(&arguments.to)?);
    Ok(Options {
        number: arguments.number.unwrap_or(number),
        pool: pool(&arguments.pool, arguments.decimals)?,
        revision: arguments.revision.clone(),
        after: arguments.after.clone(),
        from: given_from.or(from),
        to: given_to.or(to),
        detail: match (arguments.lines, arguments.no_files) {
            (true, _) => Detail::Lines,
            (false, true) => Detail::Commits,
            (false, false) => Detail::Files,
        },
        mailmap: arguments.mailmap.clone(),
        payees: arguments.payees.clone(),
        payee_ids: match arguments.payee_ids {
            arguments::PayeeIds::Names => PayeeIds::Names,
            arguments::PayeeIds::Addresses => PayeeIds::Addresses,
            arguments::PayeeIds::Digests => PayeeIds::Digests,
        },
        outside: if arguments.allow_outside { Outside::Follow } else { Outside::Refuse },
        limits: arguments.limits.limits(),
    })
}

/// `5000 EUR`.
fn pool(text: &str, decimals: u32) -> Result<Pool> {
    let wrong = |problem: String| Refused(format!("--pool `{}`: {problem}", text.escape_debug()));
    let (amount, symbol) = text
        .split_once(' ')
        .ok_or_else(|| wrong("write an amount and an asset, as in '5000 EUR'".to_owned()))?;
    let asset = Asset::new(symbol.trim(), decimals).map_err(|error| wrong(error.to_string()))?;
    let amount = asset.parse(amount).map_err(|error| wrong(error.to_string()))?;
    Ok(Pool { asset, amount })
}

/// What the policy needs to be told of how the history was read.
fn usual_parameters(arguments: &HistoryArguments) -> Value {
    match (arguments.lines, arguments.no_files) {
        (true, _) => json!({ "size": "lines" }),
        (false, true) => json!({ "size": "commits" }),
        (false, false) => json!({}),
    }
}

fn refused(error: GitError) -> Refused {
    match error {
        GitError::Outside { .. } => Refused(format!("{error}; --allow-outside follows it")),
        error => Refused(error.to_string()),
    }
}
