//! How large the patterns of a schema are, before any is compiled.
//!
//! A pattern of a few bytes can name thousands of letters thousands of times: `\pL{200}` compiles to megabytes and is
//! then slow on every byte of text. The size is counted from the pattern's text alone, so it is the same everywhere, and
//! from the same syntax tree that the matcher is compiled from, so nothing that it compiles is left out.

use std::collections::BTreeMap;

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::Value;

/// The most different patterns in one schema.
const MAX_PATTERNS: usize = 64;
/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 1024;
/// The most states of all patterns together: some megabytes when compiled.
const MAX_STATES: u64 = 1 << 16;
/// How many states a matcher can visit in the time of one step of checking.
const STATES_A_STEP: u64 = 32;

/// The patterns of a schema, each with how many steps it takes for each byte of text at most.
#[derive(Default)]
pub(super) struct Patterns(BTreeMap<String, u64>);

impl Patterns {
    /// Measures every pattern of a schema, and checks their number and sizes.
    pub(super) fn of(schema: &Value) -> Result<Patterns, String> {
        let (mut patterns, mut all_states) = (BTreeMap::new(), 0_u64);
        for pattern in find(schema) {
            if patterns.contains_key(pattern) {
                continue;
            }
            let states = states(pattern)?;
            all_states = all_states.saturating_add(states);
            patterns.insert(pattern.to_owned(), 1 + states / STATES_A_STEP);
            if patterns.len() > MAX_PATTERNS {
                return Err(format!("it has more than {MAX_PATTERNS} patterns"));
            }
            if all_states > MAX_STATES {
                return Err(format!(
                    "its patterns are too large: together they compile to more than {MAX_STATES} states"
                ));
            }
        }
        Ok(Patterns(patterns))
    }

    /// How many steps matching takes at most.
    pub(super) fn steps(&self, pattern: &str, text: &str) -> u64 {
        let each = self.0.get(pattern).copied().unwrap_or(1);
        each.saturating_mul(1 + text.len() as u64)
    }
}

/// Every pattern in a schema. Whatever could be one counts, wherever it stands, because references may lead anywhere.
pub(super) fn find(schema: &Value) -> Vec<&str> {
    let (mut patterns, mut rest) = (Vec::new(), vec![schema]);
    while let Some(place) = rest.pop() {
        match place {
            Value::Array(values) => rest.extend(values),
            Value::Object(members) => {
                patterns.extend(written(members));
                rest.extend(members.values());
            }
            _ => {}
        }
    }
    patterns
}

/// The patterns that a schema writes down: the value of `pattern`, and the names in `patternProperties`.
fn written(members: &serde_json::Map<String, Value>) -> impl Iterator<Item = &str> {
    let value = members.get("pattern").and_then(Value::as_str);
    let names = members.get("patternProperties").and_then(Value::as_object);
    value.into_iter().chain(names.into_iter().flat_map(|names| names.keys().map(String::as_str)))
}

/// How many states a pattern compiles to, about: a state for each literal byte and each range of a class, as often as
/// it is repeated. What is no pattern has none; compiling the schema reports it.
fn states(pattern: &str) -> Result<u64, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("it has a pattern of more than {MAX_PATTERN} bytes"));
    }
    let Ok(translated) = jsonschema_regex::to_rust_regex(pattern) else { return Ok(0) };
    Ok(regex_syntax::parse(&translated).map_or(0, |tree| size(&tree)))
}

/// The parser bounds the depth.
fn size(tree: &Hir) -> u64 {
    let sum = |parts: &[Hir]| parts.iter().map(size).fold(1, u64::saturating_add);
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => 1 + class.ranges().len() as u64,
        HirKind::Class(Class::Bytes(class)) => 1 + class.ranges().len() as u64,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1);
            size(&repetition.sub).saturating_add(1).saturating_mul(times.into())
        }
        HirKind::Capture(capture) => size(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_follow_what_is_compiled() {
        for (pattern, least, most) in [
            ("^abc$", 3, 10),
            (r"^[0-9]+(\.[0-9]{1,30})?%?$", 60, 120),
            (r"^\w{1,64}$", 64, 400), // of ASCII, as in ECMAScript
            (r"\pL{200}", 100_000, 200_000),
            (r"((a{100}){100}){100}", 1_000_000, u64::MAX),
            ("(", 0, 0),
        ] {
            let states = states(pattern).unwrap();
            assert!((least..=most).contains(&states), "{pattern}: {states}");
        }
    }

    #[test]
    fn number_and_size_are_bounded() {
        let many = |count: usize| {
            let names = (0..count).map(|n| (format!("p{n}"), json!({"pattern": format!("^[a-z]{n}$")})));
            json!({"properties": names.collect::<serde_json::Map<_, _>>()})
        };
        assert!(Patterns::of(&many(MAX_PATTERNS)).is_ok());
        let refused = |schema: &Value| Patterns::of(schema).err().unwrap_or_default();
        assert!(refused(&many(MAX_PATTERNS + 1)).contains("more than 64 patterns"));
        assert!(refused(&json!({"pattern": "a".repeat(MAX_PATTERN + 1)})).contains("1024 bytes"));
        assert!(refused(&json!({"pattern": r"\pL{200}"})).contains("too large"));
        assert!(refused(&json!({"patternProperties": {r"\pL{200}": {}}})).contains("too large"));
        assert!(refused(&json!({"default": [{"not": {"pattern": r"\pL{200}"}}]})).contains("too large"));
        // The same pattern many times is compiled once.
        let same: Vec<Value> = (0..1000).map(|_| json!({"pattern": "^a$"})).collect();
        assert!(Patterns::of(&json!({"anyOf": same})).is_ok());
    }
}
