//! The laws of the constraints, and the definition computed another way.

#![cfg(feature = "constraints")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::collections::BTreeMap;

use apportion_guest::constraints::{Budgets, Constraints};
use apportion_guest::exact::in_proportion;
use apportion_guest::{Bound, Epoch, Node, Refusal};
use proptest::prelude::*;

/// A pool to divide, in base units, and the bounds.
#[derive(Clone, Debug)]
struct Case {
    pool: u128,
    scores: Vec<u64>,
    /// Of each payee, if any: an index of `budgets`.
    category: Vec<Option<usize>>,
    cap: Option<u128>,
    floor: u128,
    minimum: u128,
    budgets: Vec<u128>,
}

impl Case {
    fn without_minimum(&self) -> Self {
        Self { minimum: 0, ..self.clone() }
    }

    /// The payees in the opposite order.
    fn turned(&self) -> Self {
        let mut turned = self.clone();
        turned.scores.reverse();
        turned.category.reverse();
        turned
    }

    fn divide(&self) -> Result<Vec<u128>, Refusal> {
        let epoch = self.category.iter().enumerate().fold(Epoch::builder(), |epoch, (row, category)| {
            let id = format!("{row:03}");
            let word = category.map_or(String::new(), |category| format!("{category}"));
            epoch.node(Node::new(id.clone(), "work").payee(id).label("category", word))
        });
        let bound = |amount: u128| amount.to_string().parse::<Bound>().unwrap();
        let most: BTreeMap<String, Bound> =
            self.budgets.iter().enumerate().map(|(row, budget)| (format!("{row}"), bound(*budget))).collect();
        let constraints = Constraints {
            exclude: Vec::new(),
            cap: self.cap.map(bound),
            floor: Some(bound(self.floor)),
            minimum: Some(bound(self.minimum)),
            budgets: (!most.is_empty()).then_some(Budgets { label: "category".into(), most }),
        };
        let scores: Vec<f64> = self.scores.iter().map(|score| *score as f64).collect();
        constraints.amounts(&epoch.build().unwrap(), &scores, self.pool)
    }

    fn rows_of(&self, of: Option<usize>) -> impl Iterator<Item = usize> {
        (0..self.scores.len()).filter(move |row| self.category[*row] == of)
    }

    fn sum_of(&self, of: Option<usize>, divided: &[u128]) -> u128 {
        self.rows_of(of).map(|row| divided[row]).sum()
    }

    /// The definition, word by word and in doubles: one rate for all, a lower one in a category that uses up its budget,
    /// each found by halving.
    fn by_halving(&self) -> Vec<f64> {
        let cap = self.cap.unwrap_or(self.pool).min(self.pool) as f64;
        let at = |rate: f64, row: usize| match self.scores[row] {
            0 => 0.0,
            score => (rate * score as f64).max(self.floor as f64).min(cap),
        };
        let rate_for = |sum: &dyn Fn(f64) -> f64, most: f64| {
            let (mut low, mut high) = (0.0, 1e9);
            for _ in 0..200 {
                let middle = (low + high) / 2.0;
                if sum(middle) <= most { low = middle } else { high = middle }
            }
            low
        };
        let budgets = self.budgets.iter().enumerate();
        let own = budgets.map(|(of, budget)| {
            rate_for(&|rate| self.rows_of(Some(of)).map(|row| at(rate, row)).sum(), *budget as f64)
        });
        let own: Vec<f64> = own.collect();
        let of = |rate: f64, row: usize| at(self.category[row].map_or(rate, |of| rate.min(own[of])), row);
        let rows = || 0..self.scores.len();
        let rate = rate_for(&|rate| rows().map(|row| of(rate, row)).sum(), self.pool as f64);
        rows().map(|row| of(rate, row)).collect()
    }
}

prop_compose! {
    /// Scores of which some are equal and some 0, somebody with one, and bounds of which some bind.
    fn cases()(
        pool in 1..5_000_u128,
        scores in prop::collection::vec(prop_oneof![Just(0_u64), Just(7), 1..10_u64, 1..1000_u64], 0..13),
        cap in prop::option::of(1..2_000_u128),
        floor in prop_oneof![Just(0_u128), 0..60_u128],
        minimum in prop_oneof![Just(0_u128), 0..300_u128],
        budgets in prop::collection::vec(0..3_000_u128, 0..3),
        seed: u32,
    ) -> Case {
        let scores = [scores, vec![5]].concat();
        let category = |row: usize| {
            let choice = seed.rotate_left(u32::try_from(row).unwrap() * 3) as usize % (budgets.len() + 1);
            (choice < budgets.len()).then_some(choice)
        };
        let category = (0..scores.len()).map(category).collect();
        let (floor, minimum) = cap.map_or((floor, minimum), |cap| (floor.min(cap), minimum.min(cap)));
        Case { pool, scores, category, cap, floor, minimum, budgets }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn bounds_hold_and_nothing_is_lost(case in cases()) {
        let Ok(divided) = case.divide() else {
            // Only floors can be too much.
            let paid = |of: Option<usize>| case.rows_of(of).filter(|row| case.scores[*row] > 0).count() as u128;
            let all = (0..case.budgets.len()).map(Some).chain([None]).map(paid).sum::<u128>();
            let too_much = |(of, budget): (usize, &u128)| paid(Some(of)) * case.floor > *budget;
            prop_assert!(all * case.floor > case.pool || case.budgets.iter().enumerate().any(too_much));
            return Ok(());
        };
        let sum = divided.iter().sum::<u128>();
        prop_assert!(sum <= case.pool);
        for (score, amount) in case.scores.iter().zip(&divided) {
            prop_assert!(*score > 0 || *amount == 0);
            prop_assert!(*amount <= case.cap.unwrap_or(case.pool));
            prop_assert!(*amount == 0 || *amount >= case.minimum);
            prop_assert!(*score == 0 || case.minimum > 0 || *amount >= case.floor);
        }
        for (row, budget) in case.budgets.iter().enumerate() {
            prop_assert!(case.sum_of(Some(row), &divided) <= *budget);
        }
        // What stays in the treasury stays because nobody may have it.
        if sum < case.pool && case.minimum == 0 {
            for (row, amount) in divided.iter().enumerate().filter(|(row, _)| case.scores[*row] > 0) {
                let used_up = case.category[row]
                    .is_some_and(|own| case.sum_of(Some(own), &divided) == case.budgets[own]);
                prop_assert!(used_up || Some(*amount) == case.cap, "{divided:?}");
            }
        }
    }

    #[test]
    fn another_implementation_agrees(case in cases()) {
        let case = case.without_minimum();
        if let Ok(divided) = case.divide() {
            for (amount, expected) in divided.iter().zip(case.by_halving()) {
                // A unit for the category's rounding and one for its own.
                prop_assert!((*amount as f64 - expected).abs() < 2.0, "{divided:?}, {expected}");
            }
        }
    }

    #[test]
    fn dividing_again_changes_nothing(case in cases()) {
        let case = if case.budgets.is_empty() { case } else { case.without_minimum() };
        let Ok(divided) = case.divide() else { return Ok(()) };
        let scores = divided.iter().map(|amount| u64::try_from(*amount).unwrap()).collect();
        let again = Case { scores, ..case };
        if divided.iter().any(|amount| *amount > 0) {
            prop_assert_eq!(again.divide(), Ok(divided));
        }
    }

    #[test]
    fn the_order_of_payees_makes_a_unit_a_rounding(case in cases()) {
        let (Ok(divided), Ok(other)) = (case.divide(), case.turned().divide()) else {
            prop_assert_eq!(case.divide().is_err(), case.turned().divide().is_err());
            return Ok(());
        };
        for (amount, other) in divided.iter().zip(other.iter().rev()) {
            let roundings = if case.budgets.is_empty() { 1 } else { 2 };
            prop_assert!(amount.abs_diff(*other) <= roundings, "{divided:?} {other:?}");
        }
        // And among equal scores of one category it is the first who has the unit more.
        for (row, pair) in divided.windows(2).enumerate() {
            let equal = case.scores[row] == case.scores[row + 1] && case.category[row] == case.category[row + 1];
            prop_assert!(!equal || pair[0] >= pair[1] && pair[0] <= pair[1] + 1);
        }
    }

    /// Who is left out would not have the minimum: not even if only those who are equal or larger shared.
    #[test]
    fn as_many_as_possible_reach_the_minimum(case in cases()) {
        let case = Case { budgets: Vec::new(), category: vec![None; case.scores.len()], ..case };
        let Ok(divided) = case.divide() else { return Ok(()) };
        let left_out = (0..divided.len()).filter(|row| divided[*row] == 0).map(|row| case.scores[row]).max();
        if let Some(least @ 1..) = left_out {
            let scores = case.scores.iter().map(|score| if *score >= least { *score } else { 0 }).collect();
            let larger = Case { scores, ..case.without_minimum() };
            let with = larger.divide().unwrap();
            let smallest = (0..with.len()).filter(|row| larger.scores[*row] > 0).map(|row| with[row]).min();
            // What is a fraction less may be rounded up to it here.
            prop_assert!(smallest <= Some(case.minimum), "{smallest:?}");
        }
    }

    /// A bound that nobody would meet changes nothing.
    #[test]
    fn bounds_that_do_not_bind_change_nothing(case in cases()) {
        let plain = Case { cap: None, floor: 0, minimum: 0, budgets: Vec::new(), ..case.clone() };
        let divided = plain.divide().unwrap();
        let most = divided.iter().max().copied();
        let least = (0..divided.len()).filter(|row| case.scores[*row] > 0).map(|row| divided[row]).min();
        // A unit away, because a bound is held against the fraction that was rounded.
        let least = least.unwrap().saturating_sub(1);
        let bounded = Case { cap: most.map(|most| most + 1), floor: least, minimum: least, ..plain };
        prop_assert_eq!(bounded.divide(), Ok(divided));
    }

    /// Without constraints it is what the engine makes of the weights.
    #[test]
    fn without_constraints_it_is_the_plain_division(
        pool: u128,
        scores in prop::collection::vec(0..=1_u64 << 53, 1..9),
    ) {
        prop_assume!(scores.iter().any(|score| *score > 0));
        let weights: Vec<u128> = scores.iter().copied().map(u128::from).collect();
        let plain = in_proportion(pool, &weights).unwrap();
        let (category, budgets) = (vec![None; scores.len()], Vec::new());
        let case = Case { pool, scores, category, cap: None, floor: 0, minimum: 0, budgets };
        prop_assert_eq!(case.divide(), Ok(plain));
    }
}

/// Large pools and weights at once: the steps that have 256 bits.
#[test]
fn a_pool_of_any_size_is_divided() {
    let pool = u128::MAX;
    let case = Case {
        pool,
        scores: vec![1 << 62, 1 << 61, 1 << 61, 8],
        category: vec![None, Some(0), None, None],
        cap: Some(pool / 3),
        floor: pool / 5,
        minimum: 0,
        budgets: vec![pool / 4],
    };
    // 1/3 at the cap, 1/4 at the budget, 1/5 at the floor, and what is left.
    let last = pool - pool / 3 - pool / 4 - pool / 5;
    assert_eq!(case.divide(), Ok(vec![pool / 3, pool / 4, last, pool / 5]));
}
