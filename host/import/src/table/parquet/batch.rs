//! Some rows of one Parquet column, and their values as cells.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;

use super::meaning::Meaning;
use crate::cell::Cell;
use crate::problem::Fault;

/// Some rows of one column, decoded.
pub(in crate::table) struct Batch {
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
    pub(super) fn read(
        reader: &mut ColumnReader,
        meaning: Meaning,
        rows: usize,
    ) -> Result<Batch, ParquetError> {
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
    pub(super) fn text_bytes(&self) -> u64 {
        let bytes: usize = match &self.values {
            Values::Bytes(values) => values.iter().map(ByteArray::len).sum(),
            Values::Fixed(values) => values.iter().map(|value| value.len()).sum(),
            _ => 0,
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    pub(in crate::table) fn cell(&self, row: usize) -> Cell<'_> {
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
