//! The worked example of `examples/attribution/`: its page, its numbers, and what a data set earns after it is
//! withdrawn.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use apportion::audit::{Audit, Card, Property, Verdict};
use apportion::explain::{Explainer, Question};
use apportion::payouts::Payout;
use apportion::{Charter, Digest, Engine, Epoch, History, Policy, Settlement, settle};
use apportion_report::explained::Words;
use apportion_tests::worked;
use attribution::{INFLUENCE, LINEAGE, Month, Owners, Paid, SEED, report, year};

use crate::audit::found;
use crate::golden::assert_golden;

/// The year under one of the charters.
struct Settled {
    charter: Charter,
    policies: Vec<Policy>,
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
            settled_by(&months, charter, policies)
        })
    })
}

fn settled_by(months: &[Month], charter: Charter, policies: Vec<Policy>) -> Settled {
    let folder = tempfile::tempdir().unwrap();
    let (mut epochs, mut settlements, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for month in months {
        let place = folder.path().join(month.number().to_string());
        let epoch = worked::imported(&month.forms(), &place).unwrap();
        let settlement = settle(&epoch, &charter, &policies, &History::default()).unwrap();
        rows.push(worked::paid(month, &epoch, &settlement.payouts, &charter, &policies).unwrap());
        settlements.push(settlement);
        epochs.push(epoch);
    }
    Settled { charter, policies, epochs, settlements, paid: rows }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/attribution")
}

/// Writes what a test found into the page when blessing, and holds the page to it.
fn assert_on_page(begin: &str, end: &str, found: &str) {
    // Two tests write into the one file.
    static PAGE: Mutex<()> = Mutex::new(());
    let _held = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let file = folder().join("README.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let shown = format!("{before}{begin}\n\n{found}\n{end}{after}");
    if std::env::var_os("APPORTION_BLESS").is_some() {
        fs::write(&file, &shown).unwrap();
    }
    assert!(fs::read_to_string(&file).unwrap() == shown, "{begin}\n{found}");
}

/// The tables of the page are what the months pay, and what audits find of the rules.
#[test]
fn the_page_shows_what_is_paid_and_what_can_be_gained() {
    let [lineage, influence] = settled();
    let tables = format!(
        "By lineage:\n\n{}\nBy influence:\n\n{}\nThe year, in EUR:\n\n{}",
        report::months(&lineage.paid),
        report::months(&influence.paid),
        report::payees(&lineage.paid, &influence.paid),
    );
    assert_on_page(
        "<!-- The tables below are written by a test: APPORTION_BLESS=1 cargo test --workspace attribution -->",
        "<!-- The end of what is written. -->",
        &tables,
    );
    assert_on_page(
        "<!-- What audits find is written by the same test. -->",
        "<!-- The end of the audits. -->",
        &audits([lineage, influence].map(audited)),
    );
}

/// What audits find of both rules: a row for what one of them breaks, and the example that shows it.
fn audits(cards: [Card; 2]) -> String {
    let mut table = String::from("| | `lineage` | `influence` |\n|---|---|---|\n");
    let (mut held, mut examples) = (Vec::new(), String::new());
    for property in Property::ALL {
        let findings = cards.each_ref().map(|card| card.finding(property));
        if findings.iter().all(|finding| finding.verdict() == Verdict::Holds) {
            held.push(format!("`{property}`"));
            continue;
        }
        let [one, other] = findings.map(found);
        writeln!(table, "| {} (`{property}`) | {one} | {other} |", property.claim()).unwrap();
        for (finding, rule) in findings.iter().zip(["lineage", "influence"]) {
            // Where somebody gains or loses, and not the treasury alone.
            let Some(example) = finding.example.as_ref().filter(|example| !example.who.is_empty()) else {
                continue;
            };
            let (change, size, pool) =
                (&example.change, report::euros(example.size), report::euros(example.pool));
            writeln!(examples, "- `{property}`, `{rule}`: {change}; {size} of {pool} EUR").unwrap();
        }
    }
    format!("{table}\nIn both hold: {}.\n\nThe largest breaches:\n\n{examples}", held.join(", "))
}

/// What an audit finds of a charter's first policy, over made epochs and parts of the first month.
fn audited(settled: &Settled) -> Card {
    let appointed = &settled.charter.terms().policies[0];
    let policy = settled.policies.iter().find(|policy| policy.digest() == appointed.policy).unwrap();
    let audit = Audit {
        policy,
        parameters: &appointed.parameters,
        epochs: &settled.epochs[..1],
        trials: 100,
        seed: 1,
    };
    apportion::audit(&audit, |_| {}).unwrap()
}

/// The page's words on why Ilse gets so little in month 10 are those of `apportion explain`.
#[test]
fn the_page_explains_as_the_program_does() {
    let [lineage, _] = settled();
    let question = Question {
        epoch: &lineage.epochs[9],
        charter: &lineage.charter,
        policies: &lineage.policies,
        history: &History::default(),
        before: Some((&lineage.epochs[8], &lineage.settlements[8].payouts)),
        runs: 64,
    };
    let explanation = Explainer::new(question).unwrap().explain("ilse", |_| {}).unwrap();
    let words = Words::of(&explanation);
    let way = words.path(&explanation.paths[0]).join("\n  ");
    assert!(way.contains("span:202508"), "over a search of August: {way}");
    let change = words.change(explanation.change.as_ref().unwrap()).join("\n");
    assert_on_page(
        "<!-- The explanation is written by the same test. -->",
        "<!-- The end of the explanation. -->",
        &format!("```text\n{}\n...\n{way}\n...\n{change}\n```\n", words.headline()),
    );
}

/// The month beside the page is the first that is made.
#[test]
fn the_committed_month_is_the_first_of_the_year() {
    let month = year(SEED).into_iter().next().unwrap();
    let place = folder().join("month-01");
    if std::env::var_os("APPORTION_BLESS").is_some() {
        fs::create_dir_all(&place).unwrap();
        for (name, text) in month.forms() {
            fs::write(place.join(name), text).unwrap();
        }
    }
    let mut names: Vec<String> = Vec::new();
    for (name, text) in month.forms() {
        assert!(fs::read_to_string(place.join(&name)).unwrap() == text, "month-01/{name} differs");
        names.push(name);
    }
    for file in fs::read_dir(&place).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "month-01/{name} is not made");
    }
}

/// The same seed gives the same bytes, another seed others; epochs and settlements are pinned.
#[test]
fn the_seed_decides_every_byte() {
    let mut digests = String::new();
    let [lineage, influence] = settled();
    for (number, (epoch, month)) in lineage.epochs.iter().zip(year(SEED)).enumerate() {
        let files: String = month.forms().into_iter().map(|(name, text)| format!("{name}\n{text}")).collect();
        writeln!(digests, "month {}\n  files      {}", number + 1, Digest::of(files.as_bytes())).unwrap();
        writeln!(digests, "  epoch      {}", epoch.digest()).unwrap();
        for (name, settled) in [("lineage", lineage), ("influence", influence)] {
            writeln!(digests, "  {name:<9}  {}", settled.settlements[number].receipt.digest()).unwrap();
            assert_eq!(settled.epochs[number].digest(), epoch.digest(), "one epoch serves both charters");
        }
    }
    assert_golden("attribution.txt", digests.as_bytes());
    let files = |seed| year(seed).iter().map(Month::forms).collect::<Vec<_>>();
    assert_eq!(files(SEED), files(SEED));
    assert_ne!(files(SEED), files(SEED + 1));
}

/// A month as a document of provenance, traces and small tables pays what the same month pays as plain tables, in all and
/// by every policy. (Not the measures' last bits: an import of documents leaves out models of before that nothing uses.)
#[test]
fn provenance_and_traces_pay_what_tables_pay() {
    for settled in settled() {
        for (month, settlement) in year(SEED).iter().zip(&settled.settlements) {
            let folder = tempfile::tempdir().unwrap();
            let epoch = worked::imported(&month.tables(Owners::People), folder.path()).unwrap();
            let tables = settle(&epoch, &settled.charter, &settled.policies, &History::default()).unwrap();
            let number = month.number();
            assert_ne!(settlement.payouts.epoch(), epoch.digest(), "month {number} in two forms");
            assert_eq!(amounts(settlement), amounts(&tables), "month {number}");
        }
    }
}

/// What each payee gets, from each policy and in all.
fn amounts(settlement: &Settlement) -> Vec<(&str, u128, Vec<u128>)> {
    let payouts = settlement.payouts.iter();
    let parts = |payout: &Payout| payout.parts.iter().map(|part| part.amount).collect();
    payouts.map(|payout| (payout.payee.as_str(), payout.amount, parts(payout))).collect()
}

/// Whoever adds the payouts and the treasury's part gets the pool.
#[test]
fn nothing_is_made_or_lost() {
    for settled in settled() {
        for (settlement, paid) in settled.settlements.iter().zip(&settled.paid) {
            let terms = settlement.receipt.terms();
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
        let payouts = influence.settlements[month].payouts.rows();
        payouts.iter().find(|payout| payout.payee == attribution::WITHDRAWN).unwrap().parts[2].amount
    };
    assert!((0..6).all(|month| of_gains(month) > 0) && (6..12).all(|month| of_gains(month) == 0));
}

/// By a charter that looks at the withdrawal the letters earn what they earned before, and nothing from then on.
#[test]
fn a_charter_can_end_it_with_the_withdrawal() {
    let (before, rest) = LINEAGE.split_once("half_life_days").unwrap();
    let written = format!("{before}withdrawn = \"invalidated\"\nhalf_life_days{rest}");
    let (charter, policies) = worked::charter(&Engine::new().unwrap(), &written).unwrap();
    let ended = settled_by(&year(SEED), charter, policies);
    for (ended, paid) in ended.paid.iter().zip(&settled()[0].paid) {
        let expected = if paid.month < 7 { paid.letters } else { 0 };
        assert_eq!(ended.letters, expected, "month {}", paid.month);
    }
}

/// What each rule says of withdrawn data holds in any year that is made alike.
#[test]
fn any_seed_gives_a_year_in_which_the_rules_hold() {
    let engine = Engine::new().unwrap();
    for seed in [1, 2] {
        let months = year(seed);
        for (written, last) in [(LINEAGE, 10), (INFLUENCE, 9)] {
            let (charter, policies) = worked::charter(&engine, written).unwrap();
            let settled = settled_by(&months, charter, policies);
            for (settlement, paid) in settled.settlements.iter().zip(&settled.paid) {
                let terms = settlement.receipt.terms();
                assert_eq!(terms.paid + terms.retained, paid.pool, "seed {seed}, month {}", paid.month);
                // In month 10 it is chance whether a search of month 8 is used again.
                assert!(paid.letters > 0 || paid.month > 9, "seed {seed}, month {}", paid.month);
                assert!(paid.letters == 0 || paid.month <= last, "seed {seed}, month {}", paid.month);
            }
        }
    }
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
