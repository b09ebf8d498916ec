//! Products and quotients of whole numbers, exact to the unit.

/// No divisor is larger: the steps of a division then fit into 128 bits.
pub(crate) const MAX_DIVISOR: u128 = 1 << 126;

/// `a * b / c`, rounded down, as if in unbounded integers. None for a `c` that is 0 or above [`MAX_DIVISOR`], and for a
/// quotient of more than 128 bits.
///
/// The product has up to 256 bits, so it is not made: the bits of `a` are brought down one by one, as in division by
/// hand.
pub(crate) fn product_over(a: u128, b: u128, c: u128) -> Option<u128> {
    if c == 0 || c > MAX_DIVISOR {
        return None;
    }
    let (whole, part) = (b / c, b % c);
    let (mut quotient, mut remainder) = (0_u128, 0_u128);
    for bit in (0..u128::BITS - a.leading_zeros()).rev() {
        quotient = quotient.checked_mul(2)?;
        remainder *= 2;
        if (a >> bit) & 1 == 1 {
            remainder += part;
        }
        quotient = quotient.checked_add(remainder / c)?;
        remainder %= c;
    }
    quotient.checked_add(a.checked_mul(whole)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_numbers_divide() {
        assert_eq!(product_over(u128::MAX, MAX_DIVISOR, MAX_DIVISOR), Some(u128::MAX));
        assert_eq!(product_over(u128::MAX, MAX_DIVISOR - 1, MAX_DIVISOR), Some(u128::MAX - 4));
        assert_eq!(product_over(u128::MAX, 2, 1), None);
        assert_eq!(product_over(u128::MAX, u128::MAX, MAX_DIVISOR), None);
        assert_eq!(product_over(1, 1, 0), None);
        assert_eq!(product_over(1, 1, MAX_DIVISOR + 1), None);
    }

    proptest! {
        #[test]
        fn small_ones_are_as_the_machine_says(a: u64, b: u64, c in 1..u64::MAX) {
            let (a, b, c) = (u128::from(a), u128::from(b), u128::from(c));
            prop_assert_eq!(product_over(a, b, c), Some(a * b / c));
        }

        /// What is multiplied and divided by the same number comes back, through products of up to 256 bits.
        #[test]
        fn large_ones_come_back(a: u128, c in 1..MAX_DIVISOR, less: u128) {
            prop_assert_eq!(product_over(a, c, c), Some(a));
            let b = less % c;
            let quotient = product_over(a, b, c).unwrap();
            prop_assert!(quotient <= a);
            prop_assert_eq!(product_over(b, a, c), Some(quotient));
        }
    }
}
