//! The policy `quadratic-funding` in the sandbox: two rounds of clr.fund as they were settled on chain, and every rule as
//! it is natively.

use std::collections::BTreeMap;
use std::fs;

use apportion::fault::FaultCode;
use apportion::settle::SettleError;
use apportion::{Charter, Engine, History, settle};
use apportion_guest::{Division, run};
use apportion_import::tables;
use apportion_tests::{data, native};
use quadratic_funding::QuadraticFunding;

use crate::retro_funding::{TRACKS, months, standard};

/// From the committed tables to payouts, as the policy's page says to do it by hand.
#[test]
fn two_rounds_of_clr_fund_are_paid_to_the_unit() {
    let policies = [standard(&Engine::new().unwrap(), "quadratic-funding")];
    for (round, projects, left) in [("xdai-18604d", 30, 7), ("arbitrum-96FBFf", 10, 176)] {
        let folder = data("clrfund").join(round);
        let imported =
            tables::import(&folder.join("epoch.toml"), &tables::Options::default(), &mut |_| {}).unwrap();
        assert_eq!(imported.notes, [""; 0]);
        let parameters = fs::read_to_string(folder.join("parameters.json")).unwrap();
        let charter =
            Charter::single(round, &policies[0], serde_json::from_str(&parameters).unwrap()).unwrap();
        let settlement = settle(&imported.epoch, &charter, &policies, &History::default()).unwrap();

        let text = fs::read_to_string(folder.join("allocated.csv")).unwrap();
        let allocated: BTreeMap<&str, u128> = text
            .lines()
            .skip(1)
            .map(|line| line.split_once(',').unwrap())
            .map(|(payee, amount)| (payee, amount.parse().unwrap()))
            .collect();
        let payouts = settlement.payouts.rows();
        let paid = payouts.iter().map(|payout| (payout.payee.as_str(), payout.amount));
        assert_eq!(paid.collect::<BTreeMap<_, _>>(), allocated, "{round}");
        assert_eq!(allocated.len(), projects);
        // What rounding left in the contract.
        assert_eq!(settlement.receipt.terms().retained, left);
    }
}

/// Developers as contributors and tools as projects, in a real month.
#[test]
fn the_component_and_the_native_rule_agree_to_the_unit() {
    let engine = Engine::new().unwrap();
    let policies = [standard(&engine, "quadratic-funding")];
    let epoch = &months(&engine, TRACKS[0])[5].imported.epoch;
    for rule in [
        r#""plain""#,
        r#"{"pairwise": {"bound": 25}}"#,
        r#"{"cluster-match": {"discount": "gitcoin"}}"#,
        r#"{"cluster-match": {"discount": "paper", "group_kinds": ["onchain-project-to-developer"]}}"#,
    ] {
        let parameters = format!(
            r#"{{"rule": {rule}, "surplus": "shared", "min_contributors": 2,
                "edge_kinds": {{"developer-to-devtooling-project": 0.7, "package-dependency": 3}}}}"#
        );
        let charter =
            Charter::single("Matched", &policies[0], serde_json::from_str(&parameters).unwrap()).unwrap();
        let settlement = settle(epoch, &charter, &policies, &History::default()).unwrap();
        let natively = run::<QuadraticFunding>(&native::epoch(epoch).unwrap(), &parameters).unwrap();
        let Division::ByWeight { shares, retained } = &natively.division else {
            panic!("{rule} fixes amounts")
        };
        let payouts = &settlement.payouts;
        assert_eq!(payouts.policies()[0].retained, Some(*retained));
        assert_eq!(payouts.len(), shares.len());
        let matched = natively.measures[0].values.iter().filter(|matched| **matched > 0.0).count();
        assert!(matched > 100, "{rule} matches {matched}");
        for (row, payout) in payouts.iter().enumerate() {
            assert_eq!(payout.parts[0].share, Some(shares[row]), "{rule} {}", payout.payee);
            for (given, native) in payout.parts[0].measures.iter().zip(&natively.measures) {
                assert_eq!(given.to_bits(), native.values[row].to_bits(), "{rule} {}", payout.payee);
            }
        }
    }
}

#[test]
fn parameters_that_cannot_be_are_refused_before_a_run() {
    let policy = standard(&Engine::new().unwrap(), "quadratic-funding");
    for parameters in [
        r#"{"rule": "quartic"}"#,
        r#"{"rule": "pairwise"}"#,
        r#"{"rule": {"pairwise": {"bound": 0}}}"#,
        r#"{"rule": {"pairwise": {"bound": 1, "k": 2}}}"#,
        r#"{"rule": {"pairwise": {"bound": 1}, "plain": {}}}"#,
        r#"{"rule": {"cluster-match": {}}}"#,
        r#"{"rule": {"cluster-match": {"discount": "none"}}}"#,
        r#"{"rule": {"clrfund-v1": {"voice_credit_factor": 0}}}"#,
        r#"{"rule": {"clrfund-v1": {"voice_credit_factor": 1.5}}}"#,
        r#"{"rule": {"clrfund-v2": {"voice_credit_factor": 1e16}}}"#,
        r#"{"rule": {"clrfund-v3": {}}}"#,
        r#"{"max_share": 1.5}"#,
        r#"{"min_contribution": -1}"#,
        r#"{"min_contributors": 0}"#,
        r#"{"min_contributors": 1000001}"#,
        r#"{"edge_kinds": {"gave": -1}}"#,
        r#"{"surplus": "burnt"}"#,
        r#"{"cap": 1}"#,
    ] {
        let value = serde_json::from_str(parameters).unwrap();
        assert!(policy.check_parameters(&value).is_err(), "{parameters} is allowed");
    }
}

/// What the schema cannot say, the policy does.
#[test]
fn a_tally_has_no_cap() {
    let policies = [standard(&Engine::new().unwrap(), "quadratic-funding")];
    let folder = data("clrfund/xdai-18604d");
    let epoch =
        tables::import(&folder.join("epoch.toml"), &tables::Options::default(), &mut |_| {}).unwrap().epoch;
    let parameters = serde_json::json!({"rule": {"clrfund-v1": {}}, "max_share": 0.5});
    let charter = Charter::single("Capped", &policies[0], parameters).unwrap();
    let refused = settle(&epoch, &charter, &policies, &History::default());
    assert!(
        matches!(refused, Err(SettleError::Fault { fault, .. }) if fault.code == FaultCode::BadParameters)
    );
}
