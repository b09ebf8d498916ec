//! What a schema has to look like: the meta-schema of JSON Schema 2020-12, keyword by keyword.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::values;
use super::work::target;

/// What the argument of a keyword is.
#[derive(Clone, Copy)]
enum Form {
    Anything,
    Schema,
    /// A list of schemas with at least one in it.
    Schemas,
    NamedSchemas,
    /// Names, each with a schema or with names that it brings along.
    NamedDependencies,
    Text,
    Truth,
    Number,
    PositiveNumber,
    Count,
    List,
    Names,
    NamedNames,
    /// A type, or several.
    Types,
    /// Names with a truth each.
    NamedTruths,
}

pub(super) const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];

/// What the meta-schema says of a keyword. Others are annotations: they may hold anything.
fn form(keyword: &str) -> Form {
    match keyword {
        "$ref" | "$id" | "$schema" | "$anchor" | "$dynamicRef" | "$dynamicAnchor" | "$recursiveRef"
        | "$recursiveAnchor" | "$comment" | "title" | "description" | "format" | "contentEncoding"
        | "contentMediaType" | "pattern" => Form::Text,
        "$vocabulary" => Form::NamedTruths,
        "$defs" | "definitions" | "properties" | "patternProperties" | "dependentSchemas" => {
            Form::NamedSchemas
        }
        "dependencies" => Form::NamedDependencies,
        "prefixItems" | "allOf" | "anyOf" | "oneOf" => Form::Schemas,
        "items"
        | "contains"
        | "additionalProperties"
        | "propertyNames"
        | "if"
        | "then"
        | "else"
        | "not"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "contentSchema" => Form::Schema,
        "type" => Form::Types,
        "enum" | "examples" => Form::List,
        "multipleOf" => Form::PositiveNumber,
        "maximum" | "exclusiveMaximum" | "minimum" | "exclusiveMinimum" => Form::Number,
        "maxLength" | "minLength" | "maxItems" | "minItems" | "maxContains" | "minContains"
        | "maxProperties" | "minProperties" => Form::Count,
        "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" => Form::Truth,
        "required" => Form::Names,
        "dependentRequired" => Form::NamedNames,
        _ => Form::Anything,
    }
}

/// Finds every pattern that checking can need, in all that is used as a schema: from the root, and wherever references
/// lead. Or says what of that is not a schema.
pub(super) fn patterns(root: &Value) -> Result<BTreeSet<&str>, String> {
    let mut reader = Reader { root, patterns: BTreeSet::new(), targets: BTreeSet::new(), rest: vec![root] };
    while let Some(schema) = reader.rest.pop() {
        reader.schema(schema)?;
    }
    Ok(reader.patterns)
}

struct Reader<'a> {
    root: &'a Value,
    patterns: BTreeSet<&'a str>,
    /// References that were followed.
    targets: BTreeSet<&'a str>,
    /// Schemas that are still to be read.
    rest: Vec<&'a Value>,
}

impl<'a> Reader<'a> {
    fn schema(&mut self, schema: &'a Value) -> Result<(), String> {
        match schema {
            Value::Bool(_) => Ok(()),
            Value::Object(keywords) => keywords.iter().try_for_each(|(keyword, argument)| {
                let wrong = |problem: String| format!("`{keyword}`: {problem}");
                self.argument(form(keyword), argument).map_err(wrong)?;
                self.follow(keyword, argument);
                Ok(())
            }),
            other => Err(format!("{other} is not of types \"boolean\", \"object\"")),
        }
    }

    fn follow(&mut self, keyword: &'a str, argument: &'a Value) {
        match (keyword, argument) {
            ("$ref", Value::String(reference)) if self.targets.insert(reference) => {
                self.rest.extend(target(self.root, reference));
            }
            ("pattern", Value::String(pattern)) => {
                self.patterns.insert(pattern);
            }
            ("patternProperties", Value::Object(patterns)) => {
                self.patterns.extend(patterns.keys().map(String::as_str));
            }
            _ => {}
        }
    }

    fn argument(&mut self, form: Form, argument: &'a Value) -> Result<(), String> {
        match form {
            Form::Anything => {}
            Form::Schema => self.rest.push(argument),
            Form::Schemas => {
                let schemas = list(argument)?;
                if schemas.is_empty() {
                    return Err("[] has less than 1 item".to_owned());
                }
                self.rest.extend(schemas);
            }
            Form::NamedSchemas => self.rest.extend(object(argument)?.values()),
            Form::NamedDependencies => {
                for dependency in object(argument)?.values() {
                    match dependency {
                        Value::Array(_) => names(dependency)?,
                        schema => self.rest.push(schema),
                    }
                }
            }
            Form::Text => is(argument.is_string(), argument, "string")?,
            Form::Truth => is(argument.is_boolean(), argument, "boolean")?,
            Form::Number => is(argument.is_number(), argument, "number")?,
            Form::PositiveNumber => {
                is(argument.is_number(), argument, "number")?;
                if argument.as_f64().is_some_and(|number| number <= 0.0) {
                    return Err(format!("{argument} is less than or equal to the minimum of 0"));
                }
            }
            Form::Count => {
                is(argument.as_number().is_some_and(values::is_integer), argument, "integer")?;
                if argument.as_f64().is_some_and(|number| number < 0.0) {
                    return Err(format!("{argument} is less than the minimum of 0"));
                }
            }
            Form::List => is(argument.is_array(), argument, "array")?,
            Form::Names => names(argument)?,
            Form::NamedNames => object(argument)?.values().try_for_each(names)?,
            Form::NamedTruths => {
                object(argument)?.values().try_for_each(|truth| is(truth.is_boolean(), truth, "boolean"))?
            }
            Form::Types => types(argument)?,
        }
        Ok(())
    }
}

fn is(holds: bool, value: &Value, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{value} is not of type \"{what}\"")) }
}

fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("{value} is not of type \"array\""))
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{value} is not of type \"object\""))
}

/// A list of different texts.
fn names(value: &Value) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in list(value)? {
        let name = name.as_str().ok_or_else(|| format!("{name} is not of type \"string\""))?;
        if !seen.insert(name) {
            return Err(format!("{value} has non-unique elements"));
        }
    }
    Ok(())
}

fn types(value: &Value) -> Result<(), String> {
    let known = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
    let is_type = match value {
        Value::Array(types) => !types.is_empty() && types.iter().all(known) && names(value).is_ok(),
        name => known(name),
    };
    if is_type { Ok(()) } else { Err(format!("{value} is not a type, nor a list of different types")) }
}
