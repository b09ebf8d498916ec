//! Games whose worth was measured: coalitions, and improvements one after the other; and what is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

mod common;

use apportion_guest::random::Random;
use apportion_guest::{Edge, Epoch, EpochBuilder, Node};
use common::{close, divided, measure, refusal, shares, value};

const EVALUATIONS: &str = r#""kinds": ["evaluation"], "score": "accuracy""#;

fn evaluations(further: &str) -> String {
    format!(r#"{{"game": {{"evaluations": {{{EVALUATIONS} {further}}}}}}}"#)
}

/// A model trained on the data of nobody, Ann, Bob, and both.
fn trained(scores: &[(&str, f64)]) -> EpochBuilder {
    let epoch = Epoch::builder().pool(1000).asset("OP");
    let epoch =
        epoch.node(Node::new("data:a", "data").payee("ann")).node(Node::new("data:b", "data").payee("bob"));
    scores.iter().enumerate().fold(epoch, |epoch, (row, (members, score))| {
        let id = format!("evaluation:{row}");
        let node = Node::new(&id, "evaluation").metric("accuracy", *score).metric("error", 0.01);
        let edges = members.chars().map(|member| Edge::new(&id, format!("data:{member}"), "trained-on"));
        edges.fold(epoch.node(node), EpochBuilder::edge)
    })
}

/// The example of the README.
#[test]
fn evaluations_of_every_coalition() {
    let epoch = trained(&[("", 0.5), ("a", 0.7), ("b", 0.6), ("ab", 0.75)]).build().unwrap();
    // Ann adds 0.2 to nobody and 0.15 to Bob; Bob 0.1 and 0.05.
    close(&value(&epoch, &evaluations("")), &[0.175, 0.075]);
    // Not measured, nobody is worth 0.
    let epoch = trained(&[("a", 0.7), ("b", 0.6), ("ab", 0.75)]).build().unwrap();
    close(&value(&epoch, &evaluations("")), &[0.425, 0.325]);
}

#[test]
fn a_missing_coalition_is_refused_or_as_good_as_its_best_part() {
    let epoch = trained(&[("", 0.5), ("a", 0.7), ("b", 0.4)]).build().unwrap();
    assert_eq!(
        refusal(&epoch, &evaluations("")),
        "no answer: 1 coalitions of 2 players are not evaluated, the first that of `ann` and `bob`: evaluate them, or \
         set `missing` to `best_part`"
    );
    close(&value(&epoch, &evaluations(r#", "missing": "best_part""#)), &[0.25, -0.05]);
    // Both alone are worse than nobody, who is worth 0.
    let epoch = trained(&[("a", -0.2), ("b", -0.1)]).build().unwrap();
    close(&value(&epoch, &evaluations(r#", "missing": "best_part""#)), &[-0.05, 0.05]);
    // And nobody may be worth less than 0.
    let epoch = trained(&[("", -0.5), ("b", -0.7), ("ab", -0.6)]).build().unwrap();
    close(&value(&epoch, &evaluations(r#", "missing": "best_part""#)), &[0.05, -0.15]);
    // The best part may be smaller than one that was measured: of all three it is Ann alone.
    let three = trained(&[("", 0.0), ("a", 0.9), ("ab", 0.1), ("c", 0.2), ("ac", 0.1), ("bc", 0.3)])
        .node(Node::new("data:c", "data").payee("cyd"));
    let values = value(&three.build().unwrap(), &evaluations(r#", "missing": "best_part""#));
    close(&[values.iter().sum()], &[0.9]);
}

#[test]
fn a_repeated_coalition_is_refused_or_the_mean() {
    let epoch = trained(&[("", 0.5), ("a", 0.6), ("a", 0.8), ("b", 0.6), ("ab", 0.75)]).build().unwrap();
    assert_eq!(
        refusal(&epoch, &evaluations("")),
        "no answer: `evaluation:1` and `evaluation:2` evaluate one coalition: keep one, or set `repeated` to `mean`"
    );
    close(&value(&epoch, &evaluations(r#", "repeated": "mean""#)), &[0.175, 0.075]);
}

/// Amounts of scores that were drawn around the true ones lie in their intervals as often as they should.
#[test]
fn measured_errors_become_intervals_that_hold() {
    // A number of mean 0 and variance 1, nearly normal.
    fn draw(random: &mut Random) -> f64 {
        let whole = 1_u64 << 32;
        (0..12).map(|_| random.below(whole) as f64 / whole as f64).sum::<f64>() - 6.0
    }
    let truth = [("", 0.5), ("a", 0.7), ("b", 0.62), ("ab", 0.8)];
    let exact = [190.0 / 0.3, 110.0 / 0.3];
    let parameters = evaluations(r#", "standard_error": "error""#);
    let mut random = Random::new(11);
    let mut held = [0; 2];
    for _ in 0..1000 {
        let drawn = truth.map(|(members, score)| (members, score + 0.01 * draw(&mut random)));
        let epoch = trained(&drawn).build().unwrap();
        let ends = ["amount-lower", "amount-upper"].map(|name| measure(&epoch, &parameters, name).unwrap());
        for payee in 0..2 {
            held[payee] += u32::from((ends[0][payee]..=ends[1][payee]).contains(&exact[payee]));
        }
    }
    println!("{held:?} of 1000");
    assert!(held.iter().all(|held| (935..=965).contains(held)), "{held:?}");
    // A value of two players is half the sum of two differences: the error of all four scores, halved.
    let epoch = trained(&truth).build().unwrap();
    close(&measure(&epoch, &parameters, "standard-error").unwrap(), &[0.01, 0.01]);
    // A coalition that has its worth from a part has the part's error too: here the value is the part's score.
    let epoch = trained(&[("a", 0.7)]).build().unwrap();
    let parameters = evaluations(r#", "standard_error": "error", "missing": "best_part""#);
    close(&measure(&epoch, &parameters, "standard-error").unwrap(), &[0.01, 0.0]);
}

/// The same data set, measured as it was added.
fn added(rows: &[(&str, &str, f64, f64)]) -> Epoch {
    let epoch = Epoch::builder().pool(1000).asset("OP");
    let rows = rows.iter().enumerate();
    let epoch = rows.fold(epoch, |epoch, (row, (payee, run, before, after))| {
        let node = Node::new(format!("contribution:{row}"), "contribution").payee(*payee);
        let node = node.metric("before", *before).metric("after", *after).metric("error", 0.01);
        epoch.node(node.label("run", *run).time(i64::try_from(row).unwrap()))
    });
    epoch.build().unwrap()
}

fn improvements(further: &str) -> String {
    format!(r#"{{"game": {{"improvements": {{"kinds": ["contribution"], "after": "after" {further}}}}}}}"#)
}

#[test]
fn improvements_are_marginal_values() {
    let epoch = added(&[("ann", "1", 0.5, 0.7), ("bob", "1", 0.7, 0.75), ("ann", "1", 0.75, 0.8)]);
    let expected = [0.25, 0.05];
    close(&value(&epoch, &improvements(r#", "before": "before""#)), &expected);
    // In a chain each begins where the one before ended.
    close(&value(&epoch, &improvements(r#", "start": 0.5"#)), &expected);
    close(&value(&epoch, &improvements("")), &[0.75, 0.05]);
}

/// Both orders of two: the Shapley value, and its scatter.
#[test]
fn several_runs_are_orders() {
    let rows =
        [("ann", "1", 0.5, 0.7), ("bob", "1", 0.7, 0.75), ("bob", "2", 0.5, 0.6), ("ann", "2", 0.6, 0.75)];
    let parameters = improvements(r#", "before": "before", "run": "run""#);
    close(&value(&added(&rows), &parameters), &[0.175, 0.075]);
    // Of 0.2 and 0.15, and of 0.05 and 0.1: half their difference.
    close(&measure(&added(&rows), &parameters, "standard-error").unwrap(), &[0.025, 0.025]);
    let chained = improvements(r#", "run": "run", "start": 0.5"#);
    close(&value(&added(&rows), &chained), &[0.175, 0.075]);
    assert_eq!(
        refusal(&added(&rows[..3]), &parameters),
        "no answer: the run `2` measures no contribution of `ann`, which another run does"
    );
}

#[test]
fn errors_of_a_chain_cancel_within_it() {
    let epoch = added(&[("ann", "1", 0.5, 0.7), ("ann", "1", 0.7, 0.8), ("bob", "1", 0.8, 0.9)]);
    let errors = |further: &str| measure(&epoch, &improvements(further), "standard-error").unwrap();
    let two = 0.01 * 2.0_f64.sqrt();
    close(&errors(r#", "before": "before", "standard_error": "error""#), &[two, 0.01]);
    // Of Ann's two scores the first is no matter; Bob's begins at her last.
    close(&errors(r#", "standard_error": "error""#), &[0.01, two]);
}

/// 0.3 and -0.1: nothing, kept by the treasury, or no answer.
#[test]
fn a_value_below_0() {
    let epoch = added(&[("ann", "1", 0.25, 0.5), ("bob", "1", 0.5, 0.375)]);
    let game = improvements(r#", "before": "before""#);
    let with = |negative: &str| game.replacen('{', &format!(r#"{{"negative": "{negative}", "#), 1);
    assert_eq!(value(&epoch, &game), [0.25, -0.125]);
    let (paid, retained) = divided(&epoch, &game);
    assert_eq!((paid[0] > 0, paid[1], retained), (true, 0, 0));
    let (paid, retained) = divided(&epoch, &with("retained"));
    assert_eq!((paid[0], paid[1]), (2 * retained, 0));
    assert_eq!(refusal(&epoch, &with("refused")), "no answer: the value of `bob` is `-0.125`, below 0");
    // The interval is around the amount that is paid: of 0.25 and 0.125 the treasury keeps the smaller.
    let measured = r#", "before": "before", "standard_error": "error""#;
    let parameters = improvements(measured).replacen('{', r#"{"negative": "retained", "#, 1);
    let [lower, upper] =
        ["amount-lower", "amount-upper"].map(|name| measure(&epoch, &parameters, name).unwrap());
    close(&[f64::midpoint(lower[0], upper[0]) / 1000.0, upper[1]], &[2.0 / 3.0, 0.0]);
    assert!(upper[0] - lower[0] > 1.0);
}

#[test]
fn what_cannot_be_answered_is_said() {
    let epoch = added(&[("ann", "", 0.5, 0.7), ("bob", "1", 0.7, 0.75)]);
    let refused = |further: &str| refusal(&epoch, &improvements(further));
    let unlabelled = "no answer: it is not said in which run `contribution:0` was measured";
    assert_eq!(refused(r#", "run": "run""#), unlabelled);
    assert_eq!(refused(r#", "before": "stars""#), "no answer: the epoch has no node metric `stars`");
    assert!(refused(r#", "before": "before", "start": 1"#).starts_with("bad parameters: `start` is for"));
    let at_once = Epoch::builder()
        .node(Node::new("a", "contribution").payee("ann").metric("after", 1.0))
        .node(Node::new("b", "contribution").payee("ann").metric("after", 2.0));
    assert_eq!(
        refusal(&at_once.build().unwrap(), &improvements("")),
        "no answer: `a` and `b` have the same time: which was added first is not known"
    );
    assert!(refusal(&epoch, r#"{"game": {"poker": {}}}"#).contains("unknown variant `poker`"));
    let none = r#"{"game": {"coverage": {"outcomes": ["poem"]}}}"#;
    assert_eq!(refusal(&epoch, none), "no answer: no node is of a kind listed as outcomes");
    let certain =
        r#"{"game": {"reachability": {"outcomes": ["contribution"], "needs": {"x": {"more_than": 1}}}}}"#;
    assert!(refusal(&epoch, certain).starts_with("bad parameters: nothing is `more_than` all"));
    let many = r#"{"game": {"coverage": {"outcomes": ["contribution"]}}, "exact_up_to": 21}"#;
    assert_eq!(refusal(&epoch, many), "bad parameters: `exact_up_to` is 21: at most 20");
}

/// What would take too long is told before it is begun, with what to do.
#[test]
fn too_many_players_are_refused_with_what_to_do() {
    let mut epoch = Epoch::builder().node(Node::new("treaty", "treaty"));
    for player in 0..21 {
        let id = format!("party:{player:02}");
        epoch = epoch.node(Node::new(&id, "party").payee(&id)).edge(Edge::new("treaty", &id, "needs"));
    }
    let epoch = epoch.build().unwrap();
    let game = r#""game": {"reachability": {"outcomes": ["treaty"], "needs": {"treaty": "all"}}}"#;
    assert_eq!(
        refusal(&epoch, &format!("{{{game}}}")),
        "no answer: 1 outcomes depend on more than 20 players each, the first `treaty`, too many to enumerate their \
         coalitions: give `sampling`"
    );
    let sampling = |sampling: &str| format!(r#"{{{game}, "sampling": {{{sampling}}}}}"#);
    assert!(refusal(&epoch, &sampling(r#""permutations": 1"#)).contains("from 2 to 1000000"));
    assert!(refusal(&epoch, &sampling(r#""confidence": 1"#)).contains("`confidence` must be below 1"));
    assert_eq!(shares(&epoch, &sampling("")).len(), 21);
    let evaluated = r#"{"game": {"evaluations": {"kinds": ["treaty"], "score": "stars"}}}"#;
    let refused = refusal(&epoch, evaluated);
    assert!(refused.contains("there are 21 players, and each of their 2^21 coalitions"), "{refused}");
    assert!(refused.contains("`improvements`"), "{refused}");

    // Few players, but a graph of many nodes: the steps are counted.
    let mut large = Epoch::builder().node(Node::new("all", "outcome"));
    for node in 0..4000 {
        let id = format!("node:{node:04}");
        large = large.node(Node::new(&id, "part").payee(format!("p{:02}", node % 20)));
        large = large.edge(Edge::new("all", &id, "needs"));
    }
    let large = large.build().unwrap();
    let game = r#""game": {"reachability": {"outcomes": ["outcome"]}}"#;
    assert_eq!(
        refusal(&large, &format!("{{{game}}}")),
        "no answer: enumerating the coalitions of up to 20 players takes more than 1073741824 steps of a node or an \
         edge: make `exact_up_to` smaller and give `sampling`"
    );
    assert_eq!(
        refusal(
            &large,
            &format!(r#"{{{game}, "exact_up_to": 19, "sampling": {{"permutations": 1000000}}}}"#)
        ),
        "no answer: 1000000 permutations of 20 players over 8001 nodes and edges take more than 1073741824 steps: at most 131549 fit"
    );
}
