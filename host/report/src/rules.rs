//! The rule that was in force beside the new one, setting by setting.

use apportion::{OnFault, Terms};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use crate::escape::{Html, html, write_html};
use crate::wording::{Wording, counted};

/// Where a setting stands on the page: policies first, then what holds for all of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Policy,
    WholeCharter,
    Limit,
}

type Settings = BTreeMap<(Group, String), String>;

/// A table of the settings that differ, and a closed one of those that do not.
pub(crate) fn side_by_side(wording: &Wording<'_>) -> Html {
    let Some(candidate) = wording.candidate() else { return Html::default() };
    let new = settings(candidate);
    let then = in_force(wording);
    let keys: BTreeSet<_> = new.keys().chain(then.iter().flat_map(|(settings, _)| settings.keys())).collect();
    let (mut changed, mut same) = (Vec::new(), Vec::new());
    for key in keys {
        let values = grouped_values(&then, key);
        let new = new.get(key).map(String::as_str);
        let row = if values.iter().all(|(value, _)| *value == new) { &mut same } else { &mut changed };
        row.push((key.1.as_str(), values, new));
    }
    let mut html = Html::default();
    if changed.is_empty() {
        html.push_markup("<p>The two rules are the same in every setting.</p>");
    } else {
        write_html!(
            html,
            "<p>They differ in {}; what is new is marked.</p>{}",
            counted(changed.len(), "setting"),
            table(&changed)
        );
    }
    if !same.is_empty() {
        write_html!(
            html,
            "<details><summary>{} the same in both</summary>{}</details>",
            counted(same.len(), "setting"),
            table(&same)
        );
    }
    html
}

/// Every charter that was in force, with the numbers of its epochs.
fn in_force(wording: &Wording<'_>) -> Vec<(Settings, Vec<u64>)> {
    let charters = wording.terms.charters.iter().map(|charter| {
        let epochs = wording.terms.epochs.iter().filter(|epoch| epoch.original.charter == charter.digest);
        (settings(&charter.terms), epochs.map(|epoch| epoch.number).collect::<Vec<u64>>())
    });
    charters.filter(|(_, epochs)| !epochs.is_empty()).collect()
}

type Values<'a> = Vec<(Option<&'a str>, Vec<u64>)>;

/// One setting's values over time, each with its epochs.
fn grouped_values<'a>(then: &'a [(Settings, Vec<u64>)], key: &(Group, String)) -> Values<'a> {
    let mut values: Values<'a> = Vec::new();
    for (settings, epochs) in then {
        let value = settings.get(key).map(String::as_str);
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, known)) => known.extend(epochs),
            None => values.push((value, epochs.clone())),
        }
    }
    values
}

fn table(rows: &[(&str, Values<'_>, Option<&str>)]) -> Html {
    let mut html = Html::of(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Settings\"><table class=\"rules\"><thead><tr>\
         <th scope=\"col\">Setting</th><th scope=\"col\">Then</th><th scope=\"col\">New rule</th></tr></thead><tbody>",
    );
    for (name, then, new) in rows {
        let differs = then.iter().any(|(value, _)| value != new);
        let then: Vec<Html> = then
            .iter()
            .map(|(value, epochs)| match then.len() {
                1 => shown(*value),
                _ => html!("{} <span class=\"minor\">({})</span>", shown(*value), numbers(epochs)),
            })
            .collect();
        let new = if differs { html!("<mark>{}</mark>", shown(*new)) } else { shown(*new) };
        write_html!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            name,
            Html::join(then, "<br>"),
            new
        );
    }
    html + "</tbody></table></div>"
}

fn shown(value: Option<&str>) -> Html {
    value.map_or_else(
        || Html::of("<span class=\"minor\">not set</span>"),
        |value| html!("<bdi>{}</bdi>", value),
    )
}

fn numbers(epochs: &[u64]) -> String {
    let numbers: Vec<String> = epochs.iter().map(u64::to_string).collect();
    format!("epoch{} {}", if epochs.len() == 1 { "" } else { "s" }, numbers.join(", "))
}

fn settings(terms: &Terms) -> Settings {
    let mut settings = Settings::new();
    let mut set = |group, name: String, value: String| settings.insert((group, name), value);
    set(Group::WholeCharter, "name".to_owned(), terms.name.clone());
    let on_fault = match terms.on_fault {
        OnFault::Stop => "nothing is settled",
        OnFault::Retain => "its portion stays in the treasury",
    };
    set(Group::WholeCharter, "when a policy gives no allocation".to_owned(), on_fault.to_owned());
    let limits = &terms.limits;
    for (name, limit) in [
        ("instructions", limits.instructions),
        ("memory", limits.memory),
        ("table", limits.table),
        ("transfer", limits.transfer),
        ("output", limits.output),
    ] {
        set(Group::Limit, format!("limit: {name}"), limit.to_string());
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for appointment in &terms.policies {
        let times = seen.entry(&appointment.name).or_default();
        *times += 1;
        let policy = match *times {
            1 => appointment.name.clone(),
            again => format!("{} ({again})", appointment.name),
        };
        let component = format!("{} {}", appointment.version, appointment.policy.short());
        set(Group::Policy, format!("{policy}: component"), component);
        set(Group::Policy, format!("{policy}: portion"), appointment.portion.to_string());
        let mut values = Vec::new();
        flatten(&appointment.parameters, String::new(), &mut values);
        for (path, value) in values {
            set(Group::Policy, format!("{policy}: {path}"), value);
        }
    }
    settings
}

/// Every value in an object by its path: `weights.stars`.
fn flatten(value: &Value, path: String, values: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(member, path, values);
            }
        }
        Value::Object(_) if path.is_empty() => {}
        Value::String(text) => values.push((path, text.clone())),
        other => values.push((path, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_told_by_their_path() {
        let mut values = Vec::new();
        let parameters = serde_json::json!({"a": {"b": 1, "c": []}, "d": "x", "e": {}});
        flatten(&parameters, String::new(), &mut values);
        let values: Vec<(&str, &str)> = values.iter().map(|(p, v)| (p.as_str(), v.as_str())).collect();
        assert_eq!(values, [("a.b", "1"), ("a.c", "[]"), ("d", "x"), ("e", "{}")]);
    }
}
