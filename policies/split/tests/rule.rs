//! The rule: each test is one line of the README.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::{Allocation, Division, Edge, Epoch, EpochBuilder, Node, Refusal, run};
use proptest::prelude::*;
use split::{PARTS, Split};

/// Lists of nodes that own themselves: from, to, parts.
fn lists(pool: u128, edges: &[(&str, &str, f64)]) -> EpochBuilder {
    let mut nodes: Vec<&str> = edges.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let epoch = Epoch::builder().pool(pool);
    let epoch = nodes.into_iter().fold(epoch, |epoch, id| epoch.node(Node::new(id, "project").payee(id)));
    edges
        .iter()
        .fold(epoch, |epoch, (from, to, parts)| epoch.edge(Edge::new(*from, *to, "splits").weight(*parts)))
}

fn allocate(epoch: EpochBuilder, parameters: &str) -> Result<Allocation, Refusal> {
    run::<Split>(&epoch.build().unwrap(), parameters)
}

fn amounts(epoch: EpochBuilder, parameters: &str) -> Vec<u128> {
    match allocate(epoch, parameters).unwrap().division {
        Division::ByAmount(amounts) => amounts,
        Division::ByWeight { .. } => Vec::new(),
    }
}

const TO_A: &str = r#"{"lists": {"a": 1000000}}"#;

#[test]
fn the_example_of_the_readme() {
    let epoch = Epoch::builder()
        .pool(1_000)
        .payee("treasurer")
        .node(Node::new("app", "project").payee("app-team"))
        .node(Node::new("designer", "person").payee("designer"))
        .node(Node::new("library", "project").payee("librarian"))
        .node(Node::new("parser", "project").payee("parser-team"))
        .edge(Edge::new("app", "library", "splits").weight(300_000.0))
        .edge(Edge::new("app", "designer", "splits").weight(100_000.0))
        .edge(Edge::new("library", "parser", "splits").weight(500_000.0))
        .edge(Edge::new("library", "app", "splits").weight(100_000.0))
        .edge(Edge::new("parser", "app", "depends-on").weight(0.5));
    let parameters = r#"{"payees": {"treasurer": 100000}, "lists": {"app": 900000}}"#;
    // 556.70, 92.78, 111.34, 139.18: the two units that are left go to .78 and .70.
    assert_eq!(amounts(epoch.clone(), parameters), [557, 93, 111, 139, 100]);
    let measures = allocate(epoch, parameters).unwrap().measures;
    assert_eq!(measures[0].values, [0.0, 0.0, 0.0, 0.0, 100.0]);
    assert_eq!(measures[1].values, [557.0, 93.0, 111.0, 139.0, 0.0]);
}

#[test]
fn parts_go_to_payees_and_the_rest_stays() {
    let epoch = || Epoch::builder().pool(10).payee("ann").payee("bob").payee("cyd");
    assert_eq!(amounts(epoch(), r#"{"payees": {"ann": 333333, "bob": 333333, "cyd": 333334}}"#), [3, 3, 4]);
    // 3.5 and 3.5, and 3 for the treasury: the unit goes to the first.
    assert_eq!(amounts(epoch(), r#"{"payees": {"ann": 350000, "bob": 350000}}"#), [4, 3, 0]);
    assert_eq!(amounts(epoch().pool(u128::MAX), r#"{"payees": {"bob": 1000000}}"#), [0, u128::MAX, 0]);
}

#[test]
fn what_nobody_owns_stays() {
    let epoch = lists(100, &[("a", "b", 600_000.0)]).node(Node::new("c", "project"));
    let epoch = epoch.edge(Edge::new("b", "c", "splits").weight(500_000.0));
    assert_eq!(amounts(epoch, TO_A), [40, 30]);
}

#[test]
fn what_goes_round_is_divided_at_once() {
    // Half goes round: 2/3 to a, 1/3 to b.
    let half = || lists(900, &[("a", "b", 500_000.0), ("b", "a", 500_000.0)]);
    assert_eq!(amounts(half(), TO_A), [600, 300]);
    // What comes straight back makes no difference.
    assert_eq!(amounts(lists(9, &[("a", "a", 999_999.0)]), TO_A), [9]);
    assert_eq!(amounts(half().edge(Edge::new("a", "a", "splits").weight(250_000.0)), TO_A), [450, 450]);
    // A millionth leaves a round, and in the end all of it: to c alone.
    let slow = [("a", "b", 999_999.0), ("b", "a", 1_000_000.0), ("a", "c", 1.0)];
    assert_eq!(amounts(lists(u128::MAX, &slow), TO_A), [0, 0, u128::MAX]);
    // Two edges are one of their sum.
    let twice = lists(900, &[("a", "b", 250_000.0), ("a", "b", 250_000.0), ("b", "a", 500_000.0)]);
    assert_eq!(amounts(twice, TO_A), [600, 300]);
    // A circle that no money reaches may keep nothing.
    let beside = [("a", "b", 500_000.0), ("x", "y", 1_000_000.0), ("y", "x", 1_000_000.0)];
    assert_eq!(amounts(lists(10, &beside), TO_A), [5, 5, 0, 0]);
}

#[test]
fn long_chains_and_large_circles_are_divided() {
    let ids: Vec<String> = (0..50_000).map(|row| format!("{row:06}")).collect();
    let chain: Vec<_> =
        ids.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str(), 1_000_000.0)).collect();
    let paid = amounts(lists(77, &chain), r#"{"lists": {"000000": 1000000}}"#);
    assert_eq!((paid.iter().sum::<u128>(), paid[49_999]), (77, 77));

    let circle = |size: usize| {
        let edge = |row: usize| (ids[row].as_str(), ids[(row + 1) % size].as_str(), 900_000.0);
        let edges: Vec<_> = (0..size).map(edge).collect();
        allocate(lists(10_u128.pow(30), &edges), r#"{"lists": {"000000": 1000000}}"#)
    };
    assert!(circle(100).is_ok());
    let refused = circle(101).unwrap_err().to_string();
    assert_eq!(
        refused,
        "no answer: 101 lists, `000000` among them, pass money round in circles; at most 100 can"
    );
}

#[test]
fn what_cannot_be_answered_is_said() {
    let refusal = |edges: &[(&str, &str, f64)], parameters: &str| {
        allocate(lists(10, edges), parameters).unwrap_err().to_string()
    };
    let fine = [("a", "b", 500_000.0)];
    assert_eq!(
        refusal(&fine, "{}"),
        "bad parameters: `payees` and `lists` have 0 parts together: 1 to 1000000 are needed"
    );
    assert!(
        refusal(&fine, r#"{"payees": {"a": 600000}, "lists": {"b": 400001}}"#).contains("have 1000001 parts")
    );
    assert_eq!(refusal(&fine, r#"{"payees": {"z": 1}}"#), "no answer: the epoch has no payee `z`");
    assert_eq!(refusal(&fine, r#"{"lists": {"z": 1}}"#), "no answer: the epoch has no node `z`");
    for parts in [0.5, 1_000_001.0, 1e300] {
        assert!(
            refusal(&[("a", "b", parts)], TO_A).contains("a whole number from 0 to 1000000 is needed"),
            "{parts}"
        );
    }
    let much = [("a", "b", 600_000.0), ("a", "c", 400_001.0)];
    assert_eq!(refusal(&much, TO_A), "no answer: the list of `a` has more than 1000000 parts");
    let round = [("a", "b", 500_000.0), ("b", "c", 1_000_000.0), ("c", "b", 1_000_000.0)];
    assert_eq!(
        refusal(&round, TO_A),
        "no answer: the list of `b` and those that it leads to pass everything on to one another, and nobody keeps any"
    );
}

/// Lists of a few nodes, each of which keeps at least something: parts to every other.
fn some_lists() -> impl Strategy<Value = Vec<Vec<u32>>> {
    (1..7_usize).prop_flat_map(|size| {
        let part = prop_oneof![3 => Just(0), 1 => 1..PARTS];
        prop::collection::vec(prop::collection::vec(part, size), size).prop_map(|mut lists| {
            for list in &mut lists {
                // At most 9 of 10 parts are passed on.
                let sum: u64 = list.iter().copied().map(u64::from).sum();
                for parts in list {
                    let shrunk = u64::from(*parts) * 900_000 / sum.max(900_000);
                    *parts = u32::try_from(shrunk).unwrap();
                }
            }
            lists
        })
    })
}

fn of(pool: u128, given: &[Vec<u32>], name: &dyn Fn(usize) -> String) -> Vec<u128> {
    let epoch = Epoch::builder().pool(pool);
    let epoch = (0..given.len())
        .fold(epoch, |epoch, row| epoch.node(Node::new(name(row), "project").payee(name(row))));
    let edges = given.iter().enumerate().flat_map(|(from, list)| {
        list.iter().enumerate().map(move |(to, parts)| (from, to, f64::from(*parts)))
    });
    let epoch = edges.fold(epoch, |epoch, (from, to, parts)| {
        epoch.edge(Edge::new(name(from), name(to), "splits").weight(parts))
    });
    let parameters = format!(r#"{{"lists": {{"{}": 1000000}}}}"#, name(0));
    amounts(epoch, &parameters)
}

proptest! {
    /// In as many rounds as it takes, in doubles, as Drips sends it on.
    #[test]
    fn rounds_without_end_come_to_the_same(lists in some_lists(), pool in 0..1_000_000_000_u128) {
        let divided = of(pool, &lists, &|row| format!("{row}"));
        prop_assert_eq!(divided.iter().sum::<u128>(), pool, "nothing is lost or made");
        let (mut moving, mut kept) = (vec![0.0; lists.len()], vec![0.0; lists.len()]);
        moving[0] = pool as f64;
        for _ in 0..1_000 {
            let mut next = vec![0.0; lists.len()];
            for (node, list) in lists.iter().enumerate() {
                let parts: u32 = list.iter().sum();
                kept[node] += moving[node] * f64::from(PARTS - parts) / f64::from(PARTS);
                for (to, parts) in list.iter().enumerate() {
                    next[to] += moving[node] * f64::from(*parts) / f64::from(PARTS);
                }
            }
            moving = next;
        }
        for (amount, kept) in divided.iter().zip(&kept) {
            // A unit is rounded away in each group at most.
            prop_assert!((*amount as f64 - kept).abs() <= lists.len() as f64, "{divided:?} {kept:?}");
        }
    }

    /// Other names, and so another order, make a unit a rounding at most.
    #[test]
    fn names_make_no_difference(lists in some_lists(), pool in 0..1_000_000_u128) {
        let divided = of(pool, &lists, &|row| format!("{row}"));
        let mut turned = of(pool, &lists, &|row| format!("{}", 9 - row));
        turned.reverse();
        for (amount, other) in divided.iter().zip(&turned) {
            prop_assert!(amount.abs_diff(*other) <= lists.len() as u128, "{divided:?} {turned:?}");
        }
    }
}
