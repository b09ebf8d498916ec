//! `apportion charter`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use apportion::{Appointment, Charter, Engine, Limits, OnFault, Terms};
use serde::Deserialize;

use crate::arguments::{CharterAction, CharterArguments, NewCharterArguments};
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_file};

pub fn charter(arguments: &CharterArguments) -> Result<()> {
    match &arguments.action {
        CharterAction::New(arguments) => new(arguments),
    }
}

/// A charter as a person writes it: policies by name or file, what is usual left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    name: String,
    #[serde(default = "stop")]
    on_fault: OnFault,
    #[serde(default)]
    limits: DraftLimits,
    policies: Vec<DraftAppointment>,
}

fn stop() -> OnFault {
    OnFault::Stop
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftLimits {
    instructions: Option<u64>,
    memory: Option<u64>,
    table: Option<u64>,
    transfer: Option<u64>,
    output: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftAppointment {
    policy: String,
    #[serde(default = "one")]
    portion: u32,
    #[serde(default)]
    parameters: toml::Table,
}

fn one() -> u32 {
    1
}

fn new(arguments: &NewCharterArguments) -> Result<()> {
    let place = || format!("`{}`", arguments.draft.display());
    let bytes = objects::bytes(&arguments.draft, apportion::MAX_PARAMETERS as u64 * 16)?;
    let text = String::from_utf8(bytes).map_err(|_| Refused("not UTF-8".to_owned())).with_context(place)?;
    let draft: Draft = toml::from_str(&text)
        .map_err(|error| Refused(error.to_string().trim_end().to_owned()))
        .with_context(place)?;
    let engine = Engine::new()?;
    let mut policies = Vec::new();
    for drafted in draft.policies {
        // A component's file is named as seen from the draft.
        let beside = beside(&arguments.draft, &drafted.policy);
        let standard = apportion_standard::find(&drafted.policy).is_some() || !beside.exists();
        let policy = if standard {
            objects::policy(&engine, &drafted.policy)?
        } else {
            objects::policy_file(&engine, &beside)?
        };
        let parameters =
            serde_json::to_value(drafted.parameters).map_err(|error| Refused(error.to_string()))?;
        policy
            .check_parameters(&parameters)
            .map_err(|error| Refused(error.to_string()))
            .with_context(place)?;
        policies.push(Appointment::of(&policy, drafted.portion, parameters));
    }
    let usual = Limits::default();
    let limits = Limits {
        instructions: draft.limits.instructions.unwrap_or(usual.instructions),
        memory: draft.limits.memory.unwrap_or(usual.memory),
        table: draft.limits.table.unwrap_or(usual.table),
        transfer: draft.limits.transfer.unwrap_or(usual.transfer),
        output: draft.limits.output.unwrap_or(usual.output),
    };
    let terms = Terms { name: draft.name, policies, limits, on_fault: draft.on_fault };
    let charter = Charter::new(terms).map_err(|error| Refused(error.to_string())).with_context(place)?;
    write_file(&arguments.output, charter.as_bytes(), Existing::from_force(arguments.force))?;
    eprintln!("wrote charter {} to `{}`", charter.digest(), arguments.output.display());
    Ok(())
}

fn beside(draft: &Path, file: &str) -> PathBuf {
    draft.parent().map_or_else(|| PathBuf::from(file), |folder| folder.join(file))
}
