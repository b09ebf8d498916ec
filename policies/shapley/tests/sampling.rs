//! Estimates, held against the exact values of the same game.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

mod common;

use apportion_guest::random::Random;
use apportion_guest::{Allocation, Edge, Epoch, Node, run};
use common::{Graph, KINDS, close, parameters, value};
use shapley::Shapley;

/// Fifteen payees, and outcomes that rely on a few nodes each, along paths, so that the exact values are known.
fn graph() -> Graph {
    let mut random = Random::new(20);
    let mut draw = |bound: u64| usize::try_from(random.below(bound)).unwrap();
    let mut nodes = Vec::new();
    for node in 0..60 {
        let payee = (node % 16 < 15).then_some(u32::try_from(node % 16).unwrap());
        nodes.push((draw(3), payee, u8::try_from(draw(4)).unwrap()));
    }
    let edges = (0..90).map(|_| (draw(60), draw(60), u8::try_from(1 + draw(3)).unwrap())).collect();
    Graph { payees: 15, nodes, edges }
}

fn epoch(seed: u64) -> Epoch {
    graph().epoch().seed(seed).build().unwrap()
}

fn sampled(seed: u64, sampling: &str) -> Allocation {
    let further = format!(r#", "exact_up_to": 0, "sampling": {{{sampling}}}"#);
    run::<Shapley>(&epoch(seed), &parameters(&KINDS, &further)).unwrap()
}

fn measure<'a>(allocation: &'a Allocation, name: &str) -> &'a [f64] {
    &allocation.measures.iter().find(|measure| measure.name == name).unwrap().values
}

/// The bar is that of the measures `amount-lower` and `amount-upper`, for all payees at once, at the confidence of 0.95:
/// on at least 95 of 100 seeds not one true amount is outside.
#[test]
fn all_true_amounts_are_within_their_intervals_on_at_least_95_of_100_seeds() {
    let exact = value(&epoch(0), &parameters(&KINDS, ""));
    let sum: f64 = exact.iter().sum();
    for (permutations, truncation, width) in [(100, 0.0, 0.4), (1_000, 0.0, 0.06), (1_000, 0.05, 0.11)] {
        let (mut held, mut widest) = (0, 0.0_f64);
        for seed in 0..100 {
            let allocation =
                sampled(seed, &format!(r#""permutations": {permutations}, "truncation": {truncation}"#));
            let ends = measure(&allocation, "amount-lower").iter().zip(measure(&allocation, "amount-upper"));
            let mut all = true;
            for ((lower, upper), value) in ends.zip(&exact) {
                all &= (*lower..=*upper).contains(&(value / sum * 1_000_000.0));
                widest = widest.max((upper - lower) / 1_000_000.0);
            }
            held += u32::from(all);
        }
        println!("{permutations} permutations, truncation {truncation}: {held} of 100, widest {widest}");
        assert!(held >= 95, "{permutations}, {truncation}: {held} of 100");
        // An interval from nothing to everything would hold every time.
        assert!(widest < width, "{permutations}, {truncation}: {widest}");
    }
}

/// The UN's Security Council: each of ten members decides in 4 of 2145 orders, so that few orders show none of them,
/// and many orders leave little beside the standard error.
#[test]
fn intervals_hold_for_what_is_rare_and_for_many_orders() {
    let mut epoch = Epoch::builder().pool(2145).asset("OP").node(Node::new("decision", "decision"));
    for member in 0..15 {
        let id = format!("member:{member:02}");
        epoch = epoch.node(Node::new(&id, "member").payee(&id));
        let votes = if member < 5 { 7.0 } else { 1.0 };
        epoch = epoch.edge(Edge::new("decision", &id, "counts").weight(votes));
    }
    let exact = [[421.0; 5].as_slice(), &[4.0; 10]].concat();
    for permutations in [50, 5_000] {
        let parameters = format!(
            r#"{{"game": {{"reachability": {{"outcomes": ["decision"], "needs": {{"decision": {{"more_than": 0.85}}}}}}}},
                "exact_up_to": 0, "sampling": {{"permutations": {permutations}}}}}"#
        );
        let holds = |seed: &u64| {
            let allocation =
                run::<Shapley>(&epoch.clone().seed(*seed).build().unwrap(), &parameters).unwrap();
            let ends = measure(&allocation, "amount-lower").iter().zip(measure(&allocation, "amount-upper"));
            ends.zip(&exact).all(|((lower, upper), amount)| (*lower..=*upper).contains(amount))
        };
        let held = (0..100).filter(holds).count();
        println!("{permutations} permutations: {held} of 100");
        assert!(held >= 95, "{permutations}: {held} of 100");
    }
}

/// The standard error is neither too small nor too large: 1.96 of it to each side hold 95 % of the true values.
#[test]
fn the_standard_error_is_that_of_the_estimate() {
    let exact = value(&epoch(0), &parameters(&KINDS, ""));
    let (mut held, mut all) = (0, 0);
    for seed in 100..300 {
        let allocation = sampled(seed, r#""permutations": 400"#);
        let errors = measure(&allocation, "standard-error");
        for ((value, error), exact) in measure(&allocation, "value").iter().zip(errors).zip(&exact) {
            if *exact > 0.0 {
                held += u32::from((value - exact).abs() <= 1.96 * error);
                all += 1;
            }
        }
    }
    let part = f64::from(held) / f64::from(all);
    println!("{held} of {all}");
    assert!((0.935..0.965).contains(&part), "{part}");
}

#[test]
fn every_order_adds_up_to_the_whole_and_truncation_leaves_out_what_it_may() {
    let whole: f64 = value(&epoch(0), &parameters(&KINDS, "")).iter().sum();
    let sum = |sampling: &str| measure(&sampled(3, sampling), "value").iter().sum::<f64>();
    close(&[sum(r#""permutations": 7"#)], &[whole]);
    let left = sum(r#""permutations": 100, "truncation": 0.2"#);
    assert!((0.8 * whole..0.99 * whole).contains(&left), "{left} of {whole}");
}

/// What was drawn in the past is drawn again: bits that must never change.
#[test]
fn the_draw_of_a_seed_never_changes() {
    let allocation = sampled(7, r#""permutations": 10"#);
    assert_eq!(allocation, sampled(7, r#""permutations": 10"#));
    assert_ne!(allocation, sampled(8, r#""permutations": 10"#));
    let expected = [7.4, 4.3, 7.1, 3.5, 8.2, 2.6, 1.4, 5.8, 2.2, 3.2, 18.7, 2.2, 1.4, 3.5, 0.5];
    assert_eq!(measure(&allocation, "value"), expected);
}

/// Outcomes of few players stay exact beside those that are sampled.
#[test]
fn only_what_must_be_is_sampled() {
    let mut graph = graph();
    let own = graph.nodes.len();
    graph.payees += 1;
    graph.nodes.push((0, Some(15), 3));
    let epoch = graph.epoch().seed(5).build().unwrap();
    let further = r#", "exact_up_to": 1, "sampling": {"permutations": 5}"#;
    let allocation = run::<Shapley>(&epoch, &parameters(&KINDS, further)).unwrap();
    let place = epoch.payees().iter().position(|payee| payee == "p15").unwrap();
    assert_eq!(own, 60);
    assert_eq!(measure(&allocation, "value")[place], 3.0);
    assert_eq!(measure(&allocation, "standard-error")[place], 0.0);
    assert_eq!(measure(&allocation, "amount-lower")[place], measure(&allocation, "amount-upper")[place]);
}
