//! The rule on small graphs: against arithmetic by hand and a second, dense implementation.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

use apportion_guest::{Allocation, Division, Edge, Epoch, EpochBuilder, Node, run};
use credrank::{CredRank, Parameters, scores};
use proptest::prelude::*;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60;
const WEEK: i64 = 7 * DAY;
/// 1970-01-04, the first Sunday.
const SUNDAY: i64 = 3 * DAY;

fn amounts(allocation: &Allocation) -> Vec<u128> {
    match &allocation.division {
        Division::ByAmount(amounts) => amounts.clone(),
        Division::ByWeight { .. } => panic!("credrank fixes amounts"),
    }
}

fn allocate(epoch: EpochBuilder, parameters: &Value) -> Result<Allocation, String> {
    let epoch = epoch.build().unwrap();
    run::<CredRank>(&epoch, &parameters.to_string()).map_err(|refusal| refusal.to_string())
}

fn measure(allocation: &Allocation, name: &str) -> Vec<f64> {
    allocation.measures.iter().find(|measure| measure.name == name).unwrap().values.clone()
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

/// Scores settle to a millionth or so: amounts of a million, rounded to thousands.
fn paid_in_thousands(allocation: &Allocation, thousands: &[u128]) -> bool {
    amounts(allocation).iter().map(|amount| (amount + 500) / 1000).eq(thousands.iter().copied())
}

/// Two people and what they did in two weeks.
fn small() -> EpochBuilder {
    Epoch::builder()
        .window(SUNDAY, SUNDAY + 2 * WEEK)
        .pool(1000)
        .node(Node::new("app", "code").payee("ann").weight(4.0).time(SUNDAY + DAY))
        .node(Node::new("library", "code").payee("bob").weight(0.0).time(SUNDAY + 8 * DAY))
        .edge(Edge::new("app", "library", "relied-on").time(SUNDAY + 8 * DAY))
}

#[test]
fn the_example_of_the_readme() {
    let parameters = json!({
        "edge_kinds": {"relied-on": {"forwards": 1, "backwards": 0}},
        "allocations": [{"policy": "immediate", "portion": 3}, {"policy": "balanced", "portion": 1}],
    });
    let allocation = allocate(small(), &parameters).unwrap();
    let readme = include_str!("../README.md");
    let (cred, last) = (measure(&allocation, "cred"), measure(&allocation, "cred-last-week"));
    for (payee, name) in ["Ann", "Bob"].iter().enumerate() {
        let row =
            format!("| {name} | {:.3} | {:.3} | {} |", cred[payee], last[payee], amounts(&allocation)[payee]);
        assert!(readme.contains(&row), "{row}");
    }
}

/// With one node that mints, all that reaches people is theirs in proportion to the weights.
#[test]
fn cred_is_what_was_minted() {
    let person = |id: &str| Node::new(id, "person").payee(id);
    let epoch = || {
        Epoch::builder()
            .window(SUNDAY, SUNDAY + WEEK)
            .pool(1_000_000)
            .node(Node::new("work", "work").weight(8.0).time(SUNDAY + 1))
            .node(person("ann"))
            .node(person("bob"))
            .edge(Edge::new("work", "ann", "by").weight(1.0).time(SUNDAY + 1))
            .edge(Edge::new("work", "bob", "by").weight(3.0).time(SUNDAY + 1))
    };
    let one_way = json!({"by": {"forwards": 1, "backwards": 0}});
    let immediate = json!([{"policy": "immediate"}]);
    let parameters =
        json!({"participant_kinds": ["person"], "edge_kinds": one_way, "allocations": immediate});
    let allocation = allocate(epoch(), &parameters).unwrap();
    assert!(close(&measure(&allocation, "cred"), &[2.0, 6.0]), "{allocation:?}");
    assert!(paid_in_thousands(&allocation, &[250, 750]), "{allocation:?}");

    // Who owns a node is its author: with both as people of their own, the work's owner gets what flows backwards.
    let owned = Epoch::builder()
        .window(SUNDAY, SUNDAY + WEEK)
        .pool(100)
        .node(Node::new("work", "work").weight(8.0).payee("ann").time(SUNDAY + 1));
    let allocation = allocate(owned, &json!({"allocations": immediate})).unwrap();
    assert!(close(&measure(&allocation, "cred"), &[8.0]), "{allocation:?}");

    // A person whom no payee owns has cred of its own, which nobody is paid for.
    let stranger = epoch().node(Node::new("eve", "person")).edge(Edge::new("work", "eve", "by").weight(4.0));
    let allocation = allocate(stranger.clone(), &parameters).unwrap();
    assert!(close(&measure(&allocation, "cred"), &[1.0, 3.0]), "{allocation:?}");
    assert!(paid_in_thousands(&allocation, &[250, 750]), "{allocation:?}");
    let factors =
        json!({"participant_kinds": ["person"], "edge_kinds": one_way, "node_kinds": {"work": 0.5}});
    let allocation = allocate(stranger, &factors).unwrap();
    assert!(close(&measure(&allocation, "cred"), &[0.5, 1.5]), "{allocation:?}");
}

/// Cred that is given, of three weeks.
fn given(pool: u128, end: i64, cred: &[(&str, [f64; 3])]) -> EpochBuilder {
    let epoch = Epoch::builder().window(SUNDAY, end).pool(pool);
    cred.iter().fold(epoch, |epoch, (payee, weeks)| {
        weeks.iter().zip(0..).fold(epoch, |epoch, (cred, week)| {
            let node = Node::new(format!("{payee}-{week}"), "cred").payee(*payee).weight(*cred);
            epoch.node(node.time(SUNDAY + week * WEEK))
        })
    })
}

fn by(rule: Value) -> Value {
    json!({"given_cred": "cred", "allocations": [rule]})
}

#[test]
fn immediate_and_recent_count_complete_weeks() {
    let cred = [("ann", [8.0, 0.0, 2.0]), ("bob", [0.0, 4.0, 6.0])];
    let paid = |end, rule| amounts(&allocate(given(100, end, &cred), &by(rule)).unwrap());
    let third = SUNDAY + 3 * WEEK;
    assert_eq!(paid(third, json!({"policy": "immediate"})), [25, 75]);
    // A second earlier the third week has not ended.
    assert_eq!(paid(third - 1, json!({"policy": "immediate"})), [0, 100]);
    assert_eq!(paid(third, json!({"policy": "immediate", "weeks": 3})), [50, 50]);
    assert_eq!(paid(third, json!({"policy": "immediate", "weeks": 99})), [50, 50]);
    // Nothing was done in the week before the last.
    assert_eq!(paid(third + WEEK, json!({"policy": "immediate"})), [0, 0]);
    // (8 / 2 + 0) / 2 + 2 and (0 / 2 + 4) / 2 + 6.
    assert_eq!(paid(third, json!({"policy": "recent", "discount": 0.5})), [33, 67]);
    assert_eq!(paid(third, json!({"policy": "recent", "discount": 1})), [25, 75]);
    assert_eq!(paid(third, json!({"policy": "recent", "discount": 0, "exclude": ["bob"]})), [100, 0]);
    assert_eq!(paid(third, json!({"policy": "special", "recipient": "bob"})), [0, 100]);
}

#[test]
fn balanced_makes_pay_follow_cred() {
    let cred = [("ann", [1.0, 1.0, 0.0]), ("bob", [1.0, 1.0, 0.0]), ("cyd", [0.0, 0.0, 4.0])];
    let end = SUNDAY + 3 * WEEK;
    let epoch = || given(100, end, &cred).paid("ann", 60).paid("bob", 20);
    // What was paid before there is a memory was paid long ago: targets of (100 + 80) are 45, 45 and 90.
    let all = allocate(epoch(), &by(json!({"policy": "balanced"}))).unwrap();
    assert_eq!(amounts(&all), [0, 21, 79]);
    assert_eq!(measure(&all, "earned-before"), [60.0, 20.0, 0.0]);
    // Of the last two weeks it counts neither pay nor cred before: targets of 100 are 16.7, 16.7 and 66.7.
    let two = allocate(epoch(), &by(json!({"policy": "balanced", "weeks": 2}))).unwrap();
    assert_eq!(amounts(&two), [16, 16, 68]);

    // Paid in the epoch that ended with the third week, so in the fourth week: known in the fifth, and then for its
    // number of weeks.
    let after = |weeks: i64, lookback: u32, carry: &[u8]| {
        let epoch = given(100, end + weeks * WEEK, &cred).carry(carry);
        let epoch = epoch.paid("ann", 160).paid("bob", 20).paid("cyd", 0);
        let cred_now = Node::new("ann-now", "cred").payee("ann").weight(1.0).time(end + (weeks - 1) * WEEK);
        let cred_too = Node::new("bob-now", "cred").payee("bob").weight(1.0).time(end + (weeks - 1) * WEEK);
        let rule = by(json!({"policy": "balanced", "weeks": lookback}));
        allocate(epoch.node(cred_now).node(cred_too), &rule).unwrap()
    };
    assert_eq!(amounts(&after(1, 1, &all.carry)), [0, 100, 0]);
    assert_eq!(amounts(&after(2, 1, &all.carry)), [50, 50, 0]);
    assert_eq!(amounts(&after(0, 0, &all.carry))[0], 0, "paid long ago, and the same day");
    assert_eq!(measure(&after(2, 1, &all.carry), "earned-before"), [160.0, 20.0, 0.0]);
    // Nobody is underpaid, or nobody has cred.
    let alone = given(10, end, &[("ann", [1.0, 0.0, 0.0]), ("bob", [0.0; 3])]).paid("bob", 1 << 100);
    assert_eq!(amounts(&allocate(alone, &by(json!({"policy": "balanced"}))).unwrap()), [10, 0]);
    let nobody = given(10, end, &[("ann", [0.0; 3])]);
    assert_eq!(amounts(&allocate(nobody, &by(json!({"policy": "balanced"}))).unwrap()), [0]);
}

/// Someone absent keeps the week in which it was paid.
#[test]
fn absence_moves_no_pay_to_another_week() {
    let rule = json!({"given_cred": "cred", "allocations": [{"policy": "balanced", "weeks": 3}]});
    let cred = |payees: &[&'static str]| payees.iter().map(|payee| (*payee, [1.0; 3])).collect::<Vec<_>>();
    let (both, one) = (cred(&["ann", "bob"]), cred(&["bob"]));
    let end = SUNDAY + 3 * WEEK;
    let first = allocate(given(0, end, &both), &rule).unwrap();
    let second = allocate(given(0, end + 2 * WEEK, &one).carry(first.carry).paid("bob", 5), &rule).unwrap();
    let third = |weeks: i64| {
        let epoch =
            given(100, end + weeks * WEEK, &both).carry(second.carry.clone()).paid("bob", 5).paid("ann", 50);
        // Cred in a week that counts, alike.
        let now = |payee: &str| {
            let id = format!("{payee}-now");
            Node::new(id, "cred").payee(payee).weight(1.0).time(end + (weeks - 1) * WEEK)
        };
        amounts(&allocate(epoch.node(now("ann")).node(now("bob")), &rule).unwrap())
    };
    // Three weeks on, both were paid in weeks that count, Ann 50 and Bob 5: targets are 77.5. Four weeks on no more.
    assert_eq!(third(3), [27, 73]);
    assert_eq!(third(4), [50, 50]);
}

#[test]
fn a_record_is_paid_as_it_stands() {
    let epoch = |ann: &str, bob: &str| {
        let node = |id: &str, paid: &str| Node::new(id, "person").payee(id).label("paid", paid);
        Epoch::builder().pool(u128::MAX).node(node("ann", ann)).node(node("bob", bob))
    };
    let recorded = json!({"allocations": [{"policy": "recorded", "label": "paid"}]});
    let large = "340282366920938463463374607431768211454";
    let allocation = allocate(epoch(large, "1"), &recorded).unwrap();
    assert_eq!(amounts(&allocation), [u128::MAX - 1, 1]);
    assert_eq!(amounts(&allocate(epoch("", "7"), &recorded).unwrap()), [0, 7]);
    for (wrong, told) in [("1.5", "must be a number of base units"), ("-1", "must be"), ("+1", "must be")] {
        let refusal = allocate(epoch(wrong, ""), &recorded).unwrap_err();
        assert!(refusal.contains(told), "{refusal}");
    }
    let refusal = allocate(epoch(large, "2"), &recorded).unwrap_err();
    assert!(refusal.contains("records more than the 340282366920938463463374607431768211455"), "{refusal}");
}

#[test]
fn what_cannot_be_answered_is_said() {
    let told = |epoch: EpochBuilder, parameters: Value| allocate(epoch, &parameters).unwrap_err();
    for (parameters, words) in [
        (
            json!({"alpha": 0.5}),
            "bad parameters: `alpha`, `beta`, `gamma_forward` and `gamma_backward` sum to 1.1",
        ),
        (json!({"allocations": []}), "bad parameters: `allocations` names no policy"),
        (json!({"node_kinds": {"code": 0}}), "no answer: all nodes together mint `0`"),
        (json!({"max_iterations": 1}), "no answer: the scores did not settle within 1 iterations"),
        (json!({"given_cred": "cred"}), "no answer: the epoch has no node of kind `cred`"),
        (json!({"order": "row"}), "no answer: the epoch has no node metric `row`"),
        (
            json!({"allocations": [{"policy": "special", "recipient": "eve"}]}),
            "no answer: `eve` is no payee of the epoch",
        ),
        (
            json!({"allocations": [{"policy": "recorded", "label": "paid"}]}),
            "no answer: the epoch has no node label `paid`",
        ),
        (json!({"allocations": [{"policy": "fair"}]}), "bad parameters: "),
        (
            json!({"allocations": [{"policy": "immediate", "weeks": 0}]}),
            "bad parameters: `immediate` looks back on 1",
        ),
        (json!({"alpha": 0.1, "delta": 1}), "bad parameters: "),
    ] {
        let refusal = told(small(), parameters);
        assert!(refusal.starts_with(words), "{refusal}");
    }
    let ages =
        small().node(Node::new("old", "code").time(i64::MIN)).node(Node::new("new", "code").time(i64::MAX));
    assert!(told(ages, json!({})).contains("weeks and 4 nodes make"));
    let back = small().edge(Edge::new("app", "library", "x").metric("backwards", -1.0));
    assert!(told(back, json!({})).contains("an edge's `backwards` is `-1`, below 0"));
    let heavy = small().node(Node::new("heavy", "code").weight(f64::MAX).payee("ann"));
    let heavy = heavy.node(Node::new("heavier", "code").weight(f64::MAX));
    assert!(told(heavy, json!({})).contains("mint `inf`"));
    let wide = (0..3).fold(small(), |epoch, _| epoch.edge(Edge::new("app", "library", "x").weight(f64::MAX)));
    assert!(told(wide, json!({})).contains("edges sum to `inf`"));
}

#[test]
fn a_damaged_carry_is_refused_and_never_a_panic() {
    let cred = [("ann", [1.0, 1.0, 0.0]), ("bob", [1.0, 1.0, 0.0])];
    let epoch = |carry: &[u8]| {
        let epoch = given(100, SUNDAY + 3 * WEEK, &cred).carry(carry);
        epoch.paid("ann", 1 << 70).paid("bob", 300)
    };
    let rule = by(json!({"policy": "balanced"}));
    let first = allocate(epoch(&[]), &rule).unwrap().carry;
    let carry = allocate(epoch(&first), &rule).unwrap().carry;
    for length in 1..carry.len() {
        assert!(allocate(epoch(&carry[..length]), &rule).is_err(), "{length}");
    }
    assert!(allocate(epoch(&[carry.as_slice(), &[0]].concat()), &rule).is_err());
    for byte in 0..carry.len() {
        for bit in 0..8 {
            let mut damaged = carry.clone();
            damaged[byte] ^= 1 << bit;
            if let Ok(allocation) = allocate(epoch(&damaged), &rule) {
                assert!(amounts(&allocation).iter().sum::<u128>() <= 100);
            }
        }
    }
    let less = given(1, SUNDAY + 3 * WEEK, &cred).carry(carry).paid("ann", 1 << 70).paid("bob", 299);
    assert!(
        allocate(less, &rule)
            .unwrap_err()
            .contains("`bob` was paid 300 base units so far, and less now: 299")
    );
}

/// A graph of a few nodes; the first are people, of whom one is nobody's.
#[derive(Clone, Debug)]
struct Small {
    people: usize,
    nodes: Vec<(f64, i64)>,
    edges: Vec<(usize, usize, i64, f64, f64)>,
}

fn smalls() -> impl Strategy<Value = Small> {
    let time = 0..4 * WEEK;
    let weight = || prop_oneof![Just(0.0), 0.1..4.0_f64];
    let nodes = proptest::collection::vec((weight(), time.clone()), 1..5);
    let edges = proptest::collection::vec((0..8_usize, 0..8_usize, time, weight(), weight()), 0..12);
    (1..4_usize, nodes, edges).prop_map(|(people, mut nodes, mut edges)| {
        nodes[0].0 += 1.0;
        // Every node's cred reaches someone: else it may swing between node and seed for ever.
        edges.extend((0..nodes.len()).map(|node| (people + node, node % people, nodes[node].1, 1.0, 0.0)));
        Small { people, nodes, edges }
    })
}

impl Small {
    fn epoch(&self) -> EpochBuilder {
        let name = |row: usize| format!("{:02}", row % (self.people + self.nodes.len()));
        let mut epoch = Epoch::builder().window(SUNDAY, SUNDAY + 4 * WEEK).pool(1_000_000);
        for row in 0..self.people {
            let person = Node::new(name(row), "person");
            epoch = epoch.node(if row > 0 { person.payee(name(row)) } else { person });
        }
        for (row, (weight, time)) in (self.people..).zip(&self.nodes) {
            epoch = epoch.node(Node::new(name(row), "work").weight(*weight).time(SUNDAY + time));
        }
        for (source, target, time, forwards, backwards) in &self.edges {
            let edge = Edge::new(name(*source), name(*target), "x").time(SUNDAY + time).weight(*forwards);
            epoch = epoch.edge(edge.metric("backwards", *backwards));
        }
        epoch
    }

    /// The chain as a full matrix, straight from the text of the rule; the scores in the policy's order of states.
    fn dense(&self) -> Vec<f64> {
        let (people, nodes) = (self.people, self.nodes.len());
        let times = self.nodes.iter().map(|node| node.1).chain(self.edges.iter().map(|edge| edge.2));
        // All weeks begin with the window, as people have its start for their time.
        let weeks = usize::try_from((times.max().unwrap() - 1).max(0) / WEEK).unwrap() + 1;
        // The policy's participants: payees first, which are the people after the first.
        let place = |person: usize| if person == 0 { people - 1 } else { person - 1 };
        let accumulator = |week: usize| nodes + 1 + week * (people + 1);
        let state = |row: usize, time: i64| {
            let row = row % (people + nodes);
            let week = usize::try_from((time - 1).max(0) / WEEK).unwrap();
            if row < people { accumulator(week) + 1 + place(row) } else { row - people }
        };
        let size = accumulator(weeks);
        let mut out = vec![vec![0.0; size]; size];
        for (source, target, time, forwards, backwards) in &self.edges {
            let (source, target) = (state(*source, *time), state(*target, *time));
            out[source][target] += forwards;
            out[target][source] += backwards;
        }
        let minted: f64 = self.nodes.iter().map(|node| node.0).sum();
        for row in 0..size {
            let sum: f64 = out[row].iter().sum();
            let is_person = row > nodes && (row - nodes - 1) % (people + 1) > 0;
            let spread = if is_person { 1.0 - 0.7 } else { 0.9 };
            out[row].iter_mut().for_each(|weight| *weight *= if sum > 0.0 { spread / sum } else { 0.0 });
            if is_person {
                let week = (row - nodes - 1) / (people + 1);
                out[row][accumulator(week)] += 0.4;
                out[row][if week + 1 < weeks { row + people + 1 } else { row }] += 0.1;
                out[row][if week > 0 { row - people - 1 } else { row }] += 0.1;
            }
            if row == nodes {
                self.nodes.iter().enumerate().for_each(|(node, mint)| out[row][node] = mint.0 / minted);
            } else {
                let rest = 1.0 - out[row].iter().sum::<f64>();
                out[row][nodes] += rest;
            }
        }
        let mut now = vec![1.0 / size as f64; size];
        for _ in 0..3000 {
            let into = |state: usize| now.iter().zip(&out).map(|(now, out)| now * out[state]).sum();
            now = (0..size).map(into).collect();
        }
        let accumulated: f64 = (0..weeks).map(|week| now[accumulator(week)]).sum();
        let scale = if accumulated > 1e-12 { minted / accumulated } else { 0.0 };
        now.iter().map(|score| score * scale).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scores_are_those_of_the_full_matrix(small in smalls()) {
        let parameters = json!({"participant_kinds": ["person"], "tolerance": 1e-13, "max_iterations": 5000});
        let parameters: Parameters = serde_json::from_value(parameters).unwrap();
        let ours = scores(&small.epoch().build().unwrap(), &parameters).unwrap().states;
        let dense = small.dense();
        prop_assert_eq!(ours.len(), dense.len());
        for (ours, dense) in ours.iter().zip(&dense) {
            // Where hardly any cred reaches people the scale is as uncertain as that.
            prop_assert!((ours - dense).abs() <= 1e-6 * dense.max(1.0), "{} {}", ours, dense);
        }
    }

    #[test]
    fn the_order_of_the_rows_is_all_the_same(small in smalls()) {
        let mut turned = small.clone();
        turned.edges.reverse();
        let parameters = json!({"participant_kinds": ["person"], "max_iterations": 5000});
        let (first, second) = (allocate(small.epoch(), &parameters), allocate(turned.epoch(), &parameters));
        prop_assert_eq!(first, second);
    }
}
