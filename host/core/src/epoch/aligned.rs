//! Bytes in memory from which numbers of 64 bits can be read in place.

use std::io::Read;

use super::error::EpochError;
use super::format::{HEADER_BYTES, LENGTH_AT, MAGIC};

#[cfg(target_endian = "big")]
compile_error!("epochs are read in place and their columns are little-endian");

/// Bytes that begin at a multiple of eight, so that columns can be read in place.
pub(super) struct Aligned {
    words: Vec<u64>,
    length: usize,
}

impl Aligned {
    pub(super) fn copied(bytes: &[u8]) -> Aligned {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        bytemuck::cast_slice_mut::<u64, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Aligned { words, length: bytes.len() }
    }

    /// Bytes that were written as whole words.
    pub(super) fn from_words(words: Vec<u64>) -> Aligned {
        let length = words.len() * 8;
        Aligned { words, length }
    }

    pub(super) fn read(mut reader: impl Read, length: u64) -> Result<Aligned, EpochError> {
        // The start is read first: a huge file that is not an epoch must not take its size in memory.
        let mut start = [0; HEADER_BYTES];
        let given = read_up_to(&mut reader, &mut start)?;
        if start.get(..given.min(MAGIC.len())) != Some(&MAGIC[..given.min(MAGIC.len())]) || given == 0 {
            return Err(EpochError::NotAnEpoch);
        }
        let stated = u64_at(&start, LENGTH_AT).unwrap_or(0);
        let size = usize::try_from(length).map_err(|_| EpochError::Length { stated, given: length })?;
        if stated != length || size < HEADER_BYTES {
            return Err(EpochError::Length { stated, given: length });
        }
        let mut words = vec![0_u64; size.div_ceil(8)];
        let bytes = &mut bytemuck::cast_slice_mut::<u64, u8>(&mut words)[..size];
        bytes[..HEADER_BYTES].copy_from_slice(&start);
        let more = read_up_to(&mut reader, &mut bytes[HEADER_BYTES..])?;
        if HEADER_BYTES + more != size || reader.read(&mut [0])? != 0 {
            return Err(EpochError::Length { stated, given: (HEADER_BYTES + more) as u64 });
        }
        Ok(Aligned { words, length: size })
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &bytemuck::cast_slice::<u64, u8>(&self.words)[..self.length]
    }
}

/// Fills as much of `buffer` as the reader has.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
