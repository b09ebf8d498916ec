//! A year of an assistant that owes a share of every answer to those who made it possible: twelve months made from a seed,
//! imported, settled into a fresh ledger under the charter that goes by lineage; the ledger verified; all twelve replayed under
//! the charter that goes by influence, and a page written that says who would have got more or less.
//!
//! `examples/attribution/README.md` tells the story. `cargo run --release --package apportion-import --example attribution`

use std::error::Error;
use std::path::Path;

use apportion::{Comparing, DirectoryStore, Engine, Epoch, History, Ledger, Replayed, replay, verify};
use apportion_tests::worked;
use attribution::report::{self, euros};
use attribution::{INFLUENCE, LINEAGE, Month, Paid, SEED};

fn main() -> Result<(), Box<dyn Error>> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?.join("target/attribution");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let engine = Engine::new()?;
    let (lineage, by_lineage) = worked::charter(&engine, LINEAGE)?;
    let (influence, by_influence) = worked::charter(&engine, INFLUENCE)?;
    let mut ledger = Ledger::open(DirectoryStore::create(&folder.join("ledger"))?)?;
    let components = apportion_standard::all().iter().map(|standard| standard.bytes.to_vec());
    ledger.adopt(&engine, &lineage, 1, &components.collect::<Vec<_>>(), &[])?;
    // For `apportion audit`, which tries a rule by itself.
    let rule = lineage.terms().policies.first().ok_or("the charter names no policy")?;
    std::fs::write(folder.join("lineage-parameters.json"), rule.parameters.to_string())?;

    let mut months: Vec<(Month, Epoch)> = Vec::new();
    let mut then = Vec::new();
    for month in attribution::year(SEED) {
        let files = month.tables(attribution::Owners::People);
        let epoch = worked::imported(&files, &folder.join(format!("months/{:02}", month.number())))?;
        let settlement = ledger.settle(&engine, &epoch)?;
        then.push(worked::paid(&month, &epoch, &settlement.payouts, &lineage, &by_lineage)?);
        months.push((month, epoch));
    }
    println!("{}, settled:\n{}", lineage.terms().name, report::months(&then));

    let verified = verify(DirectoryStore::open(&folder.join("ledger"))?, Some(&engine), &mut |_| {})?;
    if let Some(finding) = verified.findings.first() {
        return Err(finding.clone().into());
    }
    println!(
        "The ledger is verified: {} objects, {} charter, {} settlements run again with the same result.\n",
        verified.objects, verified.adoptions, verified.run_again
    );

    let candidates = [influence];
    let mut comparing = Comparing::new(&candidates[0], 0);
    let mut instead = Vec::new();
    replay(&ledger.past(0..=u64::MAX), &candidates, &by_influence, &History::default(), |replayed| {
        let Some((month, epoch)) = months.get(instead.len()) else { return Err("a month too many".into()) };
        let Some(Replayed::Settled { payouts, .. }) = replayed.replayed.first() else {
            return Err(format!("month {} has no answer", month.number()).into());
        };
        instead.push(worked::paid(month, epoch, payouts, &candidates[0], &by_influence)?);
        comparing.add(&replayed)?;
        Ok::<(), Box<dyn Error>>(())
    })?;
    println!("{}, replayed:\n{}", candidates[0].terms().name, report::months(&instead));
    println!("The year:\n{}", report::payees(&then, &instead));

    let comparison = comparing.finish()?;
    let (totals, statistics) = (&comparison.terms().totals, &comparison.terms().statistics);
    println!(
        "By influence {} would gain and {} lose; {} of {} EUR would change hands.",
        statistics.gain,
        statistics.lose,
        euros(totals.changes_hands),
        euros(totals.pool),
    );
    println!(
        "The harbour letters are withdrawn when month 7 begins. From then on they earn {} EUR by lineage, the last in month \
         {}, and {} EUR by influence, the last in month {}: as long as answers come of models, and of searches, that know \
         them.",
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

fn since_withdrawn(paid: &[Paid]) -> u128 {
    paid.iter().filter(|month| month.month >= 7).map(|month| month.letters).sum()
}

fn last_earned(paid: &[Paid]) -> u32 {
    paid.iter().filter(|month| month.letters > 0).map(|month| month.month).max().unwrap_or(0)
}
