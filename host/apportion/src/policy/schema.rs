//! The JSON Schema of a policy's parameters: a stranger's text, checked against parameters that may be another's.
//!
//! Everything that takes time or memory in it is bounded by counts that are made from the two texts alone, so that a
//! schema is refused or accepted alike on every machine: [`patterns`] before any pattern is compiled, [`work`] before
//! anything is checked.

mod patterns;
mod work;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use super::MAX_SUMMARY;
use apportion_core::text::visible;
use patterns::Patterns;

/// The largest schema, in bytes.
const MAX_SCHEMA: usize = 256 << 10;
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
    validator: Validator,
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
        // Patterns without backtracking, and references that stay inside the schema.
        let bounded =
            PatternOptions::regex().size_limit(MAX_COMPILED_PATTERN).dfa_size_limit(MAX_PATTERN_CACHE);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(bounded)
            .offline()
            .build(&text)
            .map_err(|error| visible(&error.to_string(), MAX_SUMMARY))?;
        Ok(Schema { text, patterns, validator })
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
        let breach = |error: jsonschema::ValidationError<'_>| {
            let place = error.instance_path().to_string();
            let place =
                if place.is_empty() { "the parameters".to_owned() } else { format!("`{}`", &place[1..]) };
            visible(&format!("{place}: {error}"), MAX_SUMMARY)
        };
        self.validator.iter_errors(parameters).take(MAX_BREACHES).map(breach).collect()
    }
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
