//! The plain rule and the pairwise-bounded one: a match per project, in the unit of the contributions.
//!
//! Both are sums over pairs of different contributors, of non-negative terms, so that a project of one contributor has
//! exactly 0: (√a + √b + ...)² - (a + b + ...) is the sum of 2 √a √b over the pairs.

use apportion_guest::math::sqrt;

use crate::contributions::{Contributions, Gift};

/// Buterin, Hitzig, Weyl (2018): the square of the sum of the roots, less the sum.
pub(crate) fn plain(contributions: &Contributions) -> Vec<f64> {
    contributions.projects.iter().map(|project| pairs(project.gifts.iter().map(|gift| gift.amount))).collect()
}

/// The sum of 2 √a √b over the pairs of some amounts.
pub(crate) fn pairs(amounts: impl Iterator<Item = f64>) -> f64 {
    let (mut roots, mut sum) = (0.0, 0.0);
    for root in amounts.map(sqrt) {
        sum += 2.0 * root * roots;
        roots += root;
    }
    sum
}

/// Buterin (2019): each pair's term times `bound` / (`bound` + the sum of √a √b over all projects of the pair).
pub(crate) fn pairwise(contributions: &Contributions, bound: f64) -> Vec<f64> {
    let roots: Vec<Vec<Gift>> = contributions.projects.iter().map(|project| rooted(&project.gifts)).collect();
    // Where each contributor's gifts stand: project and place in it.
    let mut gifts_of = vec![Vec::new(); contributions.contributors()];
    for (project, gifts) in roots.iter().enumerate() {
        for (place, gift) in gifts.iter().enumerate() {
            gifts_of[gift.contributor].push((project, place));
        }
    }
    let mut matches = vec![0.0; roots.len()];
    // What the contributor at hand has in common with each later one; 0 for all between two contributors.
    let mut in_common = vec![0.0; contributions.contributors()];
    for gifts in &gifts_of {
        // Gifts stand by contributor, so those after this one's are the later contributors'.
        let later = |(project, place): (usize, usize)| roots[project][place..].split_first();
        for (own, others) in gifts.iter().filter_map(|gift| later(*gift)) {
            for other in others {
                in_common[other.contributor] += own.amount * other.amount;
            }
        }
        for (project, place) in gifts {
            if let Some((own, others)) = later((*project, *place)) {
                for other in others {
                    let apart = bound / (bound + in_common[other.contributor]);
                    matches[*project] += 2.0 * own.amount * other.amount * apart;
                }
            }
        }
        for (_, others) in gifts.iter().filter_map(|gift| later(*gift)) {
            others.iter().for_each(|other| in_common[other.contributor] = 0.0);
        }
    }
    matches
}

fn rooted(gifts: &[Gift]) -> Vec<Gift> {
    gifts.iter().map(|gift| Gift { amount: sqrt(gift.amount), ..*gift }).collect()
}
