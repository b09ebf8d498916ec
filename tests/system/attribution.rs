//! The worked example of `examples/attribution/`: its page, its numbers, and what a data set earns after it is withdrawn.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use apportion::{Charter, Engine, Epoch, History, Policy, Settlement, settle};
use apportion_tests::worked;
use attribution::{INFLUENCE, LINEAGE, Month, Owners, Paid, SEED, report, year};

use crate::golden::assert_golden;

/// The year under one of the charters.
struct Settled {
    epochs: Vec<Epoch>,
    settlements: Vec<Settlement>,
    paid: Vec<Paid>,
}

/// The twelve months, settled once by lineage and once by influence for all tests here.
fn settled() -> &'static [Settled; 2] {
    static SETTLED: OnceLock<[Settled; 2]> = OnceLock::new();
    SETTLED.get_or_init(|| {
        let engine = Engine::new().unwrap();
        let months = year(SEED);
        [LINEAGE, INFLUENCE].map(|written| {
            let (charter, policies) = worked::charter(&engine, written).unwrap();
            settled_by(&months, &charter, &policies)
        })
    })
}

fn settled_by(months: &[Month], charter: &Charter, policies: &[Policy]) -> Settled {
    let folder = tempfile::tempdir().unwrap();
    let mut settled = Settled { epochs: Vec::new(), settlements: Vec::new(), paid: Vec::new() };
    for month in months {
        let files = month.tables(Owners::People);
        let epoch = worked::imported(&files, &folder.path().join(month.number().to_string())).unwrap();
        let settlement = settle(&epoch, charter, policies, &History::default()).unwrap();
        settled.paid.push(worked::paid(month, &epoch, &settlement.payouts, charter, policies).unwrap());
        settled.settlements.push(settlement);
        settled.epochs.push(epoch);
    }
    settled
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/attribution")
}

const BEGIN: &str =
    "<!-- The tables below are written by the test `attribution`: APPORTION_BLESS=1 cargo test --workspace attribution -->";
const END: &str = "<!-- The end of what is written. -->";

/// The tables of the page are what the months pay.
#[test]
fn the_page_shows_what_is_paid() {
    let [lineage, influence] = settled();
    let tables = format!(
        "By lineage:\n\n{}\nBy influence:\n\n{}\nThe year, in EUR:\n\n{}",
        report::months(&lineage.paid),
        report::months(&influence.paid),
        report::payees(&lineage.paid, &influence.paid),
    );
    let file = folder().join("README.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let shown = format!("{before}{BEGIN}\n\n{tables}\n{END}{after}");
    if std::env::var_os("APPORTION_BLESS").is_some() {
        fs::write(&file, &shown).unwrap();
    }
    assert!(fs::read_to_string(&file).unwrap() == shown, "{BEGIN}\n{tables}");
}

/// The same seed gives the same bytes, another seed others; epochs and settlements are pinned.
#[test]
fn the_seed_decides_every_byte() {
    let mut digests = String::new();
    let [lineage, influence] = settled();
    for (number, epoch) in lineage.epochs.iter().enumerate() {
        writeln!(digests, "month {}\n  epoch      {}", number + 1, epoch.digest()).unwrap();
        for (name, settled) in [("lineage", lineage), ("influence", influence)] {
            writeln!(digests, "  {name:<9}  {}", settled.settlements[number].receipt.digest()).unwrap();
            assert_eq!(settled.epochs[number].digest(), epoch.digest(), "one epoch serves both charters");
        }
    }
    assert_golden("attribution.txt", digests.as_bytes());
    let files = |seed| year(seed).iter().map(|month| month.tables(Owners::People)).collect::<Vec<_>>();
    assert_eq!(files(SEED), files(SEED));
    assert_ne!(files(SEED), files(SEED + 1));
}

/// Whoever adds the payouts and the treasury's part gets the pool.
#[test]
fn nothing_is_made_or_lost() {
    for settled in settled() {
        for (settlement, paid) in settled.settlements.iter().zip(&settled.paid) {
            let terms = settlement.receipt.settlement();
            let sum: u128 = paid.payees.values().sum();
            assert_eq!(sum + terms.retained, paid.pool, "month {}", paid.month);
            assert_eq!(sum, terms.paid);
        }
    }
}

/// By lineage the letters earn while an answer leads to them: until the base model is trained anew, and then as long as
/// searches are reused that the old one phrased. By influence while answers come of models that know them.
#[test]
fn withdrawn_data_earns_what_each_rule_says_and_no_more() {
    let [lineage, influence] = settled();
    for (settled, last) in [(lineage, 10), (influence, 9)] {
        for paid in &settled.paid {
            assert_eq!(paid.letters > 0, paid.month <= last, "month {}", paid.month);
        }
    }
    // By lineage their part of what is earned falls with every model that is trained anew.
    let thousandths = |month: usize| lineage.paid[month - 1].letters * 1_000 / lineage.paid[month - 1].pool;
    for (before, after) in [(1..=6, 7..=8), (7..=8, 9..=9), (9..=9, 10..=10)] {
        let (least, most) = (before.map(thousandths).min(), after.map(thousandths).max());
        assert!(least > most, "{least:?} is not more than {most:?}");
    }
    // Ilse gave to nothing else, so what the letters earn is all that she can get.
    for (settled, last) in [(lineage, 10), (influence, 9)] {
        for paid in &settled.paid {
            assert_eq!(paid.payees["ilse"] > 0, paid.month <= last, "month {}", paid.month);
        }
    }
    // The letters' keeper is paid for measured gains only as long as the set may be used.
    let of_gains = |month: usize| {
        let payouts = &influence.settlements[month].payouts.list().payouts;
        payouts.iter().find(|payout| payout.payee == attribution::WITHDRAWN).unwrap().parts[2].amount
    };
    assert!((0..6).all(|month| of_gains(month) > 0) && (6..12).all(|month| of_gains(month) == 0));
}

/// The way from answers to the letters, followed by hand: in month 10 it leads over reused searches alone.
#[test]
fn the_last_way_to_the_letters_is_a_reused_search() {
    let [lineage, _] = settled();
    let uses = |epoch: &Epoch| -> (usize, usize) {
        let node = |id: &str| epoch.node_ids().iter().position(|known| known == id);
        let base = node("model:tidal-lab/tidal-1");
        let edges = epoch.edge_source().iter().zip(epoch.edge_target());
        let reached = edges.filter(|(_, target)| Some(**target as usize) == base);
        let kinds: Vec<&str> = reached
            .filter_map(|(source, _)| epoch.node_ids().get(*source as usize))
            .filter(|id| id.starts_with("span:"))
            .collect();
        let old = kinds.iter().filter(|id| id.starts_with("span:202508")).count();
        (old, kinds.len())
    };
    let (old, all) = uses(&lineage.epochs[9]);
    assert!(old > 0 && old == all, "{old} of {all}");
    assert_eq!(uses(&lineage.epochs[10]), (0, 0));
}
