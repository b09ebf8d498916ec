//! A ledger in a folder, and `apportion verify`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use apportion::ledger::LedgerIdentity;
use apportion::signature::Signer;
use apportion::store::DirectoryStore;
use apportion::verify::{Verification, VerifyOptions};
use apportion::{Digest, Ledger, Receipt};

use crate::arguments::VerifyArguments;
use crate::engine::Engines;
use crate::outcome::{Incomplete, Refused};
use crate::print::{Lines, say, status};
use crate::progress::Spinner;
use crate::standing;
use crate::table::count;

pub fn open(path: &Path) -> Result<Ledger<DirectoryStore>> {
    Ok(Ledger::open(DirectoryStore::open(path)?)?)
}

/// Opens the ledger, or creates one in a folder that is empty or not there, with the identity given or a random one.
pub fn open_or_create(path: &Path, identity: Option<LedgerIdentity>) -> Result<Ledger<DirectoryStore>> {
    let store = match DirectoryStore::open(path) {
        Err(apportion::store::StoreError::NoLedger(_)) => DirectoryStore::create(path)?,
        opened => opened?,
    };
    let opened = Ledger::open(store)?;
    match (opened.identity(), identity) {
        (Some(is), Some(asked)) if is != asked => {
            bail!(Refused(format!("the ledger in `{}` has the identity {is}", path.display())))
        }
        (Some(_), _) => Ok(opened),
        (None, asked) => {
            let identity = asked.map_or_else(random_identity, Ok)?;
            let created = Ledger::create(opened.into_store(), identity)?;
            status!("created a new ledger in `{}` with the identity {identity}", path.display());
            Ok(created)
        }
    }
}

/// The program draws it, because nothing in the library is random.
fn random_identity() -> Result<LedgerIdentity> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("cannot get random bytes from the system")?;
    Ok(LedgerIdentity::from_bytes(bytes))
}

/// A signer for people: the names the charter gives, and the key.
pub fn who(signer: &Signer) -> String {
    format!("{} ({})", signer.principals.join(", "), signer.fingerprint)
}

/// The receipt of the epoch of that number.
pub fn receipt_of(ledger: &Ledger<DirectoryStore>, path: &Path, number: u64) -> Result<Receipt> {
    let settled: Vec<(u64, Digest)> = ledger.settled().collect();
    let Some((_, digest)) = settled.iter().find(|(settled, _)| *settled == number) else {
        let numbers: Vec<u64> = settled.iter().map(|(number, _)| *number).collect();
        let place = path.display();
        bail!(Refused(format!("epoch {number} is not settled in `{place}`; {}", these(&numbers))));
    };
    let receipt = ledger.receipt(digest)?;
    if receipt.terms().number != number {
        let says = receipt.terms().number;
        bail!(Refused(format!(
            "receipt `{digest}` is entered for epoch {number} and says that it is of {says}"
        )));
    }
    Ok(receipt)
}

/// Which epochs are settled, in few words: `settled are 1..6, 9`.
fn these(numbers: &[u64]) -> String {
    let runs = numbers.chunk_by(|before, after| before.checked_add(1) == Some(*after));
    let runs: Vec<String> = runs
        .filter_map(|run| match (run.first()?, run.last()?) {
            (first, last) if first == last => Some(first.to_string()),
            (first, last) => Some(format!("{first}..{last}")),
        })
        .collect();
    if runs.is_empty() { "none is yet".to_owned() } else { format!("settled are {}", runs.join(", ")) }
}

pub fn verify(arguments: &VerifyArguments, engines: &Engines) -> Result<()> {
    let store = DirectoryStore::open(&arguments.ledger)?;
    let engine = if arguments.structure_only { None } else { Some(engines.make()?) };
    let spinner = Spinner::new("reading every object".to_owned());
    let options = VerifyOptions { engine: engine.as_ref(), contains: &arguments.contains };
    let verified = apportion::verify(store, options, &mut |progress| {
        spinner.say(format!("epoch {} of {}", progress.done, progress.total));
    });
    spinner.done();
    let found = verified?;
    let mut text = Lines::default();
    for finding in &found.findings {
        say!(text, "wrong: {finding}");
    }
    for unchecked in &found.unchecked {
        say!(text, "not checked: entry `{}`: {}", unchecked.entry, unchecked.reason);
    }
    for name in &found.unfinished {
        say!(text, "left by an interrupted writer, no part of the ledger: {name}");
    }
    if !found.unused.is_empty() {
        say!(
            text,
            "{} objects that no entry leads to, left by refused or interrupted runs",
            found.unused.len()
        );
    }
    for note in standing::notes_of_ledger(&arguments.ledger) {
        say!(text, "note: {note}");
    }
    say!(text, "checked: {}", checked(&found));
    if found.without_counts > 0 {
        say!(
            text,
            "compared without counts: {}, which another version of metering counted",
            count(found.without_counts, "settlement")
        );
    }
    if engine.is_none() {
        say!(
            text,
            "not checked, because a policy must run for it: whether the rules give these payouts, and whether adopted \
             policies have the names, versions and parameters that the charters give them; without --structure-only \
             they are checked too"
        );
    }
    if !found.findings.is_empty() {
        text.print()?;
        return Err(
            Refused(format!("the ledger is not sound: {}", count(found.findings.len(), "finding"))).into()
        );
    }
    if !found.unchecked.is_empty() {
        text.print()?;
        let limits = found.unchecked.iter().filter_map(|unchecked| unchecked.limit).collect();
        let what = format!("the ledger is not verified: entries not checked: {}", found.unchecked.len());
        bail!(Incomplete { what, limits });
    }
    let head = found.head.map_or("nothing".to_owned(), |head| head.to_string());
    say!(text, "{} settled and sound up to entry {head}", count(found.settlements, "epoch"));
    text.print()
}

fn checked(found: &Verification) -> String {
    format!(
        "{} against their digests; {} adopted, {} by signatures; {} with charter, payouts, sums, asset and order; \
         {} run again",
        count(found.objects, "object"),
        count(found.adoptions, "charter"),
        found.signed,
        count(found.settlements, "receipt"),
        count(found.run_again, "settlement")
    )
}
