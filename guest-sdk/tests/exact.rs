//! Exact division, against the processor's and by its laws.

#![cfg(feature = "constraints")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::exact::{MAX_WHOLE, in_proportion, portion};
use proptest::prelude::*;

#[test]
fn the_largest_numbers_divide() {
    assert_eq!(portion(MAX_WHOLE, MAX_WHOLE - 1, MAX_WHOLE), Some((MAX_WHOLE - 1, 0)));
    assert_eq!(portion(u128::MAX, MAX_WHOLE, MAX_WHOLE), Some((u128::MAX, 0)));
    assert_eq!(portion(1, 1, MAX_WHOLE + 1), None);
    assert_eq!(in_proportion(u128::MAX, &[1, MAX_WHOLE]), None);
    assert_eq!(in_proportion(1, &[u128::MAX, u128::MAX]), None);
}

proptest! {
    /// The product is too long for 128 bits; by hand it is divided in two steps that are not.
    #[test]
    fn a_portion_is_the_quotient_and_the_remainder(amount in 1_u64.., a in 1..1_u64 << 62, b in 1..1_u64 << 62) {
        let (part, whole) = (u128::from(a.min(b)), u128::from(a.max(b)));
        let upper = u128::from(amount) * part;
        let lower = (upper % whole) << 64;
        let expected = (((upper / whole) << 64) + lower / whole, lower % whole);
        prop_assert_eq!(portion(u128::from(amount) << 64, part, whole), Some(expected));
    }

    #[test]
    fn everything_is_divided_and_nobody_is_a_unit_off(
        amount: u64,
        parts in prop::collection::vec(0..1_u64 << 40, 1..20),
    ) {
        let parts: Vec<u128> = parts.into_iter().map(u128::from).collect();
        let whole: u128 = parts.iter().sum();
        prop_assume!(whole > 0);
        let amounts = in_proportion(amount.into(), &parts).unwrap();
        prop_assert_eq!(amounts.iter().sum::<u128>(), u128::from(amount));
        for (part, got) in parts.iter().zip(amounts) {
            let exact = u128::from(amount) * part / whole;
            prop_assert!(got == exact || got == exact + 1 && *part > 0);
        }
    }
}
