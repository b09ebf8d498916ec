//! The most and the least that a payee gets, and what becomes of the rest.
//!
//! Every function takes scores of any scale, finite and 0 or more (others count as 0), one per payee, and gives
//! amounts in the unit of the pool. A score of 0 gets 0.

use alloc::vec::Vec;

/// Divides a pool in proportion to scores, nobody above `max_share` of it (0 to 1). What a capped payee leaves goes
/// to the others in proportion to their scores, until nobody is above the cap or everyone is at it; in the latter
/// case part of the pool is left over.
///
/// The result does not depend on the order of the payees. It is the "water-filling" solution, the one allocation
/// under the cap in which two uncapped payees stand in the proportion of their scores; see D. Bertsekas, R.
/// Gallager, "Data Networks", 2nd edition, section 6.5.2 (max-min fairness, weighted).
///
/// ```
/// use apportion_guest::limits::capped;
/// assert_eq!(capped(&[6.0, 2.0, 2.0], 100.0, 0.5), [50.0, 25.0, 25.0]);
/// assert_eq!(capped(&[6.0, 2.0], 100.0, 0.25), [25.0, 25.0]);
/// ```
pub fn capped(scores: &[f64], pool: f64, max_share: f64) -> Vec<f64> {
    let cap = max_share * pool;
    let order = descending(scores);
    let mut scores_left: f64 = order.iter().rev().map(|row| scores[*row]).sum();
    let mut pool_left = pool;
    let mut amounts = alloc::vec![0.0; scores.len()];
    let mut rest = order.as_slice();
    // In descending order, the first who is not above the cap ends the capping: all after have less.
    while let [row, others @ ..] = rest {
        if scores[*row] / scores_left * pool_left <= cap {
            break;
        }
        amounts[*row] = cap;
        pool_left -= cap;
        scores_left -= scores[*row];
        rest = others;
    }
    // Summed anew: subtracting left the rounding of the giants in the sum.
    let scores_left: f64 = rest.iter().rev().map(|row| scores[*row]).sum();
    for row in rest {
        amounts[*row] = scores[*row] / scores_left * pool_left;
    }
    amounts
}

/// Scores with those put to 0 whose payee would get less than `min_amount` of `pool`: payouts that cost more to make
/// than they are worth. The smallest goes first, and what it leaves raises the others, so that as many as possible
/// stay; payees of equal scores stay or go together.
///
/// ```
/// use apportion_guest::limits::without_dust;
/// // 11 and 9 of 100 are below 12, but with the 9 gone the 11 stands for 12.09.
/// assert_eq!(without_dust(&[80.0, 11.0, 9.0], 100.0, 12.0), [80.0, 11.0, 0.0]);
/// assert_eq!(without_dust(&[1.0, 1.0], 100.0, 60.0), [0.0, 0.0]);
/// ```
pub fn without_dust(scores: &[f64], pool: f64, min_amount: f64) -> Vec<f64> {
    let order = descending(scores);
    let mut kept = alloc::vec![0.0; scores.len()];
    // The longest prefix of the descending order whose smallest still gets the minimum. Sums from the front, so that
    // the sum over a prefix does not depend on who was dropped.
    let (mut total, mut length) = (0.0, 0);
    for (place, row) in order.iter().enumerate() {
        total += scores[*row];
        let last_of_equals = order.get(place + 1).is_none_or(|next| scores[*next] < scores[*row]);
        if last_of_equals && scores[*row] / total * pool >= min_amount {
            length = place + 1;
        }
    }
    for row in order.iter().take(length) {
        kept[*row] = scores[*row];
    }
    kept
}

/// Divides a pool as Optimism's Retro Funding does: a maximum share, a minimum amount, and two passes from the
/// largest score down.
///
/// A pass gives each payee, from the largest score down, its part of what is left: min(score / scores left * balance
/// left, `max_share` * pool). Then amounts below `min_amount` become 0, and a second pass, with the first amounts as
/// scores, divides among the payees below the cap what the capped ones leave of the pool; those set to 0 stay 0. The
/// second pass may lift a payee to the cap, and then part of the pool is left over.
///
/// Equal scores keep their order, which matters only to the last bits.
///
/// Source: the allocation of `ethereum-optimism/Retro-Funding`, season 7, without its rounding to two decimals.
///
/// ```
/// use apportion_guest::limits::in_descending_passes;
/// // The first goes to the cap of 32; of the other 32 the last would get 8, which is below the minimum of 10.
/// let amounts = in_descending_passes(&[32.0, 6.0, 6.0, 4.0], 64.0, 0.5, 10.0);
/// assert_eq!(amounts, [32.0, 16.0, 16.0, 0.0]);
/// ```
pub fn in_descending_passes(scores: &[f64], pool: f64, max_share: f64, min_amount: f64) -> Vec<f64> {
    let cap = max_share * pool;
    let mut amounts = descending_pass(scores, pool, cap);
    for amount in &mut amounts {
        if *amount < min_amount {
            *amount = 0.0;
        }
    }
    let at_cap = |amount: &f64| *amount >= cap;
    let taken: f64 = amounts.iter().copied().filter(at_cap).sum();
    let open: Vec<f64> = amounts.iter().map(|amount| if at_cap(amount) { 0.0 } else { *amount }).collect();
    let again = descending_pass(&open, pool - taken, cap);
    for (amount, again) in amounts.iter_mut().zip(again) {
        if !at_cap(amount) {
            *amount = again;
        }
    }
    amounts
}

fn descending_pass(scores: &[f64], mut balance: f64, cap: f64) -> Vec<f64> {
    let order = descending(scores);
    let mut amounts = alloc::vec![0.0; scores.len()];
    let mut left: f64 = order.iter().map(|row| scores[*row]).sum();
    for row in order {
        let score = scores[row];
        // Subtracting leaves rounding in both, so the last in the row may ask for a hair more than is there, or find
        // nothing left to divide by.
        let amount = if left > 0.0 { (score / left * balance).min(cap).min(balance).max(0.0) } else { 0.0 };
        amounts[row] = amount;
        balance -= amount;
        left -= score;
    }
    amounts
}

/// The rows of positive scores, from the largest down; equal ones in their order.
fn descending(scores: &[f64]) -> Vec<usize> {
    let positive = |row: &usize| scores[*row] > 0.0 && scores[*row].is_finite();
    let mut rows: Vec<usize> = (0..scores.len()).filter(positive).collect();
    rows.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    rows
}
