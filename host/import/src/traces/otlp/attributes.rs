//! Attributes: a list of keys, each with a value that says of which type it is.

use std::collections::BTreeMap;

use apportion_core::number::is_held;

use crate::problem::shortened;

use super::super::json::{Json, Object, get, need};

/// Values by their keys.
pub(super) type Attributes = BTreeMap<String, Json>;

/// The attributes of an object that `is_wanted` wants; the values of others are not looked at.
pub(super) fn read(object: &Object, is_wanted: &mut dyn FnMut(&str) -> bool) -> Result<Attributes, String> {
    let mut attributes = Attributes::new();
    let mut seen = std::collections::BTreeSet::new();
    for pair in get(object, "attributes", Json::list)?.unwrap_or_default() {
        let pair = pair.object().map_err(|wrong| format!("in `attributes`, one {wrong}"))?;
        let key = need(pair, "key", Json::text)?;
        let wrong = |wrong: String| format!("the attribute `{}` {wrong}", shortened(key).escape_debug());
        if !seen.insert(key) {
            return Err(wrong("is there twice".to_owned()));
        }
        if is_wanted(key) {
            let value = pair.get("value").map_or(Ok(Json::Null), value);
            attributes.insert(key.to_owned(), value.map_err(wrong)?);
        }
    }
    Ok(attributes)
}

/// The plain value that an `AnyValue` is; bytes, which no graph has a place for, are null.
fn value(any: &Json) -> Result<Json, String> {
    let any = match any {
        Json::Null => return Ok(Json::Null),
        any => any.object()?,
    };
    let mut values = any.iter().filter(|(_, value)| **value != Json::Null);
    let Some((kind, inner)) = values.next() else { return Ok(Json::Null) };
    if values.next().is_some() {
        return Err("has several values".to_owned());
    }
    match kind.as_str() {
        "stringValue" => inner.text().map(|text| Json::Text(text.to_owned())),
        "boolValue" => match inner {
            Json::Boolean(_) => Ok(inner.clone()),
            other => Err(format!("is {} where true or false is expected", other.what())),
        },
        "intValue" => inner.integer().map(Json::Integer),
        "doubleValue" => double(inner).map(Json::Fraction),
        "arrayValue" => {
            let values = get(inner.object()?, "values", Json::list)?.unwrap_or_default();
            Ok(Json::List(values.iter().map(value).collect::<Result<_, _>>()?))
        }
        "kvlistValue" => {
            let mut object = Object::new();
            for pair in get(inner.object()?, "values", Json::list)?.unwrap_or_default() {
                let pair = pair.object()?;
                let key = need(pair, "key", Json::text)?;
                let value = pair.get("value").map_or(Ok(Json::Null), value)?;
                if object.insert(key.to_owned(), value).is_some() {
                    return Err(format!("has the key `{}` twice", shortened(key).escape_debug()));
                }
            }
            Ok(Json::Object(object))
        }
        "bytesValue" => Ok(Json::Null),
        other => Err(format!("has a value of the unknown type `{}`", shortened(other).escape_debug())),
    }
}

/// A number whose sender held it as a 64-bit float: any spelling of one float is fine, digits of more are not.
fn double(value: &Json) -> Result<f64, String> {
    let parsed = |text: &str| {
        let exponent = if text.contains(['e', 'E']) { "" } else { "e0" };
        match text.parse() {
            Ok(number) if is_held(&format!("{text}{exponent}")) => Ok(number),
            Ok(_) => Err(format!("is {}, which is no 64-bit float", shortened(text).escape_debug())),
            Err(_) => Err(format!("is `{}` where a number is expected", shortened(text).escape_debug())),
        }
    };
    match value {
        Json::Fraction(number) => Ok(*number),
        Json::Integer(integer) => parsed(&integer.to_string()),
        // Among them `NaN` and `Infinity`, which JSON has no numbers for.
        Json::Text(text) => parsed(text),
        other => Err(format!("is {} where a number is expected", other.what())),
    }
}
