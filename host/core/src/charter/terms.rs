//! What a charter says, and what it may say.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::asset::AssetTerms;
use super::error::{CharterError, wrong};
use crate::canonical::{Digest, to_canonical_json};
use crate::limits::Limits;
use crate::signature::AllowedSigners;
use crate::text::{check_name, is_label, visible};

/// The most policies that share one pool.
pub const MAX_POLICIES: usize = 16;
/// The most bytes of one policy's parameters, in canonical form.
pub const MAX_PARAMETERS: usize = 1 << 20;

/// What a charter says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharterTerms {
    /// Whose charter it is, for people.
    pub name: String,
    /// The policies that share the pool; 1 to [`MAX_POLICIES`].
    pub policies: Vec<Appointment>,
    /// What each run may use.
    pub limits: Limits,
    /// What happens when a policy gives no allocation.
    pub on_fault: OnFault,
    /// Whose signatures change it. None: whoever can write to the ledger can change it.
    pub signers: Option<Signers>,
    /// The asset of its epochs. None: that of the epochs settled before, or any if there are none.
    pub asset: Option<AssetTerms>,
}

/// Who must sign a change of the charter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signers {
    /// How many different keys; 1 or more, and no more than there are.
    pub required: u32,
    /// The keys, as OpenSSH's allowed-signers file lists them.
    pub allowed: String,
}

/// A policy in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appointment {
    /// The component's hash: which policy it is.
    pub policy: Digest,
    /// What it calls itself; held against the component.
    pub name: String,
    /// Its version; held against the component.
    pub version: String,
    /// Its portion of the pool in relation to the others'; 1 or more.
    pub portion: u32,
    /// Its parameters: an object that satisfies its schema.
    pub parameters: Value,
}

/// Which policy a policy is, and what it calls itself. An admitted policy converts into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyId {
    /// The BLAKE3 hash of the component.
    pub digest: Digest,
    /// Its name: a [label](crate::text::is_label).
    pub name: String,
    /// Its semantic version.
    pub version: String,
}

/// What happens when a policy refuses, traps, exceeds a limit or returns what it may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFault {
    /// Nothing is settled.
    Stop,
    /// The fault is recorded and the policy's portion stays in the treasury.
    Retain,
}

impl Appointment {
    /// Appoints a policy for `portion` parts of the pool.
    pub fn new(policy: impl Into<PolicyId>, portion: u32, parameters: Value) -> Appointment {
        let PolicyId { digest, name, version } = policy.into();
        Appointment { policy: digest, name, version, portion, parameters }
    }
}

/// Checks that the terms make a charter.
pub(super) fn check(terms: &CharterTerms) -> Result<(), CharterError> {
    check_name(&terms.name).map_err(|problem| wrong("name", problem.to_string()))?;
    if terms.policies.is_empty() || terms.policies.len() > MAX_POLICIES {
        return Err(wrong(
            "policies",
            format!("there are {}; 1 to {MAX_POLICIES} can share a pool", terms.policies.len()),
        ));
    }
    for (index, appointment) in terms.policies.iter().enumerate() {
        check_appointment(appointment, &format!("policy {}", index + 1))?;
    }
    let Limits { instructions, memory, table, transfer, output } = terms.limits;
    for (limit, name) in [
        (instructions, "instructions"),
        (memory, "memory"),
        (table, "table"),
        (transfer, "transfer"),
        (output, "output"),
    ] {
        if limit == 0 || limit > Limits::MAX {
            return Err(wrong(format!("limit `{name}`"), format!("{limit} is not between 1 and 2^53")));
        }
    }
    if let Some(Signers { required, allowed }) = &terms.signers {
        let allowed = AllowedSigners::parse(allowed).map_err(|error| wrong("signers", error.to_string()))?;
        let keys = allowed.signers().count();
        if *required == 0 || *required as usize > keys {
            return Err(wrong("signers", format!("{required} of {keys} keys cannot be required")));
        }
    }
    terms.asset.as_ref().map_or(Ok(()), AssetTerms::check)
}

fn check_appointment(appointment: &Appointment, place: &str) -> Result<(), CharterError> {
    if !is_label(&appointment.name) {
        return Err(wrong(place, format!("`{}` is no policy's name", visible(&appointment.name, 64))));
    }
    if semver::Version::parse(&appointment.version).is_err() {
        return Err(wrong(
            place,
            format!("`{}` is not a semantic version", visible(&appointment.version, 64)),
        ));
    }
    if appointment.portion == 0 {
        return Err(wrong(place, "its portion is 0: leave the policy out instead"));
    }
    if !appointment.parameters.is_object() {
        return Err(wrong(place, "its parameters are not an object"));
    }
    check_numbers(&appointment.parameters).map_err(|problem| wrong(place, problem))?;
    let spelled = to_canonical_json(&appointment.parameters)?;
    if spelled.len() > MAX_PARAMETERS {
        return Err(wrong(place, format!("its parameters are over {MAX_PARAMETERS} bytes")));
    }
    Ok(())
}

/// A whole number that JSON readers would round has no single spelling, so it is refused rather than changed.
fn check_numbers(value: &Value) -> Result<(), String> {
    match value {
        Value::Number(number) => {
            let magnitude = number.as_u64().or(number.as_i64().map(i64::unsigned_abs));
            match magnitude {
                Some(magnitude) if magnitude > Limits::MAX => Err(format!(
                    "its parameters hold {number}, which JSON cannot say exactly: write it as a string"
                )),
                _ => Ok(()),
            }
        }
        Value::Array(values) => values.iter().try_for_each(check_numbers),
        Value::Object(members) => members.values().try_for_each(check_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}
