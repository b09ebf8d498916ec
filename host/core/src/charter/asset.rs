//! The asset that a charter divides, and what becomes of the history where the ledger had another one before.
//!
//! Amounts of two assets have no sum, so a ledger has one asset with its decimals. A charter that names another one
//! decides the change.

use serde::{Deserialize, Serialize};

use super::error::{CharterError, wrong};
use crate::money::{Asset, base_units};

/// The asset of the epochs that a charter divides.
///
/// Where the epochs settled before have another asset or other decimals, it says what happens to what policies see of
/// them, at the first epoch that is settled under the charter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetTerms {
    /// The symbol, as [`Asset::new`] takes it.
    pub symbol: String,
    /// The decimals, as [`Asset::new`] takes them.
    pub decimals: u32,
    /// What happens to the amounts that payees were paid before.
    pub paid: PaidChange,
    /// What happens to what policies handed over.
    pub carry: CarryChange,
}

/// What happens to the amounts that payees were paid in another asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PaidChange {
    /// Policies see nobody as paid before.
    Reset,
    /// Each payee's sum is multiplied by the ratio and rounded down to a base unit.
    Convert(Ratio),
}

/// What happens to what policies handed over in another asset. The host cannot read it, so it cannot convert it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CarryChange {
    /// Policies begin as at a first epoch.
    Reset,
    /// Policies go on with it: right where it holds no amounts.
    Keep,
}

/// Base units of the new asset for base units of the old one, in lowest terms: `numerator / denominator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ratio {
    /// 1 to 2^128 - 1.
    #[serde(with = "base_units")]
    pub numerator: u128,
    /// 1 to 2^128 - 1.
    #[serde(with = "base_units")]
    pub denominator: u128,
}

impl AssetTerms {
    pub(super) fn check(&self) -> Result<(), CharterError> {
        Asset::new(&self.symbol, self.decimals).map_err(|error| wrong("asset", error.to_string()))?;
        match self.paid {
            PaidChange::Reset => Ok(()),
            PaidChange::Convert(ratio) => ratio.check(),
        }
    }

    /// Whether it is the asset of the terms.
    pub fn is(&self, asset: &Asset) -> bool {
        (self.symbol.as_str(), self.decimals) == (asset.symbol(), asset.decimals())
    }
}

impl Ratio {
    fn check(&self) -> Result<(), CharterError> {
        let Ratio { numerator, denominator } = *self;
        if numerator == 0 || denominator == 0 {
            return Err(wrong("asset", "its ratio has a 0"));
        }
        match greatest_common_divisor(numerator, denominator) {
            1 => Ok(()),
            divisor => Err(wrong(
                "asset",
                format!(
                    "its ratio is not in lowest terms: write {} / {}",
                    numerator / divisor,
                    denominator / divisor
                ),
            )),
        }
    }

    /// The product rounded down; none if it is more than 128 bits hold.
    pub fn convert(&self, amount: u128) -> Option<u128> {
        let Ratio { numerator, denominator } = *self;
        let whole = amount.checked_div(denominator)?.checked_mul(numerator)?;
        whole.checked_add(fraction(amount % denominator, numerator, denominator))
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// `rest * numerator / denominator`, rounded down, for `rest < denominator`: long division, a bit at a time, because the
/// product has up to 256 bits. The quotient is less than the numerator.
fn fraction(rest: u128, numerator: u128, denominator: u128) -> u128 {
    let (mut quotient, mut left) = (0, 0);
    // Adds two numbers below the denominator; what is over it is one more in the quotient.
    let add = |left: u128, more: u128| {
        let room = denominator - left;
        if more >= room { (more - room, 1) } else { (left + more, 0) }
    };
    for bit in (0..u128::BITS).rev() {
        let (doubled, over) = add(left, left);
        quotient = quotient * 2 + over;
        left = doubled;
        if numerator >> bit & 1 == 1 {
            let (sum, over) = add(left, rest);
            quotient += over;
            left = sum;
        }
    }
    quotient
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ratios_in_lowest_terms_are_taken() {
        let check = |numerator, denominator| Ratio { numerator, denominator }.check();
        assert!(check(1, 1).is_ok() && check(u128::MAX, 2).is_ok());
        assert!(check(0, 1).is_err() && check(1, 0).is_err());
        let error = check(108, 100).unwrap_err().to_string();
        assert!(error.contains("write 27 / 25"), "{error}");
    }

    #[test]
    fn amounts_are_converted_rounding_down() {
        let convert = |amount, numerator, denominator| Ratio { numerator, denominator }.convert(amount);
        assert_eq!(convert(100, 27, 25), Some(108));
        assert_eq!(convert(1, 27, 25), Some(1));
        assert_eq!(convert(24, 1, 25), Some(0));
        assert_eq!(convert(u128::MAX, u128::MAX, u128::MAX - 1), None);
        assert_eq!(convert(u128::MAX - 2, u128::MAX, u128::MAX - 1), Some(u128::MAX - 2));
        assert_eq!(convert(u128::MAX, 1, 1), Some(u128::MAX));
    }

    proptest! {
        #[test]
        fn small_numbers_are_converted_as_by_hand(amount: u64, numerator: u64, denominator in 1..u64::MAX) {
            let (numerator, denominator) = (u128::from(numerator), u128::from(denominator));
            let converted = Ratio { numerator, denominator }.convert(u128::from(amount));
            prop_assert_eq!(converted, Some(u128::from(amount) * numerator / denominator));
        }

        #[test]
        fn large_numbers_divide_back(amount: u128, numerator in 1..=u128::MAX) {
            let there = Ratio { numerator: 1, denominator: numerator }.convert(amount).unwrap();
            let back = Ratio { numerator, denominator: 1 }.convert(there).unwrap();
            prop_assert!(back <= amount && amount - back < numerator);
        }
    }
}
