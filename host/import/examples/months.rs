//! The whole story in one run: six real months of a reward programme, both its tracks, settled into a fresh ledger,
//! each under its own month's parameters; every payout held against the published one; the ledger verified; then all
//! six replayed under the last month's rule, and a page written that says who would have got more or less.
//!
//! `cargo run --release --package apportion-import --example months`

use std::error::Error;
use std::path::Path;

use apportion::ledger::LedgerIdentity;
use apportion::store::DirectoryStore;
use apportion::{Charter, Engine, History, Ledger, Settlement, compare, verify};
use apportion_import::retro_funding::{self, Options, Track};

const MONTHS: [&str; 6] = ["M1", "M2", "M3", "M4", "M5", "M6"];
/// OP has 18 decimals, the published payouts two.
const HUNDREDTH: u128 = 10_u128.pow(16);

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let engine = Engine::new()?;
    for track in [Track::Devtooling, Track::Onchain] {
        let folder = root.join("target/months").join(track.to_string());
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        programme(&engine, track, &root.join("tests/data/retro-funding"), &folder)?;
    }
    println!(
        "as published: within 0.01 OP. M1 to M5 of devtooling were computed by a hosted service that can no longer"
    );
    println!(
        "be asked; their payouts here are what the rule as published for M6 gives with each month's own parameters."
    );
    println!("In onchain M1 one project was paid by hand on top of the budget; the rule gives it nothing.");
    Ok(())
}

/// One of the two programmes, from its months to the page.
fn programme(engine: &Engine, track: Track, months: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let component =
        apportion_standard::find(track.policy()).ok_or("a standard policy is missing")?.bytes.to_vec();
    let policy = engine.admit(&component)?;
    // A real programme gives its ledger 32 random bytes instead.
    let identity = LedgerIdentity::from_bytes(*policy.digest().as_bytes());
    let mut ledger = Ledger::create(DirectoryStore::create(&folder.join("ledger"))?, identity)?;

    println!("{} {}, policy {}", policy.name(), policy.version(), policy.digest());
    println!("month           pool OP  payees   paid     retained OP   as published   receipt");
    let mut last = None;
    for name in MONTHS {
        let month = retro_funding::import(&months.join(name), track, &Options::default())?;
        let mut parameters = month.parameters;
        let charter = Charter::single(&format!("Retro Funding {name}"), &policy, parameters.clone())?;
        ledger.adopt(engine, &charter, month.epoch.number(), std::slice::from_ref(&component), &[])?;
        let settlement = ledger.settle(engine, &month.epoch)?;
        let settled = settlement.receipt.terms();
        let asset = &month.epoch.pool().asset;
        let published = std::fs::read_to_string(months.join(name).join(format!("published-{track}.csv")))?;
        let (alike, of) = as_published(&settlement, &published)?;
        println!(
            "{name}  {:>20}  {:>6}  {:>5}  {:>14}    {alike:>4} of {of:<4}   {}",
            asset.format(settled.pool),
            month.epoch.payees().len(),
            settlement.payouts.iter().filter(|payout| payout.amount > 0).count(),
            asset.format(settled.retained),
            settlement.receipt.digest().short(),
        );
        // Tried on other months, a rule compares each month with the one before, not those that it was written for.
        if let Some(simulation) = parameters["simulation"].as_object_mut() {
            simulation.remove("periods");
        }
        last = Some((Charter::single(&format!("{name}'s rule"), &policy, parameters)?, asset.clone()));
    }
    let (candidate, asset) = last.ok_or("there are no months")?;

    let verified = verify(DirectoryStore::open(&folder.join("ledger"))?, Some(engine), &mut |_| {})?;
    if let Some(finding) = verified.findings.first() {
        return Err(finding.clone().into());
    }
    println!(
        "ledger   verified: {} objects, {} charters, {} settlements run again with the same result",
        verified.objects, verified.adoptions, verified.run_again
    );

    let candidates = [candidate];
    let past = ledger.past(0..=u64::MAX);
    let compared =
        compare(&past, &candidates, &[policy], &History::default(), |_| Ok::<(), Box<dyn Error>>(()))?;
    let comparison = compared[0].comparison.as_ref().ok_or("no epoch was replayed")?;
    let (totals, statistics) = (&comparison.terms().totals, &comparison.terms().statistics);
    println!(
        "replay   all six under M6's rule: {} would gain, {} lose; {} OP of {} would change hands",
        statistics.gain,
        statistics.lose,
        asset.format(totals.changes_hands / HUNDREDTH * HUNDREDTH),
        asset.format(totals.pool / HUNDREDTH * HUNDREDTH),
    );
    let page = folder.join("replay.html");
    std::fs::write(&page, apportion_report::page(comparison))?;
    println!("page     {}\n", page.display());
    Ok(())
}

/// How many of the published payouts the settlement pays within a hundredth of an OP, and how many there are.
fn as_published(settlement: &Settlement, published: &str) -> Result<(usize, usize), Box<dyn Error>> {
    let payouts = settlement.payouts.rows();
    let (mut alike, mut all) = (0, 0);
    for line in published.lines().skip(1) {
        let (project, amount) = line.split_once(',').ok_or("a published row has no comma")?;
        let amount = apportion::money::Asset::new("OP", 18)?.parse(amount)?;
        let paid = payouts.iter().find(|payout| payout.payee == project).map_or(0, |payout| payout.amount);
        all += 1;
        alike += usize::from(paid.abs_diff(amount) <= HUNDREDTH);
    }
    Ok((alike, all))
}
