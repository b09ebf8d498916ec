//! Division of amounts, exact to the base unit.

/// No amount and no sum of weights here is larger: the steps of a division then fit into 128 bits.
pub(crate) const MAX_WHOLE: u128 = 1 << 126;

/// `amount` in proportion to `parts`, whole: what rounding down leaves goes, one base unit each, to the largest
/// remainders, and among equal ones to the first (Hamilton's method). No part above 0: nobody gets anything.
pub(crate) fn in_proportion(amount: u128, parts: &[u128]) -> Vec<u128> {
    let whole: u128 = parts.iter().sum();
    if whole == 0 {
        return vec![0; parts.len()];
    }
    let divided = parts.iter().map(|part| part_of(amount, *part, whole));
    let (mut amounts, remainders): (Vec<u128>, Vec<u128>) = divided.unzip();
    let mut left = amount - amounts.iter().sum::<u128>();
    let mut rows: Vec<usize> = (0..parts.len()).collect();
    rows.sort_by(|a, b| remainders[*b].cmp(&remainders[*a]));
    // The remainders sum to `left` wholes and each is less than one, so there are more of them than `left`.
    for row in rows {
        if left == 0 {
            break;
        }
        amounts[row] += 1;
        left -= 1;
    }
    amounts
}

/// `amount * part / whole`: the quotient and the remainder. `part` is at most `whole`, `whole` above 0 and at most
/// [`MAX_WHOLE`].
///
/// The product has up to 254 bits, so it is not made: the amount's bits are brought down one by one, as in division
/// by hand.
pub(crate) fn part_of(amount: u128, part: u128, whole: u128) -> (u128, u128) {
    debug_assert!(part <= whole && 0 < whole && whole <= MAX_WHOLE);
    let (mut quotient, mut remainder) = (0_u128, 0_u128);
    for bit in (0..u128::BITS - amount.leading_zeros()).rev() {
        quotient *= 2;
        remainder *= 2;
        if (amount >> bit) & 1 == 1 {
            remainder += part;
        }
        while remainder >= whole {
            remainder -= whole;
            quotient += 1;
        }
    }
    (quotient, remainder)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_numbers_divide() {
        assert_eq!(part_of(MAX_WHOLE, MAX_WHOLE, MAX_WHOLE), (MAX_WHOLE, 0));
        assert_eq!(part_of(MAX_WHOLE, MAX_WHOLE - 1, MAX_WHOLE), (MAX_WHOLE - 1, 0));
        assert_eq!(part_of(u128::MAX, 1, 3), (u128::MAX / 3, 0));
    }

    proptest! {
        #[test]
        fn part_of_is_the_quotient_and_the_remainder(amount: u64, a in 0..1_u64 << 63, b in 1..1_u64 << 63) {
            let (amount, part, whole) = (u128::from(amount), u128::from(a.min(b)), u128::from(a.max(b)));
            prop_assert_eq!(part_of(amount, part, whole), (amount * part / whole, amount * part % whole));
        }

        #[test]
        fn everything_is_divided_and_nobody_is_a_unit_off(
            amount: u64,
            parts in proptest::collection::vec(0..1_u64 << 40, 1..20),
        ) {
            let parts: Vec<u128> = parts.into_iter().map(u128::from).collect();
            let whole: u128 = parts.iter().sum();
            prop_assume!(whole > 0);
            let amounts = in_proportion(amount.into(), &parts);
            prop_assert_eq!(amounts.iter().sum::<u128>(), u128::from(amount));
            for (part, got) in parts.iter().zip(amounts) {
                let exact = u128::from(amount) * part / whole;
                prop_assert!(got == exact || got == exact + 1 && *part > 0);
            }
        }
    }
}
