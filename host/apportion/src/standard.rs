//! The standard policies, one call away: the feature `standard`, which is on by default.

use std::fmt;

use apportion_core::canonical::Digest;
use apportion_core::error::ErrorKind;

use crate::engine::{AdmissionError, Engine};
use crate::policy::Policy;
use crate::source::{PolicySource, SourceError};

/// The standard policies as a source of components.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardPolicies;

impl PolicySource for StandardPolicies {
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let asked = digest.to_string();
        let standard = apportion_standard::all().iter().find(|standard| standard.digest == asked);
        Ok(standard.map(|standard| standard.bytes.to_vec()))
    }
}

/// Why there is no standard policy of a name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StandardError {
    /// None has this name.
    #[error("there is no standard policy `{}`; those are {}", .0.escape_debug(), Names)]
    Unknown(String),
    /// It was not admitted, which is the host's fault.
    #[error(transparent)]
    Admission(#[from] AdmissionError),
}

impl StandardError {
    /// [`ErrorKind::Input`] for an unknown name, [`ErrorKind::Host`] otherwise.
    pub fn kind(&self) -> ErrorKind {
        match self {
            StandardError::Unknown(_) => ErrorKind::Input,
            StandardError::Admission(_) => ErrorKind::Host,
        }
    }
}

/// The names of all standard policies.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = apportion_standard::all().iter().map(|standard| standard.name).collect();
        f.write_str(&names.join(", "))
    }
}

/// Admits the standard policy of this name.
///
/// ```
/// use apportion::{Engine, standard};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new()?;
/// assert_eq!(standard::admit(&engine, "pagerank")?.name(), "pagerank");
/// let error = standard::admit(&engine, "page-rank").unwrap_err().to_string();
/// assert!(error.contains("there is no standard policy `page-rank`; those are commits, "));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`StandardError::Unknown`] names those there are.
pub fn admit(engine: &Engine, name: &str) -> Result<Policy, StandardError> {
    match apportion_standard::find(name) {
        Some(standard) => Ok(engine.admit(standard.bytes)?),
        None => Err(StandardError::Unknown(name.to_owned())),
    }
}
