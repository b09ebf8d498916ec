//! An instance's files: JSON, JSON lines and JSON packed with zlib, none of which is trusted.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::read::ZlibDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::problem::{Collector, Fault, Place, shortened};
use crate::progress::Meter;

/// How much of plain text is read of one file.
const MAX_PLAIN_MIB: u64 = 1 << 10;
/// The longest line that is read.
const MAX_LINE_MIB: u64 = 16;
/// Graphs unpack to 10 to 20 times their size: what claims to be more than this is made to fill the memory.
const MAX_RATIO: u64 = 200;
/// Which is not held against small files.
const SMALL_MIB: u64 = 16;

/// The files of an instance, by the numbers under which problems name them.
pub(super) struct Files<'a> {
    folder: PathBuf,
    names: Vec<String>,
    pub(super) problems: Collector,
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
        progress: &'a mut dyn FnMut(crate::Progress<'_>),
    ) -> Files<'a> {
        let bytes = |name: &String| std::fs::metadata(folder.join(name)).map_or(0, |metadata| metadata.len());
        let meter = Meter::new(names.iter().map(bytes).sum(), progress);
        Files { folder: folder.to_owned(), problems: Collector::new(names.clone()), names, meter }
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
            let parsed = parse(ZlibDecoder::new(packed), most, "its zlib data is invalid");
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
        let mut text = text.take(MAX_PLAIN_MIB << 20);
        let (mut line, mut row) = (Vec::new(), 0);
        let limit = MAX_LINE_MIB << 20;
        loop {
            line.clear();
            let read = text.by_ref().take(limit).read_until(b'\n', &mut line);
            if read.map_err(|error| Fault::from_io(&error))? == 0 {
                break;
            }
            if u64::try_from(line.len()).is_ok_and(|length| length == limit) && !line.ends_with(b"\n") {
                return Err(Fault::LongLine(MAX_LINE_MIB));
            }
            row += 1;
            let place = Place { file, row };
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(value) => each(place, value),
                Err(error) => self.problems.add(place, None, malformed(&error)),
            }
        }
        if text.limit() == 0 {
            return Err(too_large(MAX_PLAIN_MIB << 20));
        }
        self.done(file, bytes);
        Ok(())
    }

    fn json<T: DeserializeOwned>(&mut self, file: usize) -> Result<T, Fault> {
        let (text, bytes) = self.open(file)?;
        let parsed = parse(text, MAX_PLAIN_MIB << 20, "cannot be read");
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

/// The one JSON value in `text`, of which at most `most` bytes are read.
fn parse<T: DeserializeOwned>(text: impl Read, most: u64, damaged: &str) -> Result<T, Fault> {
    let mut text = BufReader::new(text.take(most));
    let parsed = serde_json::from_reader(&mut text);
    parsed.map_err(|error| match error.io_error_kind() {
        Some(ErrorKind::UnexpectedEof) => Fault::Truncated,
        Some(_) => Fault::Parameters(format!("is damaged: {damaged}")),
        None if text.into_inner().limit() == 0 => too_large(most),
        None => malformed(&error),
    })
}
