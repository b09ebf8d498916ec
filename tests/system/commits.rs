//! The policy `commits` over a git history: the sandbox and the native rule give the same bits.

use apportion::money::{Asset, Pool};
use apportion::settle::SettleError;
use apportion::{Charter, Engine, History, settle};
use apportion_import::git::{Detail, Options, import};
use apportion_tests::git::{Commit, Repository};
use apportion_tests::native;

use crate::retro_funding::standard;

/// A history of 400 commits, merges among them, by 15 people who review and help one another.
fn history(repository: &Repository) {
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let person = |number: u64| format!("Person Number{number} <person-{number}@example.org>");
    let mut commits = Vec::new();
    for number in 0..400_i64 {
        let texts: Vec<(String, String)> =
            (0..40).map(|file| (format!("d{}/f{file}", file % 7), format!("{}\n", draw(3 + file)))).collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let tree = repository.files(&files);
        let time = 1_700_000_000 + number * 20_000;
        let keys = ["Co-authored-by", "Reviewed-by", "Tested-by", "Signed-off-by", "Acked-by"];
        let mut trailers = String::new();
        for key in keys {
            if draw(3) == 0 {
                trailers.push_str(&format!("{key}: {}\n", person(draw(15))));
            }
        }
        let parents: Vec<_> = match commits.as_slice() {
            [] => vec![],
            [.., other, last] if draw(8) == 0 => vec![*last, *other],
            [.., last] => vec![*last],
        };
        commits.push(repository.commit(&Commit {
            tree,
            parents: &parents,
            author: &format!("{} {time} +0000", person(draw(15))),
            committer: &format!("{} {} +0000", person(draw(3)), time + 5_000),
            header: "",
            message: &format!("Change {number}\n\n{trailers}"),
        }));
    }
    repository.branch("main", commits[399]);
}

#[test]
fn component_and_native_rule_give_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    history(&repository);
    let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 1_000_000 };
    let options = Options { detail: Detail::Lines, ..Options::new(pool) };
    let epoch = import(folder.path(), &options, &mut |_| {}).unwrap().epoch;
    let engine = Engine::new().unwrap();
    let policies = [standard(&engine, "commits")];
    for parameters in [
        "{}",
        r#"{"size": "lines", "max_size": 1000, "scale": "square-root", "period": "commit", "min_amount": 200}"#,
        r#"{"size": "commits", "scale": "linear", "roles": {"signed-off-by": 0.125}, "merge_size": 3, "max_share": 0.08}"#,
    ] {
        let charter =
            Charter::single("A history", &policies[0], serde_json::from_str(parameters).unwrap()).unwrap();
        let settlement = settle(&epoch, &charter, &policies, &History::default()).unwrap();
        let natively =
            apportion_guest::run::<commits::Commits>(&native::epoch(&epoch).unwrap(), parameters).unwrap();
        let payouts = settlement.payouts.rows();
        assert!(payouts.len() == 15 && natively.measures.len() == 5);
        for (row, payout) in payouts.iter().enumerate() {
            for (measure, value) in natively.measures.iter().zip(&payout.parts[0].measures) {
                assert_eq!(
                    value.to_bits(),
                    measure.values[row].to_bits(),
                    "{} of {}",
                    measure.name,
                    payout.payee
                );
            }
        }
        let total: u128 = payouts.iter().map(|payout| payout.amount).sum();
        for (payout, share) in payouts.iter().zip(natively.shares()) {
            let exact = share * 1_000_000.0;
            assert!((payout.amount as f64 - exact).abs() <= 1.0, "{}: {exact}", payout.payee);
        }
        assert_eq!(total, 1_000_000);
    }
}

#[test]
fn hostile_parameters_are_refused() {
    let epoch = apportion_tests::small_epoch();
    let engine = Engine::new().unwrap();
    let policies = [standard(&engine, "commits")];
    for parameters in [
        r#"{"max_size": -1}"#,
        r#"{"max_size": "1"}"#,
        r#"{"roles": {"reviewed-by": -0.5}}"#,
        r#"{"roles": []}"#,
        r#"{"size": "poems"}"#,
        r#"{"scale": 2}"#,
        r#"{"max_share": 1.01}"#,
        r#"{"min_amount": null}"#,
        r#"{"nothing": 1}"#,
    ] {
        let value: serde_json::Value = serde_json::from_str(parameters).unwrap();
        assert!(policies[0].check_parameters(&value).is_err(), "{parameters}");
    }
    // An epoch that is no git history: no answer, and no payout.
    let charter = Charter::single("No history", &policies[0], serde_json::json!({})).unwrap();
    let refused = settle(&epoch, &charter, &policies, &History::default()).unwrap_err();
    assert!(matches!(refused, SettleError::Fault { .. }), "{refused}");
    assert!(refused.to_string().contains("the epoch has no node of the kind `commit`"), "{refused}");
}
