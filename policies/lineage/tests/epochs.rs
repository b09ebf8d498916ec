//! Laws over several epochs, and of the interval that is told beside an amount.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use apportion_guest::{Edge, Epoch, Node, run};
use lineage::Lineage;
use proptest::prelude::*;

const DAY: i64 = 86_400;

/// What a payee earned.
fn earned(epoch: &Epoch, parameters: &str, payee: &str) -> f64 {
    let allocation = run::<Lineage>(epoch, parameters).unwrap();
    let measure = allocation.measures.iter().find(|measure| measure.name == "earned").unwrap();
    measure.values[epoch.payees().iter().position(|known| known == payee).unwrap()]
}

/// An epoch in a model's life: one answer of 60 by the model in use. The record of all models and sets is kept.
fn epoch(number: i64, model: &str, reused: Option<&str>) -> Epoch {
    let now = number * 30 * DAY;
    let mut epoch = Epoch::builder()
        .window(now, now + 30 * DAY)
        .node(Node::new("letters", "data").payee("ann").time(0))
        .node(Node::new("notes", "data").payee("bob").time(0))
        .node(Node::new("model:1", "model").payee("lab").time(0))
        .node(Node::new("model:2", "model").payee("lab").time(60 * DAY))
        .node(Node::new("search", "step").payee("wren").time(59 * DAY))
        .node(Node::new("run", "step").payee("moss").time(now))
        .node(Node::new("answer", "answer").weight(60.0).time(now))
        .edge(Edge::new("model:1", "letters", "used").weight(2.0))
        .edge(Edge::new("model:1", "notes", "used"))
        .edge(Edge::new("model:2", "notes", "used"))
        .edge(Edge::new("search", "model:1", "used"))
        .edge(Edge::new("answer", "run", "wasGeneratedBy"))
        .edge(Edge::new("run", model, "used"));
    if let Some(search) = reused {
        epoch = epoch.edge(Edge::new("run", search, "wasInformedBy"));
    }
    epoch.build().unwrap()
}

/// A withdrawn set is in the record for ever, and earns while an answer leads to it: by the model that was trained on it,
/// then by a step that this model took, then nothing at all.
#[test]
fn withdrawn_data_earns_until_no_answer_leads_to_it() {
    let parameters = r#"{"outcomes": {"answer": 1}, "kept": {"step": 0.5, "model": 0.5}}"#;
    let epochs = [
        // The run keeps 30. Of the other 30 the model keeps half, and two thirds of the rest are the letters'.
        (epoch(0, "model:1", None), 10.0),
        (epoch(1, "model:1", None), 10.0),
        // Model 2 knows no letters. Half of the 30 go to the search, which keeps half, and model 1 half of the rest.
        (epoch(2, "model:2", Some("search")), 2.5),
        (epoch(3, "model:2", None), 0.0),
    ];
    for (number, (epoch, due)) in epochs.iter().enumerate() {
        let letters = earned(epoch, parameters, "ann");
        assert!((letters - due).abs() < 1e-9, "epoch {number}: {letters} is not {due}");
        assert!(*due > 0.0 || letters == 0.0, "exactly nothing, and not almost");
        let all = ["ann", "bob", "lab", "moss", "wren"].map(|payee| earned(epoch, parameters, payee));
        assert!((all.iter().sum::<f64>() - 60.0).abs() < 1e-9, "what the letters lose goes to others");
    }
}

/// With a half-life, data that is used unchanged earns less with each epoch, and what it loses stays with who used it.
#[test]
fn what_grows_old_earns_less_with_each_epoch() {
    let parameters = r#"{"outcomes": {"answer": 1}, "half_life_days": 30}"#;
    for number in 0..5_i32 {
        let epoch = epoch(i64::from(number), "model:1", None);
        let due = 40.0 / f64::from(1 << number);
        let [letters, run] = ["ann", "moss"].map(|payee| earned(&epoch, parameters, payee));
        assert!((letters - due).abs() < 1e-9 && (run - (60.0 - 1.5 * due)).abs() < 1e-9, "epoch {number}");
    }
}

/// One answer of 10, a pool of 10, and a lineage without circles below it.
fn uncertain() -> impl Strategy<Value = Epoch> {
    let nodes = proptest::collection::vec(0..4_usize, 1..8);
    let edges = proptest::collection::vec((0..8_usize, 0..8_usize, 0.1..3.0, 0.0..=1.0), 0..20);
    (nodes, edges).prop_map(|(owners, edges)| {
        let count = owners.len();
        let mut epoch =
            Epoch::builder().pool(1_000).decimals(2).node(Node::new("answer", "answer").weight(10.0));
        for (index, owner) in owners.into_iter().enumerate() {
            let node = Node::new(format!("n{index}"), "thing");
            // One in four belongs to nobody; the first always to somebody.
            let is_owned = owner < 3 || index == 0;
            epoch = epoch.node(if is_owned { node.payee(format!("p{}", owner % 3)) } else { node });
        }
        epoch = epoch.edge(Edge::new("answer", "n0", "used").metric("sure", 1.0));
        for (one, other, weight, sure) in edges {
            let (one, other) = (one % count, other % count);
            let (source, target) = (format!("n{}", one.min(other)), format!("n{}", one.max(other)));
            epoch = epoch.edge(Edge::new(source, target, "used").weight(weight).metric("sure", sure));
        }
        epoch.build().unwrap()
    })
}

proptest! {
    /// The interval holds the amount, and is a point where nothing is uncertain.
    #[test]
    fn the_interval_holds_the_amount(epoch in uncertain()) {
        let parameters = r#"{"outcomes": {"answer": 1}, "confidence": "sure", "samples": 50}"#;
        let allocation = run::<Lineage>(&epoch, parameters).unwrap();
        let [earned, _, low, high] = &allocation.measures[..] else { panic!("the interval is told last") };
        let is_certain = epoch.edge_metric("sure").unwrap().iter().all(|sure| *sure == 0.0 || *sure == 1.0);
        for ((amount, low), high) in earned.values.iter().zip(&low.values).zip(&high.values) {
            prop_assert!((0.0..=amount + 1e-9).contains(low) && *high >= amount - 1e-9, "{low} {amount} {high}");
            prop_assert!(!is_certain || high - low < 1e-6, "{low} {high}");
        }
    }
}
