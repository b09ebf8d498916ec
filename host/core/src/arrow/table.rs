//! The columns of record batches, read as numbers and texts.

use arrow_array::array::AnyDictionaryArray;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt32Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{DataType, TimeUnit};

use super::error::BatchError;

/// What the names of metric columns begin with.
pub(super) const METRIC: &str = "metric.";
/// What the names of label columns begin with.
pub(super) const LABEL: &str = "label.";
/// The digits of 2^128 - 1.
pub(super) const AMOUNT_DIGITS: u8 = 39;
/// The time zone of every time.
pub(super) const UTC: &str = "UTC";

/// All batches of payees, of nodes or of edges.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    name: &'static str,
    batches: &'a [RecordBatch],
}

/// One column of a table: a piece for each batch.
pub(super) struct Column<'a> {
    table: &'static str,
    name: String,
    pieces: Vec<&'a ArrayRef>,
}

/// A column of texts: words, and which of them each row has.
pub(super) struct Words<'a> {
    pub(super) words: Vec<&'a str>,
    pub(super) rows: Vec<u32>,
}

impl<'a> Table<'a> {
    /// Batches that have the columns `known`, and of others only metrics and labels, all of them the same.
    pub(super) fn new(
        name: &'static str,
        batches: &'a [RecordBatch],
        known: &[&str],
    ) -> Result<Table<'a>, BatchError> {
        let unknown =
            |column: &str, problem| BatchError::Unknown { table: name, column: column.to_owned(), problem };
        for batch in batches {
            let schema = batch.schema_ref();
            for (position, field) in schema.fields().iter().enumerate() {
                let column = field.name();
                let further = column.starts_with(METRIC) || column.starts_with(LABEL);
                if !known.contains(&column.as_str()) && !further {
                    return Err(unknown(
                        column,
                        "is none of the table's, and neither `metric.` nor `label.` begins its name",
                    ));
                }
                if schema.fields().iter().take(position).any(|other| other.name() == column) {
                    return Err(unknown(column, "is there twice"));
                }
                if batches.iter().any(|other| other.column_by_name(column).is_none()) {
                    return Err(unknown(column, "not all batches have"));
                }
            }
        }
        Ok(Table { name, batches })
    }

    /// A column by its name.
    pub(super) fn column(&self, name: &str) -> Option<Column<'a>> {
        let pieces: Option<Vec<_>> = self.batches.iter().map(|batch| batch.column_by_name(name)).collect();
        let pieces = pieces.filter(|pieces| !pieces.is_empty())?;
        Some(Column { table: self.name, name: name.to_owned(), pieces })
    }

    /// A column that must be there, if there is a batch.
    pub(super) fn required(&self, name: &'static str) -> Result<Column<'a>, BatchError> {
        match self.column(name) {
            Some(column) => Ok(column),
            None if self.batches.is_empty() => {
                Ok(Column { table: self.name, name: name.to_owned(), pieces: vec![] })
            }
            None => Err(BatchError::Missing { table: self.name, column: name }),
        }
    }

    /// The columns whose names begin with `prefix`, by the rest of their names.
    pub(super) fn prefixed(&self, prefix: &str) -> Vec<(&'a str, Column<'a>)> {
        let Some(first) = self.batches.first() else { return Vec::new() };
        let names = first.schema_ref().fields().iter().map(|field| field.name());
        let named = names.filter_map(|name| Some((name.strip_prefix(prefix)?, self.column(name)?)));
        named.collect()
    }
}

/// What stands for a null.
#[derive(Clone, Copy)]
pub(super) enum Null<T> {
    Refused,
    Means(T),
}

impl<'a> Column<'a> {
    fn wrong_type(&self, piece: &ArrayRef, expected: &'static str) -> BatchError {
        let found = piece.data_type().clone();
        BatchError::Type { table: self.table, column: self.name.clone(), found, expected }
    }

    fn wrong_value(&self, row: usize, problem: &'static str) -> BatchError {
        BatchError::Value { table: self.table, column: self.name.clone(), row, problem }
    }

    fn null<T>(&self, row: usize, null: Null<T>) -> Result<T, BatchError> {
        match null {
            Null::Refused => Err(self.wrong_value(row, "there must be a value")),
            Null::Means(value) => Ok(value),
        }
    }

    /// Whether the column has positions and not texts.
    pub(super) fn is_positions(&self) -> bool {
        !self.pieces.is_empty() && self.pieces.iter().all(|piece| *piece.data_type() == DataType::UInt32)
    }

    /// Positions among the rows of another table.
    pub(super) fn positions(&self, null: Null<u32>) -> Result<Vec<u32>, BatchError> {
        let mut out = Vec::new();
        for piece in &self.pieces {
            self.read::<UInt32Type, _>(piece, &mut out, null, Some)?;
        }
        Ok(out)
    }

    /// Numbers, none of them rounded.
    pub(super) fn numbers(&self, null: f64) -> Result<Vec<f64>, BatchError> {
        let (mut out, null) = (Vec::new(), Null::Means(null));
        for piece in &self.pieces {
            match piece.data_type() {
                DataType::Float64 => self.read::<Float64Type, _>(piece, &mut out, null, Some)?,
                DataType::Float32 => {
                    self.read::<Float32Type, _>(piece, &mut out, null, |x| Some(x.into()))?
                }
                DataType::Int32 => self.read::<Int32Type, _>(piece, &mut out, null, |x| Some(x.into()))?,
                DataType::UInt32 => self.read::<UInt32Type, _>(piece, &mut out, null, |x| Some(x.into()))?,
                DataType::Int64 => self.read::<Int64Type, _>(piece, &mut out, null, exact)?,
                _ => return Err(self.wrong_type(piece, "float64, float32, int64, int32 or uint32")),
            }
        }
        Ok(out)
    }

    /// Times in seconds since 1970-01-01 UTC.
    pub(super) fn times(&self, null: i64) -> Result<Vec<i64>, BatchError> {
        let (mut out, null) = (Vec::new(), Null::Means(null));
        let whole = |parts: i64| move |time: i64| (time % parts == 0).then_some(time / parts);
        for piece in &self.pieces {
            match piece.data_type() {
                DataType::Int64 => self.read::<Int64Type, _>(piece, &mut out, null, Some)?,
                DataType::Timestamp(TimeUnit::Second, _) => {
                    self.read::<TimestampSecondType, _>(piece, &mut out, null, Some)?;
                }
                DataType::Timestamp(TimeUnit::Millisecond, _) => {
                    self.read::<TimestampMillisecondType, _>(piece, &mut out, null, whole(1_000))?;
                }
                DataType::Timestamp(TimeUnit::Microsecond, _) => {
                    self.read::<TimestampMicrosecondType, _>(piece, &mut out, null, whole(1_000_000))?;
                }
                DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                    self.read::<TimestampNanosecondType, _>(piece, &mut out, null, whole(1_000_000_000))?;
                }
                _ => {
                    return Err(
                        self.wrong_type(piece, "a timestamp, or int64 in seconds since 1970-01-01 UTC")
                    );
                }
            }
        }
        Ok(out)
    }

    fn read<P: ArrowPrimitiveType, T: Copy>(
        &self,
        piece: &ArrayRef,
        out: &mut Vec<T>,
        null: Null<T>,
        convert: impl Fn(P::Native) -> Option<T>,
    ) -> Result<(), BatchError> {
        let Some(piece) = piece.as_primitive_opt::<P>() else {
            return Err(self.wrong_type(piece, "one type in all batches"));
        };
        out.reserve(piece.len());
        for value in piece.iter() {
            let row = out.len();
            out.push(match value {
                Some(value) => convert(value)
                    .ok_or_else(|| self.wrong_value(row, "the number would have to be rounded"))?,
                None => self.null(row, null)?,
            });
        }
        Ok(())
    }

    /// Texts, one for each row.
    pub(super) fn texts(&self, null: Null<&'a str>) -> Result<Vec<&'a str>, BatchError> {
        let Words { words, rows } = self.words(null)?;
        Ok(rows.into_iter().map(|row| words.get(row as usize).copied().unwrap_or_default()).collect())
    }

    /// Texts as words: those of a dictionary are read once.
    pub(super) fn words(&self, null: Null<&'a str>) -> Result<Words<'a>, BatchError> {
        let mut out = Words { words: Vec::new(), rows: Vec::new() };
        for &piece in &self.pieces {
            let start = out.words.len();
            match piece.as_any_dictionary_opt() {
                Some(dictionary) => {
                    out.words.extend(self.plain(dictionary.values(), 0, Null::Means(""))?);
                    self.look_up(dictionary, start, null, &mut out)?;
                }
                None => {
                    out.words.extend(self.plain(piece, out.rows.len(), null)?);
                    (start..out.words.len()).for_each(|word| out.push(word));
                }
            }
        }
        Ok(out)
    }

    /// Adds the rows of a dictionary whose words begin at `start`.
    fn look_up(
        &self,
        dictionary: &dyn AnyDictionaryArray,
        start: usize,
        null: Null<&'a str>,
        out: &mut Words<'a>,
    ) -> Result<(), BatchError> {
        let values = dictionary.values();
        // Without a word there are nulls only, for which no key is looked at.
        let keys = match values.is_empty() {
            true => vec![0; dictionary.len()],
            false => dictionary.normalized_keys(),
        };
        let mut null_word = None;
        for (at, key) in keys.into_iter().enumerate() {
            if !dictionary.is_null(at) && !values.is_null(key) {
                out.push(start + key);
                continue;
            }
            let word = match null_word {
                Some(word) => word,
                None => {
                    out.words.push(self.null(out.rows.len(), null)?);
                    out.words.len() - 1
                }
            };
            null_word = Some(word);
            out.push(word);
        }
        Ok(())
    }

    /// Texts that are not in a dictionary, of which the first is that of row `first`.
    fn plain(
        &self,
        piece: &'a ArrayRef,
        first: usize,
        null: Null<&'a str>,
    ) -> Result<Vec<&'a str>, BatchError> {
        let texts: Vec<Option<&str>> = match piece.data_type() {
            DataType::Utf8 => piece.as_string::<i32>().iter().collect(),
            DataType::LargeUtf8 => piece.as_string::<i64>().iter().collect(),
            DataType::Utf8View => piece.as_string_view().iter().collect(),
            _ => return Err(self.wrong_type(piece, "texts, or a dictionary of texts")),
        };
        let text = |(row, text): (usize, Option<&'a str>)| text.map_or_else(|| self.null(row, null), Ok);
        (first..).zip(texts).map(text).collect()
    }
}

impl Words<'_> {
    fn push(&mut self, word: usize) {
        // More than 2^32 words are refused with the rows, of which an epoch has fewer.
        self.rows.push(u32::try_from(word).unwrap_or(u32::MAX));
    }
}

/// An integer as a float, if there is such a float.
fn exact(integer: i64) -> Option<f64> {
    const LARGEST_EXACT: u64 = 1 << 53;
    #[expect(clippy::cast_precision_loss, reason = "integers up to 2^53 are exact")]
    (integer.unsigned_abs() <= LARGEST_EXACT).then_some(integer as f64)
}
