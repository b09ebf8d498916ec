//! OTLP's spans, as the OpenTelemetry Collector's file exporter writes them in JSON -> steps of agents and other
//! programs, and what relied on what.
//!
//! A trace can be spread over lines and files, and what is to be in the graph follows from the window, so that all
//! spans are gathered first.

mod attributes;
pub(crate) mod genai;
mod graph;
mod span;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use apportion_core::text::MAX_WORD;

use crate::problem::{Collector, Fault, Place, shortened};

use super::Input;
use super::draft::Draft;
use super::json::{Json, Object, get, objects};

use attributes::Attributes;
use span::Span;

/// What is to be read beyond what the conventions say.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Attributes of spans, of their scopes or resources, that become columns of the span's node.
    pub(crate) columns: BTreeSet<String>,
    /// The attribute of a root span that says what its trace earned.
    pub(crate) earned: Option<String>,
    /// Attributes with the ids of what a span made, each with the kind of thing that it is.
    pub(crate) generated: BTreeMap<String, Option<String>>,
    /// Attributes with the ids of what a span used.
    pub(crate) used: BTreeMap<String, Option<String>>,
}

impl Options {
    fn wants(&self, attribute: &str) -> bool {
        self.columns.contains(attribute)
            || self.earned.as_deref() == Some(attribute)
            || self.generated.contains_key(attribute)
            || self.used.contains_key(attribute)
    }
}

/// All spans, until the last is read.
#[derive(Default)]
pub(crate) struct Traces {
    spans: BTreeMap<SpanId, (Place, Span)>,
}

/// Which span of which trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SpanId {
    trace: u128,
    span: u64,
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "span:{:032x}/{:016x}", self.trace, self.span)
    }
}

impl Traces {
    /// Reads the requests of a file: one, a list of them, or one a line.
    pub(crate) fn read(
        &mut self,
        input: Input<'_>,
        options: &Options,
        draft: &mut Draft,
        problems: &mut Collector,
    ) {
        objects(input, problems, &mut |place, request, problems| {
            let mut reading = Reading { spans: &mut self.spans, options, place, draft, problems };
            reading.request(request);
        });
    }
}

/// One request on its way into the spans.
struct Reading<'a> {
    spans: &'a mut BTreeMap<SpanId, (Place, Span)>,
    options: &'a Options,
    place: Place,
    draft: &'a mut Draft,
    problems: &'a mut Collector,
}

impl Reading<'_> {
    fn request(&mut self, request: &Object) {
        self.name_unknown(request, &["resourceSpans"], "of a request");
        self.each(request, "resourceSpans", "", &mut |reading, path, resource_spans| {
            reading.name_unknown(
                resource_spans,
                &["resource", "scopeSpans", "schemaUrl"],
                "of `resourceSpans`",
            );
            let resource = reading.source(resource_spans, "resource", RESOURCE_KEYS)?;
            reading.each(resource_spans, "scopeSpans", path, &mut |reading, path, scope_spans| {
                reading.name_unknown(scope_spans, &["scope", "spans", "schemaUrl"], "of `scopeSpans`");
                let mut around = reading.source(scope_spans, "scope", SCOPE_KEYS)?;
                for (key, value) in &resource {
                    around.entry(key.clone()).or_insert_with(|| value.clone());
                }
                reading.each(scope_spans, "spans", path, &mut |reading, _, span| reading.span(span, &around));
                Ok(())
            });
            Ok(())
        });
    }

    /// Gives every object that `key` lists to `read`, with the path to it. What is wrong with one does not keep the
    /// others from being read.
    fn each(
        &mut self,
        object: &Object,
        key: &str,
        path: &str,
        read: &mut dyn FnMut(&mut Self, &str, &Object) -> Result<(), String>,
    ) {
        let list = match get(object, key, Json::list) {
            Ok(list) => list.unwrap_or_default(),
            Err(wrong) => return self.wrong(path, &wrong),
        };
        for (number, item) in list.iter().enumerate() {
            let path =
                if path.is_empty() { format!("{key}[{number}]") } else { format!("{path}.{key}[{number}]") };
            if let Err(wrong) = item.object().and_then(|item| read(self, &path, item)) {
                self.wrong(&path, &wrong);
            }
        }
    }

    /// The attributes of a resource or a scope that are wanted.
    fn source(&mut self, object: &Object, key: &str, known: &[&str]) -> Result<Attributes, String> {
        let Some(source) = get(object, key, Json::object)? else { return Ok(Attributes::new()) };
        self.name_unknown(source, known, &format!("of a {key}"));
        self.count_dropped(source, "droppedAttributesCount")?;
        let options = self.options;
        let mut left_out = Vec::new();
        let wanted = attributes::read(source, &mut |name| match options.wants(name) {
            true => true,
            false => {
                left_out.push(format!("the {key} attribute `{}`", shortened(name).escape_debug()));
                false
            }
        });
        let mut wanted = wanted.map_err(|wrong| format!("`{key}`: {wrong}"))?;
        // All spans around which they stand have them, so that they are to be small.
        wanted.retain(|name, value| {
            let is_small = match value {
                Json::List(_) | Json::Object(_) => false,
                Json::Text(text) => text.len() <= MAX_WORD,
                _ => true,
            };
            if !is_small {
                let name = shortened(name);
                left_out.push(format!(
                    "the {key} attribute `{}`, where it is no short value",
                    name.escape_debug()
                ));
            }
            is_small
        });
        left_out.into_iter().for_each(|what| self.draft.leave_out(what, self.place));
        Ok(wanted)
    }

    fn span(&mut self, object: &Object, around: &Attributes) -> Result<(), String> {
        self.name_unknown(object, SPAN_KEYS, "of a span");
        for dropped in ["droppedAttributesCount", "droppedEventsCount", "droppedLinksCount"] {
            self.count_dropped(object, dropped)?;
        }
        let mut left_out = Vec::new();
        let (id, span) = Span::of(object, around, self.options, &mut left_out)?;
        left_out.into_iter().for_each(|what| self.draft.leave_out(what, self.place));
        let place = self.place;
        let Some((_, known)) = self.spans.get_mut(&id) else {
            if !self.draft.room.take(place.file, span.text_bytes()) {
                return Ok(());
            }
            self.spans.insert(id, (place, span));
            return Ok(());
        };
        self.draft.leave_out(COPY, place);
        if span.order(known).is_gt() {
            *known = span;
        }
        Ok(())
    }

    fn name_unknown(&mut self, object: &Object, known: &[&str], place: &str) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            let what = format!("the key `{}` {place}", shortened(key).escape_debug());
            self.draft.leave_out(what, self.place);
        }
    }

    fn count_dropped(&mut self, object: &Object, key: &str) -> Result<(), String> {
        if get(object, key, Json::integer)?.is_some_and(|count| count != 0) {
            let what = format!("what was dropped before it was written, as `{key}` says");
            self.draft.leave_out(what, self.place);
        }
        Ok(())
    }

    fn wrong(&mut self, path: &str, wrong: &str) {
        let wrong = if path.is_empty() { wrong.to_owned() } else { format!("`{path}`: {wrong}") };
        self.problems.add(self.place, None, Fault::Document(wrong));
    }
}

/// Senders that get no answer send again.
const COPY: &str = "a further copy of a span; of copies that differ, the one that ended last is kept";
const RESOURCE_KEYS: &[&str] = &["attributes", "droppedAttributesCount", "entityRefs"];
const SCOPE_KEYS: &[&str] = &["name", "version", "attributes", "droppedAttributesCount"];
const SPAN_KEYS: &[&str] = &[
    "traceId",
    "spanId",
    "traceState",
    "parentSpanId",
    "flags",
    "name",
    "kind",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "attributes",
    "droppedAttributesCount",
    "events",
    "droppedEventsCount",
    "links",
    "droppedLinksCount",
    "status",
];

#[cfg(test)]
mod tests;
