//! The rule epoch after epoch: each test is one line of the README.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::{Allocation, Division, Epoch, EpochBuilder, Node, Refusal, run};
use lifetime::Lifetime;
use proptest::prelude::*;

const PARAMETERS: &str = r#"{"node_metrics": {"commits": 1}}"#;

/// A pool and the commits of each payee, after what was handed over.
fn epoch(pool: u128, carry: &[u8], commits: &[(&str, f64)]) -> EpochBuilder {
    let epoch = Epoch::builder().pool(pool).asset("OP").carry(carry);
    commits.iter().fold(epoch, |epoch, (payee, commits)| {
        epoch.node(Node::new(*payee, "person").payee(*payee).metric("commits", *commits))
    })
}

fn allocate(pool: u128, carry: &[u8], commits: &[(&str, f64)]) -> Result<Allocation, Refusal> {
    run::<Lifetime>(&epoch(pool, carry, commits).build().unwrap(), PARAMETERS)
}

fn amounts(allocation: &Allocation) -> Vec<u128> {
    match &allocation.division {
        Division::ByAmount(amounts) => amounts.clone(),
        Division::ByWeight { .. } => Vec::new(),
    }
}

/// One epoch after the other; what is paid in each.
fn over(epochs: &[(u128, &[(&str, f64)])]) -> (Vec<Vec<u128>>, Vec<u8>) {
    let (mut paid, mut carry) = (Vec::new(), Vec::new());
    for (pool, commits) in epochs {
        let allocation = allocate(*pool, &carry, commits).unwrap();
        paid.push(amounts(&allocation));
        carry = allocation.carry;
    }
    (paid, carry)
}

/// Catches up, waits while overpaid, and an advance while another is absent.
#[test]
fn the_example_of_the_readme() {
    let (paid, _) = over(&[
        (1000, &[("ann", 30.0), ("bob", 10.0)]),
        (3000, &[("ann", 10.0), ("bob", 30.0)]),
        (1000, &[("ann", 0.0), ("bob", 0.0), ("cyd", 80.0)]),
        (1000, &[("ann", 40.0), ("bob", 0.0)]),
    ]);
    assert_eq!(paid, [vec![750, 250], vec![1250, 1750], vec![0, 0, 1000], vec![1000, 0]]);
}

#[test]
fn who_returns_without_new_credit_is_paid_what_was_missed() {
    let (paid, _) = over(&[
        (100, &[("ann", 1.0), ("bob", 1.0)]),
        (100, &[("ann", 1.0)]),
        // Targets 200 and 100; Ann has 150, Bob 50.
        (100, &[("ann", 0.0), ("bob", 0.0)]),
    ]);
    assert_eq!(paid, [vec![50, 50], vec![100], vec![50, 50]]);
}

#[test]
fn where_nobody_present_is_underpaid_the_pool_stays() {
    let (paid, carry) =
        over(&[(100, &[("ann", 1.0)]), (10, &[("ann", 0.0), ("bob", 9.0)]), (10, &[("ann", 0.0)])]);
    assert_eq!(paid, [vec![100], vec![0, 10], vec![0]]);
    // And what was not paid raises no target: (110 + 90) * 0.9 - 10 for Bob.
    let next = allocate(90, &carry, &[("ann", 0.0), ("bob", 0.0)]).unwrap();
    let target = next.measures.iter().find(|measure| measure.name == "lifetime-target").unwrap();
    assert_eq!(target.values, [20.0, 180.0]);
}

#[test]
fn the_order_of_the_rows_is_all_the_same() {
    let rows = [("cyd", 3.0), ("ann", 0.1), ("bob", 0.7)];
    let turned: Vec<_> = rows.into_iter().rev().collect();
    let first = allocate(1000, &[], &rows).unwrap();
    assert_eq!(first, allocate(1000, &[], &turned).unwrap());
    let second = |rows: &[_]| allocate(77, &first.carry, rows).unwrap();
    assert_eq!(second(&rows), second(&turned));
}

#[test]
fn a_damaged_carry_is_refused() {
    let (_, carry) = over(&[(1000, &[("ann", 30.0), ("bob", 10.0)])]);
    let refusal = |carry: &[u8]| allocate(9, carry, &[("ann", 1.0)]).unwrap_err().to_string();
    for length in 1..carry.len() {
        assert!(refusal(&carry[..length]).starts_with("no answer: "), "{length}");
    }
    let longer = [carry.as_slice(), &[0]].concat();
    assert_eq!(refusal(&longer), "no answer: what was handed over from the last epoch is damaged");
    // Bob before Ann.
    let (head, payees) = carry.split_at(carry.len() - 2 * (2 + 3 + 8 + 16));
    let (ann, bob) = payees.split_at(payees.len() / 2);
    let swapped = [head, bob, ann].concat();
    assert_eq!(refusal(&swapped), "no answer: what was handed over from the last epoch is damaged");
    for byte in 0..carry.len() {
        for bit in 0..8 {
            let mut damaged = carry.clone();
            damaged[byte] ^= 1 << bit;
            // Refused or, where it is another number, another result: never a panic.
            if let Ok(allocation) = allocate(9, &damaged, &[("ann", 1.0)]) {
                assert!(amounts(&allocation).iter().sum::<u128>() <= 9);
            }
        }
    }
}

#[test]
fn what_cannot_be_answered_is_said() {
    let (_, carry) = over(&[(1000, &[("ann", 30.0)])]);
    let of = |epoch: EpochBuilder, parameters: &str| {
        run::<Lifetime>(&epoch.build().unwrap(), parameters).unwrap_err().to_string()
    };
    let ann = || epoch(1, &carry, &[("ann", 1.0)]);
    assert!(of(ann(), "{}").starts_with("bad parameters: nothing earns credit"));
    assert_eq!(
        of(ann(), r#"{"edge_metrics": {"stars": 1}}"#),
        "no answer: the epoch has no edge metric `stars`"
    );
    assert_eq!(
        of(ann().asset("EUR").decimals(2), PARAMETERS),
        "no answer: the pool is in `EUR` of 2 decimals, but so far was paid in `OP` of 0"
    );
    let nobody = epoch(1, &[], &[("ann", 0.0)]);
    assert_eq!(of(nobody, PARAMETERS), "no answer: no payee has any credit, in this epoch or before");
    let endless = epoch(1, &[], &[("ann", f64::MAX)])
        .node(Node::new("more", "person").payee("ann").metric("commits", f64::MAX));
    assert!(of(endless, PARAMETERS).contains("make the factors smaller"));
    assert!(of(ann().pool(u128::MAX), PARAMETERS).contains("more than 2^126"));

    let long = "x".repeat(1000);
    let ids: Vec<String> = (0..1100).map(|number| format!("{number}{long}")).collect();
    let many: Vec<(&str, f64)> = ids.iter().map(|id| (id.as_str(), 1.0)).collect();
    assert!(of(epoch(1, &[], &many), PARAMETERS).contains("the credit of 1100 payees takes 1131"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Equal credit over two epochs, differently distributed, with pools of which the second is not the smaller.
    #[test]
    fn equal_lifetime_credit_ends_in_equal_pay(a in 1..1000_u32, b in 1..1000_u32, pool: u64, more: u64) {
        let (first, second) = (u128::from(pool), u128::from(pool) + u128::from(more));
        let (a, b) = (f64::from(a), f64::from(b));
        let (paid, _) = over(&[(first, &[("ann", a), ("bob", b)]), (second, &[("ann", b), ("bob", a)])]);
        prop_assert_eq!(paid.iter().flatten().sum::<u128>(), first + second);
        let [ann, bob] = [0, 1].map(|row| paid.iter().map(|amounts| amounts[row]).sum::<u128>());
        prop_assert!(ann.abs_diff(bob) <= 2, "{} and {}", ann, bob);
    }
}
