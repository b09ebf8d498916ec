//! Comma-separated values, as RFC 4180 and spreadsheets write them.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

use apportion_core::epoch::MAX_COLUMNS;
use csv::{ByteRecord, ReaderBuilder, StringRecord, Terminator, Trim};

use crate::limits::{Bound, LimitExceeded, Quota};
use crate::problem::Fault;
use crate::progress::Meter;
use crate::source::{Position, Source};

use super::{Cells, Row};

/// What is wrong with a header, and with which column.
pub(super) type HeaderFaults = Vec<(Option<String>, Fault)>;

pub(super) struct Csv {
    delimiter: u8,
}

type Reader = csv::Reader<Ending>;

/// How much the reader takes from a file at once.
const BUFFER: usize = 1 << 16;

/// Remembers that there is no more to read, since a row that a line end finished does not ask for more, and fails where
/// a row goes on for too long.
struct Ending {
    text: Box<dyn Read>,
    is_over: Rc<Cell<bool>>,
    /// Bytes read since the last row ended.
    of_row: Rc<Cell<usize>>,
    quota: Quota,
}

impl Read for Ending {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // What is read for the first time may belong to the row before.
        self.quota.check(Bound::Record, self.of_row.get().saturating_sub(BUFFER))?;
        let read = self.text.read(buffer)?;
        self.is_over.set(read == 0);
        self.of_row.set(self.of_row.get() + read);
        Ok(read)
    }
}

impl Csv {
    /// Reads the header and says everything that is wrong with it.
    pub(super) fn open(source: &Source, delimiter: u8) -> Result<(Csv, Vec<String>), HeaderFaults> {
        let csv = Csv { delimiter };
        let columns = csv.header(source).map_err(|fault| vec![(None, fault)])?;
        let mut faults = Vec::new();
        for (index, name) in columns.iter().enumerate() {
            if name.is_empty() {
                faults.push((None, Fault::Nameless(index + 1)));
            } else if columns.iter().take(index).any(|earlier| earlier == name) {
                faults.push((Some(name.clone()), Fault::ColumnTwice));
            }
        }
        if faults.is_empty() { Ok((csv, columns)) } else { Err(faults) }
    }

    fn header(&self, source: &Source) -> Result<Vec<String>, Fault> {
        let (mut reader, _) = self.reader(source)?;
        let mut record = ByteRecord::new();
        loop {
            if !reader.read_byte_record(&mut record).map_err(fault_of)? {
                return Err(Fault::NoHeader);
            }
            if !is_blank(&record) {
                break;
            }
        }
        if record.len() > MAX_COLUMNS {
            return Err(Fault::Unreadable(format!("its header names more than {MAX_COLUMNS} columns")));
        }
        if record.as_slice().starts_with(b"\xff\xfe") || record.as_slice().starts_with(b"\xfe\xff") {
            return Err(Fault::Encoding);
        }
        let record = StringRecord::from_byte_record(record).map_err(|_| Fault::Encoding)?;
        let columns: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        if columns.iter().any(|name| name.contains('\r')) { Err(Fault::LineEndings) } else { Ok(columns) }
    }

    pub(super) fn rows(
        &self,
        source: &Source,
        columns: &[String],
        meter: &mut Meter<'_>,
        each: &mut dyn FnMut(&Row<'_>),
    ) -> Result<(), Fault> {
        let (mut reader, position) = self.reader(source)?;
        let (is_over, of_row) = (reader.get_ref().is_over.clone(), reader.get_ref().of_row.clone());
        let (mut bytes, mut rows, mut is_header) = (ByteRecord::new(), 0_u64, true);
        while reader.read_byte_record(&mut bytes).map_err(fault_of)? {
            of_row.set(0);
            source.quota.check(Bound::Record, bytes.as_slice().len() + bytes.len())?;
            if is_blank(&bytes) || std::mem::take(&mut is_header) {
                continue;
            }
            rows += 1;
            check_rows(&source.quota, rows)?;
            let number = line_of(&reader, &bytes, is_over.get());
            bytes = match StringRecord::from_byte_record(bytes) {
                Ok(record) => {
                    let ragged = Fault::Ragged { cells: record.len(), columns: columns.len() };
                    let fault = (record.len() != columns.len()).then_some((None, ragged));
                    each(&Row { number, fault, cells: Cells::Csv(&record) });
                    record.into_byte_record()
                }
                Err(error) => {
                    let column = columns.get(error.utf8_error().field()).cloned();
                    let bytes = error.into_byte_record();
                    let readable = StringRecord::from_byte_record_lossy(bytes.clone());
                    each(&Row {
                        number,
                        fault: Some((column, Fault::Encoding)),
                        cells: Cells::Csv(&readable),
                    });
                    bytes
                }
            };
            meter.row(&source.name, rows, || position.bytes());
        }
        meter.pass(&source.name, rows, source.bytes);
        Ok(())
    }

    fn reader(&self, source: &Source) -> Result<(Reader, Position), Fault> {
        let (text, position) = source.text()?;
        // With `\n` alone as the end of a row, every row's line can be told; the `\r` of Windows is a blank at the end
        // of the last cell, and cells are trimmed.
        let reader = ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .trim(Trim::None)
            .buffer_capacity(BUFFER)
            .from_reader(Ending {
                text,
                is_over: Rc::default(),
                of_row: Rc::default(),
                quota: source.quota.clone(),
            });
        Ok((reader, position))
    }
}

/// Checks how many rows one file has: what becomes of them counts elsewhere.
pub(super) fn check_rows(quota: &Quota, rows: u64) -> Result<(), LimitExceeded> {
    quota.check(Bound::Rows, usize::try_from(rows).unwrap_or(usize::MAX))
}

/// The line on which the record that was just read begins, counted from 1.
fn line_of(reader: &Reader, record: &ByteRecord, is_over: bool) -> u64 {
    let inside = record.as_slice().iter().filter(|&&byte| byte == b'\n').count();
    let inside = u64::try_from(inside).unwrap_or(u64::MAX);
    // The reader stands on the next line, unless the file ended without a line end.
    let after = reader.position().line().saturating_sub(inside);
    if is_over { after } else { after.saturating_sub(1) }
}

fn is_blank(record: &ByteRecord) -> bool {
    record.len() == 1 && record.as_slice().iter().all(u8::is_ascii_whitespace)
}

fn fault_of(error: csv::Error) -> Fault {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Fault::from_io(&error),
        _ => Fault::Unreadable("it is not CSV".to_owned()),
    }
}
