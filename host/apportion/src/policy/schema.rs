//! The JSON Schema of a policy's parameters: a stranger's text, checked against parameters that may be another's.
//!
//! Everything that takes time or memory in it is bounded by counts that are made from the two texts alone, so that a
//! schema is refused or accepted alike on every machine: [`patterns`] before any pattern is compiled, [`work`] before
//! anything is checked.
//!
//! Schemas are those of JSON Schema 2020-12 whose references stay inside them. The tests compare [`form`] and [`check`]
//! with the crate `jsonschema`, over the suite of tests that JSON Schema's authors publish.

mod assertions;
mod check;
mod form;
#[cfg(test)]
mod oracle;
mod patterns;
mod report;
mod values;
mod work;

use regex::RegexBuilder;
use serde_json::Value;

use apportion_core::text::visible;
use assertions::Matchers;
use patterns::Patterns;

/// The largest schema, in bytes.
const MAX_SCHEMA: usize = 256 << 10;
/// The longest sentence about a schema or a breach of it, in bytes.
const MAX_SUMMARY: usize = 1024;
/// The most breaches of a schema that are reported at once.
const MAX_BREACHES: usize = 20;
/// What one compiled pattern may take, and its cache while it matches, in bytes. [`patterns`] refuses large ones first.
const MAX_COMPILED_PATTERN: usize = 16 << 20;
const MAX_PATTERN_CACHE: usize = 256 << 10;
/// A schema of more bytes is not looked at before there is a thread for it.
const SMALL_SCHEMA: usize = 16 << 10;
/// As many steps take less time than starting a thread: see [`Steps::are_few`].
const SMALL_WORK: u64 = 1 << 12;

/// A compiled schema.
pub(super) struct Schema {
    text: Value,
    patterns: Patterns,
    matchers: Matchers,
}

/// How many steps checking takes at most.
#[derive(Clone, Copy)]
pub(super) struct Steps(u64);

impl Schema {
    /// Compiles a schema, or says what is wrong with it.
    pub(super) fn compile(text: &str) -> Result<Schema, String> {
        if text.len() > MAX_SCHEMA {
            return Err(format!("it has more than {MAX_SCHEMA} bytes"));
        }
        let text = parse(text)?;
        let patterns = Patterns::of(&text)?;
        work::check(&text, &patterns, work::MAX_STEPS).map_err(|error| visible(&error, MAX_SUMMARY))?;
        Schema::build(text, patterns)
    }

    /// Compiles a schema if that is less work than starting a thread, as for most.
    pub(super) fn compile_small(text: &str) -> Option<Result<Schema, String>> {
        if text.len() > SMALL_SCHEMA {
            return None;
        }
        let (text, none) = (parse(text).ok()?, Patterns::default());
        let is_small = patterns::find(&text).is_empty() && work::check(&text, &none, SMALL_WORK).is_ok();
        is_small.then(|| Schema::build(text, none))
    }

    fn build(text: Value, patterns: Patterns) -> Result<Schema, String> {
        let used = form::patterns(&text).map_err(|error| visible(&error, MAX_SUMMARY))?;
        let mut matchers = Matchers::new();
        for pattern in used {
            let matcher = matcher(pattern).ok_or_else(|| {
                visible(&format!("{} is not a \"regex\"", Value::from(pattern)), MAX_SUMMARY)
            })?;
            matchers.insert(pattern.to_owned(), matcher);
        }
        Ok(Schema { text, patterns, matchers })
    }

    /// The schema as it was written.
    pub(super) fn text(&self) -> &Value {
        &self.text
    }

    /// Counts the work of checking `parameters`, or says that it is too much.
    pub(super) fn count_work(&self, parameters: &Value) -> Result<Steps, String> {
        work::count(&self.text, &self.patterns, parameters).map(Steps)
    }

    /// What is wrong with `parameters`, each breach with its place; empty if nothing is.
    pub(super) fn breaches(&self, parameters: &Value) -> Vec<String> {
        let breach = |(place, problem): (String, String)| {
            let place = match place.strip_prefix('/') {
                None => "the parameters".to_owned(),
                Some(place) => format!("`{place}`"),
            };
            visible(&format!("{place}: {problem}"), MAX_SUMMARY)
        };
        check::breaches(&self.text, &self.matchers, parameters, MAX_BREACHES)
            .into_iter()
            .map(breach)
            .collect()
    }
}

/// A pattern of ECMAScript as a matcher that does not backtrack; none if it is not a pattern, or compiles too large.
fn matcher(pattern: &str) -> Option<regex::Regex> {
    let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
    let mut builder = RegexBuilder::new(&translated);
    builder.size_limit(MAX_COMPILED_PATTERN).dfa_size_limit(MAX_PATTERN_CACHE).build().ok()
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| visible(&format!("it is not JSON: {error}"), MAX_SUMMARY))
}

impl Steps {
    /// Whether the work may be done at once, on the caller's thread. Larger work is done where it can be left behind;
    /// small work must not wait there behind a stranger's slow component.
    pub(super) fn are_few(self) -> bool {
        self.0 <= SMALL_WORK
    }
}
