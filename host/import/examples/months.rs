//! Settles six real months of a reward programme, both its tracks, and holds every payout against the published one.
//!
//! `cargo run --release --package apportion-import --example months`

use std::error::Error;
use std::path::Path;

use apportion::{Charter, Engine, History, Settlement, settle};
use apportion_import::retro_funding::{self, Options, Track};

const MONTHS: [&str; 6] = ["M1", "M2", "M3", "M4", "M5", "M6"];
/// OP has 18 decimals, the published payouts two.
const HUNDREDTH: u128 = 10_u128.pow(16);

fn main() -> Result<(), Box<dyn Error>> {
    let months = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/retro-funding");
    let engine = Engine::new()?;
    for track in [Track::Devtooling, Track::Onchain] {
        let standard = apportion_standard::find(track.policy()).ok_or("a standard policy is missing")?;
        let policy = engine.admit(standard.bytes)?;
        println!("{} {}, policy {}", policy.name(), policy.version(), policy.digest());
        println!("month           pool OP  payees   paid     retained OP   as published   settlement");
        for name in MONTHS {
            let month = retro_funding::import(&months.join(name), track, &Options::default())?;
            let charter = Charter::single("Retro Funding", &policy, month.parameters)?;
            let settlement =
                settle(&month.epoch, &charter, std::slice::from_ref(&policy), &History::default())?;
            let settled = settlement.receipt.settlement();
            let asset = &month.epoch.pool().asset;
            let published =
                std::fs::read_to_string(months.join(name).join(format!("published-{track}.csv")))?;
            let (alike, of) = as_published(&settlement, &published)?;
            println!(
                "{name}  {:>20}  {:>6}  {:>5}  {:>14}    {alike:>4} of {of:<4}   {}",
                asset.format(settled.pool),
                month.epoch.payees().len(),
                settlement.payouts.list().payouts.iter().filter(|payout| payout.amount > 0).count(),
                asset.format(settled.retained),
                settlement.receipt.settlement_digest().short(),
            );
        }
        println!();
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

/// How many of the published payouts the settlement pays within a hundredth of an OP, and how many there are.
fn as_published(settlement: &Settlement, published: &str) -> Result<(usize, usize), Box<dyn Error>> {
    let payouts = &settlement.payouts.list().payouts;
    let (mut alike, mut all) = (0, 0);
    for line in published.lines().skip(1) {
        let (project, amount) = line.split_once(',').ok_or("a published row has no comma")?;
        let amount = apportion::Asset::new("OP", 18)?.parse(amount)?;
        let paid = payouts.iter().find(|payout| payout.payee == project).map_or(0, |payout| payout.amount);
        all += 1;
        alike += usize::from(paid.abs_diff(amount) <= HUNDREDTH);
    }
    Ok((alike, all))
}
