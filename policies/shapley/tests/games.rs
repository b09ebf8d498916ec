//! Games whose Shapley values are known in closed form.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

mod common;

use apportion_guest::{Edge, Epoch, EpochBuilder, Node};
use common::{close, measure, shares, value};

/// Aircraft that need a runway of some length, which whoever has the longest needs for all. S. C. Littlechild, G. Owen,
/// "A simple expression for the Shapley value in a special case", Management Science 20(3), 1973: each stretch is
/// divided evenly among those who need it.
#[test]
fn airport() {
    let lengths = [2.0, 3.0, 3.0, 7.0, 7.5, 11.0];
    let mut epoch = Epoch::builder();
    let mut stretches = lengths.to_vec();
    stretches.dedup();
    for (place, end) in stretches.iter().enumerate() {
        let start = if place == 0 { 0.0 } else { stretches[place - 1] };
        epoch = epoch.node(Node::new(format!("stretch:{place}"), "stretch").weight(end - start));
    }
    let mut expected = [0.0; 6];
    for (aircraft, needs) in lengths.iter().enumerate() {
        let id = format!("aircraft:{aircraft}");
        epoch = epoch.node(Node::new(&id, "aircraft").payee(&id));
        for (place, end) in stretches.iter().enumerate().filter(|(_, end)| *end <= needs) {
            epoch = epoch.edge(Edge::new(format!("stretch:{place}"), &id, "needs"));
            let start = if place == 0 { 0.0 } else { stretches[place - 1] };
            expected[aircraft] +=
                (end - start) / lengths.iter().filter(|length| *length >= end).count() as f64;
        }
    }
    let epoch = epoch.build().unwrap();
    let covered = r#"{"game": {"coverage": {"outcomes": ["stretch"]}}}"#;
    let reached = r#"{"game": {"reachability": {"outcomes": ["stretch"]}}}"#;
    close(&value(&epoch, covered), &expected);
    // In closed form and by enumeration: to the bit.
    assert_eq!(shares(&epoch, covered), shares(&epoch, reached));
}

/// Outcomes that need every one of theirs: each is divided evenly.
#[test]
fn unanimity() {
    for players in [1_u32, 2, 7, 20] {
        let mut epoch = Epoch::builder().node(Node::new("treaty", "treaty").weight(6.0)).payee("stranger");
        for player in 0..players {
            let id = format!("party:{player:02}");
            epoch = epoch.node(Node::new(&id, "party").payee(&id)).edge(Edge::new("treaty", &id, "needs"));
        }
        let parameters =
            r#"{"game": {"reachability": {"outcomes": ["treaty"], "needs": {"treaty": "all"}}}}"#;
        let shares = shares(&epoch.build().unwrap(), parameters);
        let (stranger, parties) = shares.split_last().unwrap();
        assert_eq!((parties, *stranger), (vec![1; players as usize].as_slice(), 0));
    }
}

/// A vote passes with more than a part of all votes.
fn council(votes: &[(u32, f64)]) -> EpochBuilder {
    let mut epoch = Epoch::builder().node(Node::new("decision", "decision"));
    let members = votes.iter().flat_map(|(count, votes)| (0..*count).map(move |_| votes));
    for (member, votes) in members.enumerate() {
        let id = format!("member:{member:02}");
        epoch = epoch.node(Node::new(&id, "member").payee(&id));
        epoch = epoch.edge(Edge::new("decision", &id, "counts").weight(*votes));
    }
    epoch
}

fn more_than(part: f64) -> String {
    format!(
        r#"{{"game": {{"reachability": {{"outcomes": ["decision"], "needs": {{"decision": {{"more_than": {part}}}}}}}}}}}"#
    )
}

/// L. S. Shapley, M. Shubik, "A method for evaluating the distribution of power in a committee system", 1954.
#[test]
fn weighted_majority() {
    // Of 50, 49 and 1 votes the last two are equal.
    let small = council(&[(1, 50.0), (1, 49.0), (1, 1.0)]).build().unwrap();
    assert_eq!(shares(&small, &more_than(0.5)), [4, 1, 1]);
    // The UN's Security Council since 1965: 39 of 5 × 7 + 10 votes. 421/2145 and 4/2145.
    let council = council(&[(5, 7.0), (10, 1.0)]).build().unwrap();
    let expected = [[421; 5].as_slice(), &[4; 10]].concat();
    assert_eq!(shares(&council, &more_than(0.85)), expected);
    let sum: f64 = value(&council, &more_than(0.85)).iter().sum();
    assert!((sum - 1.0).abs() < 1e-12);
}

/// One right glove and many left ones: a pair needs one of each side.
#[test]
fn gloves_by_the_graph() {
    for left in [1_u64, 2, 5, 12] {
        let mut epoch = Epoch::builder()
            .node(Node::new("pair", "pair"))
            .node(Node::new("left", "side"))
            .edge(Edge::new("pair", "left", "of"))
            .node(Node::new("right", "glove").payee("~right"))
            .edge(Edge::new("pair", "right", "of"));
        for glove in 0..left {
            let id = format!("left:{glove:02}");
            epoch = epoch.node(Node::new(&id, "glove").payee(&id)).edge(Edge::new("left", &id, "has"));
        }
        let parameters = r#"{"game": {"reachability": {"outcomes": ["pair"], "needs": {"pair": "all"}}}}"#;
        // The right one n/(n+1), each left one 1/(n(n+1)).
        let mut expected = vec![1; usize::try_from(left).unwrap()];
        expected.push(left * left);
        assert_eq!(shares(&epoch.build().unwrap(), parameters), expected, "{left}");
    }
}

/// Every coalition evaluated: as many pairs as it has. L. S. Shapley, M. Shubik, "Pure competition, coalitional power and
/// fair division", International Economic Review 10(3), 1969, for l left gloves and r < l right ones.
#[test]
fn gloves_by_evaluations() {
    for (left, right) in [(2_u32, 1_u32), (3, 1), (2, 2), (3, 2), (4, 3), (7, 3)] {
        let players = left + right;
        let mut epoch = Epoch::builder();
        for player in 0..players {
            let id = format!("glove:{player:02}");
            epoch = epoch.node(Node::new(&id, "glove").payee(&id));
        }
        for members in 0_u32..1 << players {
            let id = format!("evaluation:{members:04}");
            let lefts = (members & ((1 << left) - 1)).count_ones();
            let pairs = lefts.min(members.count_ones() - lefts);
            epoch = epoch.node(Node::new(&id, "evaluation").metric("pairs", f64::from(pairs)));
            for player in (0..players).filter(|player| members >> player & 1 == 1) {
                epoch = epoch.edge(Edge::new(&id, format!("glove:{player:02}"), "has"));
            }
        }
        let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
        let term = |k| factorial(left) * factorial(right) / (factorial(left + k) * factorial(right - k));
        let of_right =
            0.5 + f64::from(left - right) / f64::from(2 * right) * (1..=right).map(term).sum::<f64>();
        let of_left = (f64::from(right) - f64::from(right) * of_right) / f64::from(left);
        let expected: Vec<f64> =
            (0..players).map(|player| if player < left { of_left } else { of_right }).collect();
        let parameters = r#"{"game": {"evaluations": {"kinds": ["evaluation"], "score": "pairs"}}}"#;
        close(&value(&epoch.build().unwrap(), parameters), &expected);
    }
}

/// A circle fulfils nothing, and a path that leads out of it does.
#[test]
fn nothing_fulfils_itself() {
    let circle = || {
        Epoch::builder()
            .node(Node::new("answer", "answer"))
            .node(Node::new("a", "page").payee("ann"))
            .node(Node::new("b", "page").payee("bob"))
            .edge(Edge::new("answer", "a", "cites"))
            .edge(Edge::new("a", "b", "cites"))
            .edge(Edge::new("b", "a", "cites"))
    };
    let parameters = r#"{"game": {"reachability": {"outcomes": ["answer"]}}}"#;
    let refused = common::refusal(&circle().build().unwrap(), parameters);
    assert_eq!(refused, "no answer: no payee has a value above 0");
    let led_out = circle().node(Node::new("c", "page").payee("cyd")).edge(Edge::new("b", "c", "cites"));
    assert_eq!(shares(&led_out.build().unwrap(), parameters), [1, 1, 1]);
}

/// Many outcomes of few players each, of many players in all: each is a game of its own.
#[test]
fn many_players_are_exact_where_each_outcome_depends_on_few() {
    let mut epoch = Epoch::builder();
    for player in 0..500 {
        let id = format!("party:{player:03}");
        epoch = epoch.node(Node::new(&id, "party").payee(&id));
        let treaty = format!("treaty:{player:03}");
        epoch = epoch.node(Node::new(&treaty, "treaty"));
        for other in 0..4 {
            epoch = epoch.edge(Edge::new(&treaty, format!("party:{:03}", (player + other) % 500), "needs"));
        }
    }
    let epoch = epoch.build().unwrap();
    for need in ["all", "any"] {
        let parameters = format!(
            r#"{{"game": {{"reachability": {{"outcomes": ["treaty"], "needs": {{"treaty": "{need}"}}}}}}}}"#
        );
        assert_eq!(shares(&epoch, &parameters), [1; 500]);
        assert!(measure(&epoch, &parameters, "standard-error").is_none());
    }
}
