//! clr.fund's rules against two rounds as they were settled on chain, exact to the unit; and tallies that cannot be.

use std::collections::BTreeMap;
use std::path::Path;

use apportion_guest::{Allocation, Division, Epoch, EpochBuilder, Node, run};
use proptest::prelude::*;
use quadratic_funding::QuadraticFunding;

fn read(round: &str, file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/clrfund");
    std::fs::read_to_string(folder.join(round).join(file)).unwrap()
}

/// The rows of a table without its header.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

fn round(name: &str, pool: u128) -> EpochBuilder {
    let epoch = Epoch::builder().pool(pool).decimals(18);
    rows(&read(name, "projects.csv")).fold(epoch, |epoch, row| {
        let [id, kind, payee, votes, spent] = row.as_slice() else { panic!("{row:?}") };
        let project = Node::new(*id, *kind).payee(*payee);
        epoch.node(project.metric("votes", votes.parse().unwrap()).metric("spent", spent.parse().unwrap()))
    })
}

fn amounts(allocation: Allocation) -> Vec<u128> {
    match allocation.division {
        Division::ByAmount(amounts) => amounts,
        Division::ByWeight { .. } => panic!("the rule fixes amounts"),
    }
}

/// What the round's contracts held, in base units, and how many projects got something.
const ROUNDS: [(&str, u128, usize); 2] =
    [("xdai-18604d", 1_234_393 * 10_u128.pow(15), 16), ("arbitrum-96FBFf", 10_647 * 10_u128.pow(18), 8)];

#[test]
fn two_rounds_are_exact_to_the_unit() {
    for (name, pool, paid) in ROUNDS {
        let given = read(name, "parameters.json");
        // The voice credit factor is the contract's for 18 decimals, so it may be left out.
        for parameters in [given.as_str(), &given.replace(r#""voice_credit_factor": 10000000000000"#, "")] {
            let epoch = round(name, pool).build().unwrap();
            let given = amounts(run::<QuadraticFunding>(&epoch, parameters).unwrap());
            let given: BTreeMap<&str, u128> = epoch.payees().iter().map(String::as_str).zip(given).collect();
            let text = read(name, "allocated.csv");
            let allocated: BTreeMap<&str, u128> =
                rows(&text).map(|row| (row[0], row[1].parse().unwrap())).collect();
            assert_eq!(given, allocated, "{name}");
            assert_eq!(allocated.values().filter(|amount| **amount > 0).count(), paid, "{name}");
        }
    }
}

const FIRST: &str = r#"{"rule": {"clrfund-v1": {"voice_credit_factor": 10}}}"#;
const SECOND: &str = r#"{"rule": {"clrfund-v2": {"voice_credit_factor": 10}}}"#;

/// Votes and voice credits of each project, in words, as a column that no metric holds would come.
fn in_words(pool: u128, tally: &[(&str, &str)]) -> EpochBuilder {
    tally.iter().enumerate().fold(Epoch::builder().pool(pool), |epoch, (number, (votes, spent))| {
        let id = format!("project:{number}");
        epoch.node(Node::new(&id, "project").payee(&id).label("votes", *votes).label("spent", *spent))
    })
}

#[test]
fn a_small_round_is_as_computed_by_hand() {
    // 100 of 300 are contributed. First: 200 × 3/7 + 50 and 200 × 4/7 + 50.
    let tally = [("3", "5"), ("4", "5")];
    let paid = |parameters| {
        amounts(run::<QuadraticFunding>(&in_words(300, &tally).build().unwrap(), parameters).unwrap())
    };
    assert_eq!(paid(FIRST), [85 + 50, 114 + 50]);
    // Second: α = 200 / (10 (25 - 10)) = 4/3, which is kept to 18 digits; α × 10 × (9 - 5) and α × 10 × (16 - 5).
    assert_eq!(paid(SECOND), [53 + 50, 146 + 50]);
}

/// Whole numbers beyond 2^53 come as labels and are kept to the last digit.
#[test]
fn numbers_that_no_double_holds_are_exact() {
    let (votes, spent) = (9_007_199_254_740_993_u128, 9_007_199_254_740_995_u128);
    let tally = [(votes.to_string(), spent.to_string())];
    let tally = tally.each_ref().map(|(votes, spent)| (votes.as_str(), spent.as_str()));
    let paid = run::<QuadraticFunding>(&in_words(spent * 10 + 7, &tally).build().unwrap(), FIRST).unwrap();
    assert_eq!(amounts(paid), [spent * 10 + 7]);
}

/// A recipient that was removed keeps its votes in the sums, and what it would have got stays.
#[test]
fn votes_for_nobody_count_in_the_sums() {
    let removed = Node::new("removed", "project").label("votes", "4").label("spent", "5");
    let epoch = in_words(300, &[("3", "5")]).node(removed).build().unwrap();
    assert_eq!(amounts(run::<QuadraticFunding>(&epoch, FIRST).unwrap()), [135]);
    assert_eq!(amounts(run::<QuadraticFunding>(&epoch, SECOND).unwrap()), [103]);
}

#[test]
fn what_cannot_be_answered_is_said() {
    let refusal = |epoch: EpochBuilder, parameters: &str| {
        run::<QuadraticFunding>(&epoch.build().unwrap(), parameters).unwrap_err().to_string()
    };
    let none = in_words(300, &[("", ""), ("0", "0")]);
    assert_eq!(refusal(none, FIRST), "no answer: nobody voted");
    let single = in_words(300, &[("1", "1"), ("1", "1")]);
    assert_eq!(refusal(single, SECOND), "no answer: no project has more than one vote");
    assert_eq!(
        refusal(in_words(99, &[("3", "5"), ("4", "5")]), FIRST),
        "no answer: the pool is 99 base units and the contributions are 100: the pool has to include them"
    );
    for (votes, spent) in [("5", "3"), ("2", "5"), ("0", "1")] {
        let impossible = format!(
            "no answer: `project:0` has {votes} votes for {spent} voice credits, which no tally can have"
        );
        assert_eq!(refusal(in_words(300, &[(votes, spent)]), FIRST), impossible);
        assert_eq!(refusal(in_words(300, &[(votes, spent)]), SECOND), impossible);
    }
    for word in ["-3", "+3", "3.0", "1e3", "three", "340282366920938463463374607431768211456"] {
        let refused = refusal(in_words(300, &[(word, "5")]), FIRST);
        assert!(refused.contains(&format!("`votes` of `project:0` is `{word}`")), "{refused}");
    }
    for value in [0.5, -1.0, 9_007_199_254_740_992.0] {
        let node = Node::new("p", "project").payee("p").metric("votes", value).metric("spent", value);
        let refused = refusal(Epoch::builder().pool(300).node(node), FIRST);
        assert!(refused.contains("it must be a whole number, kept exactly"), "{refused}");
    }
    let large = u128::MAX.to_string();
    for parameters in [FIRST, SECOND] {
        let too_large = in_words(u128::MAX, &[(&large, &large), (&large, &large)]);
        assert_eq!(
            refusal(too_large, parameters),
            "no answer: votes, voice credits and the pool are together too large to be multiplied exactly"
        );
    }
    let no_column = Epoch::builder().pool(300).node(Node::new("p", "project").payee("p"));
    assert_eq!(refusal(no_column, FIRST), "no answer: the epoch has no node metric `votes`");
    for (name, value) in [
        ("edge_kinds", r#"{"gave": 1}"#),
        ("min_contribution", "1"),
        ("min_contributors", "2"),
        ("max_share", "0.5"),
        ("surplus", r#""shared""#),
    ] {
        let parameters = format!(r#"{{"rule": {{"clrfund-v1": {{}}}}, "{name}": {value}}}"#);
        let refused = refusal(in_words(300, &[("3", "5"), ("4", "5")]), &parameters);
        assert_eq!(refused, format!("bad parameters: clr.fund's rules have no `{name}`: leave it out"));
    }
    let zero = r#"{"rule": {"clrfund-v1": {"voice_credit_factor": 0}}}"#;
    assert!(refusal(in_words(300, &[("3", "5")]), zero).contains("nonzero"));
}

/// Votes of up to eight voters for up to five projects: votes, and voice credits as their squares.
fn tally() -> impl Strategy<Value = Vec<(u128, u128)>> {
    let votes = proptest::collection::vec(proptest::collection::vec(0..100_000_u32, 0..8), 1..5);
    votes.prop_map(|projects| {
        let of = |votes: Vec<u32>| {
            let votes = votes.into_iter().map(u128::from);
            votes.fold((0, 0), |(sum, squares), vote| (sum + vote, squares + vote * vote))
        };
        projects.into_iter().map(of).collect()
    })
}

proptest! {
    /// What is paid is at most the pool and falls short of it by less than a unit a project; in the second rule α is
    /// itself rounded down, by less than one part in 10^18. Everybody gets at least what was given to it.
    #[test]
    fn the_pool_is_paid_but_for_rounding(tally in tally(), matching in 0..u128::MAX >> 2, v1: bool) {
        let spent: u128 = tally.iter().map(|(_, spent)| spent).sum();
        let pool = matching + spent * 10;
        let words: Vec<(String, String)> =
            tally.iter().map(|(votes, spent)| (votes.to_string(), spent.to_string())).collect();
        let words: Vec<(&str, &str)> = words.iter().map(|(votes, spent)| (votes.as_str(), spent.as_str())).collect();
        let epoch = in_words(pool, &words).build().unwrap();
        let Ok(allocation) = run::<QuadraticFunding>(&epoch, if v1 { FIRST } else { SECOND }) else { return Ok(()) };
        let paid = amounts(allocation);
        let sum: u128 = paid.iter().sum();
        prop_assert!(sum <= pool);
        let squares: u128 = tally.iter().map(|(votes, _)| votes * votes).sum();
        let of_alpha = if v1 { 0 } else { (squares - spent) * 10 / 1_000_000_000_000_000_000 + 1 };
        prop_assert!(pool - sum < tally.len() as u128 + of_alpha, "{} is left", pool - sum);
        for ((_, spent), paid) in tally.iter().zip(&paid) {
            prop_assert!(*paid >= spent * 10);
        }
    }
}
