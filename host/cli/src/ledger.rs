//! A ledger in a folder, and `apportion verify`.

use std::path::Path;

use anyhow::{Result, bail};
use apportion::signature::Signer;
use apportion::{Digest, DirectoryStore, Ledger, Receipt, Verification};

use crate::arguments::VerifyArguments;
use crate::engine::Engines;
use crate::outcome::Refused;
use crate::print::{Lines, say, status};
use crate::progress::Spinner;
use crate::table::count;

pub fn open(path: &Path) -> Result<Ledger<DirectoryStore>> {
    Ok(Ledger::open(DirectoryStore::open(path)?)?)
}

/// Opens the ledger, or makes one in a folder that is empty or not there.
pub fn open_or_make(path: &Path) -> Result<Ledger<DirectoryStore>> {
    match DirectoryStore::open(path) {
        Err(apportion::StoreError::NoLedger(_)) => {
            let store = DirectoryStore::create(path)?;
            status!("made a new ledger in `{}`", path.display());
            Ok(Ledger::open(store)?)
        }
        opened => Ok(Ledger::open(opened?)?),
    }
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
    if receipt.settlement().number != number {
        let says = receipt.settlement().number;
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
    let verified = apportion::verify(store, engine.as_ref(), &mut |progress| {
        spinner.say(format!("epoch {} of {}", progress.done, progress.total));
    });
    spinner.done();
    let found = verified?;
    let mut text = Lines::default();
    for finding in &found.findings {
        say!(text, "wrong: {finding}");
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
    say!(text, "checked: {}", checked(&found));
    if engine.is_none() {
        say!(
            text,
            "not checked: whether the rules give these payouts; without --structure-only they are run again"
        );
    }
    if !found.findings.is_empty() {
        text.print()?;
        return Err(
            Refused(format!("the ledger is not sound: {}", count(found.findings.len(), "finding"))).into()
        );
    }
    let head = found.head.map_or("nothing".to_owned(), |head| head.to_string());
    say!(text, "{} settled and sound up to entry {head}", count(found.settlements, "epoch"));
    text.print()
}

fn checked(found: &Verification) -> String {
    format!(
        "{} against their digests; {} adopted, {} by signatures; {} with payouts, sums and order; {} run again",
        count(found.objects, "object"),
        count(found.adoptions, "charter"),
        found.signed,
        count(found.settlements, "receipt"),
        count(found.run_again, "settlement")
    )
}
