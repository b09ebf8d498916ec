//! Money is integers: amounts in base units of an asset, and their spelling for people.

use std::fmt;

use crate::text::escape;

/// What is paid out: a symbol, and how many decimals one whole unit has.
///
/// ```
/// let op = apportion_core::money::Asset::new("OP", 18)?;
/// let amount = op.parse("1300000.25")?;
/// assert_eq!(amount, 1_300_000_250_000_000_000_000_000);
/// assert_eq!(op.format(amount), "1300000.25");
/// # Ok::<(), apportion_core::money::AssetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    symbol: String,
    decimals: u32,
}

/// The most decimals an asset can have: 10^38 still fits an amount.
pub const MAX_DECIMALS: u32 = 38;
const MAX_SYMBOL: usize = 32;

/// Why something is not an asset or an amount of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssetError {
    /// The symbol is empty, too long or has other characters than letters, digits and `. - _ $`.
    #[error("asset symbol `{symbol}` is not 1 to {MAX_SYMBOL} letters, digits or `.-_$`", symbol = escape(.0))]
    Symbol(String),
    /// More decimals than an amount can hold.
    #[error("an asset cannot have {0} decimals: at most {MAX_DECIMALS}")]
    Decimals(u32),
    /// The text is not a plain decimal number.
    #[error("`{}` is not an amount: write digits with at most one `.`, as in `1300000.25`", escape(.0))]
    Amount(String),
    /// More digits after the point than the asset has.
    #[error("`{}` has more decimals than the asset's {decimals}", escape(.text))]
    Precision {
        /// What was given.
        text: String,
        /// The asset's decimals.
        decimals: u32,
    },
    /// The amount does not fit 128 bits of base units.
    #[error("`{}` is more than can be held: at most 2^128 - 1 base units", escape(.0))]
    TooLarge(String),
}

impl Asset {
    /// An asset of this symbol (1 to 32 of `A-Za-z0-9.-_$`), one unit of which is `10^decimals` base units.
    pub fn new(symbol: &str, decimals: u32) -> Result<Asset, AssetError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_$".contains(c);
        if symbol.is_empty() || symbol.len() > MAX_SYMBOL || !symbol.chars().all(plain) {
            return Err(AssetError::Symbol(symbol.chars().take(MAX_SYMBOL).collect()));
        }
        if decimals > MAX_DECIMALS {
            return Err(AssetError::Decimals(decimals));
        }
        Ok(Asset { symbol: symbol.to_owned(), decimals })
    }

    /// The symbol, as in `OP`.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// How many digits stand after the point of a whole unit: 0 to 38.
    pub fn decimals(&self) -> u32 {
        self.decimals
    }

    /// Base units in whole units, exactly, without trailing zeros: `0.25`.
    pub fn format(&self, amount: u128) -> String {
        let one = 10_u128.pow(self.decimals);
        let (whole, part) = (amount / one, amount % one);
        if part == 0 {
            return whole.to_string();
        }
        let width = self.decimals as usize;
        format!("{whole}.{}", format!("{part:0width$}").trim_end_matches('0'))
    }

    /// Base units in whole units with `digits` after the point (or as many as the asset has), rounded half up: for
    /// people, where the exact amount stands elsewhere.
    ///
    /// ```
    /// let op = apportion_core::money::Asset::new("OP", 18)?;
    /// assert_eq!(op.format_rounded(1_234_567_890_000_000_000, 2), "1.23");
    /// # Ok::<(), apportion_core::money::AssetError>(())
    /// ```
    pub fn format_rounded(&self, amount: u128, digits: u32) -> String {
        let digits = digits.min(self.decimals);
        let step = 10_u128.pow(self.decimals - digits);
        // Half of an odd step never occurs: a step is 1 or even.
        let rounded = amount / step + u128::from(amount % step >= step / 2 && step > 1);
        let (one, width) = (10_u128.pow(digits), digits as usize);
        match digits {
            0 => rounded.to_string(),
            _ => format!("{}.{:0width$}", rounded / one, rounded % one),
        }
    }

    /// An amount written in whole units, exactly: digits, with at most one point and no exponent or sign.
    pub fn parse(&self, text: &str) -> Result<u128, AssetError> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(part) || text.ends_with('.') {
            return Err(AssetError::Amount(text.chars().take(80).collect()));
        }
        let part = part.trim_end_matches('0');
        let width = self.decimals as usize;
        if part.len() > width {
            return Err(AssetError::Precision {
                text: text.chars().take(80).collect(),
                decimals: self.decimals,
            });
        }
        let whole = whole.trim_start_matches('0');
        let base_units = format!("{whole}{part:0<width$}");
        let base_units = if base_units.is_empty() { "0" } else { &base_units };
        base_units.parse().map_err(|_| AssetError::TooLarge(text.chars().take(80).collect()))
    }
}

/// An integer amount of an asset in its base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What is divided.
    pub asset: Asset,
    /// How much of it, in base units.
    pub amount: u128,
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.asset.format(self.amount), self.asset.symbol)
    }
}

/// Amounts in JSON: a string of decimal digits in base units, because JSON's numbers are exact only to 2^53.
#[doc(hidden)]
pub mod base_units {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(amount: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(amount)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        let amount: u128 =
            text.parse().map_err(|_| D::Error::custom(format!("`{text}` is not an amount in base units")))?;
        // One amount, one spelling: no sign, no leading zero.
        if amount.to_string() == text {
            Ok(amount)
        } else {
            Err(D::Error::custom(format!("`{text}` is not the plain spelling of an amount")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_exactly_or_refused() {
        let op = Asset::new("OP", 18).unwrap();
        assert_eq!(op.parse("1333333.3333333333").unwrap(), 1_333_333_333_333_333_300_000_000);
        assert_eq!(op.parse("000").unwrap(), 0);
        assert_eq!(Asset::new("EUR", 2).unwrap().parse("1.500").unwrap(), 150);
        assert_eq!(Asset::new("X", 0).unwrap().parse(&u128::MAX.to_string()).unwrap(), u128::MAX);
        for (text, sentence) in [
            ("", "is not an amount"),
            ("-1", "is not an amount"),
            ("1e3", "is not an amount"),
            ("1.", "is not an amount"),
            ("1,5", "is not an amount"),
            ("0.0000000000000000001", "has more decimals than the asset's 18"),
            ("400000000000000000000", "is more than can be held"),
        ] {
            let error = op.parse(text).unwrap_err().to_string();
            assert!(error.contains(sentence), "{text}: {error}");
        }
        assert!(
            Asset::new("O P", 18).is_err() && Asset::new("", 18).is_err() && Asset::new("OP", 39).is_err()
        );
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(amount: u128, decimals in 0..=MAX_DECIMALS) {
            let asset = Asset::new("X", decimals).unwrap();
            prop_assert_eq!(asset.parse(&asset.format(amount)), Ok(amount));
        }
    }
}
