//! What reading an element and reading a relation have in common: attributes, ids, times, and what is said of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use apportion_core::text::MAX_NAME;

use super::document::{Document, Json, Object, Raw};
use super::literal::{Literal, joined, literals};
use super::names::{Names, shown};
use super::relations::REFERENCES;
use crate::cell::parse_time;
use crate::problem::{Collector, Fault, Place, shortened};
use crate::traces::draft::{Draft, Value};

/// How PROV documents are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The attribute of a relation that is its edge's weight.
    pub(crate) weight: Option<String>,
    /// The attribute of a relation that says how certain it is, from 0 to 1.
    pub(crate) confidence: Option<String>,
}

/// A document being read, and where the reader is in it.
pub(super) struct Reader<'a, 'b> {
    pub(super) document: Document<'a>,
    pub(super) names: Names,
    pub(super) file: usize,
    pub(super) options: &'b Options,
    pub(super) draft: &'b mut Draft,
    pub(super) problems: &'b mut Collector,
    /// The keys that lead to where the reader is.
    pub(super) path: Vec<String>,
}

/// The attributes of an element or a relation that are left when its own members are taken.
pub(super) type Attributes = BTreeMap<String, Vec<Literal>>;

impl<'a> Reader<'a, '_> {
    pub(super) fn attributes(&mut self, record: Object<'a>) -> Attributes {
        let mut attributes = Attributes::new();
        for (key, raw) in record {
            self.within(&key, raw, |reader, raw| match literals(raw) {
                Ok(mut values) => {
                    for value in &mut values {
                        reader.name_rest(&key, value);
                    }
                    attributes.insert(key.clone().into_owned(), values);
                }
                Err(problem) => reader.wrong(raw, problem),
            });
        }
        attributes
    }

    /// Names what of a value means nothing here.
    fn name_rest(&mut self, key: &str, value: &mut Literal) {
        if let Some(unknown) = value.unknown_type.take() {
            self.leave_out(format!("type `{}`, whose values are taken for text", shown(&unknown)));
        }
        for unknown in value.unknown_keys.drain(..) {
            self.leave_out(format!("member `{}` of a value", shown(&unknown)));
        }
        if value.language.is_some() && key != "prov:label" {
            self.leave_out("in which language a text is");
        }
    }

    /// The further columns that attributes are, under their written names.
    pub(super) fn columns(&mut self, attributes: Attributes) -> Vec<(String, Value)> {
        let mut columns = Vec::new();
        for (key, mut values) in attributes {
            if REFERENCES.contains(&key.as_str()) {
                values.iter_mut().for_each(|value| value.text = self.full(&value.text));
            }
            if values.iter().any(|value| value.value().is_none()) {
                self.leave_out(format!("values of `{}` that are no finite number", shown(&key)));
            }
            let (value, is_lossy) = joined(&values);
            if is_lossy {
                self.leave_out(format!("several numbers of `{}`, of which the least is kept", shown(&key)));
            }
            columns.extend(value.map(|value| (key, value)));
        }
        columns
    }

    pub(super) fn time(&mut self, attributes: &mut Attributes, key: &str) -> Option<i64> {
        let values = attributes.remove(key)?;
        let mut times = Vec::new();
        for value in &values {
            match parse_time(value.text.trim()) {
                Ok(time) => times.push(time),
                Err(fault) => self.wrong_here(format!("has a `{key}` that cannot be: {fault}")),
            }
        }
        if times.iter().any(|time| Some(time) != times.first()) {
            self.leave_out(format!("several `{key}`, of which the first is kept"));
        }
        times.into_iter().min()
    }

    /// A name in full. An undeclared prefix is named, and one that is too long to be kept goes no further, since it may
    /// stand in many relations.
    pub(super) fn full(&mut self, written: &str) -> String {
        let mut full = self.names.full(written);
        if full.name.len() > MAX_NAME {
            self.wrong_here(format!("has an id of {} bytes; {MAX_NAME} are allowed", full.name.len()));
            full.name = shortened(&full.name);
        }
        if let Some(prefix) = full.undeclared {
            self.leave_out(match prefix.as_str() {
                "default" => "names without a prefix, which are kept as they are".to_owned(),
                prefix => format!(
                    "prefix `{}`, which is not declared: names with it are kept as they are",
                    shown(prefix)
                ),
            });
        }
        full.name
    }

    pub(super) fn object(&mut self, raw: Raw<'a>) -> Option<Object<'a>> {
        match raw.open() {
            Ok(Json::Object(members)) => return Some(members),
            Ok(other) => self.wrong(raw, format!("is {}, where an object is expected", other.what())),
            Err(problem) => self.wrong(raw, problem),
        }
        None
    }

    /// Goes one key deeper.
    pub(super) fn within<T>(
        &mut self,
        key: &str,
        raw: Raw<'a>,
        read: impl FnOnce(&mut Self, Raw<'a>) -> T,
    ) -> T {
        let before = self.draft.at;
        self.draft.at = Place { file: self.file, row: self.document.line(raw) };
        self.path.push(shown(key));
        let result = read(self, raw);
        self.path.pop();
        self.draft.at = before;
        result
    }

    pub(super) fn leave_out(&mut self, what: impl Into<Cow<'static, str>>) {
        self.draft.leave_out(what.into().into_owned(), self.draft.at);
    }

    pub(super) fn wrong(&mut self, raw: Raw<'a>, problem: String) {
        self.told(self.document.line(raw), problem);
    }

    pub(super) fn wrong_here(&mut self, problem: String) {
        self.told(self.draft.at.row, problem);
    }

    fn told(&mut self, row: u64, problem: String) {
        let path = match self.path.is_empty() {
            true => "the document".to_owned(),
            false => format!("`{}`", self.path.join("/")),
        };
        self.problems.add(Place { file: self.file, row }, None, Fault::Document(format!("{path} {problem}")));
    }
}
