//! A charter as a person writes it: TOML, with policies by name and everything usual left out.

use serde::Deserialize;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::asset::AssetTerms;
use super::terms::{Appointment, CharterTerms, OnFault, PolicyId, Signers};
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::number::is_held;

/// A charter as a person writes it.
///
/// | key | meaning | unless given |
/// |---|---|---|
/// | `name` | whose charter it is | required |
/// | `on_fault` | `stop` or `retain` | `stop` |
/// | `[limits]` | `instructions`, `memory`, `table`, `transfer`, `output` | [`Limits::default`] |
/// | `[[policies]]` | `policy` (a name that whoever resolves the draft knows), `portion`, `parameters` | required; 1, none |
/// | `[signers]` | `required`, and `allowed` (keys as OpenSSH lists them) or `file` (that holds them) | nobody signs |
/// | `[asset]` | the asset of its epochs | any |
///
/// ```
/// use apportion_core::canonical::Digest;
/// use apportion_core::charter::{Charter, CharterDraft, CharterError, PolicyId};
///
/// let draft = CharterDraft::from_toml(
///     r#"
///     name = "Open data cooperative"
///     [[policies]]
///     policy = "equal"
///     "#,
/// )?;
/// let component = std::fs::read("../../policies/dist/equal.wasm")?;
/// let resolve = |name: &str| PolicyId { digest: Digest::of(&component), name: name.into(), version: "0.1.0".into() };
/// let policies = draft.policies().iter().map(|drafted| resolve(&drafted.policy)).collect();
/// let charter = Charter::new(draft.into_terms(policies, None)?)?;
/// assert_eq!(charter.terms().policies[0].portion, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharterDraft {
    name: String,
    #[serde(default = "stop")]
    on_fault: OnFault,
    #[serde(default)]
    limits: LimitsDraft,
    policies: Vec<PolicyDraft>,
    signers: Option<SignersDraft>,
    asset: Option<AssetTerms>,
}

/// A policy of a draft.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDraft {
    /// What the draft calls the policy: a standard policy's name, a file, a digest.
    pub policy: String,
    /// Its portion of the pool in relation to the others'.
    #[serde(default = "one")]
    pub portion: u32,
    /// Its parameters.
    #[serde(default = "no_parameters")]
    pub parameters: Value,
}

/// Who must sign, as a draft says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignersDraft {
    required: u32,
    allowed: Option<String>,
    file: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsDraft {
    instructions: Option<u64>,
    memory: Option<u64>,
    table: Option<u64>,
    transfer: Option<u64>,
    output: Option<u64>,
}

/// Why a text is not a draft, or a draft does not make a charter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// Not TOML, or not that of a draft: the message shows the line.
    #[error("{0}")]
    Toml(String),
    /// A number with a point or an exponent that a 64-bit float would round.
    #[error("{0} cannot be held exactly: from 2^53 on, 64-bit floats skip integers; write it as a string")]
    Rounded(String),
    /// Another number of policies was resolved than the draft has.
    #[error("the draft has {drafted} policies, and {resolved} were resolved")]
    Policies {
        /// How many the draft has.
        drafted: usize,
        /// How many were given.
        resolved: usize,
    },
    /// The keys of the signers are neither in the draft nor given, or both.
    #[error("`signers` needs either `allowed`, the keys, or `file`, the name of a file that holds them")]
    Signers,
}

impl DraftError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

fn stop() -> OnFault {
    OnFault::Stop
}

fn one() -> u32 {
    1
}

fn no_parameters() -> Value {
    Value::Object(serde_json::Map::new())
}

impl CharterDraft {
    /// Reads a draft.
    ///
    /// # Errors
    ///
    /// If it is not TOML, has an unknown or lacks a required key, or has a number that would be rounded.
    pub fn from_toml(text: &str) -> Result<CharterDraft, DraftError> {
        let draft: CharterDraft = toml::from_str(text)
            .map_err(|error| DraftError::Toml(error.to_string().trim_end().to_owned()))?;
        // Integers are checked with the charter's terms; of floats only the text tells whether they were rounded.
        match DeTable::parse(text).ok().as_ref().and_then(|table| rounded_float(table.get_ref())) {
            Some(number) => Err(DraftError::Rounded(number.chars().take(80).collect())),
            None => Ok(draft),
        }
    }

    /// The policies, in the order of the charter to be.
    pub fn policies(&self) -> &[PolicyDraft] {
        &self.policies
    }

    /// The file that holds the signers' keys, if the draft names one: as seen from the draft.
    pub fn signers_file(&self) -> Option<&str> {
        self.signers.as_ref()?.file.as_deref()
    }

    /// The terms of the charter, with the draft's policies as they were resolved, one for each and in their order, and the
    /// contents of [`CharterDraft::signers_file`] if there is one.
    ///
    /// # Errors
    ///
    /// If the number of policies differs, or the signers' keys are missing or given twice. What the terms say is checked
    /// by [`Charter::new`](super::Charter::new).
    pub fn into_terms(
        self,
        policies: Vec<PolicyId>,
        signers_file: Option<String>,
    ) -> Result<CharterTerms, DraftError> {
        let (drafted, resolved) = (self.policies.len(), policies.len());
        if drafted != resolved {
            return Err(DraftError::Policies { drafted, resolved });
        }
        let signers = match self.signers {
            None => None,
            Some(SignersDraft { required, allowed, file }) => {
                let allowed = match (allowed, file, signers_file) {
                    (Some(allowed), None, None) => allowed,
                    (None, Some(_), Some(contents)) => contents,
                    _ => return Err(DraftError::Signers),
                };
                Some(Signers { required, allowed })
            }
        };
        let appointments = policies.into_iter().zip(self.policies);
        let appointments = appointments
            .map(|(policy, drafted)| Appointment::new(policy, drafted.portion, drafted.parameters));
        let usual = Limits::default();
        Ok(CharterTerms {
            name: self.name,
            policies: appointments.collect(),
            limits: Limits {
                instructions: self.limits.instructions.unwrap_or(usual.instructions),
                memory: self.limits.memory.unwrap_or(usual.memory),
                table: self.limits.table.unwrap_or(usual.table),
                transfer: self.limits.transfer.unwrap_or(usual.transfer),
                output: self.limits.output.unwrap_or(usual.output),
            },
            on_fault: self.on_fault,
            signers,
            asset: self.asset,
        })
    }
}

/// The first number with a point or an exponent that a 64-bit float would round.
fn rounded_float(table: &DeTable<'_>) -> Option<String> {
    fn of_value(value: &DeValue<'_>) -> Option<String> {
        match value {
            DeValue::Float(float) => Some(float.as_str().to_owned()).filter(|text| !is_held(text)),
            DeValue::Array(values) => values.iter().find_map(|value| of_value(value.get_ref())),
            DeValue::Table(table) => rounded_float(table),
            _ => None,
        }
    }
    table.iter().find_map(|(_, value)| of_value(value.get_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_exactly_is_refused() {
        let draft = |parameters: &str| {
            let text =
                format!("name = \"A\"\n[[policies]]\npolicy = \"p\"\nparameters = {{ {parameters} }}\n");
            CharterDraft::from_toml(&text).map(|draft| draft.policies()[0].parameters.clone())
        };
        assert_eq!(draft("cap = 0.05").unwrap(), serde_json::json!({"cap": 0.05}));
        assert_eq!(
            draft("a = [{ b = 9007199254740993.0 }]"),
            Err(DraftError::Rounded("9007199254740993.0".into()))
        );
    }

    #[test]
    fn keys_of_signers_come_from_one_place() {
        let terms = |signers: &str, file: Option<&str>| {
            let text = format!("name = \"A\"\npolicies = []\n[signers]\nrequired = 1\n{signers}\n");
            CharterDraft::from_toml(&text).unwrap().into_terms(Vec::new(), file.map(str::to_owned))
        };
        assert_eq!(terms("allowed = \"keys\"", None).unwrap().signers.unwrap().allowed, "keys");
        assert_eq!(terms("file = \"f\"", Some("keys")).unwrap().signers.unwrap().allowed, "keys");
        for (signers, file) in
            [("", None), ("file = \"f\"", None), ("allowed = \"k\"\nfile = \"f\"", Some("k"))]
        {
            assert_eq!(terms(signers, file).unwrap_err(), DraftError::Signers);
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let error = CharterDraft::from_toml("name = \"A\"\npolicys = []\n").unwrap_err().to_string();
        assert!(error.contains("unknown field `policys`") && error.contains("line 2"), "{error}");
    }
}
