//! The rule over small histories: each test is one line of the README.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::{Allocation, Edge, Epoch, EpochBuilder, Node, Refusal, run};
use commits::Commits;

const MONDAY: i64 = 1_751_241_600;
const TUESDAY: i64 = MONDAY + 86_400;

fn history() -> EpochBuilder {
    ["ann", "bob", "cyd"].into_iter().fold(Epoch::builder().pool(1_000), |epoch, name| {
        epoch.node(Node::new(format!("person:{name}"), "person").payee(name))
    })
}

fn commit(epoch: EpochBuilder, id: &str, time: i64, files: f64, roles: &[(&str, &str)]) -> EpochBuilder {
    let epoch = epoch.node(Node::new(id, "commit").metric("files", files));
    with(epoch, id, time, roles)
}

fn with(epoch: EpochBuilder, id: &str, time: i64, roles: &[(&str, &str)]) -> EpochBuilder {
    roles.iter().fold(epoch, |epoch, (role, name)| {
        epoch.edge(Edge::new(id, format!("person:{name}"), *role).time(time))
    })
}

fn allocate(epoch: EpochBuilder, parameters: &str) -> Result<Allocation, Refusal> {
    run::<Commits>(&epoch.build().unwrap(), parameters)
}

fn measure(epoch: EpochBuilder, parameters: &str, name: &str) -> Vec<f64> {
    let allocation = allocate(epoch, parameters).unwrap();
    let measured = allocation.measures.iter().find(|measure| measure.name == name).unwrap();
    measured.values.clone()
}

fn points(epoch: EpochBuilder, parameters: &str) -> Vec<f64> {
    measure(epoch, parameters, "points")
}

/// The README's example.
fn example() -> EpochBuilder {
    let together = [("authored-by", "ann"), ("co-authored-by", "bob"), ("reviewed-by", "cyd")];
    let epoch = commit(history(), "commit:1", MONDAY + 5, 6.0, &together);
    let epoch = commit(epoch, "commit:2", TUESDAY, 3.0, &[("authored-by", "ann")]);
    commit(epoch, "commit:3", TUESDAY + 86_399, 4.0, &[("authored-by", "ann")])
}

#[test]
fn the_example_of_the_readme() {
    assert_eq!(points(example(), "{}"), [5.0, 2.0, 2.0]);
    assert_eq!(measure(example(), "{}", "days"), [2.0, 1.0, 1.0]);
    assert_eq!(measure(example(), "{}", "commits"), [2.5, 0.5, 0.0]);
    assert_eq!(measure(example(), "{}", "helped"), [0.0, 0.0, 1.0]);
    let shares = allocate(example(), "{}").unwrap().shares();
    assert!((shares[0] - 5.0 / 9.0).abs() < 1e-12);
}

#[test]
fn cutting_a_days_work_into_commits_makes_no_difference() {
    let by_ann = [("authored-by", "ann")];
    let pieces = (0..7).fold(history(), |epoch, number| {
        commit(epoch, &format!("commit:{number}"), MONDAY + number, 1.0, &by_ann)
    });
    let whole = commit(history(), "commit:0", MONDAY, 7.0, &by_ann);
    assert_eq!(points(pieces, "{}"), points(whole, "{}"));
}

#[test]
fn nobody_counts_twice_in_a_commit_and_the_part_that_counts_most_is_taken() {
    let roles = [
        ("authored-by", "ann"),
        ("reviewed-by", "ann"),
        ("signed-off-by", "ann"),
        ("tested-by", "bob"),
        ("reviewed-by", "bob"),
        ("signed-off-by", "cyd"),
    ];
    assert_eq!(
        points(commit(history(), "commit:1", MONDAY, 2.0, &roles), r#"{"scale": "linear"}"#),
        [2.0, 1.0, 0.0]
    );
}

#[test]
fn roles_replace_and_join_the_usual_ones() {
    let roles = [("authored-by", "ann"), ("reviewed-by", "bob"), ("signed-off-by", "cyd")];
    let epoch = || commit(history(), "commit:1", MONDAY, 2.0, &roles);
    let given = r#"{"scale": "linear", "roles": {"reviewed-by": 0, "signed-off-by": 2}}"#;
    assert_eq!(points(epoch(), given), [2.0, 0.0, 4.0]);
    let authors = [("authored-by", "ann"), ("co-authored-by", "bob")];
    let epoch = commit(history(), "commit:1", MONDAY, 4.0, &authors);
    let given = r#"{"scale": "linear", "roles": {"authored-by": 3}}"#;
    assert_eq!(points(epoch, given), [3.0, 1.0, 0.0]);
}

#[test]
fn merges_count_as_one_file_and_large_commits_as_a_hundred() {
    let epoch = || {
        let epoch = history().node(Node::new("commit:m", "merge").metric("files", 500.0));
        let epoch = with(epoch, "commit:m", MONDAY, &[("authored-by", "ann")]);
        commit(epoch, "commit:1", MONDAY, 5_000.0, &[("authored-by", "bob")])
    };
    assert_eq!(points(epoch(), r#"{"scale": "linear"}"#), [1.0, 100.0, 0.0]);
    assert_eq!(points(epoch(), r#"{"scale": "square-root"}"#), [1.0, 10.0, 0.0]);
    assert_eq!(measure(epoch(), "{}", "merges"), [1.0, 0.0, 0.0]);
    let given = r#"{"scale": "linear", "merge_size": 0, "max_size": 7}"#;
    assert_eq!(points(epoch(), given), [0.0, 7.0, 0.0]);
}

#[test]
fn a_person_has_what_a_program_wrote_with_them() {
    let epoch = history().node(Node::new("bot:b", "bot"));
    let epoch = commit(epoch, "commit:1", MONDAY, 3.0, &[("authored-by", "ann")]);
    let epoch = epoch.edge(Edge::new("commit:1", "bot:b", "co-authored-by").time(MONDAY));
    assert_eq!(points(epoch, "{}"), [2.0, 0.0, 0.0]);
}

#[test]
fn sizes_are_files_lines_or_one() {
    let epoch = || {
        let node = Node::new("commit:1", "commit").metric("lines-added", 5.0).metric("lines-removed", 2.0);
        with(history().node(node), "commit:1", MONDAY, &[("authored-by", "ann")])
    };
    assert_eq!(points(epoch(), r#"{"size": "lines"}"#), [3.0, 0.0, 0.0]);
    assert_eq!(points(epoch(), r#"{"size": "commits"}"#), [1.0, 0.0, 0.0]);
    let refused = allocate(epoch(), "{}").unwrap_err().to_string();
    assert!(refused.starts_with("no answer: the epoch has no node metric `files`"), "{refused}");
}

#[test]
fn commits_can_be_scaled_one_by_one() {
    let by_ann = [("authored-by", "ann")];
    let epoch = || {
        let epoch = commit(history(), "commit:1", MONDAY, 3.0, &by_ann);
        commit(epoch, "commit:2", MONDAY, 3.0, &by_ann)
    };
    assert_eq!(points(epoch(), r#"{"period": "commit"}"#), [4.0, 0.0, 0.0]);
    assert_eq!(measure(epoch(), r#"{"period": "commit"}"#, "days"), [1.0, 0.0, 0.0]);
}

#[test]
fn a_cap_and_a_minimum_hold() {
    let shares = |parameters: &str| allocate(example(), parameters).unwrap().shares();
    assert_eq!(shares(r#"{"max_share": 0.5}"#), [0.5, 0.25, 0.25]);
    assert_eq!(shares(r#"{"min_amount": 223}"#), [1.0, 0.0, 0.0]);
}

#[test]
fn what_cannot_be_answered_is_said() {
    let refusal = |epoch, parameters: &str| allocate(epoch, parameters).unwrap_err().to_string();
    assert_eq!(refusal(history(), "{}"), "no answer: the epoch has no node of the kind `commit`");
    let empty = commit(history(), "commit:1", MONDAY, 0.0, &[("authored-by", "ann")]);
    assert!(refusal(empty, "{}").starts_with("no answer: nobody has a point"));
    for wrong in [
        r#"{"max_size": -1}"#,
        r#"{"max_size": 1e999}"#,
        r#"{"roles": {"reviewed-by": "much"}}"#,
        r#"{"roles": {"reviewed-by": -1}}"#,
        r#"{"scale": "cube"}"#,
        r#"{"size": "poems"}"#,
        r#"{"max_share": 2}"#,
        r#"{"bonus": 1}"#,
    ] {
        assert!(refusal(example(), wrong).starts_with("bad parameters"), "{wrong}");
    }
    // Numbers whose product no longer is one.
    let huge = r#"{"scale": "linear", "max_size": 1e308, "roles": {"reviewed-by": 1e308}}"#;
    assert!(allocate(example(), huge).is_err());
    let times = [("authored-by", "ann"), ("reviewed-by", "bob")];
    let epoch = commit(history(), "commit:1", i64::MIN, 3.0, &times);
    assert_eq!(points(commit(epoch, "commit:2", i64::MAX, 3.0, &times[..1]), "{}")[0], 4.0);
}
