//! A relation of a document -> edges, or a word about why not.

use std::collections::BTreeMap;

use crate::traces::draft::{CONFIDENCE, Relation, Value};

use super::document::Object;
use super::literal::{Sort, joined, label, literals};
use super::names::shown;
use super::reader::{Attributes, Reader};
use super::relations::{DIRECTIONS, Direction, End, PLAN};

pub(super) fn relation<'a>(
    reader: &mut Reader<'a, '_>,
    direction: &Direction,
    id: &str,
    mut record: Object<'a>,
) {
    let is_there = record.contains_key(direction.target.key);
    let target_end = direction.otherwise.filter(|_| !is_there).unwrap_or(direction.target);
    let sources = end(reader, &mut record, direction.source);
    let targets = end(reader, &mut record, target_end);
    // Only collections list several things, and say nothing more of them.
    if sources.len() > 1 || (targets.len() > 1 && direction.name != "hadMember") {
        return reader.wrong_here("lists several things, where one is expected".to_owned());
    }
    let mut plans = match direction.name {
        "wasAssociatedWith" => end(reader, &mut record, PLAN.1),
        _ => Vec::new(),
    };
    if plans.len() > 1 {
        reader.wrong_here("lists several plans, where one is expected".to_owned());
        plans.clear();
    }
    let mut attributes = reader.attributes(record);
    let time = reader.time(&mut attributes, "prov:time");
    let (weight, confidence) = strength(reader, &mut attributes);
    if sources.is_empty() {
        return reader.leave_out(format!("relation `{}` without `{}`", direction.name, direction.source.key));
    }
    for source in &sources {
        reader.draft.mention(source, direction.source.kind);
        if let (Some(time), "wasGeneratedBy") = (time, direction.name)
            && let Some(node) = reader.draft.nodes.get_mut(source)
        {
            node.set_time(time);
        }
    }
    if targets.is_empty() && plans.is_empty() {
        let (name, key) = (direction.name, target_end.key);
        return reader.leave_out(format!("relation `{name}` without `{key}`"));
    }
    if targets.len() > 1 {
        for key in std::mem::take(&mut attributes).into_keys() {
            reader.leave_out(format!("attribute `{}` of a `hadMember` with several members", shown(&key)));
        }
    }
    let name = attributes.remove("prov:label").and_then(|labels| label(&labels).map(str::to_owned));
    let mut columns: BTreeMap<String, Value> = reader.columns(attributes).into_iter().collect();
    if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
        columns.insert("name".to_owned(), Value::text(name.trim()));
    }
    columns.extend(confidence.map(|confidence| (CONFIDENCE.to_owned(), Value::Number(confidence))));
    let has_id = !id.starts_with("_:") && direction.name != "hadMember";
    let id = has_id.then(|| reader.full(id));
    let ends = [(targets, direction.name, target_end.kind), (plans, PLAN.0, PLAN.1.kind)];
    for (targets, kind, of_kind) in ends {
        for (source, target) in sources.iter().flat_map(|source| targets.iter().map(move |to| (source, to))) {
            reader.draft.mention(target, of_kind);
            let relation = Relation::new(source, kind, target);
            let (id, columns) = (id.clone(), columns.clone());
            reader.draft.relate(Relation { id, weight, time, columns, ..relation });
        }
    }
}

/// From when on an entity must no longer be relied on.
pub(super) fn invalidation<'a>(reader: &mut Reader<'a, '_>, mut record: Object<'a>) {
    let entities = end(reader, &mut record, DIRECTIONS[0].source);
    let mut attributes = reader.attributes(record);
    let time = reader.time(&mut attributes, "prov:time");
    if entities.is_empty() {
        return reader.leave_out("relation `wasInvalidatedBy` without `prov:entity`");
    }
    for entity in &entities {
        reader.draft.mention(entity, "entity");
        if let (Some(time), Some(node)) = (time, reader.draft.nodes.get_mut(entity)) {
            node.invalidated = Some(node.invalidated.map_or(time, |known| known.min(time)));
        }
    }
    if time.is_none() {
        reader.leave_out("relation `wasInvalidatedBy` without `prov:time`");
    }
    for key in attributes.into_keys() {
        reader.leave_out(format!("attribute `{}` of `wasInvalidatedBy`", shown(&key)));
    }
}

/// The ids at one end of a relation: mostly one; collections list several.
fn end<'a>(reader: &mut Reader<'a, '_>, record: &mut Object<'a>, end: End) -> Vec<String> {
    let Some(raw) = record.remove(end.key) else { return Vec::new() };
    reader.within(end.key, raw, |reader, raw| match literals(raw) {
        Ok(ids) => {
            if ids.iter().any(|id| id.sort > Sort::Text || id.text.trim().is_empty()) {
                reader.wrong(raw, "is no id".to_owned());
            }
            ids.iter().filter(|id| !id.text.trim().is_empty()).map(|id| reader.full(id.text.trim())).collect()
        }
        Err(problem) => {
            reader.wrong(raw, problem);
            Vec::new()
        }
    })
}

/// The weight of a relation, and how certain it is, if it says so.
fn strength(reader: &mut Reader<'_, '_>, attributes: &mut Attributes) -> (f64, Option<f64>) {
    let options = reader.options;
    let weight =
        taken(reader, attributes, options.weight.as_deref(), "of 0 or more, as a weight must be", |weight| {
            weight >= 0.0
        });
    let is_certainty = |confidence| (0.0..=1.0).contains(&confidence);
    let confidence = taken(
        reader,
        attributes,
        options.confidence.as_deref(),
        "from 0 to 1, as a confidence must be",
        is_certainty,
    );
    (weight.unwrap_or(1.0), confidence)
}

/// The number that an attribute is, which is no further column then.
fn taken(
    reader: &mut Reader<'_, '_>,
    attributes: &mut Attributes,
    key: Option<&str>,
    expected: &str,
    is_fine: impl Fn(f64) -> bool,
) -> Option<f64> {
    let key = key?;
    match joined(&attributes.remove(key)?) {
        (Some(Value::Number(number)), false) if is_fine(number) => Some(number),
        _ => {
            reader.wrong_here(format!("has a `{}` that is not one finite number {expected}", shown(key)));
            None
        }
    }
}
