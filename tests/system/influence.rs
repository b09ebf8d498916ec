//! The policy `influence` in the sandbox and natively: the same amounts and the same bits; and what it refuses.

use std::fs;

use apportion::charter::OnFault;
use apportion::{Charter, Engine, History, settle};
use apportion_guest::Division;
use apportion_tests::{fees, native};
use serde_json::json;

use crate::jury::{example, imported};
use crate::retro_funding::standard;

#[test]
fn component_and_native_rule_give_the_same() {
    let engine = Engine::new().unwrap();
    let policies = [standard(&engine, "influence")];
    // More edges than are read at once.
    let epoch = fees::epoch(150_000);
    let columns = native::epoch(&epoch).unwrap();
    for more in [
        json!({}),
        json!({"negative": "offset", "within_data_sets": "influence", "missing": "others", "min_errors": 2}),
        json!({"negative": "absolute", "error": null, "min_score": 0, "minimum": "30"}),
    ] {
        let mut parameters: serde_json::Value = serde_json::from_str(fees::PARAMETERS).unwrap();
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let natively =
            apportion_guest::run::<influence::Influence>(&columns, &parameters.to_string()).unwrap();
        let Division::ByAmount(amounts) = &natively.division else { panic!("not by amount") };
        let charter = Charter::single("Fees", &policies[0], parameters).unwrap();
        let settlement = settle(&epoch, &charter, &policies, &History::default()).unwrap();
        let payouts = settlement.payouts.rows();
        assert!(
            payouts.len() == amounts.len() && payouts.iter().filter(|paid| paid.amount > 0).count() > 500
        );
        for (row, (payout, amount)) in payouts.iter().zip(amounts).enumerate() {
            assert_eq!(payout.amount, *amount, "{}", payout.payee);
            let measures = payout.parts[0].measures.iter();
            for (measure, of_native) in measures.zip(&natively.measures) {
                assert_eq!(measure.to_bits(), of_native.values[row].to_bits(), "{}", of_native.name);
            }
        }
    }
}

#[test]
fn hostile_parameters_are_refused() {
    let engine = Engine::new().unwrap();
    let policies = [standard(&engine, "influence")];
    let epoch = fees::epoch(1_000);
    let charter = |parameters| Charter::single("Fees", &policies[0], parameters);
    // By the schema, before any run, when they are settled by: the charter itself does not know the policy.
    for parameters in [
        json!({}),
        json!({"portions": {"data": -1}}),
        json!({"portions": {"data": 0.5}}),
        json!({"portions": {"data": 1_000_001}}),
        json!({"portions": {"data": 1e300}}),
        json!({"portions": {"data": 1, "other": 1}}),
        json!({"portions": {"data": 1}, "negative": "reward"}),
        json!({"portions": {"data": 1}, "min_score": -1}),
        json!({"portions": {"data": 1}, "z": "wide"}),
        json!({"portions": {"data": 1}, "minimum": 0.1}),
        json!({"portions": {"data": 1}, "kinds": {"outputs": "output"}}),
    ] {
        let told = parameters.to_string();
        let refused = match charter(parameters) {
            Err(_) => true,
            Ok(charter) => settle(&epoch, &charter, &policies, &History::default()).is_err(),
        };
        assert!(refused, "{told}");
    }
    // By the policy.
    for parameters in [
        json!({"portions": {}}),
        json!({"portions": {"data": 1}, "kinds": {"data": "used"}}),
        json!({"portions": {"data": 1}, "min_errors": 1}),
        json!({"portions": {"data": 1}, "score": "x".repeat(100_000)}),
        json!({"portions": {"data": 1}, "minimum": "0.0000001"}),
    ] {
        let single = charter(parameters).unwrap();
        let mut terms = single.terms().clone();
        terms.on_fault = OnFault::Retain;
        let charter = Charter::new(terms).unwrap();
        let settlement = settle(&epoch, &charter, &policies, &History::default()).unwrap();
        assert_eq!(settlement.receipt.terms().paid, 0);
    }
}

/// The tables beside the policy's page say what the page does.
#[test]
fn the_pages_example_is_paid_as_it_says() {
    let policies = [standard(&Engine::new().unwrap(), "influence")];
    let parameters = fs::read_to_string(example("influence", "parameters.json")).unwrap();
    let charter = Charter::single("Fees", &policies[0], serde_json::from_str(&parameters).unwrap()).unwrap();
    let settlement =
        settle(&imported("influence", "epoch.toml"), &charter, &policies, &History::default()).unwrap();
    let paid = settlement.payouts.iter();
    let paid: Vec<(&str, u128)> = paid.map(|paid| (paid.payee.as_str(), paid.amount / 100)).collect();
    let page = [("ann", 300), ("bob", 250), ("cyd", 1_125), ("dan", 625), ("hub", 400), ("lab", 1_200)];
    assert_eq!(paid, page);
    assert_eq!(settlement.receipt.terms().retained, 10_000);
}
