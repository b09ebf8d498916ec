//! The policy `shapley` in the sandbox and natively: the same bits; what it costs, by the meter.

use apportion::epoch::{ColumnNames, Header, Window};
use apportion::money::{Asset, Pool};
use apportion::{
    Charter, Edge, Engine, Epoch, EpochBuilder, History, Limits, Node, Policy, Settlement, settle,
};
use apportion_guest::random::Random;
use apportion_tests::native;
use serde_json::{Value, json};

use crate::retro_funding::{TRACKS, months, standard};

fn settled(epoch: &Epoch, policy: &Policy, parameters: &Value) -> Settlement {
    let charter = Charter::single("Shapley", policy, parameters.clone()).unwrap();
    settle(epoch, &charter, std::slice::from_ref(policy), &History::default()).unwrap()
}

/// Nodes and edges with all columns that the games read.
fn contributions() -> Epoch {
    let pool = Pool { asset: Asset::new("OP", 18).unwrap(), amount: 10_u128.pow(24) + 1 };
    let header = Header { number: 3, window: Window { start: 0, end: 1_000 }, pool };
    let columns = ColumnNames {
        node_metrics: ["after", "error", "score", "x", "y"].map(String::from).to_vec(),
        node_labels: vec!["class".to_owned()],
        edge_metrics: vec!["distance".to_owned()],
        edge_labels: Vec::new(),
    };
    let mut epoch = EpochBuilder::new(header, columns).unwrap();
    let payees = ["ada", "ben", "cy", "dee", "eve"];
    for payee in payees {
        epoch.payee(payee, "");
    }
    let mut random = Random::new(9);
    let mut draw = |bound: u32| f64::from(u32::try_from(random.below(bound.into())).unwrap());
    let mut node = |id: &str, kind: &str, payee: Option<&str>, time: i64| {
        let class = if time % 2 == 0 { "cat" } else { "dog" };
        let weight = 1.0 + draw(9) / 3.0;
        let metrics = [draw(100) / 8.0, 0.25, draw(1000) / 64.0, draw(50), draw(50)];
        epoch.node(Node { id, kind, weight, time: Some(time), payee, metrics: &metrics, labels: &[class] });
    };
    for (row, payee) in (0..40).zip(payees.iter().cycle()) {
        node(&format!("data:{row}"), "data", Some(payee), row);
    }
    for row in 0..10_i64 {
        node(&format!("test:{row}"), "test", None, row * 3);
        node(&format!("answer:{row}"), "answer", None, row);
    }
    for members in 0..32 {
        node(&format!("evaluation:{members}"), "evaluation", None, 0);
    }
    let mut edge = |source: &str, target: &str, kind: &str, distance: f64| {
        let metrics = &[distance];
        epoch.edge(Edge { source, target, kind, weight: 1.0, time: None, metrics, labels: &[] });
    };
    for row in 0..40_u32 {
        let data = format!("data:{row}");
        for test in 0..10 {
            edge(&format!("test:{test}"), &data, "near", f64::from((row * 7 + test * 11) % 41));
        }
        for step in [1, 3] {
            edge(&format!("answer:{}", row * step % 10), &data, "cites", 0.0);
        }
        if row < 39 && row % 3 > 0 {
            edge(&data, &format!("data:{}", row + 1), "derived-from", 0.0);
        }
    }
    for members in 0..32_u32 {
        for member in (0..5).filter(|member| members >> member & 1 == 1) {
            edge(&format!("evaluation:{members}"), &format!("data:{member}"), "member", 0.0);
        }
    }
    epoch.finish().unwrap()
}

#[test]
fn component_and_native_rule_give_the_same_values() {
    let engine = Engine::new().unwrap();
    let policy = standard(&engine, "shapley");
    let reachability = json!({"reachability": {
        "outcomes": ["answer"], "needs": {"answer": "all", "data": {"more_than": 0.25}},
        "edge_kinds": ["cites", "derived-from"]}});
    let neighbours = |distance: Value| {
        json!({"nearest_neighbours": {
        "points": ["data"], "tests": ["test"], "label": "class", "neighbours": 5, "distance": distance}})
    };
    let epoch = contributions();
    let games = [
        json!({"game": {"coverage": {"outcomes": ["answer"], "worth": "score"}}, "players": "nodes"}),
        json!({"game": reachability}),
        json!({"game": reachability, "players": "nodes", "exact_up_to": 4, "sampling": {"permutations": 30}}),
        json!({"game": {"evaluations": {"kinds": ["evaluation"], "edge_kinds": ["member"], "score": "score",
            "standard_error": "error"}}, "negative": "retained"}),
        json!({"game": {"improvements": {"kinds": ["data"], "after": "after", "standard_error": "error"}}}),
        json!({"game": neighbours(json!({"features": ["x", "y"]})), "negative": "retained"}),
        json!({"game": neighbours(json!({"edges": "distance"})), "negative": "retained"}),
    ];
    for parameters in games {
        same(&epoch, &policy, &parameters);
    }
    // A real graph: projects, packages and developers, and who depends on whom; each project is an outcome.
    let month = &months(&engine, TRACKS[0])[5];
    let kinds: Vec<&str> = month.imported.epoch.node_kinds().iter().collect();
    let sampled = json!({"game": {"reachability": {"outcomes": kinds}}, "exact_up_to": 8,
        "sampling": {"permutations": 20, "truncation": 0.01}});
    assert!(same(&month.imported.epoch, &policy, &sampled) > 200);
}

/// Shares and measures to the bit; how many payees there are.
fn same(epoch: &Epoch, policy: &Policy, parameters: &Value) -> usize {
    let settlement = settled(epoch, policy, parameters);
    let natively =
        apportion_guest::run::<shapley::Shapley>(&native::epoch(epoch).unwrap(), &parameters.to_string());
    let natively = natively.unwrap();
    let apportion_guest::Division::ByWeight { shares, .. } = &natively.division else { panic!("weights") };
    let payouts = settlement.payouts.rows();
    assert_eq!(payouts.len(), shares.len());
    for (row, (payout, share)) in payouts.iter().zip(shares).enumerate() {
        let part = &payout.parts[0];
        assert_eq!(part.share, Some(*share), "{parameters} {}", payout.payee);
        let bits: Vec<u64> = part.measures.iter().map(|measure| measure.to_bits()).collect();
        let native: Vec<u64> =
            natively.measures.iter().map(|measure| measure.values[row].to_bits()).collect();
        assert_eq!(bits, native, "{parameters} {}", payout.payee);
    }
    assert!(shares.iter().any(|share| *share > 0));
    shares.len()
}

#[test]
fn hostile_parameters_are_refused() {
    let engine = Engine::new().unwrap();
    let policy = standard(&engine, "shapley");
    let coverage = json!({"coverage": {"outcomes": ["answer"]}});
    for (parameters, breach) in [
        (json!({}), "game"),
        (json!({"game": {"poker": {}}}), "poker"),
        (json!({"game": {"coverage": {"outcomes": "answer"}}}), "answer"),
        (json!({"game": {"coverage": {"outcomes": []}, "improvements": {}}}), "coverage"),
        (json!({"game": coverage, "exact_up_to": 21}), "20"),
        (json!({"game": coverage, "exact_up_to": 1e30}), "20"),
        (json!({"game": coverage, "sampling": {"permutations": 1}}), "permutations"),
        (json!({"game": coverage, "sampling": {"permutations": 4_000_000_000_u64}}), "4000000000"),
        (json!({"game": coverage, "sampling": {"truncation": 1.5}}), "1.5"),
        (json!({"game": coverage, "players": "everyone"}), "everyone"),
        (json!({"game": coverage, "seed": 4}), "seed"),
    ] {
        let charter = Charter::single("Hostile", &policy, parameters.clone()).unwrap();
        let error = settle(&contributions(), &charter, std::slice::from_ref(&policy), &History::default())
            .unwrap_err();
        let sentence = error.to_string();
        assert!(sentence.contains("schema") && sentence.contains(breach), "{parameters}: {sentence}");
    }
}

/// Points on a line, of two classes in turn, and one test point.
fn line(points: u32) -> Epoch {
    let pool = Pool { asset: Asset::new("OP", 0).unwrap(), amount: 1_000_000 };
    let header = Header { number: 1, window: Window { start: 0, end: 1 }, pool };
    let columns = ColumnNames {
        node_metrics: vec!["x".to_owned()],
        node_labels: vec!["class".to_owned()],
        ..ColumnNames::default()
    };
    let mut epoch = EpochBuilder::new(header, columns).unwrap();
    epoch.payee("ada", "");
    let mut random = Random::new(1);
    for point in 0..points {
        let x = random.below(1 << 40) as f64;
        let class = if random.below(2) == 0 { "cat" } else { "dog" };
        let (id, kind, payee) = (format!("point:{point:07}"), "point", Some("ada"));
        epoch.node(Node { id: &id, kind, weight: 1.0, time: None, payee, metrics: &[x], labels: &[class] });
    }
    let (id, kind) = ("test", "test");
    epoch.node(Node { id, kind, weight: 1.0, time: None, payee: None, metrics: &[0.0], labels: &["cat"] });
    epoch.finish().unwrap()
}

fn instructions(epoch: &Epoch, policy: &Policy, parameters: &Value) -> f64 {
    settled(epoch, policy, parameters).receipt.terms().runs[0].used.unwrap().instructions as f64
}

/// Counted by the meter, not by a clock: sixteen times the points take 16 times the steps of N log N, not 256 times.
#[test]
fn nearest_neighbours_take_n_log_n_instructions() {
    let engine = Engine::new().unwrap();
    let policy = standard(&engine, "shapley");
    let parameters = json!({"game": {"nearest_neighbours": {"points": ["point"], "tests": ["test"], "label": "class",
        "neighbours": 5, "distance": {"features": ["x"]}}}});
    let [small, large] = [4_096, 65_536].map(|points| instructions(&line(points), &policy, &parameters));
    let linearithmic = 16.0 * 16.0 / 12.0;
    println!("{small} instructions for 4,096 points, {large} for 65,536: {} times", large / small);
    assert!(large / small < 1.1 * linearithmic, "{} times", large / small);
}

/// A vote of members with 1, 2, 3... votes each.
fn council(members: u32) -> Epoch {
    let pool = Pool { asset: Asset::new("OP", 0).unwrap(), amount: 1_000_000 };
    let header = Header { number: 1, window: Window { start: 0, end: 1 }, pool };
    let mut epoch = EpochBuilder::new(header, ColumnNames::default()).unwrap();
    let (weight, time) = (1.0, None);
    let (id, kind) = ("decision", "decision");
    epoch.node(Node { id, kind, weight, time, payee: None, metrics: &[], labels: &[] });
    for member in 0..members {
        let id = format!("member:{member:03}");
        let (id, kind, payee) = (id.as_str(), "member", Some(id.as_str()));
        epoch.payee(id, "");
        epoch.node(Node { id, kind, weight, time, payee, metrics: &[], labels: &[] });
        let (source, kind, weight) = ("decision", "counts", f64::from(1 + member));
        epoch.edge(Edge { source, target: id, kind, weight, time, metrics: &[], labels: &[] });
    }
    epoch.finish().unwrap()
}

/// What would take too long is refused by its steps: as many as are allowed fit into the instructions that a charter
/// grants by default. One player more doubles the coalitions.
#[test]
fn the_steps_that_are_allowed_fit_into_the_default_limit() {
    let engine = Engine::new().unwrap();
    let policy = standard(&engine, "shapley");
    let game = json!({"reachability": {"outcomes": ["decision"], "needs": {"decision": {"more_than": 0.5}}}});
    let exact = json!({ "game": game });
    let [fourteen, twenty] = [14, 20].map(|members| instructions(&council(members), &policy, &exact));
    println!("{fourteen} instructions for 14 players, {twenty} for 20");
    assert!(twenty / fourteen < 64.0 * 1.05, "{} times", twenty / fourteen);
    let sampled = json!({"game": game, "sampling": {"permutations": 1_000}});
    let hundred = instructions(&council(100), &policy, &sampled);
    println!("{hundred} instructions for 1,000 orders of 100 players");
    // Nodes and edges, times coalitions; with eight for each player, times orders and players.
    let (enumerating, drawing) = (f64::from(41_u32 << 20), f64::from((201 + 8 * 100) * (1_000 + 100)));
    for (used, steps) in [(twenty, enumerating), (hundred, drawing)] {
        let all = used / steps * shapley::MOST_STEPS as f64;
        assert!(all < Limits::default().instructions as f64, "{all}");
    }
}
