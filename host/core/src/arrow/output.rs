//! Epochs and payouts -> record batches.

use std::sync::Arc;

use arrow_array::types::UInt32Type;
use arrow_array::{
    Array, ArrayRef, Decimal256Array, DictionaryArray, Float64Array, LargeStringArray, RecordBatch,
    StringArray, TimestampSecondArray, UInt32Array, UInt64Array,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{ArrowError, Field, Schema};

use crate::epoch::{Epoch, Label, NO_PAYEE, Texts};
use crate::payouts::{Part, Payout, Payouts};

use super::error::BatchError;
use super::table::{AMOUNT_DIGITS, LABEL, METRIC, UTC};

/// The payees of an epoch, sorted by id: `id` and `name`.
///
/// # Errors
///
/// [`BatchError::Arrow`], a bug.
pub fn payees_batch(epoch: &Epoch) -> Result<RecordBatch, BatchError> {
    let memory = Memory::new(epoch);
    let mut columns = Columns::default();
    columns.add("id", memory.texts(epoch.payees())?);
    columns.add("name", memory.texts(epoch.payee_names())?);
    columns.batch()
}

/// The nodes of an epoch, sorted by id: `id`, `kind`, `weight`, `time`, `payee`, metrics and labels.
///
/// # Errors
///
/// [`BatchError::Arrow`], a bug.
pub fn nodes_batch(epoch: &Epoch) -> Result<RecordBatch, BatchError> {
    let memory = Memory::new(epoch);
    let mut columns = Columns::default();
    columns.add("id", memory.texts(epoch.node_ids())?);
    columns.add("kind", memory.words(&memory.texts(epoch.node_kinds())?, epoch.node_kind(), None)?);
    columns.add("weight", memory.floats(epoch.node_weight()));
    columns.add("time", memory.times(epoch.node_time()));
    let owned: NullBuffer = epoch.node_payee().iter().map(|&payee| payee != NO_PAYEE).collect();
    let owned = Some(owned).filter(|owned| owned.null_count() > 0);
    columns.add_nullable("payee", memory.words(&memory.texts(epoch.payees())?, epoch.node_payee(), owned)?);
    for (name, metric) in named(epoch.node_metrics(), |name| epoch.node_metric(name)) {
        columns.add(&format!("{METRIC}{name}"), memory.floats(metric));
    }
    for (name, label) in named(epoch.node_labels(), |name| epoch.node_label(name)) {
        columns.add(&format!("{LABEL}{name}"), memory.label(label)?);
    }
    columns.batch()
}

/// The edges of an epoch in its order: `source`, `target`, `kind`, `weight`, `time`, metrics and labels.
///
/// # Errors
///
/// [`BatchError::Arrow`], a bug.
pub fn edges_batch(epoch: &Epoch) -> Result<RecordBatch, BatchError> {
    let memory = Memory::new(epoch);
    let mut columns = Columns::default();
    let ids = memory.texts(epoch.node_ids())?;
    columns.add("source", memory.words(&ids, epoch.edge_source(), None)?);
    columns.add("target", memory.words(&ids, epoch.edge_target(), None)?);
    columns.add("kind", memory.words(&memory.texts(epoch.edge_kinds())?, epoch.edge_kind(), None)?);
    columns.add("weight", memory.floats(epoch.edge_weight()));
    columns.add("time", memory.times(epoch.edge_time()));
    for (name, metric) in named(epoch.edge_metrics(), |name| epoch.edge_metric(name)) {
        columns.add(&format!("{METRIC}{name}"), memory.floats(metric));
    }
    for (name, label) in named(epoch.edge_labels(), |name| epoch.edge_label(name)) {
        columns.add(&format!("{LABEL}{name}"), memory.label(label)?);
    }
    columns.batch()
}

/// Payouts, sorted by payee: `payee`, `amount`, and what each policy gave. The field `amount.N` carries the digest of the
/// policy in its metadata, under `policy`.
///
/// # Errors
///
/// [`BatchError::Arrow`], a bug.
pub fn payouts_batch(payouts: &Payouts) -> Result<RecordBatch, BatchError> {
    let rows = payouts.rows();
    let amounts = |amount: &dyn Fn(&Payout) -> u128| -> Result<ArrayRef, ArrowError> {
        let values = rows.iter().map(|row| i256::from_parts(amount(row), 0));
        Ok(Arc::new(Decimal256Array::from_iter_values(values).with_precision_and_scale(AMOUNT_DIGITS, 0)?))
    };
    let mut columns = Columns::default();
    columns.add("payee", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.payee))));
    columns.add("amount", amounts(&|row| row.amount)?);
    for (number, policy) in payouts.policies().iter().enumerate() {
        // Every payout has a part for each policy.
        let part = |row: &Payout| -> Option<Part> { row.parts.get(number).cloned() };
        let amount = amounts(&|row| row.parts.get(number).map_or(0, |part| part.amount))?;
        columns.add(&format!("amount.{number}"), amount);
        columns.describe_last("policy", &policy.policy.to_string());
        let shares: UInt64Array = rows.iter().map(|row| row.parts.get(number)?.share).collect();
        columns.add_nullable(&format!("share.{number}"), Arc::new(shares));
        for (measure, name) in policy.measures.iter().enumerate() {
            let values =
                rows.iter().map(|row| part(row).and_then(|part| part.measures.get(measure).copied()));
            let values = Float64Array::from_iter_values(values.map(Option::unwrap_or_default));
            columns.add(&format!("measure.{number}.{name}"), Arc::new(values));
        }
    }
    columns.batch()
}

/// The columns of a batch to be.
#[derive(Default)]
struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    fn add(&mut self, name: &str, array: ArrayRef) {
        self.fields.push(Field::new(name, array.data_type().clone(), false));
        self.arrays.push(array);
    }

    fn add_nullable(&mut self, name: &str, array: ArrayRef) {
        self.fields.push(Field::new(name, array.data_type().clone(), true));
        self.arrays.push(array);
    }

    fn describe_last(&mut self, key: &str, value: &str) {
        if let Some(field) = self.fields.pop() {
            self.fields.push(field.with_metadata([(key.to_owned(), value.to_owned())]));
        }
    }

    fn batch(self) -> Result<RecordBatch, BatchError> {
        Ok(RecordBatch::try_new(Arc::new(Schema::new(self.fields)), self.arrays)?)
    }
}

fn named<'a, T>(names: Texts<'a>, column: impl Fn(&str) -> Option<T>) -> impl Iterator<Item = (&'a str, T)> {
    names.iter().filter_map(move |name| Some((name, column(name)?)))
}

/// The bytes of an epoch as memory of Arrow's, which keeps the epoch alive.
struct Memory {
    epoch: Epoch,
    buffer: Buffer,
}

/// What keeps an epoch's bytes for a batch.
struct Owner(Epoch);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Memory {
    fn new(epoch: &Epoch) -> Memory {
        let buffer = Buffer::from(bytes::Bytes::from_owner(Owner(epoch.clone())));
        Memory { epoch: epoch.clone(), buffer }
    }

    /// Where a column of the epoch begins in its bytes.
    fn position<T>(&self, column: &[T]) -> usize {
        column.as_ptr().addr() - self.epoch.as_bytes().as_ptr().addr()
    }

    /// A column in place. Columns of the format begin at multiples of eight, and so do the bytes.
    fn column<T: bytemuck::AnyBitPattern>(&self, column: &[T]) -> Buffer {
        if column.is_empty() {
            return Buffer::default();
        }
        self.buffer.slice_with_length(self.position(column), size_of_val(column))
    }

    fn floats(&self, column: &[f64]) -> ArrayRef {
        Arc::new(Float64Array::new(ScalarBuffer::new(self.column(column), 0, column.len()), None))
    }

    fn times(&self, column: &[i64]) -> ArrayRef {
        let times = ScalarBuffer::new(self.column(column), 0, column.len());
        Arc::new(TimestampSecondArray::new(times, None).with_timezone(UTC))
    }

    fn words(
        &self,
        words: &ArrayRef,
        rows: &[u32],
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        let keys = UInt32Array::new(ScalarBuffer::new(self.column(rows), 0, rows.len()), nulls);
        Ok(Arc::new(DictionaryArray::<UInt32Type>::try_new(keys, words.clone())?))
    }

    fn label(&self, label: Label<'_>) -> Result<ArrayRef, ArrowError> {
        self.words(&self.texts(label.dictionary)?, label.rows, None)
    }

    fn texts(&self, texts: Texts<'_>) -> Result<ArrayRef, ArrowError> {
        let content = self.column(texts.bytes());
        if i32::try_from(texts.bytes().len()).is_err() {
            let offsets = std::iter::once(0).chain(texts.ends().iter().map(|&end| i64::from(end)));
            let offsets = OffsetBuffer::new(offsets.collect());
            return Ok(Arc::new(LargeStringArray::try_new(offsets, content, None)?));
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::new(self.offsets(texts.ends()), 0, texts.len() + 1));
        Ok(Arc::new(StringArray::try_new(offsets, content, None)?))
    }

    /// Arrow's offsets begin with a 0, which the format's ends do not. But before the ends is their length, in eight bytes,
    /// whose upper half is 0 below 2^32: the same memory serves.
    fn offsets(&self, ends: &[u32]) -> Buffer {
        let start = self.position(ends).checked_sub(4);
        let in_place = start.filter(|_| !ends.is_empty()).and_then(|start| {
            let zero = self.epoch.as_bytes().get(start..start + 4)?;
            (zero == [0; 4]).then(|| self.buffer.slice_with_length(start, size_of_val(ends) + 4))
        });
        in_place
            .unwrap_or_else(|| std::iter::once(0).chain(ends.iter().copied()).collect::<Vec<u32>>().into())
    }
}
