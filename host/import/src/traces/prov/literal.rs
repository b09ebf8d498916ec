//! The values of attributes in PROV-JSON: plain JSON values, and literals with a type or a language.

use super::document::{Json, Raw};
use super::names::{is_of_prov, local_part, shown};
use crate::traces::draft::Value;

/// One value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Literal {
    /// As it is written.
    pub(super) text: String,
    pub(super) sort: Sort,
    pub(super) language: Option<String>,
    /// A type that is not known here, so that the value is taken for text.
    pub(super) unknown_type: Option<String>,
    /// Members of the literal that mean nothing here.
    pub(super) unknown_keys: Vec<String>,
}

/// What a value is, by its JSON or by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// A qualified name or a URI.
    Name,
    Text,
    Number,
    /// A truth value, a time, whatever else.
    Other,
}

/// XML Schema's types that are numbers.
const NUMBERS: [&str; 16] = [
    "byte",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "long",
    "negativeInteger",
    "nonNegativeInteger",
    "nonPositiveInteger",
    "positiveInteger",
    "short",
    "unsignedByte",
    "unsignedInt",
    "unsignedLong",
    "unsignedShort",
];
const NAMES: [&str; 3] = ["QName", "QUALIFIED_NAME", "anyURI"];
const TEXTS: [&str; 9] = [
    "ID",
    "InternationalizedString",
    "NCName",
    "NMTOKEN",
    "Name",
    "language",
    "normalizedString",
    "string",
    "token",
];
/// The other types whose values are kept as they are written.
const OTHERS: [&str; 14] = [
    "base64Binary",
    "date",
    "dateTime",
    "dateTimeStamp",
    "dayTimeDuration",
    "duration",
    "gDay",
    "gMonth",
    "gMonthDay",
    "gYear",
    "gYearMonth",
    "hexBinary",
    "time",
    "yearMonthDuration",
];

/// All values of an attribute: one, or a list of them. None for `null`.
pub(super) fn literals(raw: Raw<'_>) -> Result<Vec<Literal>, String> {
    match raw.open()? {
        Json::List(values) => {
            let mut all = Vec::new();
            for value in values {
                match value.open()? {
                    Json::List(_) => return Err("is a list in a list, where a value is expected".to_owned()),
                    value => all.extend(literal(value)?),
                }
            }
            Ok(all)
        }
        value => Ok(literal(value)?.into_iter().collect()),
    }
}

fn literal(value: Json<'_>) -> Result<Option<Literal>, String> {
    let plain = |text: &str, sort| {
        let text = text.to_owned();
        Some(Literal { text, sort, language: None, unknown_type: None, unknown_keys: Vec::new() })
    };
    Ok(match value {
        Json::Null => None,
        Json::Truth(truth) => plain(if truth { "true" } else { "false" }, Sort::Other),
        Json::Number(number) => plain(number, Sort::Number),
        Json::Text(text) => plain(&text, Sort::Text),
        Json::List(_) => None,
        Json::Object(members) => {
            let mut typed: Option<Literal> = None;
            let (mut of_type, mut language, mut unknown_keys) = (None, None, Vec::new());
            for (key, raw) in members {
                match (&*key, raw.open()?) {
                    ("$", Json::Null | Json::List(_) | Json::Object(_)) => {
                        return Err("has a `$` that is neither text nor number".to_owned());
                    }
                    ("$", value) => typed = literal(value)?,
                    ("type", Json::Text(text)) => of_type = Some(text.into_owned()),
                    ("lang", Json::Text(text)) => language = Some(text.into_owned()),
                    ("type" | "lang", other) => {
                        return Err(format!("has a `{key}` that is {}", other.what()));
                    }
                    _ => unknown_keys.push(key.into_owned()),
                }
            }
            let typed = typed.ok_or("is an object without `$`, where a value is expected")?;
            Some(Literal { language, unknown_keys, ..with_type(typed, of_type)? })
        }
    })
}

fn with_type(literal: Literal, of_type: Option<String>) -> Result<Literal, String> {
    let Some(of_type) = of_type else { return Ok(literal) };
    let local = local_part(&of_type);
    if NUMBERS.contains(&local) {
        if Value::number(&literal.text).is_none() && !is_not_finite(&literal.text) {
            let (text, of_type) = (shown(&literal.text), shown(&of_type));
            return Err(format!("is `{text}`, which is no `{of_type}`"));
        }
        return Ok(Literal { sort: Sort::Number, ..literal });
    }
    if local == "boolean" {
        let truth = match literal.text.trim() {
            "true" | "1" => "true",
            "false" | "0" => "false",
            other => {
                return Err(format!("is `{}`, which is neither true nor false", shown(other)));
            }
        };
        return Ok(Literal { text: truth.to_owned(), sort: Sort::Other, ..literal });
    }
    let sort = match local {
        _ if NAMES.contains(&local) => Sort::Name,
        _ if TEXTS.contains(&local) => Sort::Text,
        _ => Sort::Other,
    };
    let unknown_type = (sort == Sort::Other && !OTHERS.contains(&local)).then_some(of_type);
    Ok(Literal { sort, unknown_type, ..literal })
}

/// Infinity and not-a-number, as XML Schema and programs write them.
pub(super) fn is_not_finite(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok_and(|number| !number.is_finite())
}

impl Literal {
    pub(super) fn value(&self) -> Option<Value> {
        match self.sort {
            Sort::Number => Value::number(&self.text),
            Sort::Name | Sort::Text | Sort::Other => Some(Value::text(&self.text)),
        }
    }
}

/// The one value that a column can hold: several numbers are the least of them, several texts are one, in the order of
/// bytes. Whether numbers were left out.
pub(super) fn joined(literals: &[Literal]) -> (Option<Value>, bool) {
    let mut values: Vec<Value> = literals.iter().filter_map(Literal::value).collect();
    values.sort_by(Value::order);
    values.dedup();
    let is_text = values.iter().any(|value| matches!(value, Value::Text(_)));
    if values.len() < 2 || !is_text {
        let is_lossy = values.len() > 1;
        return (values.into_iter().next(), is_lossy);
    }
    let mut texts: Vec<&str> = literals.iter().map(|literal| literal.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    (Some(Value::text(&texts.join(", "))), false)
}

/// What a thing is, of its types: names of one's own before texts before PROV's names before other values, each in the
/// order of bytes.
pub(super) fn kind(types: &[Literal]) -> Option<&str> {
    let named = types.iter().map(|literal| {
        let text = literal.text.trim();
        let is_name = literal.sort <= Sort::Text && !text.contains(char::is_whitespace);
        let rank = match (is_of_prov(text), literal.sort) {
            (false, Sort::Name) => 0,
            (false, Sort::Text) => 1,
            (true, Sort::Name | Sort::Text) => 2,
            (_, Sort::Number | Sort::Other) => 3,
        };
        (rank, if is_name { local_part(text) } else { text })
    });
    named.filter(|(_, local)| !local.is_empty()).min().map(|(_, local)| local)
}

/// What to call a thing, of several labels: one without a language before others, in the order of bytes.
pub(super) fn label(literals: &[Literal]) -> Option<&str> {
    let order = |literal: &&Literal| (literal.language.clone(), literal.text.clone());
    literals.iter().min_by_key(order).map(|literal| literal.text.as_str())
}
