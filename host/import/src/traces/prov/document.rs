//! JSON taken apart level by level: only what a reader asks for is looked at, so that no nesting is followed blindly,
//! numbers keep their digits, a key that is there twice is found, and every value knows its line.
//!
//! Events and spans are small and come one after another, so that [`super::super::json`] reads each as a tree. A document
//! of provenance is one value over many lines, whose numbers are amounts as often as not.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::Fault;

/// A text of JSON, and where its lines begin.
pub(super) struct Document<'a> {
    text: &'a str,
    line_ends: Vec<usize>,
}

/// One value, not yet looked into. Its syntax is right.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a>(&'a str);

/// One value, looked into one level deep.
pub(super) enum Json<'a> {
    Null,
    Truth(bool),
    /// As it is written.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Raw<'a>>),
    Object(Object<'a>),
}

/// The members of an object, in the order of their keys.
pub(super) type Object<'a> = BTreeMap<Cow<'a, str>, Raw<'a>>;

impl<'a> Document<'a> {
    /// Checks the syntax of all of it. What is wrong comes with its line.
    pub(super) fn new(text: &'a str) -> Result<(Document<'a>, Raw<'a>), (u64, Fault)> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let whole: &RawValue = serde_json::from_str(text).map_err(|error| {
            let line = u64::try_from(error.line()).unwrap_or(0);
            (line, Fault::Document(format!("is not JSON: {}", without_place(&error))))
        })?;
        let line_ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at);
        Ok((Document { text, line_ends: line_ends.collect() }, Raw(whole.get())))
    }

    /// The line on which a value of this document begins, from 1.
    pub(super) fn line(&self, value: Raw<'_>) -> u64 {
        let start = (value.0.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.line_ends.partition_point(|end| *end < start);
        u64::try_from(before).unwrap_or(0).saturating_add(1)
    }
}

impl<'a> Raw<'a> {
    /// Looks into it. Syntax apart, a key can be there twice, or a text be no text.
    pub(super) fn open(self) -> Result<Json<'a>, String> {
        let text = self.0;
        Ok(match text.as_bytes().first() {
            Some(b'{') => Json::Object(parse::<Members<'a>>(text)?.0),
            Some(b'[') => {
                Json::List(parse::<Vec<&RawValue>>(text)?.into_iter().map(|raw| Raw(raw.get())).collect())
            }
            Some(b'"') => Json::Text(parse::<Text<'a>>(text)?.0),
            Some(b't') => Json::Truth(true),
            Some(b'f') => Json::Truth(false),
            Some(b'n') | None => Json::Null,
            Some(_) => Json::Number(text),
        })
    }
}

impl Json<'_> {
    /// What it is, in words.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Truth(_) => "a truth value",
            Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| without_place(&error))
}

/// The parser counts lines and characters from the start of the value, which helps nobody.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

/// An object's members, each key once.
struct Members<'a>(Object<'a>);

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Members<'a>, D::Error> {
        struct Visit;
        impl<'a> Visitor<'a> for Visit {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Members<'a>, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((Text(key), value)) = map.next_entry::<Text<'a>, &RawValue>()? {
                    let shown = crate::problem::shortened(&key);
                    if members.insert(key, Raw(value.get())).is_some() {
                        let shown = shown.escape_debug();
                        return Err(A::Error::custom(format_args!("the key `{shown}` is there twice")));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// A text, borrowed where nothing in it is escaped.
struct Text<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Text<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        struct Visit;
        impl<'a> Visitor<'a> for Visit {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_opened_level_by_level_and_know_their_line() {
        let text = "\u{feff}{\"a\": 1,\n\n \"b\\u00e9\": [2,\n {\"c\": 3, \"c\": 4}]}";
        let (document, whole) = Document::new(text).map_err(|(_, fault)| fault).unwrap();
        let Json::Object(members) = whole.open().unwrap() else { panic!("it is an object") };
        let list = members["bé"];
        assert_eq!((document.line(members["a"]), document.line(list)), (1, 3));
        let Json::List(values) = list.open().unwrap() else { panic!("it is a list") };
        assert_eq!(document.line(values[1]), 4);
        assert_eq!(values[1].open().err().as_deref(), Some("the key `c` is there twice"));
        assert!(matches!(values[0].open(), Ok(Json::Number("2"))));
    }

    #[test]
    fn nesting_without_end_is_followed_by_nobody() {
        let text = "[".repeat(1 << 20) + &"]".repeat(1 << 20);
        let (_, whole) = Document::new(&text).map_err(|(_, fault)| fault).unwrap();
        assert!(matches!(whole.open(), Ok(Json::List(values)) if values.len() == 1));
        let cut = Document::new(&text[..1 << 20]).err().map(|(line, fault)| (line, fault.to_string()));
        assert_eq!(cut, Some((1, "is not JSON: EOF while parsing a list".to_owned())));
    }
}
