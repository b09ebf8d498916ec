//! From a charter as a person writes it to one that can settle: its policies found, its parameters checked.

use apportion_core::charter::{Charter, CharterDraft, CharterError, DraftError, PolicyId};
use apportion_core::error::ErrorKind;
use apportion_core::text::escape;

use crate::engine::Engine;
use crate::policy::{CheckError, Policy};
#[cfg(feature = "standard")]
use crate::standard;

/// Why a draft did not become a charter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// It is not a draft.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// A policy that is neither given nor a standard one.
    #[error("policy `{}` is neither one of those given nor a standard policy", escape(.0))]
    UnknownPolicy(String),
    /// Parameters that a policy's schema does not allow.
    #[error(transparent)]
    Parameters(#[from] CheckError),
    /// Terms that no charter can have.
    #[error(transparent)]
    Charter(#[from] CharterError),
}

impl ResolveError {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ResolveError::Draft(_) | ResolveError::UnknownPolicy(_) | ResolveError::Charter(_) => {
                ErrorKind::Input
            }
            ResolveError::Parameters(CheckError::Host(error)) => error.kind(),
            ResolveError::Parameters(_) => ErrorKind::Input,
        }
    }
}

/// Makes a charter of a draft. Each of its policies is one of `policies`, by its name or by its digest, or, under the
/// feature `standard`, a standard policy by its name. Gives the charter and its policies, in the charter's order.
///
/// ```
/// use apportion::Engine;
/// use apportion::charter::{CharterDraft, resolve};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let component = std::fs::read("../../policies/dist/proportional.wasm")?;
/// let engine = Engine::new()?;
/// let draft = CharterDraft::from_toml(
///     r#"
///     name = "Open data cooperative"
///     [[policies]]
///     policy = "proportional"
///     parameters = { node_metrics = { tokens = 1.0 } }
///     "#,
/// )?;
/// let (charter, policies) = resolve(&engine, draft, None, &[engine.admit(&component)?])?;
/// assert_eq!(charter.terms().policies[0].policy, policies[0].digest());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If a policy is unknown, its parameters break its schema, or the terms make no charter. `signers_file` is what the file
/// holds that [`CharterDraft::signers_file`] names.
pub fn resolve(
    engine: &Engine,
    draft: CharterDraft,
    signers_file: Option<String>,
    policies: &[Policy],
) -> Result<(Charter, Vec<Policy>), ResolveError> {
    let mut resolved = Vec::new();
    for drafted in draft.policies() {
        let policy = named(engine, &drafted.policy, policies)?;
        policy.check_parameters(&drafted.parameters)?;
        resolved.push(policy);
    }
    let terms = draft.into_terms(resolved.iter().map(PolicyId::from).collect(), signers_file)?;
    Ok((Charter::new(terms)?, resolved))
}

fn named(engine: &Engine, name: &str, policies: &[Policy]) -> Result<Policy, ResolveError> {
    let given = policies.iter().find(|policy| policy.name() == name || policy.digest().to_string() == name);
    if let Some(policy) = given {
        return Ok(policy.clone());
    }
    #[cfg(feature = "standard")]
    if let Ok(policy) = standard::admit(engine, name) {
        return Ok(policy);
    }
    #[cfg(not(feature = "standard"))]
    let _ = engine;
    Err(ResolveError::UnknownPolicy(name.to_owned()))
}
