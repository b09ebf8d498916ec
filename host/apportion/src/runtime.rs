//! What policies run on: the WebAssembly engine, threads, memory and compilers that all runs share, and what may end a run
//! from outside.

mod cancel;
mod capacity;
mod compilers;
mod interruption;
mod settings;
mod stack;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::Engine;

use crate::host_error::{HostError, Shortage};
pub use cancel::Cancel;
pub(crate) use cancel::Interrupt;
use capacity::Capacity;
pub(crate) use capacity::{Share, Waiting};
use compilers::Compilers;
pub(crate) use interruption::Interruption;
pub use settings::Backend;
pub(crate) use stack::RUN_STACK;
use workers::Workers;

/// How a runtime is set up: [`EngineBuilder`](crate::engine::EngineBuilder) has the reasons.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) backend: Backend,
    pub(crate) interruptible: bool,
    /// Of all runs together, in bytes.
    pub(crate) memory: u64,
    /// Of one component or schema, or of checking parameters.
    pub(crate) compile_time: Duration,
    /// Of one run.
    pub(crate) run_time: Option<Duration>,
    pub(crate) waiting: Waiting,
}

/// What policies run on. Cheap to clone; clones share everything but what may end runs.
#[derive(Clone)]
pub(crate) struct Runtime {
    shared: Arc<Shared>,
    run_time: Option<Duration>,
    cancel: Option<Cancel>,
}

struct Shared {
    engine: Engine,
    workers: Workers,
    compilers: Compilers,
    memory: Arc<Capacity>,
}

impl Runtime {
    pub(crate) fn new(setup: &Setup) -> wasmtime::Result<Runtime> {
        let shared = Shared {
            engine: settings::engine(setup.backend, setup.interruptible)?,
            workers: Workers::default(),
            compilers: Compilers::new(setup.compile_time, setup.waiting),
            memory: Arc::new(Capacity::new(Shortage::Memory, setup.memory, setup.waiting)),
        };
        Ok(Runtime { shared: Arc::new(shared), run_time: setup.run_time, cancel: None })
    }

    pub(crate) fn with_run_time(self, time: Duration) -> Runtime {
        Runtime { run_time: Some(time), ..self }
    }

    pub(crate) fn with_cancel(self, cancel: &Cancel) -> Runtime {
        cancel.watch(&self.shared);
        Runtime { cancel: Some(cancel.clone()), ..self }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    pub(crate) fn cancel(&self) -> Option<&Cancel> {
        self.cancel.as_ref()
    }

    /// What the runs in progress hold of memory, in bytes.
    pub(crate) fn memory_taken(&self) -> u64 {
        self.shared.memory.taken()
    }

    /// Whether the memory of all runs together is bounded at all.
    pub(crate) fn is_memory_bounded(&self) -> bool {
        self.shared.memory.total() < u64::MAX
    }

    /// Whether a run may ever have this many bytes.
    pub(crate) fn check_memory(&self, bytes: u64) -> Result<(), HostError> {
        let budget = self.shared.memory.total();
        if bytes > budget { Err(HostError::Memory { needed: bytes, budget }) } else { Ok(()) }
    }

    /// Takes memory for a run; waits for it if it must and may.
    pub(crate) fn take_memory(&self, bytes: u64) -> Result<Share, HostError> {
        self.check_memory(bytes)?;
        self.shared.memory.take(bytes, self.cancel.as_ref())
    }

    /// Does work that takes a stranger's bytes apart, within the time for compiling: see [`Compilers::compile`].
    pub(crate) fn compile<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, HostError> {
        self.shared.compilers.compile(self.cancel.as_ref(), work)
    }

    /// Runs a policy on a thread of ours and waits for it. `run` must listen to the [`Interruption`], which is how it is
    /// ended when its time is over.
    pub(crate) fn run<R: Send + 'static>(
        &self,
        run: impl FnOnce(&Interruption) -> R + Send + 'static,
    ) -> Result<R, HostError> {
        let interruption = Interruption::new(self.cancel.clone(), self.run_time);
        let listening = interruption.clone();
        let work = move || run(&listening);
        match self.run_time {
            None => self.shared.workers.run(work),
            Some(time) => {
                self.shared.workers.run_within(time, work, || interruption.time_is_over(self.engine()))
            }
        }
    }
}

impl Interrupt for Shared {
    fn interrupt(&self) {
        self.engine.increment_epoch();
        self.memory.wake();
        self.compilers.wake();
    }
}
