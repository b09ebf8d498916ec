//! Our reading of JSON Schema, compared with its authors' tests and with the crate `jsonschema`.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Schema, work};

/// Tests that share a schema.
#[derive(Deserialize)]
struct Group {
    description: String,
    schema: Value,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    description: String,
    data: Value,
    valid: bool,
}

fn suite() -> Vec<Group> {
    serde_json::from_str(include_str!("oracle/draft2020-12.json")).unwrap()
}

/// Whether references lead to other documents, or by names: such schemas are refused before anything is read.
fn leads_elsewhere(schema: &Value) -> bool {
    work::check(schema, &Default::default(), work::MAX_STEPS).is_err()
}

fn theirs(schema: &Value) -> Result<jsonschema::Validator, String> {
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .offline()
        .build(schema)
        .map_err(|error| error.to_string())
}

/// What is wrong with a value, in any order. Where ours says more, only the place is compared: too many or too few
/// elements are always none in theirs, and a name that is not allowed is all of its object.
fn sorted(breaches: Vec<String>) -> Vec<String> {
    let says_more = |breach: &str| {
        breach.ends_with(" are valid under the given schema")
            || breach.contains("False schema does not allow")
    };
    let comparable = |breach: String| match breach.split_once(": ") {
        Some((place, _)) if says_more(&breach) => place.to_owned(),
        _ => breach,
    };
    let mut breaches: Vec<String> = breaches.into_iter().map(comparable).collect();
    breaches.sort();
    breaches
}

fn their_breaches(schema: &jsonschema::Validator, value: &Value) -> Vec<String> {
    let breach = |error: jsonschema::ValidationError<'_>| {
        let place = error.instance_path().to_string();
        let place = if place.is_empty() { "the parameters".to_owned() } else { format!("`{}`", &place[1..]) };
        apportion_core::text::visible(&format!("{place}: {error}"), super::MAX_SUMMARY)
    };
    schema.iter_errors(value).map(breach).collect()
}

#[test]
fn the_authors_tests_end_as_they_say() {
    let (mut run, mut left_out) = (0, 0);
    for group in suite() {
        if leads_elsewhere(&group.schema) {
            left_out += 1;
            continue;
        }
        let schema = match Schema::compile(&group.schema.to_string()) {
            Ok(schema) => schema,
            Err(error) => panic!("{}: {error}", group.description),
        };
        for test in group.tests {
            let breaches = schema.breaches(&test.data);
            let place = format!("{}: {}", group.description, test.description);
            assert_eq!(breaches.is_empty(), test.valid, "{place}: {breaches:?}");
            run += 1;
        }
    }
    assert!(run > 1100 && left_out < 90, "{run} run, {left_out} left out");
}

#[test]
fn the_same_is_wrong_as_in_the_crate_jsonschema() {
    let mut differences = Vec::new();
    for group in suite() {
        if leads_elsewhere(&group.schema) {
            continue;
        }
        let ours = Schema::compile(&group.schema.to_string()).unwrap();
        let theirs = theirs(&group.schema).unwrap();
        for test in group.tests {
            let ours = sorted(ours.breaches(&test.data));
            let theirs = sorted(their_breaches(&theirs, &test.data));
            if ours != theirs {
                differences.push((group.description.clone(), test.description, ours, theirs));
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// Values that agree and disagree often: of few names, numbers and texts.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..4_i64).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, 1.5, -2.0, 3.25, 1e17, 0.1]).prop_map(Value::from),
        prop::sample::select(vec!["", "a", "b", "ab", "a1", "\u{1f600}", "integer", "a/b~c"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(names(), inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "ab", "a/b~c"]).prop_map(str::to_owned)
}

fn patterns() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "^a$", "^[ab]+$", "\\d", "^$", "b|c", ".{2}"]).prop_map(str::to_owned)
}

/// A keyword with an argument that it may have.
fn keyword(schema: BoxedStrategy<Value>) -> impl Strategy<Value = (&'static str, Value)> {
    let named = |names: BoxedStrategy<String>| {
        btree_map(names, schema.clone(), 0..3).prop_map(|schemas| schemas.into_iter().collect::<Value>())
    };
    let several = vec(schema.clone(), 1..4).prop_map(Value::from);
    let of = |keywords: &[&'static str], argument: BoxedStrategy<Value>| {
        (prop::sample::select(keywords.to_vec()), argument).boxed()
    };
    let number = prop::sample::select(vec![json!(0), json!(1), json!(-2), json!(1.5), json!(3.0)]);
    let positive = prop::sample::select(vec![json!(1), json!(2), json!(0.5), json!(1.5), json!(0.1)]);
    let count = prop::sample::select(vec![json!(0), json!(1), json!(2), json!(2.0)]);
    let names_list = prop::collection::btree_set(names(), 0..3).prop_map(Value::from_iter).boxed();
    let types = prop::collection::btree_set(prop::sample::select(super::form::TYPES.to_vec()), 1..4);
    prop_oneof![
        4 => of(
            &["items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not",
              "unevaluatedItems", "unevaluatedProperties"],
            schema.clone(),
        ),
        3 => of(&["allOf", "anyOf", "oneOf", "prefixItems"], several.boxed()),
        4 => of(&["properties", "dependentSchemas", "dependencies"], named(names().boxed()).boxed()),
        1 => of(&["patternProperties"], named(patterns().boxed()).boxed()),
        2 => of(&["maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"], number.boxed()),
        1 => of(&["multipleOf"], positive.boxed()),
        3 => of(
            &["maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains", "maxProperties",
              "minProperties"],
            count.boxed(),
        ),
        1 => of(&["uniqueItems"], any::<bool>().prop_map(Value::from).boxed()),
        1 => of(&["pattern"], patterns().prop_map(Value::from).boxed()),
        1 => of(&["required"], names_list.clone()),
        1 => of(
            &["dependentRequired", "dependencies"],
            btree_map(names(), names_list, 0..3).prop_map(|names| names.into_iter().collect()).boxed(),
        ),
        1 => of(&["const"], values().boxed()),
        1 => of(&["enum"], vec(values(), 1..5).prop_map(Value::from).boxed()),
        2 => of(&["type"], types.prop_map(Value::from_iter).boxed()),
        1 => of(&["type"], prop::sample::select(super::form::TYPES.to_vec()).prop_map(Value::from).boxed()),
        1 => of(&["$ref"], prop::sample::select(vec!["#/$defs/a", "#/$defs/b"]).prop_map(Value::from).boxed()),
    ]
}

fn schemas() -> impl Strategy<Value = Value> {
    let leaf = any::<bool>().prop_map(Value::from).boxed();
    let part = leaf.prop_recursive(4, 40, 4, |inner| {
        vec(keyword(inner.boxed()), 0..4).prop_map(|keywords| {
            keywords.into_iter().map(|(keyword, argument)| (keyword.to_owned(), argument)).collect::<Value>()
        })
    });
    (part.clone(), part.clone(), part).prop_map(|(root, a, b)| {
        let mut root = match root {
            Value::Object(keywords) => keywords,
            other => Map::from_iter([("not".to_owned(), json!({ "not": other }))]),
        };
        root.insert("$defs".to_owned(), json!({ "a": a, "b": b }));
        Value::Object(root)
    })
}

/// Puts something else in one place of a schema.
fn damaged(schema: &Value, place: usize, other: &Value) -> Value {
    fn visit(value: &mut Value, left: &mut usize, other: &Value) {
        if *left == 0 {
            *value = other.clone();
            *left = usize::MAX;
            return;
        }
        *left -= 1;
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| visit(value, left, other)),
            Value::Object(members) => members.values_mut().for_each(|value| visit(value, left, other)),
            _ => {}
        }
    }
    let (mut schema, mut left) = (schema.clone(), place);
    visit(&mut schema, &mut left, other);
    schema
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn any_value_is_judged_as_by_the_crate_jsonschema(
        schema in schemas(),
        values in vec(values(), 1..6),
    ) {
        prop_assume!(!leads_elsewhere(&schema)); // in a circle
        let ours = Schema::compile(&schema.to_string()).map_err(TestCaseError::fail)?;
        let theirs = theirs(&schema).map_err(TestCaseError::fail)?;
        for value in &values {
            let breaches = ours.breaches(value);
            prop_assert_eq!(breaches.is_empty(), theirs.is_valid(value), "{} {} {:?}", schema, value, breaches);
        }
    }

    #[test]
    fn what_is_no_schema_is_refused_as_by_the_crate_jsonschema(
        schema in schemas(),
        place in 1..40_usize,
        other in values(),
    ) {
        let schema = damaged(&schema, place, &other);
        prop_assume!(!leads_elsewhere(&schema));
        let (ours, theirs) = (Schema::compile(&schema.to_string()), theirs(&schema));
        prop_assert_eq!(
            ours.as_ref().err().is_some(), theirs.as_ref().err().is_some(),
            "{}: {:?} {:?}", schema, ours.err(), theirs.err()
        );
    }
}
