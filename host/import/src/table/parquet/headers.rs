//! The headers of pages, in Thrift's compact protocol: what a page claims before it is unpacked.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};

use parquet::errors::{ParquetError, Result};

use super::delta::varint;

/// The longest header that is read: they hold sizes, and the least and greatest value of a page.
const MAX_HEADER: u64 = 1 << 20;
/// As much as most headers take.
const USUAL_HEADER: u64 = 1 << 10;
/// How deep structures may lie in each other; a header's lie 3 deep.
const MAX_DEPTH: usize = 16;
/// The encoding DELTA_BYTE_ARRAY.
const DELTA_BYTE_ARRAY: u64 = 7;

/// What a page's header claims.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// Bytes of the header itself.
    pub(super) length: u64,
    pub(super) unpacked: u32,
    pub(super) packed: u32,
    /// Bytes of levels before the values, which are never packed.
    pub(super) levels: u32,
    /// Whether the column's compression applies.
    pub(super) is_packed: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Data {
        /// Whether values repeat the beginnings of those before them.
        is_repeating: bool,
    },
    Dictionary,
    #[default]
    Other,
}

impl Header {
    /// Reads the header that begins at `start`, before `end`.
    pub(super) fn read(file: &File, start: u64, end: u64) -> Result<Header> {
        for most in [USUAL_HEADER, MAX_HEADER] {
            let mut bytes = Vec::new();
            part(file, start, end.saturating_sub(start).min(most))?.read_to_end(&mut bytes)?;
            if let Some(header) = Header::parse(&bytes) {
                return Ok(header);
            }
        }
        Err(ParquetError::General("the header of a page is damaged".to_owned()))
    }

    fn parse(bytes: &[u8]) -> Option<Header> {
        let mut header = Header { is_packed: true, ..Header::default() };
        let mut thrift = Thrift { bytes };
        let (mut kind, mut encoding) = (0, 0);
        thrift.fields(&mut |thrift, id, of| match (id, of) {
            (1, INTEGER) => thrift.unsigned().map(|value| kind = value),
            (2, INTEGER) => thrift.unsigned().map(|value| header.unpacked = value),
            (3, INTEGER) => thrift.unsigned().map(|value| header.packed = value),
            (5, STRUCTURE) => thrift.fields(&mut |thrift, id, of| match (id, of) {
                (2, INTEGER) => thrift.unsigned().map(|value| encoding = u64::from(value)),
                _ => thrift.skip(of, 0),
            }),
            (8, STRUCTURE) => thrift.fields(&mut |thrift, id, of| match (id, of) {
                (4, INTEGER) => thrift.unsigned().map(|value| encoding = u64::from(value)),
                (5 | 6, INTEGER) => {
                    thrift.unsigned().map(|value| header.levels = header.levels.saturating_add(value))
                }
                (7, FALSE) => {
                    header.is_packed = false;
                    Some(())
                }
                _ => thrift.skip(of, 0),
            }),
            _ => thrift.skip(of, 0),
        })?;
        header.kind = match kind {
            0 | 3 => Kind::Data { is_repeating: encoding == DELTA_BYTE_ARRAY },
            2 => Kind::Dictionary,
            _ => Kind::Other,
        };
        header.length = u64::try_from(bytes.len() - thrift.bytes.len()).ok()?;
        Some(header)
    }
}

/// A part of a file.
pub(super) fn part(file: &File, start: u64, length: u64) -> Result<BufReader<Take<&File>>> {
    let mut file = file;
    file.seek(SeekFrom::Start(start))?;
    Ok(BufReader::new(file.take(length)))
}

const FALSE: u8 = 2;
const INTEGER: u8 = 5;
const STRUCTURE: u8 = 12;

/// Bytes in Thrift's compact protocol.
struct Thrift<'a> {
    bytes: &'a [u8],
}

impl Thrift<'_> {
    /// Gives the fields of a structure, their numbers and types, to `each`, which reads or skips them.
    fn fields(&mut self, each: &mut dyn FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        let mut id = 0_i64;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Some(());
            }
            id = match byte >> 4 {
                0 => self.signed()?,
                more => id.checked_add(i64::from(more))?,
            };
            each(self, id, byte & 0x0f)?;
        }
    }

    fn skip(&mut self, of: u8, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match of {
            1 | FALSE => Some(()),
            3 => self.byte().map(|_| ()),
            4..=6 => varint(&mut self.bytes).map(|_| ()),
            7 => self.leave(8),
            8 => {
                let length = varint(&mut self.bytes)?;
                self.leave(length)
            }
            9 | 10 => {
                let header = self.byte()?;
                let count = match header >> 4 {
                    15 => varint(&mut self.bytes)?,
                    count => u64::from(count),
                };
                let of = header & 0x0f;
                (0..count).try_for_each(|_| match of {
                    1 | FALSE => self.byte().map(|_| ()),
                    of => self.skip(of, depth + 1),
                })
            }
            STRUCTURE => self.fields(&mut |thrift, _, of| thrift.skip(of, depth + 1)),
            _ => None,
        }
    }

    fn leave(&mut self, length: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*byte)
    }

    fn signed(&mut self) -> Option<i64> {
        let value = varint(&mut self.bytes)?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A number of 0 or more.
    fn unsigned(&mut self) -> Option<u32> {
        u32::try_from(self.signed()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_to_its_end() {
        // Kind 0, 300 bytes unpacked, 20 packed, a checksum; 5 values in DELTA_BYTE_ARRAY, with statistics.
        let bytes = [
            0x15, 0, 0x15, 0xd8, 0x04, 0x15, 40, 0x15, 2, 0x1c, 0x15, 10, 0x15, 14, 0x15, 6, 0x15, 6, 0x1c,
            0x18, 1, b'a', 0, 0, 0, 99,
        ];
        let header = Header::parse(&bytes).unwrap();
        let expected = Header {
            kind: Kind::Data { is_repeating: true },
            length: 25,
            unpacked: 300,
            packed: 20,
            levels: 0,
            is_packed: true,
        };
        assert_eq!(header, expected);
        for length in 0..25 {
            assert_eq!(Header::parse(&bytes[..length]), None);
        }
        assert_eq!(Header::parse(&[0x1c; 100]), None);
    }
}
