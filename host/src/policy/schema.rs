//! How much work a schema can make of checking parameters, counted before any checking.
//!
//! References can double the work at each step and go round in circles, and both schema and parameters may come from
//! a stranger. The count looks at every keyword that has schemas in it, so it is never too low; it is made of nothing
//! but the two texts, so it is the same everywhere.

use serde_json::Value;

/// The most steps of checking parameters, or of looking at all of a schema once.
const MAX_STEPS: u64 = 1 << 22;
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
    ("propertyNames", Holds::Schema, For::ItsMembers),
    ("unevaluatedProperties", Holds::Schema, For::ItsMembers),
];
/// Keywords that make the schemas beside them be looked at again, to learn what these looked at.
const AGAIN: [&str; 2] = ["unevaluatedItems", "unevaluatedProperties"];
/// Keywords that give a schema a name of its own, or refer to one: references lead to places alone.
const NAMING: [&str; 4] = ["$id", "$anchor", "$dynamicAnchor", "$dynamicRef"];

/// Holds a schema to what can be counted: references lead to places in it, and never round in a circle.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let mut work = Work { root: schema, steps: 0 };
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

/// Holds the work of checking `parameters` to a limit.
pub(super) fn check_work(schema: &Value, parameters: &Value) -> Result<(), String> {
    Work { root: schema, steps: 0 }.walk(schema, parameters, 0)
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
    steps: u64,
}

impl Work<'_> {
    fn step(&mut self, steps: usize) -> Result<(), String> {
        self.steps = self.steps.saturating_add(u64::try_from(steps).unwrap_or(u64::MAX));
        if self.steps > MAX_STEPS {
            return Err(format!("checking takes more than {MAX_STEPS} steps"));
        }
        Ok(())
    }

    fn walk(&mut self, schema: &Value, value: &Value, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("its parts or references go more than {MAX_DEPTH} deep, or in a circle"));
        }
        let Value::Object(keywords) = schema else { return self.step(1) };
        // Every keyword is a step, and so is each alternative of an `enum`.
        let compared = keywords.values().map(|argument| argument.as_array().map_or(1, Vec::len));
        self.step(compared.sum())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(schema: &str) -> Result<(), String> {
        check(&serde_json::from_str(schema).unwrap())
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
        assert_eq!(check(&schema), Ok(()));
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
}
