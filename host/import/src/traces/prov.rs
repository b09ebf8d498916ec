//! PROV-JSON (W3C member submission of 2013): entities, activities and agents become nodes, relations become edges.

mod document;
mod literal;
mod names;
mod relation;
mod relations;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use apportion_core::text::MAX_NAME;

use crate::cell::parse_time;
use crate::limits::Bound;
use crate::problem::{Collector, Fault, Place, shortened};

use super::Input;
use super::draft::{Draft, Value};
use document::{Document, Json, Object, Raw};
use literal::{Literal, joined, kind, label, literals};
use names::{Names, shown};
use relations::{DIRECTIONS, REFERENCES, WITHOUT_DIRECTION};

/// How PROV documents are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The attribute of a relation that is its edge's weight.
    pub(crate) weight: Option<String>,
    /// The attribute of a relation that says how certain it is, from 0 to 1.
    pub(crate) confidence: Option<String>,
}

/// Reads one document. What is malformed goes to `problems`, what has no place in a graph is named in the draft.
pub(super) fn read(input: Input<'_>, options: &Options, draft: &mut Draft, problems: &mut Collector) {
    let Input { text, file, quota } = input;
    let mut bytes = Vec::new();
    if let Err(error) = quota.bounded(text, Bound::Document).read_to_end(&mut bytes) {
        return problems.add_file(file, Fault::from_io(&error));
    }
    let Ok(text) = String::from_utf8(bytes) else { return problems.add_file(file, Fault::Encoding) };
    let (document, whole) = match Document::new(&text) {
        Ok(opened) => opened,
        Err((row, fault)) => return problems.add(Place { file, row }, None, fault),
    };
    let names = Names::new(problems.file(file));
    let mut reader = Reader { document, names, file, options, draft, problems, path: Vec::new() };
    if let Some(sections) = reader.object(whole) {
        reader.statements(sections, true);
    }
}

struct Reader<'a, 'b> {
    document: Document<'a>,
    names: Names,
    file: usize,
    options: &'b Options,
    draft: &'b mut Draft,
    problems: &'b mut Collector,
    /// The keys that lead to where the reader is.
    path: Vec<String>,
}

/// The attributes of an element or a relation that are left when its own members are taken.
type Attributes = BTreeMap<String, Vec<Literal>>;

impl<'a> Reader<'a, '_> {
    /// The sections of a document, or of a bundle in it, in which there can be no bundles.
    fn statements(&mut self, mut sections: Object<'a>, can_have_bundles: bool) {
        if let Some(prefixes) = sections.remove("prefix") {
            self.within("prefix", prefixes, Self::prefixes);
        }
        for (name, section) in sections {
            self.within(&name, section, |reader, section| {
                let direction = DIRECTIONS.iter().find(|direction| direction.name == name);
                let why = WITHOUT_DIRECTION.iter().find(|(undirected, _)| *undirected == name);
                match (&*name, direction, why) {
                    ("entity" | "activity" | "agent", ..) => {
                        reader.each_record(section, |reader, id, records| reader.element(&name, id, records));
                    }
                    (_, Some(direction), _) => reader.each_record(section, |reader, id, records| {
                        records.into_iter().for_each(|record| reader.relation(direction, id, record));
                    }),
                    ("wasInvalidatedBy", ..) => reader.each_record(section, |reader, _, records| {
                        records.into_iter().for_each(|record| reader.invalidation(record));
                    }),
                    (_, _, Some((_, why))) => reader.each_record(section, |reader, _, records| {
                        records.iter().for_each(|_| reader.leave_out(format!("relation `{name}`: {why}")));
                    }),
                    ("bundle", ..) if can_have_bundles => reader.bundles(section),
                    _ => reader.leave_out(format!("section `{}`", shown(&name))),
                }
            });
        }
    }

    fn prefixes(&mut self, raw: Raw<'a>) {
        for (prefix, raw) in self.object(raw).unwrap_or_default() {
            self.within(&prefix, raw, |reader, raw| match raw.open() {
                Ok(Json::Text(namespace)) if namespace.len() > MAX_NAME => {
                    reader.wrong(raw, format!("is longer than {MAX_NAME} bytes"));
                }
                Ok(Json::Text(namespace)) => {
                    if !reader.names.declare(&prefix, &namespace) {
                        reader.leave_out(format!("another meaning of the prefix `{}`", shown(&prefix)));
                    }
                }
                Ok(other) => reader.wrong(raw, format!("is {}, where a namespace is expected", other.what())),
                Err(problem) => reader.wrong(raw, problem),
            });
        }
    }

    /// What stands in bundles is read into the same graph.
    fn bundles(&mut self, raw: Raw<'a>) {
        for (id, raw) in self.object(raw).unwrap_or_default() {
            self.within(&id, raw, |reader, raw| {
                if let Some(sections) = reader.object(raw) {
                    reader.leave_out("bundle: what stands in it is read, and not that it stands there");
                    reader.names.begin_bundle();
                    reader.statements(sections, false);
                    reader.names.end_bundle();
                }
            });
        }
    }

    /// Every id of a section with its records: mostly one, or a list of them.
    fn each_record(&mut self, raw: Raw<'a>, mut each: impl FnMut(&mut Self, &str, Vec<Object<'a>>)) {
        for (id, raw) in self.object(raw).unwrap_or_default() {
            self.within(&id, raw, |reader, raw| {
                let records = match raw.open() {
                    Ok(Json::Object(record)) => vec![record],
                    Ok(Json::List(values)) => {
                        values.into_iter().filter_map(|value| reader.object(value)).collect()
                    }
                    Ok(other) => {
                        return reader
                            .wrong(raw, format!("is {}, where an object is expected", other.what()));
                    }
                    Err(problem) => return reader.wrong(raw, problem),
                };
                each(reader, &id, records);
            });
        }
    }

    /// An entity, an activity or an agent. Several records of one id are one thing with all their attributes.
    fn element(&mut self, section: &str, id: &str, records: Vec<Object<'a>>) {
        let mut attributes = Attributes::new();
        for record in records {
            for (key, values) in self.attributes(record) {
                attributes.entry(key).or_default().extend(values);
            }
        }
        let id = self.full(id);
        let types = attributes.remove("prov:type").unwrap_or_default();
        let (start, end) = match section {
            "activity" => {
                (self.time(&mut attributes, "prov:startTime"), self.time(&mut attributes, "prov:endTime"))
            }
            _ => (None, None),
        };
        let name = attributes.remove("prov:label").and_then(|labels| label(&labels).map(str::to_owned));
        let mut columns = self.columns(attributes);
        if types.len() > 1
            && let (Some(types), _) = joined(&types)
        {
            columns.push(("prov:type".to_owned(), types));
        }
        let node = match kind(&types) {
            Some(kind) => self.draft.describe(&id, kind),
            None => self.draft.describe_plainly(&id, section),
        };
        node.is_agent |= section == "agent";
        if let Some(start) = start {
            node.start = Some(node.start.map_or(start, |known| known.min(start)));
        }
        if let Some(end) = end {
            node.set_time(end);
        }
        if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
            node.set_name(name.trim());
        }
        columns.into_iter().for_each(|(column, value)| node.set(&column, value));
    }

    fn attributes(&mut self, record: Object<'a>) -> Attributes {
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
    fn columns(&mut self, attributes: Attributes) -> Vec<(String, Value)> {
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

    fn time(&mut self, attributes: &mut Attributes, key: &str) -> Option<i64> {
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
    fn full(&mut self, written: &str) -> String {
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

    fn object(&mut self, raw: Raw<'a>) -> Option<Object<'a>> {
        match raw.open() {
            Ok(Json::Object(members)) => return Some(members),
            Ok(other) => self.wrong(raw, format!("is {}, where an object is expected", other.what())),
            Err(problem) => self.wrong(raw, problem),
        }
        None
    }

    /// Goes one key deeper.
    fn within<T>(&mut self, key: &str, raw: Raw<'a>, read: impl FnOnce(&mut Self, Raw<'a>) -> T) -> T {
        let before = self.draft.at;
        self.draft.at = Place { file: self.file, row: self.document.line(raw) };
        self.path.push(shown(key));
        let result = read(self, raw);
        self.path.pop();
        self.draft.at = before;
        result
    }

    fn leave_out(&mut self, what: impl Into<Cow<'static, str>>) {
        self.draft.leave_out(what.into().into_owned(), self.draft.at);
    }

    fn wrong(&mut self, raw: Raw<'a>, problem: String) {
        self.told(self.document.line(raw), problem);
    }

    fn wrong_here(&mut self, problem: String) {
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
