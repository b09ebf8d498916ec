//! Reads a span.

use super::super::draft::Value;
use super::super::json::{Json, Object, get, need};
use super::attributes::{self, Attributes, number};
use super::genai;
use super::options::Options;
use super::span::{Span, SpanId, Thing};
use crate::problem::shortened;

/// Reads a span; `around` is what its scope and resource say of all of their spans.
pub(super) fn span(
    object: &Object,
    around: &Attributes,
    options: &Options,
    left_out: &mut Vec<String>,
) -> Result<(SpanId, Span), String> {
    let id = span_id(object)?;
    let parent = match get(object, "parentSpanId", Json::text)? {
        None | Some("") => None,
        Some(_) => Some(need(object, "parentSpanId", hex::<16>)?),
    };
    let mut span = Span {
        // Ids of zeros only are how some programs write that there is none.
        parent: parent.and_then(|parent| u64::try_from(parent).ok()).filter(|parent| *parent != 0),
        name: get(object, "name", Json::text)?.unwrap_or_default().to_owned(),
        start: get(object, "startTimeUnixNano", nanoseconds)?.unwrap_or(0),
        end: get(object, "endTimeUnixNano", nanoseconds)?.unwrap_or(0),
        has_failed: has_failed(object, left_out)?,
        ..Span::default()
    };
    if span.parent == Some(id.span) {
        left_out.push("the parent of a span that is the span itself".to_owned());
        span.parent = None;
    }
    if span.end == 0 {
        left_out.push("the end of a span, which is not there: its start is taken".to_owned());
        span.end = span.start;
    }
    read_links(&mut span, object, left_out)?;
    name_events(object, left_out)?;
    read_attributes(&mut span, object, around, options, left_out)?;
    Ok((id, span))
}

fn read_links(span: &mut Span, object: &Object, left_out: &mut Vec<String>) -> Result<(), String> {
    for (number, link) in get(object, "links", Json::list)?.unwrap_or_default().iter().enumerate() {
        let read = link.object().and_then(|link| {
            name_unknown(link, LINK_KEYS, "of a link", left_out);
            attributes::read(link, &mut |name| {
                left_out.push(format!("the link attribute `{}`", shortened(name).escape_debug()));
                false
            })?;
            span_id(link)
        });
        span.links.insert(read.map_err(|wrong| format!("`links[{number}]`: {wrong}"))?);
    }
    Ok(())
}

fn read_attributes(
    span: &mut Span,
    object: &Object,
    around: &Attributes,
    options: &Options,
    left_out: &mut Vec<String>,
) -> Result<(), String> {
    let mut has_content = false;
    let mut read = attributes::read(object, &mut |name| {
        if genai::is_read(name) {
            return true;
        }
        if genai::is_content(name) {
            has_content = true;
            return false;
        }
        if !options.wants(name) {
            left_out.push(format!("the attribute `{}`", shortened(name).escape_debug()));
        }
        options.wants(name)
    })?;
    has_content |= genai::interpret(&read, span, left_out)?;
    if has_content {
        left_out.push(genai::CONTENT.to_owned());
    }
    for (name, value) in around {
        read.entry(name.clone()).or_insert_with(|| value.clone());
    }
    for (name, value) in read.iter().filter(|(name, _)| !genai::is_content(name)) {
        optional(span, name, value, options, left_out)
            .map_err(|wrong| format!("the attribute `{}` {wrong}", shortened(name).escape_debug()))?;
    }
    Ok(())
}

/// Keeps what the options want of an attribute.
fn optional(
    span: &mut Span,
    name: &str,
    value: &Json,
    options: &Options,
    left_out: &mut Vec<String>,
) -> Result<(), String> {
    if options.columns.contains(name) {
        match cell(value)? {
            Some(cell) => {
                span.columns.insert(name.to_owned(), cell);
            }
            None => left_out.push(format!(
                "the attribute `{}`, where it is {}",
                shortened(name).escape_debug(),
                value.what()
            )),
        }
    }
    if options.earned.as_deref() == Some(name) {
        span.earned = Some(number(value)?);
    }
    if let Some(kind) = options.generated.get(name) {
        span.generated.extend(things(value, kind.as_deref())?);
    }
    if let Some(kind) = options.used.get(name) {
        span.used.extend(things(value, kind.as_deref())?.into_iter().map(|thing| (thing, None)));
    }
    Ok(())
}

fn cell(value: &Json) -> Result<Option<Value>, String> {
    Ok(match value {
        Json::Integer(_) | Json::Fraction(_) => Some(number(value)?),
        Json::Boolean(value) => Some(Value::Text(value.to_string())),
        Json::Text(text) => Some(Value::text(text)),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    })
}

/// The things whose id or ids a value is: of a kind, whose name stands before the id, or else entities that have just
/// this id.
fn things(value: &Json, kind: Option<&str>) -> Result<Vec<Thing>, String> {
    let thing = |id: &str| match kind {
        _ if id.is_empty() => Err("is empty where an id is expected".to_owned()),
        Some(kind) => Ok(Thing::new(kind, id)),
        None => Ok(Thing { id: id.to_owned(), kind: "entity".to_owned() }),
    };
    match value {
        Json::Null => Ok(Vec::new()),
        Json::Text(id) => Ok(vec![thing(id)?]),
        Json::Integer(id) => Ok(vec![thing(&id.to_string())?]),
        Json::List(ids) => ids
            .iter()
            .map(|id| match id {
                Json::Text(id) => thing(id),
                Json::Integer(id) => thing(&id.to_string()),
                other => Err(format!("has {} where an id is expected", other.what())),
            })
            .collect(),
        other => Err(format!("is {} where an id is expected", other.what())),
    }
}

/// Events tell of moments in a span, most of them of messages; none says what it relied on.
fn name_events(object: &Object, left_out: &mut Vec<String>) -> Result<(), String> {
    for event in get(object, "events", Json::list)?.unwrap_or_default() {
        let event = event.object().map_err(|wrong| format!("in `events`, one {wrong}"))?;
        let name = get(event, "name", Json::text)?.unwrap_or_default();
        left_out.push(match genai::is_content(name) {
            true => genai::CONTENT.to_owned(),
            false => format!("the event `{}`", shortened(name).escape_debug()),
        });
    }
    Ok(())
}

fn has_failed(object: &Object, left_out: &mut Vec<String>) -> Result<bool, String> {
    let Some(status) = get(object, "status", Json::object)? else { return Ok(false) };
    name_unknown(status, &["code", "message"], "of a status", left_out);
    match status.get("code") {
        None | Some(Json::Null) => Ok(false),
        // The specification forbids the names, and programs write them.
        Some(Json::Text(name)) => Ok(name == "STATUS_CODE_ERROR"),
        Some(code) => Ok(code.integer().map_err(|wrong| format!("`status`: `code` {wrong}"))? == 2),
    }
}

fn span_id(object: &Object) -> Result<SpanId, String> {
    let trace = need(object, "traceId", hex::<32>)?;
    let span = need(object, "spanId", hex::<16>)?;
    let span = u64::try_from(span).unwrap_or(0);
    match (trace, span) {
        (0, _) => Err("`traceId` is all zeros, which is no id".to_owned()),
        (_, 0) => Err("`spanId` is all zeros, which is no id".to_owned()),
        _ => Ok(SpanId { trace, span }),
    }
}

/// `DIGITS` hexadecimal digits, in capitals or not.
fn hex<const DIGITS: usize>(value: &Json) -> Result<u128, String> {
    let text = value.text()?;
    let is_hex = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten();
    id.ok_or_else(|| {
        format!("is `{}` where {DIGITS} hexadecimal digits are expected", shortened(text).escape_debug())
    })
}

fn nanoseconds(value: &Json) -> Result<u64, String> {
    let nanoseconds = value.integer()?;
    u64::try_from(nanoseconds).map_err(|_| format!("is {nanoseconds}, which is no time in nanoseconds"))
}

fn name_unknown(object: &Object, known: &[&str], place: &str, left_out: &mut Vec<String>) {
    for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
        left_out.push(format!("the key `{}` {place}", shortened(key).escape_debug()));
    }
}

const LINK_KEYS: &[&str] =
    &["traceId", "spanId", "traceState", "attributes", "droppedAttributesCount", "flags"];
