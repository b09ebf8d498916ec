//! BLAKE3 hashes, and what is derived from them.

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ErrorKind;
use crate::text::escape;

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
    /// Hashes `bytes`, on all cores where the feature `threads` is on and there are many.
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

    /// Hashes everything that a reader yields, in constant memory.
    ///
    /// ```
    /// use apportion_core::canonical::Digest;
    ///
    /// assert_eq!(Digest::of_reader(&b"hello"[..])?, Digest::of(b"hello"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the reader.
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

impl DigestError {
    /// Whose fault it is: always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

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

/// The seed that every policy receives for an epoch: 64 bits that nobody chose, the same under every policy.
///
/// It is BLAKE3's key derivation with the context `apportion 2026-11-22 epoch seed` over the epoch's digest, of which the
/// first eight bytes are read as a little-endian number.
///
/// ```
/// use apportion_core::canonical::{Digest, epoch_seed};
///
/// let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
/// assert_eq!(epoch_seed(&one), epoch_seed(&one));
/// assert_ne!(epoch_seed(&one), epoch_seed(&other));
/// ```
pub fn epoch_seed(epoch: &Digest) -> u64 {
    let key = blake3::derive_key("apportion 2026-11-22 epoch seed", epoch.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&key[..8]);
    u64::from_le_bytes(first)
}

/// Gives a digest of what can be hashed by structure: for telling apart what one program on one machine made, and never
/// part of an object, because what a structure feeds in is its own affair.
#[derive(Debug, Default)]
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

/// A stream of bytes that follows from an epoch's seed: what a policy receives when it asks WASI for random bytes.
///
/// It is BLAKE3's key derivation over the seed's eight bytes, little-endian, read as an extendable output.
#[derive(Debug)]
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
