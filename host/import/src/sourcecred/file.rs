//! An instance's files: JSON, JSON lines and JSON packed with zlib, none of which is trusted.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::read::ZlibDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::limits::{Bound, Quota};
use crate::problem::{Collector, Fault, Place, shortened};
use crate::progress::Meter;

/// Graphs unpack to 10 to 20 times their size: what claims to be more than this is made to fill the memory.
const MAX_RATIO: u64 = 200;
/// Which is not held against small files.
const SMALL_MIB: u64 = 16;

/// The files of an instance, by the numbers under which problems name them.
pub(super) struct Files<'a> {
    folder: PathBuf,
    names: Vec<String>,
    pub(super) problems: Collector,
    pub(super) quota: Quota,
    meter: Meter<'a>,
}

/// What a file of SourceCred says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Stamp {
    #[serde(rename = "type")]
    kind: String,
    version: String,
}

impl Stamp {
    /// Whether it is of a kind and version that are understood; else what it is.
    pub(super) fn expect(&self, kind: &str, version: &str) -> Result<(), Fault> {
        if (self.kind.as_str(), self.version.as_str()) == (kind, version) {
            return Ok(());
        }
        let (is_kind, is_version) = (shortened(&self.kind), shortened(&self.version));
        Err(Fault::Parameters(format!(
            "is of `{}` {}, where `{kind}` {version} is read",
            is_kind.escape_debug(),
            is_version.escape_debug()
        )))
    }
}

impl<'a> Files<'a> {
    pub(super) fn new(
        folder: &Path,
        names: Vec<String>,
        quota: &Quota,
        progress: &'a mut dyn FnMut(crate::Progress<'_>),
    ) -> Files<'a> {
        let bytes = |name: &String| std::fs::metadata(folder.join(name)).map_or(0, |metadata| metadata.len());
        let meter = Meter::new(names.iter().map(bytes).sum(), progress);
        let (folder, problems, quota) = (folder.to_owned(), Collector::new(names.clone()), quota.clone());
        Files { folder, names, problems, quota, meter }
    }

    /// The JSON in a file; `None` if there is no such file, or if it is wrong, which is noted.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, file: usize) -> Option<T> {
        match self.json(file) {
            Err(Fault::Missing) => None,
            read => self.noted(file, read),
        }
    }

    /// The JSON in a file that must be there.
    pub(super) fn needed<T: DeserializeOwned>(&mut self, file: usize) -> Option<T> {
        let read = self.json(file);
        self.noted(file, read)
    }

    /// The JSON in a packed file that must be there.
    pub(super) fn packed<T: DeserializeOwned>(&mut self, file: usize) -> Option<T> {
        let read = self.open(file).and_then(|(packed, bytes)| {
            let most = bytes.saturating_mul(MAX_RATIO).max(SMALL_MIB << 20);
            let text = Ratio { text: ZlibDecoder::new(packed), left: most, most };
            let parsed = self.parse(text, "its zlib data is invalid");
            self.done(file, bytes);
            parsed
        });
        self.noted(file, read)
    }

    /// Gives every line of a file of JSON lines to `each`, with its place.
    pub(super) fn lines<T: DeserializeOwned>(&mut self, file: usize, each: &mut dyn FnMut(Place, T)) {
        let read = self.read_lines(file, each);
        self.noted(file, read);
    }

    fn read_lines<T: DeserializeOwned>(
        &mut self,
        file: usize,
        each: &mut dyn FnMut(Place, T),
    ) -> Result<(), Fault> {
        let (text, bytes) = self.open(file)?;
        let mut text = BufReader::new(Counted { text, quota: self.quota.clone() });
        let (mut line, mut row) = (Vec::new(), 0);
        // One byte more shows that a line is too long.
        let limit = self.quota.limit(Bound::Record).saturating_add(1);
        loop {
            line.clear();
            let read = text.by_ref().take(limit).read_until(b'\n', &mut line);
            if read.map_err(|error| Fault::from_io(&error))? == 0 {
                break;
            }
            self.quota.check(Bound::Record, line.len())?;
            row += 1;
            self.quota.take(Bound::Rows, 1)?;
            let place = Place { file, row };
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(value) => each(place, value),
                Err(error) => self.problems.add(place, None, malformed(&error)),
            }
        }
        self.done(file, bytes);
        Ok(())
    }

    fn json<T: DeserializeOwned>(&mut self, file: usize) -> Result<T, Fault> {
        let (text, bytes) = self.open(file)?;
        let parsed = self.parse(text, "cannot be read");
        self.done(file, bytes);
        parsed
    }

    fn open(&self, file: usize) -> Result<(BufReader<File>, u64), Fault> {
        let name = self.names.get(file).map_or("", String::as_str);
        let file = File::open(self.folder.join(name)).map_err(|error| Fault::from_io(&error))?;
        let metadata = file.metadata().map_err(|error| Fault::from_io(&error))?;
        if !metadata.is_file() {
            return Err(Fault::Unreadable("it is not a file".to_owned()));
        }
        Ok((BufReader::new(file), metadata.len()))
    }

    fn done(&mut self, file: usize, bytes: u64) {
        self.meter.pass(self.names.get(file).map_or("", String::as_str), 0, bytes);
    }

    fn noted<T>(&mut self, file: usize, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.problems.add_file(file, fault)).ok()
    }
}

/// What is wrong with JSON, in words that are safe to show: they may quote it.
pub(super) fn malformed(error: &serde_json::Error) -> Fault {
    Fault::Parameters(format!(
        "is not what is expected here: {}",
        shortened(&error.to_string()).escape_debug()
    ))
}

fn too_large(most: u64) -> Fault {
    Fault::Parameters(format!("holds more than {} MiB, which no instance of its size does", most >> 20))
}

impl Files<'_> {
    /// The one JSON value in `text`.
    fn parse<T: DeserializeOwned>(&self, text: impl Read, damaged: &str) -> Result<T, Fault> {
        let counted = Counted { text, quota: self.quota.clone() };
        let text = BufReader::new(self.quota.bounded(counted, Bound::Document));
        serde_json::from_reader(text).map_err(|error| {
            let Some(kind) = error.io_error_kind() else { return malformed(&error) };
            let error = std::io::Error::from(error);
            let inner = error.get_ref();
            match (inner.and_then(|error| error.downcast_ref()), inner.and_then(|error| error.downcast_ref()))
            {
                (Some(exceeded), _) => Fault::Limit(*exceeded),
                (None, Some(TooLarge(most))) => too_large(*most),
                (None, None) if kind == ErrorKind::UnexpectedEof => Fault::Truncated,
                (None, None) => Fault::Parameters(format!("is damaged: {damaged}")),
            }
        })
    }
}

/// Text whose bytes count towards the quota.
struct Counted<R> {
    text: R,
    quota: Quota,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.text.read(buffer)?;
        self.quota.take(Bound::Unpacked, read)?;
        Ok(read)
    }
}

/// Text of a packed file that may be so much larger than that and no more.
struct Ratio<R> {
    text: R,
    left: u64,
    most: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("more than {0} bytes")]
struct TooLarge(u64);

impl<R: Read> Read for Ratio<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.text.read(buffer)?;
        match self.left.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => Err(std::io::Error::other(TooLarge(self.most))),
        }
    }
}
