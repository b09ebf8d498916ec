//! Whole units divided without a remainder and without rounding errors.
//!
//! What [`limits`](crate::limits) does in floating point for formulas that are published so, the functions here and
//! [`constraints`](crate::constraints) do in base units.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// No sum of parts is larger: the steps of a division then fit into 128 bits.
pub const MAX_WHOLE: u128 = 1 << 126;

/// `amount` in proportion to `parts`, whole: what rounding down leaves goes, one unit each, to the largest remainders,
/// and among equal ones to the first. This is Hamilton's method, by which the engine itself divides a pool by weights.
///
/// None where the parts sum to 0 or to more than [`MAX_WHOLE`].
///
/// ```
/// use apportion_guest::exact::in_proportion;
/// assert_eq!(in_proportion(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
/// assert_eq!(in_proportion(100, &[0, 0]), None);
/// ```
pub fn in_proportion(amount: u128, parts: &[u128]) -> Option<Vec<u128>> {
    let whole = parts.iter().try_fold(0_u128, |sum, part| sum.checked_add(*part))?;
    let mut amounts = Vec::with_capacity(parts.len());
    let mut remainders = Vec::with_capacity(parts.len());
    for part in parts {
        let (quotient, remainder) = portion(amount, *part, whole)?;
        amounts.push(quotient);
        remainders.push(remainder);
    }
    // The remainders sum to `left` wholes and each is less than one, so there are more of them than `left`.
    let left = amount - amounts.iter().sum::<u128>();
    let mut rows: Vec<usize> = (0..parts.len()).collect();
    rows.sort_by(|a, b| remainders[*b].cmp(&remainders[*a]));
    for (row, _) in rows.into_iter().zip(0..left) {
        amounts[row] += 1;
    }
    Some(amounts)
}

/// `amount * part / whole`: the quotient, rounded down, and the remainder. None unless `part` is at most `whole` and
/// `whole` above 0 and at most [`MAX_WHOLE`].
///
/// ```
/// use apportion_guest::exact::portion;
/// assert_eq!(portion(100, 1, 3), Some((33, 1)));
/// assert_eq!(portion(u128::MAX, 7, 7), Some((u128::MAX, 0)));
/// assert_eq!(portion(1, 2, 1), None);
/// ```
pub fn portion(amount: u128, part: u128, whole: u128) -> Option<(u128, u128)> {
    if part > whole || whole == 0 || whole > MAX_WHOLE {
        return None;
    }
    if let Some(product) = amount.checked_mul(part) {
        return Some((product / whole, product % whole));
    }
    // The product has up to 254 bits, so it is not made: the amount's bits are brought down one by one, as in division
    // by hand.
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
    Some((quotient, remainder))
}

/// Compares `a * b` with `c * d`, which may have 256 bits.
pub(crate) fn compare_products((a, b): (u128, u128), (c, d): (u128, u128)) -> Ordering {
    product(a, b).cmp(&product(c, d))
}

/// The upper and the lower 128 bits of `a * b`, by their halves.
fn product(a: u128, b: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a_high, a_low) = (a >> 64, a & HALF);
    let (b_high, b_low) = (b >> 64, b & HALF);
    let low = a_low * b_low;
    let middle = a_high * b_low + (low >> 64);
    let cross = a_low * b_high + (middle & HALF);
    (a_high * b_high + (middle >> 64) + (cross >> 64), cross << 64 | low & HALF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_numbers_multiply() {
        assert_eq!(product(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(product(1 << 127, 6), (3, 0));
        assert_eq!(compare_products((u128::MAX, 1 << 64), (1 << 64, u128::MAX)), Ordering::Equal);
        assert_eq!(compare_products((u128::MAX, 3), (u128::MAX, 2)), Ordering::Greater);
        assert_eq!(compare_products((1 << 127, 2), (u128::MAX, 1)), Ordering::Greater);
    }
}
