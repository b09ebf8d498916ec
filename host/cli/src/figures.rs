//! Amounts, shares and counts as people read them.

use apportion::compare::Difference;
use apportion::money::Asset;

/// Percent of the pool with two decimals, cut and not rounded, in integers.
pub fn share(amount: u128, pool: u128) -> String {
    if pool == 0 {
        return "-".to_owned();
    }
    // Huge pools lose their last 16 bits first, so that the product stays within 128.
    let shift = if pool >> 112 == 0 { 0 } else { 16 };
    let (amount, pool) = (amount >> shift, pool >> shift);
    let hundredths = amount * 10_000 / pool;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// An amount with all the asset's decimals, so that a column's points stand under one another.
pub fn aligned(asset: &Asset, amount: u128) -> String {
    let text = asset.format(amount);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    if asset.decimals() == 0 {
        return grouped(whole);
    }
    let width = asset.decimals() as usize;
    format!("{}.{part:0<width$}", grouped(whole))
}

/// An amount for a sentence: `1,300,000 OP`.
pub fn amount(asset: &Asset, amount: u128) -> String {
    let text = asset.format(amount);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let point = if part.is_empty() { "" } else { "." };
    format!("{}{point}{part} {}", grouped(whole), asset.symbol())
}

/// `1300000` is `1,300,000`.
pub fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 payee`, `1,200 payees`.
pub fn count(count: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(&count.to_string()), if count == 1 { "" } else { "s" })
}

/// A measure to six digits, without an exponent where it can be read without.
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    if value.fract() == 0.0 && magnitude < 1e15 {
        return format!("{value:.0}");
    }
    match magnitude {
        m if (1e-4..1.0).contains(&m) => format!("{value:.6}"),
        m if (1.0..1e3).contains(&m) => format!("{value:.4}"),
        m if (1e3..1e12).contains(&m) => format!("{value:.2}"),
        _ => format!("{value:.3e}"),
    }
}

/// An amount to two decimals, where the exact one stands in JSON and CSV.
pub fn rounded(asset: &Asset, amount: u128) -> String {
    let text = asset.format_rounded(amount, 2);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let point = if part.is_empty() { "" } else { "." };
    format!("{}{point}{part}", grouped(whole))
}

pub fn signed(asset: &Asset, difference: Difference) -> String {
    let sign = if difference.is_negative() { "-" } else { "+" };
    format!("{sign}{}", rounded(asset, difference.magnitude()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_cut_to_hundredths_of_a_percent_at_any_size() {
        assert_eq!(share(1, 3), "33.33 %");
        assert_eq!(share(2, 3), "66.66 %");
        assert_eq!(share(u128::MAX, u128::MAX), "100.00 %");
        assert_eq!(share(u128::MAX / 2 + 1, u128::MAX), "50.00 %");
        assert_eq!(share(u128::MAX / 4, u128::MAX), "24.99 %");
        assert_eq!(share(0, 0), "-");
    }

    #[test]
    fn amounts_read_well() {
        let op = Asset::new("OP", 18).unwrap();
        assert_eq!(amount(&op, 1_333_333_333_333_333_300_000_000), "1,333,333.3333333333 OP");
        assert_eq!(aligned(&op, 1), "0.000000000000000001");
        assert_eq!(aligned(&Asset::new("X", 0).unwrap(), 1000), "1,000");
        assert_eq!(
            [0.0, 3.0, 0.25, 12.3456789, 1e-9, 12345.678].map(number),
            ["0", "3", "0.250000", "12.3457", "1.000e-9", "12345.68"]
        );
    }
}
