//! Bytes -> an admitted policy: its imports checked, its description read, its code compiled.

mod answer;
mod extent;
mod folder;
mod kept;
mod profile;
mod schema;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use apportion_harden::harden;
use serde_json::Value;
use wasmtime::component::Component;

use crate::abi::{self, Description, Linked};
use crate::host_error::{HostError, RunError};
use crate::sandbox::{self, Budget, Cancel, Failed, Past, Runtime, Setup, Subject};
pub(crate) use answer::Answer;
pub use answer::Measure;
use apportion_core::canonical::{Digest, to_canonical_json};
use apportion_core::charter::PolicyId;
use apportion_core::epoch::Epoch;
use apportion_core::fault::Fault;
use apportion_core::limits::{Limits, Usage};
use apportion_core::text::{MAX_LABEL, check_word, is_label, visible};
pub use folder::CacheError;
use folder::Folder;
use kept::Kept;
pub use profile::{FunctionCharge, Profile};
use schema::Schema;

/// The largest component that is looked at. Compiling takes time and memory in proportion.
pub const MAX_COMPONENT: usize = 64 << 20;
/// The most measures of one policy.
pub const MAX_MEASURES: usize = 32;
/// The most bytes that a policy can hand over to the next epoch.
pub const MAX_CARRY: usize = 1 << 20;
const MAX_SUMMARY: usize = 1024;

/// The most admitted policies that an engine keeps, and the most bytes of machine code that they have together.
const MAX_KEPT: usize = 128;
const MAX_KEPT_BYTES: usize = 1 << 30;

/// Compiles and runs policies. Make one and share it: it is `Send + Sync` and cloning it is cheap.
///
/// Clones, and what the `with_` functions give, share threads and the policies admitted so far, of which the ones used
/// last are kept. As many settlements as wanted can go on at once; [`Engine::with_memory`] bounds what they take
/// together, and [`Engine::with_cancel`] ends them from outside.
#[derive(Clone)]
pub struct Engine {
    runtime: Runtime,
    kept: Arc<Kept<Admitted>>,
    folder: Option<Arc<Folder>>,
}

/// A policy that may run. `Send + Sync`; cloning it is cheap.
#[derive(Clone)]
pub struct Policy {
    admitted: Arc<Admitted>,
    runtime: Runtime,
}

struct Admitted {
    linked: Linked,
    digest: Digest,
    contract: &'static str,
    imports: Vec<String>,
    exports: Vec<String>,
    bytes: usize,
    code_bytes: usize,
    description: Description,
    schema: Schema,
}

/// What a component imports and exports, found to be a policy's.
struct Shape {
    contract: &'static str,
    imports: Vec<String>,
    exports: Vec<String>,
}

/// Why bytes are not admitted as a policy.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// Not WebAssembly at all.
    #[error("not a WebAssembly component: it does not begin as one")]
    NotWebAssembly,
    /// A core module: what most compilers make first.
    #[error("this is a core module; a policy is a component (`wasm-tools component new` makes one from it)")]
    CoreModule,
    /// Too large to look at.
    #[error("the component has {0} bytes; at most {MAX_COMPONENT} are admitted")]
    TooLarge(usize),
    /// Not valid, or using features that the sandbox leaves out.
    #[error("the component is not valid here: {0}")]
    Invalid(String),
    /// It wants something that no policy gets.
    #[error("it imports `{0}`, which no policy gets: {why}", why = why_refused(.0))]
    Import(String),
    /// Built for another version of the contract.
    #[error("it was built for version {built} of the contract; this engine runs {}", abi::VERSIONS.join(", "))]
    Contract {
        /// The version in the names of its imports or exports.
        built: String,
    },
    /// It does not export the rule.
    #[error("it does not export `apportion:policy/rule`, so it is no policy")]
    NoRule,
    /// What it says of itself breaks the contract.
    #[error("its description is not usable: {0}")]
    Description(String),
    /// It failed while it described itself.
    #[error("it failed while describing itself: {0}")]
    Describe(Fault),
    /// Not the policy's fault.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Parameters that a policy's schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameters break the schema of `{policy}`: {}", .breaches.join("; "))]
pub struct ParametersError {
    /// The policy's name.
    pub policy: String,
    /// What is wrong, each with its place in the parameters.
    pub breaches: Vec<String>,
}

/// Why parameters were not found to be what a policy's schema allows.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The schema does not allow them.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// They were not checked to the end.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// What a policy is asked.
pub(crate) struct Question<'a> {
    pub(crate) epoch: &'a Epoch,
    pub(crate) pool: u128,
    pub(crate) parameters: &'a Value,
    pub(crate) past: Past,
    pub(crate) limits: &'a Limits,
}

/// A run's end, with what it used if it returned, what the policy said to its author, and which functions it was in if it
/// broke off.
pub(crate) struct Run {
    pub(crate) answer: Result<Answer, Fault>,
    pub(crate) usage: Option<Usage>,
    pub(crate) log: String,
    pub(crate) calls: Vec<String>,
}

impl Engine {
    /// Sets the engine up. Fails only where the machine cannot run it.
    pub fn new() -> Result<Engine, HostError> {
        Engine::of(Setup::default())
    }

    /// The same, set up otherwise. What is settled is the same to the byte.
    ///
    /// ```
    /// use apportion::{Charter, Engine, Epoch, History, settle};
    /// use apportion::engine::Setup;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let component = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
    /// let mut receipts = Vec::new();
    /// for interruptible in [true, false] {
    ///     let policy = Engine::of(Setup { interruptible, ..Setup::default() })?.admit(&component)?;
    ///     let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
    ///     receipts.push(settle(&epoch, &charter, &[policy], &History::default())?.receipt.digest());
    /// }
    /// assert_eq!(receipts[0], receipts[1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(setup: Setup) -> Result<Engine, HostError> {
        Ok(Engine {
            runtime: Runtime::new(setup)?,
            kept: Arc::new(Kept::new(MAX_KEPT, MAX_KEPT_BYTES)),
            folder: None,
        })
    }

    /// The same engine with another limit to how long compiling one component may take, compiling its schema, and
    /// checking parameters against that; a minute unless set. What takes longer ends with [`HostError::CompileTime`].
    ///
    /// This is the host's protection of itself and never part of a result.
    pub fn with_compile_time(mut self, time: Duration) -> Engine {
        self.runtime.compile_time = time;
        self
    }

    /// The same engine with a limit to how long one run of a policy may take; none unless set. A run that takes longer
    /// ends with [`HostError::RunTime`].
    ///
    /// For whoever runs a stranger's ledger: its charters set the limits of its runs, and may let one go on for years.
    /// Like [`Engine::with_memory`] this protects the host and never becomes part of a result: it is not the policy's
    /// fault, and there is no receipt. The time that a run waits for memory does not count. Only an engine that is
    /// interruptible ([`Setup`]) can end a run that is under way.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), apportion::engine::HostError> {
    /// let engine = apportion::Engine::new()?.with_memory(8 << 30).with_run_time(Duration::from_secs(300));
    /// # assert_eq!(engine.memory_taken(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_run_time(mut self, time: Duration) -> Engine {
        self.runtime.run_time = Some(time);
        self
    }

    /// The same engine with a bound on the memory that all its runs take together, in bytes; none unless set.
    ///
    /// A run waits until its share is free: at first at most 256 MiB of linear memory with what else it may take, and
    /// if it needs more it is begun again with all that the charter's [`Limits`] allow it. So a bound changes when a run
    /// begins and never how it ends. A charter whose limits are beyond the bound is refused with [`HostError::Memory`]:
    /// nothing is wrong with it, but it needs a larger machine. Clones made from here on share the bound.
    ///
    /// Not counted are what all runs share (epochs, compiled policies), one column while it is handed over, and what
    /// compiling takes.
    ///
    /// ```
    /// # fn main() -> Result<(), apportion::engine::HostError> {
    /// let engine = apportion::Engine::new()?.with_memory(8 << 30);
    /// # assert_eq!(engine.memory_taken(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_memory(mut self, bytes: u64) -> Engine {
        self.runtime.budget = Arc::new(Budget::new(bytes));
        self
    }

    /// What the runs in progress may take of memory, in bytes: 0 where nothing runs.
    pub fn memory_taken(&self) -> u64 {
        self.runtime.budget.taken()
    }

    /// The same engine, where everything ends once `cancel` is called: admissions, and the runs of policies that are
    /// admitted through it, if the engine is interruptible ([`Setup`]). The engine that it was made from is not
    /// touched. See [`Cancel`].
    pub fn with_cancel(mut self, cancel: &Cancel) -> Engine {
        self.runtime.cancel = Some(cancel.clone());
        self
    }

    /// The same engine with a folder where compiled policies are kept from one process to the next.
    ///
    /// **What lies there is run as machine code**, so whoever can write there can do whatever this process can. The
    /// folder is made if it is not there, for its owner alone; one that is another user's, or that any other user may
    /// look into or write to, is refused. That is the protection: the digest in each file finds damage, not malice.
    /// Never take such a folder from someone else, or put it where others put files: into an archive, a repository, a
    /// ledger.
    ///
    /// A file is used only for the same component, the same version of the engine with the same settings, and a
    /// processor that can do the same; a damaged one, or one that cannot be read or written, is as if it were not
    /// there. All of it can be deleted at any time.
    pub fn with_cache(self, folder: &Path) -> Result<Engine, CacheError> {
        Ok(Engine { folder: Some(Arc::new(Folder::open(folder, &self.runtime.engine)?)), ..self })
    }

    /// Admits a component as a policy: checks what it imports and exports, compiles it, lets it describe itself.
    ///
    /// Compiling takes about a second a megabyte. A component that was admitted before, by this engine or a clone, is
    /// not compiled again; one that is just being admitted on another thread is waited for, to its end.
    pub fn admit(&self, bytes: &[u8]) -> Result<Policy, AdmissionError> {
        check_preamble(bytes)?;
        let digest = Digest::of(bytes);
        let admitted = self.kept.get_or_make(
            digest,
            || self.admit_anew(bytes, digest),
            |admitted| admitted.code_bytes,
        )?;
        Ok(self.handle(admitted))
    }

    /// A policy that this engine or a clone admitted before, if it is still kept.
    pub fn admitted(&self, digest: &Digest) -> Option<Policy> {
        self.kept.get(digest).map(|admitted| self.handle(admitted))
    }

    fn handle(&self, admitted: Arc<Admitted>) -> Policy {
        Policy { admitted, runtime: self.runtime.clone() }
    }

    fn admit_anew(&self, bytes: &[u8], digest: Digest) -> Result<Admitted, AdmissionError> {
        extent::check(bytes).map_err(|problem| AdmissionError::Invalid(visible(&problem, MAX_SUMMARY)))?;
        let component = self.component(bytes, digest)?.map_err(invalid)?;
        let Shape { contract, imports, exports } = self.check_shape(&component)?;
        let linked = abi::link(&self.runtime.engine, &component, contract).map_err(invalid)?;
        let description = self.describe(&linked)?;
        check_labels(&description)?;
        let schema = self.compile_schema(&description)?;
        let code = component.image_range();
        Ok(Admitted {
            linked,
            digest,
            contract,
            imports,
            exports,
            bytes: bytes.len(),
            code_bytes: (code.end as usize).saturating_sub(code.start as usize),
            description,
            schema,
        })
    }

    /// Hardened and compiled: from the folder, or anew and then into the folder.
    fn component(&self, bytes: &[u8], digest: Digest) -> Result<wasmtime::Result<Component>, HostError> {
        let engine = self.runtime.engine.clone();
        if let Some(component) = self.folder.as_ref().and_then(|folder| folder.load(&engine, &digest)) {
            return Ok(Ok(component));
        }
        let owned = bytes.to_vec();
        let compiled = sandbox::compile(&self.runtime, move || {
            let hardened = harden(&owned).map_err(wasmtime::Error::new)?;
            drop(owned);
            Component::from_binary(&engine, &hardened)
        })?;
        if let (Ok(component), Some(folder)) = (&compiled, &self.folder) {
            folder.keep(&digest, component);
        }
        Ok(compiled)
    }

    /// The version of the contract and what it imports and exports, or the first thing that no policy may have.
    fn check_shape(&self, component: &Component) -> Result<Shape, AdmissionError> {
        let shape = component.component_type();
        let mut imports = Vec::new();
        let engine = &self.runtime.engine;
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

    /// On the compiler's thread unless it is small, because a schema is a stranger's too and takes what it takes.
    fn compile_schema(&self, description: &Description) -> Result<Schema, AdmissionError> {
        let text = description.parameters.clone();
        let compiled = match Schema::compile_small(&text) {
            Some(compiled) => compiled,
            None => sandbox::compile(&self.runtime, move || Schema::compile(&text))?,
        };
        compiled.map_err(|problem| {
            AdmissionError::Description(format!("the schema of its parameters: {problem}"))
        })
    }

    fn describe(&self, linked: &Linked) -> Result<Description, AdmissionError> {
        let (limits, linked) = (sandbox::limits_of_describing(), linked.clone());
        let described = sandbox::run(
            &self.runtime,
            &limits,
            None,
            move |store| linked.instantiate(store),
            |instance, store| instance.describe(store),
        );
        match described {
            Ok(ran) => Ok(ran.result),
            Err(Failed { error: RunError::Fault(fault), .. }) => Err(AdmissionError::Describe(fault)),
            Err(Failed { error: RunError::Host(error), .. }) => Err(error.into()),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

fn check_preamble(bytes: &[u8]) -> Result<(), AdmissionError> {
    match bytes.get(..8) {
        Some(b"\0asm\x0d\0\x01\0") => {}
        Some(b"\0asm\x01\0\0\0") => return Err(AdmissionError::CoreModule),
        _ => return Err(AdmissionError::NotWebAssembly),
    }
    if bytes.len() > MAX_COMPONENT { Err(AdmissionError::TooLarge(bytes.len())) } else { Ok(()) }
}

fn invalid(error: wasmtime::Error) -> AdmissionError {
    AdmissionError::Invalid(visible(&format!("{error:#}"), MAX_SUMMARY))
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

fn check_labels(said: &Description) -> Result<(), AdmissionError> {
    let unusable = |what: String| AdmissionError::Description(what);
    if !is_label(&said.name) {
        let name = visible(&said.name, MAX_LABEL);
        return Err(unusable(format!(
            "name `{name}` is not lower-case words joined by hyphens, at most {MAX_LABEL} bytes"
        )));
    }
    if said.version.len() > MAX_LABEL || semver::Version::parse(&said.version).is_err() {
        return Err(unusable(format!(
            "version `{}` is not a semantic version",
            visible(&said.version, MAX_LABEL)
        )));
    }
    if said.summary.len() > MAX_SUMMARY || said.summary.is_empty() || check_word(&said.summary).is_err() {
        return Err(unusable(format!("the summary is not one visible line of 1 to {MAX_SUMMARY} bytes")));
    }
    Ok(())
}

impl Policy {
    /// The BLAKE3 hash of the component: the policy's identity. Name and version are labels.
    pub fn digest(&self) -> Digest {
        self.admitted.digest
    }

    /// What it calls itself, as in `optimism-devtooling`.
    pub fn name(&self) -> &str {
        &self.admitted.description.name
    }

    /// Its semantic version.
    pub fn version(&self) -> &str {
        &self.admitted.description.version
    }

    /// One sentence: who gets what, and why.
    pub fn summary(&self) -> &str {
        &self.admitted.description.summary
    }

    /// The JSON Schema (2020-12) of its parameters.
    pub fn schema(&self) -> &Value {
        self.admitted.schema.text()
    }

    /// Whether it reads history or hands something over, so that epochs must be settled in order.
    pub fn is_stateful(&self) -> bool {
        self.admitted.description.stateful
    }

    /// The version of the contract that it was built for.
    pub fn contract(&self) -> &'static str {
        self.admitted.contract
    }

    /// The imports that it was granted, as it names them, sorted by the component itself.
    pub fn imports(&self) -> &[String] {
        &self.admitted.imports
    }

    /// What it exports: the rule, and whatever its toolchain added, which nobody calls.
    pub fn exports(&self) -> &[String] {
        &self.admitted.exports
    }

    /// The component's size in bytes.
    pub fn size(&self) -> usize {
        self.admitted.bytes
    }

    /// The same policy, whose runs end once `cancel` is called. The policy that it was made from is not touched.
    ///
    /// ```
    /// use apportion::{Cancel, Charter, Engine, Epoch, History, settle};
    /// use apportion::engine::HostError;
    /// use apportion::settle::SettleError;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let policy = Engine::new()?.admit(&std::fs::read("../../policies/dist/equal.wasm")?)?;
    /// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
    /// let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
    ///
    /// let cancel = Cancel::new();
    /// let policies = [policy.with_cancel(&cancel)];
    /// cancel.cancel(); // from any thread, at any time
    /// let settled = settle(&epoch, &charter, &policies, &History::default());
    /// assert!(matches!(settled, Err(SettleError::Host(HostError::Cancelled))));
    /// assert!(settle(&epoch, &charter, &[policy], &History::default()).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_cancel(&self, cancel: &Cancel) -> Policy {
        let mut policy = self.clone();
        policy.runtime.cancel = Some(cancel.clone());
        policy
    }

    /// Checks parameters against the policy's schema; every breach is reported, up to a limit.
    ///
    /// # Errors
    ///
    /// [`CheckError::Parameters`] if the schema does not allow them, or checking them takes more steps than any honest
    /// parameters need. [`CheckError::Host`] if the host could not check them within the engine's time for compiling.
    pub fn check_parameters(&self, parameters: &Value) -> Result<(), CheckError> {
        let refused = |breaches| ParametersError { policy: self.name().to_owned(), breaches };
        let schema = &self.admitted.schema;
        let steps =
            schema.count_work(parameters).map_err(|problem| refused(vec![visible(&problem, MAX_SUMMARY)]))?;
        let breaches = if steps.are_few() {
            schema.breaches(parameters)
        } else {
            let (admitted, parameters) = (Arc::clone(&self.admitted), parameters.clone());
            sandbox::compile(&self.runtime, move || admitted.schema.breaches(&parameters))?
        };
        if breaches.is_empty() { Ok(()) } else { Err(refused(breaches).into()) }
    }

    /// Asks the policy for its division of an epoch's pool and holds the answer to the contract.
    pub(crate) fn run(&self, question: Question<'_>) -> Result<Run, HostError> {
        let (limits, payees, pool) = (question.limits, question.epoch.payees().len(), question.pool);
        let (subject, parameters) = self.asked(question)?;
        let admitted = Arc::clone(&self.admitted);
        let ran = sandbox::run(
            &self.runtime,
            limits,
            Some(subject),
            move |store| admitted.linked.instantiate(store),
            move |instance, store| instance.allocate(store, &parameters),
        );
        match ran {
            Ok(ran) => {
                let answer = Answer::checked(ran.result, payees, pool, self.is_stateful());
                Ok(Run { answer, usage: Some(ran.usage), log: ran.log, calls: Vec::new() })
            }
            Err(Failed { error: RunError::Fault(fault), log, calls }) => {
                Ok(Run { answer: Err(fault), usage: None, log, calls })
            }
            Err(Failed { error: RunError::Host(error), .. }) => Err(error),
        }
    }

    /// What the policy sees, and its parameters as it is given them.
    fn asked(&self, question: Question<'_>) -> Result<(Subject, String), HostError> {
        let parameters = to_canonical_json(question.parameters)
            .map_err(|error| HostError::Broken(format!("parameters that cannot be spelled: {error}")))?;
        let parameters =
            String::from_utf8(parameters).map_err(|error| HostError::Broken(error.to_string()))?;
        let history = self.is_stateful().then_some(question.past);
        Ok((Subject { epoch: question.epoch.clone(), pool: question.pool, history }, parameters))
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({} {} {})", self.name(), self.version(), self.digest())
    }
}

impl From<&Policy> for PolicyId {
    fn from(policy: &Policy) -> PolicyId {
        let (name, version) = (policy.name().to_owned(), policy.version().to_owned());
        PolicyId { digest: policy.digest(), name, version }
    }
}
