//! Runs a stranger's code: every setting of the engine stated with its reason ([`settings`]), every resource limited,
//! one fresh instance a run.

mod budget;
pub(crate) mod calls;
mod cancel;
mod compilers;
mod deadline;
mod ends;
pub(crate) mod meter;
mod settings;
#[cfg(test)]
mod tests;
#[cfg(feature = "wasi")]
pub(crate) mod wasi;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use apportion_harden::Resource;
use wasmtime::component::HasData;
use wasmtime::{Engine, ResourceLimiter, Store, UpdateDeadline};

use crate::host_error::{HostError, RunError};
use apportion_core::epoch::Epoch;
use apportion_core::fault::{Fault, FaultCode};
use apportion_core::limits::{Limits, Usage};
pub(crate) use budget::Budget;
pub use cancel::Cancel;
pub(crate) use compilers::{Compilers, compile};
use deadline::Deadline;
use ends::{Moment, NoMemory, Unmetered, unmetered, whose};
use meter::Metered;
pub use settings::{Backend, Setup};
pub(crate) use workers::Workers;

/// The native stack of a run, in bytes. What the meter counts for a frame is the most that it can take, so that the
/// meter's limit is always met first. A quarter more is there for what is not counted (METERING.md, "Depth"), and in
/// case that a compiler takes more than the proof there allows. Only what a run uses is ever given by the system.
const WASM_STACK: usize = 128 << 20;
const _: () = assert!(WASM_STACK as u64 >= meter::DEPTH + meter::DEPTH / 4);
/// A run has a thread of ours, so that how much stack the embedder has left changes no verdict.
const RUN_STACK: usize = WASM_STACK + (2 << 20);
/// How long compiling one component may take unless an engine says otherwise: hundreds of times what the largest
/// policies need.
const COMPILE_TIME: Duration = Duration::from_secs(60);
/// The most instances of core modules in one policy: its own code, and adapters around it.
pub(crate) const MAX_CORE_INSTANCES: usize = 64;
/// The same of memories and tables, which instances bring.
const MAX_MEMORIES: usize = 16;
const MAX_TABLES: usize = 64;
/// What one element of a table takes.
const TABLE_ELEMENT: u64 = 16;
/// How much linear memory a run may have before it must wait for all that its limits allow: more than most need.
const FIRST_MEMORY: u64 = 256 << 20;
/// What a policy may keep in the log of a run.
const LOG_BYTES: usize = 64 << 10;

/// The most memory that a run within `limits` takes of the host, in bytes: the policy's own, its answer, and the stack.
pub(crate) fn most_memory(limits: &Limits) -> u64 {
    let tables = limits.table.saturating_mul(TABLE_ELEMENT);
    let parts = [limits.output, tables, RUN_STACK as u64, LOG_BYTES as u64];
    parts.into_iter().fold(limits.memory, u64::saturating_add)
}

/// What a policy may use to describe itself.
pub(crate) fn limits_of_describing() -> Limits {
    Limits {
        instructions: 2_000_000_000,
        memory: 256 << 20,
        table: 1 << 20,
        transfer: 1 << 20, // there is no epoch to read: words to the author, and what a runtime asks when it starts
        output: 4 << 20,
    }
}

/// What runs policies: an engine, threads, the host's own limits, and who may end runs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Runtime {
    pub(crate) engine: Engine,
    pub(crate) workers: Workers,
    pub(crate) compilers: Compilers,
    pub(crate) budget: Arc<Budget>,
    /// How long compiling one component or schema, or checking parameters, may take.
    pub(crate) compile_time: Duration,
    /// How long one run may take; any time if there is none.
    pub(crate) run_time: Option<Duration>,
    pub(crate) cancel: Option<Cancel>,
}

impl Runtime {
    pub(crate) fn new(setup: Setup) -> Result<Runtime, HostError> {
        Ok(Runtime {
            engine: settings::engine(setup)?,
            workers: Workers::default(),
            compilers: Compilers::default(),
            budget: Arc::new(Budget::new(u64::MAX)),
            compile_time: COMPILE_TIME,
            run_time: None,
            cancel: None,
        })
    }

    fn check_cancelled(&self) -> Result<(), HostError> {
        if self.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            Err(HostError::Cancelled)
        } else {
            Ok(())
        }
    }
}

/// What a run can see and use up.
pub(crate) struct State {
    /// `None` while a policy describes itself: there is no epoch then.
    pub(crate) subject: Option<Subject>,
    /// Lines from the policy to its author.
    pub(crate) log: String,
    limits: Limits,
    transfer_left: u64,
    /// What the engine says it gave: held against the meter.
    memory: Growth,
    table: Growth,
    /// How much memory it may have until it is begun again with more.
    memory_share: u64,
    #[cfg(feature = "wasi")]
    wasi: wasi::Wasi,
}

/// What a policy is asked about.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) epoch: Epoch,
    /// The policy's portion of the epoch's pool.
    pub(crate) pool: u128,
    /// What was paid so far and handed over, for a policy that said it looks at them.
    pub(crate) history: Option<Past>,
}

/// What was settled before: one number per payee, and what this policy handed over.
#[derive(Clone, Default)]
pub(crate) struct Past {
    pub(crate) paid: Vec<u128>,
    pub(crate) carry: Vec<u8>,
}

struct Growth {
    used: u64,
    limit: u64,
}

impl Growth {
    /// Memory that is grown never shrinks, so what is in use is also the most that was.
    fn grow(&mut self, by: u64) -> bool {
        match self.used.checked_add(by) {
            Some(used) if used <= self.limit => {
                self.used = used;
                true
            }
            _ => false,
        }
    }
}

impl State {
    fn new(subject: Option<Subject>, limits: &Limits, memory_share: u64) -> State {
        State {
            subject,
            log: String::new(),
            limits: *limits,
            transfer_left: limits.transfer,
            memory: Growth { used: 0, limit: limits.memory },
            table: Growth { used: 0, limit: limits.table },
            memory_share,
            #[cfg(feature = "wasi")]
            wasi: wasi::Wasi::default(),
        }
    }

    /// Charges for handing over `items` of `bytes` together. An item costs what a short string costs the host.
    pub(crate) fn charge(&mut self, items: usize, bytes: usize) -> wasmtime::Result<()> {
        const CALL: u64 = 64;
        const ITEM: u64 = 16;
        let cost = CALL.saturating_add((items as u64).saturating_mul(ITEM)).saturating_add(bytes as u64);
        self.transfer_left = self
            .transfer_left
            .checked_sub(cost)
            .ok_or_else(|| stop(FaultCode::OutOfTransfer, "it read more than its limit from the host"))?;
        Ok(())
    }

    pub(crate) fn log(&mut self, line: &str) {
        if self.log.len() + line.len() < LOG_BYTES {
            self.log.push_str(line);
            self.log.push('\n');
        }
    }
}

impl HasData for State {
    type Data<'a> = &'a mut State;
}

/// Ends a run from inside a host function, as the policy's fault.
pub(crate) fn stop(code: FaultCode, sentence: impl Into<String>) -> wasmtime::Error {
    wasmtime::Error::new(Fault::new(code, sentence))
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if !self.memory.grow((desired - current) as u64) {
            return Err(unmetered("memory"));
        }
        if self.memory.used > self.memory_share { Err(wasmtime::Error::new(NoMemory)) } else { Ok(true) }
    }

    /// It was granted, and the system had none. The specification lets `memory.grow` answer -1 then, and the policy
    /// would go on by how much memory this machine has: the run ends instead, and not by the policy's fault.
    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(NoMemory))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if let Some(of) = Resource::from_table_growth(desired, maximum) {
            return Err(wasmtime::Error::new(meter::exhausted(&self.limits, of)));
        }
        if self.table.grow((desired - current) as u64) { Ok(true) } else { Err(unmetered("tables")) }
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(NoMemory))
    }

    // The meter is one more, and has a table.
    fn instances(&self) -> usize {
        MAX_CORE_INSTANCES + 1
    }
    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
    fn tables(&self) -> usize {
        MAX_TABLES + 1
    }
}

/// How one run went.
pub(crate) struct Ran<R> {
    pub(crate) result: R,
    pub(crate) usage: Usage,
    pub(crate) log: String,
}

/// A run that gave nothing: whose fault, what the policy said before, and which functions it was in.
pub(crate) struct Failed {
    pub(crate) error: RunError,
    pub(crate) log: String,
    pub(crate) calls: Vec<String>,
}

/// Instantiates and calls a policy within `limits`, on a thread of ours.
///
/// Where memory is bounded a run begins with a share that is enough for most, so that many can run at once; one that
/// needs more is begun again with all that its limits allow. Which of the two it was changes nothing in the result.
pub(crate) fn run<I, R: Send + 'static>(
    runtime: &Runtime,
    limits: &Limits,
    subject: Option<Subject>,
    instantiate: impl FnOnce(&mut Store<State>) -> wasmtime::Result<I> + Clone + Send + 'static,
    call: impl FnOnce(&I, &mut Store<State>) -> wasmtime::Result<(R, Metered)> + Clone + Send + 'static,
) -> Result<Ran<R>, Failed> {
    if let Some(cancel) = &runtime.cancel {
        cancel.reaches(&runtime.engine, &runtime.budget);
    }
    runtime.budget.check(most_memory(limits)).map_err(failed)?;
    if runtime.budget.is_bounded() && limits.memory > FIRST_MEMORY {
        let (subject, instantiate, call) = (subject.clone(), instantiate.clone(), call.clone());
        let first = attempt(runtime, limits, FIRST_MEMORY, subject, instantiate, call)?;
        if let Attempt::Ended(ended) = first {
            return ended;
        }
    }
    match attempt(runtime, limits, limits.memory, subject, instantiate, call)? {
        Attempt::Ended(ended) => ended,
        Attempt::NeedsMemory => Err(failed(HostError::Broken(Unmetered("memory").to_string()))),
    }
}

fn failed(error: HostError) -> Failed {
    Failed { error: error.into(), log: String::new(), calls: Vec::new() }
}

/// How a run with a share of memory went.
enum Attempt<R> {
    Ended(Result<Ran<R>, Failed>),
    /// It needs more than its share, and its limits allow that.
    NeedsMemory,
}

/// Waits for a share of memory and runs with it.
fn attempt<I, R: Send + 'static>(
    runtime: &Runtime,
    limits: &Limits,
    memory: u64,
    subject: Option<Subject>,
    instantiate: impl FnOnce(&mut Store<State>) -> wasmtime::Result<I> + Send + 'static,
    call: impl FnOnce(&I, &mut Store<State>) -> wasmtime::Result<(R, Metered)> + Send + 'static,
) -> Result<Attempt<R>, Failed> {
    let bytes = most_memory(&Limits { memory, ..*limits });
    let share = runtime.budget.share(bytes, runtime.cancel.as_ref()).map_err(failed)?;
    let (inside, limits) = (runtime.clone(), *limits);
    let deadline = runtime.run_time.map(Deadline::new);
    let listening = deadline.clone();
    let state = State::new(subject, &limits, memory);
    let work = move || run_here(&inside, state, listening.as_ref(), instantiate, call);
    let ran = match &deadline {
        None => runtime.workers.run(work),
        Some(deadline) => {
            runtime.workers.run_within(deadline.time(), work, || deadline.pass(&runtime.engine))
        }
    };
    drop(share);
    ran.map_err(failed)
}

fn run_here<I, R>(
    runtime: &Runtime,
    state: State,
    deadline: Option<&Deadline>,
    instantiate: impl FnOnce(&mut Store<State>) -> wasmtime::Result<I>,
    call: impl FnOnce(&I, &mut Store<State>) -> wasmtime::Result<(R, Metered)>,
) -> Attempt<R> {
    let limits = state.limits;
    let mut store = Store::new(&runtime.engine, state);
    store.limiter(|state| state);
    store.set_hostcall_fuel(usize::try_from(limits.output).unwrap_or(usize::MAX));
    store.set_max_component_handles(0); // the contract has no resources; linking WASI allows some
    let ended = |error: wasmtime::Error, moment| (calls::of(&error), whose(error, moment));
    let called = (|| {
        listen(&mut store, runtime, deadline).map_err(|error| (Vec::new(), error.into()))?;
        let instance = instantiate(&mut store).map_err(|error| ended(error, Moment::Instantiating))?;
        call(&instance, &mut store).map_err(|error| ended(error, Moment::Calling))
    })();
    let state = store.into_data();
    if state.memory.used > state.memory_share {
        return Attempt::NeedsMemory;
    }
    Attempt::Ended(match called {
        Ok((_, used)) if (used.memory, used.table) != (state.memory.used, state.table.used) => {
            let error = HostError::Broken(Unmetered("memory or tables").to_string()).into();
            Err(Failed { error, log: state.log, calls: Vec::new() })
        }
        Ok((result, Metered { instructions, memory, table })) => {
            let transfer = limits.transfer - state.transfer_left;
            Ok(Ran { result, usage: Usage { instructions, memory, table, transfer }, log: state.log })
        }
        Err((calls, error)) => Err(Failed { error, log: state.log, calls }),
    })
}

/// Makes the run end when it is cancelled or late. The signal is one for all runs of an engine; those not meant go on.
fn listen(store: &mut Store<State>, runtime: &Runtime, deadline: Option<&Deadline>) -> Result<(), HostError> {
    if runtime.cancel.is_none() && deadline.is_none() {
        store.set_epoch_deadline(u64::MAX / 2); // never
        return Ok(());
    }
    store.set_epoch_deadline(1);
    let (cancel, late) = (runtime.cancel.clone(), deadline.cloned());
    store.epoch_deadline_callback(move |_| {
        if cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            return Ok(UpdateDeadline::Interrupt);
        }
        late.as_ref().map_or(Ok(()), Deadline::check).map_err(wasmtime::Error::new)?;
        Ok(UpdateDeadline::Continue(1))
    });
    // Ended before the callback was set: the signal came too early to be heard.
    runtime.check_cancelled()?;
    deadline.map_or(Ok(()), Deadline::check).map_err(|late| HostError::RunTime(late.0))
}
