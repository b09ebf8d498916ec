//! What compiles and runs policies: an [`Engine`], how it is set up, and how it can fail through no fault of a policy.
//!
//! Make one engine and share it between threads. [`Engine::builder`] bounds what it may take of the machine: memory, time
//! to compile and to run, and how long anything may wait. None of these settings ever becomes part of a result: they decide
//! whether there is one.
//!
//! | to bound | set | and beyond it |
//! |---|---|---|
//! | the memory of all runs together | [`EngineBuilder::memory`] | runs wait, or [`HostError::Memory`] if one alone needs more |
//! | how long or how many wait | [`EngineBuilder::most_waiting`], [`EngineBuilder::waiting_time`] | [`HostError::Busy`] |
//! | the time of one run | [`EngineBuilder::run_time`], [`Engine::with_run_time`] | [`HostError::RunTime`] |
//! | the time to compile | [`EngineBuilder::compile_time`] | [`HostError::CompileTime`] |
//! | everything, from outside | [`Engine::with_cancel`] | [`HostError::Cancelled`] |
//!
//! How much a policy may compute is not set here: a charter's [`Limits`] decide that, the same on every machine.

mod admission;
mod compiling;
mod extent;
mod folder;
mod kept;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use crate::host_error::{HostError, Shortage};
use crate::policy::{Admitted, Policy, Profile, Question};
pub use crate::runtime::{Backend, Cancel};
use crate::runtime::{Runtime, Setup, Waiting};
use crate::state::Past;
pub use admission::{AdmissionError, MAX_COMPONENT};
use admission::{check_preamble, invalid};
use apportion_core::canonical::Digest;
use apportion_core::epoch::Epoch;
use apportion_core::error::ErrorKind;
use apportion_core::limits::Limits;
pub use folder::CacheError;
use folder::Folder;
use kept::Kept;

/// The most admitted policies that an engine keeps in memory.
const MAX_KEPT: usize = 128;
/// The most bytes of machine code that these have together.
const MAX_KEPT_BYTES: usize = 1 << 30;
/// How long compiling one component may take unless the builder says otherwise.
const COMPILE_TIME: Duration = Duration::from_secs(60);

/// Admits and runs policies. Make one and share it: it is `Send + Sync`, and cloning it is cheap.
///
/// Clones, and the handles that [`with_cancel`](Engine::with_cancel) and [`with_run_time`](Engine::with_run_time) give, share
/// everything with the engine that they come from: threads, memory, and the policies admitted so far, of which the 128 most
/// recently used are kept. Any number of settlements can go on at once.
#[derive(Clone)]
pub struct Engine {
    runtime: Runtime,
    kept: Arc<Kept<Admitted>>,
    folder: Option<Arc<Folder>>,
}

impl Engine {
    /// An engine with the settings that [`EngineBuilder`] has by default.
    ///
    /// # Errors
    ///
    /// [`EngineError::Setup`] where the machine cannot run it.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = apportion::Engine::new()?;
    /// let policy = engine.admit(&std::fs::read("../../policies/dist/equal.wasm")?)?;
    /// assert_eq!(policy.name(), "equal");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> Result<Engine, EngineError> {
        Engine::builder().build()
    }

    /// Sets an engine up, each setting with its default and the reason for it.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), apportion::engine::EngineError> {
    /// let engine = apportion::Engine::builder()
    ///     .memory(8 << 30)
    ///     .run_time(Duration::from_secs(300))
    ///     .most_waiting(64)
    ///     .build()?;
    /// assert_eq!(engine.memory_taken(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// A handle to the same engine whose runs may take this long each, instead of
    /// [`EngineBuilder::run_time`]. For a request that has a limit of its own.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let component = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let engine = apportion::Engine::new()?;
    /// let hasty = engine.clone().with_run_time(Duration::from_secs(5));
    /// let policy = hasty.admit(&component)?; // its runs may take five seconds each
    /// assert!(engine.admitted(&policy.digest()).is_some()); // both handles share what was admitted
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_run_time(self, time: Duration) -> Engine {
        Engine { runtime: self.runtime.with_run_time(time), ..self }
    }

    /// A handle to the same engine where everything ends once `cancel` is called: admissions, and the runs of policies that
    /// were admitted through this handle, also those that wait. Other handles are not affected. A run under way ends only
    /// if the engine is interruptible, which it is unless [`EngineBuilder::uninterruptible`] was called.
    ///
    /// ```
    /// use apportion::{Cancel, Engine};
    /// use apportion::engine::{AdmissionError, HostError};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let component = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let (engine, cancel) = (Engine::new()?, Cancel::new());
    /// let request = engine.clone().with_cancel(&cancel);
    /// cancel.cancel(); // from any thread, at any time
    /// assert!(matches!(request.admit(&component), Err(AdmissionError::Host(HostError::Cancelled))));
    /// assert!(engine.admit(&component).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_cancel(self, cancel: &Cancel) -> Engine {
        cancel.watch(&self.kept);
        Engine { runtime: self.runtime.with_cancel(cancel), ..self }
    }

    /// Admits a component as a policy: checks what it imports and exports, compiles it, and lets it describe itself.
    ///
    /// Compiling takes about a second for each megabyte. A component that this engine admitted before is not compiled again;
    /// one that another thread is admitting is waited for.
    ///
    /// # Errors
    ///
    /// [`AdmissionError`] says what is wrong with the component, or in [`AdmissionError::Host`] why the host could not finish.
    ///
    /// ```
    /// use apportion::Engine;
    /// use apportion::engine::AdmissionError;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::new()?;
    /// let policy = engine.admit(&std::fs::read("../../policies/dist/equal.wasm")?)?;
    /// assert_eq!(policy.name(), "equal");
    ///
    /// let refused = engine.admit(b"\0asm\x01\0\0\0");
    /// assert!(matches!(refused, Err(AdmissionError::CoreModule)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn admit(&self, bytes: &[u8]) -> Result<Policy, AdmissionError> {
        check_preamble(bytes)?;
        let digest = Digest::of(bytes);
        let admitted = self.kept.get_or_make(
            digest,
            self.runtime.cancel(),
            || admission::admit(&self.runtime, self.folder.as_deref(), bytes, digest),
            |admitted| admitted.code_size,
        )?;
        Ok(Policy::new(admitted, self.runtime.clone()))
    }

    /// A policy that this engine admitted before, by its digest, if it is still kept in memory.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = apportion::Engine::new()?;
    /// let policy = engine.admit(&std::fs::read("../../policies/dist/equal.wasm")?)?;
    /// let again = engine.admitted(&policy.digest()).ok_or("it was just admitted")?;
    /// assert_eq!(again.digest(), policy.digest());
    /// # Ok(())
    /// # }
    /// ```
    pub fn admitted(&self, digest: &Digest) -> Option<Policy> {
        self.kept.get(digest).map(|admitted| Policy::new(admitted, self.runtime.clone()))
    }

    /// The component as it is run: hardened, so that it counts what it uses. Charters and ledgers name the author's
    /// component and never this one.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::admit`] that need no compiling.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let component = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let hardened = apportion::Engine::new()?.hardened(&component)?;
    /// assert!(hardened.len() > component.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn hardened(&self, component: &[u8]) -> Result<Vec<u8>, AdmissionError> {
        check_preamble(component)?;
        let hardened = compiling::hardened(&self.runtime, component)?;
        hardened.map_err(|error| invalid(wasmtime::Error::new(error)))
    }

    /// Runs a policy once over an epoch without history, and reports where its instructions went. The counts are those of any
    /// run; only the time is longer, because every charge is noted.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::admit`]. A fault of the policy is not an error: see [`Profile::ended`].
    ///
    /// ```
    /// use apportion::{Engine, Epoch, Limits};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let component = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
    /// let profile = Engine::new()?.profile(&component, &epoch, &serde_json::json!({}), &Limits::default())?;
    /// let charged: u64 = profile.functions.iter().map(|function| function.instructions).sum();
    /// assert!(charged <= profile.used.unwrap().instructions); // growing memory is charged to no function
    /// # Ok(())
    /// # }
    /// ```
    pub fn profile(
        &self,
        component: &[u8],
        epoch: &Epoch,
        parameters: &Value,
        limits: &Limits,
    ) -> Result<Profile, AdmissionError> {
        let policy = self.admit(component)?;
        let instrumented = compiling::instrumented(&self.runtime, component, policy.contract())?;
        let instrumented = instrumented.map_err(invalid)?;
        let past = Past { paid: vec![0; epoch.payees().len()], carry: Vec::new() };
        let question = Question { epoch, pool: epoch.pool().amount, parameters, past, limits };
        Ok(policy.profile(question, instrumented)?)
    }

    /// The memory that the runs in progress may take, in bytes: 0 where nothing runs.
    pub fn memory_taken(&self) -> u64 {
        self.runtime.memory_taken()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("memory_taken", &self.memory_taken()).finish_non_exhaustive()
    }
}

/// Sets up an [`Engine`]. No setting changes a result: an epoch's receipt is the same to the byte on every engine.
///
/// ```
/// use apportion::engine::Backend;
/// use apportion::{Charter, Engine, Epoch, History, settle};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let component = std::fs::read("../../policies/dist/equal.wasm")?;
/// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
/// let mut receipts = Vec::new();
/// for builder in [Engine::builder(), Engine::builder().uninterruptible().memory(4 << 30)] {
///     let policy = builder.backend(Backend::Cranelift).build()?.admit(&component)?;
///     let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
///     receipts.push(settle(&epoch, &charter, &[policy], &History::default())?.receipt.digest());
/// }
/// assert_eq!(receipts[0], receipts[1]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct EngineBuilder {
    setup: Setup,
    cache: Option<PathBuf>,
}

impl Default for EngineBuilder {
    /// The same as [`Engine::builder`].
    fn default() -> EngineBuilder {
        let setup = Setup {
            backend: Backend::default(),
            interruptible: true,
            memory: u64::MAX,
            compile_time: COMPILE_TIME,
            run_time: None,
            waiting: Waiting { most: usize::MAX, time: Duration::MAX },
        };
        EngineBuilder { setup, cache: None }
    }
}

impl EngineBuilder {
    /// How policies are executed. By default [`Backend::Cranelift`], because most runs take longer than compiling does.
    pub fn backend(mut self, backend: Backend) -> EngineBuilder {
        self.setup.backend = backend;
        self
    }

    /// Makes an engine that cannot end a run that is under way: a [`Cancel`] and the [run time](EngineBuilder::run_time) then
    /// end only what waits or has not begun, and a run goes on until it ends by itself or by its charter's limits.
    ///
    /// By default an engine is interruptible, because a charter may allow a run that takes hours. A policy then checks on
    /// every loop iteration whether it is to end, so that rules that mostly loop take up to half as long again; without, a
    /// service that trusts its charters is faster.
    pub fn uninterruptible(mut self) -> EngineBuilder {
        self.setup.interruptible = false;
        self
    }

    /// Bounds the memory that all runs together may take, in bytes. By default there is no bound, because only the embedder
    /// knows what else the machine is for; a service that runs strangers' charters should set one.
    ///
    /// A run waits until its share is free: first at most 256 MiB of linear memory with what else it may take, and if it
    /// needs more it is begun again with all that the charter's [`Limits`] allow. So a bound changes when a run begins and
    /// never how it ends. A charter whose limits are beyond the bound is refused with [`HostError::Memory`]: nothing is wrong
    /// with it, but it needs a larger machine. With a charter's default limits a run takes 2.5 GiB. A policy that is being
    /// admitted describes itself, which takes 410 MiB, so a bound below that admits nothing.
    ///
    /// Not counted are what all runs share (epochs, compiled policies), one column while it is handed over, and what
    /// compiling takes.
    pub fn memory(mut self, bytes: u64) -> EngineBuilder {
        self.setup.memory = bytes;
        self
    }

    /// Limits how long one run of a policy may take; one that takes longer ends with [`HostError::RunTime`]. By default there
    /// is no limit, because the charter's limit of instructions ends every run; but a stranger's charter may let one go on for
    /// years. [`Engine::with_run_time`] sets another limit for one request.
    ///
    /// The time that a run waits for memory does not count.
    pub fn run_time(mut self, time: Duration) -> EngineBuilder {
        self.setup.run_time = Some(time);
        self
    }

    /// Limits how long compiling one component may take, compiling its schema, and checking parameters against that; what
    /// takes longer ends with [`HostError::CompileTime`]. By default 60 seconds: hundreds of times what the largest standard
    /// policies need.
    pub fn compile_time(mut self, time: Duration) -> EngineBuilder {
        self.setup.compile_time = time;
        self
    }

    /// Keeps compiled policies in a folder, from one process to the next. By default there is none, because
    /// **the folder's contents are executed as native code**: anyone who can write there can do whatever this process can.
    ///
    /// The folder is made if it does not exist, for its owner alone; one that belongs to another user, or that any other user
    /// may look into or write to, is refused with [`CacheError`] when the engine is built. That is the protection: the digest
    /// in each file finds damage, not malice. Never take such a folder from someone else, and never put it where others put
    /// files: into an archive, a repository, a ledger.
    ///
    /// A file is used only for the same component, the same version of the engine with the same settings, and a processor
    /// that can do the same; a damaged one, or one that cannot be read or written, is treated as if it did not exist. All of
    /// it can be deleted at any time.
    pub fn cache(mut self, folder: &Path) -> EngineBuilder {
        self.cache = Some(folder.to_owned());
        self
    }

    /// Bounds how many may wait for the same thing: runs for memory, compilations for a compiler, admissions for another
    /// thread that is admitting the same component. One more ends with [`HostError::Busy`] at once; with 0 nothing ever waits.
    /// By default there is no bound, because whatever is waited for ends by its own limits.
    ///
    /// One call can wait several times at once: [`settle`](crate::settle()) runs all policies of a charter at the same time,
    /// and `replay`, `audit`, `explain` and `verify` settle on all cores. Choose a bound of at least the number of cores times
    /// the policies of a charter, or use [`EngineBuilder::waiting_time`] alone.
    pub fn most_waiting(mut self, most: usize) -> EngineBuilder {
        self.setup.waiting.most = most;
        self
    }

    /// Bounds how long anything may wait for capacity; what waited longer ends with [`HostError::Busy`]. By default runs wait
    /// for memory as long as it takes, and compilations for a compiler as long as
    /// [one may take](EngineBuilder::compile_time).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), apportion::engine::EngineError> {
    /// // Answers "busy" to a request that would have to wait for more than two seconds, or behind 100 others.
    /// let builder = apportion::Engine::builder().memory(8 << 30);
    /// let engine = builder.waiting_time(Duration::from_secs(2)).most_waiting(100).build()?;
    /// # assert_eq!(engine.memory_taken(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn waiting_time(mut self, time: Duration) -> EngineBuilder {
        self.setup.waiting.time = time;
        self
    }

    /// Builds the engine.
    ///
    /// # Errors
    ///
    /// [`EngineError::Setup`] where the machine cannot run it, [`EngineError::Cache`] if the folder cannot be trusted or used.
    pub fn build(self) -> Result<Engine, EngineError> {
        let EngineBuilder { setup, cache } = self;
        let runtime = Runtime::new(&setup).map_err(|error| EngineError::Setup(error.into()))?;
        let folder = cache.map(|path| Folder::open(&path, runtime.engine())).transpose()?.map(Arc::new);
        let kept = Arc::new(Kept::new(MAX_KEPT, MAX_KEPT_BYTES, setup.waiting));
        Ok(Engine { runtime, kept, folder })
    }
}

/// Why an engine could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The WebAssembly engine does not run on this machine with these settings.
    #[error("the WebAssembly engine could not be set up")]
    Setup(#[source] Box<dyn Error + Send + Sync>),
    /// The folder for compiled policies is not used.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

impl EngineError {
    /// Whose fault it is: [`ErrorKind::Host`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Host
    }
}
