//! An admitted policy: what it says of itself, its parameters checked, its answers checked.

mod admitted;
mod answer;
mod parameters;
mod profile;
mod schema;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::abi::{Request, Response};
use crate::host_error::HostError;
use crate::runtime::{Cancel, Runtime};
use crate::sandbox::{self, Failed, Ran};
use crate::state::{Past, Subject};
use crate::trace;
use crate::verdict::RunError;
pub(crate) use admitted::Admitted;
pub(crate) use answer::{Answer, Measure};
pub use answer::{MAX_CARRY, MAX_MEASURES};
use apportion_core::canonical::{Digest, to_canonical_json};
use apportion_core::charter::PolicyId;
use apportion_core::epoch::Epoch;
use apportion_core::fault::Fault;
use apportion_core::limits::{Limits, Usage};
pub(crate) use parameters::ParameterSchema;
pub use parameters::{CheckError, ParametersError};
pub(crate) use profile::Instrumented;
use profile::charges;
pub use profile::{FunctionCharge, Profile};

/// A component that was admitted as a policy: [`Engine::admit`](crate::Engine::admit) makes one. `Send + Sync`; cloning it is
/// cheap.
///
/// Its identity is its [digest](Policy::digest). Everything else that it says of itself is a label, checked only for its
/// form.
///
/// ```
/// use apportion::Engine;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let bytes = std::fs::read("../../policies/dist/equal.wasm")?;
/// let policy = Engine::new()?.admit(&bytes)?;
/// assert_eq!(policy.name(), "equal");
/// assert_eq!(policy.size(), bytes.len());
/// println!("{}: {}", policy.name(), policy.summary());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Policy {
    admitted: Arc<Admitted>,
    runtime: Runtime,
}

/// What a policy is asked about.
pub(crate) struct Question<'a> {
    pub(crate) epoch: &'a Epoch,
    /// The policy's portion of the epoch's pool, in base units.
    pub(crate) pool: u128,
    pub(crate) parameters: &'a Value,
    pub(crate) past: Past,
    pub(crate) limits: &'a Limits,
}

/// A run's end, with what it used if it returned, what the policy wrote to its log, and which functions it was in if it
/// broke off.
pub(crate) struct Run {
    pub(crate) answer: Result<Answer, Fault>,
    pub(crate) usage: Option<Usage>,
    pub(crate) log: String,
    pub(crate) calls: Vec<String>,
}

impl Policy {
    pub(crate) fn new(admitted: Arc<Admitted>, runtime: Runtime) -> Policy {
        Policy { admitted, runtime }
    }

    /// The BLAKE3 hash of the component: the policy's identity. Name and version are labels.
    ///
    /// ```
    /// use apportion::{Digest, Engine};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bytes = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let policy = Engine::new()?.admit(&bytes)?;
    /// assert_eq!(policy.digest(), Digest::of(&bytes)); // what `b3sum` prints for the file
    /// # Ok(())
    /// # }
    /// ```
    pub fn digest(&self) -> Digest {
        self.admitted.digest
    }

    /// The name that it gives itself: lower-case words joined by hyphens, as in `optimism-devtooling`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bytes = std::fs::read("../../policies/dist/equal.wasm")?;
    /// assert_eq!(apportion::Engine::new()?.admit(&bytes)?.name(), "equal");
    /// # Ok(())
    /// # }
    /// ```
    pub fn name(&self) -> &str {
        &self.admitted.description.name
    }

    /// Its version, as it says: a semantic version.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bytes = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let policy = apportion::Engine::new()?.admit(&bytes)?;
    /// assert_eq!(policy.version().split('.').count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn version(&self) -> &str {
        &self.admitted.description.version
    }

    /// One sentence of its own: who gets what, and why.
    pub fn summary(&self) -> &str {
        &self.admitted.description.summary
    }

    /// The JSON Schema (2020-12) of its parameters.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bytes = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let policy = apportion::Engine::new()?.admit(&bytes)?;
    /// assert_eq!(policy.schema()["type"], "object");
    /// # Ok(())
    /// # }
    /// ```
    pub fn schema(&self) -> &Value {
        self.admitted.schema.text()
    }

    /// Whether it reads history or hands something over, so that epochs must be settled in order.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = apportion::Engine::new()?;
    /// assert!(!engine.admit(&std::fs::read("../../policies/dist/equal.wasm")?)?.is_stateful());
    /// assert!(engine.admit(&std::fs::read("../../policies/dist/lifetime.wasm")?)?.is_stateful());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_stateful(&self) -> bool {
        self.admitted.description.stateful
    }

    /// The version of the contract that it was built for.
    pub fn contract(&self) -> &'static str {
        self.admitted.contract
    }

    /// The imports that it was granted, with the names and in the order of the component.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bytes = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let policy = apportion::Engine::new()?.admit(&bytes)?;
    /// assert!(policy.imports().iter().all(|import| import.starts_with("apportion:policy/")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn imports(&self) -> &[String] {
        &self.admitted.imports
    }

    /// What it exports: the rule, and whatever its toolchain added, which is never called.
    pub fn exports(&self) -> &[String] {
        &self.admitted.exports
    }

    /// The component's size in bytes.
    pub fn size(&self) -> usize {
        self.admitted.size
    }

    /// A handle to the same policy whose runs end once `cancel` is called. This one is not affected.
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
    #[must_use]
    pub fn with_cancel(&self, cancel: &Cancel) -> Policy {
        Policy { admitted: Arc::clone(&self.admitted), runtime: self.runtime.clone().with_cancel(cancel) }
    }

    /// Checks parameters against the policy's schema; every breach is reported, up to 20.
    ///
    /// # Errors
    ///
    /// [`CheckError::Parameters`] if the schema does not allow them, or checking them takes more steps than any honest
    /// parameters need. [`CheckError::Host`] if the host could not check them within the engine's time for compiling, was
    /// busy, or was cancelled.
    ///
    /// ```
    /// use apportion::policy::CheckError;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bytes = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let policy = apportion::Engine::new()?.admit(&bytes)?;
    /// policy.check_parameters(&serde_json::json!({}))?;
    /// let refused = policy.check_parameters(&serde_json::json!({ "no such parameter": 1 }));
    /// let Err(CheckError::Parameters(error)) = refused else { panic!("they are not allowed") };
    /// assert_eq!(error.breaches.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn check_parameters(&self, parameters: &Value) -> Result<(), CheckError> {
        self.admitted.schema.check(&self.runtime, self.name(), parameters)
    }

    /// Asks the policy for its division of an epoch's pool and checks the answer against the contract.
    pub(crate) fn run(&self, question: Question<'_>) -> Result<Run, HostError> {
        let _span = trace::run(self.name(), &self.digest());
        let (limits, payees, pool) = (question.limits, question.epoch.payees().len(), question.pool);
        let (subject, parameters) = self.ask(question)?;
        let request = Request::Allocate { parameters };
        match sandbox::run(&self.runtime, &self.admitted.linked, limits, Some(subject), request) {
            Ok(Ran { response: Response::Allocate(allocation), usage, log }) => {
                trace::ran(&usage);
                let answer = Answer::check(allocation, payees, pool, self.is_stateful());
                answer.as_ref().err().into_iter().for_each(trace::fault);
                Ok(Run { answer, usage: Some(usage), log, calls: Vec::new() })
            }
            Ok(_) => Err(other_response()),
            Err(Failed { error: RunError::Fault(fault), log, calls }) => {
                trace::fault(&fault);
                Ok(Run { answer: Err(fault), usage: None, log, calls })
            }
            Err(Failed { error: RunError::Host(error), .. }) => Err(error),
        }
    }

    /// The same by an instrumented form of this policy's component, for the charges of its functions.
    pub(crate) fn profile(
        &self,
        question: Question<'_>,
        instrumented: Instrumented,
    ) -> Result<Profile, HostError> {
        let Instrumented { linked, functions, memory } = instrumented;
        let (limits, payees, pool) = (question.limits, question.epoch.payees().len(), question.pool);
        let (subject, parameters) = self.ask(question)?;
        let request = Request::Profile { parameters, functions: functions.len(), memory };
        match sandbox::run(&self.runtime, &linked, limits, Some(subject), request) {
            Ok(Ran { response: Response::Profile { allocation, charged }, usage, log }) => {
                let ended = Answer::check(allocation, payees, pool, self.is_stateful()).map(drop);
                let used = Usage { memory: usage.memory - memory, ..usage };
                let functions = charges(functions, &charged);
                Ok(Profile { ended, used: Some(used), functions, log, calls: Vec::new() })
            }
            Ok(_) => Err(other_response()),
            Err(Failed { error: RunError::Fault(fault), log, calls }) => {
                Ok(Profile { ended: Err(fault), used: None, functions: Vec::new(), log, calls })
            }
            Err(Failed { error: RunError::Host(error), .. }) => Err(error),
        }
    }

    /// What the policy sees, and its parameters as it is given them.
    fn ask(&self, question: Question<'_>) -> Result<(Subject, String), HostError> {
        let parameters = to_canonical_json(question.parameters)
            .map_err(|error| HostError::Broken(format!("the parameters have no canonical form: {error}")))?;
        let parameters =
            String::from_utf8(parameters).map_err(|error| HostError::Broken(error.to_string()))?;
        let history = self.is_stateful().then_some(question.past);
        Ok((Subject { epoch: question.epoch.clone(), pool: question.pool, history }, parameters))
    }
}

fn other_response() -> HostError {
    HostError::Broken("a policy answered another request".to_owned())
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
