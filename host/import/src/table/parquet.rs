//! Parquet: flat columns of every type that is text, a number, a truth value or a time.

pub(super) mod batch;
mod delta;
mod headers;
mod meaning;
mod pages;

use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::column::reader::ColumnReader;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

use crate::limits::{Bound, LimitExceeded};
use crate::problem::{Fault, shortened};
use crate::progress::Meter;
use crate::source::Source;

use super::row::{Cells, Row, check_rows};
use batch::Batch;
use meaning::Meaning;
use pages::Sizes;

/// How many rows are decoded at a time.
const BATCH_ROWS: usize = 4096;

/// The columns of a file: where each is stored and what its values mean.
pub(super) struct Leaves(Vec<Result<Leaf, Fault>>);

#[derive(Clone, Copy)]
struct Leaf {
    index: usize,
    meaning: Meaning,
}

impl Leaves {
    pub(super) fn open(source: &Source) -> Result<(Leaves, Vec<String>), Fault> {
        let reader = open(source)?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let (mut leaves, mut names): (Vec<Result<Leaf, Fault>>, Vec<String>) = (Vec::new(), Vec::new());
        for (index, column) in schema.columns().iter().enumerate() {
            let name = column.path().parts().first().map_or("", |part| part.trim()).to_owned();
            let is_flat = column.path().parts().len() == 1
                && column.max_rep_level() == 0
                && column.max_def_level() <= 1;
            let leaf = if is_flat {
                Meaning::of(column).map(|meaning| Leaf { index, meaning })
            } else {
                Err(Fault::Nested("lists or objects"))
            };
            match names.iter().position(|known| *known == name) {
                // The parts of one nested column.
                Some(known) if !is_flat && leaves.get(known).is_some_and(Result::is_err) => {}
                Some(_) => {
                    return Err(Fault::Parquet(format!("the column `{}` is there twice", shortened(&name))));
                }
                None => {
                    names.push(name);
                    leaves.push(leaf);
                }
            }
        }
        Ok((Leaves(leaves), names))
    }

    pub(super) fn fault_of(&self, column: usize) -> Option<Fault> {
        self.0.get(column)?.as_ref().err().cloned()
    }

    pub(super) fn rows(
        &self,
        source: &Source,
        wanted: Option<&[usize]>,
        meter: &mut Meter<'_>,
        each: &mut dyn FnMut(&Row<'_>),
    ) -> Result<(), Fault> {
        let reader = open(source)?;
        let total = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0).max(1);
        let (mut rows, mut unpacked) = (0_u64, 0_u64);
        for group in 0..reader.num_row_groups() {
            let group = contained(|| reader.get_row_group(group))?;
            let mut left = usize::try_from(group.metadata().num_rows())
                .map_err(|_| Fault::Parquet("a row group has less than no rows".to_owned()))?;
            check_rows(&source.quota, rows.saturating_add(u64::try_from(left).unwrap_or(u64::MAX)))?;
            let sizes = self.sizes(source, &*group, wanted)?;
            unpacked = unpacked.saturating_add(sizes.unpacked);
            source.count(unpacked)?;
            let batch_rows = sizes.batch_rows(BATCH_ROWS, &source.quota);
            let mut columns = self.columns(&*group, wanted)?;
            let mut batches: Vec<Option<Batch>> = columns.iter().map(|_| None).collect();
            while left > 0 {
                let count = left.min(batch_rows);
                for (column, batch) in columns.iter_mut().zip(&mut batches) {
                    let Some((reader, meaning)) = column else { continue };
                    let read = contained(|| Batch::read(reader, *meaning, count))?;
                    // Texts that repeat each other are longer than their pages.
                    if sizes.is_repeating() {
                        unpacked = unpacked.saturating_add(read.text_bytes());
                        source.count(unpacked)?;
                    }
                    *batch = Some(read);
                }
                for row in 0..count {
                    rows += 1;
                    each(&Row { number: rows, fault: None, cells: Cells::Parquet(&batches, row) });
                    let bytes =
                        || u64::try_from(u128::from(source.bytes) * u128::from(rows) / u128::from(total));
                    meter.row(&source.name, rows, || bytes().unwrap_or(0));
                }
                left -= count;
            }
        }
        meter.pass(&source.name, rows, source.bytes);
        Ok(())
    }

    /// What the wanted columns of a row group unpack to, checked.
    fn sizes(
        &self,
        source: &Source,
        group: &dyn RowGroupReader,
        wanted: Option<&[usize]>,
    ) -> Result<Sizes, Fault> {
        let mut sizes = Sizes::default();
        for (column, leaf) in self.0.iter().enumerate() {
            if let (Ok(leaf), true) = (leaf, wanted.is_none_or(|wanted| wanted.contains(&column))) {
                contained(|| sizes.add(source, group.metadata().column(leaf.index)))?;
            }
        }
        Ok(sizes)
    }

    fn columns(
        &self,
        group: &dyn RowGroupReader,
        wanted: Option<&[usize]>,
    ) -> Result<Vec<OpenColumn>, Fault> {
        let open = |(column, leaf): (usize, &Result<Leaf, Fault>)| match leaf {
            Ok(leaf) if wanted.is_none_or(|wanted| wanted.contains(&column)) => {
                let reader = contained(|| pages::column(group, leaf.index))?;
                Ok(Some((reader, leaf.meaning)))
            }
            _ => Ok(None),
        };
        self.0.iter().enumerate().map(open).collect()
    }
}

type OpenColumn = Option<(ColumnReader, Meaning)>;

fn open(source: &Source) -> Result<SerializedFileReader<std::fs::File>, Fault> {
    let mut file = source.file()?;
    // The footer says what the columns are, and how long it is in the file's last bytes.
    let mut end = [0; 8];
    let read = file.seek(SeekFrom::End(-8)).and_then(|_| file.read_exact(&mut end));
    if let (Ok(()), [a, b, c, d, b'P', b'A', b'R', b'1']) = (read, end) {
        let length = u32::from_le_bytes([a, b, c, d]);
        // One that is longer than its file is damaged, which the reader says.
        if u64::from(length) < source.bytes {
            source.quota.check(Bound::Record, length as usize)?;
        }
    }
    contained(|| SerializedFileReader::new(file))
}

/// Runs the Parquet reader, which panics on some damaged files: that becomes an error like any other.
fn contained<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Fault> {
    // What the closure leaves behind half-done is not used again: the error ends the reading of this file.
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| match error {
            ParquetError::External(error) => match error.downcast::<LimitExceeded>() {
                Ok(exceeded) => Fault::Limit(*exceeded),
                Err(error) => Fault::Parquet(error.to_string()),
            },
            ParquetError::General(what) | ParquetError::EOF(what) | ParquetError::NYI(what) => {
                Fault::Parquet(what)
            }
            error => Fault::Parquet(error.to_string()),
        }),
        Err(_) => Err(Fault::Parquet("its reader gave up on what it found inside".to_owned())),
    }
}
