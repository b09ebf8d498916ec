//! Weights and a pool -> payouts, exactly: the method of largest remainders (Hamilton, Hare-Niemeyer).
//!
//! Every claimant first gets `floor(pool * weight / total)`. Fewer units than claimants are left over; they go one
//! each to the largest remainders, ties to the claimant that comes first. So the sum is the pool, and nobody is a
//! unit or more away from the exact quota. Balinski and Young, *Fair Representation* (1982), is the reference.
//!
//! Plain integers throughout: small enough to prove by reading.

/// A pool divided: what each payee gets and what stays, together the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apportionment {
    /// Base units for each payee, in the order of the weights.
    pub amounts: Vec<u128>,
    /// Base units that stay in the treasury.
    pub retained: u128,
}

/// Why a pool cannot be divided as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApportionmentError {
    /// Fixed amounts that add up to more than there is.
    #[error("the amounts together are more than the pool of {pool} base units")]
    MoreThanPool {
        /// The pool in base units.
        pool: u128,
    },
    /// More weights than 32 bits count, so that their sum could leave the proven range.
    #[error("{0} weights are more than 2^32 - 1")]
    TooManyWeights(usize),
}

/// Divides `pool` in proportion to `shares` and to the treasury's weight `retained`.
///
/// The treasury takes part like a payee that comes last. If every weight is 0 the whole pool is retained.
///
/// ```
/// let divided = apportion_core::apportionment::by_weight(100, &[1, 1, 1], 0)?;
/// assert_eq!((divided.amounts, divided.retained), (vec![34, 33, 33], 0));
/// # Ok::<(), apportion_core::apportionment::ApportionmentError>(())
/// ```
pub fn by_weight(pool: u128, shares: &[u64], retained: u64) -> Result<Apportionment, ApportionmentError> {
    if u32::try_from(shares.len()).is_err() {
        return Err(ApportionmentError::TooManyWeights(shares.len()));
    }
    // At most 2^32 weights below 2^64: the sum is below 2^96.
    let total = shares.iter().map(|&share| u128::from(share)).sum::<u128>() + u128::from(retained);
    if total == 0 {
        return Ok(Apportionment { amounts: vec![0; shares.len()], retained: pool });
    }
    let claims = shares.iter().chain(std::iter::once(&retained));
    let (mut amounts, remainders): (Vec<u128>, Vec<u128>) =
        claims.map(|&weight| quota(pool, weight, total)).unzip();

    // The floors fall short of the pool by less than one unit a claimant, so `left` is less than their number.
    let left = pool - amounts.iter().sum::<u128>();
    let mut order: Vec<usize> = (0..amounts.len()).collect();
    order.sort_by(|&a, &b| remainders[b].cmp(&remainders[a])); // stable: ties stay in order
    for (&claimant, _) in order.iter().zip(0..left) {
        amounts[claimant] += 1;
    }
    let retained = amounts.pop().unwrap_or(0);
    Ok(whole(pool, amounts, retained))
}

/// Pays fixed `amounts`; what they leave of `pool` is retained.
///
/// ```
/// use apportion_core::apportionment::by_amount;
/// assert_eq!(by_amount(100, vec![70, 20])?.retained, 10);
/// assert!(by_amount(100, vec![70, 31]).is_err());
/// # Ok::<(), apportion_core::apportionment::ApportionmentError>(())
/// ```
pub fn by_amount(pool: u128, amounts: Vec<u128>) -> Result<Apportionment, ApportionmentError> {
    let left = amounts.iter().try_fold(pool, |left, &amount| left.checked_sub(amount));
    let retained = left.ok_or(ApportionmentError::MoreThanPool { pool })?;
    Ok(whole(pool, amounts, retained))
}

/// `pool * weight` divided by `total`: quotient and remainder, for `weight <= total < 2^96`.
///
/// The product may need 192 bits, so it is taken apart: the pool by `total`, then the weight into halves of 32 bits.
/// Each partial product is below 2^128 because what is left of the pool is below `total`.
fn quota(pool: u128, weight: u64, total: u128) -> (u128, u128) {
    let (pool_whole, pool_rest) = (pool / total, pool % total);
    let (high, low) = (u128::from(weight >> 32), u128::from(weight & 0xffff_ffff));

    let of_high = pool_rest * high;
    let high_rest = (of_high % total) << 32;
    let of_low = pool_rest * low;
    let rest = high_rest % total + of_low % total;

    let quotient = pool_whole * u128::from(weight)
        + ((of_high / total) << 32)
        + high_rest / total
        + of_low / total
        + rest / total;
    (quotient, rest % total)
}

/// The sum is asserted where it is made: nothing was minted and nothing lost.
fn whole(pool: u128, amounts: Vec<u128>, retained: u128) -> Apportionment {
    assert_eq!(amounts.iter().sum::<u128>() + retained, pool, "payouts and what is retained are the pool");
    Apportionment { amounts, retained }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Long division bit by bit: the textbook, to hold `quota` against.
    fn schoolbook(pool: u128, weight: u64, total: u128) -> (u128, u128) {
        let (mut quotient, mut rest) = (0, 0);
        for bit in (0..128).rev() {
            // (quotient, rest) := 2 * (quotient, rest) + bit of the pool, times the weight, kept below the total
            let mut step = 2 * rest + if pool >> bit & 1 == 1 { u128::from(weight) } else { 0 };
            quotient *= 2;
            while step >= total {
                (step, quotient) = (step - total, quotient + 1);
            }
            rest = step;
        }
        (quotient, rest)
    }

    /// Every way to hand out the units, to find the one whose largest distance from the quotas is smallest.
    fn brute_force_distance(pool: u128, weights: &[u64]) -> Option<u128> {
        fn search(
            left: u128,
            weights: &[u64],
            pool: u128,
            total: u128,
            worst: u128,
            best: &mut Option<u128>,
        ) {
            let Some((&weight, rest)) = weights.split_first() else {
                if left == 0 && best.is_none_or(|known| worst < known) {
                    *best = Some(worst);
                }
                return;
            };
            for amount in 0..=left {
                let distance = (amount * total).abs_diff(pool * u128::from(weight));
                search(left - amount, rest, pool, total, worst.max(distance), best);
            }
        }
        let mut best = None;
        let total = weights.iter().map(|&weight| u128::from(weight)).sum();
        search(pool, weights, pool, total, 0, &mut best);
        best
    }

    /// Weights of every size: small ones make ties and zeros, large ones make long products.
    fn weight() -> impl Strategy<Value = u64> {
        prop_oneof![0..4_u64, any::<u64>(), (0..64_u32).prop_map(|bits| u64::MAX >> bits)]
    }
    fn pool() -> impl Strategy<Value = u128> {
        prop_oneof![0..100_u128, any::<u128>(), (0..128_u32).prop_map(|bits| u128::MAX >> bits)]
    }
    fn claimants() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(weight(), 0..40)
    }

    proptest! {
        #[test]
        fn the_quota_is_the_textbooks(pool in pool(), weight in weight(), others in any::<u64>(), count in 0..=u32::MAX) {
            let total = u128::from(weight) + u128::from(others) * u128::from(count);
            prop_assume!(total > 0);
            prop_assert_eq!(quota(pool, weight, total), schoolbook(pool, weight, total));
        }

        #[test]
        fn the_sum_is_the_pool_and_nobody_is_a_unit_from_the_quota(pool in pool(), shares in claimants(), retained in weight()) {
            let divided = by_weight(pool, &shares, retained).unwrap();
            prop_assert_eq!(divided.amounts.iter().sum::<u128>() + divided.retained, pool);
            let total = shares.iter().map(|&share| u128::from(share)).sum::<u128>() + u128::from(retained);
            if total == 0 {
                prop_assert_eq!(divided.retained, pool);
                return Ok(());
            }
            let all = divided.amounts.iter().chain([&divided.retained]);
            for (&amount, &weight) in all.zip(shares.iter().chain([&retained])) {
                let (floor, rest) = quota(pool, weight, total);
                prop_assert!(amount == floor || (amount == floor + 1 && rest > 0));
            }
        }

        /// Anonymity: who is named first matters for nothing but a tie for a single unit.
        #[test]
        fn order_moves_at_most_a_tied_unit(pool in pool(), shares in claimants().prop_shuffle(), turn in any::<prop::sample::Index>()) {
            prop_assume!(!shares.is_empty());
            let turn = turn.index(shares.len());
            let mut turned = shares.clone();
            turned.rotate_left(turn);
            let mut before = by_weight(pool, &shares, 0).unwrap().amounts;
            before.rotate_left(turn);
            let after = by_weight(pool, &turned, 0).unwrap().amounts;
            for ((&before, &after), weight) in before.iter().zip(&after).zip(&turned) {
                prop_assert!(before.abs_diff(after) <= 1);
                let tied = turned.iter().filter(|&other| other == weight).count() > 1
                    || turned.iter().any(|&other| {
                        let total = turned.iter().map(|&share| u128::from(share)).sum();
                        other != *weight && quota(pool, other, total).1 == quota(pool, *weight, total).1
                    });
                prop_assert!(before == after || tied);
            }
        }

        #[test]
        fn a_larger_weight_never_gets_less(pool in pool(), shares in claimants()) {
            let amounts = by_weight(pool, &shares, 0).unwrap().amounts;
            for (a, share_a) in amounts.iter().zip(&shares) {
                for (b, share_b) in amounts.iter().zip(&shares) {
                    prop_assert!(share_a <= share_b || a >= b);
                }
            }
        }

        #[test]
        fn no_division_of_small_pools_is_closer_to_the_quotas(pool in 0..12_u128, shares in prop::collection::vec(0..9_u64, 1..4)) {
            prop_assume!(shares.iter().any(|&share| share > 0));
            let total = shares.iter().map(|&share| u128::from(share)).sum::<u128>();
            let amounts = by_weight(pool, &shares, 0).unwrap().amounts;
            let worst = amounts.iter().zip(&shares).map(|(amount, &share)| (amount * total).abs_diff(pool * u128::from(share))).max();
            prop_assert_eq!(worst, brute_force_distance(pool, &shares));
        }

        #[test]
        fn fixed_amounts_are_paid_or_refused_whole(pool in pool(), amounts in prop::collection::vec(pool(), 0..6)) {
            let sum = amounts.iter().try_fold(0_u128, |sum, &amount| sum.checked_add(amount));
            match by_amount(pool, amounts.clone()) {
                Ok(paid) => prop_assert_eq!((paid.amounts, Some(pool - paid.retained)), (amounts, sum)),
                Err(_) => prop_assert!(sum.is_none_or(|sum| sum > pool)),
            }
        }
    }

    #[test]
    fn the_extremes_are_exact() {
        let max = by_weight(u128::MAX, &[u64::MAX; 3], u64::MAX).unwrap();
        assert_eq!(max.amounts, vec![u128::MAX / 4 + 1; 3]);
        assert_eq!(max.retained, u128::MAX / 4);
        assert_eq!(by_weight(u128::MAX, &[u64::MAX], 0).unwrap().amounts, [u128::MAX]);
        assert_eq!(by_weight(7, &[], 0).unwrap().retained, 7);
        assert_eq!(by_weight(7, &[0, 0], 0).unwrap(), Apportionment { amounts: vec![0, 0], retained: 7 });
        assert_eq!(by_weight(0, &[3, 4], 5).unwrap(), Apportionment { amounts: vec![0, 0], retained: 0 });
        assert_eq!(by_weight(1, &[1, 1], 1).unwrap().amounts, [1, 0]);
    }
}
