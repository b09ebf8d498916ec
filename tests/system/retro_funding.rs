//! Six real months, both tracks, against what was published.

use std::collections::BTreeMap;
use std::fs;

use apportion::settle::SettleError;
use apportion::{Charter, Engine, History, Policy, Settlement, settle};
use apportion_import::retro_funding::{self, Imported, Options};
use apportion_tests::{MONTHS, data, native};

/// One of the two programmes.
#[derive(Clone, Copy)]
pub struct Track {
    pub name: &'static str,
    pub policy: &'static str,
    pub track: retro_funding::Track,
}

pub const TRACKS: [Track; 2] = [
    Track { name: "devtooling", policy: "optimism-devtooling", track: retro_funding::Track::Devtooling },
    Track { name: "onchain", policy: "optimism-onchain", track: retro_funding::Track::Onchain },
];

/// A month, imported, with its charter and policy.
pub struct Month {
    pub name: &'static str,
    pub imported: Imported,
    pub charter: Charter,
    pub policy: Policy,
}

impl Month {
    pub fn settle(&self) -> Settlement {
        settle(&self.imported.epoch, &self.charter, std::slice::from_ref(&self.policy), &History::default())
            .unwrap()
    }
}

pub fn standard(engine: &Engine, name: &str) -> Policy {
    engine.admit(apportion_standard::find(name).unwrap().bytes).unwrap()
}

pub fn months(engine: &Engine, track: Track) -> Vec<Month> {
    let policy = standard(engine, track.policy);
    let months = MONTHS.iter().map(|name| {
        let folder = data("retro-funding").join(name);
        let imported = retro_funding::import(&folder, track.track, &Options::default()).unwrap();
        assert_eq!(imported.policy, track.policy);
        let charter = Charter::single(name, &policy, imported.parameters.clone()).unwrap();
        Month { name, imported, charter, policy: policy.clone() }
    });
    months.collect()
}

/// What was published: OP with two decimals, here in hundredths.
fn published(month: &str, track: Track) -> BTreeMap<String, i128> {
    let text =
        fs::read_to_string(data(&format!("retro-funding/{month}/published-{}.csv", track.name))).unwrap();
    let hundredths = apportion::money::Asset::new("OP", 2).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let (project, op) = line.split_once(',').unwrap();
        (project.to_owned(), i128::try_from(hundredths.parse(op).unwrap()).unwrap())
    });
    rows.collect()
}

/// The projects whose payout is further than a hundredth of an OP from the published one.
fn differences(month: &Month, track: Track) -> Vec<String> {
    const HUNDREDTH: i128 = 10_i128.pow(16);
    let published = published(month.name, track);
    let settlement = month.settle();
    let settled = settlement.receipt.terms();
    assert_eq!(settled.paid + settled.retained, settled.pool);
    assert_eq!(settled.pool, month.imported.epoch.pool().amount);
    assert_eq!(settlement.payouts.sum(), Some(settled.paid));
    let payouts = settlement.payouts.rows();
    let known = |project: &&String| payouts.iter().any(|payout| payout.payee == **project);
    assert_eq!(
        published.keys().find(|project| !known(project)),
        None,
        "{}: everyone published is a payee",
        month.name
    );
    let different = payouts.iter().filter_map(|payout| {
        let paid = i128::try_from(payout.amount).unwrap();
        // A project with metrics that no list names was not published: it gets nothing.
        let expected = published.get(&payout.payee).unwrap_or(&0) * HUNDREDTH;
        ((paid - expected).abs() > HUNDREDTH)
            .then(|| format!("{}: {paid} instead of {expected}", payout.payee))
    });
    different.collect()
}

#[test]
fn devtooling_m6_is_what_was_published() {
    let months = months(&Engine::new().unwrap(), TRACKS[0]);
    let month = &months[5];
    assert_eq!((month.name, month.imported.epoch.payees().len()), ("M6", 258));
    assert_eq!(differences(month, TRACKS[0]), [""; 0]);
}

/// M1 but for one project, which was paid by hand on top of the budget: it has no metrics and the rule gives it nothing.
#[test]
fn onchain_months_are_what_was_published() {
    for month in months(&Engine::new().unwrap(), TRACKS[1]) {
        let different = differences(&month, TRACKS[1]);
        match month.name {
            "M1" => assert!(
                matches!(different.as_slice(), [one] if one.ends_with(": 0 instead of 19393220000000000000000")),
                "{different:?}"
            ),
            _ => assert_eq!(different, [""; 0], "{}", month.name),
        }
    }
}

/// Any month under any other month's parameters: a result whose sum is the pool, or a clear refusal.
#[test]
fn every_month_settles_under_every_months_parameters() {
    let engine = Engine::new().unwrap();
    for track in TRACKS {
        let months = months(&engine, track);
        for month in &months {
            for other in &months {
                let policies = [month.policy.clone()];
                match settle(&month.imported.epoch, &other.charter, &policies, &History::default()) {
                    Ok(settlement) => {
                        let settled = settlement.receipt.terms();
                        assert_eq!(settled.paid + settled.retained, settled.pool);
                        assert!(
                            settled.paid > 0,
                            "{} of {} under {} pays nobody",
                            track.name,
                            month.name,
                            other.name
                        );
                    }
                    Err(SettleError::Fault { fault, .. }) => {
                        assert!(["no-answer", "bad-parameters"].contains(&fault.code.as_str()), "{fault}");
                        assert!(fault.sentence.len() > 20, "{fault}");
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }
}

/// The same rule natively gives the same weights to the unit: nothing depends on how it was compiled.
#[test]
fn the_component_and_the_native_rule_agree_to_the_unit() {
    let engine = Engine::new().unwrap();
    for track in TRACKS {
        for month in months(&engine, track) {
            let epoch = native::epoch(&month.imported.epoch).unwrap();
            let parameters = month.imported.parameters.to_string();
            let allocation = match track.track {
                retro_funding::Track::Devtooling => {
                    apportion_guest::run::<optimism_devtooling::OptimismDevtooling>(&epoch, &parameters)
                        .unwrap()
                }
                retro_funding::Track::Onchain => {
                    apportion_guest::run::<optimism_onchain::OptimismOnchain>(&epoch, &parameters).unwrap()
                }
            };
            let apportion_guest::Division::ByWeight { shares, retained } = allocation.division else {
                panic!("both rules give weights");
            };
            let settlement = month.settle();
            let payouts = &settlement.payouts;
            assert_eq!(payouts.policies()[0].retained, Some(retained), "{} {}", track.name, month.name);
            let paid: Vec<Option<u64>> = payouts.iter().map(|payout| payout.parts[0].share).collect();
            assert_eq!(
                paid,
                shares.into_iter().map(Some).collect::<Vec<_>>(),
                "{} {}",
                track.name,
                month.name
            );
        }
    }
}
