//! Keywords that look at a value by themselves, without other schemas.

use std::collections::BTreeMap;
use std::ops::ControlFlow::{self, Continue};

use regex::Regex;
use serde_json::{Map, Number, Value};

use super::form::TYPES;
use super::report::{Place, Report};
use super::values::{compare, is_integer, is_multiple, order};

/// A schema's matchers, by the patterns as it writes them.
pub(super) type Matchers = BTreeMap<String, Regex>;

/// Keywords that look at a value by themselves.
pub(super) fn check(
    keyword: &str,
    argument: &Value,
    value: &Value,
    matchers: &Matchers,
    place: &Place<'_>,
    report: &mut Report,
) -> ControlFlow<()> {
    match (keyword, argument, value) {
        ("type", types, _) if !has_type(types, value) => {
            return report.breach(place, || of_other_type(types, value));
        }
        ("const", expected, _) if order(expected, value).is_ne() => {
            return report.breach(place, || format!("{expected} was expected"));
        }
        ("enum", Value::Array(options), _) if options.iter().all(|option| order(option, value).is_ne()) => {
            return report.breach(place, || of_no_option(options, value));
        }
        (_, Value::Number(limit), Value::Number(number)) => {
            if let Some(problem) = number_breaks(keyword, limit, number) {
                return report.breach(place, || format!("{value} {problem} {argument}"));
            }
            return Continue(());
        }
        ("pattern", Value::String(pattern), Value::String(text)) if !matches(matchers, pattern, text) => {
            return report.breach(place, || format!("{value} does not match \"{pattern}\""));
        }
        ("uniqueItems", Value::Bool(true), Value::Array(elements)) if !are_different(elements) => {
            return report.breach(place, || format!("{value} has non-unique elements"));
        }
        ("required", Value::Array(names), Value::Object(members)) => {
            return are_there(names, members, place, report);
        }
        ("dependentRequired" | "dependencies", Value::Object(dependencies), Value::Object(members)) => {
            for (name, needed) in dependencies {
                if let (true, Value::Array(names)) = (members.contains_key(name), needed) {
                    are_there(names, members, place, report)?;
                }
            }
        }
        _ => {}
    }
    if let (Value::Number(limit), Some((size, words))) = (argument, size(keyword, value)) {
        let breaks = compare(&Number::from(size), limit);
        let (breaks, how) = match keyword.starts_with("max") {
            true => (breaks.is_gt(), words.more),
            false => (breaks.is_lt(), words.less),
        };
        if breaks {
            let unit = if argument.as_f64() == Some(1.0) { words.one } else { words.many };
            let limit = argument.to_string();
            let limit = limit.trim_end_matches(".0");
            return report.breach(place, || format!("{value} {how} {limit} {unit}"));
        }
    }
    Continue(())
}

/// Whether a text has what a pattern of the schema describes.
pub(super) fn matches(matchers: &Matchers, pattern: &str, text: &str) -> bool {
    matchers.get(pattern).is_some_and(|matcher| matcher.is_match(text))
}

fn has_type(types: &Value, value: &Value) -> bool {
    let is = |name: &str| match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Number(number) => name == "number" || name == "integer" && is_integer(number),
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
    };
    match types {
        Value::Array(types) => types.iter().filter_map(Value::as_str).any(is),
        name => name.as_str().is_some_and(is),
    }
}

fn of_other_type(types: &Value, value: &Value) -> String {
    let types = match types {
        Value::Array(types) if types.len() > 1 => types,
        Value::Array(types) => {
            return types.first().map_or_else(String::new, |only| of_other_type(only, value));
        }
        only => return format!("{value} is not of type {only}"),
    };
    let named = TYPES.iter().filter(|name| types.iter().any(|given| given == **name));
    let named: Vec<String> = named.map(|name| format!("\"{name}\"")).collect();
    format!("{value} is not of types {}", named.join(", "))
}

fn of_no_option(options: &[Value], value: &Value) -> String {
    let shown = |options: &[Value]| options.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
    let listed = match options {
        [only] => only.to_string(),
        [before @ .., last] if options.len() <= 3 => format!("{} or {last}", shown(before)),
        [first, second, rest @ ..] => format!("{first}, {second} or {} other candidates", rest.len()),
        [] => String::new(),
    };
    format!("{value} is not one of {listed}")
}

/// What a number does to a limit that it breaks.
fn number_breaks(keyword: &str, limit: &Number, number: &Number) -> Option<&'static str> {
    let compared = compare(number, limit);
    let (breaks, problem) = match keyword {
        "maximum" => (compared.is_gt(), "is greater than the maximum of"),
        "exclusiveMaximum" => (compared.is_ge(), "is greater than or equal to the maximum of"),
        "minimum" => (compared.is_lt(), "is less than the minimum of"),
        "exclusiveMinimum" => (compared.is_le(), "is less than or equal to the minimum of"),
        "multipleOf" => (!is_multiple(number, limit), "is not a multiple of"),
        _ => return None,
    };
    breaks.then_some(problem)
}

/// How a size outside its bounds is described.
struct Words {
    more: &'static str,
    less: &'static str,
    one: &'static str,
    many: &'static str,
}

/// What a keyword bounds the size of, with the words for it.
fn size(keyword: &str, value: &Value) -> Option<(usize, Words)> {
    let words = |more, less, one, many| Words { more, less, one, many };
    match (keyword, value) {
        ("maxLength" | "minLength", Value::String(text)) => Some((
            text.chars().count(),
            words("is longer than", "is shorter than", "character", "characters"),
        )),
        ("maxItems" | "minItems", Value::Array(elements)) => {
            Some((elements.len(), words("has more than", "has less than", "item", "items")))
        }
        ("maxProperties" | "minProperties", Value::Object(members)) => {
            Some((members.len(), words("has more than", "has less than", "property", "properties")))
        }
        _ => None,
    }
}

fn are_there(
    names: &[Value],
    members: &Map<String, Value>,
    place: &Place<'_>,
    report: &mut Report,
) -> ControlFlow<()> {
    for name in names {
        if name.as_str().is_some_and(|name| !members.contains_key(name)) {
            report.breach(place, || format!("{name} is a required property"))?;
        }
    }
    Continue(())
}

fn are_different(elements: &[Value]) -> bool {
    let mut sorted: Vec<&Value> = elements.iter().collect();
    sorted.sort_unstable_by(|left, right| order(left, right));
    sorted.windows(2).all(|pair| order(pair[0], pair[1]).is_ne())
}
