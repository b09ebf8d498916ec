//! How far an import is, for whoever shows it.

/// How far an import is. Every byte of a table is read at most twice: once to see what its columns are, once for its
/// rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The file being read, as the input names it.
    pub file: &'a str,
    /// Rows read of this file in this pass; 0 for what is no table.
    pub rows: u64,
    /// Bytes read so far, of all files and passes.
    pub bytes: u64,
    /// Bytes to be read, of all files and passes.
    pub total_bytes: u64,
}

/// How many rows pass between two reports.
const INTERVAL: u64 = 4096;

/// Turns the position in one file into the progress of the whole.
pub(crate) struct Meter<'a> {
    report: &'a mut dyn FnMut(Progress<'_>),
    done_bytes: u64,
    total_bytes: u64,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(total_bytes: u64, report: &'a mut dyn FnMut(Progress<'_>)) -> Meter<'a> {
        Meter { report, done_bytes: 0, total_bytes }
    }

    /// Reports every few thousand rows; `bytes` is asked for only then.
    pub(crate) fn row(&mut self, file: &str, rows: u64, bytes: impl FnOnce() -> u64) {
        if rows.is_multiple_of(INTERVAL) {
            self.report(file, rows, bytes());
        }
    }

    /// A pass over a file of `bytes` is over.
    pub(crate) fn pass(&mut self, file: &str, rows: u64, bytes: u64) {
        self.report(file, rows, bytes);
        self.done_bytes += bytes;
    }

    fn report(&mut self, file: &str, rows: u64, bytes: u64) {
        let bytes = (self.done_bytes + bytes).min(self.total_bytes);
        (self.report)(Progress { file, rows, bytes, total_bytes: self.total_bytes });
    }
}
