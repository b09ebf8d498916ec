//! What a JSON value means as a cell.

use std::borrow::Cow;

use crate::cell::Cell;
use crate::problem::Fault;

/// The cell that a JSON value is.
pub(in crate::table) fn json_cell(value: &str) -> Cell<'_> {
    match value.as_bytes().first() {
        Some(b'"') => match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
            Some(text) if !text.contains('\\') => Cell::of(text),
            _ => serde_json::from_str::<String>(value)
                .map_or_else(|error| Cell::Wrong(Fault::Json(error.to_string())), Cell::of_owned),
        },
        Some(b'{') => Cell::Wrong(Fault::Nested("objects")),
        Some(b'[') => Cell::Wrong(Fault::Nested("lists")),
        Some(b't') => Cell::Boolean(true),
        Some(b'f') => Cell::Boolean(false),
        Some(b'n') | None => Cell::Empty,
        // A number stays as it is written, so that it is the same number as in a CSV file.
        Some(_) => Cell::Text(Cow::Borrowed(value)),
    }
}
