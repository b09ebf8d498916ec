//! PageRank in the sandbox and natively: the same bits.

use apportion::{Charter, Engine, History, settle};
use apportion_tests::native;

use crate::retro_funding::{TRACKS, months, standard};

#[test]
fn component_and_native_rule_give_the_same_scores() {
    let engine = Engine::new().unwrap();
    let policies = [standard(&engine, "pagerank")];
    // A real graph: projects, packages and developers, and who depends on whom.
    let month = &months(&engine, TRACKS[0])[5];
    let epoch = &month.imported.epoch;
    for parameters in [r#"{"iterations": 20}"#, r#"{"damping": 0.5}"#] {
        let charter =
            Charter::single("Ranked", &policies[0], serde_json::from_str(parameters).unwrap()).unwrap();
        let settlement = settle(epoch, &charter, &policies, &History::default()).unwrap();
        let natively =
            apportion_guest::run::<pagerank::Pagerank>(&native::epoch(epoch).unwrap(), parameters).unwrap();
        let scores = &natively.measures[0].values;
        let payouts = settlement.payouts.rows();
        assert!(payouts.len() > 200 && payouts.len() == scores.len());
        for (payout, score) in payouts.iter().zip(scores) {
            assert_eq!(payout.parts[0].measures[0].to_bits(), score.to_bits(), "{}", payout.payee);
        }
    }
}
