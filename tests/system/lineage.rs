//! Lineage in the sandbox and natively: the same bits.

use apportion::{Charter, Engine, History, settle};
use apportion_tests::native;
use serde_json::json;

use crate::retro_funding::{TRACKS, months, standard};

#[test]
fn component_and_native_rule_give_the_same_amounts() {
    let engine = Engine::new().unwrap();
    let policies = [standard(&engine, "lineage")];
    let month = &months(&engine, TRACKS[0])[5];
    let epoch = &month.imported.epoch;
    let kinds = epoch.node_kinds().iter().map(|kind| (kind.to_owned(), json!(1)));
    let outcomes: serde_json::Map<_, _> = kinds.collect();
    for parameters in [
        json!({"outcomes": outcomes, "kept_otherwise": 0.25}),
        json!({"outcomes": outcomes, "per_step": 0.5, "half_life_days": 30, "samples": 20}),
    ] {
        let charter = Charter::single("Lineage", &policies[0], parameters.clone()).unwrap();
        let settlement = settle(epoch, &charter, &policies, &History::default()).unwrap();
        let native = native::epoch(epoch).unwrap();
        let natively = apportion_guest::run::<lineage::Lineage>(&native, &parameters.to_string()).unwrap();
        let payouts = settlement.payouts.rows();
        assert!(payouts.len() > 200 && settlement.receipt.terms().paid > 0);
        for (row, payout) in payouts.iter().enumerate() {
            let part = &payout.parts[0];
            for (measure, value) in natively.measures.iter().zip(&part.measures) {
                assert_eq!(
                    measure.values[row].to_bits(),
                    value.to_bits(),
                    "{} {}",
                    payout.payee,
                    measure.name
                );
            }
        }
    }
}

#[test]
fn parameters_that_cannot_be_meant_are_refused_before_a_run() {
    let engine = Engine::new().unwrap();
    let policy = standard(&engine, "lineage");
    for parameters in [
        json!({}),
        json!({"outcomes": {"answer": -1}}),
        json!({"outcomes": {"answer": 1}, "per_step": 2}),
        json!({"outcomes": {"answer": 1}, "kept": {"run": 1.5}}),
        json!({"outcomes": {"answer": 1}, "half_life_days": 0}),
        json!({"outcomes": {"answer": 1}, "samples": 10_001}),
        json!({"outcomes": {"answer": 1}, "surprise": true}),
    ] {
        assert!(policy.check_parameters(&parameters).is_err(), "{parameters}");
    }
}
