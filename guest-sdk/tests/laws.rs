//! What holds for any scores: the laws of the limits and of turning scores into weights.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::limits::{capped, in_descending_passes, without_dust};
use apportion_guest::propagate::{Link, Network, PageRank};
use apportion_guest::{Allocation, weights_from_scores};
use proptest::prelude::*;

const POOL: f64 = 1000.0;

fn scores() -> impl Strategy<Value = Vec<f64>> {
    let score = prop_oneof![Just(0.0), Just(1.0), 0.0..1e-3, 0.0..1.0, 0.0..1e6];
    prop::collection::vec(score, 0..40)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * POOL
}

proptest! {
    #[test]
    fn weights_keep_the_order_and_the_proportions(scores in scores()) {
        let weights = weights_from_scores(&scores).unwrap();
        let (total, sum): (f64, u128) = (scores.iter().sum(), weights.iter().copied().map(u128::from).sum());
        for (score, weight) in scores.iter().zip(&weights) {
            for (other, of_other) in scores.iter().zip(&weights) {
                prop_assert!(score > other || weight <= of_other || score == other && weight == of_other);
            }
            prop_assert!(total == 0.0 || close(score / total * POOL, *weight as f64 / sum as f64 * POOL));
        }
    }

    #[test]
    fn a_cap_holds_and_pays_the_pool_if_it_can(scores in scores(), max_share in 0.01..1.0) {
        let amounts = capped(&scores, POOL, max_share);
        let paid = scores.iter().filter(|score| **score > 0.0).count() as f64;
        let possible = POOL.min(paid * max_share * POOL);
        prop_assert!(close(amounts.iter().sum(), possible), "{amounts:?}");
        for (score, amount) in scores.iter().zip(&amounts) {
            prop_assert!(*amount <= max_share * POOL + 1e-6 && (*score > 0.0 || *amount == 0.0));
            for (other, of_other) in scores.iter().zip(&amounts) {
                prop_assert!(score < other || amount >= of_other || close(*amount, *of_other));
            }
        }
        prop_assert!(Allocation::from_amounts(&amounts, POOL).is_ok());
    }

    #[test]
    fn nobody_who_is_kept_gets_dust_and_nobody_above_it_is_dropped(scores in scores(), least in 0.0..500.0) {
        let kept = without_dust(&scores, POOL, least);
        let (all, total): (f64, f64) = (scores.iter().sum(), kept.iter().sum());
        for (score, kept) in scores.iter().zip(&kept) {
            prop_assert!(*kept == 0.0 || kept == score && kept / total * POOL >= least - 1e-6);
            prop_assert!(*kept > 0.0 || *score == 0.0 || score / all * POOL < least + 1e-6);
        }
    }

    #[test]
    fn two_passes_stay_within_cap_and_pool(scores in scores(), max_share in 0.01..1.0, least in 0.0..300.0) {
        let amounts = in_descending_passes(&scores, POOL, max_share, least);
        prop_assert!(amounts.iter().sum::<f64>() <= POOL * (1.0 + 1e-12));
        prop_assert!(amounts.iter().all(|amount| (0.0..=max_share * POOL).contains(amount)), "{amounts:?}");
        prop_assert!(Allocation::from_amounts(&amounts, POOL).is_ok());
    }

    #[test]
    fn a_ranking_sums_to_one_over_the_network(
        links in prop::collection::vec((0_u32..12, 0_u32..12, 0.0..9.0), 0..60),
        preference in prop::collection::vec(0.0..1.0, 12),
        damping in 0.0..0.9,
    ) {
        let links: Vec<_> = links.into_iter().map(|(source, target, weight)| Link { source, target, weight }).collect();
        let network = Network::new(12, &links);
        let ranking = PageRank { damping, tolerance: 1e-9, max_iterations: 300 }.rank(&network, &preference);
        let expected = if network.members().is_empty() { 0.0 } else { 1.0 };
        prop_assert!((ranking.scores.iter().sum::<f64>() - expected).abs() < 1e-6 && ranking.settled);
        // The order of the links makes no difference beyond rounding.
        let reversed: Vec<_> = links.iter().rev().copied().collect();
        let again = PageRank { damping, tolerance: 1e-9, max_iterations: 300 }.rank(&Network::new(12, &reversed), &preference);
        prop_assert!(ranking.scores.iter().zip(&again.scores).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
