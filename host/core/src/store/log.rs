//! The cache of a ledger's entries in a folder: the file `entries`, a line an entry, oldest first.
//!
//! An entry is canonical JSON, which has no line breaks. Nothing depends on this file: it may be missing, old or damaged, and is
//! then read as far as it goes and written again.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use super::backend::MAX_ENTRY;
use super::error::{StoreError, io};
use super::files::Files;

pub(super) const ENTRIES: &str = "entries";

/// Where reading stopped last: how many entries lie before a byte of the file. The next page usually begins there.
#[derive(Debug, Default)]
pub(super) struct Place(Mutex<(usize, u64)>);

impl Place {
    fn get(&self) -> (usize, u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, skip: usize, offset: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (skip, offset);
    }
}

/// A page of entries. It ends early at a line that is not finished or is longer than any entry.
pub(super) fn read(
    files: &Files,
    place: &Place,
    skip: usize,
    limit: usize,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let Some((mut file, _)) = files.open_file(ENTRIES)? else { return Ok(Vec::new()) };
    let (mut before, mut offset) =
        Some(place.get()).filter(|(before, _)| *before <= skip).unwrap_or_default();
    let mut page = Vec::new();
    let read = || {
        file.seek(SeekFrom::Start(offset))?;
        let mut file = BufReader::new(file);
        while page.len() < limit {
            let mut line = Vec::new();
            let count = (&mut file).take(MAX_ENTRY + 1).read_until(b'\n', &mut line)?;
            if line.pop() != Some(b'\n') {
                break;
            }
            offset = offset.saturating_add(count as u64);
            if before < skip {
                before += 1;
            } else {
                page.push(line);
            }
        }
        Ok(())
    };
    read().map_err(io(ENTRIES, "read"))?;
    place.set(before.saturating_add(page.len()), offset);
    Ok(page)
}

/// Adds the entry that became the newest. A file that is missing is not begun in the middle, and one that does not end
/// with a whole line is left: whoever reads it finds that it is incomplete.
pub(super) fn append(files: &Files, entry: &[u8], is_first: bool) -> Result<(), StoreError> {
    let exists = files.kind(ENTRIES)?.is_some();
    if !exists && !is_first {
        return Ok(());
    }
    if exists && !ends_with_a_line(files)? {
        return Ok(());
    }
    let mut line = entry.to_vec();
    line.push(b'\n');
    let file = files.open_to_append(ENTRIES)?;
    let written = (&file).write_all(&line).and_then(|()| file.sync_data());
    written.map_err(io(ENTRIES, "written"))
}

fn ends_with_a_line(files: &Files) -> Result<bool, StoreError> {
    let Some((mut file, length)) = files.open_file(ENTRIES)? else { return Ok(false) };
    let Some(last) = length.checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    let read = file.seek(SeekFrom::Start(last)).and_then(|_| file.read_exact(&mut byte));
    read.map(|()| byte == *b"\n").map_err(io(ENTRIES, "read"))
}

/// The file's bytes for these entries.
pub(super) fn to_bytes(entries: &[Vec<u8>]) -> Vec<u8> {
    entries.iter().flat_map(|entry| entry.iter().chain(b"\n")).copied().collect()
}
