//! A cell means the same whatever file it stands in: text, a number, a time, or nothing.

use std::borrow::Cow;

use apportion_core::number::is_held;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::problem::{Fault, shortened};

/// The largest integer up to which every integer is a double: 2^53.
const LARGEST_EXACT: u64 = 1 << 53;
/// The first and last second of the years 1 to 9999.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// One cell as its file gives it.
#[derive(Clone, Debug)]
pub(crate) enum Cell<'a> {
    Empty,
    /// Without the blanks around it, and never empty. Numbers of CSV and JSON are text too, as they are written.
    Text(Cow<'a, str>),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Time(Timestamp),
    /// What is there is no cell.
    Wrong(Fault),
}

/// A number, and whether it is the very number that was written.
pub(crate) struct Number {
    pub(crate) value: f64,
    /// False where [`apportion_core::number::is_held`] denies it. Fractions are rounded to the nearest double anyway.
    pub(crate) exact: bool,
}

impl<'a> Cell<'a> {
    pub(crate) fn of(text: &'a str) -> Cell<'a> {
        match text.trim() {
            "" => Cell::Empty,
            text => Cell::Text(Cow::Borrowed(text)),
        }
    }

    pub(crate) fn of_owned(text: String) -> Cell<'a> {
        match text.trim() {
            "" => Cell::Empty,
            trimmed if trimmed.len() == text.len() => Cell::Text(Cow::Owned(text)),
            trimmed => Cell::Text(Cow::Owned(trimmed.to_owned())),
        }
    }

    /// The number it is, if it is one. Infinity and not-a-number are numbers here: whoever wants one says no to them.
    pub(crate) fn number(&self) -> Option<Number> {
        match self {
            Cell::Text(text) => {
                let value = parse_number(text)?;
                Some(Number { value, exact: is_held(text) })
            }
            #[expect(clippy::cast_precision_loss, reason = "`exact` says whether it was lost")]
            Cell::Integer(integer) => {
                Some(Number { value: *integer as f64, exact: is_held(&integer.to_string()) })
            }
            Cell::Number(value) => Some(Number { value: *value, exact: true }),
            Cell::Empty | Cell::Boolean(_) | Cell::Time(_) | Cell::Wrong(_) => None,
        }
    }

    /// A finite number that is the one written; `None` for an empty cell.
    pub(crate) fn finite(&self) -> Result<Option<f64>, Fault> {
        match self.rounded()? {
            Some(Number { exact: false, .. }) => Err(Fault::Rounded(shortened(&self.shown()))),
            number => Ok(number.map(|number| number.value)),
        }
    }

    /// A finite number that may be another than the one written, which whoever calls this has to report; `None` for an
    /// empty cell.
    pub(crate) fn rounded(&self) -> Result<Option<Number>, Fault> {
        match self {
            Cell::Empty => Ok(None),
            Cell::Wrong(fault) => Err(fault.clone()),
            cell => match cell.number() {
                Some(number) if number.value.is_finite() => Ok(Some(number)),
                Some(_) => Err(Fault::NotFinite(shortened(&cell.shown()))),
                None => Err(Fault::NotNumber(shortened(&cell.shown()))),
            },
        }
    }

    /// Text; empty for an empty cell.
    pub(crate) fn text(&self) -> Result<Cow<'_, str>, Fault> {
        match self {
            Cell::Wrong(fault) => Err(fault.clone()),
            cell => Ok(cell.shown()),
        }
    }

    /// A word of a label. The spellings of truth that programs and spreadsheets use become `true` and `false`.
    pub(crate) fn word(&self) -> Result<Cow<'_, str>, Fault> {
        let text = self.text()?;
        Ok(match &*text {
            "True" | "TRUE" => Cow::Borrowed("true"),
            "False" | "FALSE" => Cow::Borrowed("false"),
            _ => text,
        })
    }

    /// Seconds since 1970-01-01 UTC, rounded down; `None` for an empty cell.
    pub(crate) fn time(&self) -> Result<Option<i64>, Fault> {
        let seconds = match self {
            Cell::Empty => return Ok(None),
            Cell::Wrong(fault) => return Err(fault.clone()),
            Cell::Time(time) => seconds_of(*time),
            cell => match cell.number() {
                Some(Number { value, .. }) => whole_seconds(value),
                None => return parse_time(&cell.shown()).map(Some),
            },
        };
        match seconds {
            Some(seconds) if SECONDS.contains(&seconds) => Ok(Some(seconds)),
            _ => Err(Fault::TimeRange(shortened(&self.shown()))),
        }
    }

    fn shown(&self) -> Cow<'_, str> {
        match self {
            Cell::Empty | Cell::Wrong(_) => Cow::Borrowed(""),
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Integer(integer) => Cow::Owned(integer.to_string()),
            Cell::Number(number) => Cow::Owned(number.to_string()),
            Cell::Boolean(true) => Cow::Borrowed("true"),
            Cell::Boolean(false) => Cow::Borrowed("false"),
            Cell::Time(time) => Cow::Owned(time.to_string()),
        }
    }
}

/// A date or a date-time as RFC 3339 writes it, in seconds since 1970-01-01 UTC; UTC where no offset is given.
pub(crate) fn parse_time(text: &str) -> Result<i64, Fault> {
    let seconds = seconds_of(parse_moment(text)?);
    seconds.filter(|seconds| SECONDS.contains(seconds)).ok_or_else(|| Fault::NotTime(shortened(text)))
}

/// As [`parse_time`], with all digits of its second.
pub(crate) fn parse_moment(text: &str) -> Result<Timestamp, Fault> {
    let wrong = || Fault::NotTime(shortened(text));
    // The parser also takes shapes that people read as numbers, such as 20250701.
    let is_dashed = text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
    if !is_dashed {
        return Err(wrong());
    }
    match text.parse::<Timestamp>() {
        Ok(time) => Ok(time),
        Err(_) => {
            let time: DateTime = text.parse().map_err(|_| wrong())?;
            TimeZone::UTC.to_timestamp(time).map_err(|_| wrong())
        }
    }
}

fn seconds_of(time: Timestamp) -> Option<i64> {
    i64::try_from(time.as_nanosecond().div_euclid(1_000_000_000)).ok()
}

fn whole_seconds(seconds: f64) -> Option<i64> {
    let whole = seconds.floor();
    #[expect(clippy::cast_possible_truncation, reason = "2^53 is within an i64")]
    #[expect(clippy::cast_precision_loss, reason = "2^53 is a double")]
    (whole.abs() <= LARGEST_EXACT as f64).then_some(whole as i64)
}

fn parse_number(text: &str) -> Option<f64> {
    // Most text is no number and shows it in its first character.
    if !matches!(text.as_bytes().first()?, b'0'..=b'9' | b'+' | b'-' | b'.' | b'n' | b'N' | b'i' | b'I') {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_number_a_time_or_neither() {
        for (text, number) in [
            ("1", Some(1.0)),
            ("-.5e1", Some(-5.0)),
            ("1,5", None),
            ("0x10", None),
            ("12 apples", None),
            ("1_0", None),
        ] {
            assert_eq!(Cell::of(text).number().map(|number| number.value), number, "{text}");
        }
        for (text, seconds) in [
            ("1970-01-02", 86_400),
            ("1970-01-01T00:00:01Z", 1),
            ("1970-01-01 00:00:01", 1),
            ("1970-01-01T02:00:00.9+02:00", 0),
            ("1969-12-31T23:59:59.5Z", -1),
            ("86400", 86_400),
            ("1.75e1", 17),
        ] {
            assert_eq!(Cell::of(text).time(), Ok(Some(seconds)), "{text}");
        }
        for text in ["1751328000000", "nan", "yesterday", "2025-13-01", "07/01/2025", "20250701T00", "1e300"]
        {
            assert!(Cell::of(text).time().is_err(), "{text}");
        }
    }

    #[test]
    fn integers_that_a_double_rounds_are_no_finite_numbers() {
        for (cell, exact) in [
            (Cell::of("9007199254740992"), true),
            (Cell::of("9007199254740993"), false),
            (Cell::Integer(1 << 60), true),
            (Cell::Integer(i64::MAX), false),
            (Cell::Number(1e300), true),
        ] {
            assert_eq!(cell.number().map(|number| number.exact), Some(exact), "{cell:?}");
            assert_eq!(cell.finite().is_ok(), exact, "{cell:?}");
            assert!(cell.rounded().is_ok());
        }
    }
}
