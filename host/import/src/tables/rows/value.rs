//! What a value of a document means in a table's column.

use apportion_core::text::{MAX_WORD, visible};

use crate::cell::{Cell, Number};
use crate::problem::Fault;
use crate::traces::draft::Value;

/// The number that a value is in a metric.
pub(super) fn number(value: &Value) -> Result<Number, Fault> {
    let zero = Number { value: 0.0, exact: true };
    match value {
        Value::Number(number) => Ok(Number { value: *number, exact: true }),
        Value::LongInteger(text) | Value::Text(text) => Ok(Cell::of(text).rounded()?.unwrap_or(zero)),
    }
}

/// The word that a value is in a label, and whether it had to be changed to be one.
pub(super) fn shown(value: &Value) -> (String, bool) {
    match value {
        Value::Number(number) => (number.to_string(), false),
        Value::LongInteger(text) | Value::Text(text) => {
            let text = text.trim();
            let word = visible(text, MAX_WORD);
            let is_changed = word != text;
            (word, is_changed)
        }
    }
}
