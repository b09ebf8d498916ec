use apportion_guest::{Edge, Node, run};

use super::*;

fn earned(epoch: &Epoch, parameters: &str) -> Vec<f64> {
    let allocation = run::<Lineage>(epoch, parameters).unwrap();
    allocation.measures.iter().find(|measure| measure.name == "earned").unwrap().values.clone()
}

fn measure(epoch: &Epoch, parameters: &str, name: &str) -> Vec<f64> {
    let allocation = run::<Lineage>(epoch, parameters).unwrap();
    allocation.measures.into_iter().find(|measure| measure.name == name).unwrap().values
}

fn close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }
}

/// The example of the README.
fn example() -> Epoch {
    Epoch::builder()
        .node(Node::new("answer", "answer").weight(100.0))
        .node(Node::new("run", "run").payee("ann"))
        .node(Node::new("document:1", "document").payee("bob"))
        .node(Node::new("document:2", "document").payee("cyd"))
        .edge(Edge::new("answer", "run", "wasGeneratedBy"))
        .edge(Edge::new("run", "document:1", "used").weight(2.0).metric("sure", 0.5))
        .edge(Edge::new("run", "document:2", "used").metric("sure", 1.0))
        .build()
        .unwrap()
}

#[test]
fn the_example_of_the_page() {
    let parameters = r#"{"outcomes": {"answer": 1}, "kept": {"run": 0.2}}"#;
    close(&earned(&example(), parameters), &[20.0, 160.0 / 3.0, 80.0 / 3.0]);
    close(&measure(&example(), parameters, "steps"), &[1.0, 2.0, 2.0]);
    let allocation = run::<Lineage>(&example(), parameters).unwrap();
    close(&allocation.shares(), &[0.2, 1.6 / 3.0, 0.8 / 3.0]);
}

#[test]
fn what_is_uncertain_or_old_stays_with_who_relied() {
    // Half of what document:1 would get stays with the run.
    let parameters = r#"{"outcomes": {"answer": 1}, "kept": {"run": 0.2}, "confidence": "sure"}"#;
    let half = 80.0 / 3.0;
    // The answer itself is certain by nothing said: absent is 0, so it says it.
    assert!(run::<Lineage>(&example(), parameters).is_err(), "no relation of the answer is certain at all");

    let day = 86_400;
    let epoch = Epoch::builder()
        .window(0, 100 * day)
        .node(Node::new("answer", "answer").weight(100.0).time(40 * day))
        .node(Node::new("run", "run").payee("ann").time(40 * day))
        .node(Node::new("document:1", "document").payee("bob").time(30 * day))
        .node(Node::new("document:2", "document").payee("cyd").time(50 * day))
        .edge(Edge::new("answer", "run", "wasGeneratedBy").metric("sure", 1.0))
        .edge(Edge::new("run", "document:1", "used").weight(2.0).metric("sure", 0.5))
        .edge(Edge::new("run", "document:2", "used").metric("sure", 1.0))
        .build()
        .unwrap();
    close(&earned(&epoch, parameters), &[20.0 + half, half, half]);
    // Ten days are one half-life; what is younger than who relied on it is not old.
    let parameters = r#"{"outcomes": {"answer": 1}, "kept": {"run": 0.2}, "half_life_days": 10}"#;
    close(&earned(&epoch, parameters), &[20.0 + half, half, half]);
    let parameters = r#"{"outcomes": {"answer": 1}, "per_step": 0.75}"#;
    close(&earned(&epoch, parameters), &[25.0, 50.0, 25.0]);
}

#[test]
fn circles_land_where_a_part_is_kept() {
    let epoch = Epoch::builder()
        .node(Node::new("a", "paper").payee("ann"))
        .node(Node::new("b", "paper").payee("bob"))
        .node(Node::new("lost:1", "paper"))
        .node(Node::new("lost:2", "paper"))
        .node(Node::new("outcome", "outcome").weight(30.0))
        .edge(Edge::new("a", "b", "cites"))
        .edge(Edge::new("b", "a", "cites"))
        .edge(Edge::new("lost:1", "lost:2", "cites"))
        .edge(Edge::new("lost:2", "lost:1", "cites"))
        .edge(Edge::new("a", "a", "cites").weight(7.0))
        .edge(Edge::new("outcome", "a", "cites").weight(2.0))
        .edge(Edge::new("outcome", "lost:1", "cites"))
        .build()
        .unwrap();
    // 20 reach a; it keeps half and then a quarter of a quarter of that...: 20 * 1/2 / (1 - 1/4), and bob half as much.
    let parameters = r#"{"outcomes": {"outcome": 1}, "kept_otherwise": 0.5}"#;
    close(&earned(&epoch, parameters), &[40.0 / 3.0, 20.0 / 3.0]);
    // What circles for ever stays in the treasury: 10 of 30.
    let allocation = run::<Lineage>(&epoch, parameters).unwrap();
    close(&allocation.shares(), &[4.0 / 9.0, 2.0 / 9.0]);
    assert!(epoch.logged().iter().any(|line| line.contains("4 nodes rely on one another in circles")));
    assert!(epoch.logged().iter().any(|line| line.contains("flows in circles that nothing leaves")));
}

/// Data that no outcome leads to any more earns nothing, and what leads to it is divided as if it were not there.
#[test]
fn data_earns_as_long_as_outcomes_lead_to_it() {
    let epoch = |withdrawn: bool| {
        let epoch = Epoch::builder()
            .node(Node::new("answer", "answer").weight(10.0))
            .node(Node::new("data:1", "data").payee("ann"))
            .node(Node::new("data:2", "data").payee("bob"))
            .edge(Edge::new("answer", "data:1", "used"));
        if withdrawn { epoch } else { epoch.edge(Edge::new("answer", "data:2", "used")) }.build().unwrap()
    };
    let parameters = r#"{"outcomes": {"answer": 1}}"#;
    close(&earned(&epoch(false), parameters), &[5.0, 5.0]);
    close(&earned(&epoch(true), parameters), &[10.0, 0.0]);
}

/// What was withdrawn gets nothing, though the record of it stands; who relied on it passes on to the others, and keeps
/// what would have gone where nothing is left.
#[test]
fn nothing_flows_to_what_was_withdrawn() {
    let epoch = Epoch::builder()
        .node(Node::new("answer", "answer").weight(12.0))
        .node(Node::new("model", "model").payee("lab").metric("invalidated", 0.0))
        .node(Node::new("data:1", "data").payee("ann"))
        .node(Node::new("data:2", "data").payee("bob").metric("invalidated", 1.7e9))
        .node(Node::new("tool", "tool").payee("cyd"))
        .edge(Edge::new("answer", "model", "used"))
        .edge(Edge::new("answer", "tool", "used"))
        .edge(Edge::new("model", "data:1", "wasDerivedFrom"))
        .edge(Edge::new("model", "data:2", "wasDerivedFrom").weight(2.0))
        .edge(Edge::new("tool", "data:2", "wasDerivedFrom"))
        .build()
        .unwrap();
    // Payees in order: ann, bob, cyd, lab.
    let parameters = r#"{"outcomes": {"answer": 1}}"#;
    close(&earned(&epoch, parameters), &[2.0, 4.0 + 6.0, 0.0, 0.0]);
    let parameters = r#"{"outcomes": {"answer": 1}, "withdrawn": "invalidated"}"#;
    close(&earned(&epoch, parameters), &[6.0, 0.0, 6.0, 0.0]);
}

/// Relations that are there or not: coins, whose spread is known.
#[test]
fn the_interval_of_coins_is_that_of_coins() {
    // 25 answers of 0.4 each, and a pool of 20.00: twice what they earned.
    let mut epoch = Epoch::builder().pool(2_000).decimals(2).node(Node::new("b", "data").payee("bob"));
    for answer in 0..25 {
        let id = format!("a{answer}");
        epoch = epoch
            .node(Node::new(id.as_str(), "answer").weight(0.4).payee("ann"))
            .edge(Edge::new(id.as_str(), "b", "used").metric("sure", 0.3));
    }
    let epoch = epoch.build().unwrap();
    let parameters = r#"{"outcomes": {"answer": 1}, "confidence": "sure", "samples": 10000}"#;
    close(&earned(&epoch, parameters), &[7.0, 3.0]);
    let [low, high] = ["amount-lower", "amount-upper"].map(|name| measure(&epoch, parameters, name));
    let wide = 1.96 * 2.0 * 0.4 * (25.0 * 0.21_f64).sqrt();
    for (amount, low, high) in [(14.0, low[0], high[0]), (6.0, low[1], high[1])] {
        assert!((high - amount - wide).abs() < 0.1, "{high} is not {amount} and {wide}");
        assert!((amount - low - wide).abs() < 0.1, "{low} is not {amount} less {wide}");
    }
    assert_eq!(low, measure(&epoch, parameters, "amount-lower"), "the same draws each time");
    let told = |parameters: &str| {
        let allocation = run::<Lineage>(&epoch, parameters).unwrap();
        allocation.measures.iter().any(|measure| measure.name == "amount-lower")
    };
    assert!(told(r#"{"outcomes": {"answer": 1}, "confidence": "sure"}"#), "told without being asked");
    assert!(!told(r#"{"outcomes": {"answer": 1}, "confidence": "sure", "samples": 0}"#));
    assert!(!told(r#"{"outcomes": {"answer": 1}, "samples": 10}"#), "nothing is uncertain");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (parameters, said) in [
        (r#"{"outcomes": {"prize": 1}}"#, "no outcome earned anything"),
        (r#"{"outcomes": {"answer": 1}, "earned": "fee"}"#, "no node metric `fee`"),
        (r#"{"outcomes": {"answer": 1}, "confidence": "trust"}"#, "no edge metric `trust`"),
        (r#"{"outcomes": {"answer": 1}, "withdrawn": "gone"}"#, "no node metric `gone`"),
        (r#"{"outcomes": {"answer": 1}, "samples": 10001}"#, "at most 10,000"),
        (r#"{"outcomes": {"answer": 1}, "relations": {}}"#, "reaches no payee"),
        (r#"{"outcomes": {"answer": 1}, "per_step": 1.5}"#, "from 0 to 1"),
        (r"{}", "outcomes"),
    ] {
        let refusal = format!("{:?}", run::<Lineage>(&example(), parameters).unwrap_err());
        assert!(refusal.contains(said), "{parameters}: {refusal}");
    }
}

mod properties {
    use apportion_guest::Division;
    use proptest::prelude::*;

    use super::*;

    const KINDS: [&str; 3] = ["answer", "run", "data"];

    fn epochs() -> impl Strategy<Value = Epoch> {
        let nodes = proptest::collection::vec((0..3_usize, 0..5_usize, 0.0..10.0, 0..100_i64), 1..12);
        let edges = proptest::collection::vec((0..12_usize, 0..12_usize, 0.0..3.0, 0.0..=1.0), 0..40);
        (nodes, edges).prop_map(|(nodes, edges)| {
            let count = nodes.len();
            let mut epoch = Epoch::builder().window(0, 100 * 86_400);
            for payee in ["p0", "p1", "p2"] {
                epoch = epoch.payee(payee);
            }
            for (index, (kind, payee, weight, day)) in nodes.into_iter().enumerate() {
                let node = Node::new(format!("n{index:02}"), KINDS[kind]).weight(weight).time(day * 86_400);
                epoch = epoch.node(if payee < 3 { node.payee(format!("p{payee}")) } else { node });
            }
            for (source, target, weight, sure) in edges {
                let (source, target) = (format!("n{:02}", source % count), format!("n{:02}", target % count));
                epoch = epoch.edge(Edge::new(source, target, "used").weight(weight).metric("sure", sure));
            }
            epoch.build().unwrap()
        })
    }

    proptest! {
        /// Nothing is made and nothing lost, at every node and in all.
        #[test]
        fn everything_lands_somewhere(
            epoch in epochs(), kept in 0.0..=1.0, per_step in 0.0..=1.0, days in 0.1..50.0, sure: bool,
        ) {
            let sure = if sure && epoch.edge_metric("sure").is_some() { r#", "confidence": "sure""# } else { "" };
            let parameters = format!(
                r#"{{"outcomes": {{"answer": 1}}, "kept": {{"run": {kept}}}, "per_step": {per_step},
                    "half_life_days": {days}{sure}}}"#
            );
            let read: Parameters = serde_json::from_str(&parameters).unwrap();
            let sources = sources(&epoch, &read).unwrap();
            let total: f64 = sources.iter().sum();
            let (network, rates) = (Network::new(&epoch), Rates::new(&epoch, &read).unwrap());
            let confidence = confidence(&epoch, &read).unwrap();
            let (passed, kept) = rates.of(&epoch, &confidence);
            for (node, kept) in kept.iter().enumerate() {
                let gone: f64 = epoch.out_edges(node).map(|edge| passed[edge]).sum();
                prop_assert!((gone + kept - 1.0).abs() < 1e-12 && (0.0..=1.0).contains(kept));
            }
            let flow = network.flow(&sources, &passed);
            // What reaches a node is what it earned and what came over its edges.
            let mut arrived = sources.clone();
            for (edge, (source, target)) in epoch.edge_source().iter().zip(epoch.edge_target()).enumerate() {
                arrived[*target as usize] += flow.reached[*source as usize] * passed[edge];
            }
            for (arrived, reached) in arrived.iter().zip(&flow.reached) {
                // What still circles has arrived and was not passed on.
                let off = (arrived - reached).abs();
                prop_assert!(off <= flow.circling + 1e-9 * total.max(1.0), "{arrived} {reached}");
            }
            let landed: f64 = flow.reached.iter().zip(&kept).map(|(reached, kept)| reached * kept).sum();
            prop_assert!((landed + flow.circling - total).abs() <= 1e-9 * total.max(1.0), "{landed} {} {total}", flow.circling);

            if let Ok(allocation) = run::<Lineage>(&epoch, &parameters) {
                let Division::ByWeight { shares, retained } = allocation.division else { panic!("weights") };
                let whole: f64 = shares.iter().map(|share| *share as f64).sum::<f64>() + retained as f64;
                let earned = &allocation.measures[0].values;
                for (share, earned) in shares.iter().zip(earned) {
                    prop_assert!((*share as f64 / whole - earned / total).abs() < 1e-9);
                }
            }
        }

        /// Twice as much earned is twice as much for each: the rule adds outcomes up.
        #[test]
        fn outcomes_add_up(epoch in epochs(), kept in 0.1..=1.0) {
            let of = |kind: &str| {
                let parameters = format!(r#"{{"outcomes": {{{kind}}}, "kept_otherwise": {kept}}}"#);
                run::<Lineage>(&epoch, &parameters).map_or_else(|_| vec![0.0; 3], |found| found.measures[0].values.clone())
            };
            let (answers, runs, both) = (of(r#""answer": 1"#), of(r#""run": 2"#), of(r#""answer": 1, "run": 2"#));
            for ((answer, run), both) in answers.iter().zip(&runs).zip(&both) {
                prop_assert!((answer + run - both).abs() < 1e-9 * both.max(1.0));
            }
        }
    }
}
