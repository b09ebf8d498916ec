//! Why a payee got what it got: held against epochs built by hand without this and that.

use std::collections::BTreeMap;

use apportion::compare::Difference;
use apportion::epoch::{ColumnNames, EdgeRow, EpochRows, Header, Window};
use apportion::explain::{ExplainError, Explainer, Explanation, Question, Reliance, Without};
use apportion::money::{Asset, Pool};
use apportion::{Charter, Edge, Engine, Epoch, EpochBuilder, History, Node, Policy, Settlement, settle};
use apportion_report::explained::{Most, Words};
use apportion_tests::{numbered_epoch, small_epoch};
use serde_json::json;

use crate::ledger::Folder;
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
        settlement.payouts.iter().find(|payout| payout.payee == payee).unwrap().amount
    }

    fn explain(&self, epoch: &Epoch, payee: &str, runs: usize) -> Explanation {
        let history = History::default();
        let (charter, policies) = (&self.charter, &self.policies[..]);
        let question = Question { epoch, charter, policies, history: &history, before: None, runs };
        let mut told = Vec::new();
        let explaining = Explainer::new(question).unwrap();
        let explanation =
            explaining.explain(payee, |progress| told.push((progress.done, progress.total))).unwrap();
        // Each settlement is told of, and there are no more than were allowed.
        assert_eq!(told.len(), explanation.runs);
        assert!(explanation.runs <= runs, "{} runs", explanation.runs);
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

        let without_edges_from = |sources: &[&str]| {
            let kept = |(from, to, _): &(&str, &str, f64)| !(sources.contains(from) && to.starts_with('a'));
            let edges: Vec<_> = EDGES.into_iter().filter(kept).collect();
            rule.amount(&epoch(&["ann", "bob"], &NODES, &edges), "ann")
        };
        let mut lost_relied = Vec::new();
        for (who, source) in [("bob", "b:1"), ("n:1", "n:1")] {
            let reliance = explanation.reliances.iter().find(|reliance| reliance.first == who).unwrap();
            let amount = without_edges_from(&[source]);
            assert_eq!((&reliance.without, reliance.payee), (&Without::Amount(amount), who == "bob"));
            lost_relied.push(explanation.amount.cast_signed() - amount.cast_signed());
        }
        let without_any = without_edges_from(&["b:1", "n:1"]);
        assert_eq!(explanation.without_reliances, Some(Without::Amount(without_any)));
        let lost_together = explanation.amount.cast_signed() - without_any.cast_signed();
        assert_eq!(explanation.reliances_add_up, lost_relied.iter().sum::<i128>() == lost_together);

        let bobs: Vec<_> = NODES.into_iter().filter(|(.., payee)| *payee != "ann").collect();
        let edges = [("n:1", "b:1", 3.0)];
        let without_all = rule.amount(&epoch(&["ann", "bob"], &bobs, &edges), "ann");
        assert_eq!(explanation.without_all, Without::Amount(without_all));
        let sum = lost.iter().sum::<i128>() == explanation.amount.cast_signed() - without_all.cast_signed();
        assert_eq!(explanation.adds_up, sum);
    }
    // An equal split pays for no contribution; shares of a fixed pool do not add up. The words say which.
    let [proportional, _, equal] = rules.map(|rule| rule.explain(&whole, "ann", 100));
    assert!(equal.adds_up && !proportional.adds_up && !proportional.reliances_add_up);
    let said = Words::of(&equal).without_contributions();
    assert!(said.ends_with("it would get the same: nothing of this changes what it gets."), "{said}");
    for said in [
        Words::of(&proportional).without_contributions(),
        Words::of(&proportional).without_reliances().unwrap(),
    ] {
        assert!(said.contains("do not add up") && said.contains("true by itself only"), "{said}");
    }
}

/// Plain matching with a pool for all of it: projects are matched each for itself, and gifts each for the others.
#[test]
fn sums_are_said_to_be_sums_where_they_are() {
    let rule = Rule::new(&Engine::new().unwrap(), "quadratic-funding", json!({}));
    let donors = ["d:1", "d:2", "d:3", "d:4", "d:5"].map(|donor| (donor, "donor", 1.0, ""));
    let projects = [("p:1", "project", 1.0, "ann"), ("p:2", "project", 1.0, "ann")];
    let gifts = [("d:1", "p:1"), ("d:2", "p:1"), ("d:3", "p:1"), ("d:4", "p:2"), ("d:5", "p:2")];
    let gifts = gifts.map(|(from, to)| (from, to, 1.0));
    let explanation = rule.explain(&epoch(&["ann"], &[&donors[..], &projects].concat(), &gifts), "ann", 20);
    // Three who give 1 are matched by 3² - 3, two by 2² - 2.
    assert_eq!(explanation.amount, 800);
    let lost: Vec<_> = explanation.contributions.iter().map(|one| one.difference).collect();
    assert_eq!(lost, [Difference::between(800, 200), Difference::between(800, 600)]);
    assert!(explanation.adds_up && !explanation.reliances_add_up);
    let said = Words::of(&explanation).without_contributions();
    assert!(said.ends_with("The differences above add up to exactly that."), "{said}");
    let said = Words::of(&explanation).without_reliances().unwrap();
    assert!(said.contains("do not add up"), "{said}");
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
    // However few runs there are, what is told was tried.
    for runs in 1..12 {
        let explanation = rule.explain(&whole, "ann", runs);
        let told: usize = explanation.contributions.iter().map(|one| one.nodes).sum();
        assert_eq!((explanation.without_all, told), (Without::Amount(0), 1001), "{runs} runs");
    }
}

/// A hundred thousand edges lead to one payee, as after years of commits: by kinds first, then inside the largest.
#[test]
fn very_many_edges_are_tried_in_groups_and_each_loss_is_exact() {
    const EDGES: usize = 100_000;
    const HEAVY: usize = 54_321;
    const DAY: i64 = 86_400;
    let engine = Engine::new().unwrap();
    let kinds = json!({"authored-by": 1, "reviewed-by": 0.5});
    let rule = Rule::new(&engine, "proportional", json!({"edge_kinds": kinds}));
    let ids: Vec<String> = (0..EDGES).map(|number| format!("{:05x}", number * 7_919 % 1_048_576)).collect();
    let kind = |number: usize| if number.is_multiple_of(3) { "authored-by" } else { "reviewed-by" };
    let whole = |kept: &dyn Fn(usize) -> bool| {
        let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100_000_000 };
        let window = Window { start: 0, end: 1000 * DAY };
        let header = Header { number: 2, window, pool };
        let mut epoch = EpochBuilder::new(header, ColumnNames::default()).unwrap();
        epoch.payee("ann", "");
        epoch.payee("bob", "");
        let mut node = |id: &str, payee| {
            let (kind, weight) = ("commit", 1.0);
            epoch.node(Node { id, kind, weight, time: None, payee, metrics: &[], labels: &[] });
        };
        node("ann's", Some("ann"));
        node("bob's", Some("bob"));
        ids.iter().for_each(|id| node(id, None));
        for (number, source) in ids.iter().enumerate() {
            let time = Some(1000 * DAY * i64::try_from(number).unwrap() / 100_000);
            let mut edge = |target, kind, weight| {
                epoch.edge(Edge { source, target, kind, weight, time, metrics: &[], labels: &[] });
            };
            if kept(number) {
                edge("ann's", kind(number), if number == HEAVY { 1e6 } else { 1.0 });
            }
            if number < 1000 {
                edge("bob's", "authored-by", 50.0);
            }
        }
        epoch.finish().unwrap()
    };
    let explanation = rule.explain(&whole(&|_| true), "ann", 40);
    assert_eq!((explanation.relied, explanation.nodes), (EDGES, 1));
    assert!(explanation.runs > 30, "the runs are made use of: {}", explanation.runs);

    let [authored, reviewed] = &explanation.reliances[..] else { panic!("a group for each kind") };
    assert_eq!((authored.kind.as_str(), authored.edges), ("authored-by", EDGES.div_ceil(3)));
    assert_eq!((reviewed.kind.as_str(), reviewed.edges), ("reviewed-by", EDGES - EDGES.div_ceil(3)));
    // A group is all edges of its kind in its span of time; it is settled without these.
    let number = |id: &str| ids.iter().position(|other| other == id).unwrap();
    let lost_as_it_says = |group: &Reliance| {
        let span = number(&group.first)..=number(&group.last);
        let within = |one: usize| span.contains(&one) && kind(one) == group.kind;
        assert_eq!((0..EDGES).filter(|one| within(*one)).count(), group.edges);
        let amount = rule.amount(&whole(&|one| !within(one)), "ann");
        assert_eq!(group.without, Without::Amount(amount), "{} to {}", group.first, group.last);
    };
    lost_as_it_says(reviewed);
    // Into the one edge that matters, and each group has what its parts have.
    let mut group = authored;
    loop {
        lost_as_it_says(group);
        let Some(first) = group.parts.first() else { break };
        assert_eq!(group.parts.iter().map(|part| part.edges).sum::<usize>(), group.edges);
        group = first;
    }
    assert!(group.who < 100 && (number(&group.first)..=number(&group.last)).contains(&HEAVY), "{group:?}");
}

/// A rule that looks back: settled again with what it handed over and paid before, and so held against a ledger in which
/// the third epoch never had the node.
#[test]
fn a_rule_with_a_past_is_asked_with_its_past() {
    let (engine, parameters) = (Engine::new().unwrap(), json!({"node_kinds": {"paper": 1, "talk": 2}}));
    let component = apportion_standard::find("lifetime").unwrap().bytes.to_vec();
    let rule = Rule::new(&engine, "lifetime", parameters);
    let numbered = |number: u64, leave_out: &[&str]| {
        let mut rows = EpochRows::of(&epoch(&["ann", "bob"], &NODES, &EDGES));
        rows.header.number = number;
        // Bob had much of the first epoch, and is owed less of the later ones.
        rows.nodes.iter_mut().filter(|node| &*node.id == "b:1").for_each(|node| {
            node.weight = if number == 1 { 40.0 } else { 4.0 };
        });
        rows.nodes.retain(|node| !leave_out.contains(&&*node.id));
        rows.edges.retain(|edge| !leave_out.contains(&&*edge.source) && !leave_out.contains(&&*edge.target));
        rows.build().unwrap()
    };
    let third_without = |test: &str, leave_out: &[&str]| {
        let folder = Folder::new(test);
        let mut ledger = folder.make();
        ledger.adopt(&engine, &rule.charter, 1, std::slice::from_ref(&component), &[]).unwrap();
        let settle = |number, leave_out: &[&str]| numbered(number, leave_out);
        let [_, _, third] = [settle(1, &[]), settle(2, &[]), settle(3, leave_out)]
            .map(|epoch| ledger.settle(&engine, &epoch).unwrap());
        let earlier: Vec<_> = ledger.settled().map(|(_, receipt)| receipt).take(2).collect();
        let history = ledger.history(&earlier, &rule.policies).unwrap();
        let before = (
            numbered(2, &[]),
            ledger.payouts(&ledger.receipt(&earlier[1]).unwrap().terms().payouts).unwrap(),
        );
        let paid = third.payouts.iter().find(|payout| payout.payee == "ann").unwrap().amount;
        (third, paid, history, before)
    };

    let (third, paid, history, (second, payouts)) = third_without("explain-past", &[]);
    let (charter, policies, epoch) = (&rule.charter, &rule.policies[..], numbered(3, &[]));
    let before = Some((&second, &payouts));
    let question = Question { epoch: &epoch, charter, policies, history: &history, before, runs: 50 };
    let explaining = Explainer::new(question).unwrap();
    assert_eq!(explaining.settlement().receipt.digest(), third.receipt.digest());
    let explanation = explaining.explain("ann", |_| ()).unwrap();
    assert_eq!((explanation.amount, explanation.contributions.len()), (paid, 3));
    for contribution in &explanation.contributions {
        let (_, amount, ..) = third_without("explain-past-without", &[&contribution.first]);
        assert_eq!(contribution.without, Without::Amount(amount), "{}", contribution.first);
    }
    assert_eq!(explanation.change.as_ref().unwrap().number, 2);

    // As if it were a first epoch it is another amount, and no one would know by the receipt's payee that it is wrong.
    let none = History::default();
    let forgetful = Explainer::new(Question { history: &none, before: None, ..question }).unwrap();
    assert_ne!(forgetful.explain("ann", |_| ()).unwrap().amount, paid);
    assert_ne!(forgetful.settlement().receipt.digest(), third.receipt.digest());
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

/// People read names where there are any: of payees, and of nodes their label `name`.
#[test]
fn names_stand_beside_ids() {
    let engine = Engine::new().unwrap();
    let rule = Rule::new(&engine, "equal", json!({}));
    let mut rows = EpochRows::of(&epoch(&["ann", "bob"], &NODES, &EDGES));
    rows.columns.node_labels.push("name".to_owned());
    for node in &mut rows.nodes {
        node.labels.push(if &*node.id == "a:1" { "On circles" } else { "" }.into());
    }
    for payee in &mut rows.payees {
        payee.name = if &*payee.id == "bob" { "Bob Roe" } else { "" }.into();
    }
    let explanation = rule.explain(&rows.build().unwrap(), "ann", 100);
    assert_eq!(explanation.names.nodes, BTreeMap::from([("a:1".to_owned(), "On circles".to_owned())]));
    assert_eq!(explanation.names.payees, BTreeMap::from([("bob".to_owned(), "Bob Roe".to_owned())]));
    let words = Words::of(&explanation);
    let most = Most { lines: 9, inner: 9 };
    assert!(
        words.contributions("", most).iter().any(|row| row[0] == "“On circles” (paper a:1)"),
        "{:?}",
        words.contributions("", most)
    );
    assert!(
        words.reliances("", most).iter().any(|row| row[0] == "cites from Bob Roe (payee bob)"),
        "{:?}",
        words.reliances("", most)
    );
}

fn explained(question: Question<'_>, payee: &str) -> Result<Explanation, ExplainError> {
    Explainer::new(question).unwrap().explain(payee, |_| ())
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
    let change = explained(question, "ada").unwrap().change.unwrap();
    assert_eq!((change.number, change.new, change.gone, change.payees), (6, 0, 0, 3));
    assert_eq!(change.difference, Difference::between(1, 1));
    assert!(change.measures.iter().any(|(name, then, now)| name == "points" && *then == 3.0 && *now == 3.0));

    let other = epoch(&["ada"], &[("paper", "paper", 1.0, ""), ("new", "paper", 1.0, "ada")], &[]);
    let equal = Rule::new(&engine, "equal", json!({}));
    let question = Question { epoch: &other, charter: &equal.charter, policies: &equal.policies, ..question };
    let change = explained(question, "ada").unwrap().change.unwrap();
    assert_eq!((change.new, change.gone), (1, 1), "`paper` is nobody's now");
    let error = explained(question, "nobody").unwrap_err().to_string();
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
        paid.payouts.iter().map(|payout| (payout.amount, payout.payee.as_str())).collect();
    let (amount, payee) = by_amount.last_key_value().unwrap();
    let explanations = [(); 2].map(|()| explained(question, payee).unwrap());
    assert_eq!(
        serde_json::to_string(&explanations[0]).unwrap(),
        serde_json::to_string(&explanations[1]).unwrap()
    );
    let [explanation, _] = explanations;
    assert_eq!((explanation.amount, explanation.receipt), (*amount, paid.receipt.digest()));
    assert_eq!((explanation.place, explanation.without_all), (1, Without::Amount(0)));
}

/// A real month in which four chains measure a project by some ten metrics: by metrics first, then by chains, and each
/// loss is what the rule pays without these measurements.
#[test]
fn a_real_months_metrics_are_each_worth_what_is_lost_without() {
    let engine = Engine::new().unwrap();
    let month = months(&engine, TRACKS[1]).pop().unwrap();
    let (epoch, charter, history) = (&month.imported.epoch, &month.charter, History::default());
    let policies = [standard(&engine, "optimism-onchain")];
    let paid = settle(epoch, charter, &policies, &history).unwrap();
    let mut payouts: Vec<_> = paid.payouts.iter().collect();
    payouts.sort_by_key(|payout| std::cmp::Reverse(payout.amount));
    let payee = &payouts[5].payee;
    let question =
        Question { epoch, charter, policies: &policies, history: &history, before: None, runs: 200 };
    let explanation = explained(question, payee).unwrap();
    assert!(explanation.reliances.len() > 5 && explanation.reliances.iter().any(|kind| kind.parts.len() > 1));

    let rows = EpochRows::of(epoch);
    let own: Vec<_> =
        rows.nodes.iter().filter(|node| node.payee.as_deref() == Some(payee)).map(|node| &node.id).collect();
    let without = |gone: &dyn Fn(&EdgeRow) -> bool| {
        let mut rows = rows.clone();
        rows.edges.retain(|edge| !(own.contains(&&edge.target) && gone(edge)));
        let settled = settle(&rows.build().unwrap(), charter, &policies, &history).unwrap();
        let payouts = settled.payouts.rows();
        Without::Amount(payouts.iter().find(|payout| payout.payee == *payee).unwrap().amount)
    };
    let mut tried = 0;
    for kind in &explanation.reliances {
        assert_eq!(kind.without, without(&|edge| *edge.kind == kind.kind), "{}", kind.kind);
        for one in &kind.parts {
            let gone = |edge: &EdgeRow| *edge.kind == kind.kind && *edge.source == one.first;
            assert_eq!(one.without, without(&gone), "{} from {}", kind.kind, one.first);
        }
        tried += 1 + kind.parts.len();
    }
    assert_eq!(explanation.without_reliances, Some(without(&|_| true)));
    // Beside them without its only project, and without any.
    assert_eq!(explanation.runs, tried + 2);
}
