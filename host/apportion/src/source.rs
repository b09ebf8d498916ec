//! Where components come from: the policies that a charter names, found by their digests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use apportion_core::canonical::Digest;
use apportion_core::charter::Charter;
use apportion_core::error::ErrorKind;

use crate::engine::{AdmissionError, Engine, MAX_COMPONENT};
use crate::policy::Policy;

/// Finds components by their digests. What it gives is checked against the digest, so that a source need not be trusted.
///
/// ```
/// use apportion::source::{PolicySource, policies_of};
/// use apportion::{Charter, Digest, Engine};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let equal = std::fs::read("../../policies/dist/equal.wasm")?;
/// let engine = Engine::new()?;
/// let charter = Charter::single("Cooperative", &engine.admit(&equal)?, serde_json::json!({}))?;
///
/// let sources: [&dyn PolicySource; 2] = [&vec![equal], &std::path::Path::new("policies")];
/// let policies = policies_of(&engine, [&charter], &sources[..])?;
/// assert_eq!(policies[0].name(), "equal");
/// # Ok(())
/// # }
/// ```
pub trait PolicySource {
    /// The bytes of the component with this digest; none if it is not here.
    ///
    /// # Errors
    ///
    /// If it is here and cannot be read.
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError>;
}

/// Why a component cannot be read from where it is.
#[derive(Debug, thiserror::Error)]
#[error("policy `{digest}` cannot be read: {error}")]
pub struct SourceError {
    /// The component.
    pub digest: Digest,
    /// Why not.
    #[source]
    pub error: Box<dyn std::error::Error + Send + Sync>,
}

impl SourceError {
    /// An error of a source.
    pub fn new(digest: Digest, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SourceError {
        SourceError { digest, error: error.into() }
    }

    /// Always [`ErrorKind::Host`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Host
    }
}

/// Why the policies of charters were not found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoliciesError {
    /// Components that no source has.
    #[error("the charter names policies that are not here: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// One that is there cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A source gave other bytes than asked for.
    #[error("what was found for policy `{asked}` is another component, `{found}`")]
    Other {
        /// The digest asked for.
        asked: Digest,
        /// That of the bytes given.
        found: Digest,
    },
    /// One is not admitted by this engine.
    #[error("policy `{digest}`: {error}")]
    Admission {
        /// The component.
        digest: Digest,
        /// Why not.
        #[source]
        error: AdmissionError,
    },
}

impl PoliciesError {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            PoliciesError::Missing(_) => ErrorKind::Input,
            PoliciesError::Source(error) => error.kind(),
            PoliciesError::Other { .. } => ErrorKind::Host,
            PoliciesError::Admission { error: AdmissionError::Host(error), .. } => error.kind(),
            PoliciesError::Admission { .. } => ErrorKind::Component,
        }
    }
}

/// The policies that charters name, each once, in the order in which they are named: as the engine has admitted them
/// before, or from `source`.
///
/// # Errors
///
/// [`PoliciesError::Missing`] names every component that neither has.
pub fn policies_of<'a>(
    engine: &Engine,
    charters: impl IntoIterator<Item = &'a Charter>,
    source: &(impl PolicySource + ?Sized),
) -> Result<Vec<Policy>, PoliciesError> {
    let (mut policies, mut missing) = (Vec::<Policy>::new(), Vec::new());
    for appointment in charters.into_iter().flat_map(|charter| &charter.terms().policies) {
        let digest = appointment.policy;
        if policies.iter().any(|policy| policy.digest() == digest) {
            continue;
        }
        if let Some(policy) = engine.admitted(&digest) {
            policies.push(policy);
            continue;
        }
        match source.component(&digest)? {
            None => missing.push(format!("`{} {}` {digest}", appointment.name, appointment.version)),
            Some(bytes) => {
                let found = Digest::of(&bytes);
                if found != digest {
                    return Err(PoliciesError::Other { asked: digest, found });
                }
                let policy = engine.admit(&bytes);
                policies.push(policy.map_err(|error| PoliciesError::Admission { digest, error })?);
            }
        }
    }
    if missing.is_empty() { Ok(policies) } else { Err(PoliciesError::Missing(missing)) }
}

/// No source: only what the engine has admitted before.
impl PolicySource for () {
    fn component(&self, _: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(None)
    }
}

/// Components in memory.
impl PolicySource for Vec<Vec<u8>> {
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.iter().find(|bytes| Digest::of(bytes) == *digest).cloned())
    }
}

/// Components in memory, by their digests.
impl PolicySource for BTreeMap<Digest, Vec<u8>> {
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.get(digest).cloned())
    }
}

/// One source after another: the first that has it.
impl PolicySource for [&dyn PolicySource] {
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        for source in self {
            if let Some(bytes) = source.component(digest)? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

/// A folder of components: its files that end in `.wasm`, whatever they are called. A folder that does not exist is empty.
impl PolicySource for Path {
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let failed = |error: std::io::Error| SourceError::new(*digest, error);
        let entries = match std::fs::read_dir(self) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in entries {
            files.push(entry.map_err(failed)?.path());
        }
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "wasm")) {
            let metadata = std::fs::metadata(file).map_err(failed)?;
            if !metadata.is_file() || metadata.len() > MAX_COMPONENT as u64 {
                continue;
            }
            let bytes = std::fs::read(file).map_err(failed)?;
            if Digest::of(&bytes) == *digest {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

impl PolicySource for &Path {
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        (**self).component(digest)
    }
}
