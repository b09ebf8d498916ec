//! Why a payee got what it got: held against epochs built by hand without this and that.

use std::collections::BTreeMap;

use apportion::explain::{Explanation, Question, Without, explain};
use apportion::{
    Asset, Charter, ColumnNames, Difference, Edge, Engine, Epoch, EpochBuilder, Header, History, Node,
    Policy, Pool, Settlement, Window, settle,
};
use apportion_tests::{numbered_epoch, small_epoch};
use serde_json::json;

use crate::retro_funding::{TRACKS, months, standard};

/// Nodes as (id, kind, weight, payee), edges as (source, target, weight).
fn epoch(payees: &[&str], nodes: &[(&str, &str, f64, &str)], edges: &[(&str, &str, f64)]) -> Epoch {
    let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100_000 };
    let window = Window { start: 0, end: 1000 };
    let mut epoch = EpochBuilder::new(Header { number: 2, window, pool }, ColumnNames::default()).unwrap();
    for payee in payees {
        epoch.payee(payee, "");
    }
    for &(id, kind, weight, payee) in nodes {
        let payee = (!payee.is_empty()).then_some(payee);
        epoch.node(Node { id, kind, weight, time: None, payee, metrics: &[], labels: &[] });
    }
    for &(source, target, weight) in edges {
        epoch.edge(Edge { source, target, kind: "cites", weight, time: None, metrics: &[], labels: &[] });
    }
    epoch.finish().unwrap()
}

struct Rule {
    charter: Charter,
    policies: [Policy; 1],
}

impl Rule {
    fn new(engine: &Engine, policy: &str, parameters: serde_json::Value) -> Rule {
        let policies = [standard(engine, policy)];
        Rule { charter: Charter::single("Explained", &policies[0], parameters).unwrap(), policies }
    }

    fn settle(&self, epoch: &Epoch) -> Settlement {
        settle(epoch, &self.charter, &self.policies, &History::default()).unwrap()
    }

    fn amount(&self, epoch: &Epoch, payee: &str) -> u128 {
        let settlement = self.settle(epoch);
        settlement.payouts.list().payouts.iter().find(|payout| payout.payee == payee).unwrap().amount
    }

    fn explain(&self, epoch: &Epoch, payee: &str, runs: usize) -> Explanation {
        let history = History::default();
        let (charter, policies) = (&self.charter, &self.policies[..]);
        let question = Question { epoch, charter, policies, history: &history, before: None, runs };
        let mut told = Vec::new();
        let explanation = explain(&question, payee, |done, all| told.push((done, all))).unwrap();
        // Each settlement is told of, and the last is the last.
        assert_eq!(told.len(), explanation.runs);
        assert!(told.iter().enumerate().all(|(index, (done, all))| *done == index + 1 && done <= all));
        explanation
    }
}

const NODES: [(&str, &str, f64, &str); 5] = [
    ("a:1", "paper", 3.0, "ann"),
    ("a:2", "paper", 1.0, "ann"),
    ("a:3", "talk", 2.0, "ann"),
    ("b:1", "paper", 4.0, "bob"),
    ("n:1", "answer", 1.0, ""),
];
const EDGES: [(&str, &str, f64); 5] =
    [("n:1", "a:1", 1.0), ("n:1", "b:1", 3.0), ("b:1", "a:1", 1.0), ("b:1", "a:2", 1.0), ("a:3", "a:1", 9.0)];

#[test]
fn what_a_payee_would_lose_is_what_it_does_not_get_without() {
    let engine = Engine::new().unwrap();
    let rules = [
        Rule::new(
            &engine,
            "proportional",
            json!({"node_kinds": {"paper": 1, "talk": 2}, "edge_kinds": {"cites": 1}}),
        ),
        Rule::new(&engine, "pagerank", json!({})),
        Rule::new(&engine, "equal", json!({})),
    ];
    let whole = epoch(&["ann", "bob"], &NODES, &EDGES);
    for rule in &rules {
        let explanation = rule.explain(&whole, "ann", 100);
        assert_eq!(explanation.amount, rule.amount(&whole, "ann"));
        assert_eq!((explanation.nodes, explanation.relied), (3, 2));
        let mut lost = Vec::new();
        for contribution in &explanation.contributions {
            let id = contribution.first.as_str();
            let nodes: Vec<_> = NODES.into_iter().filter(|(node, ..)| *node != id).collect();
            let edges: Vec<_> =
                EDGES.into_iter().filter(|(from, to, _)| ![*from, *to].contains(&id)).collect();
            let amount = rule.amount(&epoch(&["ann", "bob"], &nodes, &edges), "ann");
            assert_eq!(contribution.without, Without::Amount(amount), "{id}");
            assert_eq!(contribution.difference, Difference::between(explanation.amount, amount));
            lost.push(explanation.amount.cast_signed() - amount.cast_signed());
        }
        assert!(lost.windows(2).all(|pair| pair[0] >= pair[1]), "ranked: {lost:?}");

        for (reliance, ids) in explanation.reliances.iter().zip([["b:1", "bob"], ["n:1", "n:1"]]) {
            let [source, who] = ids;
            let edges: Vec<_> =
                EDGES.into_iter().filter(|(from, to, _)| !(*from == source && to.starts_with('a'))).collect();
            let amount = rule.amount(&epoch(&["ann", "bob"], &NODES, &edges), "ann");
            assert_eq!((reliance.who.as_str(), &reliance.without), (who, &Without::Amount(amount)));
        }

        let bobs: Vec<_> = NODES.into_iter().filter(|(.., payee)| *payee != "ann").collect();
        let edges = [("n:1", "b:1", 3.0)];
        let without_all = rule.amount(&epoch(&["ann", "bob"], &bobs, &edges), "ann");
        assert_eq!(explanation.without_all, Without::Amount(without_all));
        let sum = lost.iter().sum::<i128>() == explanation.amount.cast_signed() - without_all.cast_signed();
        assert_eq!(explanation.adds_up, sum);
    }
    // An equal split pays for no contribution; shares of a fixed pool do not add up.
    assert!(rules[2].explain(&whole, "ann", 100).adds_up);
    assert!(!rules[0].explain(&whole, "ann", 100).adds_up);
}

#[test]
fn many_contributions_are_tried_in_groups_and_the_largest_taken_apart() {
    let engine = Engine::new().unwrap();
    let rule = Rule::new(&engine, "proportional", json!({"node_kinds": {"commit": 1, "review": 1}}));
    let ids: Vec<String> = (0..1000).map(|number| format!("commit:{number:04}")).collect();
    let mut nodes: Vec<(&str, &str, f64, &str)> = ids
        .iter()
        .map(|id| (id.as_str(), "commit", if id == "commit:0777" { 500.0 } else { 1.0 }, "ann"))
        .collect();
    nodes.extend([("review:1", "review", 3.0, "ann"), ("other", "commit", 1000.0, "bob")]);
    let whole = epoch(&["ann", "bob"], &nodes, &[]);
    let explanation = rule.explain(&whole, "ann", 60);
    assert!(explanation.runs <= 61, "{} runs", explanation.runs);
    assert_eq!(explanation.nodes, 1001);

    let [commits, reviews] = &explanation.contributions[..] else { panic!("a group for each kind") };
    assert_eq!((commits.kind.as_str(), commits.nodes, reviews.nodes), ("commit", 1000, 1));
    assert_eq!(commits.without, Without::Amount(100_000 * 3 / 1003));
    // Down to the one commit that matters, and each group has what its parts have.
    let mut group = commits;
    while group.nodes > 1 {
        assert_eq!(group.parts.iter().map(|part| part.nodes).sum::<usize>(), group.nodes);
        group = &group.parts[0];
    }
    assert_eq!(group.first, "commit:0777");
    assert_eq!(rule.explain(&whole, "ann", 2000).contributions.len(), 1001);
}

#[test]
fn ways_are_those_on_which_most_flows() {
    let engine = Engine::new().unwrap();
    let rule = Rule::new(&engine, "equal", json!({}));
    let explanation = rule.explain(&epoch(&["ann", "bob"], &NODES, &EDGES), "ann", 100);
    let ways: Vec<(String, f64)> = explanation
        .paths
        .iter()
        .map(|path| {
            let steps: Vec<&str> = path.steps.iter().map(|step| step.to.as_str()).collect();
            (format!("{} {}", path.from, steps.join(" ")), path.part)
        })
        .collect();
    // A quarter of the answer's credit comes directly, half of the other three quarters over b:1 to each.
    let wanted = [("n:1 b:1 a:1", 0.375), ("n:1 b:1 a:2", 0.375), ("n:1 a:1", 0.25)];
    assert_eq!(ways, wanted.map(|(way, part)| (way.to_owned(), part)));
}

#[test]
fn what_changed_is_told() {
    let engine = Engine::new().unwrap();
    let rule = Rule::new(&engine, "proportional", json!({"node_metrics": {"stars": 1}}));
    let (before, now) = (numbered_epoch(6), small_epoch());
    let paid = rule.settle(&before);
    let history = History::default();
    let (charter, policies) = (&rule.charter, &rule.policies[..]);
    let before = Some((&before, &paid.payouts));
    let question = Question { epoch: &now, charter, policies, history: &history, before, runs: 9 };
    let change = explain(&question, "ada", |_, _| ()).unwrap().change.unwrap();
    assert_eq!((change.number, change.new, change.gone, change.payees), (6, 0, 0, 3));
    assert_eq!(change.difference, Difference::between(1, 1));
    assert!(change.measures.iter().any(|(name, then, now)| name == "points" && *then == 3.0 && *now == 3.0));

    let other = epoch(&["ada"], &[("paper", "paper", 1.0, ""), ("new", "paper", 1.0, "ada")], &[]);
    let equal = Rule::new(&engine, "equal", json!({}));
    let question = Question { epoch: &other, charter: &equal.charter, policies: &equal.policies, ..question };
    let change = explain(&question, "ada", |_, _| ()).unwrap().change.unwrap();
    assert_eq!((change.new, change.gone), (1, 1), "`paper` is nobody's now");
    let error = explain(&question, "nobody", |_, _| ()).unwrap_err().to_string();
    assert_eq!(error, "there is no payee `nobody` in epoch 2");
}

/// Where the rule has no answer any more, that is said, and is no error.
#[test]
fn a_rule_without_an_answer_is_told_of() {
    let engine = Engine::new().unwrap();
    let rule = Rule::new(&engine, "pagerank", json!({}));
    let two = epoch(&["ann"], &[("a", "paper", 1.0, "ann"), ("b", "paper", 1.0, "")], &[("b", "a", 1.0)]);
    let explanation = rule.explain(&two, "ann", 9);
    let Without::Fault(fault) = &explanation.without_all else { panic!("an answer of no network") };
    assert!(fault.contains("no edge has a weight"), "{fault}");
    assert_eq!(explanation.contributions[0].difference, Difference::between(100_000, 0));
}

/// A real month: the same explanation each time, and the epoch without nothing is the epoch.
#[test]
fn a_real_month_is_explained_the_same_each_time() {
    let engine = Engine::new().unwrap();
    let month = &months(&engine, TRACKS[0])[5];
    let epoch = &month.imported.epoch;
    assert_eq!(epoch.without(|_| false, |_| false).unwrap().digest(), epoch.digest());
    let policies = [standard(&engine, "optimism-devtooling")];
    let history = History::default();
    let charter = &month.charter;
    let question =
        Question { epoch, charter, policies: &policies, history: &history, before: None, runs: 50 };
    let paid = settle(epoch, charter, &policies, &history).unwrap();
    let by_amount: BTreeMap<u128, &str> =
        paid.payouts.list().payouts.iter().map(|payout| (payout.amount, payout.payee.as_str())).collect();
    let (amount, payee) = by_amount.last_key_value().unwrap();
    let explanations = [(); 2].map(|()| explain(&question, payee, |_, _| ()).unwrap());
    assert_eq!(
        serde_json::to_string(&explanations[0]).unwrap(),
        serde_json::to_string(&explanations[1]).unwrap()
    );
    let [explanation, _] = explanations;
    assert_eq!((explanation.amount, explanation.receipt), (*amount, paid.receipt.digest()));
    assert_eq!((explanation.place, explanation.without_all), (1, Without::Amount(0)));
}
