//! The jury's methods in the sandbox and natively, over the tables that its page shows: the same bits.

use std::path::{Path, PathBuf};

use apportion::settle::SettleError;
use apportion::{Charter, Engine, Epoch, History, Settlement, settle};
use apportion_tests::native;
use serde_json::{Value, json};

use crate::retro_funding::standard;

/// A file in the folder of examples of a policy.
pub fn example(policy: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies").join(policy).join("example").join(file)
}

/// The epoch that a description beside a policy gives.
pub fn imported(policy: &str, description: &str) -> Epoch {
    apportion_import::tables::import(&example(policy, description), &Default::default(), &mut |_| {})
        .unwrap()
        .epoch
}

/// Settles an epoch by one policy, and holds payouts, weights and measures to the bit against the same rule natively.
pub fn settled<P: apportion_guest::Policy>(
    engine: &Engine,
    epoch: &Epoch,
    parameters: &Value,
) -> Vec<(String, u128)> {
    let settlement = settled_by(engine, P::NAME, epoch, parameters).unwrap();
    let natively = native::epoch(epoch).unwrap();
    let allocation = apportion_guest::run::<P>(&natively, &parameters.to_string()).unwrap();
    let apportion_guest::Division::ByAmount(amounts) = &allocation.division else { panic!("no amounts") };
    let payouts = settlement.payouts.rows();
    assert_eq!(payouts.len(), amounts.len());
    for (row, (payout, amount)) in payouts.iter().zip(amounts).enumerate() {
        assert_eq!(payout.amount, *amount, "{} under {parameters}", payout.payee);
        let measures = payout.parts[0].measures.iter().map(|value| value.to_bits());
        let native = allocation.measures.iter().map(|measure| measure.values[row].to_bits());
        assert!(measures.eq(native), "{} under {parameters}", payout.payee);
    }
    payouts.iter().map(|payout| (payout.payee.clone(), payout.amount)).collect()
}

fn settled_by(
    engine: &Engine,
    policy: &str,
    epoch: &Epoch,
    parameters: &Value,
) -> Result<Settlement, SettleError> {
    let policies = [standard(engine, policy)];
    let charter = Charter::single("One rule", &policies[0], parameters.clone()).unwrap();
    settle(epoch, &charter, &policies, &History::default())
}

/// Holds that parameters come to no settlement, and says why not.
pub fn refused(engine: &Engine, policy: &str, epoch: &Epoch, parameters: &Value) -> String {
    match settled_by(engine, policy, epoch, parameters) {
        Err(error @ (SettleError::Parameters(_) | SettleError::Fault { .. })) => error.to_string(),
        other => panic!("{parameters}: {other:?}"),
    }
}

#[test]
fn component_and_native_rule_come_to_the_same_by_every_method() {
    let engine = Engine::new().unwrap();
    let compared = imported("jury", "comparisons.toml");
    for method in [
        json!({"bradley-terry": {"prior": 0.1}}),
        json!({"bradley-terry": {"ties": "rao-kupper", "prior": 0.1}}),
        json!({"huber-logs": {"delta": 0.1}}),
        json!({"colley": {}}),
        json!({"rank-centrality": {"prior": 0.5}}),
    ] {
        for jurors in ["as-given", "alike"] {
            let parameters = json!({"method": method, "jurors": jurors});
            let paid = settled::<jury::Jury>(&engine, &compared, &parameters);
            assert_eq!(paid.iter().map(|(_, amount)| amount).sum::<u128>(), 90_000, "{parameters}");
            // The compiler was preferred most often, under every method.
            let most = paid.iter().max_by_key(|(_, amount)| *amount).unwrap();
            assert_eq!(most.0, "compiler-team", "{parameters}");
        }
    }
}

#[test]
fn ballots_from_tables_are_paid_by_their_medians() {
    let engine = Engine::new().unwrap();
    let ballots = imported("jury", "ballots.toml");
    let paid = |parameters| settled::<jury::Jury>(&engine, &ballots, &parameters);
    let by = |compiler, parser, writers| {
        [("compiler-team", compiler), ("parser-team", parser), ("writers", writers)]
            .map(|(payee, amount): (&str, u128)| (payee.to_owned(), amount))
    };
    // Medians of 10 40 50, of 10 30, and of 0 80.
    assert_eq!(paid(json!({"method": {"median": {}}})), by(36_000, 18_000, 36_000));
    // Of all three ballots: 40, 10, 0.
    assert_eq!(paid(json!({"method": {"median": {"of": "ballots"}}})), by(72_000, 18_000, 0));
    assert_eq!(paid(json!({"method": {"median": {"quorum": 3}}})), by(90_000, 0, 0));
    let budgets = json!({"label": "category", "most": {"tools": "50%"}});
    let constraints = json!({"budgets": budgets, "cap": "400.01"});
    assert_eq!(
        paid(json!({"method": {"median": {}}, "constraints": constraints})),
        by(30_000, 15_000, 40_001)
    );
    let constraints = json!({"exclude": ["writers"], "minimum": "300.01"});
    assert_eq!(paid(json!({"method": {"median": {}}, "constraints": constraints})), by(90_000, 0, 0));
}

#[test]
fn hostile_parameters_are_refused() {
    let engine = Engine::new().unwrap();
    let epoch = imported("jury", "comparisons.toml");
    let colley = json!({"colley": {}});
    for parameters in [
        json!({}),
        json!({"method": "colley"}),
        json!({"method": {"colley": {"prior": 1}}}),
        json!({"method": {"colley": {}, "median": {}}}),
        json!({"method": {"bradley-terry": {"prior": -1}}}),
        json!({"method": {"bradley-terry": {"max_iterations": 0}}}),
        json!({"method": {"bradley-terry": {"max_iterations": 4_000_000_000_u32}}}),
        json!({"method": {"bradley-terry": {"prior": 1e308}}}),
        json!({"method": {"rank-centrality": {"prior": 1e308}}}),
        json!({"method": {"huber-logs": {"delta": 0}}}),
        json!({"method": {"median": {"quorum": -1}}}),
        json!({"method": colley, "jurors": "loud"}),
        json!({"method": colley, "constraints": {"cap": 0.5}}),
        json!({"method": colley, "constraints": {"cap": "-5"}}),
        json!({"method": colley, "constraints": {"cap": "101%"}}),
        json!({"method": colley, "constraints": {"cap": "1e9"}}),
        json!({"method": colley, "constraints": {"floor": "9".repeat(60)}}),
        json!({"method": colley, "constraints": {"floor": "50%"}}),
        json!({"method": colley, "constraints": {"cap": "0.001"}}),
        json!({"method": colley, "constraints": {"capp": "5"}}),
        json!({"method": colley, "constraints": {"budgets": {"label": "mood", "most": {}}}}),
    ] {
        assert!(!refused(&engine, "jury", &epoch, &parameters).contains("trap"), "{parameters}");
    }
}
