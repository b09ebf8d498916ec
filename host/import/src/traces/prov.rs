//! PROV-JSON (W3C member submission of 2013): entities, activities and agents become nodes, relations become edges.

mod document;
mod literal;
mod names;
mod reader;
mod relation;
mod relations;

use std::io::Read;

use apportion_core::text::MAX_NAME;

use crate::limits::Bound;
use crate::problem::{Collector, Fault, Place};

use super::draft::Draft;
use super::input::Input;
use document::{Document, Json, Object, Raw};
use literal::{joined, kind, label};
use names::{Names, shown};
pub(crate) use reader::Options;
use reader::{Attributes, Reader};
use relations::{DIRECTIONS, WITHOUT_DIRECTION};

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
        statements(&mut reader, sections, true);
    }
}

/// The sections of a document, or of a bundle in it, in which there can be no bundles.
fn statements<'a>(reader: &mut Reader<'a, '_>, mut sections: Object<'a>, can_have_bundles: bool) {
    if let Some(raw) = sections.remove("prefix") {
        reader.within("prefix", raw, |reader, raw| prefixes(reader, raw));
    }
    for (name, section) in sections {
        reader.within(&name, section, |reader, section| {
            let direction = DIRECTIONS.iter().find(|direction| direction.name == name);
            let why = WITHOUT_DIRECTION.iter().find(|(undirected, _)| *undirected == name);
            match (&*name, direction, why) {
                ("entity" | "activity" | "agent", ..) => {
                    each_record(reader, section, |reader, id, records| element(reader, &name, id, records));
                }
                (_, Some(direction), _) => each_record(reader, section, |reader, id, records| {
                    records.into_iter().for_each(|record| relation::relation(reader, direction, id, record));
                }),
                ("wasInvalidatedBy", ..) => each_record(reader, section, |reader, _, records| {
                    records.into_iter().for_each(|record| relation::invalidation(reader, record));
                }),
                (_, _, Some((_, why))) => each_record(reader, section, |reader, _, records| {
                    records.iter().for_each(|_| reader.leave_out(format!("relation `{name}`: {why}")));
                }),
                ("bundle", ..) if can_have_bundles => bundles(reader, section),
                _ => reader.leave_out(format!("section `{}`", shown(&name))),
            }
        });
    }
}

fn prefixes<'a>(reader: &mut Reader<'a, '_>, raw: Raw<'a>) {
    for (prefix, raw) in reader.object(raw).unwrap_or_default() {
        reader.within(&prefix, raw, |reader, raw| match raw.open() {
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
fn bundles<'a>(reader: &mut Reader<'a, '_>, raw: Raw<'a>) {
    for (id, raw) in reader.object(raw).unwrap_or_default() {
        reader.within(&id, raw, |reader, raw| {
            if let Some(sections) = reader.object(raw) {
                reader.leave_out("bundle: what stands in it is read, and not that it stands there");
                reader.names.begin_bundle();
                statements(reader, sections, false);
                reader.names.end_bundle();
            }
        });
    }
}

/// Every id of a section with its records: mostly one, or a list of them.
fn each_record<'a, 'b>(
    reader: &mut Reader<'a, 'b>,
    raw: Raw<'a>,
    mut each: impl FnMut(&mut Reader<'a, 'b>, &str, Vec<Object<'a>>),
) {
    for (id, raw) in reader.object(raw).unwrap_or_default() {
        reader.within(&id, raw, |reader, raw| {
            let records = match raw.open() {
                Ok(Json::Object(record)) => vec![record],
                Ok(Json::List(values)) => {
                    values.into_iter().filter_map(|value| reader.object(value)).collect()
                }
                Ok(other) => {
                    return reader.wrong(raw, format!("is {}, where an object is expected", other.what()));
                }
                Err(problem) => return reader.wrong(raw, problem),
            };
            each(reader, &id, records);
        });
    }
}

/// An entity, an activity or an agent. Several records of one id are one thing with all their attributes.
fn element<'a>(reader: &mut Reader<'a, '_>, section: &str, id: &str, records: Vec<Object<'a>>) {
    let mut attributes = Attributes::new();
    for record in records {
        for (key, values) in reader.attributes(record) {
            attributes.entry(key).or_default().extend(values);
        }
    }
    let id = reader.full(id);
    let types = attributes.remove("prov:type").unwrap_or_default();
    let (start, end) = match section {
        "activity" => {
            (reader.time(&mut attributes, "prov:startTime"), reader.time(&mut attributes, "prov:endTime"))
        }
        _ => (None, None),
    };
    let name = attributes.remove("prov:label").and_then(|labels| label(&labels).map(str::to_owned));
    let mut columns = reader.columns(attributes);
    if types.len() > 1
        && let (Some(types), _) = joined(&types)
    {
        columns.push(("prov:type".to_owned(), types));
    }
    let node = match kind(&types) {
        Some(kind) => reader.draft.describe(&id, kind),
        None => reader.draft.describe_plainly(&id, section),
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
