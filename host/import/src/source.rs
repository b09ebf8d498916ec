//! A file that an input names: where it is, how it is written, its bytes.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use crate::limits::{Bound, LimitExceeded, Quota};
use crate::problem::Fault;

/// How a table is written, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    JsonLines,
    Parquet,
}

/// A file that is there.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// As the input names it, for people.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) quota: Quota,
    is_gzip: bool,
    /// How many of its bytes count towards the quota already: a table is read twice and counts once.
    counted: Rc<Cell<u64>>,
}

impl Format {
    /// The format of the table `name`.
    pub(crate) fn of(name: &str) -> Result<Format, Fault> {
        let lower = name.to_ascii_lowercase();
        let (stem, is_gzip) = lower.strip_suffix(".gz").map_or((lower.as_str(), false), |stem| (stem, true));
        match stem.rsplit_once('.') {
            Some((_, "csv")) => Ok(Format::Csv),
            Some((_, "jsonl" | "ndjson")) => Ok(Format::JsonLines),
            Some((_, "parquet")) if !is_gzip => Ok(Format::Parquet),
            _ => Err(Fault::Format),
        }
    }
}

impl Source {
    /// The file `name` in `folder`, packed if its name ends in `.gz`.
    pub(crate) fn find(folder: &Path, name: &str, quota: &Quota) -> Result<Source, Fault> {
        let is_gzip = name.to_ascii_lowercase().ends_with(".gz");
        let path = folder.join(name);
        let metadata = std::fs::metadata(&path).map_err(|error| Fault::from_io(&error))?;
        if !metadata.is_file() {
            return Err(Fault::Unreadable("it is not a file".to_owned()));
        }
        let (name, bytes, quota) = (name.to_owned(), metadata.len(), quota.clone());
        Ok(Source { name, path, bytes, quota, is_gzip, counted: Rc::default() })
    }

    pub(crate) fn file(&self) -> Result<File, Fault> {
        File::open(&self.path).map_err(|error| Fault::from_io(&error))
    }

    /// The text inside, unpacked if it is packed, and how much of the file has been read for it so far.
    pub(crate) fn text(&self) -> Result<(Box<dyn Read>, Position), Fault> {
        let position = Position::default();
        let counted = Counted { file: self.file()?, position: position.clone() };
        let counted = BufReader::with_capacity(1 << 16, counted);
        let text: Box<dyn Read> =
            if self.is_gzip { Box::new(MultiGzDecoder::new(counted)) } else { Box::new(counted) };
        let (source, read) = (self.clone(), 0);
        Ok((Box::new(Metered { text, source, read }), position))
    }

    /// Counts bytes that were unpacked, `read` of this file so far in one pass.
    pub(crate) fn count(&self, read: u64) -> Result<(), LimitExceeded> {
        let new = read.saturating_sub(self.counted.get());
        self.counted.set(self.counted.get().max(read));
        self.quota.take(Bound::Unpacked, usize::try_from(new).unwrap_or(usize::MAX))
    }
}

/// How many bytes of a file have been read.
#[derive(Clone, Default)]
pub(crate) struct Position(Rc<Cell<u64>>);

impl Position {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.get()
    }
}

struct Counted {
    file: File,
    position: Position,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        let seen = self.position.0.get().saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        self.position.0.set(seen);
        Ok(read)
    }
}

/// Text whose bytes count towards the quota.
struct Metered {
    text: Box<dyn Read>,
    source: Source,
    read: u64,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.text.read(buffer)?;
        self.read = self.read.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        self.source.count(self.read)?;
        Ok(read)
    }
}
