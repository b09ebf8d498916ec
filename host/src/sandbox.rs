//! Runs a stranger's code: every setting of the engine stated with its reason ([`settings`]), every resource limited,
//! one fresh instance a run.

mod budget;
pub(crate) mod calls;
mod cancel;
mod compilers;
pub(crate) mod meter;
mod settings;
#[cfg(test)]
mod tests;
#[cfg(feature = "wasi")]
pub(crate) mod wasi;
mod workers;

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use apportion_harden::Resource;
use serde::{Deserialize, Serialize};
use wasmtime::component::HasData;
use wasmtime::{Engine, OutOfMemory, ResourceLimiter, Store, Trap, UpdateDeadline};

use crate::epoch::Epoch;
use crate::fault::{Fault, FaultCode, HostError, RunError};
pub(crate) use budget::Budget;
pub use cancel::Cancel;
pub(crate) use compilers::Compilers;
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
/// The compiler recurses over what it is given too.
const COMPILE_STACK: usize = 16 << 20;
/// How long compiling goes on before it is looked whether it was cancelled.
const COMPILE_STEP: Duration = Duration::from_millis(50);
/// The most instances of core modules in one policy: its own code, and adapters around it.
pub(crate) const MAX_CORE_INSTANCES: usize = 64;
/// The same of memories and tables, which instances bring.
const MAX_MEMORIES: usize = 16;
const MAX_TABLES: usize = 64;
/// What one element of a table takes.
const TABLE_ELEMENT: u64 = 16;
/// What a policy may keep in the log of a run.
const LOG_BYTES: usize = 64 << 10;

/// What one run may use. Every limit is part of the charter: the same run meets the same limit everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// WebAssembly instructions, as METERING.md of `apportion-harden` counts them.
    pub instructions: u64,
    /// Bytes of linear memory, over all memories together.
    pub memory: u64,
    /// Table elements, over all tables together.
    pub table: u64,
    /// Bytes that may be read from the epoch, drawn at random, printed or logged: work that the host does without
    /// the policy's instructions.
    pub transfer: u64,
    /// Bytes that may be returned.
    pub output: u64,
}

impl Default for Limits {
    /// Enough for ten million edges and for policies that bring an interpreter with them.
    fn default() -> Limits {
        Limits {
            instructions: 100_000_000_000,
            memory: 2 << 30,
            table: 1 << 20,
            transfer: 64 << 30,
            output: 256 << 20,
        }
    }
}

impl Limits {
    /// The largest value that a limit can have: JSON holds whole numbers exactly up to 2^53.
    pub const MAX: u64 = 1 << 53;

    /// The most memory that a run within these limits takes of the host: the policy's own, its answer, and the stack.
    pub(crate) fn most_memory(&self) -> u64 {
        let tables = self.table.saturating_mul(TABLE_ELEMENT);
        let parts = [self.output, tables, RUN_STACK as u64, LOG_BYTES as u64];
        parts.into_iter().fold(self.memory, u64::saturating_add)
    }

    /// What describing itself may cost a policy.
    pub(crate) fn for_describing() -> Limits {
        Limits {
            instructions: 2_000_000_000,
            memory: 256 << 20,
            table: 1 << 20,
            transfer: 1 << 20, // there is no epoch to read: words to the author, and what a runtime asks when it starts
            output: 4 << 20,
        }
    }
}

/// What a run that returned used: the same on every engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// WebAssembly instructions, as METERING.md of `apportion-harden` counts them, from instantiation on.
    pub instructions: u64,
    /// The linear memory that it had in the end, in bytes. Memory never shrinks, so this is the most that it had.
    pub memory: u64,
    /// Table elements, likewise.
    pub table: u64,
    /// What its limit of transfer was charged: bytes read from the epoch, drawn, printed or logged, and calls.
    pub transfer: u64,
}

/// What runs policies: an engine, threads, a bound on their memory, and who may end them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Runtime {
    pub(crate) engine: Engine,
    pub(crate) workers: Workers,
    pub(crate) compilers: Compilers,
    pub(crate) budget: Arc<Budget>,
    pub(crate) cancel: Option<Cancel>,
}

impl Runtime {
    pub(crate) fn new(setup: Setup) -> Result<Runtime, HostError> {
        Ok(Runtime {
            engine: settings::engine(setup)?,
            workers: Workers::default(),
            compilers: Compilers::default(),
            budget: Arc::new(Budget::new(u64::MAX)),
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
    #[cfg(feature = "wasi")]
    wasi: wasi::Wasi,
}

/// What a policy is asked about.
pub(crate) struct Subject {
    pub(crate) epoch: Epoch,
    /// The policy's portion of the epoch's pool.
    pub(crate) pool: u128,
    /// What was paid so far and handed over, for a policy that said it looks at them.
    pub(crate) history: Option<Past>,
}

/// What was settled before: one number per payee, and what this policy handed over.
#[derive(Default)]
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
    fn new(subject: Option<Subject>, limits: &Limits) -> State {
        State {
            subject,
            log: String::new(),
            limits: *limits,
            transfer_left: limits.transfer,
            memory: Growth { used: 0, limit: limits.memory },
            table: Growth { used: 0, limit: limits.table },
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
        if self.memory.grow((desired - current) as u64) { Ok(true) } else { Err(unmetered("memory")) }
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

/// The system had no memory for what a policy may have.
#[derive(Debug, thiserror::Error)]
#[error("the system has no memory left")]
struct NoMemory;

/// The engine gave what the meter should have stopped.
#[derive(Debug, thiserror::Error)]
#[error("the meter missed how {0} grew")]
struct Unmetered(&'static str);

fn unmetered(what: &'static str) -> wasmtime::Error {
    wasmtime::Error::new(Unmetered(what))
}

/// Instantiates and calls a policy within `limits`, on a thread of ours.
pub(crate) fn run<I, R: Send + 'static>(
    runtime: &Runtime,
    limits: &Limits,
    subject: Option<Subject>,
    instantiate: impl FnOnce(&mut Store<State>) -> wasmtime::Result<I> + Send + 'static,
    call: impl FnOnce(&I, &mut Store<State>) -> wasmtime::Result<(R, Metered)> + Send + 'static,
) -> Result<Ran<R>, Failed> {
    let failed = |error: HostError| Failed { error: error.into(), log: String::new(), calls: Vec::new() };
    if let Some(cancel) = &runtime.cancel {
        cancel.reaches(&runtime.engine, &runtime.budget);
    }
    let share = runtime.budget.share(limits.most_memory(), runtime.cancel.as_ref()).map_err(failed)?;
    let (inside, limits) = (runtime.clone(), *limits);
    let ran = runtime.workers.run(move || run_here(&inside, &limits, subject, instantiate, call));
    drop(share);
    ran.map_err(failed)?
}

fn run_here<I, R>(
    runtime: &Runtime,
    limits: &Limits,
    subject: Option<Subject>,
    instantiate: impl FnOnce(&mut Store<State>) -> wasmtime::Result<I>,
    call: impl FnOnce(&I, &mut Store<State>) -> wasmtime::Result<(R, Metered)>,
) -> Result<Ran<R>, Failed> {
    let mut store = Store::new(&runtime.engine, State::new(subject, limits));
    store.limiter(|state| state);
    store.set_hostcall_fuel(usize::try_from(limits.output).unwrap_or(usize::MAX));
    store.set_max_component_handles(0); // the contract has no resources; linking WASI allows some
    let ended = |error: wasmtime::Error, moment| (calls::of(&error), whose(error, moment));
    let called = (|| {
        listen(&mut store, runtime).map_err(|error| (Vec::new(), error.into()))?;
        let instance = instantiate(&mut store).map_err(|error| ended(error, Moment::Instantiating))?;
        call(&instance, &mut store).map_err(|error| ended(error, Moment::Calling))
    })();
    let state = store.into_data();
    match called {
        Ok((_, used)) if (used.memory, used.table) != (state.memory.used, state.table.used) => {
            let error = HostError::Broken(Unmetered("memory or tables").to_string()).into();
            Err(Failed { error, log: state.log, calls: Vec::new() })
        }
        Ok((result, Metered { instructions, memory, table })) => {
            let transfer = limits.transfer - state.transfer_left;
            Ok(Ran { result, usage: Usage { instructions, memory, table, transfer }, log: state.log })
        }
        Err((calls, error)) => Err(Failed { error, log: state.log, calls }),
    }
}

/// Makes the run end when it is cancelled. The signal is one for all runs of an engine; those not meant go on.
fn listen(store: &mut Store<State>, runtime: &Runtime) -> Result<(), HostError> {
    let Some(cancel) = runtime.cancel.clone() else {
        store.set_epoch_deadline(u64::MAX / 2); // never
        return Ok(());
    };
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        let cancelled = cancel.is_cancelled();
        Ok(if cancelled { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
    });
    // Cancelled before the deadline was set: the signal came too early to be heard.
    runtime.check_cancelled()
}

/// Waits until one more compiler may run, up to a time, and no longer than until it is cancelled.
fn leave_to_compile(runtime: &Runtime, time: Duration) -> Result<compilers::Leave, HostError> {
    let mut left = time;
    loop {
        runtime.check_cancelled()?;
        let step = left.min(COMPILE_STEP);
        match runtime.compilers.begin(step) {
            Some(leave) => return Ok(leave),
            None if left > step => left -= step,
            None => return Err(HostError::CompileTime(time)),
        }
    }
}

/// Compiles within a time, on a thread of its own: the compiler needs more stack than an embedder may have left.
///
/// A compiler cannot be interrupted. One that takes too long, or is cancelled, is left to finish by itself and its
/// result is dropped; the largest component that is looked at bounds how long that is, and [`compilers`] how many.
pub(crate) fn compile<R: Send + 'static>(
    runtime: &Runtime,
    time: Duration,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, HostError> {
    let leave = leave_to_compile(runtime, time)?;
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("compile".to_owned()).stack_size(COMPILE_STACK);
    let work = move || {
        let done = work();
        drop(leave);
        sender.send(done)
    };
    thread.spawn(work).map_err(HostError::Thread)?;
    let mut left = time;
    loop {
        runtime.check_cancelled()?;
        let step = left.min(COMPILE_STEP);
        match receiver.recv_timeout(step) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) if left > step => left -= step,
            Err(RecvTimeoutError::Timeout) => return Err(HostError::CompileTime(time)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(HostError::Broken("the compiler panicked".to_owned()));
            }
        }
    }
}

fn host(error: &wasmtime::Error) -> RunError {
    HostError::Run(error.root_cause().to_string()).into()
}

#[derive(Clone, Copy, PartialEq)]
enum Moment {
    Instantiating,
    Calling,
}

/// Sorts an error of the engine into the policy's fault or the host's. The engine's own words never pass: they name
/// addresses and change between versions.
fn whose(error: wasmtime::Error, moment: Moment) -> RunError {
    if let Some(fault) = error.downcast_ref::<Fault>() {
        return fault.clone().into();
    }
    if let Some(missed) = error.downcast_ref::<Unmetered>() {
        return HostError::Broken(missed.to_string()).into();
    }
    if error.is::<NoMemory>() || error.is::<OutOfMemory>() {
        return HostError::Run("the system has no memory left".to_owned()).into();
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return trapped(*trap);
    }
    match moment {
        // The counts in `ResourceLimiter` above, which the engine tells by words alone.
        Moment::Instantiating if error.to_string().starts_with("resource limit exceeded") => Fault::new(
            FaultCode::OutOfMemory,
            "it is made of more instances, memories or tables than a policy may have",
        )
        .into(),
        // Memory that the operating system did not give: not the policy's doing.
        Moment::Instantiating => host(&error),
        // Everything else that can go wrong in a call is reading what the policy passed.
        Moment::Calling => Fault::new(
            FaultCode::BadOutput,
            "what it passed to the host could not be read: over its output limit or not well-formed",
        )
        .into(),
    }
}

fn trapped(trap: Trap) -> RunError {
    let (code, sentence) = match trap {
        Trap::UnreachableCodeReached => {
            (FaultCode::Unreachable, "it stopped itself, as on a panic or a failed check")
        }
        Trap::MemoryOutOfBounds => (FaultCode::MemoryAccess, "it touched memory that it does not have"),
        Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature => {
            (FaultCode::IndirectCall, "it called through a table what is not there")
        }
        Trap::IntegerOverflow | Trap::IntegerDivisionByZero | Trap::BadConversionToInteger => {
            (FaultCode::Arithmetic, "it divided by zero or made an integer of what is none")
        }
        Trap::Interrupt => return HostError::Cancelled.into(),
        // The meter stops a run before: its verdict must not be the engine's.
        Trap::StackOverflow => {
            return HostError::Broken("the native stack ended before the meter's limit".to_owned()).into();
        }
        Trap::OutOfFuel
        | Trap::DisabledOpcode
        | Trap::DebugAssertStringEncodingFinished
        | Trap::DebugAssertEqualCodeUnits
        | Trap::DebugAssertPointerAligned
        | Trap::DebugAssertUpperBitsUnset => {
            return HostError::Broken("the engine failed a check of its own".to_owned()).into();
        }
        // Between the modules that one component is made of, or of features that are off.
        _ => (FaultCode::Trap, "it trapped"),
    };
    Fault::new(code, sentence).into()
}
