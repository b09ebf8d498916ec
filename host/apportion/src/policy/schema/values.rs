//! When JSON values are equal, which number is larger, and what a number is a multiple of: exactly, as JSON Schema
//! demands. `1` and `1.0` are one number, and `0.3` is a multiple of `0.1`.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// A whole number that a double holds exactly, as do all below it.
const ALL_HELD: f64 = 9_007_199_254_740_992.0; // 2^53

/// A total order in which values are equal exactly where JSON Schema calls them so.
pub(super) fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => compare(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => {
            let first = left.iter().zip(right).map(|(left, right)| order(left, right));
            first.chain([left.len().cmp(&right.len())]).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        }
        (Value::Object(left), Value::Object(right)) => {
            let members = left.iter().zip(right).map(|((left_name, left), (right_name, right))| {
                left_name.cmp(right_name).then_with(|| order(left, right))
            });
            members
                .chain([left.len().cmp(&right.len())])
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// Which of two numbers is larger.
pub(super) fn compare(left: &Number, right: &Number) -> Ordering {
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(left), None) => compare_whole(left, double(right)),
        (None, Some(right)) => compare_whole(right, double(left)).reverse(),
        (None, None) => double(left).partial_cmp(&double(right)).unwrap_or(Ordering::Equal),
    }
}

/// The number, if JSON was read as a whole one.
fn whole(number: &Number) -> Option<i128> {
    number.as_u64().map(i128::from).or_else(|| number.as_i64().map(i128::from))
}

fn double(number: &Number) -> f64 {
    number.as_f64().unwrap_or(0.0) // there is always one
}

/// A whole number of 64 bits and a double, compared without rounding either.
fn compare_whole(whole: i128, double: f64) -> Ordering {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond 64 bits on either side")]
    let below = double.floor() as i128;
    whole.cmp(&below).then(if double.fract() == 0.0 { Ordering::Equal } else { Ordering::Less })
}

/// Whether a number has no part behind the point.
pub(super) fn is_integer(number: &Number) -> bool {
    whole(number).is_some() || double(number).fract() == 0.0
}

/// Whether a number divided by another, which is not 0, is a whole one. Both are the decimals that they are written
/// as, but for a double beyond 2^53 and a whole divisor: there the double is what it holds.
pub(super) fn is_multiple(number: &Number, of: &Number) -> bool {
    let (number_double, of_double) = (double(number), double(of));
    if whole(number).is_none() && is_integer(of) && number_double.abs() >= ALL_HELD && of_double <= ALL_HELD {
        return number_double % of_double == 0.0;
    }
    let (Some(number), Some(of)) = (Decimal::of(number), Decimal::of(of)) else { return false };
    number.is_multiple(&of)
}

/// `digits / 10^places`, without its sign.
struct Decimal {
    digits: u128,
    places: i32,
}

impl Decimal {
    /// The decimal that a number is written as, in at most 20 digits.
    fn of(number: &Number) -> Option<Decimal> {
        let text = number.to_string();
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
        let (before, behind) = mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{}{behind}", before.trim_start_matches('-'));
        let places = i32::try_from(behind.len()).ok()? - exponent.parse::<i32>().ok()?;
        Some(Decimal { digits: digits.parse().ok()?, places })
    }

    fn is_multiple(&self, of: &Decimal) -> bool {
        // self / of = (self.digits * 10^shift) / of.digits
        let shift = of.places - self.places;
        if self.digits == 0 || of.digits == 0 {
            return self.digits == 0;
        }
        if shift >= 0 {
            // Both factors stay below the divisor, which has 20 digits at most.
            return (0..shift).fold(self.digits % of.digits, |rest, _| rest * 10 % of.digits) == 0;
        }
        let divisor =
            10_u128.checked_pow(shift.unsigned_abs()).and_then(|power| of.digits.checked_mul(power));
        divisor.is_some_and(|divisor| self.digits.is_multiple_of(divisor)) // else it is larger than the number
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_are_compared_without_rounding() {
        let ascending = [
            "-1e300",
            "-9223372036854775808",
            "-1.5",
            "-1",
            "0",
            "0.5",
            "1",
            "9007199254740992.0",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616.0",
            "1e300",
        ];
        for (place, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                assert_eq!(compare(&number(left), &number(right)), place.cmp(&other), "{left} {right}");
            }
        }
        assert_eq!(compare(&number("1"), &number("1.0")), Ordering::Equal);
        assert_eq!(compare(&number("-0.0"), &number("0")), Ordering::Equal);
    }

    #[test]
    fn values_are_equal_whatever_their_numbers_are_written_like() {
        let equal = |left: Value, right: Value| order(&left, &right).is_eq();
        assert!(equal(json!([1, {"a": 2.0}]), json!([1.0, {"a": 2}])));
        assert!(!equal(json!([1]), json!([1, 1])));
        assert!(!equal(json!({"a": 1}), json!({"b": 1})));
        assert!(!equal(json!(0), json!(false)));
        assert!(!equal(json!("1"), json!(1)));
    }

    #[test]
    fn multiples_are_those_of_decimals() {
        for (value, of, is) in [
            ("0.3", "0.1", true),
            ("1070468.14", "0.01", true),
            ("0.35", "0.1", false),
            ("7", "2", false),
            ("8", "2", true),
            ("8.0", "2", true),
            ("4.5", "1.5", true),
            ("-4.5", "1.5", true),
            ("3", "4.5", false),
            ("0", "0.7", true),
            ("1e300", "0.123456789", false),
            ("1e-300", "1e-301", true),
            ("1e-301", "1e-300", false),
            ("18446744073709551615", "5", true),
            ("18446744073709551615", "18446744073709551614", false),
            ("1e300", "1e-300", true),
        ] {
            assert_eq!(is_multiple(&number(value), &number(of)), is, "{value} of {of}");
        }
    }
}
