//! `apportion inspect`: any object in words.

use std::path::Path;

use anyhow::Result;
use apportion::charter::{AssetTerms, CarryChange, OnFault, PaidChange, Ratio};
use apportion::epoch::NO_PAYEE;
use apportion::money::Asset;
use apportion::proof::ProvenPayout;
use apportion::receipt::Outcome;
use apportion::{Charter, Digest, Epoch, Payouts, Policy, Receipt};
use serde_json::Value;

use crate::arguments::InspectArguments;
use crate::card;
use crate::engine::Engines;
use crate::names;
use crate::objects::{self, ObjectKind};
use crate::print::{Lines, say};
use crate::standing;
use crate::table::{amount, grouped};

pub fn inspect(arguments: &InspectArguments, engines: &Engines) -> Result<()> {
    let mut text = Lines::default();
    for (index, object) in arguments.objects.iter().enumerate() {
        if index > 0 {
            say!(text);
        }
        let done = words(object, engines, &mut text);
        if done.is_err() || index + 1 == arguments.objects.len() {
            // What is known of the objects before is shown, whatever became of this one.
            text.print()?;
        }
        done?;
    }
    Ok(())
}

fn words(object: &str, engines: &Engines, text: &mut Lines) -> Result<()> {
    let path = Path::new(object);
    if apportion_standard::find(object).is_some() || !path.exists() {
        policy(&objects::policy(&engines.make()?, object)?, text);
        return Ok(());
    }
    match objects::kind(path)? {
        ObjectKind::Epoch => epoch(&objects::epoch(path)?, text),
        ObjectKind::Component => policy(&objects::policy_file(&engines.make()?, path)?, text),
        ObjectKind::Charter => charter(&objects::charter(path)?, text),
        ObjectKind::Receipt => receipt(&objects::receipt(path)?, text),
        ObjectKind::Payouts => payouts(&objects::payouts(path)?, text),
        ObjectKind::Card => text.append(card::told(&objects::card(path)?)),
        ObjectKind::Proof => proof(&crate::proof::checked(path, None)?, text),
    }
    Ok(())
}

fn epoch(epoch: &Epoch, text: &mut Lines) {
    let window = epoch.window();
    say!(text, "epoch {}", epoch.number());
    say!(text, "  digest   {}", epoch.digest());
    say!(text, "  window   {} to {} (end exclusive)", time(window.start), time(window.end));
    say!(text, "  pool     {}", amount(&epoch.pool().asset, epoch.pool().amount));
    let owned = epoch.node_payee().iter().filter(|payee| **payee != NO_PAYEE).count();
    say!(text, "  payees   {}", number(epoch.payees().len()));
    say!(text, "  nodes    {}, {} of them owned by a payee", number(epoch.node_count()), number(owned));
    kinds(epoch.node_kinds(), epoch.node_kind(), text);
    columns("metrics", epoch.node_metrics(), text);
    columns("labels", epoch.node_labels(), text);
    say!(text, "  edges    {}", number(epoch.edge_count()));
    kinds(epoch.edge_kinds(), epoch.edge_kind(), text);
    columns("metrics", epoch.edge_metrics(), text);
    columns("labels", epoch.edge_labels(), text);
    say!(text, "  size     {} bytes", grouped(&epoch.as_bytes().len().to_string()));
    names::warn(epoch);
}

fn kinds(kinds: apportion::epoch::Texts<'_>, rows: &[u32], text: &mut Lines) {
    let mut counts = vec![0_usize; kinds.len()];
    for &kind in rows {
        if let Some(count) = counts.get_mut(kind as usize) {
            *count += 1;
        }
    }
    for (kind, count) in kinds.iter().zip(counts) {
        say!(text, "    {:>12}  {kind}", grouped(&count.to_string()));
    }
}

fn columns(what: &str, names: apportion::epoch::Texts<'_>, text: &mut Lines) {
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().collect();
        say!(text, "    {what}: {}", names.join(", "));
    }
}

pub fn policy(policy: &Policy, text: &mut Lines) {
    say!(text, "policy {}", standing::of_policy(policy));
    say!(text, "  {}", policy.summary());
    say!(text, "  digest   {}", policy.digest());
    say!(text, "  contract {}", policy.contract());
    say!(text, "  size     {} bytes", grouped(&policy.size().to_string()));
    let state = if policy.is_stateful() { "reads history: epochs are settled in order" } else { "none" };
    say!(text, "  state    {state}");
    imports("  imports  ", policy.imports(), text);
    say!(text, "  parameters");
    parameters(policy.schema(), policy.schema(), "", text);
}

/// What was granted, an import a line: a policy whose language insists on WASI has some twenty.
fn imports(title: &str, imports: &[String], text: &mut Lines) {
    if imports.is_empty() {
        say!(text, "{title}nothing");
    }
    for (index, import) in imports.iter().enumerate() {
        let (lead, width) = (if index == 0 { title } else { "" }, title.len());
        say!(text, "{lead:width$}{}", shown(import));
    }
}

/// The members of a schema's object, and of objects in it, by their path: type, default, description.
pub fn parameters(root: &Value, schema: &Value, path: &str, text: &mut Lines) {
    let members = schema.get("properties").and_then(Value::as_object);
    let Some(members) = members.filter(|members| !members.is_empty()) else {
        say!(text, "    none");
        return;
    };
    let required = |name: &str| {
        let required = schema.get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|member| member == name))
    };
    for (name, member) in members {
        let path = format!("{path}{}", shown(name));
        let resolved = resolved(root, member);
        let default = match member.get("default") {
            Some(default) => format!(", default {}", shown(&default.to_string())),
            None if required(name) => ", required".to_owned(),
            None => ", optional".to_owned(),
        };
        say!(text, "    {path}: {}{default}", kind_of(root, resolved));
        let description = member.get("description").or(resolved.get("description"));
        if let Some(description) = description.and_then(Value::as_str) {
            say!(text, "        {}", shown(description));
        }
        for choice in choices(root, resolved) {
            choice_of(root, choice, &path, text);
        }
        // A schema may refer to itself; nobody writes parameters this deep by hand.
        if resolved.get("properties").is_some() && path.matches('.').count() < MAX_DEPTH {
            parameters(root, resolved, &format!("{path}."), text);
        }
    }
}

/// One of several forms that a member may have: a word, or an object by its members.
fn choice_of(root: &Value, choice: &Value, path: &str, text: &mut Lines) {
    let description = choice.get("description").and_then(Value::as_str);
    let description = description.map(|text| format!(": {}", shown(text))).unwrap_or_default();
    if let Some(word) = choice.get("const") {
        say!(text, "        {}{description}", shown(&word.to_string()));
    } else if choice.get("properties").is_some() {
        say!(text, "        an object{description}");
        if path.matches('.').count() < MAX_DEPTH {
            parameters(root, choice, &format!("{path}."), text);
        }
    }
}

/// The forms of which a member has one, those of forms that are choices themselves among them; none if it has but one.
fn choices<'a>(root: &'a Value, member: &'a Value) -> Vec<&'a Value> {
    fn collect<'a>(root: &'a Value, member: &'a Value, depth: usize, found: &mut Vec<&'a Value>) {
        let of = |name| member.get(name).and_then(Value::as_array);
        match of("oneOf").or(of("anyOf")) {
            Some(forms) if depth < MAX_DEPTH => {
                forms.iter().for_each(|form| collect(root, resolved(root, form), depth + 1, found));
            }
            _ if depth > 0 => found.push(member),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(root, member, 0, &mut found);
    found
}

const MAX_DEPTH: usize = 4;

/// What a reference within the schema refers to; anything else is itself.
fn resolved<'a>(root: &'a Value, member: &'a Value) -> &'a Value {
    let target = member.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| root.pointer(pointer)).unwrap_or(member)
}

/// The type of a member, or of each form that it may have.
fn kind_of(root: &Value, member: &Value) -> String {
    let mut kinds: Vec<String> = match choices(root, member) {
        forms if forms.is_empty() => vec![type_of(member)],
        forms => forms.into_iter().map(type_of).collect(),
    };
    kinds.dedup();
    kinds.join(" or ")
}

fn type_of(member: &Value) -> String {
    if let Some(words) = member.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().map(|word| shown(&word.to_string())).collect();
        return words.join(" or ");
    }
    match member.get("type") {
        Some(Value::String(kind)) => shown(kind),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<String> = kinds.iter().filter_map(Value::as_str).map(shown).collect();
            kinds.join(" or ")
        }
        _ => "any".to_owned(),
    }
}

fn number(count: usize) -> String {
    grouped(&count.to_string())
}

/// A text that someone may have broken into lines, on one line.
pub fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

fn asset(asset: &AssetTerms, text: &mut Lines) {
    let AssetTerms { symbol, decimals, paid, carry } = asset;
    say!(text, "  asset    {symbol} with {decimals} decimals");
    let paid = match paid {
        PaidChange::Reset => "as if nothing was paid".to_owned(),
        PaidChange::Convert(Ratio { numerator, denominator }) => {
            format!("with what was paid converted by {numerator} / {denominator} of its base units")
        }
    };
    let carry = match carry {
        CarryChange::Reset => "without what policies handed over",
        CarryChange::Keep => "with what policies handed over",
    };
    say!(text, "    after epochs in another asset: {paid}, {carry}");
}

pub fn charter(charter: &Charter, text: &mut Lines) {
    let terms = charter.terms();
    say!(text, "charter of {}", terms.name);
    say!(text, "  digest   {}", charter.digest());
    let portions: u64 = terms.policies.iter().map(|appointment| u64::from(appointment.portion)).sum();
    for appointment in &terms.policies {
        say!(
            text,
            "  policy   {}, {} of {portions} parts of the pool",
            standing::of_appointment(appointment),
            appointment.portion
        );
        say!(text, "    digest {}", appointment.policy);
        if appointment.parameters.as_object().is_some_and(|members| !members.is_empty()) {
            say!(text, "    parameters");
            let pretty = serde_json::to_string_pretty(&appointment.parameters).unwrap_or_default();
            for line in pretty.lines() {
                say!(text, "      {line}");
            }
        } else {
            say!(text, "    parameters: the policy's defaults");
        }
    }
    let fault = match terms.on_fault {
        OnFault::Stop => "nothing is settled",
        OnFault::Retain => "its portion stays in the treasury",
    };
    say!(text, "  when a policy gives no allocation: {fault}");
    if let Some(asset) = &terms.asset {
        self::asset(asset, text);
    }
    match &terms.signers {
        Some(signers) => {
            say!(text, "  changed by {} signatures of these keys:", signers.required);
            for line in signers.allowed.lines() {
                say!(text, "      {}", shown(line));
            }
        }
        None => {
            say!(text, "  changed by: anyone who can write to the ledger (it names no signers)");
        }
    }
    let limits = &terms.limits;
    say!(
        text,
        "  limits   {} instructions, {} bytes of memory, {} table elements, {} bytes read, {} bytes returned",
        grouped(&limits.instructions.to_string()),
        grouped(&limits.memory.to_string()),
        grouped(&limits.table.to_string()),
        grouped(&limits.transfer.to_string()),
        grouped(&limits.output.to_string())
    );
}

fn receipt(receipt: &Receipt, text: &mut Lines) {
    let settled = receipt.terms();
    let asset = Asset::new(&settled.asset, settled.decimals);
    let money = |base_units: u128| match &asset {
        Ok(asset) => amount(asset, base_units),
        Err(_) => format!("{base_units} base units"),
    };
    say!(text, "receipt of epoch {}", settled.number);
    say!(text, "  digest     {}", receipt.digest());
    say!(text, "  epoch      {}", settled.epoch);
    say!(text, "  charter    {}", settled.charter);
    say!(text, "  payouts    {}", settled.payouts);
    say!(
        text,
        "  previous   {}",
        settled.previous.map_or("none".to_owned(), |previous: Digest| previous.to_string())
    );
    say!(text, "  pool       {}", money(settled.pool));
    say!(text, "  paid       {}", money(settled.paid));
    say!(text, "  retained   {}", money(settled.retained));
    for run in &settled.runs {
        say!(text, "  policy     {}", standing::of_run(run));
        say!(text, "    digest   {}", run.policy);
        imports("    imports  ", &run.imports, text);
        match &run.outcome {
            Outcome::Allocated { paid, retained, carry } => {
                say!(
                    text,
                    "    divided  {}: {} paid, {} retained",
                    money(run.pool),
                    money(*paid),
                    money(*retained)
                );
                if let Some(carry) = carry {
                    say!(text, "    carry    {carry}");
                }
            }
            Outcome::Fault(fault) => {
                say!(text, "    fault    {}: {}", fault.code, shown(&fault.sentence));
                say!(text, "    retained {}", money(run.pool));
            }
        }
        if let Some(used) = &run.used {
            say!(
                text,
                "    used     {} instructions (metering {}), {} bytes of memory",
                grouped(&used.instructions.to_string()),
                run.metering,
                grouped(&used.memory.to_string())
            );
        }
    }
}

fn payouts(payouts: &Payouts, text: &mut Lines) {
    say!(text, "payouts");
    say!(text, "  digest   {}", payouts.digest());
    say!(text, "  epoch    {}", payouts.epoch());
    say!(text, "  payees   {}", number(payouts.len()));
    let paid = payouts.iter().filter(|payout| payout.amount > 0).count();
    say!(text, "  paid     {} of them", number(paid));
    say!(
        text,
        "  sum      {} base units",
        payouts.sum().map_or("more than can be held".to_owned(), |sum| grouped(&sum.to_string()))
    );
    for policy in payouts.policies() {
        say!(text, "  policy   {}", policy.policy);
        columns_of(&policy.measures, text);
    }
}

/// A proof holds its receipt, so that it always proves something; whether of a true receipt it cannot know.
fn proof(proven: &ProvenPayout, text: &mut Lines) {
    say!(text, "proof of a payout, if the receipt below is the one that you know:");
    text.append(crate::proof::words(proven));
}

fn columns_of(measures: &[String], text: &mut Lines) {
    if !measures.is_empty() {
        say!(text, "    measures: {}", measures.join(", "));
    }
}

/// Seconds since 1970 as a date and time in UTC; as they are where no calendar reaches.
fn time(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{seconds} seconds since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates() {
        assert_eq!(time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(time(951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(time(1_753_999_445), "2025-07-31 22:04:05 UTC");
        assert_eq!(time(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(time(i64::MAX), "9223372036854775807 seconds since 1970");
    }
}
