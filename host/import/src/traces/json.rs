//! JSON that nobody vouches for: one value in a file, a list of them, or one a line; with all digits of its integers,
//! and no key twice.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use apportion_core::number::{is_held, not_held_in_json};
use apportion_core::text::MAX_NAME;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::limits::{Bound, Quota};
use crate::problem::{Collector, Fault, Place, shortened};

use super::Input;

/// A value. It is never nested more deeply than the parser goes, 128 times.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Boolean(bool),
    Integer(i128),
    Fraction(f64),
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

/// An object's keys and values.
pub(crate) type Object = BTreeMap<String, Json>;

/// Gives every object of a file to `each`, with the place where it begins. A file is one object, a list of objects, or
/// such on every line. What is none is a problem.
pub(crate) fn objects(
    input: Input<'_>,
    problems: &mut Collector,
    each: &mut dyn FnMut(Place, &Object, &mut Collector),
) {
    let Input { text, file, quota } = input;
    let mut text = BufReader::with_capacity(1 << 16, text);
    let mut document = Document { file, quota, problems, each };
    if let Err((row, fault)) = document.read(&mut text) {
        document.problems.add(Place { file, row }, None, fault);
    }
}

/// The value that `text` is.
pub(crate) fn parse(text: &str) -> Result<Json, String> {
    check_numbers(text)?;
    serde_json::from_str(text).map_err(|error| without_place(&error))
}

/// Refuses numbers that the parser would round: integers of 64 bits keep their digits, all others become floats.
fn check_numbers(text: &str) -> Result<(), String> {
    let is_kept = |number: &str| number.parse::<u64>().is_ok() || number.parse::<i64>().is_ok();
    // The parser's own spelling of a large float has zeros for the digits that no float has.
    let is_spelling = |number: &str| !number.contains(['e', 'E']) && is_held(&format!("{number}e0"));
    match not_held_in_json(text).find(|number| !is_kept(number) && !is_spelling(number)) {
        None => Ok(()),
        Some(number) => Err(format!(
            "holds the number {}, which no 64-bit float or integer can hold: write it as text",
            shortened(number).escape_debug()
        )),
    }
}

impl Json {
    /// What it is, for a person who expected something else.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Boolean(_) => "true or false",
            Json::Integer(_) | Json::Fraction(_) => "a number",
            Json::Text(_) => "text",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }

    pub(crate) fn text(&self) -> Result<&str, String> {
        match self {
            Json::Text(text) => Ok(text),
            other => Err(format!("is {} where text is expected", other.what())),
        }
    }

    pub(crate) fn list(&self) -> Result<&[Json], String> {
        match self {
            Json::List(list) => Ok(list),
            other => Err(format!("is {} where a list is expected", other.what())),
        }
    }

    pub(crate) fn object(&self) -> Result<&Object, String> {
        match self {
            Json::Object(object) => Ok(object),
            other => Err(format!("is {} where an object is expected", other.what())),
        }
    }

    /// An integer, as a number or as text with its digits.
    pub(crate) fn integer(&self) -> Result<i128, String> {
        match self {
            Json::Integer(integer) => Ok(*integer),
            Json::Text(text) => text
                .parse()
                .map_err(|_| format!("is `{}` where an integer is expected", shortened(text).escape_debug())),
            other => Err(format!("is {} where an integer is expected", other.what())),
        }
    }
}

/// What stands under a key; `None` if nothing or null does. What is wrong with it names the key.
pub(crate) fn get<'a, T>(
    object: &'a Object,
    key: &str,
    read: impl Fn(&'a Json) -> Result<T, String>,
) -> Result<Option<T>, String> {
    match object.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => read(value).map(Some).map_err(|wrong| format!("`{key}` {wrong}")),
    }
}

/// As [`get`], for what must be there.
pub(crate) fn need<'a, T>(
    object: &'a Object,
    key: &str,
    read: impl Fn(&'a Json) -> Result<T, String>,
) -> Result<T, String> {
    get(object, key, read)?.ok_or_else(|| format!("`{key}` is missing"))
}

/// As [`need`], for text that must not be empty, since it is an id or part of one.
pub(crate) fn need_id<'a>(object: &'a Object, key: &str) -> Result<&'a str, String> {
    match need(object, key, Json::text)? {
        "" => Err(format!("`{key}` is empty")),
        // An id is repeated in all that relies on what it names.
        text if text.len() > MAX_NAME => {
            Err(format!("`{key}` is {} bytes long; {MAX_NAME} are allowed", text.len()))
        }
        text => Ok(text),
    }
}

/// A file on its way to `each`.
struct Document<'a> {
    file: usize,
    quota: &'a Quota,
    problems: &'a mut Collector,
    each: &'a mut dyn FnMut(Place, &Object, &mut Collector),
}

impl Document<'_> {
    /// The error is what makes it impossible to go on.
    fn read(&mut self, text: &mut impl BufRead) -> Result<(), (u64, Fault)> {
        let (mut line, mut row, mut is_first) = (Vec::new(), 0, true);
        loop {
            line.clear();
            // One byte more shows that a line is too long.
            let limit = self.quota.limit(Bound::Record).saturating_add(1);
            let read = text.by_ref().take(limit).read_until(b'\n', &mut line);
            let read = read.map_err(|error| (row, Fault::from_io(&error)))?;
            if read == 0 {
                return Ok(());
            }
            row += 1;
            self.quota.check(Bound::Record, read).map_err(|exceeded| (row, Fault::Limit(exceeded)))?;
            if row == 1 && line.starts_with(b"\xef\xbb\xbf") {
                line.drain(..3);
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let Ok(value) = std::str::from_utf8(&line) else { return Err((row, Fault::Encoding)) };
            match serde_json::from_str::<&RawValue>(value) {
                Ok(value) => self.value(value.get(), row),
                Err(error) if error.is_eof() && is_first => return self.rest(line, row, text),
                Err(error) => self.wrong(row, &error),
            }
            is_first = false;
        }
    }

    /// A file whose first line ends within its value: it is read as a whole.
    fn rest(&mut self, mut start: Vec<u8>, row: u64, text: &mut impl BufRead) -> Result<(), (u64, Fault)> {
        let read = self.quota.bounded(text, Bound::Document).read_to_end(&mut start);
        read.map_err(|error| (row, Fault::from_io(&error)))?;
        let Ok(text) = std::str::from_utf8(&start) else { return Err((0, Fault::Encoding)) };
        let mut rows = Rows { text, offset: 0, row };
        for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            match value {
                Ok(value) => self.value(value.get(), rows.of(value.get())),
                Err(error) => {
                    self.wrong(row + u64::try_from(error.line()).unwrap_or(1).saturating_sub(1), &error);
                }
            }
        }
        Ok(())
    }

    /// An object, or a list of objects.
    fn value(&mut self, text: &str, row: u64) {
        if !text.starts_with('[') {
            return self.object(text, row);
        }
        let mut rows = Rows { text, offset: 0, row };
        match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(values) => values.iter().for_each(|value| self.object(value.get(), rows.of(value.get()))),
            Err(error) => self.wrong(row, &error),
        }
    }

    fn object(&mut self, text: &str, row: u64) {
        let place = Place { file: self.file, row };
        if let Err(wrong) = check_numbers(text) {
            return self.problems.add(place, None, Fault::Document(wrong));
        }
        match serde_json::from_str(text) {
            Ok(Json::Object(object)) => (self.each)(place, &object, self.problems),
            Ok(other) => {
                let wrong = format!("is {} where an object is expected", other.what());
                self.problems.add(place, None, Fault::Document(wrong));
            }
            Err(error) => {
                self.wrong(row + u64::try_from(error.line()).unwrap_or(1).saturating_sub(1), &error);
            }
        }
    }

    fn wrong(&mut self, row: u64, error: &serde_json::Error) {
        let wrong = format!("is not JSON that can be read: {}", without_place(error));
        self.problems.add(Place { file: self.file, row }, None, Fault::Document(wrong));
    }
}

/// Tells the rows of parts of a text, asked for in their order.
struct Rows<'a> {
    text: &'a str,
    offset: usize,
    row: u64,
}

impl Rows<'_> {
    /// The row in which `part`, a part of the text, begins.
    fn of(&mut self, part: &str) -> u64 {
        let offset = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let between = self.text.as_bytes().get(self.offset..offset).unwrap_or_default();
        let lines = between.iter().filter(|byte| **byte == b'\n').count();
        self.row += u64::try_from(lines).unwrap_or(0);
        self.offset = offset.max(self.offset);
        self.row
    }
}

/// The parser counts lines of the part that it was given.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    shortened(text).escape_debug().to_string()
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Integer(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Fraction(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object = Object::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                let key = shortened(&key);
                return Err(A::Error::custom(format_args!("the key `{key}` is there twice")));
            }
            object.insert(key, entries.next_value()?);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is found in a text, a word each, and what is wrong with it.
    fn read(text: &str) -> (Vec<String>, String) {
        let mut problems = Collector::new(vec!["f".to_owned()]);
        let mut found = Vec::new();
        objects(Input::of_test(&mut text.as_bytes(), 0), &mut problems, &mut |place, object, _| {
            found.push(format!("{}:{}", place.row, object.keys().cloned().collect::<Vec<_>>().join("+")));
        });
        (found, problems.none().map_or_else(|problems| problems.to_string(), |()| String::new()))
    }

    #[test]
    fn a_file_is_one_object_a_list_or_one_a_line() {
        for (text, expected) in [
            ("{\"a\": 1}", "1:a"),
            ("\u{feff}{\"a\": 1}\n\n{\"b\": 2, \"c\": []}\n", "1:a 3:b+c"),
            ("[{\"a\": 1}, {\"b\": 2}]\n{\"c\": 3}", "1:a 1:b 2:c"),
            ("{\n \"a\": 1,\n \"b\": 2\n}\n\n{\"c\": 3}", "1:a+b 6:c"),
            ("\n[\n {\"a\": 1},\n {\n  \"b\": 2\n },\n {}\n]", "3:a 4:b 7:"),
            ("", ""),
            ("[]", ""),
        ] {
            assert_eq!(read(text), (expected.split_whitespace().map(str::to_owned).collect(), String::new()));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, expected) in [
            ("{}\nnone\n{}", "f, row 2: is not JSON that can be read: expected ident"),
            ("{}\n3", "f, row 2: is a number where an object is expected"),
            ("[{}, [{}]]", "f, row 1: is a list where an object is expected"),
            (
                "[\n {},\n {\n  \"a\": 1, \"b\": 2,\n  \"a\": 1}]",
                "row 5: is not JSON that can be read: the key `a` is there twice",
            ),
            ("{\"a\": {\"b\": 1, \"b\": 1}}", "the key `b` is there twice"),
            ("{\"a\": 1", "f, row 1: is not JSON that can be read: EOF while parsing an object"),
            ("{\n\"a\": 1\n\"b\"", "f, row 3: is not JSON that can be read: expected `,` or `}`"),
            ("{\"a\": 1e999}", "number out of range"),
        ] {
            let (_, wrong) = read(text);
            assert!(wrong.contains(expected), "{text}: {wrong}");
        }
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(200), "]".repeat(200));
        assert!(read(&deep).1.contains("recursion limit exceeded"));
        let mut problems = Collector::new(vec!["f".to_owned()]);
        objects(Input::of_test(&mut &b"{}\n\xff"[..], 0), &mut problems, &mut |_, _, _| {});
        assert_eq!(problems.none().unwrap_err().to_string(), "f, row 2: is not UTF-8 text: save it as UTF-8");
    }

    #[test]
    fn integers_keep_their_digits() {
        assert_eq!(parse("18446744073709551615"), Ok(Json::Integer(18_446_744_073_709_551_615)));
        assert_eq!(parse("-9223372036854775808"), Ok(Json::Integer(-9_223_372_036_854_775_808)));
        assert_eq!(parse("1.5"), Ok(Json::Fraction(1.5)));
        assert_eq!(Json::Text("1544712660000000001".to_owned()).integer(), Ok(1_544_712_660_000_000_001));
        assert!(Json::Text("1e3".to_owned()).integer().is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics_and_no_place_is_beyond_the_text(text in "[\\[\\]{}:,\"a1é \n]{0,60}") {
            let mut problems = Collector::new(vec!["f".to_owned()]);
            let rows = u64::try_from(text.split('\n').count()).unwrap();
            objects(Input::of_test(&mut text.as_bytes(), 0), &mut problems, &mut |place, _, _| assert!((1..=rows).contains(&place.row)));
            let found = problems.none().map_or_else(|problems| problems.found, |()| Vec::new());
            prop_assert!(found.iter().all(|problem| problem.row.is_some_and(|row| (1..=rows).contains(&row))));
        }
    }
}
