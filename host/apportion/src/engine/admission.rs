//! Bytes -> an admitted policy: its extent counted, its imports and exports checked, its code compiled, its description
//! read.

use wasmtime::component::Component;

use super::compiling;
use super::extent;
use super::folder::Folder;
use crate::abi::{self, Description, Linked, Request, Response};
use crate::host_error::HostError;
use crate::policy::{Admitted, ParameterSchema};
use crate::runtime::Runtime;
use crate::sandbox::{self, Failed, Ran};
use crate::trace;
use crate::verdict::RunError;
use apportion_core::canonical::Digest;
use apportion_core::error::ErrorKind;
use apportion_core::fault::Fault;
use apportion_core::limits::Limits;
use apportion_core::text::{MAX_LABEL, check_word, is_label, visible};

/// The largest component that is admitted, in bytes. Compiling takes time and memory in proportion.
pub const MAX_COMPONENT: usize = 64 << 20;
/// The longest summary of a policy, and the longest sentence about what is wrong with a component, in bytes.
const MAX_SUMMARY: usize = 1024;
/// What a policy may use to describe itself.
const LIMITS_OF_DESCRIBING: Limits = Limits {
    instructions: 2_000_000_000,
    memory: 256 << 20,
    table: 1 << 20,
    transfer: 1 << 20, // there is no epoch to read: words to the author, and what a runtime asks when it starts
    output: 4 << 20,
};

/// Why bytes are not admitted as a policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// Not WebAssembly at all.
    #[error("not a WebAssembly component: it does not begin as one")]
    NotWebAssembly,
    /// A core module: what most compilers make first.
    #[error("this is a core module; a policy is a component, which is made from a core module")]
    CoreModule,
    /// Larger than [`MAX_COMPONENT`]: its size in bytes.
    #[error("the component has {0} bytes; at most {MAX_COMPONENT} are admitted")]
    TooLarge(usize),
    /// Not valid, or using features that the sandbox leaves out.
    #[error("the component is not valid here: {0}")]
    Invalid(String),
    /// It imports something that is granted to no policy.
    #[error("it imports `{0}`, which no policy gets: {why}", why = why_refused(.0))]
    Import(String),
    /// Built for another version of the contract.
    #[error("it was built for version {built} of the contract; this engine runs {}", abi::VERSIONS.join(", "))]
    Contract {
        /// The version in the names of its imports or exports.
        built: String,
    },
    /// It does not export the rule.
    #[error("it does not export `apportion:policy/rule`, so it is not a policy")]
    NoRule,
    /// What it says of itself breaks the contract.
    #[error("its description is not usable: {0}")]
    Description(String),
    /// It failed while it described itself.
    #[error("it failed while describing itself: {0}")]
    Describe(Fault),
    /// Not the component's fault.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl AdmissionError {
    /// Whose fault it is: the component's, or what [`HostError::kind`] says.
    ///
    /// ```
    /// use apportion::error::ErrorKind;
    ///
    /// # fn main() -> Result<(), apportion::engine::EngineError> {
    /// let refused = apportion::Engine::new()?.admit(b"not a component").unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::Component);
    /// # Ok(())
    /// # }
    /// ```
    pub fn kind(&self) -> ErrorKind {
        match self {
            AdmissionError::Host(error) => error.kind(),
            _ => ErrorKind::Component,
        }
    }
}

/// What a component imports and exports, found to be a policy's.
struct Shape {
    contract: &'static str,
    imports: Vec<String>,
    exports: Vec<String>,
}

/// Admits a component that no cache in memory has.
pub(super) fn admit(
    runtime: &Runtime,
    folder: Option<&Folder>,
    bytes: &[u8],
    digest: Digest,
) -> Result<Admitted, AdmissionError> {
    let _span = trace::admit(&digest, bytes.len());
    extent::check(bytes).map_err(|problem| AdmissionError::Invalid(visible(&problem, MAX_SUMMARY)))?;
    let component = compiling::compile(runtime, folder, bytes, &digest)?.map_err(invalid)?;
    let Shape { contract, imports, exports } = check_shape(&component)?;
    let linked = abi::link(runtime.engine(), &component, contract).map_err(invalid)?;
    let description = describe(runtime, &linked)?;
    check_labels(&description)?;
    let schema = ParameterSchema::compile(runtime, &description.parameters)?
        .map_err(|problem| AdmissionError::Description(format!("the schema of its parameters: {problem}")))?;
    let code = component.image_range();
    let code_size = (code.end as usize).saturating_sub(code.start as usize);
    let size = bytes.len();
    Ok(Admitted { linked, digest, contract, imports, exports, size, code_size, description, schema })
}

/// Whether bytes begin as a component that is not too large.
pub(super) fn check_preamble(bytes: &[u8]) -> Result<(), AdmissionError> {
    match bytes.get(..8) {
        Some(b"\0asm\x0d\0\x01\0") => {}
        Some(b"\0asm\x01\0\0\0") => return Err(AdmissionError::CoreModule),
        _ => return Err(AdmissionError::NotWebAssembly),
    }
    if bytes.len() > MAX_COMPONENT { Err(AdmissionError::TooLarge(bytes.len())) } else { Ok(()) }
}

pub(super) fn invalid(error: impl Into<wasmtime::Error>) -> AdmissionError {
    AdmissionError::Invalid(visible(&format!("{:#}", error.into()), MAX_SUMMARY))
}

/// The version of the contract and what it imports and exports, or the first thing that no policy may have.
fn check_shape(component: &Component) -> Result<Shape, AdmissionError> {
    let (shape, engine) = (component.component_type(), component.engine());
    let mut imports = Vec::new();
    for (name, _) in shape.imports(engine) {
        if abi::is_meter(name) {
            continue;
        }
        if abi::grants_beside(name) {
            imports.push(name.to_owned());
            continue;
        }
        let (interface, version) = contract_name(name).ok_or_else(|| import_error(name))?;
        if interface != abi::TYPES && !abi::IMPORTS.contains(&interface) {
            return Err(import_error(name));
        }
        known_version(version)?;
        // The names of types are shared by being imported; that grants nothing.
        if interface != abi::TYPES {
            imports.push(name.to_owned());
        }
    }
    let exports = shape.exports(engine).map(|(name, _)| name).filter(|name| !abi::is_meter(name));
    let exports: Vec<String> = exports.map(str::to_owned).collect();
    let mut rules = exports.iter().filter_map(|name| contract_name(name));
    let rule = rules.find(|(interface, _)| *interface == "rule");
    let (_, version) = rule.ok_or(AdmissionError::NoRule)?;
    Ok(Shape { contract: known_version(version)?, imports, exports })
}

fn import_error(name: &str) -> AdmissionError {
    AdmissionError::Import(visible(name, MAX_SUMMARY))
}

fn why_refused(import: &str) -> &'static str {
    if !cfg!(feature = "wasi") && import.starts_with("wasi:") {
        return "this engine was built without WASI, so a rule sees its epoch and nothing else";
    }
    "a rule sees its epoch and nothing else"
}

/// `apportion:policy/epoch@0.1.0` is interface `epoch` of version `0.1.0`.
fn contract_name(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(abi::PACKAGE)?.split_once('@')
}

fn known_version(version: &str) -> Result<&'static str, AdmissionError> {
    let known = abi::VERSIONS.iter().find(|known| **known == version);
    known.copied().ok_or_else(|| AdmissionError::Contract { built: visible(version, MAX_LABEL) })
}

fn describe(runtime: &Runtime, linked: &Linked) -> Result<Description, AdmissionError> {
    match sandbox::run(runtime, linked, &LIMITS_OF_DESCRIBING, None, Request::Describe) {
        Ok(Ran { response: Response::Describe(description), .. }) => Ok(description),
        Ok(_) => Err(HostError::Broken("a policy answered another request".to_owned()).into()),
        Err(Failed { error: RunError::Fault(fault), .. }) => Err(AdmissionError::Describe(fault)),
        Err(Failed { error: RunError::Host(error), .. }) => Err(error.into()),
    }
}

fn check_labels(description: &Description) -> Result<(), AdmissionError> {
    let Description { name, version, summary, .. } = description;
    let unusable = |problem: String| Err(AdmissionError::Description(problem));
    if !is_label(name) {
        return unusable(format!(
            "name `{}` is not lower-case words joined by hyphens, at most {MAX_LABEL} bytes",
            visible(name, MAX_LABEL)
        ));
    }
    if version.len() > MAX_LABEL || semver::Version::parse(version).is_err() {
        return unusable(format!("version `{}` is not a semantic version", visible(version, MAX_LABEL)));
    }
    if summary.len() > MAX_SUMMARY || summary.is_empty() || check_word(summary).is_err() {
        return unusable(format!("the summary is not one visible line of 1 to {MAX_SUMMARY} bytes"));
    }
    Ok(())
}
