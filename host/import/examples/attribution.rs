//! A year of an assistant that owes a share of every answer to those who made it possible: twelve months made from a
//! seed, imported, settled into a fresh ledger under the charter that goes by lineage; the ledger verified; all twelve
//! replayed under the charter that goes by influence, and a page written that says who would have got more or less.
//!
//! `examples/attribution/README.md` tells the story.
//!
//! `cargo run --release --package apportion-import --example attribution`

use std::error::Error;
use std::path::Path;

use apportion::compare::Comparison;
use apportion::ledger::LedgerIdentity;
use apportion::replay::Replayed;
use apportion::store::DirectoryStore;
use apportion::{Digest, Engine, Epoch, History, Ledger, compare, verify};
use apportion_tests::worked;
use attribution::report::{self, euros};
use attribution::{INFLUENCE, LINEAGE, Month, Paid, SEED};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let folder = root.join("target/attribution");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let engine = Engine::new()?;
    let months = made(&folder)?;
    let (ledger, then) = settled(&engine, &months, &folder)?;
    let (comparison, instead) = replayed(&engine, &months, &ledger)?;

    println!("The year, in EUR:\n{}", report::payees(&then, &instead));
    let (totals, statistics) = (&comparison.terms().totals, &comparison.terms().statistics);
    println!(
        "By influence {} would gain and {} lose; {} of {} EUR would change hands.",
        statistics.gain,
        statistics.lose,
        euros(totals.changes_hands),
        euros(totals.pool),
    );
    println!(
        "The harbour letters are withdrawn when month 7 begins. From then on they earn {} EUR by lineage, the last in \
         month {}, and {} EUR by influence, the last in month {}: as long as answers come of models, and of searches, \
         that know them.",
        euros(since_withdrawn(&then)),
        last_earned(&then),
        euros(since_withdrawn(&instead)),
        last_earned(&instead),
    );
    let page = folder.join("replay.html");
    std::fs::write(&page, apportion_report::page(&comparison))?;
    println!("Page: {}", page.display());
    Ok(())
}

/// The months of the seed, written into folders and imported from there.
fn made(folder: &Path) -> Result<Vec<(Month, Epoch)>, Box<dyn Error>> {
    let mut months = Vec::new();
    for month in attribution::year(SEED) {
        let epoch = worked::imported(&month.forms(), &folder.join(format!("months/{:02}", month.number())))?;
        months.push((month, epoch));
    }
    Ok(months)
}

/// All months settled into a ledger by lineage, and the ledger verified.
fn settled(
    engine: &Engine,
    months: &[(Month, Epoch)],
    folder: &Path,
) -> Result<(Ledger<DirectoryStore>, Vec<Paid>), Box<dyn Error>> {
    let (charter, policies) = worked::charter(engine, LINEAGE)?;
    let identity = LedgerIdentity::from_bytes(*Digest::of(b"an invented assistant").as_bytes());
    let mut ledger = Ledger::create(DirectoryStore::create(&folder.join("ledger"))?, identity)?;
    let components = apportion_standard::all().iter().map(|standard| standard.bytes.to_vec());
    ledger.adopt(engine, &charter, 1, &components.collect::<Vec<_>>(), &[])?;
    // For `apportion audit`, which tries a rule by itself.
    let rule = charter.terms().policies.first().ok_or("the charter names no policy")?;
    std::fs::write(folder.join("lineage-parameters.json"), rule.parameters.to_string())?;

    let mut paid = Vec::new();
    for (month, epoch) in months {
        let settlement = ledger.settle(engine, epoch)?;
        paid.push(worked::paid(month, epoch, &settlement.payouts, &charter, &policies)?);
    }
    println!("{}, settled:\n{}", charter.terms().name, report::months(&paid));
    let verified = verify(DirectoryStore::open(&folder.join("ledger"))?, Some(engine), &mut |_| {})?;
    if let Some(finding) = verified.findings.first() {
        return Err(finding.clone().into());
    }
    println!(
        "The ledger is verified: {} objects, {} charter, {} settlements run again with the same result.\n",
        verified.objects, verified.adoptions, verified.run_again
    );
    Ok((ledger, paid))
}

/// All months of the ledger as they would have been by influence.
fn replayed(
    engine: &Engine,
    months: &[(Month, Epoch)],
    ledger: &Ledger<DirectoryStore>,
) -> Result<(Comparison, Vec<Paid>), Box<dyn Error>> {
    let (charter, policies) = worked::charter(engine, INFLUENCE)?;
    let candidates = [charter];
    let mut paid = Vec::new();
    let past = ledger.past(0..=u64::MAX);
    let compared = compare(&past, &candidates, &policies, &History::default(), |rows| {
        let (month, epoch) = months.get(paid.len()).ok_or("the ledger has another month")?;
        let Some(Replayed::Settled { payouts, .. }) = rows.epoch.replayed.first() else {
            return Err(format!("month {} has no answer", month.number()).into());
        };
        paid.push(worked::paid(month, epoch, payouts, &candidates[0], &policies)?);
        Ok::<(), Box<dyn Error>>(())
    })?;
    println!("{}, replayed:\n{}", candidates[0].terms().name, report::months(&paid));
    let comparison = compared.into_iter().next().and_then(|compared| compared.comparison);
    Ok((comparison.ok_or("no month was replayed")?, paid))
}

/// What the withdrawn set earned after it was withdrawn.
fn since_withdrawn(paid: &[Paid]) -> u128 {
    paid.iter().filter(|month| month.month >= 7).map(|month| month.letters).sum()
}

/// The last month in which it earned anything.
fn last_earned(paid: &[Paid]) -> u32 {
    paid.iter().filter(|month| month.letters > 0).map(|month| month.month).max().unwrap_or(0)
}
