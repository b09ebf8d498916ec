//! How amounts are spread over payees, and how alike two orders of payees are.
//!
//! Floating-point numbers made in a fixed order, by additions, multiplications, divisions and square roots alone, so that they
//! are the same everywhere.

use std::cmp::Reverse;

use serde::Serialize;

/// How the payees fare together. What has no value (nobody was paid) is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Payees that would have got more.
    pub gain: usize,
    /// Payees that would have got less.
    pub lose: usize,
    /// Payees that got something and would have got the same.
    pub same: usize,
    /// Payees that get nothing either way; the spread and the ranks below leave them out.
    pub unpaid: usize,
    /// How the amounts were spread.
    pub original: Spread,
    /// How they would have been.
    pub candidate: Spread,
    /// How alike the order of payees is, -1 to 1: Spearman's coefficient, which is Pearson's of the ranks, ties given
    /// their average rank (Spearman 1904; Kendall and Gibbons, Rank Correlation Methods, chapter 3). None where all
    /// payees are level on a side.
    pub rank_correlation: Option<f64>,
}

/// How amounts are spread over everyone who gets something on either side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// How many of them get something on this side.
    pub paid: usize,
    /// Gini's coefficient, 0 (all the same) to 1 (one has all): `2 * sum(i * x_i) / (n * sum(x_i)) - (n + 1) / n` with
    /// amounts `x_1 <= ... <= x_n` (Sen, On Economic Inequality, 1973, chapter 2).
    pub gini: Option<f64>,
    /// What part of all the largest amount is, 0 to 1.
    pub top_1: Option<f64>,
    /// What part the five largest are together.
    pub top_5: Option<f64>,
    /// What part the ten largest are together.
    pub top_10: Option<f64>,
    /// How few payees hold half of all together, or more.
    pub half: usize,
}

/// From each payee's two amounts, in any order.
pub(super) fn statistics(amounts: &[(u128, u128)]) -> Statistics {
    let paid: Vec<(u128, u128)> = amounts.iter().copied().filter(|&pair| pair != (0, 0)).collect();
    let count = |which: fn(&(u128, u128)) -> bool| paid.iter().filter(|pair| which(pair)).count();
    let (original, candidate): (Vec<u128>, Vec<u128>) = paid.iter().copied().unzip();
    Statistics {
        gain: count(|(original, candidate)| candidate > original),
        lose: count(|(original, candidate)| candidate < original),
        same: count(|(original, candidate)| candidate == original),
        unpaid: amounts.len() - paid.len(),
        rank_correlation: rank_correlation(&original, &candidate),
        original: spread(original),
        candidate: spread(candidate),
    }
}

/// The amounts' sum fits 128 bits: it was made before.
fn spread(mut amounts: Vec<u128>) -> Spread {
    amounts.sort_unstable();
    let total: u128 = amounts.iter().sum();
    let top = |count: usize| {
        let sum: u128 = amounts.iter().rev().take(count).sum();
        (total > 0).then(|| sum as f64 / total as f64)
    };
    let mut held = 0;
    let half = amounts.iter().rev().take_while(|amount| {
        let needed = held < total - held;
        held += **amount;
        needed
    });
    let half = half.count();
    Spread {
        paid: amounts.iter().filter(|amount| **amount > 0).count(),
        gini: gini(&amounts, total),
        top_1: top(1),
        top_5: top(5),
        top_10: top(10),
        half,
    }
}

/// Of ascending amounts.
fn gini(amounts: &[u128], total: u128) -> Option<f64> {
    if total == 0 {
        return None;
    }
    let count = amounts.len() as f64;
    let mut weighted = 0.0;
    for (index, amount) in amounts.iter().enumerate() {
        weighted += (index + 1) as f64 * (*amount as f64 / total as f64);
    }
    Some((2.0 * weighted / count - (count + 1.0) / count).clamp(0.0, 1.0))
}

fn rank_correlation(original: &[u128], candidate: &[u128]) -> Option<f64> {
    let (original, candidate) = (ranks(original), ranks(candidate));
    let product = |a: &[i128], b: &[i128]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i128>() as f64;
    let variances = product(&original, &original) * product(&candidate, &candidate);
    // The square root of a rounded square is exact, so that equal orders give exactly 1.
    (variances > 0.0).then(|| (product(&original, &candidate) / variances.sqrt()).clamp(-1.0, 1.0))
}

/// Twice each amount's average rank less twice the mean rank: whole numbers that sum to 0.
fn ranks(amounts: &[u128]) -> Vec<i128> {
    let mut order: Vec<usize> = (0..amounts.len()).collect();
    order.sort_by_key(|&index| Reverse(amounts[index]));
    let mut ranks = vec![0; amounts.len()];
    let mut before = 0;
    for level in order.chunk_by(|&a, &b| amounts[a] == amounts[b]) {
        let rank = 2 * before + level.len() + 1;
        for &index in level {
            ranks[index] = rank as i128 - (amounts.len() as i128 + 1);
        }
        before += level.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn statistics_are_those_worked_out_by_hand() {
        let statistics = statistics(&[(10, 10), (20, 0), (30, 50), (40, 40), (0, 0), (0, 5)]);
        let Statistics { gain, lose, same, unpaid, .. } = statistics;
        assert_eq!((gain, lose, same, unpaid), (2, 1, 2, 1));
        let Spread { paid, gini, top_1, half, .. } = statistics.original;
        // 0, 10, 20, 30, 40: 2 * (20 + 60 + 120 + 200) / (5 * 100) - 6/5 = 0.4; 40 + 30 hold half.
        assert_eq!((paid, top_1, half), (4, Some(0.4), 2));
        assert!((gini.unwrap() - 0.4).abs() < 1e-12);
        // Original ranks 4 3 2 1 5, candidate's 3 5 1 2 4: differences 1 -2 1 -1 1, so 1 - 6 * 8 / 120 = 0.6.
        assert!((statistics.rank_correlation.unwrap() - 0.6).abs() < 1e-12);
        assert_eq!(ranks(&[5, 7, 5]), [1, -2, 1]);
    }

    #[test]
    fn what_has_no_value_is_none() {
        let nobody = statistics(&[(0, 0)]);
        assert_eq!((nobody.original.gini, nobody.original.half, nobody.rank_correlation), (None, 0, None));
        let level = statistics(&[(1, 2), (1, 1)]);
        assert_eq!((level.original.gini, level.rank_correlation), (Some(0.0), None));
    }

    proptest! {
        #[test]
        fn statistics_keep_their_laws(amounts in prop::collection::vec((0..9_u128, any::<u64>().prop_map(u128::from)), 1..40)) {
            let forth = statistics(&amounts);
            let swapped: Vec<_> = amounts.iter().map(|&(a, b)| (b, a)).collect();
            let back = statistics(&swapped);
            prop_assert_eq!((forth.gain, forth.lose, forth.same), (back.lose, back.gain, back.same));
            prop_assert_eq!((forth.original, forth.candidate), (back.candidate, back.original));
            prop_assert_eq!(forth.rank_correlation, back.rank_correlation);
            prop_assert_eq!(forth.gain + forth.lose + forth.same + forth.unpaid, amounts.len());
            let with_itself: Vec<_> = amounts.iter().map(|&(_, b)| (b, b)).collect();
            prop_assert!(statistics(&with_itself).rank_correlation.is_none_or(|r| r == 1.0));
            for spread in [forth.original, forth.candidate] {
                prop_assert!(spread.gini.is_none_or(|gini| (0.0..=1.0).contains(&gini)));
                prop_assert!(spread.top_1 <= spread.top_5 && spread.top_5 <= spread.top_10);
                prop_assert!(spread.half <= spread.paid);
            }
            let mut reversed = amounts.clone();
            reversed.reverse();
            prop_assert_eq!(statistics(&reversed), forth, "the order of payees changes nothing");
        }
    }
}
