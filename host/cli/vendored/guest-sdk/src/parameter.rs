use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::{Serialize, Serializer};

/// A parameter that something is multiplied by: a finite number, 0 or more.
///
/// ```
/// use apportion_guest::Factor;
/// assert_eq!(Factor::new(2.5).map(Factor::get), Some(2.5));
/// assert_eq!(Factor::new(-1.0), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Factor(f64);

/// A parameter that something is divided by: a finite number above 0.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Positive(f64);

/// A parameter that is a part of a whole: a number from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

macro_rules! number_in_a_range {
    ($number:ident, $range:literal, $holds:expr, $schema:tt) => {
        impl $number {
            /// The number, if it is in the range.
            pub fn new(number: f64) -> Option<Self> {
                let holds: fn(f64) -> bool = $holds;
                // Adding 0 makes the 0 of -0.
                (number.is_finite() && holds(number)).then_some(Self(number + 0.0))
            }

            /// The number.
            pub const fn get(self) -> f64 {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $number {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = f64::deserialize(deserializer)?;
                Self::new(number).ok_or_else(|| D::Error::invalid_value(Unexpected::Float(number), &$range))
            }
        }

        // So that a default is part of the schema.
        impl Serialize for $number {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_f64(self.0)
            }
        }

        impl JsonSchema for $number {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($number).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }

        impl From<$number> for f64 {
            fn from(number: $number) -> f64 {
                number.0
            }
        }

        impl fmt::Display for $number {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_in_a_range!(Factor, "a number, 0 or more", |number| number >= 0.0, {
    "type": "number",
    "minimum": 0
});
number_in_a_range!(Positive, "a number above 0", |number| number > 0.0, {
    "type": "number",
    "exclusiveMinimum": 0
});
number_in_a_range!(Share, "a number from 0 to 1", |number| (0.0..=1.0).contains(&number), {
    "type": "number",
    "minimum": 0,
    "maximum": 1
});

/// The number that parameters list for each kind of an epoch, in the order of `kinds`; `otherwise` for a kind that is not
/// listed.
///
/// ```
/// use apportion_guest::{Factor, by_kind};
/// let kinds = ["commit".to_owned(), "review".to_owned()];
/// let listed = [("review".to_owned(), Factor::new(0.5).unwrap())].into();
/// assert_eq!(by_kind(&kinds, &listed, 0.0), [0.0, 0.5]);
/// ```
pub fn by_kind<N: Copy + Into<f64>>(
    kinds: &[String],
    listed: &BTreeMap<String, N>,
    otherwise: f64,
) -> Vec<f64> {
    kinds.iter().map(|kind| listed.get(kind).map_or(otherwise, |number| (*number).into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_its_range_is_refused_in_words() {
        assert_eq!(serde_json::from_str::<Share>("-0").unwrap(), Share(0.0));
        let error = serde_json::from_str::<Share>("1.5").unwrap_err();
        let sentence = alloc::string::ToString::to_string(&error);
        assert!(sentence.contains("`1.5`, expected a number from 0 to 1"), "{sentence}");
        assert!(serde_json::from_str::<Positive>("0").is_err());
        assert!(serde_json::from_str::<Factor>("-0.1").is_err());
    }
}
