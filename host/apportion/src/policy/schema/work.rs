//! How much work a schema can make of checking parameters, counted before any checking.
//!
//! References can double the work at each step and go round in circles, and both schema and parameters may come from
//! a stranger. The count looks at every keyword that has schemas in it, and charges every keyword for the text that it
//! reads, so it is never too low; it is made of nothing but the two texts, so it is the same everywhere.

use serde_json::Value;

use super::patterns::Patterns;

/// How many bytes of text one step reads.
const BYTES_A_STEP: usize = 16;
/// How often each part of a list is compared with others at least, to find two that are equal.
const COMPARED: u64 = 16;
/// As large numbers can be alike to what finds equal ones, a list is also charged by the square of its length.
const UNIQUE_PAIRS_A_STEP: u64 = 1024;
/// The most steps of checking parameters, or of looking at all of a schema once.
pub(super) const MAX_STEPS: u64 = 1 << 22;
/// How deep schemas may lie within schemas, references followed: twice as deep as JSON is read.
const MAX_DEPTH: usize = 256;

/// What the argument of a keyword holds.
#[derive(Clone, Copy)]
enum Holds {
    Schema,
    Schemas,
    NamedSchemas,
}

/// What these schemas are for.
#[derive(Clone, Copy, PartialEq)]
enum For {
    TheValue,
    ItsElements,
    ItsMembers,
    ItsMembersOfThatName,
    TheNamesOfItsMembers,
}

/// JSON Schema 2020-12, Core, 10 and 11: every keyword that applies schemas, but for references.
const KEYWORDS: [(&str, Holds, For); 18] = [
    ("allOf", Holds::Schemas, For::TheValue),
    ("anyOf", Holds::Schemas, For::TheValue),
    ("oneOf", Holds::Schemas, For::TheValue),
    ("not", Holds::Schema, For::TheValue),
    ("if", Holds::Schema, For::TheValue),
    ("then", Holds::Schema, For::TheValue),
    ("else", Holds::Schema, For::TheValue),
    ("dependentSchemas", Holds::NamedSchemas, For::TheValue),
    ("dependencies", Holds::NamedSchemas, For::TheValue),
    ("prefixItems", Holds::Schemas, For::ItsElements),
    ("items", Holds::Schema, For::ItsElements),
    ("contains", Holds::Schema, For::ItsElements),
    ("unevaluatedItems", Holds::Schema, For::ItsElements),
    ("properties", Holds::NamedSchemas, For::ItsMembersOfThatName),
    ("patternProperties", Holds::NamedSchemas, For::ItsMembers),
    ("additionalProperties", Holds::Schema, For::ItsMembers),
    ("propertyNames", Holds::Schema, For::TheNamesOfItsMembers),
    ("unevaluatedProperties", Holds::Schema, For::ItsMembers),
];
/// Keywords whose whole argument may be compared with the value.
const COMPARING: [&str; 5] = ["enum", "const", "required", "dependentRequired", "type"];
/// Keywords that make the schemas beside them be looked at again, to learn what these looked at.
const AGAIN: [&str; 2] = ["unevaluatedItems", "unevaluatedProperties"];
/// Keywords that give a schema a name of its own, or refer to one: references lead to places alone.
const NAMING: [&str; 4] = ["$id", "$anchor", "$dynamicAnchor", "$dynamicRef"];

/// Holds a schema to what can be counted in `most` steps: references lead to places in it, and never round in a circle.
pub(super) fn check(schema: &Value, patterns: &Patterns, most: u64) -> Result<(), String> {
    let mut work = Work { root: schema, patterns, most, steps: 0 };
    let mut rest = vec![schema];
    while let Some(place) = rest.pop() {
        match place {
            Value::Array(values) => rest.extend(values),
            Value::Object(members) => {
                members.iter().try_for_each(|(name, value)| check_reference(schema, name, value))?;
                rest.extend(members.values());
            }
            _ => {}
        }
        // From every place, because references lead to any. No value has neither elements nor members.
        work.walk(place, &Value::Null, 0)?;
    }
    Ok(())
}

/// Counts the steps of checking `parameters`, up to a limit.
pub(super) fn count(schema: &Value, patterns: &Patterns, parameters: &Value) -> Result<u64, String> {
    let mut work = Work { root: schema, patterns, most: MAX_STEPS, steps: 0 };
    work.walk(schema, parameters, 0)?;
    Ok(work.steps)
}

fn check_reference(schema: &Value, name: &str, value: &Value) -> Result<(), String> {
    let Value::String(to) = value else { return Ok(()) };
    if NAMING.contains(&name) || (name == "$ref" && target(schema, to).is_none()) {
        return Err(format!("`{name}` is no reference to a place in the schema, as `#/$defs/name` is"));
    }
    Ok(())
}

/// What a reference leads to: `#`, or `#` and a JSON pointer.
fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    // Escapes of addresses are left out: schemas have no need of them.
    if pointer.contains('%') { None } else { root.pointer(pointer) }
}

struct Work<'a> {
    root: &'a Value,
    patterns: &'a Patterns,
    most: u64,
    steps: u64,
}

impl Work<'_> {
    fn step(&mut self, steps: u64) -> Result<(), String> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.most {
            return Err(format!("checking takes more than {} steps", self.most));
        }
        Ok(())
    }

    fn walk(&mut self, schema: &Value, value: &Value, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("its parts or references go more than {MAX_DEPTH} deep, or in a circle"));
        }
        let Value::Object(keywords) = schema else { return self.step(1) };
        for (keyword, argument) in keywords {
            self.charge(keyword, argument, value)?;
        }
        let times = if AGAIN.iter().any(|again| keywords.contains_key(*again)) { 3 } else { 1 };
        for _ in 0..times {
            if let Some(to) =
                keywords.get("$ref").and_then(Value::as_str).and_then(|to| target(self.root, to))
            {
                self.walk(to, value, depth + 1)?;
            }
            for (keyword, holds, of) in KEYWORDS {
                if let Some(argument) = keywords.get(keyword) {
                    self.apply(argument, holds, of, value, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// Charges for what one keyword does to a value, but for the schemas in it.
    fn charge(&mut self, keyword: &str, argument: &Value, value: &Value) -> Result<(), String> {
        // A step for the keyword and for each part of its argument, and what any keyword may read of a text.
        let parts = if COMPARING.contains(&keyword) {
            size(argument)
        } else {
            argument.as_array().map_or(1, Vec::len) as u64
        };
        let text = value.as_str().unwrap_or_default();
        self.step(parts + (text.len() / BYTES_A_STEP) as u64)?;
        match (keyword, argument, value) {
            ("pattern", Value::String(pattern), Value::String(text)) => {
                self.step(self.patterns.steps(pattern, text))
            }
            ("patternProperties", Value::Object(patterns), Value::Object(members)) => {
                let pairs =
                    patterns.keys().flat_map(|pattern| members.keys().map(move |name| (pattern, name)));
                for (pattern, name) in pairs {
                    self.step(self.patterns.steps(pattern, name))?;
                }
                Ok(())
            }
            ("properties", Value::Object(properties), Value::Object(_)) => self.step(properties.len() as u64),
            ("uniqueItems", Value::Bool(true), Value::Array(items)) => {
                let count = items.len() as u64;
                self.step(size(value).saturating_mul(COMPARED))?;
                self.step(count.saturating_mul(count) / UNIQUE_PAIRS_A_STEP)
            }
            _ => Ok(()),
        }
    }

    fn apply(
        &mut self,
        argument: &Value,
        holds: Holds,
        of: For,
        value: &Value,
        depth: usize,
    ) -> Result<(), String> {
        match (of, value) {
            (For::TheValue, _) => self.walk_all(argument, holds, value, depth),
            (For::ItsElements, Value::Array(elements)) => {
                elements.iter().try_for_each(|element| self.walk_all(argument, holds, element, depth))
            }
            (For::ItsMembers, Value::Object(members)) => {
                members.values().try_for_each(|member| self.walk_all(argument, holds, member, depth))
            }
            (For::TheNamesOfItsMembers, Value::Object(members)) => members
                .keys()
                .try_for_each(|name| self.walk_all(argument, holds, &Value::String(name.clone()), depth)),
            (For::ItsMembersOfThatName, Value::Object(members)) => members
                .iter()
                .filter_map(|(name, member)| Some((argument.get(name)?, member)))
                .try_for_each(|(schema, member)| self.walk(schema, member, depth)),
            _ => Ok(()),
        }
    }

    fn walk_all(
        &mut self,
        argument: &Value,
        holds: Holds,
        value: &Value,
        depth: usize,
    ) -> Result<(), String> {
        match (holds, argument) {
            (Holds::Schema, schema) => self.walk(schema, value, depth),
            (Holds::Schemas, Value::Array(schemas)) => {
                schemas.iter().try_for_each(|schema| self.walk(schema, value, depth))
            }
            (Holds::NamedSchemas, Value::Object(schemas)) => {
                schemas.values().try_for_each(|schema| self.walk(schema, value, depth))
            }
            _ => Ok(()),
        }
    }
}

/// The steps of looking at all of a value once. JSON is read to a bounded depth.
fn size(value: &Value) -> u64 {
    let text = |text: &str| (text.len() / BYTES_A_STEP) as u64;
    match value {
        Value::String(string) => 1 + text(string),
        Value::Array(values) => 1 + values.iter().map(size).sum::<u64>(),
        Value::Object(members) => {
            1 + members.iter().map(|(name, value)| text(name) + size(value)).sum::<u64>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(schema: &str) -> Result<(), String> {
        let schema = serde_json::from_str(schema).unwrap();
        check(&schema, &Patterns::of(&schema).unwrap(), MAX_STEPS)
    }

    fn check_work(schema: &Value, parameters: &Value) -> Result<(), String> {
        count(schema, &Patterns::of(schema).unwrap(), parameters).map(|_| ())
    }

    #[test]
    fn references_lead_to_places_and_never_round() {
        assert_eq!(checked(r##"{"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#"}}}}"##), Ok(()));
        assert_eq!(checked(r##"{"properties": {"$id": {"type": "string"}}}"##), Ok(()));
        for schema in [
            r##"{"$ref": "#"}"##,
            r##"{"$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}}"##,
            r##"{"$ref": "#a", "$defs": {"a": {"$anchor": "a"}}}"##,
            r##"{"$ref": "#/$defs/none"}"##,
            r##"{"$ref": "other.json"}"##,
            r##"{"$defs": {"a": {"$id": "https://example.org/a"}}}"##,
            r##"{"$dynamicRef": "#"}"##,
        ] {
            assert!(checked(schema).is_err(), "{schema}");
        }
    }

    /// Both are small and of no depth; together they are 2^60 steps.
    #[test]
    fn members_that_double_are_counted() {
        let schema = serde_json::json!({"properties": {"a": {"$ref": "#"}}, "patternProperties": {"a": {"$ref": "#"}}});
        assert_eq!(check(&schema, &Patterns::of(&schema).unwrap(), MAX_STEPS), Ok(()));
        let deep = (0..60).fold(Value::Null, |inner, _| serde_json::json!({"a": inner}));
        assert!(check_work(&schema, &deep).is_err());
        assert_eq!(check_work(&schema, &serde_json::json!({"a": {"a": {"a": 1}}})), Ok(()));
    }

    #[test]
    fn long_lists_of_alternatives_are_counted() {
        let alternatives: Vec<u32> = (0..10_000).collect();
        let schema = serde_json::json!({"items": {"enum": alternatives}});
        assert_eq!(check_work(&schema, &serde_json::json!(vec![9999; 400])), Ok(()));
        assert!(check_work(&schema, &serde_json::json!(vec![9999; 500])).is_err());
    }

    /// What reads a text is charged for its length, as often as it reads it.
    #[test]
    fn long_texts_are_counted() {
        let long = |bytes: usize| json!("x".repeat(bytes));
        let hard = json!({"pattern": "(x{1,100}y|z){1,5}"});
        assert_eq!(check_work(&hard, &long(10_000)), Ok(()));
        assert!(check_work(&hard, &long(1 << 20)).is_err());
        assert_eq!(check_work(&json!({"pattern": "^[a-z]*$"}), &long(1 << 20)), Ok(()));
        let names = json!({"patternProperties": {"(x{1,100}y|z){1,5}": true}});
        assert!(check_work(&names, &json!({"x".repeat(1 << 20): 1})).is_err());
        let names = json!({"propertyNames": hard});
        assert!(check_work(&names, &json!({"x".repeat(1 << 20): 1})).is_err());
        let lengths = json!({"allOf": vec![json!({"maxLength": 2_000_000}); 100]});
        assert_eq!(check_work(&lengths, &long(1000)), Ok(()));
        assert!(check_work(&lengths, &long(1 << 20)).is_err());
    }

    #[test]
    fn lists_without_repetition_are_counted() {
        let unique = json!({"uniqueItems": true});
        let ids: Vec<String> = (0..20_000).map(|n| format!("a-payee-with-a-name-{n}")).collect();
        assert_eq!(check_work(&unique, &json!(ids)), Ok(()));
        assert!(check_work(&json!({"allOf": vec![unique; 10]}), &json!(ids)).is_err());
    }
}
