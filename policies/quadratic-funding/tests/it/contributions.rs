//! The rules for contributions: closed forms, published programs' figures, limits, and what is refused.

use apportion_guest::{Allocation, Edge, Epoch, EpochBuilder, Node, run};
use quadratic_funding::QuadraticFunding;

use crate::round::{Gifts, POOL, measure, paid, round};

/// Four contributors and three projects, for which `gitcoinco/qf-calculator` (at 4d9e48d) and `plural-qf` (at d88292d,
/// by an author of the paper) were run; the figures below are what they printed.
fn example() -> Gifts {
    vec![
        vec![1.0, 4.0, 0.0], //
        vec![4.0, 0.0, 9.0],
        vec![9.0, 0.0, 1.0],
        vec![0.0, 16.0, 0.25],
    ]
}

fn allocate(epoch: EpochBuilder, parameters: &str) -> Allocation {
    run::<QuadraticFunding>(&epoch.build().unwrap(), parameters).unwrap()
}

fn refusal(epoch: EpochBuilder, parameters: &str) -> String {
    run::<QuadraticFunding>(&epoch.build().unwrap(), parameters).unwrap_err().to_string()
}

/// The match of each project, before the pool is looked at.
fn matches(gifts: &Gifts, rule: &str) -> Vec<f64> {
    measure(&allocate(round(gifts), &format!(r#"{{"rule": {rule}}}"#)), "match")
}

fn close(given: &[f64], expected: &[f64]) {
    assert_eq!(given.len(), expected.len());
    for (given, expected) in given.iter().zip(expected) {
        assert!((given - expected).abs() <= 1e-12 * expected.abs(), "{given} instead of {expected}");
    }
}

#[test]
fn the_plain_match_is_the_square_of_the_sum_of_roots_less_the_sum() {
    // (1 + 2 + 3)² - 14, (2 + 4)² - 20, (3 + 1 + 0.5)² - 10.25
    close(&matches(&example(), r#""plain""#), &[22.0, 16.0, 10.0]);
    // A hundred ones are matched by 9,900; one hundred by nothing, exactly.
    let many = vec![vec![1.0, 0.0]; 100];
    let one = vec![vec![0.0, 100.0]];
    assert_eq!(matches(&[many, one].concat(), r#""plain""#), [9900.0, 0.0]);
}

#[test]
fn the_pairwise_match_is_bounded_for_each_pair() {
    // Buterin's sum is over ordered pairs: twice what qf-calculator prints.
    let printed = [3.290_909_090_909_091, 1.6, 1.802_597_402_597_402_5].map(|matched| 2.0 * matched);
    close(&matches(&example(), r#"{"pairwise": {"bound": 2}}"#), &printed);
    // Two who give each other w: 2 w M / (M + w), never twice M.
    for gift in [1.0, 1e3, 1e9] {
        let two = vec![vec![gift], vec![gift]];
        close(&matches(&two, r#"{"pairwise": {"bound": 5}}"#), &[2.0 * gift * 5.0 / (5.0 + gift)]);
    }
}

/// Without group edges the projects are the groups, each contributor as strong in one as it gave.
#[test]
fn the_cluster_match_is_gitcoins() {
    let printed = [3.252_818_134_972_157_4, 0.839_933_534_795_06, 1.820_975_110_359_661_4];
    close(&matches(&example(), r#"{"cluster-match": {"discount": "gitcoin"}}"#), &printed);
    let printed = [10.542_851_435_047_126, 4.458_229_659_347_345, 7.960_225_919_195_507];
    close(&matches(&example(), r#"{"cluster-match": {"discount": "paper"}}"#), &printed);
}

fn with_groups(groups: &[&[f64]]) -> EpochBuilder {
    let mut epoch = round(&example());
    for (contributor, strengths) in groups.iter().enumerate() {
        for (group, strength) in strengths.iter().enumerate().filter(|(_, strength)| **strength > 0.0) {
            let edge = Edge::new(format!("contributor:{contributor:02}"), format!("group:{group}"), "member");
            epoch = epoch.edge(edge.weight(*strength));
        }
    }
    (0..groups[0].len()).fold(epoch, |epoch, group| epoch.node(Node::new(format!("group:{group}"), "group")))
}

fn of_groups(groups: &[&[f64]], discount: &str) -> Vec<f64> {
    let rule = format!(r#"{{"cluster-match": {{"discount": "{discount}", "group_kinds": ["member"]}}}}"#);
    measure(&allocate(with_groups(groups), &format!(r#"{{"rule": {rule}}}"#)), "match")
}

#[test]
fn the_cluster_match_is_the_papers_and_gitcoins_over_groups_of_their_own() {
    let groups: [&[f64]; 4] = [&[1.0, 0.0, 0.0], &[1.0, 1.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]];
    // plural-qf prints contributions and match together.
    let printed = [19.656_854_249_492_38 - 14.0, 36.0 - 20.0, 18.589_511_569_678_773 - 10.25];
    close(&of_groups(&groups, "paper"), &printed);
    close(&of_groups(&groups, "gitcoin"), &[4.5, 16.0, 4.466_528_223_471_357]);
    let weighed: [&[f64]; 4] = [&[1.0, 0.0, 3.0], &[1.0, 1.0, 0.0], &[0.0, 2.0, 0.0], &[0.0, 0.0, 1.0]];
    close(&of_groups(&weighed, "gitcoin"), &[8.118_167_830_867_023, 0.0, 3.881_407_341_846_218_3]);
    // Everyone in one group: coordination of one group alone is not matched.
    let one: [&[f64]; 4] = [&[1.0], &[1.0], &[1.0], &[1.0]];
    let rule = r#"{"rule": {"cluster-match": {"discount": "paper", "group_kinds": ["member"]}}}"#;
    assert!(refusal(with_groups(&one), rule).contains("no project is matched"));
}

/// Who is in no group, and who is in a group of its own, is matched alike: by the plain rule among themselves.
#[test]
fn those_in_no_group_are_matched_as_groups_of_one() {
    let apart: [&[f64]; 4] =
        [&[1.0, 0.0, 0.0, 0.0], &[0.0, 1.0, 0.0, 0.0], &[0.0, 0.0, 1.0, 0.0], &[0.0, 0.0, 0.0, 1.0]];
    for discount in ["paper", "gitcoin"] {
        close(&of_groups(&apart, discount), &[22.0, 16.0, 10.0]);
        close(&of_groups(&[&[1.0], &[0.0], &[0.0], &[0.0]], discount), &[22.0, 16.0, 10.0]);
        // The last two are alone, once by name and once not.
        let named: [&[f64]; 4] = [&[1.0, 0.0, 0.0], &[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]];
        let not: [&[f64]; 4] = [&[1.0], &[1.0], &[0.0], &[0.0]];
        close(&of_groups(&not, discount), &of_groups(&named, discount));
    }
}

#[test]
fn a_match_above_the_pool_is_scaled_and_a_surplus_stays() {
    let large = allocate(round(&example()), "{}");
    close(&paid(&large, POOL as f64), &[22.0, 16.0, 10.0]);
    let small = allocate(round(&example()).pool(24), "{}");
    close(&paid(&small, 24.0), &[11.0, 8.0, 5.0]);
    let shared = allocate(round(&example()).pool(96), r#"{"surplus": "shared"}"#);
    close(&paid(&shared, 96.0), &[44.0, 32.0, 20.0]);
}

#[test]
fn nobody_gets_more_than_the_cap() {
    // What is above goes to the others in proportion, as far as they are matched by more.
    let capped = allocate(round(&example()).pool(24), r#"{"max_share": 0.375}"#);
    close(&paid(&capped, 24.0), &[9.0, 9.0, 6.0]);
    let enough = allocate(round(&example()).pool(40), r#"{"max_share": 0.4}"#);
    close(&paid(&enough, 40.0), &[16.0, 14.769_230_769_230_77, 9.230_769_230_769_23]);
    let surplus = allocate(round(&example()).pool(100), r#"{"max_share": 0.2}"#);
    close(&paid(&surplus, 100.0), &[20.0, 16.0, 10.0]);
    let shared = allocate(round(&example()).pool(100), r#"{"max_share": 0.5, "surplus": "shared"}"#);
    close(&paid(&shared, 100.0), &[2200.0 / 48.0, 1600.0 / 48.0, 1000.0 / 48.0]);
    let all_at_cap = allocate(round(&example()).pool(100), r#"{"max_share": 0.3, "surplus": "shared"}"#);
    close(&paid(&all_at_cap, 100.0), &[30.0, 30.0, 30.0]);
}

#[test]
fn small_gifts_and_projects_of_few_do_not_count() {
    let few = allocate(round(&example()), r#"{"min_contributors": 3}"#);
    close(&measure(&few, "match"), &[22.0, 0.0, 10.0]);
    assert_eq!(measure(&few, "contributors"), [3.0, 2.0, 3.0]);
    // Without the 1 and the 0.25.
    let small = allocate(round(&example()), r#"{"min_contribution": 1.5}"#);
    close(&measure(&small, "match"), &[12.0, 16.0, 0.0]);
    assert_eq!(measure(&small, "contributed"), [13.0, 20.0, 9.0]);
    // The least is enough.
    let at_least = allocate(round(&example()), r#"{"min_contribution": 1}"#);
    close(&measure(&at_least, "match"), &[22.0, 16.0, 6.0]);
    // Several edges are one contribution: 1 and 1 are 2.
    let twice = round(&example()).edge(Edge::new("contributor:00", "project:0", "gave"));
    let twice = allocate(twice, r#"{"min_contribution": 1.5}"#);
    close(&measure(&twice, "match"), &[2.0 * (2.0 * 3.0 + 2.0_f64.sqrt() * 5.0), 16.0, 0.0]);
}

/// One payee's wallets are one contributor; what goes to a node of nobody is no contribution; kinds are exchange rates.
#[test]
fn a_contributor_is_a_payee_where_a_node_has_one() {
    let wallets = |owner: Option<&str>| {
        let wallet = |id: &str| owner.map_or(Node::new(id, "w"), |owner| Node::new(id, "w").payee(owner));
        Epoch::builder()
            .pool(POOL)
            .node(Node::new("p", "project").payee("p"))
            .node(Node::new("lost", "project"))
            .node(wallet("w:1"))
            .node(wallet("w:2"))
            .node(Node::new("x", "w"))
            .edge(Edge::new("w:1", "p", "dai").weight(2.0))
            .edge(Edge::new("w:2", "p", "dai").weight(2.0))
            .edge(Edge::new("x", "p", "eth"))
            .edge(Edge::new("x", "lost", "dai").weight(64.0))
    };
    let parameters = r#"{"edge_kinds": {"dai": 1, "eth": 9}, "rule": {"pairwise": {"bound": 1e15}}}"#;
    let one = allocate(wallets(Some("ann")), parameters);
    close(&measure(&one, "match")[1..], &[12.0 / (1.0 + 6e-15)]);
    assert_eq!(measure(&one, "contributors"), [0.0, 2.0]);
    let two = allocate(wallets(None), parameters);
    assert_eq!(measure(&two, "contributors"), [3.0]);
    assert!(measure(&two, "match")[0] > 20.0);
}

#[test]
fn what_cannot_be_answered_is_said() {
    let none = r#"{"edge_kinds": {"lent": 1}}"#;
    assert_eq!(
        refusal(round(&example()), none),
        "no answer: there is no contribution to a node that a payee owns"
    );
    let lonely = vec![vec![5.0, 0.0], vec![0.0, 5.0]];
    assert!(refusal(round(&lonely), "{}").starts_with("no answer: no project is matched"));
    let cluster = |kinds: &str| {
        format!(r#"{{"rule": {{"cluster-match": {{"discount": "paper", "group_kinds": {kinds}}}}}}}"#)
    };
    assert_eq!(
        refusal(round(&example()), &cluster(r#"["friend"]"#)),
        "no answer: the epoch has no edge of the kinds in `group_kinds`"
    );
    let both = r#"{"edge_kinds": {"gave": 1}, "rule": {"cluster-match": {"discount": "paper", "group_kinds": ["gave"]}}}"#;
    assert_eq!(
        refusal(round(&example()), both),
        "bad parameters: `gave` is in `edge_kinds` and in `group_kinds`"
    );
    let huge = vec![vec![f64::MAX], vec![f64::MAX]];
    assert!(refusal(round(&huge), "{}").contains("no finite sum"));
    assert!(refusal(round(&huge), r#"{"edge_kinds": {"gave": 2}}"#).contains("make the factors smaller"));
    for (parameters, part) in [
        (r#"{"rule": "quartic"}"#, "unknown variant `quartic`"),
        (r#"{"rule": "pairwise"}"#, "expected struct variant"),
        (r#"{"rule": {"pairwise": {}}}"#, "missing field `bound`"),
        (r#"{"rule": {"pairwise": {"bound": 0}}}"#, "a number above 0"),
        (r#"{"rule": {"pairwise": {"bound": 1, "k": 1}}}"#, "unknown field `k`"),
        (r#"{"rule": {"cluster-match": {}}}"#, "missing field `discount`"),
        (r#"{"max_share": 2}"#, "a number from 0 to 1"),
        (r#"{"min_contribution": -1}"#, "a number, 0 or more"),
        (r#"{"min_contributors": 0}"#, "nonzero"),
        (r#"{"surplus": "burnt"}"#, "unknown variant `burnt`"),
        (r#"{"cap": 1}"#, "unknown field `cap`"),
    ] {
        let refused = refusal(round(&example()), parameters);
        assert!(refused.contains(part), "{parameters}: {refused}");
    }
}

#[test]
fn more_groups_than_can_be_kept_are_refused() {
    let mut epoch = Epoch::builder().node(Node::new("p", "project").payee("p"));
    for person in 0..4_097 {
        let (id, group) = (format!("c:{person}"), format!("g:{person}"));
        epoch = epoch
            .node(Node::new(&id, "person"))
            .node(Node::new(&group, "group"))
            .edge(Edge::new(&id, "p", "gave"))
            .edge(Edge::new(&id, &group, "member"));
    }
    let rule = r#"{"rule": {"cluster-match": {"discount": "gitcoin", "group_kinds": ["member"]}}}"#;
    assert_eq!(refusal(epoch, rule), "no answer: there are 4097 groups, and at most 4096 can be matched");
}
