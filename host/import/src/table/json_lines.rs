//! One JSON object a line: its keys are columns, numbers and strings are cells.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::cell::Cell;
use crate::limits::Bound;
use crate::problem::Fault;
use crate::progress::Meter;
use crate::source::Source;

use super::csv::check_rows;
use super::{Cells, Row};

/// Gives every object to `each`; keys that were not seen before become columns.
pub(super) fn rows(
    source: &Source,
    columns: &mut Vec<String>,
    meter: &mut Meter<'_>,
    each: &mut dyn FnMut(&Row<'_>),
) -> Result<(), Fault> {
    let (text, position) = source.text()?;
    let mut text = BufReader::with_capacity(1 << 16, text);
    let (mut line, mut number, mut rows) = (Vec::new(), 0_u64, 0_u64);
    loop {
        line.clear();
        // One byte more shows that a line is too long.
        let limit = source.quota.limit(Bound::Record).saturating_add(1);
        let read =
            text.by_ref().take(limit).read_until(b'\n', &mut line).map_err(|error| Fault::from_io(&error))?;
        if read == 0 {
            break;
        }
        source.quota.check(Bound::Record, read)?;
        number += 1;
        let line = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        rows += 1;
        check_rows(&source.quota, rows)?;
        match take_apart(line, columns) {
            Ok(values) => each(&Row { number, fault: None, cells: Cells::Json(&values) }),
            Err(fault) => each(&Row { number, fault: Some((None, fault)), cells: Cells::None }),
        }
        meter.row(&source.name, rows, || position.bytes());
    }
    meter.pass(&source.name, rows, source.bytes);
    Ok(())
}

/// The cell that a JSON value is.
pub(super) fn cell(value: &str) -> Cell<'_> {
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

fn take_apart<'line>(line: &'line [u8], columns: &mut Vec<String>) -> Result<Vec<Option<&'line str>>, Fault> {
    let line = std::str::from_utf8(line).map_err(|_| Fault::Encoding)?;
    let mut values = vec![None; columns.len()];
    let mut json = serde_json::Deserializer::from_str(line);
    Object { columns, values: &mut values }
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| Fault::Json(without_place(&error)))?;
    Ok(values)
}

/// The parser counts lines of its own, which is always the first here.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line 1 column ") {
        Some((what, column)) => format!("{what} at character {column}"),
        None => text,
    }
}

struct Object<'a, 'line> {
    columns: &'a mut Vec<String>,
    values: &'a mut Vec<Option<&'line str>>,
}

impl<'line> DeserializeSeed<'line> for Object<'_, 'line> {
    type Value = ();

    fn deserialize<D: Deserializer<'line>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'line> Visitor<'line> for Object<'_, 'line> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'line>>(self, mut map: A) -> Result<(), A::Error> {
        let mut expected = 0;
        while let Some(column) = map.next_key_seed(Key { columns: &mut *self.columns, expected })? {
            expected = column + 1;
            let value: &'line RawValue = map.next_value()?;
            if self.values.len() <= column {
                self.values.resize(column + 1, None);
            }
            match self.values.get_mut(column) {
                Some(Some(_)) => {
                    let key = self.columns.get(column).map_or("", String::as_str).escape_debug();
                    return Err(A::Error::custom(format_args!("the key `{key}` is there twice")));
                }
                Some(cell) => *cell = Some(value.get()),
                None => {}
            }
        }
        Ok(())
    }
}

/// A key's column. Most objects give their keys in the same order, so the next column is tried first.
struct Key<'a> {
    columns: &'a mut Vec<String>,
    expected: usize,
}

impl<'line> DeserializeSeed<'line> for Key<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'line>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<usize, E> {
        let key = key.trim();
        if self.columns.get(self.expected).is_some_and(|column| column == key) {
            return Ok(self.expected);
        }
        if let Some(column) = self.columns.iter().position(|column| column == key) {
            return Ok(column);
        }
        if self.columns.len() >= apportion_core::epoch::MAX_COLUMNS {
            return Err(E::custom(format_args!(
                "more than {} different keys",
                apportion_core::epoch::MAX_COLUMNS
            )));
        }
        if key.is_empty() {
            return Err(E::custom("a key is empty"));
        }
        self.columns.push(key.to_owned());
        Ok(self.columns.len() - 1)
    }
}
