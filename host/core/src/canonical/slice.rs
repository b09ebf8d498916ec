//! Verified slices: some bytes of an object, with what proves them against the object's digest.
//!
//! BLAKE3 is a Merkle tree over chunks of 1024 bytes, so a chunk and the hashes beside its way to the root show that
//! it stands at its place in whatever has that root. [Bao] is the format of that: the object's length in eight bytes,
//! little-endian, then the pairs of hashes and the chunks in the order of the tree from the root, left first. `bao
//! decode-slice` of that project reads the same.
//!
//! [Bao]: https://docs.rs/bao

use std::io::{Cursor, ErrorKind, Read};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Digest;

/// The largest object that slices are taken from, in bytes: an exabyte's claim is refused before it is followed.
const MAX_OBJECT: u64 = 1 << 40;
const HEADER: usize = 8;

/// An object whose slices can be taken.
pub struct Slicer<'a> {
    bytes: &'a [u8],
    /// The tree's hashes: a sixteenth of the object.
    tree: Vec<u8>,
}

/// A range of an object's bytes, with the hashes that prove it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    /// The range's first byte in the object.
    pub start: u64,
    /// The byte after its last.
    pub end: u64,
    #[serde(with = "base64")]
    bao: Vec<u8>,
}

/// Why a slice proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    /// No length, none, or one beyond any object.
    #[error("it does not begin with the length of an object")]
    Length,
    /// The range is empty or reaches beyond the object.
    #[error("its range is empty or outside the object")]
    Range,
    /// Some byte of it is not of the object with that digest.
    #[error("its bytes are not those that the digest stands for")]
    Mismatch,
    /// It ends before the range does.
    #[error("it is cut short")]
    Short,
    /// There are bytes after it, which nothing proves.
    #[error("there are bytes after its end")]
    Long,
}

impl Slicer<'_> {
    /// Hashes all of `bytes`.
    pub fn new(bytes: &[u8]) -> Slicer<'_> {
        Slicer { bytes, tree: bao::encode::outboard(bytes).0 }
    }

    /// The slice of a range that is not empty.
    pub fn slice(&self, range: Range<u64>) -> Result<Slice, SliceError> {
        if range.is_empty() || range.end > self.bytes.len() as u64 {
            return Err(SliceError::Range);
        }
        let (bytes, tree) = (Cursor::new(self.bytes), Cursor::new(self.tree.as_slice()));
        let mut bao = Vec::new();
        bao::encode::SliceExtractor::new_outboard(bytes, tree, range.start, range.end - range.start)
            .read_to_end(&mut bao)
            .map_err(|_| SliceError::Range)?;
        Ok(Slice { start: range.start, end: range.end, bao })
    }
}

impl Slice {
    /// The length of the whole object as the slice has it. It is proven only by a slice that reaches the object's
    /// end; for any other, nearby lengths give the same tree above the range.
    pub fn object_length(&self) -> Result<u64, SliceError> {
        let header = self.bao.first_chunk::<HEADER>().ok_or(SliceError::Length)?;
        let length = u64::from_le_bytes(*header);
        if (1..=MAX_OBJECT).contains(&length) { Ok(length) } else { Err(SliceError::Length) }
    }

    /// The bytes at `start..end` of the object with this digest. Takes no more memory than the slice has.
    pub fn verified(&self, object: Digest) -> Result<Vec<u8>, SliceError> {
        if self.start >= self.end || self.end > self.object_length()? {
            return Err(SliceError::Range);
        }
        let root = blake3::Hash::from_bytes(*object.as_bytes());
        let length = self.end - self.start;
        let mut decoder = bao::decode::SliceDecoder::new(self.bao.as_slice(), &root, self.start, length);
        let mut bytes = Vec::new();
        decoder.read_to_end(&mut bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => SliceError::Short,
            _ => SliceError::Mismatch,
        })?;
        if bytes.len() as u64 != length {
            return Err(SliceError::Short);
        }
        if !decoder.into_inner().is_empty() {
            return Err(SliceError::Long);
        }
        Ok(bytes)
    }
}

/// Bytes in JSON: base64 (RFC 4648, with padding), of which only the one canonical spelling is read.
mod base64 {
    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64
            .decode(text.as_bytes())
            .map_err(|error| D::Error::custom(format!("not base64: {error}")))?;
        // The reader takes padding in the middle for the end of a piece, so that one slice would have two spellings.
        if BASE64.encode(&bytes) == text {
            Ok(bytes)
        } else {
            Err(D::Error::custom("not base64 of one piece"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn object(length: usize) -> Vec<u8> {
        (0..=250_u8).cycle().take(length).collect()
    }

    #[test]
    fn every_range_around_chunks_is_proven() {
        for length in [1, 1023, 1024, 1025, 2048, 3000, 5000, 8193] {
            let bytes = object(length);
            let (slicer, digest) = (Slicer::new(&bytes), Digest::of(&bytes));
            let places = [0, 1, 1023, 1024, 1025, 2047, 2048, 4096, length - 1, length];
            for (start, end) in places.iter().flat_map(|&start| places.iter().map(move |&end| (start, end))) {
                let taken = slicer.slice(start as u64..end as u64);
                if start >= end || end > length {
                    assert_eq!(taken, Err(SliceError::Range), "{length} {start} {end}");
                    continue;
                }
                let slice = taken.unwrap();
                assert_eq!(slice.verified(digest).unwrap(), bytes[start..end], "{length} {start} {end}");
                assert_eq!(slice.object_length(), Ok(length as u64));
                assert_eq!(slice.verified(Digest::of(b"other")), Err(SliceError::Mismatch));
            }
        }
    }

    #[test]
    fn a_slice_is_proven_at_its_place_and_whole() {
        let bytes = object(9000);
        let digest = Digest::of(&bytes);
        let slice = Slicer::new(&bytes).slice(3000..4500).unwrap();
        for (start, end) in [(0, 1500), (2000, 3500), (4096, 4500), (3000, 6000), (3000, 9001), (5, 5)] {
            assert!(Slice { start, end, ..slice.clone() }.verified(digest).is_err(), "{start} {end}");
        }
        for length in 0..slice.bao.len() {
            assert!(Slice { bao: slice.bao[..length].to_vec(), ..slice }.verified(digest).is_err());
        }
        let longer = [&slice.bao[..], &[0]].concat();
        assert_eq!(Slice { bao: longer, ..slice }.verified(digest), Err(SliceError::Long));
    }

    /// What the fuzzer found: padding in the middle.
    #[test]
    fn a_slice_has_one_spelling() {
        let read =
            |bao: &str| serde_json::from_str::<Slice>(&format!(r#"{{"bao":"{bao}","end":2,"start":1}}"#));
        assert_eq!(read("YWJjZA==").unwrap().bao, b"abcd");
        for bao in ["YQ==YmNk", "YWJjZB==", "YWJjZA", "YWJj\\nZA=="] {
            assert!(read(bao).is_err(), "{bao}");
        }
    }

    /// Also in the length, if the slice reaches the end.
    #[test]
    fn every_flipped_bit_of_a_slice_to_the_end_is_found() {
        for (length, start) in [(5000, 4990), (4096, 3000), (600, 1), (1025, 1024)] {
            let bytes = object(length);
            let digest = Digest::of(&bytes);
            let slice = Slicer::new(&bytes).slice(start..length as u64).unwrap();
            for bit in 0..slice.bao.len() * 8 {
                let mut damaged = slice.clone();
                damaged.bao[bit / 8] ^= 1 << (bit % 8);
                assert!(damaged.verified(digest).is_err(), "{length}: bit {bit}");
            }
        }
    }

    proptest! {
        /// Whatever it is given it ends with an answer, and proves no other bytes than the object's.
        #[test]
        fn a_strangers_slice_is_answered(
            length in prop_oneof![any::<u64>(), 0..20_000_u64],
            start in prop_oneof![any::<u64>(), 0..20_000_u64],
            end in prop_oneof![any::<u64>(), 0..20_000_u64],
            body in proptest::collection::vec(any::<u8>(), 0..3000),
        ) {
            let bytes = object(9000);
            let bao = [&length.to_le_bytes()[..], &body].concat();
            let invented = Slice { start, end, bao };
            prop_assert_eq!(invented.verified(Digest::of(&bytes)).ok(), None);
            let mut true_slice = Slicer::new(&bytes).slice(3000..4500).unwrap();
            true_slice.bao[..HEADER].copy_from_slice(&length.to_le_bytes());
            (true_slice.start, true_slice.end) = (start, end);
            if let Ok(proven) = true_slice.verified(Digest::of(&bytes)) {
                let place = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
                prop_assert_eq!(proven.as_slice(), &bytes[place]);
            }
        }
    }
}
