//! Awards over several epochs, by a policy that awards by weight: each test is one line of the module's page.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::constraints::Constraints;
use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::vesting::{Promises, Vesting};
use apportion_guest::{Allocation, Division, Epoch, Node, Policy, Refusal, run};
use proptest::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
struct Parameters {
    vesting: Vesting,
    #[serde(default)]
    constraints: Constraints,
}

struct Vested;

impl Policy for Vested {
    type Parameters = Parameters;
    const NAME: &'static str = "vested";
    const VERSION: &'static str = "1.0.0";
    const SUMMARY: &'static str = "By the weight of what payees own, over several epochs.";
    const STATEFUL: bool = true;

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let mut promises = Promises::read(epoch)?;
        let mut scores = vec![0.0; epoch.payees().len()];
        for (payee, weight) in epoch.node_payee().iter().zip(epoch.node_weight()) {
            scores[*payee as usize] += weight;
        }
        let free = promises.free(epoch)?;
        if scores.iter().any(|score| *score > 0.0) {
            promises.award(epoch, &parameters.constraints.amounts(epoch, &scores, free)?, parameters.vesting);
        }
        promises.pay(epoch)
    }
}

/// New money, what payees own, and what was handed over; the pool is the new money and all that is promised.
fn settle(new: u128, carry: &[u8], owned: &[(&str, f64)], parameters: &str) -> Result<Allocation, Refusal> {
    let epoch = |pool| {
        let epoch = Epoch::builder().pool(pool).asset("OP").carry(carry);
        let epoch = owned.iter().fold(epoch, |epoch, (payee, weight)| {
            epoch.node(Node::new(*payee, "work").payee(*payee).weight(*weight))
        });
        epoch.build().unwrap()
    };
    let promised = Promises::read(&epoch(0))?.sum();
    run::<Vested>(&epoch(new + promised), parameters)
}

fn amounts(allocation: &Allocation) -> &[u128] {
    match &allocation.division {
        Division::ByAmount(amounts) => amounts,
        Division::ByWeight { .. } => &[],
    }
}

/// One epoch after the other: new money and what payees own.
fn over(epochs: &[(u128, &[(&str, f64)])], parameters: &str) -> Vec<Vec<u128>> {
    let mut carry = Vec::new();
    let settled = epochs.iter().map(|(new, owned)| {
        let allocation = settle(*new, &carry, owned, parameters).unwrap();
        let paid = amounts(&allocation).to_vec();
        carry = allocation.carry;
        paid
    });
    settled.collect()
}

const ANN: &[(&str, f64)] = &[("ann", 1.0)];
const ANN_IDLE: &[(&str, f64)] = &[("ann", 0.0)];

#[test]
fn an_award_is_paid_in_parts_that_sum_to_it() {
    let months = [(100, ANN), (0, ANN_IDLE), (0, ANN_IDLE), (0, ANN_IDLE)];
    assert_eq!(over(&months, r#"{"vesting": {"epochs": 3}}"#), [[33], [33], [34], [0]]);
    // With a cliff at the third of three epochs all comes then.
    assert_eq!(over(&months, r#"{"vesting": {"epochs": 3, "cliff": 3}}"#), [[0], [0], [100], [0]]);
    assert_eq!(over(&months, r#"{"vesting": {"epochs": 3, "cliff": 2}}"#), [[0], [66], [34], [0]]);
    assert_eq!(over(&months, r#"{"vesting": {"epochs": 1}}"#), [[100], [0], [0], [0]]);
}

#[test]
fn awards_add_up_and_constraints_hold_for_each() {
    let months = [(90, ANN), (30, &[("ann", 1.0), ("bob", 2.0)]), (0, &[("ann", 0.0), ("bob", 0.0)])];
    assert_eq!(over(&months, r#"{"vesting": {"epochs": 3}}"#), [vec![30], vec![33, 6], vec![33, 7]]);
    // At most half of what is new.
    let capped = r#"{"vesting": {"epochs": 1}, "constraints": {"cap": "50%"}}"#;
    assert_eq!(over(&months, capped), [vec![45], vec![15, 15], vec![0, 0]]);
}

#[test]
fn who_is_absent_gets_it_later() {
    let bob: &[(&str, f64)] = &[("bob", 0.0)];
    let months = [(100, ANN), (0, bob), (0, bob), (0, bob), (0, ANN_IDLE), (0, ANN_IDLE)];
    assert_eq!(over(&months, r#"{"vesting": {"epochs": 4}}"#), [[25], [0], [0], [0], [75], [0]]);
}

#[test]
fn what_is_not_covered_is_refused() {
    let parameters = r#"{"vesting": {"epochs": 2}}"#;
    let carry = settle(100, &[], ANN, parameters).unwrap().carry;
    let of = |epoch: apportion_guest::EpochBuilder| {
        run::<Vested>(&epoch.carry(carry.clone()).payee("ann").build().unwrap(), parameters)
            .unwrap_err()
            .to_string()
    };
    assert!(
        of(Epoch::builder().asset("OP").pool(49))
            .starts_with("no answer: the pool of 49 base units does not cover the 50 that are promised")
    );
    assert_eq!(
        of(Epoch::builder().asset("EUR").pool(50)),
        "no answer: the pool is in `EUR` of 0 decimals, but `OP` of 0 was promised"
    );
    let many: Vec<(String, f64)> = (0..1_000).map(|number| (format!("{number:0500}"), 1.0)).collect();
    let many: Vec<(&str, f64)> = many.iter().map(|(id, weight)| (id.as_str(), *weight)).collect();
    let refused = settle(1_000_000, &[], &many, r#"{"vesting": {"epochs": 100}}"#).unwrap_err().to_string();
    assert!(refused.contains("promised to 1000 payees takes 2088"), "{refused}");
}

#[test]
fn a_damaged_carry_is_refused() {
    let parameters = r#"{"vesting": {"epochs": 3}}"#;
    let carry = settle(100, &[], &[("ann", 1.0), ("bob", 2.0)], parameters).unwrap().carry;
    let read = |carry: &[u8]| {
        let epoch = Epoch::builder().asset("OP").pool(u128::MAX).carry(carry).payee("ann").build().unwrap();
        run::<Vested>(&epoch, parameters)
    };
    for length in 1..carry.len() {
        assert!(read(&carry[..length]).is_err(), "{length}");
    }
    assert!(read(&[carry.as_slice(), &[0]].concat()).is_err());
    for byte in 0..carry.len() {
        for bit in 0..8 {
            let mut damaged = carry.clone();
            damaged[byte] ^= 1 << bit;
            // Refused or, where it is another number, another result: never a panic.
            let _ = read(&damaged);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever is awarded is paid, to the base unit, and never more than is there.
    #[test]
    fn everything_awarded_is_paid_in_the_end(
        months in prop::collection::vec((0..1_000_u128, 0..9_u8, 0..9_u8), 1..8),
        epochs in 1..6_u16,
        cliff in 0..8_u16,
    ) {
        let parameters = format!(r#"{{"vesting": {{"epochs": {epochs}, "cliff": {cliff}}}}}"#);
        let (mut carry, mut new, mut paid, mut awarded) = (Vec::new(), 0, 0, 0);
        for (money, ann, bob) in months {
            let owned = [("ann", f64::from(ann)), ("bob", f64::from(bob))];
            let allocation = settle(money, &carry, &owned, &parameters).unwrap();
            paid += amounts(&allocation).iter().sum::<u128>();
            new += money;
            awarded += if ann + bob > 0 { money } else { 0 };
            prop_assert!(paid <= new);
            carry = allocation.carry;
        }
        for _ in 0..epochs {
            let allocation = settle(0, &carry, &[("ann", 0.0), ("bob", 0.0)], &parameters).unwrap();
            paid += amounts(&allocation).iter().sum::<u128>();
            carry = allocation.carry;
        }
        prop_assert_eq!((paid, carry.len()), (awarded, 0));
    }
}
