//! Canonical bytes and digests: the only place that hashes.
//!
//! Every object that a programme keeps is a file whose name is its BLAKE3 hash, so `b3sum FILE` gives its identity.
//! Text objects are canonical JSON ([RFC 8785]): one value has one encoding, so equal objects have equal digests.
//!
//! [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785

mod digest;
mod json;
mod slice;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::ErrorKind;
use crate::text::visible;

pub use digest::{Digest, DigestError, Randomness, StructureHasher, epoch_seed};
pub use slice::{Slice, SliceError, Slicer};

/// Why bytes are not a canonical text object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// The bytes are not JSON, or not the JSON of this object.
    #[error("{0}")]
    Json(String),
    /// The JSON has the right content in another encoding, so its digest is not the object's.
    #[error(
        "not in canonical form (RFC 8785): byte {0} differs; members must be sorted, without spaces or line breaks"
    )]
    Spelling(usize),
}

impl CanonicalError {
    /// Whose fault it is: always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

/// The most bytes of a sentence about JSON that was refused.
const MAX_SENTENCE: usize = 512;

/// The one encoding of `value`, as RFC 8785 demands: members sorted by their names in UTF-16, no blanks, numbers as
/// ECMAScript writes them. Amounts are strings in every object, because JSON's numbers are exact only up to 2^53.
///
/// ```
/// use apportion_core::canonical::{from_canonical_json, to_canonical_json};
/// use serde_json::{Value, json};
///
/// let bytes = to_canonical_json(&json!({"b": 1.0, "a": [true]}))?;
/// assert_eq!(bytes, br#"{"a":[true],"b":1}"#);
/// assert!(from_canonical_json::<Value>(&bytes).is_ok());
/// assert!(from_canonical_json::<Value>(br#"{"b":1,"a":[true]}"#).is_err()); // the same, not canonical
/// # Ok::<(), apportion_core::canonical::CanonicalError>(())
/// ```
///
/// # Errors
///
/// [`CanonicalError::Json`] for what JSON cannot hold exactly, such as integers above 2^53.
pub fn to_canonical_json<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    json::spelled(value).map_err(|error| CanonicalError::Json(error.to_string()))
}

/// Reads a text object and requires its one encoding, so that its bytes, and their digest, stand for the object.
///
/// # Errors
///
/// [`CanonicalError::Json`] where it is not JSON or not the JSON of a `T`, and [`CanonicalError::Spelling`] where it is in
/// another encoding.
pub fn from_canonical_json<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonicalError> {
    // The error may repeat what a stranger wrote: a terminal must not obey it.
    let json = |error: serde_json::Error| CanonicalError::Json(visible(&error.to_string(), MAX_SENTENCE));
    let object: T = serde_json::from_slice(bytes).map_err(json)?;
    let spelling = to_canonical_json(&object)?;
    if spelling == bytes {
        return Ok(object);
    }
    let same = bytes.iter().zip(&spelling).take_while(|(given, canonical)| given == canonical).count();
    Err(CanonicalError::Spelling(same))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// The number samples of RFC 8785, appendix B, and its sorting of names by UTF-16 units.
    #[test]
    fn numbers_and_names_are_spelled_as_the_standard_says() {
        for (bits, text) in [
            (0x0000_0000_0000_0001_u64, "5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
        ] {
            assert_eq!(to_canonical_json(&f64::from_bits(bits)).unwrap(), text.as_bytes());
        }
        let names: serde_json::Value =
            serde_json::from_str("{\"\u{20ac}\":1,\"\\r\":2,\"\u{fb33}\":3,\"1\":4,\"\u{1f600}\":5}")
                .unwrap();
        let spelled = String::from_utf8(to_canonical_json(&names).unwrap()).unwrap();
        assert_eq!(spelled, "{\"\\r\":2,\"1\":4,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}");
    }

    #[test]
    fn another_spelling_is_refused_and_its_place_named() {
        let read = |text: &str| from_canonical_json::<serde_json::Value>(text.as_bytes());
        assert!(read(r#"{"a":1,"b":2}"#).is_ok());
        assert_eq!(read(r#"{"a":1, "b":2}"#), Err(CanonicalError::Spelling(7)));
        assert_eq!(read(r#"{"b":2,"a":1}"#), Err(CanonicalError::Spelling(2)));
        assert_eq!(read(r#"{"a":1.0}"#), Err(CanonicalError::Spelling(6)));
        assert_eq!(read(r#"{"a":1,"a":1}"#), Err(CanonicalError::Spelling(6)));
        assert!(matches!(read("{"), Err(CanonicalError::Json(_))));
        // A member that may be null is there nevertheless.
        #[derive(Serialize, Deserialize)]
        struct Optional {
            previous: Option<u8>,
        }
        let optional =
            |text: &str| from_canonical_json::<Optional>(text.as_bytes()).map(|read| read.previous);
        assert_eq!(optional(r#"{"previous":null}"#), Ok(None));
        assert_eq!(optional("{}"), Err(CanonicalError::Spelling(1)));
        let hostile = from_canonical_json::<u8>(br#""\u001b[2J\u202e""#).unwrap_err().to_string();
        assert!(hostile.contains("[2J") && !hostile.contains(['\u{1b}', '\u{202e}']), "{hostile:?}");
    }
}
