//! EigenTrust in the sandbox: what go-eigentrust published, and the same bits as natively.

use std::fs;

use apportion::{Charter, Engine, History, settle};
use apportion_guest::run;
use apportion_import::tables;
use apportion_tests::{data, native};
use eigentrust::Eigentrust;

use crate::retro_funding::{TRACKS, months, standard};

/// From the committed tables to payouts, as the policy's page says to do it by hand.
#[test]
fn three_peers_are_trusted_as_published() {
    let policies = [standard(&Engine::new().unwrap(), "eigentrust")];
    let folder = data("eigentrust");
    let epoch =
        tables::import(&folder.join("epoch.toml"), &tables::Options::default(), &mut |_| {}).unwrap().epoch;
    let parameters = fs::read_to_string(folder.join("parameters.json")).unwrap();
    let charter =
        Charter::single("Trusted", &policies[0], serde_json::from_str(&parameters).unwrap()).unwrap();
    let settlement = settle(&epoch, &charter, &policies, &History::default()).unwrap();
    let payouts = settlement.payouts.rows();
    let published = fs::read_to_string(folder.join("published.csv")).unwrap();
    assert_eq!(published.lines().count(), 1 + payouts.len());
    for (line, payout) in published.lines().skip(1).zip(payouts) {
        let (payee, trust) = line.split_once(',').unwrap();
        let difference = payout.parts[0].measures[0] - trust.parse::<f64>().unwrap();
        assert!(payout.payee == payee && difference.abs() < 1e-6, "{payee} by {difference}");
    }
    // 28/129, 39/129 and 62/129 of 1,000.00.
    assert_eq!(payouts.iter().map(|payout| payout.amount).collect::<Vec<_>>(), [21_705, 30_233, 48_062]);
}

#[test]
fn component_and_native_rule_give_the_same_scores() {
    let engine = Engine::new().unwrap();
    let policies = [standard(&engine, "eigentrust")];
    // A real graph: projects, packages and developers, and who depends on whom; the used are trusted beforehand.
    let epoch = &months(&engine, TRACKS[0])[5].imported.epoch;
    for parameters in [
        r#"{"alpha": 0.2}"#,
        r#"{"pretrust_metric": "onchain.total_transaction_count", "epsilon": 1e-9, "edge_kinds":
            {"package-dependency": 2, "onchain-project-to-developer": 1, "developer-to-devtooling-project": 0.5}}"#,
    ] {
        let charter =
            Charter::single("Trusted", &policies[0], serde_json::from_str(parameters).unwrap()).unwrap();
        let settlement = settle(epoch, &charter, &policies, &History::default()).unwrap();
        let natively = run::<Eigentrust>(&native::epoch(epoch).unwrap(), parameters).unwrap();
        let scores = &natively.measures[0].values;
        let payouts = settlement.payouts.rows();
        assert!(payouts.len() > 200 && payouts.len() == scores.len());
        assert!(scores.iter().filter(|score| **score > 0.0).count() > 100);
        for (payout, score) in payouts.iter().zip(scores) {
            assert_eq!(payout.parts[0].measures[0].to_bits(), score.to_bits(), "{}", payout.payee);
        }
    }
}

#[test]
fn parameters_that_cannot_be_are_refused_before_a_run() {
    let policy = standard(&Engine::new().unwrap(), "eigentrust");
    for parameters in [
        r#"{"alpha": -0.1}"#,
        r#"{"alpha": 1.1}"#,
        r#"{"alpha": "half"}"#,
        r#"{"epsilon": 0}"#,
        r#"{"max_iterations": 0}"#,
        r#"{"max_iterations": 10001}"#,
        r#"{"pretrust_metric": 1}"#,
        r#"{"edge_kinds": {"trusts": -1}}"#,
        r#"{"damping": 0.5}"#,
    ] {
        let value = serde_json::from_str(parameters).unwrap();
        assert!(policy.check_parameters(&value).is_err(), "{parameters} is allowed");
    }
}
