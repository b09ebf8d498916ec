//! A charter: the policies in force with their parameters, each with its portion of the pool, and the limits they
//! run under. A canonical JSON object; `host/docs/objects.md` lists its members.

mod asset;
mod settings;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{CanonicalError, Digest, from_canonical_json, to_canonical_json};
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::signature::{AllowedSigners, CHARTER_NAMESPACE};
use crate::text::{check_name, is_label, visible};
pub use asset::{AssetTerms, CarryChange, PaidChange, Ratio};
pub use settings::{ComparedSetting, PolicySetting, SettingKey, SettingThen, SettingValue};

/// The most policies that share one pool.
pub const MAX_POLICIES: usize = 16;
/// The most bytes of one policy's parameters, in canonical form.
pub const MAX_PARAMETERS: usize = 1 << 20;
const FORMAT: &str = "apportion charter 1";

/// What a programme divides its pools by.
///
/// ```
/// use apportion_core::canonical::Digest;
/// use apportion_core::charter::{Charter, PolicyId};
///
/// // An admitted policy converts into its id: with the engine, `Charter::single("…", &policy, …)` is enough.
/// let component = std::fs::read("../../policies/dist/equal.wasm")?;
/// let equal = PolicyId { digest: Digest::of(&component), name: "equal".into(), version: "0.1.0".into() };
/// let charter = Charter::single("Our programme", equal, serde_json::json!({}))?;
/// let again = Charter::from_bytes(charter.as_bytes())?;
/// assert_eq!(again.digest(), charter.digest());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Charter {
    terms: CharterTerms,
    bytes: Vec<u8>,
    digest: Digest,
}

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

/// Why something is not a charter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CharterError {
    /// Not the JSON of a charter, or not its canonical spelling.
    #[error("not a charter: {0}")]
    Form(#[from] CanonicalError),
    /// Another format, or a later version of this one.
    #[error("the charter's format is `{0}`; this engine reads `{FORMAT}`")]
    Format(String),
    /// A term that cannot be.
    #[error("the charter's {place}: {problem}")]
    Term {
        /// Which term.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl CharterError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

fn wrong(place: impl Into<String>, problem: impl Into<String>) -> CharterError {
    CharterError::Term { place: place.into(), problem: problem.into() }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    name: String,
    policies: Vec<Appointment>,
    limits: Limits,
    on_fault: OnFault,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signers: Option<Signers>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asset: Option<AssetTerms>,
}

impl Charter {
    /// Checks terms and gives them their canonical bytes.
    pub fn new(terms: CharterTerms) -> Result<Charter, CharterError> {
        check(&terms)?;
        let CharterTerms { name, policies, limits, on_fault, signers, asset } = terms;
        let format = FORMAT.to_owned();
        let document = Document { format, name, policies, limits, on_fault, signers, asset };
        let charter = Charter::read(to_canonical_json(&document)?)?;
        charter.check_signers()?;
        Ok(charter)
    }

    /// Checks that every listed key may sign for charters: `required` of them must be able to.
    ///
    /// Charters that were adopted before this was checked are still read, so that their ledgers stay readable; none is
    /// made or adopted.
    pub fn check_signers(&self) -> Result<(), CharterError> {
        let Some(Signers { allowed, .. }) = &self.terms.signers else { return Ok(()) };
        let allowed = AllowedSigners::parse(allowed).map_err(|error| wrong("signers", error.to_string()))?;
        match allowed.signers_not_allowed(CHARTER_NAMESPACE).next() {
            None => Ok(()),
            Some(signer) => Err(wrong(
                "signers",
                format!(
                    "{signer} may not sign for `{CHARTER_NAMESPACE}`: add it to the key's namespaces, or strike the key"
                ),
            )),
        }
    }

    /// The terms are always those that the bytes say: `1.0` given as a parameter is `1` from here on.
    fn read(bytes: Vec<u8>) -> Result<Charter, CharterError> {
        let Document { format: _, name, policies, limits, on_fault, signers, asset } =
            from_canonical_json(&bytes)?;
        let terms = CharterTerms { name, policies, limits, on_fault, signers, asset };
        check(&terms)?;
        Ok(Charter { terms, digest: Digest::of(&bytes), bytes })
    }

    /// A charter of one policy with the default limits, which stops at a fault.
    pub fn single(
        name: &str,
        policy: impl Into<PolicyId>,
        parameters: Value,
    ) -> Result<Charter, CharterError> {
        let policies = vec![Appointment::new(policy, 1, parameters)];
        Charter::new(CharterTerms {
            name: name.to_owned(),
            policies,
            limits: Limits::default(),
            on_fault: OnFault::Stop,
            signers: None,
            asset: None,
        })
    }

    /// Reads a charter from its canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Charter, CharterError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        match serde_json::from_slice::<Head>(bytes) {
            Ok(head) if head.format != FORMAT => return Err(CharterError::Format(visible(&head.format, 64))),
            _ => {}
        }
        Charter::read(bytes.to_vec())
    }

    /// What it says.
    pub fn terms(&self) -> &CharterTerms {
        &self.terms
    }

    /// The canonical bytes: what is stored, and what [`Charter::digest`] is the hash of.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The BLAKE3 hash of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl Appointment {
    /// Appoints a policy for `portion` parts of the pool.
    pub fn new(policy: impl Into<PolicyId>, portion: u32, parameters: Value) -> Appointment {
        let PolicyId { digest, name, version } = policy.into();
        Appointment { policy: digest, name, version, portion, parameters }
    }
}

fn check(terms: &CharterTerms) -> Result<(), CharterError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(parameters: Value) -> CharterTerms {
        let policy = Digest::of(b"a policy");
        let (name, version) = ("equal".to_owned(), "1.0.0".to_owned());
        let policies = vec![Appointment { policy, name, version, portion: 1, parameters }];
        CharterTerms {
            name: "Test".to_owned(),
            policies,
            limits: Limits::default(),
            on_fault: OnFault::Stop,
            signers: None,
            asset: None,
        }
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let charter = Charter::new(terms(serde_json::json!({"cap": 0.05}))).unwrap();
        assert_eq!(Charter::from_bytes(charter.as_bytes()).unwrap(), charter);
        let text = String::from_utf8(charter.as_bytes().to_vec()).unwrap();
        for (from, to, sentence) in [
            ("charter 1", "charter 9", "this engine reads `apportion charter 1`"),
            ("\"portion\":1", "\"portion\":0", "its portion is 0"),
            ("\"portion\":1", "\"portion\":-1", "not a charter"),
            ("\"stop\"", "\"pay\"", "unknown variant"),
            ("\"name\":\"Test\"", "\"name\": \"Test\"", "not in canonical form"),
            ("\"name\":\"Test\"", "\"name\":\"Test\",\"nome\":1", "unknown field `nome`"),
            ("\"output\":268435456", "\"output\":0", "limit `output`"),
        ] {
            let error = Charter::from_bytes(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
            assert!(error.contains(sentence), "{to}: {error}");
        }
    }

    /// A key that may not sign for charters is none of the signers that `required` counts.
    #[test]
    fn signers_who_may_not_sign_for_charters_are_refused() {
        let key = include_str!("../tests/data/ssh/ed25519.pub");
        let second = include_str!("../tests/data/ssh/ed25519-second.pub");
        let charter = |options: &str, required| {
            let mut terms = terms(serde_json::json!({}));
            let allowed = format!("ada {options} {key}bob {second}");
            terms.signers = Some(Signers { required, allowed });
            Charter::new(terms)
        };
        for options in ["", "namespaces=\"apportion-charter\"", "namespaces=\"git,apportion-*\""] {
            assert!(charter(options, 2).is_ok(), "{options}");
        }
        for options in ["namespaces=\"git\"", "namespaces=\"*,!apportion-charter\""] {
            for required in [1, 2] {
                let error = charter(options, required).unwrap_err().to_string();
                assert!(error.contains("`ada` (SHA256:"), "{error}");
                assert!(error.contains("may not sign for `apportion-charter`"), "{error}");
            }
        }
        assert!(charter("valid-before=\"20300101\"", 1).is_err());
    }

    #[test]
    fn numbers_that_json_would_round_are_refused() {
        assert!(Charter::new(terms(serde_json::json!({"units": 1_u64 << 53}))).is_ok());
        let error =
            Charter::new(terms(serde_json::json!({"units": [(1_u64 << 53) + 1]}))).unwrap_err().to_string();
        assert!(error.contains("9007199254740993, which JSON cannot say exactly"), "{error}");
    }
}
