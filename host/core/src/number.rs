//! Whether a 64-bit float can hold a number as it is written.
//!
//! Epochs and the parameters of policies hold 64-bit floats. Whatever reads numbers for them asks here first, so that
//! no integer is rounded without a word.

/// From here on floats skip integers: 2^53.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// As many digits as every float keeps.
const SAFE_DIGITS: usize = 15;

/// Whether the 64-bit float nearest to the decimal number `text` is that number.
///
/// Below 2^53 every integer is, and fractions count as held, because no one expects `0.1` to be exact in binary. From
/// 2^53 on the float must be the very number that is written. With an exponent, as programs write floats, it is enough
/// that `text` is the shortest spelling of the float (`1e23`).
///
/// Says `true` of text that is not a decimal number and of numbers too large for any float: others refuse those.
///
/// ```
/// use apportion_core::number::is_held;
///
/// assert!(is_held("9007199254740992") && is_held("0.1") && is_held("1e23"));
/// assert!(!is_held("16054077974334921"));
/// assert!(!is_held("16054077974334921.0") && !is_held("1.6054077974334921e16"));
/// ```
#[must_use]
pub fn is_held(text: &str) -> bool {
    if text.len() <= SAFE_DIGITS {
        return true;
    }
    let Some(written) = Decimal::parse(text) else { return true };
    let Ok(value) = text.parse::<f64>() else { return true };
    let value = value.abs();
    if !value.is_finite() || value < LARGEST_EXACT {
        return true;
    }
    // Rust prints all digits of an integer that a float is.
    Decimal::parse(&format!("{value:.0}")).as_ref() == Some(&written)
        || (text.contains(['e', 'E']) && Decimal::parse(&format!("{value:e}")).as_ref() == Some(&written))
}

/// The numbers of a JSON text that [`is_held`] denies, as they are written, in their order.
///
/// ```
/// use apportion_core::number::not_held_in_json;
///
/// let json = r#"{"n": 9007199254740993, "text": "9007199254740993", "m": [1, 2.5]}"#;
/// assert_eq!(not_held_in_json(json).collect::<Vec<_>>(), ["9007199254740993"]);
/// ```
pub fn not_held_in_json(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
            rest = rest.get(start..)?;
            if let Some(text) = rest.strip_prefix('"') {
                rest = after_text(text);
                continue;
            }
            let end = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
            let (number, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after;
            if !is_held(number) {
                return Some(number);
            }
        }
        None
    })
}

/// What follows the closing quote of a JSON text.
fn after_text(text: &str) -> &str {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| match byte {
        _ if is_escaped => {
            is_escaped = false;
            false
        }
        b'\\' => {
            is_escaped = true;
            false
        }
        byte => byte == b'"',
    });
    end.and_then(|end| text.get(end + 1..)).unwrap_or_default()
}

/// A decimal number without its sign: its digits from the first to the last that is not 0, and the power of ten of the
/// last.
#[derive(PartialEq, Eq)]
struct Decimal {
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Decimal> {
        let text = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{part}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let kept = digits.trim_end_matches('0');
        let dropped = i64::try_from(digits.len() - kept.len()).ok()?;
        let exponent = exponent.checked_sub(i64::try_from(part.len()).ok()?)?.checked_add(dropped)?;
        Some(Decimal { digits: kept.trim_start_matches('0').to_owned(), exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_a_float_rounds_are_not_held() {
        for (text, held) in [
            ("9007199254740992", true),
            ("9007199254740993", false),
            ("-9007199254740993", false),
            ("9007199254740993.0", false),
            ("9007199254740993e0", false),
            ("90071992547409930e-1", false),
            ("9007199254740992.5", false),
            ("9007199254740990.5", true),
            ("1152921504606846976", true),
            ("1152921504606847000", false),
            ("1000000000000000000000", true),
            ("1000000000000000000001", false),
            ("0.1000000000000000055511151231257827", true),
            ("1e23", true),
            ("1.7976931348623157e308", true),
            ("1.6054077974334921e16", false),
            ("1.605407797433492e16", true),
            ("9999999999999999999999999999999999999999999", false),
            ("00000000000000000000000000001", true),
            ("0.00000000000000000000000000000000", true),
            ("a word of many letters", true),
            ("99999999999999999999999999e9999999999999999999999", true),
        ] {
            assert_eq!(is_held(text), held, "{text}");
        }
    }

    #[test]
    fn only_numbers_of_json_are_looked_at() {
        let found = |json| not_held_in_json(json).collect::<Vec<_>>();
        assert_eq!(
            found(r#"["9007199254740993\"9007199254740993", -9007199254740993]"#),
            ["-9007199254740993"]
        );
        assert_eq!(found(r#"{"é\\":18446744073709551617,"b":[1.5,9007199254740993.00]}"#).len(), 2);
        assert!(found("\"9007199254740993").is_empty() && found("").is_empty());
    }
}
