//! Numbers of JSON that are held as 64-bit floats.

use apportion_core::number::is_held;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

/// A number that is the one written: an integer that would be rounded is an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Float(pub(super) f64);

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Float, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let number = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        if is_held(raw.get()) {
            return Ok(Float(number));
        }
        Err(D::Error::custom(format_args!("{} cannot be held exactly by a 64-bit float", raw.get())))
    }
}
