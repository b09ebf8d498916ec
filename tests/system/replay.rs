//! Six real months replayed: the same rule gives the same bytes, another rule gives numbers that can be worked out.

use std::collections::BTreeMap;
use std::convert::Infallible;

use apportion::compare::{CandidateSide, ComparisonBuilder};
use apportion::fault::FaultCode;
use apportion::replay::{Replayed, ReplayedEpoch, SettledEpoch, SettledEpochError, SettledEpochs};
use apportion::{Charter, Engine, History, Payouts, settle};
use apportion_tests::{compare, hostile, replay_all, small_epoch};

use crate::retro_funding::{Month, TRACKS, months, standard};

/// Settled epochs in memory.
struct Settlements(Vec<SettledEpoch>);

impl SettledEpochs for Settlements {
    type Error = Infallible;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn load(&self, index: usize) -> Result<SettledEpoch, Infallible> {
        Ok(self.0[index].clone())
    }
}

fn settled(month: &Month, charter: &Charter) -> SettledEpoch {
    let policies = std::slice::from_ref(&month.policy);
    let settlement = settle(&month.imported.epoch, charter, policies, &History::default()).unwrap();
    let epoch = month.imported.epoch.clone();
    SettledEpoch::new(epoch, charter.clone(), settlement.receipt, settlement.payouts).unwrap()
}

/// Every month under its own charter.
fn past(months: &[Month]) -> Settlements {
    Settlements(months.iter().map(|month| settled(month, &month.charter)).collect())
}

fn replayed(past: &Settlements, candidates: &[Charter], month: &Month) -> Vec<ReplayedEpoch> {
    let policies = [month.policy.clone()];
    replay_all(past, candidates, &policies, &History::default()).unwrap()
}

/// A month's rule for any month: without the periods that it names, the newest are taken.
fn for_any_month(month: &Month) -> Charter {
    let mut parameters = month.imported.parameters.clone();
    if let Some(simulation) = parameters.get_mut("simulation").and_then(serde_json::Value::as_object_mut) {
        simulation.remove("periods");
    }
    Charter::single(month.name, &month.policy, parameters).unwrap()
}

#[test]
fn the_same_charter_gives_the_identical_settlement() {
    let engine = Engine::new().unwrap();
    for track in TRACKS {
        let months = months(&engine, track);
        let charters: Vec<Charter> = months.iter().map(|month| month.charter.clone()).collect();
        let past = past(&months);
        let policies = [months[0].policy.clone()];
        let epochs = replay_all(&past, &charters, &policies, &History::default()).unwrap();
        assert!(epochs.iter().map(|epoch| epoch.receipt.terms().number).eq(1..=6));
        for (index, epoch) in epochs.iter().enumerate() {
            let Replayed::Settled { receipt, payouts } = &epoch.replayed[index] else {
                panic!("{} was settled before", months[index].name)
            };
            assert_eq!(receipt.digest(), epoch.receipt.digest());
            assert_eq!(payouts.as_bytes(), epoch.payouts.as_bytes());
        }
    }
}

/// The comparison's numbers, worked out here another way: by payee over flat lists, ranks by counting, Gini by pairs.
#[test]
fn the_comparison_with_m6_is_what_arithmetic_says() {
    let engine = Engine::new().unwrap();
    for track in TRACKS {
        let mut months = months(&engine, track);
        let candidate = for_any_month(&months[5]);
        // The first months of developer tools lack data that M6's rule may ask for, which is a fault and told as one.
        months.retain(|month| {
            let policies = [month.policy.clone()];
            settle(&month.imported.epoch, &candidate, &policies, &History::default()).is_ok()
        });
        assert!(months.len() >= 3, "{} months of {} are comparable", months.len(), track.name);
        let past = past(&months);
        let epochs = replayed(&past, std::slice::from_ref(&candidate), &months[0]);
        let mut comparing = ComparisonBuilder::new(&candidate, 0);
        let rows: Vec<_> = epochs.iter().flat_map(|epoch| comparing.add(epoch).unwrap()).collect();
        let comparison = comparing.finish().unwrap();
        let terms = comparison.terms();
        let again: serde_json::Value = serde_json::from_slice(comparison.as_bytes()).unwrap();
        assert_eq!(again["totals"]["changes_hands"], terms.totals.changes_hands.to_string());

        let mut amounts: BTreeMap<String, (i128, i128)> = BTreeMap::new();
        let signed = |amount: u128| i128::try_from(amount).unwrap();
        let each = |payouts: &Payouts, add: &mut dyn FnMut(&str, i128)| {
            payouts.iter().for_each(|payout| add(&payout.payee, signed(payout.amount)));
        };
        for (month, then) in months.iter().zip(&past.0) {
            each(&month.settle().payouts, &mut |payee, amount| {
                amounts.entry(payee.to_owned()).or_default().0 += amount;
            });
            each(settled(month, &candidate).payouts(), &mut |payee, amount| {
                amounts.entry(payee.to_owned()).or_default().1 += amount;
            });
            assert_eq!(then.epoch().digest(), month.imported.epoch.digest());
        }
        assert_eq!(terms.payees.len(), amounts.len());
        for payee in &terms.payees {
            let (then, new) = amounts[&payee.payee];
            assert_eq!((signed(payee.original), signed(payee.candidate)), (then, new));
            assert_eq!(payee.difference.to_string(), (new - then).to_string());
            let rows = rows.iter().filter(|row| row.payee == payee.payee);
            let sum: i128 = rows.map(|row| row.difference.to_string().parse::<i128>().unwrap()).sum();
            assert_eq!(sum, new - then, "the epochs' differences sum to the payee's");
        }
        let differences: Vec<i128> = amounts.values().map(|(then, new)| new - then).collect();
        let sum: i128 = differences.iter().sum();
        assert_eq!(terms.totals.difference.to_string(), sum.to_string());
        assert_eq!(signed(terms.totals.candidate) - signed(terms.totals.original), sum);
        let absolute: i128 = differences.iter().map(|difference| difference.abs()).sum();
        assert_eq!(signed(terms.totals.changes_hands), (absolute - sum.abs()) / 2);
        let statistics = &terms.statistics;
        assert_eq!(statistics.gain, differences.iter().filter(|difference| **difference > 0).count());
        assert_eq!(statistics.lose, differences.iter().filter(|difference| **difference < 0).count());

        let paid: Vec<(i128, i128)> = amounts.into_values().filter(|pair| *pair != (0, 0)).collect();
        let (then, new): (Vec<i128>, Vec<i128>) = paid.into_iter().unzip();
        for (spread, amounts) in [(statistics.original, &then), (statistics.candidate, &new)] {
            close(spread.gini, gini_by_pairs(amounts));
            let mut sorted = amounts.clone();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let total: i128 = sorted.iter().sum();
            close(spread.top_5, sorted[..5].iter().sum::<i128>() as f64 / total as f64);
            let half = (1..).find(|&count| 2 * sorted[..count].iter().sum::<i128>() >= total);
            assert_eq!(Some(spread.half), half);
        }
        close(statistics.rank_correlation, pearson(&ranks_by_counting(&then), &ranks_by_counting(&new)));
        assert!(terms.totals.changes_hands > 0, "M6's parameters are other than those before");
    }
}

fn close(given: Option<f64>, expected: f64) {
    assert!((given.unwrap() - expected).abs() < 1e-9, "{given:?} instead of {expected}");
}

/// Half the mean absolute difference of all pairs, over the mean: Gini's own definition.
fn gini_by_pairs(amounts: &[i128]) -> f64 {
    let (count, total) = (amounts.len() as f64, amounts.iter().sum::<i128>() as f64);
    let pairs = amounts.iter().flat_map(|a| amounts.iter().map(move |b| (a - b).abs() as f64));
    pairs.sum::<f64>() / (2.0 * count * total)
}

fn ranks_by_counting(amounts: &[i128]) -> Vec<f64> {
    let rank = |amount: &i128| {
        let less = amounts.iter().filter(|other| *other < amount).count();
        let level = amounts.iter().filter(|other| *other == amount).count();
        less as f64 + (level as f64 + 1.0) / 2.0
    };
    amounts.iter().map(rank).collect()
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>()
    };
    product(a, mean_a, b, mean_b) / (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt()
}

/// M5's rule held against M6's, and the other way round.
#[test]
fn turning_the_sides_round_turns_the_signs_round() {
    let engine = Engine::new().unwrap();
    let mut months = months(&engine, TRACKS[1]);
    let (fifth, sixth) = (for_any_month(&months[4]), for_any_month(&months[5]));
    months.drain(..3);
    let under = |charter: &Charter| Settlements(months.iter().map(|month| settled(month, charter)).collect());
    let compared = |then: &Charter, new: &Charter| {
        let epochs = replayed(&under(then), std::slice::from_ref(new), &months[0]);
        compare(&epochs, new, 0).unwrap()
    };
    let (forth, back) = (compared(&fifth, &sixth), compared(&sixth, &fifth));
    let (forth, back) = (forth.terms(), back.terms());
    for (there, here) in forth.payees.iter().zip(&back.payees) {
        assert_eq!((there.original, there.candidate), (here.candidate, here.original));
        assert_eq!(there.difference.magnitude(), here.difference.magnitude());
        assert!(!(there.difference.is_negative() && here.difference.is_negative()));
    }
    assert_eq!(forth.totals.changes_hands, back.totals.changes_hands);
    assert_eq!((forth.totals.gained, forth.totals.lost), (back.totals.lost, back.totals.gained));
    assert_eq!(forth.statistics.original, back.statistics.candidate);
    assert_eq!(forth.statistics.rank_correlation, back.statistics.rank_correlation);
}

/// A fault is a result: its epoch is told and left out, the others are compared.
#[test]
fn a_fault_is_shown_and_left_out_of_the_sums() {
    let engine = Engine::new().unwrap();
    let equal = standard(&engine, "equal");
    let month = &months(&engine, TRACKS[1])[5];
    let epochs = [small_epoch(), month.imported.epoch.clone()];
    let fair = Charter::single("Equal", &equal, serde_json::json!({})).unwrap();
    let policies = [equal, month.policy.clone()];
    let one = |epoch: &apportion::Epoch| {
        let settlement = settle(epoch, &fair, &policies, &History::default()).unwrap();
        SettledEpoch::new(epoch.clone(), fair.clone(), settlement.receipt, settlement.payouts).unwrap()
    };
    // On-chain metrics are not in the first epoch: the rule refuses.
    let past = Settlements(vec![one(&epochs[0])]);
    let candidates = [month.charter.clone(), fair.clone()];
    let replayed = replay_all(&past, &candidates, &policies, &History::default()).unwrap();
    let comparison = compare(&replayed, &candidates[0], 0).unwrap();
    let terms = comparison.terms();
    let CandidateSide::Fault(fault) = &terms.epochs[0].candidate else { panic!("a fault is expected") };
    assert!([FaultCode::NoAnswer, FaultCode::BadParameters].contains(&fault.fault.code), "{fault:?}");
    assert_eq!((terms.totals.epochs, terms.totals.original, terms.payees.len()), (0, 0, 3));
    let page = apportion_report::page(&comparison);
    assert!(page.contains("could not have settled any") && page.contains("left out of every sum"));
    let same = compare(&replayed, &candidates[1], 1).unwrap();
    assert_eq!(same.terms().statistics.rank_correlation, Some(1.0), "one has the unit that is left over");
    assert_eq!(same.terms().statistics.same, 3);

    // Different assets have no sum; objects of two settlements are not one.
    let mixed = Settlements(epochs.iter().map(one).collect());
    let replayed = replay_all(&mixed, &candidates[1..], &policies, &History::default()).unwrap();
    let error = compare(&replayed, &fair, 0).unwrap_err().to_string();
    assert!(error.contains("they have no sum"), "{error}");
    let settlement = settle(&epochs[0], &fair, &policies, &History::default()).unwrap();
    let wrong = SettledEpoch::new(
        epochs[1].clone(),
        fair.clone(),
        settlement.receipt.clone(),
        settlement.payouts.clone(),
    );
    assert!(matches!(wrong, Err(SettledEpochError::Epoch { .. })));
    let wrong =
        SettledEpoch::new(epochs[0].clone(), month.charter.clone(), settlement.receipt, settlement.payouts);
    assert!(matches!(wrong, Err(SettledEpochError::Charter { .. })));
}

/// A rule with a state is replayed in order, with the history that it would have made itself.
#[test]
fn a_stateful_rule_is_replayed_with_its_own_history() {
    let engine = Engine::new().unwrap();
    let (counting, equal) = (engine.admit(&hostile::stateful()).unwrap(), standard(&engine, "equal"));
    let charter = Charter::single("Counting", &counting, serde_json::json!({})).unwrap();
    let fair = Charter::single("Equal", &equal, serde_json::json!({})).unwrap();
    let (policies, epoch) = ([counting, equal], small_epoch());
    let mut history = History::default();
    let mut past = Settlements(Vec::new());
    for _ in 0..3 {
        let settlement = settle(&epoch, &charter, &policies, &history).unwrap();
        for payout in settlement.payouts.rows() {
            *history.paid.entry(payout.payee.clone()).or_default() += payout.amount;
        }
        history.previous = Some(settlement.receipt.digest());
        history.carry = settlement.carry;
        let (receipt, payouts) = (settlement.receipt, settlement.payouts);
        past.0.push(SettledEpoch::new(epoch.clone(), charter.clone(), receipt, payouts).unwrap());
    }
    let candidates = [charter, fair.clone()];
    let epochs = replay_all(&past, &candidates, &policies, &History::default()).unwrap();
    for (place, epoch) in epochs.iter().enumerate() {
        let [Replayed::Settled { receipt, payouts }, Replayed::Settled { receipt: other, .. }] =
            epoch.replayed.as_slice()
        else {
            panic!("both settle")
        };
        assert_eq!(receipt.digest(), epoch.receipt.digest());
        assert_eq!(payouts.rows()[0].parts[0].share, Some(place as u64 + 1));
        assert_eq!(other.terms().charter, fair.digest(), "results are in the candidates' order");
    }
    // Begun in the middle, the history before is what the caller says it was.
    past.0.remove(0);
    let mut before = History::default();
    before.carry.insert(policies[0].digest(), vec![0]);
    let epochs = replay_all(&past, &candidates[..1], &policies, &before).unwrap();
    let Replayed::Settled { receipt, .. } = &epochs[1].replayed[0] else { panic!("it settles") };
    assert_eq!(receipt.digest(), epochs[1].receipt.digest());
}
