use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::{Serialize, Serializer};

use crate::exact::portion;
use crate::{Epoch, Refusal};

/// The most digits after the point: of an asset's decimals, and of a percentage.
const MAX_PLACES: usize = 30;

/// What schema and messages say of the form.
const FORM: &str = "whole units of the asset such as `250.50`, or a percentage such as `12.5%`, in quotes";

/// A parameter that bounds an amount: whole units of the asset (`"250.50"`), or a part of what is divided (`"12.5%"`).
///
/// It is written as text, because a decimal in JSON is read as a double, and 0.3 of 10 would be 2.
///
/// ```
/// use apportion_guest::{Bound, Epoch};
///
/// let epoch = Epoch::builder().pool(1_000).decimals(2).build()?;
/// let units = |bound: &str| bound.parse::<Bound>().unwrap().in_base_units(&epoch, epoch.pool());
/// assert_eq!(units("2.5"), Ok(250));
/// assert_eq!(units("33.3%"), Ok(333));
/// assert_eq!(units("0.05%"), Ok(0), "a percentage is rounded down");
/// assert!(units("0.001").is_err(), "there is no such amount");
/// # Ok::<(), apportion_guest::InvalidEpoch>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    text: String,
    /// The digits, without the point and without zeros at the end of the places after it.
    digits: u128,
    /// How many of the digits stand after the point.
    places: u32,
    percent: bool,
}

/// A text that is no [`Bound`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidBound;

impl Bound {
    /// The bound in base units of the epoch's asset; of a percentage, of `pool`, rounded down to a base unit.
    ///
    /// # Errors
    /// [`Refusal::BadParameters`] for an amount that is finer than the asset's decimals, or larger than any.
    pub fn in_base_units(&self, epoch: &Epoch, pool: u128) -> Result<u128, Refusal> {
        let (text, decimals) = (&self.text, epoch.decimals());
        if self.percent {
            // At most 100 percent, with at most 32 digits: never none.
            return Ok(portion(pool, self.digits, 10_u128.pow(self.places + 2)).map_or(0, |part| part.0));
        }
        let Some(zeros) = decimals.checked_sub(self.places) else {
            return Err(Refusal::BadParameters(format!(
                "`{text}` is finer than the asset's {decimals} decimals"
            )));
        };
        let units = 10_u128.checked_pow(zeros).and_then(|unit| self.digits.checked_mul(unit));
        units.ok_or_else(|| Refusal::BadParameters(format!("`{text}` is more than any amount can be")))
    }
}

impl FromStr for Bound {
    type Err = InvalidBound;

    fn from_str(text: &str) -> Result<Self, InvalidBound> {
        let (number, percent) = text.strip_suffix('%').map_or((text, false), |number| (number, true));
        let (whole, places) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(places) || places.len() > MAX_PLACES {
            return Err(InvalidBound);
        }
        let places = places.trim_end_matches('0');
        let digits = format!("{whole}{places}").parse().map_err(|_| InvalidBound)?;
        let places = u32::try_from(places.len()).map_err(|_| InvalidBound)?;
        if percent && digits > 10_u128.pow(places + 2) {
            return Err(InvalidBound);
        }
        Ok(Self { text: text.into(), digits, places, percent })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for InvalidBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {FORM}")
    }
}

impl core::error::Error for InvalidBound {}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|InvalidBound| D::Error::invalid_value(Unexpected::Str(&text), &FORM))
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl JsonSchema for Bound {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Bound".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,30})?%?$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_exact() {
        let epoch = Epoch::builder().pool(10).decimals(18).build().unwrap();
        let units = |text: &str, pool| text.parse::<Bound>().unwrap().in_base_units(&epoch, pool).ok();
        // In doubles this is 2.9999999999999996.
        assert_eq!(units("30%", 10), Some(3));
        assert_eq!(units("100.000%", u128::MAX), Some(u128::MAX));
        assert_eq!(units("0%", 10), Some(0));
        assert_eq!(units("33.333333333333333333%", 3 * 10_u128.pow(20)), Some(99_999_999_999_999_999_999));
        assert_eq!(units("0.000000000000000001000", 0), Some(1));
        assert_eq!(units("0.0000000000000000001", 0), None);
        assert_eq!(units("340282366920938463463", 0), Some(340_282_366_920_938_463_463 * 10_u128.pow(18)));
        assert_eq!(units("340282366920938463464", 0), None);
    }

    #[test]
    fn what_is_no_bound_is_refused() {
        let long = format!("0.{}", "1".repeat(31));
        for text in ["", "%", ".5", "5.", "-1", "+1", "1e3", "101%", "100.1%", " 1", "1 %", "٣", &long] {
            assert_eq!(text.parse::<Bound>(), Err(InvalidBound), "{text}");
        }
        assert!("9".repeat(40).parse::<Bound>().is_err());
        let error = serde_json::from_str::<Bound>("\"2 EUR\"").unwrap_err();
        assert!(format!("{error}").contains("such as `250.50`"), "{error}");
        assert!(serde_json::from_str::<Bound>("0.5").is_err());
    }
}
