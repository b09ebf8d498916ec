//! Canonical bytes and digests: the only place that hashes.
//!
//! Every object that a programme keeps is a file whose name is its BLAKE3 hash, so `b3sum FILE` gives its identity.
//! Text objects are canonical JSON ([RFC 8785]): one value has one spelling, so equal objects have equal digests.
//!
//! [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785

mod json;
mod slice;

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::{escape, visible};
pub use slice::{Slice, SliceError, Slicer};

/// The BLAKE3 hash of an object's bytes: what `b3sum` prints.
///
/// ```
/// let digest = apportion_core::canonical::Digest::of(b"hello");
/// assert!(digest.to_string().starts_with("ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f"));
/// assert_eq!(digest.to_string().parse::<apportion_core::canonical::Digest>(), Ok(digest));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes `bytes`.
    pub fn of(bytes: &[u8]) -> Digest {
        // Below this size handing the work to other threads costs more than it gains (blake3's own advice).
        const PARALLEL_FROM: usize = 128 * 1024;
        let mut hasher = blake3::Hasher::new();
        if bytes.len() < PARALLEL_FROM {
            hasher.update(bytes);
        } else {
            #[cfg(feature = "threads")]
            hasher.update_rayon(bytes);
            #[cfg(not(feature = "threads"))]
            hasher.update(bytes);
        }
        Digest(*hasher.finalize().as_bytes())
    }

    /// Hashes what a reader gives, in constant memory.
    pub fn of_reader(reader: impl std::io::Read) -> std::io::Result<Digest> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(reader)?;
        Ok(Digest(*hasher.finalize().as_bytes()))
    }

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hexadecimal digits, for showing to people where the whole would drown the line.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a digest: 64 lower-case hexadecimal digits, as `b3sum` prints them", escape(.0))]
pub struct DigestError(String);

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Digest, DigestError> {
        let lower = text.bytes().all(|byte| !byte.is_ascii_uppercase());
        match blake3::Hash::from_hex(text) {
            Ok(hash) if lower => Ok(Digest(*hash.as_bytes())),
            _ => Err(DigestError(text.chars().take(80).collect())),
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The seed that every policy gets for an epoch: 64 bits that nobody chose, the same under every policy.
///
/// It is BLAKE3's key derivation with the context below over the epoch's digest, first eight bytes, little-endian.
pub fn epoch_seed(epoch: &Digest) -> u64 {
    let key = blake3::derive_key("apportion 2026-11-22 epoch seed", epoch.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&key[..8]);
    u64::from_le_bytes(first)
}

/// Gives a digest of what can be hashed by structure: for telling apart what one program on one machine made, and never
/// part of an object, because what a structure feeds in is its own affair.
#[derive(Default)]
pub struct StructureHasher(blake3::Hasher);

impl StructureHasher {
    /// The digest of a value by its structure.
    pub fn digest(value: &impl std::hash::Hash) -> Digest {
        let mut hasher = StructureHasher::default();
        value.hash(&mut hasher);
        Digest(*hasher.0.finalize().as_bytes())
    }
}

impl Hasher for StructureHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0.finalize().as_bytes()[..8]);
        u64::from_le_bytes(first)
    }
}

/// Bytes without end that follow from an epoch's seed: what a policy gets that asks WASI for random ones.
///
/// They are BLAKE3's key derivation over the seed's eight bytes, little-endian, read on and on.
pub struct Randomness(blake3::OutputReader);

impl Randomness {
    /// Another context gives other bytes.
    pub fn new(context: &str, seed: u64) -> Randomness {
        Randomness(blake3::Hasher::new_derive_key(context).update(&seed.to_le_bytes()).finalize_xof())
    }

    /// The next ones.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

/// Why bytes are not a canonical text object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// The bytes are not JSON, or not the JSON of this object.
    #[error("{0}")]
    Json(String),
    /// The JSON says the right things in another spelling, so its digest is not the object's.
    #[error(
        "not in canonical form (RFC 8785): byte {0} differs; members must be sorted, without spaces or line breaks"
    )]
    Spelling(usize),
}

/// The most bytes of what is said of JSON that was refused.
const MAX_SENTENCE: usize = 512;

/// The one spelling of `value`.
pub fn to_canonical_json<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    json::spelled(value).map_err(|error| CanonicalError::Json(error.to_string()))
}

/// Reads a text object and holds it to its one spelling, so that its bytes can stand for it.
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
