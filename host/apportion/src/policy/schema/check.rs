//! Checks a value against a schema, by JSON Schema 2020-12. The schema was read by [`form`](super::form), its
//! references by [`work`](super::work), which also bounds how much there is to do.

use std::collections::BTreeSet;
use std::ops::ControlFlow::{self, Continue};

use serde_json::{Map, Number, Value};

use super::assertions::{self, Matchers, matches};
use super::report::{Place, Report};
use super::values::compare;
use super::work::target;

/// What of a value breaks a schema: the place, as a JSON pointer, and the problem; at most `most` breaches.
pub(super) fn breaches(
    root: &Value,
    matchers: &Matchers,
    value: &Value,
    most: usize,
) -> Vec<(String, String)> {
    let mut report = Report::Breaches { found: Vec::new(), most };
    let check = Check { root, matchers };
    let _ = check.value(root, value, &Place::Root, &mut report, None); // it ends early where there are too many
    match report {
        Report::Breaches { found, .. } => found,
        Report::Verdict => Vec::new(),
    }
}

/// A part of a value that a keyword looked at, so that `unevaluatedItems` and `unevaluatedProperties` need not.
#[derive(Clone, Copy)]
enum Seen<'v> {
    All,
    Member(&'v str),
    Element(usize),
}

/// What was seen of one value, in the order in which it was; none where nobody asks.
type Log<'l, 'v> = Option<&'l mut Vec<Seen<'v>>>;

struct Check<'s> {
    root: &'s Value,
    matchers: &'s Matchers,
}

impl<'s> Check<'s> {
    fn value<'v>(
        &self,
        schema: &'s Value,
        value: &'v Value,
        place: &Place<'_>,
        report: &mut Report,
        log: Log<'_, 'v>,
    ) -> ControlFlow<()> {
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(false) => {
                return report.breach(place, || format!("False schema does not allow {value}"));
            }
            _ => return Continue(()),
        };
        let looks_at_rest = ["unevaluatedItems", "unevaluatedProperties"].map(|name| keywords.get(name));
        let mut own = Vec::new();
        let mut log = match log {
            None if looks_at_rest.iter().any(Option::is_some) => Some(&mut own),
            log => log,
        };
        let start = log.as_deref().map_or(0, Vec::len);
        match value {
            Value::Array(elements) => {
                self.elements(keywords, elements, value, place, report, log.as_deref_mut())?;
            }
            Value::Object(members) => self.members(keywords, members, place, report, log.as_deref_mut())?,
            _ => {}
        }
        for (keyword, argument) in keywords {
            assertions::check(keyword, argument, value, self.matchers, place, report)?;
            self.in_place(keyword, argument, keywords, value, place, report, log.as_deref_mut())?;
        }
        let Some(log) = log else { return Continue(()) };
        match (looks_at_rest, value) {
            ([Some(rest), _], Value::Array(elements)) => {
                self.unseen_elements(rest, elements, log, start, place, report)
            }
            ([_, Some(rest)], Value::Object(members)) => {
                self.unseen_members(rest, members, log, start, place, report)
            }
            _ => Continue(()),
        }
    }

    /// Whether a value keeps to a schema.
    fn holds<'v>(&self, schema: &'s Value, value: &'v Value, log: Log<'_, 'v>) -> bool {
        self.value(schema, value, &Place::Root, &mut Report::Verdict, log).is_continue()
    }

    /// As [`Check::holds`]; what was seen counts only if it does.
    fn holds_or_unseen<'v>(&self, schema: &'s Value, value: &'v Value, mut log: Log<'_, 'v>) -> bool {
        let before = log.as_deref().map_or(0, Vec::len);
        let holds = self.holds(schema, value, log.as_deref_mut());
        if let (false, Some(log)) = (holds, log) {
            log.truncate(before);
        }
        holds
    }

    /// Keywords that check the value itself by other schemas.
    #[expect(clippy::too_many_arguments, reason = "one recursion, whose parts these are")]
    fn in_place<'v>(
        &self,
        keyword: &str,
        argument: &'s Value,
        keywords: &'s Map<String, Value>,
        value: &'v Value,
        place: &Place<'_>,
        report: &mut Report,
        mut log: Log<'_, 'v>,
    ) -> ControlFlow<()> {
        match (keyword, argument) {
            ("$ref", Value::String(reference)) => {
                let Some(schema) = target(self.root, reference) else { return Continue(()) };
                self.value(schema, value, place, report, log)
            }
            ("allOf", Value::Array(schemas)) => schemas
                .iter()
                .try_for_each(|schema| self.value(schema, value, place, report, log.as_deref_mut())),
            ("anyOf", Value::Array(schemas)) => {
                // All of them, where somebody asks what they saw.
                let mut any = false;
                for schema in schemas {
                    any |= self.holds_or_unseen(schema, value, log.as_deref_mut());
                    if any && log.is_none() {
                        break;
                    }
                }
                if any { Continue(()) } else { report.breach(place, || of_no_schema(value, "anyOf")) }
            }
            ("oneOf", Value::Array(schemas)) => {
                let before = log.as_deref().map_or(0, Vec::len);
                let holding =
                    schemas.iter().filter(|&schema| self.holds_or_unseen(schema, value, log.as_deref_mut()));
                let holding = holding.take(2).count();
                if let (2, Some(log)) = (holding, log) {
                    log.truncate(before);
                }
                match holding {
                    0 => report.breach(place, || of_no_schema(value, "oneOf")),
                    1 => Continue(()),
                    _ => report.breach(place, || {
                        format!(
                            "{value} is valid under more than one of the schemas listed in the 'oneOf' keyword"
                        )
                    }),
                }
            }
            ("not", schema) if self.holds(schema, value, None) => {
                report.breach(place, || format!("{schema} is not allowed for {value}"))
            }
            ("if", condition) => {
                let holds = self.holds_or_unseen(condition, value, log.as_deref_mut());
                match keywords.get(if holds { "then" } else { "else" }) {
                    Some(schema) => self.value(schema, value, place, report, log),
                    None => Continue(()),
                }
            }
            ("dependentSchemas" | "dependencies", Value::Object(schemas)) => {
                let Value::Object(members) = value else { return Continue(()) };
                let needed = schemas.iter().filter(|(name, _)| members.contains_key(*name));
                // A dependency on names is no schema: see `assertions`.
                needed
                    .map(|(_, schema)| schema)
                    .filter(|schema| !schema.is_array())
                    .try_for_each(|schema| self.value(schema, value, place, report, log.as_deref_mut()))
            }
            _ => Continue(()),
        }
    }

    fn elements<'v>(
        &self,
        keywords: &'s Map<String, Value>,
        elements: &'v [Value],
        value: &'v Value,
        place: &Place<'_>,
        report: &mut Report,
        mut log: Log<'_, 'v>,
    ) -> ControlFlow<()> {
        let first = keywords.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (index, (schema, element)) in first.iter().zip(elements).enumerate() {
            self.value(schema, element, &Place::Element(place, index), report, None)?;
            see(&mut log, Seen::Element(index));
        }
        if let Some(schema) = keywords.get("items") {
            for (index, element) in elements.iter().enumerate().skip(first.len()) {
                self.value(schema, element, &Place::Element(place, index), report, None)?;
            }
            see(&mut log, Seen::All);
        }
        let Some(schema) = keywords.get("contains") else { return Continue(()) };
        let mut count = 0_u64;
        for (index, element) in elements.iter().enumerate() {
            if self.holds(schema, element, None) {
                count += 1;
                see(&mut log, Seen::Element(index));
            }
        }
        let bound = |name: &str| keywords.get(name).and_then(Value::as_number);
        let count = Number::from(count);
        if let Some(most) = bound("maxContains").filter(|most| compare(&count, most).is_gt()) {
            return report
                .breach(place, || format!("more than {most} of {value} are valid under the given schema"));
        }
        match bound("minContains") {
            Some(least) if compare(&count, least).is_lt() => report
                .breach(place, || format!("fewer than {least} of {value} are valid under the given schema")),
            None if count == Number::from(0) => {
                report.breach(place, || format!("None of {value} are valid under the given schema"))
            }
            _ => Continue(()),
        }
    }

    fn members<'v>(
        &self,
        keywords: &'s Map<String, Value>,
        members: &'v Map<String, Value>,
        place: &Place<'_>,
        report: &mut Report,
        mut log: Log<'_, 'v>,
    ) -> ControlFlow<()> {
        let named = |keyword| keywords.get(keyword).and_then(Value::as_object);
        let (properties, patterns) = (named("properties"), named("patternProperties"));
        let (additional, names) = (keywords.get("additionalProperties"), keywords.get("propertyNames"));
        let mut unexpected = Vec::new();
        for (name, member) in members {
            let place = Place::Member(place, name);
            let property = properties.and_then(|properties| properties.get(name));
            let matching =
                patterns.into_iter().flatten().filter(|(pattern, _)| matches(self.matchers, pattern, name));
            let mut is_known = false;
            for schema in property.into_iter().chain(matching.map(|(_, schema)| schema)) {
                is_known = true;
                self.value(schema, member, &place, report, None)?;
            }
            if is_known {
                see(&mut log, Seen::Member(name));
            } else {
                match additional {
                    Some(Value::Bool(false)) => unexpected.push(name.as_str()),
                    Some(schema) => self.value(schema, member, &place, report, None)?,
                    None => {}
                }
            }
        }
        if additional.is_some() {
            see(&mut log, Seen::All);
        }
        if !unexpected.is_empty() {
            report.breach(place, || not_allowed("Additional properties", &unexpected))?;
        }
        let Some(schema) = names else { return Continue(()) };
        for name in members.keys() {
            let name = Value::String(name.clone());
            self.value(schema, &name, place, report, None)?;
        }
        Continue(())
    }

    fn unseen_elements<'v>(
        &self,
        schema: &'s Value,
        elements: &'v [Value],
        log: &mut Vec<Seen<'v>>,
        start: usize,
        place: &Place<'_>,
        report: &mut Report,
    ) -> ControlFlow<()> {
        let mut seen = vec![false; elements.len()];
        for entry in log.drain(start..) {
            match entry {
                Seen::All => seen.fill(true),
                Seen::Element(index) => seen[index] = true,
                Seen::Member(_) => {}
            }
        }
        log.push(Seen::All);
        let unseen = elements.iter().zip(seen).filter(|(_, seen)| !seen).map(|(element, _)| element);
        let unexpected: Vec<&Value> = unseen.filter(|element| !self.holds(schema, element, None)).collect();
        if unexpected.is_empty() {
            return Continue(());
        }
        report.breach(place, || not_allowed("Unevaluated items", &unexpected))
    }

    fn unseen_members<'v>(
        &self,
        schema: &'s Value,
        members: &'v Map<String, Value>,
        log: &mut Vec<Seen<'v>>,
        start: usize,
        place: &Place<'_>,
        report: &mut Report,
    ) -> ControlFlow<()> {
        let (mut seen, mut all) = (BTreeSet::new(), false);
        for entry in log.drain(start..) {
            match entry {
                Seen::All => all = true,
                Seen::Member(name) => drop(seen.insert(name)),
                Seen::Element(_) => {}
            }
        }
        log.push(Seen::All);
        let unseen = members.iter().filter(|(name, _)| !all && !seen.contains(name.as_str()));
        let breaking = unseen.filter(|(_, member)| !self.holds(schema, member, None));
        let unexpected: Vec<&str> = breaking.map(|(name, _)| name.as_str()).collect();
        if unexpected.is_empty() {
            return Continue(());
        }
        report.breach(place, || not_allowed("Unevaluated properties", &unexpected))
    }
}

fn see<'v>(log: &mut Log<'_, 'v>, seen: Seen<'v>) {
    if let Some(log) = log {
        log.push(seen);
    }
}

fn of_no_schema(value: &Value, keyword: &str) -> String {
    format!("{value} is not valid under any of the schemas listed in the '{keyword}' keyword")
}

fn not_allowed(what: &str, unexpected: &[impl std::fmt::Display]) -> String {
    let quoted: Vec<String> = unexpected.iter().map(|name| format!("'{name}'")).collect();
    let were = if unexpected.len() == 1 { "was" } else { "were" };
    format!("{what} are not allowed ({} {were} unexpected)", quoted.join(", "))
}
