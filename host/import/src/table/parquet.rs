//! Parquet: flat columns of every type that is text, a number, a truth value or a time.

mod delta;
mod headers;
mod pages;

use std::borrow::Cow;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use jiff::civil::Date;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use crate::cell::Cell;
use crate::limits::{Bound, LimitExceeded};
use crate::problem::{Fault, shortened};
use crate::progress::Meter;
use crate::source::Source;

use super::csv::check_rows;
use super::{Cells, Row};
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

#[derive(Clone, Copy)]
enum Meaning {
    Plain,
    Unsigned,
    Days,
    /// How many of the unit are in a second.
    Time(i64),
    Decimal(i32),
    Uuid,
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
                meaning_of(column).map(|meaning| Leaf { index, meaning })
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

fn meaning_of(column: &ColumnDescriptor) -> Result<Meaning, Fault> {
    let per_second = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    };
    match column.logical_type_ref() {
        Some(LogicalType::Date) => return Ok(Meaning::Days),
        Some(LogicalType::Timestamp(time)) => return Ok(Meaning::Time(per_second(&time.unit))),
        Some(LogicalType::Decimal(decimal)) => return Ok(Meaning::Decimal(decimal.scale)),
        Some(LogicalType::Integer(integer)) if !integer.is_signed => return Ok(Meaning::Unsigned),
        Some(LogicalType::Uuid) => return Ok(Meaning::Uuid),
        Some(LogicalType::Time(_)) => return Err(Fault::Nested("times of day")),
        Some(LogicalType::Float16 | LogicalType::Bson | LogicalType::Variant(_)) => {
            return Err(Fault::Nested("values of a type that is not read"));
        }
        _ => {}
    }
    match column.converted_type() {
        ConvertedType::DATE => Ok(Meaning::Days),
        ConvertedType::TIMESTAMP_MILLIS => Ok(Meaning::Time(1_000)),
        ConvertedType::TIMESTAMP_MICROS => Ok(Meaning::Time(1_000_000)),
        ConvertedType::DECIMAL => Ok(Meaning::Decimal(column.type_scale())),
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
            Ok(Meaning::Unsigned)
        }
        ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => Err(Fault::Nested("times of day")),
        ConvertedType::INTERVAL | ConvertedType::BSON => {
            Err(Fault::Nested("values of a type that is not read"))
        }
        _ if column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY => {
            Err(Fault::Nested("bytes that are no text"))
        }
        _ => Ok(Meaning::Plain),
    }
}

/// Some rows of one column, decoded.
pub(super) struct Batch {
    meaning: Meaning,
    values: Values,
    /// For each row the place of its value, if it has one.
    places: Vec<Option<usize>>,
}

enum Values {
    Boolean(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

impl Batch {
    fn read(reader: &mut ColumnReader, meaning: Meaning, rows: usize) -> Result<Batch, ParquetError> {
        let (values, places) = match reader {
            ColumnReader::BoolColumnReader(reader) => wrapped(Values::Boolean, read_column(reader, rows)?),
            ColumnReader::Int32ColumnReader(reader) => wrapped(Values::Int32, read_column(reader, rows)?),
            ColumnReader::Int64ColumnReader(reader) => wrapped(Values::Int64, read_column(reader, rows)?),
            ColumnReader::Int96ColumnReader(reader) => wrapped(Values::Int96, read_column(reader, rows)?),
            ColumnReader::FloatColumnReader(reader) => wrapped(Values::Float, read_column(reader, rows)?),
            ColumnReader::DoubleColumnReader(reader) => wrapped(Values::Double, read_column(reader, rows)?),
            ColumnReader::ByteArrayColumnReader(reader) => wrapped(Values::Bytes, read_column(reader, rows)?),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                wrapped(Values::Fixed, read_column(reader, rows)?)
            }
        };
        Ok(Batch { meaning, values, places })
    }

    /// How many bytes its texts have.
    fn text_bytes(&self) -> u64 {
        let bytes: usize = match &self.values {
            Values::Bytes(values) => values.iter().map(ByteArray::len).sum(),
            Values::Fixed(values) => values.iter().map(|value| value.len()).sum(),
            _ => 0,
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        self.places.get(row).copied().flatten().and_then(|place| self.value(place)).unwrap_or(Cell::Empty)
    }

    fn value(&self, place: usize) -> Option<Cell<'_>> {
        Some(match &self.values {
            Values::Boolean(values) => Cell::Boolean(*values.get(place)?),
            Values::Int32(values) => {
                let value = *values.get(place)?;
                match self.meaning {
                    Meaning::Unsigned => Cell::Integer(i64::from(value.cast_unsigned())),
                    meaning => integer(i64::from(value), meaning),
                }
            }
            Values::Int64(values) => integer(*values.get(place)?, self.meaning),
            Values::Int96(values) => int96(values.get(place)?),
            Values::Float(values) => Cell::Number(f64::from(*values.get(place)?)),
            Values::Double(values) => Cell::Number(*values.get(place)?),
            Values::Bytes(values) => bytes(values.get(place)?.data(), self.meaning),
            Values::Fixed(values) => bytes(values.get(place)?.data(), self.meaning),
        })
    }
}

type Column<T> = (Vec<T>, Vec<Option<usize>>);

fn wrapped<T>(values: impl FnOnce(Vec<T>) -> Values, column: Column<T>) -> (Values, Vec<Option<usize>>) {
    (values(column.0), column.1)
}

fn read_column<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
) -> Result<Column<T::T>, ParquetError> {
    let (mut values, mut levels, mut read) = (Vec::new(), Vec::new(), 0);
    while read < rows {
        let (records, _, _) = reader.read_records(rows - read, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::EOF("a column ends before the others".to_owned()));
        }
        read += records;
    }
    // A column that must be filled has no levels.
    let mut next = 0..values.len();
    let place = |row: usize| match levels.get(row) {
        Some(0) => None,
        _ => next.next(),
    };
    let places: Vec<Option<usize>> = (0..rows).map(place).collect();
    if next.next().is_some() {
        return Err(ParquetError::General("a column has more values than rows".to_owned()));
    }
    Ok((values, places))
}

fn integer<'a>(value: i64, meaning: Meaning) -> Cell<'a> {
    match meaning {
        Meaning::Plain | Meaning::Uuid => Cell::Integer(value),
        Meaning::Unsigned => match i64::try_from(value.cast_unsigned()) {
            Ok(value) => Cell::Integer(value),
            Err(_) => Cell::Text(Cow::Owned(value.cast_unsigned().to_string())),
        },
        Meaning::Days => match date(value) {
            Some(date) => Cell::Text(Cow::Owned(date)),
            None => Cell::Wrong(Fault::NotTime(format!("{value} days since 1970"))),
        },
        Meaning::Time(per_second) => time(i128::from(value), per_second),
        Meaning::Decimal(scale) => decimal(i128::from(value), scale),
    }
}

fn date(days: i64) -> Option<String> {
    let days = jiff::Span::new().try_days(days).ok()?;
    Some(Date::constant(1970, 1, 1).checked_add(days).ok()?.to_string())
}

fn time<'a>(value: i128, per_second: i64) -> Cell<'a> {
    let nanoseconds = value * (1_000_000_000 / i128::from(per_second));
    match Timestamp::from_nanosecond(nanoseconds) {
        Ok(time) => Cell::Time(time),
        Err(_) => Cell::Wrong(Fault::NotTime(format!("{value} / {per_second} seconds since 1970"))),
    }
}

/// Nanoseconds of the day, then the Julian day: how old programs wrote times.
fn int96<'a>(value: &Int96) -> Cell<'a> {
    let [low, high, day] = match value.data() {
        [low, high, day] => [*low, *high, *day],
        _ => return Cell::Empty,
    };
    let of_day = (i128::from(high) << 32) | i128::from(low);
    let days = i128::from(day) - 2_440_588;
    time(days * 86_400_000_000_000 + of_day, 1_000_000_000)
}

fn bytes(bytes: &[u8], meaning: Meaning) -> Cell<'_> {
    match meaning {
        Meaning::Decimal(scale) if bytes.len() <= 16 => {
            let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
            let start: i128 = if negative { -1 } else { 0 };
            decimal(bytes.iter().fold(start, |value, byte| (value << 8) | i128::from(*byte)), scale)
        }
        Meaning::Decimal(_) => Cell::Wrong(Fault::Nested("decimals of more than 38 digits")),
        Meaning::Uuid => Cell::Text(Cow::Owned(uuid(bytes))),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Cell::of(text),
            Err(_) => Cell::Wrong(Fault::Encoding),
        },
    }
}

/// A decimal as it is written, with all digits of its scale.
fn decimal<'a>(unscaled: i128, scale: i32) -> Cell<'a> {
    let Ok(scale @ 0..=38) = usize::try_from(scale) else {
        return Cell::Wrong(Fault::Nested("decimals of a scale that is not read"));
    };
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let point = if part.is_empty() { "" } else { "." };
    Cell::Text(Cow::Owned(format!("{sign}{whole}{point}{part}")))
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
