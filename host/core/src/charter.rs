//! A charter: the policies in force with their parameters, each with its portion of the pool, and the limits they
//! run under. A canonical JSON object; `host/docs/objects.md` lists its members.

mod asset;
#[cfg(feature = "toml")]
mod draft;
mod error;
mod settings;
mod terms;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{Digest, from_canonical_json, to_canonical_json};
use crate::limits::Limits;
use crate::signature::{AllowedSigners, CHARTER_NAMESPACE};
use crate::text::visible;
pub use asset::{AssetTerms, CarryChange, PaidChange, Ratio};
#[cfg(feature = "toml")]
pub use draft::{CharterDraft, DraftError, PolicyDraft};
pub use error::CharterError;
use error::{FORMAT, wrong};
pub use settings::{ComparedSetting, PolicySetting, SettingKey, SettingThen, SettingValue, settings};
use terms::check;
pub use terms::{Appointment, CharterTerms, MAX_PARAMETERS, MAX_POLICIES, OnFault, PolicyId, Signers};

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
