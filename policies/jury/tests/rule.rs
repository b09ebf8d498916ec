//! The rule against closed forms, and each refusal in words.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]
#![allow(clippy::disallowed_methods, reason = "the system's logarithm is good enough to compare with")]

use apportion_guest::{Allocation, Division, Edge, Epoch, EpochBuilder, Node, Refusal, run};
use jury::Jury;

/// Projects that own themselves, and who was preferred to whom how often: winner, loser, weight.
fn compared(wins: &[(&str, &str, f64)]) -> EpochBuilder {
    let mut projects: Vec<&str> = wins.iter().flat_map(|(winner, loser, _)| [*winner, *loser]).collect();
    projects.sort_unstable();
    projects.dedup();
    let epoch = Epoch::builder().pool(1_000_000).asset("OP");
    let epoch = projects.into_iter().fold(epoch, |epoch, id| epoch.node(Node::new(id, "project").payee(id)));
    wins.iter().fold(epoch, |epoch, (winner, loser, weight)| {
        epoch.edge(Edge::new(*loser, *winner, "preferred").weight(*weight))
    })
}

fn allocate(epoch: EpochBuilder, parameters: &str) -> Result<Allocation, Refusal> {
    run::<Jury>(&epoch.build().unwrap(), parameters)
}

/// The first measure: what the method says of each project.
fn values(epoch: EpochBuilder, method: &str) -> Vec<f64> {
    allocate(epoch, &format!(r#"{{"method": {method}}}"#)).unwrap().measures[0].values.clone()
}

fn refusal(epoch: EpochBuilder, parameters: &str) -> String {
    allocate(epoch, parameters).unwrap_err().to_string()
}

fn close(given: &[f64], expected: &[f64]) {
    assert_eq!(given.len(), expected.len());
    for (given, expected) in given.iter().zip(expected) {
        assert!((given - expected).abs() < 1e-9, "{given} instead of {expected}");
    }
}

const BRADLEY_TERRY: &str = r#"{"bradley-terry": {}}"#;
const RANK_CENTRALITY: &str = r#"{"rank-centrality": {}}"#;
const COLLEY: &str = r#"{"colley": {}}"#;

#[test]
fn two_projects_stand_as_their_wins() {
    let seven_to_three = || compared(&[("a", "b", 7.0), ("b", "a", 3.0)]);
    close(&values(seven_to_three(), BRADLEY_TERRY), &[0.7, 0.3]);
    close(&values(seven_to_three(), RANK_CENTRALITY), &[0.7, 0.3]);
    // (2 + 10) a - 10 b = 1 + 4/2 and the other way round.
    close(&values(seven_to_three(), COLLEY), &[0.5 + 2.0 / 22.0, 0.5 - 2.0 / 22.0]);
    // Two ties are a win to each; under Rao and Kupper they say how clear a win is, and the balance stays 7 to 3 ...
    let tied = || seven_to_three().edge(Edge::new("a", "b", "tied").weight(2.0));
    close(&values(tied(), BRADLEY_TERRY), &[8.0 / 12.0, 4.0 / 12.0]);
    // ... in wins: a / (a + t b) is 7 of 12, b / (b + t a) 3 of 12, so a / b = 7/5 t = t^-1 9/3.
    let ratio = (7.0_f64 / 5.0 * 3.0).sqrt();
    close(
        &values(tied(), r#"{"bradley-terry": {"ties": "rao-kupper"}}"#),
        &[ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)],
    );
    // Without a tie it is the plain model.
    close(&values(seven_to_three(), r#"{"bradley-terry": {"ties": "rao-kupper"}}"#), &[0.7, 0.3]);
}

/// One who always won has no strength without a prior; with one, what is won and what is likely are equal.
#[test]
fn a_prior_bounds_who_always_won() {
    let always = || compared(&[("a", "b", 1.0)]);
    assert_eq!(
        refusal(always(), r#"{"method": {"bradley-terry": {}}}"#),
        "no answer: no chain of preferences leads from `a` up to `b`, so that their ratio has no bound: compare more, or \
         give a `prior`"
    );
    // By symmetry b = 1 / a, and a has won 2: one of b, and one of 2 against strength 1.
    let values_of_two = values(always(), r#"{"bradley-terry": {"prior": 1}}"#);
    let (a, b) = (values_of_two[0], values_of_two[1]);
    let strength = (a / b).sqrt();
    let residual =
        2.0 - strength * strength / (strength * strength + 1.0) - 2.0 * strength / (strength + 1.0);
    assert!(residual.abs() < 1e-10, "{residual}");
    assert!(values(always(), r#"{"rank-centrality": {"prior": 1}}"#)[0] == 2.0 / 3.0);
}

/// a beats b with 2/3, b beats c with 2/3, c beats a with 2/3: all are equal, whatever the numbers of comparisons are
/// multiplied by; and one who alone is compared oftener stays equal.
#[test]
fn a_circle_of_equals_is_equal() {
    let circle = || compared(&[("a", "b", 2.0), ("b", "c", 2.0), ("c", "a", 2.0)]);
    let back = |epoch: EpochBuilder| {
        ["ba", "cb", "ac"]
            .into_iter()
            .fold(epoch, |epoch, pair| epoch.edge(Edge::new(&pair[1..], &pair[..1], "preferred")))
    };
    for method in [BRADLEY_TERRY, RANK_CENTRALITY] {
        close(&values(circle(), method), &[1.0 / 3.0; 3]);
        close(&values(back(circle()), method), &[1.0 / 3.0; 3]);
    }
    close(&values(circle(), COLLEY), &[0.5; 3]);
    // Of one turn round a circle of unequal numbers: 1, 2 and 3 wins without a loss back.
    let uneven = compared(&[("a", "b", 1.0), ("b", "c", 2.0), ("c", "a", 3.0)]);
    let strengths = values(uneven, BRADLEY_TERRY);
    let (a, b, c) = (strengths[0], strengths[1], strengths[2]);
    // Wins are what the strengths make likely.
    close(&[a / (a + b) + 3.0 * a / (a + c), b / (a + b) + 2.0 * b / (b + c)], &[1.0, 2.0]);
}

/// Strengths 5, 3 and 1 and as many comparisons as make every part exact.
#[test]
fn complete_data_that_fit_the_model_give_its_strengths() {
    let exact = || {
        compared(&[
            ("a", "b", 5.0),
            ("b", "a", 3.0),
            ("a", "c", 5.0),
            ("c", "a", 1.0),
            ("b", "c", 3.0),
            ("c", "b", 1.0),
        ])
    };
    for method in [BRADLEY_TERRY, RANK_CENTRALITY] {
        close(&values(exact(), method), &[5.0 / 9.0, 3.0 / 9.0, 1.0 / 9.0]);
    }
    // And what jurors say of the ratios: 5/3, 5, 3.
    let times = || {
        let epoch = Epoch::builder().pool(900);
        let epoch = ["a", "b", "c"]
            .into_iter()
            .fold(epoch, |epoch, id| epoch.node(Node::new(id, "project").payee(id)));
        epoch
            .edge(Edge::new("b", "a", "preferred").metric("times", 5.0 / 3.0))
            .edge(Edge::new("c", "a", "preferred").metric("times", 5.0))
            .edge(Edge::new("c", "b", "preferred").metric("times", 3.0))
    };
    close(&values(times(), r#"{"huber-logs": {}}"#), &[5.0 / 9.0, 3.0 / 9.0, 1.0 / 9.0]);
    let allocation = allocate(times(), r#"{"method": {"huber-logs": {}}}"#).unwrap();
    assert_eq!(allocation.division, Division::ByAmount(vec![500, 300, 100]));
}

/// The round robin of five teams that A. Langville, C. Meyer, "Who's #1?", use throughout; its ratings by the closed form.
#[test]
fn a_round_robin_has_colleys_closed_form() {
    let games = [
        ("miami", "duke"),
        ("unc", "duke"),
        ("uva", "duke"),
        ("vt", "duke"),
        ("miami", "unc"),
        ("miami", "uva"),
        ("miami", "vt"),
        ("unc", "uva"),
        ("vt", "unc"),
        ("vt", "uva"),
    ];
    let games: Vec<_> = games.into_iter().map(|(winner, loser)| (winner, loser, 1.0)).collect();
    let ratings = values(compared(&games), COLLEY);
    // In a round robin of n: (b + n/2) / (n + 2), b being 1 and half the wins above the losses.
    close(&ratings, &[1.5 / 7.0, 5.5 / 7.0, 3.5 / 7.0, 2.5 / 7.0, 4.5 / 7.0]);
    // One game: 5/8 and 3/8.
    close(&values(compared(&[("a", "b", 1.0)]), COLLEY), &[0.625, 0.375]);
}

/// Two say twice, one says a hundred times.
#[test]
fn an_outlier_moves_least_squares_and_hardly_the_robust_fit() {
    let said = || {
        let epoch = Epoch::builder()
            .pool(1)
            .node(Node::new("a", "project").payee("a"))
            .node(Node::new("b", "project"));
        [2.0, 2.0, 100.0]
            .into_iter()
            .fold(epoch, |epoch, times| epoch.edge(Edge::new("b", "a", "preferred").metric("times", times)))
    };
    let odds = |method: &str| {
        let a = values(said(), method)[0];
        a / (1.0 - a)
    };
    // The geometric mean.
    assert!((odds(r#"{"huber-logs": {"delta": 1000}}"#) - 400_f64.cbrt()).abs() < 1e-8);
    // 2 (v - ln 2) = delta.
    assert!((odds(r#"{"huber-logs": {"delta": 0.5}}"#) - 2.0 * 0.25_f64.exp()).abs() < 1e-8);
    // A prior draws to equal: of one comparison of weight 3 on average ln v = ln 400 / (3 + p / 2).
    let drawn = odds(r#"{"huber-logs": {"delta": 1000, "prior": 2}}"#);
    assert!((drawn.ln() - 400_f64.ln() / 4.0).abs() < 1e-8, "{drawn}");
}

/// Ann's juror compared once, Bob's three times.
#[test]
fn jurors_count_alike_if_so_said() {
    let epoch = || {
        let epoch = compared(&[])
            .node(Node::new("a", "project").payee("a"))
            .node(Node::new("b", "project").payee("b"));
        let by = |winner, loser, juror| Edge::new(loser, winner, "preferred").label("juror", juror);
        epoch.edge(by("a", "b", "one")).edge(by("b", "a", "two").weight(2.0)).edge(by("b", "a", "two"))
    };
    close(&values(epoch(), BRADLEY_TERRY), &[0.25, 0.75]);
    let alike = r#"{"method": {"bradley-terry": {}}, "jurors": "alike"}"#;
    close(&allocate(epoch(), alike).unwrap().measures[0].values, &[0.5, 0.5]);
    // Four comparisons stay four.
    close(&allocate(epoch(), alike).unwrap().measures[1].values, &[4.0, 4.0]);
    let nameless = epoch().edge(Edge::new("a", "b", "tied"));
    assert_eq!(refusal(nameless, alike), "no answer: a comparison of `a` with `b` names no juror");
}

/// Three projects, four jurors; on `c` one votes 0.
fn ballots() -> EpochBuilder {
    let votes = [
        ("1", "a", 10.0),
        ("2", "a", 20.0),
        ("3", "a", 60.0),
        ("4", "a", 30.0),
        ("1", "b", 30.0),
        ("2", "b", 20.0),
        ("3", "c", 90.0),
        ("4", "c", 0.0),
        ("1", "c", 60.0),
    ];
    let epoch = Epoch::builder().pool(1_000).asset("OP");
    let epoch =
        ["a", "b", "c"].into_iter().fold(epoch, |epoch, id| epoch.node(Node::new(id, "project").payee(id)));
    let epoch =
        ["1", "2", "3", "4", "idle"].into_iter().fold(epoch, |epoch, id| epoch.node(Node::new(id, "juror")));
    votes.into_iter().fold(epoch, |epoch, (juror, project, gives)| {
        epoch.edge(Edge::new(juror, project, "voted").weight(gives))
    })
}

#[test]
fn medians_are_of_voters_or_of_all_ballots() {
    close(&values(ballots(), r#"{"median": {}}"#), &[25.0, 25.0, 60.0]);
    // 0 0 20 30 and 0 0 60 90.
    close(&values(ballots(), r#"{"median": {"of": "ballots"}}"#), &[25.0, 10.0, 30.0]);
    close(&values(ballots(), r#"{"median": {"quorum": 3}}"#), &[25.0, 0.0, 60.0]);
    // Ballots of 100, 40, 150 and 30: 0.1 0.4 0.5 1, 0.3 0.5, 0 0.6 0.6.
    let alike = allocate(ballots(), r#"{"method": {"median": {}}, "jurors": "alike"}"#).unwrap();
    close(&alike.measures[0].values, &[0.45, 0.4, 0.6]);
    close(&alike.measures[1].values, &[4.0, 2.0, 3.0]);
}

#[test]
fn constraints_hold_for_what_the_jury_says() {
    let amounts = |constraints: &str| {
        let parameters = format!(r#"{{"method": {{"median": {{}}}}, "constraints": {constraints}}}"#);
        allocate(ballots(), &parameters)
            .map(|allocation| allocation.division)
            .map_err(|refusal| refusal.to_string())
    };
    let by = |amounts: [u128; 3]| Ok(Division::ByAmount(amounts.to_vec()));
    assert_eq!(amounts("{}"), by([227, 227, 546]));
    assert_eq!(amounts(r#"{"cap": "40%"}"#), by([300, 300, 400]));
    assert_eq!(amounts(r#"{"floor": "300"}"#), by([300, 300, 400]));
    assert_eq!(amounts(r#"{"minimum": "228"}"#), by([0, 0, 1000]));
    assert_eq!(amounts(r#"{"exclude": ["c", "nobody"], "cap": "300"}"#), by([300, 300, 0]));
    assert_eq!(
        amounts(r#"{"floor": "33.4%"}"#),
        Err("no answer: the floors of 3 payees are 1002 OP together, more than the 1000 OP to be divided"
            .into())
    );
    assert_eq!(
        amounts(r#"{"floor": "40%", "cap": "300"}"#),
        Err("bad parameters: the floor of `40%` is above the cap of `300`".into())
    );
    assert_eq!(
        amounts(r#"{"cap": "0.5"}"#),
        Err("bad parameters: `0.5` is finer than the asset's 0 decimals".into())
    );
    let nobody = Err("no answer: nobody who may be paid has a score".to_owned());
    assert_eq!(amounts(r#"{"exclude": ["a", "b", "c"]}"#), nobody);
    let budgets = |most: &str| amounts(&format!(r#"{{"budgets": {{"label": "category", "most": {most}}}}}"#));
    assert_eq!(budgets("{}"), Err("no answer: the epoch has no node label `category`".into()));
}

#[test]
fn budgets_hold_by_category() {
    let project = |id: &str, category| Node::new(id, "project").payee(id).label("category", category);
    let epoch = || {
        let epoch = Epoch::builder().pool(1_000).asset("OP").decimals(1);
        let epoch = epoch.node(project("a", "tools")).node(project("b", "tools")).node(project("c", "words"));
        let epoch = epoch.node(project("d", "")).node(Node::new("1", "juror"));
        [("a", 30.0), ("b", 10.0), ("c", 40.0), ("d", 20.0)]
            .into_iter()
            .fold(epoch, |epoch, (id, gives)| epoch.edge(Edge::new("1", id, "voted").weight(gives)))
    };
    let with = |epoch: EpochBuilder, more: &str| {
        let parameters = format!(
            r#"{{"method": {{"median": {{}}}}, "constraints": {{"budgets": {{"label": "category", "most": {{"tools": "20%",
               "words": "50"}}}}{more}}}}}"#
        );
        allocate(epoch, &parameters)
            .map(|allocation| allocation.division)
            .map_err(|refusal| refusal.to_string())
    };
    // Tools use up their 20; words get 40 of 60 parts of the other 80, which is more than 50.
    assert_eq!(with(epoch(), ""), Ok(Division::ByAmount(vec![150, 50, 500, 300])));
    assert_eq!(with(epoch(), r#", "cap": "25%""#), Ok(Division::ByAmount(vec![150, 50, 250, 250])));
    assert_eq!(with(epoch(), r#", "minimum": "6""#), Ok(Division::ByAmount(vec![200, 0, 500, 300])));
    assert_eq!(
        with(epoch(), r#", "floor": "10.5""#),
        Err("no answer: the floors of 2 payees of `tools` are 21 OP together, more than its budget of 20 OP"
            .into())
    );
    let both = epoch().node(Node::new("a2", "project").payee("a").label("category", "words"));
    assert_eq!(
        with(both, ""),
        Err("no answer: the payee `a` has nodes of the categories `tools` and `words`".into())
    );
}

#[test]
fn what_cannot_be_answered_is_said() {
    let colley = r#"{"method": {"colley": {}}}"#;
    let huber = r#"{"method": {"huber-logs": {}}}"#;
    let median = r#"{"method": {"median": {}}}"#;
    let two = || compared(&[("a", "b", 1.0), ("b", "a", 1.0)]);
    let nothing =
        "no answer: the epoch has no comparison: no edge of kind `preferred` or `tied` that weighs something";
    assert_eq!(refusal(compared(&[]), colley), nothing);
    assert_eq!(refusal(compared(&[("a", "b", 0.0)]), colley), nothing);
    assert_eq!(refusal(compared(&[("a", "a", 1.0)]), colley), "no answer: `a` is compared with itself");
    assert_eq!(
        refusal(two(), huber),
        "no answer: `b` is preferred to `a`, but its `times` is `0`: how many times as valuable it is, 1 or more, is \
         needed"
    );
    let apart = || compared(&[("a", "b", 1.0), ("c", "d", 1.0)]);
    assert_eq!(
        refusal(apart(), huber),
        "no answer: no chain of comparisons connects `a` with `c`: compare more, or give a `prior`"
    );
    let rank = r#"{"method": {"rank-centrality": {"prior": 1}}}"#;
    assert!(refusal(apart(), rank).contains("connects `a` with `c`"));
    assert!(
        refusal(two(), r#"{"method": {"bradley-terry": {}}, "jurors": "alike"}"#)
            .contains("no edge label `juror`")
    );
    let ties = compared(&[]).node(Node::new("a", "project")).node(Node::new("b", "project"));
    let ties = ties.edge(Edge::new("a", "b", "tied"));
    assert!(
        refusal(ties, r#"{"method": {"bradley-terry": {"ties": "rao-kupper"}}}"#)
            .contains("all comparisons are ties")
    );
    let few = r#"{"method": {"bradley-terry": {"max_iterations": 1}}}"#;
    let uneven = compared(&[("a", "b", 2.0), ("b", "a", 1.0)]);
    assert_eq!(refusal(uneven, few), "no answer: the strengths did not settle in 1 steps");
    assert_eq!(refusal(two(), median), "no answer: the epoch has no ballot: no edge of kind `voted`");
    let twice = ballots().edge(Edge::new("2", "b", "voted"));
    assert_eq!(refusal(twice, median), "no answer: `2` voted twice on `b`");
    assert!(refusal(two(), r#"{"method": {"guess": {}}}"#).contains("unknown variant `guess`"));
    let huge = compared(&[("a", "b", f64::MAX), ("b", "a", f64::MAX), ("c", "a", 1.0), ("a", "c", 1e-300)]);
    for method in [BRADLEY_TERRY, COLLEY] {
        assert!(allocate(huge.clone(), &format!(r#"{{"method": {method}}}"#)).is_err(), "{method}");
    }
}
